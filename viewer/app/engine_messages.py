"""What window and engine process say to each other: requests one way, replies the other. Without Qt and torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.app.method_settings import Parameters
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import CellGrid

if TYPE_CHECKING:
    from xai.models.manifest import BundleManifest

# Requests ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadBundle:
    """Load the bundle in folder ``path``; answered with a `BundleInfo`. The old one stays when it fails."""

    path: Path


@dataclass(frozen=True, slots=True, eq=False)
class Analyse:
    """Predict and explain some slices; answered with a `SliceAnalysis`."""

    bundle: BundleInfo | None
    """The bundle as the window knows it; a process that was started again loads it first."""
    indices: tuple[int, ...]
    slices: tuple[NDArray[np.float32], ...]
    """(H, W) each, rows and columns as stored."""
    geometry: VolumeGeometry
    methods: tuple[str, ...] = ()
    target: int | None = None
    """Index of the class to explain; None for the predicted class of each slice."""
    parameters: Mapping[str, Parameters] = field(default_factory=dict)
    """Settings by method as plain values; what is not named keeps its default."""


@dataclass(frozen=True, slots=True, eq=False)
class Explain:
    """Explain some slices by one costly method; answered with `Partial` maps and, in the end, a `SliceAnalysis`."""

    bundle: BundleInfo | None
    indices: tuple[int, ...]
    slices: tuple[NDArray[np.float32], ...]
    geometry: VolumeGeometry
    method: str
    parameters: Parameters = field(default_factory=dict)
    """The method's own settings as plain values; what is not named keeps its default."""
    target: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ScoreMap:
    """Measure how faithful one map of one slice is; answered with a `MapScores`."""

    bundle: BundleInfo | None
    values: NDArray[np.float32]
    """(H, W) of the slice as stored."""
    geometry: VolumeGeometry
    map: NDArray[np.float32]
    """(h, w) on the network's cells."""
    cells: CellGrid
    target: int


@dataclass(frozen=True, slots=True)
class Describe:
    """Say which settings methods have and what they would cost; answered with a `MethodSheet` by key."""

    methods: Mapping[str, Parameters]
    bundle: BundleInfo | None = None


What = LoadBundle | Analyse | Explain | ScoreMap | Describe
URGENT = 2
"""Lane of what the screen waits for."""
LANES: Mapping[type[What], int] = {Explain: 0, ScoreMap: 1, Analyse: URGENT, LoadBundle: URGENT, Describe: URGENT}
"""Requests of a higher lane are answered while one of a lower lane is being worked on."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something to do, with a number by which the answers name it."""

    id: int
    what: What


@dataclass(frozen=True, slots=True)
class Cancel:
    """End the request with this number if it is being worked on."""

    id: int


# Replies -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """The engine is up: where it computes and with what."""

    device: str
    torch_version: str
    threads: int
    pid: int


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """A bundle that is loaded."""

    path: Path
    manifest: BundleManifest
    sha256: str
    device: str


@dataclass(frozen=True, slots=True)
class StartFailed:
    """The engine cannot work at all; trying again would not help."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Reported:
    """Progress of a request."""

    id: int
    done: int
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """A request's result as far as it is known."""

    id: int
    result: object


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """A request's result."""

    id: int
    result: object


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a request has no result, and for the log where that happened (empty for what was foreseen)."""

    id: int
    sentence: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class WasCancelled:
    """A request ended as it was asked to."""

    id: int


Reply = EngineInfo | StartFailed | Reported | Partial | Done | Failed | WasCancelled
