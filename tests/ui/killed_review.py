"""A review that is killed again and again at random moments; what had been acknowledged has to be in the store."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from viewer.core.ratings import RatingStore

HERE = Path(__file__).parent
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
        events = [event for event in opened.history(reader) if event["action"] in ("answer", "change", "lock")]
        kept = [
            ("lock", event["stage"]) if event["action"] == "lock" else (event["item_id"], _value(event["new"]))
            for event in events
        ]
        assert kept[: len(said)] == said, f"round {number}"
        # What was on its way when the window died may be there; a comment and its undo, at most one deed.
        assert len(kept) <= len(said) + 1
        locked = {stage for what, stage in said if what == "lock"}
        assert locked <= set(opened.locks().get((reader, str(events[0]["case_id"])), ()))
        opened.close()
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
        lines = [window.stdout.readline() for _ in range(moments.randrange(1, LINES))]
        with pytest.raises(subprocess.TimeoutExpired):
            window.wait(moments.uniform(0.0005, 0.05))
        window.send_signal(signal.SIGKILL)
        lines += [line for line in window.stdout if line.endswith("\n")]
        assert window.wait() == -signal.SIGKILL
    return [(what, value) for what, value in map(json.loads, lines)]


def _value(new: object) -> object:
    return (new["value_label"] or new["value_text"]) if isinstance(new, dict) else None
