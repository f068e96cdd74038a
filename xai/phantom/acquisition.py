"""From tissue to the picture a scanner would give: coil, chemical shift, motion, sampling and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from xai.phantom.fields import Array, noise


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How a patient was scanned."""

    pixel: float = 1.15
    """Millimetres between rows and between columns."""
    thickness: float = 7.0
    spacing: float = 12.0
    """Millimetres between slice centres."""
    repetition_time: float = 550.0
    echo_time: float = 12.0
    gain: float = 1000.0
    """Stored value of pure fat in an even field."""
    noise: float = 0.015
    """Standard deviation of either channel's noise over fat's signal."""
    bias: float = 0.10
    falloff: float = 0.15
    """Loss of signal towards the ends of the coil."""
    tilt: tuple[float, float] = (0.0, 0.0)
    """Change of sensitivity over the picture's breadth and height."""
    ghost: float = 0.0
    """Strength of the ghosts that movement leaves along the phase encoding."""
    ghost_every: float = 0.25
    """Their distance as a fraction of the field of view."""
    phase_rows: bool = True
    """Phase is encoded along the rows' direction (anterior to posterior), else from side to side."""
    shift: float = 0.5
    """Chemical shift of fat along the frequency encoding, in pixels."""
    sampled: float = 0.85
    """Fraction of k-space that was measured in each direction; the rest is zero-filled."""


def sensitivity(scan: Acquisition, shape: tuple[int, int, int], rng: np.random.Generator) -> Array:
    """Return the coil's smooth field (D, H, W), about 1."""
    slices, rows, columns = shape
    z = np.linspace(-1, 1, slices, dtype=np.float32)[:, None, None]
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, columns, dtype=np.float32)
    centre = np.float32(rng.uniform(-0.3, 0.3))
    along = 1 - np.float32(scan.falloff) * np.square(z - centre)
    across = 1 + np.float32(scan.tilt[0]) * x + np.float32(scan.tilt[1]) * y
    coarse = noise(rng, (8, 12, 12), (2.0, 3.0, 3.0))
    k = np.linspace(0, 7, slices).astype(int)
    # Bilinear over a 12 x 12 grid is smooth enough for a field that changes over a hand's breadth.
    field = _stretch(_stretch(coarse[k], rows, 1), columns, 2)
    return np.asarray(along * across * np.exp(np.float32(scan.bias) * field), np.float32)


def _stretch(field: Array, length: int, axis: int) -> Array:
    place = np.linspace(0, field.shape[axis] - 1, length)
    low = np.minimum(place.astype(int), field.shape[axis] - 2)
    part = (place - low).astype(np.float32)
    part = (3 - 2 * part) * part * part
    form = [1, 1, 1]
    form[axis] = length
    part = part.reshape(form)
    return np.asarray(np.take(field, low, axis) * (1 - part) + np.take(field, low + 1, axis) * part, np.float32)


def scan_tissue(scan: Acquisition, water: Array, fat: Array, rng: np.random.Generator) -> NDArray[np.uint16]:
    """Return the stored pixels (D, H, W) of tissue signals in units of fat's signal."""
    shape = (water.shape[0], water.shape[1], water.shape[2])
    rows, columns = shape[1:]
    field = sensitivity(scan, shape, rng)
    fy = fft.fftfreq(rows).astype(np.float32)[:, None]
    fx = fft.rfftfreq(columns).astype(np.float32)
    frequency = fx if scan.phase_rows else fy
    turn = np.exp(-2j * np.pi * scan.shift * frequency).astype(np.complex64)
    window = _taper(fy, scan.sampled) * _taper(fx, scan.sampled)
    spectrum = (fft.rfft2(water * field) + fft.rfft2(fat * field) * turn) * window
    picture = fft.irfft2(spectrum, s=(rows, columns))
    if scan.ghost:
        axis, length = (1, rows) if scan.phase_rows else (2, columns)
        step = round(scan.ghost_every * length)
        strength = np.float32(scan.ghost) * rng.uniform(0.4, 1.0, (shape[0], 1, 1)).astype(np.float32)
        sharp = picture
        for side in (-1, 1):
            picture = picture + side * strength * np.roll(sharp, side * step, axis)
    noisy = []
    for _ in range(2):
        channel = fft.rfft2(rng.standard_normal(shape, dtype=np.float32)) * window
        noisy.append(np.float32(scan.noise / scan.sampled) * fft.irfft2(channel, s=(rows, columns)))
    magnitude = np.hypot(picture + noisy[0], noisy[1])
    return np.asarray(np.clip(np.rint(magnitude * scan.gain), 0, 4095), np.uint16)


def _taper(frequency: Array, sampled: float) -> Array:
    """Return the weight of each frequency: a flat window with a short slope, so that edges ring only a little."""
    limit = 0.5 * sampled
    return np.clip((limit - np.abs(frequency)) / np.float32(0.35 * limit), 0, 1).astype(np.float32)
