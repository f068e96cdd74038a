"""RISE and HiPe, small and exact, for comparison tables only.

Both take one picture, a function from pictures (K, C, H, W) to scores (K,), and what hidden pixels become.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2

import torch
from torch import Tensor
from torch.nn import functional

Scores = Callable[[Tensor], Tensor]


def rise(
    ask: Scores, x: Tensor, fill: Tensor, masks: int = 4000, cells: int = 7, kept: float = 0.5, seed: int = 0
) -> Tensor:
    """Return the map (H, W): mean of the random masks weighted by the score they leave (Petsiuk 2018, 1806.07421).

    Masks are ``cells`` x ``cells`` coin tosses, enlarged bilinearly to a cell more than the picture (C, H, W) and
    shifted by less than a cell.
    """
    random = torch.Generator().manual_seed(seed)
    height, width = x.shape[1:]
    rows, columns = ceil(height / cells), ceil(width / cells)
    total = torch.zeros(height, width)
    for begin in range(0, masks, 32):
        count = min(32, masks - begin)
        tosses = (torch.rand(count, 1, cells, cells, generator=random) < kept).float()
        large = functional.interpolate(
            tosses, ((cells + 1) * rows, (cells + 1) * columns), mode="bilinear", align_corners=False
        )
        down = torch.randint(rows, (count,), generator=random).tolist()
        right = torch.randint(columns, (count,), generator=random).tolist()
        mask = torch.stack([m[:, i : i + height, j : j + width] for m, i, j in zip(large, down, right, strict=True)])
        total += torch.einsum("k,khw->hw", ask(x * mask + fill * (1 - mask)), mask[:, 0])
    return total / (masks * kept)


def hipe(ask: Scores, x: Tensor, fill: Tensor) -> tuple[Tensor, int]:
    """Return the map (H, W) and the passes of hierarchical perturbation (Cooper et al. 2022, arXiv:2103.05108).

    Windows of two by two cells, also over the border; finer cells only where the map so far reaches the middle of its
    range; drops below 0 are dropped; the levels are summed.
    """
    height, width = x.shape[1:]
    side = min(height, width)
    whole = float(ask(x[None])[0])
    total, passes = torch.zeros(height, width), 1
    cells = 2 * int(ceil(log2(side)) / 2)
    first = True
    while True:
        rows = [round(k * height / cells) for k in range(cells + 1)]
        columns = [round(k * width / cells) for k in range(cells + 1)]
        middle = float(total.max() + total.min()) / 2
        boxes = []
        for i in range(-1, cells):
            for j in range(-1, cells):
                box = (
                    slice(rows[max(i, 0)], rows[min(i + 2, cells)]),
                    slice(columns[max(j, 0)], columns[min(j + 2, cells)]),
                )
                if first or float(total[box].max()) >= middle:
                    boxes.append(box)
        level = torch.zeros(height, width)
        for begin in range(0, len(boxes), 32):
            part = boxes[begin : begin + 32]
            pictures = x.repeat(len(part), 1, 1, 1)
            for picture, box in zip(pictures, part, strict=True):
                picture[:, box[0], box[1]] = fill[:, box[0], box[1]]
            for box, score in zip(part, ask(pictures).tolist(), strict=True):
                level[box] += max(whole - score, 0.0)
        total, passes, first = total + level, passes + len(boxes), False
        cells *= 2
        if cells > side / 4:
            return total, passes
