"""Maps that were computed before: what is taken from the cache, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.explain.plain_methods import DEPTH, Counted, Sharpening, volume
from xai.cache import Entry, ExplanationCache
from xai.explainers.base import Explainer
from xai.explainers.cam import HiResCAM
from xai.explainers.consensus import Consensus
from xai.explanation import Explanation
from xai.gathering import Kept
from xai.imaging.geometry import VolumeGeometry
from xai.models.bundle import ClassifierBundle
from xai.pipeline import analyse_slices, explain
from xai.progress import Cancelled


@pytest.fixture(autouse=True)
def _fresh() -> None:
    Counted.asked.clear()
    Sharpening.ended.clear()


def same(first: Explanation, second: Explanation) -> None:
    np.testing.assert_array_equal(first.maps, second.maps)
    np.testing.assert_array_equal(first.target, second.target)
    np.testing.assert_array_equal(first.prediction.logits, second.prediction.logits)
    assert first.states == second.states
    assert first.details == second.details
    assert first.parameters == second.parameters


def test_what_was_computed_is_not_computed_again(
    bundle: ClassifierBundle, cache: ExplanationCache, passes: list[int]
) -> None:
    methods: dict[str, Explainer] = {
        "cam": HiResCAM(),
        "steps": Sharpening(),
        "consensus": Consensus((("m", Counted()), ("h", HiResCAM()))),
    }
    first = explain(bundle, volume(), methods, cache=cache)
    asked = sum(passes)
    again = explain(bundle, volume(), methods, cache=ExplanationCache(cache.folder))
    assert sum(passes) == asked
    for key in methods:
        same(first[key], again[key])
    # Members that nobody asked for are kept, too.
    assert len(list(cache.folder.rglob("*.npz"))) == 4 * 4
    explain(bundle, volume(), {"m": Counted()}, cache=cache)
    assert sum(passes) == asked


def test_a_run_that_was_broken_off_goes_on_where_it_stopped(bundle: ClassifierBundle, cache: ExplanationCache) -> None:
    methods: dict[str, Explainer] = {"mine": Counted(), "cam": HiResCAM()}

    def cancel(done: int, total: int) -> None:
        if len(Counted.asked) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        explain(bundle, volume(gap=None), methods, progress=cancel, cache=cache)
    # What is final is kept at once: the CAM of the third slice, whose other map was broken off.
    assert len(list(cache.folder.rglob("*.npz"))) == 2 * 2 + 1
    Counted.asked.clear()
    resumed = explain(bundle, volume(gap=None), methods, cache=cache)
    assert Counted.asked == [1] * (DEPTH - 2)
    whole = explain(bundle, volume(gap=None), methods)
    for key in methods:
        same(resumed[key], whole[key])


def test_one_method_more_computes_that_method_only(
    bundle: ClassifierBundle, cache: ExplanationCache, passes: list[int]
) -> None:
    explain(bundle, volume(), {"mine": Counted()}, slices=[0, 1], cache=cache)
    Counted.asked.clear()
    both = explain(bundle, volume(), {"mine": Counted(), "other": Counted(2.0)}, cache=cache)
    # Two slices lack the other one, two lack both.
    assert Counted.asked == [1] * 6
    np.testing.assert_allclose(both["other"].maps, 2 * both["mine"].maps)


def test_an_ensemble_takes_its_members_from_the_cache(bundle: ClassifierBundle, cache: ExplanationCache) -> None:
    shared = (("m", Counted()), ("h", HiResCAM()))
    explain(bundle, volume(), {"m": Counted()}, cache=cache)
    Counted.asked.clear()
    found = explain(bundle, volume(), {"consensus": Consensus(shared)}, cache=cache)["consensus"]
    assert Counted.asked == []
    same(found, explain(bundle, volume(), {"consensus": Consensus(shared)})["consensus"])


@pytest.mark.parametrize("change", ["pixels", "target", "parameter", "bundle", "code", "geometry"])
def test_nothing_is_taken_for_what_it_is_not(
    change: str, bundle: ClassifierBundle, cache: ExplanationCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain(bundle, volume(), {"mine": Counted()}, cache=cache)
    Counted.asked.clear()
    series, target, explainer = volume(), None, Counted()
    if change == "pixels":
        series = volume(seed=3)
    elif change == "target":
        target = 1  # the predicted class, but by another wish
    elif change == "parameter":
        explainer = Counted(1.5)
    elif change == "bundle":
        bundle = replace(bundle, sha256="0" * 64)
    elif change == "geometry":
        affine = series.geometry.affine * [[-1], [1], [1], [1]]
        series = replace(series, geometry=VolumeGeometry(series.geometry.shape, affine))
    else:
        monkeypatch.setattr("xai.cache.code_stamp", lambda: "another")
    explain(bundle, series, {"mine": explainer}, target=target, cache=cache)
    assert Counted.asked == [1] * 4


def spoil(cache: ExplanationCache, n: int, change: Callable[[Entry], Entry], explainers: Sequence[Explainer]) -> None:
    """Change what is kept of some methods' maps of slice ``n`` of a volume, under its own name."""
    for explainer in explainers:
        name = BY_SLICE[n, repr(explainer)]
        entry = cache.get(name)
        assert entry is not None
        cache.put(name, change(entry))


BY_SLICE: dict[tuple[int, str], str] = {}


@pytest.fixture
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Note under which names the maps of `volume` without a gap are kept."""
    BY_SLICE.clear()
    slices = [one.tobytes() for one in volume(gap=None).array]
    original = Kept._name

    def named(kept: Kept, n: int, key: str) -> str:
        name = original(kept, n, key)
        BY_SLICE[slices.index(kept._slices[n].tobytes()), repr(kept._plan.explainers[key])] = name
        return name

    monkeypatch.setattr(Kept, "_name", named)


def turned(entry: Entry) -> Entry:
    """What a run that predicted the other class would have kept."""
    return replace(entry, target=0, logits=entry.logits[::-1].copy(), values=-entry.values)


def other_shape(entry: Entry) -> Entry:
    return replace(entry, values=np.ones((3, 3), np.float32))


WRONG: dict[str, tuple[Callable[[Entry], Entry], Sequence[str]]] = {
    "another class, all methods at hand": (turned, ("mine",)),
    "a label that its logits deny": (lambda entry: replace(entry, target=0), ("mine",)),
    "another shape of pixels": (other_shape, ("mine",)),
    "another shape of cells": (other_shape, ("cam",)),
    "all wrong": (lambda entry: replace(other_shape(entry), target=0), ("mine", "cam")),
}


@pytest.mark.usefixtures("_names")
@pytest.mark.parametrize("spoilt", [[0], [3], [0, 1, 3, 4]])
@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_kept_is_no_more_trusted_than_what_is_predicted_now(
    wrong: str, more: bool, spoilt: list[int], bundle: ClassifierBundle, cache: ExplanationCache
) -> None:
    change, keys = WRONG[wrong]
    methods: dict[str, Explainer] = {"mine": Counted(), "cam": HiResCAM(layer="layer4")}
    explain(bundle, volume(gap=None), methods, cache=cache)
    for n in spoilt:
        spoil(cache, n, change, [methods[key] for key in keys])
    if more:
        methods["other"] = Counted(2.0)
    found = explain(bundle, volume(gap=None), methods, cache=cache)
    fresh = explain(bundle, volume(gap=None), methods)
    for key in methods:
        np.testing.assert_array_equal(found[key].target, fresh[key].target)
        np.testing.assert_allclose(found[key].maps, fresh[key].maps, rtol=1e-4, atol=1e-6)
        assert found[key].states == fresh[key].states


@pytest.mark.usefixtures("_names")
def test_maps_of_an_older_prediction_are_dropped_when_another_class_is_predicted(
    bundle: ClassifierBundle, cache: ExplanationCache
) -> None:
    cam = HiResCAM(layer="layer4")
    explain(bundle, volume(gap=None), {"mine": Counted(), "cam": cam}, cache=cache)
    for n in (1, 2):
        spoil(cache, n, turned, [Counted(), cam])
    methods: dict[str, Explainer] = {"mine": Counted(), "cam": cam, "other": Counted(2.0)}
    found = explain(bundle, volume(gap=None), methods, cache=cache)
    fresh = explain(bundle, volume(gap=None), methods)
    for key in methods:
        np.testing.assert_allclose(found[key].maps, fresh[key].maps, rtol=1e-4, atol=1e-6)
        assert (found[key].target == 1).all()


@pytest.mark.usefixtures("_names")
@pytest.mark.parametrize("change", [turned, other_shape])
def test_members_of_another_class_or_shape_are_computed_again(
    change: Callable[[Entry], Entry], bundle: ClassifierBundle, cache: ExplanationCache
) -> None:
    cam = HiResCAM(layer="layer4")
    explain(bundle, volume(gap=None), {"m": Counted(), "h": cam}, cache=cache)
    spoil(cache, 3, change, [Counted()] if change is other_shape else [Counted(), cam])
    methods: dict[str, Explainer] = {"consensus": Consensus((("m", Counted()), ("h", cam)))}
    found = explain(bundle, volume(gap=None), methods, cache=cache)["consensus"]
    np.testing.assert_allclose(
        found.maps, explain(bundle, volume(gap=None), methods)["consensus"].maps, rtol=1e-4, atol=1e-6
    )


@pytest.mark.usefixtures("_names")
def test_an_entry_that_says_another_target_than_asked_is_none(
    bundle: ClassifierBundle, cache: ExplanationCache
) -> None:
    explain(bundle, volume(gap=None), {"mine": Counted()}, target=0, cache=cache)
    spoil(cache, 2, lambda entry: replace(entry, target=1), [Counted()])
    Counted.asked.clear()
    found = explain(bundle, volume(gap=None), {"mine": Counted()}, target=0, cache=cache)["mine"]
    assert Counted.asked == [1]
    assert (found.target == 0).all()


def test_the_same_slice_is_found_in_another_series(bundle: ClassifierBundle, cache: ExplanationCache) -> None:
    series = volume(gap=None)
    explain(bundle, series, {"mine": Counted()}, cache=cache)
    Counted.asked.clear()
    analyse_slices(bundle, [series.array[3]], [99], series.geometry, {"mine": Counted()}, cache=cache)
    assert Counted.asked == []
