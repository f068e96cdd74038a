"""How long a picture takes: 512 and 1024 pixels square with smooth maps, as CAMs are."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from viewer.core.overlay import Layer, OverlayStyle
from viewer.core.render import render
from viewer.core.window import Window, auto_window, sample_values
from xai.imaging.geometry import DisplayTransform
from xai.imaging.resample import CellGrid, spread

COLOURS = ("inferno", "viridis", "magma")


@pytest.mark.parametrize("turned", [False, True], ids=["as-stored", "transposed"])
@pytest.mark.parametrize("overlays", [0, 1, 3])
@pytest.mark.parametrize("side", [512, 1024])
def test_render(benchmark: BenchmarkFixture, side: int, overlays: int, turned: bool) -> None:
    rng = np.random.default_rng(1)
    values = rng.random((side, side), np.float32) * 1000
    places = np.linspace(0, 6, side)
    layers = []
    for name in COLOURS[:overlays]:
        cells = rng.random((7, 7), np.float32) ** 2
        values_of_map = spread(cells, CellGrid(), places, places)
        layers.append(Layer(values_of_map, OverlayStyle(colormap=name), (0.0, float(cells.max()))))
    display = DisplayTransform(transpose=turned, flip_rows=turned)
    benchmark(render, values, display, Window(500, 1000), False, layers)


def test_auto_window(benchmark: BenchmarkFixture) -> None:
    rng = np.random.default_rng(1)
    slices = [rng.rayleigh(30, (512, 512)).astype(np.float32) for _ in range(9)]
    benchmark(lambda: auto_window(sample_values(slices)))
