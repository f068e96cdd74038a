"""One lesson: it learns what is there, keeps its best epoch, and goes on exactly where it was broken off."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from xai.errors import TrainingError
from xai.progress import Cancelled
from xai.train.config import TrainingConfig
from xai.train.fit import Fitted, Lesson, Moment, ask, fit
from xai.train.hardware import Hardware
from xai.train.learner import balanced_loss, best_epoch
from xai.train.order import Order

CONFIG = TrainingConfig(
    network="resnet18-slim", weights="none", backbone="fine-tuned", epochs=6, lr=0.05, batch_size=16
)
LABELS = (np.arange(120) % 3 == 0).astype(np.int64)
TRAIN, VALIDATION, TEST = np.arange(0, 80), np.arange(80, 100), np.arange(100, 120)


@dataclass(frozen=True)
class Planted:
    """Features of which the third tells the class; each view has noise of its own."""

    strength: float = 4.0

    def batch(self, examples: NDArray[np.int64], views: NDArray[np.int64]) -> Tensor:
        rows = []
        for example, view in zip(examples.tolist(), views.tolist(), strict=True):
            row = np.random.default_rng((example, view)).normal(size=5)
            row[2] += self.strength * LABELS[example]
            rows.append(row)
        return torch.tensor(np.array(rows), dtype=torch.float32)


def head() -> nn.Linear:
    with torch.random.fork_rng():
        part = nn.Linear(5, 2)
    with torch.no_grad():
        part.weight.copy_(torch.linspace(-0.2, 0.2, 10).view(2, 5))
        part.bias.zero_()
    return part


def lesson(folder: Path, epochs: int = 6, validation: NDArray[np.int64] = VALIDATION) -> Lesson:
    order = Order(TRAIN, LABELS[TRAIN], CONFIG.batch_size, 3, 1, 4, True)
    return Lesson("fold 2 of 3", order, validation, epochs, folder / "log", folder / "work" / "fold.ckpt")


def run(
    folder: Path, config: TrainingConfig = CONFIG, stop_at: int | None = None, **changes: object
) -> tuple[nn.Module, Fitted, list[Moment]]:
    (folder / "work").mkdir(parents=True, exist_ok=True)
    part, told = head(), []

    def report(moment: Moment) -> None:
        told.append(moment)
        if stop_at is not None and moment.epoch == stop_at and moment.share * moment.epochs > stop_at + 0.3:
            raise Cancelled

    wanted = lesson(folder, config.epochs, **changes)  # type: ignore[arg-type]
    return part, fit(part, wanted, Planted(), LABELS, config, Hardware(), report), told


def test_a_planted_signal_is_learned_and_told(tmp_path: Path) -> None:
    part, fitted, told = run(tmp_path)
    logits = ask(part, Planted(), TEST, "cpu")
    assert ((logits[:, 1] > logits[:, 0]) == (LABELS[TEST] == 1)).mean() >= 0.8
    weight = part.get_parameter("weight")
    lead = (weight[1] - weight[0]).abs()
    assert int(lead.argmax()) == 2
    assert len(fitted.epochs) == 6
    assert fitted.epochs[-1].train_loss < fitted.epochs[0].train_loss
    shares = [moment.share for moment in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    rows = (tmp_path / "log" / "log" / "version_0" / "metrics.csv").read_text().splitlines()
    assert "validation_loss" in rows[0]
    assert len(rows) == 7


def test_the_validation_figures_are_those_of_the_clean_pictures(tmp_path: Path) -> None:
    part, fitted, _ = run(tmp_path, CONFIG.model_copy(update={"epochs": 1}))
    logits = torch.from_numpy(ask(part, Planted(), VALIDATION, "cpu"))
    labels = torch.from_numpy(LABELS[VALIDATION])
    each = -logits.log_softmax(1)[torch.arange(len(labels)), labels]
    expected = (each[labels == 0].mean() + each[labels == 1].mean()) / 2
    assert fitted.epochs[0].validation_loss == pytest.approx(float(expected), rel=1e-6)
    assert balanced_loss(logits, labels) == pytest.approx(float(expected), rel=1e-9)


def test_loader_processes_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CONFIG.model_copy(update={"epochs": 2})
    _, alone, _ = run(tmp_path / "alone", config)
    monkeypatch.setattr(Hardware, "loaders", lambda self, config: 2)
    _, helped, _ = run(tmp_path / "helped", config)
    assert [replace(one, seconds=0) for one in helped.epochs] == [replace(one, seconds=0) for one in alone.epochs]


def test_the_network_of_the_best_epoch_is_kept_and_not_the_last(tmp_path: Path) -> None:
    # A rate so high that the loss jumps about: the best epoch lies before the last.
    part, fitted, _ = run(tmp_path, CONFIG.model_copy(update={"lr": 3.0, "epochs": 12, "patience": 0}))
    losses = [one.validation_loss for one in fitted.epochs]
    assert fitted.best_epoch == int(np.argmin(np.array(losses, float))) < 11
    logits = torch.from_numpy(ask(part, Planted(), VALIDATION, "cpu"))
    assert balanced_loss(logits, torch.from_numpy(LABELS[VALIDATION])) == pytest.approx(
        losses[fitted.best_epoch], rel=1e-6
    )


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_going_on_equals_never_having_stopped(tmp_path: Path, optimizer: str) -> None:
    config = CONFIG.model_copy(update={"optimizer": optimizer, "patience": 0})
    whole, at_once, _ = run(tmp_path / "whole", config)
    with pytest.raises(Cancelled):
        run(tmp_path / "broken", config, stop_at=3)
    part, gone_on, told = run(tmp_path / "broken", config)
    assert told[0].epoch == 3  # epochs 0 to 2 are not done again
    assert gone_on.best_epoch == at_once.best_epoch
    for a, b in zip(gone_on.epochs, at_once.epochs, strict=True):
        assert replace(a, seconds=0) == replace(b, seconds=0)
    assert np.array_equal(ask(part, Planted(), TEST, "cpu"), ask(whole, Planted(), TEST, "cpu"))


def test_a_finished_lesson_is_not_begun_again(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"lr": 0.5, "epochs": 40, "patience": 2})
    part, fitted, _ = run(tmp_path, config)
    assert len(fitted.epochs) < 40  # it stopped early
    again, same, told = run(tmp_path, config)
    assert told == []
    assert same == fitted
    assert np.array_equal(ask(part, Planted(), TEST, "cpu"), ask(again, Planted(), TEST, "cpu"))


def test_half_a_checkpoint_begins_anew(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        run(tmp_path, stop_at=2)
    path = tmp_path / "work" / "fold.ckpt"
    path.write_bytes(path.read_bytes()[:1000])
    _, fitted, told = run(tmp_path)
    assert told[0].epoch == 0
    assert len(fitted.epochs) == 6


def test_without_validation_the_last_epoch_is_kept(tmp_path: Path) -> None:
    _, fitted, _ = run(tmp_path, validation=np.empty(0, np.int64))
    assert fitted.best_epoch == 5
    assert {one.validation_loss for one in fitted.epochs} == {None}


def test_a_loss_that_is_no_number_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"fold 2 of 3 is no longer a number: take a lower learning rate"):
        run(tmp_path, CONFIG.model_copy(update={"lr": 1e38}))


def test_the_global_random_state_is_left_alone(tmp_path: Path) -> None:
    before = torch.random.get_rng_state(), repr(np.random.get_state())  # noqa: NPY002
    run(tmp_path)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert repr(np.random.get_state()) == before[1]  # noqa: NPY002


@pytest.mark.parametrize(
    ("losses", "patience", "min_delta", "expected"),
    [
        ([0.9, 0.5, 0.7, 0.8], 2, 0.0, (1, True)),
        ([0.9, 0.5, 0.7, 0.8], 3, 0.0, (1, False)),
        ([0.9, 0.5, 0.7, 0.8, 0.9], 0, 0.0, (1, False)),
        ([0.9, 0.5, 0.49], 5, 0.05, (1, False)),
        ([0.5, 0.5], 5, 0.0, (0, False)),
        ([None, None, None], 1, 0.0, (2, False)),
        ([1e300, 0.5], 1, 0.0, (1, False)),
        ([float("nan"), float("nan"), 0.4], 5, 0.0, (2, False)),
    ],
)
def test_the_best_epoch_and_when_to_stop(
    losses: list[float | None], patience: int, min_delta: float, expected: tuple[int, bool]
) -> None:
    config = CONFIG.model_copy(update={"patience": patience, "min_delta": min_delta})
    assert best_epoch(losses, config) == expected


def test_what_is_asked_while_validating_is_heard(tmp_path: Path) -> None:
    asked = replace(lesson(tmp_path), validation=np.arange(0, 100))  # two batches
    (tmp_path / "work").mkdir()
    steps = len(asked.order)
    told = []

    def report(moment: Moment) -> None:
        told.append(moment)
        if len(told) == steps + 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        fit(head(), asked, Planted(), LABELS, CONFIG, Hardware(), report)
    assert told[-1] == told[-2]
    assert not asked.checkpoint.exists()  # the first epoch was not finished


def test_sigterm_is_left_to_whoever_answers_it(tmp_path: Path) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        (tmp_path / "work").mkdir()

        def report(moment: Moment) -> None:
            if not heard:
                os.kill(os.getpid(), signal.SIGTERM)

        fitted = fit(head(), lesson(tmp_path), Planted(), LABELS, CONFIG, Hardware(), report)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]
    assert len(fitted.epochs) == CONFIG.epochs  # Lightning did not end it in its own way


def test_an_impatient_ctrl_c_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()

    def report(moment: Moment) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(head(), lesson(tmp_path), Planted(), LABELS, CONFIG, Hardware(), report)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_checkpoints_need_no_room_elsewhere_and_a_full_disk_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    run(tmp_path, CONFIG.model_copy(update={"epochs": 1}))

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("xai.train.checkpoints.write_whole", full)
    with pytest.raises(TrainingError, match=r"fold\.ckpt cannot be written: No space left on device\.$"):
        run(tmp_path, CONFIG.model_copy(update={"epochs": 2}))


@pytest.mark.parametrize(
    "content",
    [
        {"record": {"epochs": [], "best": {}}},
        {"record": {"epochs": [{"number": 0}], "best": {}}},
        {"record": [1, 2]},
        [],
        {"record": {"epochs": [], "best": nn.Linear(7, 2).state_dict()}},
    ],
)
def test_a_checkpoint_of_something_else_begins_anew(tmp_path: Path, content: object) -> None:
    (tmp_path / "work").mkdir()
    torch.save(content, tmp_path / "work" / "fold.ckpt")
    _, fitted, told = run(tmp_path)
    assert told[0].epoch == 0
    assert len(fitted.epochs) == 6


def test_a_network_that_breaks_in_its_last_step_is_said(tmp_path: Path) -> None:
    part = head()
    (tmp_path / "work").mkdir()

    def report(moment: Moment) -> None:
        if moment.share == 1:
            with torch.no_grad():
                part.weight.fill_(torch.inf)

    asked = lesson(tmp_path, validation=np.empty(0, np.int64))
    with pytest.raises(TrainingError, match="is no longer a number"):
        fit(part, asked, Planted(), LABELS, CONFIG, Hardware(), report)
