"""Tables with the pictures they name, written small."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from xai.train.cohort import CLASSES


def picture(seed: int, shape: tuple[int, int] = (40, 48), dtype: type = np.uint8) -> NDArray[Any]:
    """Return a lopsided disc with a texture of its own on background 0."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    inside = (x + 0.1) ** 2 + (y / 0.8) ** 2 < 0.5
    texture = np.kron(rng.random((8, 8)), np.ones((shape[0] // 8 + 1, shape[1] // 8 + 1)))[: shape[0], : shape[1]]
    value = inside * (0.3 + 0.6 * texture + 0.1 * x)
    return np.asarray(value * (np.iinfo(dtype).max * 0.9), dtype)


def save(path: Path, pixels: NDArray[Any]) -> Path:
    """Write a picture by its ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() in (".tif", ".tiff"):
        tifffile.imwrite(path, pixels, photometric="minisblack")
    else:
        Image.fromarray(pixels).save(path)
    return path


def published(
    folder: Path,
    patients: Mapping[str, Sequence[int]],
    ending: str = ".tif",
    tree: str = "Tiles_tif_no_background",
    masks: str = "Tiles_mask_tif",
) -> Path:
    """Write the published layout: for each patient the labels of its slices; return the table."""
    rows, seed = ["img_name;label;group"], 0
    for patient, labels in patients.items():
        for k, label in enumerate(labels):
            seed += 1
            pixels, name = picture(seed), f"{patient}_{k}{ending}"
            save(folder / tree / CLASSES[label] / name, pixels)
            if masks:
                save(folder / masks / CLASSES[label] / name, (pixels > 120).astype(np.uint8) * 255)
            rows.append(f"{name};{CLASSES[label]};{patient}")
    return table(folder, rows)


def table(folder: Path, lines: Sequence[str], name: str = "data.csv") -> Path:
    """Write a table's lines."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    return path


def nifti(path: Path, voxels: NDArray[Any], spacing: tuple[float, float, float] = (2.0, 3.0, 8.0)) -> Path:
    """Write (slice, row, column) axial voxels, columns to the patient's left, rows to the back, slices to the head."""
    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(voxels.transpose(2, 1, 0)), affine), path)
    return path


@pytest.fixture(name="picture")
def _picture() -> Callable[..., NDArray[Any]]:
    return picture


@pytest.fixture(name="save")
def _save() -> Callable[..., Path]:
    return save


@pytest.fixture(name="published")
def _published() -> Callable[..., Path]:
    return published


@pytest.fixture(name="table")
def _table() -> Callable[..., Path]:
    return table


@pytest.fixture(name="nifti")
def _nifti() -> Callable[..., Path]:
    return nifti
