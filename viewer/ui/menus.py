"""Menus, shortcuts and the F1 page, all built from the table of commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow

from viewer.app.commands import COMMANDS, MENUS, MOUSE


def build_menus(window: QMainWindow, bindings: Mapping[str, Callable[[], None]]) -> dict[str, QAction]:
    """Give ``window`` its menus and shortcuts and return the actions by command id.

    A held command (peek) gets no shortcut: the window follows its key down and up itself.

    Raises
    ------
    KeyError
        When a command has no function.
    """
    actions: dict[str, QAction] = {}
    menus = {title: window.menuBar().addMenu(f"&{title}") for title in MENUS}
    for command in COMMANDS:
        action = QAction(command.title, window)
        action.setObjectName(command.id)
        action.setStatusTip(command.tip)
        action.setToolTip(command.tip)
        action.setCheckable(command.checkable)
        if not command.held:
            action.setShortcuts([QKeySequence.fromString(key) for key in command.keys])
        run = bindings[command.id]
        action.triggered.connect(lambda _=False, run=run: run())
        menus[command.menu].addAction(action)
        actions[command.id] = action
    return actions


def keys_page() -> str:
    """Return the F1 page: every command with its keys, and the mouse."""
    parts = ["<table cellspacing='0' cellpadding='3' width='100%'>"]

    def heading(text: str) -> None:
        parts.append(f"<tr><td colspan='2'><br><b>{escape(text)}</b></td></tr>")

    heading("Mouse on the picture")
    for gesture, meaning in MOUSE:
        parts.append(f"<tr><td width='34%'>{escape(gesture)}</td><td>{escape(meaning)}</td></tr>")
    for menu in MENUS:
        heading(menu)
        for command in (c for c in COMMANDS if c.menu == menu):
            keys = " or ".join(key_text(key) for key in command.keys)
            if command.held:
                keys = f"hold {keys}"
            parts.append(
                f"<tr><td>{escape(keys) or '–'}</td><td>{escape(command.title)}"
                f"<br><span style='color:#a0a8b2'>{escape(command.tip)}</span></td></tr>"
            )
    parts.append("</table>")
    return "".join(parts)


def key_text(key: str) -> str:
    """Return a shortcut as the platform writes it."""
    return QKeySequence.fromString(key).toString(QKeySequence.SequenceFormat.NativeText) or key
