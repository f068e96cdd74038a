"""The published layout made of a real thigh: single muscles cut out of its slices, labelled by how fatty they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

from xai.imaging.nifti import read_nifti
from xai.train.cohort import CLASSES

FATTY = 0.35
"""Mean fat / (fat + water) from which a muscle's tile is affected."""
SLICES_PER_GROUP = 2
_SMALLEST = 80
_MARGIN = 3

Mask = NDArray[np.bool_]


def write_thigh_tiles(real_data: Path, out: Path) -> Path:
    """Write tiles, masks and ``data.csv`` of `nifti_thigh_dystrophy_one`; return the table.

    A tile is one muscle of one side on one slice of the fat image, everything else 0. There is one patient only: so
    that folds can be made at all, two neighbouring slices of one side count as a patient. What a network then shows is
    that the whole way works, and nothing about other people.
    """
    source = real_data / "nifti_thigh_dystrophy_one"
    fat, water, muscles = (
        read_nifti(source / name).series.read().array
        for name in ("Thigh_002_0000.nii.gz", "Thigh_002_0001.nii.gz", "mask/THIGH_038_0003.nii.gz")
    )
    rows = ["img_name;label;group"]
    for k in range(len(fat)):
        sides = _sides(muscles[k] > 0)
        for side, part in sides.items():
            for muscle in range(1, 12):
                inside = part & (muscles[k] == muscle)
                if inside.sum() < _SMALLEST:
                    continue
                fraction = fat[k][inside].sum() / (fat[k][inside] + water[k][inside]).sum()
                label = int(fraction >= FATTY)
                name = f"{side}_m{muscle:02d}_s{k + 1:02d}.tif"
                box = _box(inside)
                for tree, pixels in (
                    ("Tiles_tif_no_background", np.where(inside, fat[k], 0).astype(np.uint16)),
                    ("Tiles_mask_tif", inside.astype(np.uint8) * np.uint8(255)),
                ):
                    folder = out / tree / CLASSES[label]
                    folder.mkdir(parents=True, exist_ok=True)
                    tifffile.imwrite(folder / name, pixels[box], photometric="minisblack")
                rows.append(f"{name};{CLASSES[label]};{side}-{k // SLICES_PER_GROUP + 1}")
    table = out / "data.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table


def _sides(inside: Mask) -> dict[str, Mask]:
    """Return the two thighs of a slice, the one at the picture's left first."""
    labels, count = ndimage.label(ndimage.binary_closing(inside, iterations=6))
    largest = sorted(range(1, count + 1), key=lambda one: -int((labels == one).sum()))[:2]
    ordered = sorted(largest, key=lambda one: float(np.nonzero(labels == one)[1].mean()))
    return {name: inside & (labels == one) for name, one in zip(("first", "second"), ordered, strict=False)}


def _box(inside: Mask) -> tuple[slice, slice]:
    rows, columns = np.nonzero(inside)
    return (
        slice(max(rows.min() - _MARGIN, 0), rows.max() + 1 + _MARGIN),
        slice(max(columns.min() - _MARGIN, 0), columns.max() + 1 + _MARGIN),
    )
