"""Folds: whole patients, both classes to learn from, and the same ones every time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from xai.errors import TrainingError
from xai.train.cohort import Cohort, Example
from xai.train.config import TrainingConfig
from xai.train.folds import Fold, split


def cohort(labels: Sequence[int], groups: Sequence[str], folds: Sequence[int | None] | None = None) -> Cohort:
    examples = tuple(
        Example(k + 2, f"{k}.png", Path(f"{k}.png"), None, label, group, None, folds[k] if folds else None)
        for k, (label, group) in enumerate(zip(labels, groups, strict=True))
    )
    return Cohort(Path("data.csv"), "0" * 64, examples)


def patients(by_patient: Sequence[Sequence[int]]) -> Cohort:
    labels = [label for one in by_patient for label in one]
    groups = [f"P{k:03d}" for k, one in enumerate(by_patient) for _ in one]
    return cohort(labels, groups)


def sides(fold: Fold, groups: np.ndarray) -> list[set[str]]:
    return [set(groups[part].tolist()) for part in (fold.train, fold.validation, fold.test)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=6), min_size=6, max_size=25),
    st.integers(2, 6),
    st.integers(0, 10_000),
)
def test_no_patient_is_in_two_parts_and_every_slice_is_tested_once(
    slices: list[list[int]], folds: int, seed: int
) -> None:
    whole = patients(slices)
    try:
        found = split(whole, TrainingConfig(folds=folds, seed=seed))
    except TrainingError:
        return  # too few patients of a class, in words: see below
    tested = np.concatenate([fold.test for fold in found])
    assert np.array_equal(np.sort(tested), np.arange(len(whole.examples)))
    for fold in found:
        train, validation, test = sides(fold, whole.groups)
        assert not (train & validation) | (train & test) | (validation & test)
        assert len(fold.train) + len(fold.validation) + len(fold.test) == len(whole.examples)
        assert set(whole.labels[fold.train].tolist()) == {0, 1}


def test_test_folds_are_those_of_scikit_learn() -> None:
    whole = patients([[k % 2] * 5 for k in range(30)])
    oracle = StratifiedGroupKFold(10, shuffle=True, random_state=3).split(np.zeros(150), whole.labels, whole.groups)
    for fold, (_, test) in zip(split(whole, TrainingConfig(seed=3)), oracle, strict=True):
        assert np.array_equal(fold.test, test)


def test_the_seed_decides() -> None:
    whole = patients([[k % 2] * 2 for k in range(20)])
    one, same, other = (split(whole, TrainingConfig(folds=5, seed=seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(a.validation, b.validation) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a.test, b.test) for a, b in zip(one, other, strict=True))


def test_validation_holds_both_classes_of_about_a_tenth_of_the_patients() -> None:
    whole = patients([[k % 2] * 3 for k in range(40)])
    for fold in split(whole, TrainingConfig()):
        assert set(whole.labels[fold.validation].tolist()) == {0, 1}
        assert 2 <= len(set(whole.groups[fold.validation].tolist())) <= 6
        assert fold.notes == ()


def test_a_fold_without_a_class_is_allowed_and_said() -> None:
    whole = patients([[1, 1]] * 5 + [[0, 0]] * 15)
    found = split(whole, TrainingConfig(folds=10))
    without = [fold for fold in found if 1 not in whole.labels[fold.test]]
    assert len(without) == 5
    assert all("tests no affected slice" in " ".join(fold.notes) for fold in without)


def test_too_few_patients_for_validation_take_the_last_epoch() -> None:
    found = split(patients([[0], [0], [1], [1]]), TrainingConfig(folds=2))
    assert all(len(fold.validation) == 0 for fold in found)
    assert "takes the last" in found[0].notes[0]


def test_the_tables_own_folds_are_taken() -> None:
    groups = ["a", "a", "b", "c", "d"]
    whole = cohort([0, 0, 1, 1, 0], groups, [1, 1, 1, 0, 0])
    found = split(whole, TrainingConfig(folds=10))
    assert [fold.test.tolist() for fold in found] == [[3, 4], [0, 1, 2]]


@pytest.mark.parametrize(
    ("whole", "folds", "words"),
    [
        (patients([[0, 1]]), 2, "has 1 patient only"),
        (patients([[0], [0], [1]]), 2, "3 patients, 2 with healthy slices and 1 with affected slices"),
        (
            patients([[0], [0], [1], [1]]),
            5,
            r"4 patients \(2 with healthy slices and 2 with affected slices\), too few for 5 folds: take --folds 4",
        ),
        (cohort([0, 1, 0, 1, 0], "abacd", [0, 0, 1, 0, 1]), 2, "line 4: the patient a is in fold 0 and in fold 1"),
        (cohort([0, 1, 0, 1], "abcd", [0, None, 1, 1]), 2, "line 3: has no fold"),
        (cohort([0, 1, 0, 1], "abcd", [0, 0, 2, 2]), 2, "numbered 0, 2, not from 0 without a gap"),
        (cohort([0, 1, 0, 1], "abcd", [0, 1, 0, 1]), 2, "fold 0 would learn from no healthy slice"),
    ],
)
def test_what_cannot_be_divided_is_said_with_the_counts(whole: Cohort, folds: int, words: str) -> None:
    with pytest.raises(TrainingError, match=words) as told:
        split(whole, TrainingConfig(folds=folds))
    assert str(told.value).startswith("data.csv")
    assert str(told.value).count(".") <= 3


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_patients_of_one_slice_each_are_enough(folds: int) -> None:
    # The ten parts that a validation of a tenth asks for are more than there are slices of either class.
    whole = patients([[k % 2] for k in range(10)])
    for fold in split(whole, TrainingConfig(folds=folds, validation=0.1)):
        assert set(whole.labels[fold.validation].tolist()) == {0, 1}
        assert set(whole.labels[fold.train].tolist()) == {0, 1}
