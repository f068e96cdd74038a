"""Temperatures found again, their minimum, cross-fitting, and what cannot be fitted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from xai.explanation import softmax
from xai.train.calibration import COLDEST, HOTTEST, Floats, Ints, fit_temperature


def drawn(count: int, heat: float, seed: int = 0) -> tuple[Floats, Ints]:
    """Logits whose calibrated temperature is ``heat``: labels are drawn from the softmax at it."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (count, 2)) * heat
    return logits, (rng.random(count) < softmax(logits, heat)[:, 1]).astype(np.int64)


def patients(count: int, each: int = 10) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.array([f"P{n // each}" for n in range(count)])


@pytest.mark.parametrize("heat", [0.4, 1.0, 3.5])
def test_the_temperature_that_labels_were_drawn_at_is_found(heat: float) -> None:
    logits, labels = drawn(20_000, heat)
    found = fit_temperature(logits, labels, patients(20_000))
    assert found.temperature == pytest.approx(heat, rel=0.05)
    assert (found.slices, found.patients, found.note) == (20_000, 2000, "")
    assert found.ece_after < 0.02
    if heat != 1:
        assert found.ece_before > 0.05
        assert found.nll_after < found.nll_before


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.3, 4))
def test_no_other_temperature_is_more_likely(seed: int, heat: float) -> None:
    logits, labels = drawn(40, heat, seed)
    found = fit_temperature(logits, labels, patients(40))
    if found.note:
        return

    def loss(temperature: float) -> float:
        return float(log_loss(labels, softmax(logits, temperature), labels=[0, 1]))

    best = minimize_scalar(loss, bounds=(COLDEST, HOTTEST), method="bounded", options={"xatol": 1e-8})
    assert found.nll_after == pytest.approx(loss(found.temperature), rel=1e-9)
    assert found.nll_before == pytest.approx(loss(1), rel=1e-9)
    assert found.nll_after <= best.fun + 1e-9


def test_the_order_of_slices_and_a_common_shift_of_logits_change_nothing() -> None:
    logits, labels = drawn(300, 2)
    order = np.random.default_rng(1).permutation(300)
    names = patients(300)
    found = fit_temperature(logits, labels, names)
    assert fit_temperature(logits[order] + 7, labels[order], names[order]).temperature == pytest.approx(
        found.temperature
    )


def test_cross_fitting_gives_each_fold_the_others_temperature() -> None:
    logits, labels = drawn(200, 2)
    folds = np.repeat([0, 1], 100)
    logits[folds == 1] *= 3  # another network, more sure of itself
    found = fit_temperature(logits, labels, patients(200), folds)
    alone = [fit_temperature(logits[folds == n], labels[folds == n], patients(100)).temperature for n in (0, 1)]
    crossed = np.concatenate([softmax(logits[folds == n], alone[1 - n]) for n in (0, 1)])
    assert found.nll_cross_fitted == pytest.approx(log_loss(labels, crossed))
    assert found.nll_cross_fitted is not None
    assert found.nll_cross_fitted > found.nll_after
    assert fit_temperature(logits, labels, patients(200), np.zeros(200, int)).ece_cross_fitted is None


def test_when_every_slice_is_right_patients_bound_how_sure_one_can_be() -> None:
    labels = np.tile([0, 1], 100)
    logits = np.stack([1 - labels, labels], 1).astype(float) * 0.5
    names = np.array([f"P{n % 20}" for n in range(200)])  # ten of each class
    found = fit_temperature(logits, labels, names)
    assert softmax(logits, found.temperature).max() == pytest.approx(11 / 12)
    assert "Every slice" in found.note
    more = fit_temperature(logits, labels, np.array([f"P{n}" for n in range(200)]))
    assert softmax(logits, more.temperature).max() == pytest.approx(101 / 102)


def test_what_cannot_be_fitted_stands_at_a_bound_and_is_said() -> None:
    logits, labels = drawn(500, 1)
    worse = fit_temperature(-logits, labels, patients(500))
    assert worse.temperature == HOTTEST
    assert "above the bound" in worse.note
    assert "no better than chance" in worse.note
    cold = fit_temperature(logits * 1e-3, labels, patients(500))
    assert cold.temperature == COLDEST
    assert "below the bound" in cold.note
    alone = fit_temperature(logits, np.zeros(500, int), patients(500))
    assert alone.temperature == 1
    assert "one class" in alone.note
    flat = fit_temperature(np.zeros((500, 2)), labels, patients(500))
    assert COLDEST <= flat.temperature <= HOTTEST
    assert flat.note


def test_huge_logits_stay_finite() -> None:
    labels = np.array([0, 1, 1, 0])
    logits = np.array([[1e4, -1e4], [-1e4, 1e4], [1e4, -1e4], [3.0, 1.0]])
    found = fit_temperature(logits, labels, patients(4, 1))
    assert found.temperature == HOTTEST
    assert "chance" not in found.note
    assert np.isfinite([found.nll_before, found.nll_after, found.ece_after]).all()


def test_other_than_two_classes_and_no_slices_are_refused() -> None:
    with pytest.raises(ValueError, match="two logits"):
        fit_temperature(np.zeros((4, 3)), np.zeros(4, int), patients(4))
    with pytest.raises(ValueError, match="two logits"):
        fit_temperature(np.zeros((0, 2)), np.zeros(0, int), patients(0))
