"""Every method's map is at the place that matters, and is about this network and no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from xai.explainers.base import Explainer, make_explainer
from xai.explainers.masking import body_of
from xai.imaging.resample import CellGrid, spread
from xai.models.bundle import load_bundle
from xai.models.networks import build
from xai.phantom.cases import to_cases
from xai.phantom.patient import make_patient
from xai.progress import ignore
from xai.registry import EXPLAINERS

BUNDLE = Path(__file__).resolve().parents[2] / "resources" / "demo" / "bundle"

QUICK: dict[str, dict[str, object]] = {
    "integrated-gradients": {"points": 6},
    "smoothgrad": {"samples": 6},
    "shap": {"max_evals": 300},
    "occlusion": {"window": 16, "stride": 8},
    "hierarchical": {"window": 64, "min_window": 16, "budget": 80, "probes": 0},
}
"""Settings with which a method that asks often is quick."""

NO_PLACE = {
    "hierarchical-reference",  # is empty where no window turns the prediction over, as here
    "disagreement",  # is no evidence
    *(key for key, entry in EXPLAINERS.items() if entry.family == "Ensemble"),  # are made of the others
}

LAYOUT = {"eigencam": 0.85, "shap": 0.75}
"""How alike the maps of two networks may be, where not 0.6: a layer's activation and coarse regions follow the body."""


class BrightSpots(nn.Module):
    """Class 1 is how bright the bright cells are, class 0 how dark the dark ones; cells of 16 pixels."""

    def __init__(self) -> None:
        super().__init__()
        mean = nn.Conv2d(1, 2, 16, 16)
        mean.weight.data.fill_(1 / 256)
        mean.weight.data[1] *= -0.5
        mean.bias = nn.Parameter(torch.tensor([-0.4, 0.5]))
        self.conv = nn.Sequential(mean, nn.ReLU())
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        cells: Tensor = self.conv(x)
        return cells.sum((2, 3)).flip(1)


def quick(key: str, **more: object) -> Explainer:
    return make_explainer(key, **QUICK.get(key, {}), **more)


@pytest.mark.parametrize("key", [key for key in EXPLAINERS if key not in NO_PLACE])
def test_the_map_peaks_at_a_planted_lesion(key: str) -> None:
    """Off the diagonal, so that rows and columns cannot be swapped."""
    x = torch.full((1, 1, 128, 128), 0.2)
    x[0, 0, 32:48, 96:112] = 0.9
    explainer = quick(key)
    values = explainer.attribute(BrightSpots(), x, torch.tensor([1]), ignore)[0, 0]
    peaks = (values == values.max()).nonzero()
    low, high = torch.tensor([[32, 96], [48, 112]]) // (1 if explainer.per_pixel else 16)
    assert ((peaks >= low) & (peaks < high)).all()


@pytest.fixture(scope="module")
def affected() -> Tensor:
    cases = to_cases([make_patient(61_001, 0, grade=3, slices=6)])
    chosen = np.flatnonzero(cases.labels)[:2]
    return torch.from_numpy(cases.inputs[chosen].astype(np.float32))[:, None]


@pytest.mark.parametrize("key", [key for key in EXPLAINERS if key != "hierarchical-reference"])
def test_another_network_gives_another_map(key: str, affected: Tensor) -> None:
    trained = load_bundle(BUNDLE, device="cpu")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        other = build("resnet18-slim").eval().requires_grad_(False)
    target = torch.ones(len(affected), dtype=torch.int64)
    explainer = quick(key)
    grid = CellGrid() if explainer.per_pixel else trained.cam_cells
    pixels = np.arange(224, dtype=np.float64)
    bodies = body_of(affected)[:, 0].numpy()

    def inside(network: nn.Module) -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
        maps = explainer.attribute(network, affected, target, ignore)[:, 0].numpy()
        return [spread(values, grid, pixels, pixels)[body] for values, body in zip(maps, bodies, strict=True)]

    pairs = zip(inside(trained.network), inside(other), strict=True)
    alike = [float(spearmanr(one, two).statistic) for one, two in pairs]
    assert np.mean(alike) < LAYOUT.get(key, 0.6), np.round(alike, 2)
