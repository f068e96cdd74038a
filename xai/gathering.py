"""What batches and the cache give, put together slice by slice."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from xai.cache import Entry, ExplanationCache, slice_digest
from xai.explainers.base import UNREAD, state_of
from xai.explanation import MethodMaps, SliceAnalysis
from xai.imaging.resample import SliceMapping
from xai.models.bundle import ClassifierBundle
from xai.models.predict import to_prediction
from xai.stepping import Answer, Found, Plan


class Gathered:
    """Results of some slices as they come in; each map is written once, where it stays."""

    def __init__(self, bundle: ClassifierBundle, plan: Plan, indices: Sequence[int]) -> None:
        self._bundle, self._plan, self.indices = bundle, plan, tuple(indices)
        self.logits = np.full((len(indices), len(bundle.classes)), np.nan, np.float32)
        self.targets = np.full(len(indices), -1, np.int64)
        self._entries: dict[str, dict[int, Entry]] = {key: {} for key in plan.asked}
        self._values: dict[str, NDArray[np.float32]] = {}
        self._again: set[int] = set()

    def take_kept(self, n: int, entries: Mapping[str, Entry | None]) -> tuple[str, ...]:
        """Take what is kept of slice ``n`` by method, and return the methods that are missing.

        All are, when what is kept speaks of different classes.
        """
        there = {key: entry for key, entry in entries.items() if entry is not None}
        if len({entry.target for entry in there.values()}) > 1:
            there = {}
        for key, entry in there.items():
            self.take_entry(n, key, entry)
        return tuple(key for key in entries if key not in there)

    def take_entry(self, n: int, key: str, entry: Entry) -> None:
        """Take one method's map of slice ``n``."""
        self.logits[n], self.targets[n] = entry.logits, entry.target
        self._make_room(key, entry.values.shape)
        self._write(key, n, entry)

    def take(self, places: Sequence[int], answer: Answer) -> None:
        """Take a batch's answer for the slices ``places``, and drop what was kept of them for another class."""
        self.logits[places], self.targets[places] = answer.logits, answer.target
        for key, found in answer.found.items():
            if key in self._entries:
                for n in places:
                    self._drop(key, n)
                self._make_room(key, found.maps.shape[1:])
                for n, entry in zip(places, entries_of(answer, found), strict=True):
                    self._write(key, n, entry)
        for key, mine in self._entries.items():
            for n, target in zip(places, answer.target.tolist(), strict=True):
                if n in mine and mine[n].target != target:
                    self._drop(key, n)
                    self._again.add(n)

    def _make_room(self, key: str, shape: tuple[int, ...]) -> None:
        """Learn how large a method's maps are, and drop those kept that are otherwise."""
        if key in self._values and self._values[key].shape[1:] == shape:
            return
        self._again |= self._entries[key].keys()
        self._entries[key] = {}
        self._values[key] = np.full((len(self.indices), *shape), np.nan, np.float32)

    def _write(self, key: str, n: int, entry: Entry) -> None:
        self._values[key][n] = entry.values
        self._entries[key][n] = dataclasses.replace(entry, values=self._values[key][n])

    def _drop(self, key: str, n: int) -> None:
        if self._entries[key].pop(n, None) is not None:
            self._values[key][n] = np.nan

    def drop_again(self) -> list[int]:
        """Drop all of the slices of which something kept was wrong, and return them: they are to be asked again."""
        again, self._again = sorted(self._again), set()
        for key in self._entries:
            for n in again:
                self._drop(key, n)
        return again

    def now(self, places: Sequence[int], answer: Answer) -> Gathered:
        """Return what is known of the slices ``places`` with an answer that is still being worked on."""
        some = Gathered(self._bundle, self._plan, [self.indices[n] for n in places])
        for key, entries in self._entries.items():
            for n, place in enumerate(places):
                if place in entries:
                    some.take_entry(n, key, entries[place])
        some.take(range(len(places)), answer)
        return some

    def take_shapes(self, answer: Answer) -> None:
        """Learn from any answer how large maps would have been, where no slice could be read."""
        for key, found in answer.found.items():
            if key in self._entries:
                self._make_room(key, found.maps.shape[1:])

    @property
    def without_shape(self) -> tuple[str, ...]:
        """Methods of which nothing has come yet."""
        return tuple(key for key in self._plan.asked if key not in self._values)

    def analysis(self, notes: Sequence[str] = ()) -> SliceAnalysis:
        """Return what is known, with the maps themselves; methods of which nothing has come are not in it."""
        maps = {key: self._method(key) for key in self._plan.asked if key in self._values}
        probabilities = to_prediction(self.logits, self._bundle.manifest.temperature).probabilities
        return SliceAnalysis(self.indices, self.logits, probabilities, self.targets, maps, tuple(notes))

    def _method(self, key: str) -> MethodMaps:
        entries = self._entries[key]
        everywhere = range(len(self.indices))
        passes = tuple(entries[n].passes if n in entries else math.nan for n in everywhere)
        seconds = tuple(entries[n].seconds if n in entries else math.nan for n in everywhere)
        return MethodMaps(
            self._values[key],
            tuple(entries[n].state if n in entries else UNREAD for n in everywhere),
            self._plan.cells[key],
            dataclasses.asdict(self._plan.explainers[key]),  # type: ignore[call-overload]
            sum(entry.passes for entry in entries.values()) / max(len(entries), 1),
            sum(entry.seconds for entry in entries.values()),
            tuple(entries[n].details if n in entries else {} for n in everywhere),
            passes,
            seconds,
        )


def entries_of(answer: Answer, found: Found) -> list[Entry]:
    """Return a method's maps of a batch slice by slice."""
    count = len(found.maps)
    return [
        Entry(
            found.maps[n],
            answer.logits[n],
            int(answer.target[n]),
            found.states[n] or state_of(found.maps[n]),
            found.details[n],
            found.passes / count,
            found.seconds / count,
        )
        for n in range(count)
    ]


class Kept:
    """The cache as one request sees it; without a cache nothing is ever there."""

    def __init__(
        self,
        cache: ExplanationCache | None,
        bundle: ClassifierBundle,
        plan: Plan,
        slices: Sequence[NDArray[np.float32]],
        mapping: SliceMapping,
        target: int | None,
    ) -> None:
        self._cache, self._bundle, self._plan, self._target = cache, bundle, plan, target
        self._slices, self._mapping = slices, mapping
        self._digests: dict[int, bytes] = {}

    def get(self, n: int, key: str) -> Entry | None:
        """Return the map of slice ``n`` by the plan's method ``key``, if it is there."""
        entry = None if self._cache is None else self._cache.get(self._name(n, key))
        return entry if entry is not None and self._fits(key, entry) else None

    def of_all(self, places: Sequence[int], key: str) -> dict[int, Entry]:
        """Return the maps that are there of these slices, without those whose shape is not that of most."""
        entries = {n: entry for n in places if (entry := self.get(n, key)) is not None}
        shapes = Counter(entry.values.shape for entry in entries.values())
        return {n: entry for n, entry in entries.items() if entry.values.shape == shapes.most_common(1)[0][0]}

    def _fits(self, key: str, entry: Entry) -> bool:
        """Whether an entry can be an answer to what is asked, whatever its name says."""
        if len(entry.logits) != len(self._bundle.classes):
            return False
        if self._plan.explainers[key].per_pixel and entry.values.shape != (self._mapping.size, self._mapping.size):
            return False
        if self._target is None:
            return bool(entry.logits[entry.target] == entry.logits.max())
        return entry.target == self._target

    def put(self, n: int, key: str, entry: Entry) -> None:
        """Keep a map."""
        if self._cache is not None:
            self._cache.put(self._name(n, key), entry)

    def known(self, places: Sequence[int], keys: Sequence[str]) -> Mapping[str, Found]:
        """Return those of ``keys`` that are there for all of these slices."""
        found = {}
        for key in keys:
            entries = list(self.of_all(places, key).values())
            if len(entries) == len(places):
                found[key] = Found(
                    np.stack([entry.values for entry in entries]),
                    tuple(entry.state for entry in entries),
                    tuple(entry.details for entry in entries),
                    sum(entry.seconds for entry in entries),
                    sum(entry.passes for entry in entries),
                    np.array([entry.target for entry in entries]),
                )
        return found

    def _name(self, n: int, key: str) -> str:
        assert self._cache is not None
        if n not in self._digests:
            self._digests[n] = slice_digest(self._slices[n], self._mapping)
        return self._cache.name(self._digests[n], self._bundle.sha256, self._plan.explainers[key], self._target)
