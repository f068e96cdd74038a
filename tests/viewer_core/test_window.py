"""Windows: body-aware, constant over a series, never without width."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from viewer.core.window import (
    DRAG_PIXELS,
    Window,
    auto_window,
    body_values,
    dragged,
    grey_levels,
    presets,
    sample_values,
    value_span,
)
from xai.imaging.volume import SeriesInfo


def limb(air: float = 12.0, muscle: float = 200.0, fat: float = 800.0) -> NDArray[np.float32]:
    """A picture of T1 values: seven tenths air (Rayleigh), then cortical bone, muscle and fat."""
    rng = np.random.default_rng(5)
    values = np.concatenate(
        [
            rng.rayleigh(air, 70_000),
            rng.normal(70, 5, 1_000),
            rng.normal(muscle, muscle / 10, 19_000),
            rng.normal(fat, fat / 10, 10_000),
        ]
    )
    return rng.permutation(values).astype(np.float32)


def test_air_does_not_count_and_muscle_is_not_air() -> None:
    samples = limb()
    body = body_values(samples)
    assert 0.29 <= body.size / samples.size <= 0.32
    window = auto_window(samples)
    assert 50 < window.lower < 90
    assert 850 < window.upper < 1100


def test_a_cropped_limb_keeps_its_muscle() -> None:
    tissue = limb()[limb() > 120]
    assert body_values(tissue).size > 0.99 * tissue.size


def test_ct_with_padding_is_windowed_on_tissue() -> None:
    rng = np.random.default_rng(1)
    samples = np.concatenate(
        [
            np.full(20_000, -2000.0),
            rng.normal(-1000, 15, 40_000),
            rng.normal(-80, 20, 15_000),
            rng.normal(50, 25, 25_000),
        ]
    ).astype(np.float32)
    window = auto_window(samples)
    assert -1000 < window.lower < -100
    assert 50 < window.upper < 200


def test_a_phase_image_has_no_air_to_leave_out() -> None:
    samples = np.random.default_rng(2).uniform(-4096, 4096, 50_000).astype(np.float32)
    window = auto_window(samples)
    assert window.lower < -3900
    assert window.upper > 3900


def test_hot_pixels_and_nan_do_not_move_the_window() -> None:
    samples = limb()
    spoiled = samples.copy()
    spoiled[:50] = 1e6
    spoiled[50:5000] = np.nan
    clean, with_spikes = auto_window(samples), auto_window(spoiled)
    assert with_spikes.upper == pytest.approx(clean.upper, rel=0.1)


@pytest.mark.parametrize("value", [0.0, 7.0, -3.0, 1e-12, 1e9])
def test_a_constant_picture_gets_a_window(value: float) -> None:
    samples = np.full(1000, value, np.float32)
    window = auto_window(samples)
    grey = grey_levels(samples, window)
    assert np.all(grey == (255 if value > 0 else 0))


def test_no_values_at_all_give_a_window() -> None:
    for samples in (np.empty(0, np.float32), np.full(9, np.nan, np.float32)):
        assert auto_window(samples) == Window.between(0, 1)
        assert [preset.key for preset in presets(samples, SeriesInfo())] == ["2", "3", "4"]


@given(st.lists(st.floats(width=32, min_value=-(2.0**100), max_value=2.0**100) | st.just(float("nan")), max_size=60))
def test_every_picture_gets_a_finite_window(values: list[float]) -> None:
    samples = np.array(values, np.float32)
    for window in (auto_window(samples), *(preset.window for preset in presets(samples, SeriesInfo()))):
        assert np.isfinite([window.centre, window.width]).all()
        assert window.width > 0


def test_samples_come_evenly_from_every_slice() -> None:
    slices = [np.full((100, 100), k, np.float32) for k in range(5)]
    slices[2][:] = np.nan
    samples = sample_values(slices, limit=2000)
    values, counts = np.unique(samples, return_counts=True)
    assert values.tolist() == [0, 1, 3, 4]
    assert counts.tolist() == [counts[0]] * 4
    assert 0.5 * 2000 <= samples.size <= 2000


def test_presets_stand_on_their_keys() -> None:
    info = SeriesInfo(windows=((300.0, 0.0), (40.0, 400.0)))
    samples = np.arange(1001, dtype=np.float32)
    found = {preset.key: preset.window for preset in presets(samples, info)}
    assert found["1"] == Window(40, 400)
    assert (found["2"].lower, found["2"].upper) == pytest.approx((10, 990))
    assert (found["3"].lower, found["3"].upper) == pytest.approx((1, 999))
    assert (found["4"].lower, found["4"].upper) == pytest.approx((0, 1000))


def test_a_drag_widens_to_the_right_and_darkens_downwards() -> None:
    start, span = Window(500, 400), 1024.0
    assert dragged(start, 10, 0, span) == Window(500, 420)
    lower = dragged(start, 0, 10, span)
    assert lower == Window(520, 400)
    value = np.array([500], np.float32)
    assert grey_levels(value, lower)[0] < grey_levels(value, start)[0]
    assert dragged(start, 0, DRAG_PIXELS, span).centre == 500 + span


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(-5000, 5000), st.floats(-5000, 5000), st.floats(1e-3, 1e6))
def test_no_drag_leaves_a_window_without_width(centre: float, width: float, dx: float, dy: float, span: float) -> None:
    assert dragged(Window(centre, width), dx, dy, span).width > 0


def test_the_span_of_a_drag_ignores_a_hot_pixel() -> None:
    samples = limb()
    spiked = np.append(samples, np.float32(1e7))
    assert value_span(spiked) == pytest.approx(value_span(samples), rel=0.05)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (Window(256, 512), "W 512 L 256"),
        (Window(255.6, 511.7), "W 512 L 256"),
        (Window(0.425, 0.85), "W 0.85 L 0.425"),
        (Window(-600, 1500), "W 1500 L -600"),
        (Window(0.0, 50), "W 50 L 0"),
        (Window(-0.0001, 50), "W 50 L 0"),
        (Window(1.5e-5, 3e-5), "W 0.00003 L 0.000015"),
    ],
)
def test_the_text_has_the_digits_that_matter(window: Window, text: str) -> None:
    assert window.text == text


@pytest.mark.parametrize(("centre", "width"), [(0, 0), (0, -1), (np.nan, 1), (0, np.inf)])
def test_a_window_without_width_is_refused(centre: float, width: float) -> None:
    with pytest.raises(ValueError, match="width above zero"):
        Window(centre, width)


@settings(max_examples=50)
@given(st.floats(-1000, 1000), st.floats(0.5, 2000))
def test_grey_levels_are_rounded_and_clipped(centre: float, width: float) -> None:
    window = Window(centre, width)
    values = np.linspace(window.lower - width, window.upper + width, 997).astype(np.float32)
    expected = np.clip((values.astype(float) - window.lower) / width * 255, 0, 255)
    assert np.abs(grey_levels(values, window) - expected).max() <= 0.5 + 255 * 2e-4 / width  # float32 near 1000


@pytest.mark.realdata
def test_real_limbs_show_muscle_between_black_and_white(real_data: Path) -> None:
    import nibabel

    found = sorted((real_data / "nifti_limb_muscle_small").rglob("*.nii.gz"))
    pictures = [path for path in found if "mask" not in str(path).lower() and "label" not in str(path).lower()]
    assert pictures
    for path in pictures:
        array = np.asanyarray(nibabel.load(path).dataobj, dtype=np.float32)
        array = array.reshape((*array.shape[:3], -1))[..., 0]
        samples = sample_values([array[:, :, k] for k in range(array.shape[2])])
        window = auto_window(samples)
        grey = grey_levels(samples, window)
        tissue = grey[samples > np.percentile(samples, 90)]
        assert 40 < np.median(tissue) < 235, path.name
