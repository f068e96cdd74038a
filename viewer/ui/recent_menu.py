"""File > Open recent: what was opened last, found out anew each time whether it is still there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from viewer.app.recents import Recent, Recents, recents_checking
from viewer.app.tasks import TaskRunner
from viewer.core.words import tr
from viewer.ui.menus import allow_action


class RecentMenu(QMenu):
    """The submenu of ``action``, which also opens it by its shortcut.

    Parameters
    ----------
    forget : QAction
        Clears the list; moved into this menu from the one that it stands in.
    take : callable
        Opens the paths of an entry.
    """

    def __init__(
        self,
        window: QWidget,
        action: QAction,
        forget: QAction,
        recents: Recents,
        runner: TaskRunner,
        take: Callable[[Sequence[Path]], None],
    ) -> None:
        super().__init__(window)
        self._window, self._action, self._forget = window, action, forget
        self._recents, self._runner, self._take = recents, runner, take
        self._shown: list[tuple[Recent, QAction]] = []
        self.setToolTipsVisible(True)
        for owner in forget.associatedObjects():
            if isinstance(owner, QMenu):
                owner.removeAction(forget)
        action.setMenu(self)
        recents.changed.connect(self._fill)
        self.aboutToShow.connect(self._check)
        self._fill()

    @property
    def why_empty(self) -> str:
        """Why there is nothing to be forgotten; empty when there is."""
        return "" if self._shown else tr("Nothing was opened yet")

    def open_by_key(self) -> None:
        """Show the list in the middle of the window, its first entry marked."""
        size = self.sizeHint()
        middle = self._window.mapToGlobal(self._window.rect().center())
        self.popup(middle - QPoint(size.width() // 2, size.height() // 2))
        usable = [one for one in self.actions() if one.isEnabled() and not one.isSeparator()]
        if usable:
            self.setActiveAction(usable[0])

    def _fill(self) -> None:
        self.clear()
        self._shown = []
        for number, recent in enumerate(self._recents.entries, 1):
            entry = self.addAction(f"&{number % 10}  {recent.title.replace('&', '&&')}")
            entry.triggered.connect(partial(self._open, recent))
            self._shown.append((recent, entry))
        if self._shown:
            self.addSeparator()
        else:
            nothing = self.addAction(tr("Nothing was opened yet"))
            nothing.setToolTip(tr("Folders and files that are opened are listed here; the demo is not."))
            nothing.setEnabled(False)
        self.addAction(self._forget)
        allow_action(self._forget, self.why_empty)
        self._tell(["" for _ in self._shown])

    def _open(self, recent: Recent, _: bool = False) -> None:
        self._take(recent.paths)

    def _check(self) -> None:
        # A share that does not answer must not hold the window: until the answer is there, every entry can be chosen.
        recents = [recent for recent, _ in self._shown]
        if recents:
            task = self._runner.run(recents_checking(recents), title="Looking for recent files", slot="recents")
            task.succeeded.connect(partial(self._checked, recents))

    def _checked(self, recents: Sequence[Recent], sentences: list[str]) -> None:
        if recents == [recent for recent, _ in self._shown]:
            self._tell(sentences)

    def _tell(self, sentences: Sequence[str]) -> None:
        for (recent, entry), why in zip(self._shown, sentences, strict=True):
            entry.setEnabled(not why)
            entry.setToolTip(why or "\n".join(str(path) for path in recent.paths[:5]))
