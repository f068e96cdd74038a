from __future__ import annotations

import csv
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import tifffile
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from xai.errors import ImagingError
from xai.imaging.catalog import scan
from xai.phantom.cohort import COLUMNS, DEMO_PATIENTS, demo_study, write_cohort, write_mask
from xai.phantom.dicom_files import COMMENT, uid, write_series
from xai.phantom.patient import PhantomSeries, make_patient
from xai.phantom.plan import DEMO_SEED, cohort_grades
from xai.progress import Cancelled
from xai.train.table import read_cohort


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cohort")
    write_cohort(out, 3, 11, slices=6, size=96)
    return out


@pytest.fixture(scope="module")
def one_sided(tmp_path_factory: pytest.TempPathFactory) -> tuple[PhantomSeries, Path]:
    out = tmp_path_factory.mktemp("one_sided")
    series = make_patient(12, 4, grade=3, side="left", slices=10, size=160)
    write_series(series, out / "P001", "P001")
    write_mask(series, out / "masks.nii.gz")
    return series, out


def test_files_are_valid_mr_images_that_say_they_are_phantoms(cohort: Path) -> None:
    files = sorted(cohort.glob("P*/*.dcm"))
    assert len(files) == 18
    seen = set()
    for file in files:
        ds = pydicom.dcmread(file)
        for element in ds.iterall():
            _ = element.value
        assert ds.SOPClassUID == ds.file_meta.MediaStorageSOPClassUID == MRImageStorage
        assert ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        assert ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID
        assert all(u.is_valid for u in (ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID))
        assert "".join(ds.ImageComments) == COMMENT
        assert str(ds.PatientName) == f"PHANTOM^{file.parent.name}"
        assert (ds.BodyPartExamined, ds.ScanningSequence, ds.MRAcquisitionType) == ("LEG", "SE", "2D")
        assert ds.pixel_array.dtype == np.uint16
        assert ds.pixel_array.max() < 4096
        seen.add(ds.SOPInstanceUID)
    assert len(seen) == 18


def test_the_same_seed_writes_the_same_bytes(cohort: Path, tmp_path: Path) -> None:
    write_cohort(tmp_path, 3, 11, slices=6, size=96)
    for file in [*sorted(cohort.glob("P*/*.dcm")), cohort / "cohort.csv"]:
        assert (tmp_path / file.relative_to(cohort)).read_bytes() == file.read_bytes()


def test_uids_hang_on_their_parts_alone() -> None:
    assert uid("a", 1) == uid("a", 1) != uid("a", 2)
    assert uid("a", 1).is_valid


def test_the_catalogue_reads_what_was_drawn(one_sided: tuple[PhantomSeries, Path]) -> None:
    series, out = one_sided
    (read,) = scan([out / "P001"]).series
    volume = read.read()
    assert not volume.problems
    assert np.array_equal(volume.array, series.array.astype(np.float32))
    assert np.allclose(volume.geometry.affine, series.geometry.affine, atol=1e-3)
    assert volume.geometry.orientation == "SPL"
    assert volume.geometry.edge_letters == ("R", "L", "A", "P")
    assert volume.info.modality == "MR"
    assert volume.info.slice_thickness_mm == series.patient.scan.thickness


def test_a_lesion_of_the_left_leg_lies_at_the_patients_left(one_sided: tuple[PhantomSeries, Path]) -> None:
    series, out = one_sided
    (read,) = scan([out / "P001"]).series
    volume = read.read()
    without = make_patient(12, 4, grade=0, slices=10, size=160)
    gained = volume.array - without.array.astype(np.float32)
    brighter = np.argwhere(gained > 0.2 * series.patient.scan.gain).astype(float)
    assert len(brighter) > 20
    assert (volume.geometry.to_mm(brighter)[:, 0] > 0).all()


def test_masks_lie_on_the_series_in_the_patient(one_sided: tuple[PhantomSeries, Path]) -> None:
    series, out = one_sided
    image = nibabel.load(out / "masks.nii.gz")
    stored = np.asarray(image.dataobj)
    assert np.array_equal(stored.transpose(2, 1, 0), series.mask)
    index = np.array([3.0, 40.0, 90.0])
    ras = image.affine @ np.array([90.0, 40.0, 3.0, 1.0])
    assert np.allclose(ras[:3] * (-1, -1, 1), series.geometry.to_mm(index), atol=1e-3)


def test_the_table_says_what_the_masks_say(cohort: Path) -> None:
    with (cohort / "cohort.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 18
    grades = cohort_grades(3, 11)
    for k, code in enumerate(("P001", "P002", "P003")):
        drawn = make_patient(11, k, grade=grades[k], slices=6, size=96)
        mine = [row for row in rows if row["patient"] == code]
        assert [int(row["slice"]) for row in mine] == list(range(6))
        assert [int(row["label"]) for row in mine] == drawn.labels.tolist()
        assert [int(row["mask_pixels_224"]) for row in mine] == drawn.mask_pixels.tolist()
        assert all((row["grade"] == "healthy") == (row["label"] == "0") for row in mine)
        assert all(bool(row["muscles"]) == bool(row["side"]) for row in mine)


def test_tiles_are_the_published_layout(tmp_path: Path) -> None:
    write_cohort(tmp_path / "a", 4, 11, slices=5, size=128, layout="tiles")
    cohort = read_cohort(tmp_path / "a" / "data.csv")
    grades = cohort_grades(4, 11)
    drawn = [make_patient(11, k, grade=grades[k], slices=5, size=128) for k in range(4)]
    assert cohort.labels.tolist() == [label for series in drawn for label in series.labels.tolist()]
    assert set(cohort.labels.tolist()) == {0, 1}
    assert cohort.groups.tolist() == [f"P{k + 1:03d}" for k in range(4) for _ in range(5)]
    assert cohort.trained_on.caution == "Trained on synthetic lower-leg phantoms, not on patients."
    assert (cohort.trained_on.sequence, cohort.trained_on.plane, cohort.trained_on.pixel_mm) == ("T1", "axial", None)
    for n, one in enumerate(cohort.examples):
        series, k = drawn[n // 5], n % 5
        assert one.mask is not None
        tile, mask = tifffile.imread(one.image), tifffile.imread(one.mask)
        assert one.image.parent.name == one.mask.parent.name == ("healthy", "affected")[one.label]
        assert (tile.dtype, mask.dtype, tile.shape) == (np.uint16, np.uint8, mask.shape)
        assert np.array_equal(mask, (series.mask[k] > 0) * np.uint8(255) if one.label else np.zeros_like(mask))
        inside = tile > 0
        assert np.array_equal(tile[inside], series.array[k][inside])
        assert inside[series.muscles[k] > 0].mean() > 0.99
        assert not inside[:4].any()
        assert 0.05 < inside.mean() < 0.8


def test_the_same_seed_writes_the_same_tiles(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_cohort(tmp_path / name, 2, 11, slices=3, size=64, layout="tiles")
    files = sorted(one for one in (tmp_path / "a").rglob("*") if one.is_file())
    assert len(files) == 2 * 6 + 2
    for file in files:
        assert (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes() == file.read_bytes()


def test_a_full_folder_stops_the_tiles(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ImagingError, match=r"cannot be written to .*file: "):
        write_cohort(tmp_path / "file", 1, 1, slices=2, size=64, layout="tiles")


def test_progress_is_reported_and_cancelling_ends_the_work(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    write_cohort(tmp_path / "a", 2, 1, lambda done, total: calls.append((done, total)), slices=2, size=64)
    assert calls == [(0, 2), (1, 2), (2, 2)]

    def cancel(done: int, total: int) -> None:
        if done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_cohort(tmp_path / "b", 2, 1, cancel, slices=2, size=64)
    assert not (tmp_path / "b" / "P002").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ImagingError, match="file"):
        write_cohort(tmp_path / "file", 1, 1, slices=2, size=64)


def test_the_demo_study_has_a_healthy_and_an_affected_patient_and_no_answers(tmp_path: Path) -> None:
    demo_study(tmp_path / "study", truth=tmp_path / "truth")
    assert sorted(p.name for p in (tmp_path / "study").iterdir()) == [one.code for one in DEMO_PATIENTS]
    assert {p.suffix for p in (tmp_path / "study").rglob("*") if p.is_file()} == {".dcm"}
    with (tmp_path / "truth" / "cohort.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    affected = {code: sum(int(r["label"]) for r in rows if r["patient"] == code) for code in ("P001", "P002", "P003")}
    assert affected["P001"] >= 4
    assert affected["P002"] == 0
    assert affected["P003"] >= 4
    assert len(scan([tmp_path / "study"]).series) == len(DEMO_PATIENTS)


def test_demo_patients_come_from_their_own_cohort() -> None:
    from xai.phantom.cohort import demo_patients

    assert {series.patient.seed for _, series in demo_patients()} == {DEMO_SEED}
