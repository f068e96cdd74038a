"""Methods that work in steps, members of ensembles that are shared, and maps that were computed before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from xai.cache import Entry, ExplanationCache
from xai.evaluate.scores import score_slices
from xai.explainers.base import UNREAD, Attribution, Explainer
from xai.explainers.cam import GradCAM, HiResCAM
from xai.explainers.consensus import Consensus, Disagreement
from xai.explainers.ensemble import AverageEnsemble
from xai.explanation import Explanation, SliceAnalysis
from xai.export import load_npz, save_npz
from xai.gathering import Kept
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import SeriesInfo, Volume
from xai.models.bundle import ClassifierBundle
from xai.pipeline import analyse_slices, explain
from xai.progress import Cancelled, Progress, ignore

DEPTH = 5


def volume(gap: int | None = 2, seed: int = 2) -> Volume:
    array = np.random.default_rng(seed).random((DEPTH, 50, 70), np.float32)
    if gap is not None:
        array[gap] = np.nan
    affine = np.zeros((4, 4))
    affine[2, 0] = affine[1, 1] = affine[0, 2] = affine[3, 3] = 1.0
    return Volume(array, VolumeGeometry((DEPTH, 50, 70), affine), SeriesInfo(modality="MR"))


@dataclass(frozen=True)
class Counted:
    """A map of the picture itself; says how often it was asked, in all its copies."""

    factor: float = 1.0
    per_pixel: bool = True
    layer: str | None = None
    asked: ClassVar[list[int]] = []

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        self.asked.append(len(x))
        progress(0, 2)
        with torch.no_grad():
            network(x)
        progress(2, 2)
        return x * self.factor


@dataclass(frozen=True)
class Sharpening:
    """Three steps; the last map is three times the picture."""

    per_pixel: bool = True
    layer: str | None = None
    ended: ClassVar[list[str]] = []

    def steps(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress) -> Iterator[Attribution]:
        try:
            for n in range(3):
                progress(n, 3)
                with torch.no_grad():
                    network(x)
                words = "too early to tell" if n == 0 else ""
                said: dict[str, float | str] = {"step": float(n), "noise": "low"}
                yield Attribution(x * (n + 1), (words,) * len(x), (said,) * len(x))
        finally:
            self.ended.append("ended")

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        return list(self.steps(network, x, target, progress))[-1].maps


@pytest.fixture(autouse=True)
def _fresh() -> None:
    Counted.asked.clear()
    Sharpening.ended.clear()


@pytest.fixture
def cache(tmp_path: Path) -> ExplanationCache:
    return ExplanationCache(tmp_path / "cache")


@pytest.fixture
def passes(bundle: ClassifierBundle) -> Iterator[list[int]]:
    seen: list[int] = []
    handle = bundle.network.register_forward_pre_hook(lambda _m, inputs: seen.append(len(inputs[0])))
    yield seen
    handle.remove()


def test_steps_end_in_their_last_map_with_its_words_and_details(bundle: ClassifierBundle, tmp_path: Path) -> None:
    found = explain(bundle, volume(), {"steps": Sharpening()})["steps"]
    assert found.states == ("", "", UNREAD, "", "")
    assert found.details == ({"step": 2.0, "noise": "low"},) * 2 + ({},) + ({"step": 2.0, "noise": "low"},) * 2
    once = explain(bundle, volume(), {"once": Counted()})["once"]
    np.testing.assert_allclose(found.maps, once.maps * 3)
    save_npz(found, tmp_path / "m.npz")
    assert load_npz(tmp_path / "m.npz").details == found.details


def test_details_that_are_not_finite_survive_a_file(bundle: ClassifierBundle, tmp_path: Path) -> None:
    found = explain(bundle, volume(), {"steps": Sharpening()})["steps"]
    odd = tuple({"interval": float("nan")} for _ in found.details)
    save_npz(replace(found, details=odd), tmp_path / "m.npz")
    back = load_npz(tmp_path / "m.npz").details
    assert len(back) == DEPTH
    assert all(np.isnan(one["interval"]) for one in back)


def test_whoever_watches_sees_a_map_sharpen_and_the_quick_ones_first(bundle: ClassifierBundle) -> None:
    series = volume(gap=None)
    seen: list[SliceAnalysis] = []
    methods: dict[str, Explainer] = {"steps": Sharpening(), "cam": HiResCAM()}
    whole = analyse_slices(
        bundle, list(series.array[:2]), [7, 8], series.geometry, methods, partial=seen.append, batch_size=2
    )
    assert [sorted(one.maps) for one in seen] == [["cam"], *[["cam", "steps"]] * 3]
    assert all(one.indices == (7, 8) for one in seen)
    assert [one.maps["steps"].details[0]["step"] for one in seen[1:]] == [0.0, 1.0, 2.0]
    assert [one.maps["steps"].states[0] for one in seen[1:]] == ["too early to tell", "", ""]
    assert [one.maps["steps"].passes for one in seen[1:]] == [1, 2, 3]
    np.testing.assert_array_equal(seen[0].logits, whole.logits)
    np.testing.assert_array_equal(seen[-1].maps["steps"].values, whole.maps["steps"].values)


def test_a_method_that_is_broken_off_gives_the_network_back(bundle: ClassifierBundle) -> None:
    def stop(analysis: SliceAnalysis) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        explain(bundle, volume(), {"steps": Sharpening()}, partial=stop)
    assert Sharpening.ended == ["ended"]
    assert not any(module._forward_pre_hooks for module in bundle.network.modules())


@dataclass(frozen=True)
class Slow:
    """Loads something for a second at first, and takes its time over the formula."""

    per_pixel: bool = True
    layer: str | None = None
    clock: ClassVar[list[float]] = [0.0]

    def prepare(self) -> None:
        self.clock[0] += 1000.0

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        self.clock[0] += 3.0
        return x.clone()


@dataclass(frozen=True)
class SlowCam(HiResCAM):
    """A CAM of which the same is true."""

    def prepare(self) -> None:
        Slow.clock[0] += 1000.0

    def combine(self, activation: Tensor, gradient: Tensor) -> Tensor:
        Slow.clock[0] += 8.0
        return HiResCAM.combine(self, activation, gradient)


def test_seconds_are_a_methods_own_and_its_share_of_the_pass(
    bundle: ClassifierBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xai.stepping.time.perf_counter", lambda: Slow.clock[0])

    def costs(_module: nn.Module, _inputs: object) -> None:
        Slow.clock[0] += 2.0

    handle = bundle.network.register_forward_pre_hook(costs)
    try:
        series = volume(gap=None)
        methods: dict[str, Explainer] = {"cam": HiResCAM(), "slow cam": SlowCam(), "slow": Slow()}
        found = analyse_slices(bundle, [series.array[0]], [0], series.geometry, methods)
    finally:
        handle.remove()
    assert {key: one.seconds for key, one in found.maps.items()} == {"cam": 1.0, "slow cam": 9.0, "slow": 3.0}


def test_passes_and_seconds_are_known_slice_by_slice(bundle: ClassifierBundle) -> None:
    series = volume()
    found = analyse_slices(bundle, list(series.array), range(DEPTH), series.geometry, {"uneven": Uneven()})
    maps = found.maps["uneven"]
    assert maps.slice_passes[:2] + maps.slice_passes[3:] == (1.0, 2.0, 3.0, 4.0)
    assert np.isnan(maps.slice_passes[2])
    assert np.isnan(maps.slice_seconds[2])
    assert maps.passes == np.nanmean(maps.slice_passes) == 2.5
    assert maps.seconds == pytest.approx(np.nansum(maps.slice_seconds))
    scored = score_slices(bundle, list(series.array), bundle.preprocess.mapping(series.geometry), found)
    written = {(row.slice, row.measure): row.value for row in scored.rows}
    assert [written[n, "passes"] for n in (1, 2, 4, 5)] == [1, 2, 3, 4]
    assert [written[n, "seconds"] for n in (1, 2, 4, 5)] == [maps.slice_seconds[n - 1] for n in (1, 2, 4, 5)]


@dataclass(frozen=True)
class Uneven(Counted):
    """Takes one pass more for every slice."""

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        self.asked.append(len(x))
        with torch.no_grad():
            for _ in self.asked:
                network(x)
        return x.clone()


def test_an_ensemble_pays_once_for_a_pass_that_its_cams_share(bundle: ClassifierBundle) -> None:
    series = volume(gap=None)
    trio = (("a", GradCAM()), ("b", GradCAM(relu=True)), ("c", HiResCAM()), ("mine", Counted()))
    found = analyse_slices(bundle, list(series.array), range(DEPTH), series.geometry, {"all": Disagreement(trio)})
    assert found.maps["all"].passes == 2


def test_progress_of_long_methods_is_finer_than_slices(bundle: ClassifierBundle) -> None:
    reports: list[tuple[int, int]] = []
    explain(bundle, volume(), {"steps": Sharpening(), "c": Counted()}, progress=lambda *at: reports.append(at))
    assert reports == sorted(reports)
    assert reports[0] == (100, 500)
    assert reports[-1] == (500, 500)
    assert (100 + 50 + 0, 500) in reports
    assert len({done for done, _ in reports}) > 10


def test_members_are_computed_once_for_all_who_need_them(bundle: ClassifierBundle, passes: list[int]) -> None:
    shared = (("mine", Counted()), ("cam", HiResCAM()))
    methods: dict[str, Explainer] = {
        "mine": Counted(),
        "consensus": Consensus(shared, curve_steps=2),
        "disagreement": Disagreement(shared),
        "average": AverageEnsemble((("other", Counted(2.0)), *shared), least=0.0),
    }
    found = explain(bundle, volume(), methods)
    assert Counted.asked == [1] * 8  # two different ones, four slices
    assert list(found) == list(methods)
    # One for the CAM and the prediction, one for each of the two, 2 x 2 x 3 for the weights.
    assert sum(passes) == 4 * (1 + 1 + 1 + 12)


def test_an_ensemble_is_the_same_with_and_without_the_pipeline(bundle: ClassifierBundle) -> None:
    series = volume(gap=None)
    ensemble = Consensus(
        (("mine", Counted()), ("gradcampp", GradCAM()), ("cam", HiResCAM(layer="layer3"))), curve_steps=2
    )
    analysis = analyse_slices(bundle, list(series.array), range(DEPTH), series.geometry, {"all": ensemble})
    x = bundle.preprocess.to_input(list(series.array), bundle.preprocess.mapping(series.geometry))
    for n, target in enumerate(analysis.targets.tolist()):
        alone = ensemble.attribute(bundle.network, x[n : n + 1], torch.tensor([target]))
        np.testing.assert_allclose(alone[0, 0], analysis.maps["all"].values[n], atol=1e-5)
    assert analysis.maps["all"].passes == 1 + 1 + 1 + 3 * 2 * 3
    said = dict(analysis.maps["all"].parameters["members"])  # type: ignore[call-overload]
    assert said["gradcampp"] == {"relu": False, "layer": "layer4"}


# Maps that were computed before --------------------------------------------------------------------------------------


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
