"""Answers: kept, revised, found again, and nothing changed behind the reader's back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.answers import About, Answer, case_id_of, valid_reader_id
from viewer.core.event_log import EventLog, RatingError, digest
from viewer.core.items import COMMENT, DX, M_ERROR, M_HELP, M_LOC, M_MISLEAD, QUALITY, SUSPICION
from viewer.core.ratings import RatingStore, utc_now

HASH = "1f3a09c4" + "0" * 56
ABOUT = About(
    reader_id="R03",
    case_id=case_id_of(HASH),
    volume_sha256=HASH,
    slice_index=7,
    model_id="slim",
    model_sha256="a" * 64,
    ai_label=1,
    ai_prob=0.875,
    ai_threshold=0.5,
    map_id="gradcam",
    map_label_shown="Grad-CAM",
    target_class="affected",
)


def ticking() -> Callable[[], int]:
    numbers = count(0, 1000)
    return lambda: next(numbers)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "ratings.db"


@pytest.fixture
def store(path: Path) -> Iterator[RatingStore]:
    opened = RatingStore(path, mono_ms=ticking())
    yield opened
    opened.close()


def raw(path: Path) -> sqlite3.Connection:
    """The file as somebody with a database tool sees it, after taking the guards away."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("DROP TRIGGER events_stay")
    database.execute("DROP TRIGGER events_hold")
    return database


def fill(store: RatingStore, answers: int = 5) -> None:
    for k in range(answers):
        store.record(Answer.give(M_LOC, 1 + k % 5, About("R03", "S-00000001", map_id="gradcam", slice_index=k + 1)))


# --- Values -----------------------------------------------------------------------------------------------------


def test_an_answer_carries_number_code_and_scale() -> None:
    likert = Answer.give(M_LOC, 4, ABOUT)
    assert (likert.value_num, likert.value_label, likert.scale_min, likert.scale_max) == (4, "mostly_on_it", 1, 5)
    choice = Answer.give(DX, "affected", ABOUT)
    assert (choice.value_num, choice.value_label, choice.scale_min, choice.scale_max) == (1, "affected", 0, 1)
    several = Answer.give(M_ERROR, ("too_diffuse", "wrong_side", "wrong_side"), ABOUT)
    assert (several.value_num, several.value_label) == (None, "wrong_side|too_diffuse")
    assert Answer.give(M_MISLEAD, "agree", ABOUT).value_num == 4
    assert Answer.give(M_MISLEAD, "agree", ABOUT).reversed
    declined = Answer.give(M_HELP, None, ABOUT)
    assert (declined.answered, declined.value_label, declined.value) == (False, "na", None)


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (M_LOC, 5),
        (DX, "healthy"),
        (QUALITY, "limited"),
        (M_ERROR, ("none",)),
        (M_ERROR, ()),
        (COMMENT, "Größer, näher am M. soleus 😀"),
        (COMMENT, ""),
    ],
)
def test_a_form_gets_back_what_it_gave(item: object, value: object) -> None:
    assert Answer.give(item, value, ABOUT).value == value  # type: ignore[arg-type]


@pytest.mark.parametrize(("item", "value"), [(M_LOC, 0), (M_LOC, 6), (DX, "maybe"), (M_ERROR, ("x",)), (DX, 2)])
def test_an_answer_off_the_scale_is_refused(item: object, value: object) -> None:
    with pytest.raises(ValueError, match="no option"):
        Answer.give(item, value, ABOUT)  # type: ignore[arg-type]


@given(st.text())
def test_any_text_can_be_written_and_read(text: str) -> None:
    kept = Answer.give(COMMENT, text, ABOUT).value_text
    assert kept.encode("utf-8").decode("utf-8") == kept
    assert not set(kept) & set("\x00\x07\r")
    assert Answer.give(COMMENT, kept, ABOUT).value_text == kept


def test_broken_surrogates_do_not_break_the_file(store: RatingStore) -> None:
    assert store.record(Answer.give(COMMENT, "a\ud800b\x00", ABOUT)).value_text == "a?b"


def test_only_what_was_on_the_screen_is_kept() -> None:
    alone = Answer.give(M_LOC, 1, replace(ABOUT, stage="S0")).about
    assert (alone.model_id, alone.ai_label, alone.ai_prob, alone.map_id, alone.target_class) == ("", None, None, "", "")
    predicted = Answer.give(M_LOC, 1, replace(ABOUT, stage="S1")).about
    assert (predicted.ai_label, predicted.map_id) == (1, "")
    case = Answer.give(DX, "healthy", ABOUT).about
    assert (case.ai_label, case.map_id, case.slice_index) == (1, "", None)
    assert Answer.give(M_LOC, 1, ABOUT).about == ABOUT


def test_a_slice_without_prediction_and_numbers_from_arrays_are_kept_as_plain_values(store: RatingStore) -> None:
    unread = replace(ABOUT, ai_label=-1, ai_prob=float("nan"))
    assert Answer.give(M_LOC, 1, unread).about.ai_label is None
    numpy = replace(ABOUT, ai_label=1, ai_prob=np.float32(0.5), slice_index=np.int64(3))  # type: ignore[arg-type]
    assert store.record(Answer.give(M_LOC, 1, numpy)).about.ai_prob == 0.5


@pytest.mark.parametrize("text", ["R03", "MR-12", "x1", "abcd1234"])
def test_codes_are_reader_ids(text: str) -> None:
    assert valid_reader_id(text)


@pytest.mark.parametrize("text", ["", "Jane", "Jane Doe", "R03 ", "R", "12", "Rossi2026x", "R03\n", "=R1"])
def test_names_are_no_reader_ids(text: str) -> None:
    assert not valid_reader_id(text)
    with pytest.raises(RatingError, match="never a name") as caught:
        About(text, "S-1")
    assert not text.strip() or "Jane" not in str(caught.value)


def test_a_path_is_no_case_id() -> None:
    with pytest.raises(RatingError, match="case id"):
        About("R03", "/data/DOE^JANE")


def test_moments_are_utc() -> None:
    assert utc_now().endswith("Z")
    assert len(utc_now()) == len("2026-03-01T09:30:00.125Z")


# --- Keeping ----------------------------------------------------------------------------------------------------


def test_answers_are_found_again(path: Path, store: RatingStore) -> None:
    saved = [
        store.record(Answer.give(DX, "affected", ABOUT, "2026-03-01T09:00:00.000Z", 4200)),
        store.record(Answer.give(M_LOC, 4, ABOUT)),
        store.record(Answer.give(COMMENT, "=1+1\nsecond line", ABOUT)),
        store.record(Answer.give(M_ERROR, ("wrong_side", "artefact"), ABOUT)),
        store.record(Answer.give(M_HELP, None, ABOUT)),
    ]
    again = RatingStore(path)
    assert list(again.answers("R03", ABOUT.case_id)) == saved
    assert again.answers("R04") == again.answers("R03", "S-other") == ()
    assert again.find(M_LOC, ABOUT) == saved[1]
    assert again.find(SUSPICION, ABOUT) is None
    assert saved[0].response_ms == 4200
    assert saved[0].answered_utc.endswith("Z")
    again.close()


def test_the_file_is_durable_and_on_any_file_system(store: RatingStore) -> None:
    database = store._log._database
    assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert database.execute("PRAGMA synchronous").fetchone() == (3,)


def test_revisions_are_counted_and_the_first_moment_is_kept(path: Path, store: RatingStore) -> None:
    first = store.record(Answer.give(M_LOC, 2, ABOUT, "2026-03-01T09:00:00.000Z", 1000))
    assert store.record(Answer.give(M_LOC, 2, ABOUT, "2026-03-01T09:05:00.000Z", 9000)) == first
    assert len(store.history()) == 1
    store.record(Answer.give(M_LOC, 3, ABOUT, "2026-03-01T09:05:00.000Z", 9000))
    last = store.record(Answer.give(M_LOC, None, ABOUT, "2026-03-01T09:06:00.000Z", 9500))
    assert (first.revisions, last.revisions) == (0, 2)
    assert last.shown_utc == "2026-03-01T09:00:00.000Z"
    assert last.response_ms == 9500
    assert [event["action"] for event in store.history("R03")] == ["answer", "change", "change"]
    assert [event["old"] for event in store.history()][1] == [True, 2.0, "mostly_elsewhere", ""]
    again = RatingStore(path)
    assert again.record(Answer.give(M_LOC, 5, ABOUT)).revisions == 3
    again.close()


def test_an_answer_can_be_taken_back_and_its_history_stays(path: Path, store: RatingStore) -> None:
    answer = store.record(Answer.give(M_LOC, 2, ABOUT))
    store.unanswer(answer, reason="wrong slice")
    store.unanswer(answer)
    assert store.answers() == ()
    assert [event["new"] is None for event in store.history()] == [False, True]
    again = RatingStore(path)
    assert again.answers() == ()
    assert again.record(Answer.give(M_LOC, 2, ABOUT)).revisions == 2
    again.close()


def test_slices_maps_targets_models_and_stages_are_answered_apart(store: RatingStore) -> None:
    others = [
        replace(ABOUT, slice_index=8),
        replace(ABOUT, map_id="hirescam"),
        replace(ABOUT, target_class="healthy"),
        replace(ABOUT, model_sha256="b" * 64),
        replace(ABOUT, reader_id="R04"),
        replace(ABOUT, case_id="S-00000002"),
    ]
    for k, about in enumerate([ABOUT, *others]):
        store.record(Answer.give(M_LOC, 1 + k % 5, about))
    for stage in ("S0", "S1", "S2"):
        store.record(Answer.give(DX, "healthy", replace(ABOUT, stage=stage)))
    assert len(store.answers()) == 10
    # The reading of the case is one answer, whatever map and slice were up.
    store.record(Answer.give(DX, "affected", others[0]))
    assert len(store.answers()) == 10


def test_cases_are_numbered_in_the_order_in_which_a_reader_met_them(store: RatingStore) -> None:
    seen: list[int] = []
    for reader, case in (("R1", "A"), ("R1", "B"), ("R1", "A"), ("R2", "B"), ("R1", "C")):
        value = 1 + len(seen) % 5
        seen.append(store.record(Answer.give(SUSPICION, value, About(reader, case))).about.presentation_no)
    assert seen == [1, 2, 1, 1, 3]


def test_other_events_are_kept_beside_the_answers(path: Path, store: RatingStore) -> None:
    store.log("show", ABOUT, "m_loc")
    store.log("opacity", ABOUT, new=0.7)
    assert store.answers() == ()
    again = RatingStore(path)
    assert [event["action"] for event in again.history()] == ["show", "opacity"]
    assert [event["mono_ms"] for event in again.history()] == [0, 1000]
    again.close()
    with pytest.raises(ValueError, match="action"):
        store.log("delete", ABOUT)


# --- Tampering and damage ---------------------------------------------------------------------------------------


def test_the_file_itself_refuses_changes(path: Path, store: RatingStore) -> None:
    fill(store)
    database = sqlite3.connect(path, isolation_level=None)
    for statement in ("UPDATE events SET body = 'x' WHERE seq = 2", "DELETE FROM events WHERE seq = 2"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            database.execute(statement)
    database.close()
    store.verify()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "UPDATE events SET body = replace(body, '\"value_num\":3.0', '\"value_num\":5.0') WHERE seq = 3",
            "event 3 was changed",
        ),
        ("DELETE FROM events WHERE seq = 2", "event 2 is missing"),
        ("DELETE FROM events WHERE seq = 5", "event 5 is missing"),
        ("DELETE FROM events WHERE seq = 1", "event 1 is missing"),
        ("UPDATE events SET sha256 = '00' WHERE seq = 4", "event 4 was changed"),
        ("UPDATE events SET seq = -seq WHERE seq = 1", "event 1 is missing"),
    ],
)
def test_tampering_is_named_on_opening_and_on_checking(
    path: Path, store: RatingStore, statement: str, sentence: str
) -> None:
    fill(store)
    database = raw(path)
    assert database.execute(statement).rowcount == 1
    database.close()
    before = path.read_bytes()
    with pytest.raises(RatingError, match=sentence) as caught:
        RatingStore(path)
    assert str(path) in str(caught.value)
    with pytest.raises(RatingError, match=sentence):
        store.verify()
    assert path.read_bytes() == before


def test_an_event_with_a_new_hash_breaks_the_chain_behind_it(path: Path, store: RatingStore) -> None:
    fill(store)
    database = raw(path)
    (body,) = database.execute("SELECT body FROM events WHERE seq = 2").fetchone()
    forged = body.replace('"value_num":2.0', '"value_num":4.0')
    assert forged != body
    database.execute("UPDATE events SET body = ?, sha256 = ? WHERE seq = 2", (forged, digest(forged)))
    database.close()
    with pytest.raises(RatingError, match="event 3 does not follow"):
        RatingStore(path)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ratings.db"
    path.write_bytes(b"reader;answer\n" * 1000)
    with pytest.raises(RatingError, match="is not a file of ratings"):
        RatingStore(path)
    assert path.read_bytes() == b"reader;answer\n" * 1000


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ratings.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE events (seq INTEGER)")
    database.close()
    with pytest.raises(RatingError, match="another program"):
        RatingStore(path)


def test_a_file_of_a_newer_version_is_left_alone(path: Path, store: RatingStore) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(RatingError, match="newer version"):
        RatingStore(path)


def test_a_folder_is_no_file_of_ratings(tmp_path: Path) -> None:
    with pytest.raises(RatingError, match="cannot be opened"):
        RatingStore(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(RatingError, match="cannot be made"):
        RatingStore(tmp_path / "file" / "ratings.db")


def test_an_empty_file_left_by_a_crash_is_used(tmp_path: Path) -> None:
    path = tmp_path / "ratings.db"
    path.touch()
    store = RatingStore(path)
    fill(store)
    store.close()


# --- Saving that fails ------------------------------------------------------------------------------------------


def test_a_full_disk_is_said_and_loses_nothing(path: Path, store: RatingStore) -> None:
    fill(store)
    database = store._log._database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    long = Answer.give(COMMENT, "word " * 5000, ABOUT)
    with pytest.raises(RatingError, match="The disk is full, so nothing was saved") as caught:
        store.record(long)
    assert str(path) in str(caught.value)
    assert len(store.answers()) == 5
    store.verify()
    database.execute("PRAGMA max_page_count = 100000")
    kept = store.record(long)
    again = RatingStore(path)
    assert again.answers()[-1] == kept
    assert len(again.answers()) == 6
    again.close()


def test_a_file_that_may_not_be_written_is_said(store: RatingStore) -> None:
    fill(store, 1)
    store._log._database.execute("PRAGMA query_only = ON")
    with pytest.raises(RatingError, match="may not be written"):
        store.record(Answer.give(M_LOC, 5, ABOUT))
    assert len(store.answers()) == 1


def test_an_answer_that_json_cannot_hold_leaves_the_store_usable(store: RatingStore) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.log("opacity", ABOUT, new=float("nan"))
    fill(store)
    store.verify()


# --- Two windows ------------------------------------------------------------------------------------------------


def test_two_windows_write_one_chain(path: Path, store: RatingStore) -> None:
    other = RatingStore(path)
    for k in range(6):
        (store, other)[k % 2].record(Answer.give(SUSPICION, 1 + k % 5, About("R03", f"C{k}")))
    assert store.record(Answer.give(SUSPICION, 5, About("R03", "C5"))).revisions == 1
    other.refresh()
    store.refresh()
    assert store.answers() == other.answers()
    assert [a.about.presentation_no for a in store.answers()] == [1, 2, 3, 4, 5, 6]
    assert store.verify() == other.verify()
    other.close()


def test_a_window_that_is_writing_is_waited_for_and_then_named(path: Path, store: RatingStore) -> None:
    fill(store, 1)
    hasty = RatingStore(path, busy_seconds=0.01)
    log = EventLog(path)
    log._database.execute("BEGIN IMMEDIATE")
    with pytest.raises(RatingError, match="being written by another program"):
        hasty.record(Answer.give(M_LOC, 5, ABOUT))
    with pytest.raises(RatingError, match="being written by another program"):
        RatingStore(path, busy_seconds=0.01)
    log._database.execute("ROLLBACK")
    assert hasty.record(Answer.give(M_LOC, 5, ABOUT)).value == 5
    log.close()
    hasty.close()
