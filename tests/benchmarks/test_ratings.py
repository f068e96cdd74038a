"""How long a reader waits for an answer to be on disk, and for a long log to be checked on opening."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from viewer.core.answers import About, Answer
from viewer.core.items import M_LOC
from viewer.core.ratings import RatingStore


def answer(k: int) -> Answer:
    return Answer.give(M_LOC, 1 + k % 5, About("R03", "S-00000001", map_id="gradcam", slice_index=k))


def test_rating_on_disk(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    store = RatingStore(tmp_path / "ratings.db")
    numbers = count()
    benchmark(lambda: store.record(answer(next(numbers))))
    store.close()


def test_bare_fsync(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """What the disk itself asks for one small durable write: the yardstick of `test_rating_on_disk`."""
    with (tmp_path / "file").open("wb") as file:

        def write() -> None:
            file.write(b"x" * 1024)
            file.flush()
            os.fsync(file.fileno())

        benchmark(write)


def test_open_a_log_of_2000_answers(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    path = tmp_path / "ratings.db"
    store = RatingStore(path)
    store._log._database.execute("PRAGMA synchronous = OFF")  # only to fill it quickly
    for k in range(2000):
        store.record(answer(k))
    store.close()
    benchmark(lambda: RatingStore(path).close())
