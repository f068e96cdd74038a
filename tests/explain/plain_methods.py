"""A series of noise and methods whose maps are known, for tests of what is done with maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from xai.explainers.base import Attribution
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import SeriesInfo, Volume
from xai.progress import Progress, ignore

DEPTH = 5


def volume(gap: int | None = 2, seed: int = 2) -> Volume:
    array = np.random.default_rng(seed).random((DEPTH, 50, 70), np.float32)
    if gap is not None:
        array[gap] = np.nan
    affine = np.zeros((4, 4))
    affine[2, 0] = affine[1, 1] = affine[0, 2] = affine[3, 3] = 1.0
    return Volume(array, VolumeGeometry((DEPTH, 50, 70), affine), SeriesInfo(modality="MR"))


@dataclass(frozen=True)
class Counted:
    """A map of the picture itself; says how often it was asked, in all its copies."""

    factor: float = 1.0
    per_pixel: bool = True
    layer: str | None = None
    asked: ClassVar[list[int]] = []

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        self.asked.append(len(x))
        progress(0, 2)
        with torch.no_grad():
            network(x)
        progress(2, 2)
        return x * self.factor


@dataclass(frozen=True)
class Sharpening:
    """Three steps; the last map is three times the picture."""

    per_pixel: bool = True
    layer: str | None = None
    ended: ClassVar[list[str]] = []

    def steps(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress) -> Iterator[Attribution]:
        try:
            for n in range(3):
                progress(n, 3)
                with torch.no_grad():
                    network(x)
                words = "too early to tell" if n == 0 else ""
                said: dict[str, float | str] = {"step": float(n), "noise": "low"}
                yield Attribution(x * (n + 1), (words,) * len(x), (said,) * len(x))
        finally:
            self.ended.append("ended")

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        return list(self.steps(network, x, target, progress))[-1].maps
