"""A phantom cohort as files: DICOM series, lesion masks and a table of what is true.

::

    out/P001/IM0001.dcm ...     the series
    out/masks/P001.nii.gz       lesion mask on the series' grid
    out/cohort.csv              one row per slice

or as tiles, see `xai.phantom.tile_files`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import nibabel
import numpy as np

from xai.errors import ImagingError
from xai.imaging.geometry import VolumeGeometry
from xai.phantom.dicom_files import write_series
from xai.phantom.lesions import GRADES
from xai.phantom.patient import PhantomSeries, Side, make_patient
from xai.phantom.plan import DEMO_SEED, cohort_grades
from xai.phantom.tile_files import TILE_COLUMNS, write_about, write_tiles
from xai.progress import Progress, ignore

COLUMNS = ("patient", "slice", "label", "grade", "mask_pixels_224", "muscles", "side")
"""Of ``cohort.csv``; ``slice`` counts from 0 in the order of the catalogue, from the foot to the head."""


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """A patient of the demo study, fixed."""

    code: str
    index: int
    grade: int
    side: Side


DEMO_PATIENTS = (
    DemoPatient("P001", 10, 3, "left"),
    DemoPatient("P002", 11, 0, "both"),
    DemoPatient("P003", 12, 1, "right"),
)


def write_cohort(
    out: Path,
    patients: int,
    seed: int,
    progress: Progress = ignore,
    *,
    slices: int = 16,
    size: int = 320,
    layout: Literal["dicom", "tiles"] = "dicom",
) -> None:
    """Write a balanced cohort: half of the patients are healthy, the others share the grades.

    Parameters
    ----------
    out : Path
        Folder to write to; made when missing.
    patients : int
        How many.
    seed : int
        Names the cohort; the same seed and number give the same files.
    progress : callable
        Told after each patient.
    slices, size : int
        Pictures per series and their breadth and height in pixels.
    layout : {"dicom", "tiles"}
        DICOM series with NIfTI masks, or the published layout of tiles with ``data.csv``.

    Raises
    ------
    ImagingError
        When the folder cannot be written.
    """
    if patients < 1:
        raise ValueError(f"patients must be at least 1, got {patients}")
    if layout not in ("dicom", "tiles"):
        raise ValueError(f"unknown layout {layout!r}")
    grades = cohort_grades(patients, seed)
    digits = max(3, len(str(patients)))
    drawn = (
        (f"P{k + 1:0{digits}d}", make_patient(seed, k, grade=grade, slices=slices, size=size))
        for k, grade in enumerate(grades)
    )
    if layout == "tiles":
        _write_tiles(out, drawn, patients, progress)
    else:
        _write(out, drawn, patients, progress, out)


def demo_study(out: Path, progress: Progress = ignore, truth: Path | None = None) -> None:
    """Write the fixed patients of the demo: one plainly affected, one healthy, one early and hard to see.

    Parameters
    ----------
    out : Path
        Takes a folder with a DICOM series for each patient and nothing else: who reads the study sees no answers.
    progress : callable
        Told after each patient.
    truth : Path, optional
        Takes the lesion masks and ``cohort.csv``.

    Raises
    ------
    ImagingError
        When the folder cannot be written.
    """
    _write(out, demo_patients(), len(DEMO_PATIENTS), progress, truth)


def demo_patients() -> Iterable[tuple[str, PhantomSeries]]:
    """Yield the demo study's patients with their codes."""
    for one in DEMO_PATIENTS:
        yield one.code, make_patient(DEMO_SEED, one.index, grade=one.grade, side=one.side)


def _write(
    out: Path, drawn: Iterable[tuple[str, PhantomSeries]], total: int, progress: Progress, truth: Path | None
) -> None:
    progress(0, total)
    rows: list[tuple[str | int, ...]] = [COLUMNS]
    place = out
    try:
        for done, (code, series) in enumerate(drawn, start=1):
            place = out
            write_series(series, out / code, code)
            if truth is not None:
                place = truth
                (truth / "masks").mkdir(parents=True, exist_ok=True)
                write_mask(series, truth / "masks" / f"{code}.nii.gz")
                rows += slice_rows(series, code)
            progress(done, total)
        if truth is not None:
            _write_table(truth / "cohort.csv", rows, ",")
    except OSError as error:
        raise ImagingError(f"The phantoms cannot be written to {place}: {error.strerror or error}.") from None


def _write_tiles(out: Path, drawn: Iterable[tuple[str, PhantomSeries]], total: int, progress: Progress) -> None:
    progress(0, total)
    rows: list[tuple[str | int, ...]] = [TILE_COLUMNS]
    try:
        for done, (code, series) in enumerate(drawn, start=1):
            rows += write_tiles(series, out, code)
            progress(done, total)
        write_about(out)
        _write_table(out / "data.csv", rows, ";")
    except OSError as error:
        raise ImagingError(f"The phantoms cannot be written to {out}: {error.strerror or error}.") from None


def _write_table(path: Path, rows: Iterable[tuple[str | int, ...]], delimiter: str) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows(rows)


def slice_rows(series: PhantomSeries, code: str) -> list[tuple[str | int, ...]]:
    """Return the rows of ``cohort.csv`` for one patient."""
    rows: list[tuple[str | int, ...]] = []
    for k, (label, pixels) in enumerate(zip(series.labels.tolist(), series.mask_pixels.tolist(), strict=True)):
        found = series.slice_muscles(k)
        sides = {name.split(" ", 1)[0] for name in found}
        side = "both" if len(sides) == 2 else next(iter(sides), "")
        muscles = "|".join(sorted({name.split(" ", 1)[1] for name in found}))
        rows.append((code, k, label, GRADES[int(series.grades[k])], pixels, muscles, side))
    return rows


def write_mask(series: PhantomSeries, path: Path) -> None:
    """Write the lesion mask as NIfTI on the series' grid."""
    # NIfTI stores (column, row, slice) and its patient axes run to the right's and the front's opposites: RAS, not LPS.
    image = nibabel.Nifti1Image(np.ascontiguousarray(series.mask.transpose(2, 1, 0)), ras_affine(series.geometry))
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = b"fatty infiltration, synthetic phantom"
    nibabel.save(image, path)


def ras_affine(geometry: VolumeGeometry) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the NIfTI affine of a geometry: index order (column, row, slice), millimetres RAS."""
    to_index = np.zeros((4, 4))
    to_index[0, 2] = to_index[1, 1] = to_index[2, 0] = to_index[3, 3] = 1.0
    return np.asarray(np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.affine @ to_index)
