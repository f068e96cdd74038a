"""Begin or go on with a run, by one process or several: of this machine, of torchrun, or of SLURM."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from xai.errors import TrainingError
from xai.machine import usable_cores
from xai.progress import Cancelled
from xai.train.cohort import Cohort
from xai.train.config import TrainingConfig
from xai.train.files import RECORD_NAME
from xai.train.hardware import Hardware, Place, choose, joined, place_here
from xai.train.jobs import POLL_SECONDS
from xai.train.record import DataRecord, TrainingRecord, WeightsRecord, read_record, write_record
from xai.train.run import Run, RunFolder, Tell, plan
from xai.train.start import starting_network
from xai.train.table import read_cohort

LIBRARIES = ("overread", "torch", "torchvision", "pytorch-lightning", "numpy", "scikit-learn", "pillow", "pydicom")
WORTH_HELP = 20_000
"""Slices shown in all epochs of all folds; for fewer, another process is not worth the seconds it takes to start."""
LATE_SECONDS = 600.0
"""How long a process of a group waits for the first one to begin the run."""
MOST_PROCESSES = 64


@dataclass(frozen=True, slots=True)
class CohortFiles:
    """Where the table is, and where its pictures and masks were said to be."""

    table: Path
    images: Path | None = None
    masks: Path | None = None

    def read(self) -> Cohort:
        """Read the table."""
        return read_cohort(self.table, self.images, self.masks)


@dataclass(frozen=True, slots=True)
class Launch:
    """How a run is carried out; nothing of it changes the figures but the device.

    Attributes
    ----------
    device : str, optional
        ``cpu``, ``cuda``, ``cuda:1``, ``mps``; GPUs when there are any without it.
    processes : int, optional
        How many on this machine: one for each GPU, or as many as there are cores on a CPU, without it.
    """

    device: str | None = None
    processes: int | None = None
    place: Place = field(default_factory=place_here)


def begin(out: Path, sources: CohortFiles, cohort: Cohort, config: TrainingConfig) -> TrainingRecord:
    """Make the run folder ``out`` and write down what is to be done.

    Raises
    ------
    TrainingError
        When the folder already holds something, or the data or the weights cannot be used.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if (out / RECORD_NAME).exists():
            raise TrainingError(f"{out} already holds a run: --resume goes on with it, another --out begins anew.")
        raise TrainingError(f"{out} is not an empty folder; choose another one.")
    config, _ = plan(cohort, _anywhere(config))
    _, start = starting_network(config)
    record = TrainingRecord(
        config=config,
        data=DataRecord(
            table=str(sources.table.absolute()),
            sha256=cohort.sha256,
            images=None if sources.images is None else str(sources.images.absolute()),
            masks=None if sources.masks is None else str(sources.masks.absolute()),
            frame=cohort.frame,
        ),
        weights=WeightsRecord(source=start.source, sha256=start.sha256 or None),
        versions=_versions(),
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{out} cannot be made: {error.strerror or error}.") from None
    write_record(record, out)
    return record


def go_on(out: Path, sources: CohortFiles, cohort: Cohort, config: TrainingConfig | None) -> TrainingRecord:
    """Return the record of the run in ``out``, of the same table and, where it is given, the same configuration."""
    if not (out / RECORD_NAME).exists():
        raise TrainingError(f"{out} holds no run to go on with: there is no {RECORD_NAME}.")
    record = read_record(out)
    if record.data.sha256 != cohort.sha256:
        raise TrainingError(f"{sources.table} is not the table that the run {out} was begun with, or has changed.")
    frames = record.data.frame, cohort.frame
    if frames[0] != frames[1]:
        was, now = (f"padded to {one[0]} x {one[1]}" if one else "as they are" for one in frames)
        raise TrainingError(f"The run {out} was begun with tiles {was}, and now they would be {now}.")
    if config is not None:
        config, _ = plan(cohort, _anywhere(config))
        differing = [
            f"{name} was {getattr(record.config, name)}, not {getattr(config, name)}"
            for name in TrainingConfig.model_fields
            if getattr(record.config, name) != getattr(config, name)
        ]
        if differing:
            raise TrainingError(f"The run {out} was begun otherwise: {'; '.join(differing)}.")
    _, start = starting_network(record.config)
    if (start.sha256 or None) != record.weights.sha256:
        raise TrainingError(f"{record.weights.source} holds other weights than those the run {out} was begun with.")
    return record


def _anywhere(config: TrainingConfig) -> TrainingConfig:
    """Return ``config`` with its weights named so that a process of another folder finds them."""
    if config.weights in ("imagenet", "none"):
        return config
    return config.model_copy(update={"weights": os.path.abspath(os.path.expanduser(config.weights))})


def carry_out(out: Path, cohort: Cohort, launch: Launch, begin_run: Callable[[], TrainingRecord], tell: Tell) -> None:
    """Do a run, or this process's part of one, until it is finished.

    Parameters
    ----------
    out : Path
        The run folder.
    cohort : Cohort
        The data.
    launch : Launch
        By how many processes, and on which device.
    begin_run : callable
        `begin` or `go_on`; called by the first process only.
    tell : callable
        Told what is being done; cancels by raising `Cancelled`.

    Raises
    ------
    TrainingError, Cancelled
        See `begin`, `go_on` and `Run.do`.
    """
    place = launch.place
    if place.world > 1:
        record = begin_run() if place.rank == 0 else _await_record(out, tell)
        take_part(out, cohort, record, launch, tell)
        return
    record = begin_run()
    count = launch.processes or _processes(cohort, record.config, launch.device)
    if count > MOST_PROCESSES:
        raise TrainingError(f"{count} processes are too many; {MOST_PROCESSES} at most.")
    with _helpers(out, launch, record.config, count) as helpers:

        def watching(words: str, done: float, total: float) -> None:
            helpers.check()
            try:
                tell(words, done, total)
            except Cancelled:
                helpers.end()  # first: else those that share batches would take this process for lost
                raise

        take_part(out, cohort, record, replace(launch, place=Place(0, count, 0, count)), watching)


def take_part(out: Path, cohort: Cohort, record: TrainingRecord, launch: Launch, tell: Tell) -> None:
    """Do what this process has to do of a run that was begun; see `carry_out`."""
    if record.data.sha256 != cohort.sha256:
        raise TrainingError(f"{cohort.table} is not the table that the run {out} was begun with, or has changed.")
    config, folds = plan(cohort, record.config)
    place = launch.place
    device = choose(launch.device, place.local_rank)
    together = config.parallel == "data" and place.world > 1
    with joined(device, place) if together else nullcontext(Hardware(device)) as hardware:
        Run(RunFolder(out), cohort, config, folds, hardware, min(place.world, len(folds)), tell).do()


def _processes(cohort: Cohort, config: TrainingConfig, asked: str | None) -> int:
    """Return how many processes are worth it on this machine; one where a single GPU was asked for."""
    device = choose(asked)
    if device.startswith("cuda"):
        import torch

        return 1 if asked is not None and ":" in asked else max(1, torch.cuda.device_count())
    if device != "cpu" or config.parallel == "data":
        return 1
    shown = len(cohort.examples) * config.folds * config.epochs
    return 1 if shown < WORTH_HELP else max(1, min(usable_cores(), config.folds))


@dataclass(slots=True)
class _Helpers:
    """Processes that this one started."""

    running: list[subprocess.Popen[bytes]]
    together: bool
    """Whether nothing goes on without any of them."""

    def end(self) -> None:
        """Ask those that still run to end."""
        for one in self.running:
            if one.poll() is None:
                one.terminate()

    def check(self) -> None:
        """Raise when a process that all others wait for has ended with an error."""
        if self.together and any(one.poll() not in (None, 0) for one in self.running):
            raise TrainingError("A process of the run has ended, so the others cannot go on; --resume goes on with it.")


@contextmanager
def _helpers(out: Path, launch: Launch, config: TrainingConfig, count: int) -> Iterator[_Helpers]:
    """Start ``count - 1`` further processes, and end what is left of them with the block."""
    together = config.parallel == "data"
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())} if together and count > 1 else {}
    os.environ.update(shared)
    running = []
    for rank in range(1, count):
        command = [sys.executable, "-m", "xai.train.worker", str(out), "--rank", str(rank), "--count", str(count)]
        command += ["--parent", str(os.getpid()), *([] if launch.device is None else ["--device", launch.device])]
        # In a session of its own, so that a Ctrl-C reaches it through this process only.
        running.append(
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        )
    helpers = _Helpers(running, together)
    try:
        yield helpers
    finally:
        helpers.end()
        _await_end(running, patience=5.0)
        for name in shared:
            os.environ.pop(name, None)


def _await_end(running: Sequence[subprocess.Popen[bytes]], patience: float) -> None:
    for one in running:
        try:
            one.wait(patience)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_record(out: Path, tell: Tell) -> TrainingRecord:
    """Wait for the first process of the group to begin the run."""
    began = time.monotonic()
    while not (out / RECORD_NAME).exists():
        if time.monotonic() - began > LATE_SECONDS:
            raise TrainingError(f"The first process has not begun the run {out} in {LATE_SECONDS:.0f} s.")
        tell("waiting for the first process", 0, 1)
        time.sleep(POLL_SECONDS)
    return read_record(out)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
