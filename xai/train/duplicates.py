"""Pictures that are copies of one another, however they were stored: a leak where they belong to different patients."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from xai.progress import Progress, ignore

GRID = 32
SMOOTHING = 1.6
"""Cells. What is coarser is taken away: the outline of two legs makes all patients alike."""

ALIKE = 0.97
"""Pictures whose details correlate this closely are copies.

Measured on phantom patients prepared at 224: different ones reach 0.93 among 40 patients of 12 slices, 0.945 among 120
of 8, mirrored or not; copies as JPEG of quality 50, at 0.6 of the brightness plus a constant, with a gamma of 1.3, and
at 0.5 to 1.5 of the size stay above 0.99. Padded muscle tiles of a real thigh, 17 to 77 pixels broad: different ones
reach 0.78; copies as JPEG of quality 85, mirrored, or with a gamma stay above 0.987; of quality 50 one in seven falls
below, and shrunk to 0.7 half of them. A shift by two pixels of 320 is no copy any more (0.89).
"""

_BLOCK = 2048
_MOST_PAIRS = 1000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two places in the examples, and how alike they are (1 for the same bytes)."""

    first: int
    second: int
    alike: float
    mirrored: bool = False


def same_bytes(files: Sequence[Path | None], progress: Progress = ignore) -> list[list[int]]:
    """Return the places of files that are byte for byte the same, by set; files that cannot be read are left out."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for place, path in enumerate(files):
        if path is not None:
            try:
                by_size[path.stat().st_size].append(place)
            except OSError:
                continue
    suspects = [place for places in by_size.values() if len(places) > 1 for place in places]
    by_digest: dict[bytes, list[int]] = defaultdict(list)
    for done, place in enumerate(suspects):
        progress(done, len(suspects))
        path = files[place]
        assert path is not None
        try:
            with path.open("rb") as file:
                by_digest[hashlib.file_digest(file, "sha256").digest()].append(place)
        except OSError:
            continue
    return sorted(sorted(places) for places in by_digest.values() if len(places) > 1)


def describe(pictures: NDArray[np.float16], parts: NDArray[np.float64] | None = None) -> NDArray[np.float32]:
    """Return what tells pictures (N, size, size) apart: details on a coarse grid, (N, GRID * GRID), of length 1.

    A picture without any is all 0, and like no other. ``parts`` (N, 3) are the row and column of the middle, and the
    side, of the square that is looked at; without, all is.
    """
    size = pictures.shape[1]
    edges = np.linspace(0, size, min(GRID, size) + 1).round().astype(int)
    area = np.diff(edges)[:, None] * np.diff(edges)[None, :]
    described = np.empty((len(pictures), len(edges[:-1]) ** 2), np.float32)
    for begin in range(0, len(pictures), _BLOCK):
        block = pictures[begin : begin + _BLOCK].astype(np.float32)
        if parts is None:
            cells = np.add.reduceat(np.add.reduceat(block, edges[:-1], axis=1), edges[:-1], axis=2) / area
        else:
            cells = np.stack([_cells(*one) for one in zip(block, parts[begin : begin + _BLOCK], strict=True)])
        detail = cells - ndimage.gaussian_filter(cells, (0, SMOOTHING, SMOOTHING), mode="nearest")
        flat = detail.reshape(len(block), -1)
        flat = flat - flat.mean(axis=1, keepdims=True)
        length = np.linalg.norm(flat, axis=1, keepdims=True)
        described[begin : begin + _BLOCK] = np.where(length > 1e-4, flat / np.maximum(length, 1e-4), 0)
    return described


def _cells(picture: NDArray[np.float32], part: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return a square part of a picture on the grid, averaged where the grid is the coarser one, else interpolated."""
    size, grid = len(picture), min(GRID, len(picture))
    step = part[2] / grid
    matrices = []
    for middle in part[:2]:
        centres = middle + (np.arange(grid) - (grid - 1) / 2) * step
        weights = np.maximum(0, 1 - np.abs(np.arange(size)[None, :] - centres[:, None]) / max(step, 1.0))
        matrices.append(weights / np.maximum(weights.sum(1, keepdims=True), 1e-6))
    return np.asarray(matrices[0] @ picture @ matrices[1].T, np.float32)


def copies(
    pictures: NDArray[np.float16],
    groups: NDArray[np.str_],
    progress: Progress = ignore,
    parts: NDArray[np.float64] | None = None,
) -> tuple[list[Pair], int]:
    """Find pictures of different groups that are copies of one another, mirrored left to right or not.

    All pairs are compared, block by block: N pictures take N * N / 2 products of 1024 numbers, twice, and no more
    memory than their descriptions (4 KiB each) and a block. For ``parts`` see `describe`.

    Returns
    -------
    pairs : list of Pair
        The most alike first; at most a thousand.
    count : int
        How many pairs there are in all.
    """
    described = describe(pictures, parts)
    side = round(described.shape[1] ** 0.5)
    _, codes = np.unique(groups, return_inverse=True)
    pairs: list[Pair] = []
    count, total = 0, len(described)
    begins = range(0, total, _BLOCK)
    for row in begins:
        block = described[row : row + _BLOCK]
        flipped = np.ascontiguousarray(block.reshape(-1, side, side)[:, :, ::-1]).reshape(len(block), -1)
        for column in begins[row // _BLOCK :]:
            progress(row * total + column, total * total)
            other = described[column : column + _BLOCK]
            plain, mirrored = block @ other.T, flipped @ other.T
            alike = np.maximum(plain, mirrored)
            alike[codes[row : row + _BLOCK, None] == codes[None, column : column + _BLOCK]] = 0
            if row == column:
                alike = np.triu(alike, 1)
            found = np.argwhere(alike >= ALIKE)
            count += len(found)
            for i, j in found[:_MOST_PAIRS].tolist():
                pairs.append(Pair(row + i, column + j, float(alike[i, j]), bool(mirrored[i, j] > plain[i, j])))
        pairs = sorted(pairs, key=lambda pair: (-pair.alike, pair.first, pair.second))[:_MOST_PAIRS]
    return pairs, count
