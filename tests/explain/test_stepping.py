"""Methods that work in steps, members of ensembles that are shared, and what passes and seconds are said."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.explain.plain_methods import DEPTH, Counted, Sharpening, volume
from xai.evaluate.scores import score_slices
from xai.explainers.base import UNREAD, Explainer
from xai.explainers.cam import GradCAM, HiResCAM
from xai.explainers.consensus import Consensus, Disagreement
from xai.explainers.ensemble import AverageEnsemble
from xai.explanation import SliceAnalysis
from xai.export import load_npz, save_npz
from xai.gathering import Gathered
from xai.models.bundle import ClassifierBundle
from xai.pipeline import analyse_slices, explain
from xai.progress import Cancelled, Progress, ignore
from xai.stepping import Answer


@pytest.fixture(autouse=True)
def _fresh() -> None:
    Counted.asked.clear()
    Sharpening.ended.clear()


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


def test_a_series_maps_are_in_memory_once(bundle: ClassifierBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the batches are gone when all is gathered, and whole series are not copied into explanations."""
    batches: list[weakref.ref[object]] = []
    alive: list[int] = []
    take, gather = Gathered.take, Gathered.analysis

    def took(self: Gathered, places: Sequence[int], answer: Answer) -> None:
        batches.extend(weakref.ref(found.maps) for found in answer.found.values())
        take(self, places, answer)

    def gathered(self: Gathered, notes: Sequence[str] = ()) -> SliceAnalysis:
        alive.append(sum(one() is not None for one in batches))
        analyses.append(gather(self, notes))
        return analyses[-1]

    analyses: list[SliceAnalysis] = []
    monkeypatch.setattr(Gathered, "take", took)
    monkeypatch.setattr(Gathered, "analysis", gathered)
    found = explain(bundle, volume(), {"mine": Counted()})["mine"]
    assert len(batches) == DEPTH - 1
    assert alive == [0]
    assert found.maps is analyses[0].maps["mine"].values
    assert np.isnan(explain(bundle, volume(), {"mine": Counted()}, slices=[1])["mine"].maps[[0, 3]]).all()
