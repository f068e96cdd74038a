"""Maps on a layer's cells brought to network pixels, each cell where its receptive field lies."""

from __future__ import annotations

import torch
from torch import Tensor

from xai.imaging.resample import CellGrid


def to_pixels(maps: Tensor, grid: CellGrid, size: tuple[int, int]) -> Tensor:
    """Interpolate maps (N, 1, h, w) of cells bilinearly at every network pixel: (N, 1, H, W) float32.

    The same as `xai.imaging.resample.spread`, for many maps on their device. Beyond the outermost cell centres the
    outermost value holds.
    """
    values = maps.float()
    if grid == CellGrid() and tuple(values.shape[2:]) == tuple(size):
        return values
    for axis in (2, 3):
        before, after, part = _neighbours(size[axis - 2], values.shape[axis], grid, values)
        shape = [1, 1, 1, 1]
        shape[axis] = -1
        part = part.view(shape)
        values = values.index_select(axis, before) * (1 - part) + values.index_select(axis, after) * part
    return values


def _neighbours(pixels: int, cells: int, grid: CellGrid, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    position = torch.arange(pixels, device=like.device, dtype=torch.float32)
    place = ((position - grid.centre) / grid.stride).clamp(0, cells - 1)
    low = place.floor().long().clamp(max=max(cells - 2, 0))
    return low, (low + 1).clamp(max=cells - 1), place - low
