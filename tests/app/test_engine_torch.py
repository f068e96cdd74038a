"""The engine with its real work: torch, a bundle, maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from viewer.app.engine import BundleInfo, Engine
from viewer.app.engine_worker import Analyse, TorchHandlers
from viewer.app.map_scores import MapScores
from viewer.app.tasks import Job
from xai.errors import BundleError
from xai.evaluate.faithfulness import faithfulness
from xai.explainers.base import make_explainer
from xai.explanation import SliceAnalysis
from xai.imaging.geometry import VolumeGeometry
from xai.models.bundle import load_bundle, save_bundle
from xai.models.networks import build
from xai.pipeline import analyse_slices
from xai.progress import ignore

GEOMETRY = VolumeGeometry.unknown((3, 64, 64))
METHODS = ("gradcam", "gradcampp", "hirescam")
LONG = 120_000


def draw_slices() -> list[tuple[int, NDArray[np.float32]]]:
    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[:64, :64]
    body = np.hypot(rows - 32, columns - 30) < 25
    return [(k, (body * (100 + 20 * rng.random((64, 64)))).astype(np.float32)) for k in (0, 2)]


SLICES = draw_slices()


def write_bundle(path: Path, seed: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build("resnet18-slim")
    save_bundle(path, network, name=f"seed {seed}", version="1", network_name="resnet18-slim")


def answer(qtbot: QtBot, job: Job) -> object:
    """Wait for a job's result or the sentence of its failure."""
    heard: list[object] = []
    job.succeeded.connect(heard.append)
    job.failed.connect(heard.append)
    with qtbot.waitSignal(job.finished, timeout=LONG):
        pass
    return heard[0]


@pytest.fixture
def engine(qtbot: QtBot) -> Iterator[Engine]:
    engine = Engine()
    engine.start()
    yield engine
    assert engine.shutdown()


def test_engine_says_what_the_pipeline_says(qtbot: QtBot, engine: Engine, tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", seed=1)
    without = answer(qtbot, engine.analyse(SLICES, GEOMETRY))
    assert without == "No model is loaded, so the slices cannot be analysed."
    missing = answer(qtbot, engine.load_bundle(tmp_path / "nothing"))
    assert isinstance(missing, str)
    assert missing.startswith(f"There is no bundle at {tmp_path / 'nothing'}")

    info = answer(qtbot, engine.load_bundle(tmp_path / "bundle"))
    assert isinstance(info, BundleInfo)
    bundle = load_bundle(tmp_path / "bundle")
    assert (info.manifest, info.sha256, info.device) == (bundle.manifest, bundle.sha256, bundle.device)
    assert engine.info is not None
    assert engine.info.torch_version == str(torch.__version__)

    for target in (0, 1, None):
        got = answer(qtbot, engine.analyse(SLICES, GEOMETRY, METHODS, target))
        expected = analyse_slices(bundle, [values for _, values in SLICES], [0, 2], GEOMETRY, METHODS, target)
        assert isinstance(got, SliceAnalysis)
        assert got.indices == (0, 2)
        assert got.targets.tolist() == expected.targets.tolist()
        np.testing.assert_allclose(got.logits, expected.logits, atol=1e-4)
        assert tuple(got.maps) == METHODS
        for key in METHODS:
            np.testing.assert_allclose(got.maps[key].values, expected.maps[key].values, atol=1e-4)
            assert got.maps[key].cells == expected.maps[key].cells


def test_a_new_process_loads_the_bundle_by_itself_unless_it_has_changed(tmp_path: Path) -> None:
    write_bundle(tmp_path, seed=1)
    request = Analyse(TorchHandlers().load(tmp_path), (0, 2), tuple(values for _, values in SLICES), GEOMETRY)
    first = TorchHandlers().analyse(request, ignore)
    write_bundle(tmp_path, seed=2)
    with pytest.raises(BundleError, match=r"has changed since it was opened; open it again\.$"):
        TorchHandlers().analyse(request, ignore)
    changed = TorchHandlers()
    second = changed.analyse(replace(request, bundle=changed.load(tmp_path)), ignore)
    assert not np.allclose(first.logits, second.logits, atol=1e-4)
    write_bundle(tmp_path, seed=1)
    back = changed.analyse(request, ignore)
    np.testing.assert_allclose(back.logits, first.logits, atol=1e-4)


def test_costly_methods_settings_and_scores(qtbot: QtBot, engine: Engine, tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", seed=1)
    answer(qtbot, engine.load_bundle(tmp_path / "bundle"))
    bundle = load_bundle(tmp_path / "bundle")
    told = {"window": 56, "stride": 28}
    sheets = answer(qtbot, engine.describe({"occlusion": told, "hirescam": {}}))
    assert isinstance(sheets, dict)
    assert (sheets["occlusion"].passes, sheets["hirescam"].passes) == (49, 1)
    assert {setting.name for setting in sheets["occlusion"].settings} >= {"window", "stride", "fill"}

    request = engine.explain(SLICES[:1], GEOMETRY, "occlusion", told, 1)
    # A prediction of a changed slice comes in between and leaves the maps as they are.
    k, values = SLICES[1]
    changed = answer(qtbot, engine.analyse([(k, values * (values < 110))], GEOMETRY, priority=2))
    got = answer(qtbot, request)
    assert isinstance(changed, SliceAnalysis)
    assert isinstance(got, SliceAnalysis)
    occlusion = make_explainer("occlusion", window=56, stride=28)
    expected = analyse_slices(bundle, [SLICES[0][1]], [0], GEOMETRY, {"occlusion": occlusion}, 1)
    maps = got.maps["occlusion"]
    np.testing.assert_allclose(maps.values, expected.maps["occlusion"].values, atol=1e-4)
    assert (maps.parameters["window"], maps.parameters["stride"]) == (56, 28)

    scores = answer(qtbot, engine.score(SLICES[0][1], GEOMETRY, maps.values[0], maps.cells, 1))
    assert isinstance(scores, MapScores)
    x = bundle.preprocess.to_input([SLICES[0][1]], bundle.preprocess.mapping(GEOMETRY))
    (curves,) = faithfulness(bundle.network, x, torch.tensor([1]), torch.from_numpy(maps.values[:1])[:, None])
    areas = [one.areas() for one in curves.values()]
    assert scores.deletion_area == pytest.approx(np.mean([one["deletion"] for one in areas]), abs=1e-4)
    assert scores.insertion_area == pytest.approx(np.mean([one["insertion"] for one in areas]), abs=1e-4)

    wrong = answer(qtbot, engine.explain(SLICES[:1], GEOMETRY, "occlusion", {"window": 8, "stride": 9}, 1))
    assert isinstance(wrong, str)
    assert wrong.startswith("Windows of 8 pixels need a stride")
