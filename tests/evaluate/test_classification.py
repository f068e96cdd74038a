"""Figures against scikit-learn, what is undefined, intervals by patient, patients from slices."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from xai.evaluate.classification import BINS, MEASURES, Figures, bootstrap, by_patient, figures, reliability

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Few distinct values, so that ties and the bins' edges are met.
chances = st.sampled_from([n / 30 for n in range(31)]) | st.floats(0, 1)
cases = st.lists(st.tuples(st.integers(0, 1), chances, st.integers(0, 1)), min_size=1, max_size=60)


def split(case: list[tuple[int, float, int]]) -> tuple[Ints, Floats, Ints]:
    labels, probability, prediction = zip(*case, strict=True)
    return np.array(labels), np.array(probability), np.array(prediction)


def by_scikit_learn(labels: Ints, probability: Floats, prediction: Ints) -> Figures:
    """The figures of slices of both classes."""
    of_one = metrics.precision_recall_fscore_support(labels, prediction, average="binary", zero_division=0)
    macro = metrics.precision_recall_fscore_support(labels, prediction, labels=[0, 1], average="macro", zero_division=0)
    tn, fp, fn, tp = metrics.confusion_matrix(labels, prediction, labels=[0, 1]).ravel().tolist()
    return {
        "accuracy": metrics.accuracy_score(labels, prediction),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, prediction),
        **dict(zip(("precision", "recall", "f1"), of_one[:3], strict=True)),
        **dict(zip(("macro_precision", "macro_recall", "macro_f1"), macro[:3], strict=True)),
        "specificity": metrics.recall_score(labels, prediction, pos_label=0),
        "roc_auc": metrics.roc_auc_score(labels, probability),
        "pr_auc": metrics.average_precision_score(labels, probability),
        "brier": metrics.brier_score_loss(labels, probability),
        "ece": plain_ece(labels, probability),
        "n": len(labels),
        "positives": int(labels.sum()),
        **{"tn": tn, "fp": fp, "fn": fn, "tp": tp},
    }


def plain_ece(labels: Ints, probability: Floats) -> float:
    gap = 0.0
    for k in range(BINS):
        held = [n for n, p in enumerate(probability.tolist()) if k <= p * BINS < k + 1 or (k == BINS - 1 and p == 1)]
        if held:
            gap += len(held) / len(labels) * abs(probability[held].mean() - labels[held].mean())
    return gap


@settings(deadline=None)
@given(cases)
def test_figures_are_those_of_scikit_learn(case: list[tuple[int, float, int]]) -> None:
    labels, probability, prediction = split(case)
    found = figures(labels, probability, prediction)
    assert list(found) == [*MEASURES, "n", "positives", "tn", "fp", "fn", "tp"]
    if len(set(labels.tolist())) == 2:
        assert found == pytest.approx(by_scikit_learn(labels, probability, prediction), abs=1e-12)
    else:
        assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, prediction))
        assert found["ece"] == pytest.approx(plain_ece(labels, probability), abs=1e-12)


def test_what_no_affected_slice_leaves_undefined() -> None:
    found = figures(np.zeros(4, int), np.array([0.1, 0.2, 0.3, 0.9]))
    undefined = {key for key, value in found.items() if value is None}
    both = {"balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "roc_auc", "pr_auc"}
    assert undefined == both | {"precision", "recall", "f1"}
    assert (found["accuracy"], found["specificity"], found["fp"], found["positives"]) == (0.75, 0.75, 1, 0)

    found = figures(np.ones(4, int), np.array([0.1, 0.2, 0.3, 0.9]))
    assert {key for key, value in found.items() if value is None} == both | {"specificity"}
    assert (found["precision"], found["recall"], found["f1"]) == (1.0, 0.25, 0.4)


def test_nothing_predicted_of_a_class_that_is_there_is_zero() -> None:
    found = figures(np.array([0, 1]), np.array([0.2, 0.4]))
    assert (found["precision"], found["recall"], found["f1"]) == (0, 0, 0)
    assert found["roc_auc"] == 1


def test_no_slice_has_no_figures() -> None:
    found = figures(np.zeros(0, int), np.zeros(0))
    assert all(found[key] is None for key in MEASURES)
    assert found["n"] == 0


@pytest.mark.parametrize(
    ("labels", "probability", "prediction", "cause"),
    [
        ([0, 2], [0.1, 0.2], None, "0 or 1"),
        ([0, 1], [0.1, 0.2], [0, 3], "0 or 1"),
        ([0, 1], [0.1, 1.2], None, "between 0 and 1"),
        ([0, 1], [0.1, np.nan], None, "between 0 and 1"),
        ([0, 1], [0.1], None, "differ"),
    ],
)
def test_other_than_two_classes_is_refused(
    labels: list[int], probability: list[float], prediction: list[int] | None, cause: str
) -> None:
    said = None if prediction is None else np.array(prediction)
    with pytest.raises(ValueError, match=cause):
        figures(np.array(labels), np.array(probability), said)


def cohort(patients: int, slices: int, seed: int = 0) -> tuple[Ints, Floats, NDArray[np.str_]]:
    """Patients of one class each, whose slices have much in common."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(patients), slices)
    labels = of % 2
    logit = 1.5 * (labels - 0.5) + rng.normal(0, 1.5, patients)[of] + rng.normal(0, 0.2, len(of))
    return labels, 1 / (1 + np.exp(-logit)), np.array([f"P{n:03d}" for n in of])


def test_intervals_are_those_of_drawing_patients_one_by_one() -> None:
    labels, probability, groups = cohort(9, 4)
    probability = probability.round(1)
    spans = bootstrap(labels, probability, None, groups, seed=3, draws=300)
    drawn: dict[str, list[float]] = {key: [] for key in MEASURES}
    names = np.unique(groups)
    for times in np.random.default_rng(3).multinomial(len(names), np.full(len(names), 1 / len(names)), 300):
        places = np.concatenate(
            [np.flatnonzero(groups == name) for name, count in zip(names, times, strict=True) for _ in range(count)]
        )
        for key, value in figures(labels[places], probability[places]).items():
            if key in drawn and value is not None:
                drawn[key].append(value)
    for key, span in spans.items():
        assert span is not None
        assert (span.low, span.high) == pytest.approx(tuple(np.percentile(drawn[key], (2.5, 97.5))))
        assert span.draws == len(drawn[key])
    assert min(len(values) for values in drawn.values()) < 300  # else the undefined were never met


def test_more_slices_of_the_same_patients_promise_no_more() -> None:
    labels, probability, groups = cohort(30, 1)
    once, often = (
        bootstrap(np.repeat(labels, n), np.repeat(probability, n), None, np.repeat(groups, n)) for n in (1, 20)
    )
    for key in MEASURES:
        few, many = once[key], often[key]
        assert few is not None
        assert many is not None
        assert (few.low, few.high, few.draws) == pytest.approx((many.low, many.high, many.draws))


def test_one_patient_has_no_interval_and_a_seed_decides() -> None:
    labels, probability, groups = cohort(8, 3)
    assert set(bootstrap(labels[:3], probability[:3], None, groups[:3]).values()) == {None}
    assert bootstrap(labels, probability, None, groups, seed=1) == bootstrap(labels, probability, None, groups, seed=1)
    assert bootstrap(labels, probability, None, groups, seed=1) != bootstrap(labels, probability, None, groups, seed=2)


def test_a_measure_never_defined_has_no_interval() -> None:
    spans = bootstrap(np.zeros(6, int), np.linspace(0, 0.9, 6), None, np.array(list("aabbcc")))
    assert spans["roc_auc"] is None
    assert spans["accuracy"] is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bootstrap(np.zeros(0, int), np.zeros(0), None, np.zeros(0, np.str_))["accuracy"] is None


def test_patients_of_one_class_each_are_averaged_and_others_take_their_worst_slice() -> None:
    probability = np.array([0.9, 0.3, 0.2, 0.6])
    groups = np.array(["b", "b", "a", "a"])
    found = by_patient(np.array([1, 1, 0, 0]), probability, groups)
    assert (found.names, found.rule) == (("a", "b"), "mean")
    assert found.probability.tolist() == pytest.approx([0.4, 0.6])
    assert (found.labels.tolist(), found.prediction.tolist()) == ([0, 1], [0, 1])

    found = by_patient(np.array([1, 0, 0, 0]), probability, groups)
    assert found.rule == "maximum"
    assert found.probability.tolist() == [0.6, 0.9]
    assert (found.labels.tolist(), found.prediction.tolist()) == ([0, 1], [1, 1])


def test_bins_hold_all_slices_and_the_last_one_holds_one() -> None:
    slices, means, parts = reliability(np.array([0, 1, 1]), np.array([0.0, 0.99, 1.0]))
    assert slices.tolist() == [1] + [0] * (BINS - 2) + [2]
    assert (means[0], means[-1], parts[0], parts[-1]) == pytest.approx((0, 0.995, 0, 1))
    assert np.isnan(means[1:-1]).all()
