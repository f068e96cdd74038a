"""Every command of the window, one row each: menus, shortcuts and the F1 page are built from this table."""

from __future__ import annotations

from viewer.app.command_row import Command
from viewer.app.model_commands import MODEL_COMMANDS
from viewer.app.picture_commands import PICTURE_COMMANDS
from viewer.core.words import QT_TR_NOOP

MENUS = ("File", "Edit", "Slices", "View", "Explanations", "Feedback", "Help")
MENU_TITLES = {
    "File": QT_TR_NOOP("&File"),
    "Edit": QT_TR_NOOP("&Edit"),
    "Slices": QT_TR_NOOP("&Slices"),
    "View": QT_TR_NOOP("&View"),
    "Explanations": QT_TR_NOOP("E&xplanations"),
    "Feedback": QT_TR_NOOP("Feed&back"),
    "Help": QT_TR_NOOP("&Help"),
}
"""With the letter that opens the menu together with Alt, each once."""

COMMANDS: tuple[Command, ...] = (*PICTURE_COMMANDS, *MODEL_COMMANDS)

WHEEL_AND_REST: tuple[tuple[str, str], ...] = (
    (QT_TR_NOOP("Wheel"), QT_TR_NOOP("slice")),
    (QT_TR_NOOP("Ctrl+wheel"), QT_TR_NOOP("zoom at the pointer")),
    (QT_TR_NOOP("Shift+wheel"), QT_TR_NOOP("opacity of the overlay")),
    (QT_TR_NOOP("Double-click"), QT_TR_NOOP("this picture alone, and all again")),
    (QT_TR_NOOP("Ctrl+click on a series"), QT_TR_NOOP("show it beside the first")),
    (QT_TR_NOOP("Drag the swipe line"), QT_TR_NOOP("clean to its left, overlay to its right (S)")),
    (QT_TR_NOOP("With the what-if brush"), QT_TR_NOOP("left-drag paints, Ctrl+wheel or [ ] sets its size (W)")),
    (QT_TR_NOOP("Menu key"), QT_TR_NOOP("menu of common commands")),
    (QT_TR_NOOP("Drop files or folders"), QT_TR_NOOP("open them; with Shift, add them to what is open")),
)
"""What the mouse does besides its buttons, which `viewer.core.mouse` describes."""

PICTURE_MENU: tuple[str, ...] = (
    "window.auto",
    "window.1",
    "window.2",
    "",
    "view.fit",
    "view.invert",
    "view.layout",
    "view.maximise",
    "view.swipe",
    "",
    "overlay.toggle",
    "overlay.next",
    "overlay.previous",
    "overlay.outline",
    "overlay.card",
)
"""The menu on a picture; an empty id is a line."""


def find_command(command_id: str) -> Command:
    """Return the command with this id; `KeyError` when there is none."""
    for command in COMMANDS:
        if command.id == command_id:
            return command
    raise KeyError(command_id)
