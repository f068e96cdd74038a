"""A row of the table of commands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """Something a user can ask for.

    Parameters
    ----------
    id : str
        ``"menu.name"``; the window binds a function to each id.
    menu : str
        Title of the menu it stands in.
    title : str
        What the menu shows.
    keys : tuple of str
        Shortcuts in Qt's portable notation; the first one is shown.
    tip : str
        One sentence for the tooltip, the status line and F1.
    checkable : bool
        Whether the menu entry carries a tick.
    held : bool
        Whether the command lasts while its key is held, and is therefore no ordinary shortcut.
    """

    id: str
    menu: str
    title: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    checkable: bool = False
    held: bool = False
