"""What the commands do to the series beside the first, and to both where they are linked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from viewer.app.session import Session
from viewer.core import view_state
from viewer.core.beside import Beside, Links, Pair, Place, ResolvedBeside, same_contrast
from viewer.core.resolving import resolve
from viewer.core.view_state import LayoutName, ViewState
from viewer.core.window import Window, dragged
from viewer.core.words import tr


class SecondControl:
    """Chooses the second series, scrolls, windows, moves and unlinks it.

    Parameters
    ----------
    session : Session
        What is open and how it is shown.
    first_scrolled : callable
        Told the first series' slice after it was scrolled along.
    """

    def __init__(self, session: Session, first_scrolled: Callable[[int], None]) -> None:
        self._session = session
        self._first_scrolled = first_scrolled
        self._window_at_press = session.context().auto_window
        self._layout_before: LayoutName = "single"

    # Which series ---------------------------------------------------------------------------------------------------

    def choose(self, index: int) -> None:
        """Show series ``index`` of the catalogue beside the first, in the layout of two series."""
        session = self._session
        if session.series is None or not 0 <= index < len(session.catalog.series):
            return
        if index == session.index:
            session.message.emit(tr("This series is open already; choose another one to show beside it."), False)
            return
        self._remember_layout()
        series = session.catalog.series[index]
        if index != session.second.index:
            session.second.choose(index, series, session.state.slice_index)
        links = replace(session.state.beside.links, window=same_contrast(session.series.info, series.info))
        session.end_merge()
        state = replace(session.state, beside=Beside(links=links))
        session.change(view_state.laid_out(state, "series"))

    def step(self, by: int) -> None:
        """Show the next (1) or previous (-1) series beside the first, going round and leaving out the first."""
        session = self._session
        count = len(session.catalog.series)
        if count < 2:
            session.message.emit(tr("There is no other series to show beside this one."), False)
            return
        at = session.second.index if session.second.index >= 0 else session.index
        following = [(at + by * n) % count for n in range(1, count + 1)]
        self.choose(next(index for index in following if index != session.index))

    def toggle_layout(self) -> None:
        """Show the second series beside the first, or go back to the layout before."""
        session = self._session
        if session.state.layout == "series":
            session.end_merge()
            session.change(view_state.laid_out(session.state, self._layout_before))
        elif session.second.index < 0:
            self.step(1)
        else:
            self._remember_layout()
            session.end_merge()
            session.change(view_state.laid_out(session.state, "series"))

    def next_layout(self) -> None:
        """Go to the next layout; that of two series is left out where there is only one."""
        session = self._session
        state = view_state.layout_toggled(session.state)
        if state.layout == "series" and session.second.index < 0:
            if len(session.catalog.series) > 1:
                self.step(1)
                return
            state = view_state.layout_toggled(state)
        session.end_merge()
        session.change(state)

    def _remember_layout(self) -> None:
        if self._session.state.layout != "series":
            self._layout_before = self._session.state.layout

    # What it shows --------------------------------------------------------------------------------------------------

    @property
    def shown(self) -> ResolvedBeside | None:
        """What is drawn of the second series now; None where there is none."""
        return resolve(self._session.state, self._session.context()).beside

    @property
    def links(self) -> Links:
        """What of it follows the first series."""
        return self._session.state.beside.links

    def scroll(self, by: int) -> None:
        """Go ``by`` slices on in the second series; the first one follows while slices are linked."""
        if self.shown is not None:
            self.show_slice(self.shown.slice_index + by)

    def show_slice(self, index: int) -> None:
        """Go to a slice of the second series."""
        session, relation = self._session, self._session.second.relation
        if relation is None:
            return
        index = min(max(index, 0), len(session.second.slices) - 1)
        state = self._beside(slice_index=index)
        if self.links.slices:
            state = view_state.at_slice(state, relation.turned.slice_for(index), len(session.slices))
        session.change(state)
        self._first_scrolled(session.state.slice_index)

    def drag_started(self) -> None:
        """Remember the window that a drag starts from."""
        self._session.end_merge()
        if self.shown is not None:
            self._window_at_press = self.shown.window

    def drag_window(self, right: float, down: float) -> None:
        """Set the window for a drag of so many screen pixels since the button went down."""
        window = dragged(self._window_at_press, right, down, self._session.second.span)
        self._session.change(self._windowed(window), "window")

    def window(self, window: Window | None) -> None:
        """Show ``window``; None goes back to the automatic one."""
        self._session.end_merge()
        self._session.change(self._windowed(window))

    def _windowed(self, window: Window | None) -> ViewState:
        if self.links.window:
            return view_state.windowed(self._session.state, window)
        return self._beside(window=window)

    def zoom(self, factor: float, at: Pair = (0.0, 0.0)) -> None:
        """Zoom and keep a point of the view, in the second picture's pixels from its middle, where it is."""
        self._move(lambda state, at: view_state.zoomed(state, factor, at), at, "zoom")

    def pan(self, right: float, down: float) -> None:
        """Move the picture by its own pixels."""
        self._move(lambda state, by: view_state.panned(state, *by), (right, down), "pan")

    def fit(self) -> None:
        """Fit the picture into its view; both while the place is linked."""
        self._session.end_merge()
        fitted = view_state.fitted(self._session.state) if self.links.place else self._beside(place=Place())
        self._session.change(fitted)

    def _move(self, act: Callable[[ViewState, Pair], ViewState], by: Pair, merge: str) -> None:
        state, relation = self._session.state, self._session.second.relation
        if relation is None:
            return
        if self.links.place:
            self._session.change(act(state, relation.in_first_pixels(*by)), merge)
            return
        place = state.beside.place
        moved = act(ViewState(zoom=place.zoom, pan=place.pan), by)
        self._session.change(self._beside(place=replace(place, zoom=moved.zoom, pan=moved.pan)), merge)

    # Links ----------------------------------------------------------------------------------------------------------

    def toggle_slices(self) -> None:
        """Let slices follow each other, or go on alone from where they are."""
        shown = self.shown
        linked = not self.links.slices
        self._relink(
            replace(self.links, slices=linked), slice_index=-1 if linked or shown is None else shown.slice_index
        )

    def toggle_place(self) -> None:
        """Let zoom and pan follow each other, or stay where they are."""
        shown = self.shown
        linked = not self.links.place
        self._relink(replace(self.links, place=linked), place=Place() if linked or shown is None else shown.place)

    def toggle_window(self) -> None:
        """Let both have one window, or each its own."""
        self._relink(replace(self.links, window=not self.links.window), window=None)

    def _relink(self, links: Links, **changes: object) -> None:
        self._session.end_merge()
        self._session.change(self._beside(links=links, **changes))

    def _beside(self, **changes: object) -> ViewState:
        state = self._session.state
        return replace(state, beside=replace(state.beside, **changes))  # type: ignore[arg-type]
