"""A real window that answers questions until it is killed; prints each answer once the form says that it is saved."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from PySide6.QtCore import QTimer

from viewer.app.settings import Settings
from viewer.ui.application import Workplace, make_application

CODES = ("healthy", "affected")


def main() -> None:
    app = make_application()
    store = Path(sys.argv[1])
    place = Workplace(store, Settings(store.with_suffix(".ini")), "fake_model:FakeModel")
    buttons = place.window.form.cards["dx"].buttons
    turns = itertools.cycle(CODES)
    given: list[str] = []

    def give() -> None:
        given.append(next(turns))
        buttons[given[-1]].click()

    def acknowledged(item: str) -> None:
        print(item, given[-1], flush=True)
        # Not from within the acknowledgement: as a reader would, on the next event.
        QTimer.singleShot(0, give)

    place.reading.saved.connect(acknowledged)
    place.session.volumeReady.connect(lambda: QTimer.singleShot(50, give))
    place.start([Path(sys.argv[2])])
    app.exec()


if __name__ == "__main__":
    main()
