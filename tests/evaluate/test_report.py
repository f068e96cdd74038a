"""Intervals by patient, pairs, and what is written."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from xai.evaluate.report import interval, paired, summarise, summary_json, table
from xai.evaluate.scores import Score


def rows(method: str, level: float, patients: int = 12, slices: int = 5, seed: int = 0) -> list[Score]:
    """Slices of one patient are equal; patients differ."""
    of_patient = np.random.default_rng(seed).normal(level, 1, patients)
    return [
        Score(f"S-{p}", str(p), k + 1, method, "insertion", "blur", float(of_patient[p]))
        for p in range(patients)
        for k in range(slices)
    ]


def test_more_slices_of_the_same_patients_promise_no_more() -> None:
    few, many = (summarise(rows("m", 2, slices=n))["m", "insertion", "blur"] for n in (1, 50))
    assert few.mean == pytest.approx(many.mean)
    assert few.low is not None
    assert few.high is not None
    assert (few.low, few.high) == pytest.approx((many.low, many.high))
    # Of the mean of 12 values of unit deviation.
    assert 0.7 < (few.high - few.low) / (2 * 1.96 / np.sqrt(12)) < 1.3
    assert (many.slices, many.patients) == (600, 12)


def test_slices_weigh_alike_however_they_lie_among_patients() -> None:
    found = interval([0, 0, 0, 4], ["a", "a", "a", "b"])
    assert found.mean == 1
    assert (found.low, found.high) == (0, 4)


def test_one_patient_has_no_interval_and_a_seed_decides() -> None:
    alone = interval([1, 2, 3], ["a"] * 3)
    assert (alone.mean, alone.low, alone.high) == (2, None, None)
    values, patients = np.random.default_rng(0).random(20).tolist(), [str(n) for n in range(20)]
    assert interval(values, patients, seed=4) == interval(values, patients, seed=4)
    assert interval(values, patients, seed=4) != interval(values, patients, seed=5)


def test_pairs_are_closer_than_their_means() -> None:
    better = [
        Score(*(one.case, one.patient, one.slice, "b", "insertion", "blur"), one.value + 0.1) for one in rows("a", 0)
    ]
    both = rows("a", 0) + better[:-1]
    gap = paired(both, "b", "a", "insertion", "blur")
    assert gap.mean == pytest.approx(0.1)
    assert (gap.low, gap.high) == pytest.approx((0.1, 0.1))
    assert gap.slices == len(better) - 1
    with pytest.raises(ValueError, match="no slice"):
        paired(both, "b", "c", "insertion", "blur")


def test_what_is_written_says_each_value_once() -> None:
    some = [*rows("a", 0, patients=2, slices=1), Score("S-1", "1", 1, "a", "passes", "", float("nan"))]
    read = list(csv.DictReader(io.StringIO(table(some))))
    assert list(read[0]) == ["case", "patient", "slice", "method", "measure", "baseline", "value"]
    assert float(read[0]["value"]) == pytest.approx(some[0].value, rel=1e-5)
    said = json.loads(summary_json(summarise(some), {"a": {"relu": False}}, {"target": None}))
    (measure,) = said["methods"]["a"]["measures"]
    assert (measure["measure"], measure["baseline"], measure["patients"]) == ("insertion", "blur", 2)
    assert said["methods"]["a"]["parameters"] == {"relu": False}
