"""An engine without torch: says "affected" of slices with a bright spot and points at it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np

from viewer.app.engine_worker import Analyse, BundleInfo, EngineInfo
from xai.errors import BundleError
from xai.explanation import MethodMaps, SliceAnalysis
from xai.imaging.resample import CellGrid, SliceMapping
from xai.models.manifest import BundleManifest, TrainedOn
from xai.progress import Progress

CELLS = CellGrid(centre=0.0, stride=32.0)
SPOT = 1000.0
"""Slices with a value above this are called affected."""


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
