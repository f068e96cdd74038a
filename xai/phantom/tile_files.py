"""Phantom patients as tiles, in the published layout: pictures and masks by class, and a table that names them.

::

    out/data.csv                                                 img_name;label;group
    out/Tiles_tif_no_background/{healthy,affected}/P001_s01.tif   16 bit grey, air 0
    out/Tiles_mask_tif/{healthy,affected}/P001_s01.tif            lesion 255; a healthy slice has none
    out/about.toml                                               what the pictures are
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai.imaging.body import body_mask
from xai.models.manifest import TrainedOn, write_toml
from xai.phantom.patient import PhantomSeries
from xai.train.cohort import CLASSES

TILES, MASKS = "Tiles_tif_no_background", "Tiles_mask_tif"
TILE_COLUMNS = ("img_name", "label", "group")
ABOUT = TrainedOn(
    modality="MR", sequence="T1", region="lower leg", plane="axial", data_source="synthetic lower-leg phantoms"
)


def write_tiles(series: PhantomSeries, out: Path, code: str) -> list[tuple[str | int, ...]]:
    """Write a patient's slices as tiles with their lesion masks; return the rows of ``data.csv``."""
    for folder in CLASSES:
        (out / TILES / folder).mkdir(parents=True, exist_ok=True)
        (out / MASKS / folder).mkdir(parents=True, exist_ok=True)
    digits = max(2, len(str(len(series.array))))
    rows: list[tuple[str | int, ...]] = []
    for k, label in enumerate(series.labels.tolist()):
        name, folder = f"{code}_s{k + 1:0{digits}d}.tif", CLASSES[label]
        _write(out / TILES / folder / name, without_background(series.array[k]))
        _write(out / MASKS / folder / name, np.uint8(255 * label) * (series.mask[k] > 0))
        rows.append((name, folder, code))
    return rows


def without_background(pixels: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return a slice (H, W) whose air is 0."""
    return np.where(body_mask(pixels.astype(np.float32)), pixels, np.uint16(0))


def write_about(out: Path) -> None:
    """Write ``about.toml``: tiles say nothing of themselves."""
    (out / "about.toml").write_text(write_toml(ABOUT.model_dump(mode="json", exclude_none=True)), encoding="utf-8")


def _write(path: Path, pixels: NDArray[Any]) -> None:
    import tifffile

    # The same bytes for the same pixels: neither date nor program is written.
    tifffile.imwrite(path, pixels, photometric="minisblack", compression="zlib", metadata=None, software=False)
