"""Windows per second of the occlusion kinds, against what the network itself does in batches of the same size.

The runs are interleaved and each figure is a ratio of medians, so that a busy machine slows all sides alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import pytest
import torch
from captum.attr import Occlusion as Captum
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor, nn

from tests.benchmarks.baselines.perturbation import hipe, rise
from xai.explainers.base import Explainer, counting
from xai.explainers.hierarchical import Hierarchical
from xai.explainers.hierarchical_reference import HierarchicalReference
from xai.explainers.occlusion import Occlusion
from xai.explainers.windows import BATCH_SIZES
from xai.models.bundle import choose_device
from xai.models.networks import build, build_from
from xai.progress import ignore

ROUNDS = 5
SLICES = 4
KINDS: dict[str, Explainer] = {
    "occlusion": Occlusion(),
    "hierarchical": Hierarchical(),
    "hierarchical-reference": HierarchicalReference(min_window=56),
}


def legs(count: int) -> Tensor:
    """Two round bodies in air, as a leg series has them."""
    row, column = torch.meshgrid(torch.arange(224), torch.arange(224), indexing="ij")
    body = ((row - 110) ** 2 + (column - 62) ** 2 < 48**2) | ((row - 110) ** 2 + (column - 162) ** 2 < 48**2)
    return torch.where(body, 0.1 + torch.rand(count, 1, 224, 224, generator=torch.Generator().manual_seed(0)), 0.0)


def seconds(call: Callable[[], object], device: str) -> float:
    began = time.perf_counter()
    call()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["resnet18-slim", "resnet18"])
def test_passes_per_second_of_the_networks_own(name: str, kind: str, benchmark: BenchmarkFixture) -> None:
    device = choose_device()
    torch.manual_seed(0)
    network: nn.Module = build_from(name, build(name).state_dict())
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    x, target = legs(SLICES).to(device), torch.ones(SLICES, dtype=torch.int64, device=device)
    batch = torch.rand(BATCH_SIZES[device], 1, 224, 224, device=device)
    explainer = KINDS[kind]
    with counting(network) as count:
        explainer.attribute(network, x, target, ignore)
    passes = count[0]

    def alone() -> None:
        with torch.inference_mode():
            for _ in range(passes // len(batch)):
                network(batch)

    own, taken = [], []
    for turn in range(ROUNDS + 1):
        own.append(seconds(alone, device) / (passes // len(batch) * len(batch)))
        taken.append(seconds(lambda: explainer.attribute(network, x, target, ignore), device) / passes)
        if not turn:
            own, taken = [], []
    share = median(own) / median(taken)
    benchmark.extra_info |= {"share of the network's own rate": share, "passes per slice": passes / SLICES}
    print(
        f"\n{name} on {device}, {kind}: {passes / SLICES:.0f} passes per slice, {share:.2f} of the network's own rate"
    )
    benchmark.pedantic(lambda: explainer.attribute(network, x, target, ignore), rounds=2)


def test_captums_occlusion_beside_ours(benchmark: BenchmarkFixture) -> None:
    torch.manual_seed(0)
    network = build_from("resnet18-slim", build("resnet18-slim").state_dict())
    x, target = legs(1), torch.ones(1, dtype=torch.int64)

    def theirs(at_once: int) -> Tensor:
        with torch.no_grad():
            found: Tensor = Captum(network).attribute(
                x, (1, 28, 28), (1, 14, 14), target=target, perturbations_per_eval=at_once
            )
            return found

    ours = median(seconds(lambda: Occlusion(fill="zero").attribute(network, x, target), "cpu") for _ in range(ROUNDS))
    usual, batched = (median(seconds(lambda k=k: theirs(k), "cpu") for _ in range(ROUNDS)) for k in (1, 32))  # type: ignore[misc]
    benchmark.extra_info |= {"captum / ours": usual / ours, "captum in batches / ours": batched / ours}
    print(f"\ncaptum takes {usual / ours:.1f} x our time as it comes, {batched / ours:.1f} x in batches of 32")
    benchmark.pedantic(lambda: Occlusion(fill="zero").attribute(network, x, target), rounds=3)


def test_the_baselines_find_a_square() -> None:
    """They stand in tables beside ours, so that they must work."""
    x = torch.full((1, 112, 112), 0.3)
    x[:, 40:56, 64:80] = 1

    def ask(pictures: Tensor) -> Tensor:
        return pictures[:, 0, 40:56, 64:80].mean((1, 2))

    fill = torch.full_like(x, 0.3)
    found, passes = hipe(ask, x, fill)
    assert found[40:56, 64:80].mean() > 3 * found.mean()
    assert passes < 2000
    random = rise(ask, x, fill, 500)
    assert random[40:56, 64:80].mean() > random.mean() + 2 * random.std()
