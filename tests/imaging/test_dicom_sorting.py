"""One volume out of a series, and every irregularity by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from xai.imaging.catalog import scan
from xai.imaging.series import Series
from xai.imaging.volume import Gap


def codes(series: Series) -> list[str]:
    """Names of the series' problems."""
    return [problem.code for problem in series.problems]


def files(series: Series, code: str) -> set[str]:
    """Files that a problem names."""
    return {name for problem in series.problems if problem.code == code for name in problem.files}


def only(folder: Path) -> Series:
    """Return the one series of a folder."""
    (series,) = scan([folder]).series
    return series


def test_slices_are_sorted_by_place_not_by_number_or_name(axial: Any, dicom: Any) -> None:
    array, affine = axial
    order = [3, 0, 5, 1, 4, 2]

    def shuffle(ds: Dataset, k: int) -> None:
        ds.InstanceNumber = order[k]

    dicom.series(array, affine, shuffle, keep=order)
    series = only(dicom.folder)
    assert series.problems == ()
    assert np.array_equal(series.read().array, array)
    assert series.geometry.affine == pytest.approx(affine)
    assert [path.name for path in series.files] == [f"image{order.index(k):03d}.dcm" for k in range(6)]


def test_slices_run_towards_the_head_when_stored_from_it(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array[::-1], affine @ np.diag([-1.0, 1, 1, 1]))
    assert only(dicom.folder).geometry.orientation == "SPL"


def test_rescale_of_each_slice_is_applied(axial: Any, dicom: Any) -> None:
    array, affine = axial

    def scale(ds: Dataset, k: int) -> None:
        ds.RescaleSlope, ds.RescaleIntercept = 0.5 * (k + 1), -k

    dicom.series(array, affine, scale)
    expected = [array[k] * np.float32(0.5 * (k + 1)) - k for k in range(6)]
    assert np.array_equal(only(dicom.folder).read().array, np.array(expected, np.float32))


def test_missing_slices_are_named_and_the_spacing_is_that_of_the_others(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine, keep=[0, 1, 2, 5])
    series = only(dicom.folder)
    assert codes(series) == ["missing-slices"]
    assert "2 slices are missing (between slices 3 and 4)" in series.problems[0].message
    assert files(series, "missing-slices") == {"image002.dcm", "image003.dcm"}
    assert series.geometry.shape[0] == 4
    assert series.geometry.spacing[0] == pytest.approx(4)
    assert series.gaps == (Gap(after=2, missing=2),)


def test_a_stack_without_holes_has_no_gaps(axial: Any, dicom: Any) -> None:
    dicom.series(*axial)
    assert only(dicom.folder).gaps == ()


def _moved(shift: Callable[[int], Sequence[float]]) -> Callable[[Dataset, int], None]:
    def change(ds: Dataset, k: int) -> None:
        ds.ImagePositionPatient = [a + b for a, b in zip(ds.ImagePositionPatient, shift(k), strict=True)]

    return change


def test_uneven_spacing_is_named(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine, _moved(lambda k: (0, 0, 1.3 if k == 3 else 0)))
    assert codes(only(dicom.folder)) == ["uneven-spacing"]


def test_rounded_positions_are_even(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine, _moved(lambda k: (0, 0, 0.05 * (-1) ** k)))
    assert only(dicom.folder).problems == ()


def test_gantry_tilt_is_named_and_followed(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine, _moved(lambda k: (0, 1.0 * k, 0)))
    series = only(dicom.folder)
    assert codes(series) == ["gantry-tilt"]
    assert series.geometry.affine[:3, 0] == pytest.approx([0, 1, 4])


def test_duplicates_are_named_and_never_interleaved(axial: Any, dicom: Any) -> None:
    array, affine = axial

    def late(ds: Dataset, k: int) -> None:
        ds.AcquisitionNumber, ds.InstanceNumber = 2, 100 + k

    dicom.series(array, affine)
    dicom.series(array + 1000, affine, late, keep=[2, 3])
    series = only(dicom.folder)
    assert codes(series) == ["duplicate-slices"]
    assert files(series, "duplicate-slices") == {"image006.dcm", "image007.dcm"}
    assert series.volumes == 1
    assert np.array_equal(series.read().array, array)


def test_exact_copies_are_named(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine)
    (dicom.folder / "again").mkdir()
    (dicom.folder / "again" / "copy.dcm").write_bytes(dicom.written[1].read_bytes())
    series = only(dicom.folder)
    assert codes(series) == ["duplicate-slices"]
    assert files(series, "duplicate-slices") == {"copy.dcm"}
    assert len(series) == 6


@pytest.mark.parametrize(
    ("keyword", "values"),
    [
        ("TemporalPositionIdentifier", (1, 2, 3)),
        ("EchoTime", (10, 20, 80)),
        ("AcquisitionNumber", (4, 5, 6)),
        ("DiffusionBValue", (0.0, 500.0, 1000.0)),
        (None, (0, 1, 2)),
    ],
)
def test_repeats_over_time_open_the_first_volume(
    keyword: str | None, values: tuple[float, ...], axial: Any, dicom: Any
) -> None:
    array, affine = axial
    for number, value in reversed(list(enumerate(values))):

        def mark(ds: Dataset, k: int, number: int = number, value: float = value) -> None:
            # Where something tells volumes apart it decides, not the numbers, which are made to contradict it.
            ds.InstanceNumber = 10 * number + k + 1 if keyword is None else 100 - 10 * number - k
            if keyword is not None:
                setattr(ds, keyword, value)

        dicom.series(array + 1000 * number, affine, mark)
    series = only(dicom.folder)
    assert codes(series) == ["time-series"]
    assert series.volumes == 3
    assert "2 more are not shown" in series.problems[0].message
    assert np.array_equal(series.read().array, array)
    assert len(series.files) == 18


def test_a_broken_off_last_volume_is_left_out(axial: Any, dicom: Any) -> None:
    array, affine = axial
    for number, keep in enumerate([range(6), range(6), range(2)]):

        def mark(ds: Dataset, k: int, number: int = number) -> None:
            ds.TemporalPositionIdentifier = number + 1

        dicom.series(array + 1000 * number, affine, mark, keep=keep)
    series = only(dicom.folder)
    assert set(codes(series)) == {"time-series", "duplicate-slices"}
    assert series.volumes == 2
    assert files(series, "duplicate-slices") == {"image012.dcm", "image013.dcm"}


def test_four_files_at_one_place_are_duplicates(axial: Any, dicom: Any) -> None:
    array, affine = axial
    for number in range(4):

        def mark(ds: Dataset, k: int, number: int = number) -> None:
            ds.InstanceNumber = number + 1

        dicom.series(array, affine, mark, keep=[0])
    series = only(dicom.folder)
    assert "duplicate-slices" in codes(series)
    assert files(series, "duplicate-slices") == {f"image{n:03d}.dcm" for n in (1, 2, 3)}
    assert series.geometry.shape[0] == 1


def test_images_of_several_kinds_are_listed_one_by_one(axial: Any, dicom: Any) -> None:
    array, affine = axial
    for number, kind in enumerate("WF"):

        def mark(ds: Dataset, k: int, kind: str = kind) -> None:
            ds.ImageType = ["DERIVED", "PRIMARY", "DIXON", kind]

        dicom.series(array + 1000 * number, affine, mark)
    water, fat = scan([dicom.folder]).series
    assert water.problems == fat.problems == ()
    assert np.array_equal(fat.read().array, array + 1000)
    assert water.uid != fat.uid
    assert water.info.series_uid == fat.info.series_uid


def test_stacks_beside_each_other_are_two_series(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine)
    aside = affine.copy()
    aside[0, 3] += 90
    dicom.series(array + 1000, aside)
    right, left = scan([dicom.folder]).series
    assert right.problems == left.problems == ()
    assert right.geometry.affine[0, 3] + 90 == pytest.approx(left.geometry.affine[0, 3])


def test_a_localizer_of_three_orientations_is_split(anatomy: Any, dicom: Any) -> None:
    for axes in ((2, 1, 0), (1, 2, 0), (0, 2, 1)):
        array, affine = anatomy.stored(axes, (False, False, False))
        dicom.series(array, affine, keep=[0, 1])
    series = scan([dicom.folder]).series
    assert sorted(s.geometry.plane for s in series) == ["axial", "coronal", "sagittal"]
    assert all(codes(s) == ["mixed-orientation"] and len(s) == 2 for s in series)
    assert len({s.uid for s in series}) == 3


def test_pictures_of_another_size_are_a_series_of_their_own(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine)
    wide = np.zeros((2, 4, 4), np.int16)
    dicom.series(wide, affine)
    assert sorted(s.geometry.shape for s in scan([dicom.folder]).series) == [(2, 4, 4), (6, 8, 10)]


def test_another_modality_is_named(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine, lambda ds, k: setattr(ds, "Modality", "CT"))
    series = only(dicom.folder)
    assert codes(series) == ["not-mr"]
    assert series.info.modality == "CT"


def test_a_mosaic_is_shown_as_stored_and_kept_from_the_model(axial: Any, dicom: Any) -> None:
    array, affine = axial
    kind = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    dicom.series(array, affine, lambda ds, k: setattr(ds, "ImageType", kind), keep=[0, 1])
    series = only(dicom.folder)
    assert codes(series) == ["mosaic", "time-series"]
    assert series.kept_from_model
    assert not series.geometry.known
    assert np.array_equal(series.read().array, array[:1])


def test_without_a_place_the_numbers_order_and_nothing_is_claimed(axial: Any, dicom: Any) -> None:
    array, affine = axial

    def nowhere(ds: Dataset, k: int) -> None:
        del ds.ImagePositionPatient, ds.ImageOrientationPatient
        ds.InstanceNumber = 6 - k

    dicom.series(array, affine, nowhere)
    series = only(dicom.folder)
    assert codes(series) == ["geometry-unknown"]
    assert not series.geometry.known
    assert np.array_equal(series.read().array, array[::-1])


def test_impossible_orientations_are_not_believed(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine, lambda ds, k: setattr(ds, "ImageOrientationPatient", [0, 0, 0, 0, 0, 0]))
    assert codes(only(dicom.folder)) == ["geometry-unknown"]


def test_several_studies_and_series_are_all_listed(axial: Any, dicom: Any) -> None:
    array, affine = axial
    for study in (1, 2):
        for number in (5, 3):

            def mark(ds: Dataset, k: int, study: int = study, number: int = number) -> None:
                ds.StudyInstanceUID, ds.SeriesInstanceUID = f"1.{study}", f"1.{study}.{number}"
                ds.SeriesNumber = number

            dicom.series(array, affine, mark, keep=[0, 1])
    found = scan([dicom.folder]).series
    assert [(s.info.study_uid, s.info.series_number) for s in found] == [("1.1", 3), ("1.1", 5), ("1.2", 3), ("1.2", 5)]


def test_nothing_of_the_patient_is_in_a_series(axial: Any, dicom: Any) -> None:
    from xai.imaging.catalog import describe, read_identity

    array, affine = axial
    dicom.series(array, affine)
    catalog = scan([dicom.folder])
    series = catalog.series[0]
    told = f"{series.info} {describe(catalog)} {vars(series.reader)}"
    assert not any(secret in told for secret in ("Secret", "Person", "4711", "19700101"))
    identity = read_identity(series)
    assert (identity.name, identity.patient_id) == ("Secret Person", "4711")
    assert (identity.birth_date, identity.study_date) == ("19700101", "20200202")


def test_headers_are_told_in_plain_values(axial: Any, dicom: Any) -> None:
    array, affine = axial

    def headers(ds: Dataset, k: int) -> None:
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.SeriesDescription = "Wadenmuskel für T1"
        ds.WindowCenter, ds.WindowWidth = [300, 40], [600, 80]
        ds.RepetitionTime, ds.EchoTime, ds.MagneticFieldStrength = 500, 12, 3
        ds.BodyPartExamined = "LEG"

    dicom.series(array, affine, headers)
    info = only(dicom.folder).info
    assert info.description == "Wadenmuskel für T1"
    assert info.windows == ((300, 600), (40, 80))
    assert (info.repetition_time_ms, info.echo_time_ms, info.field_strength_t) == (500, 12, 3)
    assert (info.body_part, info.series_number, info.slice_thickness_mm) == ("LEG", 7, 4)


def test_slices_read_alone_equal_the_volume(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine)
    series = only(dicom.folder)
    volume: NDArray[np.float32] = series.read().array
    for k in (4, 0, 5):
        assert np.array_equal(series.read_slice(k), volume[k])
    with pytest.raises(IndexError):
        series.read_slice(6)


def test_a_tilted_stack_over_time_is_not_torn_apart(axial: Any, dicom: Any) -> None:
    array, affine = axial
    for time in (1, 2):

        def tilt(ds: Dataset, k: int, time: int = time) -> None:
            ds.TemporalPositionIdentifier = time
            x, y, z = ds.ImagePositionPatient
            ds.ImagePositionPatient = [x, y + 3 * k, z]

        dicom.series(array, affine, tilt)
    series = only(dicom.folder)
    assert set(codes(series)) == {"time-series", "gantry-tilt"}
    assert series.volumes == 2


def test_without_a_series_identifier_none_gives_the_file_away(axial: Any, dicom: Any) -> None:
    dicom.series(*axial, lambda ds, k: ds.__delattr__("SeriesInstanceUID"))
    series = only(dicom.folder)
    assert len(series) == 6
    assert series.uid.startswith("file-")
    assert "image" not in series.uid


def test_of_two_copies_the_one_with_pixels_is_kept(axial: Any, dicom: Any) -> None:
    array, affine = axial
    dicom.series(array, affine)
    whole = dicom.written[2].read_bytes()
    dicom.written[2].write_bytes(whole[:-50])
    (dicom.folder / "zzz.dcm").write_bytes(whole)
    series = only(dicom.folder)
    assert codes(series) == ["undecodable"]
    assert files(series, "undecodable") == {"image002.dcm"}
    assert np.array_equal(series.read().array, array)
