"""Small cohorts whose affected slices carry a plain sign, and runs on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from xai.models.manifest import PreprocessSettings
from xai.train.config import AUGMENTS, TrainingConfig
from xai.train.hardware import Place
from xai.train.launch import CohortFiles, Launch, begin, carry_out, go_on
from xai.train.record import TrainingRecord

SIZE = 32
SMALL = TrainingConfig(
    network="resnet18-slim",
    weights="none",
    backbone="fine-tuned",
    folds=3,
    epochs=20,  # batch norms need some sixty steps before they know the pictures
    batch_size=8,
    lr=1e-3,
    patience=0,
    optimizer="adam",
    validation=0.2,
    views=2,
    augment=AUGMENTS["published"],
    preprocess=PreprocessSettings(size=SIZE),
)


def plant(folder: Path, patients: Sequence[Sequence[int]], seed: int = 0) -> Path:
    """Write pictures of a disc, with a bright spot at the lower left of affected ones; return the table.

    Each entry of ``patients`` holds the classes of that patient's slices.
    """
    rng = np.random.default_rng(seed)
    rows = ["image,label,group"]
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    inside = x**2 + y**2 < 0.8
    folder.mkdir(parents=True, exist_ok=True)
    for patient, slices in enumerate(patients):
        tint = rng.uniform(80, 120)
        for k, label in enumerate(slices):
            value = tint + rng.normal(0, 12, (SIZE, SIZE))
            spot = (x + rng.uniform(0.25, 0.45)) ** 2 + (y - rng.uniform(0.25, 0.45)) ** 2 < 0.05
            value += 110 * label * spot
            name = f"P{patient:02d}_{k}.png"
            Image.fromarray((np.clip(value, 1, 255) * inside).astype(np.uint8)).save(folder / name)
            rows.append(f"{name},{label},P{patient:02d}")
    table = folder / "data.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table


def quiet(words: str, done: float, total: float) -> None:
    """Say nothing."""


def train(
    table: Path,
    out: Path,
    config: TrainingConfig = SMALL,
    *,
    resume: bool = False,
    processes: int = 1,
    tell: Callable[[str, float, float], None] = quiet,
    **changes: Any,
) -> Path:
    """Do a whole run in this process (and others); return its folder."""
    config = config.model_copy(update=changes)
    files = CohortFiles(table)
    cohort = files.read()

    def start() -> TrainingRecord:
        return go_on(out, files, cohort, config) if resume else begin(out, files, cohort, config)

    carry_out(out, cohort, Launch("cpu", processes, Place()), start, tell)
    return out


MIXED = [[k % 2] * 4 for k in range(12)]
