"""Predictions and maps of the open series as they come in. Plain values without Qt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

import xai
from xai.explanation import Explanation, MethodMaps, Prediction, SliceAnalysis
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import CellGrid, SliceMapping

Details = Mapping[str, float | str]


@dataclass(slots=True)
class MethodResults:
    """Maps of one method for one choice of target, as they come in."""

    computed: NDArray[np.bool_]
    """(D,) slices with a final map."""
    partial: NDArray[np.bool_]
    """(D,) slices with a map that is not final: it sharpens, or was stopped."""
    states: list[str]
    """'' for a map that is fine or not there, else why it cannot be shown."""
    details: list[Details]
    created: list[str]
    """UTC, ISO 8601."""
    maps: NDArray[np.float32] | None = None
    cells: CellGrid = field(default_factory=CellGrid)
    parameters: Mapping[str, object] = field(default_factory=dict)
    asked: Mapping[str, object] = field(default_factory=dict)
    """The settings that the reader chose; the others were the method's own."""
    passes: float = 0.0
    """Forward passes per slice."""
    seconds: float = 0.0
    """For all slices so far."""

    @classmethod
    def empty(cls, slices: int) -> MethodResults:
        """Return results for a series of which nothing is computed."""
        none = np.zeros(slices, bool)
        return cls(none, none.copy(), [""] * slices, [{} for _ in range(slices)], [""] * slices)

    def clear(self) -> None:
        """Forget everything: other settings are to be used."""
        fresh = MethodResults.empty(len(self.computed))
        for name in MethodResults.__slots__:
            setattr(self, name, getattr(fresh, name))

    def take(self, where: list[int], found: MethodMaps, final: bool) -> None:
        """Take the maps of some slices; those that are not final never replace final ones."""
        if self.maps is None or self.maps.shape[1:] != found.values.shape[1:]:
            self.maps = np.full((len(self.computed), *found.values.shape[1:]), np.nan, np.float32)
        now = _now()
        details = found.details or ({},) * len(where)
        for n, k in enumerate(where):
            if final or not self.computed[k]:
                self.maps[k] = found.values[n]
                self.computed[k], self.partial[k] = final, not final
                # A map that is still empty is no result yet.
                self.states[k] = found.states[n] if final else ""
                self.details[k], self.created[k] = details[n], now
        self.cells, self.parameters = found.cells, found.parameters
        if final:
            self.passes, self.seconds = found.passes, self.seconds + found.seconds

    def shown(self, k: int) -> NDArray[np.float32] | None:
        """Return the map of slice ``k`` on the network's cells; None where there is none fit to be shown."""
        if self.maps is None or self.states[k] or not (self.computed[k] or self.partial[k]):
            return None
        values: NDArray[np.float32] = self.maps[k]
        return values

    def all_shown(self) -> NDArray[np.float32] | None:
        """Return all maps (D, h, w); NaN where missing or not fit to be shown."""
        if self.maps is None:
            return None
        shown = self.maps.copy()
        shown[[k for k, state in enumerate(self.states) if state or not self.computed[k]]] = np.nan
        return shown

    def sha256(self, k: int) -> str:
        """Return the hash of the map of slice ``k`` as computed: names what was rated."""
        if self.maps is None:
            return ""
        return hashlib.sha256(np.ascontiguousarray(self.maps[k], "<f4").tobytes()).hexdigest()


@dataclass(slots=True)
class TargetResults:
    """All that was computed for one choice of target."""

    targets: NDArray[np.int64]
    """(D,) class explained; -1 where nothing was."""
    methods: dict[str, MethodResults]


class Results:
    """What the model said of one series: predictions, and maps by choice of target and method.

    Parameters
    ----------
    slices, classes : int
        Of the series, and of the model.
    keys : iterable of str
        The methods.
    """

    def __init__(self, slices: int = 0, classes: int = 0, keys: Iterable[str] = ()) -> None:
        self._keys = tuple(keys)
        self._by_target: dict[str, TargetResults] = {}
        self.logits = np.full((slices, classes), np.nan, np.float32)
        self.probabilities = np.full((slices, classes), np.nan, np.float32)
        self.notes: list[str] = []

    def of(self, target: str) -> TargetResults:
        """Return what was computed for a choice of target."""
        if target not in self._by_target:
            slices = len(self.logits)
            methods = {key: MethodResults.empty(slices) for key in self._keys}
            self._by_target[target] = TargetResults(np.full(slices, -1, np.int64), methods)
        return self._by_target[target]

    def forget(self, key: str) -> None:
        """Drop the maps of a method for every target."""
        for results in self._by_target.values():
            results.methods[key].clear()

    def take(self, target: str, analysis: SliceAnalysis, final: bool = True) -> list[str]:
        """Take an answer of the engine and return the notes in it that are new."""
        where = list(analysis.indices)
        self.logits[where], self.probabilities[where] = analysis.logits, analysis.probabilities
        results = self.of(target)
        results.targets[where] = analysis.targets
        for key, found in analysis.maps.items():
            results.methods[key].take(where, found, final)
        new = [note for note in analysis.notes if note not in self.notes]
        self.notes += new
        return new

    def prediction(self) -> Prediction:
        """Return the predictions so far."""
        # By logits: calibrated probabilities may be too close together, or too far, for 32 bits to tell apart.
        missing = np.isnan(self.logits).any(axis=1)
        filled = np.where(np.isnan(self.logits), -np.inf, self.logits)
        target = filled.argmax(axis=1) if filled.size else np.zeros(len(filled), np.int64)
        return Prediction(self.logits.copy(), self.probabilities.copy(), np.where(missing, -1, target).astype(np.int64))

    def explanations(
        self,
        target: str,
        *,
        bundle_sha256: str,
        volume_sha256: str,
        mapping: SliceMapping,
        geometry: VolumeGeometry,
        classes: tuple[str, ...],
        notes: tuple[str, ...],
    ) -> dict[str, Explanation]:
        """Return what was computed for a choice of target as values that can be written to disk."""
        results, created = self.of(target), _now()
        return {
            key: Explanation(
                method=key,
                parameters=method.parameters,
                target=np.where(method.computed, results.targets, -1),
                prediction=self.prediction(),
                bundle_sha256=bundle_sha256,
                volume_sha256=volume_sha256,
                code_version=xai.__version__,
                created=created,
                computed=method.computed.copy(),
                states=tuple(method.states),
                maps=np.where(method.computed[:, None, None], method.maps, np.nan).astype(np.float32),
                cells=method.cells,
                mapping=mapping,
                geometry=geometry,
                classes=classes,
                notes=(*notes, *self.notes),
            )
            for key, method in results.methods.items()
            if method.maps is not None and method.computed.any()
        }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
