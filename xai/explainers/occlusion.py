"""Occlusion: hide one window after another and see how much is lost of what speaks for the class."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from xai.explainers.masking import Fill
from xai.explainers.windows import Score, hide, lay_grid
from xai.progress import Progress, ignore


@dataclass(frozen=True, slots=True)
class Occlusion:
    """The mean drop of the score over the windows that hide a pixel (Zeiler and Fergus 2014, arXiv:1311.2901).

    A map is signed: where hiding raises the score, what was there spoke against the class. Windows without tissue are
    not asked about, their drop is 0.

    Parameters
    ----------
    window, stride : int
        Side of the windows and how far they lie apart, network pixels. Windows at the border have full size.
    fill : {"zero", "one", "blur", "local-mean", "body-mean", "body-median"}
        What hidden pixels become; see `xai.explainers.masking.filled`.
    score : {"margin", "logit", "probability"}
        What drops; see `xai.explainers.windows.Score`.
    """

    window: int = 28
    stride: int = 14
    fill: Fill = "body-median"
    score: Score = "margin"

    @property
    def per_pixel(self) -> bool:
        """True: each pixel has its own value."""
        return True

    @property
    def layer(self) -> str | None:
        """None: only inputs and outputs are looked at."""
        return None

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        """Return the maps (N, 1, H, W); see `Explainer`. ``progress`` counts passes."""
        grid = lay_grid((x.shape[2], x.shape[3]), self.window, self.stride, x.device)
        progress(0, len(x) * len(grid.tops) * len(grid.lefts))
        hiding = hide(network, x, target, self.fill, self.score)
        drops = hiding.measure(grid, hiding.touched(grid), progress)
        with torch.no_grad():
            return grid.mean(drops)[:, None]
