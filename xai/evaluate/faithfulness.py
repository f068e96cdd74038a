"""Deletion and insertion (Petsiuk et al. 2018, arXiv:1806.07421) inside the body, all steps of a map in one batch.

A map puts the body's pixels into an order. Deletion hides them from the first on, insertion shows them from the first
on where all are hidden; a faithful map makes the score fall and rise early. Two kinds of hiding are used, since what
is hidden is never quite like a picture. Ties are broken by seeded noise: the order in which a coarse map's equal pixels
are stored must not help or harm it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.base import evaluating
from xai.explainers.masking import Fill, body_of, filled, margin
from xai.progress import Progress, ignore

BASELINES: tuple[Fill, ...] = ("blur", "body-mean")
STEPS = 24
BATCH = {"cuda": 256, "mps": 64, "cpu": 32}
"""Hidden pictures per pass through the network."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What the network says of one picture while its pixels are hidden or shown in a map's order.

    Arrays are (T + 1,): after a share of 0, 1/T, ... 1 of the body's pixels. Probabilities are of the explained class
    and the network's own, whether or not its bundle is calibrated: maps explain the network. Margins are by how much
    its logit leads the best other.
    """

    deletion: NDArray[np.float32]
    insertion: NDArray[np.float32]
    deletion_margin: NDArray[np.float32]
    insertion_margin: NDArray[np.float32]

    def areas(self) -> dict[str, float]:
        """Return the area under each curve by name, and insertion minus deletion."""
        found = {
            "deletion": area(self.deletion),
            "insertion": area(self.insertion),
            "deletion_margin": area(self.deletion_margin),
            "insertion_margin": area(self.insertion_margin),
        }
        found["insertion_minus_deletion"] = found["insertion"] - found["deletion"]
        found["insertion_minus_deletion_margin"] = found["insertion_margin"] - found["deletion_margin"]
        return found


def area(curve: NDArray[np.float32]) -> float:
    """Return the mean height of a curve over equal steps (trapezium rule)."""
    return float(np.trapezoid(curve.astype(np.float64)) / (len(curve) - 1))


def ranks(maps: Tensor, body: Tensor, seed: int) -> Tensor:
    """Return the place of every pixel in its map's order (N, H, W) int64: 0 for the highest; -1 outside of the body.

    Parameters
    ----------
    maps : Tensor (N, 1, H, W)
        Finite values.
    body : Tensor (N, 1, H, W) bool
        Which pixels take part.
    seed : int
        Decides ties; each map is treated as if it were alone.
    """
    places = torch.full(maps.shape[:1] + maps.shape[2:], -1, dtype=torch.int64, device=maps.device)
    for n, (values, inside) in enumerate(zip(maps[:, 0], body[:, 0], strict=True)):
        index = inside.flatten().nonzero()[:, 0]
        shuffled = index[torch.randperm(len(index), generator=torch.Generator().manual_seed(seed)).to(index.device)]
        order = shuffled[values.flatten()[shuffled].argsort(descending=True, stable=True)]
        places[n].view(-1)[order] = torch.arange(len(order), device=maps.device)
    return places


def faithfulness(
    network: nn.Module,
    x: Tensor,
    target: Tensor,
    maps: Tensor,
    baselines: Sequence[Fill] = BASELINES,
    steps: int = STEPS,
    seed: int = 0,
    body: Tensor | None = None,
    batch_size: int | None = None,
    progress: Progress = ignore,
) -> list[dict[str, Curves]]:
    """Return the curves of each map by baseline.

    Parameters
    ----------
    network : Module
        Left as found.
    x : Tensor (N, C, H, W)
        Network inputs, one for each map.
    target : Tensor (N,)
        The classes that were explained.
    maps : Tensor (N, 1, H, W)
        Maps on network pixels; higher speaks more for the class.
    baselines : sequence of str
        What hidden pixels become.
    steps : int
        Steps of a curve.
    seed : int
        Breaks ties.
    body : Tensor (N, 1, H, W) bool, optional
        Where pixels are hidden; found in ``x`` without it.
    batch_size : int, optional
        Pictures per pass; the device decides without it.
    progress : callable
        Called with pictures done; cancels by raising.

    Raises
    ------
    ExplainError
        When maps do not fit the inputs or are not finite.
    """
    if maps.shape != (len(x), 1, *x.shape[2:]) or not torch.isfinite(maps).all():
        raise ExplainError(f"Only finite maps of the inputs' size can be scored, not {tuple(maps.shape)}.")
    if steps < 1:
        raise ExplainError(f"A curve has at least one step, not {steps}.")
    body = body_of(x) if body is None else body
    places = ranks(maps.to(x.device), body, seed)
    pixels = body.sum((1, 2, 3))
    found: list[dict[str, Curves]] = [{} for _ in x]
    size = batch_size or BATCH.get(x.device.type, 32)
    done, total = 0, len(x) * len(baselines) * 2 * (steps + 1)
    with torch.inference_mode(), evaluating(network):
        for baseline in baselines:
            hidden = filled(x, baseline, body)
            for n in range(len(x)):
                counts = (torch.arange(steps + 1, device=x.device) * pixels[n] / steps).round()
                first = (places[n][None] < counts[:, None, None]) & body[n]
                deleted = torch.where(first[:, None], hidden[n], x[n])
                inserted = torch.where(first[:, None] | ~body[n], x[n], hidden[n])
                rows = []
                for part in torch.split(torch.cat([deleted, inserted]), size):
                    progress(done, total)
                    rows.append(network(part).float())
                    done += len(part)
                logits = torch.cat(rows)
                wanted = target[n].to(x.device).expand(len(logits))
                chance = logits.softmax(1).gather(1, wanted[:, None])[:, 0].cpu().numpy()
                lead = margin(logits, wanted).cpu().numpy()
                found[n][baseline] = Curves(
                    chance[: steps + 1], chance[steps + 1 :], lead[: steps + 1], lead[steps + 1 :]
                )
    progress(total, total)
    return found
