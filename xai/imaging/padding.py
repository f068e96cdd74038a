"""Tiles of many sizes brought to one: padded and never scaled, so that a pixel stays as large as it is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from xai.errors import ImagingError

SMALLEST_FRAME = 224
"""Rows and columns that a frame has at least, as published."""

LARGEST_FRAME = 1024
"""A table with a larger tile is not padded: on the network's pixels little would be left of its small ones."""

Shape = tuple[int, int]


def common_frame(shapes: Iterable[Shape]) -> Shape | None:
    """Return the frame (rows, columns) that tiles of these shapes are padded to.

    Returns
    -------
    tuple of int or None
        The largest height and the largest width, each at least `SMALLEST_FRAME`; None when no tile needs padding, or
        when one is larger than `LARGEST_FRAME`.
    """
    known = set(shapes)
    if not known:
        return None
    rows, columns = (max(SMALLEST_FRAME, *(shape[axis] for shape in known)) for axis in (0, 1))
    frame = rows, columns
    return None if known == {frame} or max(frame) > LARGEST_FRAME else frame


def before(shape: Shape, frame: Shape) -> Shape:
    """Return how many rows and columns of its frame come before a tile; where the rest is odd, one more comes after."""
    return (frame[0] - shape[0]) // 2, (frame[1] - shape[1]) // 2


def padded(pixels: NDArray[np.float32], frame: Shape, name: str, fill: float | None = None) -> NDArray[np.float32]:
    """Return a tile in the middle of its frame; see `before` for where that is.

    Parameters
    ----------
    pixels : array (h, w) float32
        The tile; itself when it is as large as the frame.
    frame : tuple of int
        Rows and columns of what comes out.
    name : str
        What the tile is called in a sentence.
    fill : float, optional
        What surrounds it: its lowest value without.

    Raises
    ------
    ImagingError
        When the tile is larger than its frame; one sentence.
    """
    if pixels.shape == frame:
        return pixels
    rows, columns = pixels.shape
    if rows > frame[0] or columns > frame[1]:
        sizes = f"{rows} x {columns} pixels do not fit into {frame[0]} x {frame[1]}"
        raise ImagingError(f"{name} has changed: its {sizes}.")
    # A float TIFF may hold NaN, which is told of elsewhere and must not become the whole frame.
    value = np.fmin.reduce(pixels, axis=None) if fill is None else fill
    top, left = before((rows, columns), frame)
    framed = np.full(frame, value, np.float32)
    framed[top : top + rows, left : left + columns] = pixels
    return framed
