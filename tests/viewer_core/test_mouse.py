"""What each profile of mouse buttons does."""

from __future__ import annotations

import pytest

from viewer.core.mouse import ACTION_WORDS, MOUSE_PROFILES

HELD = ((False, False), (True, False), (False, True), (True, True))


@pytest.mark.parametrize(
    ("profile", "button", "ctrl", "shift", "action"),
    [
        ("default", "left", False, False, "window"),
        ("default", "middle", False, False, "pan"),
        ("default", "right", False, False, "zoom"),
        ("default", "right", True, True, "zoom"),
        ("weasis", "left", True, False, "window"),
        ("weasis", "middle", False, False, "pan"),
        ("weasis", "right", False, False, "menu"),
        ("right-window", "left", False, False, "scroll"),
        ("right-window", "right", False, False, "window"),
        ("right-window", "right", False, True, "pan"),
        ("right-window", "right", True, False, "zoom"),
        ("right-window", "", False, False, None),
    ],
)
def test_buttons(profile: str, button: str, ctrl: bool, shift: bool, action: str | None) -> None:
    assert MOUSE_PROFILES[profile].action(button, ctrl, shift) == action


def test_only_weasis_hands_drag_faster() -> None:
    assert [MOUSE_PROFILES["weasis"].speed(*held) for held in HELD] == [1, 2.5, 2.5, 5]
    assert {profile.speed(True, True) for key, profile in MOUSE_PROFILES.items() if key != "weasis"} == {1.0}


def test_every_profile_says_what_each_of_its_buttons_does() -> None:
    for key, profile in MOUSE_PROFILES.items():
        assert profile.key == key
        words = [meaning for _, meaning in profile.rows()]
        assert all(ACTION_WORDS[action] in words for _, _, action in profile.buttons)
        # A window can be set, moved and enlarged in every profile, or the wheel and the menu do it.
        assert {"window", "pan"} <= {action for _, _, action in profile.buttons}
