"""Square windows laid over pictures: where they are, what hiding each of them does to a score, and maps made of that.

A grid holds a window at every pair of a row and a column, so that whatever is asked of all its windows at once is a
product of two small matrices: no step here costs Python time for each window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.base import check_target, evaluating
from xai.explainers.masking import Fill, body_of, filled, margin
from xai.progress import Progress, ignore

BATCH_SIZES = {"cuda": 256, "mps": 64, "cpu": 32}
"""Pictures per pass; on a CPU larger batches fall out of its cache and answer a cancel later."""

Score = Literal["margin", "logit", "probability"]
"""What is measured: the target's lead over the best other class, its logit, or its softmax probability."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Windows at every pair of a top row and a left column; those that reach over the end are cut there."""

    tops: Tensor
    """(T,) int64, ascending."""
    lefts: Tensor
    """(L,) int64, ascending."""
    window: int
    """Side in pixels."""
    shape: tuple[int, int]
    """Of the picture."""

    def sums(self, values: Tensor) -> Tensor:
        """Return the sum of pixels (..., H, W) in each window (..., T, L)."""
        rows, columns = self._reach(values)
        return rows @ values @ columns.T

    def paint(self, values: Tensor) -> Tensor:
        """Return for each pixel (..., H, W) the sum of ``values`` (..., T, L) over the windows it is in."""
        rows, columns = self._reach(values)
        return rows.T @ values @ columns

    def mean(self, values: Tensor, known: Tensor | None = None) -> Tensor:
        """Return for each pixel (..., H, W) the mean of ``values`` (..., T, L) over the windows it is in.

        Parameters
        ----------
        values : Tensor (..., T, L)
            Of all windows.
        known : Tensor (..., T, L) of bool, optional
            Those that count; all without it. A pixel in none of them gets 0.
        """
        weight = torch.ones_like(values) if known is None else known.to(values.dtype)
        return self.paint(values * weight) / self.paint(weight).clamp(min=1)

    def boxes(self, places: Tensor) -> Tensor:
        """Return (K, 4) top, left, bottom and right (not included) of the windows ``places`` (K, 2) in tops, lefts."""
        corner = torch.stack([self.tops[places[:, 0]], self.lefts[places[:, 1]]], 1)
        end = (corner + self.window).minimum(torch.tensor(self.shape, device=corner.device))
        return torch.cat([corner, end], 1)

    def _reach(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return which rows (T, H) and which columns (L, W) the windows hold, as numbers 0 and 1."""
        both = []
        for starts, length in ((self.tops, self.shape[0]), (self.lefts, self.shape[1])):
            away = torch.arange(length, device=starts.device) - starts[:, None]
            both.append(((away >= 0) & (away < self.window)).to(like.dtype))
        return both[0], both[1]


def lay_grid(shape: tuple[int, int], window: int, stride: int, device: torch.device) -> Grid:
    """Return windows every ``stride`` pixels, all of full size: the last ones are moved back to end at the border.

    A picture smaller than the window gets one that covers it.

    Raises
    ------
    ExplainError
        When some pixels would lie in no window.
    """
    if not 1 <= stride <= window:
        raise ExplainError(f"Windows of {window} pixels need a stride of 1 to {window}, not {stride}.")
    starts = []
    for length in shape:
        last = max(length - window, 0)
        starts.append(torch.tensor(sorted({*range(0, last + 1, stride), last}), device=device))
    return Grid(starts[0], starts[1], window, shape)


@dataclass(frozen=True, slots=True, eq=False)
class Hiding:
    """Pictures, what their pixels become when hidden, and the network that is asked about them.

    `hide` makes it.
    """

    network: nn.Module
    x: Tensor
    """(N, C, H, W)"""
    fill: Tensor
    """(N, C, H, W), each pixel when hidden."""
    body: Tensor
    """(N, H, W) bool, where hiding is worth a pass."""
    target: Tensor
    """(N,)"""
    scores: Tensor
    """(N,) float32, of the whole pictures."""
    score: Score = "margin"

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the pictures."""
        return self.x.shape[2], self.x.shape[3]

    @property
    def device(self) -> torch.device:
        """Where the pictures are."""
        return self.x.device

    def touched(self, grid: Grid) -> Tensor:
        """Return which windows (N, T, L) hold tissue that hiding changes; hiding any other shows nothing."""
        changes = (self.x != self.fill).any(1) & self.body
        return grid.sums(changes.float()) > 0.5

    def drops(self, which: Tensor, boxes: Tensor, progress: Progress = ignore) -> Tensor:
        """Return how much each picture's score falls (K,) when a window of it is hidden: one pass each.

        Parameters
        ----------
        which : Tensor (K,)
            The picture.
        boxes : Tensor (K, 4)
            Top, left, bottom, right of the window; of any size.
        progress : callable
            Told of passes done, between batches.
        """
        scores = ask_in_batches(
            self.network,
            len(which),
            lambda part: hidden(self.x, self.fill, which[part], boxes[part]),
            lambda logits, part: score_of(logits, self.target[which[part]], self.score),
            self.device,
            progress,
        )
        return self.scores[which] - scores

    def measure(self, grid: Grid, wanted: Tensor, progress: Progress = ignore) -> Tensor:
        """Return the drops (N, T, L) of the windows ``wanted`` (N, T, L); 0 for the others, which cost nothing."""
        places = wanted.nonzero()
        drops = self.drops(places[:, 0], grid.boxes(places[:, 1:]), progress)
        return torch.zeros(wanted.shape, device=self.device).index_put(tuple(places.T), drops)


def hide(network: nn.Module, x: Tensor, target: Tensor, fill: Fill, score: Score = "margin") -> Hiding:
    """Ask the network about the whole pictures (one pass each) and prepare hiding parts of them.

    Raises
    ------
    ExplainError
        When the target does not name a class for each picture.
    """
    with torch.inference_mode(False), torch.no_grad(), evaluating(network):
        x = x.detach().clone() if x.is_inference() else x.detach()
        logits = network(x)
        target = check_target(target, x, logits.shape[1])
        body = body_of(x)
        return Hiding(network, x, filled(x, fill, body), body[:, 0], target, score_of(logits, target, score), score)


def hidden(x: Tensor, fill: Tensor, which: Tensor, boxes: Tensor) -> Tensor:
    """Return the pictures ``x[which]`` (K, C, H, W) with the windows ``boxes`` (K, 4) replaced by ``fill``."""
    row = torch.arange(x.shape[2], device=x.device)
    column = torch.arange(x.shape[3], device=x.device)
    top, left, bottom, right = boxes[:, :, None].unbind(1)
    rows, columns = (row >= top) & (row < bottom), (column >= left) & (column < right)
    mask = rows[:, None, :, None] & columns[:, None, None, :]
    if x.device.type != "cpu":
        return torch.where(mask, fill[which], x[which])
    # A CPU's memory is slow: windows of one picture in a row share it without copies.
    pictures = torch.empty(len(which), *x.shape[1:], dtype=x.dtype)
    begin = 0
    for n, count in zip(*(both.tolist() for both in torch.unique_consecutive(which, return_counts=True)), strict=True):
        part = slice(begin, begin + count)
        torch.where(mask[part], fill[n], x[n], out=pictures[part])
        begin += count
    return pictures


def ask_in_batches(
    network: nn.Module,
    count: int,
    pictures: Callable[[slice], Tensor],
    answer: Callable[[Tensor, slice], Tensor],
    device: torch.device,
    progress: Progress = ignore,
) -> Tensor:
    """Send many pictures through a network, without gradients, in batches that fill its device.

    When the device's memory runs out the batches are halved.

    Parameters
    ----------
    network : Module
        In whatever mode; it runs in eval mode and is left as found.
    count : int
        How many pictures there are.
    pictures : callable
        Makes those of a slice of ``range(count)`` (n, C, H, W) on ``device``.
    answer : callable
        Makes of their logits (n, classes) and that slice what is kept (n, ...).
    device : device
        Where they go.
    progress : callable
        Told of pictures done and ``count`` before each batch and at the end; cancels by raising.

    Returns
    -------
    Tensor (count, ...)
        All answers in order; (0,) when there are no pictures.
    """
    answers: list[Tensor] = []
    begin, size = 0, BATCH_SIZES.get(device.type, BATCH_SIZES["cpu"])
    while begin < count:
        progress(begin, count)
        part = slice(begin, min(begin + size, count))
        try:
            with torch.inference_mode(False), torch.no_grad(), evaluating(network):
                answers.append(answer(network(pictures(part)), part))
        except torch.OutOfMemoryError:
            if size == 1:
                raise
            size //= 2
            continue
        begin = part.stop
    progress(count, count)
    return torch.cat(answers) if answers else torch.zeros(0, device=device)


def score_of(logits: Tensor, target: Tensor, score: Score) -> Tensor:
    """Return what is measured (N,) float32 of logits (N, classes)."""
    if score == "margin":
        return margin(logits, target)
    values = logits.float() if score == "logit" else logits.float().softmax(1)
    return values.gather(1, target[:, None])[:, 0]


def after(progress: Progress, passes: int, total: int | None = None) -> Progress:
    """Return a progress for a part of the work that begins after some passes of all those expected, if known."""
    return lambda done, part: progress(passes + done, max(total or 0, passes + part))
