"""Opening and writing files by dialog: series, models, ratings, maps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from viewer.app.explaining import Explaining
from viewer.app.export import maps_writing
from viewer.app.reading import Reading
from viewer.app.recents import Recents
from viewer.app.reveal import Reveal
from viewer.app.run_review import RunReview
from viewer.app.session import Session
from viewer.app.tasks import Task, TaskRunner
from viewer.core.words import tr
from viewer.demo import is_demo
from viewer.ui.dialogs import choose
from viewer.ui.export_dialog import ask_for_export
from xai.train.files import is_run

BUNDLE_FILE = "bundle.toml"


class Files(QObject):
    """Asks for paths over ``window`` and hands them on."""

    message = Signal(str, bool)
    mapsWritten = Signal()
    """The maps were written, or could not be."""

    def __init__(
        self,
        window: QWidget,
        session: Session,
        explaining: Explaining,
        reading: Reading,
        reveal: Reveal,
        review: RunReview,
        runner: TaskRunner,
        recents: Recents | None = None,
    ) -> None:
        super().__init__(window)
        self._review = review
        review.message.connect(self.message)
        self._recents = recents
        self._writing: Task | None = None
        self._written_to = Path()
        self._window, self._runner = window, runner
        self._session, self._explaining, self._reading = session, explaining, reading
        session.pathsOpened.connect(self._remember)
        self._reveal = reveal
        reading.exported.connect(self._exported)

    def _exported(self, rows: int, path: Path) -> None:
        self.message.emit(tr("{rows} answers written to {path}.").format(rows=rows, path=path), False)

    def open_folder(self) -> None:
        """Ask for a folder of series."""
        choose(self._window, tr("Open a folder of series"), self.open_paths, QFileDialog.FileMode.Directory)

    def open_files(self) -> None:
        """Ask for single files."""
        choose(self._window, tr("Open files"), self.open_paths, QFileDialog.FileMode.ExistingFiles)

    def add_folder(self) -> None:
        """Ask for a folder of series that come to those that are open."""
        choose(self._window, tr("Add a folder of series"), self.add_paths, QFileDialog.FileMode.Directory)

    def add_files(self) -> None:
        """Ask for single files that come to what is open."""
        choose(self._window, tr("Add files"), self.add_paths, QFileDialog.FileMode.ExistingFiles)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files and folders instead of what is open.

        A folder that is a classifier bundle becomes the model, and one that is a training run is opened as such, alone.
        """
        runs = [path for path in paths if is_run(path)]
        if runs:
            self._review.open(runs[0])
            return
        rest = self._without_models(paths)
        if rest:
            self._session.open(rest)

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Open files and folders beside what is open; bundles and training runs as `open_paths` does."""
        if self._review.run is not None or any(is_run(path) for path in paths):
            self.open_paths(paths)
            return
        rest = self._without_models(paths)
        if rest:
            self._session.add(rest)

    def take_drop(self, paths: Sequence[Path], adds: bool) -> None:
        """Open or add what was dropped."""
        (self.add_paths if adds else self.open_paths)(paths)

    def _without_models(self, paths: Sequence[Path]) -> list[Path]:
        bundles = [path for path in paths if (path / BUNDLE_FILE).is_file()]
        for path in bundles:
            self._review.use_model(path)
        return [path for path in paths if path not in bundles]

    def _remember(self, paths: Sequence[Path]) -> None:
        if self._recents is not None and paths and not any(is_demo(path) for path in paths):
            self._recents.add(paths)

    def forget_recents(self) -> None:
        """Forget which files and folders were opened."""
        if self._recents is not None:
            self._recents.clear()
            self.message.emit(tr("The list of files and folders opened before is empty now."), False)

    def open_model(self) -> None:
        """Ask for the folder of a classifier bundle."""

        def take(paths: list[Path]) -> None:
            self._review.use_model(paths[0])

        choose(self._window, tr("Open the folder of a model"), take, QFileDialog.FileMode.Directory)

    def open_run(self) -> None:
        """Ask for the folder of a training run."""

        def take(paths: list[Path]) -> None:
            self._review.open(paths[0])

        choose(self._window, tr("Open the folder of a training run"), take, QFileDialog.FileMode.Directory)

    def export_ratings(self) -> None:
        """Show what will be written, ask where it goes, and write it."""

        def take(path: Path, reader_id: str) -> None:
            self._reading.export(path, reader_id or None)

        reading, start = self._reading, Path.home() / "ratings.csv"
        hidden = "" if self._reveal.shows_maps else reading.screen.case_id
        ask_for_export(self._window, reading.answers(), reading.reader_id, start, take, hidden)

    def export_maps(self) -> None:
        """Ask for a folder and write what was computed of the open series into it."""
        volume = self._session.volume
        if volume is None or not any(self._explaining.counts()):
            self.message.emit(tr("There are no maps to write yet: the series is still being read."), True)
            return
        explanations = self._explaining.explanations(volume.sha256)

        def take(paths: list[Path]) -> None:
            task = self._runner.run(maps_writing(explanations, paths[0]), title="Writing the maps")
            task.succeeded.connect(self._say_written)
            task.failed.connect(self._say_failed)
            task.finished.connect(self.mapsWritten)
            self._writing, self._written_to = task, paths[0]

        choose(self._window, tr("Export maps into a folder"), take, QFileDialog.FileMode.Directory)

    # Methods, not lambdas: those are not let go of when another look or language makes a new window.

    def _say_written(self) -> None:
        self.message.emit(tr("Maps written to {path}.").format(path=self._written_to), False)

    def _say_failed(self, why: str) -> None:
        self.message.emit(why, True)

    @property
    def is_writing(self) -> bool:
        """Whether maps are being written."""
        return self._writing is not None and not self._writing.is_over
