"""Arguments, exit codes and what is said, without any real work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import xai
from viewer import cli


def one_sentence(error_output: str) -> str:
    """Return what was said on standard error after checking that it is one line and no traceback."""
    lines = error_output.splitlines()
    assert len(lines) == 1, error_output
    assert "Traceback" not in error_output
    return lines[0]


def test_importing_the_command_line_is_light() -> None:
    code = (
        "import sys, viewer.cli, viewer.__main__; print([m for m in ('torch', 'PySide6', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["info", "--help"], ["model", "--help"]])
def test_help_is_no_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 0
    said = capsys.readouterr()
    assert "Usage: overread" in said.out
    assert said.err == ""


def test_help_says_what_it_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["--help"])
    assert "not a medical device" in " ".join(capsys.readouterr().out.split())


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"overread {xai.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["info"],
        ["predict", "somewhere", "--out", "x.csv"],
        ["explain", "x", "--model", "m", "--method", "gradcam,nosuch", "--out", "o"],
        ["explain", "x", "--model", "m", "--method", ",", "--out", "o"],
        ["explain", "x", "--model", "m", "--method", "gradcam", "--out", "o", "--format", "bmp"],
        ["explain", "x", "--model", "m", "--method", "gradcam", "--out", "o", "--slices", "9:3"],
        ["explain", "x", "--model", "m", "--method", "gradcam", "--out", "o", "--slices", "0:3"],
        ["explain", "x", "--model", "m", "--method", "gradcam", "--out", "o", "--slices", "a:b"],
        ["render", "x", "--slice", "0", "--out", "x.png"],
        ["render", "x", "--out", "x.png"],
        ["phantom", "--patients", "0", "--seed", "1", "--out", "x"],
        ["phantom", "--patients", "1", "--seed", "1", "--out", "x", "--layout", "tiles"],
        ["demo", "--tour", "a", "--prepare", "b"],
        ["demo", "--nosuch"],
        ["--nosuch"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.run(arguments) == 2
    said = capsys.readouterr()
    assert "Error: " in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_the_unknown_method_is_told_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["explain", "x", "--model", "m", "--method", "nosuch", "--out", "o"])
    said = capsys.readouterr().err
    assert "'nosuch'" in said
    assert "gradcam, gradcampp, hirescam" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "PATH"],
        ["info", "PATH", "--json"],
        ["predict", "PATH", "--model", "PATH", "--out", "OUT/x.csv"],
        ["explain", "PATH", "--model", "PATH", "--method", "gradcam", "--out", "OUT"],
        ["render", "PATH", "--slice", "1", "--out", "OUT/x.png"],
        ["model", "info", "PATH"],
        ["PATH"],
        ["open", "PATH"],
        ["./demo/nothing-here"],
    ],
)
def test_a_missing_path_is_one_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "nowhere"
    filled = [a.replace("PATH", str(path)).replace("OUT", str(tmp_path / "out")) for a in arguments]
    assert cli.run(filled) == 1
    said = capsys.readouterr()
    assert "nothing-here" in one_sentence(said.err) or str(path) in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("arguments", "paths"), [([], []), (["a"], ["a"]), (["a", "b"], ["a", "b"]), (["./demo"], ["demo"])]
)
def test_without_a_command_the_viewer_opens(
    arguments: list[str], paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[list[Path], Path | None, bool]] = []
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "demo"):
        (tmp_path / name).mkdir()

    def application(paths: list[Path], bundle: Path | None, demo: bool) -> int:
        opened.append((paths, bundle, demo))
        return 0

    stand_in(monkeypatch, "viewer.ui.application", run=application)
    assert cli.run(arguments) == 0
    assert opened == [([Path(p) for p in paths], None, False)]


def test_the_viewer_takes_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path | None] = []

    def application(paths: list[Path], bundle: Path | None, demo: bool) -> int:
        opened.append(bundle)
        return 3

    stand_in(monkeypatch, "viewer.ui.application", run=application)
    assert cli.run(["--model", str(tmp_path), str(tmp_path)]) == 3
    assert opened == [tmp_path]


def test_ctrl_c_is_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def application(paths: list[Path], bundle: Path | None, demo: bool) -> int:
        raise KeyboardInterrupt

    stand_in(monkeypatch, "viewer.ui.application", run=application)
    assert cli.run([str(tmp_path)]) == 130
    assert one_sentence(capsys.readouterr().err) == "Cancelled."


def test_the_unexpected_is_one_sentence_and_keeps_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def application(paths: list[Path], bundle: Path | None, demo: bool) -> int:
        raise RuntimeError("Doe^Jane")

    monkeypatch.setattr("platformdirs.user_log_path", lambda *_, **__: tmp_path)
    stand_in(monkeypatch, "viewer.ui.application", run=application)
    assert cli.run([str(tmp_path)]) == 1
    said = one_sentence(capsys.readouterr().err)
    log = tmp_path / "last-error.log"
    assert "RuntimeError" in said
    assert str(log) in said
    assert "--debug" in said
    written = log.read_text()
    assert "test_usage.py" in written
    assert "Doe" not in written + said

    assert cli.run(["--debug", str(tmp_path)]) == 1
    assert "Traceback" in capsys.readouterr().err


def stand_in(monkeypatch: pytest.MonkeyPatch, module: str, **members: object) -> None:
    """Put a module with ``members`` in the place of ``module``, so that no window opens."""
    from types import ModuleType

    replaced = ModuleType(module)
    for name, member in members.items():
        setattr(replaced, name, member)
    monkeypatch.setitem(sys.modules, module, replaced)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
