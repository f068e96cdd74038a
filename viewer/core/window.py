"""Window and level: which values are shown from black to white.

A window's edges are ``centre - width / 2`` (black) and ``centre + width / 2`` (white), for whole and broken values
alike (DICOM's LINEAR_EXACT); the half value that DICOM's LINEAR function adds for integers cannot be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xai.imaging.volume import SeriesInfo

SAMPLE_LIMIT = 200_000
"""Values that are looked at for a series' windows; enough that a percentile moves by less than a grey level."""

DRAG_PIXELS = 512
"""Screen pixels of drag that run through the whole range of a series."""

SMALLEST_PART = 1e-4
"""The narrowest window a drag leaves, as a part of the series' range."""

_AIR_PARTS = 4
_TWO_PEAKS = 0.8
"""Part of the variance that a split must explain to be one between two tissues. Cutting one bell curve explains 0.64,
cutting a flat range 0.75."""
_NOISE_REACH = 4.0
"""Distances from the median to the 84th percentile that reach the end of air's noise: 99.9 % of Rayleigh's curve."""
_AIR_IS_DARK = 0.1
"""Air's mean lies within this part of the range above its lowest end; what is brighter is tissue, as in a picture cut
close to the limb."""


@dataclass(frozen=True, slots=True)
class Window:
    """The values shown between black and white.

    Parameters
    ----------
    centre, width : float
        Level and window in rescaled units; the width is above zero.
    """

    centre: float
    width: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.centre) and np.isfinite(self.width) and self.width > 0):
            raise ValueError(f"a window needs a finite centre and a width above zero, got {self.centre}, {self.width}")

    @classmethod
    def between(cls, lower: float, upper: float) -> Window:
        """Return the window from ``lower`` (black) to ``upper`` (white); equal ends are drawn apart a little."""
        lower, upper = float(lower), float(upper)
        least = max(abs(lower), abs(upper)) * 1e-6 or 1.0
        return cls((lower + upper) / 2, max(upper - lower, least))

    @property
    def lower(self) -> float:
        """The value shown black."""
        return self.centre - self.width / 2

    @property
    def upper(self) -> float:
        """The value shown white."""
        return self.centre + self.width / 2

    @property
    def text(self) -> str:
        """``"W 512 L 256"``, with as many digits as the width makes meaningful (``"W 0.85 L 0.425"``)."""
        digits = int(np.clip(2 - np.floor(np.log10(self.width)), 0, 12))
        return f"W {_trimmed(self.width, digits)} L {_trimmed(self.centre, digits)}"


def _trimmed(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True)
class Preset:
    """A window that a key chooses."""

    key: str
    name: str
    window: Window


def sample_values(slices: Sequence[NDArray[np.float32]], limit: int = SAMPLE_LIMIT) -> NDArray[np.float32]:
    """Return finite values of ``slices`` (H, W) on an even grid, at most about ``limit`` of them."""
    total = sum(values.size for values in slices)
    step = max(1, int(np.ceil(np.sqrt(total / max(limit, 1)))))
    parts = [values[::step, ::step].ravel() for values in slices]
    joined = np.concatenate(parts).astype(np.float32, copy=False) if parts else np.empty(0, np.float32)
    return joined[np.isfinite(joined)]


def auto_window(samples: NDArray[np.float32]) -> Window:
    """Return the window from the 0.5th to the 99.5th percentile of the body: of a series, so that scrolling keeps it.

    Air is left out where it can be told from tissue (see `body_values`); no samples, or only zeros, give 0 to 1.

    Parameters
    ----------
    samples : array
        Values of some slices, as `sample_values` returns them.
    """
    return _percentile_window(body_values(samples), 0.5, 99.5)


def body_values(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the samples that are not air: all of them where no air can be told apart.

    Otsu's split is made again within its darker part as long as that part has two peaks, because the first split of a
    T1-weighted limb parts fat from everything else, muscle included.
    """
    finite = samples[np.isfinite(samples)]
    if finite.size == 0:
        return finite
    lowest = finite.min()
    # Padding outside of the scanned field or of a mask is one repeated value; it says nothing of the air.
    inside: NDArray[np.float32] = finite[finite > lowest]
    if inside.size < 0.001 * finite.size:
        return finite
    floor = min(0.0, float(inside.min())) if inside.min() >= 0 else float(inside.min())
    top = float(np.percentile(inside, 99.5))
    dark, threshold = inside[inside <= top], None
    for _ in range(_AIR_PARTS):
        split, explained = _otsu(dark)
        if explained < _TWO_PEAKS:
            break
        threshold, dark = split, dark[dark <= split]
    if threshold is None or float(dark.mean()) - floor > _AIR_IS_DARK * (top - floor):
        return inside
    # Half-way to the next tissue would hide dark tissue: the body begins where air's noise ends.
    median, upper = np.percentile(dark, (50, 84))
    body: NDArray[np.float32] = inside[inside > min(threshold, median + _NOISE_REACH * (upper - median))]
    return body if body.size >= 0.01 * finite.size else inside


def _otsu(values: NDArray[np.float32]) -> tuple[float, float]:
    """Return the threshold that parts ``values`` best in two, and the part of the variance that this explains."""
    if values.size < 2 or values.min() == values.max():
        return 0.0, 0.0
    counts, edges = np.histogram(values.astype(np.float64), bins=256)
    share = counts / counts.sum()
    middle = (edges[:-1] + edges[1:]) / 2
    mean = float(share @ middle)
    variance = float(share @ (middle - mean) ** 2)
    below = np.cumsum(share)[:-1]
    moment = np.cumsum(share * middle)[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.nan_to_num((mean * below - moment) ** 2 / (below * (1 - below)), posinf=0.0)
    best = int(np.argmax(between))
    return float(edges[best + 1]), float(between[best] / variance) if variance > 0 else 0.0


def _percentile_window(values: NDArray[np.float32], low: float, high: float) -> Window:
    if values.size == 0:
        return Window.between(0.0, 1.0)
    lower, upper = (float(v) for v in np.percentile(values.astype(np.float64), (low, high)))
    if lower == upper:
        lower, upper = float(values.min()), float(values.max())
    if lower == upper:  # One value: shown against zero, so that something is not shown as nothing.
        return Window.between(min(lower, 0.0), max(upper, 0.0)) if lower else Window.between(0.0, 1.0)
    return Window.between(lower, upper)


def presets(samples: NDArray[np.float32], info: SeriesInfo) -> tuple[Preset, ...]:
    """Return the windows of the keys 1 to 4: the file's own (left out where it has none), 1-99 %, 0.1-99.9 %, full."""
    found = [Preset("1", "DICOM", window) for window in _file_windows(info)[:1]]
    finite = samples[np.isfinite(samples)]
    for key, name, low, high in (("2", "1–99 %", 1, 99), ("3", "0.1–99.9 %", 0.1, 99.9), ("4", "full", 0, 100)):
        found.append(Preset(key, name, _percentile_window(finite, low, high)))
    return tuple(found)


def _file_windows(info: SeriesInfo) -> list[Window]:
    return [Window(c, w) for c, w in info.windows if np.isfinite(c) and np.isfinite(w) and w > 0]


def value_span(samples: NDArray[np.float32]) -> float:
    """Return the range of a series for `dragged`: 0.1-99.9 %, so that one hot pixel does not make a drag jumpy."""
    return _percentile_window(samples[np.isfinite(samples)], 0.1, 99.9).width


def dragged(window: Window, dx: float, dy: float, span: float) -> Window:
    """Return ``window`` after a drag: right widens it (less contrast), down raises its centre (darker), as in OHIF.

    Give the whole way since the button went down together with the window of that moment: going back to where the
    drag began then brings the same window back, even after the width has met its lower limit.

    Parameters
    ----------
    window : Window
        As it was when the button went down.
    dx, dy : float
        Screen pixels to the right and down.
    span : float
        The series' range, see `value_span`: `DRAG_PIXELS` pixels run through it.
    """
    step = span / DRAG_PIXELS
    return Window(window.centre + dy * step, max(window.width + dx * step, span * SMALLEST_PART))


def grey_levels(values: NDArray[np.float32], window: Window) -> NDArray[np.uint8]:
    """Return grey levels 0-255 of ``values``, rounded; what is not a number gives any level."""
    grey = np.subtract(values, np.float32(window.lower), dtype=np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        grey *= np.float32(255 / window.width)
        np.clip(grey, 0, 255, out=grey)
        grey += np.float32(0.5)
        return grey.astype(np.uint8)
