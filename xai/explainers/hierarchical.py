"""Signed hierarchical occlusion: hide large windows first, then ever smaller ones where they pay.

Large windows side by side say cheaply where nothing is; the passes that are left go to smaller windows that overlap,
where the drops so far are highest. A drop says how much a whole window holds, so that levels are made comparable by
their density, the drop for each pixel of the window. A pixel shows the mean density over all windows asked that hold
it: small windows say where the evidence is, larger ones that it is there at all, since the network does not miss
small parts of what it still sees the rest of. Overlap of the first level is not worth its passes, and a map of the
smallest windows alone is less faithful.

What was left out is not forgotten: windows of the finest level drawn at random are asked as well, and tell how much
the map has missed, with an interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from scipy.special import stdtrit
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.base import Attribution
from xai.explainers.masking import Fill
from xai.explainers.windows import Grid, Hiding, Score, after, hide, lay_grid
from xai.progress import Progress, ignore

TISSUE_SHARE = 0.25
"""Windows with less tissue than this share of their area are left to their neighbours, which hold it too."""

STEPS = 10_000
"""Promises that differ by less than the largest drop's part of this are equal."""

LEAST_TISSUE = 0.3
"""Share of a window's area over which what it promises is at least spread, so that slivers do not come first."""

ROUNDS = 2
"""In how many parts a level spends its passes: what the first found decides where the next go."""


@dataclass(frozen=True, slots=True)
class Hierarchical:
    """Mean density of the score's drop over all windows asked about, coarse to fine within a budget.

    The first level's windows have the side ``window`` and lie side by side; all that hold tissue are asked. The next
    have half that side, then each 0.71 of the one before, down to ``min_window``; they overlap by half. Of the passes
    that are left each further level takes ``share``, the last one the rest, and gives them to the windows that promise
    most by the map so far; a window that promises no more than ``noise`` times the largest drop for each pixel is not
    asked: the stop rule. With one level only its windows overlap, too: it is plain occlusion.

    Parameters
    ----------
    window, min_window : int
        Side of the first level's windows, and the least side of the last level's, network pixels.
    budget : int, optional
        Most passes for each slice besides that for the whole picture; without it a fifth of those that all windows of
        the last level would take. The first level is asked in full even if it takes more.
    share : float
        Of the passes left, for each level between the first and the last.
    noise : float
        What counts as nothing, as a share of the largest drop for each pixel.
    probes : int
        Windows of the last level drawn at random among those not asked, from within the budget; 0 for none.
    fill : {"zero", "one", "blur", "local-mean", "body-mean", "body-median"}
        What hidden pixels become; see `xai.explainers.masking.filled`.
    score : {"margin", "logit", "probability"}
        What drops; see `xai.explainers.windows.Score`.
    seed : int
        Of the probes.
    """

    window: int = 56
    min_window: int = 14
    budget: int | None = None
    share: float = 0.4
    noise: float = 0.0
    probes: int = 4
    fill: Fill = "body-median"
    score: Score = "margin"
    seed: int = 0

    @property
    def per_pixel(self) -> bool:
        """True: each pixel has its own value."""
        return True

    @property
    def layer(self) -> str | None:
        """None: only inputs and outputs are looked at."""
        return None

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        """Return the maps (N, 1, H, W) of drop for each pixel; see `Explainer`. ``progress`` counts passes."""
        *_, last = self.steps(network, x, target, progress)
        return last.maps

    def steps(
        self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore
    ) -> Iterator[Attribution]:
        """Yield the maps after each level, at last with what the random probes found; see `Stepwise`.

        Raises
        ------
        ExplainError
            When a setting makes no sense, or the target names no classes.
        """
        if not (self.window >= self.min_window >= 1 and 0 <= self.share <= 1 and self.noise >= 0 <= self.probes):
            raise ExplainError("Hierarchical occlusion needs windows of 1 pixel or more, the last not above the first.")
        progress(0, len(x))
        hiding = hide(network, x, target, self.fill, self.score)
        grids = [lay_grid(hiding.shape, side, stride, x.device) for side, stride in self.levels]
        finest = hiding.touched(grids[-1]).sum((1, 2))
        budget = finest // 5 if self.budget is None else torch.full_like(finest, self.budget)
        left, total = (budget - self.probes).clamp(min=0), len(x) + int(budget.sum())
        spent, maps = torch.zeros_like(left), torch.zeros(len(x), *hiding.shape, device=x.device)
        density, windows = torch.zeros_like(maps), torch.zeros_like(maps)
        for level, grid in enumerate(grids):
            worth = _worth(hiding, grid)
            asked = torch.zeros_like(worth)
            limit = left if level == len(grids) - 1 else (left * self.share).round().long()
            for turn in range(ROUNDS if level else 1):
                new = worth
                if level:
                    part = (limit - asked.sum((1, 2))) // (ROUNDS - turn)
                    new = _most_promising(hiding, grid, worth & ~asked, maps, part, self.noise)
                drops = hiding.measure(grid, new, after(progress, len(x) + int(spent.sum()), total))
                density = density + grid.paint(drops) / grid.window**2
                windows = windows + grid.paint(new.float())
                maps = density / windows.clamp(min=1)
                asked, spent = asked | new, spent + new.sum((1, 2))
            left = (left - asked.sum((1, 2))).clamp(min=0)
            found = tuple({"passes": 1.0 + n, "last window": float(grid.window)} for n in spent.tolist())
            yield Attribution(maps[:, None], (), found)
        if self.probes:
            missed = self._probe(hiding, grid, worth & ~asked, maps, after(progress, len(x) + int(spent.sum()), total))
            costs = (float(1 + n) + float(more["probes"]) for n, more in zip(spent.tolist(), missed, strict=True))
            yield Attribution(
                maps[:, None],
                (),
                tuple({**one, **more, "passes": cost} for one, more, cost in zip(found, missed, costs, strict=True)),
            )

    @property
    def sides(self) -> tuple[int, ...]:
        """Side of each level's windows, coarse to fine."""
        sides, side = [self.window], self.window // 2
        while sides[-1] > side >= self.min_window:
            sides.append(side)
            side = round(self.window * 0.5 ** (1 + (len(sides) - 1) / 2))
        return tuple(sides)

    @property
    def levels(self) -> tuple[tuple[int, int], ...]:
        """Side and stride of each level's windows: the first of several lie side by side, all others overlap."""
        sides = self.sides
        strides = [max(side // 2, 1) for side in sides]
        if len(sides) > 1:
            strides[0] = sides[0]
        return tuple(zip(sides, strides, strict=True))

    def likely_passes(self, pixels: int) -> int:
        """Return how many passes a picture of ``pixels`` a side takes; one with air takes fewer."""
        along = (max(pixels - self.sides[-1], 0) // max(self.sides[-1] // 2, 1)) + 1
        return 1 + (along**2 // 5 if self.budget is None else self.budget)

    def _probe(
        self, hiding: Hiding, grid: Grid, rest: Tensor, maps: Tensor, progress: Progress
    ) -> list[dict[str, float | str]]:
        """Return for each slice how far the map is off in the windows ``rest`` (N, T, L) that were not asked.

        The windows are drawn evenly and without replacement, each slice by itself, so that the mean of what they show
        is an unbiased estimate of the mean over all of them, whatever the network does.
        """
        drawn = torch.zeros_like(rest)
        for n, places in enumerate(rest):
            free = places.flatten().nonzero()[:, 0]
            order = torch.randperm(len(free), generator=torch.Generator().manual_seed(self.seed))[: self.probes]
            drawn[n].view(-1)[free[order.to(free.device)]] = True
        off = hiding.measure(grid, drawn, progress) - grid.sums(maps)
        answers: list[dict[str, float | str]] = []
        for errors, chosen, places in zip(off, drawn, rest, strict=True):
            answers.append(_estimate(errors[chosen].double(), int(places.sum())))
        return answers


def _worth(hiding: Hiding, grid: Grid) -> Tensor:
    """Return which windows (N, T, L) hold enough tissue, or some that no such window holds."""
    tissue = hiding.body.float()
    enough = grid.sums(tissue) >= TISSUE_SHARE * grid.window**2
    alone = tissue * (grid.paint(enough.float()) < 0.5)
    return hiding.touched(grid) & (enough | (grid.sums(alone) > 0.5))


def _most_promising(hiding: Hiding, grid: Grid, worth: Tensor, maps: Tensor, limit: Tensor, noise: float) -> Tensor:
    """Return the ``limit`` (N,) windows (N, T, L) of those worth it whose tissue has the highest mean in the maps."""
    tissue = hiding.body.float()
    promise = grid.sums(maps * tissue) / grid.sums(tissue).clamp(min=LEAST_TISSUE * grid.window**2)
    pays = worth & (promise > noise * maps.amax((1, 2), keepdim=True))
    # Rounded and in a stable order, so that equal promises are taken from the top left on whatever else is computed.
    scale = maps.abs().amax((1, 2), keepdim=True).clamp(min=1e-12)
    rounded = (promise / scale * STEPS).round().masked_fill(~pays, float("-inf")).flatten(1)
    order = torch.argsort(rounded, dim=1, descending=True, stable=True)
    place = torch.empty_like(order).scatter(
        1, order, torch.arange(order.shape[1], device=order.device).expand_as(order)
    )
    return pays & (place < limit[:, None]).view_as(pays)


def _estimate(errors: Tensor, count: int) -> dict[str, float | str]:
    """Return the mean of what the map missed in ``count`` windows and its 95 % interval, from a sample of them."""
    found: dict[str, float | str] = {"windows left out": float(count), "probes": float(len(errors))}
    if len(errors):
        found["missed in each, mean"] = float(errors.mean())
    if len(errors) > 1:
        rest = max(1 - len(errors) / count, 0.0)
        reach = float(stdtrit(len(errors) - 1, 0.975)) * float(errors.std()) * (rest / len(errors)) ** 0.5
        found["missed in each, 95 % from"] = float(errors.mean()) - reach
        found["missed in each, 95 % to"] = float(errors.mean()) + reach
    return found
