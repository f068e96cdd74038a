"""A real window that goes through a review until it is killed; prints every place once it is on disk."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer

from viewer.app import restore
from viewer.app.control import Control
from viewer.app.session import Session
from viewer.app.settings import Settings
from viewer.core.stored import to_json
from viewer.core.view_state import laid_out
from viewer.ui.application import Workplace, make_application

SERIES = 1


def review(session: Session, control: Control) -> list[Callable[[], object]]:
    """Return what is done, one after the other; every step changes the state."""
    do = control.bindings()
    return [
        partial(control.show_slice, 2),
        partial(control.window_dragged, 40.0, -25.0),
        partial(control.zoomed, 2.5, 3.0, -4.0),
        partial(control.panned, 6.0, 2.5),
        do["overlay.toggle"],
        partial(control.styled, "gradcam", "opacity", 0.85),
        partial(control.styled, "gradcam", "colormap", "viridis"),
        partial(control.overlay_ticked, "gradcam", True),
        partial(control.targeted, "healthy"),
        lambda: session.change(laid_out(session.state, "compare")),
        do["view.crosshair"],
        partial(control.show_slice, 5),
    ]


def main() -> None:
    restore.LOOK_MS = 5
    app = make_application()
    file, answers, series = (Path(argument) for argument in sys.argv[1:4])
    settings, catalogue = Settings(answers.with_suffix(".ini")), importlib.import_module("fake_model").CATALOGUE
    place = Workplace(answers, settings, "fake_model:FakeModel", file, catalogue)
    place.window.resize(900, 700)
    session = place.session
    steps = review(session, place.window.control)

    def tell(kept: restore.KeptPlace) -> None:
        print(json.dumps(to_json(kept)), flush=True)
        if kept.state == session.state and session.index == SERIES and steps:
            steps.pop(0)()

    place.keeper.written.connect(tell)
    # The last series that is read: then the review begins.
    session.volumeReady.connect(lambda: session.select(SERIES) if session.index != SERIES else None)
    place.start([series], answers.parent / "model")
    QTimer.singleShot(100_000, app.quit)
    app.exec()


if __name__ == "__main__":
    main()
