"""What a reader has set is there at the next start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.core.overlay import OverlayStyle
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands


def test_layout_panels_and_display_of_maps(
    workplace: Workplace, make_workplace: Callable[..., Workplace], tmp_path: Path, series_file: Path, qtbot: QtBot
) -> None:
    hands = Hands(workplace.window, tmp_path)
    hands.press("V")
    for keys in ("Shift+Up", "O", "L", "F7"):
        hands.press(keys)
    workplace.window.control.styled("hirescam", "colormap", "viridis")
    workplace.window.control.styled("hirescam", "scale", "fixed")
    workplace.window.control.styled("gradcam", "threshold", 0.2)
    assert workplace.window.bench.hidden_panels() == ("series",)
    default = workplace.window.bench.sizes()
    workplace.window.bench.setSizes([0, default[1] - 40, default[2] + 40])
    sizes = workplace.window.bench.sizes()
    assert sizes[2] > default[2]
    workplace.window.close()
    workplace.close()
    again = make_workplace()
    again.start([series_file])
    qtbot.waitUntil(lambda: again.session.volume is not None)
    state = again.session.state
    style = state.style("hirescam")
    assert isinstance(style, OverlayStyle)
    assert (style.opacity, style.colormap, style.scale, style.outline) == (0.55, "viridis", "slice", True)
    other = state.style("gradcam")
    assert isinstance(other, OverlayStyle)
    assert (other.threshold, other.opacity) == (0.2, 0.5)
    assert state.layout == "compare"
    assert not state.overlays_on
    assert not again.session.can_undo
    assert again.window.bench.hidden_panels() == ("series",)
    assert again.window.bench.sizes()[2] == sizes[2]


def test_panels_come_back_by_key(workplace: Workplace, tmp_path: Path) -> None:
    hands, window = Hands(workplace.window, tmp_path), workplace.window
    assert window.actions_by_id["view.side-panel"].isChecked()
    hands.press("F8")
    assert not window.form.isVisible()
    assert not window.actions_by_id["view.side-panel"].isChecked()
    assert window.focusWidget() is window.views[0]
    hands.press("F8")
    assert window.form.isVisible()


def test_damaged_settings_are_said_in_the_window(make_workplace: Callable[..., Workplace], tmp_path: Path) -> None:
    (tmp_path / "settings.ini").write_bytes(b"\x00\x01 no settings\n[[[")
    place = make_workplace()
    place.start()
    assert "settings.ini are damaged" in place.window.task_bar.message.text()
    assert place.window.task_bar.message.property("role") == "failure"


def test_as_the_system(workplace: Workplace) -> None:
    workplace.apply(replace(workplace.preferences, theme="system"))
    window = workplace.window
    # A system that says nothing new makes no new window.
    QApplication.styleHints().colorSchemeChanged.emit(QApplication.styleHints().colorScheme())
    QApplication.processEvents()
    assert workplace.window is window
