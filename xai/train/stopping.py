"""Ctrl-C and SLURM's warning end a run at its next step, with what is finished kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from xai.errors import XaiError
from xai.progress import Cancelled
from xai.train.run import Tell

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable(tell: Tell) -> Iterator[Tell]:
    """Hand out a ``tell`` that raises `Cancelled` once the process was asked to end; a second Ctrl-C ends it at once.

    An exception raised by the signal itself would reach Lightning, which ends the process in its own way. What goes
    wrong after the request is part of the ending: processes that share batches lose each other then.
    """
    asked, pressed = threading.Event(), threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()
        if number == signal.SIGINT:  # launchers send SIGTERM after a Ctrl-C, and more than once
            if pressed.is_set():
                raise KeyboardInterrupt
            pressed.set()

    def checked(words: str, done: float, total: float) -> None:
        if asked.is_set():
            raise Cancelled
        tell(words, done, total)

    if threading.current_thread() is not threading.main_thread():
        yield checked
        return
    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield checked
    except XaiError:
        if asked.is_set():
            raise Cancelled from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
