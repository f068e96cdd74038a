"""Costly methods, computed when the reader asks: one slice at a time, nearest first, shown while it sharpens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from viewer.app.chosen_settings import ChosenSettings
from viewer.app.engine import Engine, EngineRequest
from viewer.app.method_settings import Parameters
from viewer.app.results import MethodResults, Results
from viewer.app.schedule import Speed, gives_way, in_order
from viewer.core.words import tr
from xai.explanation import SliceAnalysis
from xai.imaging.series import Series
from xai.registry import ExplainerEntry

ATTEMPTS = 2
"""How often a slice is sent to the engine before its failure is shown."""
NEARLY_DONE = 0.5
"""A slice of which this much is computed is finished, even when the reader has scrolled away."""
DRAWN_MS = 150
"""The share that is computed is shown this often."""


@dataclass(slots=True)
class Opened:
    """What is open and looked at."""

    series: Series | None = None
    slices: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    """(H, W) by number, as far as they are read."""
    results: Results = field(default_factory=Results)
    target: str = "affected"
    focus: int = 0
    direction: int = 0
    """1 or -1 while the reader scrolls up or down the stack."""


def target_index(target: str) -> int | None:
    """Return the class index of a choice of target; None for the predicted class of each slice."""
    return {"healthy": 0, "affected": 1}.get(target)


@dataclass(slots=True, eq=False)
class Run:
    """One method that was asked for, with the slices that it still has to do."""

    key: str
    target: str
    parameters: Parameters
    waiting: list[int]
    total: int
    is_stopped: bool = False
    attempts: dict[int, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Slices that need no more work."""
        return self.total - len(self.waiting)


class Runs(QObject):
    """What was asked for, in order: runs of one slice before those of a whole series.

    Parameters
    ----------
    engine : Engine
        Computes.
    opened : Opened
        What is open; shared with `Explaining`, which fills it.
    catalogue : mapping
        The methods there are.
    chosen : ChosenSettings
        What the reader chose for each.
    """

    changed = Signal()
    progressed = Signal(str, int, int)
    """What is computed, hundredths of slices done and to do."""
    message = Signal(str, bool)

    def __init__(
        self,
        engine: Engine,
        opened: Opened,
        catalogue: Mapping[str, ExplainerEntry],
        chosen: ChosenSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine, self._opened, self._catalogue, self._chosen = engine, opened, catalogue, chosen
        self._runs: list[Run] = []
        self._asked: tuple[Run, int, EngineRequest] | None = None
        self._share = 0.0
        self.speed = Speed()
        self._drawn = QElapsedTimer()
        self._drawn.start()
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._ask)

    # What is asked for ----------------------------------------------------------------------------------------------

    def start(self, key: str, slices: Iterable[int]) -> None:
        """Compute method ``key`` for ``slices`` with the settings chosen now; what was computed with others goes."""
        parameters, target = self._chosen.values(key), self._opened.target
        method = self._method(key, target)
        if method.asked != parameters:
            method.clear()
        method.asked = parameters
        self._remove(key, target)
        todo = [k for k in slices if not method.computed[k]]
        for k in todo:
            method.states[k] = ""
        if todo:
            run = Run(key, target, parameters, todo, len(todo))
            single = [other for other in self._runs if other.total == 1]
            self._runs.insert(len(single) if run.total == 1 else len(self._runs), run)
            self.refocus()
        self._tell()
        self._next.start()

    def stop(self, key: str = "") -> None:
        """Stop one method, or all of them; what is there stays, and `resume` goes on."""
        for run in self._runs:
            run.is_stopped |= not key or run.key == key
        if self._asked is not None and self._asked[0].is_stopped:
            self._cancel()
        self._tell()
        self._next.start()

    def resume(self) -> None:
        """Go on with what was stopped."""
        for run in self._runs:
            run.is_stopped = False
        self._tell()
        self._next.start()

    def drop(self) -> None:
        """Forget everything: another series or model is open."""
        self._cancel()
        self._runs = []
        self._tell()

    def refocus(self) -> None:
        """Let a slice that is far away give way to the one on screen, if that waits for the same."""
        if self._asked is None or self._share >= NEARLY_DONE:
            return
        _, k, _ = self._asked
        wanted = {n for run in self._runs if not run.is_stopped for n in run.waiting if n in self._opened.slices}
        if gives_way((k,), self._opened.focus, wanted):
            self._cancel()
            self._next.start()

    def _remove(self, key: str, target: str) -> None:
        if self._asked is not None and (self._asked[0].key, self._asked[0].target) == (key, target):
            self._cancel()
        self._runs = [run for run in self._runs if (run.key, run.target) != (key, target)]

    def _cancel(self) -> None:
        if self._asked is not None:
            self._asked[2].cancel()
            self._asked = None
            self._share = 0.0

    def _method(self, key: str, target: str) -> MethodResults:
        return self._opened.results.of(target).methods[key]

    # The engine -----------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        opened = self._opened
        if self._asked is not None or opened.series is None:
            return
        for run in self._runs:
            there = [k for k in run.waiting if k in opened.slices]
            if there and not run.is_stopped:
                self._send(run, in_order(there, opened.focus, opened.direction)[0], opened.series)
                return

    def _send(self, run: Run, k: int, series: Series) -> None:
        request = self._engine.explain(
            [(k, self._opened.slices[k])], series.geometry, run.key, run.parameters, target_index(run.target)
        )
        self._asked, self._share = (run, k, request), 0.0
        request.progressed.connect(lambda done, total: self._progressed(request, done, total))
        request.arrived.connect(lambda analysis: self._take(request, analysis, final=False))
        request.succeeded.connect(lambda analysis: self._take(request, analysis, final=True))
        request.failed.connect(lambda why: self._failed(request, why))

    def _progressed(self, request: EngineRequest, done: int, total: int) -> None:
        if self._asked is not None and request is self._asked[2]:
            self._share = done / max(total, 1)
            self._report()
            # Everything on screen is drawn again: not for every batch of a network.
            if self._drawn.hasExpired(DRAWN_MS):
                self._drawn.start()
                self.changed.emit()

    def _take(self, request: EngineRequest, analysis: SliceAnalysis, final: bool) -> None:
        if self._asked is None or request is not self._asked[2]:
            return
        run, k, _ = self._asked
        for note in self._opened.results.take(run.target, analysis, final):
            self.message.emit(note, False)
        if final:
            maps = analysis.maps[run.key]
            self.speed.measured(maps.passes * len(analysis.indices), maps.seconds)
            self._done_with(run, k)
        self._tell()

    def _failed(self, request: EngineRequest, why: str) -> None:
        if self._asked is None or request is not self._asked[2]:
            return
        run, k, _ = self._asked
        run.attempts[k] = run.attempts.get(k, 0) + 1
        if run.attempts[k] >= ATTEMPTS:
            self._method(run.key, run.target).states[k] = f"failed: {why}"
            self._done_with(run, k)
        self._asked, self._share = None, 0.0
        self.message.emit(why, True)
        self._tell()
        self._next.start()

    def _done_with(self, run: Run, k: int) -> None:
        self._asked, self._share = None, 0.0
        run.waiting.remove(k)
        if not run.waiting:
            self._runs.remove(run)
        self._next.start()

    def _tell(self) -> None:
        self._report()
        self.changed.emit()

    def _report(self) -> None:
        going = [run for run in self._runs if not run.is_stopped]
        hundredths = 100 * sum(run.done for run in going) + round(100 * self._share)
        title = tr("Computing {method}").format(method=self._catalogue[going[0].key].title) if going else ""
        self.progressed.emit(title, hundredths, 100 * sum(run.total for run in going))

    # What the window shows ------------------------------------------------------------------------------------------

    def is_running(self, key: str) -> bool:
        """Whether a method is being computed, or waits for its turn, for the current target."""
        return any((run.key, run.target) == (key, self._opened.target) and not run.is_stopped for run in self._runs)

    def state(self, key: str, k: int) -> str:
        """Return in words how the run of slice ``k`` stands; empty when nothing was asked for."""
        target = self._opened.target
        run = next((run for run in self._runs if (run.key, run.target) == (key, target) and k in run.waiting), None)
        if run is None:
            return tr("stopped") if self._method(key, target).partial[k] else ""
        if run.is_stopped:
            return tr("stopped")
        if self._asked is not None and self._asked[:2] == (run, k):
            return tr("computing {percent} %").format(percent=round(100 * self._share))
        return tr("waiting")

    def expected(self, key: str, slices: int = 1) -> float | None:
        """Return how many seconds ``slices`` would take: passes as measured or told, at this engine's speed."""
        method = self._method(key, self._opened.target)
        measured = method.passes if method.asked == self._chosen.values(key) else 0
        passes = measured or self._chosen.sheet(key).passes
        return None if passes is None else self.speed.seconds(passes * slices)
