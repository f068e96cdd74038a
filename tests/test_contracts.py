"""The layers hold: contracts fail on what they forbid, and light modules stay light when they are run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import xai

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def skeleton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every module of the project, empty, with its contracts: what is planted in it is the only import there is."""
    root = tmp_path_factory.mktemp("skeleton")
    shutil.copy(ROOT / "pyproject.toml", root)
    for package in ("viewer", "xai", "resources"):
        for path in (ROOT / package).rglob("*.py"):
            copy = root / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.touch()
    return root


def broken_contracts(root: Path) -> str:
    """Return what import-linter says of ``root``, empty when all contracts are kept."""
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode else ""


def test_empty_modules_keep_every_contract(skeleton: Path) -> None:
    assert broken_contracts(skeleton) == ""


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("xai/errors.py", "import viewer.cli", "never the other way"),
        ("viewer/core/window.py", "import viewer.app", "widgets on application"),
        ("viewer/app/tasks.py", "import viewer.ui", "widgets on application"),
        ("viewer/core/render.py", "from PySide6 import QtCore", "no Qt below"),
        ("xai/registry.py", "def late():\n    from PySide6 import QtCore", "no Qt below"),
        ("xai/pipeline.py", "import resources", "only viewer.assets"),
        ("xai/explanation.py", "import torch", "light modules"),
        ("viewer/core/overlay.py", "def late():\n    import xai.models.networks", "light modules"),
    ],
)
def test_a_planted_import_breaks_its_contract(skeleton: Path, module: str, line: str, contract: str) -> None:
    planted = skeleton / module
    network = skeleton / "xai/models/networks.py"
    try:
        planted.write_text(line + "\n", encoding="utf-8")
        network.write_text("import torch\n", encoding="utf-8")
        said = broken_contracts(skeleton)
    finally:
        planted.write_text("", encoding="utf-8")
        network.write_text("", encoding="utf-8")
    assert f"{contract}" in said
    assert "BROKEN" in said


def test_torch_in_the_viewer_is_refused_by_the_linter(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    module = tmp_path / "viewer" / "app" / "session.py"
    module.parent.mkdir(parents=True)
    module.write_text("import torch\nfrom PySide6 import QtWidgets\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", "viewer"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TID253" in done.stdout
    assert "TID251" in done.stdout


def test_public_names_are_those_that_are_promised() -> None:
    assert xai.__all__ == ["__version__", "explain", "load_bundle", "open_volumes", "predict"]
    assert dir(xai) == sorted(xai.__all__)


def test_public_names_stay_functions_after_importing_everything() -> None:
    code = """
import importlib, pkgutil, xai
for module in pkgutil.walk_packages(xai.__path__, "xai."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(all(callable(getattr(xai, name)) for name in xai.__all__ if name != "__version__"))
print([name for name in xai.__all__ if name != "__version__" and getattr(xai, name).__name__ != name])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["True", "[]"]


@pytest.mark.parametrize("module", ["xai", "xai.imaging.catalog", "xai.registry", "xai.explanation", "viewer.cli"])
def test_light_modules_leave_torch_and_qt_alone(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('torch', 'PySide6', 'shap', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = xai.nothing_like_it
