"""A disk that fills up anywhere in a run costs one sentence, and what was finished before is used afterwards."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
import torch
from safetensors.torch import save_file

from tests.train.planted import SMALL, plant
from xai.models.networks import build
from xai.train.record import DataRecord, TrainingRecord, WeightsRecord, write_record

Run = Callable[..., tuple[int, str, str]]
Refused = Callable[..., str]
FILES = ("metrics.json", "oof_predictions.csv", "bundle/weights.safetensors", "folds/01/bundle/weights.safetensors")


class _Full:
    """A file on a disk that has room for some bytes more."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __enter__(self) -> _Full:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: Any) -> int:
        self._file.write(bytes(data)[:40])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def full(name: str, skip: int = 0) -> Iterator[list[str]]:
    """Let the disk be full when a file called ``name...`` is written, the first ``skip`` times not counted."""
    made: dict[int, str] = {}
    met: list[str] = []
    mkstemp, fdopen, write_text = tempfile.mkstemp, os.fdopen, Path.write_text

    def remembering(*arguments: Any, **more: Any) -> tuple[int, str]:
        handle, path = mkstemp(*arguments, **more)
        made[handle] = Path(path).name.removeprefix(".")
        return handle, path

    def opening(handle: int, *arguments: Any, **more: Any) -> Any:
        file = fdopen(handle, *arguments, **more)
        called = made.pop(handle, "")
        if called.startswith(name):
            met.append(called)
        return _Full(file) if called.startswith(name) and len(met) > skip else file

    def writing(self: Path, text: str, *arguments: Any, **more: Any) -> int:
        if self.name.removeprefix(".").startswith(name):
            met.append(self.name)
            write_text(self, text[:5], *arguments, **more)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_text(self, text, *arguments, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tempfile, "mkstemp", remembering)
        patched.setattr(os, "fdopen", opening)
        patched.setattr(Path, "write_text", writing)
        yield met


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A table, and the record of how to learn from it."""
    folder = tmp_path_factory.mktemp("cohort")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        state = {key: value.contiguous() for key, value in build("resnet18-slim").state_dict().items()}
    save_file(state, folder / "slim.safetensors")
    changes = {"weights": str(folder / "slim.safetensors"), "backbone": "frozen", "folds": 2, "epochs": 3, "views": 1}
    config = SMALL.model_copy(update={**changes, "keep_folds": True})
    data = DataRecord(table="/elsewhere/data.csv", sha256="0" * 64)
    write_record(TrainingRecord(config=config, data=data, weights=WeightsRecord(source="none")), folder)
    return plant(folder / "pictures", [[k % 2] * 2 for k in range(6)]), folder / "training.toml"


WRITERS: tuple[tuple[str, int, str], ...] = (
    ("pictures.npy", 0, "work/pictures.npy"),
    ("findings.json", 0, "work/findings.json"),
    ("view-000", 0, "work/features/view-000"),
    ("view-001", 0, "work/features/view-001"),
    ("fold-00.ckpt", 1, "work/checkpoints/fold-00.ckpt"),
    ("weights.", 0, "folds/00/bundle"),
    ("outcome.json", 0, "folds/00/outcome.json"),
    ("fold-01", 0, "work/claims/fold-01"),
    ("bundle.toml", 0, "folds/01/bundle"),
    ("final.ckpt", 0, "work/checkpoints/final.ckpt"),
    ("oof_predictions", 0, ""),
    ("metrics.json", 0, ""),
    ("roc", 0, ""),
    ("report.html", 0, ""),
    ("weights.", 0, "bundle"),
    ("bundle.toml", 0, "bundle"),
)
"""In the order of a run: the beginning of the file's name, how often it may be written, and what the sentence names."""


def test_a_full_disk_anywhere_is_said_and_loses_nothing(
    cohort: tuple[Path, Path], tmp_path: Path, run: Run, refused: Refused
) -> None:
    table, recipe = cohort
    begin = ("train", table, "--device", "cpu", "--processes", 1, "--quiet")
    out, plain = tmp_path / "run", tmp_path / "plain"
    with full("training.toml"):
        told = refused(*begin, "--out", out, "--config", recipe)
    assert told == f"{out / 'training.toml'} cannot be written: {os.strerror(errno.ENOSPC)}."
    assert list(out.iterdir()) == []  # so that the same command begins it

    how: tuple[object, ...] = ("--config", recipe)
    kept: dict[Path, int] = {}
    for name, skip, where in WRITERS:
        with full(name, skip) as met:
            told = refused(*begin, "--out", out, *how)
        assert met, name
        assert str(out / where) in told, name
        assert told.endswith(".")
        assert not [path for path in out.rglob("*") if path.name.endswith(".part")]
        assert all(path.stat().st_mtime_ns == when for path, when in kept.items()), name
        kept = {path: path.stat().st_mtime_ns for path in finished(out)}
        how = ("--resume",)
    assert len(kept) == 5
    assert run(*begin, "--out", out, "--resume")[0] == 0
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert run(*begin, "--out", plain, "--config", recipe)[0] == 0
    for file in FILES:
        assert (out / file).read_bytes() == (plain / file).read_bytes(), file


def finished(run: Path) -> Iterator[Path]:
    """Return what need not be made again."""
    for pattern in ("work/pictures.npy", "work/features/*.npy", "folds/*/outcome.json"):
        yield from run.glob(pattern)


def test_a_checkpoint_that_cannot_be_replaced_stays(
    cohort: tuple[Path, Path], tmp_path: Path, refused: Refused
) -> None:
    table, recipe = cohort
    out = tmp_path / "run"
    with full("fold-00.ckpt", skip=2):
        refused("train", table, "--device", "cpu", "--quiet", "--out", out, "--config", recipe)
    record = torch.load(out / "work" / "checkpoints" / "fold-00.ckpt", weights_only=True)["record"]
    assert len(record["epochs"]) == 2
    assert [path.name for path in (out / "work" / "checkpoints").iterdir()] == ["fold-00.ckpt"]


def test_a_log_that_cannot_be_written_is_named(
    cohort: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    table, recipe = cohort
    monkeypatch.setattr("lightning_fabric.loggers.csv_logs._ExperimentWriter.save", no_room)
    told = refused("train", table, "--device", "cpu", "--quiet", "--out", tmp_path / "run", "--config", recipe)
    folder = tmp_path / "run" / "folds" / "00"
    assert told == f"The log of fold 1 of 2, {folder}, failed: {os.strerror(errno.ENOSPC)}."
