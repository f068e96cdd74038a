from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from xai.imaging.body import body_mask, fill_holes
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import SliceMapping
from xai.models.manifest import PreprocessSettings
from xai.models.preprocess import Preprocess, readable, resize, resize_matrix


def geometry(
    rows: int = 200,
    columns: int = 256,
    row_mm: float = 0.7,
    column_mm: float = 0.7,
    order: tuple[int, int, int] = (2, 1, 0),
    signs: tuple[int, int, int] = (1, 1, 1),
) -> VolumeGeometry:
    """A volume of one slice whose index axes follow the LPS axes ``order`` with ``signs``."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for index, (axis, sign, mm) in enumerate(zip(order, signs, (5.0, row_mm, column_mm), strict=True)):
        affine[axis, index] = sign * mm
    return VolumeGeometry((1, rows, columns), affine)


geometries = st.builds(
    geometry,
    rows=st.integers(1, 700),
    columns=st.integers(1, 700),
    row_mm=st.floats(0.2, 4),
    column_mm=st.floats(0.2, 4),
    order=st.permutations([0, 1, 2]).map(tuple),
    signs=st.tuples(*[st.sampled_from([-1, 1])] * 3),
)


@given(geometries, st.sampled_from([96, 224, 225]), st.randoms(use_true_random=False))
def test_index_to_network_pixel_and_back(geometry: VolumeGeometry, size: int, random: object) -> None:
    mapping = Preprocess(PreprocessSettings(size=size)).mapping(geometry)
    index = np.array([[0.0, 0.0], [geometry.shape[1] - 1, geometry.shape[2] - 1], [geometry.shape[1] / 3, 0.25]])
    pixel = mapping.to_network(index)
    np.testing.assert_allclose(mapping.to_index(pixel), index, atol=1e-6)
    assert pixel.min() >= -0.5 - 1e-9
    assert pixel.max() <= size - 0.5 + 1e-9


SCALES = [
    (512, 0.0, 224 / 512),
    (300, 17.25, 224 / 334.5),
    (224, 0.0, 1.0),
    (100, 3.3, 224 / 106.6),
    (97, (224 / 0.13 - 97) / 2, 0.13),
]


@pytest.mark.parametrize(("length", "pad", "scale"), SCALES)
def test_a_ramp_lands_where_the_mapping_says(length: int, pad: float, scale: float) -> None:
    """A picture of its own positions: each network pixel must hold the position that the mapping gives it."""
    size = 224
    matrix = resize_matrix(length, pad, scale, size).astype(np.float64)
    expected = (np.arange(size) + 0.5) / scale - 0.5 - pad
    reach = max(1.0, 1 / scale) + 1
    inside = (expected > reach) & (expected < length - 1 - reach)
    assert inside.sum() > 5
    np.testing.assert_allclose((matrix @ np.arange(length))[inside], expected[inside], atol=1e-3)
    np.testing.assert_allclose(matrix.sum(1)[inside], 1, atol=1e-6)


@pytest.mark.parametrize(("length", "pad", "scale"), SCALES)
def test_resizing_adds_no_ringing_and_pads_with_nothing(length: int, pad: float, scale: float) -> None:
    matrix = resize_matrix(length, pad, scale, 224)
    assert matrix.min() >= 0
    assert matrix.sum(1).max() <= 1 + 1e-5
    centre = (np.arange(224) + 0.5) / scale - 0.5 - pad
    outside = (centre < -max(1.0, 1 / scale)) | (centre > length - 1 + max(1.0, 1 / scale))
    assert not matrix[outside].any()


@pytest.mark.parametrize("order", [(2, 1, 0), (2, 0, 1), (0, 2, 1), (1, 2, 0)])
@pytest.mark.parametrize("signs", [(1, 1, 1), (1, -1, 1), (1, 1, -1), (1, -1, -1)])
def test_a_spot_lands_where_the_mapping_says(order: tuple[int, int, int], signs: tuple[int, int, int]) -> None:
    where = geometry(190, 257, 0.9, 0.55, order, signs)
    mapping = SliceMapping.fit(where, 224)
    picture = np.zeros((190, 257), np.float32)
    picture[140:143, 60:65] = 1.0
    shown = resize(picture, mapping).astype(np.float64)
    grid = np.stack(np.meshgrid(np.arange(224), np.arange(224), indexing="ij"), -1)
    centre = (shown[..., None] * grid).sum((0, 1)) / shown.sum()
    # One spot of a few pixels sits between samples, so its centre is known to a fraction of a pixel.
    np.testing.assert_allclose(centre, mapping.to_network(np.array([141.0, 62.0])), atol=0.1)


def test_a_picture_of_the_networks_size_is_not_resampled() -> None:
    pixels = np.random.default_rng(0).random((224, 224), np.float32)
    mapping = SliceMapping.fit(VolumeGeometry.unknown((1, 224, 224)), 224)
    np.testing.assert_allclose(resize(pixels, mapping), pixels - pixels.min(), atol=1e-6)


def legs(rows: int = 256, columns: int = 256) -> NDArray[np.float32]:
    """Two legs with fat, muscle and a dark bone each, and noise in the air."""
    y, x = np.mgrid[:rows, :columns].astype(float)
    picture = np.abs(np.random.default_rng(0).normal(0, 0.02, (rows, columns)))
    for centre in (0.28, 0.74):
        distance = np.hypot(y - rows * 0.5, x - columns * centre)
        picture[distance < 45] = 1.0
        picture[distance < 38] = 0.3
        picture[distance < 8] = 0.0
    return picture.astype(np.float32)


def test_the_body_is_both_legs_without_holes_and_without_specks() -> None:
    picture = legs()
    picture[10:13, 120:123] = 1.0
    truth = np.zeros(picture.shape, bool)
    y, x = np.mgrid[:256, :256].astype(float)
    for centre in (0.28, 0.74):
        truth |= np.hypot(y - 128, x - 256 * centre) < 45
    mask = body_mask(picture)
    # Skin is never cut: the mask is larger than the legs by the smoothing's width, some two pixels.
    assert not (truth & ~mask).any()
    assert (mask & truth).sum() / (mask | truth).sum() > 0.9
    assert mask[128, 72]
    assert mask[128, 189]
    assert not mask[11, 121]


@pytest.mark.parametrize("radius", [4, 6, 12, 40])
def test_the_body_of_a_small_padded_tile_is_the_muscle_and_not_the_whole_picture(radius: int) -> None:
    y, x = np.mgrid[:224, :224].astype(float)
    muscle = np.hypot(y - 100, (x - 130) * 1.3) < radius
    picture = np.where(muscle, 400 + 150 * np.sin(x / 3), 0).astype(np.float32)
    body = body_mask(picture)
    assert not (muscle & ~body).any()
    assert body.sum() < 4 * muscle.sum() + 30
    mapping = SliceMapping.fit(VolumeGeometry.unknown((1, 224, 224)), 224)
    prepared = Preprocess().picture(picture, mapping)
    assert prepared[muscle].mean() > 0.5
    assert not prepared[~body].any()


def test_specks_of_noise_are_no_body() -> None:
    speck = np.zeros((224, 224), np.float32)
    speck[100, 100:103] = 1.0
    assert body_mask(speck).all()
    speck[100:106, 100:106] = 1.0
    assert not body_mask(speck).all()
    # As bright and as small, but half of the air is above its lowest value.
    speck[:112] += 0.001
    assert body_mask(speck).all()


def test_holes_that_reach_the_edge_stay_open() -> None:
    mask = np.zeros((7, 7), bool)
    mask[1:6, 1:6] = True
    mask[3, 3] = False
    mask[2, 5:] = False
    filled = fill_holes(mask)
    assert filled[3, 3]
    assert not filled[2, 5]


@pytest.mark.parametrize("picture", [np.zeros((96, 96)), np.full((96, 96), 7.0)])
def test_an_empty_slice_gives_an_empty_input(picture: NDArray[np.float64]) -> None:
    mapping = SliceMapping.fit(VolumeGeometry.unknown((1, 96, 96)), 224)
    x = Preprocess().to_input([picture.astype(np.float32)], mapping)
    assert x.shape == (1, 1, 224, 224)
    assert not x.any()


def test_the_input_lies_between_0_and_1_and_is_0_outside_of_the_body() -> None:
    mapping = SliceMapping.fit(VolumeGeometry.unknown((1, 256, 256)), 224)
    x = Preprocess().to_input([legs() * 900 - 50], mapping)[0, 0].numpy()
    assert x.min() == 0.0
    assert x.max() == 1.0
    assert not x[:40].any()
    without = Preprocess(PreprocessSettings(body_mask=False)).to_input([legs()], mapping)[0, 0].numpy()
    assert without[:40].any()


@pytest.mark.parametrize(("gain", "offset"), [(1000.0, 0.0), (0.001, 0.0), (1.0, -1024.0)])
def test_the_scanners_units_do_not_matter(gain: float, offset: float) -> None:
    mapping = SliceMapping.fit(VolumeGeometry.unknown((1, 256, 256)), 224)
    plain, other = Preprocess().to_input([legs(), legs() * np.float32(gain) + np.float32(offset)], mapping)
    np.testing.assert_allclose(other, plain, atol=2e-3)


@pytest.mark.parametrize(
    ("order", "signs"), [((2, 1, 0), (1, -1, 1)), ((2, 1, 0), (1, 1, -1)), ((2, 0, 1), (1, -1, 1))]
)
def test_the_order_of_storage_does_not_matter(order: tuple[int, int, int], signs: tuple[int, int, int]) -> None:
    """The same anatomy stored another way, with an affine to match, is the same input; without it, another one."""
    plain = geometry(200, 256, 0.7, 0.9)
    picture = legs(200, 256)
    picture[60:80, 20:60] = 2.0
    if order == (2, 0, 1):
        other = geometry(256, 200, 0.9, 0.7, order, signs)
        stored = picture.T[::-1]
    else:
        other = geometry(200, 256, 0.7, 0.9, order, signs)
        stored = picture[:: signs[1], :: signs[2]]
    preprocess = Preprocess()
    x = preprocess.to_input([picture], preprocess.mapping(plain))
    np.testing.assert_allclose(preprocess.to_input([stored], preprocess.mapping(other)), x, atol=1e-5)
    if stored.shape == picture.shape:
        assert np.abs((preprocess.to_input([stored], preprocess.mapping(plain)) - x).numpy()).max() > 0.5


def test_a_slice_does_not_depend_on_its_neighbours() -> None:
    mapping = SliceMapping.fit(VolumeGeometry.unknown((1, 256, 256)), 224)
    alone = Preprocess().to_input([legs()], mapping)
    np.testing.assert_array_equal(Preprocess().to_input([legs() * 5, legs()], mapping)[1:], alone)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_bad_pixel_makes_a_slice_unreadable(value: float) -> None:
    picture = legs()
    assert readable(picture)
    picture[3, 4] = value
    assert not readable(picture)
