"""The order of an epoch depends on seed, fold and epoch alone; processes share batches exactly."""

from __future__ import annotations

import numpy as np
import pytest

from xai.train.order import Order

EXAMPLES = np.arange(100, 130)
LABELS = (np.arange(30) < 8).astype(np.int64)


def order(**changes: object) -> Order:
    given = {"batch_size": 7, "seed": 5, "fold": 2, "views": 4, "oversample": True}
    return Order(EXAMPLES, LABELS, **{**given, **changes})  # type: ignore[arg-type]


def test_the_rarer_class_is_drawn_as_often_and_nothing_is_left_out() -> None:
    examples, _ = order().epoch(0)
    assert set(examples.tolist()) == set(EXAMPLES.tolist())
    affected = np.isin(examples, EXAMPLES[LABELS == 1])
    assert (len(examples), affected.sum()) == (44, 22)
    # Only the rarer class is repeated.
    assert sorted(examples[~affected].tolist()) == EXAMPLES[LABELS == 0].tolist()


def test_without_oversampling_each_slice_comes_once() -> None:
    examples, _ = order(oversample=False).epoch(3)
    assert sorted(examples.tolist()) == EXAMPLES.tolist()


@pytest.mark.parametrize("oversample", [True, False])
def test_the_length_is_that_of_the_batches(oversample: bool) -> None:
    one = order(oversample=oversample)
    assert len(list(one.batches(0))) == len(one)


def test_epochs_differ_and_repeat() -> None:
    one = order()
    for a, b in zip(one.epoch(1), order().epoch(1), strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(one.epoch(1)[0], one.epoch(2)[0])
    assert not np.array_equal(one.epoch(1)[0], order(fold=3).epoch(1)[0])


def test_each_slice_goes_through_all_its_views_and_never_the_clean_one() -> None:
    one = order(oversample=False)
    seen: dict[int, set[int]] = {k: set() for k in EXAMPLES.tolist()}
    for number in range(4):
        examples, views = one.epoch(number)
        for k, view in zip(examples.tolist(), views.tolist(), strict=True):
            seen[k].add(view)
    assert all(views == {1, 2, 3, 4} for views in seen.values())


def test_repeats_within_an_epoch_are_other_views() -> None:
    for views in (30, None):
        examples, drawn = order(views=views).epoch(2)
        pairs = list(zip(examples.tolist(), drawn.tolist(), strict=True))
        assert len(set(pairs)) == len(pairs)


def test_fresh_views_are_new_in_every_epoch() -> None:
    one = order(views=None)
    first, second = (set(one.epoch(number)[1].tolist()) for number in (0, 1))
    assert not first & second
    assert 0 not in first


@pytest.mark.parametrize("world", [2, 3, 8])
def test_processes_share_every_batch_exactly(world: int) -> None:
    one = order()
    shares = [list(one.batches(1, rank, world)) for rank in range(world)]
    for number, whole in enumerate(one.batches(1)):
        parts = [share[number] for share in shares]
        counted = [k for part in parts for k in part.examples[part.weights > 0].tolist()]
        assert sorted(counted) == sorted(whole.examples.tolist())
        # The mean over processes of the weighted sums is the mean over the batch.
        value = {k: float(k) ** 0.5 for k in EXAMPLES.tolist()}
        sums = [sum(w * value[k] for k, w in zip(p.examples.tolist(), p.weights.tolist(), strict=True)) for p in parts]
        assert np.mean(sums) == pytest.approx(np.mean([value[k] for k in whole.examples.tolist()]), rel=1e-6)
        assert whole.weights.sum() == pytest.approx(1)
