from __future__ import annotations

from pathlib import Path

import pytest
import torch

from xai.models.bundle import save_bundle
from xai.models.manifest import TrainedOn
from xai.models.networks import build


@pytest.fixture
def bundle_folder(tmp_path: Path) -> Path:
    """A slim network's bundle that a test may damage."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build("resnet18-slim")
    folder = tmp_path / "bundle"
    save_bundle(
        folder,
        network,
        name="Test",
        version="1",
        network_name="resnet18-slim",
        trained_on=TrainedOn(sequence="T1", region="lower leg", plane="axial", pixel_mm=(0.6, 1.0)),
        metrics={"balanced_accuracy": 0.9, "by_grade": {"subtle": 0.7, "plain": 1.0}},
    )
    return folder
