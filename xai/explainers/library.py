"""Further CAMs: LayerCAM, XGrad-CAM and EigenCAM by the grad-cam package, Score-CAM and Ablation-CAM by its formulas.

The package's classes put a network in eval mode, leave gradients, hooks and graphs behind, and swallow errors. So only
their formulas are used: they are given the activation and gradient that `xai.explainers.cam` saw, and never meet the
network. These three share the forward pass of Grad-CAM and its relatives.

Score-CAM and Ablation-CAM ask the network again for every channel. In the package that is one loop over all inputs
that cannot report or stop, swaps a layer of the network for another, and hides a channel that has negative values by
-10 million; so their formulas are written here, and the package is what tests compare them with.

All maps lie on the layer's cells, before any ReLU and scaling.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from xai.explainers.base import check_target, evaluating, find_layer, same_random
from xai.explainers.cam import CamMethod, LayerView, look_at_layer
from xai.imaging.resample import CellGrid
from xai.progress import Progress, ignore

RANGE_EPS = 1e-8
"""Keeps the scaling of a constant channel finite; the value of the grad-cam package, for equal maps."""


@cache
def _formula(name: str) -> Any:
    """Return a method of the package without what makes it a danger to networks."""
    with same_random():
        import pytorch_grad_cam  # heavy: OpenCV, scikit-learn, matplotlib

    # Its __init__ changes and hooks a network, and its __del__ takes the hooks away.
    nothing = {"__init__": lambda self: None, "__del__": lambda self: None}
    return type(name, (getattr(pytorch_grad_cam, name),), nothing)()


@dataclass(frozen=True, slots=True)
class PackageCam(CamMethod):
    """A CAM whose formula is that of the grad-cam package."""

    NAME: ClassVar[str]

    def prepare(self) -> None:
        """Import the package; see `Prepared`."""
        _formula(self.NAME)

    def combine(self, activation: Tensor, gradient: Tensor) -> Tensor:
        """Return the package's map (N, h, w) before its ReLU and scaling."""
        with np.errstate(all="ignore"):  # what is not finite is said by the map's state
            values = _formula(self.NAME).get_cam_image(
                None, None, None, activation.cpu().numpy(), gradient.cpu().numpy(), False
            )
        return torch.from_numpy(values).to(activation)


@dataclass(frozen=True, slots=True)
class LayerCAM(PackageCam):
    """Each cell weighted by its own positive gradient (Jiang et al. 2021, doi:10.1109/TIP.2021.3089943)."""

    NAME = "LayerCAM"


@dataclass(frozen=True, slots=True)
class XGradCAM(PackageCam):
    """Channels weighted by their gradient, averaged where they are active (Fu et al. 2020, arXiv:2008.02312).

    The weight of a channel divides by its sum: of use after a ReLU, where no channel has negative values.
    """

    NAME = "XGradCAM"


@dataclass(frozen=True, slots=True)
class EigenCAM(PackageCam):
    """The layer's activation along its first principal component (Muhammad and Yeasin 2020, arXiv:2008.00299).

    It shows where the layer is active, whatever the class: the target does not enter. A principal component has no sign
    of its own; here the map rises with the sum of all channels over the cells (their covariance is not negative).
    """

    NAME = "EigenCAM"

    def combine(self, activation: Tensor, gradient: Tensor) -> Tensor:
        """Return the projection (N, h, w), centred; not finite where the activation is not."""
        finite = activation.isfinite().all(3).all(2).all(1)[:, None, None]
        known = torch.where(finite[:, None], activation, 0)
        values = PackageCam.combine(self, known, gradient)
        rises = (values * known.sum(1)).sum((1, 2), keepdim=True) >= 0
        return torch.where(finite, torch.where(rises, values, -values), torch.nan)


@dataclass(frozen=True, slots=True)
class ChannelMethod:
    """What methods share that ask the network once for every channel of a layer.

    Parameters
    ----------
    relu : bool
        Drop what speaks against the class, as published.
    layer : str, optional
        The layer whose cells the map has; None for the bundle's CAM layer.
    batch_size : int
        Channels at a time.
    """

    relu: bool = False
    layer: str | None = None
    batch_size: int = 32

    @property
    def per_pixel(self) -> bool:
        """False: a CAM has a value per cell of its layer."""
        return False

    def weigh(self, network: nn.Module, x: Tensor, view: LayerView) -> Iterator[Tensor]:
        """Yield the weights (B,) of the next channels of one input (1, C, H, W)."""
        raise NotImplementedError

    def finish(self, weights: Tensor, logit: Tensor) -> Tensor:
        """Return the final weights (K,) from those of all channels and the target's logit."""
        raise NotImplementedError

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        """Return the maps (N, 1, h, w); see `Explainer`. Progress counts the channels of all inputs."""
        progress(0, 1)
        target = check_target(target, x, sys.maxsize)  # the largest class is known once the network has run
        if not len(x):
            activation = look_at_layer(network, x, target, self.layer).activation
            return activation.new_zeros(0, 1, *activation.shape[2:])
        maps = []
        with torch.inference_mode(False), torch.no_grad(), evaluating(network):
            # One input after the other: its batches, and so its map to the last bit, do not depend on the others.
            for n in range(len(x)):
                view = look_at_layer(network, x[n : n + 1], target[n : n + 1], self.layer)
                channels, total = view.activation.shape[1], len(x) * view.activation.shape[1]
                weights: list[Tensor] = []
                for part in self.weigh(network, x[n : n + 1], view):
                    weights.append(part)
                    progress(min(n * channels + len(weights) * self.batch_size, (n + 1) * channels), total)
                weight = self.finish(torch.cat(weights), view.logits[0, view.target[0]])
                maps.append(torch.einsum("k,khw->hw", weight, view.activation[0].float()))
            values = torch.stack(maps)[:, None]
        return values.clamp(min=0) if self.relu else values


@dataclass(frozen=True, slots=True)
class ScoreCAM(ChannelMethod):
    """Channels weighted by the softmax of the target's logits of the input seen through them (Wang et al. 2020).

    arXiv:1910.01279. Through a channel means: times the channel, brought to the input's size and scaled to 0 to 1.

    Parameters
    ----------
    grid : CellGrid, optional
        Where the cells lie in the input. Without it, channels are stretched from edge to edge as in the package; with a
        ResNet's last layer that is up to 31 of 224 pixels off. A bundle's pipeline fills it in.
    """

    grid: CellGrid | None = None

    def weigh(self, network: nn.Module, x: Tensor, view: LayerView) -> Iterator[Tensor]:
        """Yield the logits (B,) of one input seen through the next channels."""
        places = sampling(view.activation.shape[2:], x.shape[2:], self.grid).to(x.device)
        for channels in view.activation[0].float().split(self.batch_size):  # type: ignore[no-untyped-call]
            seen = functional.grid_sample(channels[None], places, padding_mode="border", align_corners=True)[0]
            low, high = seen.amin((1, 2), keepdim=True), seen.amax((1, 2), keepdim=True)
            seen = (seen - low) / (high - low + RANGE_EPS)
            yield network(x * seen[:, None].to(x.dtype)).float()[:, view.target[0]]

    def finish(self, weights: Tensor, logit: Tensor) -> Tensor:
        """Return the softmax of all channels' logits."""
        return weights.softmax(0)


@dataclass(frozen=True, slots=True)
class AblationCAM(ChannelMethod):
    """Channels weighted by the share of the target's logit that is lost without them (Desai and Ramaswamy 2020).

    doi:10.1109/WACV45572.2020.9093360. A channel is set to zero, also where it has negative values. The share is of the
    logit's size: as published, a negative logit would turn the map's meaning round. Where the logit is near zero,
    values are large; their places and order are not touched.

    What comes before the layer runs once a batch, so a map takes few passes.
    """

    def weigh(self, network: nn.Module, x: Tensor, view: LayerView) -> Iterator[Tensor]:
        """Yield by how much the logit falls without each of the next channels (B,)."""
        activation = view.activation[0]
        module = find_layer(network, self.layer)
        for begin in range(0, len(activation), self.batch_size):
            channels = torch.arange(begin, min(begin + self.batch_size, len(activation)), device=x.device)
            without = activation.repeat(len(channels), 1, 1, 1)
            without[torch.arange(len(channels), device=x.device), channels] = 0
            handle = module.register_forward_hook(lambda *_, without=without: without)
            try:
                logits = network(x).float()
            finally:
                handle.remove()
            yield view.logits[0, view.target[0]] - logits[:, view.target[0]]

    def finish(self, weights: Tensor, logit: Tensor) -> Tensor:
        """Return the losses as shares of the logit."""
        return weights / logit.abs().clamp(min=torch.finfo(weights.dtype).tiny)


def sampling(cells: torch.Size, pixels: torch.Size, grid: CellGrid | None) -> Tensor:
    """Return where each of the pixels (H, W) lies among the cells (h, w), for `grid_sample`: (1, H, W, 2).

    Without a grid the outermost cells lie on the outermost pixels.
    """
    axes = []
    for count, size in zip(cells, pixels, strict=True):
        there = grid or CellGrid(0.0, max(size - 1, 1) / max(count - 1, 1))
        place = (torch.arange(size, dtype=torch.float64) - there.centre) / there.stride
        axes.append((2 * place / max(count - 1, 1) - 1).float())
    rows, columns = torch.meshgrid(*axes, indexing="ij")
    return torch.stack([columns, rows], -1)[None]
