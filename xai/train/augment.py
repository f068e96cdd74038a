"""Change a picture as another patient, coil or scan would: a pure function of the picture, seed, example and view.

Nothing is taken from the global random state, so a view is the same in whatever process, order or epoch it is made, and
features of a frozen backbone can be computed once for all folds.
"""

from __future__ import annotations

import hashlib
import math
import struct
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as transforms

from xai.train.config import AugmentSettings

CLEAN = 0
"""The view that is the picture as it is."""

BIAS_WAVES = 3
"""Half waves of the coil's field along each axis: none, one, two."""


def augment(picture: Tensor, settings: AugmentSettings, seed: int, example: int, view: int) -> Tensor:
    """Return a view of a picture.

    The order is that of the scanner: the patient lies otherwise (flip, affine), the resolution (blur) and the coil
    (bias field) are others, the receiver adds noise, and the display turns what is left (gamma, brightness, contrast).
    What is 0 because it is air stays 0. A kind that is left out changes nothing about what the others do.

    Parameters
    ----------
    picture : Tensor (1, H, W) float32
        In [0, 1]; left as it is.
    settings : AugmentSettings
        How strongly.
    seed, example, view : int
        Not negative; together they decide everything. View 0 is the clean picture.

    Returns
    -------
    Tensor (1, H, W) float32
        In [0, 1].

    Notes
    -----
    Blur, brightness, contrast and flip are the published ones, as torchvision defines them. The logarithm of the bias
    field is a sum of low cosine waves (Ashburner and Friston 2005, doi:10.1016/j.neuroimage.2005.02.018); the noise is
    that of magnitude pictures (Gudbjartsson and Patz 1995, doi:10.1002/mrm.1910340618).
    """
    if view == CLEAN:
        return picture
    generator = torch.Generator().manual_seed(view_seed(seed, example, view))
    # Everything is drawn, wanted or not, and the noise last: so kinds do not depend on each other.
    flip, blur, noise, *drawn = torch.rand(10, generator=generator).tolist()
    angle, right, down, size, gamma, brightness, contrast = (2 * share - 1 for share in drawn)
    waves = torch.randn(BIAS_WAVES, BIAS_WAVES, generator=generator)

    if flip < settings.flip:
        picture = transforms.horizontal_flip_image(picture)
    body = (picture > 0).to(picture.dtype)
    if settings.rotation or settings.shift or settings.scale:
        picture, body = _move(picture, body, settings, angle, (right, down), size)
    if settings.blur:
        picture = _blur(picture, blur * settings.blur) * body
    if settings.bias:
        picture = (picture * _bias(picture, waves * settings.bias)).clamp_(max=1)
    if settings.noise:
        picture = _rician(picture, noise * settings.noise, generator) * body
    if settings.gamma:
        picture = transforms.adjust_gamma_image(picture, math.exp(gamma * settings.gamma))
    if settings.brightness:
        picture = transforms.adjust_brightness_image(picture, 1 + brightness * settings.brightness)
    if settings.contrast:
        # Row by row: the sum over a whole picture depends on how many threads share it.
        mean = picture.mean(-1).mean()
        picture = picture.sub(mean).mul_(1 + contrast * settings.contrast).add_(mean).clamp_(0, 1) * body
    return picture


def view_seed(seed: int, example: int, view: int) -> int:
    """Return a seed, as many bits as torch heeds on the CPU, in which neighbouring numbers have nothing in common."""
    mixed = hashlib.blake2b(struct.pack("<3Q", seed, example, view), digest_size=4).digest()
    return int.from_bytes(mixed, "little")


def _move(
    picture: Tensor, body: Tensor, settings: AugmentSettings, angle: float, shift: tuple[float, float], size: float
) -> tuple[Tensor, Tensor]:
    """Turn, shift and scale about the middle; the body's edge stays as sharp as the preprocessing makes it."""
    breadth = picture.shape[-1]
    moved = transforms.affine_image(
        torch.cat([picture, body]),
        angle=angle * settings.rotation,
        translate=[part * settings.shift * breadth for part in shift],
        # As much larger as smaller, and never nothing.
        scale=math.exp(size * math.log1p(settings.scale)),
        shear=[0.0, 0.0],
        interpolation=InterpolationMode.BILINEAR,
    )
    body = (moved[1:] >= 0.5).to(picture.dtype)
    # Interpolation may overshoot 1 by a rounding.
    return (moved[:1] * body).clamp_(max=1), body


def _blur(picture: Tensor, sigma: float) -> Tensor:
    """Return what torchvision's ``gaussian_blur`` does with kernels of 3 sigma, by sums that cost a third of it."""
    for axis in (-1, -2):
        length = picture.shape[axis]
        # The picture is mirrored at its edges, which cannot be done farther than it goes.
        radius = min(math.ceil(3 * sigma), length - 1)
        kernel = torch.exp(-0.5 * (torch.arange(radius + 1, dtype=torch.float64) / max(sigma, 1e-9)) ** 2)
        weights = (kernel / (2 * kernel.sum() - 1)).tolist()
        edges = (radius, radius, 0, 0) if axis == -1 else (0, 0, radius, radius)
        padded = functional.pad(picture, edges, mode="reflect")
        picture = padded.narrow(axis, radius, length) * weights[0]
        for step, weight in enumerate(weights[1:], start=1):
            before, after = (padded.narrow(axis, radius + side, length) for side in (-step, step))
            picture.add_(before, alpha=weight).add_(after, alpha=weight)
    return picture.clamp_(max=1)


def _bias(picture: Tensor, waves: Tensor) -> Tensor:
    """Return the coil's sensitivity (H, W): its logarithm has the mean 0 and on average the spread of the waves."""
    rows, columns = (_cosines(length) for length in picture.shape[-2:])
    waves = waves / math.sqrt(waves.numel() - 1)
    waves[0, 0] = 0
    return torch.exp(rows @ waves @ columns.T)


@lru_cache(maxsize=8)
def _cosines(length: int) -> Tensor:
    """Return half waves (length, BIAS_WAVES) along an axis, each with the mean square 1."""
    place = (torch.arange(length, dtype=torch.float64)[:, None] + 0.5) / length
    waves = torch.cos(math.pi * place * torch.arange(BIAS_WAVES)) * math.sqrt(2)
    waves[:, 0] = 1
    return waves.float()


def _rician(picture: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
    """Return the magnitude of the picture with noise in the real and in the imaginary channel."""
    real, imaginary = torch.randn((2, *picture.shape), generator=generator)
    real.mul_(sigma).add_(picture)
    squared: Tensor = real.mul_(real).addcmul_(imaginary, imaginary, value=sigma**2)
    return squared.sqrt_().clamp_(max=1)
