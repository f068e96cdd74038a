"""NIfTI label maps: told from images, and brought onto the grid of the image they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from xai.errors import ImagingError
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.nifti import NiftiFile, NiftiReader
from xai.imaging.series import LabelMap, Series
from xai.progress import Progress, ignore

MOST_LABELS = 256
_OFF_GRID = 0.25
"""Grids are the same when their corners lie within this part of a voxel."""
_QUICK_LOOK = 2**21
_FLAT = 0.5
"""Neighbours inside a label map are equal this often at least; in an image noise makes them differ."""


class LabelReader:
    """Reads a label map in the slice order of the series it lies on."""

    def __init__(self, source: Series, axes: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> None:
        self._source, self._axes, self._flips = source, axes, flips
        self._array: NDArray[np.float32] | None = None

    def read_slice(self, k: int) -> NDArray[np.float32]:
        """Return slice ``k`` (H, W) float32 of label numbers; raise `ImagingError` when it cannot be read."""
        if self._axes == (0, 1, 2):
            k = len(self._source) - 1 - k if self._flips[0] else k
            labels = self._source.read_slice(k)
            return labels[:: -1 if self._flips[1] else 1, :: -1 if self._flips[2] else 1]
        if self._array is None:
            stacked = np.stack([self._source.read_slice(n) for n in range(len(self._source))])
            steps = tuple(slice(None, None, -1 if flip else 1) for flip in self._flips)
            self._array = stacked.transpose(self._axes)[steps]
        return np.ascontiguousarray(self._array[k])


def attach_label_maps(
    images: Sequence[Series], files: Sequence[NiftiFile], progress: Progress = ignore
) -> tuple[list[Series], list[Series]]:
    """Offer label maps as overlays of the images on whose grid they lie.

    Parameters
    ----------
    images : sequence of Series
        Series of other formats, on which label maps may lie.
    files : sequence of NiftiFile
        All NIfTI files found: images and label maps.
    progress : Progress
        Called while files are looked into.

    Returns
    -------
    images, rest : lists of Series
        ``images`` with their label maps, and the NIfTI files that are series of their own (with theirs).
    """
    labels: list[NiftiFile] = []
    for done, file in enumerate(files):
        progress(done, len(files))
        others = [other.series for other in files if other is not file] + list(images)
        if any(_on_grid(other, file.series) for other in others) and is_label_map(file):
            labels.append(file)
    rest = [file.series for file in files if not any(file is label for label in labels)]
    used: set[int] = set()

    def dressed(series: Series) -> Series:
        maps = []
        for label in labels:
            fit = _on_grid(series, label.series)
            if fit is not None:
                used.add(id(label))
                path = label.layout.path
                maps.append(LabelMap(label.series.info.description, path, LabelReader(label.series, *fit)))
        return replace(series, label_maps=tuple(maps)) if maps else series

    images, rest = [dressed(series) for series in images], [dressed(series) for series in rest]
    # Label maps that lie only on each other's grid have no image: they are series then.
    return images, rest + [label.series for label in labels if id(label) not in used]


def is_label_map(file: NiftiFile) -> bool:
    """Whether the voxels are a few whole numbers in flat regions, as label maps are and images are not."""
    if file.layout.dtype.names or file.series.volumes > 1:
        return False
    # A reader of its own: what a look unpacks is not to be kept for every file of a folder.
    reader = NiftiReader(file.layout)
    try:
        if not _few_whole_numbers(np.unique(reader.first_values(_QUICK_LOOK))):
            return False
    except (ImagingError, OSError):
        return False
    found: set[float] = set()
    equal = inside = 0
    count = len(file.series)
    # The middle first: an image gives itself away there.
    for k in sorted(range(count), key=lambda n: abs(n - count // 2)):
        try:
            values = reader.read_slice(k)
        except ImagingError:
            return False
        some = np.unique(values)
        found.update(some.tolist() if len(some) <= MOST_LABELS else ())
        if not _few_whole_numbers(some) or len(found) > MOST_LABELS:
            return False
        left, right = values[:, :-1], values[:, 1:]
        within = (left > 0) | (right > 0)
        inside += int(within.sum())
        equal += int(((left == right) & within).sum())
    return file.label_hint or (bool(inside) and equal / inside >= _FLAT and 0.0 in found)


def _few_whole_numbers(values: NDArray[np.float32]) -> bool:
    if len(values) > MOST_LABELS or not np.isfinite(values).all():
        return False
    return not len(values) or bool(values[0] >= 0 and (values == np.round(values)).all())


def _on_grid(series: Series, label: Series) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]] | None:
    """Return which axes of ``label`` follow those of ``series`` and which run backwards; None when grids differ."""
    if not (series.geometry.known and label.geometry.known):
        same = not series.geometry.known and not label.geometry.known and series.geometry.shape == label.geometry.shape
        return ((0, 1, 2), (False, False, False)) if same and series.files[0].parent == label.files[0].parent else None
    return match_grids(series.geometry, label.geometry)


def match_grids(
    grid: VolumeGeometry, other: VolumeGeometry
) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]] | None:
    """Return how ``other`` is to be transposed and flipped to lie on ``grid``; None when it does not."""
    if sorted(grid.shape) != sorted(other.shape):
        return None
    corners = np.array(np.meshgrid(*[[0, n - 1] for n in grid.shape], indexing="ij"), float).reshape(3, -1).T
    there = other.to_index(grid.to_mm(corners))
    # Mean of |d other index / d grid index|: which axis follows which.
    turned = np.linalg.inv(other.affine[:3, :3]) @ grid.affine[:3, :3]
    axes = max(permutations(range(3)), key=lambda p: sum(abs(turned[p[i], i]) for i in range(3)))
    flips = tuple(bool(turned[axes[i], i] < 0) for i in range(3))
    if tuple(other.shape[axes[i]] for i in range(3)) != grid.shape:
        return None
    expected = np.empty_like(there)
    for i in range(3):
        expected[:, axes[i]] = grid.shape[i] - 1 - corners[:, i] if flips[i] else corners[:, i]
    if np.abs(there - expected).max() > _OFF_GRID:
        return None
    return (axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2])
