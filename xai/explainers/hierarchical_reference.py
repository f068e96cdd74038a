"""Hierarchical occlusion as it was published: which windows turn the prediction over, coarse to fine.

`xai.explainers.hierarchical` mends what is known to be wrong with it: a confident prediction that no window turns over
has no map, a lesion smaller than a coarse window may be pruned with it, and there is neither sign nor size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.base import Attribution, check_target, evaluating
from xai.explainers.windows import Grid, after, ask_in_batches, hidden
from xai.progress import Progress, ignore

NO_CHANGE = "no window changed the prediction"


@dataclass(frozen=True, slots=True)
class HierarchicalReference:
    """Windows whose hiding changes the predicted class, followed down to finer windows; the levels' maps are summed.

    Windows lie every ``stride`` pixels and are cut at the picture's end. Level by level side and stride are halved; a
    finer window is asked about when its top left corner lies in a coarser one that changed the prediction. The target
    names only what hidden pixels become, as published: black for class 1, white for any other.

    Parameters
    ----------
    window, stride : int
        Of the first level, network pixels.
    min_window : int
        Levels end with the first window of this side or less.
    zero : bool
        Hidden pixels become black whatever the target.
    """

    window: int = 112
    stride: int = 28
    min_window: int = 7
    zero: bool = False

    @property
    def per_pixel(self) -> bool:
        """True: each pixel has its own value."""
        return True

    @property
    def layer(self) -> str | None:
        """None: only inputs and outputs are looked at."""
        return None

    def likely_passes(self, pixels: int) -> int:
        """Return how many passes a picture of ``pixels`` a side may take, give or take a factor of ten.

        A third of each level's windows is taken to lie in those that turned the prediction over: with the published
        settings this gives the mean of the phantom's affected slices, about 1200.
        """
        passes, share, window, stride = 1.0, 1.0, self.window, self.stride
        while True:
            passes += share * len(range(0, pixels, stride)) ** 2
            if window <= self.min_window:
                return round(passes)
            share, window, stride = share / 3, window // 2, max(stride // 2, 1)

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        """Return the maps (N, 1, H, W), whole numbers from 0 up; see `Explainer`."""
        *_, last = self.steps(network, x, target, progress)
        return last.maps

    def steps(
        self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore
    ) -> Iterator[Attribution]:
        """Yield the sum of the levels so far after each level; see `Stepwise`.

        Raises
        ------
        ExplainError
            When windows or strides are less than a pixel, or the target names no classes.
        """
        if min(self.window, self.stride, self.min_window) < 1:
            raise ExplainError("Windows and strides of hierarchical occlusion are at least 1 pixel.")
        progress(0, len(x))
        with torch.inference_mode(False), torch.no_grad(), evaluating(network):
            x = x.detach().clone() if x.is_inference() else x.detach()
            logits = network(x)
            target, first = check_target(target, x, logits.shape[1]), logits.argmax(1)
            black = (target == 1) | self.zero
            fill = torch.ones_like(x) * ~black[:, None, None, None]
        classes, shape = logits.shape[1], (x.shape[2], x.shape[3])
        maps = torch.zeros(len(x), *shape, device=x.device)
        changed = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        window, stride, passes = self.window, self.stride, len(x)
        finest = torch.full((len(x),), window, device=x.device)
        likely = len(x) * self.likely_passes(max(shape))
        coarser: tuple[Grid, Tensor] | None = None
        while True:
            tops, lefts = (torch.arange(0, side, stride, device=x.device) for side in shape)
            grid = Grid(tops, lefts, window, shape)
            # Where hiding leaves every pixel as it is the prediction stays, so that no pass is needed.
            wanted = grid.sums((x != fill).any(1).float()) > 0.5
            if coarser is not None:
                wanted &= _within(grid, *coarser)
            # Which windows are left is known level by level: the end moves on rather than the progress back.
            likely = max(likely, passes + 2 * int(wanted.sum()))
            flips = _flips(network, x, fill, first, grid, wanted, after(progress, passes, likely))
            finest = torch.where(wanted.any(2).any(1), window, finest)
            passes += int(wanted.sum())
            maps = maps + _level_map(grid, flips, classes)
            changed = changed + (flips > 0).sum((1, 2))
            yield _summed_up(maps, changed, finest)
            coarser = grid, flips == 1
            if window <= self.min_window or not bool(coarser[1].any()):
                return
            window, stride = window // 2, max(stride // 2, 1)


def _flips(
    network: nn.Module, x: Tensor, fill: Tensor, first: Tensor, grid: Grid, wanted: Tensor, progress: Progress
) -> Tensor:
    """Return by how many places (N, T, L) int64 hiding each wanted window moves the predicted class."""
    places = wanted.nonzero()
    which, boxes = places[:, 0], grid.boxes(places[:, 1:])
    labels = ask_in_batches(
        network,
        len(places),
        lambda part: hidden(x, fill, which[part], boxes[part]),
        lambda logits, _part: logits.argmax(1),
        x.device,
        progress,
    )
    moved = (labels.to(torch.int64) - first[which]).abs()
    return torch.zeros(wanted.shape, dtype=torch.int64, device=x.device).index_put(tuple(places.T), moved)


def _within(grid: Grid, coarser: Grid, active: Tensor) -> Tensor:
    """Return which windows (N, T, L) begin within twice their side of an active coarser one's beginning."""
    both = []
    for fine, coarse in ((grid.tops, coarser.tops), (grid.lefts, coarser.lefts)):
        away = fine[:, None] - coarse
        both.append(((away >= 0) & (away < 2 * grid.window)).float())
    return both[0] @ active.float() @ both[1].T > 0.5


def _level_map(grid: Grid, flips: Tensor, classes: int) -> Tensor:
    """Return for each pixel (N, H, W) the largest flip of the windows it is in."""
    level = torch.zeros(len(flips), *grid.shape, device=flips.device)
    for places in range(1, classes):
        level = torch.where(grid.paint((flips == places).float()) > 0.5, float(places), level)
    return level


def _summed_up(maps: Tensor, changed: Tensor, finest: Tensor) -> Attribution:
    counts, sides = changed.tolist(), finest.tolist()
    return Attribution(
        maps[:, None],
        tuple("" if count else NO_CHANGE for count in counts),
        tuple(
            {"windows that changed the prediction": float(n), "finest window": float(side)}
            for n, side in zip(counts, sides, strict=True)
        ),
    )
