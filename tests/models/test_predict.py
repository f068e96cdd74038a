from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import SeriesInfo, Volume
from xai.models.bundle import load_bundle, save_bundle
from xai.models.manifest import BundleCalibration
from xai.models.predict import ask, predict, run_batches, to_prediction
from xai.pipeline import analyse_slices, explain
from xai.progress import Cancelled


def volume(depth: int = 5) -> Volume:
    array = np.random.default_rng(1).random((depth, 60, 80), np.float32)
    return Volume(array, VolumeGeometry((depth, 60, 80), np.eye(4)), SeriesInfo())


def with_a_gap(depth: int = 5, gap: int = 2) -> Volume:
    array = volume(depth).array.copy()
    array[gap, 3, 3] = np.nan
    return Volume(array, VolumeGeometry((depth, 60, 80), np.eye(4)), SeriesInfo())


def test_a_slice_that_could_not_be_read_is_not_predicted(bundle_folder: Path) -> None:
    bundle = load_bundle(bundle_folder)
    prediction = predict(bundle, with_a_gap())
    whole = predict(bundle, volume())
    assert prediction.target[2] == -1
    assert np.isnan(prediction.probabilities[2]).all()
    assert np.isnan(prediction.logits[2]).all()
    others = [0, 1, 3, 4]
    np.testing.assert_allclose(prediction.logits[others], whole.logits[others], atol=1e-5)
    np.testing.assert_allclose(prediction.probabilities[others].sum(1), 1, atol=1e-6)
    assert prediction.logits.dtype == prediction.probabilities.dtype == np.float32


def test_nothing_readable_is_no_error(bundle_folder: Path) -> None:
    array = np.full((2, 8, 8), np.nan, np.float32)
    empty = Volume(array, VolumeGeometry((2, 8, 8), np.eye(4)), SeriesInfo())
    reports: list[tuple[int, int]] = []
    prediction = predict(load_bundle(bundle_folder), empty, lambda *at: reports.append(at))
    assert list(prediction.target) == [-1, -1]
    assert reports[-1] == (2, 2)


def test_progress_ends_at_the_number_of_slices_and_cancelling_ends_the_work(bundle_folder: Path) -> None:
    bundle = load_bundle(bundle_folder)
    reports: list[tuple[int, int]] = []
    predict(bundle, with_a_gap(12), lambda *at: reports.append(at))
    assert reports[0] == (0, 12)
    assert reports[-1] == (12, 12)
    assert reports == sorted(reports)

    def cancel(done: int, _total: int) -> None:
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        predict(bundle, volume(12), cancel)


def test_large_logits_do_not_overflow() -> None:
    prediction = to_prediction(np.array([[1e4, -1e4], [np.nan, np.nan], [0.0, 0.0]], np.float32))
    np.testing.assert_array_equal(prediction.probabilities[[0, 2]], [[1, 0], [0.5, 0.5]])
    assert list(prediction.target) == [0, -1, 0]


def test_no_slices_at_all() -> None:
    assert to_prediction(np.zeros((0, 2), np.float32)).target.shape == (0,)


def test_a_calibration_changes_probabilities_and_neither_logits_nor_classes(
    bundle_folder: Path, tmp_path: Path
) -> None:
    plain = load_bundle(bundle_folder, device="cpu")
    save_bundle(
        tmp_path / "calibrated",
        plain.network,
        name="Test",
        version="1",
        network_name="resnet18-slim",
        calibration=BundleCalibration(temperature=0.2, slices=5, patients=2, ece_before=0.2, ece_after=0.1),
    )
    bundle = load_bundle(tmp_path / "calibrated", device="cpu")
    assert bundle.sha256 != plain.sha256
    before, after = predict(plain, volume()), predict(bundle, volume())
    np.testing.assert_array_equal(before.logits, after.logits)
    np.testing.assert_array_equal(before.target, after.target)
    gap = (after.logits[:, 1] - after.logits[:, 0]) / 0.2
    np.testing.assert_allclose(after.probabilities[:, 1], 1 / (1 + np.exp(-gap)), rtol=1e-5)
    assert np.abs(after.probabilities - before.probabilities).max() > 1e-3

    maps = explain(bundle, volume(), ["hirescam"])["hirescam"]
    np.testing.assert_allclose(maps.prediction.probabilities, after.probabilities, rtol=1e-4)
    np.testing.assert_array_equal(maps.maps, explain(plain, volume(), ["hirescam"])["hirescam"].maps)
    analysis = analyse_slices(bundle, list(volume().array), range(5), volume().geometry, ["hirescam"])
    np.testing.assert_allclose(analysis.probabilities, after.probabilities, rtol=1e-4)
    assert "calibrated: temperature 0.2" in " ".join(maps.notes)


@pytest.mark.parametrize("room", [3, 0])
def test_out_of_memory_halves_the_batch_and_then_moves_to_the_cpu(bundle_folder: Path, room: int) -> None:
    """A device with room for some slices at a time; "cpu:0" stands for it, being no plain "cpu"."""
    bundle = dataclasses.replace(load_bundle(bundle_folder, device="cpu"), device="cpu:0")
    tried: list[int] = []

    def step(network: nn.Module, x: Tensor) -> object:
        if network is bundle.network:
            tried.append(len(x))
            if len(x) > room:
                raise torch.OutOfMemoryError("out of memory")
        return ask(network, x)

    notes: list[str] = []
    array = with_a_gap(9, gap=0).array
    mapping = bundle.preprocess.mapping(VolumeGeometry((9, 60, 80), np.eye(4)))
    found = list(run_batches(bundle, array, mapping, step, batch_size=8, notes=notes))
    assert sorted(n for places, _ in found for n in places) == list(range(1, 9))
    expected = predict(load_bundle(bundle_folder, device="cpu"), volume(9)).logits
    for places, answer in found:
        np.testing.assert_allclose(np.asarray(answer), expected[places], atol=1e-5)
    if room:
        assert tried == [8, 4, 2, 2, 2, 2]
        assert len(notes) == 1
    else:
        assert tried == [8, 4, 2, 1]
        assert "the CPU went on" in notes[-1]


def test_out_of_memory_on_the_cpu_is_an_error(bundle_folder: Path) -> None:
    bundle = load_bundle(bundle_folder, device="cpu")

    def step(_network: nn.Module, _x: Tensor) -> None:
        raise torch.OutOfMemoryError("out of memory")

    mapping = bundle.preprocess.mapping(VolumeGeometry((1, 60, 80), np.eye(4)))
    with pytest.raises(torch.OutOfMemoryError):
        list(run_batches(bundle, volume(1).array, mapping, step))
