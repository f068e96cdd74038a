"""An append-only, hash-chained log of events in one SQLite file: what `append` has returned survives a power cut.

Every event is one line of canonical JSON that holds the hash of the line before it. The chain shows damage and careless
edits; it is no signature, whoever can write the file can make a new chain.

Several windows may write to one file. Each append takes SQLite's write lock, reads what others have added since, and
then adds its own event; readers never see half an event. The journal is a plain rollback journal because that is what
works on network homes.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from xai.errors import XaiError

APPLICATION_ID = 0x4F565244
"""Marks the file as Overread's ("OVRD" in the file's header)."""
LAYOUT = 1
"""Raised when an older program can no longer read the file."""
NO_HASH = "0" * 64
BUSY_SECONDS = 5.0

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT;
CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER events_hold BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {LAYOUT};
COMMIT;
"""

Event = Mapping[str, object]


class RatingError(XaiError):
    """Ratings cannot be read, saved or exported; what was acknowledged before is kept."""


def canonical(event: Event) -> str:
    """Return the one way in which an event is written: sorted keys, no spaces, no NaN."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(body: str) -> str:
    """Return the hash of an event's line."""
    return hashlib.sha256(body.encode()).hexdigest()


class EventLog:
    """The events of one file, checked when it is opened.

    It may be used from several threads; each call is whole.

    Parameters
    ----------
    path : Path
        Made when it does not exist, with its folders.
    busy_seconds : float
        How long a call waits for another program that is writing.

    Raises
    ------
    RatingError
        When the file cannot be used or its chain is broken; the file is left as it is.
    """

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._seq, self._hash = 0, NO_HASH
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RatingError(f"The folder of {path} cannot be made: {error.strerror}.") from error
        with self._explained("opened"):
            # Transactions are begun and ended here alone.
            self._database = sqlite3.connect(path, busy_seconds, isolation_level=None, check_same_thread=False)
        try:
            with self._explained("opened"):
                self._prepare()
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        database = self._database
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA synchronous = EXTRA")
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (layout,) = database.execute("PRAGMA user_version").fetchone()
        if tables and application != APPLICATION_ID:
            raise RatingError(f"{self.path} is a database of another program, not a file of ratings.")
        if layout > LAYOUT:
            raise RatingError(f"{self.path} was written by a newer version of Overread; open it with that one.")
        if tables:
            # Asks for the write lock, so that a file that cannot be written is known before the first answer.
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
        else:
            self._create()

    def _create(self) -> None:
        try:
            self._database.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            # Another window may have made the table between the look and the lock.
            if "already exists" not in str(error):
                raise

    def read_new(self) -> list[Event]:
        """Return the events that this object has not returned yet, whoever wrote them; they are checked."""
        with self._lock, self._explained("read"), self._transaction("BEGIN"):
            return self._read_new()

    def _read_new(self) -> list[Event]:
        rows = self._database.execute("SELECT seq, body, sha256 FROM events WHERE seq > ? ORDER BY seq", (self._seq,))
        events, seq, last = [], self._seq, self._hash
        for number, body, sha256 in rows:
            events.append(self._checked(seq + 1, last, int(number), str(body), str(sha256)))
            seq, last = seq + 1, str(sha256)
        row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        if row is not None and row[0] != seq:
            raise RatingError(_broken(self.path, seq + 1, "is missing"))
        self._seq, self._hash = seq, last
        return events

    def _checked(self, expected: int, last: str, number: int, body: str, sha256: str) -> Event:
        if number != expected:
            raise RatingError(_broken(self.path, expected, "is missing"))
        if digest(body) != sha256:
            raise RatingError(_broken(self.path, expected, "was changed after it was written"))
        try:
            event = json.loads(body)
            follows = (event["seq"], event["prev_sha256"]) == (expected, last)
        except (ValueError, KeyError, TypeError):
            follows = False
        if not follows:
            raise RatingError(_broken(self.path, expected, "does not follow the one before it"))
        return dict(event)

    def verify(self) -> str:
        """Read the whole file again and return the hash of its last event.

        Raises
        ------
        RatingError
            Naming the file and the first event that is broken.
        """
        with self._lock, self._explained("read"), self._transaction("BEGIN"):
            kept = self._seq, self._hash
            try:
                self._seq, self._hash = 0, NO_HASH
                self._read_new()
                return self._hash
            finally:
                self._seq, self._hash = kept

    def append(self, make: Callable[[list[Event]], Event | None]) -> Event | None:
        """Add one event and return it once it is on disk.

        Parameters
        ----------
        make : callable
            Is given the events that others have written since the last call, and returns the event to be added
            (without ``seq`` and ``prev_sha256``), or None to add nothing.

        Raises
        ------
        RatingError
            When it could not be saved; nothing else is lost.
        """
        with self._lock, self._explained("saved in"), self._transaction("BEGIN IMMEDIATE"):
            given = make(self._read_new())
            if given is None:
                return None
            event = {**given, "seq": self._seq + 1, "prev_sha256": self._hash}
            body = canonical(event)
            sha256 = digest(body)
            row = (event["seq"], body, sha256)
            self._database.execute("INSERT INTO events (seq, body, sha256) VALUES (?, ?, ?)", row)
            self._database.execute("COMMIT")
            self._seq, self._hash = self._seq + 1, sha256
            return event

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        """Hold one state of the file; what is not committed inside is taken back."""
        self._database.execute(begin)
        try:
            yield
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _explained(self, deed: str) -> Iterator[None]:
        """Turn SQLite's errors into one sentence."""
        try:
            yield
        except sqlite3.Error as error:
            raise RatingError(_sentence(self.path, deed, error)) from error


def _broken(path: Path, seq: int, how: str) -> str:
    return f"The log of ratings {path} is damaged: event {seq} {how}; the file was left as it is."


def _sentence(path: Path, deed: str, error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    match code:
        case sqlite3.SQLITE_FULL:
            return f"The disk is full, so nothing was saved in {path}; what was saved before is kept."
        case sqlite3.SQLITE_READONLY:
            return f"{path} may not be written, so no rating can be saved in it."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{path} is being written by another program; try again when it has finished."
        case sqlite3.SQLITE_NOTADB:
            return f"{path} is not a file of ratings."
        case sqlite3.SQLITE_CORRUPT:
            return f"{path} is damaged and was left as it is: {error}."
        case sqlite3.SQLITE_CANTOPEN:
            return f"{path} cannot be opened as a file of ratings."
        case _:
            return f"{path} could not be {deed.removesuffix(' in')}: {error}."
