"""Runs of several processes, and of processes that are killed, give the figures of one that was left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.train.planted import MIXED, SMALL, plant, train
from xai.models.bundle import save_bundle
from xai.models.networks import build
from xai.train.config import TrainingConfig
from xai.train.outcome import FoldOutcome

FILES = ("metrics.json", "oof_predictions.csv", "bundle/weights.safetensors")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> TrainingConfig:
    """A head on a frozen backbone: epochs are short, so there can be many."""
    import torch

    folder = tmp_path_factory.mktemp("weights") / "bundle"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(8)
        save_bundle(folder, build("resnet18-slim"), name="start", version="1", network_name="resnet18-slim")
    changes = {"backbone": "frozen", "weights": str(folder), "epochs": 150, "lr": 0.01, "optimizer": "sgd"}
    return SMALL.model_copy(update=changes)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant(tmp_path_factory.mktemp("cohort"), MIXED)


@pytest.fixture(scope="module")
def alone(table: Path, config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(table, tmp_path_factory.mktemp("runs") / "alone", config)


def command(table: Path, out: Path, recipe: Path, *more: str, **environment: str) -> subprocess.Popen[str]:
    """Start the command line with the configuration of the run ``recipe``."""
    arguments = ["train", str(table), "--out", str(out), "--config", str(recipe), "--device", "cpu", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "viewer", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(processes: Sequence[subprocess.Popen[str]]) -> list[str]:
    """Wait for processes that must end well; return what each said on standard error."""
    said = []
    for one in processes:
        _, errors = one.communicate(timeout=280)
        assert one.returncode == 0, errors
        said.append(errors)
    return said


def same(one: Path, other: Path) -> None:
    for name in FILES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_killed_in_its_third_fold_a_run_goes_on_to_the_same_figures(
    table: Path, config: TrainingConfig, alone: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    started = command(table, run, alone, "--processes", "1")
    checkpoint, outcome = run / "work" / "checkpoints" / "fold-02.ckpt", run / "folds" / "02" / "outcome.json"
    while not checkpoint.exists():
        with pytest.raises(subprocess.TimeoutExpired):
            started.wait(0.01)
    started.kill()
    started.communicate()
    assert (run / "folds" / "01" / "outcome.json").exists()
    assert not outcome.exists()
    told: list[str] = []
    train(table, run, config, resume=True, tell=lambda words, done, total: told.append(words))
    assert not any(words.startswith(("fold 1", "fold 2", "features", "reading")) for words in told)
    assert not any(words.startswith("fold 3 of 3, epoch 1,") for words in told)
    same(run, alone)


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(
    table: Path, config: TrainingConfig, alone: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    started = command(table, run, alone, "--processes", "1")
    while not (run / "work" / "checkpoints" / "fold-01.ckpt").exists():
        with pytest.raises(subprocess.TimeoutExpired):
            started.wait(0.01)
    started.send_signal(signal.SIGINT)
    out, errors = started.communicate(timeout=60)
    assert (started.returncode, out) == (130, "")
    assert errors.splitlines()[-2:] == [f"What is finished is kept in {run}; --resume goes on with it.", "Cancelled."]
    assert list((run / "work" / "claims").iterdir()) == []
    train(table, run, config, resume=True)
    same(run, alone)


def test_two_processes_share_the_folds_of_one(table: Path, config: TrainingConfig, alone: Path, tmp_path: Path) -> None:
    # As torchrun starts them: each knows its rank, and nothing else passes between them but the run's folder.
    ranks = [{"RANK": str(k), "WORLD_SIZE": "2", "LOCAL_RANK": str(k), "LOCAL_WORLD_SIZE": "2"} for k in range(2)]
    run = tmp_path / "run"
    first, second = ended([command(table, run, alone, **place) for place in ranks])
    assert second == ""  # one process speaks
    assert sum(f"fold {k} of 3" in first for k in (1, 2, 3)) < 3, "the second one took no fold"
    same(run, alone)
    for number in range(3):
        assert (run / "folds" / f"{number:02d}" / "log" / "version_0" / "metrics.csv").exists()


def test_helpers_of_one_command_give_the_same_figures(
    table: Path, config: TrainingConfig, alone: Path, tmp_path: Path
) -> None:
    run = train(table, tmp_path / "run", config, processes=2)
    same(run, alone)
    assert not any(path.name.startswith("fold") for path in (run / "work" / "claims").iterdir())


def test_processes_that_share_batches_agree_with_one(
    table: Path, config: TrainingConfig, alone: Path, tmp_path: Path
) -> None:
    ended([command(table, tmp_path / "run", alone, "--parallel", "data", "--processes", "2", "--epochs", "12")])
    one = train(table, tmp_path / "one", config, epochs=12)
    for number in range(3):
        both = [
            FoldOutcome.from_file(run / "folds" / f"{number:02d}" / "outcome.json") for run in (one, tmp_path / "run")
        ]
        assert [len(outcome.epochs) for outcome in both] == [12, 12]
        assert np.abs(both[0].answers - both[1].answers).max() < 1e-3
        losses = [[epoch.train_loss for epoch in outcome.epochs] for outcome in both]
        assert losses[0] == pytest.approx(losses[1], abs=1e-3)


def test_sigterm_ends_processes_that_share_batches(
    table: Path, config: TrainingConfig, alone: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    started = command(table, run, alone, "--parallel", "data", "--processes", "2")
    while not (run / "work" / "checkpoints" / "fold-00.ckpt").exists():
        with pytest.raises(subprocess.TimeoutExpired):
            started.wait(0.01)
    started.send_signal(signal.SIGTERM)
    out, errors = started.communicate(timeout=60)
    assert (started.returncode, out) == (130, "")
    # The other process is ended, too, and does not call this one lost.
    assert errors.splitlines()[-2:] == [f"What is finished is kept in {run}; --resume goes on with it.", "Cancelled."]
    assert "has ended" not in errors
