"""The networks a bundle may hold, and where the cells of their CAM layers lie in the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import torch
from torch import Tensor, nn
from torchvision.models import resnet18, resnet50
from torchvision.models.resnet import BasicBlock

from xai.errors import BundleError
from xai.imaging.resample import CellGrid

REFERENCE_SIZE = 224
"""The only input the reference networks take: their head is a linear layer over a fixed number of cells."""

RESNET_GRIDS = MappingProxyType({f"layer{n}": CellGrid(0.0, 2.0 ** (n + 1)) for n in (1, 2, 3, 4)})
"""Every strided step of a ResNet is padded by half its kernel, so cell 0 stays centred on pixel 0."""

REFERENCE_GRIDS = MappingProxyType({**RESNET_GRIDS, "conv": CellGrid(16.0, 32.0)})
"""The 2x2 convolution has no padding: its cell k looks at cells k and k + 1, whose middle is pixel 32 k + 16."""


@dataclass(frozen=True, slots=True)
class NetworkEntry:
    """One row of `NETWORKS`: what it is, which layer CAMs look at, and where the cells of its layers lie."""

    title: str
    cam_layer: str
    grids: Mapping[str, CellGrid]
    fixed_size: int | None = None
    """The only input size it takes; None where any will do."""


NETWORKS: Mapping[str, NetworkEntry] = MappingProxyType(
    {
        "resnet18": NetworkEntry("ResNet18", "layer4", RESNET_GRIDS),
        "resnet50": NetworkEntry("ResNet50", "layer4", RESNET_GRIDS),
        "resnet18-slim": NetworkEntry("ResNet18, a quarter of the channels", "layer4", RESNET_GRIDS),
        "resnet18-reference": NetworkEntry("ResNet18, published head", "conv", REFERENCE_GRIDS, REFERENCE_SIZE),
        "resnet50-reference": NetworkEntry("ResNet50, published head", "conv", REFERENCE_GRIDS, REFERENCE_SIZE),
    }
)


class SlimResNet(nn.Module):
    """ResNet18 of one input channel with 16, 32, 64 and 128 channels; module names as torchvision has them."""

    def __init__(self, classes: int = 2, channels: int = 16) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._stage(channels, channels, 1)
        self.layer2 = self._stage(channels, 2 * channels, 2)
        self.layer3 = self._stage(2 * channels, 4 * channels, 2)
        self.layer4 = self._stage(4 * channels, 8 * channels, 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * channels, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    @staticmethod
    def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
        shortcut = None
        if stride != 1 or inputs != outputs:
            shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        return nn.Sequential(BasicBlock(inputs, outputs, stride, shortcut), BasicBlock(outputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, classes) of pictures (N, 1, H, W)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return cast("Tensor", self.fc(self.avgpool(x).flatten(1)))


class ReferenceResNet(nn.Module):
    """The published network: a ResNet without pooling, a 2x2 convolution and one linear layer over its 6x6 map.

    torchvision's own ``forward`` flattens the 7x7 map before the convolution could see it, which is where the
    published code breaks; here the backbone's stages are called one by one. Nothing stands between ``conv`` and
    ``fc``, so that HiResCAM at ``conv`` sums to the logit.
    """

    def __init__(self, backbone: nn.Module, channels: int, classes: int = 2) -> None:
        super().__init__()
        self.model = backbone
        # The published state dict has neither; as Identity they carry no keys.
        self.model.avgpool = nn.Identity()
        self.model.fc = nn.Identity()
        self.conv = nn.Conv2d(channels, channels, kernel_size=2, stride=1, padding=0, bias=True)
        self.fc = nn.Linear(channels * 6 * 6, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, classes) of pictures (N, 1, 224, 224)."""
        if tuple(x.shape[1:]) != (1, REFERENCE_SIZE, REFERENCE_SIZE):
            raise BundleError(
                f"The reference networks take pictures of 1 x {REFERENCE_SIZE} x {REFERENCE_SIZE}, "
                f"not {' x '.join(map(str, x.shape[1:]))}."
            )
        m = self.model
        x = m.maxpool(m.relu(m.bn1(m.conv1(x))))  # type: ignore[operator]
        x = m.layer4(m.layer3(m.layer2(m.layer1(x))))  # type: ignore[operator]
        return cast("Tensor", self.fc(self.conv(x).flatten(1)))


def grey_conv1(rgb_weight: Tensor) -> Tensor:
    """Return the one-channel weight that sees a grey picture as ``rgb_weight`` (64, 3, 7, 7) sees it in R, G and B."""
    return rgb_weight.sum(dim=1, keepdim=True)


def _plain(name: str, classes: int) -> nn.Module:
    network: nn.Module = {"resnet18": resnet18, "resnet50": resnet50}[name](weights=None, num_classes=classes)
    network.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    return network


def build(name: str, classes: int = 2) -> nn.Module:
    """Return the network ``name`` with random weights, in training mode as torch makes it.

    Raises
    ------
    BundleError
        When there is no such network; the message lists those that exist.
    """
    if name not in NETWORKS:
        raise BundleError(f"There is no network {name!r}; the networks are {', '.join(NETWORKS)}.")
    if name == "resnet18-slim":
        return SlimResNet(classes)
    backbone, _, kind = name.partition("-")
    if kind == "reference":
        return ReferenceResNet(_plain(backbone, classes), 512 if backbone == "resnet18" else 2048, classes)
    return _plain(name, classes)


def build_from(name: str, weights: Mapping[str, Tensor], classes: int = 2) -> nn.Module:
    """Return the network ``name`` holding ``weights``, for inference: eval mode, no parameter asks for gradients.

    No random weights are made on the way, so the global random state is left alone.

    Raises
    ------
    BundleError
        When a key or a shape does not fit, or a weight is not finite; a sentence without a file name.
    """
    with torch.device("meta"):
        network = build(name, classes)
    expected = network.state_dict()
    if missing := sorted(expected.keys() - weights.keys()):
        raise BundleError(f"{_some(missing)} missing for the network {name}")
    if extra := sorted(weights.keys() - expected.keys()):
        raise BundleError(f"{_some(extra)} not known to the network {name}")
    for key, tensor in weights.items():
        if tensor.shape != expected[key].shape:
            raise BundleError(
                f"{key} has the shape {tuple(tensor.shape)} where the network {name} has {tuple(expected[key].shape)}"
            )
        if tensor.is_floating_point() != expected[key].is_floating_point() or tensor.is_complex():
            raise BundleError(f"{key} has the type {tensor.dtype} where the network {name} has {expected[key].dtype}")
        if not bool(torch.isfinite(tensor).all()):
            raise BundleError(f"{key} holds values that are not finite")
    owned = {key: tensor.detach().to(expected[key].dtype, copy=True).contiguous() for key, tensor in weights.items()}
    network.load_state_dict(owned, assign=True)
    return network.eval().requires_grad_(False)


def _some(keys: list[str]) -> str:
    shown = ", ".join(keys[:3])
    rest = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
    return f"{shown}{rest} {'is' if len(keys) == 1 else 'are'}"
