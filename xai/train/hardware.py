"""Where a network learns: the device, and which of how many processes this one is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy

from xai.errors import TrainingError
from xai.machine import usable_cores
from xai.train.checkpoints import WholeCheckpoints
from xai.train.config import TrainingConfig

PICTURE_LOADERS = 8
"""Processes that change pictures for one GPU, at most."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """The device of this process, and its place among those that share a batch.

    Processes that share folds each see themselves alone here: rank 0 of 1.
    """

    device: str = "cpu"
    rank: int = 0
    world: int = 1
    local_world: int = 1

    @property
    def cuda(self) -> bool:
        """Whether it is a GPU of NVIDIA's."""
        return self.device.startswith("cuda")

    def precision(self, config: TrainingConfig) -> str:
        """Return Lightning's name of the arithmetic: mixed on a GPU only, unless the configuration says otherwise."""
        if config.precision == "auto":
            return "16-mixed" if self.cuda else "32-true"
        return "32-true" if config.precision == "32" else config.precision

    def loaders(self, config: TrainingConfig) -> int:
        """Return how many processes change pictures beside a GPU that learns from them; a CPU's cores are learning."""
        if not self.cuda or config.backbone == "frozen":
            return 0
        return max(1, min(PICTURE_LOADERS, usable_cores() // max(1, torch.cuda.device_count()) - 1))

    def trainer(self, config: TrainingConfig) -> dict[str, Any]:
        """Return the arguments of Lightning's trainer that depend on the machine.

        Processes that share folds must not find each other, whatever launched them: a plain environment and a
        single device are named outright.
        """
        kind = self.device.partition(":")[0]
        accelerator = {"cuda": "gpu"}.get(kind, kind)
        common = {"accelerator": accelerator, "precision": self.precision(config)}
        if self.world == 1:
            return {
                **common,
                "devices": 1,
                "num_nodes": 1,
                "strategy": SingleDeviceStrategy(torch.device(self.device)),
                "plugins": [LightningEnvironment(), WholeCheckpoints()],
            }
        own = torch.device(self.device)
        return {
            **common,
            "devices": [own.index or 0] if self.cuda else self.local_world,
            "num_nodes": self.world // self.local_world,
            # Each process names its own for all of its machine: SLURM may show it that one only, as number 0.
            "strategy": DDPStrategy(parallel_devices=[own] * self.local_world),
            "plugins": [TorchElasticEnvironment(), WholeCheckpoints()],
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Which of how many processes this one is, in all and on its machine."""

    rank: int = 0
    world: int = 1
    local_rank: int = 0
    local_world: int = 1


def place_here() -> Place:
    """Return this process's place as torchrun or SLURM tell it; the only one when none of them launched it."""
    if "RANK" in os.environ and "WORLD_SIZE" in os.environ:
        world = os.environ["WORLD_SIZE"]
        local = os.environ.get("LOCAL_RANK", "0"), os.environ.get("LOCAL_WORLD_SIZE", world)
        return Place(int(os.environ["RANK"]), int(world), int(local[0]), int(local[1]))
    # An interactive allocation sets the job's variables without having started this process as one of its tasks.
    if int(os.environ.get("SLURM_NTASKS", "1")) > 1 and "SLURM_PROCID" in os.environ and "SLURM_STEP_ID" in os.environ:
        tasks, nodes = int(os.environ["SLURM_NTASKS"]), int(os.environ.get("SLURM_NNODES", "1"))
        return Place(
            int(os.environ["SLURM_PROCID"]), tasks, int(os.environ.get("SLURM_LOCALID", "0")), max(1, tasks // nodes)
        )
    return Place()


def choose(device: str | None, local_rank: int = 0) -> str:
    """Return the device of process ``local_rank`` of its machine: the one asked for, else a GPU of its own, else CPU.

    Raises
    ------
    TrainingError
        When the device asked for is not there.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device is None:
        return f"cuda:{local_rank % count}" if count else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not number.isdigit()):
        raise TrainingError(f"There is no device {device!r}: it is cpu, cuda, cuda:1 or mps.")
    if kind == "cuda" and int(number or 0) >= count:
        raise TrainingError(f"There is no device {device!r} here: {count} GPUs were found.")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise TrainingError("There is no device 'mps' here.")
    return f"cuda:{local_rank % count}" if device == "cuda" else device


@contextmanager
def joined(device: str, place: Place) -> Iterator[Hardware]:
    """Meet the other processes that share every batch with this one while the block runs, and name its hardware."""
    import torch.distributed

    before = dict(os.environ)
    if "MASTER_ADDR" not in os.environ:  # SLURM's own launcher tells the nodes, but not in torch's words
        from lightning_fabric.plugins.environments.slurm import SLURMEnvironment

        slurm = SLURMEnvironment()
        os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = slurm.main_address, str(slurm.main_port)
    os.environ.update(
        RANK=str(place.rank),
        WORLD_SIZE=str(place.world),
        LOCAL_RANK=str(place.local_rank),
        LOCAL_WORLD_SIZE=str(place.local_world),
        GROUP_RANK=str(place.rank // place.local_world),
    )
    try:
        cuda = device.startswith("cuda")
        if cuda:
            torch.cuda.set_device(device)  # else all processes agree through the same one
        torch.distributed.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo")
        yield Hardware(device, place.rank, place.world, place.local_world)
    except RuntimeError as error:  # a process that others wait for has ended
        cause = (str(error).strip().splitlines() or ["no cause given"])[0].partition(". ")[0].rstrip(".")
        raise TrainingError(f"The processes that share the batches have lost each other: {cause}.") from None
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        os.environ.clear()
        os.environ.update(before)


def agree(answer: bool) -> bool:
    """Return what the first process answers, to all that share batches."""
    import torch.distributed

    said = [answer]
    torch.distributed.broadcast_object_list(said, src=0)
    return said[0]
