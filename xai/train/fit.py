"""Train one network: the epochs of one fold, gone on with from the last one that was finished."""

from __future__ import annotations

import logging
import pickle
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytorch_lightning as pl
import torch
from lightning_utilities.core.rank_zero import rank_zero_only
from numpy.typing import NDArray
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from xai.errors import TrainingError
from xai.progress import Progress, ignore
from xai.train.config import TrainingConfig
from xai.train.folds import Places
from xai.train.hardware import Hardware
from xai.train.learner import Batch, Learner, best_epoch
from xai.train.order import Draw, EpochBatches, Order
from xai.train.outcome import Epoch

ASK_BATCH = 64
"""Clean pictures asked at a time."""


class Source(Protocol):
    """Gives what the learning part takes in: pictures, or features of a frozen backbone."""

    def batch(self, examples: NDArray[np.int64], views: NDArray[np.int64]) -> Tensor:
        """Return the inputs (N, ...) float32 of examples in their views."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a fold stands: told after every step."""

    job: str
    epoch: int
    epochs: int
    share: float
    """Of the epochs at most to come, how much is done."""
    loss: float


Report = Callable[[Moment], None]
"""Told of every step; cancels by raising `xai.progress.Cancelled`."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What one network is to learn.

    Attributes
    ----------
    name : str
        For the report, such as "fold 3".
    order : Order
        The slices it learns from.
    validation : array (N,) int64
        Places that choose the epoch; empty keeps the last.
    epochs : int
        At most.
    folder : Path
        Takes Lightning's log (CSV).
    checkpoint : Path
        Written after every epoch; gone on from when there.
    """

    name: str
    order: Order
    validation: Places
    epochs: int
    folder: Path
    checkpoint: Path


@dataclass(frozen=True, slots=True)
class Fitted:
    """The record of a lesson; the part that learned holds the weights of its best epoch."""

    best_epoch: int
    epochs: tuple[Epoch, ...]


class _Batches(Dataset[Batch]):
    """Inputs, classes and weights for a `Draw`."""

    def __init__(self, source: Source, labels: NDArray[np.int64]) -> None:
        self._source, self._labels = source, labels

    def __getitem__(self, draw: Draw) -> Batch:
        x = self._source.batch(draw.examples, draw.views)
        return x, torch.from_numpy(self._labels[draw.examples]), torch.from_numpy(draw.weights)


class _Telling(Callback):
    """Reports every step of learning, and the last one again while the validation goes on."""

    def __init__(self, lesson: Lesson, report: Report) -> None:
        self._lesson, self._report = lesson, report
        self._last: Moment | None = None
        self._on_term = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        # Lightning's own answer to it makes processes that share batches wait for each other inside the handler.
        if threading.current_thread() is threading.main_thread() and self._on_term is not None:
            signal.signal(signal.SIGTERM, self._on_term)

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        assert isinstance(module, Learner)
        loss = outputs["loss"] if isinstance(outputs, dict) else outputs
        steps, epochs = max(1, int(trainer.num_training_batches)), self._lesson.epochs
        epoch = len(module.epochs)
        share = (epoch + (batch_idx + 1) / steps) / epochs
        self._last = Moment(self._lesson.name, epoch, epochs, share, float(loss))
        self._report(self._last)

    def on_validation_batch_end(self, *_: Any) -> None:
        if self._last is not None:
            self._report(self._last)


def fit(
    part: nn.Module,
    lesson: Lesson,
    source: Source,
    labels: NDArray[np.int64],
    config: TrainingConfig,
    hardware: Hardware,
    report: Report,
) -> Fitted:
    """Train ``part`` and leave it with the weights of its best epoch, on the CPU and in eval mode.

    Parameters
    ----------
    part : Module
        What learns: a head over features, or a whole network.
    lesson : Lesson
        What it is to learn.
    source : Source
        Gives its inputs.
    labels : array (N,) int64
        Classes of all examples of the cohort.
    config : TrainingConfig
        Optimiser, patience, precision, seed.
    hardware : Hardware
        Where, and beside which other processes.
    report : callable
        Told of every step; cancels by raising `Cancelled`. What was finished before stays in the checkpoint.

    Raises
    ------
    TrainingError
        When the loss or the network is no longer a number, the device's memory runs out, or the disk is full.
    """
    # Convolutions are a quarter faster this way round on CPUs and no slower elsewhere.
    learner = Learner(part.to(memory_format=torch.channels_last), config)
    record = _read(lesson.checkpoint, part.state_dict())
    if record is not None:
        learner.on_load_checkpoint(record)
    if not _finished(learner, lesson, config):
        _run(learner, lesson, source, labels, config, hardware, report, resume=record is not None)
    best, _ = best_epoch([one.validation_loss for one in learner.epochs], config)
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in learner.best.values())
    if learner.epochs[best].train_loss >= 1e300 or not finite:
        raise TrainingError(
            f"The loss of {lesson.name} is no longer a number: take a lower learning rate than --lr {config.lr:g}."
        )
    part.cpu().load_state_dict(learner.best)
    part.eval()
    return Fitted(best, tuple(learner.epochs))


def _finished(learner: Learner, lesson: Lesson, config: TrainingConfig) -> bool:
    losses = [one.validation_loss for one in learner.epochs]
    return len(losses) >= lesson.epochs or (bool(losses) and best_epoch(losses, config)[1])


def _run(
    learner: Learner,
    lesson: Lesson,
    source: Source,
    labels: NDArray[np.int64],
    config: TrainingConfig,
    hardware: Hardware,
    report: Report,
    *,
    resume: bool,
) -> None:
    batches = _Batches(source, labels)
    order = EpochBatches(lesson.order, lambda: len(learner.epochs), hardware.rank, hardware.world)
    workers = hardware.loaders(config)
    training: DataLoader[Batch] = DataLoader(
        batches, batch_size=None, sampler=order, num_workers=workers, persistent_workers=workers > 0
    )
    asking: DataLoader[Batch] = DataLoader(batches, batch_size=None, sampler=clean_draws(lesson.validation))
    saving = ModelCheckpoint(
        dirpath=lesson.checkpoint.parent,
        filename=lesson.checkpoint.stem,
        save_top_k=1,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    # Loading data draws from torch's random state even where nothing depends on it.
    with quiet_lightning(), torch.random.fork_rng(devices=[]):
        # Lightning takes it from the launcher, and the logs of folds done by others than the first would be lost.
        rank_zero_only.rank = hardware.rank  # type: ignore[attr-defined]
        trainer = pl.Trainer(
            **hardware.trainer(config),
            max_epochs=lesson.epochs,
            callbacks=[_Telling(lesson, report), saving],
            logger=CSVLogger(lesson.folder, name="log"),
            log_every_n_steps=1_000_000,
            num_sanity_val_steps=0,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
            deterministic="warn" if hardware.cuda else None,
        )
        try:
            trainer.fit(
                learner,
                training,
                asking if len(lesson.validation) else None,
                ckpt_path=lesson.checkpoint if resume else None,
                weights_only=True,
            )
        except SystemExit:  # how Lightning answers a Ctrl-C that does not wait
            raise KeyboardInterrupt from None
        except torch.OutOfMemoryError:
            raise TrainingError(
                f"The memory of {hardware.device} is too small for batches of {config.batch_size}: "
                "take fewer with --batch-size."
            ) from None
        except OSError as error:
            where = error.filename or lesson.folder
            raise TrainingError(f"The log of {lesson.name}, {where}, failed: {error.strerror or error}.") from None


def clean_draws(places: Places, size: int = ASK_BATCH) -> list[Draw]:
    """Return the clean pictures of ``places`` in batches."""
    return [
        Draw(part, np.zeros(len(part), np.int64), np.ones(len(part), np.float32))
        for part in np.split(places, range(size, len(places), size))
        if len(part)
    ]


def ask(
    part: nn.Module, source: Source, places: Places, device: str, progress: Progress = ignore
) -> NDArray[np.float64]:
    """Return the logits (N, C) of the clean pictures of ``places``, in full precision; ``progress`` may cancel it."""
    part = part.to(device).eval()
    answers: list[Tensor] = []
    with torch.inference_mode():
        for draw in clean_draws(places):
            progress(len(answers) * ASK_BATCH, len(places))
            answers.append(part(source.batch(draw.examples, draw.views).to(device)).float().cpu())
    part.cpu()
    return torch.cat(answers).double().numpy()


def _read(path: Path, part: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Return a checkpoint of a network with the tensors ``part``; None when there is none, which begins anew.

    One that is not whole or of another network is removed. Nothing is unpickled.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        record = content["record"]
        known = [Epoch(**one) for one in record["epochs"]]
        if known and {k: t.shape for k, t in record["best"].items()} == {k: t.shape for k, t in part.items()}:
            return content
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TrainingError(f"The checkpoint {path} cannot be read: {error.strerror or error}.") from None
    except (RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, pickle.UnpicklingError):
        pass
    path.unlink(missing_ok=True)
    return None


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning from telling on the terminal what this project says in its own words."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch")]
    before = [one.level for one in loggers]
    try:
        for one in loggers:
            one.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pytorch_lightning")
            warnings.filterwarnings("ignore", module="lightning_fabric")
            yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)
