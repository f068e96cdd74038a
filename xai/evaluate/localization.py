"""Does a map point at the lesion? Measured inside the body, ties by their expectation, beside what chance gives.

Values are arrays (H, W) on one grid with the body and the lesion. Only positive values speak for the class, so the
others count as 0; a map without any positive value says nothing of where and is scored as chance, neither better nor
worse.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

TOLERANCE = 15.0
"""Network pixels by which a peak may miss: about half a cell of a ResNet's last layer (Zhang et al. 2018 use 15)."""

Mask = NDArray[np.bool_]
Values = NDArray[np.float32]


def localization(values: Values, body: Mask, lesion: Mask, tolerance: float = TOLERANCE) -> dict[str, float]:
    """Return all measures of one map by name; NaN when there is no lesion in the body."""
    mass, rank = relevance_mass(values, body, lesion), relevance_rank(values, body, lesion)
    share = _share(body, lesion)
    return {
        "pointing": pointing(values, body, lesion, tolerance),
        "pointing_chance": _share(body, _near(lesion, tolerance)),
        "relevance_mass": mass,
        "relevance_mass_over_chance": mass / share if share > 0 else np.nan,
        "relevance_rank": rank,
        "relevance_rank_over_chance": (rank - share) / (1 - share) if 0 < share < 1 else np.nan,
    }


def pointing(values: Values, body: Mask, lesion: Mask, tolerance: float = TOLERANCE) -> float:
    """Return the chance that the highest pixel lies on the lesion or within ``tolerance`` pixels of it.

    Of several highest pixels each is as likely to be named (pointing game, Zhang et al. 2018,
    doi:10.1007/s11263-017-1059-x).
    """
    if not (lesion & body).any():
        return float("nan")
    inside = np.maximum(values[body], 0)
    return float(_near(lesion, tolerance)[body][inside == inside.max()].mean())


def relevance_mass(values: Values, body: Mask, lesion: Mask) -> float:
    """Return which share of the map's positive values in the body lies on the lesion (Arras et al. 2022, RMA)."""
    if not (lesion & body).any():
        return float("nan")
    positive = np.where(body, np.maximum(values, 0), 0).astype(np.float64)
    total = float(positive.sum())
    return float(positive[lesion].sum()) / total if total > 0 else _share(body, lesion)


def relevance_rank(values: Values, body: Mask, lesion: Mask) -> float:
    """Return which share of the K highest pixels lies on the lesion, which has K pixels in the body.

    The relevance rank accuracy of Arras et al. 2022, arXiv:2003.07258. Where pixels tie for the last places, what
    drawing them by lot gives on average.
    """
    count = int((lesion & body).sum())
    if not count:
        return float("nan")
    inside, on = np.maximum(values[body], 0), lesion[body]
    least = np.partition(inside, len(inside) - count)[len(inside) - count]
    above, level = inside > least, inside == least
    left = count - int(above.sum())
    return float((on[above].sum() + left * on[level].mean()) / count)


def _share(body: Mask, lesion: Mask) -> float:
    pixels = int(body.sum())
    return float((lesion & body).sum()) / pixels if pixels else 0.0


def _near(lesion: Mask, tolerance: float) -> Mask:
    return np.asarray(distance_transform_edt(~lesion) <= tolerance)
