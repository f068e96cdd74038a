"""Locked answers stay as they are, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from viewer.core.answers import About, Answer
from viewer.core.event_log import RatingError
from viewer.core.items import CONFIDENCE, DX, M_LOC, WHERE
from viewer.core.marks import Mark, geometry_text
from viewer.core.on_screen import OnScreen, Place
from viewer.core.ratings import RatingStore
from viewer.core.revisions import revisions

S0 = About("R03", "S-1f3a09c4", "S0")
S1 = replace(S0, stage="S1")
S2 = replace(S0, stage="S2")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RatingStore]:
    opened = RatingStore(tmp_path / "ratings.db")
    yield opened
    opened.close()


def read_first(store: RatingStore, about: About) -> None:
    store.record(Answer.give(DX, "affected", about))
    store.record(Answer.give(CONFIDENCE, 4, about))
    store.lock(about, ("dx", "conf"), {"active_ms": 12})


def test_a_locked_answer_is_neither_changed_nor_taken_back(store: RatingStore) -> None:
    read_first(store, S0)
    for deed in (store.record, store.unanswer):
        with pytest.raises(RatingError, match="locked"):
            deed(Answer.give(DX, "healthy", S0))
    with pytest.raises(RatingError, match="locked"):
        store.record(Answer.give(M_LOC, 3, S0))
    assert [answer.value for answer in store.answers()] == ["affected", 4]
    # The next stage, another case and another reader are open.
    store.record(Answer.give(DX, "healthy", S1))
    store.record(Answer.give(DX, "healthy", replace(S0, case_id="S-2")))
    store.record(Answer.give(DX, "healthy", replace(S0, reader_id="R04")))


def test_locks_are_found_again_and_hold_in_every_window(store: RatingStore) -> None:
    read_first(store, S0)
    with pytest.raises(RatingError, match="stage before"):
        store.lock(S2)
    read_first(store, S1)
    other = RatingStore(store.path)
    assert other.locks() == {("R03", "S-1f3a09c4"): {"S0", "S1"}}
    read_first(other, S2)
    with pytest.raises(RatingError, match="locked"):
        store.record(Answer.give(M_LOC, 3, replace(S2, map_id="gradcam", slice_index=2)))
    assert store.locks() == other.locks()
    other.verify()
    other.close()


def test_a_lock_needs_its_answers_on_disk(store: RatingStore) -> None:
    store.record(Answer.give(DX, "affected", S0))
    store.record(Answer.give(CONFIDENCE, 4, S1))
    with pytest.raises(RatingError, match="not saved"):
        store.lock(S0, ("dx", "conf"))
    assert store.locks() == {}
    store.record(Answer.give(CONFIDENCE, 4, S0))
    store.lock(S0, ("dx", "conf"), {"active_ms": 12})
    store.lock(S0, ("dx", "conf"), {"active_ms": 99})
    assert [event["new"] for event in store.history() if event["action"] == "lock"] == [{"active_ms": 12}]


def test_every_revision_is_told_in_words(store: RatingStore) -> None:
    about = OnScreen("1f3a09c4" + "0" * 56, "S0", 7)
    place = about.place("R03", WHERE)
    given = about.about("R03", WHERE)
    store.record(Answer.give(WHERE, geometry_text(Mark.at(3, 4)), given))
    store.record(Answer.give(WHERE, geometry_text(Mark((3, 4), (8, 9))), given))
    store.unanswer(Answer.give(WHERE, "", given), "undo")
    store.record(Answer.give(WHERE, geometry_text(Mark.at(1, 1)), about.about("R04", WHERE)))
    store.record(Answer.give(DX, "affected", given))
    found = revisions(store.history(), place, WHERE)
    assert [(one.old, one.new, one.reason) for one in found] == [
        ("", "column 3, row 4", ""),
        ("column 3, row 4", "columns 3–8, rows 4–9", ""),
        ("columns 3–8, rows 4–9", "", "undo"),
    ]
    assert Place.of(store.answers("R03")[0]).item_id == "dx"
