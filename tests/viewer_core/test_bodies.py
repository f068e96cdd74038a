"""Maps are painted on the body: where it is, what is hidden, and that it is found only once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from viewer.core import bodies
from viewer.core.bodies import Bodies, paints_outside, slice_body
from viewer.core.overlay import LabelStyle, Layer, OverlayStyle, painted_levels
from viewer.core.render import render
from viewer.core.window import Window
from xai.imaging.geometry import DisplayTransform

AS_STORED = DisplayTransform()
FULL = Window.between(0, 255)


def leg(rows: int, columns: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A bright limb right of the middle with a dark bone in it, in noisy air."""
    y, x = np.mgrid[:rows, :columns]
    body = ((y - 0.5 * rows) / (0.3 * rows)) ** 2 + ((x - 0.65 * columns) / (0.25 * columns)) ** 2 < 1
    bone = ((y - 0.5 * rows) / (0.06 * rows)) ** 2 + ((x - 0.65 * columns) / (0.05 * columns)) ** 2 < 1
    noise = np.random.default_rng(3).rayleigh(8, (rows, columns))
    return np.where(body & ~bone, 300.0, noise).astype(np.float32), body


@pytest.mark.parametrize("shape", [(120, 200), (512, 512), (301, 517)])
def test_the_body_is_found_with_the_bone_in_it_and_without_the_air(shape: tuple[int, int]) -> None:
    values, body = leg(*shape)
    found = slice_body(values)
    assert found.shape == values.shape
    step = -(-max(shape) // bodies.LONGEST_SIDE)
    inside, outside = np.count_nonzero(found & body), np.count_nonzero(found & ~body)
    assert inside > 0.98 * np.count_nonzero(body)
    assert outside < 0.02 * found.size * step


def test_pixels_that_are_not_numbers_do_not_spread() -> None:
    values, body = leg(120, 200)
    values[:10, :10] = np.nan
    found = slice_body(values)
    assert np.count_nonzero(found & body) > 0.98 * np.count_nonzero(body)
    assert not found[30:, :30].any()


def test_a_picture_of_tissue_alone_is_all_body() -> None:
    assert slice_body(np.full((64, 64), 7.0, np.float32)).all()
    assert Bodies().of(0, np.full((64, 64), 7.0, np.float32)) is None


def test_a_body_is_found_once_for_each_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    values, _ = leg(120, 200)
    calls: list[int] = []

    def counted(picture: NDArray[np.float32]) -> NDArray[np.bool_]:
        calls.append(1)
        return slice_body(picture)

    monkeypatch.setattr(bodies, "slice_body", counted)
    kept = Bodies()
    first = kept.of(4, values)
    assert kept.of(4, values) is first
    assert len(calls) == 1
    kept.of(4, values.copy())  # read again
    kept.of(5, values)
    assert len(calls) == 3


def test_maps_are_painted_on_the_body_and_labels_everywhere() -> None:
    dark = np.zeros((6, 6), np.float32)
    body = np.zeros((6, 6), bool)
    body[1:4, 2:6] = True
    maps = Layer(np.ones((6, 6), np.float32), OverlayStyle(opacity=1.0), (0.0, 1.0))
    labels = Layer(np.ones((6, 6), np.float32), LabelStyle(opacity=1.0))
    clean = render(dark, AS_STORED, FULL)
    assert np.array_equal(render(dark, AS_STORED, FULL, overlays=[maps], body=body) != clean, body)
    assert (render(dark, AS_STORED, FULL, overlays=[labels], body=body) != clean).all()
    line = Layer(maps.values, OverlayStyle(fill=False, outline=True), (0.0, 1.0))
    assert not (render(dark, AS_STORED, FULL, overlays=[line], body=body) != clean)[~body].any()
    everywhere = np.ones((6, 6), bool)
    assert np.array_equal(
        render(dark, AS_STORED, FULL, overlays=[maps], body=everywhere),
        render(dark, AS_STORED, FULL, overlays=[maps]),
    )
    turned = DisplayTransform(transpose=True, flip_rows=True)
    shown = render(dark, turned, FULL, overlays=[maps], body=body) != render(dark, turned, FULL)
    assert np.array_equal(shown, turned.apply(body))
    with pytest.raises(ValueError, match="does not fit"):
        render(dark, AS_STORED, FULL, body=body[:3])


@settings(max_examples=150)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["inferno", "blue-orange"]),
    st.floats(0, 1),
    st.sampled_from([(0.0, 1.0), (-1.0, 1.0), (0.4, 0.9)]),
)
def test_hiding_is_said_exactly_when_something_is_hidden(
    seed: int, colormap: str, threshold: float, limits: tuple[float, float]
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(-1, 1, (5, 5)).astype(np.float32)
    values[rng.random((5, 5)) < 0.2] = np.nan
    body = rng.random((5, 5)) < rng.choice([0.5, 0.95, 1.0])
    style = OverlayStyle(colormap=colormap, threshold=threshold)
    painted = painted_levels(values, style, limits) > 0
    with np.errstate(invalid="ignore"):
        assert paints_outside(values, style, limits, body) == bool((painted & ~body).any())
