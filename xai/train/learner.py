"""What learns in one fold, as Lightning drives it: loss, optimiser, validation, and the best epoch so far."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional

from xai.train.config import TrainingConfig
from xai.train.outcome import Epoch

Batch = tuple[Tensor, Tensor, Tensor]
"""Inputs (N, ...), classes (N,), weights in the loss (N,)."""


def best_epoch(losses: Sequence[float | None], config: TrainingConfig) -> tuple[int, bool]:
    """Return the epoch to keep and whether to stop: after ``patience`` epochs that are no better by ``min_delta``.

    ``losses`` are the validation losses so far; without validation the last epoch is kept and nothing stops. The
    first epoch counts as the best when every loss is not a number.
    """
    best, lowest = 0, math.inf
    for number, loss in enumerate(losses):
        if loss is None:
            return len(losses) - 1, False
        if math.isfinite(loss) and loss < lowest - (config.min_delta if math.isfinite(lowest) else 0):
            best, lowest = number, loss
    waited = len(losses) - 1 - best
    return best, bool(config.patience) and waited >= config.patience


def balanced_loss(logits: Tensor, labels: Tensor) -> float:
    """Return the cross entropy averaged within each class first: every class that is there counts the same."""
    each = functional.cross_entropy(logits.double(), labels, reduction="none")
    return float(torch.stack([each[labels == k].mean() for k in set(labels.tolist())]).mean())


class Learner(pl.LightningModule):
    """The part of a network that learns, the record of its epochs, and a copy of it as it was in the best one.

    Parameters
    ----------
    part : Module
        The head over features of a frozen backbone, or a whole network over pictures.
    config : TrainingConfig
        Optimiser, patience.
    """

    def __init__(self, part: nn.Module, config: TrainingConfig) -> None:
        super().__init__()
        self.part, self.config = part, config
        self.epochs: list[Epoch] = []
        self.best: dict[str, Tensor] = {}
        self._losses: list[Tensor] = []
        self._answers: list[Tensor] = []
        self._labels: list[Tensor] = []
        self._began = 0.0
        self._validation: tuple[float, float] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, C)."""
        logits: Tensor = self.part(x)
        return logits

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimiser the configuration names, over what is not frozen."""
        config = self.config
        learning = [p for p in self.part.parameters() if p.requires_grad]
        if config.optimizer == "sgd":
            return torch.optim.SGD(learning, config.lr, momentum=config.momentum, weight_decay=config.weight_decay)
        kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
        return kind(learning, config.lr, weight_decay=config.weight_decay)

    def on_train_epoch_start(self) -> None:
        """Begin an epoch's sums."""
        self._losses, self._began, self._validation = [], time.monotonic(), None

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Return the weighted loss of a batch."""
        x, labels, weights = batch
        each = functional.cross_entropy(self(x).float(), labels, reduction="none")
        counted = weights > 0
        self._losses.append(torch.stack([(each.detach() * counted).sum(), counted.sum()]))
        return (each * weights).sum()

    def on_validation_epoch_start(self) -> None:
        """Forget the answers of the epoch before."""
        self._answers, self._labels = [], []

    def validation_step(self, batch: Batch, _: int) -> None:
        """Keep the answers to clean pictures."""
        self._answers.append(self(batch[0]).float())
        self._labels.append(batch[1])

    def on_validation_epoch_end(self) -> None:
        """Take the validation's figures."""
        # On the CPU: not every device has numbers of 64 bit.
        logits, labels = torch.cat(self._answers).cpu(), torch.cat(self._labels).cpu()
        called = logits.argmax(1)
        right = [float((called[labels == k] == k).float().mean()) for k in set(labels.tolist())]
        # The first process decides for all: one that stopped alone, by a last digit, would leave the others waiting.
        self._validation = self.trainer.strategy.broadcast((balanced_loss(logits, labels), sum(right) / len(right)))

    def on_train_epoch_end(self) -> None:
        """Write the epoch down, keep the network if it is the best so far, and say when to stop."""
        total = torch.stack(self._losses).cpu().double().sum(0)
        if self.trainer.world_size > 1:  # GPUs add up what is on them only
            total = torch.as_tensor(self.trainer.strategy.reduce(total.to(self.device), reduce_op="sum"))
        mean = total[0] / total[1]
        loss, accuracy = self._validation or (None, None)
        # JSON has no NaN; a loss that is none has no order either.
        loss = None if loss is None else (loss if math.isfinite(loss) else 1e300)
        taught = float(mean) if math.isfinite(float(mean)) else 1e300
        seconds = time.monotonic() - self._began
        self.epochs.append(Epoch(len(self.epochs), taught, loss, accuracy, seconds))
        self.log("train_loss", taught)
        if loss is not None and accuracy is not None:
            self.log("validation_loss", loss)
            self.log("validation_balanced_accuracy", accuracy)
        best, stop = best_epoch([one.validation_loss for one in self.epochs], self.config)
        if best == len(self.epochs) - 1:
            self.best = {key: tensor.detach().cpu().clone() for key, tensor in self.part.state_dict().items()}
        self.trainer.should_stop = self.trainer.should_stop or stop

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the record and the best network, in types that are read back without unpickling."""
        checkpoint["record"] = {"epochs": [asdict(one) for one in self.epochs], "best": self.best}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from the record of the epochs before."""
        record = checkpoint["record"]
        self.epochs, self.best = [Epoch(**one) for one in record["epochs"]], record["best"]
