"""What three CAMs of a slice cost, against one forward pass and against the grad-cam package.

The runs are interleaved and each figure is a ratio of medians, so that a busy machine slows all sides alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import pytest
import pytorch_grad_cam as oracle
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from xai.explainers.cam import GradCAM, GradCAMPlusPlus, HiResCAM, look_at_layer
from xai.models.networks import NETWORKS, build, build_from

ROUNDS = 20
FAMILY = (GradCAM(), GradCAMPlusPlus(), HiResCAM())
PACKAGE = (oracle.GradCAM, oracle.GradCAMPlusPlus, oracle.HiResCAM)


def interleaved(*calls: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Median seconds of each call, taken in turns after a warm-up."""
    seconds: list[list[float]] = [[] for _ in calls]
    for turn in range(rounds + 3):
        for call, taken in zip(calls, seconds, strict=True):
            began = time.perf_counter()
            call()
            if turn >= 3:
                taken.append(time.perf_counter() - began)
    return [median(taken) for taken in seconds]


@pytest.mark.parametrize("name", ["resnet18", "resnet18-slim", "resnet18-reference"])
def test_three_cams_of_a_slice(name: str, benchmark: BenchmarkFixture) -> None:
    torch.manual_seed(0)
    weights = build(name).state_dict()
    network = build_from(name, weights).to(memory_format=torch.channels_last)
    x = torch.rand(1, 1, 224, 224)
    target = torch.tensor([1])
    # The package needs parameters that take gradients; it gets the same memory layout.
    theirs: nn.Module = build_from(name, weights).requires_grad_(True).to(memory_format=torch.channels_last)
    layer = theirs.get_submodule(NETWORKS[name].cam_layer)
    packaged = [method(model=theirs, target_layers=[layer]) for method in PACKAGE]

    def forward() -> Tensor:
        with torch.inference_mode():
            logits: Tensor = network(x)
            return logits

    def three() -> object:
        view = look_at_layer(network, x, target, None)
        return [method.map_of(view) for method in FAMILY]

    def package() -> None:
        for cam in packaged:
            cam(input_tensor=x, targets=[ClassifierOutputTarget(1)])

    one, ours, others = interleaved(forward, three, package)
    benchmark.extra_info |= {"three CAMs / forward": ours / one, "grad-cam package / three CAMs": others / ours}
    print(f"\n{name}: forward {one * 1e3:.1f} ms, three CAMs {ours / one:.2f} x, package {others / ours:.1f} x slower")
    benchmark.pedantic(three, rounds=10)
