"""Both looks can be read, show where the keyboard is, and leave the picture black."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPalette
from PySide6.QtWidgets import QAbstractSlider, QApplication, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from viewer.app.preferences import ThemeName
from viewer.assets import find_asset
from viewer.ui import theme
from viewer.ui.application import Workplace, make_application
from viewer.ui.hands import Hands
from viewer.ui.theme import DARK, LIGHT, Scheme, apply_theme

BOTH: tuple[ThemeName, ThemeName] = ("dark", "light")
GROUNDS = ("background", "panel", "raised", "card", "hover", "pressed")
LETTERS = ("text", "muted", "warning", "failure", "affected_text")


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of WCAG 2.1."""

    def luminance(colour: QColor) -> float:
        parts = (
            channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
            for channel in (colour.redF(), colour.greenF(), colour.blueF())
        )
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_21() -> None:
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21, abs=0.01)
    assert contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", [DARK, LIGHT], ids=lambda scheme: scheme.name)
def test_letters_stand_out_from_every_ground(scheme: Scheme) -> None:
    poor = [
        (letters, ground)
        for letters in LETTERS
        for ground in GROUNDS
        if contrast(QColor(getattr(scheme, letters)), QColor(getattr(scheme, ground))) < 4.5
    ]
    assert poor == []
    for ground in (scheme.chosen, scheme.filled):
        assert contrast(QColor(scheme.strong), QColor(ground)) >= 4.5
    # Controls, bars and the mark of the keyboard are no letters: 3 (WCAG 1.4.11).
    for mark in ("edge", "accent", "affected", "healthy"):
        assert contrast(QColor(getattr(scheme, mark)), QColor(scheme.panel)) >= 3, mark


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_palette_of_the_application_can_be_read(qapp: QApplication, name: ThemeName) -> None:
    apply_theme(qapp, name)
    palette, roles = qapp.palette(), QPalette.ColorRole
    for letters, ground in (
        (roles.WindowText, roles.Window),
        (roles.Text, roles.Base),
        (roles.Text, roles.AlternateBase),
        (roles.ButtonText, roles.Button),
        (roles.ToolTipText, roles.ToolTipBase),
        (roles.HighlightedText, roles.Highlight),
        (roles.PlaceholderText, roles.Base),
        (roles.Link, roles.Base),
    ):
        assert contrast(palette.color(letters), palette.color(ground)) >= 4.5, letters
    make_application()


def test_the_style_sheet_names_colours_and_has_none_of_its_own() -> None:
    text = find_asset("style.qss").read_text(encoding="utf-8")
    assert "#" not in text
    known = {field.name for field in fields(Scheme)} | {"icons"}
    assert set(text.split("@")[1::2]) <= known


def test_colours_follow_the_look_and_a_wrong_name_is_an_error(qapp: QApplication) -> None:
    apply_theme(qapp, "light")
    assert QColor(LIGHT.text) == theme.TEXT
    apply_theme(qapp, "dark")
    assert QColor(DARK.text) == theme.TEXT
    with pytest.raises(AttributeError, match="PURPLE"):
        _ = theme.PURPLE


def pixels_of(widget: QWidget) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return raw[:, : image.width(), :3].copy()


def test_the_picture_is_the_same_in_both_looks(workplace: Workplace) -> None:
    workplace.window.views[0].clearFocus()
    seen = []
    for name in BOTH:
        workplace.apply(replace(workplace.preferences, theme=name))
        workplace.window.resize(900, 700)
        workplace.window.refresh()
        view = workplace.window.views[0]
        view.clearFocus()
        QApplication.processEvents()
        seen.append(pixels_of(view))
    assert seen[0].shape == seen[1].shape
    assert np.array_equal(seen[0], seen[1])
    panel = pixels_of(workplace.window.series_panel)
    assert np.median(panel) > 200


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_control_that_takes_the_keyboard_shows_it(workplace: Workplace, qtbot: QtBot, name: ThemeName) -> None:
    workplace.window.control.show_slice(2)
    workplace.window.actions_by_id["overlay.toggle"].trigger()
    workplace.apply(replace(workplace.preferences, theme=name))
    window = workplace.window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.refresh()
    QApplication.processEvents()
    invisible = []
    for widget in window.findChildren(QWidget):
        if not (widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus):
            continue
        if widget.focusProxy() is not None:
            continue
        window.setFocus()
        # A cursor that blinks is no mark that stays.
        before = pixels_of(widget)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        if not widget.hasFocus():
            continue
        after = pixels_of(widget)
        if before.shape == after.shape and (before != after).any(axis=2).sum() < 20:
            invisible.append(f"{type(widget).__name__} {widget.accessibleName()}")
    assert invisible == []


def test_another_look_keeps_everything_that_is_open(workplace: Workplace, qtbot: QtBot, tmp_path: Path) -> None:
    hands = Hands(workplace.window, tmp_path)
    workplace.window.control.show_slice(2)
    hands.press("V")
    hands.press("Alt+2")
    qtbot.waitUntil(lambda: workplace.reading.unsaved == 0)
    workplace.window.refresh()
    old, state = workplace.window, workplace.session.state
    probability = old.prediction.number.text()
    workplace.apply(replace(workplace.preferences, theme="light", scale=1.25))
    new = workplace.window
    new.refresh()
    assert new is not old
    assert workplace.session.state == state
    assert workplace.explaining.counts() == (8, 8)
    assert new.series_panel.list.count() == 1
    assert new.series_panel.list.currentItem() is new.series_panel.list.item(0)
    assert not new.series_panel.list.item(0).icon(0).isNull()
    assert new.prediction.number.text() == probability == "affected 0.90"
    assert new.strip.describe(2) == "Slice 3 of 8: affected 0.90"
    assert new.form.cards["dx"].buttons["affected"].isChecked()
    assert new.views[0].picture is not None
    assert "spots" in new.windowTitle() or "series" in new.windowTitle()
    assert new.task_bar.device.text() == "Computing on CPU"
    new.activateWindow()
    qtbot.waitUntil(new.isActiveWindow)
    hands = Hands(new, tmp_path)
    hands.press("Down", new.views[0])
    assert workplace.session.state.slice_index == 3


def test_many_looks_leave_no_window_behind(workplace: Workplace, qtbot: QtBot) -> None:
    def count() -> int:
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, 52)  # DeferredDelete
        return len(QApplication.allWidgets())

    old = workplace.window
    for name in BOTH:
        workplace.apply(replace(workplace.preferences, theme=name))
    before = count()
    assert not shiboken6.isValid(old)
    for number in range(8):
        workplace.apply(replace(workplace.preferences, theme=BOTH[number % 2]))
        # Every signal that the windows before were connected to.
        workplace.session.message.emit("A sentence.", False)
        workplace.explaining.progressed.emit(1, 3)
        workplace.explaining.progressed.emit(3, 3)
        workplace.explaining.resultsChanged.emit()
        workplace.reading.exported.emit(1, "x.csv")
        workplace.window.refresh()
    assert count() == before
    assert workplace.window.task_bar.message.text() == "1 answers written to x.csv."


def test_the_preferences_work_at_once_and_by_keyboard(
    workplace: Workplace, qtbot: QtBot, tmp_path: Path, make_workplace: Callable[..., Workplace]
) -> None:
    hands = Hands(workplace.window, tmp_path)
    hands.press("Ctrl+,")
    dialog = hands.dialog("preferences")
    assert isinstance(QApplication.focusWidget(), QComboBox)
    old = workplace.window
    hands.press("Down")
    qtbot.waitUntil(lambda: workplace.window is not old)
    assert theme.current() is LIGHT
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() not in (None, dialog))
    assert workplace.dialog is QApplication.activeModalWidget()
    assert workplace.dialog is not None
    assert workplace.dialog.parentWidget() is workplace.window
    boxes = workplace.dialog.boxes
    qtbot.waitUntil(lambda: QApplication.focusWidget() is boxes["theme"])
    for _ in range(3):
        hands.press("Tab")
    assert QApplication.focusWidget() is boxes["mouse"]
    hands.press("Down")
    qtbot.waitUntil(lambda: workplace.preferences.mouse == "weasis")
    assert workplace.window.views[0].profile.key == "weasis"
    assert "menu of common commands" in workplace.dialog.mouse_words.text()
    hands.press("Escape")
    assert QApplication.activeModalWidget() is None
    assert workplace.dialog is None
    workplace.window.close()
    workplace.close()
    again = make_workplace()
    assert (again.preferences.theme, again.preferences.mouse) == ("light", "weasis")


def test_large_letters_are_twice_as_large_and_the_picture_is_not(workplace: Workplace) -> None:
    small = {type(one).__name__: one.font().pointSizeF() for one in workplace.window.findChildren(QWidget)}
    pixels = workplace.window.views[0].picture
    workplace.apply(replace(workplace.preferences, scale=2.0))
    workplace.window.refresh()
    for one in workplace.window.findChildren(QWidget):
        if isinstance(one, QLabel | QLineEdit | QComboBox | QAbstractSlider):
            assert one.font().pointSizeF() >= 1.7 * min(small[type(one).__name__], 9.0), one
    assert pixels is not None
    now = workplace.window.views[0].picture
    assert now is not None
    assert now.pixels.shape == pixels.pixels.shape
