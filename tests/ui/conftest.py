from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.app.settings import Settings
from viewer.ui.application import Workplace, make_application

SLICES, ROWS, COLUMNS = 8, 40, 50
SPOTS = (2, 5)
"""Slices with a bright spot in the patient's left front."""
SPOT = (11, 38)
"""Its row and column in the picture: row 0 is in front, column 0 is the patient's right."""


@pytest.fixture(autouse=True)
def leaks(nothing_is_left: None) -> None:
    """Nothing may be left behind by any of these tests."""


def phantom_pixels() -> NDArray[np.int16]:
    """Return slices (S, picture row, picture column): a round body with a bright spot in some slices."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    body = ((rows - 20) / 17) ** 2 + ((columns - 25) / 22) ** 2 < 1
    pixels = np.zeros((SLICES, ROWS, COLUMNS), np.int16)
    for k in range(SLICES):
        pixels[k] = np.where(body, 300 + 10 * k + 3 * columns, 2)
        if k in SPOTS:
            pixels[k, SPOT[0] - 1 : SPOT[0] + 2, SPOT[1] - 1 : SPOT[1] + 2] = 2000
    return pixels


@pytest.fixture
def series_file(tmp_path: Path) -> Path:
    """A NIfTI file of axial slices whose columns grow to the patient's left and rows to the back (LPS)."""
    folder = tmp_path / "series"
    folder.mkdir()
    affine = np.diag([-2.0, -2.0, 6.0, 1.0])
    image = nibabel.Nifti1Image(phantom_pixels().transpose(2, 1, 0), affine)
    image.header.set_xyzt_units("mm")
    path = folder / "spots.nii"
    nibabel.save(image, path)
    return path


def write_dicom(
    folder: Path, series: int = 1, study: str = "1.2.3", keep: Sequence[int] = range(SLICES), description: str = "T1"
) -> Path:
    """Write slices of the phantom, 6 mm apart, as DICOM files with a patient's name in them; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = phantom_pixels()
    for k in keep:
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = MRImageStorage
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = UID(f"{study}.{series}.{k + 1}")
        ds.Modality, ds.PatientName, ds.PatientID, ds.StudyDate = "MR", "Rossi^Maria", "4711", "20200202"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = study, f"{study}.{series}"
        ds.SeriesNumber, ds.InstanceNumber, ds.SeriesDescription = series, k + 1, description
        ds.ImagePositionPatient = [0.0, 0.0, 6.0 * k]
        ds.ImageOrientationPatient, ds.PixelSpacing = [1, 0, 0, 0, 1, 0], [2.0, 2.0]
        ds.Rows, ds.Columns = ROWS, COLUMNS
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation = 15, 1
        ds.PixelData = pixels[k].tobytes()
        ds.save_as(folder / f"{series}-{k:03d}.dcm", enforce_file_format=True)
    return folder


@pytest.fixture(name="write_dicom")
def _write_dicom() -> Callable[..., Path]:
    return write_dicom


@pytest.fixture
def make_workplace(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Workplace]]:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    made: list[Workplace] = []
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    make_application()

    def make(model: str = "FakeModel", answers: Path | None = None, place: Path | None = None) -> Workplace:
        settings = Settings(tmp_path / "settings.ini")
        catalogue = importlib.import_module("fake_model").CATALOGUE
        workplace = Workplace(answers or tmp_path / "answers.sqlite", settings, f"fake_model:{model}", place, catalogue)
        made.append(workplace)
        return workplace

    yield make
    make_application()
    for workplace in made:
        if not workplace.is_closed:
            workplace.window.close()
            workplace.close()
            workplace.deleteLater()


@pytest.fixture
def workplace(make_workplace: Callable[..., Workplace], series_file: Path, tmp_path: Path, qtbot: QtBot) -> Workplace:
    """The window with the series read, a model and all maps."""
    place = make_workplace()
    place.start([series_file.parent], tmp_path / "model")
    wait_for_maps(qtbot, place)
    place.window.activateWindow()
    qtbot.waitUntil(lambda: place.window.isActiveWindow(), timeout=60_000)
    return place


def wait_for_maps(qtbot: QtBot, place: Workplace) -> None:
    qtbot.waitUntil(lambda: place.session.volume is not None and place.explaining.model is not None, timeout=60_000)
    qtbot.waitUntil(lambda: place.explaining.counts()[0] == len(place.session.slices), timeout=60_000)
    place.window.refresh()
