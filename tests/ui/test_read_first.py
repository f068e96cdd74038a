"""Read first, then reveal: nothing in the window tells of the model before the reading is locked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QProgressBar,
    QTableWidget,
    QTextEdit,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot

from viewer.app.preferences import Language
from viewer.core.ratings import RatingStore
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from viewer.ui.question_card import QuestionCard
from viewer.ui.slice_strip import SliceStrip

SPOT = (11, 38)
SPOTS = (2, 5)
PEEKS = ("V", "]", "[", "F3", "T", "O", "B", "L", "L", "L", "S", "Shift+Up", "Ctrl+Shift+E", "Space", "F5", "Ctrl+Z")
"""Keys that show the model's work once it may be seen."""
ROLES = (*range(15), *range(256, 262))


def answer(hands: Hands, dx: str = "Alt+2", conf: str = "Alt+4") -> None:
    """Decide and say how sure."""
    hands.press(dx)
    hands.press("Ctrl+Return")
    hands.press("Ctrl+Return")
    hands.press(conf)


def lock(hands: Hands, place: Workplace, qtbot: QtBot) -> None:
    with qtbot.waitSignal(place.reading.locked, timeout=60_000):
        hands.press("Ctrl+L")
    place.window.refresh()


def stage(place: Workplace) -> str | None:
    return place.reveal.stage


def texts_of(widget: QWidget) -> Iterator[str]:
    """Everything that a widget says, to eyes and to screen readers."""
    yield from (widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.windowTitle())
    yield from (widget.accessibleName(), widget.accessibleDescription(), widget.objectName())
    for name in ("text", "placeholderText", "title", "format", "toPlainText"):
        said = getattr(widget, name, None)
        if callable(said):
            yield str(said())
    if isinstance(widget, QProgressBar):
        yield f"{widget.value()} {widget.maximum()}"
    if isinstance(widget, QTextEdit):
        yield widget.toHtml()
    if isinstance(widget, SliceStrip):
        yield f"{widget.value()} of {widget.maximum()}"
        yield from (widget.describe(k) for k in range(widget.maximum() + 1))
    if isinstance(widget, QComboBox | QAbstractItemView):
        model = widget.model()
        for row in range(model.rowCount(QModelIndex())):
            for role in ROLES:
                if role != Qt.ItemDataRole.DecorationRole:
                    yield str(model.index(row, 0).data(role) or "")


def everything_said(window: QWidget) -> list[str]:
    """All texts of all widgets, hidden ones too, and of all menu entries, with what is enabled, ticked and shown."""
    said = []
    for widget in [window, *window.findChildren(QWidget)]:
        if widget.inherits("QTipLabel"):
            continue  # comes and goes with time; what it says is asked for where it is made to come
        said.append(f"{type(widget).__name__} {widget.isVisibleTo(window)} {widget.isEnabled()}")
        said += texts_of(widget)
    for action in window.findChildren(QAction):
        said.append(f"{action.text()} {action.isEnabled()} {action.isChecked()}")
        said += [action.toolTip(), action.statusTip(), action.whatsThis(), action.iconText()]
    return said


def is_in_question(widget: QWidget) -> bool:
    at: QWidget | None = widget
    while at is not None:
        if isinstance(at, QuestionCard):
            return True
        at = at.parentWidget()
    return False


def looked_at(place: Workplace, hands: Hands) -> tuple[list[str], list[QImage]]:
    """Try everything that could give the model away; return what was said and seen on the way."""
    window = place.window
    said, seen = [], []
    for k in (SPOTS[0], 0):
        window.control.show_slice(k)
        for key in ("", *PEEKS):
            if key:
                hands.press(key)
                assert QApplication.activeModalWidget() is None, key
            window.refresh()
            QApplication.processEvents()
            said += everything_said(window)
            seen.append(window.grab().toImage())
        for j in range(8):
            QTest.mouseMove(window.strip, QPoint(round(window.strip.place_of(j)), 30))
            said.append(QToolTip.text())
        for at in ((SPOT[1], SPOT[0]), (20, 20)):
            QTest.mouseMove(window.views[0], window.views[0].view_position(*at).toPoint())
            said.append(window.readout.text())
    return said, seen


@pytest.fixture
def ready(
    make_workplace: Callable[..., Workplace], series_file: Path, tmp_path: Path, qtbot: QtBot
) -> Callable[[str], Workplace]:
    def make(model: str) -> Workplace:
        place = make_workplace(model, tmp_path / f"{model}.sqlite")
        place.window.resize(1300, 800)
        place.start([series_file.parent], tmp_path / "model")
        qtbot.waitUntil(lambda: place.session.volume is not None and place.explaining.model is not None, timeout=60_000)
        qtbot.waitUntil(lambda: place.explaining.counts()[0] == 8 and place.reading.is_open, timeout=60_000)
        place.window.activateWindow()
        qtbot.waitUntil(lambda: place.window.isActiveWindow(), timeout=60_000)
        place.window.task_bar.show_message("")
        return place

    return make


def test_in_s0_the_window_is_the_same_whatever_the_model_says(
    ready: Callable[[str], Workplace], tmp_path: Path, qtbot: QtBot
) -> None:
    found = {}
    for model in ("FakeModel", "OppositeModel"):
        place = ready(model)
        hands = Hands(place.window, tmp_path)
        # Once everything was shown: what was there must go.
        place.window.control.show_slice(SPOTS[0])
        hands.press("V")
        place.window.refresh()
        shown = everything_said(place.window), place.window.grab().toImage()
        hands.press("V")
        hands.press("Ctrl+Shift+L")
        assert stage(place) == "S0"
        found[model] = (*looked_at(place, hands), shown)
        place.window.close()
        place.close()
    one, other = found["FakeModel"], found["OppositeModel"]
    assert one[2][0] != other[2][0]
    assert one[2][1] != other[2][1]
    assert [both for both in zip(one[0], other[0], strict=True) if both[0] != both[1]] == []
    assert [n for n, both in enumerate(zip(one[1], other[1], strict=True)) if both[0] != both[1]] == []


@pytest.mark.parametrize("language", ["en", "it"])
def test_in_s0_no_widget_names_a_class_or_a_probability(
    ready: Callable[[str], Workplace], tmp_path: Path, qtbot: QtBot, language: Language
) -> None:
    place = ready("FakeModel")
    place.apply(replace(place.preferences, language=language))
    window, hands = place.window, Hands(place.window, tmp_path)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=60_000)
    window.refresh()
    classes = "affected|healthy|patologic|\\bsan[oi]\\b"
    telling = re.compile(rf"{classes}|\b0[.,][19]0?\b(?!–| %)|probab|slices called|classificat", re.IGNORECASE)
    assert any(telling.search(text) for text in texts_of(window.strip))
    # Overlays are on when the mode begins, as after the case before this one, and a value was read off one.
    hands.press("V")
    window.refresh()
    window.control.show_slice(2)
    window.refresh()
    qtbot.mouseMove(window.views[0], window.views[0].rect().center())
    assert "HiResCAM" in window.readout.text()
    window.task_bar.show_message("affected 0.90")
    hands.press("Ctrl+Shift+L")
    assert "HiResCAM" not in window.readout.text()
    assert window.task_bar.message.text() == ""
    looked_at(place, hands)
    window.refresh()
    for widget in [window, *window.findChildren(QWidget)]:
        # What is not shown is not read out either; that it does not depend on the model is tested above.
        if widget.isVisibleTo(window) and not is_in_question(widget):
            assert [text for text in texts_of(widget) if telling.search(text)] == [], widget
    for action in window.findChildren(QAction):
        words = (action.text(), action.toolTip(), action.statusTip())
        told = [text for text in words if re.search(f"{classes}|0.90|0.10", text)]
        assert told == [], action.objectName()
    assert not window.prediction.isVisible()
    assert not window.overlays.isVisible()
    picture = window.views[0].picture
    assert picture is not None
    assert (picture.bars, picture.note) == ((), "")


def test_stages_follow_each_other_and_answers_carry_them(
    ready: Callable[[str], Workplace], tmp_path: Path, qtbot: QtBot
) -> None:
    place = ready("FakeModel")
    window, hands, form = place.window, Hands(place.window, tmp_path), place.window.form
    window.control.show_slice(SPOTS[0])
    hands.press("Ctrl+Shift+L")
    window.refresh()
    button = form.stages.button
    assert not button.isEnabled()
    assert button.toolTip() == "Missing: your reading, how sure you are."
    hands.press("Ctrl+L")
    assert stage(place) == "S0"
    hands.press("Alt+2")
    window.refresh()
    assert button.toolTip() == "Missing: how sure you are."
    hands.press("Ctrl+Return")
    hands.press("Ctrl+Return")
    hands.press("Alt+3")
    window.refresh()
    assert button.isEnabled()
    with qtbot.waitSignal(place.reading.locked, timeout=60_000):
        hands.click(button)
    window.refresh()
    assert window.prediction.isVisible()
    assert not window.overlays.isVisible()
    assert window.prediction.number.text() == "affected 0.90"
    assert not form.cards["dx"].buttons["affected"].isChecked()
    assert form.cards["dx"].earlier.text() == "before, locked – S0: affected"
    hands.press("V")
    hands.press("F3")
    assert QApplication.activeModalWidget() is None
    picture = window.views[0].picture
    assert picture is not None
    assert picture.bars == ()
    answer(hands, "Alt+1", "Alt+5")
    lock(hands, place, qtbot)
    assert window.overlays.isVisible()
    assert stage(place) == "S2"
    assert form.cards["dx"].earlier.text() == "before, locked – S0: affected, S1: healthy"
    hands.press("V")
    window.refresh()
    form.mark("m_loc")
    hands.press("Alt+4")
    form.mark("dx")
    answer(hands, "Alt+1", "Alt+5")
    lock(hands, place, qtbot)
    assert not form.cards["dx"].isEnabled()
    assert form.cards["dx"].status.text() == "Locked at S2: healthy"
    assert not button.isVisible()
    form.answered.emit("dx", "affected")
    store = RatingStore(tmp_path / "FakeModel.sqlite")
    rows = {(one.about.stage, one.item_id): one for one in store.answers()}
    assert {key: one.value for key, one in rows.items()} == {
        ("S0", "dx"): "affected",
        ("S0", "conf"): 3,
        ("S1", "dx"): "healthy",
        ("S1", "conf"): 5,
        ("S2", "m_loc"): 4,
        ("S2", "dx"): "healthy",
        ("S2", "conf"): 5,
    }
    assert rows["S0", "dx"].about.model_id == ""
    assert rows["S1", "dx"].about.model_id == "spots 1"
    assert rows["S2", "m_loc"].about.map_id == "hirescam"
    locks = [event for event in store.history() if event["action"] == "lock"]
    assert [event["stage"] for event in locks] == ["S0", "S1", "S2"]
    facts = [event["new"] for event in locks if isinstance(event["new"], dict)]
    assert all(fact["active_ms"] > 0 for fact in facts)
    # The prediction was on screen before the mode was chosen: the first reading is none without it.
    assert [fact["prediction_was_seen"] for fact in facts] == [True, False, False]
    store.close()


def test_a_restart_finds_the_stage_and_gives_nothing_away(
    ready: Callable[[str], Workplace],
    make_workplace: Callable[..., Workplace],
    series_file: Path,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    place = ready("FakeModel")
    place.remember_mode()
    hands = Hands(place.window, tmp_path)
    hands.press("Ctrl+Shift+L")
    answer(hands)
    lock(hands, place, qtbot)
    hands.press("Alt+1")
    place.window.close()
    place.close()
    again = make_workplace("FakeModel", tmp_path / "FakeModel.sqlite")
    again.remember_mode()
    shown = []
    again.window.refreshed.connect(
        lambda: shown.append(
            (again.reveal.stage, again.window.prediction.isVisible(), again.window.overlays.isVisible())
        )
    )
    again.start([series_file.parent], tmp_path / "model")
    qtbot.waitUntil(lambda: stage(again) == "S1" and again.explaining.counts()[0] == 8, timeout=60_000)
    again.window.refresh()
    assert {stage for stage, _, _ in shown} == {"S0", "S1"}
    assert all(prediction == (stage == "S1") and not maps for stage, prediction, maps in shown)
    assert again.window.form.cards["dx"].buttons["healthy"].isChecked()
    assert again.window.form.cards["dx"].earlier.text() == "before, locked – S0: affected"


def test_without_the_mode_all_is_as_ever_and_leaving_it_is_kept(
    ready: Callable[[str], Workplace], tmp_path: Path, qtbot: QtBot
) -> None:
    place = ready("FakeModel")
    window, hands = place.window, Hands(place.window, tmp_path)
    assert stage(place) is None
    window.refresh()
    assert window.prediction.isVisible()
    assert not window.form.stages.isVisible()
    assert not window.actions_by_id["rate.lock"].isEnabled()
    hands.press("Ctrl+Shift+L")
    window.refresh()
    assert window.actions_by_id["rate.read-first"].isChecked()
    assert "Hidden until" in window.actions_by_id["overlay.toggle"].statusTip()
    hands.press("Ctrl+Shift+L")
    window.refresh()
    assert window.actions_by_id["overlay.toggle"].isEnabled()
    assert "no unaided reading" in window.task_bar.message.text()
    qtbot.waitUntil(lambda: not place.answers.is_busy)
    store = RatingStore(tmp_path / "FakeModel.sqlite")
    assert [event["stage"] for event in store.history() if event["action"] == "override"] == ["S0"]
    store.close()


def test_another_reader_starts_at_the_picture_and_sees_no_foreign_answers(
    ready: Callable[[str], Workplace], tmp_path: Path, qtbot: QtBot
) -> None:
    place = ready("FakeModel")
    window, hands = place.window, Hands(place.window, tmp_path)
    hands.press("Ctrl+Shift+L")
    answer(hands)
    lock(hands, place, qtbot)
    assert stage(place) == "S1"
    place.reading.set_reader("R02")
    window.refresh()
    assert stage(place) == "S0"
    assert not window.prediction.isVisible()
    hands.press("Ctrl+E")
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    table = dialog.findChild(QTableWidget)
    assert isinstance(table, QTableWidget)
    assert table.rowCount() == 0
    words = " ".join(label.text() for label in dialog.findChildren(QLabel) if isinstance(label, QLabel))
    assert "What others answered of the open case is not shown" in words
    hands.press("Escape", dialog)
