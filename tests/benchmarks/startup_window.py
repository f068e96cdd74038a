"""The window on a folder of slices: prints as JSON when it was shown, when the first picture came, when the model."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

BEGAN = float(sys.argv[1])


def main() -> None:
    from PySide6.QtCore import QEvent, QObject

    from viewer.app.settings import Settings
    from viewer.ui.application import Workplace, make_application

    app = make_application()
    answers = Path(sys.argv[2])
    place = Workplace(answers, Settings(answers.with_suffix(".ini")))
    said: dict[str, float | bool] = {}

    def say(what: str) -> None:
        said.setdefault(what, round(time.time() - BEGAN, 3))

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                say("window")
                said.setdefault("torch", "torch" in sys.modules)
            return False

    watch = Watch()
    place.window.views[0].installEventFilter(watch)

    def refreshed() -> None:
        if place.window.views[0].picture is not None:
            say("picture")

    def predicted() -> None:
        if place.explaining.counts()[0]:
            say("prediction")
            place.window.close()

    place.window.refreshed.connect(refreshed)
    place.explaining.resultsChanged.connect(predicted)
    place.start([Path(sys.argv[3])], Path(sys.argv[4]))
    app.exec()
    place.close()
    print(json.dumps(said))


if __name__ == "__main__":
    main()
