"""Places and areas that a reader marks in a picture: as values, as text in the answers, and where they are drawn.

Coordinates are ``[column, row]`` of the slice as it is stored, pixel centres at whole numbers from 0: whoever reads the
file finds the marked pixels in the stored array without knowing how it was shown. The text has the shape of GeoJSON
geometries (RFC 7946), in pixels instead of degrees.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from viewer.core.words import tr
from xai.imaging.geometry import VolumeGeometry

Position = tuple[float, float]
"""Column and row."""
DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """A place, or a box given by two opposite corners, in stored or in picture coordinates.

    Parameters
    ----------
    start, end : (column, row)
        Equal for a single place.
    """

    start: Position
    end: Position

    @classmethod
    def at(cls, column: float, row: float) -> Mark:
        """Return a single place."""
        return cls((column, row), (column, row))

    @property
    def is_point(self) -> bool:
        """Whether it is a single place."""
        return self.start == self.end

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Smallest column and row, largest column and row."""
        (a, b), (c, d) = self.start, self.end
        return min(a, c), min(b, d), max(a, c), max(b, d)


def geometry_text(mark: Mark) -> str:
    """Return a mark in stored coordinates as GeoJSON: a Point, or a Polygon whose ring is closed."""
    left, top, right, bottom = (_rounded(value) for value in mark.box)
    if mark.is_point:
        return json.dumps({"type": "Point", "coordinates": [left, top]})
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS) + 0.0  # no minus zero


def mark_of(text: str) -> Mark | None:
    """Return the mark that `geometry_text` wrote; None when ``text`` is none."""
    try:
        geometry = json.loads(text)
        places = np.array(geometry["coordinates"], float).reshape(-1, 2)
    except (ValueError, KeyError, TypeError):
        return None
    if not len(places) or not np.isfinite(places).all():
        return None
    (left, top), (right, bottom) = places.min(axis=0), places.max(axis=0)
    return Mark((float(left), float(top)), (float(right), float(bottom)))


def mark_words(text: str) -> str:
    """Return a mark for people: ``"column 38, row 11"`` or ``"columns 30–40, rows 5–12"``."""
    mark = mark_of(text)
    if mark is None:
        return ""
    left, top, right, bottom = mark.box
    if mark.is_point:
        return tr("column {column}, row {row}").format(column=f"{left:.0f}", row=f"{top:.0f}")
    columns, rows = f"{left:.0f}–{right:.0f}", f"{top:.0f}–{bottom:.0f}"
    return tr("columns {columns}, rows {rows}").format(columns=columns, rows=rows)


def to_stored(mark: Mark, geometry: VolumeGeometry) -> Mark:
    """Return a mark in picture coordinates as one in stored coordinates, kept within the slice."""
    shape = geometry.shape[1], geometry.shape[2]
    stored = geometry.display.to_stored(_row_column(mark), shape)
    return _from_row_column(np.clip(stored, -0.5, np.array(shape) - 0.5))


def to_shown(mark: Mark, geometry: VolumeGeometry) -> Mark:
    """Return a mark in stored coordinates as one in picture coordinates; the inverse of `to_stored`."""
    return _from_row_column(geometry.display.to_shown(_row_column(mark), (geometry.shape[1], geometry.shape[2])))


def _row_column(mark: Mark) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([mark.start[::-1], mark.end[::-1]], float)


def _from_row_column(places: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Mark:
    (row, column), (end_row, end_column) = places.tolist()
    return Mark((column, row), (end_column, end_row))
