"""Writers of small DICOM and NIfTI files with anatomy whose place in the patient is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from xai.imaging.geometry import VolumeGeometry

SPACING_LPS = (3.0, 2.0, 5.0)
ORIGIN_LPS = (-40.0, 10.0, 30.0)


@dataclass(frozen=True)
class Anatomy:
    """A box of voxels along x, y, z (LPS) in which no two directions look alike."""

    voxels: NDArray[np.int16]
    spacing: tuple[float, float, float] = SPACING_LPS

    @property
    def affine(self) -> NDArray[np.float64]:
        """Index (x, y, z) to LPS millimetres."""
        affine = np.diag([*self.spacing, 1.0])
        affine[:3, 3] = ORIGIN_LPS
        return affine

    def stored(self, axes: Sequence[int], flips: Sequence[bool]) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
        """Return the voxels with axes in another order and some reversed, and the affine that says so."""
        array = self.voxels.transpose(axes)
        affine = self.affine[:, [*axes, 3]].copy()
        for axis, flip in enumerate(flips):
            if flip:
                affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
                affine[:3, axis] *= -1
                array = np.flip(array, axis)
        return np.ascontiguousarray(array), affine

    def shown(self, axis: int) -> NDArray[np.int16]:
        """Return the pictures that a radiologist expects, sliced along LPS ``axis`` and ordered towards L, P or S."""
        if axis == 2:
            return self.voxels.transpose(2, 1, 0)  # rows to P, columns to L
        return np.flip(self.voxels.transpose(axis, 2, 1 - axis), 1)  # head on top


@pytest.fixture
def anatomy() -> Anatomy:
    """An asymmetric body: a ramp along every axis, and one bright voxel near the right, front and feet."""
    x, y, z = np.mgrid[0:5, 0:6, 0:4]
    voxels = (x + 10 * y + 100 * z).astype(np.int16)
    voxels[1, 2, 0] = 2000
    return Anatomy(voxels)


def basic_dataset(pixels: NDArray[Any], series: str = "", study: str = "1.2.3") -> Dataset:
    """Return an MR data set of one picture without a place."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = MRImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.Modality = "MR"
    ds.PatientName = "Secret^Person"
    ds.PatientID = "4711"
    ds.PatientBirthDate = "19700101"
    ds.StudyDate = "20200202"
    ds.StudyInstanceUID = study
    ds.SeriesInstanceUID = series or "1.2.3.4"
    ds.SeriesNumber = 7
    ds.SeriesDescription = "T1 TSE axial"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M"]
    ds.InstanceNumber = 1
    set_pixels(ds, pixels)
    return ds


def set_pixels(ds: Dataset, pixels: NDArray[Any], stored: int | None = None) -> None:
    """Put grey pixels and what describes them into a data set."""
    bits = pixels.dtype.itemsize * 8
    ds.Rows, ds.Columns = pixels.shape[-2:]
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored = bits, stored or bits
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = np.ascontiguousarray(pixels).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)


def place(ds: Dataset, affine: NDArray[np.float64], k: int) -> None:
    """Write the place of slice ``k`` of a (slice, row, column) grid in LPS."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    ds.ImagePositionPatient = [float(f"{v:.6f}") for v in affine[:3, 3] + k * affine[:3, 0]]
    columns = affine[:3, 2] / spacing[2], affine[:3, 1] / spacing[1]
    ds.ImageOrientationPatient = [float(f"{v:.9f}") for v in np.concatenate(columns)]
    ds.PixelSpacing = [float(spacing[1]), float(spacing[2])]
    ds.SliceThickness = float(spacing[0])


@dataclass
class DicomWriter:
    """Writes slices one per file; ``change`` may alter each data set before it is saved."""

    folder: Path
    written: list[Path] = field(default_factory=list)

    def save(self, ds: Dataset, name: str = "") -> Path:
        """Save a data set below the folder."""
        path = self.folder / (name or f"image{len(self.written):03d}.dcm")
        path.parent.mkdir(parents=True, exist_ok=True)
        ds.save_as(path, enforce_file_format=True)
        self.written.append(path)
        return path

    def series(
        self,
        array: NDArray[Any],
        affine: NDArray[np.float64],
        change: Callable[[Dataset, int], Dataset | None] | None = None,
        keep: Sequence[int] | None = None,
    ) -> Path:
        """Write (slice, row, column) pictures; return the folder."""
        for k in range(len(array)) if keep is None else keep:
            ds = basic_dataset(array[k])
            place(ds, affine, k)
            ds.InstanceNumber = k + 1
            if change is not None:
                ds = change(ds, k) or ds
            self.save(ds)
        return self.folder


@pytest.fixture
def dicom(tmp_path: Path) -> DicomWriter:
    """A writer into a fresh folder."""
    folder = tmp_path / "dicom"
    folder.mkdir()
    return DicomWriter(folder)


@pytest.fixture
def axial() -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """Six slices of 8 x 10 pixels, each voxel different, with their LPS grid (slice, row, column)."""
    array = np.arange(6 * 8 * 10, dtype=np.int16).reshape(6, 8, 10)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = (0, 0, 4), (0, 1.5, 0), (0.5, 0, 0)
    affine[:3, 3] = -20, -30, 12
    return array, affine


def write_nifti(
    path: Path, array: NDArray[Any], lps_affine: NDArray[np.float64], change: Callable[[Any], None] | None = None
) -> Path:
    """Write voxels (i, j, k) whose index maps to LPS by ``lps_affine``; NIfTI itself counts in RAS."""
    image = nibabel.Nifti1Image(array, np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps_affine)
    image.header["sform_code"] = 1
    image.header["qform_code"] = 0
    if change is not None:
        change(image)
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, path)
    return path


NiftiWriter = Callable[..., Path]


@pytest.fixture
def nifti() -> NiftiWriter:
    """The NIfTI writer."""
    return write_nifti


def shown(array: NDArray[Any], geometry: VolumeGeometry) -> NDArray[Any]:
    """Return the pictures of all slices in display order."""
    return np.stack([geometry.display.apply(plane) for plane in array])


@pytest.fixture(name="shown")
def _shown() -> Callable[[NDArray[Any], VolumeGeometry], NDArray[Any]]:
    return shown


@pytest.fixture(name="basic_dataset")
def _basic_dataset() -> Callable[..., Dataset]:
    return basic_dataset


@pytest.fixture(name="place")
def _place() -> Callable[..., None]:
    return place


@pytest.fixture(name="set_pixels")
def _set_pixels() -> Callable[..., None]:
    return set_pixels
