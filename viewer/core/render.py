"""The picture of one slice with its overlays, as pixels on the slice's own grid; zoom and smoothing are the view's.

Everything goes through look-up tables: a grey level and a colour index make a 16-bit address, so that blending costs
one look-up per pixel, and is exact because the tables are made in double precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from viewer.core.overlay import (
    COLORMAPS,
    LABEL_COLOURS,
    LabelStyle,
    OverlayStyle,
    ValueRange,
    outline_colour,
    painted_levels,
)
from viewer.core.window import Window, grey_levels
from xai.imaging.geometry import DisplayTransform

OPAQUE = 0xFF000000
HATCH_DARK = 0xFF1C2230
HATCH_LIGHT = 0xFF3A4256
"""Colours of pixels that could not be read: stripes that no tissue has, dark enough not to dazzle."""

_BAND_PIXELS = 1 << 15
"""Pixels worked on at a time, so that what lies between two steps stays in the processor's cache."""
_HATCH_PERIOD = 8
_DASH = 3
"""Pixels, counted along rows and columns together, after which a line on another line begins or ends."""

_Overlay = tuple[NDArray[np.float32], OverlayStyle | LabelStyle, ValueRange | None]


def render(
    slice_values: NDArray[np.float32],
    display: DisplayTransform,
    window: Window,
    invert: bool = False,
    overlays: Sequence[_Overlay] = (),
    body: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint32]:
    """Return the picture of a slice.

    Parameters
    ----------
    slice_values : array (H, W) float32
        Stored order. Pixels that are NaN are drawn as dark stripes, over every overlay.
    display : DisplayTransform
        From the volume's geometry; the picture comes in display order.
    window : Window
        The values shown from black to white.
    invert : bool
        White on black or black on white; overlays keep their colours.
    overlays : sequence of Layer or (values, style, limits)
        Painted in this order, outlines on top of all. Values (H, W) in stored order; NaN leaves the picture as it is.
        An outline is broken into dashes where it runs along one that is there already.
    body : array (H, W) bool, optional
        Maps are painted only where it is true; labels everywhere.

    Returns
    -------
    array (h, w) uint32
        0xffRRGGBB, C-contiguous, as Qt's Format_RGB32.
    """
    stored = np.ascontiguousarray(slice_values, np.float32)
    layers = [layer for layer in overlays if layer[1].visible]
    for values, _, _ in layers:
        if values.shape != stored.shape:
            raise ValueError(f"an overlay of {values.shape} does not fit a slice of {stored.shape}")
    if body is not None and body.shape != stored.shape:
        raise ValueError(f"a body of {body.shape} does not fit a slice of {stored.shape}")
    filled = [layer for layer in layers if layer[1].fill and layer[1].opacity > 0]
    picture = np.empty(stored.shape, np.uint32)
    band = max(1, _BAND_PIXELS // max(stored.shape[1], 1))
    for first in range(0, stored.shape[0], band):
        rows = slice(first, first + band)
        within = [(values[rows], style, limits) for values, style, limits in filled]
        picture[rows] = _painted(stored[rows], window, invert, within, None if body is None else body[rows])
    drawn = np.zeros(stored.shape, bool)
    for values, style, limits in layers:
        if style.outline:
            _draw_outline(picture, _levels(values, style, limits, body), style, drawn)
    # Turned at the end, and once: the pixels of slice and overlays lie in memory as they are read.
    shown = np.ascontiguousarray(display.apply(picture), np.uint32)
    if np.isnan(stored.min(initial=np.inf)):  # The minimum carries a NaN along and is cheaper than asking every pixel.
        _draw_hatch(shown, np.asarray(display.apply(np.isnan(stored)), bool))
    return shown


def _painted(
    values: NDArray[np.float32],
    window: Window,
    invert: bool,
    layers: Sequence[_Overlay],
    body: NDArray[np.bool_] | None,
) -> NDArray[np.uint32]:
    """Return some rows of the picture with the overlays' colours."""
    grey = grey_levels(values, window)
    if invert:
        np.subtract(255, grey, out=grey)
    picture: NDArray[np.uint32] | None = None
    for evidence, style, limits in layers:
        levels, key = _levels(evidence, style, limits, body), _colour_key(style)
        if picture is None:
            picture = _on_grey(grey, levels, key, style.opacity)
        else:
            picture = _on_colour(picture, levels, key, style.opacity)
    return _grey_picture(grey) if picture is None else picture


def _levels(
    values: NDArray[np.float32],
    style: OverlayStyle | LabelStyle,
    limits: ValueRange | None,
    body: NDArray[np.bool_] | None,
) -> NDArray[np.uint16]:
    levels = painted_levels(values, style, limits)
    if body is not None and isinstance(style, OverlayStyle):
        levels *= body
    return levels


def _grey_picture(grey: NDArray[np.uint8]) -> NDArray[np.uint32]:
    picture = grey.astype(np.uint32)
    picture *= np.uint32(0x010101)
    picture |= np.uint32(OPAQUE)
    return picture


def _colour_key(style: OverlayStyle | LabelStyle) -> str:
    return "" if isinstance(style, LabelStyle) else style.colormap


def _colours(key: str) -> NDArray[np.uint8]:
    """Return the colours (256, 3) of indices 0-255; the empty key stands for labels, 0 is not used."""
    if key:
        return COLORMAPS[key]
    colours = np.zeros((256, 3), np.uint8)
    colours[1 : len(LABEL_COLOURS) + 1] = LABEL_COLOURS
    return colours


@lru_cache(maxsize=16)
def _blend_table(key: str, opacity: float) -> NDArray[np.uint8]:
    """Return (3, 65536) results of blending: for the address ``index * 256 + level``; index 0 changes nothing."""
    level = np.arange(256, dtype=np.float64)
    colour = _colours(key).astype(np.float64).T[:, :, None]
    blended = np.floor((1 - opacity) * level + opacity * colour + 0.5).astype(np.uint8)
    blended[:, 0] = np.arange(256, dtype=np.uint8)
    return blended.reshape(3, -1)


@lru_cache(maxsize=16)
def _packed_table(key: str, opacity: float) -> NDArray[np.uint32]:
    """Return the same as whole pixels, for blending on grey."""
    red, green, blue = _blend_table(key, opacity).astype(np.uint32)
    packed: NDArray[np.uint32] = np.uint32(OPAQUE) | (red << np.uint32(16)) | (green << np.uint32(8)) | blue
    return packed


def _on_grey(grey: NDArray[np.uint8], levels: NDArray[np.uint16], key: str, opacity: float) -> NDArray[np.uint32]:
    address = levels << np.uint16(8)
    address |= grey
    return _packed_table(key, opacity).take(address)


def _on_colour(picture: NDArray[np.uint32], levels: NDArray[np.uint16], key: str, opacity: float) -> NDArray[np.uint32]:
    """Return ``picture`` with a further overlay, channel by channel; index 0 gives back what was there."""
    address = levels << np.uint16(8)
    blended = np.full_like(picture, 0xFF)
    for channel, table in zip((16, 8, 0), _blend_table(key, opacity), strict=True):
        level = ((picture >> np.uint32(channel)) & np.uint32(0xFF)).astype(np.uint16)
        level |= address
        blended <<= np.uint32(8)
        blended |= table.take(level)
    return blended


def _draw_outline(
    picture: NDArray[np.uint32],
    levels: NDArray[np.uint16],
    style: OverlayStyle | LabelStyle,
    drawn: NDArray[np.bool_],
) -> None:
    """Colour the painted pixels that touch another label, or nothing painted, above, below or beside them.

    ``drawn`` says where lines are already, and is kept up to date.
    """
    kinds = levels if isinstance(style, LabelStyle) else (levels > 0).astype(np.uint16)
    inner = np.zeros(kinds.shape, bool)
    middle = kinds[1:-1, 1:-1]
    inner[1:-1, 1:-1] = (
        (middle == kinds[:-2, 1:-1])
        & (middle == kinds[2:, 1:-1])
        & (middle == kinds[1:-1, :-2])
        & (middle == kinds[1:-1, 2:])
    )
    rows, columns = np.nonzero((kinds > 0) & ~inner)
    gap = drawn[rows, columns] & ((rows + columns) // _DASH % 2 == 0)
    rows, columns = rows[~gap], columns[~gap]
    drawn[rows, columns] = True
    if isinstance(style, LabelStyle):
        colours = _colours("").astype(np.uint32)
        packed = np.uint32(OPAQUE) | (colours[:, 0] << np.uint32(16)) | (colours[:, 1] << np.uint32(8)) | colours[:, 2]
        picture[rows, columns] = packed[levels[rows, columns]]
    else:
        red, green, blue = outline_colour(style)
        picture[rows, columns] = np.uint32(OPAQUE | red << 16 | green << 8 | blue)


def _draw_hatch(picture: NDArray[np.uint32], unread: NDArray[np.bool_]) -> None:
    rows, columns = np.nonzero(unread)
    light = (rows + columns) % _HATCH_PERIOD < _HATCH_PERIOD // 4
    picture[rows, columns] = np.where(light, np.uint32(HATCH_LIGHT), np.uint32(HATCH_DARK))
