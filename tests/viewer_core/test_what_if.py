from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from viewer.core.what_if import FILLS, Stroke, WhatIfFinding, geojson, paint, painted, replaced, rings

MASKS = hnp.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def enclosed(shape: tuple[int, int], lines: object) -> NDArray[np.bool_]:
    """Return which pixel centres lie within rings (row, column), by counting crossings of a ray to the right."""
    inside = np.zeros(shape, bool)
    assert isinstance(lines, (tuple, list))
    for ring in lines:
        for (r0, c0), (r1, c1) in itertools.pairwise(ring):
            for row in range(shape[0]):
                if min(r0, r1) < row < max(r0, r1):
                    inside[row] ^= np.arange(shape[1]) < c0 + (row - r0) * (c1 - c0) / (r1 - r0)
    return inside


def test_a_dab_is_a_disc_in_millimetres() -> None:
    mask = painted((41, 41), [Stroke(((20.0, 20.0),), 6.0, (2.0, 1.0))])
    rows, columns = np.mgrid[:41, :41]
    assert np.array_equal(mask, np.hypot(2 * (rows - 20), columns - 20) <= 6)


def test_a_fast_stroke_leaves_no_gaps() -> None:
    mask = painted((60, 60), [Stroke(((5.0, 5.0), (50.0, 40.0)), 2.0)])
    for share in np.linspace(0, 1, 50):
        assert mask[round(5 + 45 * share), round(5 + 35 * share)]
    assert not mask[5, 40]


def test_a_stroke_may_leave_the_picture() -> None:
    mask = painted((10, 10), [Stroke(((-30.0, -30.0), (-2.0, 4.0), (30.0, 4.0)), 2.0)])
    assert mask[:, 4].all()
    assert not mask[:, 8].any()


def test_painting_as_the_brush_goes_is_painting_at_once() -> None:
    points = ((3.0, 4.0), (12.0, 15.0), (20.0, 3.0))
    grown = np.zeros((30, 30), bool)
    for n in range(1, 4):
        paint(grown, Stroke(points[:n], 3.0), n - 1)
    assert np.array_equal(grown, painted((30, 30), [Stroke(points, 3.0)]))


def slice_with_lesion() -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    values = np.zeros((40, 50), np.float32)
    body = np.zeros(values.shape, bool)
    body[5:35, 5:45] = True
    values[body] = 100
    values[:, 25:][body[:, 25:]] = 300
    lesion = np.zeros(values.shape, bool)
    lesion[10:16, 8:14] = True
    values[lesion] = 900
    return values, body, lesion


def test_painted_tissue_takes_the_value_of_what_is_around_or_of_the_body() -> None:
    values, body, lesion = slice_with_lesion()
    near, mean = replaced(values, lesion, body, "local-mean"), replaced(values, lesion, body, "body-mean")
    assert np.allclose(near[lesion], 100), "the tissue at its side, not the brighter one, nor the lesion itself"
    assert np.allclose(mean[lesion], values[body & ~lesion].mean())
    for changed in (near, mean):
        assert np.array_equal(changed[~lesion], values[~lesion])


@pytest.mark.parametrize("fill", [key for key, _ in FILLS])
def test_air_stays_air_and_the_slice_itself_is_not_touched(fill: str) -> None:
    values, body, lesion = slice_with_lesion()
    before = values.copy()
    everything = np.ones(values.shape, bool)
    lesion |= ~body
    changed = replaced(values, lesion, body, fill)  # type: ignore[arg-type]
    assert not changed[~body].any()
    assert np.array_equal(replaced(values, everything, body, fill), before), "nothing is left to take a mean of"  # type: ignore[arg-type]
    assert np.array_equal(values, before)


@given(MASKS)
def test_rings_enclose_the_region_and_nothing_else(mask: NDArray[np.bool_]) -> None:
    found = rings(mask)
    assert all(ring[0] == ring[-1] for ring in found)
    assert np.array_equal(enclosed(mask.shape, found), mask)


@given(MASKS)
def test_geojson_holds_the_same_region_as_plain_values(mask: NDArray[np.bool_]) -> None:
    region = json.loads(json.dumps(geojson(mask)))
    assert region["type"] == "MultiPolygon"
    lines = [[(row, column) for column, row in ring] for polygon in region["coordinates"] for ring in polygon]
    assert np.array_equal(enclosed(mask.shape, lines), mask)


def test_a_hole_comes_after_its_outer_ring() -> None:
    mask = np.zeros((7, 9), bool)
    mask[1:6, 1:8] = True
    mask[2:5, 3:6] = False
    (polygon,) = json.loads(json.dumps(geojson(mask)))["coordinates"]
    assert [min(column for column, _ in ring) for ring in polygon] == [0.5, 2.5]


def test_a_finding_is_plain_values() -> None:
    finding = WhatIfFinding(3, geojson(np.ones((2, 2), bool)), 4, "body-mean", "affected", 0.9, 0.4, "v", "m")
    back = json.loads(json.dumps(finding.to_dict()))
    assert (back["kind"], back["before"], back["after"], back["slice_index"]) == ("what-if", 0.9, 0.4, 3)
