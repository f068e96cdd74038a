"""Answers given in the window: saved one by one, found again, exported, and never lost."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize
from pytestqt.qtbot import QtBot

from viewer.core.ratings import RatingStore
from viewer.core.ratings_csv import COLUMNS
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands

SPOTS = (2, 5)
HERE = Path(__file__).parent


@pytest.fixture
def hands(workplace: Workplace, tmp_path: Path) -> Hands:
    workplace.window.control.show_slice(SPOTS[0])
    hands = Hands(workplace.window, tmp_path)
    hands.press("V")
    workplace.window.refresh()
    return hands


def wait_saved(qtbot: QtBot, workplace: Workplace) -> None:
    qtbot.waitUntil(lambda: workplace.reading.unsaved == 0)


def test_alt_digits_answer_the_marked_question(
    workplace: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    form = workplace.window.form
    assert form.current == "dx"
    hands.press("Alt+2")
    for keys in ("Alt+5", "Alt+4", "Alt+3", "Alt+0"):
        hands.press("Ctrl+Return")
        hands.press(keys)
    wait_saved(qtbot, workplace)
    workplace.window.refresh()
    assert form.cards["dx"].buttons["affected"].isChecked()
    assert form.cards["dx"].status.text() == "✓ affected"
    assert form.cards["m_specific"].buttons["na"].isChecked()
    answers = {answer.item_id: answer for answer in RatingStore(tmp_path / "answers.sqlite").answers()}
    assert {key: answer.value_num for key, answer in answers.items()} == {
        "dx": 1,
        "susp": 5,
        "conf": 4,
        "m_loc": 3,
        "m_specific": None,
    }
    assert not answers["m_specific"].answered
    about = answers["m_loc"].about
    assert (about.stage, about.map_id, about.slice_index, about.target_class) == ("S2", "hirescam", 3, "affected")
    assert about.ai_label == 1
    assert about.ai_prob == pytest.approx(0.9)
    assert answers["dx"].about.slice_index is None
    assert answers["dx"].about.case_id == f"S-{about.volume_sha256[:8]}"


def test_map_questions_wait_for_a_map(workplace: Workplace, hands: Hands) -> None:
    form = workplace.window.form
    assert form.cards["m_loc"].isEnabled()
    hands.press("V")
    workplace.window.refresh()
    assert not form.cards["m_loc"].isEnabled()
    assert "Show one map" in form.cards["m_loc"].toolTip()


def test_each_map_and_slice_has_its_own_answers(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    form = workplace.window.form
    form.mark("m_loc")
    hands.press("Alt+4")
    hands.press("]")
    workplace.window.refresh()
    assert not any(button.isChecked() for button in form.cards["m_loc"].buttons.values())
    hands.press("Alt+1")
    hands.press("[")
    workplace.window.refresh()
    assert form.cards["m_loc"].buttons["mostly_on_it"].isChecked()
    workplace.window.control.show_slice(SPOTS[1])
    workplace.window.refresh()
    assert not any(button.isChecked() for button in form.cards["m_loc"].buttons.values())
    wait_saved(qtbot, workplace)


def test_a_comment_belongs_to_what_was_on_screen(
    workplace: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    field = workplace.window.form.cards["comment"].field
    assert field is not None
    field.setFocus()
    hands.type("soleus on the left")
    # The strip moves on while the cursor is still in the field.
    strip = workplace.window.strip
    hands.click(strip, QPoint(round(strip.place_of(SPOTS[1])), strip.height() - 8))
    workplace.window.refresh()
    assert workplace.session.state.slice_index == SPOTS[1]
    assert field.toPlainText() == ""
    hands.type("=tibia")
    workplace.window.views[0].setFocus()
    wait_saved(qtbot, workplace)
    comments = {
        answer.about.slice_index: answer.value_text
        for answer in RatingStore(tmp_path / "answers.sqlite").answers()
        if answer.item_id == "comment"
    }
    assert comments == {3: "soleus on the left", 6: "=tibia"}


def test_reopening_finds_the_answers(
    workplace: Workplace,
    hands: Hands,
    qtbot: QtBot,
    make_workplace: Callable[..., Workplace],
    series_file: Path,
    tmp_path: Path,
) -> None:
    hands.press("Alt+1")
    hands.click(workplace.window.form.cards["m_help"].buttons["easier"])
    workplace.window.form.reader.setFocus()
    wait_saved(qtbot, workplace)
    workplace.window.close()
    again = make_workplace()
    again.start([series_file.parent], tmp_path / "model")
    qtbot.waitUntil(lambda: again.session.volume is not None and again.explaining.counts()[0] == 8, timeout=60_000)
    again.window.control.show_slice(SPOTS[0])
    again.window.actions_by_id["overlay.toggle"].trigger()
    qtbot.waitUntil(lambda: again.window.form.cards["dx"].buttons["healthy"].isChecked())
    qtbot.waitUntil(lambda: again.window.form.cards["m_help"].buttons["easier"].isChecked())
    again.window.form.answered.emit("dx", "affected")
    wait_saved(qtbot, again)
    dx = [answer for answer in RatingStore(tmp_path / "answers.sqlite").answers() if answer.item_id == "dx"]
    assert [(answer.value_label, answer.revisions) for answer in dx] == [("affected", 1)]


def test_export_writes_the_columns_of_the_contract(
    workplace: Workplace, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    hands.press("Alt+2")
    wait_saved(qtbot, workplace)
    out = tmp_path / "out" / "ratings.csv"
    out.parent.mkdir()
    with qtbot.waitSignal(workplace.reading.exported) as exported:
        workplace.reading.export(out)
    assert exported.args is not None
    assert exported.args[0] == 1
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == tuple(COLUMNS)
    assert rows[0]["study_id"] == "open"
    assert "spots" not in out.read_text(encoding="utf-8").replace("spots 1", "")  # the model's name, no file's


def test_a_name_is_no_reader_id(workplace: Workplace, hands: Hands) -> None:
    form = workplace.window.form
    hands.press("Ctrl+R")
    form.reader.selectAll()
    hands.type("Dr Rossi")
    hands.press("Return")
    assert workplace.reading.reader_id == "R00"
    assert form.reader.text() == "R00"
    assert "never a name" in workplace.window.task_bar.message.text()
    form.reader.selectAll()
    hands.type("R12")
    hands.press("Return")
    assert workplace.reading.reader_id == "R12"


def test_what_cannot_be_saved_stays_in_the_form(
    workplace: Workplace, hands: Hands, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from viewer.core.ratings import Answer, RatingError

    def full(self: RatingStore, answer: Answer, reason: str = "") -> Answer:
        raise RatingError("The answer could not be saved in answers.sqlite: the disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(RatingStore, "record", full)
        hands.press("Alt+2")
        qtbot.waitUntil(lambda: "disk is full" in workplace.window.task_bar.message.text())
        workplace.window.refresh()
        card = workplace.window.form.cards["dx"]
        assert card.buttons["affected"].isChecked()
        assert card.status.text() == "not saved yet: affected"
    workplace.reading.save_again()
    wait_saved(qtbot, workplace)
    workplace.window.refresh()
    assert card.status.text() == "✓ affected"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("acknowledged", [1, 4, 9])
def test_kill_9_of_the_window_loses_no_acknowledged_answer(
    series_file: Path, tmp_path: Path, acknowledged: int
) -> None:
    store = tmp_path / "killed.sqlite"
    arguments = [sys.executable, str(HERE / "rating_window.py"), str(store), str(series_file.parent)]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(HERE)}
    window = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert window.stdout is not None
    said = [window.stdout.readline().split() for _ in range(acknowledged)]
    window.send_signal(signal.SIGKILL)
    said += [line.split() for line in window.stdout if line.endswith("\n")]
    window.stdout.close()
    window.wait()
    opened = RatingStore(store)
    opened.verify()
    kept = [(event["item_id"], event["new"]) for event in opened.history() if event["action"] in ("answer", "change")]
    assert len(kept) >= len(said) >= acknowledged
    for (item, code), (kept_item, new) in zip(said, kept, strict=False):
        assert isinstance(new, dict)
        assert (item, code) == (kept_item, new["value_label"])


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_whole_review_killed_at_random_moments_loses_nothing_acknowledged(
    series_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(HERE)
    from killed_review import killed_rounds

    assert killed_rounds(4, tmp_path / "killed.sqlite", series_file.parent, seed=7) > 12


def test_the_reader_and_the_windows_size_are_remembered(
    workplace: Workplace, hands: Hands, make_workplace: Callable[..., Workplace]
) -> None:
    workplace.reading.set_reader("R07")
    size = workplace.window.minimumSizeHint() + QSize(3, 4)  # the offscreen screen is small, and windows stay on it
    workplace.window.resize(size)
    workplace.window.close()
    workplace.close()
    again = make_workplace()
    assert again.reading.reader_id == "R07"
    assert again.window.form.reader.text() == "R07"
    assert again.window.size() == size
