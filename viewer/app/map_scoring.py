"""Scores of the maps on screen, measured when they are wanted and nothing moves."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from viewer.app.engine import Engine, EngineRequest
from viewer.app.map_scores import MapScores
from viewer.app.runs import Opened

PAUSE_MS = 300
"""Maps are scored when the reader has stayed on a slice for so long."""

Name = tuple[str, int]
"""Hash of a map, and the class that it explains: what a score belongs to."""


class MapScoring(QObject):
    """Asks the engine to score maps and keeps what it said.

    Parameters
    ----------
    engine : Engine
        Measures.
    opened : Opened
        What is open; shared with `Explaining`.
    """

    changed = Signal()

    def __init__(self, engine: Engine, opened: Opened, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._opened = engine, opened
        self._scores: dict[Name, MapScores | str] = {}
        self._wanted: tuple[tuple[str, ...], int] = ((), 0)
        self._request: EngineRequest | None = None
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._ask)

    def start_over(self) -> None:
        """Forget everything: another series or model is open."""
        self.stop()
        self._scores = {}

    def want(self, keys: Sequence[str], k: int) -> None:
        """Score the maps of these methods of slice ``k``, as soon as it stays on screen; no methods for nothing."""
        wanted = (tuple(keys), k)
        if wanted != self._wanted:
            self.stop()
            self._wanted = wanted
        if keys and self._request is None and not self._pause.isActive() and self._open_names():
            self._pause.start()

    def stop(self) -> None:
        """Stop measuring; what is there stays."""
        self._pause.stop()
        self._wanted = ((), 0)
        if self._request is not None:
            self._request.cancel()
            self._request = None

    def _name(self, key: str, k: int) -> Name | None:
        results = self._opened.results.of(self._opened.target)
        method = results.methods[key]
        if k >= len(method.computed) or not method.computed[k] or method.shown(k) is None:
            return None
        return method.sha256(k), int(results.targets[k])

    def _open_names(self) -> list[tuple[str, Name]]:
        keys, k = self._wanted
        names = [(key, self._name(key, k)) for key in keys]
        return [(key, name) for key, name in names if name is not None and name not in self._scores]

    def _ask(self) -> None:
        opened, (_, k) = self._opened, self._wanted
        names = self._open_names()
        if not names or self._request is not None or opened.series is None or k not in opened.slices:
            return
        key, name = names[0]
        method = opened.results.of(opened.target).methods[key]
        values = method.shown(k)
        assert values is not None
        request = self._engine.score(opened.slices[k], opened.series.geometry, values.copy(), method.cells, name[1])
        self._request = request
        request.succeeded.connect(lambda scores: self._take(request, name, scores))
        request.failed.connect(lambda why: self._take(request, name, why))
        self.changed.emit()

    def _take(self, request: EngineRequest, name: Name, scores: MapScores | str) -> None:
        if request is not self._request:
            return
        self._request = None
        self._scores[name] = scores
        self.changed.emit()
        self._ask()

    def of(self, key: str, k: int) -> MapScores | str | None:
        """Return the scores of a map, why there are none, or None while they are not measured."""
        name = self._name(key, k)
        return None if name is None else self._scores.get(name)

    def rank(self, key: str, keys: Sequence[str], k: int) -> tuple[int, int]:
        """Return a map's place among those of ``keys`` that are scored (1 is the most faithful), and their number."""
        found = {other: self.of(other, k) for other in keys}
        scores = {other: one.faithfulness for other, one in found.items() if isinstance(one, MapScores)}
        if key not in scores:
            return 0, len(scores)
        return 1 + sum(one > scores[key] for one in scores.values()), len(scores)
