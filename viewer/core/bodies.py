"""Where overlays may be painted: the body on each slice, found once and kept while the series is open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from viewer.core.overlay import OverlayStyle, ValueRange, cut_value
from xai.imaging.body import body_mask

LONGEST_SIDE = 256
"""The body is looked for on a picture of at most about this many pixels a side: its edge is smooth, and this is what
a change of slice can spare."""

ROUNDING = 70
"""Per cent of a pixel's neighbours that must be body for it to be body."""


def slice_body(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where the body is on a slice (H, W); true everywhere where none can be told from air."""
    step = max(1, -(-max(values.shape) // LONGEST_SIDE))
    if step == 1:
        return body_mask(_finite(values))
    rows, columns = (-(-side // step) for side in values.shape)
    # Every step-th line, averaged in pairs: half of the noise for a fraction of what a mean over all costs.
    some = _finite(values[::step, ::step])
    next_rows, next_columns = values[step // 2 :: step, step // 2 :: step].shape
    some[:next_rows, :next_columns] += _finite(values[step // 2 :: step, step // 2 :: step])
    some[:next_rows, :next_columns] /= 2
    body = body_mask(some[:rows, :columns])
    wide = np.repeat(np.repeat(body, step, axis=0), step, axis=1)[: values.shape[0], : values.shape[1]]
    # Rounds the steps off, and takes back the pixel by which smoothing has let bright fat spill into the air.
    share = ndimage.uniform_filter(wide.view(np.uint8) * np.uint8(100), 2 * step + 1, mode="nearest")
    return np.asarray(share > ROUNDING)


def _finite(values: NDArray[np.float32]) -> NDArray[np.float32]:
    copy = np.array(values, np.float32)
    if not np.isfinite(copy.sum(dtype=np.float64)):
        copy[~np.isfinite(copy)] = 0
    return copy


def paints_outside(
    values: NDArray[np.float32], style: OverlayStyle, limits: ValueRange, body: NDArray[np.bool_]
) -> bool:
    """Return whether ``style`` would paint anything of a map (H, W) that lies off the body."""
    outside = values[~body]
    if outside.size == 0:
        return False
    low, high = limits
    if style.diverging:
        outside = np.abs(outside - np.float32((low + high) / 2))
        least, base = style.threshold * (high - low) / 2, 0.0
    else:
        least, base = cut_value(style, low, high), min(low, 0.0)
    largest = float(np.fmax.reduce(outside))
    return bool(largest > base and largest >= np.float32(least))


class Bodies:
    """The bodies of a series' slices, found when they are first asked for."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[NDArray[np.float32], NDArray[np.bool_] | None]] = {}

    def of(self, k: int, values: NDArray[np.float32]) -> NDArray[np.bool_] | None:
        """Return where the body is on slice ``k`` with these ``values`` (H, W); None: everywhere."""
        known = self._found.get(k)
        if known is None or known[0] is not values:
            body = slice_body(values)
            known = self._found[k] = (values, None if body.all() else body)
        return known[1]
