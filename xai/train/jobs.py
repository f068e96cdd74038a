"""Jobs of one run, shared by any number of processes through its folder: each is done once, by whoever claims it.

A claim is a file that only one process can create. Its owner touches it while it works; a claim whose owner is gone is
taken over. Nothing but the folder is needed, so processes may be of one machine, of several nodes, or started later.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xai.errors import TrainingError

BEAT_SECONDS = 5.0
"""How often an owner touches its claim."""
STALE_SECONDS = 60.0
"""A claim untouched for so long has no owner any more."""
POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do once: its name, how to tell that it was done, and how it is done."""

    name: str
    done: Callable[[], bool]
    do: Callable[[], None]


def share(jobs: Sequence[Job], claims: Path, waiting: Callable[[int], None]) -> None:
    """Do jobs beside other processes until all are done.

    Parameters
    ----------
    jobs : sequence of Job
        In the order in which they are begun; every process gives the same ones.
    claims : Path
        Folder of the claims; made when missing.
    waiting : callable
        Told how many jobs other processes still have, now and then while this one has nothing to do; ends the
        waiting by raising.
    """
    claims.mkdir(parents=True, exist_ok=True)
    while True:
        left = [job for job in jobs if not job.done()]
        if not left:
            return
        took = False
        for job in left:
            with claim(claims / job.name) as mine:
                if mine:
                    took = True
                    if not job.done():  # by another process, between the look and the claim
                        job.do()
        if not took:
            waiting(len(left))
            time.sleep(POLL_SECONDS)


@contextmanager
def claim(path: Path) -> Iterator[bool]:
    """Hold the claim ``path`` while the block runs; the block is told whether it has it."""
    token = json.dumps({"host": _machine(), "pid": os.getpid(), "token": uuid.uuid4().hex})
    if not _create(path, token) and not (_abandoned(path) and _create(path, token)):
        yield False
        return
    over = threading.Event()
    beat = threading.Thread(target=_touch, args=(path, over), name=f"claim {path.name}", daemon=True)
    beat.start()
    try:
        yield True
    finally:
        over.set()
        beat.join()
        if _text(path) == token:
            with suppress(OSError):  # Windows lets no file go that another process looks into; it is stale soon
                path.unlink()


def _create(path: Path, token: str) -> bool:
    # Written whole under another name first, so that no one reads half a claim.
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        draft.write_text(token, encoding="utf-8")
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise TrainingError(f"{path} cannot be written: {error.strerror or error}.") from None
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(token)
        except (FileExistsError, PermissionError):
            return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _abandoned(path: Path) -> bool:
    """Put an ownerless claim away; return whether there is none any more."""
    seen = _text(path)
    if seen is None:
        return True
    if not _ownerless(path, seen):
        return False
    # One process only may put this very claim away: a slower one would put away that of who was faster.
    right = path.with_name(f".{path.name}.{hashlib.sha256(seen.encode()).hexdigest()[:16]}")
    try:
        right.open("x").close()
    except (FileExistsError, PermissionError):
        with suppress(OSError):
            if _age(right) > STALE_SECONDS:  # of a process that was killed just then
                right.unlink()
        return False
    try:
        if (now := _text(path)) == seen:
            path.unlink()
        return now in (seen, None)
    except OSError:  # its owner was not gone after all; Windows, while another process looks into it
        return False
    finally:
        with suppress(OSError):
            right.unlink()


def _ownerless(path: Path, text: str) -> bool:
    with suppress(ValueError, KeyError, TypeError):
        owner = json.loads(text)
        if owner["host"] == _machine() and not _alive(int(owner["pid"])):
            return True
    try:
        return _age(path) > STALE_SECONDS
    except FileNotFoundError:
        return False


def _age(path: Path) -> float:
    # Clocks differ between machines: the age is taken against a file of this very file system.
    probe = path.with_name(f".now.{uuid.uuid4().hex}")
    try:
        probe.touch()
        return probe.stat().st_mtime - path.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


@cache
def _machine() -> str:
    """Name what a process number is unique in: containers may share a host's name, and nodes be called localhost."""
    parts = [socket.gethostname()]
    with suppress(OSError):  # Linux
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def _alive(pid: int) -> bool:
    if pid == os.getpid():
        return True
    if os.name == "nt":  # there, signal 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _touch(path: Path, over: threading.Event) -> None:
    while not over.wait(BEAT_SECONDS):
        with suppress(OSError):
            os.utime(path)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
