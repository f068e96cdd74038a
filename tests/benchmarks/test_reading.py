"""Reading a DICOM folder: time to the first picture, and whole series beside SimpleITK in interleaved runs."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, MRImageStorage, RLELossless, generate_uid
from pytest_benchmark.fixture import BenchmarkFixture

from xai.imaging.catalog import scan

ROUNDS = 5
SIDE = 512


def _write(folder: Path, slices: int, syntax: Any) -> Path:
    """Write a series with headers of a usual length, private elements among them."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    body = 1200 * np.exp(-2 * (rows**2 + columns**2))
    series, study = generate_uid(), generate_uid()
    for k in range(slices):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = MRImageStorage
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
        ds.Modality, ds.SeriesInstanceUID, ds.StudyInstanceUID = "MR", series, study
        ds.ImageType, ds.SeriesNumber, ds.InstanceNumber = ["ORIGINAL", "PRIMARY", "M"], 1, k + 1
        for element in range(100):
            ds.add_new(0x00190010 if element == 0 else 0x00191000 + element, "LO", "VENDOR")
        ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 2.0 * k], [1, 0, 0, 0, 1, 0]
        ds.PixelSpacing, ds.SliceThickness = [0.5, 0.5], 2
        ds.Rows = ds.Columns = SIDE
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
        pixels: NDArray[np.uint16] = np.clip(body + rng.normal(0, 15, (SIDE, SIDE)), 0, 4095).astype("<u2")
        ds.PixelData = pixels.tobytes()
        if syntax != ExplicitVRLittleEndian:
            ds.compress(syntax)
        # Names in another order than the slices, as archives have them.
        ds.save_as(folder / f"IM{k * 7 % slices:04d}", enforce_file_format=True)
    return folder


def _ours(folder: Path) -> NDArray[np.float32]:
    return scan([folder]).series[0].read().array


def _simpleitk(folder: Path) -> NDArray[np.float32]:
    import SimpleITK as itk

    reader = itk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    array: NDArray[np.float32] = itk.GetArrayFromImage(itk.Cast(reader.Execute(), itk.sitkFloat32))
    return array


@pytest.mark.parametrize(
    ("syntax", "slices"),
    [(ExplicitVRLittleEndian, 300), (RLELossless, 40), (JPEG2000Lossless, 20)],
    ids=["uncompressed", "rle", "jpeg2000"],
)
def test_reading_a_series(benchmark: BenchmarkFixture, syntax: Any, slices: int, tmp_path: Path) -> None:
    folder = _write(tmp_path, slices, syntax)
    assert np.array_equal(_ours(folder), _simpleitk(folder))
    others: list[float] = []

    def other() -> None:
        start = perf_counter()
        _simpleitk(folder)
        others.append(perf_counter() - start)

    # The other reader runs before each of our rounds: both meet the same state of the machine.
    benchmark.pedantic(_ours, (folder,), setup=other, rounds=ROUNDS)
    if benchmark.stats is not None:
        ours = benchmark.stats.stats.median
        benchmark.extra_info |= {"simpleitk_s": median(others), "times_faster": median(others) / ours}


def test_first_picture(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    folder = _write(tmp_path, 300, ExplicitVRLittleEndian)

    def first() -> NDArray[np.float32]:
        series = scan([folder]).series[0]
        return series.read_slice(len(series) // 2)

    assert benchmark.pedantic(first, rounds=ROUNDS, warmup_rounds=1).shape == (SIDE, SIDE)
