"""What the commands do to the session and the model's work; what needs a dialog is the window's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from viewer.app.display import limits_of
from viewer.app.explaining import Explaining
from viewer.app.second_control import SecondControl
from viewer.app.session import Session
from viewer.core import view_state
from viewer.core.overlay import OverlayStyle, with_range
from viewer.core.resolving import resolve
from viewer.core.view_state import TARGETS, LayoutName, TargetName, ViewState
from viewer.core.window import Window, dragged
from viewer.core.words import tr

OPACITY_STEP = 0.05
ZOOM_STEP = 1.25
SLICES_AT_ONCE = 10


class Control:
    """Turns intents (a key, a drag, a tick) into changes of the session.

    Parameters
    ----------
    session : Session
        What is open and how it is shown.
    explaining : Explaining
        What the model says of it.
    """

    def __init__(self, session: Session, explaining: Explaining) -> None:
        self._session = session
        self._explaining = explaining
        self._window_at_press = session.context().auto_window
        self._layout_before: LayoutName = "compare"
        self._pane = 0
        self.second = SecondControl(session, explaining.focus)

    # Panes ----------------------------------------------------------------------------------------------------------

    def use_pane(self, number: int) -> None:
        """Let keys act on this pane: the one that has the keyboard."""
        self._pane = number

    def in_pane(self, number: int, act: Callable[..., None], *values: float) -> None:
        """Do what the mouse asks for over pane ``number``, whichever has the keyboard."""
        before, self._pane = self._pane, number
        act(*values)
        self._pane = before

    @property
    def on_second(self) -> bool:
        """Whether what is asked for is meant for the second series: its pane is the one in use."""
        session = self._session
        if session.second.index < 0 or session.state.layout != "series":
            return False
        panes = resolve(session.state, session.context()).panes
        return self._pane < len(panes) and panes[self._pane].beside

    # Mouse ----------------------------------------------------------------------------------------------------------

    def drag_started(self) -> None:
        """Remember the window that a drag starts from."""
        self._session.end_merge()
        self.second.drag_started()
        self._window_at_press = self._session.state.window or self._session.context().auto_window

    def window_dragged(self, right: float, down: float) -> None:
        """Set the window for a drag of so many screen pixels since the button went down."""
        if self.on_second:
            self.second.drag_window(right, down)
            return
        window = dragged(self._window_at_press, right, down, self._session.span)
        self._change(view_state.windowed(self._session.state, window), "window")

    def panned(self, right: float, down: float) -> None:
        """Move the picture."""
        if self.on_second:
            self.second.pan(right, down)
            return
        self._change(view_state.panned(self._session.state, right, down), "pan")

    def zoomed(self, factor: float, right: float = 0.0, down: float = 0.0) -> None:
        """Zoom and keep a point of the view where it is."""
        if self.on_second:
            self.second.zoom(factor, (right, down))
            return
        self._change(view_state.zoomed(self._session.state, factor, (right, down)), "zoom")

    def scrolled(self, by: int) -> None:
        """Go ``by`` slices on."""
        if self.on_second:
            self.second.scroll(by)
        else:
            self.show_slice(self._session.state.slice_index + by)

    def show_slice(self, index: int) -> None:
        """Go to a slice; work goes on from there."""
        self._change(view_state.at_slice(self._session.state, index, len(self._session.slices)))
        self._explaining.focus(self._session.state.slice_index)

    def swiped(self, place: float) -> None:
        """Move the line between clean picture and overlay to a share of the view."""
        self._change(view_state.swiped(self._session.state, place), "swipe")

    def opacity_stepped(self, steps: int) -> None:
        """Make the chosen overlay more or less opaque."""
        self._change(view_state.opacity_changed(self._session.state, steps * OPACITY_STEP), "opacity")

    # Panels ---------------------------------------------------------------------------------------------------------

    def overlay_ticked(self, key: str, on: bool) -> None:
        """Show or hide one overlay. The first one that is ticked while all are hidden comes alone."""
        state = self._session.state
        if on and not state.overlays_on:
            state = view_state.soloed(state, key)
        elif on != state.style(key).visible:
            state = view_state.toggled(state, key)
        self._change(view_state.activated(state, key))

    def overlay_chosen(self, key: str) -> None:
        """Make an overlay the one whose settings are shown."""
        self._change(view_state.activated(self._session.state, key))

    def step_methods(self, by: int) -> None:
        """Show the next or previous method alone, of those that have maps; the chosen one while all are hidden."""
        state, explaining = self._session.state, self._explaining
        there = [key for key in state.keys if key in explaining.catalogue and explaining.has_any(key)]
        self._alone(lambda old: view_state.stepped(old, by if state.overlays_on else 0, there))

    def styled(self, key: str, name: str, value: object) -> None:
        """Set one property of an overlay's style.

        A fixed scale keeps the range that is shown now; a ``fixed_range`` (low, high) keeps what is painted, and is
        left out unless its low end lies below its high end.
        """
        state = self._session.state
        if name == "fixed_range":
            self._ranged(key, value)
            return
        changes: dict[str, object] = {name: value}
        if (name, value) == ("scale", "fixed"):
            changes["fixed_range"] = self._range_now(key) or (0.0, 1.0)
        self._change(view_state.styled(state, key, **changes), f"{name} of {key}")

    def _ranged(self, key: str, value: object) -> None:
        style = self._session.state.style(key)
        if not (isinstance(style, OverlayStyle) and isinstance(value, tuple) and value[0] < value[1]):
            return
        ranged = with_range(style, float(value[0]), float(value[1]), self._range_now(key))
        changes = {name: getattr(ranged, name) for name in ("scale", "fixed_range", "threshold")}
        self._change(view_state.styled(self._session.state, key, **changes), f"fixed_range of {key}")

    def _range_now(self, key: str) -> tuple[float, float] | None:
        state, k = self._session.state, self._session.state.slice_index
        style, values = state.style(key), self._explaining.map_values(key, k)
        if values is None or not isinstance(style, OverlayStyle):
            return None
        return limits_of(self._explaining, key, style, values, k)

    def targeted(self, target: TargetName) -> None:
        """Explain another class."""
        self._change(view_state.targeted(self._session.state, target))
        self._explaining.set_target(self._session.state.target)

    def peek(self, held: bool) -> None:
        """Hide the overlays while a key is held."""
        self._change(view_state.peeking(self._session.state, held))

    # Commands -------------------------------------------------------------------------------------------------------

    def bindings(self) -> Mapping[str, Callable[[], None]]:
        """Return the function of every command that needs no dialog, by its id."""
        session = self._session
        transitions: dict[str, Callable[[ViewState], ViewState]] = {
            "view.invert": view_state.inverted,
            "view.maximise": self._maximised,
            "view.swipe": lambda state: view_state.swiped(state, None if state.swipe is not None else 0.5),
            "view.crosshair": view_state.crosshair_toggled,
            "view.identity": view_state.identity_toggled,
            "overlay.toggle": self._toggled,
            "overlay.outline": view_state.outline_cycled,
            "overlay.raise": lambda state: view_state.restacked(state, 1),
            "overlay.lower": lambda state: view_state.restacked(state, -1),
            "overlay.body": view_state.body_toggled,
        }
        commands: dict[str, Callable[[], None]] = {
            "edit.undo": self._undo,
            "edit.redo": self._redo,
            "slice.next": lambda: self.scrolled(1),
            "slice.previous": lambda: self.scrolled(-1),
            "slice.forward": lambda: self.scrolled(SLICES_AT_ONCE),
            "slice.back": lambda: self.scrolled(-SLICES_AT_ONCE),
            "slice.first": lambda: self._to_end(first=True),
            "slice.last": lambda: self._to_end(first=False),
            "view.layout": self.second.next_layout,
            "view.fit": self._fit,
            "view.zoom-in": lambda: self._zoom(ZOOM_STEP),
            "view.zoom-out": lambda: self._zoom(1 / ZOOM_STEP),
            "view.series": self.second.toggle_layout,
            "beside.next": lambda: self.second.step(1),
            "beside.previous": lambda: self.second.step(-1),
            "link.slices": self.second.toggle_slices,
            "link.place": self.second.toggle_place,
            "link.window": self.second.toggle_window,
            "window.auto": lambda: self._window(None),
            "series.next": lambda: session.select(session.index + 1),
            "series.previous": lambda: session.select(session.index - 1),
            "overlay.more": lambda: self.opacity_stepped(1),
            "overlay.less": lambda: self.opacity_stepped(-1),
            "overlay.target": self._next_target,
            "overlay.previous": partial(self.step_methods, -1),
            "overlay.next": partial(self.step_methods, 1),
            "work.cancel": self._stop,
            "work.resume": self._resume,
        }
        for name, transition in transitions.items():
            commands[name] = partial(self._alone, transition)
        for key in "1234":
            commands[f"window.{key}"] = partial(self._preset, key)
        return commands

    def _change(self, state: ViewState, merge: str = "") -> None:
        self._session.change(state, merge)

    def _alone(self, transition: Callable[[ViewState], ViewState]) -> None:
        self._session.end_merge()
        self._change(transition(self._session.state))

    @staticmethod
    def _toggled(state: ViewState) -> ViewState:
        # Switching on with nothing ticked would show nothing: then the chosen method is shown.
        if not state.overlays_on and not state.shown and state.active:
            return view_state.soloed(state, state.active)
        if state.overlays_on and not state.shown:
            return view_state.soloed(state, state.active) if state.active else state
        return view_state.all_toggled(state)

    def _maximised(self, state: ViewState) -> ViewState:
        if state.layout != "single":
            self._layout_before = state.layout
        return view_state.maximised(state, self._pane, self._layout_before)

    def maximise(self, number: int) -> None:
        """Show a pane alone, or all of them again."""
        self.in_pane(number, partial(self._alone, self._maximised))

    def _to_end(self, first: bool) -> None:
        slices, show = self._session.slices, self.show_slice
        if self.on_second:
            slices, show = self._session.second.slices, self.second.show_slice
        show(0 if first else len(slices) - 1)

    def _fit(self) -> None:
        if self.on_second:
            self.second.fit()
        else:
            self._alone(view_state.fitted)

    def _zoom(self, factor: float) -> None:
        self._session.end_merge()
        self.zoomed(factor)
        self._session.end_merge()

    def _window(self, window: Window | None) -> None:
        if self.on_second:
            self.second.window(window)
        else:
            self._alone(partial(view_state.windowed, window=window))

    def _preset(self, key: str) -> None:
        known = self._session.second.presets if self.on_second else self._session.presets
        window = next((preset.window for preset in known if preset.key == key), None)
        if window is not None:
            self._window(window)
        elif key == "1" and self._session.series is not None:
            self._session.message.emit(tr("The file proposes no window of its own."), False)

    def _next_target(self) -> None:
        now = TARGETS.index(self._session.state.target)
        self.targeted(TARGETS[(now + 1) % len(TARGETS)])

    def _undo(self) -> None:
        self._session.undo()
        self._explaining.set_target(self._session.state.target)

    def _redo(self) -> None:
        self._session.redo()
        self._explaining.set_target(self._session.state.target)

    def _stop(self) -> None:
        self._session.stop()
        self._explaining.stop()
        self._change(replace(self._session.state, peek=False))

    def _resume(self) -> None:
        self._session.read_rest()
        self._explaining.resume()
