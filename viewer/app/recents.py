"""The files and folders opened last. Paths may name a patient: they stay in the settings and can be forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

from viewer.app.tasks import Emit, Work
from viewer.core.words import tr
from xai.progress import Progress

KEPT = 10
MOST_PATHS = 50
"""More files than this in one opening are not remembered."""
_KEY = "recents"


@dataclass(frozen=True, slots=True)
class Recent:
    """What was opened at once."""

    paths: tuple[Path, ...]

    @property
    def title(self) -> str:
        """What the menu shows: the first path's own name and its folder's, and how many more there were."""
        first = self.paths[0]
        parent = first.parent.name
        name = f"{parent}/{first.name}" if parent else str(first)
        more = len(self.paths) - 1
        return tr("{name} and {count} more").format(name=name, count=more) if more else name

    def why_not(self) -> str:
        """Say why it cannot be opened; empty when it can. Asks the file system, which may take its time."""
        for path in self.paths:
            try:
                path.stat()
            except FileNotFoundError:
                return tr("{path} is no longer there.").format(path=path)
            except OSError as error:
                return tr("{path} cannot be reached: {cause}.").format(path=path, cause=error.strerror)
        return ""


class Recents(QObject):
    """Kept in ``store``; ``changed`` when there is something new or nothing any more."""

    changed = Signal()

    def __init__(self, store: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store

    @property
    def entries(self) -> tuple[Recent, ...]:
        """What was opened, the last first. What is damaged in the settings is passed over."""
        try:
            listed = json.loads(str(self._store.value(_KEY, "[]")))
            found = [Recent(tuple(map(Path, names))) for names in listed if names and isinstance(names, list)]
        except (ValueError, TypeError):
            return ()
        return tuple(found[:KEPT])

    def add(self, paths: Sequence[Path]) -> None:
        """Put what was just opened at the top."""
        if not 0 < len(paths) <= MOST_PATHS:
            return
        recent = Recent(tuple(path.absolute() for path in paths))
        self._write([recent, *(entry for entry in self.entries if entry != recent)][:KEPT])

    def clear(self) -> None:
        """Forget everything, at once also on disk."""
        self._write([])

    def _write(self, entries: Sequence[Recent]) -> None:
        if entries:
            self._store.setValue(_KEY, json.dumps([[str(path) for path in entry.paths] for entry in entries]))
        else:
            self._store.remove(_KEY)
        self._store.sync()
        self.changed.emit()


def recents_checking(entries: Sequence[Recent]) -> Work:
    """Return the work of finding out which entries can be opened; results in a sentence each, empty for yes."""

    def work(progress: Progress, emit: Emit) -> list[str]:
        sentences = []
        for done, entry in enumerate(entries):
            progress(done, len(entries))
            sentences.append(entry.why_not())
        return sentences

    return work
