"""README, the continuous integration and the package say the same."""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path

from viewer.assets import find_asset
from viewer.system_libraries import ALWAYS, BY_PLATFORM

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def commands() -> list[str]:
    """Return the commands of the README's section that promises two."""
    section = README.split("## Two commands")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.+)\n```", section)


def packages() -> set[str]:
    """Return what `.ci/run` installs with apt."""
    found = re.search(r"packages=\((.*?)\)", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return set(found[1].split())


def test_the_readme_begins_with_a_picture_and_two_commands() -> None:
    title, picture, *_ = [line for line in README.splitlines() if line]
    assert title == "# Overread"
    shown = re.fullmatch(r"!\[.+\]\((.+)\)", picture)
    assert shown
    assert (ROOT / shown[1]).stat().st_size <= 300 * 1024
    assert len(commands()) == 2


def test_the_demo_command_leaves_development_tools_out() -> None:
    demo, _ = commands()
    assert demo.endswith("uv run --no-dev overread demo")


def test_ci_ends_with_exactly_the_readmes_test_command() -> None:
    _, check = commands()
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert script.splitlines()[-1] == check
    assert "set -euo pipefail" in script
    assert (ROOT / ".ci/run").stat().st_mode & stat.S_IXUSR


def test_the_check_runs_every_tool() -> None:
    script = (ROOT / ".ci/check").read_text(encoding="utf-8")
    for tool in ('ruff" check', 'ruff" format --check', 'mypy"', 'lint-imports"', "-m pytest"):
        assert tool in script, tool


def test_the_system_libraries_are_the_same_everywhere() -> None:
    line = re.search(r"`sudo apt-get install -y (.+?)`", README)
    assert line
    assert set(line[1].split()) == packages()
    # libX11 comes with libGL's package.
    needed = {*ALWAYS.values(), *BY_PLATFORM["xcb"].values()} - {"libx11-6"}
    assert needed <= packages()


def test_the_wheel_holds_the_three_packages_and_the_command() -> None:
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["viewer", "xai", "resources"]
    assert PROJECT["project"]["scripts"] == {"overread": "viewer.__main__:main"}


def test_the_translations_are_found_where_the_window_looks_for_them() -> None:
    # Whatever lies in `resources` goes into the wheel, unless git or the build is told to leave it out.
    folder = find_asset("translations")
    assert (folder / "overread_it.qm").stat().st_size > 10_000
    kept_out = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert not {"*.qm", "*.ts"} & set(kept_out)


def test_versions_agree() -> None:
    import xai

    assert PROJECT["project"]["version"] == xai.__version__


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.startswith("# Changelog\n")
    assert re.search(r"^## \[Unreleased\]$", text, re.MULTILINE)
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= kinds


def test_nothing_under_gpl_is_needed() -> None:
    wanted = " ".join(PROJECT["project"]["dependencies"]).lower()
    for name in ("pylibjpeg-libjpeg", "krippendorff", "pingouin", "pyqt"):
        assert name not in wanted
