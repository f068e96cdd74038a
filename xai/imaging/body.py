"""Where the body is in a picture: the model sees nothing else, and overlays need not lie on air."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SMOOTHING = 1.5
"""Sigma, in network pixels, of the smoothing before the body is looked for."""

BODY_LEVEL = 0.35
"""The body begins this far up from the mean of air to the mean of tissue; below the middle, for muscle beside fat."""

KEPT_SHARE = 0.1
"""A part of the body has at least this share of the largest part's area, so that both legs stay and specks go."""

SMALLEST_BODY = 0.005
"""A body under this share of the picture is noise: the whole picture is taken instead."""

ON_BLACK = (0.0005, 0.1)
"""But where only a share between these is above the picture's lowest value there is no noise: a tile in its frame."""


def body_mask(picture: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where the body is in a network-sized picture (h, w): tissue against air, holes filled, specks dropped."""
    everything = np.ones(picture.shape, bool)
    smooth = ndimage.gaussian_filter(picture, SMOOTHING, truncate=3.0)
    bright = smooth[smooth > smooth.mean()]
    if bright.size == 0:
        return everything
    # Bright fat would draw the threshold above muscle: what is brighter than usual tissue counts as usual tissue.
    air, tissue = two_means(np.minimum(smooth, np.median(bright)))
    if not tissue > air:
        return everything
    mask = fill_holes(smooth > air + BODY_LEVEL * (tissue - air))
    labels, count = ndimage.label(mask)
    if count == 0:
        return everything
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    areas[0] = 0
    lit = np.count_nonzero(picture > picture.min()) / mask.size
    if areas.max() < SMALLEST_BODY * mask.size and not ON_BLACK[0] <= lit <= ON_BLACK[1]:
        return everything
    return cast("NDArray[np.bool_]", (areas >= KEPT_SHARE * areas.max())[labels])


def fill_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return ``mask`` with the holes filled that do not reach the picture's edge."""
    labels, count = ndimage.label(~mask)
    outside = np.zeros(count + 1, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        outside[edge] = True
    outside[0] = False
    return ~outside[labels]


def two_means(values: NDArray[np.float32], bins: int = 128) -> tuple[float, float]:
    """Return the mean of the darker and of the brighter values, split where the two differ most (Otsu 1979)."""
    counts, edges = np.histogram(values, bins)
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = values.size - below
    sums = np.cumsum(counts * middle)
    low = sums[:-1] / np.maximum(below, 1)
    high = (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    best = int(np.argmax(below * above * (high - low) ** 2.0))
    return float(low[best]), float(high[best])
