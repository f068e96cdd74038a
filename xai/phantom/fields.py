"""Smooth random fields and soft edges, the two brushes that the phantom is painted with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter

Array = NDArray[Any]
"""Of float32 throughout; NumPy's types lose that at every product with a plain number."""


def noise(rng: np.random.Generator, shape: tuple[int, int, int], sigma: tuple[float, float, float]) -> Array:
    """Return a smooth random field (D, h, w) of zero mean and unit deviation; ``sigma`` in pixels along each axis."""
    steps = [max(1, int(s / 2.5)) for s in sigma[1:]]
    coarse = (shape[0], *(int(np.ceil(n / step)) + 1 for n, step in zip(shape[1:], steps, strict=True)))
    field = rng.standard_normal(coarse, dtype=np.float32)
    field = gaussian_filter(field, (sigma[0], sigma[1] / steps[0], sigma[2] / steps[1]), mode="wrap", truncate=3.0)
    # A wide field is drawn on fewer points: between them, two and a half to a deviation, straight lines do.
    for axis, step in enumerate(steps, start=1):
        if step > 1:
            field = _refine(field, step, shape[axis], axis)
    field = field[:, : shape[1], : shape[2]]
    return np.asarray((field - field.mean()) / (field.std() + 1e-9), np.float32)


def _refine(field: Array, step: int, length: int, axis: int) -> Array:
    place = np.arange(length) / np.float32(step)
    low = place.astype(int)
    part = (place - low).astype(np.float32).reshape((1, -1, 1) if axis == 1 else (1, 1, -1))
    return np.asarray(np.take(field, low, axis) * (1 - part) + np.take(field, low + 1, axis) * part)


def edge(distance: Array, width: float) -> Array:
    """Return coverage 0..1 of a pixel whose centre lies ``distance`` inside a border, over a ramp of ``width``."""
    return np.clip(distance / np.float32(width) + np.float32(0.5), 0, 1)


def line(distance: Array, width: float | Array) -> Array:
    """Return the coverage of a thin line at ``distance`` 0, of half-width ``width``."""
    return np.exp(-np.square(distance / width))


def ridges(field: Array, width: float) -> Array:
    """Return thin curved lines along the zero crossings of a unit field: fibre bundles and fat between them."""
    return np.exp(-np.square(field / np.float32(width)))


def along(t: NDArray[np.float64], *knots: tuple[float, float]) -> Array:
    """Interpolate ``(t, value)`` knots monotonely at ``t``, shaped (D, 1, 1) to stand beside pixel grids."""
    x, y = zip(*knots, strict=True)
    return np.asarray(PchipInterpolator(x, y)(np.clip(t, x[0], x[-1])), np.float32)[:, None, None]


def around(angle: Array, knots: tuple[tuple[float, float], ...]) -> Array:
    """Interpolate ``(degrees, value)`` knots smoothly round the circle at ``angle`` in degrees."""
    x = np.array([k[0] for k in knots])
    y = np.array([k[1] for k in knots])
    table = np.interp(np.arange(720) / 2, np.r_[x - 360, x, x + 360], np.r_[y, y, y])
    table = gaussian_filter(table, 24, mode="wrap")  # 12 degrees: skin has no corners
    return np.interp(angle, np.arange(721) / 2, np.r_[table, table[0]]).astype(np.float32)
