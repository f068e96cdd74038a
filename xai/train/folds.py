"""Which slices a fold learns from, which choose its epoch, and which test it: whole patients, never in two parts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xai.errors import TrainingError
from xai.train.cohort import CLASSES, Cohort
from xai.train.config import TrainingConfig

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One fold: places in the cohort's examples, growing, of patients that are in one part only."""

    number: int
    train: Places
    validation: Places
    """Chooses the epoch; empty where there are too few patients to spare one of each class."""
    test: Places
    notes: tuple[str, ...] = ()


def split(cohort: Cohort, config: TrainingConfig) -> tuple[Fold, ...]:
    """Divide a cohort into folds, stratified by label and grouped by patient; the table's own folds where it has any.

    The same cohort, number of folds and seed give the same folds (`sklearn.model_selection.StratifiedGroupKFold`).

    Raises
    ------
    TrainingError
        When there are too few patients, a fold would be empty, or one would learn a single class only.
    """
    labels, groups = cohort.labels, cohort.groups
    _enough(cohort, config)
    return tuple(
        _fold(number, test, labels, groups, cohort, config) for number, test in enumerate(_tests(cohort, config))
    )


def _enough(cohort: Cohort, config: TrainingConfig) -> None:
    table, labels, groups = cohort.table, cohort.labels, cohort.groups
    patients = len(np.unique(groups))
    by_class = [len(np.unique(groups[labels == k])) for k in range(len(CLASSES))]
    counts = " and ".join(f"{n} with {name} slices" for n, name in zip(by_class, CLASSES, strict=True))
    if patients < 2:
        raise TrainingError(f"{table} has {patients} patient only, so none is left to test on.")
    if min(by_class) < 2:
        raise TrainingError(
            f"{table} has {patients} patients, {counts}: at least two of each are needed, to learn from and to test on."
        )
    if all(one.fold is None for one in cohort.examples) and config.folds > patients:
        raise TrainingError(
            f"{table} has {patients} patients ({counts}), too few for {config.folds} folds: take --folds {patients} "
            "or fewer."
        )


def _tests(cohort: Cohort, config: TrainingConfig) -> Iterator[Places]:
    given = [one.fold for one in cohort.examples]
    if any(fold is not None for fold in given):
        yield from _given(cohort, given)
        return
    for _, test in _stratified(cohort.labels, cohort.groups, config.folds, config.seed):
        if not len(test):
            raise TrainingError(
                f"{cohort.table}: {config.folds} folds leave one without a patient; take fewer with --folds."
            )
        yield test


def _given(cohort: Cohort, given: list[int | None]) -> Iterator[Places]:
    without = next((one for one in cohort.examples if one.fold is None), None)
    if without is not None:
        raise TrainingError(f"{cohort.table}, line {without.row}: has no fold, where other lines have one.")
    home: dict[str, int] = {}
    for one in cohort.examples:
        assert one.fold is not None
        if home.setdefault(one.group, one.fold) != one.fold:
            raise TrainingError(
                f"{cohort.table}, line {one.row}: the patient {one.group} is in fold {home[one.group]} "
                f"and in fold {one.fold}."
            )
    numbers = np.array(given, np.int64)
    found = np.unique(numbers)
    if not np.array_equal(found, np.arange(len(found))) or len(found) < 2:
        raise TrainingError(f"{cohort.table}: folds are numbered {_listed(found)}, not from 0 without a gap.")
    for number in found:
        yield np.flatnonzero(numbers == number)


def _fold(
    number: int,
    test: Places,
    labels: NDArray[np.int64],
    groups: NDArray[np.str_],
    cohort: Cohort,
    config: TrainingConfig,
) -> Fold:
    rest = np.setdiff1d(np.arange(len(labels)), test)
    lacking = [name for k, name in enumerate(CLASSES) if not (labels[rest] == k).any()]
    if lacking:
        raise TrainingError(
            f"{cohort.table}: fold {number} would learn from no {lacking[0]} slice, since all of them are in its test."
        )
    notes = [
        f"Fold {number} tests no {name} slice, so what needs one is undefined there."
        for k, name in enumerate(CLASSES)
        if not (labels[test] == k).any()
    ]
    inside = _validation(labels[rest], groups[rest], config, number)
    validation = rest[inside]
    if not len(validation):
        notes.append(f"Fold {number} has too few patients to spare some for choosing the epoch, so it takes the last.")
    elif len(np.unique(labels[validation])) < len(CLASSES):
        notes.append(f"Fold {number} chooses its epoch by slices of one class only.")
    return Fold(number, np.setdiff1d(rest, validation), validation, test, tuple(notes))


def _validation(labels: NDArray[np.int64], groups: NDArray[np.str_], config: TrainingConfig, number: int) -> Places:
    """Return the places that choose the epoch: both classes left to learn from, both in here where that can be."""
    patients = len(np.unique(groups))
    if patients < 3:
        return np.empty(0, np.int64)
    # Patients of one slice each: of the larger class there must be a slice for every part.
    parts = min(max(2, round(1 / config.validation)), patients, int(np.bincount(labels).max()))
    usable = [
        inside
        for outside, inside in _stratified(labels, groups, parts, config.seed + number + 1)
        if len(inside) and len(np.unique(labels[outside])) == len(CLASSES)
    ]
    usable.sort(key=lambda inside: -len(np.unique(labels[inside])))  # stable: the first of the best
    return usable[0] if usable else np.empty(0, np.int64)


def _stratified(
    labels: NDArray[np.int64], groups: NDArray[np.str_], parts: int, seed: int
) -> Iterator[tuple[Places, Places]]:
    from sklearn.model_selection import StratifiedGroupKFold

    with warnings.catch_warnings():
        # Said in words of this project's own, with the patients' numbers.
        warnings.filterwarnings("ignore", "The least populated class")
        splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed % 2**32)
        try:
            yield from splitter.split(np.zeros(len(labels)), labels, groups)
        except ValueError as error:
            cause = str(error).rstrip(".")
            raise TrainingError(f"The patients cannot be divided into {parts} parts: {cause}.") from None


def _listed(numbers: NDArray[np.int64]) -> str:
    shown = ", ".join(str(n) for n in numbers[:8])
    return shown + (" and others" if len(numbers) > 8 else "")
