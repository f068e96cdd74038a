from __future__ import annotations

import subprocess
import sys


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(run.stdout.split())


def test_engine_and_tasks_come_without_torch_and_widgets() -> None:
    loaded = modules_after("import viewer.app.engine, viewer.app.tasks")
    assert "PySide6.QtCore" in loaded
    assert not loaded & {"torch", "torchvision", "PySide6.QtWidgets", "PySide6.QtGui"}


def test_the_engine_process_comes_without_qt() -> None:
    loaded = modules_after("import viewer.app.engine_worker")
    assert "viewer.app.wire" in loaded
    assert not loaded & {"PySide6", "shiboken6"}


def test_the_window_comes_up_without_torch() -> None:
    loaded = modules_after("import viewer.ui.application, viewer.ui.main_window, viewer.ui.tour")
    assert "PySide6.QtWidgets" in loaded
    # pydantic takes as long as all of the window's own modules.
    assert not loaded & {"torch", "torchvision", "matplotlib", "shap", "pydantic", "sklearn"}
