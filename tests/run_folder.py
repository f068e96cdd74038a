"""Training runs made up for tests: pictures, table and the files that a run leaves, without training anything."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xai.models.manifest import BundleManifest, TrainedOn
from xai.train.config import TrainingConfig
from xai.train.record import DataRecord, TrainingRecord, WeightsRecord, write_record

COLUMNS = (
    *("image", "slice", "row", "label", "group", "fold", "prediction", "probability"),
    *("logit_0", "logit_1", "calibrated_probability"),
)
TEMPERATURE = 2.0


@dataclass(frozen=True, slots=True)
class Given:
    """One row of a run: a slice, its label and patient, and the probability that its fold gave it."""

    image: str
    row: int
    label: int
    group: str
    fold: int
    logit: float
    slice: int | None = None
    """From 1."""

    @property
    def probability(self) -> float:
        return _sigmoid(self.logit)

    @property
    def calibrated(self) -> float:
        return _sigmoid(self.logit / TEMPERATURE)


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def write_run(
    folder: Path, table: Path, rows: Sequence[Given], keep: Sequence[int] = (), calibrated: bool = True
) -> Path:
    """Write a run of ``table`` into ``folder``; ``keep`` are the folds whose bundles it kept."""
    folder.mkdir(parents=True)
    config = TrainingConfig(network="resnet18-slim", folds=max(row.fold for row in rows) + 1, keep_folds=bool(keep))
    data = DataRecord(table=str(table.absolute()), sha256=hashlib.sha256(table.read_bytes()).hexdigest())
    write_record(TrainingRecord(config=config, data=data, weights=WeightsRecord(source="none")), folder)
    right = sum((row.logit > 0) == bool(row.label) for row in rows)
    pooled = {"accuracy": right / len(rows), "balanced_accuracy": right / len(rows), "roc_auc": None}
    empty: dict[str, object] = {"folds": [], "mean": {}, "std": {}, "per_patient": {}}
    (folder / "metrics.json").write_text(json.dumps({"pooled": pooled, **empty}), encoding="utf-8")
    with (folder / "oof_predictions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow(
                [
                    *(row.image, row.slice or "", row.row, row.label, row.group, row.fold, int(row.logit > 0)),
                    *(row.probability, -row.logit / 2, row.logit / 2, row.calibrated if calibrated else ""),
                ]
            )
    for fold in keep:
        write_bundle(folder / "folds" / f"{fold:02d}" / "bundle", f"fold {fold}")
    return folder


def write_bundle(folder: Path, name: str) -> Path:
    """Write a bundle's manifest, which is all of it that the window reads itself."""
    folder.mkdir(parents=True)
    manifest = BundleManifest(
        name=name,
        version="1",
        network="resnet18-slim",
        classes=("healthy", "affected"),
        weights_sha256=hashlib.sha256(name.encode()).hexdigest(),
        cam_layer="layer4",
        cam_centre=0.0,
        cam_stride=32.0,
        trained_on=TrainedOn(data_source="synthetic spots"),
    )
    (folder / "bundle.toml").write_text(manifest.to_toml(), encoding="utf-8")
    return folder


Draw = Callable[[int, int], NDArray[np.uint8]]


def plain(patient: int, k: int) -> NDArray[np.uint8]:
    """Return a picture (16, 20) that differs from slice to slice."""
    return np.full((16, 20), (10 * patient + k) % 251, np.uint8)


def write_tiles(folder: Path, rows: Sequence[tuple[str, int, str]], draw: Draw = plain, name: str = "data.csv") -> Path:
    """Write pictures in the published layout, by (picture, label, group), and their table; return the table."""
    groups = list(dict.fromkeys(group for _, _, group in rows))
    for number, (image, label, group) in enumerate(rows):
        place = folder / ("healthy", "affected")[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw(groups.index(group), number)).save(place / f"{image}.png")
    lines = ["img_name;label;group", *(f"{image};{label};{group}" for image, label, group in rows)]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name
