"""What the model says of the open series: the current slice is asked for first, then its neighbours, then the rest.

Cheap methods are computed for every slice without being asked; costly ones are `Runs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from viewer.app.engine import BundleInfo, Engine, EngineRequest
from viewer.app.explained import Explained, GivenAnswers
from viewer.app.map_scoring import MapScoring
from viewer.app.results import Results
from viewer.app.runs import ATTEMPTS, target_index
from viewer.app.schedule import gives_way, in_order, next_batch
from xai.explanation import SliceAnalysis
from xai.imaging.series import Series
from xai.registry import EXPLAINERS, ExplainerEntry

METHODS = tuple(key for key, entry in EXPLAINERS.items() if entry.cost == "cheap")
"""Computed for every slice without being asked for."""


@dataclass(slots=True)
class _Asked:
    """The request for cheap maps that is under way."""

    request: EngineRequest
    slices: tuple[int, ...]
    target: str
    clock: QElapsedTimer = field(default_factory=QElapsedTimer)


class Explaining(Explained):
    """Keeps predictions and maps of the open series and fills them through the engine.

    Parameters
    ----------
    engine : Engine
        Computes.
    catalogue : mapping
        The methods there are, `xai.registry.EXPLAINERS`.
    """

    modelChanged = Signal()
    progressed = Signal(int, int)
    """Slices done and slices there are; equal when there is nothing left to do."""
    message = Signal(str, bool)
    """A sentence for the user, and whether it tells of a failure."""

    def __init__(
        self, engine: Engine, parent: QObject | None = None, catalogue: Mapping[str, ExplainerEntry] = EXPLAINERS
    ) -> None:
        super().__init__(engine, parent, catalogue)
        self.model_path: Path | None = None
        self.wanted_path: Path | None = None
        """The model that was asked for last; that of ``model_path`` once it is loaded."""
        self._attempts: dict[int, int] = {}
        self._asked: _Asked | None = None
        self._batch = 1
        self.scoring = MapScoring(engine, self._opened, self)
        # Slices arrive in bursts; the next request is put together once the event loop is free.
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._ask)
        self.chosen.changed.connect(self._settings_changed)
        self.runs.message.connect(self.message)

    def open_model(self, path: Path) -> None:
        """Load the bundle in folder ``path`` in the engine; the old one stays when it fails."""
        if self._loading is not None:
            self._loading.cancel()
        self.wanted_path = path
        self._loading = self.engine.load_bundle(path)
        self._loading.succeeded.connect(lambda info: self._loaded(path, info))
        self._loading.failed.connect(self._load_failed)

    def _loaded(self, path: Path, info: BundleInfo) -> None:
        self._loading = None
        self.model, self.model_path = info, path
        self._start_over()
        self.chosen.look_up()
        self.modelChanged.emit()

    def _load_failed(self, why: str) -> None:
        self._loading = None
        self.wanted_path = self.model_path
        self.message.emit(why, True)
        self.modelChanged.emit()

    def close_model(self) -> None:
        """Have no model, until one is opened."""
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        self.model = self.model_path = self.wanted_path = None
        self._start_over()
        self.modelChanged.emit()

    def give(self, answers: GivenAnswers | None) -> None:
        """Show ``answers`` for the series that opens next in the place of the model's; None for the model's own."""
        self.given = answers
        self.withheld = ("", "")

    def withhold(self, state: str, why: str) -> None:
        """Run no model on the open series, for a reason in a few words and as a sentence; empty ones allow it again."""
        if (state, why) != self.withheld:
            self.withheld = state, why
            self._start_over()

    def open_series(self, series: Series | None) -> None:
        """Turn to another series; what was computed of the last one is dropped."""
        self._opened.series = series
        self._opened.slices = {}
        self._opened.focus = self._opened.direction = 0
        self._start_over()

    def _start_over(self) -> None:
        self._cancel()
        self.runs.drop()
        slices = len(self.series) if self.series is not None else 0
        self._opened.results = Results(slices, len(self.classes), self.catalogue)
        self.scoring.start_over()
        self._attempts = {}
        self._stopped = False
        self._batch = 1
        self.resultsChanged.emit()
        self._report()
        self._next.start()

    def _cancel(self) -> None:
        if self._asked is not None:
            self._asked.request.cancel()
            self._asked = None

    def slice_arrived(self, k: int, values: NDArray[np.float32]) -> None:
        """Take slice ``k`` (H, W) as soon as it is read."""
        self._opened.slices[k] = values
        self._next.start()

    def focus(self, k: int) -> None:
        """Say which slice is on screen: work goes on from there, in the direction of scrolling."""
        opened = self._opened
        if k != opened.focus:
            opened.direction = 1 if k > opened.focus else -1
        opened.focus = k
        if self._asked is not None and gives_way(self._asked.slices, k, self._todo()):
            self._cancel()
            self._next.start()
        self.runs.refocus()

    def set_target(self, target: str) -> None:
        """Explain ``"affected"``, ``"predicted"`` or ``"healthy"``; what was computed for another target stays."""
        if target != self.target:
            self._opened.target = target
            self._stopped = False
            self._attempts = {}
            self.resultsChanged.emit()
            self._report()
            self._next.start()

    def _settings_changed(self, key: str) -> None:
        if key in self.cheap:
            self._opened.results.forget(key)
            self._cancel()
            self._report()
            self._next.start()
        self.resultsChanged.emit()

    def stop(self) -> None:
        """Stop computing; what is there stays."""
        self._stopped = True
        self._cancel()
        self.runs.stop()
        self.scoring.stop()
        self._report()

    def resume(self) -> None:
        """Go on after a stop or a failure."""
        self._stopped = False
        self._attempts = {}
        self.runs.resume()
        self._report()
        self._next.start()

    def run(self, key: str, whole: bool = False) -> None:
        """Compute a costly method for the slice on screen, or for the whole series."""
        if why := self.closed_why(key):
            self.message.emit(why, False)
            return
        self.runs.start(key, range(len(self._opened.results.logits)) if whole else [self._opened.focus])

    def _todo(self) -> list[int]:
        if self.model is None or self.series is None or self.refusal:
            return []
        computed = self._computed()
        return [k for k in self._opened.slices if not computed[k] and self._attempts.get(k, 0) < ATTEMPTS]

    def _ask(self) -> None:
        opened = self._opened
        if self._asked is not None or self._stopped or opened.series is None:
            return
        todo = tuple(in_order(self._todo(), opened.focus, opened.direction)[: self._batch])
        if not todo:
            return
        slices = [(k, opened.slices[k]) for k in todo]
        missing = [key for key in self.cheap if not self._method(key).computed[list(todo)].all()]
        parameters = {key: self.chosen.values(key) for key in missing}
        request = self.engine.analyse(
            slices, opened.series.geometry, missing, target_index(self.target), parameters=parameters, priority=1
        )
        asked = _Asked(request, todo, self.target)
        asked.clock.start()
        self._asked = asked
        request.succeeded.connect(lambda analysis: self._take(asked, analysis))
        request.failed.connect(lambda why: self._failed(asked, why))

    def _take(self, asked: _Asked, analysis: SliceAnalysis) -> None:
        if asked is not self._asked:
            return
        self._asked = None
        self._batch = next_batch(self._batch, len(asked.slices), asked.clock.elapsed() / 1000)
        self.runs.speed.measured(len(asked.slices), sum(maps.seconds for maps in analysis.maps.values()), rough=True)
        for note in self._current().take(asked.target, analysis):
            self.message.emit(note, False)
        self.resultsChanged.emit()
        self._report()
        self._next.start()

    def _failed(self, asked: _Asked, why: str) -> None:
        if asked is not self._asked:
            return
        self._asked = None
        self._batch = 1
        methods = self._current().of(asked.target).methods
        for k in asked.slices:
            self._attempts[k] = self._attempts.get(k, 0) + 1
            if self._attempts[k] >= ATTEMPTS:
                for key in self.cheap:
                    methods[key].states[k] = f"failed: {why}"
        self.message.emit(why, True)
        self.resultsChanged.emit()
        self._report()
        self._next.start()

    def _report(self) -> None:
        is_given = self.model is not None and self.series is not None and not self.refusal
        total = len(self._opened.slices) if is_given else 0
        done = total if self._stopped else total - len(self._todo())
        self.progressed.emit(done, total)
