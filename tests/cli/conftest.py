"""Running commands in this process, and keeping their windows shut."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from viewer import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def user_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own, in the place of the user's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: folder)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command: its exit code and what it said on standard output and error, which is never a traceback."""

    def command(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(a) for a in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return command


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """Run a command that must fail for its input, and return the one sentence that it says."""

    def command(*arguments: object) -> str:
        code, out, err = run(*arguments)
        assert (code, out) == (1, ""), arguments
        lines = err.splitlines()
        assert len(lines) == 1, err
        return lines[0]

    return command


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a module with the given members in the place of another, so that no window opens."""

    def replace(module: str, **members: object) -> None:
        replaced = ModuleType(module)
        for name, member in members.items():
            setattr(replaced, name, member)
        monkeypatch.setitem(sys.modules, module, replaced)
        monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")

    return replace
