"""An engine without torch: says "affected" of slices with a bright spot and points at it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from viewer.app.engine_messages import Analyse, BundleInfo, Describe, EngineInfo, Explain, ScoreMap
from viewer.app.map_scores import MapScores
from viewer.app.method_settings import MethodSheet, Setting
from xai.errors import BundleError, ExplainError
from xai.explanation import MethodMaps, SliceAnalysis
from xai.imaging.resample import CellGrid, SliceMapping
from xai.models.manifest import BundleCalibration, BundleManifest, TrainedOn, read_manifest
from xai.progress import Progress
from xai.registry import EXPLAINERS, ExplainerEntry

CELLS = CellGrid(centre=0.0, stride=32.0)
SPOT = 1000.0
"""Slices with a value above this are called affected."""
STEPS = 4

CATALOGUE: Mapping[str, ExplainerEntry] = {
    **{key: entry for key, entry in EXPLAINERS.items() if entry.cost == "cheap"},
    "occlusion": ExplainerEntry("Occlusion", "Perturbation", "Zeiler and Fergus 2014", "none:None", "costly"),
    "shap": ExplainerEntry("SHAP", "Shapley", "Lundberg and Lee 2017", "none:None", "costly"),
    "consensus": ExplainerEntry("Consensus", "Ensemble", "this project", "none:None", "costly"),
}
"""The methods of these tests: as many costly ones as they need."""
SETTINGS = (
    Setting("passes", "integer", 100, (), "How many."),
    Setting("fill", "choice", "blur", ("blur", "zero"), "What hidden pixels become."),
    Setting("exact", "switch", False),
)


class FakeModel:
    def start(self) -> EngineInfo:
        return EngineInfo("cpu", "none", 1, os.getpid())

    def load(self, path: Path) -> BundleInfo:
        if path.name == "broken":
            raise BundleError(f"The bundle {path} is broken.")
        manifest = BundleManifest(
            name="spots",
            version="1",
            network="resnet18",
            classes=("healthy", "affected"),
            weights_sha256="0" * 64,
            cam_layer="layer4",
            cam_centre=0.0,
            cam_stride=32.0,
            trained_on=TrainedOn(modality="MR", region="lower leg", plane="axial", data_source="synthetic spots"),
        )
        return BundleInfo(path, manifest, "b" * 64, "cpu")

    def analyse(self, request: Analyse, progress: Progress) -> SliceAnalysis:
        progress(0, 1)
        affected = np.array([float(np.nanmax(values) > SPOT) for values in request.slices], np.float32)
        probabilities = np.stack([0.9 - 0.8 * affected, 0.1 + 0.8 * affected], axis=1).astype(np.float32)
        predicted = probabilities.argmax(axis=1)
        targets = predicted if request.target is None else np.full(len(predicted), request.target)
        mapping = SliceMapping.fit(request.geometry, 224)
        maps = np.zeros((len(request.slices), 7, 7), np.float32)
        for n, values in enumerate(request.slices):
            peak = np.array(np.unravel_index(np.argmax(values), values.shape), float)
            row, column = np.clip(np.rint(mapping.to_network(peak) / 32), 0, 6).astype(int)
            maps[n, row, column] = 1.0 + 10 * targets[n]
        states = tuple("" if is_affected else "nothing supports this class" for is_affected in affected)
        found = MethodMaps(maps, states, CELLS, {"layer": "layer4"}, 1.0, 0.0)
        logits = np.log(probabilities)
        return SliceAnalysis(
            request.indices,
            logits,
            probabilities,
            targets.astype(np.int64),
            dict.fromkeys(request.methods, found),
        )

    def explain(self, request: Explain, progress: Progress, partial: Callable[[object], None]) -> SliceAnalysis:
        """Sharpen in steps; the map's peak grows with each. The window hears of each step before the next."""
        asked = Analyse(
            request.bundle, request.indices, request.slices, request.geometry, (request.method,), request.target
        )
        passes = int(str(request.parameters.get("passes", 100)))
        if passes == 0:
            raise ExplainError("No passes, no map.")
        for step in range(STEPS + 1):
            progress(step, STEPS)
            found = self.analyse(asked, lambda done, total: None)
            maps = found.maps[request.method]
            values = maps.values * np.float32((step + 1) / (STEPS + 1))
            parameters = {"passes": passes, **request.parameters}
            details = ({"windows": float(passes)},) * len(request.indices)
            sharper = MethodMaps(
                values, ("",) * len(values), maps.cells, parameters, float(passes), passes / 1000, details
            )
            found = SliceAnalysis(
                found.indices, found.logits, found.probabilities, found.targets, {request.method: sharper}
            )
            if step < STEPS:
                partial(found)
        return found

    def score(self, request: ScoreMap, progress: Progress) -> MapScores:
        progress(0, 1)
        peak = float(request.map.max())
        falls = np.linspace(1, 0, 11, dtype=np.float32)
        return MapScores(falls * np.float32(0.5), falls[::-1].copy() * np.float32(min(1.0, peak / 11)), 44)

    def describe(self, request: Describe) -> Mapping[str, MethodSheet]:
        costly = ("occlusion", "shap", "consensus")
        members = Setting("members", "members", ("gradcam", "hirescam"))
        return {
            key: MethodSheet(
                (*SETTINGS, *((members,) if key == "consensus" else ())), int(str(told.get("passes", 100)))
            )
            if key in costly
            else MethodSheet()
            for key, told in request.methods.items()
        }


class FoldModel(FakeModel):
    """Says 0.77 of every slice, and its maps' peak is the number of the fold whose bundle it is, plus one."""

    def analyse(self, request: Analyse, progress: Progress) -> SliceAnalysis:
        found = super().analyse(request, progress)
        assert request.bundle is not None
        folder = request.bundle.path.parent.name
        peak = 1.0 + int(folder) if folder.isdigit() else 99.0
        probabilities = np.tile(np.array([0.23, 0.77], np.float32), (len(request.indices), 1))
        maps = {
            key: MethodMaps(
                np.where(one.values > 0, peak, 0).astype(np.float32),
                ("",) * len(one.states),
                one.cells,
                one.parameters,
                one.passes,
                one.seconds,
            )
            for key, one in found.maps.items()
        }
        return SliceAnalysis(found.indices, np.log(probabilities), probabilities, found.targets, maps)


class CarefulModel(FoldModel):
    """Reads the manifest, as real ones do."""

    def load(self, path: Path) -> BundleInfo:
        read_manifest(path)
        return super().load(path)


class DyingModel(FakeModel):
    """Its process ends whenever slice 0 is among those that are asked for."""

    def analyse(self, request: Analyse, progress: Progress) -> SliceAnalysis:
        if 0 in request.indices:
            os._exit(1)
        return super().analyse(request, progress)


class SlowModel(FakeModel):
    """Answers nothing until it is cancelled."""

    def analyse(self, request: Analyse, progress: Progress) -> SliceAnalysis:
        while True:
            progress(0, 1)
            threading.Event().wait(0.002)


class PatientModel(FakeModel):
    """Its costly methods report a share of the work and then wait, answering others, until they are cancelled."""

    def explain(self, request: Explain, progress: Progress, partial: Callable[[object], None]) -> SliceAnalysis:
        if request.parameters.get("exact"):
            return super().explain(request, progress, partial)
        share = int(str(request.parameters.get("passes", 30)))
        while True:
            progress(share, 100)
            threading.Event().wait(0.002)


class OppositeModel(FakeModel):
    """Calls affected what the other calls healthy, and points elsewhere."""

    def analyse(self, request: Analyse, progress: Progress) -> SliceAnalysis:
        found = super().analyse(request, progress)
        maps = {
            key: MethodMaps(
                np.ascontiguousarray(one.values[:, ::-1, ::-1]),
                tuple("" if state else "nothing supports this class" for state in one.states),
                one.cells,
                one.parameters,
                one.passes,
                one.seconds,
            )
            for key, one in found.maps.items()
        }
        return SliceAnalysis(
            found.indices, found.logits[:, ::-1].copy(), found.probabilities[:, ::-1].copy(), found.targets, maps
        )


class CalibratedModel(FakeModel):
    """Its bundle has a calibration; its engine answers with calibrated probabilities, as the real one does."""

    def load(self, path: Path) -> BundleInfo:
        found = super().load(path)
        calibration = BundleCalibration(temperature=1.4, slices=480, patients=40, ece_before=0.08, ece_after=0.03)
        return replace(found, manifest=found.manifest.model_copy(update={"calibration": calibration}))
