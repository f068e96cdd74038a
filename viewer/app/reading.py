"""The reader's answers: what is on screen when a question is shown, saved one by one, found again on reopening."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

import xai
from viewer.app.answer_step import AnswerStep
from viewer.app.tasks import Emit, TaskRunner
from viewer.core.active_clock import ActiveClock
from viewer.core.answers import STAGES
from viewer.core.exposure import active_ms
from viewer.core.items import CASE_SHORT, ITEMS, SHORT_FORM, Item
from viewer.core.on_screen import OnScreen, Place
from viewer.core.ratings import About, Answer, RatingStore, Stage, utc_now, valid_reader_id
from viewer.core.ratings_csv import export_csv
from viewer.core.revisions import Revision, revisions
from viewer.core.stages import LOCKING, MISSING_WORDS, missing, stage_of
from viewer.core.words import tr
from xai.progress import Progress

__all__ = ["CASE_ITEMS", "MAP_ITEMS", "NOT_JUDGED", "UNKNOWN_READER", "OnScreen", "Place", "Reading"]

CASE_ITEMS = CASE_SHORT
MAP_ITEMS = SHORT_FORM
NOT_JUDGED = "na"
UNKNOWN_READER = "R00"
"""Whose answers they are until a reader id is given."""
BEHIND = -1
"""Priority of what may wait until the answers are written."""


class Reading(QObject):
    """Keeps answers in a `RatingStore` on a thread of their own and shows what is saved and what is not yet."""

    answersChanged = Signal()
    saved = Signal(str)
    """Item id of an answer that is on disk."""
    readerChanged = Signal(str)
    exported = Signal(int, object)
    message = Signal(str, bool)
    stepped = Signal(object)
    """An answer was given: a `Step` for the timeline."""
    revised = Signal(object)
    """The `Place` of an answer that was taken back or done again."""
    locking = Signal()
    """A stage is about to be locked: what belongs to it is to be written now."""
    locked = Signal(str)
    """Stage whose lock is on disk."""

    def __init__(self, path: Path, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._runner = runner
        self._store: RatingStore | None = None
        self._saved: dict[Place, Answer] = {}
        self._pending: dict[Place, tuple[Answer, bool]] = {}
        """Answers on their way to the disk, and whether they are taken back."""
        self._shown: dict[Place, tuple[str, float]] = {}
        self._locks: dict[tuple[str, str], frozenset[Stage]] = {}
        self._locking: tuple[str, str, Stage] | None = None
        self._seen: set[tuple[str, str]] = set()
        self._screen = OnScreen()
        self.clock = ActiveClock()
        self.staged = False
        """Whether each stage has answers of its own (read first, then reveal)."""
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
        for answer in store.answers():
            self._saved[Place.of(answer)] = answer
        for event in store.history():
            if event["stage"] in STAGES[1:]:
                self._seen.add((str(event["reader_id"]), str(event["case_id"])))
        self._locks = store.locks()
        self.save_again()  # what was answered before the store was there
        self.answersChanged.emit()

    @property
    def is_open(self) -> bool:
        """Whether the store is there."""
        return self._store is not None

    def set_reader(self, reader_id: str) -> None:
        """Answer as ``reader_id`` from now on, if it is a pseudonym."""
        if not reader_id or reader_id == self.reader_id:
            self.readerChanged.emit(self.reader_id)
            return
        if not valid_reader_id(reader_id):
            self.message.emit(tr("A reader id is one to four letters and a number, such as R03, never a name."), True)
            self.readerChanged.emit(self.reader_id)
            return
        self.reader_id = reader_id
        self.readerChanged.emit(reader_id)
        self.answersChanged.emit()

    def show(self, screen: OnScreen, items: tuple[Item, ...] = (*CASE_ITEMS, *MAP_ITEMS)) -> None:
        """Say what is on screen now; the clock of every question of ``items`` that appears with it starts."""
        if screen != self._screen:
            self._screen = screen
            self.answersChanged.emit()
        if screen.volume_sha256:
            now = utc_now(), self.clock.seconds()
            for item in items:
                if item.scope != "map" or screen.map_id:
                    self._shown.setdefault(self._shown_place(item), now)
            if screen.stage != "S0":
                self._seen.add((self.reader_id, screen.case_id))

    def _place(self, item: Item) -> Place:
        return self._screen.place(self.reader_id, item)

    def _shown_place(self, item: Item) -> Place:
        place = self._place(item)
        return place if self.staged else place._replace(stage="")

    def about(self, item: Item | None = None) -> About:
        """Return what an answer to ``item`` given now is about; without an item, what is on screen as a whole."""
        return self._screen.about(self.reader_id, item, xai.__version__)

    @property
    def screen(self) -> OnScreen:
        """What is on screen, as last said."""
        return self._screen

    # Stages ---------------------------------------------------------------------------------------------------------

    def locked_stages(self, case_id: str) -> frozenset[Stage]:
        """Return the stages of a case that this reader has locked."""
        return self._locks.get((self.reader_id, case_id), frozenset())

    def stage_of_case(self, case_id: str) -> Stage:
        """Return the stage that a case is at for this reader; S0 while the store is not there."""
        return stage_of(self.locked_stages(case_id))

    def is_locked(self, place: Place) -> bool:
        """Whether the answer at ``place`` can no longer be changed."""
        locked = self._locks.get((place.reader_id, place.case_id), frozenset())
        return place.stage in locked or (place.reader_id, place.case_id, place.stage) == self._locking

    def can_revise(self, place: Place) -> bool:
        """Whether the present reader may change the answer at ``place``."""
        return place.reader_id == self.reader_id and not self.is_locked(place)

    @property
    def was_seen(self) -> bool:
        """Whether this reader has had the prediction of the open case on screen before."""
        return (self.reader_id, self._screen.case_id) in self._seen

    def lock_why(self) -> str:
        """Why the stage on screen cannot be locked now; empty when it can."""
        screen = self._screen
        if not screen.volume_sha256:
            return tr("The series is not read completely yet.")
        if self._store is None:
            return tr("The store of answers is not open.")
        if self.is_locked(self._place(LOCKING[0])):
            return tr("This reading is locked.")
        left = missing([item.id for item in LOCKING if self.given(item)[0] is not None])
        if left:
            return tr("Missing: {answers}.").format(answers=", ".join(tr(MISSING_WORDS[item.id]) for item in left))
        return ""

    def lock(self) -> None:
        """Lock the answers of the stage on screen; `locked` comes once that is on disk."""
        why, store, screen = self.lock_why(), self._store, self._screen
        if why or store is None:
            self.message.emit(why, False)
            return
        self.locking.emit()
        reader_id, case_id, stage = self.reader_id, screen.case_id, screen.stage
        self._locking = reader_id, case_id, stage
        about = self.about()
        seen_before = self.was_seen and stage == "S0"

        def work(progress: Progress, emit: Emit) -> None:
            spent = active_ms(store.history(reader_id, case_id), stage)
            facts = {"active_ms": spent, "prediction_was_seen": seen_before}
            store.lock(about, [item.id for item in LOCKING], facts)

        # Behind the log of what was seen, whose times it sums up; answers stand before both.
        task = self._runner.run(work, title="Locking the reading", priority=BEHIND)
        task.succeeded.connect(lambda _: self._is_locked(reader_id, case_id, stage))
        task.failed.connect(self._lock_failed)
        self.answersChanged.emit()

    def _is_locked(self, reader_id: str, case_id: str, stage: Stage) -> None:
        self._locking = None
        key = reader_id, case_id
        self._locks[key] = self._locks.get(key, frozenset()) | {stage}
        self.answersChanged.emit()
        self.locked.emit(stage)

    def _lock_failed(self, why: str) -> None:
        self._locking = None
        self.message.emit(why, True)
        self.answersChanged.emit()

    # Answers --------------------------------------------------------------------------------------------------------

    def closed_why(self, item: Item) -> str:
        """Why ``item`` cannot be answered now; empty when it can."""
        if not self._screen.volume_sha256:
            return tr("The series is not read completely yet.")
        if self.is_locked(self._place(item)):
            return tr("Locked: these answers are no longer changed.")
        if item.scope == "map" and not self._screen.map_id:
            return tr("Show one map to rate it (V, or tick a method).")
        return ""

    def answer(self, item_id: str, code: str) -> None:
        """Answer a question.

        ``code`` is an option's code, codes joined by ``|``, ``"na"`` for "cannot judge", the text of a comment or the
        GeoJSON of a mark; an empty text, mark or choice of several takes the answer back.
        """
        item = ITEMS[item_id]
        if self.closed_why(item):
            return
        place = self._place(item)
        shown_utc, shown = self._shown.get(self._shown_place(item), (utc_now(), self.clock.seconds()))
        value: str | tuple[str, ...] | None = code
        if code == NOT_JUDGED and item.na_option:
            value = None
        elif item.type == "multi":
            value = tuple(code.split("|")) if code else ()
        about = self.about(item)
        spent = round(1000 * (self.clock.seconds() - shown))
        answer = Answer.give(item, value, about, shown_utc, spent)
        is_taken_back = item.can_be_emptied and not code
        before, _ = self._at(place)
        self._put(place, answer, is_taken_back)
        after = None if is_taken_back else answer
        if (before.content if before else None) != (after.content if after else None):
            self.stepped.emit(AnswerStep(place, before, after, self.revise, self.can_revise))

    def revise(self, place: Place, wanted: Answer | None, now: Answer | None, reason: str) -> None:
        """Put ``wanted`` in the place of the answer ``now`` (none stands for no answer), as one more revision."""
        answer = wanted or now
        if answer is not None and self.can_revise(place):
            self._put(place, replace(answer, answered_utc="", revisions=0), wanted is None, reason)
            self.revised.emit(place)

    def _put(self, place: Place, answer: Answer, take_back: bool, reason: str = "") -> None:
        self._pending.pop(place, None)  # the newest comes last
        self._pending[place] = answer, take_back
        self.answersChanged.emit()
        self._save(place, answer, take_back, reason)

    def _save(self, place: Place, answer: Answer, take_back: bool, reason: str = "") -> None:
        store = self._store
        if store is None:
            why = tr("The answer is not saved: the store of answers {name} is not open.")
            self.message.emit(why.format(name=self._path.name), True)
            return

        def work(progress: Progress, emit: Emit) -> Answer | None:
            if take_back:
                store.unanswer(answer, reason)
                return None
            return store.record(answer, reason)

        task = self._runner.run(work, title="Saving the answer")
        task.succeeded.connect(partial(self._acknowledged, place, answer))
        task.failed.connect(partial(self._not_saved, place, answer))

    def _acknowledged(self, place: Place, given: Answer, saved: Answer | None) -> None:
        # A newer answer to the same question may be on its way already.
        if place in self._pending and self._pending[place][0] is given:
            del self._pending[place]
        if saved is None:
            self._saved.pop(place, None)
        else:
            self._saved[place] = saved
        self.answersChanged.emit()
        self.saved.emit(given.item_id)

    def _not_saved(self, place: Place, given: Answer, why: str) -> None:
        if self._store is not None:
            # Another window may have locked the reading meanwhile; then this answer can never be saved.
            self._locks = self._store.locks()
        if self.is_locked(place) and place in self._pending and self._pending[place][0] is given:
            del self._pending[place]
        self.message.emit(why, True)
        self.answersChanged.emit()

    def save_again(self) -> None:
        """Try once more to save what could not be saved."""
        for place, (answer, take_back) in list(self._pending.items()):
            self._save(place, answer, take_back)

    def _at(self, place: Place) -> tuple[Answer | None, bool]:
        if place in self._pending:
            answer, is_taken_back = self._pending[place]
            return None if is_taken_back else answer, False
        return self._saved.get(place), True

    def given(self, item: Item) -> tuple[Answer | None, bool]:
        """Return the answer to ``item`` about what is on screen, and whether it is saved.

        Where stages are not told apart it is the newest, whatever was shown when it was given.
        """
        if not self._screen.volume_sha256 or (item.scope == "map" and not self._screen.map_id):
            return None, True
        place = self._place(item)
        if self.staged:
            return self._at(place)
        places = [place._replace(stage=stage) for stage in STAGES]
        pending = [one for one in self._pending if one in places]
        if pending:
            return self._at(pending[-1])
        saved = [self._saved[one] for one in places if one in self._saved]
        return max(saved, key=lambda answer: answer.answered_utc, default=None), True

    def earlier(self, item: Item) -> list[tuple[Stage, Answer]]:
        """Return this reader's answers to ``item`` at the stages before the one on screen."""
        if not self._screen.volume_sha256 or not self.staged:
            return []
        place, before = self._place(item), STAGES[: STAGES.index(self._screen.stage)]
        found = [(stage, self._saved.get(place._replace(stage=stage))) for stage in before]
        return [(stage, answer) for stage, answer in found if answer is not None]

    def place_key(self, item: Item) -> str:
        """Return the name of the question on screen, under which what is typed there is kept."""
        if not self._screen.volume_sha256 or (item.scope == "map" and not self._screen.map_id):
            return ""
        return self._shown_place(item).key

    def history(self, item: Item) -> tuple[Revision, ...]:
        """Return every change of the answer to ``item`` about what is on screen, oldest first."""
        if self._store is None or not self._screen.volume_sha256:
            return ()
        place = self._place(item)._replace(stage="")
        return revisions(self._store.history(place.reader_id, place.case_id), place, item)

    @property
    def unsaved(self) -> int:
        """How many answers are not on disk yet."""
        return len(self._pending)

    def answers(self) -> tuple[Answer, ...]:
        """Return the latest revision of every answer that is on disk, whoever gave it."""
        return self._store.answers() if self._store is not None else ()

    # Log and export -------------------------------------------------------------------------------------------------

    def log(self, action: str, about: About, new: Mapping[str, object] | None = None) -> None:
        """Write an event that is no answer; it stands behind answers.

        That it could not be written is said nowhere: the next answer's failure says the same.
        """
        store = self._store
        if store is not None:

            def work(progress: Progress, emit: Emit) -> None:
                store.log(action, about, new=new)

            self._runner.run(work, title="Writing the log", priority=BEHIND)

    def export(self, path: Path, reader_id: str | None = None) -> None:
        """Write every answer, or only those of ``reader_id``, to ``path`` and a codebook beside it."""
        store = self._store
        if store is None:
            self.message.emit(tr("There are no answers to write: their store is not open."), True)
            return

        def work(progress: Progress, emit: Emit) -> int:
            return export_csv(path, store, reader_id)

        task = self._runner.run(work, title=f"Writing {path.name}")
        task.succeeded.connect(lambda rows: self.exported.emit(rows, path))
        task.failed.connect(lambda why: self.message.emit(why, True))

    def close(self) -> None:
        """Close the store once everything that waits to be saved is written."""
        store, self._store = self._store, None
        if store is not None:

            def work(progress: Progress, emit: Emit) -> None:
                store.close()

            self._runner.run(work, title="Closing the answers", priority=BEHIND - 1)
