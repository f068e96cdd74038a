"""Ranges, thresholds and colour bars of overlays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.overlay import (
    COLORMAPS,
    DIVERGING,
    LABEL_COLOURS,
    LabelStyle,
    OverlayStyle,
    colour_bar,
    cut_value,
    legend_text,
    number_text,
    painted_levels,
    value_range,
    with_range,
)


def lightness(
    table: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """CIE lightness of each colour."""
    linear = (table / 255.0) ** 2.2
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.asarray(116 * np.cbrt(luminance) - 16)


@pytest.mark.parametrize("name", [name for name in COLORMAPS if name not in DIVERGING])
def test_sequential_tables_grow_lighter_all_along(name: str) -> None:
    assert COLORMAPS[name].shape == (256, 3)
    smooth = np.convolve(lightness(COLORMAPS[name]), np.ones(8) / 8, "valid")
    assert (np.diff(smooth) > 0).all()


def test_diverging_tables_have_ends_of_like_lightness() -> None:
    for name in DIVERGING:
        shown = lightness(COLORMAPS[name])
        assert abs(shown[0] - shown[-1]) < 8
        extreme = np.abs(shown - shown[0]).argmax()
        assert 118 <= extreme <= 138


def test_tables_are_those_of_matplotlib_within_a_just_visible_step() -> None:
    import matplotlib

    for name in ("inferno", "magma", "viridis", "cividis", "coolwarm"):
        table = np.rint(matplotlib.colormaps[name](np.arange(256))[:, :3] * 255)
        assert np.abs(table - COLORMAPS[name]).max() <= 3


def test_evidence_runs_from_zero_to_the_largest_value() -> None:
    values = np.array([[-4.0, 0.5], [1.0, np.nan]], np.float32)
    assert value_range(values, OverlayStyle()) == (0.0, 1.0)
    assert value_range(values, OverlayStyle(colormap="coolwarm")) == (-4.0, 4.0)
    assert value_range(values, OverlayStyle(scale="fixed", fixed_range=(0.2, 0.9))) == (0.2, 0.9)


@pytest.mark.parametrize("value", [np.nan, 0.0, 3.0, -2.0, np.inf, 1e-38])
def test_a_map_that_says_nothing_has_no_range(value: float) -> None:
    values = np.full((4, 4), value, np.float32)
    for name in ("inferno", "coolwarm"):
        assert value_range(values, OverlayStyle(colormap=name)) is None
    assert not painted_levels(values, OverlayStyle(), None).any()


def test_rounding_noise_is_no_evidence() -> None:
    values = np.full((4, 4), 3.0, np.float32)
    values[0, 0] = np.nextafter(np.float32(3), np.float32(4))
    assert value_range(values, OverlayStyle()) is None


def test_evidence_against_alone_paints_nothing_unless_it_is_asked_for() -> None:
    values = np.linspace(-2, -1, 16, dtype=np.float32).reshape(4, 4)
    assert value_range(values, OverlayStyle()) is None
    assert value_range(values, OverlayStyle(colormap="coolwarm")) == (-2.0, 2.0)


def test_a_series_scale_never_mixes_targets() -> None:
    maps = np.stack([np.linspace(0, top, 9, dtype=np.float32).reshape(3, 3) for top in (1.0, 50.0, 2.0)])
    maps[2, 0, 0] = np.nan
    targets = np.array([1, 0, 1])
    style = OverlayStyle(scale="series")
    assert value_range(maps, style, targets, 1) == (0.0, 2.0)
    assert value_range(maps, style, targets, 0) == (0.0, 50.0)
    assert value_range(maps, style, targets, 2) is None
    with pytest.raises(ValueError, match="target"):
        value_range(maps, style)


def test_the_threshold_cuts_without_changing_a_colour() -> None:
    values = np.linspace(-1, 2, 301, dtype=np.float32)[None]
    low = painted_levels(values, OverlayStyle(threshold=0.0), (0.0, 2.0))
    high = painted_levels(values, OverlayStyle(threshold=0.5), (0.0, 2.0))
    assert (high[values < 1.0] == 0).all()
    assert (high[values >= 1.0] == low[values >= 1.0]).all()
    assert (low[values <= 0.0] == 0).all()
    assert (low[values > 0.0] > 0).all()
    assert low.max() == 255


def test_a_diverging_table_cuts_around_zero() -> None:
    values = np.array([[-2.0, -1.1, -0.9, 0.0, 0.9, 1.1, 2.0]], np.float32)
    style = OverlayStyle(colormap="coolwarm", threshold=0.5)
    assert (painted_levels(values, style, (-2.0, 2.0)) > 0).tolist() == [[True, True, False, False, False, True, True]]
    open_style = OverlayStyle(colormap="coolwarm", threshold=0.0)
    assert painted_levels(values, open_style, (-2.0, 2.0))[0, 3] == 0


@given(
    st.lists(st.floats(width=32, min_value=-(2.0**66), max_value=2.0**66), min_size=2, max_size=30),
    st.floats(0, 1),
    st.sampled_from(sorted(COLORMAPS)),
)
def test_stronger_evidence_never_takes_a_lower_colour(values: list[float], threshold: float, name: str) -> None:
    array = np.sort(np.array(values, np.float32))[None]
    style = OverlayStyle(colormap=name, threshold=threshold)
    limits = value_range(array, style)
    levels = painted_levels(array, style, limits)[0].astype(int)
    if limits is None:
        assert not levels.any()
        return
    painted = levels[levels > 0]
    assert painted.size
    assert (np.diff(painted) >= 0).all()


def test_nan_and_infinity_are_not_painted() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 1.0]], np.float32)
    for name in ("inferno", "coolwarm"):
        levels = painted_levels(values, OverlayStyle(colormap=name), (-1.0, 1.0))
        assert (levels > 0).tolist() == [[False, False, False, True]]


def test_labels_keep_their_colour_and_zero_has_none() -> None:
    count = len(LABEL_COLOURS)
    values = np.array([[0.0, 1.0, 2.0, count, count + 1, -1.0, np.nan, 0.2]], np.float32)
    assert painted_levels(values, LabelStyle(), None).tolist() == [[0, 1, 2, count, 1, 0, 0, 0]]


def test_the_bar_shows_colours_threshold_and_numbers() -> None:
    bar = colour_bar(OverlayStyle(threshold=0.5, opacity=0.6), 0.0, 0.8, 101)
    assert bar.colours.shape == (101, 3)
    assert (bar.colours[-1] == COLORMAPS["inferno"][255]).all()
    assert (bar.alpha[:50] == 0).all()
    assert (bar.alpha[51:] == 0.6).all()
    assert [(tick.place, tick.text) for tick in bar.ticks] == [(0.0, "0"), (0.5, "0.4"), (1.0, "0.8")]


def test_the_bar_of_a_diverging_table_names_zero_and_both_cuts() -> None:
    bar = colour_bar(OverlayStyle(colormap="coolwarm", threshold=0.5), -2.0, 2.0)
    assert [tick.text for tick in bar.ticks] == ["-2", "-1", "0", "1", "2"]
    assert bar.alpha[127] == 0
    assert bar.alpha[0] == bar.alpha[-1] == 0.5


def test_ticks_never_stand_on_each_other() -> None:
    places = [tick.place for tick in colour_bar(OverlayStyle(threshold=0.02), 0.0, 1.0).ticks]
    assert places == [0.0, 1.0]


@pytest.mark.parametrize(
    ("value", "span", "text"),
    [(0, 1, "0"), (0.1234, 1, "0.12"), (45.678, 100, "46"), (1.2e-5, 1e-4, "1.2e-05"), (123456, 2e5, "1.2e+05")],
)
def test_numbers_beside_the_bar_are_short(value: float, span: float, text: str) -> None:
    assert number_text(value, span) == text


def test_the_legend_names_scale_and_target() -> None:
    text = legend_text(OverlayStyle(scale="series"), "Grad-CAM", "affected")
    assert text == "Grad-CAM · evidence for affected · scale of the series"
    assert "against" in legend_text(OverlayStyle(colormap="coolwarm"), "Grad-CAM", "affected")


@pytest.mark.parametrize(
    "fields",
    [
        {"opacity": 1.2},
        {"threshold": -0.1},
        {"colormap": "jet"},
        {"scale": "volume"},
        {"scale": "fixed"},
        {"scale": "fixed", "fixed_range": (1.0, 1.0)},
    ],
)
def test_an_impossible_style_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|needs|there is no"):
        OverlayStyle(**fields)  # type: ignore[arg-type]


@given(
    st.floats(0, 1),
    st.floats(0.01, 10),
    st.floats(-5, 5),
    st.floats(0.01, 10),
    st.floats(-3, 8, width=32),
)
def test_the_range_of_colours_moves_without_changing_what_is_painted(
    threshold: float, high: float, low: float, span: float, value: float
) -> None:
    style = OverlayStyle(threshold=threshold)
    moved = with_range(style, low, low + span, (0.0, high))
    assert moved.scale == "fixed"
    cut = cut_value(style, 0.0, high)
    if low < 0 or cut > low + span:  # Evidence against is shown then, or the cut lies beyond the last colour.
        assert 0 <= moved.threshold <= 1
        return
    assert cut_value(moved, low, low + span) == pytest.approx(cut, abs=1e-9)
    if abs(value - cut) > 1e-4 and value != 0:
        one = np.array([[value]], np.float32)
        before, after = painted_levels(one, style, (0.0, high)), painted_levels(one, moved, (low, low + span))
        assert (before > 0) == (after > 0)


def test_the_low_end_of_a_range_changes_colours_only() -> None:
    values = np.linspace(0, 1, 11, dtype=np.float32)[None]
    style = OverlayStyle(threshold=0.2)
    wide, narrow = painted_levels(values, style, (0.0, 1.0)), painted_levels(values, style, (0.5, 1.0))
    assert ((wide > 0) == (narrow > 0)).all()
    assert (narrow[0, 2:6] == 1).all()
    assert narrow[0, 10] == wide[0, 10] == 255
    bar = colour_bar(style, 0.5, 1.0)
    assert [tick.text for tick in bar.ticks] == ["0.5", "1"]
    with pytest.raises(ValueError, match="from low to high"):
        with_range(style, 1.0, 1.0)


def test_the_bar_shows_the_outline_and_no_filling_where_there_is_none() -> None:
    style = OverlayStyle(threshold=0.25, fill=False, outline=True, line=(1, 2, 3))
    bar = colour_bar(style, 0.0, 1.0)
    assert not bar.alpha.any()
    assert bar.line == (1, 2, 3)
    assert bar.cuts == (0.25,)
    assert colour_bar(OverlayStyle(), 0.0, 1.0).line is None
