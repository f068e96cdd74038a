"""Small dialogs: a page of text, and choosing files without blocking the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QTextBrowser, QVBoxLayout, QWidget

from viewer.core.words import tr


def show_page(parent: QWidget, title: str, html: str, width: int = 640, height: int = 620) -> QDialog:
    """Open a page of text that can be read, scrolled and copied; Esc closes it."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    page = QTextBrowser()
    page.setHtml(html)
    page.setAccessibleName(title)
    page.setOpenExternalLinks(False)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    copy = buttons.addButton(tr("Copy all"), QDialogButtonBox.ButtonRole.ActionRole)
    copy.setToolTip(tr("Copy the whole page; parts of it can be selected and copied, too."))
    copy.clicked.connect(lambda: _copy_all(page))
    column = QVBoxLayout(dialog)
    column.addWidget(page)
    column.addWidget(buttons)
    dialog.resize(width, height)
    _open(dialog, parent)
    return dialog


def _copy_all(page: QTextBrowser) -> None:
    # With its form and as plain text: whoever pastes takes what fits.
    page.selectAll()
    page.copy()
    page.moveCursor(QTextCursor.MoveOperation.Start)


def choose(
    parent: QWidget,
    title: str,
    take: Callable[[list[Path]], None],
    mode: QFileDialog.FileMode,
    *,
    start: Path | None = None,
    saving: bool = False,
) -> QFileDialog:
    """Let the user choose files or a folder and hand them to ``take``; returns at once."""
    dialog = QFileDialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(mode)
    if saving:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    if start is not None:
        dialog.setDirectory(str(start.parent if saving else start))
        if saving:
            dialog.selectFile(start.name)
    dialog.filesSelected.connect(lambda names: take([Path(name) for name in names]))
    _open(dialog, parent)
    return dialog


def _open(dialog: QDialog, parent: QWidget) -> None:
    # Not every window manager gives the keyboard back by itself.
    dialog.finished.connect(lambda _: parent.activateWindow())
    dialog.open()
