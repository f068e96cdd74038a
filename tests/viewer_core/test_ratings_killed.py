"""kill -9 at any moment: what was acknowledged is there, and the chain holds."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from viewer.core.answers import About
from viewer.core.items import COMMENT
from viewer.core.ratings import RatingStore

WRITER = """
import sys
from pathlib import Path
from viewer.core.answers import About, Answer
from viewer.core.items import COMMENT
from viewer.core.ratings import RatingStore

round_number, first = int(sys.argv[2]), int(sys.argv[3])
store = RatingStore(Path(sys.argv[1]))
for k in range(first, first + 100_000):
    about = About("R03", "S-00000001", map_id="gradcam", slice_index=k)
    # Long enough to spill over several pages of the file, so that a kill can land between their writes.
    saved = store.record(Answer.give(COMMENT, f"{k} " * 2000, about))
    print(saved.about.slice_index, flush=True)
"""

ROUNDS = 12


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_every_acknowledged_answer_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "ratings.db"
    moments = random.Random(7)
    acknowledged: list[int] = []
    for round_number in range(ROUNDS):
        arguments = [sys.executable, "-c", WRITER, str(path), str(round_number), str(round_number * 100_000)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(moments.randrange(1, 8)):
                acknowledged.append(int(writer.stdout.readline()))
            with pytest.raises(subprocess.TimeoutExpired):
                writer.wait(moments.uniform(0.0005, 0.03))
            writer.send_signal(signal.SIGKILL)
            # What had been said before the end counts too; a line without its end was not said.
            acknowledged += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
            assert writer.wait() == -signal.SIGKILL
        store = RatingStore(path)
        store.verify()
        for k in acknowledged:
            answer = store.find(COMMENT, About("R03", "S-00000001", map_id="gradcam", slice_index=k))
            assert answer is not None
            assert answer.value == f"{k} " * 2000
        # The last answer may have been saved without having been said so; no more than that.
        assert len(acknowledged) <= len(store.answers()) <= len(acknowledged) + round_number + 1
        store.close()
    assert len(acknowledged) >= ROUNDS


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ratings.db"
    script = WRITER.replace("100_000", "25").replace("* 2000", "* 20")
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(path), "0", str(first)], stdout=subprocess.PIPE, text=True)
        for first in (0, 1000)
    ]
    said = [writer.communicate()[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    store = RatingStore(path)
    store.verify()
    assert {answer.about.slice_index for answer in store.answers()} == {int(k) for lines in said for k in lines}
    assert len(store.answers()) == 50
    assert all(json.dumps(dict(event)) for event in store.history())
    store.close()
