"""The part of the tour that turns the window to Italian and back."""

from __future__ import annotations

from collections.abc import Callable

from viewer.ui.application import Workplace
from viewer.ui.hands import Hands


def speak_italian(hands: Hands, place: Workplace, expect: Callable[[bool, str], None]) -> None:
    """Choose Italian in the preferences, look at the window and at the keys, and choose English again."""
    for keys, language, title in (("Down", "it", "Preferenze"), ("Up", "en", "Preferences")):
        before = place.window
        hands.press("Ctrl+,")
        hands.dialog("preferences")
        assert place.dialog is not None
        place.dialog.boxes["language"].setFocus()
        hands.press(keys)
        hands.wait(f"the window in {language}", lambda before=before: place.window is not before, place.windowReplaced)  # type: ignore[misc]
        hands.turn_to(place.window)
        expect(hands.dialog("preferences again").windowTitle() == title, f"the preferences speak {language} at once")
        hands.picture(f"17-preferences-{language}")
        hands.press("Escape")
        hands.back_in_window()
        hands.picture(f"17-window-{language}")
