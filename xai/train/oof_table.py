"""``oof_predictions.csv`` read with care: it may be cut short, of another program, or made to do harm. Light."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xai.errors import TrainingError
from xai.train.cohort import CLASSES

NEEDED = ("image", "label", "group", "fold", "prediction", "probability")
MAX_BYTES = 1 << 29
MAX_ROWS = 5_000_000
MAX_FOLDS = 1000
MAX_SLICE = 1_000_000


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One row; ``slice`` from 0, None for a picture file."""

    line: int
    image: str
    slice: int | None
    label: int
    group: str
    fold: int
    prediction: int
    probability: float
    calibrated: float | None


def read_answers(path: Path) -> list[AnswerRow]:
    """Read every row.

    Raises
    ------
    TrainingError
        When the file is missing, not whole, too large or not such a table; one sentence naming file, line and cause.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise TrainingError(f"{path} is larger than {MAX_BYTES >> 20} MiB, so it is no part of a training run.")
        with path.open("rb") as file:
            file.seek(max(size - 1, 0))
            if file.read(1) not in (b"\n", b"\r"):
                raise TrainingError(f"{path} is not whole: its last line does not end.")
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = list(_rows(path, csv.DictReader(text, strict=True)))
    except FileNotFoundError:
        raise TrainingError(f"{path} is not there, so {path.parent.name} is no finished training run.") from None
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise TrainingError(f"{path} cannot be read: it is no UTF-8 text.") from None
    except csv.Error as error:
        raise TrainingError(f"{path} cannot be read as a table: {error}.") from None
    if not rows:
        raise TrainingError(f"{path} holds no answers.")
    return rows


def _rows(path: Path, reader: csv.DictReader[str]) -> Iterator[AnswerRow]:
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise TrainingError(f"{path} has no column {missing[0]}, so it was not written by a training run.")
    for number, cells in enumerate(reader):
        if number >= MAX_ROWS:
            raise TrainingError(f"{path} has more than {MAX_ROWS} rows, so it is no part of a training run.")
        where = f"{path} line {reader.line_num}"
        if None in cells or any(value is None for value in cells.values()):
            raise TrainingError(f"{where} has not as many cells as there are columns: the file is not whole.")
        yield _row(where, reader.line_num, cells)


def _row(where: str, line: int, cells: Mapping[str, str]) -> AnswerRow:
    if not cells["image"] or not cells["group"]:
        raise TrainingError(f"{where} names no image or no group.")
    number = cells.get("slice", "")
    calibrated = cells.get("calibrated_probability", "")
    return AnswerRow(
        line=line,
        image=cells["image"],
        slice=None if not number else _whole(where, "slice", number, 1, MAX_SLICE) - 1,
        label=_whole(where, "label", cells["label"], 0, len(CLASSES) - 1),
        group=cells["group"],
        fold=_whole(where, "fold", cells["fold"], 0, MAX_FOLDS - 1),
        prediction=_whole(where, "prediction", cells["prediction"], 0, len(CLASSES) - 1),
        probability=_share(where, "probability", cells["probability"]),
        calibrated=None if not calibrated else _share(where, "calibrated_probability", calibrated),
    )


def _whole(where: str, name: str, text: str, least: int, most: int) -> int:
    # Ten digits are plenty, and Python takes long for millions of them.
    value = int(text) if len(text) <= 10 and text.isascii() and text.isdigit() else -1
    if not least <= value <= most:
        raise TrainingError(f"{where}: {name} is {_short(text)}, not a whole number from {least} to {most}.")
    return value


def _share(where: str, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise TrainingError(f"{where}: {name} is {_short(text)}, not a number from 0 to 1.")
    return value


def _short(text: str) -> str:
    return repr(text if len(text) <= 24 else text[:24] + "…")
