"""NIfTI files: values, place, several volumes, odd shapes; label maps as overlays."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from itertools import permutations, product
from pathlib import Path
from struct import pack
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from xai.imaging.catalog import describe, scan
from xai.imaging.series import Series

Writer = Callable[..., Path]
RANDOM = np.random.default_rng(1)


def _codes(series: Series) -> list[str]:
    return [problem.code for problem in series.problems]


def _only(path: Path) -> Series:
    (series,) = scan([path]).series
    return series


@pytest.fixture
def grid() -> NDArray[np.float64]:
    """An axial grid in LPS with slices 8 mm apart."""
    affine = np.diag([0.8, 0.9, 8.0, 1.0])
    affine[:3, 3] = -50, -60, 20
    return affine


@pytest.fixture
def image() -> NDArray[np.int16]:
    """Noise like that of an image: many values, no flat regions."""
    return RANDOM.integers(0, 3000, (20, 18, 5)).astype(np.int16)


@pytest.fixture
def labels() -> NDArray[np.uint8]:
    """Three flat regions, no two directions alike."""
    found = np.zeros((20, 18, 5), np.uint8)
    found[2:9, 3:8, 1:4] = 1
    found[10:18, 5:9, 2:] = 2
    found[4:6, 12:16, :2] = 7
    return found


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", ["u1", "i2", ">i2", "f4", "f8", "u4"])
def test_values_are_read_as_they_are(
    suffix: str, dtype: str, grid: Any, image: Any, nifti: Writer, tmp_path: Path
) -> None:
    array = (image % 250).astype(dtype)

    def swapped(written: Any) -> None:
        written.set_data_dtype(np.dtype(dtype))

    path = nifti(tmp_path / f"image{suffix}", array, grid, swapped)
    series = _only(path)
    assert series.problems == ()
    assert series.info.modality is None
    assert series.info.description == "image"
    assert np.array_equal(series.read().array, (image % 250).transpose(2, 1, 0))
    assert series.geometry.affine == pytest.approx(grid[:, [2, 1, 0, 3]])
    assert np.array_equal(series.read_slice(3), (image % 250)[:, :, 3].T)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_scaling_is_applied(suffix: str, grid: Any, image: Any, nifti: Writer, tmp_path: Path) -> None:
    path = nifti(tmp_path / "image.nii", image, grid)
    data = bytearray(path.read_bytes())
    data[112:120] = pack("<ff", 0.5, -7)  # scl_slope and scl_inter
    path.unlink()
    path = tmp_path / f"image{suffix}"
    path.write_bytes(gzip.compress(bytes(data)) if suffix == ".nii.gz" else data)
    assert np.array_equal(_only(path).read().array, image.transpose(2, 1, 0) * np.float32(0.5) - 7)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("extra", [(3,), (1, 3), (2, 2)])
def test_of_several_volumes_the_first_is_opened(
    extra: tuple[int, ...], suffix: str, grid: Any, image: Any, nifti: Writer, tmp_path: Path
) -> None:
    many = np.stack([image + 10 * n for n in range(int(np.prod(extra)))], -1).reshape(*image.shape, *extra, order="F")
    series = _only(nifti(tmp_path / f"four{suffix}", many, grid))
    assert _codes(series) == ["time-series"]
    assert series.volumes == np.prod(extra)
    assert f"{series.volumes - 1} more are not shown" in series.problems[0].message
    assert np.array_equal(series.read().array, image.transpose(2, 1, 0))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_one_slice_lies_where_the_single_index_is(
    axis: int, grid: Any, image: Any, nifti: Writer, tmp_path: Path
) -> None:
    plane = image.take([0], axis)
    series = _only(nifti(tmp_path / "one.nii.gz", plane, grid))
    assert series.problems == ()
    assert len(series) == 1
    assert sorted(series.geometry.shape) == sorted(plane.shape)


def test_a_flat_file_of_two_dimensions_is_one_slice(grid: Any, image: Any, nifti: Writer, tmp_path: Path) -> None:
    series = _only(nifti(tmp_path / "flat.nii", image[..., 0], grid))
    assert series.geometry.shape == (1, 18, 20)
    assert np.array_equal(series.read_slice(0), image[..., 0].T)


def test_without_orientation_nothing_is_claimed(grid: Any, image: Any, nifti: Writer, tmp_path: Path) -> None:
    path = nifti(tmp_path / "image.nii", image, grid)
    data = bytearray(path.read_bytes())
    data[252:256] = b"\0\0\0\0"  # qform_code and sform_code
    path.write_bytes(data)
    catalog = scan([path])
    assert _codes(catalog.series[0]) == ["geometry-unknown"]
    told: Any = describe(catalog)["series"][0]  # type: ignore[index]
    assert (told["spacing_mm"], told["orientation"], told["shape"]) == (None, None, [5, 18, 20])


def test_not_a_number_stays_and_is_said(grid: Any, image: Any, nifti: Writer, tmp_path: Path) -> None:
    array = image.astype(np.float32)
    array[3, 4, 2] = np.nan
    volume = _only(nifti(tmp_path / "hole.nii.gz", array, grid)).read()
    assert np.isnan(volume.array).sum() == 1
    assert np.isnan(volume.array[2, 4, 3])
    (problem,) = volume.problems
    assert problem.code == "undecodable"
    assert problem.message == (
        "hole.nii.gz holds voxels that are not numbers (NaN) in slice 3 of 5; they are shown as gaps."
    )


def test_colour_is_brightness_and_kept_from_the_model(grid: Any, nifti: Writer, tmp_path: Path) -> None:
    colours = np.zeros((4, 3, 2), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    colours["R"], colours["G"] = 200, 10
    series = _only(nifti(tmp_path / "colour.nii", colours, grid))
    assert _codes(series) == ["colour"]
    assert series.kept_from_model
    assert series.read_slice(0) == pytest.approx(np.full((3, 4), 200 * 0.299 + 10 * 0.587))


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_cut_off_file_shows_what_is_there(suffix: str, grid: Any, image: Any, nifti: Writer, tmp_path: Path) -> None:
    path = nifti(tmp_path / f"cut{suffix}", image, grid)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.7)])
    volume = _only(path).read()
    assert np.array_equal(volume.array[0], image[:, :, 0].T)
    assert np.isnan(volume.array[4]).all()
    assert {problem.message for problem in volume.problems} == {
        f"cut{suffix} cannot be read in full: its voxel data is cut off."
    }


@pytest.mark.parametrize("axis", [0, 1])
def test_slices_along_another_axis_of_a_plain_file(
    axis: int, grid: Any, image: Any, nifti: Writer, tmp_path: Path
) -> None:
    affine = grid.copy()
    affine[:3, :3] = np.diag([9.0 if a == axis else 0.7 for a in range(3)])
    series = _only(nifti(tmp_path / "thick.nii", image, affine))
    assert series.geometry.plane == ("sagittal", "coronal")[axis]
    assert np.array_equal(series.read_slice(2), image.take(2, axis).T)


# --- label maps


def _described(series: Series) -> list[str]:
    return [label.name for label in series.label_maps]


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4"])
def test_a_label_map_is_offered_as_overlay_not_as_series(
    dtype: str, grid: Any, image: Any, labels: Any, nifti: Writer, tmp_path: Path
) -> None:
    nifti(tmp_path / "fat.nii.gz", image, grid)
    nifti(tmp_path / "water.nii.gz", image[::-1].copy(), grid)
    nifti(tmp_path / "muscles" / "calf.nii.gz", labels.astype(dtype), grid + 1e-5)
    fat, water = scan([tmp_path]).series
    assert _described(fat) == _described(water) == ["calf"]
    for k in range(5):
        assert np.array_equal(fat.label_maps[0].reader.read_slice(k), labels[:, :, k].T)


@pytest.mark.parametrize(
    ("axes", "flips"), [(a, f) for a in permutations(range(3)) for f in product([False, True], repeat=3)][::5]
)
def test_a_label_map_stored_otherwise_lands_on_its_image(
    axes: tuple[int, ...],
    flips: tuple[bool, ...],
    grid: Any,
    image: Any,
    labels: Any,
    nifti: Writer,
    tmp_path: Path,
) -> None:
    nifti(tmp_path / "image.nii.gz", image, grid)
    stored, affine = labels.transpose(axes), grid[:, [*axes, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            affine[:3, 3] += affine[:3, axis] * (stored.shape[axis] - 1)
            affine[:3, axis] *= -1
            stored = np.flip(stored, axis)
    nifti(tmp_path / "labels.nii.gz", stored, affine)
    series = _only(tmp_path)
    for k in range(5):
        assert np.array_equal(series.label_maps[0].reader.read_slice(k), labels[:, :, k].T)


def test_a_label_map_lies_on_a_dicom_series(axial: Any, dicom: Any, labels: Any, nifti: Writer, tmp_path: Path) -> None:
    array, affine = axial
    dicom.series(array, affine)
    mask = np.zeros(array.shape, np.uint8)
    mask[1:4, 2:5, 3:9] = 1
    nifti(dicom.folder / "lesion_mask.nii.gz", mask.transpose(2, 1, 0), affine[:, [2, 1, 0, 3]])
    series = _only(dicom.folder)
    assert _described(series) == ["lesion_mask"]
    assert all(np.array_equal(series.label_maps[0].reader.read_slice(k), mask[k]) for k in range(6))


def test_an_image_of_few_values_stays_a_series(grid: Any, image: Any, nifti: Writer, tmp_path: Path) -> None:
    nifti(tmp_path / "first.nii.gz", image, grid)
    nifti(tmp_path / "coarse.nii.gz", (image // 100).astype(np.uint8), grid)
    assert len(scan([tmp_path]).series) == 2


def test_a_label_map_on_another_grid_or_alone_is_a_series(
    grid: Any, image: Any, labels: Any, nifti: Writer, tmp_path: Path
) -> None:
    nifti(tmp_path / "labels.nii.gz", labels, grid)
    assert _only(tmp_path).info.description == "labels"
    shifted = grid.copy()
    shifted[2, 3] += 4
    nifti(tmp_path / "image.nii.gz", image, shifted)
    assert [_described(series) for series in scan([tmp_path]).series] == [[], []]


def test_two_label_maps_without_an_image_are_series(grid: Any, labels: Any, nifti: Writer, tmp_path: Path) -> None:
    nifti(tmp_path / "one.nii.gz", labels, grid)
    nifti(tmp_path / "two.nii.gz", labels[::-1].copy(), grid)
    assert len(scan([tmp_path]).series) == 2


def test_a_label_of_scattered_voxels_is_known_by_its_intent(
    grid: Any, image: Any, nifti: Writer, tmp_path: Path
) -> None:
    scattered = (RANDOM.random(image.shape) > 0.97).astype(np.uint8)
    nifti(tmp_path / "image.nii.gz", image, grid)
    nifti(tmp_path / "points.nii.gz", scattered, grid, lambda w: w.header.set_intent("label"))
    assert _described(_only(tmp_path)) == ["points"]


def test_the_files_handed_over_are_plain_nifti(grid: Any, image: Any, nifti: Writer, tmp_path: Path) -> None:
    # The writer of these tests turns LPS into RAS; nibabel agrees on where the first voxel lies.
    written: Any = nibabel.load(nifti(tmp_path / "image.nii", image, grid))
    assert written.affine[:3, 3] == pytest.approx([50, 60, 20])
