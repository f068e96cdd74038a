"""Bad input: one clear sentence each, nothing printed, nothing lost."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xai.errors import ImagingError
from xai.imaging.catalog import describe, open_volumes, scan
from xai.progress import Cancelled

Writer = Callable[..., Path]


def _says(path: Path) -> str:
    with pytest.raises(ImagingError) as caught:
        scan([path])
    message = str(caught.value)
    assert re.fullmatch(r"[^\n]+[a-z)\d]\.", message), message
    return message


@pytest.fixture(autouse=True)
def silence(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing but the caller speaks: neither Python's warnings nor a decoder's messages reach the terminal."""
    yield
    assert capfd.readouterr() == ("", "")


def test_a_text_file_named_dcm(tmp_path: Path) -> None:
    path = tmp_path / "notes.dcm"
    path.write_text("Dear colleague,\nthis is no picture.\n" * 20)
    assert _says(path) == "notes.dcm is not a DICOM file: it does not begin as DICOM does."
    assert _says(tmp_path) == "notes.dcm is not a DICOM file: it does not begin as DICOM does."


@pytest.mark.parametrize("content", [b"", b"\0" * 200, b"DICM", b"\0" * 128 + b"DICM", b"\x1f\x8b", b"\x08\0\x05\0CS"])
def test_fragments_named_dcm(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "odd.dcm").write_bytes(content)
    assert _says(tmp_path).startswith("odd.dcm is not a DICOM file: ")


def test_an_empty_folder(tmp_path: Path) -> None:
    assert _says(tmp_path) == f"{tmp_path} holds no images."


def test_a_folder_of_other_things(tmp_path: Path) -> None:
    for name in ("notes.txt", "table.csv", ".hidden.dcm", "LICENSE", "run.py"):
        (tmp_path / name).write_text("x")
    assert _says(tmp_path) == f"{tmp_path} holds no images."


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    assert _says(tmp_path / "nowhere") == f"{tmp_path / 'nowhere'} does not exist."


def test_other_files_asked_for_by_name(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a;b\n")
    assert _says(path) == "table.csv is not a picture in any known format."


def test_several_bad_files_are_counted(tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / f"{n}.dcm").write_text("text")
    assert _says(tmp_path).endswith("; 2 more files are none either.")


def test_an_unreadable_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tests may run as root, whom no permission stops.
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert _says(tmp_path) == f"{tmp_path} cannot be read: Permission denied."


def test_an_unreadable_subfolder_is_named_and_the_rest_opens(
    axial: Any, dicom: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dicom.series(*axial)
    (dicom.folder / "locked").mkdir()
    scandir = os.scandir

    def refuse(folder: Path) -> Any:
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    found = scan([dicom.folder])
    assert len(found.series) == 1
    assert [(p.code, p.message) for p in found.problems] == [
        ("unreadable", "The folder locked cannot be read: Permission denied.")
    ]


def test_an_unreadable_file_is_named_and_the_rest_opens(
    axial: Any, dicom: Any, nifti: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dicom.series(*axial)
    import builtins

    real = builtins.open

    def refuse(file: Any, *args: Any, **kwargs: Any) -> Any:
        if str(file).endswith("image002.dcm"):
            raise PermissionError(13, "Permission denied")
        return real(file, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", refuse)
    found = scan([dicom.folder])
    assert [(p.code, p.files) for p in found.problems] == [("unreadable", ("image002.dcm",))]
    assert [p.code for p in found.series[0].problems] == ["missing-slices"]


def test_links_in_a_circle_end(axial: Any, dicom: Any) -> None:
    dicom.series(*axial)
    (dicom.folder / "again").symlink_to(dicom.folder, target_is_directory=True)
    (dicom.folder / "broken").symlink_to(dicom.folder / "nothing")
    found = scan([dicom.folder])
    assert len(found.series[0]) == 6
    assert len(found.series[0].files) == 6


@pytest.mark.parametrize("left", [0, 1, 100])
def test_a_truncated_slice_keeps_its_place_as_a_gap(left: int, axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine)
    path = dicom.written[2]
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - array[0].nbytes + left])
    series = scan([dicom.folder]).series[0]
    sentence = f"image002.dcm cannot be read: its pixel data is cut off ({left} of 160 bytes)."
    assert [(p.code, p.message) for p in series.problems] == [("undecodable", sentence)]
    with pytest.raises(ImagingError, match=re.escape(sentence)):
        series.read_slice(2)
    volume = series.read()
    assert np.isnan(volume.array[2]).all()
    assert np.array_equal(np.delete(volume.array, 2, 0), np.delete(array, 2, 0))
    assert [p.message for p in volume.problems] == [sentence]


def test_a_slice_without_pixels_keeps_its_place(axial: Any, dicom: Any) -> None:
    array, affine = axial

    def strip(ds: Any, k: int) -> None:
        if k == 1:
            del ds.PixelData

    dicom.series(array, affine, strip)
    series = scan([dicom.folder]).series[0]
    assert [p.message for p in series.problems] == ["image001.dcm cannot be read: it holds no pixel data."]
    assert len(series) == 6


def test_a_file_that_vanishes_after_the_scan_is_a_gap(axial: Any, dicom: Any) -> None:
    dicom.series(*axial)
    series = scan([dicom.folder]).series[0]
    dicom.written[4].unlink()
    volume = series.read()
    assert volume.problems[0].message == "image004.dcm cannot be read: No such file or directory."
    assert np.isnan(volume.array[4]).all()


def test_reports_and_other_objects_are_no_pictures(axial: Any, dicom: Any, basic_dataset: Any) -> None:
    dicom.series(*axial)
    report = basic_dataset(np.zeros((2, 2), np.uint8))
    report.Modality = "SR"
    del report.PixelData, report.Rows, report.Columns
    dicom.save(report, "report.dcm")
    found = scan([dicom.folder])
    assert len(found.series) == 1
    assert [(p.code, p.message) for p in found.problems] == [
        ("not-an-image", "report.dcm is not a picture: it holds no picture (SR).")
    ]


def test_a_media_directory_is_passed_over(axial: Any, dicom: Any) -> None:
    dicom.series(*axial)
    (dicom.folder / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    assert scan([dicom.folder]).problems == ()


@pytest.mark.parametrize(("rows", "columns", "frames"), [(65535, 65535, 1), (8, 10, 10**9), (8, 10, 5000), (0, 4, 1)])
def test_sizes_that_cannot_be_are_not_believed(
    rows: int, columns: int, frames: int, dicom: Any, basic_dataset: Any
) -> None:
    ds = basic_dataset(np.zeros((8, 10), np.int16))
    ds.Rows, ds.Columns, ds.NumberOfFrames = rows, columns, frames
    dicom.save(ds, "huge.dcm")
    if rows == 0:
        assert "huge.dcm" in _says(dicom.folder)
        return
    (series,) = scan([dicom.folder]).series
    assert len(series) <= 2
    assert "undecodable" in [p.code for p in series.problems]
    if rows == 65535:
        with pytest.raises(ImagingError, match=r"huge.dcm cannot be read: a picture of 65535 x 65535 pixels"):
            series.read_slice(0)


def test_deep_nesting_is_survived(dicom: Any, basic_dataset: Any) -> None:
    path = dicom.save(basic_dataset(np.zeros((2, 2), np.int16)), "deep.dcm")
    data = path.read_bytes()
    at = data.index(b"\x08\x00\x16\x00")
    level = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    path.write_bytes(data[:at] + level * 5000 + data[at:])
    assert "deep.dcm" in _says(path)


def test_a_nifti_that_is_none(tmp_path: Path) -> None:
    for name in ("text.nii", "text.nii.gz"):
        (tmp_path / name).write_text("no picture here" * 100)
        assert _says(tmp_path / name) == f"{name} is not a NIfTI file that can be read: its header is damaged."


def test_a_nifti_that_claims_too_much(nifti: Writer, tmp_path: Path) -> None:
    path = nifti(tmp_path / "huge.nii", np.zeros((3, 3, 3), np.int16), np.eye(4))
    data = bytearray(path.read_bytes())
    data[42:48] = np.array([32000, 32000, 32000], "<i2").tobytes()
    path.write_bytes(data)
    assert _says(path) == "huge.nii cannot be read: its header claims 32000 x 32000 x 32000 voxels."


def test_complex_voxels_are_refused(nifti: Writer, tmp_path: Path) -> None:
    path = nifti(tmp_path / "phase.nii", np.zeros((3, 3, 3), np.complex64), np.eye(4))
    assert _says(path) == "phase.nii cannot be shown: its voxels are complex64, not plain numbers."


def test_cancelling_a_scan_and_a_read(axial: Any, dicom: Any) -> None:
    dicom.series(*axial)

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        scan([dicom.folder], stop)
    with pytest.raises(Cancelled):
        scan([dicom.folder]).series[0].read(stop)


def test_progress_of_reading_counts_all_slices(axial: Any, dicom: Any) -> None:
    dicom.series(*axial)
    seen: list[tuple[int, int]] = []
    (volume,) = open_volumes(dicom.folder, lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 6)
    assert seen[-1] == (6, 6)
    assert volume.array.flags.writeable is False


def test_the_same_file_named_twice_is_there_once(axial: Any, dicom: Any) -> None:
    dicom.series(*axial)
    found = scan([dicom.folder, dicom.written[0], dicom.folder])
    assert len(found.series[0].files) == 6
    assert found.series[0].problems == ()


def test_description_is_what_the_command_line_promises(axial: Any, dicom: Any) -> None:
    dicom.series(*axial)
    (dicom.folder / "bad.dcm").write_text("x")
    assert describe(scan([dicom.folder])) == {
        "series": [
            {
                "uid": "1.2.3.4",
                "description": "T1 TSE axial",
                "modality": "MR",
                "files": 6,
                "shape": [6, 8, 10],
                "spacing_mm": [4.0, 1.5, 0.5],
                "orientation": "SPL",
                "volumes": 1,
                "label_maps": [],
                "problems": [],
            }
        ],
        "problems": [
            {
                "code": "not-an-image",
                "message": "bad.dcm is not a DICOM file: it does not begin as DICOM does.",
                "files": ["bad.dcm"],
            }
        ],
    }


# --- damage anywhere: nothing but an ImagingError, and silence

_FUZZ = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
damage = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4)


def _survives(path: Path) -> None:
    try:
        found = scan([path])
    except ImagingError as error:
        message = str(error)
    else:
        describe(found)
        message = "".join(series.read().info.description for series in found.series) + path.name
    assert path.name in message


def _damaged(data: bytes, cut: float, flips: list[tuple[float, int]], reach: int) -> bytes:
    changed = bytearray(data[: max(1, int(len(data) * cut))])
    for where, value in flips:
        changed[int(min(len(changed), reach) * where)] = value
    return bytes(changed)


@pytest.mark.parametrize("kind", ["plain", "implicit", "rle", "jpeg2000", "enhanced"])
def test_damaged_dicom(kind: str, tmp_path: Path, dicom: Any, basic_dataset: Any, place: Any) -> None:
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence
    from pydicom.uid import ImplicitVRLittleEndian, JPEG2000Lossless, RLELossless

    pixels = np.arange(40 * 40, dtype=np.uint16).reshape(40, 40)
    ds = basic_dataset(pixels)
    place(ds, np.eye(4)[:, [2, 1, 0, 3]], 0)
    if kind == "implicit":
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    if kind in ("rle", "jpeg2000"):
        ds.compress(RLELossless if kind == "rle" else JPEG2000Lossless)
    if kind == "enhanced":
        groups, frame, position = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, 1]
        frame.PlanePositionSequence = Sequence([position])
        ds.NumberOfFrames = 1
        ds.SharedFunctionalGroupsSequence = Sequence([groups])
        ds.PerFrameFunctionalGroupsSequence = Sequence([frame])
    data = dicom.save(ds, "whole.dcm").read_bytes()
    header = data.index(b"\xe0\x7f\x10\x00") + 60
    path = tmp_path / "damaged.dcm"

    @_FUZZ
    @given(st.one_of(st.just(1.0), st.floats(0, 1)), damage)
    def check(cut: float, flips: list[tuple[float, int]]) -> None:
        path.write_bytes(_damaged(data, cut, flips, header))
        _survives(path)

    check()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_damaged_nifti(suffix: str, tmp_path: Path, nifti: Writer) -> None:
    data = nifti(tmp_path / f"whole{suffix}", np.arange(120, dtype=np.int16).reshape(4, 5, 6), np.eye(4)).read_bytes()
    path = tmp_path / f"damaged{suffix}"

    @_FUZZ
    @given(st.one_of(st.just(1.0), st.floats(0, 1)), damage)
    def check(cut: float, flips: list[tuple[float, int]]) -> None:
        path.write_bytes(_damaged(data, cut, flips, 352))
        _survives(path)

    check()
