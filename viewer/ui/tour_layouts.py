"""The part of the tour that shows several pictures: order, outlines, body, one pane alone, two series side by side."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from viewer.app.session import Session
from viewer.ui.hands import Hands
from viewer.ui.main_window import MainWindow

Expect = Callable[[bool, str], None]


def show_overlays(hands: Hands, window: MainWindow, session: Session, expect: Expect) -> None:
    """Outline, body, and the order of two overlays."""
    hands.press("O")
    hands.picture("09-outline-over")
    hands.press("O")
    hands.picture("09-outline-alone")
    hands.press("O")
    style = session.state.style(session.state.active)
    expect(style.fill and not style.outline, "O goes from filled over outlined to an outline alone and back")
    hands.press("Ctrl+B")
    hands.picture("09-on-air-too")
    hands.press("Ctrl+B")
    expect(session.state.body_only, "Ctrl+B takes the overlay off the air again")
    other = next(key for key in session.state.keys if key not in session.state.shown)
    hands.click(window.overlays.rows[other].tick)
    top = session.state.painting_order
    hands.press("Ctrl+]")
    hands.press("Ctrl+[")
    expect(set(session.state.painting_order) == set(top), "overlays are raised and lowered")
    hands.picture("09-two-overlays")
    hands.click(window.overlays.rows[other].tick)
    hands.click(window.views[0])


def show_two_series(hands: Hands, window: MainWindow, session: Session, expect: Expect) -> None:
    """Show a second series beside the first, scroll both, unlink them, and show one alone."""
    hands.press("Ctrl+Shift+PgDown")
    second = session.second
    expect(second.index >= 0 and second.index != session.index, "another series stands beside the first")
    hands.wait("its slices", lambda: all(values is not None for values in second.slices), second.changed)
    hands.wait("two series on screen", lambda: window.views[1].picture is not None, window.refreshed)
    hands.wheel(window.views[1], -1)
    hands.wheel(window.views[0], 1)
    hands.wheel(window.views[1], 1, Qt.KeyboardModifier.ControlModifier)
    hands.picture("11-two-series")
    hands.press("Shift+S")
    before = session.state.slice_index
    hands.wheel(window.views[1], -2)
    expect(session.state.slice_index == before, "the second series scrolls alone once its slices are not linked")
    hands.picture("11-two-series-unlinked")
    hands.press("Shift+S")
    hands.press("F")
    hands.double_click(window.views[1])
    expect(not window.views[1].isVisible(), "a double-click shows one picture alone")
    hands.picture("11-second-alone")
    hands.double_click(window.views[0])
    expect(window.views[1].isVisible(), "another one brings the others back")
    hands.click(window.views[0])
    hands.press("C")
