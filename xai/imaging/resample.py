"""From a stored slice to the network's square input and back, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xai.imaging.geometry import DisplayTransform, VolumeGeometry


@dataclass(frozen=True, slots=True)
class SliceMapping:
    """Where each stored pixel of a slice lies in the network's input.

    The slice is turned into display order, padded to a square (in millimetres where they are known, so that unequal
    pixel spacing does not stretch the anatomy) and resized to ``size`` x ``size`` with pixel centres at half-integers:
    ``network = (shown + pad + 0.5) * scale - 0.5`` on each axis.
    """

    shape: tuple[int, int]
    """(H, W) of the stored slice."""
    display: DisplayTransform
    pad: tuple[float, float]
    """Pixels of padding before the picture's first row and first column (may be fractional)."""
    scale: tuple[float, float]
    """Network pixels per picture row and per picture column."""
    size: int

    @classmethod
    def fit(cls, geometry: VolumeGeometry, size: int) -> SliceMapping:
        """Return the mapping of every slice of ``geometry`` to a ``size`` x ``size`` input."""
        stored = (geometry.shape[1], geometry.shape[2])
        rows, columns = geometry.display.shown_shape(stored)
        row_mm, column_mm = geometry.shown_spacing if geometry.known else (1.0, 1.0)
        side = max(rows * row_mm, columns * column_mm)
        pad = ((side / row_mm - rows) / 2, (side / column_mm - columns) / 2)
        return cls(stored, geometry.display, pad, (size * row_mm / side, size * column_mm / side), size)

    def to_network(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map stored (row, column) positions (..., 2) to network pixels (..., 2)."""
        shown = self.display.to_shown(np.asarray(index, float), self.shape)
        return np.asarray((shown + self.pad + 0.5) * self.scale - 0.5)

    def to_index(self, pixel: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map network pixels (..., 2) to stored (row, column) positions; the inverse of `to_network`."""
        shown = (np.asarray(pixel, float) + 0.5) / self.scale - 0.5 - self.pad
        return self.display.to_stored(shown, self.shape)

    def shown_axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the network row of every picture row and the network column of every picture column."""
        rows, columns = self.display.shown_shape(self.shape)
        return (
            (np.arange(rows, dtype=np.float64) + self.pad[0] + 0.5) * self.scale[0] - 0.5,
            (np.arange(columns, dtype=np.float64) + self.pad[1] + 0.5) * self.scale[1] - 0.5,
        )


@dataclass(frozen=True, slots=True)
class CellGrid:
    """Where the cells of a map lie in the network's input: cell ``i`` is centred at ``centre + i * stride`` pixels.

    The centre is that of the receptive field, which for ResNets is not where resizing a map to the input's size would
    put it (15 pixels off at 224 for layer4). A map per input pixel has centre 0 and stride 1.
    """

    centre: float = 0.0
    stride: float = 1.0


def _neighbours(
    positions: NDArray[np.float64], cells: int, grid: CellGrid
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return for each network position the cell before it, the cell after it, and the share of the latter.

    Beyond the outermost cell centres the outermost value holds.
    """
    place = np.clip((positions - grid.centre) / grid.stride, 0, cells - 1)
    low = np.minimum(np.floor(place).astype(np.intp), max(cells - 2, 0))
    return low, np.minimum(low + 1, cells - 1), (place - low).astype(np.float32)


def spread(
    values: NDArray[np.float32], grid: CellGrid, rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Interpolate a map (h, w) of cells bilinearly at network rows (R,) and columns (C,): (R, C).

    Looked up and weighted rather than multiplied by matrices: on a busy machine a threaded product of this size takes
    ten times as long.
    """
    above, below, part = _neighbours(rows, values.shape[0], grid)
    lines = values[above] * (1 - part)[:, None] + values[below] * part[:, None]
    before, after, part = _neighbours(columns, values.shape[1], grid)
    shown: NDArray[np.float32] = lines.take(before, axis=1)
    shown *= 1 - part
    rest = lines.take(after, axis=1)
    rest *= part
    shown += rest
    return shown


def map_to_slice(values: NDArray[np.float32], grid: CellGrid, mapping: SliceMapping) -> NDArray[np.float32]:
    """Bring a map (h, w) on the network's cells to the stored slice's pixels (H, W), bilinearly and registered."""
    return np.ascontiguousarray(mapping.display.undo(spread(values, grid, *mapping.shown_axes())), np.float32)
