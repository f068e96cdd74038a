"""Opening and writing files by dialog: series, models, ratings, maps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from viewer.app.explaining import Explaining
from viewer.app.export import maps_writing
from viewer.app.reading import Reading
from viewer.app.session import Session
from viewer.app.tasks import TaskRunner
from viewer.core.words import tr
from viewer.ui.dialogs import choose

BUNDLE_FILE = "bundle.toml"


class Files(QObject):
    """Asks for paths over ``window`` and hands them on."""

    message = Signal(str, bool)
    mapsWritten = Signal()
    """The maps were written, or could not be."""

    def __init__(
        self, window: QWidget, session: Session, explaining: Explaining, reading: Reading, runner: TaskRunner
    ) -> None:
        super().__init__(window)
        self._window, self._runner = window, runner
        self._session, self._explaining, self._reading = session, explaining, reading
        reading.exported.connect(self._exported)

    def _exported(self, rows: int, path: object) -> None:
        self.message.emit(tr("{rows} answers written to {path}.").format(rows=rows, path=path), False)

    def open_folder(self) -> None:
        """Ask for a folder of series."""
        choose(self._window, "Open a folder of series", self.open_paths, QFileDialog.FileMode.Directory)

    def open_files(self) -> None:
        """Ask for single files."""
        choose(self._window, "Open files", self.open_paths, QFileDialog.FileMode.ExistingFiles)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files and folders; a folder that is a classifier bundle is opened as the model."""
        bundles = [path for path in paths if (path / BUNDLE_FILE).is_file()]
        for path in bundles:
            self._explaining.open_model(path)
        rest = [path for path in paths if path not in bundles]
        if rest:
            self._session.open(rest)

    def open_model(self) -> None:
        """Ask for the folder of a classifier bundle."""

        def take(paths: list[Path]) -> None:
            self._explaining.open_model(paths[0])

        choose(self._window, "Open the folder of a model", take, QFileDialog.FileMode.Directory)

    def export_ratings(self) -> None:
        """Ask where the answers go and write them."""

        def take(paths: list[Path]) -> None:
            self._reading.export(paths[0])

        start = Path.home() / "ratings.csv"
        choose(self._window, "Export ratings", take, QFileDialog.FileMode.AnyFile, start=start, saving=True)

    def export_maps(self) -> None:
        """Ask for a folder and write what was computed of the open series into it."""
        volume = self._session.volume
        if volume is None or not any(self._explaining.counts()):
            self.message.emit("There are no maps to write yet: the series is still being read.", True)
            return
        explanations = self._explaining.explanations(volume.sha256)

        def take(paths: list[Path]) -> None:
            task = self._runner.run(maps_writing(explanations, paths[0]), title="Writing the maps")
            task.succeeded.connect(lambda _: self.message.emit(f"Maps written to {paths[0]}.", False))
            task.failed.connect(lambda why: self.message.emit(why, True))
            task.finished.connect(self.mapsWritten)

        choose(self._window, "Export maps into a folder", take, QFileDialog.FileMode.Directory)

    @property
    def is_writing(self) -> bool:
        """Whether maps are being written."""
        return self._runner.is_busy
