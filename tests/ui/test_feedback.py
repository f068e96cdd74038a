"""The full form, revisions, undo of answers, half-typed comments, what is open, and the export dialog."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QTableWidget, QTextBrowser
from pytestqt.qtbot import QtBot

from viewer.core.items import CASE_FORM, MAP_FORM, SLICE_FORM
from viewer.core.ratings import RatingStore
from viewer.ui.application import Workplace
from viewer.ui.export_dialog import ExportDialog
from viewer.ui.hands import Hands

SPOTS = (2, 5)


@pytest.fixture
def hands(workplace: Workplace, tmp_path: Path) -> Hands:
    workplace.window.control.show_slice(SPOTS[0])
    hands = Hands(workplace.window, tmp_path)
    hands.press("V")
    workplace.window.refresh()
    return hands


def wait_saved(qtbot: QtBot, workplace: Workplace) -> None:
    qtbot.waitUntil(lambda: workplace.reading.unsaved == 0)
    workplace.window.refresh()


def asked(workplace: Workplace) -> list[str]:
    return [key for key, card in workplace.window.form.cards.items() if not card.isHidden()]


def answers(tmp_path: Path) -> dict[str, str]:
    store = RatingStore(tmp_path / "answers.sqlite")
    found = {answer.item_id: answer.value_label or answer.value_text for answer in store.answers()}
    store.close()
    return found


def test_the_form_is_short_until_all_is_asked(
    workplace: Workplace, hands: Hands, make_workplace: Callable[..., Workplace]
) -> None:
    short = ["dx", "susp", "conf", "m_loc", "m_specific", "m_help", "m_mislead", "comment"]
    assert asked(workplace) == short
    hands.press("Ctrl+Shift+Q")
    workplace.window.refresh()
    assert asked(workplace) == [item.id for item in (*CASE_FORM, *SLICE_FORM, *MAP_FORM)]
    assert workplace.window.form.full.isChecked()
    workplace.window.close()
    workplace.close()
    assert make_workplace().window.form.full.isChecked()


def test_several_errors_can_be_named_and_none_excludes_them(
    workplace: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    hands.press("Ctrl+Shift+Q")
    workplace.window.refresh()
    form = workplace.window.form
    form.mark("m_error")
    for key in ("Alt+6", "Alt+2"):
        hands.press(key)
        wait_saved(qtbot, workplace)
    assert answers(tmp_path)["m_error"] == "wrong_side|artefact"
    assert form.cards["m_error"].status.text() == "✓ wrong side, artefact · changed 1×"
    hands.press("Alt+1")
    wait_saved(qtbot, workplace)
    assert answers(tmp_path)["m_error"] == "none"
    hands.press("Alt+7")
    wait_saved(qtbot, workplace)
    assert answers(tmp_path)["m_error"] == "other"
    hands.press("Alt+7")
    wait_saved(qtbot, workplace)
    assert "m_error" not in answers(tmp_path)
    assert not any(button.isChecked() for button in form.cards["m_error"].buttons.values())


def test_a_slice_has_answers_of_its_own(workplace: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path) -> None:
    hands.press("Ctrl+Shift+Q")
    workplace.window.refresh()
    form = workplace.window.form
    form.mark("dx_slice")
    hands.press("Alt+2")
    form.mark("dx")
    hands.press("Alt+1")
    wait_saved(qtbot, workplace)
    hands.press("Down")
    workplace.window.refresh()
    assert not form.cards["dx_slice"].buttons["affected"].isChecked()
    assert form.cards["dx"].buttons["healthy"].isChecked()
    store = RatingStore(tmp_path / "answers.sqlite")
    found = {answer.item_id: answer.about for answer in store.answers()}
    store.close()
    assert (found["dx_slice"].slice_index, found["dx_slice"].map_id) == (SPOTS[0] + 1, "")
    assert found["dx_slice"].ai_prob == pytest.approx(0.9)
    assert (found["dx"].slice_index, found["dx"].ai_prob) == (None, None)


def test_open_questions_are_counted_and_jumped_to(workplace: Workplace, hands: Hands) -> None:
    form = workplace.window.form
    assert form.summary.toolTip() == "7 of 7 still open"
    form.mark("susp")
    hands.press("Alt+3")
    form.mark("dx")
    workplace.window.refresh()
    assert form.summary.toolTip().startswith("6 of 7 still open")
    hands.press("Ctrl+Return")
    assert form.current == "susp", "in order, answered or not"
    form.mark("dx")
    hands.press("Ctrl+J")
    assert form.current == "conf", "those with an answer are passed over"
    seen: list[str] = []
    while form.next_open.isEnabled() and len(seen) < 9:
        seen.append(form.current)
        hands.press("Alt+1")
        workplace.window.refresh()
        hands.press("Ctrl+J")
    assert seen == ["conf", "m_loc", "m_specific", "m_help", "m_mislead", "dx"]
    assert form.summary.toolTip().startswith("all answered")


def test_undo_walks_through_answers_and_view_in_one_order(
    workplace: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    session, form = workplace.session, workplace.window.form
    hands.press("Alt+1")
    hands.press("I")
    hands.press("Alt+2")
    wait_saved(qtbot, workplace)
    hands.press("Ctrl+Z")
    wait_saved(qtbot, workplace)
    assert (answers(tmp_path), session.state.invert) == ({"dx": "healthy"}, True)
    assert form.cards["dx"].buttons["healthy"].isChecked()
    assert "Answer changed" in workplace.window.task_bar.message.text()
    hands.press("Ctrl+Z")
    assert not session.state.invert
    hands.press("Ctrl+Z")
    wait_saved(qtbot, workplace)
    assert answers(tmp_path) == {}
    for _ in range(3):
        hands.press("Ctrl+Y")
    wait_saved(qtbot, workplace)
    assert (answers(tmp_path), session.state.invert) == ({"dx": "affected"}, True)
    store = RatingStore(tmp_path / "answers.sqlite")
    store.verify()
    kept = [event for event in store.history() if event["action"] in ("answer", "change")]
    values = [event["new"]["value_label"] if isinstance(event["new"], dict) else None for event in kept]
    assert values == ["healthy", "affected", "healthy", None, "healthy", "affected"]
    assert [event["reason"] for event in kept] == ["", "", "undo", "undo", "redo", "redo"]
    store.close()


def test_undo_goes_to_the_slice_of_the_answer(workplace: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path) -> None:
    workplace.window.form.mark("m_loc")
    hands.press("Alt+4")
    hands.press("End")
    hands.press("Ctrl+Z")
    wait_saved(qtbot, workplace)
    assert workplace.session.state.slice_index == SPOTS[0]
    assert answers(tmp_path) == {}


def test_a_locked_answer_is_not_undone(workplace: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path) -> None:
    hands.press("Ctrl+Shift+L")
    hands.press("I")
    for key in ("Alt+2", "Ctrl+Return", "Ctrl+Return", "Alt+3"):
        hands.press(key)
    with qtbot.waitSignal(workplace.reading.locked, timeout=60_000):
        hands.press("Ctrl+L")
    workplace.window.refresh()
    hands.press("Ctrl+Z")
    wait_saved(qtbot, workplace)
    assert answers(tmp_path) == {"dx": "affected", "conf": "fairly_sure"}
    assert not workplace.session.state.invert, "the step before it is taken back instead"


def test_the_history_tells_every_change(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    form = workplace.window.form
    assert not form.cards["dx"].history.isVisible()
    hands.press("Alt+1")
    hands.press("Alt+2")
    hands.press("Ctrl+Z")
    wait_saved(qtbot, workplace)
    assert form.cards["dx"].history.isVisible()
    hands.press("Ctrl+H")
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    page = dialog.findChild(QTextBrowser)
    assert isinstance(page, QTextBrowser)
    words = page.toPlainText().split()
    assert [word for word in words if word in ("healthy", "affected", "undone")] == [
        *("healthy", "healthy", "affected", "affected", "healthy"),
        "undone",
    ]
    hands.press("Escape", dialog)


def test_half_typed_comments_come_back_unsaved(
    workplace: Workplace,
    hands: Hands,
    qtbot: QtBot,
    make_workplace: Callable[..., Workplace],
    series_file: Path,
    tmp_path: Path,
) -> None:
    field = workplace.window.form.cards["comment"].field
    assert field is not None
    field.setFocus()
    hands.type("soleus, on the")
    drafts = workplace.window.form.drafts()
    assert list(drafts.values()) == ["soleus, on the"]
    # Killed: nothing was handed over.
    again = make_workplace(answers=tmp_path / "other.sqlite")
    again.start([series_file.parent], tmp_path / "model")
    again.window.form.restore_drafts(drafts)
    qtbot.waitUntil(lambda: again.session.volume is not None and again.explaining.counts()[0] == 8, timeout=60_000)
    again.window.control.show_slice(SPOTS[1])
    again.window.actions_by_id["overlay.toggle"].trigger()
    again.window.refresh()
    restored = again.window.form.cards["comment"]
    assert restored.field is not None
    assert restored.field.toPlainText() == "", "it belongs to another slice"
    assert again.window.form.drafts() == drafts
    again.window.control.show_slice(SPOTS[0])
    again.window.refresh()
    again.window.refresh()
    assert restored.field.toPlainText() == "soleus, on the"
    assert restored.status.text().startswith("not saved yet")
    assert answers_of(tmp_path / "other.sqlite") == []
    again.window.activateWindow()
    qtbot.waitUntil(lambda: again.window.isActiveWindow(), timeout=60_000)
    restored.field.setFocus()
    restored.field.appendPlainText("left")
    again.window.views[0].setFocus()
    wait_saved(qtbot, again)
    assert answers_of(tmp_path / "other.sqlite") == ["soleus, on the\nleft"]
    assert again.window.form.drafts() == {}


def answers_of(path: Path) -> list[str]:
    store = RatingStore(path)
    found = [answer.value_text for answer in store.answers()]
    store.close()
    return found


def test_the_export_is_seen_before_it_is_written(
    workplace: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    hands.press("Alt+2")
    workplace.window.form.cards["comment"].answered.emit("=HYPERLINK(1)")
    workplace.reading.set_reader("R07")
    workplace.window.refresh()
    workplace.window.form.mark("dx")
    hands.press("Alt+1")
    wait_saved(qtbot, workplace)
    hands.press("Ctrl+E")
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ExportDialog)
    table: QTableWidget = dialog.table
    assert dialog.counts.text() == "Rows: 3 · readers: 2 · cases: 1"
    assert table.rowCount() == 3
    items = [table.item(row, column) for row in range(3) for column in range(table.columnCount())]
    cells = {item.text() for item in items if item is not None}
    assert {"R00", "R07", "affected", "healthy", "'=HYPERLINK(1)"} <= cells
    hands.click(dialog.mine)
    dialog.mine.setChecked(True)
    assert dialog.counts.text() == "Rows: 1 · readers: 1 · cases: 1"
    assert table.rowCount() == 1
    path = tmp_path / "out.csv"
    dialog.path.setText(str(tmp_path))
    assert not dialog.write.isEnabled()
    assert dialog.write.toolTip() == "Name a file, such as ratings.csv"
    dialog.path.setText(str(path))
    assert "codebook.json" in dialog.where.text()
    with qtbot.waitSignal(workplace.reading.exported, timeout=60_000):
        hands.press("Return", dialog.path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["reader_id"], row["value_label"]) for row in rows] == [("R07", "healthy")]
    assert (tmp_path / "codebook.json").is_file()
