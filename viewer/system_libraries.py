"""Whether Qt's window can come up here, said in one sentence before Qt aborts without one."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping

ALWAYS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
"""What Qt's core and pictures link to on Linux, with the Debian package of each."""

BY_PLATFORM: Mapping[str, Mapping[str, str]] = {
    "xcb": {
        "libxcb-cursor.so.0": "libxcb-cursor0",
        "libxcb-icccm.so.4": "libxcb-icccm4",
        "libxcb-image.so.0": "libxcb-image0",
        "libxcb-keysyms.so.1": "libxcb-keysyms1",
        "libxcb-render-util.so.0": "libxcb-render-util0",
        "libxcb-shape.so.0": "libxcb-shape0",
        "libxcb-xkb.so.1": "libxcb-xkb1",
        "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    },
    "wayland": {
        "libwayland-client.so.0": "libwayland-client0",
        "libwayland-cursor.so.0": "libwayland-cursor0",
    },
}
"""What the platform plugin links to besides."""


class StartError(Exception):
    """The window cannot be opened on this machine; the message is one sentence that says what to do."""


def can_load(library: str) -> bool:
    """Return whether the dynamic linker finds ``library``."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def can_connect_to_x() -> bool:
    """Return whether the X server that ``DISPLAY`` names answers."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not failed


def choose_platform(environment: Mapping[str, str]) -> str:
    """Return the Qt platform plugin that Qt will take on Linux; empty where there is no display."""
    asked = environment.get("QT_QPA_PLATFORM", "")
    if asked:
        return asked.split(";")[0].split(":")[0]
    if environment.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "xcb" if environment.get("DISPLAY") else ""


def check_window(
    *,
    needs_display: bool,
    environment: MutableMapping[str, str] = os.environ,
    system: str = sys.platform,
    loads: Callable[[str], bool] = can_load,
    x_answers: Callable[[], bool] = can_connect_to_x,
) -> None:
    """Make sure that Qt can open a window.

    What no one looks at, such as the tour, needs no display: without one Qt is then told to draw off screen. The other
    arguments stand for the machine, so that tests can be another one.

    Raises
    ------
    StartError
        When a system library is missing, or there is no display to show the window on.
    """
    if not system.startswith("linux"):
        return
    platform = choose_platform(environment)
    if not platform and not needs_display:
        platform = environment["QT_QPA_PLATFORM"] = "offscreen"
    wanted = {**ALWAYS, **BY_PLATFORM.get(platform.removesuffix("-egl"), {})}
    missing = {library: package for library, package in wanted.items() if not loads(library)}
    if missing:
        raise StartError(
            f"The window needs system libraries that are missing here ({', '.join(missing)}); "
            f"on Debian or Ubuntu: sudo apt-get install -y {' '.join(missing.values())}"
        )
    if not platform:
        raise StartError(
            "There is no display to open the window on (neither DISPLAY nor WAYLAND_DISPLAY is set); "
            "info, predict, explain, render and demo --tour work without one."
        )
    if platform == "xcb" and not x_answers():
        raise StartError(f"The display {environment.get('DISPLAY', '')!r} does not answer, so no window can be opened.")
