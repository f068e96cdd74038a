"""The reader's answers: what is on screen when a question is shown, saved one by one, found again on reopening."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

import xai
from viewer.app.tasks import Emit, TaskRunner
from viewer.core.items import CONFIDENCE, DX, ITEMS, SHORT_FORM, SUSPICION, Item
from viewer.core.ratings import About, Answer, RatingStore, Stage, case_id_of, utc_now, valid_reader_id
from viewer.core.ratings_csv import export_csv
from xai.progress import Progress

CASE_ITEMS = (DX, SUSPICION, CONFIDENCE)
MAP_ITEMS = SHORT_FORM
NOT_JUDGED = "na"
UNKNOWN_READER = "R00"
"""Whose answers they are until a reader id is given."""


@dataclass(frozen=True, slots=True)
class OnScreen:
    """What the reader sees: decides what an answer is about.

    Parameters
    ----------
    volume_sha256 : str
        Of the open series; empty while it is being read, when nothing can be answered.
    stage : str
        S0 the picture alone, S1 with a prediction, S2 with a map.
    slice_index : int
        From 1.
    """

    volume_sha256: str = ""
    stage: Stage = "S0"
    slice_index: int = 1
    model_id: str = ""
    model_sha256: str = ""
    ai_label: int | None = None
    ai_prob: float | None = None
    ai_threshold: float | None = None
    map_id: str = ""
    map_title: str = ""
    map_sha256: str = ""
    target_class: str = ""

    def about(self, reader_id: str, item: Item) -> About:
        """Return what an answer to ``item`` given now is about."""
        is_case = item.scope == "case"
        return About(
            reader_id=reader_id,
            case_id=case_id_of(self.volume_sha256),
            stage=self.stage,
            volume_sha256=self.volume_sha256,
            slice_index=self.slice_index,
            model_id=self.model_id,
            model_sha256=self.model_sha256,
            # The model speaks of slices: an answer about the whole case carries no slice's probability.
            ai_label=None if is_case else self.ai_label,
            ai_prob=None if is_case else self.ai_prob,
            ai_threshold=None if is_case else self.ai_threshold,
            map_id=self.map_id,
            map_label_shown=self.map_title,
            map_sha256=self.map_sha256,
            map_is_sham=False if self.map_id else None,
            target_class=self.target_class,
            app_version=xai.__version__,
        ).for_item(item)


class Reading(QObject):
    """Keeps answers in a `RatingStore` on a thread of their own and shows what is saved and what is not yet."""

    answersChanged = Signal()
    saved = Signal(str)
    """Item id of an answer that is on disk."""
    readerChanged = Signal(str)
    exported = Signal(int, object)
    message = Signal(str, bool)

    def __init__(self, path: Path, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._runner = runner
        self._store: RatingStore | None = None
        self._saved: dict[tuple[object, ...], Answer] = {}
        self._pending: dict[tuple[object, ...], Answer] = {}
        self._shown: dict[tuple[object, ...], tuple[str, float]] = {}
        self._screen = OnScreen()
        self.reader_id = UNKNOWN_READER

    def open(self) -> None:
        """Open the store; answers of earlier sittings come in when it is there."""

        def work(progress: Progress, emit: Emit) -> RatingStore:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return RatingStore(self._path)

        task = self._runner.run(work, title="Opening the answers")
        task.succeeded.connect(self._opened)
        task.failed.connect(lambda why: self.message.emit(why, True))

    def _opened(self, store: RatingStore) -> None:
        self._store = store
        self._take_saved(store.answers())
        self.answersChanged.emit()

    def _take_saved(self, answers: tuple[Answer, ...]) -> None:
        for answer in answers:
            self._saved[self._place(answer)] = answer

    @staticmethod
    def _place(answer: Answer) -> tuple[object, ...]:
        """Name what an answer is about, whatever the stage: the form shows the newest."""
        about = answer.about
        return about.reader_id, about.case_id, answer.item_id, about.map_id, about.target_class, about.slice_index

    def set_reader(self, reader_id: str) -> None:
        """Answer as ``reader_id`` from now on, if it is a pseudonym."""
        if not reader_id or reader_id == self.reader_id:
            self.readerChanged.emit(self.reader_id)
            return
        if not valid_reader_id(reader_id):
            self.message.emit("A reader id is one to four letters and a number, such as R03, never a name.", True)
            self.readerChanged.emit(self.reader_id)
            return
        self.reader_id = reader_id
        self.readerChanged.emit(reader_id)
        self.answersChanged.emit()

    def show(self, screen: OnScreen) -> None:
        """Say what is on screen now; the clock of every question that appears with it starts."""
        if screen != self._screen:
            self._screen = screen
            self.answersChanged.emit()
        if screen.volume_sha256:
            now = utc_now(), time.monotonic()
            for item in (*CASE_ITEMS, *(MAP_ITEMS if screen.map_id else ())):
                self._shown.setdefault(self._question(item), now)

    def _question(self, item: Item) -> tuple[object, ...]:
        """Name the question as `_place` names its answer, without making one: this is done for every slice passed."""
        screen = self._screen
        is_map, is_case = item.scope == "map" and screen.stage == "S2", item.scope == "case"
        about_map = (screen.map_id, screen.target_class) if is_map else ("", "")
        number = None if is_case else screen.slice_index
        return self.reader_id, case_id_of(screen.volume_sha256), item.id, *about_map, number

    @property
    def screen(self) -> OnScreen:
        """What is on screen, as last said."""
        return self._screen

    def closed_why(self, item: Item) -> str:
        """Why ``item`` cannot be answered now; empty when it can."""
        if not self._screen.volume_sha256:
            return "The series is not read completely yet."
        if item.scope == "map" and not self._screen.map_id:
            return "Show one map to rate it (V, or tick a method)."
        return ""

    def answer(self, item_id: str, code: str) -> None:
        """Answer a question: an option's code, ``"na"`` for "cannot judge", or the text of a comment."""
        item = ITEMS[item_id]
        if self.closed_why(item):
            return
        place = self._question(item)
        shown_utc, shown = self._shown.get(place, (utc_now(), time.monotonic()))
        value = None if code == NOT_JUDGED and item.na_option else code
        about = self._screen.about(self.reader_id, item)
        answer = Answer.give(item, value, about, shown_utc, round(1000 * (time.monotonic() - shown)))
        self._pending[place] = answer
        self.answersChanged.emit()
        is_taken_back = item.type == "text" and not code
        self._save(place, answer, is_taken_back)

    def _save(self, place: tuple[object, ...], answer: Answer, take_back: bool) -> None:
        store = self._store
        if store is None:
            self.message.emit(f"The answer is not saved: the store of answers {self._path.name} is not open.", True)
            return

        def work(progress: Progress, emit: Emit) -> Answer | None:
            if take_back:
                store.unanswer(answer)
                return None
            return store.record(answer)

        task = self._runner.run(work, title="Saving the answer")
        task.succeeded.connect(partial(self._acknowledged, place, answer))
        task.failed.connect(lambda why: self.message.emit(why, True))

    def _acknowledged(self, place: tuple[object, ...], given: Answer, saved: Answer | None) -> None:
        # A newer answer to the same question may be on its way already.
        if self._pending.get(place) is given:
            del self._pending[place]
        if saved is None:
            self._saved.pop(place, None)
        else:
            self._saved[place] = saved
        self.answersChanged.emit()
        self.saved.emit(given.item_id)

    def save_again(self) -> None:
        """Try once more to save what could not be saved."""
        for place, answer in list(self._pending.items()):
            self._save(place, answer, take_back=answer.item_type == "text" and not answer.value_text)

    def given(self, item: Item) -> tuple[Answer | None, bool]:
        """Return the answer to ``item`` about what is on screen, and whether it is saved."""
        if not self._screen.volume_sha256 or (item.scope == "map" and not self._screen.map_id):
            return None, True
        place = self._question(item)
        if place in self._pending:
            return self._pending[place], False
        return self._saved.get(place), True

    @property
    def unsaved(self) -> int:
        """How many answers are not on disk yet."""
        return len(self._pending)

    def export(self, path: Path) -> None:
        """Write every answer to ``path`` and a codebook beside it."""
        store = self._store
        if store is None:
            self.message.emit("There are no answers to write: their store is not open.", True)
            return

        def work(progress: Progress, emit: Emit) -> int:
            return export_csv(path, store)

        task = self._runner.run(work, title=f"Writing {path.name}")
        task.succeeded.connect(lambda rows: self.exported.emit(rows, path))
        task.failed.connect(lambda why: self.message.emit(why, True))

    def close(self) -> None:
        """Close the store once everything that waits to be saved is written."""
        store, self._store = self._store, None
        if store is not None:

            def work(progress: Progress, emit: Emit) -> None:
                store.close()

            self._runner.run(work, title="Closing the answers", priority=-1)
