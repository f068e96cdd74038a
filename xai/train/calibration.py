"""Temperature scaling: probabilities that mean what they say, from answers out of fold. Light: no torch.

Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from xai.evaluate.classification import figures
from xai.explanation import softmax
from xai.models.manifest import BundleCalibration

COLDEST, HOTTEST = 0.05, 20.0
"""Bounds of a temperature: further out it is no longer the data that speaks."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A temperature by which logits are divided before their softmax, and what it does to probabilities.

    ``nll`` is the mean negative log-likelihood (natural logarithm), ``ece`` the expected calibration error. *After* is
    on the slices that the temperature was fitted on; *cross-fitted* gives each fold the temperature of the others, and
    is None where there is one fold only.
    """

    temperature: float
    slices: int
    patients: int
    nll_before: float
    nll_after: float
    nll_cross_fitted: float | None
    ece_before: float
    ece_after: float
    ece_cross_fitted: float | None
    note: str = ""
    """What keeps the temperature from being a plain fit, in a sentence; empty when nothing does."""

    def for_bundle(self, fitted_on: str = "answers out of fold") -> BundleCalibration:
        """Return what a bundle keeps of it: its error after calibration is the cross-fitted one, where there is one."""
        return BundleCalibration(
            temperature=self.temperature,
            fitted_on=fitted_on,
            slices=self.slices,
            patients=self.patients,
            ece_before=self.ece_before,
            ece_after=self.ece_after if self.ece_cross_fitted is None else self.ece_cross_fitted,
        )


def fit_temperature(logits: Floats, labels: Ints, groups: NDArray[np.str_], folds: Ints | None = None) -> Calibration:
    """Fit the temperature under which answers out of fold are most likely.

    The likelihood has no maximum when every slice is right: ever sharper probabilities would suit it. Targets are then
    smoothed as Platt's are ("Probabilistic outputs for support vector machines", 1999), counting patients in place of
    slices: a class of P patients can show no more than (P + 1) / (P + 2).

    Parameters
    ----------
    logits : array (N, 2)
        Uncalibrated, finite, each by a network that saw no slice of that patient.
    labels : array (N,)
        0 or 1.
    groups : array (N,)
        Patients.
    folds : array (N,), optional
        Fold of each slice, for the cross-fitted figures.

    Raises
    ------
    ValueError
        When there is no slice, or there are other than two classes.
    """
    if logits.ndim != 2 or logits.shape[1] != 2 or not len(logits):
        raise ValueError(f"calibration is of slices with two logits, not of {logits.shape}")
    temperature, note = _fit(logits, labels, groups)
    before, after = softmax(logits), softmax(logits, temperature)
    crossed = None if folds is None else _cross_fitted(logits, labels, groups, folds)
    return Calibration(
        temperature,
        len(labels),
        len(np.unique(groups)),
        _nll(logits, labels),
        _nll(logits / temperature, labels),
        None if crossed is None else _nll(crossed, labels),
        _ece(before, labels),
        _ece(after, labels),
        None if crossed is None else _ece(softmax(crossed), labels),
        note,
    )


def _fit(logits: Floats, labels: Ints, groups: NDArray[np.str_]) -> tuple[float, str]:
    """Return the temperature and what must be said of it."""
    if len(np.unique(labels)) < 2:
        return 1.0, "All slices are of one class, so no temperature was fitted."
    wanted = np.eye(2)[labels]
    note = ""
    if (logits.argmax(1) == labels).all():
        wanted = _smoothed(labels, groups)
        note = "Every slice is told right, so the temperature rests on how few patients that was seen in."

    def slope(sharpness: float) -> float:
        # Of the negative log-likelihood by 1 / temperature, in which it is convex.
        return float(((softmax(logits * sharpness) - wanted) * logits).sum(1).mean())

    if slope(1 / HOTTEST) >= 0:
        chance = ": the network tells no better than chance" if slope(0) >= 0 else ""
        return HOTTEST, f"The best temperature lies above the bound of {HOTTEST:g}, where it stands{chance}."
    if slope(1 / COLDEST) <= 0:
        return COLDEST, f"The best temperature lies below the bound of {COLDEST:g}, where it stands."
    sharpness = brentq(slope, 1 / HOTTEST, 1 / COLDEST, xtol=1e-12, rtol=1e-12)
    return float(1 / sharpness), note


def _smoothed(labels: Ints, groups: NDArray[np.str_]) -> Floats:
    patients = np.array([len(np.unique(groups[labels == one])) for one in range(2)])
    right = ((patients + 1) / (patients + 2))[labels]
    wanted: Floats = np.where(np.eye(2)[labels] > 0, right[:, None], 1 - right[:, None])
    return wanted


def _cross_fitted(logits: Floats, labels: Ints, groups: NDArray[np.str_], folds: Ints) -> Floats | None:
    """Return logits divided by the temperature that the other folds give."""
    if len(np.unique(folds)) < 2:
        return None
    divided = logits.copy()
    for fold in np.unique(folds):
        rest = folds != fold
        divided[~rest] /= _fit(logits[rest], labels[rest], groups[rest])[0]
    return divided


def _nll(logits: Floats, labels: Ints) -> float:
    largest = logits.max(1)
    spread = np.log(np.exp(logits - largest[:, None]).sum(1)) + largest
    return float((spread - logits[np.arange(len(labels)), labels]).mean())


def _ece(probabilities: Floats, labels: Ints) -> float:
    return float(figures(labels, probabilities[:, 1])["ece"] or 0.0)
