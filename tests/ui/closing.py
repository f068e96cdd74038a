"""Closes the window again and again, at one moment or another while work runs; prints a line of JSON for each time.

Run as ``closing.py FOLDER SERIES TIMES``, so that a crash is an exit code.
"""

from __future__ import annotations

import itertools
import json
import logging
import multiprocessing
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer

from viewer.app.settings import Settings
from viewer.ui.application import Workplace, make_application

Moment = Callable[[Workplace], bool]

MOMENTS: dict[str, Moment] = {
    "at once": lambda place: True,
    "while folders are searched": lambda place: place.files.is_busy,
    "while a series is read": lambda place: any(values is not None for values in place.session.slices),
    "while thumbnails are made": lambda place: _has_thumbnail(place),
    "while the engine starts": lambda place: place.session.volume is not None,
    "while the model is loaded": lambda place: place.window.task_bar.device.text() != "",
    "while it computes": lambda place: place.explaining.model is not None and place.window.task_bar.bar.isVisible(),
    "while an answer is saved": lambda place: place.reading.unsaved > 0,
}


def close_at(moment: str, folder: Path, series: Path, limit_s: float = 60.0) -> list[str]:
    """Open a window on ``series``, close it at ``moment`` and return what is left over, in words; empty for nothing.

    What threads and the event loop raise on the way is counted, too.
    """
    make_application()
    faults: list[str] = []
    hooks = threading.excepthook, sys.excepthook
    threading.excepthook = lambda args: faults.append(f"thread raised {args.exc_type.__name__}: {args.exc_value}")
    sys.excepthook = lambda kind, error, _: faults.append(f"raised {kind.__name__}: {error}")
    record = _Errors(faults)
    logging.getLogger().addHandler(record)
    threads, children = set(threading.enumerate()), set(multiprocessing.active_children())
    try:
        place = Workplace(folder / "answers.sqlite", Settings(folder / "settings.ini"), "fake_model:SlowModel")
        place.start([series], folder / "model")
        if moment == "while an answer is saved":
            place.session.volumeReady.connect(lambda: _answer(place))
        is_there = MOMENTS[moment]
        if not _turn_until(lambda: is_there(place), limit_s):
            faults.append(f"the moment {moment!r} did not come")
        place.window.close()
        place.close()
        place.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QCoreApplication.processEvents()
    finally:
        logging.getLogger().removeHandler(record)
        threading.excepthook, sys.excepthook = hooks
    faults += [f"thread {thread.name}" for thread in threading.enumerate() if thread not in threads]
    faults += [f"process {child.name}" for child in multiprocessing.active_children() if child not in children]
    return faults


def _has_thumbnail(place: Workplace) -> bool:
    tree = place.window.series_panel.list
    return tree.count() > 0 and not tree.item(0).icon(0).isNull()


class _Errors(logging.Handler):
    def __init__(self, faults: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._faults = faults

    def emit(self, record: logging.LogRecord) -> None:
        self._faults.append(f"logged {record.getMessage()}")


def _answer(place: Workplace) -> None:
    place.window.refresh()
    place.window.form.answered.emit("dx", "affected")


def _turn_until(is_there: Callable[[], bool], limit_s: float) -> bool:
    """Let the event loop turn until something is so; looks after every event that could have made it so."""
    loop, give_up = QEventLoop(), QTimer(singleShot=True, interval=round(1000 * limit_s))
    give_up.timeout.connect(loop.quit)
    give_up.start()
    while not (there := is_there()) and give_up.isActive():
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    return there


def main() -> None:
    folder, series, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    for moment in itertools.islice(itertools.cycle(MOMENTS), times):
        print(json.dumps([moment, close_at(moment, folder, series)]), flush=True)


if __name__ == "__main__":
    main()
