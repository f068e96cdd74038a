from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from xai.cache import ExplanationCache
from xai.models.bundle import ClassifierBundle, load_bundle, save_bundle
from xai.models.manifest import TrainedOn
from xai.models.networks import SlimResNet, build


def lived_in(name: str, **size: int) -> nn.Module:
    """A network as after training: batch norms have seen something, so that no layer is the identity."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = SlimResNet(**size) if size else build(name)
        for module in network.modules():
            if (
                isinstance(module, nn.BatchNorm2d)
                and module.running_mean is not None
                and module.running_var is not None
            ):
                module.running_mean.normal_(0, 0.2)
                module.running_var.uniform_(0.5, 1.5)
    return network.eval()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> ClassifierBundle:
    folder = tmp_path_factory.mktemp("pipeline") / "bundle"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build("resnet18-slim")
        # Class 1 is predicted throughout, so that a target of 0 is never the predicted one by luck.
        torch.nn.init.constant_(network.get_parameter("fc.bias")[1], 9.0)
    trained_on = TrainedOn(plane="axial", data_source="synthetic lower-leg phantoms")
    save_bundle(folder, network, name="x", version="1", network_name="resnet18-slim", trained_on=trained_on)
    return load_bundle(folder, device="cpu")


@pytest.fixture
def slim() -> nn.Module:
    return lived_in("resnet18-slim").requires_grad_(False)


@pytest.fixture
def tiny() -> nn.Module:
    """A network whose last layer has 32 channels only, for what asks once a channel."""
    return lived_in("resnet18-slim", channels=4).requires_grad_(False)


@pytest.fixture
def make_network() -> Callable[[str], nn.Module]:
    return lived_in


def snapshot(network: nn.Module) -> dict[str, Any]:
    """Everything about a network that an explainer might disturb."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        "weights": {key: tensor.clone() for key, tensor in network.state_dict().items()},
        "objects": [id(p) for p in network.parameters()],
        "grad": [None if p.grad is None else p.grad.clone() for p in network.parameters()],
        "requires_grad": [p.requires_grad for p in network.parameters()],
        "training": [m.training for m in network.modules()],
        "hooks": [len(getattr(m, kind)) for m in network.modules() for kind in hooks],
        "inplace": [getattr(m, "inplace", None) for m in network.modules()],
        "random": torch.get_rng_state().clone(),
        "grad mode": torch.is_grad_enabled(),
    }


def same(before: object, after: object) -> bool:
    if isinstance(before, torch.Tensor) and isinstance(after, torch.Tensor):
        return torch.equal(before, after)
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(same(before[key], after[key]) for key in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(same, before, after))
    return before == after


@pytest.fixture
def undisturbed() -> Callable[[nn.Module], AbstractContextManager[None]]:
    """A context in which a network must not change."""

    @contextmanager
    def check(network: nn.Module) -> Iterator[None]:
        before = snapshot(network)
        yield
        after = snapshot(network)
        assert [key for key in before if not same(before[key], after[key])] == []

    return check


@pytest.fixture
def cache(tmp_path: Path) -> ExplanationCache:
    return ExplanationCache(tmp_path / "cache")


@pytest.fixture
def passes(bundle: ClassifierBundle) -> Iterator[list[int]]:
    seen: list[int] = []
    handle = bundle.network.register_forward_pre_hook(lambda _m, inputs: seen.append(len(inputs[0])))
    yield seen
    handle.remove()
