from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import xai
from xai.errors import ExplainError, UnknownExplainerError
from xai.explainers.base import CONSTANT, NO_SUPPORT, NOT_FINITE, UNREAD, state_of
from xai.explainers.cam import HiResCAM
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import CellGrid
from xai.imaging.volume import SeriesInfo, Volume
from xai.models.bundle import ClassifierBundle
from xai.models.predict import predict
from xai.pipeline import analyse_slices, explain
from xai.progress import Cancelled, Progress, ignore

METHODS = ["gradcam", "gradcampp", "hirescam"]


def volume(depth: int = 5, gap: int | None = 2) -> Volume:
    array = np.random.default_rng(2).random((depth, 50, 70), np.float32)
    if gap is not None:
        array[gap] = np.nan
    affine = np.zeros((4, 4))
    affine[2, 0] = affine[1, 1] = affine[0, 2] = affine[3, 3] = 1.0
    return Volume(array, VolumeGeometry((depth, 50, 70), affine), SeriesInfo(modality="MR"))


def test_explanations_are_whole_and_carry_their_provenance(bundle: ClassifierBundle) -> None:
    series = volume()
    found = explain(bundle, series, METHODS)
    assert list(found) == METHODS
    for key, explanation in found.items():
        assert explanation.method == key
        assert explanation.parameters == {"relu": False, "layer": "layer4"}
        assert explanation.bundle_sha256 == bundle.sha256
        assert explanation.volume_sha256 == series.sha256
        assert explanation.code_version == xai.__version__
        assert explanation.created.endswith("+00:00")
        assert explanation.classes == ("healthy", "affected")
        assert explanation.cells == CellGrid(0.0, 32.0)
        assert explanation.maps.shape == (5, 7, 7)
        assert explanation.values.shape == (5, 50, 70)
        assert list(explanation.computed) == [True, True, False, True, True]
        assert explanation.states[2] == UNREAD
        assert explanation.target[2] == -1
        assert np.isnan(explanation.values[2]).all()
        assert np.isnan(explanation.maps[2]).all()
        assert "Trained on synthetic lower-leg phantoms, not on patients." in explanation.notes


def test_the_prediction_beside_the_maps_is_that_of_predict(bundle: ClassifierBundle) -> None:
    series = volume()
    expected = predict(bundle, series)
    explanation = explain(bundle, series, ["hirescam"])["hirescam"]
    np.testing.assert_allclose(explanation.prediction.logits, expected.logits, atol=1e-5)
    np.testing.assert_array_equal(explanation.prediction.target, expected.target)
    np.testing.assert_array_equal(explanation.target, expected.target)


@pytest.mark.parametrize("target", [0, 1])
def test_a_class_by_index_is_explained_in_every_slice(bundle: ClassifierBundle, target: int) -> None:
    explanation = explain(bundle, volume(gap=None), ["hirescam"], target=target)["hirescam"]
    assert set(explanation.target) == {target}
    bias = bundle.network.state_dict()["fc.bias"].numpy()[target]
    np.testing.assert_allclose(explanation.maps.sum((1, 2)) + bias, explanation.prediction.logits[:, target], atol=1e-4)


def test_only_the_slices_asked_for_are_computed(bundle: ClassifierBundle) -> None:
    series = volume(gap=None)
    some = explain(bundle, series, ["gradcam"], slices=range(1, 3))["gradcam"]
    assert list(some.computed) == [False, True, True, False, False]
    assert list(some.target[[0, 3, 4]]) == [-1, -1, -1]
    assert some.states == ("",) * 5
    assert np.isnan(some.prediction.logits[0]).all()
    whole = explain(bundle, series, ["gradcam"])["gradcam"]
    np.testing.assert_allclose(some.maps[1:3], whole.maps[1:3], rtol=1e-4, atol=1e-6)
    assert not explain(bundle, series, ["gradcam"], slices=[])["gradcam"].computed.any()


def test_slices_alone_are_analysed_as_in_their_series(bundle: ClassifierBundle) -> None:
    series = volume(gap=None)
    whole = explain(bundle, series, METHODS)
    analysis = analyse_slices(bundle, [series.array[3]], [3], series.geometry, METHODS)
    assert analysis.indices == (3,)
    for key in METHODS:
        found = analysis.maps[key]
        assert found.passes == 1.0
        np.testing.assert_allclose(found.values[0], whole[key].maps[3], rtol=1e-4, atol=1e-6)
    without = analyse_slices(bundle, [series.array[3]], [3], series.geometry)
    assert without.maps == {}
    np.testing.assert_allclose(without.logits, analysis.logits, atol=1e-5)


def test_three_cams_and_the_prediction_are_one_forward_pass(bundle: ClassifierBundle) -> None:
    seen: list[int] = []
    handle = bundle.network.register_forward_hook(lambda _m, inputs, _o: seen.append(len(inputs[0])))
    try:
        explain(bundle, volume(), METHODS)
    finally:
        handle.remove()
    assert sum(seen) == 4


def test_the_batch_size_does_not_matter(bundle: ClassifierBundle) -> None:
    series = volume(7)
    slices = list(series.array)
    one = analyse_slices(bundle, slices, range(7), series.geometry, METHODS, batch_size=1)
    many = analyse_slices(bundle, slices, range(7), series.geometry, METHODS, batch_size=7)
    np.testing.assert_allclose(one.logits, many.logits, atol=1e-5)
    for key in METHODS:
        ours, theirs = one.maps[key].values, many.maps[key].values
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.nanmax(np.abs(theirs)))


def test_a_series_that_cannot_be_read_gives_maps_of_the_usual_size(bundle: ClassifierBundle) -> None:
    series = volume(1, gap=0)
    analysis = analyse_slices(bundle, list(series.array), [0], series.geometry, ["gradcam"])
    assert analysis.maps["gradcam"].values.shape == (1, 7, 7)
    assert analysis.maps["gradcam"].states == (UNREAD,)
    assert list(analysis.targets) == [-1]


def test_progress_and_cancelling(bundle: ClassifierBundle) -> None:
    reports: list[tuple[int, int]] = []
    explain(bundle, volume(20), METHODS, progress=lambda *at: reports.append(at))
    assert reports == sorted(reports)
    assert reports[-1] == (20, 20)

    def cancel(done: int, _total: int) -> None:
        if done >= 8:
            raise Cancelled

    with pytest.raises(Cancelled):
        explain(bundle, volume(20), METHODS, progress=cancel)
    assert not any(module._forward_hooks for module in bundle.network.modules())


def test_notes_say_how_the_series_differs(bundle: ClassifierBundle) -> None:
    sagittal = dataclasses.replace(volume(), geometry=VolumeGeometry((5, 50, 70), np.eye(4)))
    notes = explain(bundle, sagittal, ["gradcam"])["gradcam"].notes
    assert "The slices are sagittal; the model was trained on axial ones." in notes


def test_wrong_requests_are_one_sentence(bundle: ClassifierBundle) -> None:
    series = volume()
    with pytest.raises(ExplainError, match="The class 2 does not exist; the classes are 0 healthy, 1 affected"):
        explain(bundle, series, METHODS, target=2)
    with pytest.raises(ExplainError, match="The class -1 does not exist"):
        explain(bundle, series, METHODS, target=-1)
    with pytest.raises(ExplainError, match="Slice 5 does not exist; the series has the slices 0 to 4"):
        explain(bundle, series, METHODS, slices=[5])
    with pytest.raises(UnknownExplainerError):
        explain(bundle, series, ["gradcam", "tealeaves"])
    with pytest.raises(ExplainError, match="a list of keys"):
        explain(bundle, series, "gradcam")
    with pytest.raises(ExplainError, match="no layer 'layer9' for maps"):
        explain(bundle, series, {"mine": HiResCAM(layer="layer9")})
    with pytest.raises(ExplainError, match="2 slices came with 1 places"):
        analyse_slices(bundle, list(series.array[:2]), [0], series.geometry)


def test_another_layers_maps_lie_on_its_own_cells(bundle: ClassifierBundle) -> None:
    found = explain(bundle, volume(), {"fine": HiResCAM(layer="layer3", relu=True)})["fine"]
    assert found.cells == CellGrid(0.0, 16.0)
    assert found.parameters == {"relu": True, "layer": "layer3"}
    assert found.maps.shape == (5, 14, 14)


@dataclass(frozen=True)
class Twice:
    """A method of its own, asking the network twice per slice."""

    value: float
    per_pixel: bool = True
    layer: str | None = None

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        progress(0, 1)
        network(x)
        network(x)
        maps = torch.full_like(x, self.value)
        maps[:, :, 0, 0] = target[:, None]
        return maps


def test_other_explainers_are_asked_with_the_predicted_class(bundle: ClassifierBundle) -> None:
    series = volume()
    analysis = analyse_slices(bundle, list(series.array), range(5), series.geometry, {"twice": Twice(-3.0)})
    found = analysis.maps["twice"]
    assert found.passes == 2.0
    assert found.cells == CellGrid()
    assert found.seconds > 0
    np.testing.assert_array_equal(found.values[[0, 1, 3, 4], 0, 0], analysis.targets[[0, 1, 3, 4]])


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ([[0.0, 1.0]], ""),
        ([[-1.0, 1e-3]], ""),
        ([[-2.0, -1.0]], NO_SUPPORT),
        ([[-2.0, 0.0]], NO_SUPPORT),
        ([[0.0, 0.0]], CONSTANT),
        ([[5.0, 5.000001]], CONSTANT),
        ([[np.nan, 1.0]], NOT_FINITE),
        ([[np.inf, 1.0]], NOT_FINITE),
    ],
)
def test_maps_that_show_nothing_say_so_in_words(values: list[list[float]], state: str) -> None:
    assert state_of(np.array(values, np.float32)) == state


def test_public_names_work_after_every_submodule_is_imported() -> None:
    """A submodule called `explain` or `predict` would take the public function's place."""
    for module in pkgutil.walk_packages(xai.__path__, "xai."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert all(callable(getattr(xai, name)) for name in xai.__all__ if name != "__version__")
    assert set(xai.__all__) <= set(dir(xai))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = xai.nonsense


def test_the_readme_example_from_files(tmp_path: Path, bundle: ClassifierBundle) -> None:
    nib = pytest.importorskip("nibabel")
    nib.save(nib.Nifti1Image(volume(gap=None).array.transpose(2, 1, 0), np.diag([-1.0, -1, 1, 1])), tmp_path / "s.nii")
    (series,) = xai.open_volumes(tmp_path)
    assert xai.predict(bundle, series).probabilities.shape == (5, 2)
    maps = xai.explain(bundle, series, ["gradcam", "hirescam"], slices=None, target=None)
    assert maps["hirescam"].values.shape == (5, 50, 70)
