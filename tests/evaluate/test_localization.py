"""Where a map points, against closed forms and against every order in which ties can be broken."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from xai.evaluate.localization import localization, pointing, relevance_mass, relevance_rank

SIZE = 60


@pytest.fixture
def body() -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return np.asarray((rows - 28) ** 2 + (columns - 31) ** 2 < 26**2)


@pytest.fixture
def lesion(body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    mask = np.zeros_like(body)
    mask[20:26, 34:42] = True
    return mask


def test_the_lesion_itself_is_found(body: NDArray[np.bool_], lesion: NDArray[np.bool_]) -> None:
    found = localization(lesion.astype(np.float32), body, lesion)
    share = lesion.sum() / body.sum()
    assert found["pointing"] == found["relevance_mass"] == found["relevance_rank"] == 1
    assert found["relevance_rank_over_chance"] == 1
    assert found["relevance_mass_over_chance"] == pytest.approx(1 / share)


def test_everything_else_is_missed(body: NDArray[np.bool_], lesion: NDArray[np.bool_]) -> None:
    found = localization((~lesion).astype(np.float32), body, lesion, tolerance=0)
    assert found["pointing"] == found["relevance_mass"] == found["relevance_rank"] == 0
    assert found["relevance_rank_over_chance"] < 0


@pytest.mark.parametrize("value", [0.0, 3.0, -2.0])
def test_a_constant_map_is_chance(value: float, body: NDArray[np.bool_], lesion: NDArray[np.bool_]) -> None:
    found = localization(np.full(body.shape, value, np.float32), body, lesion)
    share = lesion.sum() / body.sum()
    assert found["relevance_mass"] == pytest.approx(share)
    assert found["relevance_mass_over_chance"] == pytest.approx(1)
    assert found["relevance_rank"] == pytest.approx(share)
    assert found["relevance_rank_over_chance"] == pytest.approx(0, abs=1e-12)
    assert found["pointing"] == pytest.approx(found["pointing_chance"])
    assert share < found["pointing_chance"] < 1


def test_a_map_that_speaks_against_the_class_everywhere_is_chance(
    body: NDArray[np.bool_], lesion: NDArray[np.bool_]
) -> None:
    for least_against in (lesion, ~lesion):
        found = localization(np.where(least_against, -1.0, -9.0).astype(np.float32), body, lesion)
        assert found["pointing"] == pytest.approx(found["pointing_chance"])
        assert found["relevance_mass_over_chance"] == pytest.approx(1)
        assert found["relevance_rank_over_chance"] == pytest.approx(0, abs=1e-12)


def test_places_beyond_the_positive_values_are_drawn_by_lot(body: NDArray[np.bool_], lesion: NDArray[np.bool_]) -> None:
    values = np.where(lesion, -1.0, -9.0).astype(np.float32)
    values[40:42, 30] = 1
    count, pixels = int(lesion.sum()), int(body.sum())
    assert relevance_rank(values, body, lesion) == pytest.approx((count - 2) * (count / (pixels - 2)) / count)


def test_air_does_not_count(body: NDArray[np.bool_], lesion: NDArray[np.bool_]) -> None:
    values = np.random.default_rng(0).normal(size=body.shape).astype(np.float32)
    assert localization(np.where(body, values, 99).astype(np.float32), body, lesion) == localization(
        np.where(body, values, -99).astype(np.float32), body, lesion
    )


@pytest.mark.parametrize(("away", "hit"), [(15, 1.0), (16, 0.0)])
def test_a_peak_may_miss_by_the_tolerance(
    away: int, hit: float, body: NDArray[np.bool_], lesion: NDArray[np.bool_]
) -> None:
    values = np.zeros(body.shape, np.float32)
    values[22, 34 - away] = 1
    assert body[22, 34 - away]
    assert pointing(values, body, lesion) == hit


def test_two_equal_peaks_are_half_a_hit(body: NDArray[np.bool_], lesion: NDArray[np.bool_]) -> None:
    values = np.zeros(body.shape, np.float32)
    values[22, 36] = values[50, 30] = 1
    assert pointing(values, body, lesion) == 0.5


def test_mass_is_of_positive_values(body: NDArray[np.bool_], lesion: NDArray[np.bool_]) -> None:
    values = np.where(lesion, 1.0, -5.0).astype(np.float32)
    values[40, 30] = 16
    assert relevance_mass(values, body, lesion) == pytest.approx(lesion.sum() / (lesion.sum() + 16))


@pytest.mark.parametrize("seed", range(8))
def test_ties_are_broken_in_every_way_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 3, (2, 3)).astype(np.float32)
    body = np.ones((2, 3), bool)
    flat = np.zeros(6, bool)
    flat[rng.permutation(6)[: rng.integers(1, 5)]] = True
    lesion = flat.reshape(2, 3)
    count = int(lesion.sum())
    shares, hits = [], []
    for noise in permutations(range(6)):
        order = sorted(range(6), key=lambda p: (-values.ravel()[p], noise[p]))
        shares.append(lesion.ravel()[order[:count]].mean())
        hits.append(float(lesion.ravel()[order[0]]))
    assert relevance_rank(values, body, lesion) == pytest.approx(np.mean(shares))
    assert pointing(values, body, lesion, tolerance=0) == pytest.approx(np.mean(hits))


def test_without_a_lesion_in_the_body_there_is_nothing_to_find(body: NDArray[np.bool_]) -> None:
    outside = np.zeros_like(body)
    outside[0, 0] = True
    found = localization(np.ones(body.shape, np.float32), body, outside)
    assert math.isnan(found["pointing"])
    assert math.isnan(found["relevance_mass"])
    assert math.isnan(found["relevance_rank"])
