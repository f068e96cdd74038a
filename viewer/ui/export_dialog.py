"""What will be written, before it is: whose answers, how many, the first rows, and where they go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.answers import Answer
from viewer.core.ratings_csv import CODEBOOK_NAME, COLUMNS, row_of
from viewer.core.words import tr
from viewer.ui import theme
from viewer.ui.dialogs import choose

PREVIEW_ROWS = 12
WIDEST_COLUMN = 220
PREVIEW_COLUMNS = (
    *("reader_id", "case_id", "stage", "slice_index", "map_id", "item_id"),
    *("value_num", "value_label", "value_text", "answered", "answered_utc", "revisions"),
)
"""Columns of the preview: none of them tells what the model said."""


class ExportDialog(QDialog):
    """Shows what goes into ``ratings.csv``; ``wanted`` carries the path, and the reader whose answers alone are meant.

    Parameters
    ----------
    answers : sequence of Answer
        Everything that is on disk.
    reader_id : str
        Who is reading.
    hidden_case : str
        A case of which others' answers may not be shown yet; empty for none.
    """

    wanted = Signal(object, str)

    def __init__(
        self,
        answers: Sequence[Answer],
        reader_id: str,
        start: Path,
        hidden_case: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._answers, self._reader_id, self._hidden_case = tuple(answers), reader_id, hidden_case
        self.setWindowTitle(tr("Export ratings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        readers = {answer.about.reader_id for answer in answers}
        self.all = QRadioButton(tr("All answers"))
        self.mine = QRadioButton(tr("Only my answers ({reader})").format(reader=reader_id))
        has_own = reader_id in readers
        self.mine.setEnabled(has_own)
        self.mine.setToolTip("" if has_own else tr("There are no answers of {reader} yet").format(reader=reader_id))
        self.all.setChecked(True)
        self.all.toggled.connect(self._show_rows)
        self.counts = QLabel()
        self.counts.setAccessibleName(tr("What will be written"))
        self.table = self._make_table()
        self.note = theme.muted()
        self.path = QLineEdit(str(start))
        self.path.setAccessibleName(tr("File"))
        self.path.selectAll()
        self.path.textChanged.connect(self._show_place)
        self.browse = QPushButton(tr("Browse…"))
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._browse)
        self.where = theme.muted()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.write = buttons.addButton(tr("Write"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.write.setDefault(True)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        whose = QHBoxLayout()
        for widget in (self.all, self.mine):
            whose.addWidget(widget)
        whose.addStretch(1)
        whose.addWidget(self.counts)
        place = QHBoxLayout()
        place.addWidget(self.path, 1)
        place.addWidget(self.browse)
        column = QVBoxLayout(self)
        column.setSpacing(theme.MARGIN)
        column.addLayout(whose)
        column.addWidget(self.table, 1)
        column.addWidget(self.note)
        column.addLayout(place)
        column.addWidget(self.where)
        column.addWidget(buttons)
        self.resize(980, 560)
        self._show_rows()
        self._show_place()
        self.path.setFocus()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(PREVIEW_COLUMNS))
        table.setAccessibleName(tr("First rows"))
        table.setHorizontalHeaderLabels(list(PREVIEW_COLUMNS))
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
        table.horizontalHeader().setHighlightSections(False)
        table.setWordWrap(False)
        return table

    @property
    def chosen(self) -> tuple[Answer, ...]:
        """The answers that will be written."""
        if self.all.isChecked():
            return self._answers
        return tuple(answer for answer in self._answers if answer.about.reader_id == self._reader_id)

    def _show_rows(self) -> None:
        chosen = self.chosen
        readers = {answer.about.reader_id for answer in chosen}
        cases = {answer.about.case_id for answer in chosen}
        self.counts.setText(
            tr("Rows: {rows} · readers: {readers} · cases: {cases}").format(
                rows=len(chosen), readers=len(readers), cases=len(cases)
            )
        )
        shown = [answer for answer in chosen if not self._is_hidden(answer)]
        first = shown[:PREVIEW_ROWS]
        self.table.setRowCount(len(first))
        for row, answer in enumerate(first):
            cells = row_of(answer)
            for place, name in enumerate(PREVIEW_COLUMNS):
                self.table.setItem(row, place, QTableWidgetItem(cells[name]))
        self.table.resizeColumnsToContents()
        for place in range(len(PREVIEW_COLUMNS)):
            self.table.setColumnWidth(place, min(self.table.columnWidth(place), WIDEST_COLUMN))
        words = tr("The first {shown} of {rows} rows, {some} of {columns} columns.").format(
            shown=len(first), rows=len(chosen), some=len(PREVIEW_COLUMNS), columns=len(COLUMNS)
        )
        if len(shown) < len(chosen):
            words += " " + tr("What others answered of the open case is not shown before your reading is locked.")
        self.note.setText(words if chosen else tr("There are no answers yet: the file will hold its header alone."))

    def _is_hidden(self, answer: Answer) -> bool:
        about = answer.about
        return about.case_id == self._hidden_case and (about.reader_id, about.stage) != (self._reader_id, "S0")

    def _show_place(self) -> None:
        text = self.path.text().strip()
        path = Path(text).expanduser()
        is_fine = bool(text) and not path.is_dir()
        self.write.setEnabled(is_fine)
        self.write.setToolTip("" if is_fine else tr("Name a file, such as ratings.csv"))
        if not is_fine:
            self.where.setText(tr("Name a file, such as ratings.csv"))
        elif path.exists():
            self.where.setText(tr("Replaces the file that is there; {name} beside it too.").format(name=CODEBOOK_NAME))
        else:
            self.where.setText(tr("{name} goes beside it and explains every column.").format(name=CODEBOOK_NAME))

    def _browse(self) -> None:
        def take(paths: list[Path]) -> None:
            self.path.setText(str(paths[0]))

        start = Path(self.path.text()).expanduser()
        choose(self, tr("Export ratings"), take, QFileDialog.FileMode.AnyFile, start=start, saving=True)

    def _accept(self) -> None:
        path = Path(self.path.text().strip()).expanduser()
        self.wanted.emit(path, "" if self.all.isChecked() else self._reader_id)
        self.accept()


def ask_for_export(
    parent: QWidget,
    answers: Sequence[Answer],
    reader_id: str,
    start: Path,
    take: Callable[[Path, str], None],
    hidden_case: str = "",
) -> ExportDialog:
    """Open the dialog over ``parent`` and hand path and reader ("" for all) to ``take``; returns at once."""
    dialog = ExportDialog(answers, reader_id, start, hidden_case, parent)
    dialog.wanted.connect(take)
    # Not every window manager gives the keyboard back by itself.
    dialog.finished.connect(lambda _: parent.activateWindow())
    dialog.open()
    return dialog
