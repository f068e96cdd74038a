"""Real series in the real window, against SimpleITK's idea of where every voxel lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from pytestqt.qtbot import QtBot

from viewer.ui.application import Workplace

pytestmark = pytest.mark.realdata


def read_dicom(folder: Path) -> Any:
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def read_nifti(path: Path) -> Any:
    return SimpleITK.ReadImage(str(path / "Thigh_002_0000.nii.gz"))


@pytest.mark.parametrize(
    ("where", "oracle", "slices"),
    [("nifti_thigh_dystrophy_one", read_nifti, 16), ("dicom_ge_axial_oblique_20/series", read_dicom, 20)],
    ids=["nifti", "dicom"],
)
def test_every_pixel_lies_where_simpleitk_says(
    make_workplace: Callable[..., Workplace],
    real_data: Path,
    tmp_path: Path,
    qtbot: QtBot,
    where: str,
    oracle: Callable[[Path], Any],
    slices: int,
) -> None:
    place = make_workplace()
    place.start([real_data / where], tmp_path / "model")
    session = place.session
    qtbot.waitUntil(lambda: session.volume is not None and place.explaining.counts()[0] == slices, timeout=60_000)
    place.window.refresh()
    volume, picture = session.volume, place.window.views[0].picture
    assert volume is not None
    assert picture is not None
    assert volume.array.shape[0] == slices
    image = oracle(real_data / where)
    stored, display = volume.geometry.shape[1:], volume.geometry.display
    rng = np.random.default_rng(1)
    seen = 0
    for k, row, column in rng.integers((0, 0, 0), (slices, *picture.pixels.shape), (300, 3)):
        i, j = np.rint(display.to_stored(np.array([row, column], float), stored)).astype(int)
        mm = volume.geometry.to_mm(np.array([k, i, j], float))
        index = image.TransformPhysicalPointToIndex(mm.tolist())
        assert volume.array[k, i, j] == pytest.approx(image[index])
        seen += volume.array[k, i, j] > 0
    assert seen > 30
    # Radiological convention: to the right of the picture is the patient's left, downwards is the back.
    corners = display.to_stored(np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0]]), stored)
    origin, right, down = (volume.geometry.to_mm(np.array([0.0, *corner])) for corner in corners)
    assert right[0] > origin[0]
    assert down[1] > origin[1]
    assert picture.letters.right.startswith("L")
    assert picture.letters.bottom.startswith("P")


def test_a_thigh_is_not_what_the_model_was_trained_on(
    make_workplace: Callable[..., Workplace], real_data: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    place = make_workplace()
    place.start([real_data / "nifti_thigh_dystrophy_one"], tmp_path / "model")
    session = place.session
    qtbot.waitUntil(lambda: session.labels is not None and place.explaining.counts()[0] == 16, timeout=60_000)
    place.window.refresh()
    assert "thigh" in place.window.prediction.mismatch.text()
    assert place.window.prediction.mismatch.isVisible()
    assert len(session.catalog.series) == 2
    clean = place.window.views[0].picture
    assert place.window.overlays.labels.isVisible()
    place.window.overlays.labels.click()
    place.window.refresh()
    labelled = place.window.views[0].picture
    assert clean is not None
    assert labelled is not None
    assert session.labels is not None
    assert session.series is not None
    painted = np.asarray(session.series.geometry.display.apply(session.labels[8] > 0), bool)
    changed = clean.pixels != labelled.pixels
    assert np.array_equal(changed & ~painted, np.zeros_like(changed))
    assert changed[painted].mean() > 0.9
