"""How well a classifier of two classes does, per slice and per patient. Light: numpy only.

Figures equal scikit-learn's; ours are computed for thousands of resamplings at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Of the calibration error: equally wide, over the probability of class 1; the last one holds 1."""

DRAWS = 2000
"""Resamplings behind an interval."""

CHUNK = 100
"""Resamplings computed together; more only take memory."""

MEASURES: Mapping[str, str] = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "precision": "Precision",
    "recall": "Recall (sensitivity)",
    "specificity": "Specificity",
    "f1": "F1",
    "macro_precision": "Precision, macro",
    "macro_recall": "Recall, macro",
    "macro_f1": "F1, macro",
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC (average precision)",
    "brier": "Brier score",
    "ece": f"Calibration error (ECE, {BINS} bins)",
}
"""What is measured, in the order of tables, in words."""

Figures = dict[str, float | int | None]
"""Measures by name, then the counts ``n, positives, tn, fp, fn, tp``; None where a measure is undefined."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Span:
    """A 95 % interval over patients, and the resamplings in which the measure was defined."""

    low: float
    high: float
    draws: int


@dataclass(frozen=True, slots=True, eq=False)
class Patients:
    """Slices brought together by patient, in the order of their names."""

    names: tuple[str, ...]
    labels: NDArray[np.int64]
    """1 when any slice is of class 1."""
    probability: Floats
    """Of class 1."""
    prediction: NDArray[np.int64]
    rule: str
    """``mean`` or ``maximum``: how a patient's probability comes from its slices."""


RULES: Mapping[str, str] = {
    "mean": "No patient has slices of both classes: a patient's probability is the mean over its slices.",
    "maximum": "A patient is affected when any of its slices is: its probability is the largest of its slices.",
}


def figures(
    labels: NDArray[np.integer], probability: NDArray[np.floating], prediction: NDArray[np.integer] | None = None
) -> Figures:
    """Return the `MEASURES` and counts of a classifier's answers.

    Precision, recall and F1 are of class 1, 0 where nothing was predicted (scikit-learn's ``zero_division=0``). Where
    there is no slice of class 1 to be found they could say nothing else than 0, and are None; so is specificity
    without a slice of class 0, and what weighs both classes (balanced accuracy, macro averages, ROC AUC, PR AUC) where
    either is absent. Accuracy, Brier score and calibration error are None only without any slice.

    The expected calibration error (Naeini et al. 2015, doi:10.1609/aaai.v29i1.9602; Guo et al. 2017,
    arXiv:1706.04599) is the mean over `BINS` bins, weighted by their slices, of the distance between the mean
    probability of class 1 and the part of slices that are of class 1.

    Parameters
    ----------
    labels : array (N,)
        0 or 1.
    probability : array (N,)
        Of class 1, from 0 to 1.
    prediction : array (N,), optional
        0 or 1; without it class 1 is what is more probable than 0.5.

    Raises
    ------
    ValueError
        When the arrays differ in length, or hold other than two classes or no probabilities.
    """
    truth, chance, said = _checked(labels, probability, prediction)
    alone = np.zeros(len(truth), np.int64)
    counts = _counts(truth, said)
    values = _measures(truth, chance, said, alone, np.ones((1, 1)))
    found: Figures = {key: None if np.isnan(values[key][0]) else float(values[key][0]) for key in MEASURES}
    return found | {"n": len(truth), "positives": int(truth.sum()), **counts}


def bootstrap(
    labels: NDArray[np.integer],
    probability: NDArray[np.floating],
    prediction: NDArray[np.integer] | None,
    groups: NDArray[np.str_],
    seed: int = 0,
    draws: int = DRAWS,
) -> dict[str, Span | None]:
    """Return a 95 % interval for each of the `MEASURES`: patients are drawn with replacement, each with all its slices.

    Slices of one patient are alike; drawing slices would promise too much. Bounds are the 2.5th and 97.5th percentile
    over those resamplings in which a measure is defined. None for a measure without any, and with fewer than two
    patients.
    """
    truth, chance, said = _checked(labels, probability, prediction)
    names, of = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        return dict.fromkeys(MEASURES)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), draws).astype(np.float64)
    parts = [_measures(truth, chance, said, of, times[n : n + CHUNK]) for n in range(0, draws, CHUNK)]
    return {key: _span(np.concatenate([part[key] for part in parts])) for key in MEASURES}


def by_patient(labels: NDArray[np.integer], probability: NDArray[np.floating], groups: NDArray[np.str_]) -> Patients:
    """Bring slices together by patient; the `RULES` say how.

    A patient is of class 1 when any of its slices is, and predicted so when its probability is above 0.5.
    """
    truth, chance, _ = _checked(labels, probability, None)
    names, of = np.unique(np.asarray(groups), return_inverse=True)
    slices = np.bincount(of, minlength=len(names))
    affected = np.bincount(of, truth, len(names))
    if ((affected == 0) | (affected == slices)).all():
        rule, of_patient = "mean", np.bincount(of, chance, len(names)) / np.maximum(slices, 1)
    else:
        rule, of_patient = "maximum", np.zeros(len(names))
        np.maximum.at(of_patient, of, chance)
    predicted = (of_patient > 0.5).astype(np.int64)
    return Patients(tuple(names.tolist()), (affected > 0).astype(np.int64), of_patient, predicted, rule)


def reliability(labels: NDArray[np.integer], probability: NDArray[np.floating]) -> tuple[Floats, Floats, Floats]:
    """Return each bin's slices, mean probability of class 1 and part of slices of class 1, (`BINS`,) each.

    Means are NaN in empty bins.
    """
    truth, chance, _ = _checked(labels, probability, None)
    place = _bins(chance)
    slices = np.bincount(place, minlength=BINS).astype(np.float64)
    held = np.where(slices > 0, slices, np.nan)
    return slices, np.bincount(place, chance, BINS) / held, np.bincount(place, truth, BINS) / held


def _checked(
    labels: NDArray[np.integer], probability: NDArray[np.floating], prediction: NDArray[np.integer] | None
) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    truth, chance = np.asarray(labels, np.int64), np.asarray(probability, np.float64)
    said = (chance > 0.5).astype(np.int64) if prediction is None else np.asarray(prediction, np.int64)
    if not truth.shape == chance.shape == said.shape or truth.ndim != 1:
        raise ValueError(f"labels {truth.shape}, probability {chance.shape} and prediction {said.shape} differ")
    if not (np.isin(truth, (0, 1)).all() and np.isin(said, (0, 1)).all()):
        raise ValueError("labels and predictions must be 0 or 1")
    if not ((chance >= 0) & (chance <= 1)).all():
        raise ValueError("probabilities must lie between 0 and 1")
    return truth, chance, said


def _counts(truth: NDArray[np.int64], said: NDArray[np.int64]) -> dict[str, int]:
    tn, fp, fn, tp = np.bincount(2 * truth + said, minlength=4).tolist()
    return {"tn": tn, "fp": fp, "fn": fn, "tp": tp}


def _bins(chance: Floats) -> NDArray[np.int64]:
    return np.minimum((chance * BINS).astype(np.int64), BINS - 1)


def _measures(
    truth: NDArray[np.int64], chance: Floats, said: NDArray[np.int64], of: NDArray[np.int64], times: Floats
) -> dict[str, Floats]:
    """Return each measure (D,) where patient ``of`` of each slice (N,) counts ``times`` (D, P); undefined is NaN."""
    patients = times.shape[1]

    def summed(values: NDArray[np.generic] | Floats) -> Floats:
        return times @ np.bincount(of, values.astype(np.float64), patients)

    tn, fp, fn, tp = (summed(2 * truth + said == cell) for cell in range(4))
    total, positives, negatives = tn + fp + fn + tp, tp + fn, tn + fp
    seen = (positives > 0, negatives > 0)
    both = seen[0] & seen[1]
    recall, specificity = _over(tp, positives), _over(tn, negatives)
    precision, of_healthy = _over(tp, tp + fp, 0.0), _over(tn, tn + fn, 0.0)
    f1, f1_healthy = _over(2 * tp, 2 * tp + fp + fn, 0.0), _over(2 * tn, 2 * tn + fp + fn, 0.0)
    place, gaps = _bins(chance), np.zeros(len(times))
    for one in np.unique(place):
        gaps += np.abs(summed(np.where(place == one, chance - truth, 0.0)))
    roc_auc, pr_auc = _areas(truth, chance, of, times)
    return {
        "accuracy": _over(tp + tn, total),
        "balanced_accuracy": (recall + specificity) / 2,
        "precision": np.where(seen[0], precision, np.nan),
        "recall": recall,
        "specificity": specificity,
        "f1": np.where(seen[0], f1, np.nan),
        "macro_precision": np.where(both, (precision + of_healthy) / 2, np.nan),
        "macro_recall": (recall + specificity) / 2,
        "macro_f1": np.where(both, (f1 + f1_healthy) / 2, np.nan),
        "roc_auc": roc_auc,
        "pr_auc": np.where(both, pr_auc, np.nan),
        "brier": _over(summed((chance - truth) ** 2), total),
        "ece": _over(gaps, total),
    }


def _areas(truth: NDArray[np.int64], chance: Floats, of: NDArray[np.int64], times: Floats) -> tuple[Floats, Floats]:
    """Return the area under the ROC curve, ties counting half, and the average precision (D,) each."""
    if not len(truth):
        return np.full(len(times), np.nan), np.full(len(times), np.nan)
    order = np.argsort(chance, kind="stable")
    ties = np.flatnonzero(np.diff(chance[order], prepend=-1.0))
    weights = times[:, of[order]]
    affected = np.add.reduceat(weights * truth[order], ties, axis=1)
    healthy = np.add.reduceat(weights, ties, axis=1) - affected
    positives, negatives = affected.sum(1), healthy.sum(1)
    below = np.cumsum(healthy, axis=1) - healthy / 2
    found = np.cumsum(affected[:, ::-1], axis=1)[:, ::-1]
    called = np.cumsum((affected + healthy)[:, ::-1], axis=1)[:, ::-1]
    precise = _over(found, called, 0.0)
    return (
        _over((affected * below).sum(1), positives * negatives),
        _over((affected * precise).sum(1), positives),
    )


def _over(part: Floats, whole: Floats, without: float = np.nan) -> Floats:
    quotient = np.full(part.shape, without)
    np.divide(part, whole, out=quotient, where=whole > 0)
    return quotient


def _span(values: Floats) -> Span | None:
    defined = values[~np.isnan(values)]
    if not len(defined):
        return None
    low, high = np.percentile(defined, (2.5, 97.5))
    return Span(float(low), float(high), len(defined))
