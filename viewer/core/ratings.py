"""The store that keeps a reader's answers: on disk before `RatingStore.record` returns, never overwritten."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from viewer.core.answers import STAGES, About, Answer, Stage, Value, case_id_of, clean_text, valid_reader_id
from viewer.core.event_log import BUSY_SECONDS, Event, EventLog, RatingError
from viewer.core.items import Item

__all__ = [
    "About",
    "Answer",
    "RatingError",
    "RatingStore",
    "Stage",
    "Value",
    "case_id_of",
    "utc_now",
    "valid_reader_id",
]

ACTIONS = (
    *("show", "answer", "change", "lock", "toggle_map", "opacity", "window", "zoom", "idle", "resume", "override"),
    *("export", "what_if"),
)


def utc_now() -> str:
    """Return this moment as ISO 8601 in UTC with milliseconds, ``"2026-03-01T09:30:00.125Z"``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def monotonic_ms() -> int:
    """Return milliseconds of a clock that no clock change moves."""
    return time.monotonic_ns() // 1_000_000


class RatingStore:
    """Every answer ever given, with its revisions, in one file.

    Parameters
    ----------
    path : Path
        Made when it does not exist.
    utc, mono_ms : callable
        The clocks that stamp events.
    busy_seconds : float
        How long a call waits for another window that is writing.

    Raises
    ------
    RatingError
        When the file cannot be used or its chain of hashes is broken; the file is left as it is.
    """

    def __init__(
        self,
        path: Path,
        utc: Callable[[], str] = utc_now,
        mono_ms: Callable[[], int] = monotonic_ms,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        self._utc, self._mono_ms = utc, mono_ms
        self._events: list[Event] = []
        self._latest: dict[tuple[object, ...], Answer] = {}
        self._changes: dict[tuple[object, ...], int] = {}
        self._presentations: dict[tuple[str, str, int], dict[str, int]] = {}
        self._locks: dict[tuple[object, ...], set[Stage]] = {}
        self._log = EventLog(path, busy_seconds)
        try:
            self.refresh()
        except BaseException:
            self._log.close()
            raise

    @property
    def path(self) -> Path:
        """The file."""
        return self._log.path

    def refresh(self) -> None:
        """Take in what other windows have written."""
        for event in self._log.read_new():
            self._absorb(event)

    def record(self, answer: Answer, reason: str = "") -> Answer:
        """Save an answer and return it as saved: it is on disk when this returns.

        The same content as before is not saved again. A revision keeps the moment when the item was first shown.

        Raises
        ------
        RatingError
            When it could not be saved; the answer is still in the caller's hands and all earlier ones are kept.
        """
        return self._write(answer, reason, remove=False)

    def unanswer(self, answer: Answer, reason: str = "") -> None:
        """Take an answer back; its history stays."""
        self._write(answer, reason, remove=True)

    def _write(self, answer: Answer, reason: str, remove: bool) -> Answer:
        saved = answer

        def make(others: list[Event]) -> Event | None:
            nonlocal saved
            for event in others:
                self._absorb(event)
            saved = self._numbered(answer)
            if saved.about.stage in self._locks.get(_case_key(saved.about), ()):
                raise RatingError("This reading is locked; its answers are no longer changed.")
            old = self._latest.get(saved.key)
            if (old is None) if remove else (old is not None and old.content == saved.content):
                saved = old or saved
                return None
            changes = self._changes.get(saved.key, -1) + 1
            shown = min(filter(None, (saved.shown_utc, old.shown_utc if old else "")), default="")
            utc = self._utc()
            saved = replace(saved, revisions=changes, shown_utc=shown, answered_utc=saved.answered_utc or utc)
            action = "change" if changes else "answer"
            new = None if remove else _answer_fields(saved)
            return self._event(action, saved.about, utc, saved.item_id, _content(old), new, reason)

        event = self._log.append(make)
        if event is not None:
            self._absorb(event)
        return saved

    def lock(self, about: About, required: Collection[str] = (), new: Mapping[str, object] | None = None) -> None:
        """Lock the answers of the case and stage that ``about`` names: from then on none of them is changed.

        Parameters
        ----------
        about : About
            Reader, case and stage.
        required : collection of str
            Item ids that must have been answered.
        new : mapping, optional
            Kept in the event: how long the stage took and the like.

        Raises
        ------
        RatingError
            When a required answer or the lock of an earlier stage is missing, or it could not be saved. Locking twice
            is fine.
        """

        def make(others: list[Event]) -> Event | None:
            for event in others:
                self._absorb(event)
            numbered = self._numbered_about(about)
            locked = self._locks.get(_case_key(numbered), set())
            if about.stage in locked:
                return None
            if any(stage not in locked for stage in STAGES[: STAGES.index(about.stage)]):
                raise RatingError("The reading is not locked: the stage before it is still open.")
            given = {answer.item_id for answer in self._latest.values() if _is_of(answer.about, numbered)}
            if not given.issuperset(required):
                raise RatingError("The reading is not locked: an answer that it needs is not saved.")
            return self._event("lock", numbered, self._utc(), "", None, dict(new or {}), "")

        event = self._log.append(make)
        if event is not None:
            self._absorb(event)

    def locks(self) -> dict[tuple[str, str], frozenset[Stage]]:
        """Return the locked stages by reader and case of the open review."""
        found: dict[tuple[str, str], frozenset[Stage]] = {}
        for (_, reader_id, _, case_id, _), stages in self._locks.items():
            key = str(reader_id), str(case_id)
            found[key] = found.get(key, frozenset()) | stages
        return found

    def log(self, action: str, about: About, item_id: str = "", new: object = None, reason: str = "") -> None:
        """Save an event that is no answer, such as "show", "toggle_map" or "export".

        Raises
        ------
        RatingError
            When it could not be saved.
        """
        if action not in ACTIONS:
            raise ValueError(f"action must be one of {', '.join(ACTIONS)}, got {action!r}")

        def make(others: list[Event]) -> Event:
            for event in others:
                self._absorb(event)
            return self._event(action, about, self._utc(), item_id, None, new, reason)

        event = self._log.append(make)
        if event is not None:
            self._absorb(event)

    def answers(self, reader_id: str | None = None, case_id: str | None = None) -> tuple[Answer, ...]:
        """Return the latest revision of every answer, in the order in which they were first given."""
        return tuple(
            answer
            for answer in self._latest.values()
            if reader_id in (None, answer.about.reader_id) and case_id in (None, answer.about.case_id)
        )

    def find(self, item: Item, about: About) -> Answer | None:
        """Return the latest answer to ``item`` about what ``about`` names, or None: what a form shows on reopening."""
        return self._latest.get(self._numbered(Answer.give(item, None, about)).key)

    def history(self, reader_id: str | None = None, case_id: str | None = None) -> tuple[Event, ...]:
        """Return every event, oldest first."""
        return tuple(
            event
            for event in self._events
            if reader_id in (None, event["reader_id"]) and case_id in (None, event["case_id"])
        )

    def verify(self) -> str:
        """Check the whole file again and return the hash of its last event; `RatingError` names a broken one."""
        return self._log.verify()

    def close(self) -> None:
        """Close the file."""
        self._log.close()

    def _numbered(self, answer: Answer) -> Answer:
        """Fill in the presentation number: the one that the case has, else the next."""
        return answer if answer.about.presentation_no else replace(answer, about=self._numbered_about(answer.about))

    def _numbered_about(self, about: About) -> About:
        if about.presentation_no:
            return about
        seen = self._presentations.get((about.study_id, about.reader_id, about.session), {})
        number = seen.get(about.case_id, max(seen.values(), default=0) + 1)
        return replace(about, presentation_no=number)

    def _event(
        self, action: str, about: About, utc: str, item_id: str, old: object, new: object, reason: str
    ) -> dict[str, object]:
        return {
            "utc": utc,
            "mono_ms": self._mono_ms(),
            "reader_id": about.reader_id,
            "case_id": about.case_id,
            "stage": about.stage,
            "action": action,
            "item_id": item_id,
            "map_id": about.map_id,
            "slice_index": about.slice_index,
            "about": asdict(about),
            "old": old,
            "new": new,
            "reason": clean_text(reason),
        }

    def _absorb(self, event: Event) -> None:
        self._events.append(event)
        if event["action"] not in ("answer", "change", "lock"):
            return
        try:
            if event["action"] == "lock":
                about = About(**cast("dict[str, object]", event["about"]))  # type: ignore[arg-type]
                self._locks.setdefault(_case_key(about), set()).add(about.stage)
            else:
                self._absorb_answer(event)
        except (TypeError, KeyError, RatingError) as error:
            raise RatingError(
                f"Event {event.get('seq')} of {self.path} is no answer that can be understood."
            ) from error

    def _absorb_answer(self, event: Event) -> None:
        about = About(**cast("dict[str, object]", event["about"]))  # type: ignore[arg-type]
        seen = self._presentations.setdefault((about.study_id, about.reader_id, about.session), {})
        seen.setdefault(about.case_id, about.presentation_no)
        new = cast("Mapping[str, object] | None", event["new"])
        if new is None:
            gone = Answer(about, str(event["item_id"]), "", "", "").key
            self._latest.pop(gone, None)
            self._changes[gone] = self._changes.get(gone, 0) + 1
            return
        answer = Answer(about, str(event["item_id"]), **new)  # type: ignore[arg-type]
        self._latest[answer.key] = answer
        self._changes[answer.key] = answer.revisions


def _case_key(about: About) -> tuple[object, ...]:
    return about.study_id, about.reader_id, about.session, about.case_id, about.presentation_no


def _is_of(about: About, other: About) -> bool:
    return _case_key(about) == _case_key(other) and about.stage == other.stage


def _answer_fields(answer: Answer) -> dict[str, object]:
    values = asdict(answer)
    del values["about"], values["item_id"]
    return values


def _content(answer: Answer | None) -> list[object] | None:
    return None if answer is None else list(answer.content)
