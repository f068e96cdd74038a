"""``ratings.csv`` as a statistician gets it."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.answers import About, Answer
from viewer.core.event_log import RatingError
from viewer.core.items import COMMENT, DX, M_ERROR, M_HELP, M_LOC, M_MISLEAD, WHERE
from viewer.core.marks import Mark, geometry_text
from viewer.core.ratings import RatingStore
from viewer.core.ratings_csv import COLUMNS, csv_text, defused, export_csv, row_of
from xai.notice import RESEARCH_USE_ONLY

# The contract with whoever analyses the file: never renamed, never reordered.
PROMISED = [
    "schema_version",
    "study_id",
    "study_revision",
    "protocol_sha256",
    "app_version",
    "reader_id",
    "reader_group",
    "session",
    "presentation_no",
    "case_id",
    "group_id",
    "case_block",
    "is_training",
    "is_repeat",
    "truth",
    "enrichment",
    "stage",
    "condition",
    "model_id",
    "model_sha256",
    "ai_label",
    "ai_prob",
    "ai_threshold",
    "ai_correct",
    "map_id",
    "map_label_shown",
    "map_sha256",
    "map_is_sham",
    "volume_sha256",
    "slice_index",
    "target_class",
    "item_id",
    "construct",
    "item_type",
    "level",
    "value_num",
    "value_label",
    "value_text",
    "scale_min",
    "scale_max",
    "reversed",
    "answered",
    "shown_utc",
    "answered_utc",
    "response_ms",
    "revisions",
]

ABOUT = About(
    reader_id="R03",
    case_id="S-1f3a09c4",
    volume_sha256="1f3a09c4" + "0" * 56,
    slice_index=7,
    model_id="slim",
    model_sha256="a" * 64,
    ai_label=1,
    ai_prob=0.875,
    ai_threshold=0.5,
    map_id="gradcam",
    map_label_shown="Grad-CAM",
    map_sha256="b" * 64,
    target_class="affected",
    app_version="0.1.0",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RatingStore]:
    opened = RatingStore(tmp_path / "ratings.db", utc=lambda: "2026-03-01T09:30:00.000Z")
    yield opened
    opened.close()


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_columns_are_those_promised() -> None:
    assert list(COLUMNS) == PROMISED


def test_a_row_is_filled_as_promised(store: RatingStore, tmp_path: Path) -> None:
    store.record(Answer.give(M_MISLEAD, 4, ABOUT, "2026-03-01T09:29:00.000Z", 60_000))
    path = tmp_path / "out" / "ratings.csv"
    assert export_csv(path, store) == 1
    (row,) = read(path)
    filled = {name: cell for name, cell in row.items() if cell}
    assert filled == {
        "schema_version": "1.0",
        "study_id": "open",
        "app_version": "0.1.0",
        "reader_id": "R03",
        "session": "1",
        "presentation_no": "1",
        "case_id": "S-1f3a09c4",
        "is_training": "0",
        "is_repeat": "0",
        "stage": "S2",
        "condition": "ai_map",
        "model_id": "slim",
        "model_sha256": "a" * 64,
        "ai_label": "1",
        "ai_prob": "0.875",
        "ai_threshold": "0.5",
        "map_id": "gradcam",
        "map_label_shown": "Grad-CAM",
        "map_sha256": "b" * 64,
        "volume_sha256": "1f3a09c4" + "0" * 56,
        "slice_index": "7",
        "target_class": "affected",
        "item_id": "m_mislead",
        "construct": "risk",
        "item_type": "likert",
        "level": "ordinal",
        "value_num": "4",
        "value_label": "agree",
        "scale_min": "1",
        "scale_max": "5",
        "reversed": "1",
        "answered": "1",
        "shown_utc": "2026-03-01T09:29:00.000Z",
        "answered_utc": "2026-03-01T09:30:00.000Z",
        "response_ms": "60000",
        "revisions": "0",
    }


def test_only_the_latest_revision_is_a_row(store: RatingStore, tmp_path: Path) -> None:
    for value in (1, 2, 5):
        store.record(Answer.give(M_LOC, value, ABOUT))
    export_csv(tmp_path / "ratings.csv", store)
    (row,) = read(tmp_path / "ratings.csv")
    assert (row["value_num"], row["revisions"]) == ("5", "2")


def test_stages_are_conditions_and_truth_makes_the_model_right_or_wrong() -> None:
    rows = [row_of(Answer.give(DX, "healthy", replace(ABOUT, stage=s, truth=0))) for s in ("S0", "S1", "S2")]
    assert [row["condition"] for row in rows] == ["unaided", "ai", "ai_map"]
    assert [row["ai_correct"] for row in rows] == ["", "0", "0"]
    assert row_of(Answer.give(DX, "healthy", replace(ABOUT, truth=1)))["ai_correct"] == "1"


def test_not_answered_says_why() -> None:
    row = row_of(Answer.give(M_HELP, None, ABOUT))
    assert (row["answered"], row["value_label"], row["value_num"]) == ("0", "na", "")


@pytest.mark.parametrize("text", ["=1+1", "+39 049", "-3 slices", "@SUM(A1)", "\tx", "\rx"])
def test_no_spreadsheet_runs_a_comment(text: str) -> None:
    assert defused(text) == "'" + text
    if text[0] != "\r":  # which a comment loses before
        assert row_of(Answer.give(COMMENT, text, ABOUT))["value_text"] == "'" + text


def test_numbers_below_zero_stay_numbers() -> None:
    answer = replace(Answer.give(M_LOC, 1, ABOUT), value_num=-2.5)
    assert row_of(answer)["value_num"] == "-2.5"


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_every_comment_comes_back_from_the_file(texts: list[str]) -> None:
    answers = [Answer.give(COMMENT, text, ABOUT) for text in texts]
    rows = list(csv.DictReader(_lines(csv_text(answers))))
    kept = [row["value_text"].removeprefix("'") for row in rows]
    assert kept == [answer.value_text.removeprefix("'") for answer in answers]
    assert not any(row["value_text"].startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows)


def _lines(text: str) -> Iterator[str]:
    """Lines ended by LF alone, as a file gives them; str.splitlines knows others too."""
    return (line + "\n" for line in text.split("\n")[:-1])


def test_pandas_reads_the_types(store: RatingStore, tmp_path: Path) -> None:
    store.record(Answer.give(M_LOC, 4, ABOUT))
    store.record(Answer.give(COMMENT, 'He said "no", twice;\nthen\tyes – così così', ABOUT))
    store.record(Answer.give(M_ERROR, ("wrong_side", "artefact"), ABOUT))
    store.record(Answer.give(DX, "affected", ABOUT))
    path = tmp_path / "ratings.csv"
    export_csv(path, store)
    table = pandas.read_csv(path)
    assert list(table.columns) == PROMISED
    assert table["value_num"].tolist()[::3] == [4.0, 1.0]
    assert table["value_text"][1] == 'He said "no", twice;\nthen\tyes – così così'
    assert table["value_label"][2] == "wrong_side|artefact"
    assert pandas.isna(table["slice_index"][3])
    assert pandas.to_datetime(table["answered_utc"]).dt.year.tolist() == [2026] * 4
    assert b"\r" not in path.read_bytes()


def test_the_codebook_explains_every_code_in_the_file(store: RatingStore, tmp_path: Path) -> None:
    store.record(Answer.give(M_LOC, 4, ABOUT))
    store.record(Answer.give(M_ERROR, ("wrong_side",), ABOUT))
    export_csv(tmp_path / "ratings.csv", store)
    book = json.loads((tmp_path / "codebook.json").read_text(encoding="utf-8"))
    assert book["disclaimer"] == RESEARCH_USE_ONLY
    assert list(book["columns"]) == PROMISED
    assert set(book["items"]) == {"m_loc", "m_error"}
    for row in read(tmp_path / "ratings.csv"):
        item = book["items"][row["item_id"]]
        codes = {option["code"]: option.get("value_num") for option in item["options"]}
        assert set(row["value_label"].split("|")) <= set(codes)
        assert not row["value_num"] or codes[row["value_label"]] == int(row["value_num"])
        assert item["level"] == row["level"]


def test_one_readers_answers_can_be_exported_alone(store: RatingStore, tmp_path: Path) -> None:
    store.record(Answer.give(M_LOC, 4, ABOUT))
    store.record(Answer.give(M_LOC, 2, replace(ABOUT, reader_id="R04")))
    assert export_csv(tmp_path / "all.csv", store) == 2
    assert export_csv(tmp_path / "one.csv", store, "R04") == 1
    assert [row["reader_id"] for row in read(tmp_path / "one.csv")] == ["R04"]


def test_nothing_answered_gives_a_header(store: RatingStore, tmp_path: Path) -> None:
    assert export_csv(tmp_path / "ratings.csv", store) == 0
    assert (tmp_path / "ratings.csv").read_text().split("\n") == [",".join(PROMISED), ""]


def test_a_damaged_store_is_not_exported(store: RatingStore, tmp_path: Path) -> None:
    store.record(Answer.give(M_LOC, 4, ABOUT))
    database = sqlite3.connect(store.path, isolation_level=None)
    database.execute("DROP TRIGGER events_hold")
    database.execute("UPDATE events SET body = replace(body, '4.0', '5.0')")
    database.close()
    with pytest.raises(RatingError, match="event 1 was changed"):
        export_csv(tmp_path / "ratings.csv", store)
    assert not (tmp_path / "ratings.csv").exists()


def test_a_failed_export_leaves_the_old_file_and_no_rest(
    store: RatingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    export_csv(folder / "ratings.csv", store)
    before = (folder / "ratings.csv").read_bytes()
    store.record(Answer.give(M_LOC, 4, ABOUT))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("viewer.core.ratings_csv.os.fsync", full)
    with pytest.raises(RatingError, match="could not be written: No space left on device"):
        export_csv(folder / "ratings.csv", store)
    assert (folder / "ratings.csv").read_bytes() == before
    assert sorted(entry.name for entry in folder.iterdir()) == ["codebook.json", "ratings.csv"]


def test_types_are_those_a_statistician_expects(store: RatingStore, tmp_path: Path) -> None:
    mark = geometry_text(Mark((3.5, 4), (8, 9.25)))
    for answer in (
        Answer.give(DX, "affected", ABOUT, "2026-03-01T09:29:00.000Z", 1200),
        Answer.give(M_HELP, None, ABOUT, "2026-03-01T09:29:00.000Z", 900),
        Answer.give(M_ERROR, ("none",), ABOUT, "2026-03-01T09:29:00.000Z", 800),
        Answer.give(COMMENT, "=1+1; perché «no»", ABOUT, "2026-03-01T09:29:00.000Z", 5),
        Answer.give(WHERE, mark, ABOUT, "2026-03-01T09:29:00.000Z", 70),
    ):
        store.record(answer)
    path = tmp_path / "ratings.csv"
    export_csv(path, store)
    table = pandas.read_csv(path)
    kinds = {name: table[name].dtype.kind for name in table.columns}
    whole = ("session", "presentation_no", "is_training", "is_repeat", "reversed", "answered", "response_ms")
    assert {name: kinds[name] for name in whole} == dict.fromkeys(whole, "i")
    numbers = ("ai_prob", "value_num", "slice_index", "truth", "ai_correct", "scale_min")
    assert {name: kinds[name] for name in numbers} == dict.fromkeys(numbers, "f"), "with gaps, which are missing"
    words = ("reader_id", "case_id", "stage", "item_id", "value_label", "value_text", "shown_utc")
    assert all(pandas.api.types.is_string_dtype(table[name]) or table[name].dtype == object for name in words)
    by_item = table.set_index("item_id")
    assert by_item["value_label"]["m_help"] == "na", "a code, not a missing cell"
    assert by_item["value_label"]["m_error"] == "none"
    assert pandas.isna(by_item["value_num"]["m_help"])
    assert by_item["value_text"]["comment"] == "'=1+1; perché «no»"
    assert json.loads(by_item["value_text"]["where"])["coordinates"][0][1] == [8, 4]
    assert table["truth"].isna().all()
    with path.open(encoding="utf-8", newline="") as file:
        plain = list(csv.reader(file, strict=True))
    assert {len(row) for row in plain} == {len(PROMISED)}
    assert not path.read_bytes().startswith(b"\xef\xbb\xbf"), "R and Python would take it for a part of a name"
