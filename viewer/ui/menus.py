"""Menus, shortcuts and the F1 page, all built from the table of commands; and controls that say why they are grey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from viewer.app.command_row import Command
from viewer.app.commands import COMMANDS, MENU_TITLES, MENUS, PICTURE_MENU, WHEEL_AND_REST, find_command
from viewer.core.mouse import DEFAULT_PROFILE, MouseProfile
from viewer.core.words import tr
from viewer.ui import theme


def build_menus(window: QMainWindow, bindings: Mapping[str, Callable[[], None]]) -> dict[str, QAction]:
    """Give ``window`` its menus and shortcuts and return the actions by command id.

    A held command (peek) gets no shortcut: the window follows its key down and up itself.

    Raises
    ------
    KeyError
        When a command has no function.
    """
    actions: dict[str, QAction] = {}
    menus = {title: window.menuBar().addMenu(tr(MENU_TITLES[title])) for title in MENUS}
    for menu in menus.values():
        menu.setToolTipsVisible(True)
    for command in COMMANDS:
        action = QAction(tr(command.title), window)
        action.setObjectName(command.id)
        action.setCheckable(command.checkable)
        if not command.held:
            action.setShortcuts([QKeySequence.fromString(key) for key in command.keys])
        allow_action(action, "")
        run = bindings[command.id]
        action.triggered.connect(lambda _=False, run=run: run())
        menus[command.menu].addAction(action)
        actions[command.id] = action
    return actions


def picture_menu(window: QWidget, actions: Mapping[str, QAction]) -> QMenu:
    """Return the menu of common commands; it deletes itself when it closes."""
    menu = QMenu(window)
    menu.setToolTipsVisible(True)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for command_id in PICTURE_MENU:
        if command_id:
            menu.addAction(actions[command_id])
        else:
            menu.addSeparator()
    return menu


def keys_text(command: Command) -> str:
    """Return a command's shortcuts as the platform writes them: ``"Ctrl+Y or Ctrl+Shift+Z"``."""
    keys = tr(" or ").join(key_text(key) for key in command.keys)
    return tr("hold {key}").format(key=keys) if command.held else keys


def command_tip(command_id: str) -> str:
    """Return the tooltip of whatever does what the command does: its sentence and its keys."""
    command = find_command(command_id)
    tip, keys = tr(command.tip), keys_text(command)
    return f"{tip} ({keys})" if keys else tip


def allow_action(action: QAction, why_not: str) -> None:
    """Let a command run, or grey it out and say why where its tooltip and status line say what it does."""
    # After every slice, so what stays as it is must cost nothing.
    if action.property("why_not") == why_not:
        return
    tip = command_tip(action.objectName())
    action.setProperty("why_not", why_not)
    action.setEnabled(not why_not)
    action.setToolTip(f"{tip}\n{why_not}" if why_not else tip)
    action.setStatusTip(why_not or tip)


def allow(widget: QWidget, why_not: str) -> None:
    """Let a control be used, or grey it out with all that is in it and say why in every tooltip."""
    if not why_not and not widget.property("why_not"):
        return
    widget.setEnabled(not why_not)
    for one in (widget, *widget.findChildren(QWidget)):
        if one.toolTip() != one.property("why_not"):
            one.setProperty("tip", one.toolTip())
        one.setToolTip(why_not or one.property("tip") or "")
        one.setProperty("why_not", why_not)


def keys_page(profile: MouseProfile = DEFAULT_PROFILE) -> str:
    """Return the F1 page: what the mouse does in ``profile``, and every command with its keys."""
    parts = ["<table cellspacing='0' cellpadding='3' width='100%'>"]
    muted = theme.MUTED.name()

    def heading(text: str) -> None:
        parts.append(f"<tr><td colspan='2'><br><b>{escape(text)}</b></td></tr>")

    heading(tr("Mouse on the picture"))
    for gesture, meaning in (*profile.rows(), *WHEEL_AND_REST):
        parts.append(f"<tr><td width='34%'>{escape(tr(gesture))}</td><td>{escape(tr(meaning))}</td></tr>")
    for menu in MENUS:
        heading(tr(MENU_TITLES[menu]).replace("&", ""))
        for command in (c for c in COMMANDS if c.menu == menu):
            parts.append(
                f"<tr><td>{escape(keys_text(command)) or '–'}</td><td>{escape(tr(command.title))}"
                f"<br><span style='color:{muted}'>{escape(tr(command.tip))}</span></td></tr>"
            )
    parts.append("</table>")
    return "".join(parts)


def key_text(key: str) -> str:
    """Return a shortcut as the platform writes it."""
    return QKeySequence.fromString(key).toString(QKeySequence.SequenceFormat.NativeText) or key
