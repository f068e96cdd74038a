"""From a stored slice to the network's input, slice by slice: nothing is taken from the rest of the series.

So a slice can be predicted as soon as it is read, and its answer never depends on how much of the series was there.

Recipe 1: turn to display order, pad to a square, resize (exactly where `SliceMapping.to_network` says); find the body;
take the window from percentiles inside it, scale to [0, 1], set what is not body to 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xai.imaging.body import body_mask
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import SliceMapping
from xai.models.manifest import PreprocessSettings


@dataclass(frozen=True, slots=True)
class Preprocess:
    """The preprocessing a bundle's manifest describes."""

    settings: PreprocessSettings = field(default_factory=PreprocessSettings)

    def mapping(self, geometry: VolumeGeometry) -> SliceMapping:
        """Return where each pixel of this geometry's slices lies in the network's input."""
        return SliceMapping.fit(geometry, self.settings.size)

    def to_input(self, slices: Sequence[NDArray[np.float32]], mapping: SliceMapping) -> Tensor:
        """Return the network's input (N, 1, size, size) float32 in [0, 1] for stored slices (H, W).

        Slices must be finite; see `readable`.
        """
        size = mapping.size
        batch = np.zeros((len(slices), 1, size, size), np.float32)
        for n, pixels in enumerate(slices):
            batch[n, 0] = self.picture(pixels, mapping)
        return torch.from_numpy(batch)

    def picture(self, pixels: NDArray[np.float32], mapping: SliceMapping) -> NDArray[np.float32]:
        """Return the input picture (size, size) of one stored slice."""
        resized = resize(pixels, mapping)
        body = body_mask(resized) if self.settings.body_mask else np.ones(resized.shape, bool)
        low, high = np.percentile(resized[body], self.settings.window_percentiles)
        if not high > low:
            return np.zeros_like(resized)
        scaled = np.clip((resized - np.float32(low)) / np.float32(high - low), 0, 1)
        return np.where(body, scaled, np.float32(0))


def readable(pixels: NDArray[np.float32]) -> bool:
    """Tell whether every pixel of a slice has a finite value; a slice that could not be read has none."""
    return bool(np.isfinite(pixels).all())


def resize(pixels: NDArray[np.float32], mapping: SliceMapping) -> NDArray[np.float32]:
    """Bring a stored slice (H, W) onto the network's grid; padding holds the slice's lowest value, taken as 0."""
    shown: NDArray[np.float32] = mapping.display.apply(pixels - pixels.min()).astype(np.float32, copy=False)
    rows, columns = _resize_matrices(mapping)
    return cast("NDArray[np.float32]", rows @ shown @ columns.T)


@lru_cache(maxsize=16)
def _resize_matrices(mapping: SliceMapping) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    height, width = mapping.display.shown_shape(mapping.shape)
    return (
        resize_matrix(height, mapping.pad[0], mapping.scale[0], mapping.size),
        resize_matrix(width, mapping.pad[1], mapping.scale[1], mapping.size),
    )


def resize_matrix(length: int, pad: float, scale: float, size: int) -> NDArray[np.float32]:
    """Return the matrix (size, length) that resamples one axis of `SliceMapping` with a triangle filter.

    The filter is as wide as an output pixel when shrinking (no aliasing) and linear interpolation when enlarging. Its
    weights are tilted so that each output's centre of mass is exactly where the mapping says, for any scale and
    fractional padding; library resizes know neither. What lies outside of the picture counts as 0.
    """
    support = max(1.0, 1.0 / scale)
    # Where each output pixel lies on the picture's axis; the inverse of network = (shown + pad + 0.5) * scale - 0.5.
    centre = (np.arange(size) + 0.5) / scale - 0.5 - pad
    # Pixels that are not there take part in the weights' sum, so that the picture's edge fades into its padding.
    margin = int(np.ceil(max(-centre[0], centre[-1] - (length - 1), 0.0) + support)) + 1
    offset = np.arange(-margin, length + margin)[None, :] - centre[:, None]
    weight = np.maximum(0.0, 1.0 - np.abs(offset) / support)
    zeroth, first, second = (np.sum(weight * offset**n, axis=1, keepdims=True) for n in (0, 1, 2))
    spread = zeroth * second - first**2
    # On a pixel's very centre linear interpolation has one weight only, and nothing to tilt.
    spread = np.where(spread > 1e-9, spread, np.inf)
    weight *= np.where(np.isinf(spread), 1 / zeroth, (second - first * offset) / spread)
    return np.ascontiguousarray(weight[:, margin : margin + length], np.float32)
