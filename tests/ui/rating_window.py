"""A real window in which a review is done until it is killed; prints each answer and lock once they are on disk.

Arguments: store, series, and, for a review from the picture to the maps, a reader id and a seed; without these it
answers one question again and again.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QTimer

from viewer.app.settings import Settings
from viewer.core.items import ITEMS
from viewer.ui.application import Workplace, make_application

CODES = ("healthy", "affected")
MAP_ITEMS = ("m_loc", "m_specific", "m_help", "m_mislead", "m_error")


def main() -> None:
    app = make_application()
    store = Path(sys.argv[1])
    place = Workplace(store, Settings(store.with_suffix(".ini")), "fake_model:FakeModel")
    if len(sys.argv) > 3:
        place.reading.set_reader(sys.argv[3])
        place.reveal.set_on(True)
        Review(place, random.Random(int(sys.argv[4]))).start()
        place.start([Path(sys.argv[2])], Path("model"))
    else:
        repeat_one(place)
        place.start([Path(sys.argv[2])])
    app.exec()


def repeat_one(place: Workplace) -> None:
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


class Review:
    """Reads, locks, rates maps, marks, comments, changes its mind and takes things back, one after the other."""

    def __init__(self, place: Workplace, dice: random.Random) -> None:
        self._place, self._dice = place, dice
        self._steps = self._review()
        self._waiting = False

    def start(self) -> None:
        """Begin as soon as everything is there."""
        place = self._place
        place.reading.saved.connect(self._saved)
        place.reading.locked.connect(lambda stage: self._say("lock", stage))
        for signal in (place.explaining.resultsChanged, place.session.volumeReady, place.reading.answersChanged):
            signal.connect(self._begin)

    def _begin(self) -> None:
        place = self._place
        is_there = place.session.volume is not None and place.explaining.counts()[0] == len(place.session.slices) > 0
        if is_there and place.reading.is_open and not self._waiting:
            self._waiting = True
            QTimer.singleShot(0, self._next)

    def _saved(self, item_id: str) -> None:
        answer, _ = self._place.reading.given(ITEMS[item_id])
        self._say(item_id, None if answer is None else answer.value_label or answer.value_text)

    def _say(self, what: str, value: str | None) -> None:
        print(json.dumps([what, value]), flush=True)
        QTimer.singleShot(0, self._next)

    def _next(self) -> None:
        self._place.window.refresh()
        next(self._steps)

    def _review(self) -> Iterator[None]:
        """Yield after each deed; what follows is done once it is on disk."""
        window, dice, reading = self._place.window, self._dice, self._place.reading
        for _ in range(2):
            for item in ("dx", "susp", "conf", "dx"):
                yield self._click(item)
            if reading.screen.stage == "S0":
                yield reading.answer("where", '{"type": "Point", "coordinates": [12.5, 30]}')
            yield window.actions_by_id["rate.lock"].trigger()
        window.actions_by_id["overlay.toggle"].trigger()
        for number in itertools.count():
            window.control.show_slice(dice.choice((2, 5)))
            window.actions_by_id[dice.choice(("overlay.next", "view.invert", "overlay.more"))].trigger()
            window.refresh()
            if number % 4 == 3:
                yield reading.answer("comment", f"{number}: " + "the soleus, " * dice.randrange(200))
                yield window.actions_by_id["edit.undo"].trigger()
            elif number % 4 == 2:
                yield self._click("susp")
            else:
                yield self._click(dice.choice(MAP_ITEMS))

    def _click(self, item_id: str) -> None:
        """Choose an option that is not chosen yet, so that there is something to save."""
        buttons = self._place.window.form.cards[item_id].buttons
        self._dice.choice([button for button in buttons.values() if not button.isChecked()]).click()


if __name__ == "__main__":
    main()
