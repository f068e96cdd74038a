"""Where a network learns: the device, and which of how many processes this one is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy

from xai.train.config import TrainingConfig

PICTURE_LOADERS = 8
"""Processes that change pictures for a GPU, at most; on a CPU the cores have enough to do with learning."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """The device of this process, and its place among those that share a batch.

    Processes that share folds each see themselves alone here: rank 0 of 1.
    """

    device: str = "cpu"
    rank: int = 0
    world: int = 1
    local_world: int = 1
    loaders: int = 0

    @property
    def cuda(self) -> bool:
        """Whether it is a GPU of NVIDIA's."""
        return self.device.startswith("cuda")

    def precision(self, config: TrainingConfig) -> str:
        """Return Lightning's name of the arithmetic: mixed on a GPU only, unless the configuration says otherwise."""
        if config.precision == "auto":
            return "16-mixed" if self.cuda else "32-true"
        return "32-true" if config.precision == "32" else config.precision

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
                "plugins": [LightningEnvironment()],
            }
        return {
            **common,
            "devices": self.local_world,
            "num_nodes": self.world // self.local_world,
            "strategy": DDPStrategy(process_group_backend="nccl" if self.cuda else "gloo"),
            "plugins": [TorchElasticEnvironment()],
        }


def processes_here() -> tuple[int, int, int, int]:
    """Return (rank, world, local rank, local world) as torchrun or SLURM tell them; (0, 1, 0, 1) when alone."""
    if "RANK" in os.environ and "WORLD_SIZE" in os.environ:
        world = int(os.environ["WORLD_SIZE"])
        return (
            int(os.environ["RANK"]),
            world,
            int(os.environ.get("LOCAL_RANK", "0")),
            int(os.environ.get("LOCAL_WORLD_SIZE", str(world))),
        )
    # An interactive allocation sets the job's variables without having started this process as one of its tasks.
    if int(os.environ.get("SLURM_NTASKS", "1")) > 1 and "SLURM_PROCID" in os.environ and "SLURM_STEP_ID" in os.environ:
        nodes = int(os.environ.get("SLURM_NNODES", "1"))
        world = int(os.environ["SLURM_NTASKS"])
        return int(os.environ["SLURM_PROCID"]), world, int(os.environ.get("SLURM_LOCALID", "0")), world // nodes
    return 0, 1, 0, 1
