"""Arguments, exit codes and what is said, without any real work."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import xai
from viewer import cli

Run = Callable[..., tuple[int, str, str]]
StandIn = Callable[..., None]


def test_importing_the_command_line_is_light() -> None:
    code = (
        "import sys, viewer.cli, viewer.__main__; print([m for m in ('torch', 'PySide6', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["info", "--help"], ["model", "--help"]])
def test_help_is_no_error(arguments: list[str], run: Run) -> None:
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert "Usage: overread" in out


def test_help_says_what_it_is_not(run: Run) -> None:
    assert "not a medical device" in " ".join(run("--help")[1].split())


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"overread {xai.__version__}\n", "")


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
        ["evaluate", "x", "--model", "m", "--method", "nosuch", "--out", "o"],
        ["evaluate", "x", "--model", "m", "--method", "gradcam", "--out", "o", "--slices", "9:3"],
        ["evaluate", "x", "--model", "m", "--method", "gradcam", "--out", "o", "--seed", "-1"],
        ["render", "x", "--slice", "0", "--out", "x.png"],
        ["render", "x", "--out", "x.png"],
        ["phantom", "--patients", "0", "--seed", "1", "--out", "x"],
        ["phantom", "--patients", "1", "--seed", "1", "--out", "x", "--layout", "png"],
        ["phantom", "--patients", "1", "--seed", "1", "--out", "x", "--slices", "0"],
        ["demo", "--tour", "a", "--prepare", "b"],
        ["demo", "--nosuch"],
        ["--nosuch"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], run: Run) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "Error: " in err


def test_the_unknown_method_is_told_those_there_are(run: Run) -> None:
    _, _, err = run("explain", "x", "--model", "m", "--method", "nosuch", "--out", "o")
    assert "'nosuch'" in err
    assert "gradcam, gradcampp, hirescam" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "PATH"],
        ["info", "PATH", "--json"],
        ["predict", "PATH", "--model", "PATH", "--out", "OUT/x.csv"],
        ["explain", "PATH", "--model", "PATH", "--method", "gradcam", "--out", "OUT"],
        ["evaluate", "PATH", "--model", "PATH", "--method", "gradcam", "--out", "OUT"],
        ["render", "PATH", "--slice", "1", "--out", "OUT/x.png"],
        ["model", "info", "PATH"],
        ["PATH"],
        ["open", "PATH"],
    ],
)
def test_a_missing_path_is_one_sentence(arguments: list[str], refused: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "nowhere"
    filled = [a.replace("PATH", str(path)).replace("OUT", str(tmp_path / "out")) for a in arguments]
    assert str(path) in refused(*filled)


@pytest.mark.parametrize(
    ("arguments", "paths"), [([], []), (["a"], ["a"]), (["a", "b"], ["a", "b"]), (["./demo"], ["demo"])]
)
def test_without_a_command_the_viewer_opens(
    arguments: list[str],
    paths: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    stand_in: StandIn,
) -> None:
    opened: list[tuple[list[Path], Path | None, bool]] = []
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "demo"):
        (tmp_path / name).mkdir()

    def application(paths: list[Path], bundle: Path | None, demo: bool) -> int:
        opened.append((paths, bundle, demo))
        return 0

    stand_in("viewer.ui.application", run=application)
    assert run(*arguments) == (0, "", "")
    assert opened == [([Path(p) for p in paths], None, False)]


def test_the_viewer_takes_a_model(tmp_path: Path, run: Run, stand_in: StandIn) -> None:
    opened: list[Path | None] = []

    def application(paths: list[Path], bundle: Path | None, demo: bool) -> int:
        opened.append(bundle)
        return 3

    stand_in("viewer.ui.application", run=application)
    assert run("--model", tmp_path, tmp_path)[0] == 3
    assert opened == [tmp_path]


def test_ctrl_c_is_130(tmp_path: Path, run: Run, stand_in: StandIn) -> None:
    def application(paths: list[Path], bundle: Path | None, demo: bool) -> int:
        raise KeyboardInterrupt

    stand_in("viewer.ui.application", run=application)
    assert run(tmp_path) == (130, "", "Cancelled.\n")


def test_warnings_of_libraries_are_not_shown(tmp_path: Path, run: Run, stand_in: StandIn) -> None:
    def application(paths: list[Path], bundle: Path | None, demo: bool) -> int:
        warnings.warn("Invalid value for VR PN: Doe^Jane", UserWarning, stacklevel=1)
        return 0

    stand_in("viewer.ui.application", run=application)
    assert run(tmp_path) == (0, "", "")


def test_the_unexpected_is_one_sentence_and_keeps_no_message(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refused: Callable[..., str],
    stand_in: StandIn,
) -> None:
    def application(paths: list[Path], bundle: Path | None, demo: bool) -> int:
        raise RuntimeError("Doe^Jane")

    monkeypatch.setattr("platformdirs.user_log_path", lambda *_, **__: tmp_path)
    stand_in("viewer.ui.application", run=application)
    said = refused(tmp_path)
    log = tmp_path / "last-error.log"
    assert "RuntimeError" in said
    assert str(log) in said
    assert "--debug" in said
    written = log.read_text()
    assert "test_usage.py" in written
    assert "Doe" not in written + said

    assert cli.run(["--debug", str(tmp_path)]) == 1
    assert "Traceback" in capsys.readouterr().err
