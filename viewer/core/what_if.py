"""What-if: a reader paints over part of a slice, the painted tissue is replaced, and the model is asked again.

Places are stored pixel positions (row, column), pixel centres at whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.words import QT_TR_NOOP

Fill = Literal["local-mean", "body-mean"]
FILLS: tuple[tuple[Fill, str], ...] = (
    ("local-mean", QT_TR_NOOP("tissue around")),
    ("body-mean", QT_TR_NOOP("body mean")),
)
"""What painted tissue becomes."""
SMALLEST_REACH = 4
"""Pixels around what is painted whose mean stands for it, at least."""

Point = tuple[float, float]
Ring = tuple[Point, ...]
"""A closed line of pixel corners (row, column); the last point is the first."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """One movement of the brush.

    Parameters
    ----------
    points : tuple of (row, column)
        Where its middle went.
    radius : float
        In the unit of ``spacing``.
    spacing : (float, float)
        Height and width of a pixel: millimetres, or 1 and 1 where they are unknown.
    """

    points: tuple[Point, ...]
    radius: float
    spacing: tuple[float, float] = (1.0, 1.0)


def paint(mask: NDArray[np.bool_], stroke: Stroke, begin: int = 0) -> None:
    """Set the pixels of ``mask`` (H, W) that a stroke covers from its point ``begin`` on."""
    points = np.asarray(stroke.points[max(begin - 1, 0) :], float).reshape(-1, 2)
    starts, ends = (points[:-1], points[1:]) if len(points) > 1 else (points, points)
    spacing = np.asarray(stroke.spacing)
    for start, end in zip(starts, ends, strict=True):
        reach = stroke.radius / spacing
        low = np.maximum(np.floor(np.minimum(start, end) - reach), 0).astype(int)
        high = np.minimum(np.ceil(np.maximum(start, end) + reach) + 1, mask.shape).astype(int)
        if (low >= high).any():
            continue
        rows, columns = np.mgrid[low[0] : high[0], low[1] : high[1]]
        place = np.stack([rows, columns], axis=-1) - start
        way = (end - start) * spacing
        place = place * spacing
        along = np.clip(place @ way / max(float(way @ way), 1e-12), 0, 1)
        distance = np.linalg.norm(place - along[..., None] * way, axis=-1)
        mask[low[0] : high[0], low[1] : high[1]] |= distance <= stroke.radius


def painted(shape: tuple[int, int], strokes: Iterable[Stroke]) -> NDArray[np.bool_]:
    """Return what strokes cover of a slice (H, W)."""
    mask = np.zeros(shape, bool)
    for stroke in strokes:
        paint(mask, stroke)
    return mask


def replaced(
    values: NDArray[np.float32], mask: NDArray[np.bool_], body: NDArray[np.bool_], fill: Fill
) -> NDArray[np.float32]:
    """Return a slice (H, W) whose painted tissue is replaced; air stays air, what is not painted stays as it is.

    Parameters
    ----------
    values : array (H, W) float32
        The slice.
    mask, body : array (H, W) bool
        What is painted, and where the body is.
    fill : "local-mean" or "body-mean"
        The mean of the unpainted tissue nearby, or of the whole body.
    """
    from scipy import ndimage  # here, because the window is to be there before scipy

    changed = values.copy()
    hidden, shown = mask & body, body & ~mask
    if not hidden.any() or not shown.any():
        return changed
    changed[hidden] = values[shown].mean(dtype=np.float64)
    if fill == "body-mean":
        return changed
    spans = [(int(n[0]), int(n[-1])) for n in (np.flatnonzero(hidden.any(1)), np.flatnonzero(hidden.any(0)))]
    reach = max(SMALLEST_REACH, max(last - first for first, last in spans) // 2 + 2)
    rows, columns = (slice(max(first - reach, 0), last + reach + 1) for first, last in spans)
    part = rows, columns
    weight = shown[part].astype(np.float64)
    size = 2 * reach + 1
    share = ndimage.uniform_filter(weight, size, mode="constant")
    mean = ndimage.uniform_filter(values[part] * weight, size, mode="constant") / np.maximum(share, 1e-12)
    there = hidden[part] & (share > 0.5 / size**2)
    changed[part][there] = mean[there]
    return changed


def rings(mask: NDArray[np.bool_]) -> tuple[Ring, ...]:
    """Return the edges of a region (H, W) as closed lines along pixel corners, the region at their left."""
    inside = np.pad(mask, 1)
    ends: dict[tuple[int, int], list[tuple[int, int]]] = {}
    # Corner (r, c) lies at row r - 0.5, column c - 0.5. Walked with rows down, the region stays on one side.
    for (down, right), start, end in (
        ((-1, 0), (0, 1), (0, 0)),
        ((1, 0), (1, 0), (1, 1)),
        ((0, -1), (0, 0), (1, 0)),
        ((0, 1), (1, 1), (0, 1)),
    ):
        beyond = np.roll(inside, (-down, -right), (0, 1))[1:-1, 1:-1]
        for row, column in np.argwhere(mask & ~beyond).tolist():
            ends.setdefault((row + start[0], column + start[1]), []).append((row + end[0], column + end[1]))
    found = []
    while ends:
        first = place = next(iter(ends))
        line = [place]
        while True:
            following = ends[place].pop()
            if not ends[place]:
                del ends[place]
            place = following
            line.append(place)
            if place == first:
                break
        found.append(tuple((row - 0.5, column - 0.5) for row, column in _corners(line)))
    return tuple(found)


def _corners(line: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return a closed line without the points in which it does not turn."""
    ring = list(line[:-1])
    kept = [
        here
        for before, here, after in zip(ring[-1:] + ring[:-1], ring, ring[1:] + ring[:1], strict=True)
        if (here[0] - before[0], here[1] - before[1]) != (after[0] - here[0], after[1] - here[1])
    ]
    return [*kept, kept[0]]


def geojson(mask: NDArray[np.bool_]) -> dict[str, object]:
    """Return a region (H, W) as a GeoJSON MultiPolygon whose coordinates are pixels [column, row], not degrees.

    Each connected part is a polygon: its outer ring first, then its holes.
    """
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    polygons = []
    for number in range(1, count + 1):
        lines = sorted(rings(labels == number), key=lambda ring: -abs(_area(ring)))
        polygons.append([[[column, row] for row, column in ring] for ring in lines])
    return {"type": "MultiPolygon", "coordinates": polygons}


def _area(ring: Ring) -> float:
    rows, columns = np.asarray(ring).T
    return float(np.sum(rows[:-1] * columns[1:] - rows[1:] * columns[:-1]) / 2)


@dataclass(frozen=True, slots=True)
class WhatIfFinding:
    """What became of the model's answer when tissue was painted over: what goes into the feedback.

    Parameters
    ----------
    slice_index : int
        From 1, as on screen.
    region : dict
        GeoJSON MultiPolygon in stored pixels [column, row]; see `geojson`.
    pixels : int
        Painted pixels of tissue.
    fill : str
        What they became.
    class_name : str
        Whose probability it is.
    before, after : float
        Probability of that class.
    """

    slice_index: int
    region: dict[str, object] = field(hash=False)
    pixels: int = 0
    fill: str = "local-mean"
    class_name: str = "affected"
    before: float = float("nan")
    after: float = float("nan")
    volume_sha256: str = ""
    model_sha256: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {"kind": "what-if", **asdict(self)}
