"""What is kept of a finished fold: its choice of epoch, its curves, and what it said of slices it had not seen."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

OUTCOME_NAME = "outcome.json"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of a fold; numbers start at 0. Validation figures are of the clean pictures."""

    number: int
    train_loss: float
    validation_loss: float | None
    validation_balanced_accuracy: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class FoldOutcome:
    """One fold, tested once with the network of its best epoch."""

    fold: int
    best_epoch: int
    epochs: tuple[Epoch, ...]
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    """Places in the cohort's examples."""
    logits: tuple[tuple[float, ...], ...]
    """Of the test slices, in the order of ``test``; uncalibrated."""
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def answers(self) -> NDArray[np.float64]:
        """Return the logits as an array (N, C)."""
        return np.array(self.logits, np.float64).reshape(len(self.test), -1)

    def to_json(self) -> str:
        """Return the text of ``outcome.json``; numbers survive exactly."""
        return json.dumps(asdict(self), allow_nan=False)

    @classmethod
    def from_file(cls, path: Path) -> FoldOutcome:
        """Read ``outcome.json`` that `to_json` wrote; raise `ValueError` or `OSError` when it is not whole."""
        content = json.loads(path.read_text(encoding="utf-8"))
        try:
            return cls(
                fold=int(content["fold"]),
                best_epoch=int(content["best_epoch"]),
                epochs=tuple(Epoch(**one) for one in content["epochs"]),
                train=tuple(content["train"]),
                validation=tuple(content["validation"]),
                test=tuple(content["test"]),
                logits=tuple(tuple(row) for row in content["logits"]),
                seconds=float(content["seconds"]),
                notes=tuple(content["notes"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path.name} is not whole: {error}") from None
