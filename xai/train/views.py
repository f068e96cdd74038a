"""Views of many pictures, in order and in batches; how many processes change them makes no difference to the values."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from xai.machine import usable_cores
from xai.train.augment import augment
from xai.train.config import AugmentSettings

MAX_WORKERS = 8
FEW = 512
"""Fewer pictures than this are changed sooner than processes start."""


def view_batches(
    pictures: NDArray[np.float16],
    settings: AugmentSettings,
    seed: int,
    view: int,
    size: int,
    pinned: bool = False,
    workers: int | None = None,
) -> Iterator[Tensor]:
    """Yield one view of all pictures (N, H, W) in order, as batches (up to ``size``, 1, H, W) float32.

    ``pinned`` is for a GPU; without ``workers`` processes are started for one only, where it waits otherwise.
    """
    if workers is None:
        workers = min(MAX_WORKERS, usable_cores() - 1) if pinned and len(pictures) >= FEW else 0
    places = [range(begin, min(begin + size, len(pictures))) for begin in range(0, len(pictures), size)]
    loader: DataLoader[Tensor] = DataLoader(
        _Views(pictures, settings, seed, view),
        batch_size=None,
        sampler=places,
        num_workers=workers,
        pin_memory=pinned,
        generator=torch.Generator(),  # without it the loader draws from the global one
    )
    yield from loader


class _Views(Dataset[Tensor]):
    def __init__(self, pictures: NDArray[np.float16], settings: AugmentSettings, seed: int, view: int) -> None:
        self._pictures, self._settings, self._seed, self._view = pictures, settings, seed, view

    def __getitem__(self, places: range) -> Tensor:
        clean = torch.from_numpy(self._pictures[places.start : places.stop].astype(np.float32))[:, None]
        return torch.stack(
            [
                augment(picture, self._settings, self._seed, example, self._view)
                for picture, example in zip(clean, places, strict=True)
            ]
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pictures": _mapping(self._pictures) or self._pictures}

    def __setstate__(self, state: dict[str, Any]) -> None:
        pictures = state["_pictures"]
        self.__dict__.update(state, _pictures=pictures.open() if isinstance(pictures, _Mapping) else pictures)


@dataclass(frozen=True, slots=True)
class _Mapping:
    """Where an array lies in a file: sent to other processes instead of all its values."""

    path: Path
    dtype: str
    offset: int
    shape: tuple[int, ...]

    def open(self) -> NDArray[Any]:
        return np.memmap(self.path, self.dtype, "r", self.offset, self.shape)


def _mapping(array: NDArray[Any]) -> _Mapping | None:
    """Return where a whole, row by row memory map lies; None for arrays in memory and for parts of maps."""
    if not isinstance(array, np.memmap) or not isinstance(array.base, mmap.mmap) or not array.flags.c_contiguous:
        return None
    if array.filename is None:
        return None
    return _Mapping(Path(array.filename), array.dtype.str, array.offset, array.shape)
