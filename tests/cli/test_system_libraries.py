"""What is said where Qt's window cannot come up."""

from __future__ import annotations

import pytest

from viewer.system_libraries import ALWAYS, BY_PLATFORM, StartError, check_window, choose_platform


def fails(needs_display: bool = True, missing: tuple[str, ...] = (), x_answers: bool = True, **environment: str) -> str:
    """Return the sentence that `check_window` refuses with on a Linux where ``missing`` cannot be loaded."""
    with pytest.raises(StartError) as caught:
        check_window(
            needs_display=needs_display,
            environment=environment,
            system="linux",
            loads=lambda library: library not in missing,
            x_answers=lambda: x_answers,
        )
    return str(caught.value)


def test_names_the_packages_of_missing_libraries() -> None:
    said = fails(missing=("libEGL.so.1", "libxcb-cursor.so.0"), DISPLAY=":0")
    assert "libEGL.so.1, libxcb-cursor.so.0" in said
    assert said.endswith("sudo apt-get install -y libegl1 libxcb-cursor0")
    assert "\n" not in said


def test_libraries_of_another_platform_are_not_asked_for() -> None:
    only_x = tuple(BY_PLATFORM["xcb"])
    for environment in ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, {"QT_QPA_PLATFORM": "offscreen"}):
        check_window(
            needs_display=True,
            environment=environment,
            system="linux",
            loads=lambda library: library not in only_x,
            x_answers=lambda: False,
        )


def test_no_display_is_said_in_one_sentence() -> None:
    said = fails()
    assert "no display" in said
    assert "\n" not in said


def test_a_dead_display_is_said() -> None:
    assert "':7' does not answer" in fails(x_answers=False, DISPLAY=":7")


def test_what_no_one_watches_is_drawn_off_screen() -> None:
    environment: dict[str, str] = {}
    check_window(needs_display=False, environment=environment, system="linux", loads=lambda _: True)
    assert environment == {"QT_QPA_PLATFORM": "offscreen"}


def test_the_tour_uses_a_display_that_is_there() -> None:
    environment = {"DISPLAY": ":0"}
    check_window(
        needs_display=False, environment=environment, system="linux", loads=lambda _: True, x_answers=lambda: True
    )
    assert environment == {"DISPLAY": ":0"}


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_bring_their_libraries(system: str) -> None:
    check_window(needs_display=True, environment={}, system=system, loads=lambda _: False, x_answers=lambda: False)


def test_the_platform_may_carry_options() -> None:
    assert choose_platform({"QT_QPA_PLATFORM": "xcb:geometry=1x1;wayland", "WAYLAND_DISPLAY": "w"}) == "xcb"


def test_every_library_has_a_package() -> None:
    for libraries in (ALWAYS, *BY_PLATFORM.values()):
        for library, package in libraries.items():
            assert ".so." in library
            assert package == package.lower()
