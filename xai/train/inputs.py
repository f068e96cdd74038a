"""Where a lesson's inputs come from: pictures changed anew, or features that were computed once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xai.train.augment import augment
from xai.train.config import AugmentSettings
from xai.train.features import FeatureStore

MOST_OPEN = 256
"""Views held open: each takes one of the files that a process may have open, often 1024."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureSource:
    """Pictures (N, 1, size, size) in their views, for a network that learns as a whole."""

    pictures: NDArray[np.float16]
    settings: AugmentSettings
    seed: int

    def batch(self, examples: NDArray[np.int64], views: NDArray[np.int64]) -> Tensor:
        """Return the pictures of examples in their views."""
        x = torch.from_numpy(self.pictures[examples].astype(np.float32))[:, None]
        changed = [
            augment(picture, self.settings, self.seed, example, view)
            for picture, example, view in zip(x, examples.tolist(), views.tolist(), strict=True)
        ]
        return torch.stack(changed).contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSource:
    """Features of a frozen backbone, for a head that learns alone."""

    store: FeatureStore
    _open: dict[int, NDArray[np.float32]] = field(default_factory=dict)

    def batch(self, examples: NDArray[np.int64], views: NDArray[np.int64]) -> Tensor:
        """Return the features of examples in their views."""
        found = np.unique(views)
        for view in found.tolist():
            if view not in self._open and len(self._open) < MOST_OPEN:
                self._open[view] = self.store.open(view)
        out: NDArray[np.float32] | None = None
        for view in found.tolist():
            features = self._open[view] if view in self._open else self.store.open(view)
            if out is None:
                out = np.empty((len(examples), *features.shape[1:]), np.float32)
            inside = views == view
            out[inside] = features[examples[inside]]
        assert out is not None
        return torch.from_numpy(out)
