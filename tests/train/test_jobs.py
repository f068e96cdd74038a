"""Jobs are done once, whoever shares them; those of a process that is gone are taken over."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from xai.progress import Cancelled
from xai.train import jobs
from xai.train.jobs import Job, claim, share


def job(folder: Path, name: str, log: list[str]) -> Job:
    def do() -> None:
        log.append(name)
        (folder / f"{name}.done").touch()

    return Job(name, (folder / f"{name}.done").exists, do)


def never(left: int) -> None:
    raise AssertionError(f"waits for {left}")


def test_each_is_done_once_and_none_again(tmp_path: Path) -> None:
    log: list[str] = []
    work = [job(tmp_path, name, log) for name in "abc"]
    share(work, tmp_path / "claims", never)
    share(work, tmp_path / "claims", never)
    assert log == ["a", "b", "c"]
    assert list((tmp_path / "claims").iterdir()) == []


def test_many_at_once_do_each_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "POLL_SECONDS", 0.001)
    log: list[str] = []
    work = [job(tmp_path, f"job{k}", log) for k in range(40)]
    threads = [threading.Thread(target=share, args=(work, tmp_path / "claims", lambda left: None)) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(log) == sorted(f"job{k}" for k in range(40))


def test_a_claim_keeps_others_out_until_it_ends(tmp_path: Path) -> None:
    with claim(tmp_path / "x") as mine:
        assert mine
        with claim(tmp_path / "x") as second:
            assert not second
    with claim(tmp_path / "x") as again:
        assert again


def test_waiting_is_told_and_can_be_cancelled(tmp_path: Path) -> None:
    told = []

    def waiting(left: int) -> None:
        told.append(left)
        raise Cancelled

    log: list[str] = []
    (tmp_path / "claims").mkdir()
    with claim(tmp_path / "claims" / "a"), pytest.raises(Cancelled):
        share([job(tmp_path, "a", log)], tmp_path / "claims", waiting)
    assert (told, log) == ([1], [])


def test_a_failed_job_is_free_again(tmp_path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        share([Job("a", lambda: False, fail)], tmp_path / "claims", never)
    with claim(tmp_path / "claims" / "a") as mine:
        assert mine


def test_the_claim_of_a_dead_process_is_taken_over_at_once(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    with claim(tmp_path / "x"):
        owner = json.loads((tmp_path / "x").read_text())
    (tmp_path / "x").write_text(json.dumps({**owner, "pid": int(ended.stdout)}))
    with claim(tmp_path / "x") as mine:
        assert mine


def test_the_claim_of_another_container_is_left_although_its_process_cannot_be_seen(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    # It has this host's name, but numbers its processes on its own.
    (tmp_path / "x").write_text(json.dumps({"host": socket.gethostname(), "pid": int(ended.stdout), "token": "new"}))
    with claim(tmp_path / "x") as mine:
        assert not mine


def test_of_many_that_find_an_ownerless_claim_one_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for _ in range(30):
        path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "token": "old"}))
        os.utime(path, (0, 0))
        gate, over = threading.Barrier(4), threading.Barrier(4)
        held: list[int] = []

        def take(gate: threading.Barrier = gate, over: threading.Barrier = over, held: list[int] = held) -> None:
            gate.wait()
            with claim(path) as mine:
                if mine:
                    held.append(1)
                over.wait()

        threads = [threading.Thread(target=take) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert held == [1]
        assert not path.exists()


@pytest.mark.parametrize(("age", "taken"), [(10.0, False), (120.0, True)])
def test_the_claim_of_another_machine_is_taken_over_when_it_is_no_longer_touched(
    tmp_path: Path, age: float, taken: bool
) -> None:
    path = tmp_path / "x"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "token": "old"}))
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age))
    with claim(path) as mine:
        assert mine == taken
    assert path.exists() != taken
