"""Pixels: exact values, the right way round, honest opacity."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from viewer.core.overlay import (
    COLORMAPS,
    DIVERGING,
    LABEL_COLOURS,
    LabelStyle,
    Layer,
    OverlayStyle,
    outline_colour,
)
from viewer.core.render import HATCH_DARK, HATCH_LIGHT, render
from viewer.core.window import Window
from xai.imaging.geometry import DisplayTransform

AS_STORED = DisplayTransform()
FULL = Window.between(0, 255)


def channels(picture: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Red, green and blue of each pixel."""
    return np.stack([(picture >> shift) & 0xFF for shift in (16, 8, 0)], axis=-1).astype(np.int64)


def ramp() -> NDArray[np.float32]:
    return np.arange(256, dtype=np.float32).reshape(16, 16)


def blended(grey: NDArray[np.float32], colour: NDArray[np.uint8], opacity: float) -> NDArray[np.int64]:
    """The textbook: linear blending, rounded once."""
    out = (1 - opacity) * grey[..., None].astype(np.float64) + opacity * colour.astype(np.float64)
    return np.floor(out + 0.5).astype(np.int64)


def test_grey_is_opaque_grey() -> None:
    picture = render(ramp(), AS_STORED, FULL)
    assert picture.dtype == np.uint32
    assert picture.flags.c_contiguous
    assert picture[0, 0] == 0xFF000000
    assert picture[0, 1] == 0xFF010101
    assert picture[15, 15] == 0xFFFFFFFF


def test_values_beyond_the_window_are_black_and_white() -> None:
    values = np.array([[-1e6, 100, 150, 200, 1e6]], np.float32)
    assert channels(render(values, AS_STORED, Window(150, 100)))[0, :, 0].tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize(("transpose", "rows", "columns"), list(product((False, True), repeat=3)))
def test_the_picture_and_its_overlay_are_turned_alike(transpose: bool, rows: bool, columns: bool) -> None:
    display = DisplayTransform(transpose, rows, columns)
    stored = np.zeros((3, 5), np.float32)
    stored[0, 4] = 255  # an asymmetric mark: first stored row, last stored column
    marks = np.where(stored > 0, np.float32(1), np.float32(0))
    place = display.to_shown(np.array([0.0, 4.0]), (3, 5)).astype(int)
    picture = render(stored, display, FULL)
    assert picture.shape == display.shown_shape((3, 5))
    assert picture.flags.c_contiguous
    assert np.argwhere(channels(picture)[..., 0] == 255).tolist() == [place.tolist()]
    painted = render(np.zeros_like(stored), display, FULL, overlays=[(marks, OverlayStyle(opacity=1), (0.0, 1.0))])
    assert np.argwhere(painted != 0xFF000000).tolist() == [place.tolist()]


@settings(max_examples=60)
@given(st.floats(0.004, 1), st.sampled_from(sorted(COLORMAPS)), st.integers(1, 255))
def test_opacity_is_linear_to_rounding(opacity: float, name: str, level: int) -> None:
    values = np.full((16, 16), level / 255, np.float32)
    style = OverlayStyle(opacity=opacity, colormap=name, threshold=0.0)
    limits = (-1.0, 1.0) if style.diverging else (0.0, 1.0)
    shown = level if not style.diverging else int(np.floor(np.float32(level / 255 + 1) * np.float32(127.5) + 0.5))
    expected = blended(ramp(), COLORMAPS[name][shown], opacity)
    picture = channels(render(ramp(), AS_STORED, FULL, overlays=[(values, style, limits)]))
    assert (picture == expected).all()


SEQUENTIAL = sorted(set(COLORMAPS) - set(DIVERGING))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0.05, 1), st.sampled_from(SEQUENTIAL)), min_size=2, max_size=4))
def test_several_overlays_are_laid_over_each_other_in_order(layers: list[tuple[float, str]]) -> None:
    rng = np.random.default_rng(len(layers))
    overlays = []
    expected = np.repeat(ramp()[..., None], 3, axis=2).astype(np.int64)
    for opacity, name in layers:
        index = rng.integers(0, 256, (16, 16))
        style = OverlayStyle(opacity=opacity, colormap=name, threshold=0.0)
        overlays.append(Layer((index / 255).astype(np.float32), style, (0.0, 1.0)))
        over = np.floor((1 - opacity) * expected + opacity * COLORMAPS[name][index].astype(np.float64) + 0.5)
        expected = np.where((index > 0)[..., None], over.astype(np.int64), expected)
    assert (channels(render(ramp(), AS_STORED, FULL, overlays=overlays)) == expected).all()


def test_order_matters() -> None:
    ones = np.ones((16, 16), np.float32)
    first = Layer(ones, OverlayStyle(opacity=0.8, colormap="inferno"), (0.0, 1.0))
    second = Layer(ones, OverlayStyle(opacity=0.8, colormap="viridis"), (0.0, 1.0))
    one_way = render(ramp(), AS_STORED, FULL, overlays=[first, second])
    other_way = render(ramp(), AS_STORED, FULL, overlays=[second, first])
    assert (one_way != other_way).all()


@pytest.mark.parametrize(
    "layer",
    [
        Layer(np.full((16, 16), np.nan, np.float32), OverlayStyle(), (0.0, 1.0)),
        Layer(np.full((16, 16), 0.29, np.float32), OverlayStyle(threshold=0.3), (0.0, 1.0)),
        Layer(np.ones((16, 16), np.float32), OverlayStyle(visible=False), (0.0, 1.0)),
        Layer(np.ones((16, 16), np.float32), OverlayStyle(opacity=0.0), (0.0, 1.0)),
        Layer(np.ones((16, 16), np.float32), OverlayStyle(fill=False), (0.0, 1.0)),
        Layer(np.ones((16, 16), np.float32), OverlayStyle(outline=True), None),
        Layer(np.full((16, 16), -1, np.float32), OverlayStyle(), (0.0, 1.0)),
        Layer(np.zeros((16, 16), np.float32), LabelStyle()),
    ],
    ids=["nan", "below-threshold", "hidden", "transparent", "no-fill", "no-range", "against", "label-0"],
)
def test_what_is_not_painted_leaves_the_picture_alone(layer: Layer) -> None:
    clean = render(ramp(), AS_STORED, FULL)
    assert (render(ramp(), AS_STORED, FULL, overlays=[layer]) == clean).all()
    below = Layer(np.ones((16, 16), np.float32), OverlayStyle(), (0.0, 1.0))
    once = render(ramp(), AS_STORED, FULL, overlays=[below])
    assert (render(ramp(), AS_STORED, FULL, overlays=[below, layer]) == once).all()


def test_inverting_leaves_the_colours_of_an_overlay() -> None:
    plain, inverted = render(ramp(), AS_STORED, FULL), render(ramp(), AS_STORED, FULL, invert=True)
    assert (channels(plain) + channels(inverted) == 255).all()
    solid = [Layer(np.ones((16, 16), np.float32), OverlayStyle(opacity=1.0), (0.0, 1.0))]
    painted = render(ramp(), AS_STORED, FULL, invert=True, overlays=solid)
    assert (channels(painted) == COLORMAPS["inferno"][255]).all()


def test_unread_pixels_are_striped_over_everything_and_no_tissue_looks_like_it() -> None:
    values = ramp()
    values[4:12, 4:12] = np.nan
    solid = [Layer(np.ones((16, 16), np.float32), OverlayStyle(opacity=1.0), (0.0, 1.0))]
    for picture in (render(values, AS_STORED, FULL), render(values, AS_STORED, FULL, True, solid)):
        unread = np.zeros((16, 16), bool)
        unread[4:12, 4:12] = True
        assert set(picture[unread].tolist()) == {HATCH_DARK, HATCH_LIGHT}
        assert not set(picture[~unread].tolist()) & {HATCH_DARK, HATCH_LIGHT}


def test_a_slice_that_was_not_read_is_all_stripes() -> None:
    picture = render(np.full((9, 7), np.nan, np.float32), AS_STORED, FULL)
    assert set(picture.ravel().tolist()) == {HATCH_DARK, HATCH_LIGHT}


def test_infinite_values_are_black_and_white() -> None:
    values = np.array([[-np.inf, np.inf]], np.float32)
    assert render(values, AS_STORED, FULL).tolist() == [[0xFF000000, 0xFFFFFFFF]]


def test_the_outline_is_one_pixel_inside_the_painted_part() -> None:
    values = np.zeros((10, 10), np.float32)
    values[2:7, 3:8] = 1
    layer = Layer(values, OverlayStyle(fill=False, outline=True), (0.0, 1.0))
    dark = np.zeros((10, 10), np.float32)
    coloured = render(dark, AS_STORED, FULL, overlays=[layer]) != 0xFF000000
    expected = values > 0
    expected[3:6, 4:7] = False
    assert (coloured == expected).all()


def test_labels_have_their_own_colours_and_outlines_between_them() -> None:
    labels = np.zeros((6, 8), np.float32)
    labels[1:5, 1:4], labels[1:5, 4:7] = 1, 2
    dark = np.zeros((6, 8), np.float32)
    filled = channels(render(dark, AS_STORED, FULL, overlays=[Layer(labels, LabelStyle(opacity=1.0))]))
    assert (filled[labels == 1] == LABEL_COLOURS[0]).all()
    assert (filled[labels == 2] == LABEL_COLOURS[1]).all()
    assert (filled[labels == 0] == 0).all()
    lines = channels(render(dark, AS_STORED, FULL, overlays=[Layer(labels, LabelStyle(fill=False, outline=True))]))
    assert (lines[2, 3] == LABEL_COLOURS[0]).all()
    assert (lines[2, 4] == LABEL_COLOURS[1]).all()
    assert (lines[2, 2] == 0).all()


def test_signs_take_opposite_ends_of_a_diverging_table() -> None:
    values = np.array([[-1.0, 1.0]], np.float32)
    layer = Layer(values, OverlayStyle(opacity=1.0, colormap="coolwarm"), (-1.0, 1.0))
    red, _, blue = channels(render(np.zeros((1, 2), np.float32), AS_STORED, FULL, overlays=[layer])).T
    assert blue[0, 0] > red[0, 0]
    assert red[1, 0] > blue[1, 0]


def test_an_overlay_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        render(ramp(), AS_STORED, FULL, overlays=[(np.ones((4, 4), np.float32), OverlayStyle(), (0.0, 1.0))])


def test_the_inputs_are_left_as_they_were() -> None:
    values, ones = ramp(), np.ones((16, 16), np.float32)
    values.flags.writeable = ones.flags.writeable = False
    render(values, AS_STORED, FULL, True, [Layer(ones, OverlayStyle(outline=True), (0.0, 1.0))] * 2)
    assert (values == ramp()).all()


def square(rows: slice, columns: slice) -> NDArray[np.float32]:
    values = np.zeros((24, 24), np.float32)
    values[rows, columns] = 1
    return values


def test_an_outline_has_the_colour_it_was_given_and_else_one_of_its_table() -> None:
    dark = np.zeros((24, 24), np.float32)
    values = square(slice(4, 12), slice(4, 12))
    own = render(dark, AS_STORED, FULL, overlays=[Layer(values, OverlayStyle(outline=True, fill=False), (0.0, 1.0))])
    assert tuple(channels(own)[4, 4]) == outline_colour(OverlayStyle()) == tuple(COLORMAPS["inferno"][192])
    blue = OverlayStyle(outline=True, fill=False, line=(1, 2, 250))
    given_one = render(dark, AS_STORED, FULL, overlays=[Layer(values, blue, (0.0, 1.0))])
    assert tuple(channels(given_one)[4, 4]) == (1, 2, 250)


def test_where_two_outlines_run_together_both_are_seen() -> None:
    dark = np.zeros((24, 24), np.float32)
    red = OverlayStyle(outline=True, fill=False, line=(250, 0, 0))
    blue = OverlayStyle(outline=True, fill=False, line=(0, 0, 250))
    same = square(slice(4, 20), slice(4, 20))
    other = square(slice(4, 20), slice(10, 22))
    both = channels(render(dark, AS_STORED, FULL, overlays=[(same, red, (0.0, 1.0)), (same, blue, (0.0, 1.0))]))
    edge = both.sum(axis=2) > 0
    reds, blues = int((both[..., 0] > 0).sum()), int((both[..., 2] > 0).sum())
    assert reds + blues == int(edge.sum())
    assert min(reds, blues) > 0.35 * edge.sum()
    apart = channels(render(dark, AS_STORED, FULL, overlays=[(same, red, (0.0, 1.0)), (other, blue, (0.0, 1.0))]))
    assert (apart[6:18, 4, 0] == 250).all()
    assert (apart[6:18, 21, 2] == 250).all()
