"""What a model said of slices and why: values that travel between processes, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import CellGrid, SliceMapping, map_to_slice


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the classifier says of each slice.

    Parameters
    ----------
    logits, probabilities : arrays (D, C) float32
        NaN for slices that were not predicted.
    target : array (D,) int64
        Index of the most probable class; -1 for slices that were not predicted.
    """

    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    target: NDArray[np.int64]


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Return the probabilities of finite ``logits`` (N, C) divided by ``temperature``."""
    powers = np.exp((logits.astype(np.float64) - logits.max(axis=1, keepdims=True, initial=-np.inf)) / temperature)
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


@dataclass(frozen=True, slots=True, eq=False)
class MethodMaps:
    """The maps of one method for some slices, raw and signed, on the network's cells.

    ``states`` has '' for a map that is fine, else words ("constant", "not finite").
    """

    values: NDArray[np.float32]
    """(n, h, w)"""
    states: tuple[str, ...]
    cells: CellGrid
    parameters: Mapping[str, object]
    """Hyper-parameters, and ``layer`` for methods that look at one."""
    passes: float
    """Forward passes per slice that the method needs by itself; CAMs share theirs and the prediction's."""
    seconds: float
    """Time spent on these slices; what methods share is split evenly between them."""
    details: tuple[Mapping[str, float | str], ...] = ()
    """For each slice what was found besides the map, by names fit to be shown; empty for none."""
    slice_passes: tuple[float, ...] = ()
    """``passes`` of each slice, of which that is the mean; NaN for slices without a map. Empty where not known."""
    slice_seconds: tuple[float, ...] = ()
    """``seconds`` of each slice, of which that is the sum; NaN for slices without a map. Empty where not known."""


@dataclass(frozen=True, slots=True, eq=False)
class SliceAnalysis:
    """The engine's answer for some slices of a series: logits always, maps as asked."""

    indices: tuple[int, ...]
    logits: NDArray[np.float32]
    """(n, C)"""
    probabilities: NDArray[np.float32]
    targets: NDArray[np.int64]
    """(n,) class that the maps explain."""
    maps: Mapping[str, MethodMaps] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What the user must know: a fall-back to the CPU, a smaller batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """One method's maps over a series with all that is needed to repeat them.

    Values are raw: never normalised, signed where the method is. Display decides scale and colour.
    """

    method: str
    parameters: Mapping[str, object]
    target: NDArray[np.int64]
    """(D,) class explained in each slice; -1 where not computed."""
    prediction: Prediction
    bundle_sha256: str
    volume_sha256: str
    code_version: str
    created: str
    """UTC, ISO 8601."""
    computed: NDArray[np.bool_]
    """(D,)"""
    states: tuple[str, ...]
    maps: NDArray[np.float32]
    """(D, h, w) on the network's cells; NaN where not computed."""
    cells: CellGrid
    mapping: SliceMapping
    geometry: VolumeGeometry
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What must be said beside the maps: how far the series is from what the model was trained on."""
    details: tuple[Mapping[str, float | str], ...] = ()
    """For each slice (D) what was found besides the map, by names fit to be shown; empty for none."""

    def slice_values(self, k: int) -> NDArray[np.float32]:
        """Return the map of slice ``k`` on its pixels (H, W); NaN where not computed or where its state says so."""
        if not self.computed[k] or self.states[k]:
            return np.full(self.geometry.shape[1:], np.nan, np.float32)
        return map_to_slice(self.maps[k], self.cells, self.mapping)

    @property
    def values(self) -> NDArray[np.float32]:
        """All maps on the volume's grid (D, H, W) float32, assembled now; NaN where not computed."""
        return np.stack([self.slice_values(k) for k in range(self.geometry.shape[0])])
