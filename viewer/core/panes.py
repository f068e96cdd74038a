"""The pictures of a layout: which overlays each paints, in which order, and the colours of their outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from viewer.core.colormaps import OUTLINE_COLOURS
from viewer.core.overlay import LabelStyle, OverlayStyle

LayoutName = Literal["single", "compare", "methods", "series"]
Style = OverlayStyle | LabelStyle
Overlays = tuple[tuple[str, Style], ...]

LAYOUTS: tuple[LayoutName, ...] = ("single", "compare", "methods", "series")
"""One picture; clean beside overlay; clean and one picture for each of three methods; a second series beside."""
METHOD_PANES = 3


@dataclass(frozen=True, slots=True)
class Pane:
    """One slice view of the layout and the overlays it paints, bottom one first."""

    overlays: Overlays = ()
    swipe: float | None = None
    beside: bool = False
    """Whether it shows the second series, over which nothing is painted."""


def layout_panes(
    layout: LayoutName, painted: Overlays, listed: Overlays, active: str, *, hidden: bool, swipe: float | None
) -> tuple[Pane, ...]:
    """Return the panes of ``layout``.

    Parameters
    ----------
    layout : str
        One of `LAYOUTS`.
    painted : tuple of (key, style)
        The overlays that are shown now, bottom one first.
    listed : tuple of (key, style)
        Every overlay in the order of the list, whether it is shown or not.
    active : str
        The chosen overlay: it is always among those that "methods" shows.
    hidden : bool
        Whether overlays are hidden for now.
    swipe : float, optional
        Where the line between clean and overlay lies; only in the layout "single".
    """
    if layout == "single":
        return (Pane(painted, swipe if painted else None),)
    if layout == "compare":
        return Pane(), Pane(painted)
    if layout == "series":
        return Pane(painted), Pane(beside=True)
    methods = [(key, style) for key, style in listed if isinstance(style, OverlayStyle)]
    place = next((n for n, (key, _) in enumerate(methods) if key == active), 0)
    first = max(0, min(place, len(methods) - METHOD_PANES))
    shown = [((key, replace(style, visible=True)),) for key, style in methods[first : first + METHOD_PANES]]
    return Pane(), *(Pane(() if hidden else one) for one in shown)


def with_lines(overlays: Overlays) -> Overlays:
    """Give every map that is outlined a colour of its own; which one depends on its place in the list alone.

    One outline keeps the colour it has from its table. Several would have the same, as every method has the same table
    by default.
    """
    outlined = [key for key, style in overlays if isinstance(style, OverlayStyle) and style.visible and style.outline]
    if len(outlined) < 2:
        return overlays
    keys = [key for key, style in overlays if isinstance(style, OverlayStyle)]
    free = list(range(len(OUTLINE_COLOURS)))
    given: dict[str, int] = {}
    for key in outlined:
        wish = keys.index(key) % len(OUTLINE_COLOURS)
        given[key] = wish if wish in free or not free else free[0]
        if given[key] in free:
            free.remove(given[key])
    coloured: list[tuple[str, Style]] = []
    for key, style in overlays:
        if isinstance(style, OverlayStyle) and key in given:
            style = replace(style, line=OUTLINE_COLOURS[given[key]])
        coloured.append((key, style))
    return tuple(coloured)


def in_order(overlays: Overlays, stack: Sequence[str]) -> Overlays:
    """Return ``overlays`` from the bottom one to the top one; what ``stack`` does not name keeps its place below."""
    height = {key: n for n, key in enumerate(stack)}
    return tuple(sorted(overlays, key=lambda one: height.get(one[0], -1)))
