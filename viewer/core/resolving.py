"""From what the reader has chosen and what is open to what each view draws, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.beside import ResolvedBeside, SecondContext, resolve_beside
from viewer.core.overlay import OverlayStyle
from viewer.core.panes import Overlays, Pane, in_order, layout_panes, with_lines
from viewer.core.view_state import ViewState, at_slice
from viewer.core.window import Window

_UNIT_WINDOW = Window(0.5, 1.0)


@dataclass(frozen=True, slots=True)
class ViewContext:
    """What is open: a state means something only together with it.

    Parameters
    ----------
    slices : int
        0 when no series is open.
    auto_window : Window
        The series' automatic window.
    predicted : tuple of int
        Predicted class of each slice, -1 where there is none (yet); may be shorter than the series.
    second : SecondContext, optional
        The series beside it.
    with_maps : tuple of str, optional
        Methods that have maps or will have them unasked: panes of several methods show no others but the chosen one.
    """

    slices: int = 0
    auto_window: Window = _UNIT_WINDOW
    predicted: tuple[int, ...] = ()
    second: SecondContext | None = None
    with_maps: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ResolvedView:
    """What the views draw; nothing in it has to be worked out any further."""

    slice_index: int
    window: Window
    invert: bool
    zoom: float
    pan: tuple[float, float]
    panes: tuple[Pane, ...]
    colour_bar: str
    """Key of the overlay whose colour bar is shown; empty for none."""
    target: int | None
    """Class that the shown slice's maps explain; None while its prediction is awaited."""
    crosshair: bool
    identity_hidden: bool
    body_only: bool = True
    beside: ResolvedBeside | None = None
    """The second series; None where there is none."""


def resolve(state: ViewState, context: ViewContext) -> ResolvedView:
    """Return what the views draw for ``state`` when ``context`` is open."""
    slice_index = at_slice(state, state.slice_index, context.slices).slice_index
    target = state.target_class
    if target is None and slice_index < len(context.predicted) and context.predicted[slice_index] >= 0:
        target = context.predicted[slice_index]
    painted: Overlays = ()
    if state.overlays_on and not state.peek:
        listed = with_lines(state.overlays)
        painted = tuple((key, style) for key, style in in_order(listed, state.stack) if style.visible)
    maps = [key for key, style in painted if isinstance(style, OverlayStyle)]
    hidden = not state.overlays_on or state.peek
    offered = tuple(
        (key, style)
        for key, style in state.overlays
        if context.with_maps is None or key in context.with_maps or key == state.active
    )
    panes = layout_panes(state.layout, painted, offered, state.active, hidden=hidden, swipe=state.swipe)
    if state.maximised is not None:
        panes = (panes[min(state.maximised, len(panes) - 1)],)
    window = state.window or context.auto_window
    beside = None
    if context.second is not None:
        beside = resolve_beside(state.beside, context.second, slice_index, state.zoom, state.pan, window)
    return ResolvedView(
        slice_index=slice_index,
        window=window,
        invert=state.invert,
        zoom=state.zoom,
        pan=state.pan,
        panes=panes,
        colour_bar=state.active if state.active in maps else (maps[-1] if maps else ""),
        target=target,
        crosshair=state.crosshair,
        identity_hidden=state.identity_hidden,
        body_only=state.body_only,
        beside=beside,
    )
