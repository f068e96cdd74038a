"""What the mouse buttons do on a picture: hands learn it in one viewer and want it in the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from viewer.core.words import QT_TR_NOOP

Button = Literal["left", "middle", "right"]
Modifier = Literal["", "ctrl", "shift"]
MouseAction = Literal["window", "pan", "zoom", "scroll", "menu"]

ACTION_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "window": QT_TR_NOOP("window: across changes the width, up and down the level"),
        "pan": QT_TR_NOOP("pan"),
        "zoom": QT_TR_NOOP("zoom"),
        "scroll": QT_TR_NOOP("slice: down goes on, up goes back"),
        "menu": QT_TR_NOOP("menu of common commands"),
    }
)
_GESTURES: Mapping[tuple[str, str, bool], str] = MappingProxyType(
    {
        ("left", "", True): QT_TR_NOOP("Left-drag"),
        ("middle", "", True): QT_TR_NOOP("Middle-drag"),
        ("right", "", True): QT_TR_NOOP("Right-drag"),
        ("right", "", False): QT_TR_NOOP("Right click"),
        ("right", "shift", True): QT_TR_NOOP("Shift+right-drag"),
        ("right", "ctrl", True): QT_TR_NOOP("Ctrl+right-drag"),
    }
)
FASTER = 2.5
"""One of Ctrl and Shift makes a window drag so much faster in Weasis; both together twice that (MouseActions.java)."""


@dataclass(frozen=True, slots=True)
class MouseProfile:
    """Which button does what.

    Parameters
    ----------
    key : str
        Its name in the settings.
    title : str
        Its name in the preferences, to be translated where it is shown.
    buttons : tuple of (button, modifier, action)
        A button with a modifier that is not listed does what it does without one.
    accelerates : bool
        Whether Ctrl and Shift make a window drag faster.
    """

    key: str
    title: str
    buttons: tuple[tuple[Button, Modifier, MouseAction], ...]
    accelerates: bool = False

    def action(self, button: str, ctrl: bool = False, shift: bool = False) -> MouseAction | None:
        """Return what ``button`` does with these modifiers held; None for a button that does nothing."""
        table: dict[tuple[str, str], MouseAction] = {(name, held): action for name, held, action in self.buttons}
        for held in (*(["ctrl"] if ctrl else []), *(["shift"] if shift else []), ""):
            if (button, held) in table:
                return table[button, held]
        return None

    def speed(self, ctrl: bool, shift: bool) -> float:
        """Return by how much a window drag is faster with these modifiers held."""
        if not self.accelerates:
            return 1.0
        return 2 * FASTER if ctrl and shift else FASTER if ctrl or shift else 1.0

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return gestures and what they do, in English, for the F1 page."""
        rows = [
            (_GESTURES[button, modifier, action != "menu"], ACTION_WORDS[action])
            for button, modifier, action in self.buttons
        ]
        if self.accelerates:
            rows.append(
                (QT_TR_NOOP("Ctrl or Shift while dragging the window"), QT_TR_NOOP("2.5 times as fast, both 5 times"))
            )
        return tuple(rows)


DEFAULT_PROFILE = MouseProfile(
    "default",
    QT_TR_NOOP("Left window, right zoom (as in OHIF and Horos)"),
    (("left", "", "window"), ("middle", "", "pan"), ("right", "", "zoom")),
)
MOUSE_PROFILES: Mapping[str, MouseProfile] = MappingProxyType(
    {
        profile.key: profile
        for profile in (
            DEFAULT_PROFILE,
            MouseProfile(
                "weasis",
                QT_TR_NOOP("Left window, right menu (as in Weasis)"),
                (("left", "", "window"), ("middle", "", "pan"), ("right", "", "menu")),
                accelerates=True,
            ),
            MouseProfile(
                "right-window",
                QT_TR_NOOP("Right window, left slices (as in MITK's PACS mode)"),
                (
                    ("left", "", "scroll"),
                    ("middle", "", "pan"),
                    ("right", "", "window"),
                    ("right", "shift", "pan"),
                    ("right", "ctrl", "zoom"),
                ),
            ),
        )
    }
)
"""Sources: Weasis MouseActions.java, OHIF initToolGroups.js, Horos DefaultsOsiriX.m, MITK's PACS mode."""
