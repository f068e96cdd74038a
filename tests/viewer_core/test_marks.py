"""Marks: GeoJSON in stored pixels, whatever way the slice is shown."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.marks import Mark, geometry_text, mark_of, mark_words, to_shown, to_stored
from xai.imaging.geometry import VolumeGeometry

SHAPE = (3, 40, 50)


def turned(flip_rows: bool, flip_columns: bool, transpose: bool) -> VolumeGeometry:
    """A geometry whose slices are shown flipped or transposed; columns to the left and rows to the back are not."""
    rows = np.array([0, -1.0 if flip_rows else 1.0, 0])
    columns = np.array([-1.0 if flip_columns else 1.0, 0, 0])
    if transpose:
        rows, columns = columns, rows
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = (0, 0, 5), rows, columns
    return VolumeGeometry(SHAPE, affine)


@pytest.mark.parametrize("turn", list(product([False, True], repeat=3)))
def test_a_mark_on_what_is_shown_names_the_stored_pixels(turn: tuple[bool, bool, bool]) -> None:
    geometry = turned(*turn)
    stored = np.zeros(SHAPE[1:], np.float32)
    stored[5:9, 30:42] = 1  # asymmetric, and no square
    shown = geometry.display.apply(stored)
    rows, columns = np.nonzero(shown)
    drawn = Mark((columns.min(), rows.min()), (columns.max(), rows.max()))
    mark = to_stored(drawn, geometry)
    left, top, right, bottom = mark.box
    assert (left, top, right, bottom) == (30, 5, 41, 8)
    assert to_shown(mark, geometry).box == drawn.box


def test_the_text_is_geojson() -> None:
    assert json.loads(geometry_text(Mark.at(38, 11.004))) == {"type": "Point", "coordinates": [38, 11]}
    text = json.loads(geometry_text(Mark((41, 8), (30, 5.126))))
    assert text["type"] == "Polygon"
    assert text["coordinates"] == [[[30, 5.13], [41, 5.13], [41, 8], [30, 8], [30, 5.13]]]
    assert mark_words(geometry_text(Mark.at(38, 11))) == "column 38, row 11"
    assert mark_words(geometry_text(Mark((30, 5), (41, 8)))) == "columns 30–41, rows 5–8"


@given(st.tuples(*[st.floats(-0.5, 39.5) for _ in range(4)]))
def test_a_mark_comes_back_from_its_text(places: tuple[float, float, float, float]) -> None:
    a, b, c, d = (round(value, 2) for value in places)
    found = mark_of(geometry_text(Mark((a, b), (c, d))))
    assert found is not None
    assert np.allclose(found.box, Mark((a, b), (c, d)).box)


def test_a_mark_stays_within_the_slice() -> None:
    assert to_stored(Mark((-90, -80), (900, 800)), turned(False, False, False)).box == (-0.5, -0.5, 49.5, 39.5)


@pytest.mark.parametrize("text", ["", "soleus", "{}", "[1, 2]", '{"coordinates": []}', '{"coordinates": [NaN, 1]}'])
def test_other_text_is_no_mark(text: str) -> None:
    assert mark_of(text) is None
    assert mark_words(text) == ""
