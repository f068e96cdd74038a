"""The same anatomy, however stored, is shown the same way round with the same letters."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from xai.imaging.catalog import scan
from xai.imaging.geometry import VolumeGeometry

Shown = Callable[[NDArray[Any], VolumeGeometry], NDArray[Any]]
LETTERS = {0: ("A", "P", "S", "I"), 1: ("R", "L", "S", "I"), 2: ("R", "L", "A", "P")}
PLANES = ("sagittal", "coronal", "axial")
STORAGES = [(axes, flips) for axes in permutations(range(3)) for flips in product([False, True], repeat=3)]


def _check(folder: Path, anatomy: Any, slice_axis: int, shown: Shown) -> None:
    volume = scan([folder]).series[0].read()
    geometry = volume.geometry
    assert geometry.plane == PLANES[slice_axis]
    assert np.array_equal(shown(volume.array, geometry), anatomy.shown(slice_axis))
    assert geometry.edge_letters == LETTERS[slice_axis]
    down, across = (1, 0) if slice_axis == 2 else (2, 1 - slice_axis)
    assert geometry.shown_spacing == pytest.approx((anatomy.spacing[down], anatomy.spacing[across]))
    # The bright voxel lies where it was put: the affine and the array tell the same story.
    at = np.array(np.unravel_index(int(np.argmax(volume.array)), volume.array.shape), float)
    assert geometry.to_mm(at) == pytest.approx(anatomy.affine[:3, :3] @ (1, 2, 0) + anatomy.affine[:3, 3], abs=1e-4)


@pytest.mark.parametrize(("axes", "flips"), STORAGES)
def test_dicom_is_shown_the_same_however_stored(
    axes: tuple[int, int, int], flips: tuple[bool, bool, bool], anatomy: Any, dicom: Any, shown: Shown
) -> None:
    array, affine = anatomy.stored(axes, flips)
    dicom.series(array, affine)
    _check(dicom.folder, anatomy, axes[0], shown)


@pytest.mark.parametrize(("axes", "flips"), STORAGES)
def test_nifti_is_shown_the_same_however_stored(
    axes: tuple[int, int, int],
    flips: tuple[bool, bool, bool],
    anatomy: Any,
    nifti: Callable[..., Path],
    tmp_path: Path,
    shown: Shown,
) -> None:
    # The z axis is the thick one (5 mm against 2 and 3): that is where the slices are, wherever the file stores it.
    array, affine = anatomy.stored(axes, flips)
    nifti(tmp_path / "image.nii", array, affine)
    _check(tmp_path, anatomy, 2, shown)


@pytest.mark.parametrize("reverse", [0, 1, 2])
def test_reversing_the_array_alone_changes_the_picture(reverse: int, anatomy: Any, dicom: Any, shown: Shown) -> None:
    array, affine = anatomy.stored((2, 1, 0), (False, False, False))
    dicom.series(np.flip(array, reverse), affine)
    volume = scan([dicom.folder]).series[0].read()
    assert not np.array_equal(shown(volume.array, volume.geometry), anatomy.shown(2))


def test_nifti_of_equal_spacing_is_sliced_along_its_third_axis(
    anatomy: Any, nifti: Callable[..., Path], tmp_path: Path
) -> None:
    affine = np.eye(4)
    nifti(tmp_path / "iso.nii.gz", anatomy.voxels.transpose(1, 2, 0), affine[:, [1, 2, 0, 3]])
    series = scan([tmp_path]).series[0]
    assert series.geometry.plane == "sagittal"
    assert series.geometry.shape == (5, 4, 6)


def test_oblique_dicom_keeps_its_angles(axial: Any, dicom: Any) -> None:
    array, affine = axial
    angle = np.radians(20)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine[:3, :3] = turn @ affine[:3, :3]
    dicom.series(array, affine)
    geometry = scan([dicom.folder]).series[0].geometry
    assert geometry.affine == pytest.approx(affine, abs=1e-4)
    assert geometry.edge_letters == ("R", "L", "AI", "PS")
