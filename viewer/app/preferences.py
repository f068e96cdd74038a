"""What a user prefers, as one value that the preferences dialog changes and the settings keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from viewer.core.mouse import DEFAULT_PROFILE
from viewer.core.words import QT_TR_NOOP

ThemeName = Literal["dark", "light", "system"]
Language = Literal["en", "it"]
Device = Literal["auto", "cpu"]

THEMES: tuple[tuple[ThemeName, str], ...] = (
    ("dark", QT_TR_NOOP("Dark, for a reading room")),
    ("light", QT_TR_NOOP("Light")),
    ("system", QT_TR_NOOP("As the system")),
)
LANGUAGES: tuple[tuple[Language, str], ...] = (("en", "English"), ("it", "Italiano"))
"""Each by its own name: who looks for a language reads that one."""
SCALES: tuple[float, ...] = (1.0, 1.25, 1.5, 2.0)
DEVICES: tuple[tuple[Device, str], ...] = (
    ("auto", QT_TR_NOOP("The graphics processor if there is one")),
    ("cpu", QT_TR_NOOP("The processor only")),
)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What is chosen in the preferences.

    Parameters
    ----------
    scale : float
        Of letters and controls, one of `SCALES`. Pictures keep the screen's own pixels.
    mouse : str
        A key of `viewer.core.mouse.MOUSE_PROFILES`.
    device : "auto" or "cpu"
        Where the engine computes from its next start on.
    """

    theme: ThemeName = "dark"
    language: Language = "en"
    scale: float = 1.0
    mouse: str = DEFAULT_PROFILE.key
    device: Device = "auto"
