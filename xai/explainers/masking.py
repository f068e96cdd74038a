"""What methods that hide parts of a picture share: where the body is, what hidden pixels become, what is measured."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from xai.imaging.body import fill_holes

Fill = Literal["zero", "one", "blur", "local-mean", "body-mean", "body-median"]
"""What hidden pixels become."""

BLUR_SIGMA = 12.0
"""Network pixels: more than a lesion is wide, less than a leg."""

LOCAL_WINDOW = 41
"""Network pixels: side of the square whose mean stands for its middle."""


def body_of(x: Tensor) -> Tensor:
    """Return where the body is (N, 1, H, W) bool in network inputs: air is exactly 0, and holes in the body are body.

    A picture without any air, and one that is empty, is body everywhere.
    """
    tissue = (x != 0).any(1, keepdim=True)
    masks = [torch.from_numpy(fill_holes(mask[0])) for mask in tissue.cpu().numpy()]
    body = torch.stack(masks)[:, None].to(x.device) if masks else tissue
    return body | ~body.any(3, keepdim=True).any(2, keepdim=True)


def filled(x: Tensor, fill: Fill, body: Tensor | None = None) -> Tensor:
    """Return what each pixel of network inputs (N, C, H, W) becomes when it is hidden.

    ``zero`` and ``one`` hold for all pixels. The others are made from the body's pixels only and leave the air around
    it as it is, so that hiding never paints tissue into the air.
    """
    if fill == "zero":
        return torch.zeros_like(x)
    if fill == "one":
        return torch.ones_like(x)
    body = body_of(x) if body is None else body
    weight = body.to(x.dtype)
    if fill == "body-mean":
        mean = (x * weight).sum((2, 3), keepdim=True) / weight.sum((2, 3), keepdim=True).clamp(min=1)
        return torch.where(body, mean, x)
    if fill == "body-median":
        # The body's most usual tissue: on a leg muscle, where the mean, drawn up by bright fat, looks like a lesion.
        median = x.masked_fill(~body, float("nan")).flatten(2).nanmedian(2).values[:, :, None, None]
        return torch.where(body, median, x)
    smooth = _gaussian if fill == "blur" else _box
    return torch.where(body, smooth(x * weight) / smooth(weight).clamp(min=1e-6), x)


def margin(logits: Tensor, target: Tensor) -> Tensor:
    """Return by how much each target's logit leads the best other one (N,), in float32."""
    logits = logits.float()
    own = logits.gather(1, target[:, None])
    rest = logits.scatter(1, target[:, None], float("-inf"))
    return (own - rest.amax(1, keepdim=True))[:, 0]


def _gaussian(x: Tensor) -> Tensor:
    reach = int(3 * BLUR_SIGMA)
    offset = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-0.5 * (offset / BLUR_SIGMA) ** 2)
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, 1, -1)
    x = functional.conv2d(x, kernel, padding=(0, reach), groups=x.shape[1])
    return functional.conv2d(x, kernel.transpose(2, 3), padding=(reach, 0), groups=x.shape[1])


def _box(x: Tensor) -> Tensor:
    return functional.avg_pool2d(x, LOCAL_WINDOW, 1, LOCAL_WINDOW // 2, count_include_pad=True)
