"""Which slices an epoch shows, in which order and in which view: a function of seed, fold and epoch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

FRESH = 1024
"""Views that an epoch may draw of one picture where every epoch draws its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One batch, or this process's share of it.

    Attributes
    ----------
    examples, views : arrays (N,) int64
        Places in the cohort, and which view of each; view 0 is the clean picture.
    weights : array (N,) float32
        What each counts in the loss, so that the processes' average is the mean over the whole batch.
    """

    examples: NDArray[np.int64]
    views: NDArray[np.int64]
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """How epochs of one fold are put together.

    Attributes
    ----------
    examples, labels : arrays (N,) int64
        Places in the cohort to learn from, and their classes.
    views : int or None
        How many augmented views there are of each; None draws new ones in every epoch.
    oversample : bool
        Repeat slices of the rarer classes at random until all are as many (random oversampling with replacement).
    """

    examples: NDArray[np.int64]
    labels: NDArray[np.int64]
    batch_size: int
    seed: int
    fold: int
    views: int | None
    oversample: bool

    def epoch(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the places (M,) that epoch ``number`` shows, in order, and the view of each."""
        rng = np.random.default_rng((self.seed, self.fold, number))
        drawn = [np.arange(len(self.examples))]
        if self.oversample:
            counts = np.bincount(self.labels)
            for k in np.flatnonzero(counts):
                drawn.append(rng.choice(np.flatnonzero(self.labels == k), counts.max() - counts[k]))
        inside = rng.permutation(np.concatenate(drawn))
        seen = _occurrences(inside)
        if self.views is None:
            views = 1 + number * FRESH + seen % FRESH
        else:
            # Each picture goes through its views in a circle of its own, so that views mix within a batch.
            begin = np.random.default_rng((self.seed, self.fold)).integers(self.views, size=len(self.examples))
            views = 1 + (begin[inside] + number + seen) % self.views
        return self.examples[inside], views

    def batches(self, number: int, rank: int = 0, world: int = 1) -> Iterator[Draw]:
        """Yield the batches of epoch ``number``, or the share of them that process ``rank`` of ``world`` computes."""
        examples, views = self.epoch(number)
        for begin in range(0, len(examples), self.batch_size):
            batch = slice(begin, begin + self.batch_size)
            size = len(examples[batch])
            own, of_own = examples[batch][rank::world], views[batch][rank::world]
            weights = np.full(len(own), world / size, np.float32)
            if not len(own):  # every process has to take part in every step
                own, of_own, weights = examples[batch][:1], views[batch][:1], np.zeros(1, np.float32)
            yield Draw(own, of_own, weights)

    def __len__(self) -> int:
        """Return how many batches an epoch has."""
        counts = np.bincount(self.labels)
        shown = int(counts.max() * (counts > 0).sum()) if self.oversample else len(self.examples)
        return -(-shown // self.batch_size)


def _occurrences(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each value how many equal ones come before it."""
    order = np.argsort(values, kind="stable")
    in_order = values[order]
    starts = np.flatnonzero(np.r_[True, in_order[1:] != in_order[:-1]])
    since = np.arange(len(values)) - np.repeat(starts, np.diff(np.r_[starts, len(values)]))
    counted = np.empty(len(values), np.int64)
    counted[order] = since
    return counted


class EpochBatches(Sampler[Draw]):
    """The batches of the epoch that ``epoch`` names when they are asked for.

    Lightning's own ways of telling, `set_epoch` and `current_epoch`, are late in the first epoch after a checkpoint.
    """

    def __init__(self, order: Order, epoch: Callable[[], int], rank: int = 0, world: int = 1) -> None:
        self._order, self._epoch, self._rank, self._world = order, epoch, rank, world

    def __iter__(self) -> Iterator[Draw]:
        return self._order.batches(self._epoch(), self._rank, self._world)

    def __len__(self) -> int:
        return len(self._order)
