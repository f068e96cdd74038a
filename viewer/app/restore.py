"""Where the reader is, kept while the window is open: after a crash the next start goes on there.

The file holds the paths that were opened, which are needed to open them again, and no names of patients; it is removed
when the window is closed in order. One window keeps it: a lock names its process, and a second window neither writes
nor restores.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from viewer.app.explaining import Explaining
from viewer.app.session import Session
from viewer.app.tasks import Emit, TaskRunner
from viewer.core.stored import from_json, to_json
from viewer.core.view_state import ViewState, adopted
from viewer.core.words import tr
from xai.progress import Progress

LOOK_MS = 500
"""How often it is looked whether anything has changed: half of what makes a place up has no signal of its own."""
MOST_ATTEMPTS = 2
"""After so many starts that ended before the series was read the place is only offered: it may be what ends them."""


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """What is needed to go on where the reader was.

    Parameters
    ----------
    paths : tuple of str
        What was opened, absolute.
    series_uid : str
        Of the open series; empty when none was.
    series_number : int
        Its place in the list, for series that share a uid or have none.
    state : ViewState
        Slice, window, zoom, layout, overlays with their styles, target.
    model : str
        Folder of the model; empty without one.
    question : str
        The question that was marked.
    drafts : object
        Comments that were not handed over yet, as the form gives them: texts, numbers, tuples and mappings of them.
    geometry : str
        The window's place and size, Qt's bytes as base64.
    attempts : int
        How often it was restored without its series being read.
    """

    paths: tuple[str, ...] = ()
    series_uid: str = ""
    series_number: int = 0
    state: ViewState = field(default_factory=ViewState)
    model: str = ""
    question: str = ""
    drafts: object = None
    geometry: str = ""
    attempts: int = 0


def read_place(path: Path) -> KeptPlace | None:
    """Return the place kept in ``path``; None when there is none that can be read."""
    try:
        place = from_json(json.loads(path.read_text(encoding="utf-8")), KeptPlace)
    except (OSError, ValueError, RecursionError):
        return None
    return place if place.paths else None


def write_place(path: Path, place: KeptPlace) -> None:
    """Write ``place`` so that the file is whole at every moment; raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(to_json(place)), encoding="utf-8")
    os.replace(new, path)


class PlaceKeeper(QObject):
    """Writes the place down while the window is open.

    Parameters
    ----------
    path : Path, optional
        The file; without one nothing is kept.
    look : callable
        Returns the place as it is now.

    Attributes
    ----------
    found : KeptPlace or None
        Where the last window was when it ended without being closed.
    """

    message = Signal(str, bool)
    written = Signal(object)
    """A place that is on disk."""
    tried = Signal()
    """A place was written, or could not be."""

    def __init__(self, path: Path | None, look: Callable[[], KeptPlace], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._runner = TaskRunner(self, name="place")
        self._path: Path | None = None
        self._lock: QLockFile | None = None
        self._written: KeptPlace | None = None
        self._has_failed = False
        self.attempts = 0
        self.found: KeptPlace | None = None
        self._tick = QTimer(self, interval=LOOK_MS)
        self._tick.timeout.connect(self.write)
        if path is not None:
            self._take(path)

    def _take(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return
        lock = QLockFile(str(path.with_name(f"{path.name}.lock")))
        # No lock gets stale by age, only by the end of its process.
        lock.setStaleLockTime(0)
        if lock.tryLock(0):
            self._lock, self._path = lock, path
            self.found = read_place(path)

    @property
    def keeps(self) -> bool:
        """Whether this window is the one that keeps the place."""
        return self._path is not None

    def start(self) -> None:
        """Begin to write the place down whenever it has changed."""
        if self._path is not None:
            self._tick.start()

    def settled(self) -> None:
        """Say that the series of a place that was restored is read: it is not what ends the window."""
        self.attempts = 0

    def try_again(self, place: KeptPlace) -> None:
        """Write down that ``place`` is about to be restored, before anything else happens."""
        self.attempts = place.attempts + 1
        if self._path is not None:
            try:
                write_place(self._path, replace(place, attempts=self.attempts))
            except OSError as error:
                self._failed(str(error.strerror))

    def write(self) -> None:
        """Write the place down if it has changed."""
        place, path = replace(self._look(), attempts=self.attempts), self._path
        if path is None or place == self._written:
            return
        self._written = place
        if not place.paths:
            return

        def work(progress: Progress, emit: Emit) -> None:
            write_place(path, place)

        task = self._runner.run(work, title="Keeping your place", slot="place")
        task.succeeded.connect(lambda _: self.written.emit(place))
        task.failed.connect(self._failed)
        task.finished.connect(self.tried)

    def _failed(self, why: str) -> None:
        if not self._has_failed:
            self._has_failed = True
            self.message.emit(tr("Your place cannot be kept for the next start: {why}").format(why=why), True)

    def forget(self) -> None:
        """Remove the file: the window is closed in order."""
        self._tick.stop()
        self._runner.shutdown()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None


class Restorer(QObject):
    """Opens a `KeptPlace`: its paths, then its series, then its view. Deletes itself when it is there, or cannot be."""

    arrived = Signal()
    """The series of the place is open and the view is as it was."""

    def __init__(self, place: KeptPlace, session: Session, explaining: Explaining, parent: QObject) -> None:
        super().__init__(parent)
        self._place, self._session, self._explaining = place, session, explaining
        session.seriesChanged.connect(self._series_changed)

    def start(self, opener: Callable[[list[Path]], Any]) -> None:
        """Hand the paths to ``opener``."""
        opener([Path(path) for path in self._place.paths])

    def _series_changed(self) -> None:
        session, place = self._session, self._place
        # Choosing another series emits the signal again, from within: that one is not ours to answer.
        session.seriesChanged.disconnect(self._series_changed)
        if {str(path) for path in session.paths} == set(place.paths):
            number = self._number()
            if number is not None:
                session.select(number)
                session.restore(adopted(session.state, place.state, len(session.slices)))
                self._explaining.set_target(session.state.target)
                self._explaining.focus(session.state.slice_index)
                self.arrived.emit()
        self.deleteLater()

    def _number(self) -> int | None:
        uids = [series.uid for series in self._session.catalog.series]
        number = self._place.series_number
        if number < len(uids) and uids[number] == self._place.series_uid:
            return number
        return uids.index(self._place.series_uid) if self._place.series_uid in uids else None
