"""Index, millimetres and picture positions go there and back for any grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from xai.imaging.geometry import AXIS_LETTERS, VolumeGeometry, direction_letters, opposite
from xai.imaging.labels import match_grids
from xai.imaging.resample import SliceMapping

sizes = st.integers(1, 40)
spacings = st.floats(0.1, 30)


@st.composite
def geometries(draw: st.DrawFn) -> VolumeGeometry:
    """Any rotation, handedness, spacing, size and origin."""
    values = draw(st.lists(st.floats(-1, 1), min_size=9, max_size=9))
    rotation, _ = np.linalg.qr(np.array(values).reshape(3, 3) + 2 * np.eye(3)[list(draw(st.permutations(range(3))))])
    flips = np.array(draw(st.lists(st.sampled_from([-1.0, 1.0]), min_size=3, max_size=3)))
    affine = np.eye(4)
    affine[:3, :3] = rotation * flips * [draw(spacings), draw(spacings), draw(spacings)]
    affine[:3, 3] = [draw(st.floats(-500, 500)) for _ in range(3)]
    return VolumeGeometry((draw(sizes), draw(sizes), draw(sizes)), affine)


@given(geometries(), st.lists(st.floats(-50, 50), min_size=3, max_size=3))
def test_index_to_millimetres_and_back(geometry: VolumeGeometry, index: list[float]) -> None:
    assert geometry.to_index(geometry.to_mm(np.array(index))) == pytest.approx(np.array(index), abs=1e-6)


@given(geometries(), st.floats(-5, 45), st.floats(-5, 45))
def test_stored_to_shown_and_back(geometry: VolumeGeometry, row: float, column: float) -> None:
    shape = geometry.shape[1:]
    there = geometry.display.to_shown(np.array([row, column]), shape)
    assert geometry.display.to_stored(there, shape) == pytest.approx(np.array([row, column]))


@given(geometries())
def test_positions_and_pixels_are_turned_alike(geometry: VolumeGeometry) -> None:
    rows, columns = geometry.shape[1:]
    stored = np.arange(rows * columns).reshape(rows, columns)
    picture = geometry.display.apply(stored)
    for row, column in ((0, 0), (rows - 1, 0), (0, columns - 1), (rows // 2, columns // 3)):
        at = geometry.display.to_shown(np.array([row, column], float), (rows, columns)).astype(int)
        assert picture[tuple(at)] == stored[row, column]
    assert np.array_equal(geometry.display.undo(picture), stored)


@given(geometries())
def test_letters_name_directions_and_their_opposites(geometry: VolumeGeometry) -> None:
    left, right, top, bottom = geometry.edge_letters
    assert opposite(left) == right
    assert opposite(top) == bottom
    assert {pair for letter in geometry.orientation for pair in AXIS_LETTERS if letter in pair} == set(AXIS_LETTERS)
    for direction in geometry.directions:
        assert opposite(direction_letters(direction)) == direction_letters(-direction)


@given(geometries())
def test_the_picture_is_radiological(geometry: VolumeGeometry) -> None:
    """Moving right in the picture moves towards L (or P on sagittal slices); moving down towards P (or the feet)."""
    shape = geometry.shape[1:]
    shown = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    stored = geometry.display.to_stored(shown, shape)
    mm = geometry.to_mm(np.column_stack([np.zeros(3), stored]))
    across, down = mm[1] - mm[0], mm[2] - mm[0]
    assert across[1 if geometry.plane == "sagittal" else 0] > -1e-9
    if geometry.plane == "axial":
        assert down[1] > -1e-9
    else:
        assert down[2] < 1e-9


@given(geometries(), st.sampled_from([224, 64]), st.floats(0, 40), st.floats(0, 40))
def test_index_to_network_pixel_and_back(geometry: VolumeGeometry, size: int, row: float, column: float) -> None:
    mapping = SliceMapping.fit(geometry, size)
    there = mapping.to_network(np.array([row, column]))
    assert mapping.to_index(there) == pytest.approx(np.array([row, column]), abs=1e-6)


@given(geometries(), st.permutations(range(3)), st.lists(st.booleans(), min_size=3, max_size=3))
def test_a_grid_stored_otherwise_is_recognised(geometry: VolumeGeometry, axes: list[int], flips: list[bool]) -> None:
    other = _stored_otherwise(geometry, axes, flips)
    fit = match_grids(geometry, other)
    assert fit is not None
    marker = np.array([n // 3 for n in geometry.shape])
    found_axes, found_flips = fit
    there = np.rint(other.to_index(geometry.to_mm(marker.astype(float)))).astype(int)
    back = [there[found_axes[i]] for i in range(3)]
    back = [geometry.shape[i] - 1 - back[i] if found_flips[i] else back[i] for i in range(3)]
    assert back == marker.tolist()


@given(geometries())
def test_a_shifted_grid_is_another(geometry: VolumeGeometry) -> None:
    affine = geometry.affine.copy()
    affine[:3, 3] += 0.6 * affine[:3, 1]
    assert match_grids(geometry, VolumeGeometry(geometry.shape, affine)) is None


def _stored_otherwise(geometry: VolumeGeometry, axes: list[int], flips: list[bool]) -> VolumeGeometry:
    shape: list[int] = [geometry.shape[a] for a in axes]
    affine: NDArray[np.float64] = geometry.affine[:, [*axes, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
            affine[:3, axis] *= -1
    return VolumeGeometry((shape[0], shape[1], shape[2]), affine)
