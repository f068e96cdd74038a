"""Grad-CAM, Grad-CAM++ and HiResCAM from one forward pass.

All three need the same two things: the CAM layer's activation and the gradient of the score to it. So the network runs
once, without gradients up to that layer; only from there on does autograd watch, and its gradient goes no further back.

Maps are the signed sums of the published formulas, before the ReLU that Grad-CAM and Grad-CAM++ end in: what speaks
against a class is kept. ``relu=True`` gives the published maps.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.base import check_target, evaluating, find_layer
from xai.progress import Progress, ignore

PLUS_PLUS_EPS = 1e-6
"""Keeps Grad-CAM++'s quotient finite; the value of the grad-cam package, for equal maps."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerView:
    """What one forward pass showed at a layer."""

    activation: Tensor
    """(N, K, h, w)"""
    gradient: Tensor
    """(N, K, h, w), of each input's own score."""
    logits: Tensor
    """(N, C) float32"""
    target: Tensor
    """(N,)"""


def look_at_layer(network: nn.Module, x: Tensor, target: Tensor | None, layer: str | None) -> LayerView:
    """Run the network once and return a layer's activation and the gradient of the target's logit to it.

    Parameters
    ----------
    network : Module
        Left as it is, whatever happens.
    x : Tensor (N, C, H, W)
        The inputs.
    target : Tensor (N,), optional
        The class of each input; the predicted one without it.
    layer : str, optional
        Dotted module name; see `find_layer` for what None means.
    """
    module = find_layer(network, layer)
    leaves: list[Tensor] = []

    def cut(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        leaves.append(output.detach().requires_grad_())
        torch.set_grad_enabled(True)  # from here on; no_grad below restores the caller's mode
        return leaves[-1].clone()  # a copy, so that a layer that works in place may follow

    with torch.inference_mode(False), evaluating(network):
        x = x.clone() if x.is_inference() else x
        handle = module.register_forward_hook(cut)
        try:
            with torch.no_grad():
                logits = network(x)
                if len(leaves) != 1:
                    raise ExplainError(
                        f"The layer to look at runs {len(leaves)} times in the network; it must run once."
                    )
                target = check_target(logits.argmax(1) if target is None else target, x, logits.shape[1])
                score = logits.float().gather(1, target[:, None]).sum()
                (gradient,) = torch.autograd.grad(score, leaves)
        finally:
            handle.remove()
    return LayerView(leaves[0].detach(), gradient, logits.detach().float(), target)


@dataclass(frozen=True, slots=True)
class CamMethod:
    """What the three methods share.

    Parameters
    ----------
    relu : bool
        Drop what speaks against the class, as Grad-CAM and Grad-CAM++ were published.
    layer : str, optional
        The layer whose cells the map has; None for the bundle's CAM layer.
    """

    relu: bool = False
    layer: str | None = None

    @property
    def per_pixel(self) -> bool:
        """False: a CAM has a value per cell of its layer."""
        return False

    def combine(self, activation: Tensor, gradient: Tensor) -> Tensor:
        """Return the signed map (N, h, w) of a layer's activation and gradient (N, K, h, w)."""
        raise NotImplementedError

    def map_of(self, view: LayerView) -> Tensor:
        """Return the maps (N, 1, h, w) of what a forward pass showed."""
        values = self.combine(view.activation.float(), view.gradient.float())[:, None]
        return values.clamp(min=0) if self.relu else values

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        """Return the maps (N, 1, h, w); see `Explainer`."""
        progress(0, 1)
        maps = self.map_of(look_at_layer(network, x, target, self.layer))
        progress(1, 1)
        return maps


@dataclass(frozen=True, slots=True)
class GradCAM(CamMethod):
    """Channels weighted by their mean gradient (Selvaraju et al. 2017)."""

    def combine(self, activation: Tensor, gradient: Tensor) -> Tensor:
        """Return sum over k of mean(g_k) A_k."""
        return torch.einsum("nk,nkhw->nhw", gradient.mean((2, 3)), activation)


@dataclass(frozen=True, slots=True)
class GradCAMPlusPlus(CamMethod):
    """Channels weighted by their positive gradients, each cell by its share (Chattopadhyay et al. 2018)."""

    def combine(self, activation: Tensor, gradient: Tensor) -> Tensor:
        """Return sum over k of w_k A_k with w_k = sum of alpha ReLU(g), alpha = g^2 / (2 g^2 + sum(A_k) g^3)."""
        squared = gradient.square()
        total = activation.sum((2, 3), keepdim=True)
        alpha = squared / (2 * squared + total * squared * gradient + PLUS_PLUS_EPS)
        weight = torch.where(gradient > 0, gradient * alpha, 0).sum((2, 3))
        return torch.einsum("nk,nkhw->nhw", weight, activation)


@dataclass(frozen=True, slots=True)
class HiResCAM(CamMethod):
    """Gradient times activation, cell by cell (Draelos and Carin 2020).

    Where one linear layer follows the CAM layer, the map plus its bias sums to the logit: each cell shows what it gave.
    """

    def combine(self, activation: Tensor, gradient: Tensor) -> Tensor:
        """Return sum over k of g_k * A_k."""
        return torch.einsum("nkhw,nkhw->nhw", gradient, activation)
