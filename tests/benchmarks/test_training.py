"""Folds of a frozen backbone: a plain loop that passes every picture in every epoch, against features that are kept.

Both loops are run, learn from the same views in the same order, and end with the same answers. The larger network runs
fewer epochs; what ten would take is told from what each epoch and the features took, and called so.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor, nn
from torch.nn import functional

from xai.models.networks import build
from xai.train.augment import augment
from xai.train.config import AugmentSettings
from xai.train.features import FeatureStore
from xai.train.start import freeze, split_network

FOLDS, EPOCHS, VIEWS, BATCH = 10, 10, 8, 16
SETTINGS = AugmentSettings()
Inputs = Callable[[NDArray[np.int64], int], Tensor]
"""What a head takes in of some examples in a view."""


def legs(count: int) -> NDArray[np.float16]:
    """Round bodies, every second one with a bright half."""
    row, column = np.mgrid[:224, :224]
    body = (row - 112) ** 2 + (column - 112) ** 2 < 80**2
    noise = np.random.default_rng(0).uniform(0, 0.2, (count, 224, 224))
    bright = 0.3 * (np.arange(count) % 2)[:, None, None] * (row > 112)
    return np.where(body, 0.4 + bright + noise, 0).astype(np.float16)


def ordered(examples: NDArray[np.int64], fold: int, epoch: int) -> Iterator[NDArray[np.int64]]:
    """The examples in the order of an epoch, in batches."""
    mixed = np.random.default_rng([fold, epoch]).permutation(examples)
    yield from np.array_split(mixed, max(1, round(len(mixed) / BATCH)))


def folds_of(count: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Examples to learn from, to choose the epoch by, and to test on."""
    fold = np.arange(count) // 2 % FOLDS
    for k in range(FOLDS):
        held_out = (fold == k) | (fold == (k + 1) % FOLDS)
        yield np.flatnonzero(~held_out), np.flatnonzero(fold == (k + 1) % FOLDS), np.flatnonzero(fold == k)


def learn_fold(k: int, head: nn.Module, inputs: Inputs, labels: Tensor, epochs: int, answers: Tensor) -> None:
    """Train a head and write the logits of the slices it is tested on into ``answers``."""
    train, validation, test = list(folds_of(len(labels)))[k]
    own = copy.deepcopy(head)
    optimiser = torch.optim.SGD(own.parameters(), 0.001, momentum=0.9)
    for epoch in range(epochs):
        for chosen in ordered(train, k, epoch):
            loss = functional.cross_entropy(own(inputs(chosen, 1 + epoch % VIEWS)), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            functional.cross_entropy(own(inputs(validation, 0)), labels[validation])
    with torch.no_grad():
        answers[test] = own(inputs(test, 0))


@pytest.mark.parametrize(("name", "count", "epochs"), [("resnet18-slim", 48, EPOCHS), ("resnet18-reference", 24, 2)])
def test_features_once_against_every_epoch(
    name: str, count: int, epochs: int, benchmark: BenchmarkFixture, tmp_path: Path
) -> None:
    pictures, labels = legs(count), torch.arange(count) % 2
    torch.manual_seed(0)
    backbone, head = split_network(name, build(name))
    freeze(backbone).to(memory_format=torch.channels_last)
    store = FeatureStore(tmp_path, count, name)

    def passed(chosen: NDArray[np.int64], view: int) -> Tensor:
        x = torch.from_numpy(pictures[chosen].astype(np.float32))[:, None]
        views = [augment(one, SETTINGS, 0, int(n), view) for one, n in zip(x, chosen, strict=True)]
        with torch.no_grad():
            features: Tensor = backbone(torch.stack(views).contiguous(memory_format=torch.channels_last))
        return features

    def looked_up(chosen: NDArray[np.int64], view: int) -> Tensor:
        return torch.from_numpy(store.open(view)[chosen])

    plain, kept = torch.zeros(count, 2), torch.zeros(count, 2)
    spent = dict.fromkeys(("plain", "once", "heads"), 0.0)
    passed(np.arange(BATCH), 1)  # warm
    # In turns, so that a busy machine slows both sides alike.
    for turn in range(max(FOLDS, VIEWS + 1)):
        if turn < FOLDS:
            spent["plain"] += seconds(partial(learn_fold, turn, head, passed, labels, epochs, plain))
        if turn <= VIEWS:
            spent["once"] += seconds(partial(store.write_view, turn, backbone, pictures, SETTINGS, 0))
    for turn in range(FOLDS):
        spent["heads"] += seconds(partial(learn_fold, turn, head, looked_up, labels, epochs, kept))

    torch.testing.assert_close(kept, plain, atol=1e-3, rtol=1e-3)
    scaled = EPOCHS / epochs
    ratio = spent["plain"] * scaled / (spent["once"] + spent["heads"] * scaled)
    benchmark.extra_info |= {"plain loop / features once": ratio, "epochs run": epochs, "slices": count}
    print(
        f"\n{name}, {count} slices, {FOLDS} folds x {epochs} epochs: plain {spent['plain']:.1f} s; features of "
        f"{VIEWS + 1} views {spent['once']:.1f} s and heads {spent['heads']:.1f} s; {ratio:.1f} x faster"
        + ("" if scaled == 1 else f" at {EPOCHS} epochs, computed from these")
    )
    benchmark.pedantic(learn_fold, (0, head, looked_up, labels, epochs, kept), rounds=3)


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def test_a_view_of_a_picture(benchmark: BenchmarkFixture) -> None:
    picture = torch.from_numpy(legs(1).astype(np.float32))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    views = iter(range(1, 1_000_000))
    try:
        benchmark(lambda: augment(picture, SETTINGS, 0, 0, next(views)))
    finally:
        torch.set_num_threads(threads)
