"""A lesion at a known place must be where the map says it is, whatever way the slice is stored."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from xai.explanation import Explanation
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import CellGrid
from xai.imaging.volume import SeriesInfo, Volume
from xai.models.bundle import ClassifierBundle, load_bundle, save_bundle
from xai.models.networks import build
from xai.pipeline import explain

METHODS = ["gradcam", "gradcampp", "hirescam"]
HALF_PIXEL = {"resnet18-slim": CellGrid(15.5, 32.0), "resnet18-reference": CellGrid(37.33 / 2 - 0.5, 37.33)}
"""Where resizing a 7x7 or a 6x6 map to 224 pixels, as libraries do, would put its cells."""


def seeing(name: str) -> nn.Module:
    """A network of known dependency: each cell sees the brightness at its own place and nothing else.

    Every kernel passes its first channel's middle on, so cell k of the last stage is the picture around pixel 32 k.
    """
    network = build(name)
    prefix = "model." if name.endswith("reference") else ""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.weight.zero_()
        network.get_parameter(f"{prefix}conv1.weight")[0, 0, 3, 3] = 1.0
        for n in (2, 3, 4):
            network.get_parameter(f"{prefix}layer{n}.0.downsample.0.weight")[0, 0, 0, 0] = 1.0
        if name.endswith("reference"):
            network.get_parameter("conv.weight")[0, 0] = 0.25
            network.get_parameter("conv.bias").zero_()
            network.get_parameter("fc.weight")[1, :36] = 1.0
        else:
            network.get_parameter("fc.weight")[1, 0] = 1.0
    return network


@pytest.fixture(scope="module", params=list(HALF_PIXEL))
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ClassifierBundle:
    folder = tmp_path_factory.mktemp("registration") / "bundle"
    save_bundle(folder, seeing(request.param), name="Seeing", version="1", network_name=request.param)
    return load_bundle(folder, device="cpu")


def volume(
    bundle: ClassifierBundle, geometry: VolumeGeometry, cell: tuple[int, int]
) -> tuple[Volume, NDArray[np.float64]]:
    """A dim body with one bright lesion, and the stored pixel where it was planted."""
    mapping = bundle.preprocess.mapping(geometry)
    grid = bundle.cam_cells
    network_pixel = grid.centre + grid.stride * np.array(cell, float)
    planted = np.round(mapping.to_index(network_pixel))
    rows, columns = geometry.shape[1:]
    index = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), -1).astype(float)
    network = mapping.to_network(index)
    centre = mapping.to_network(planted)
    # The reference head's cells each look at four of the backbone's, 32 pixels apart.
    radius = 28 if bundle.manifest.network.endswith("reference") else 10
    picture = np.where(np.abs(network - 112).max(-1) < 100, 0.3, 0.0)
    picture[np.hypot(*(network - centre).transpose(2, 0, 1)) < radius] = 1.0
    return Volume(picture[None].astype(np.float32), geometry, SeriesInfo()), planted


def distance(explanation: Explanation, planted: NDArray[np.float64]) -> float:
    """Network pixels from the map's peak, on the stored slice, to where the lesion was planted."""
    values = explanation.slice_values(0)
    peak = np.argwhere(values >= values.max() * 0.999).mean(0)
    mapping = explanation.mapping
    return float(np.linalg.norm(mapping.to_network(peak) - mapping.to_network(planted)))


def stored(
    transpose: bool, flip_rows: bool, flip_columns: bool, mm: tuple[float, float], shape: tuple[int, int]
) -> VolumeGeometry:
    affine = np.zeros((4, 4))
    affine[2, 0] = affine[3, 3] = 1.0
    row, column = (0, 1) if transpose else (1, 0)
    affine[row, 1] = -mm[0] if flip_rows else mm[0]
    affine[column, 2] = -mm[1] if flip_columns else mm[1]
    return VolumeGeometry((1, *shape), affine)


STORED = {
    "as shown": stored(False, False, False, (1.0, 1.0), (224, 224)),
    "rows reversed": stored(False, True, False, (0.5, 0.5), (512, 512)),
    "columns reversed, wide": stored(False, False, True, (0.8, 0.8), (200, 320)),
    "transposed, tall": stored(True, False, False, (0.8, 0.8), (200, 320)),
    "transposed, both reversed, unequal pixels": stored(True, True, True, (0.9, 0.45), (181, 437)),
    "no geometry": VolumeGeometry.unknown((1, 300, 260)),
}


@pytest.mark.parametrize("cell", [(2, 3), (4, 2)])
@pytest.mark.parametrize("way", STORED)
def test_the_peak_lands_on_the_lesion(bundle: ClassifierBundle, way: str, cell: tuple[int, int]) -> None:
    series, planted = volume(bundle, STORED[way], cell)
    for key, explanation in explain(bundle, series, METHODS, target=1).items():
        assert explanation.states == ("",), key
        assert distance(explanation, planted) <= 1.5, key


@pytest.mark.parametrize("way", STORED)
def test_the_usual_resize_misses_it(bundle: ClassifierBundle, way: str) -> None:
    """The test above is worth something: the same maps, laid as libraries lay them, fail it by far."""
    series, planted = volume(bundle, STORED[way], (4, 2))
    (explanation,) = explain(bundle, series, ["hirescam"], target=1).values()
    laid = dataclasses.replace(explanation, cells=HALF_PIXEL[bundle.manifest.network])
    assert distance(laid, planted) > 10


def test_a_wrong_orientation_misses_it(tmp_path: Path) -> None:
    save_bundle(tmp_path / "b", seeing("resnet18-slim"), name="Seeing", version="1", network_name="resnet18-slim")
    bundle = load_bundle(tmp_path / "b", device="cpu")
    series, planted = volume(bundle, STORED["rows reversed"], (4, 2))
    (explanation,) = explain(bundle, series, ["hirescam"], target=1).values()
    display = dataclasses.replace(explanation.mapping.display, flip_rows=False)
    turned = dataclasses.replace(explanation, mapping=dataclasses.replace(explanation.mapping, display=display))
    assert distance(turned, planted) > 10
