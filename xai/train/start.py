"""The network a training run begins with: a backbone from a file, never from the internet, and a new head.

A network is divided into its backbone, which is taken over and may stay frozen, and its head, which always learns.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import ResNet18_Weights, ResNet50_Weights

from xai.errors import BundleError, TrainingError
from xai.models.bundle import load_bundle, read_weights
from xai.models.networks import NETWORKS, build, grey_conv1
from xai.models.reference_checkpoint import read_state_dict
from xai.train.config import TrainingConfig

STAGES = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
"""The backbone's modules in the order they are passed, as torchvision names them."""

IMAGENET_URLS = {
    "resnet18": ResNet18_Weights.IMAGENET1K_V1.url,
    "resnet50": ResNet50_Weights.IMAGENET1K_V1.url,
}
"""Only the file names are used: what torchvision would have called the file it downloaded."""

OTHER_WAYS = "give a file with --weights FILE, or let all of it learn with --weights none"


@dataclass(frozen=True, slots=True)
class StartReport:
    """Where a backbone came from."""

    source: str
    """``none``, or the absolute path of the file or bundle."""
    sha256: str
    """Of the weights file's bytes; empty for ``none``."""
    matched: int
    """Tensors taken over."""
    ignored: tuple[str, ...]
    """Keys of the file that were left: an old head, optimisers' counters and the like."""


def starting_network(config: TrainingConfig, classes: int = 2) -> tuple[nn.Module, StartReport]:
    """Return the network that a run begins with, and where its backbone came from.

    The head, and with ``weights="none"`` everything, is drawn from the configuration's seed alone; the global random
    state is left as it is.

    Parameters
    ----------
    config : TrainingConfig
        Network, weights, backbone and seed are read. A path of weights names a state dict written by ``torch.save``
        (torchvision's layout, or that of the published checkpoints), a safetensors file, or a bundle's folder.
    classes : int
        Answers of the head.

    Returns
    -------
    network : Module
        On the CPU, float32, in training mode, every parameter asking for gradients.
    report : StartReport
        For the run's record.

    Raises
    ------
    TrainingError
        When there is no such network, or the weights are absent, damaged, not finite, or of another backbone: one
        sentence naming the file and the cause.
    """
    entry = NETWORKS.get(config.network)
    if entry is None:
        raise TrainingError(f"There is no network {config.network!r}; the networks are {', '.join(NETWORKS)}.")
    if entry.fixed_size not in (None, config.preprocess.size):
        raise TrainingError(
            f"The network {config.network} takes pictures of {entry.fixed_size} pixels, not {config.preprocess.size}."
        )
    if config.weights == "none" and config.backbone == "frozen":
        raise TrainingError(
            "A frozen backbone needs weights that have seen pictures, so --weights none goes with a fine-tuned "
            "backbone only: give a file with --weights FILE, or let the backbone learn with --fine-tune."
        )
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed would seed the GPUs too, whose state is not put back.
        torch.default_generator.manual_seed(config.seed)
        network = build(config.network, classes)
    if config.weights == "none":
        return network, StartReport("none", "", 0, ())
    path = _weights_path(config)
    try:
        weights, digest = _read(path, config.network)
        matched, ignored = _take_over(backbone_of(config.network, network), weights, config.network)
    except BundleError as error:
        raise TrainingError(str(error)) from None
    except _Misfit as error:
        raise TrainingError(f"The weights {path} do not fit the network {config.network}: {error}.") from None
    if config.weights == "imagenet" and not digest.startswith(_hash_in_name(path)):
        raise TrainingError(f"The ImageNet weights {path} are damaged: their hash is not that in their name.")
    return network, StartReport(str(path), digest, matched, ignored)


def backbone_of(name: str, network: nn.Module) -> nn.Module:
    """Return the module of ``network`` (a key of `NETWORKS`) whose children are the backbone's stages."""
    return network.get_submodule("model") if name.endswith("-reference") else network


def split_network(name: str, network: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Return backbone and head, which share the network's modules: ``head(backbone(x))`` is ``network(x)`` exactly.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`.
    network : Module
        Made by `build` for that name.

    Returns
    -------
    backbone : Module
        Pictures (N, 1, H, W) to features: (N, C) averaged over the picture for plain networks; (N, C, 7, 7) for the
        reference networks, whose head looks at places.
    head : Module
        Features to logits (N, classes).
    """
    within = backbone_of(name, network)
    stages = [(stage, within.get_submodule(stage)) for stage in STAGES]
    if within is network:
        stages += [("avgpool", network.get_submodule("avgpool")), ("flatten", nn.Flatten(1))]
        return nn.Sequential(OrderedDict(stages)), network.get_submodule("fc")
    head = [
        ("conv", network.get_submodule("conv")),
        ("flatten", nn.Flatten(1)),
        ("fc", network.get_submodule("fc")),
    ]
    return nn.Sequential(OrderedDict(stages)), nn.Sequential(OrderedDict(head))


class FrozenBatchNorm2d(nn.BatchNorm2d):
    """A batch norm that keeps to the statistics it has, whatever mode it or a module around it is put in."""

    def train(self, mode: bool = True) -> FrozenBatchNorm2d:
        """Stay in eval mode."""
        return super().train(False)


def freeze(backbone: nn.Module) -> nn.Module:
    """Keep ``backbone`` as it is for good, and return it: no gradients, and batch norms that take no new statistics.

    In training mode a batch norm changes even when none of its parameters learns. Modules that share the backbone's
    own are frozen with it, and a state dict looks as before.
    """
    backbone.requires_grad_(False)
    for module in backbone.modules():
        if type(module) is nn.BatchNorm2d:
            # The same object, for it is part of other modules too.
            module.__class__ = FrozenBatchNorm2d
    return backbone.eval()


def imagenet_path(network: str) -> Path:
    """Return where torchvision keeps the ImageNet weights of a network; the file need not be there.

    Raises
    ------
    TrainingError
        When there are none for this network.
    """
    url = IMAGENET_URLS.get(network.removesuffix("-reference"))
    if url is None:
        raise TrainingError(f"There are no ImageNet weights of the network {network}: {OTHER_WAYS}.")
    return Path(torch.hub.get_dir(), "checkpoints", url.rpartition("/")[2])


def _hash_in_name(path: Path) -> str:
    return path.stem.rpartition("-")[2]


def _weights_path(config: TrainingConfig) -> Path:
    if config.weights == "imagenet":
        path = imagenet_path(config.network)
        if not path.is_file():
            raise TrainingError(
                f"The ImageNet weights {path} are not there, and nothing is downloaded: put torchvision's file at "
                f"this place, {OTHER_WAYS}."
            )
        return path
    path = Path(os.path.expanduser(config.weights))
    if not os.path.exists(path):  # Path.exists raises for names that are too long
        raise TrainingError(
            f"There are no weights at {path}: --weights takes imagenet, none, or the path of a state dict, a "
            "safetensors file or a bundle."
        )
    return path.resolve()


def _read(path: Path, network: str) -> tuple[Mapping[str, Tensor], str]:
    """Return the tensors of a weights file or bundle, and the SHA-256 of the file."""
    if path.is_dir():
        bundle = load_bundle(path, "cpu")
        if _kind(bundle.manifest.network) != _kind(network):
            raise _Misfit(f"the bundle holds a {bundle.manifest.network}")
        return bundle.network.state_dict(), bundle.manifest.weights_sha256
    if path.suffix.lower() == ".safetensors":
        return read_weights(path)
    state = read_state_dict(path)
    with path.open("rb") as file:
        return state, hashlib.file_digest(file, "sha256").hexdigest()


def _kind(network: str) -> str:
    return network.removesuffix("-reference")


class _Misfit(Exception):
    """Why weights are not those of a backbone; a clause without the file's name."""


def _take_over(backbone: nn.Module, weights: Mapping[str, Tensor], network: str) -> tuple[int, tuple[str, ...]]:
    """Load the backbone's part of a state dict; return how many tensors it has and the keys that were left."""
    prefix = _prefix(weights)
    expected = {key: tensor for key, tensor in backbone.state_dict().items() if key.partition(".")[0] in STAGES}
    within = [full for full in weights if full.startswith(prefix)]
    taken = [full for full in within if full.removeprefix(prefix).partition(".")[0] in STAGES]
    given = {full.removeprefix(prefix): weights[full] for full in taken}
    # Files from before torch 0.4.1 lack these counters, which inference does not use.
    counters = {key for key in expected if key.endswith("num_batches_tracked")}
    if missing := sorted(expected.keys() - given.keys() - counters):
        raise _Misfit(_some(missing, "missing"))
    if extra := sorted(given.keys() - expected.keys()):
        raise _Misfit(_some(extra, "more than it has"))
    owned = dict(expected)
    for key in (key for key in expected if key in given):  # in the network's order: files have none of their own
        owned[key] = _fitted(key, given[key], expected[key])
    with torch.no_grad():
        for key, tensor in expected.items():
            tensor.copy_(owned[key])
    return len(given), tuple(sorted(weights.keys() - set(taken)))


def _prefix(weights: Mapping[str, Tensor]) -> str:
    """Return what stands before ``conv1.weight`` and the other stages: "", "module.", "model.", "resnet18." ..."""
    marks = ("conv1.weight", "bn1.weight", "layer1.0.conv1.weight")
    found = [
        prefix
        for key in weights
        if key.endswith(marks[0]) and all((prefix := key.removesuffix(marks[0])) + mark in weights for mark in marks)
    ]
    if len(found) != 1:
        raise _Misfit("it holds more than one ResNet" if found else "it holds no ResNet")
    return found[0]


def _fitted(key: str, tensor: Tensor, expected: Tensor) -> Tensor:
    """Return a weight as the network has it, or raise `_Misfit`."""
    if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized or tensor.is_complex():
        raise _Misfit(f"{key} is no plain tensor")
    if tensor.is_floating_point() != expected.is_floating_point():
        raise _Misfit(f"{key} has the type {tensor.dtype} where the network has {expected.dtype}")
    tensor = tensor.detach().to(expected.dtype)
    if not bool(torch.isfinite(tensor).all()):
        raise _Misfit(f"{key} holds values that are not finite")
    if key == "conv1.weight" and tensor.ndim == 4 and tensor.shape[1] == 3:
        tensor = grey_conv1(tensor)
    if tensor.shape != expected.shape:
        raise _Misfit(f"{key} has the shape {tuple(tensor.shape)} where the network has {tuple(expected.shape)}")
    if key.endswith("running_var") and bool((tensor < 0).any()):
        raise _Misfit(f"{key} holds negative variances")
    return tensor


def _some(keys: list[str], what: str) -> str:
    shown = ", ".join(keys[:3])
    rest = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
    return f"{shown}{rest} {'is' if len(keys) == 1 else 'are'} {what}"
