"""Smooth random fields and soft edges, the two brushes that the phantom is painted with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter

Array = NDArray[Any]
"""Of float32 throughout; NumPy's types lose that at every product with a plain number."""


def noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: tuple[float, ...]) -> Array:
    """Return a smooth random field of zero mean and unit deviation; ``sigma`` in pixels along each axis."""
    field = rng.standard_normal(shape, dtype=np.float32)
    field = gaussian_filter(field, sigma, mode="wrap", truncate=3.0)
    return np.asarray((field - field.mean()) / (field.std() + 1e-9), np.float32)


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
