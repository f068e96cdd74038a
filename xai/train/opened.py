"""A finished training run, opened: what each fold said of the slices it had not seen. Light: no torch."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from xai.errors import TrainingError
from xai.models.manifest import MANIFEST_NAME
from xai.progress import Progress, ignore
from xai.train.cohort import CLASSES, Cohort, Example
from xai.train.config import TrainingConfig
from xai.train.files import RECORD_NAME
from xai.train.oof_table import AnswerRow, read_answers
from xai.train.outcome import OUTCOME_NAME, FoldOutcome
from xai.train.record import DataRecord, read_record
from xai.train.table import read_cohort

METRICS_NAME = "metrics.json"
ANSWERS_NAME = "oof_predictions.csv"
MAX_METRICS_BYTES = 1 << 26
MAX_TABLE_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Answer:
    """What a fold's model said of one slice that it had not seen."""

    example: Example
    fold: int
    """From 0, as in the run's files."""
    prediction: int
    uncalibrated: float
    """Probability of class 1 as the network gives it."""
    calibrated: float | None
    """The same after calibration; None where the run has none."""

    @property
    def probability(self) -> float:
        """Probability of class 1 that is shown: calibrated where there is a calibration."""
        return self.uncalibrated if self.calibrated is None else self.calibrated

    @property
    def label(self) -> int:
        """Class that the table gives the slice."""
        return self.example.label

    @property
    def is_misread(self) -> bool:
        """Whether the predicted class is not the table's."""
        return self.prediction != self.label

    @property
    def error(self) -> float:
        """Distance of the probability from the label, 0 to 1."""
        return abs(self.probability - self.label)

    @property
    def uncertainty(self) -> float:
        """Entropy of the answer in bits: 1 at a probability of one half, 0 at 0 and 1."""
        return entropy(self.probability)


def entropy(probability: float) -> float:
    """Return the entropy in bits of a binary answer (Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x)."""
    return -sum(p * math.log2(p) for p in (probability, 1 - probability) if p > 0)


@dataclass(frozen=True, eq=False)
class Case:
    """All slices of one patient, in the table's order. Not slotted: what it comes to is kept."""

    group: str
    fold: int
    answers: tuple[Answer, ...]

    @cached_property
    def label(self) -> int | None:
        """Class of the patient; None where slices have different ones."""
        labels = {answer.label for answer in self.answers}
        return labels.pop() if len(labels) == 1 else None

    @cached_property
    def probability(self) -> float:
        """Mean probability of class 1 over the slices."""
        return _mean([answer.probability for answer in self.answers])

    @cached_property
    def misread(self) -> int:
        """Number of slices whose predicted class is not the table's."""
        return sum(answer.is_misread for answer in self.answers)

    @cached_property
    def error(self) -> float:
        """Mean error over the slices."""
        return _mean([answer.error for answer in self.answers])

    @cached_property
    def uncertainty(self) -> float:
        """Mean uncertainty over the slices, in bits."""
        return _mean([answer.uncertainty for answer in self.answers])


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


@dataclass(frozen=True, eq=False)
class OpenedRun:
    """A training run whose answers are matched with the table they were given for. Not slotted: sums are kept.

    Parameters
    ----------
    folder : Path
        Of the run.
    table : Path
        The cohort's table, where it was found.
    frame : tuple of int, optional
        Rows and columns that the run has padded picture files to.
    cases : tuple of Case
        One per patient, in order of first appearance in the table.
    metrics : mapping
        ``metrics.json``.
    notes : tuple of str
        What is not as it was when the run was made, as sentences.
    """

    folder: Path
    config: TrainingConfig
    table: Path
    cases: tuple[Case, ...]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    frame: tuple[int, int] | None = None
    classes: tuple[str, ...] = CLASSES

    @property
    def slices(self) -> int:
        """Number of slices that were answered."""
        return sum(len(case.answers) for case in self.cases)

    @cached_property
    def misread(self) -> int:
        """Number of slices whose predicted class is not the table's."""
        return sum(case.misread for case in self.cases)

    @property
    def is_calibrated(self) -> bool:
        """Whether calibrated probabilities are shown."""
        return all(answer.calibrated is not None for case in self.cases for answer in case.answers)

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """A number from 1 for each case that tells nothing of its label, as the table's order may."""
        names = [hashlib.sha256(case.group.encode(errors="surrogateescape")).digest() for case in self.cases]
        places = {name: number for number, name in enumerate(sorted(names), 1)}
        return tuple(places[name] for name in names)

    def bundle_of(self, fold: int) -> Path | None:
        """Return the folder of a fold's bundle; None when the run did not keep it."""
        folder = self.folder / "folds" / f"{fold:02d}" / "bundle"
        return folder if (folder / MANIFEST_NAME).is_file() else None


def open_run(folder: Path, progress: Progress = ignore) -> OpenedRun:
    """Read a training run and find the table and the pictures that it is about.

    Parameters
    ----------
    folder : Path
        Holds ``training.toml``, ``oof_predictions.csv`` and ``metrics.json``.
    progress : Progress
        Called while the table is read.

    Raises
    ------
    TrainingError
        When a file is missing, not whole or of another program, when the table is not to be found, or when its rows
        are no longer those that were answered; one sentence naming the file and the cause.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        raise TrainingError(f"{folder} is no folder, so it is no training run.")
    if not (folder / RECORD_NAME).exists():
        raise TrainingError(_absent(folder / RECORD_NAME))
    record = read_record(folder)
    data = record.data
    rows = read_answers(folder / ANSWERS_NAME)
    metrics = _metrics(folder / METRICS_NAME)
    table = _find_table(folder, Path(data.table))
    has_changed = _sha256(table) != data.sha256
    cohort = read_cohort(table, _moved(data, data.images, table), _moved(data, data.masks, table), progress)
    notes: list[str] = []
    if has_changed:
        notes.append(
            f"{table.name} has changed since the run was made; its rows were matched by picture, label and patient."
        )
    told = _told(metrics, data.sha256, folder / METRICS_NAME)
    answers, left = _matched(rows, cohort, has_changed, folder / ANSWERS_NAME, told)
    if not has_changed:
        _check_folds(folder, cohort, answers)
    if left:
        notes.append(f"Slices of {table.name} that the run has no answer for: {left}.")
    cases = _cases(answers, folder / ANSWERS_NAME)
    return OpenedRun(folder, record.config, table, cases, metrics, tuple(notes), data.frame)


def _count(number: int, name: str) -> str:
    return f"1 {name}" if number == 1 else f"{number} {name}s"


# Files --------------------------------------------------------------------------------------------------------------


def _absent(path: Path) -> str:
    return f"{path} is not there, so {path.parent.name} is no finished training run."


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except FileNotFoundError:
        raise TrainingError(_absent(path)) from None
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(raw) > limit:
        raise TrainingError(f"{path} is larger than {limit >> 20} MiB, so it is no part of a training run.")
    return raw


def _metrics(path: Path) -> Mapping[str, Any]:
    raw = _read(path, MAX_METRICS_BYTES)
    try:
        content = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise TrainingError(f"{path} is not whole: it is no JSON.") from None
    if not isinstance(content, dict) or not isinstance(content.get("pooled"), dict):
        raise TrainingError(f'{path} has no "pooled" figures, so it was not written by a training run.')
    return content


def _told(metrics: Mapping[str, Any], sha256: str, path: Path) -> int | None:
    """Return how many slices the figures are of, where they say so; they must be of the same table."""
    about = metrics.get("data")
    if not isinstance(about, dict):
        return None
    if about.get("table_sha256", sha256) != sha256:
        raise TrainingError(f"{path} has the figures of another table, so it does not belong to this run.")
    slices = about.get("slices")
    return slices if isinstance(slices, int) else None


def _find_table(folder: Path, recorded: Path) -> Path:
    name = recorded.name
    places = [recorded, *(place / name for place in (folder.parent, folder.parent.parent, folder))]
    for place in places:
        if place.is_absolute() and place.is_file():
            return place
    raise TrainingError(
        f"The table {recorded} of the run {folder.name} is not there, nor is {name} beside or above the run."
    )


def _moved(data: DataRecord, folder: str | None, table: Path) -> Path | None:
    """Return a recorded folder, or the one that lies to the table as it did when both have moved; None for neither."""
    if not folder:
        return None
    recorded = Path(folder)
    if recorded.exists():
        return recorded
    beside = Path(os.path.normpath(table.parent / os.path.relpath(recorded, Path(data.table).parent)))
    return beside if beside.exists() else None


def _sha256(path: Path) -> str:
    return hashlib.sha256(_read(path, MAX_TABLE_BYTES)).hexdigest()


# Matching -----------------------------------------------------------------------------------------------------------

Name = tuple[str, int | None]
"""A picture as the table writes it, and its slice from 0; pictures of two classes may share it."""


def _matched(
    rows: Sequence[AnswerRow], cohort: Cohort, has_changed: bool, path: Path, told: int | None
) -> tuple[list[Answer], int]:
    """Return the answers in the table's order, and how many of its slices have none; ``told``: how many there were."""
    examples: dict[Name, list[Example]] = defaultdict(list)
    for one in cohort.examples:
        examples[one.name, one.slice].append(one)
    found: dict[int, AnswerRow] = {}
    table = cohort.table.name
    why = f"{table} has changed since the run was made" if has_changed else "the two do not belong together"
    for row in rows:
        named = examples.get((row.image, row.slice), [])
        same = [one for one in named if (one.label, one.group) == (row.label, row.group)]
        where = f"{path} line {row.line}: {row.image}" + ("" if row.slice is None else f" slice {row.slice + 1}")
        if not named:
            raise TrainingError(f"{where} is not in {table}; {why}.")
        if not same:
            raise TrainingError(f"{where} has another label or patient in {table} line {named[0].row}; {why}.")
        if id(same[0]) in found:
            raise TrainingError(f"{where} is answered in line {found[id(same[0])].line} already.")
        found[id(same[0])] = row
    expected = len(cohort.examples) if told is None and not has_changed else told
    if expected is not None and len(found) != expected:
        raise TrainingError(f"{path} is not whole: it has answers for {len(found)} of {_count(expected, 'slice')}.")
    answers = [_answer(one, found[id(one)]) for one in cohort.examples if id(one) in found]
    return answers, len(cohort.examples) - len(found)


def _answer(example: Example, row: AnswerRow) -> Answer:
    return Answer(example, row.fold, row.prediction, row.probability, row.calibrated)


def _check_folds(folder: Path, cohort: Cohort, answers: Sequence[Answer]) -> None:
    """Refuse answers by a fold that learned from the patient, where the run kept what each fold learned from."""
    tested: dict[int, set[str]] = defaultdict(set)
    for answer in answers:
        tested[answer.fold].add(answer.example.group)
    for fold, groups in tested.items():
        path = folder / "folds" / f"{fold:02d}" / OUTCOME_NAME
        if not path.is_file():
            continue
        _read(path, MAX_METRICS_BYTES)
        try:
            outcome = FoldOutcome.from_file(path)
            learned = {cohort.examples[place].group for place in (*outcome.train, *outcome.validation)}
        except (ValueError, TypeError, LookupError, RecursionError):
            raise TrainingError(f"{path} is not whole, or of another table.") from None
        if both := sorted(groups & learned):
            raise TrainingError(f"{path}: fold {fold} learned from the patient {both[0]}, whose slices it answers.")


def _cases(answers: Sequence[Answer], path: Path) -> tuple[Case, ...]:
    groups: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        groups[answer.example.group].append(answer)
    for group, members in groups.items():
        folds = sorted({answer.fold for answer in members})
        if len(folds) > 1:
            raise TrainingError(
                f"{path}: the patient {group} is in the folds {folds[0]} and {folds[1]}, so it is not known which "
                "model has not seen it."
            )
    return tuple(Case(group, members[0].fold, tuple(members)) for group, members in groups.items())
