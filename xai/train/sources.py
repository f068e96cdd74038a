"""The pixels that examples name: picture files, and slices of series, through the viewer's own readers. No torch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xai.errors import ImagingError, TrainingError
from xai.imaging.catalog import scan
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.labels import LabelReader, match_grids
from xai.imaging.series import Series
from xai.imaging.tiles import TileReader, read_tile
from xai.train.cohort import Cohort, Example

_KEPT = 2
"""Series held open: rows of one series follow each other, and an unpacked NIfTI file is large."""


def open_series(path: Path) -> Series:
    """Return the one series of a file or folder.

    Raises
    ------
    ImagingError
        When there is none, more than one, or one that no model is run on; one sentence naming path and cause.
    """
    found = scan([path]).series
    if len(found) > 1:
        raise ImagingError(f"{path.name} holds {len(found)} series; name the folder or file of one.")
    (series,) = found
    if series.kept_from_model:
        raise ImagingError(f"{path.name} cannot be learned from: {series.kept_from_model}")
    return series


def mask_reader(series: Series, path: Path) -> LabelReader:
    """Return the mask in ``path``, slice by slice as the series has them.

    Raises
    ------
    ImagingError
        When it cannot be read or does not lie on the series' grid.
    """
    mask = open_series(path)
    fit: tuple[tuple[int, int, int], tuple[bool, bool, bool]] | None = None
    if series.geometry.known and mask.geometry.known:
        fit = match_grids(series.geometry, mask.geometry)
    elif series.geometry.known == mask.geometry.known and series.geometry.shape == mask.geometry.shape:
        fit = (0, 1, 2), (False, False, False)
    if fit is None:
        raise ImagingError(f"the mask {path.name} does not lie on the series' grid.")
    return LabelReader(mask, *fit)


@dataclass(slots=True)
class Sources:
    """Reads the slices of a cohort; series that follow each other in the table are opened once."""

    cohort: Cohort
    _series: OrderedDict[Path, Series] = field(default_factory=OrderedDict)
    _masks: OrderedDict[tuple[Path, Path], LabelReader] = field(default_factory=OrderedDict)

    def read(self, example: Example) -> tuple[NDArray[np.float32], VolumeGeometry]:
        """Return an example's pixels (H, W), and the geometry that turns them for showing.

        They are as stored, but for picture files that the cohort pads to its frame.

        Raises
        ------
        TrainingError
            When they cannot be read or are not all finite; one sentence naming table, row and cause.
        """
        try:
            if example.slice is None:
                tile = read_tile(example.image, self.cohort.frame)
                pixels = TileReader([tile]).read_slice(0)
                geometry = VolumeGeometry.unknown((1, *tile.shape))
            else:
                series = self._opened(example.image)
                if not example.slice < len(series):
                    raise ImagingError(f"{example.name} has slices 1 to {len(series)} only.")
                pixels, geometry = series.read_slice(example.slice), series.geometry
        except ImagingError as error:
            raise self._failed(example, str(error)) from None
        if not np.isfinite(pixels).all():
            raise self._failed(example, f"{named(example)} holds pixels that are not numbers (NaN).")
        return pixels, geometry

    def shape(self, example: Example) -> tuple[int, int]:
        """Return the rows and columns of a series' slices; raise `TrainingError` when it cannot be opened any more."""
        try:
            geometry = self._opened(example.image).geometry
        except ImagingError as error:
            raise self._failed(example, str(error)) from None
        return geometry.shape[1], geometry.shape[2]

    def read_mask(self, example: Example) -> NDArray[np.bool_]:
        """Return an example's mask (H, W) on its pixels as `read` gives them; false where they are padded.

        Raises
        ------
        TrainingError
            When it has none, when it cannot be read, or when it is not of its picture's size.
        """
        if example.mask is None:
            raise self._failed(example, f"{named(example)} has no mask.")
        try:
            if example.slice is None:
                tile, picture = read_tile(example.mask, self.cohort.frame), read_tile(example.image)
                if (tile.rows, tile.columns) != (picture.rows, picture.columns):
                    sizes = f"{tile.rows} x {tile.columns} pixels, its picture {picture.rows} x {picture.columns}"
                    raise ImagingError(f"the mask {example.mask.name} has {sizes}.")
                values = TileReader([tile], fill=0).read_slice(0)
            else:
                values = self._mask(example.image, example.mask).read_slice(example.slice)
        except ImagingError as error:
            raise self._failed(example, str(error)) from None
        return np.asarray(values > 0)

    def _opened(self, path: Path) -> Series:
        if path not in self._series:
            self._series[path] = open_series(path)
            if len(self._series) > _KEPT:
                self._series.popitem(last=False)
        self._series.move_to_end(path)
        return self._series[path]

    def _mask(self, image: Path, path: Path) -> LabelReader:
        key = (image, path)
        if key not in self._masks:
            self._masks[key] = mask_reader(self._opened(image), path)
            if len(self._masks) > _KEPT:
                self._masks.popitem(last=False)
        self._masks.move_to_end(key)
        return self._masks[key]

    def _failed(self, example: Example, cause: str) -> TrainingError:
        return TrainingError(f"{self.cohort.table.name}, row {example.row}: {cause}")


def named(example: Example) -> str:
    """Return how an example is called in a sentence: slices are numbered from 1, as in the viewer."""
    name = example.name if example.name.isprintable() else repr(example.name)
    name = name if len(name) <= 80 else f"...{name[-77:]}"
    return name if example.slice is None else f"slice {example.slice + 1} of {name}"
