"""Does the peak of a map lie in the lesion? Measured with the map registered, and resized as libraries do."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import nn

from xai.explainers.cam import HiResCAM
from xai.imaging.resample import CellGrid, spread
from xai.models.networks import NETWORKS
from xai.phantom.cases import Cases
from xai.phantom.training import NETWORK, ask

TOLERANCE = 15.0
"""Network pixels: about half a cell of the last layer."""


def hirescam_peaks(network: nn.Module, cases: Cases) -> dict[str, dict[str, float]]:
    """Return how often HiResCAM's peak in the body lies in the lesion, over the affected slices that were called so.

    Returns
    -------
    dict
        ``registered`` (cells at their receptive fields' centres) and ``half_pixel`` (the usual resize), each with the
        share of peaks within `TOLERANCE` and inside, and the mean and median distance to the lesion in network pixels.
    """
    called = ask(network, cases.inputs).argmax(1).numpy()
    chosen = np.flatnonzero((called == 1) & (cases.labels == 1))
    entry = NETWORKS[NETWORK]
    grid = entry.grids[entry.cam_layer]
    size = cases.inputs.shape[1]
    grids = {"registered": grid, "half_pixel": CellGrid((grid.stride - 1) / 2, grid.stride)}
    distances: dict[str, list[float]] = {name: [] for name in grids}
    method = HiResCAM(layer=entry.cam_layer)
    for part in np.array_split(chosen, max(1, len(chosen) // 32)):
        x = torch.from_numpy(cases.inputs[part].astype(np.float32))[:, None]
        maps = method.attribute(network, x, torch.ones(len(part), dtype=torch.int64))[:, 0].numpy()
        for cells, k in zip(maps, part.tolist(), strict=True):
            away = np.asarray(distance_transform_edt(cases.masks[k] == 0))
            body = cases.inputs[k] > 0
            for name, one in grids.items():
                distances[name].append(float(away[peak(cells, one, body, size)]))
    return {name: _figures(np.array(values)) for name, values in distances.items()}


def peak(cells: NDArray[np.float32], grid: CellGrid, body: NDArray[np.bool_], size: int) -> tuple[int, int]:
    """Return the network pixel within ``body`` where a map of ``cells`` is highest."""
    pixels = np.arange(size, dtype=np.float64)
    values = np.where(body, spread(cells, grid, pixels, pixels), -np.inf)
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    return int(row), int(column)


def _figures(distances: NDArray[np.float64]) -> dict[str, float]:
    return {
        "within_15_px": round(float((distances <= TOLERANCE).mean()), 4),
        "inside": round(float((distances == 0).mean()), 4),
        "mean_distance_px": round(float(distances.mean()), 2),
        "median_distance_px": round(float(np.median(distances)), 2),
        "slices": float(len(distances)),
    }
