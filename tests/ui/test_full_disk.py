"""A disk that fills up while a reader answers: one sentence, the answer stays in the form, and can be saved later."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from viewer.core.ratings import RatingStore
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands


def fill_disk(workplace: Workplace) -> None:
    """Let SQLite itself answer SQLITE_FULL: the file may not grow any more."""
    database = store_of(workplace)._log._database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")


def free_disk(workplace: Workplace) -> None:
    store_of(workplace)._log._database.execute("PRAGMA max_page_count = 100000")


def store_of(workplace: Workplace) -> RatingStore:
    store = workplace.reading._store
    assert store is not None
    return store


def wait_saved(qtbot: QtBot, workplace: Workplace) -> None:
    qtbot.waitUntil(lambda: workplace.reading.unsaved == 0, timeout=60_000)


def test_a_comment_on_a_full_disk_is_told_kept_and_saved_later(
    workplace: Workplace, tmp_path: Path, qtbot: QtBot
) -> None:
    hands, window = Hands(workplace.window, tmp_path), workplace.window
    hands.press("Alt+2")
    wait_saved(qtbot, workplace)
    fill_disk(workplace)
    hands.press("V")
    window.control.show_slice(2)
    window.refresh()
    card = window.form.cards["comment"]
    field = card.field
    assert field is not None
    long = "soleus and gastrocnemius " * 400
    field.setFocus()
    field.setPlainText(long)
    with qtbot.waitSignal(workplace.reading.message, timeout=60_000) as told:
        window.views[0].setFocus()
    assert told.args is not None
    sentence, is_failure = told.args
    assert is_failure
    assert sentence.startswith("The disk is full, so nothing was saved")
    assert "\n" not in sentence
    assert window.task_bar.message.text() == sentence
    window.refresh()
    assert field.toPlainText() == long
    assert card.status.text().startswith("not saved yet")
    # What was saved before is still there, and so is the way on once there is room.
    assert [answer.item_id for answer in RatingStore(tmp_path / "answers.sqlite").answers()] == ["dx"]
    free_disk(workplace)
    workplace._retry.setInterval(1)  # by itself, and not after five seconds
    wait_saved(qtbot, workplace)
    saved = {answer.item_id: answer for answer in RatingStore(tmp_path / "answers.sqlite").answers()}
    assert saved["comment"].value_text.strip() == long.strip()
    store_of(workplace).verify()


def test_answers_go_on_beside_the_one_that_did_not_fit(workplace: Workplace, tmp_path: Path, qtbot: QtBot) -> None:
    """A reader who sees the sentence answers again: that is saved, with nothing in between lost or doubled."""
    hands, form = Hands(workplace.window, tmp_path), workplace.window.form
    hands.press("Alt+1")
    wait_saved(qtbot, workplace)
    fill_disk(workplace)
    said: list[str] = []
    workplace.reading.message.connect(lambda sentence, _: said.append(sentence))
    given = "healthy"
    # One after the other, until the page that is there is full.
    for _ in range(60):
        given = "affected" if given == "healthy" else "healthy"
        form.answered.emit("dx", given)
        qtbot.waitUntil(lambda: not workplace.answers.is_busy, timeout=60_000)
        if said:
            break
    assert said
    assert said[0].startswith("The disk is full")
    workplace.window.refresh()
    assert form.cards["dx"].buttons[given].isChecked()
    assert form.cards["dx"].status.text() == f"not saved yet: {given}"
    free_disk(workplace)
    other = "affected" if given == "healthy" else "healthy"
    hands.click(form.cards["dx"].buttons[other])
    wait_saved(qtbot, workplace)
    workplace.window.refresh()
    assert form.cards["dx"].status.text().startswith(f"✓ {other}")
    (answer,) = RatingStore(tmp_path / "answers.sqlite").answers()
    assert answer.value_label == other
    store_of(workplace).verify()


def test_an_export_onto_a_full_disk_is_one_sentence_and_leaves_no_half_file(
    workplace: Workplace, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    Hands(workplace.window, tmp_path).press("Alt+2")
    wait_saved(qtbot, workplace)

    def no_space(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "ratings.csv")

    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr("os.fsync", no_space)
    monkeypatch.setattr("os.replace", no_space)
    with qtbot.waitSignal(workplace.reading.message, timeout=60_000) as told:
        workplace.reading.export(out / "ratings.csv")
    assert told.args is not None
    assert "No space left on device" in told.args[0]
    assert "\n" not in told.args[0]
    assert list(out.glob("ratings.csv")) == []
