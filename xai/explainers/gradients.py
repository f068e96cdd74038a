"""Integrated Gradients and SmoothGrad: gradients of the target's logit to the input's pixels.

Neither takes part of the other classes: the score is the logit of the target alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from xai.explainers.base import Attribution, check_target, evaluating
from xai.explainers.masking import Fill, body_of, filled
from xai.progress import Progress, ignore


def input_gradient(network: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """Return the gradients (N, C, H, W) float32 of each input's logit of ``target`` (N,)."""
    with torch.inference_mode(False), evaluating(network), torch.enable_grad():
        leaf = x.detach().clone().requires_grad_()
        logits = network(leaf.clone())  # a copy, so that a network that begins in place may follow
        score = logits.float().gather(1, target[:, None]).sum()
        (gradient,) = torch.autograd.grad(score, leaf)
    return gradient.float()


def logits_of(network: nn.Module, x: Tensor) -> Tensor:
    """Return the logits (N, C) float32 of inputs, without a gradient."""
    with torch.inference_mode(False), torch.no_grad(), evaluating(network):
        logits: Tensor = network(x).float()
    return logits


@dataclass(frozen=True, slots=True)
class IntegratedGradients:
    """What each pixel adds to the target's logit on the straight way from a baseline to the input.

    Sundararajan et al. 2017, arXiv:1703.01365. The map sums to the difference of the two logits, but for the error of
    the numerical integral, which `steps` reports.

    Parameters
    ----------
    fill : Fill
        The baseline: what each pixel is at the beginning of the way. Zero is the published black picture; on the
        phantom it puts three times as much of the map into lesions as the others do.
    points : int
        Gradients on the way.
    rule : str
        Where they lie: in the middles of equal parts, or at the nodes of Gauss and Legendre, which are no nearer for
        networks of ReLUs.
    batch_size : int
        Gradients at a time.
    """

    fill: Fill = "zero"
    points: int = 32
    rule: Literal["gauss-legendre", "midpoint"] = "midpoint"
    batch_size: int = 8

    @property
    def per_pixel(self) -> bool:
        """True: every pixel has a value."""
        return True

    @property
    def layer(self) -> None:
        """None: it looks at no layer."""
        return None

    def steps(
        self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore
    ) -> Iterator[Attribution]:
        """Yield the maps once, with how far each is from complete."""
        progress(0, 1)
        with torch.inference_mode(False), torch.no_grad():
            x = x.clone()
            begin = filled(x, self.fill)
            logits = logits_of(network, x)
            target = check_target(target, x, logits.shape[1])
            rows = torch.arange(len(x), device=x.device)
            end_score, begin_score = logits[rows, target], logits_of(network, begin)[rows, target]
            places, weights = (torch.from_numpy(part).to(x.device, torch.float32) for part in _nodes(self))
            maps, details = x.new_zeros(len(x), 1, *x.shape[2:], dtype=torch.float32), []
            done = 0
            for n in range(len(x)):
                way = (x[n] - begin[n]).float()
                mean = torch.zeros_like(way)
                for first in range(0, self.points, self.batch_size):
                    place, weight = places[first : first + self.batch_size], weights[first : first + self.batch_size]
                    points = begin[n] + place[:, None, None, None] * way
                    gradient = input_gradient(network, points.to(x.dtype), target[n].expand(len(place)))
                    mean += torch.einsum("b,bchw->chw", weight, gradient)
                    done += len(place)
                    progress(done, len(x) * self.points)
                maps[n, 0] = (way * mean).sum(0)
                change = float(end_score[n] - begin_score[n])
                details.append(
                    {
                        "logit": float(end_score[n]),
                        "logit of the baseline": float(begin_score[n]),
                        "completeness error": float(maps[n].double().sum()) - change,
                    }
                )
        yield Attribution(maps, details=tuple(details))

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        """Return the maps (N, 1, H, W); see `Explainer`. Progress counts gradients of all inputs."""
        return next(self.steps(network, x, target, progress)).maps


@dataclass(frozen=True, slots=True)
class SmoothGrad:
    """The mean gradient of the target's logit over noisy copies of the input (Smilkov et al. 2017, arXiv:1706.03825).

    A value says how the logit would change if its pixel were brighter; it is not multiplied by the input. Noise is
    added inside the body only, so that no tissue appears in the air. All inputs get the same noise.

    Parameters
    ----------
    samples : int
        Noisy copies.
    level : float
        The noise's standard deviation as a share of the range of the input's values.
    magnitude : bool
        Drop the sign of the mean, as the published pictures do.
    seed : int
        Of the noise.
    batch_size : int
        Gradients at a time.
    """

    samples: int = 32
    level: float = 0.15
    magnitude: bool = False
    seed: int = 0
    batch_size: int = 8

    @property
    def per_pixel(self) -> bool:
        """True: every pixel has a value."""
        return True

    @property
    def layer(self) -> None:
        """None: it looks at no layer."""
        return None

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        """Return the maps (N, 1, H, W); see `Explainer`. Progress counts gradients of all inputs."""
        progress(0, 1)
        with torch.inference_mode(False), torch.no_grad():
            x = x.clone()
            target = check_target(target, x, logits_of(network, x).shape[1])
            spread = self.level * (x.amax((1, 2, 3)) - x.amin((1, 2, 3))) if x.numel() else x.new_zeros(len(x))
            body = body_of(x)
            maps = x.new_zeros(len(x), 1, *x.shape[2:], dtype=torch.float32)
            done = 0
            for n in range(len(x)):
                # Drawn on the CPU: the same on every device, and the same whatever else is in the batch.
                generator = torch.Generator().manual_seed(self.seed)
                for begin in range(0, self.samples, self.batch_size):
                    count = min(self.batch_size, self.samples - begin)
                    noise = torch.randn(count, *x.shape[1:], generator=generator).to(x)
                    noisy = x[n] + noise * spread[n] * body[n]
                    gradient = input_gradient(network, noisy, target[n].expand(count))
                    maps[n, 0] += gradient.sum((0, 1)) / self.samples
                    done += count
                    progress(done, len(x) * self.samples)
        return maps.abs() if self.magnitude else maps


def _nodes(method: IntegratedGradients) -> tuple[np.ndarray, np.ndarray]:
    """Return places between 0 and 1 and their weights, which sum to 1."""
    if method.rule == "midpoint":
        return (np.arange(method.points) + 0.5) / method.points, np.full(method.points, 1 / method.points)
    places, weights = np.polynomial.legendre.leggauss(method.points)
    return (places + 1) / 2, weights / 2
