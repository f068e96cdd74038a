"""Where a process learns, as launchers tell it, and what Lightning makes of that."""

from __future__ import annotations

import pytest
import pytorch_lightning as pl
import torch

from xai.errors import TrainingError
from xai.train.config import TrainingConfig
from xai.train.hardware import Hardware, Place, choose, place_here


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Pretend that there is one GPU; nothing is computed on it."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    return monkeypatch


def launched(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Place:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "SLURM_NTASKS", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return place_here()


def test_launchers_tell_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert launched(monkeypatch) == Place()
    torchrun = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
    assert launched(monkeypatch, **torchrun) == Place(3, 4, 1, 2)
    slurm = {"SLURM_NTASKS": "4", "SLURM_PROCID": "3", "SLURM_LOCALID": "1", "SLURM_NNODES": "2"}
    # A batch script and an interactive shell have the job's variables, but are no tasks of a step.
    assert launched(monkeypatch, **slurm) == Place()
    assert launched(monkeypatch, **slurm, SLURM_STEP_ID="0") == Place(3, 4, 1, 2)


def test_a_process_that_sees_its_own_gpu_only_shares_batches(gpus: pytest.MonkeyPatch) -> None:
    from lightning_fabric.utilities import rank_zero as fabric_ranks
    from lightning_utilities.core import rank_zero

    for module in (fabric_ranks, rank_zero):  # Lightning notes the rank for the whole process
        gpus.setattr(module.rank_zero_only, "rank", 0, raising=False)
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "GROUP_RANK": "0"}.items():
        gpus.setenv(name, value)
    hardware = Hardware(choose(None, local_rank=1), 1, 2, 2)
    trainer = pl.Trainer(**hardware.trainer(TrainingConfig(precision="32")), logger=False)
    assert trainer.strategy.root_device == torch.device("cuda:0")
    assert (trainer.world_size, trainer.num_nodes, trainer.global_rank) == (2, 1, 1)


def test_devices_are_chosen_and_missing_ones_said(gpus: pytest.MonkeyPatch) -> None:
    assert [choose(None, 3), choose("cuda"), choose("cuda:0"), choose("cpu")] == ["cuda:0", "cuda:0", "cuda:0", "cpu"]
    with pytest.raises(TrainingError, match="no device 'cuda:1' here: 1 GPUs were found"):
        choose("cuda:1")
    with pytest.raises(TrainingError, match="it is cpu, cuda, cuda:1 or mps"):
        choose("tpu")


def test_pictures_are_changed_by_other_processes_for_a_gpu_that_learns_from_them(gpus: pytest.MonkeyPatch) -> None:
    tuned = TrainingConfig(weights="none", backbone="fine-tuned")
    assert 1 <= Hardware("cuda:0").loaders(tuned) <= 8
    assert Hardware("cuda:0").loaders(TrainingConfig()) == 0
    assert Hardware("cpu").loaders(tuned) == 0
