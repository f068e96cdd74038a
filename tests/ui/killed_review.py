"""A review that is killed again and again at random moments; what had been acknowledged has to be in the store."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from viewer.core.ratings import RatingStore

HERE = Path(__file__).parent
PATIENCE_SECONDS = 60.0
LINES = 45
"""A round is killed after at most so many acknowledgements: long enough to have seen the maps for a while."""


def killed_rounds(rounds: int, store: Path, series: Path, seed: int) -> int:
    """Kill a scripted review ``rounds`` times and return how many acknowledgements were found again."""
    moments = random.Random(seed)
    found = 0
    for number in range(rounds):
        reader = f"R{number + 1}"
        said = _one_round(store, series, reader, moments)
        opened = RatingStore(store)
        opened.verify()
        opened.close()
        events = [event for event in opened.history(reader) if event["action"] in ("answer", "change", "lock")]
        kept = [
            ("lock", event["stage"]) if event["action"] == "lock" else (event["item_id"], _value(event["new"]))
            for event in events
        ]
        assert kept[: len(said)] == said, f"round {number}"
        # What was on its way when the window died may be there; a comment and its undo, at most one deed.
        assert len(kept) <= len(said) + 1
        if not events:
            continue
        locked = {stage for what, stage in said if what == "lock"}
        assert locked <= set(opened.locks().get((reader, str(events[0]["case_id"])), ()))
        found += len(said)
    return found


def _one_round(store: Path, series: Path, reader: str, moments: random.Random) -> list[tuple[str, object]]:
    command = [sys.executable, str(HERE / "rating_window.py"), str(store), str(series), reader]
    command.append(str(moments.randrange(1_000_000)))
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[1]}"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as window:
        assert window.stdout is not None
        # A window that says nothing for so long is killed too: what it had said counts all the same.
        patience = threading.Timer(PATIENCE_SECONDS, window.kill)
        patience.start()
        lines = [window.stdout.readline() for _ in range(moments.randrange(1, LINES))]
        patience.cancel()
        with contextlib.suppress(subprocess.TimeoutExpired):
            window.wait(moments.uniform(0.0005, 0.05))
        window.send_signal(signal.SIGKILL)
        lines += list(window.stdout)
        assert window.wait() == -signal.SIGKILL
    whole = [line for line in lines if line.endswith("\n")]
    return [(what, value) for what, value in map(json.loads, whole)]


def _value(new: object) -> object:
    return (new["value_label"] or new["value_text"]) if isinstance(new, dict) else None
