"""``ratings.csv``: one row per answered item, for R, Python and spreadsheets; and the codebook that goes with it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from viewer.core.answers import Answer
from viewer.core.event_log import RatingError
from viewer.core.items import ITEMS, Item
from viewer.core.ratings import RatingStore
from xai.notice import RESEARCH_USE_ONLY

SCHEMA_VERSION = "1.0"

CODEBOOK_NAME = "codebook.json"

COLUMNS: Mapping[str, str] = {
    "schema_version": "version of these columns",
    "study_id": "study, or 'open' for an open review",
    "study_revision": "revision of the study's protocol",
    "protocol_sha256": "hash of the protocol used",
    "app_version": "version of the viewer that took the answer",
    "reader_id": "pseudonym of the reader",
    "reader_group": "group of the reader in the protocol",
    "session": "sitting, from 1",
    "presentation_no": "order in which this reader saw the case, from 1",
    "case_id": "code of the case, never a file name",
    "group_id": "patient, the unit of resampling",
    "case_block": "block of a split-plot design",
    "is_training": "1 on a training case",
    "is_repeat": "1 on a hidden repeat",
    "truth": "reference standard, 0 or 1",
    "enrichment": "why the case was chosen, such as ai_wrong",
    "stage": "S0 picture alone, S1 with prediction, S2 with maps",
    "condition": "unaided, ai or ai_map",
    "model_id": "model whose prediction was shown",
    "model_sha256": "hash of that model",
    "ai_label": "class shown, 0 healthy or 1 affected",
    "ai_prob": "probability shown, 0 to 1; calibrated where the model is",
    "ai_threshold": "threshold of the class shown",
    "ai_correct": "1 where ai_label equals truth",
    "map_id": "method of the map shown",
    "map_label_shown": "name under which the map was shown",
    "map_sha256": "hash of the map shown",
    "map_is_sham": "1 on a control map",
    "volume_sha256": "hash of the volume that was rated",
    "slice_index": "slice the answer is about, from 1; empty for the whole series",
    "target_class": "class that the shown map explains",
    "item_id": "item",
    "construct": "what the item measures",
    "item_type": "choice, likert, multi, text, point or box",
    "level": "level of measurement: nominal, ordinal, text or geometry",
    "value_num": "number of the answer: likert from 1, choice from 0; raw, never reversed",
    "value_label": "code of the option; several joined by |; why it was not answered",
    "value_text": "free text, or a GeoJSON geometry: [column, row] in pixels of the stored slice, centres at 0, 1, 2",
    "scale_min": "lowest number of the scale",
    "scale_max": "highest number of the scale",
    "reversed": "1 where agreement speaks against the map",
    "answered": "0 where it was declined or not applicable",
    "shown_utc": "when the item was first shown",
    "answered_utc": "when the final answer was given",
    "response_ms": "milliseconds of a monotonic clock from first shown to the final answer",
    "revisions": "how often the answer was changed",
}
"""Columns in order, with their meaning."""

_CONDITION = {"S0": "unaided", "S1": "ai", "S2": "ai_map"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def defused(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def row_of(answer: Answer) -> dict[str, str]:
    """Return the answer as the cells of `COLUMNS`, empty where missing."""
    about = answer.about
    known: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "condition": _CONDITION[about.stage],
        "ai_correct": None if about.truth is None or about.ai_label is None else about.ai_label == about.truth,
    }
    cells = {}
    for name in COLUMNS:
        value = known[name] if name in known else getattr(answer if hasattr(answer, name) else about, name)
        cells[name] = _cell(value)
    return cells


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(int(value))
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case int():
            return str(value)
        case _:
            return defused(str(value))


def csv_text(answers: Iterable[Answer]) -> str:
    """Return the whole file as text: header, one row per answer, lines ended by LF."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row_of(answer) for answer in answers)
    return buffer.getvalue()


def codebook(answers: Iterable[Answer], items: Mapping[str, Item] = ITEMS) -> dict[str, object]:
    """Return wording, codes and level of measurement of every item that was answered, and what the columns mean."""
    used = dict.fromkeys(answer.item_id for answer in answers)
    return {
        "schema_version": SCHEMA_VERSION,
        "disclaimer": RESEARCH_USE_ONLY,
        "columns": dict(COLUMNS),
        "items": {item_id: _described(items[item_id]) for item_id in used if item_id in items},
    }


def _described(item: Item) -> dict[str, object]:
    numbered = item.type in ("choice", "likert")
    options = [
        {"code": option.code, "text": option.text} | ({"value_num": number} if numbered else {})
        for number, option in enumerate(item.options, item.first_number)
    ]
    return {
        "construct": item.construct,
        "text": item.text,
        "type": item.type,
        "level": item.level,
        "about": item.scope,
        "options": options,
        "not_applicable": item.na_option,
        "reversed": item.reverse,
    }


def export_csv(path: Path, store: RatingStore, reader_id: str | None = None, items: Mapping[str, Item] = ITEMS) -> int:
    """Write the latest revision of every answer to ``path``, a codebook beside it, and return the number of rows.

    The store's chain is checked first. Each file appears whole or not at all; one that stood there is replaced.

    Parameters
    ----------
    path : Path
        Of the CSV file; ``codebook.json`` goes into the same folder.
    store : RatingStore
        Brought up to date with what other windows have written.
    reader_id : str, optional
        Only this reader's answers; everybody's when left out.
    items : mapping
        Id to item, for the codebook.

    Raises
    ------
    RatingError
        When the store is damaged or a file cannot be written.
    """
    last_event = store.verify()
    store.refresh()
    answers = store.answers(reader_id)
    rows = csv_text(answers).encode("utf-8")
    described = codebook(answers, items) | {
        "ratings_sha256": hashlib.sha256(rows).hexdigest(),
        "last_event_sha256": last_event,
    }
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    _write_whole(path.parent / CODEBOOK_NAME, text.encode("utf-8"))
    _write_whole(path, rows)
    return len(answers)


def _write_whole(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise RatingError(f"{path} could not be written: {error.strerror or error}.") from error
