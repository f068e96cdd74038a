"""How faithful a map is, measured in the engine: values for the window's small plot. Without Qt, torch only within."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import CellGrid, spread
from xai.progress import Progress

if TYPE_CHECKING:
    from xai.models.bundle import ClassifierBundle


@dataclass(frozen=True, slots=True, eq=False)
class MapScores:
    """Deletion and insertion curves of one map, the mean over two kinds of hiding.

    Parameters
    ----------
    deletion, insertion : array (T + 1,)
        Probability of the explained class after a share 0, 1/T, ... 1 of the body's pixels was hidden, or shown.
    passes : int
        What measuring took.
    """

    deletion: NDArray[np.float32]
    insertion: NDArray[np.float32]
    passes: int = 0

    @property
    def deletion_area(self) -> float:
        """Area under the deletion curve; the smaller, the more of the evidence the map puts first."""
        return area(self.deletion)

    @property
    def insertion_area(self) -> float:
        """Area under the insertion curve; the larger, the better."""
        return area(self.insertion)

    @property
    def faithfulness(self) -> float:
        """Insertion less deletion: what maps are ranked by."""
        return self.insertion_area - self.deletion_area


def area(curve: NDArray[np.float32]) -> float:
    """Return the mean height of a curve over equal steps (trapezium rule)."""
    return float(np.trapezoid(curve.astype(np.float64)) / (len(curve) - 1))


def measure(
    bundle: ClassifierBundle,
    values: NDArray[np.float32],
    geometry: VolumeGeometry,
    maps: NDArray[np.float32],
    cells: CellGrid,
    target: int,
    progress: Progress,
) -> MapScores:
    """Return the curves of a map (h, w) of a slice (H, W); see `xai.evaluate.faithfulness`."""
    import torch

    from xai.evaluate.faithfulness import faithfulness

    mapping = bundle.preprocess.mapping(geometry)
    x = bundle.preprocess.to_input([values], mapping).to(bundle.device)
    pixels = np.arange(mapping.size, dtype=np.float64)
    on_pixels = torch.from_numpy(spread(maps, cells, pixels, pixels))[None, None]
    (found,) = faithfulness(bundle.network, x, torch.tensor([target]), on_pixels.to(bundle.device), progress=progress)
    curves = list(found.values())
    deletion = np.stack([one.deletion for one in curves]).mean(axis=0)
    insertion = np.stack([one.insertion for one in curves]).mean(axis=0)
    return MapScores(deletion, insertion, sum(2 * len(one.deletion) for one in curves))
