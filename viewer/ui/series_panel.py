"""The list of series that were found: picture, description, size, and a badge when something is odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from viewer.ui import theme
from viewer.ui.series_menu import ChoosesBeside, SeriesMenu

THUMBNAIL = 56


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """One line of the list, in words."""

    title: str
    detail: str
    problems: tuple[str, ...] = ()


class SeriesList(ChoosesBeside, QListWidget):
    """The list itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.menu = SeriesMenu(self)


class SeriesPanel(QWidget):
    """Shows the entries; ``chosen`` is the user's wish to open one."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = SeriesList()
        self.list.setAccessibleName("Series")
        self.list.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.itemClicked.connect(lambda item: self.chosen.emit(self.list.row(item)))
        self.list.itemActivated.connect(lambda item: self.chosen.emit(self.list.row(item)))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.GAP, theme.GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addWidget(theme.heading("Series"))
        column.addWidget(self.list, 1)
        self.hint = theme.muted("Open a folder (Ctrl+O), or drop one here.")
        column.addWidget(self.hint)

    def show_entries(self, entries: Sequence[SeriesEntry]) -> None:
        """Show these series, none of them chosen."""
        self.list.clear()
        self.hint.setVisible(not entries)
        for entry in entries:
            badge = "⚠ " if entry.problems else ""
            item = QListWidgetItem(_placeholder(), f"{badge}{entry.title}\n{entry.detail}")
            tip = [entry.title, entry.detail, *(f"⚠ {problem}" for problem in entry.problems)]
            item.setToolTip("\n".join(tip))
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, "\n".join(entry.problems))
            self.list.addItem(item)

    def show_chosen(self, index: int) -> None:
        """Mark the series that is open."""
        self.list.setCurrentRow(index)

    def show_thumbnail(self, index: int, pixels: NDArray[np.uint32]) -> None:
        """Give an entry its picture (h, w) of ``0xffRRGGBB``."""
        item = self.list.item(index)
        if item is not None:
            height, width = pixels.shape
            image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
            fitted = image.scaled(
                THUMBNAIL,
                THUMBNAIL,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            square = QPixmap(THUMBNAIL, THUMBNAIL)
            square.fill(Qt.GlobalColor.black)
            painter = QPainter(square)
            painter.drawImage((THUMBNAIL - fitted.width()) // 2, (THUMBNAIL - fitted.height()) // 2, fitted)
            painter.end()
            item.setIcon(QIcon(square))


def _placeholder() -> QIcon:
    square = QPixmap(THUMBNAIL, THUMBNAIL)
    square.fill(theme.RAISED)
    return QIcon(square)
