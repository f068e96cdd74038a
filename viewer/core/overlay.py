"""How maps and labels are laid over a picture: style, range of values, what is painted, colour bar.

Maps are never normalised. A style says which colours, how opaque, from which part of the range on, and whose range:
this slice's, the whole series', or fixed numbers; the colour bar says it too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from viewer.core.colormaps import COLORMAPS, DIVERGING, LABEL_COLOURS, OUTLINE_LEVEL

__all__ = [
    "COLORMAPS",
    "DIVERGING",
    "LABEL_COLOURS",
    "ColourBar",
    "LabelStyle",
    "Layer",
    "OverlayStyle",
    "Scale",
    "Tick",
    "ValueRange",
    "colour_bar",
    "cut_value",
    "legend_text",
    "number_text",
    "outline_colour",
    "painted_levels",
    "value_range",
    "with_range",
]

Scale = Literal["slice", "series", "fixed"]
ValueRange = tuple[float, float]
"""Values of the first and the last colour."""

_SCALE_TEXT = {"slice": "scale of this slice", "series": "scale of the series", "fixed": "fixed scale"}
_CONSTANT = 1e-6
"""A map whose values differ by less than this part of their size is constant: float32 rounding, not evidence."""
_SMALLEST_SPAN = 1e-30


@dataclass(frozen=True, slots=True)
class OverlayStyle:
    """How one method's maps are shown.

    Parameters
    ----------
    visible : bool
        Whether it is shown at all.
    opacity : float
        0 to 1, linear: ``out = (1 - opacity) * grey + opacity * colour``.
    colormap : str
        A key of `COLORMAPS`. One of `DIVERGING` shows evidence for and against about zero; the others show evidence
        for the target, from zero up.
    threshold : float
        Part of the way from zero (or a low end below zero) to the high end below which nothing is painted. Moving it
        changes no colour, and moving the low end of a fixed range changes nothing of what is painted.
    scale : "slice", "series" or "fixed"
        Whose values span the range.
    fixed_range : (float, float), optional
        The range of the scale "fixed": which value takes the first and the last colour; see `with_range`.
    fill, outline : bool
        Colours inside, and a line one pixel wide around what is painted.
    line : (int, int, int), optional
        Red, green and blue of the outline; None takes a bright colour of the table.
    """

    visible: bool = True
    opacity: float = 0.5
    colormap: str = "inferno"
    threshold: float = 0.5
    scale: Scale = "slice"
    fixed_range: ValueRange | None = None
    fill: bool = True
    outline: bool = False
    line: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"opacity must lie between 0 and 1, got {self.opacity}")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold must lie between 0 and 1, got {self.threshold}")
        if self.colormap not in COLORMAPS:
            raise ValueError(f"there is no colour table {self.colormap!r}; there are {', '.join(COLORMAPS)}")
        if self.scale not in _SCALE_TEXT:
            raise ValueError(f"scale must be one of {', '.join(_SCALE_TEXT)}, got {self.scale!r}")
        if self.scale == "fixed" and (self.fixed_range is None or not self.fixed_range[0] < self.fixed_range[1]):
            raise ValueError(f"a fixed scale needs a range from low to high, got {self.fixed_range}")

    @property
    def diverging(self) -> bool:
        """Whether evidence against the target is shown too."""
        return self.colormap in DIVERGING


@dataclass(frozen=True, slots=True)
class LabelStyle:
    """How a label map is shown: one colour per label number; 0, negative numbers and NaN are left out."""

    visible: bool = True
    opacity: float = 0.4
    fill: bool = True
    outline: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"opacity must lie between 0 and 1, got {self.opacity}")


def outline_colour(style: OverlayStyle) -> tuple[int, int, int]:
    """Return red, green and blue of the style's outline."""
    if style.line is not None:
        return style.line
    red, green, blue = (int(channel) for channel in COLORMAPS[style.colormap][OUTLINE_LEVEL])
    return red, green, blue


class Layer(NamedTuple):
    """What `render` lays over the picture; a plain tuple of the three does as well."""

    values: NDArray[np.float32]
    """(H, W) in stored order."""
    style: OverlayStyle | LabelStyle
    limits: ValueRange | None = None
    """From `value_range`; None paints nothing. Not used for labels."""


def value_range(
    values: NDArray[np.float32],
    style: OverlayStyle,
    targets: NDArray[np.int64] | None = None,
    target: int | None = None,
) -> ValueRange | None:
    """Return the values of the first and last colour, or None when there is nothing to paint.

    Evidence for the target runs from 0 to the largest value; a diverging table runs as far below zero as above. None
    stands for maps that are constant, hold no finite value, or have no positive value to show.

    Parameters
    ----------
    values : array (H, W) or (D, h, w)
        The map of this slice for the scale "slice", all maps of the method for "series". Not looked at for "fixed".
    style : OverlayStyle
        Its scale and whether its colours diverge.
    targets : array (D,), optional
        The class that each map explains; needed with a stack, because evidence for different classes has no common
        scale.
    target : int, optional
        The class of the map that is shown: only maps of this class count.

    Raises
    ------
    ValueError
        When a stack comes without ``targets`` and ``target``.
    """
    if style.scale == "fixed":
        return style.fixed_range
    if values.ndim > 2:
        if targets is None or target is None:
            raise ValueError("a scale over several maps needs the target of each and the one that is shown")
        values = values[np.asarray(targets) == target]
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return None
    low, high = float(finite.min()), float(finite.max())
    size = max(abs(low), abs(high))
    if high - low <= _CONSTANT * size or size < _SMALLEST_SPAN:
        return None
    if style.diverging:
        return -size, size
    return (0.0, high) if high >= _SMALLEST_SPAN else None


def painted_levels(
    values: NDArray[np.float32], style: OverlayStyle | LabelStyle, limits: ValueRange | None
) -> NDArray[np.uint16]:
    """Return the colour index 1-255 of every painted value and 0 where nothing is painted.

    What is painted is finite, above zero (above the low end where that is below zero), and not below the threshold;
    with a diverging table not nearer to the middle than the threshold. Values beyond an end take its colour.
    """
    if isinstance(style, LabelStyle):
        with np.errstate(invalid="ignore"):
            labels = np.where(values >= 0.5, values + np.float32(0.5), np.float32(0)).astype(np.int64)
        return np.where(labels > 0, (labels - 1) % len(LABEL_COLOURS) + 1, 0).astype(np.uint16)
    if limits is None:
        return np.zeros(values.shape, np.uint16)
    low, high = limits
    levels = np.subtract(values, np.float32(low), dtype=np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        levels *= np.float32(255 / (high - low))
        np.clip(levels, 1, 255, out=levels)
        levels += np.float32(0.5)
        indices = levels.astype(np.uint16)
    if style.diverging:
        middle, reach = (low + high) / 2, (high - low) / 2
        distance = np.abs(values - np.float32(middle)) if middle else np.abs(values)
        painted = (distance >= np.float32(style.threshold * reach)) & (distance > 0)
    else:
        base = min(low, 0.0)
        painted = (values > base) & (values >= np.float32(base + style.threshold * (high - base)))
    painted &= np.isfinite(values)
    indices *= painted
    return indices


class Tick(NamedTuple):
    """A number beside the colour bar."""

    place: float
    """0 at the bar's low end, 1 at its high end."""
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class ColourBar:
    """A colour bar as data, low end first.

    Parameters
    ----------
    colours : array (n, 3) uint8
    alpha : array (n,) float
        The style's opacity, and 0 where nothing is painted.
    ticks : tuple of Tick
        Both ends, zero, and the threshold where it leaves room.
    line : (int, int, int), optional
        Red, green and blue of the outline where one is drawn.
    cuts : tuple of float
        Where the threshold lies: 0 at the bar's low end, 1 at its high end.
    """

    colours: NDArray[np.uint8]
    alpha: NDArray[np.float64]
    ticks: tuple[Tick, ...]
    line: tuple[int, int, int] | None = None
    cuts: tuple[float, ...] = ()


def colour_bar(style: OverlayStyle, low: float, high: float, n: int = 256) -> ColourBar:
    """Return the bar of ``style`` over the range ``low`` to ``high`` in ``n`` steps."""
    values = np.linspace(low, high, n)
    levels = painted_levels(values.astype(np.float32), style, (low, high))
    table = COLORMAPS[style.colormap]
    place = np.rint(np.linspace(0, 255, n)).astype(int)
    alpha = np.where(levels > 0, style.opacity if style.fill else 0.0, 0.0)
    line = outline_colour(style) if style.outline else None
    places = [(value - low) / (high - low) for value in _cuts(style, low, high)]
    cuts = tuple(place for place in places if 0 <= place <= 1)
    return ColourBar(table[place], alpha, _ticks(style, low, high), line, cuts)


def _cuts(style: OverlayStyle, low: float, high: float) -> list[float]:
    """Return the values at which painting begins."""
    if style.threshold <= 0:
        return []
    middle, reach = (low + high) / 2, (high - low) / 2
    cut = style.threshold * reach
    return [middle - cut, middle + cut] if style.diverging else [cut_value(style, low, high)]


def _ticks(style: OverlayStyle, low: float, high: float) -> tuple[Tick, ...]:
    """Place the ends, then what still has room: a tenth of the bar from every other number."""
    wanted = [low, high]
    if low < 0 < high:
        wanted.append(0.0)
    wanted += _cuts(style, low, high)
    ticks: list[Tick] = []
    for value in wanted:
        place = (value - low) / (high - low)
        if 0 <= place <= 1 and all(abs(place - tick.place) >= 0.1 for tick in ticks):
            ticks.append(Tick(place, number_text(value, high - low)))
    return tuple(sorted(ticks))


def cut_value(style: OverlayStyle, low: float, high: float) -> float:
    """Return the value from which on a map is painted; of a diverging table, that for the target."""
    if style.diverging:
        return (low + high) / 2 + style.threshold * (high - low) / 2
    base = min(low, 0.0)
    return base + style.threshold * (high - base)


def with_range(style: OverlayStyle, low: float, high: float, now: ValueRange | None = None) -> OverlayStyle:
    """Return ``style`` with the first colour at ``low`` and the last one at ``high``, painting what it painted.

    Parameters
    ----------
    style : OverlayStyle
        As it is.
    low, high : float
        The new ends.
    now : (float, float), optional
        The range that is shown now: its threshold's value is kept. None keeps the threshold's part.

    Raises
    ------
    ValueError
        When ``low`` is not below ``high``.
    """
    moved = replace(style, scale="fixed", fixed_range=(low, high))
    if now is None:
        return moved
    cut, base = cut_value(style, *now), min(low, 0.0)
    part = (cut - (low + high) / 2) / ((high - low) / 2) if style.diverging else (cut - base) / (high - base)
    return replace(moved, threshold=float(np.clip(part, 0.0, 1.0)))


def number_text(value: float, span: float) -> str:
    """Return ``value`` with three digits of ``span``: ``0.123``, ``45.6``, ``1.2e-05``."""
    if value == 0:
        return "0"
    size = max(abs(value), abs(span))
    if not 1e-3 <= size < 1e5:
        return f"{value:.2g}"
    digits = int(np.clip(2 - np.floor(np.log10(size)), 0, 5))
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def legend_text(style: OverlayStyle, method: str, target: str) -> str:
    """Return the line beside a colour bar: ``"Grad-CAM · evidence for affected · scale of this slice"``."""
    evidence = f"evidence against and for {target}" if style.diverging else f"evidence for {target}"
    return f"{method} · {evidence} · {_SCALE_TEXT[style.scale]}"
