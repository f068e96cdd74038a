"""What of the model may be seen now: everything, or, where the reader reads first, what the case's stage shows.

What is hidden is not covered up: the panels are filled from an `Explaining` that has no model, so that there is nothing
in the window that could tell.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from viewer.app.commands import COMMANDS
from viewer.app.display import on_screen
from viewer.app.explaining import Explaining
from viewer.app.reading import Reading
from viewer.app.session import Session
from viewer.core.answers import Stage
from viewer.core.on_screen import OnScreen
from viewer.core.resolving import ResolvedView, resolve
from viewer.core.stages import shows_maps, shows_prediction
from viewer.core.view_state import ViewState
from viewer.core.words import QT_TR_NOOP, tr

MAP_COMMANDS = frozenset(
    command.id
    for command in COMMANDS
    if command.id == "file.export-maps" or (command.menu == "Explanations" and not command.id.startswith("work."))
)
"""Commands that show maps or tell of them."""
HIDDEN_WHY = {
    "S0": QT_TR_NOOP("Hidden until your reading of the picture is locked (Ctrl+L)."),
    "S1": QT_TR_NOOP("Hidden until your reading with the prediction is locked (Ctrl+L)."),
}


class Reveal(QObject):
    """Decides what the window may show of ``explaining``.

    Parameters
    ----------
    session, explaining, reading
        What is open, what the model says of it, what was answered and locked.
    blank : Explaining
        One without a model, from which hidden panels are filled; it follows the session.
    """

    changed = Signal()
    """Something may be seen that could not, or the other way round."""
    modeChanged = Signal(bool)
    progressed = Signal(int, int)
    """`Explaining.progressed`, as long as it may be seen."""
    message = Signal(str, bool)
    """`Explaining.message`; what is no failure waits until it may be seen."""

    def __init__(
        self,
        session: Session,
        explaining: Explaining,
        reading: Reading,
        blank: Explaining,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._explaining, self._reading, self._blank = session, explaining, reading, blank
        self._held_back: list[str] = []
        self._was: Stage | None = None
        session.seriesChanged.connect(lambda: blank.open_series(session.series))
        for source in (session.seriesChanged, session.volumeReady, reading.answersChanged, reading.readerChanged):
            source.connect(self._follow)
        explaining.progressed.connect(self._progressed)
        explaining.message.connect(self._said)

    @property
    def is_on(self) -> bool:
        """Whether the reader reads first."""
        return self._reading.staged

    def set_on(self, on: bool) -> None:
        """Read first and reveal after, or show everything; showing what was hidden is kept in the log."""
        if on == self.is_on:
            return
        hidden = self.stage in ("S0", "S1")
        if not on and hidden and self._reading.screen.volume_sha256:
            self._reading.log("override", self._reading.about(), {"shown": "everything", "instead_of": self.stage})
        self._reading.staged = on
        self._reading.answersChanged.emit()
        self.modeChanged.emit(on)
        self._follow()
        if not on and hidden:
            self.message.emit(tr("Everything is shown: what you answer now is no unaided reading."), False)

    @property
    def stage(self) -> Stage | None:
        """Stage of the open case; None when everything is shown. What is not known to be revealed is hidden."""
        if not self.is_on:
            return None
        volume = self._session.volume
        return "S0" if volume is None else self._reading.stage_of_case(OnScreen(volume.sha256).case_id)

    @property
    def shows_prediction(self) -> bool:
        """Whether the model's answer may be seen."""
        return self.stage is None or shows_prediction(self.stage)

    @property
    def shows_maps(self) -> bool:
        """Whether maps may be seen."""
        return self.stage is None or shows_maps(self.stage)

    @property
    def predictions(self) -> Explaining:
        """Where predictions are to be taken from."""
        return self._explaining if self.shows_prediction else self._blank

    @property
    def maps(self) -> Explaining:
        """Where maps are to be taken from."""
        return self._explaining if self.shows_maps else self._blank

    @property
    def state(self) -> ViewState:
        """The session's state as far as it may be seen: without overlays, label maps too, until maps may be."""
        state = self._session.state
        return state if self.shows_maps else replace(state, overlays_on=False, swipe=None)

    def view(self) -> ResolvedView:
        """Return what the views draw now."""
        predicted = tuple(int(target) for target in self.predictions.prediction().target)
        maps = self.maps
        with_maps = tuple(key for key in maps.catalogue if maps.has_any(key))
        return resolve(self.state, self._session.context(predicted, with_maps))

    def screen(self, view: ResolvedView) -> OnScreen:
        """Return what an answer given now is about: the stage is the case's own, whatever happens to be shown."""
        screen, stage = on_screen(self._session, self.predictions, view), self.stage
        if stage is None:
            return screen
        if not self.shows_maps:
            screen = replace(screen, map_id="", map_title="", map_sha256="", target_class="")
        return replace(screen, stage=stage)

    def why_hidden(self, command_id: str) -> str:
        """Why a command may not be used now; empty when it may."""
        hidden = not self.shows_maps and command_id in MAP_COMMANDS
        return tr(HIDDEN_WHY[self.stage or "S0"]) if hidden else ""

    def _follow(self) -> None:
        if self.stage == self._was:
            return
        self._was = self.stage
        if not self.shows_prediction:
            self.progressed.emit(0, 0)
        elif self._held_back:
            self.message.emit(self._held_back[-1], False)
            self._held_back = []
        self.changed.emit()

    def _progressed(self, done: int, total: int) -> None:
        if self.shows_prediction:
            self.progressed.emit(done, total)

    def _said(self, sentence: str, is_failure: bool) -> None:
        if is_failure or self.shows_prediction:
            self.message.emit(sentence, is_failure)
        else:
            self._held_back.append(sentence)
