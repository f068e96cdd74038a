"""Shapley values of regions: Partition SHAP by the shap package, on the network's device.

The package cuts the picture in halves again and again and finds Owen values of the halves. It sees masks only: which
pixels are hidden by what, and the passes through the network, are done here. That keeps one-channel pictures, fills
made from the body alone (the package's own inpainting casts to bytes, and its blur draws tissue into the air), and the
device's batches out of its hands; and a mask that differs from an earlier one in pixels that hiding would not change,
such as air, needs no pass.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.base import Attribution, check_target, evaluating, same_random
from xai.explainers.masking import Fill, filled, margin
from xai.progress import Progress, ignore

FEWEST_EVALS = 4
"""Nothing hidden, everything hidden, and each half."""

ADDS_UP = 1e-3
"""Error of the sum, as a share of the larger of the two margins (at least 1), above which a map is not shown."""

NOT_ADDITIVE = "values do not add up to the score"


@dataclass(frozen=True, slots=True)
class PartitionShap:
    """What each region adds to the target's logit margin, whatever else is hidden (Lundberg and Lee 2017).

    arXiv:1705.07874; the regions are nested halves, so the values are Owen's (Owen 1977,
    doi:10.1007/978-3-642-45494-3_7). They sum to the margin of the input less that of the input with everything hidden.
    Regions whose hiding matters most are cut first; within the smallest, the value is spread evenly.

    Parameters
    ----------
    fill : Fill
        What hidden pixels become. On the phantom zero puts twice as much of the map into lesions as the others do.
    max_evals : int
        Masks whose margin is asked for: how fine the regions become, and the time it takes.
    seed : int
        Decides between regions that matter equally.
    batch_size : int
        Masks at a time; regions are chosen a batch at a time, so it has a small effect on the map.
    """

    fill: Fill = "zero"
    max_evals: int = 500
    seed: int = 0
    batch_size: int = 32

    @property
    def per_pixel(self) -> bool:
        """True: every pixel has a value."""
        return True

    @property
    def layer(self) -> None:
        """None: it looks at no layer."""
        return None

    def prepare(self) -> None:
        """Import the package and have it compile itself; see `Prepared`."""
        _compiled()

    def steps(
        self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore
    ) -> Iterator[Attribution]:
        """Yield the maps once, with the margins and how far each sum is from their difference.

        Raises
        ------
        ExplainError
            When `max_evals` is too small for a single cut.
        """
        if self.max_evals < FEWEST_EVALS:
            raise ExplainError(f"SHAP needs at least {FEWEST_EVALS} evaluations, not {self.max_evals}.")
        progress(0, 1)
        maps, details, states = [], [], []
        with torch.inference_mode(False), torch.no_grad(), evaluating(network):
            x = x.clone()
            target = check_target(target, x, network(x).shape[1])
            hidden = filled(x, self.fill)
            for n in range(len(x)):
                values, whole, nothing, passes = self._explain(
                    HiddenPixels(network, x[n], hidden[n], target[n]), _shifted(progress, n, len(x), self.max_evals)
                )
                error = float(values.sum()) - (whole - nothing)
                states.append(NOT_ADDITIVE if abs(error) > ADDS_UP * max(1, abs(whole), abs(nothing)) else "")
                details.append(
                    {"margin": whole, "margin of all hidden": nothing, "additivity error": error, "passes": passes}
                )
                maps.append(torch.from_numpy(values).to(x.device, torch.float32)[None])
            stacked = torch.stack(maps) if maps else x.new_zeros(0, 1, *x.shape[2:], dtype=torch.float32)
        yield Attribution(stacked, tuple(states), tuple(details))

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        """Return the maps (N, 1, H, W); see `Explainer`. Progress counts evaluations of all inputs."""
        return next(self.steps(network, x, target, progress)).maps

    def _explain(self, game: HiddenPixels, progress: Progress) -> tuple[NDArray[np.float64], float, float, int]:
        """Return the values (H, W) of one input, the margins of all and of nothing of it, and the passes it took."""
        shap = _shap()
        height, width = game.shape
        done = 0

        def model(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
            nonlocal done
            margins = game(masks)
            done += len(masks)
            progress(min(done, self.max_evals), self.max_evals)
            return margins

        explainer = shap.explainers.Partition(model, _masker(height, width))
        with numpy_seed(self.seed):
            found = explainer(
                np.zeros((1, height, width), bool), max_evals=self.max_evals, batch_size=self.batch_size, silent=True
            )
        progress(self.max_evals, self.max_evals)
        ends = game(np.stack([np.ones((height, width), bool), np.zeros((height, width), bool)]))
        return found.values[0], float(ends[0]), float(ends[1]), game.passes


class HiddenPixels:
    """The target's logit margin of one input (C, H, W) as a function of which pixels are shown."""

    def __init__(self, network: nn.Module, x: Tensor, hidden: Tensor, target: Tensor) -> None:
        self.passes = 0
        """Inputs sent through the network so far."""
        self._network, self._x, self._hidden, self._target = network, x, hidden, target
        self._alike = (x == hidden).all(0).cpu().numpy()
        self._known: dict[bytes, float] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self._x.shape[1:]
        return height, width

    def __call__(self, shown: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the margins (B,) where of ``shown`` (B, H, W) the pixels are shown and the others hidden."""
        shown = shown | self._alike
        keys = [row.tobytes() for row in np.packbits(shown.reshape(len(shown), -1), axis=1)]
        new = {key: index for index, key in enumerate(keys) if key not in self._known}
        if new:
            masks = torch.from_numpy(shown[list(new.values())])[:, None].to(self._x.device)
            logits = self._network(torch.where(masks, self._x, self._hidden))
            margins = margin(logits, self._target.expand(len(logits))).tolist()
            self._known |= dict(zip(new, margins, strict=True))
            self.passes += len(new)
        return np.array([self._known[key] for key in keys])


@contextmanager
def numpy_seed(seed: int) -> Iterator[None]:
    """Seed numpy's global random numbers, which the package draws from, and give them their state back."""
    with same_random():
        np.random.seed(seed)  # noqa: NPY002
        yield


def _shifted(progress: Progress, n: int, inputs: int, evals: int) -> Callable[[int, int], None]:
    return lambda done, _total: progress(n * evals + done, inputs * evals)


def _shap() -> Any:
    """Return the package; it compiles itself with numba and takes seconds, so only when it is needed."""
    with same_random(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its colour maps use what matplotlib is about to drop
        import shap
        import shap.explainers
        import shap.maskers
    return shap


@cache
def _compiled() -> None:
    """Ask about a picture of 4 pixels, so that numba has compiled whatever a map needs."""
    explainer = _shap().explainers.Partition(lambda masks: masks.sum((1, 2)).astype(float), _masker(2, 2))
    with numpy_seed(0):
        explainer(np.zeros((1, 2, 2), bool), max_evals=2 * FEWEST_EVALS, batch_size=2, silent=True)


@lru_cache(maxsize=4)
def _masker(height: int, width: int) -> Any:
    """Return a masker of the package that hands masks (1, H, W) through, with the package's tree of halves."""
    shap = _shap()

    class Masks(shap.maskers.Masker):  # type: ignore[misc, name-defined]
        shape = (1, height * width)
        clustering = shap.maskers.Image(0.0, (height, width, 1)).clustering
        immutable_outputs = True

        def __call__(self, mask: NDArray[np.bool_], _x: object) -> tuple[NDArray[np.bool_]]:
            return (mask.reshape(1, height, width),)

    return Masks()
