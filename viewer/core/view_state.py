"""What the reader has chosen to see, as one value: actions return a new state.

The flow goes one way: an action makes a `ViewState`, `viewer.core.resolving` puts it together with what is open into
what the views draw. States compare and hash by value, so undo is a list of states.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from viewer.core.beside import Beside
from viewer.core.overlay import OverlayStyle
from viewer.core.panes import LAYOUTS as LAYOUTS
from viewer.core.panes import METHOD_PANES as METHOD_PANES
from viewer.core.panes import LayoutName as LayoutName
from viewer.core.panes import Overlays as Overlays
from viewer.core.panes import Pane as Pane
from viewer.core.panes import Style as Style
from viewer.core.panes import in_order
from viewer.core.window import Window

TargetName = Literal["affected", "predicted", "healthy"]
TARGETS: tuple[TargetName, ...] = ("affected", "predicted", "healthy")
_CLASS_OF_TARGET: Mapping[str, int | None] = MappingProxyType({"affected": 1, "predicted": None, "healthy": 0})

ZOOM_LIMITS = (0.25, 40.0)


@dataclass(frozen=True, slots=True)
class ViewState:
    """What the reader has chosen.

    Parameters
    ----------
    slice_index : int
        From 0.
    window : Window, optional
        None follows the series' automatic window.
    zoom : float
        1 fits the picture into its view.
    pan : (float, float)
        Picture pixels (right, down) by which the picture has been moved from the middle.
    overlays : tuple of (key, style)
        Every method and label map with its style, in the order of the list. Several may be visible.
    stack : tuple of str
        In which order they are painted, bottom one first; what it does not name lies below, in the list's order.
    active : str
        The overlay that keys and the panel act on; empty for none.
    overlays_on : bool
        The switch over all of them (V); each keeps its own.
    peek : bool
        Space is held: the picture without overlays, for as long as it is held.
    target : "affected", "predicted" or "healthy"
        The class whose evidence is shown.
    body_only : bool
        Maps are painted where the body is, and not on air.
    maximised : int, optional
        The pane of the layout that is shown alone; None shows all.
    beside : Beside
        How a second series is shown.
    """

    slice_index: int = 0
    window: Window | None = None
    invert: bool = False
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)
    overlays: Overlays = ()
    stack: tuple[str, ...] = ()
    active: str = ""
    overlays_on: bool = True
    peek: bool = False
    layout: LayoutName = "single"
    target: TargetName = "affected"
    crosshair: bool = False
    identity_hidden: bool = True
    body_only: bool = True
    maximised: int | None = None
    beside: Beside = field(default_factory=Beside)
    swipe: float | None = None
    """Where a line parts the clean picture (left) from the overlay (right), as a share of the view; None: no line."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Every overlay's key, in the order of the list."""
        return tuple(key for key, _ in self.overlays)

    @property
    def shown(self) -> frozenset[str]:
        """Keys of the overlays whose own switch is on."""
        return frozenset(key for key, style in self.overlays if style.visible)

    def style(self, key: str) -> Style:
        """Return the style of overlay ``key``; `KeyError` when there is none."""
        for name, style in self.overlays:
            if name == key:
                return style
        raise KeyError(key)

    @property
    def painting_order(self) -> tuple[str, ...]:
        """Every overlay's key in the order in which they are painted, bottom one first."""
        return tuple(key for key, _ in in_order(self.overlays, self.stack))

    @property
    def target_class(self) -> int | None:
        """Class index whose evidence is shown; None stands for the predicted class of each slice."""
        return _CLASS_OF_TARGET[self.target]


# --- Slices, window, zoom and pan -------------------------------------------------------------------------------


def at_slice(state: ViewState, index: int, slices: int) -> ViewState:
    """Go to slice ``index``, or the nearest that there is."""
    return replace(state, slice_index=min(max(index, 0), max(slices - 1, 0)))


def scrolled(state: ViewState, by: int, slices: int) -> ViewState:
    """Go ``by`` slices on, stopping at the ends."""
    return at_slice(state, state.slice_index + by, slices)


def windowed(state: ViewState, window: Window | None) -> ViewState:
    """Show ``window``; None goes back to the automatic one."""
    return replace(state, window=window)


def inverted(state: ViewState) -> ViewState:
    """Swap black and white of the picture."""
    return replace(state, invert=not state.invert)


def zoomed(state: ViewState, factor: float, at: tuple[float, float] = (0.0, 0.0)) -> ViewState:
    """Zoom by ``factor`` and keep the point ``at`` where it is.

    Parameters
    ----------
    state : ViewState
        As it is.
    factor : float
        Above zero; the zoom stays within `ZOOM_LIMITS`.
    at : (float, float)
        Picture pixels (right, down) from the middle of the view, at the zoom before.
    """
    zoom = min(max(state.zoom * factor, ZOOM_LIMITS[0]), ZOOM_LIMITS[1])
    keep = state.zoom / zoom - 1
    return replace(state, zoom=zoom, pan=(state.pan[0] + at[0] * keep, state.pan[1] + at[1] * keep))


def panned(state: ViewState, right: float, down: float) -> ViewState:
    """Move the picture by picture pixels."""
    return replace(state, pan=(state.pan[0] + right, state.pan[1] + down))


def fitted(state: ViewState) -> ViewState:
    """Fit the picture into its view."""
    return replace(state, zoom=1.0, pan=(0.0, 0.0))


# --- Overlays ---------------------------------------------------------------------------------------------------


def with_overlays(state: ViewState, overlays: Iterable[tuple[str, Style]]) -> ViewState:
    """Offer ``overlays``; those already there keep their style, and the active one stays if it is among them."""
    known = dict(state.overlays)
    offered = tuple((key, known.get(key, style)) for key, style in overlays)
    keys = [key for key, _ in offered]
    return replace(state, overlays=offered, active=state.active if state.active in keys else next(iter(keys), ""))


def styled(state: ViewState, key: str, **changes: object) -> ViewState:
    """Change fields of one overlay's style: ``styled(state, "gradcam", opacity=0.7, colormap="viridis")``."""
    style = replace(state.style(key), **changes)  # type: ignore[arg-type]
    return replace(state, overlays=tuple((k, style if k == key else s) for k, s in state.overlays))


def toggled(state: ViewState, key: str) -> ViewState:
    """Switch one overlay on or off; switching it on makes it the active one and lifts the switch over all."""
    visible = not state.style(key).visible
    state = styled(state, key, visible=visible)
    return replace(state, active=key, overlays_on=True) if visible else state


def all_toggled(state: ViewState) -> ViewState:
    """Hide all overlays, or bring back those that were shown."""
    return replace(state, overlays_on=not state.overlays_on)


def soloed(state: ViewState, key: str) -> ViewState:
    """Show overlay ``key`` alone and make it the active one."""
    state.style(key)
    overlays = tuple((k, replace(style, visible=k == key)) for k, style in state.overlays)
    return replace(state, overlays=overlays, active=key, overlays_on=True)


def stepped(state: ViewState, by: int, among: Collection[str] | None = None) -> ViewState:
    """Show the next (1) or previous (-1) method ``among`` these alone, going round; label maps stay as they are."""
    every = [key for key, style in state.overlays if isinstance(style, OverlayStyle)]
    methods = [key for key in every if among is None or key in among or (by == 0 and key == state.active)]
    if not methods:
        return state
    if state.active in methods:
        key = methods[(methods.index(state.active) + by) % len(methods)]
    else:
        key = methods[0 if by > 0 else -1]
    overlays = tuple((k, replace(s, visible=k == key) if k in every else s) for k, s in state.overlays)
    return replace(state, overlays=overlays, active=key, overlays_on=True)


def activated(state: ViewState, key: str) -> ViewState:
    """Make overlay ``key`` the one that keys and the panel act on."""
    state.style(key)
    return replace(state, active=key)


def opacity_changed(state: ViewState, by: float) -> ViewState:
    """Change the active overlay's opacity by ``by``, within 0 to 1."""
    if not state.active:
        return state
    opacity = round(min(max(state.style(state.active).opacity + by, 0.0), 1.0), 6)
    return styled(state, state.active, opacity=opacity)


def outline_cycled(state: ViewState) -> ViewState:
    """Fill the active overlay's painted part, fill and outline it, or outline it alone: the next of the three."""
    if not state.active:
        return state
    style = state.style(state.active)
    fill, outline = (True, True) if not style.outline else (not style.fill, style.fill)
    return styled(state, state.active, fill=fill, outline=outline)


def restacked(state: ViewState, by: int) -> ViewState:
    """Paint the active overlay after (1) or before (-1) the next one that is shown with it."""
    order = list(state.painting_order)
    shown = [key for key in order if key in state.shown or key == state.active]
    place = shown.index(state.active) + by if state.active in shown else -1
    if not 0 <= place < len(shown):
        return state
    order.remove(state.active)
    order.insert(order.index(shown[place]) + (by > 0), state.active)
    return replace(state, stack=tuple(order))


def body_toggled(state: ViewState) -> ViewState:
    """Paint maps on the body alone, or everywhere."""
    return replace(state, body_only=not state.body_only)


def peeking(state: ViewState, held: bool) -> ViewState:
    """Hide the overlays while Space is held."""
    return replace(state, peek=held)


def targeted(state: ViewState, target: TargetName) -> ViewState:
    """Show evidence for ``target``."""
    if target not in TARGETS:
        raise ValueError(f"target must be one of {', '.join(TARGETS)}, got {target!r}")
    return replace(state, target=target)


# --- The window around it ---------------------------------------------------------------------------------------


def laid_out(state: ViewState, layout: LayoutName) -> ViewState:
    """Show ``layout``."""
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}")
    return replace(state, layout=layout, maximised=None)


def layout_toggled(state: ViewState) -> ViewState:
    """Go to the next layout."""
    return laid_out(state, LAYOUTS[(LAYOUTS.index(state.layout) + 1) % len(LAYOUTS)])


def maximised(state: ViewState, pane: int = 0, before: LayoutName = "compare") -> ViewState:
    """Show ``pane`` of the layout alone, or all of them again; from the layout of one go to the one ``before`` it."""
    if state.layout == "single":
        return laid_out(state, before)
    return replace(state, maximised=pane if state.maximised is None else None)


def swiped(state: ViewState, place: float | None) -> ViewState:
    """Put the line between clean picture and overlay at a share of the view, or take it away."""
    return replace(state, swipe=None if place is None else min(max(place, 0.0), 1.0))


def crosshair_toggled(state: ViewState) -> ViewState:
    """Show the crosshair or hide it."""
    return replace(state, crosshair=not state.crosshair)


def identity_toggled(state: ViewState) -> ViewState:
    """Show who was examined or hide it."""
    return replace(state, identity_hidden=not state.identity_hidden)


def adopted(state: ViewState, earlier: ViewState, slices: int) -> ViewState:
    """Show what an ``earlier`` sitting showed, as far as its overlays are on offer now."""
    offered, before = dict(state.overlays), dict(earlier.overlays)
    known = [key for key in before if key in offered and type(before[key]) is type(offered[key])]
    overlays = tuple((key, before[key]) for key in known)
    overlays += tuple((key, style) for key, style in state.overlays if key not in known)
    active = earlier.active if earlier.active in offered else state.active
    return at_slice(replace(earlier, overlays=overlays, active=active, peek=False), earlier.slice_index, slices)
