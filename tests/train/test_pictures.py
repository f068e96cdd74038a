"""The pictures a network learns from are those that the viewer's preprocessing makes, and a bad one is named."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from xai.errors import TrainingError
from xai.imaging.catalog import scan
from xai.models.manifest import PreprocessSettings
from xai.models.preprocess import Preprocess
from xai.phantom.dicom_files import write_series
from xai.phantom.patient import make_patient
from xai.progress import Cancelled
from xai.train.config import TrainingConfig
from xai.train.pictures import open_pictures, write_pictures
from xai.train.table import read_cohort

Maker = Callable[..., Any]
PATIENTS = {"P1": (0, 1), "P2": (0, 0), "P3": (1,)}
CONFIG = TrainingConfig(preprocess=PreprocessSettings(size=48))
MULTIPLIED = CONFIG.model_copy(update={"masks": "multiply"})


def viewed(path: Path, k: int) -> np.ndarray[Any, Any]:
    """Return the network's input of slice ``k`` as the viewer makes it of what it has opened."""
    (series,) = scan([path]).series
    preprocess = Preprocess(CONFIG.preprocess)
    return preprocess.picture(series.read_slice(k), preprocess.mapping(series.geometry)).astype(np.float16)


def test_pictures_are_what_the_viewer_shows_the_network(
    nifti: Maker, save: Maker, picture: Maker, table: Maker, tmp_path: Path
) -> None:
    save(tmp_path / "deep.png", picture(1, (30, 50), np.uint16))
    save(tmp_path / "stack.tif", np.stack([picture(n, (40, 40)) for n in (2, 3)]))
    # Columns run to the patient's right here: whoever forgets the geometry gets a mirror image.
    voxels = np.stack([picture(n, (32, 44), np.uint16).astype(np.int16)[:, ::-1] // 9 for n in (4, 5, 6)])
    nifti(tmp_path / "v.nii.gz", voxels, spacing=(-1.0, 2.0, 9.0))
    write_series(make_patient(3, 1, grade=2, slices=2, size=64), tmp_path / "P1", "P1")
    path = table(
        tmp_path,
        [
            "image;label;group;slices",
            "deep.png;0;A;",
            "stack.tif;1;B;2",
            "v.nii.gz;0;C;2:3",
            "P1;1;D;",
            "v.nii.gz;0;C;1",
        ],
    )
    write_pictures(read_cohort(path), CONFIG, tmp_path / "work" / "p.npy")
    pictures = open_pictures(tmp_path / "work" / "p.npy")
    places = [
        ("deep.png", 0),
        ("stack.tif", 1),
        ("v.nii.gz", 1),
        ("v.nii.gz", 2),
        ("P1", 0),
        ("P1", 1),
        ("v.nii.gz", 0),
    ]
    assert pictures.shape == (7, 48, 48)
    assert pictures.dtype == np.float16
    assert not pictures.flags.writeable
    for made, (name, k) in zip(pictures, places, strict=True):
        assert np.array_equal(made, viewed(tmp_path / name, k)), name
        assert made.max() == 1
    assert [one.name for one in (tmp_path / "work").iterdir()] == ["p.npy"]


def test_outside_of_the_mask_there_is_nothing(save: Maker, picture: Maker, table: Maker, tmp_path: Path) -> None:
    pixels = picture(1, (40, 40)) + np.uint8(7)
    mask = np.zeros((40, 40), np.uint8)
    mask[8:30, 10:26] = 255
    save(tmp_path / "a.png", pixels)
    save(tmp_path / "cut.png", np.where(mask > 0, pixels, pixels.min()))
    save(tmp_path / "masks" / "a.tif", mask)
    save(tmp_path / "masks" / "cut.tif", np.full_like(mask, 255))
    lines = ["image;label;group;mask;slices", "a.png;0;A;;", "cut.png;1;B;;"]
    write_pictures(read_cohort(table(tmp_path, lines)), MULTIPLIED, tmp_path / "p.npy")
    made = open_pictures(tmp_path / "p.npy")
    assert np.array_equal(made[0], viewed(tmp_path / "cut.png", 0))
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], viewed(tmp_path / "a.png", 0))
    write_pictures(read_cohort(table(tmp_path, lines)), CONFIG, tmp_path / "p.npy")
    assert np.array_equal(open_pictures(tmp_path / "p.npy")[0], viewed(tmp_path / "a.png", 0))


def test_masks_of_series_are_turned_onto_them(nifti: Maker, picture: Maker, table: Maker, tmp_path: Path) -> None:
    pixels = picture(3, (24, 24), np.uint16).astype(np.int16)
    voxels = np.stack([pixels // (n + 1) + 5 for n in range(3)])
    mask = np.zeros(voxels.shape, np.uint8)
    mask[1, 6:15, 8:14] = 1
    nifti(tmp_path / "v.nii", voxels)
    nifti(tmp_path / "m.nii", mask)
    nifti(tmp_path / "cut.nii", np.where(mask > 0, voxels, voxels.min(axis=(1, 2), keepdims=True)))
    # The same mask stored from head to foot and from left to right.
    affine = np.array([[2.0, 0, 0, -46], [0, -3.0, 0, 0], [0, 0, -8.0, 16], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(mask[::-1, :, ::-1].transpose(2, 1, 0).copy(), affine), tmp_path / "turned.nii")
    for name in ("m.nii", "turned.nii"):
        cohort = read_cohort(table(tmp_path, ["image;label;group;mask;slices", f"v.nii;0;A;{name};2"]))
        write_pictures(cohort, MULTIPLIED, tmp_path / "p.npy")
        assert np.array_equal(open_pictures(tmp_path / "p.npy")[0], viewed(tmp_path / "cut.nii", 1)), name


def test_masks_that_are_missing_or_do_not_fit_are_named(
    published: Maker, save: Maker, picture: Maker, tmp_path: Path
) -> None:
    cohort = read_cohort(published(tmp_path, PATIENTS))
    mask = cohort.examples[3].mask
    assert mask is not None
    save(mask, picture(1, (40, 47)))
    with pytest.raises(
        TrainingError, match=r"^data.csv, row 5: the mask P2_1.tif has 40 x 47 pixels, its picture 40 x 48"
    ):
        write_pictures(cohort, MULTIPLIED, tmp_path / "p.npy")
    write_pictures(cohort, CONFIG, tmp_path / "p.npy")
    mask.unlink()
    with pytest.raises(TrainingError, match=r"^data.csv, row 5: .*multiplied by their masks, and 1 of 5 have none\.$"):
        write_pictures(read_cohort(tmp_path / "data.csv"), MULTIPLIED, tmp_path / "p.npy")


def test_progress_and_cancelling(published: Maker, tmp_path: Path) -> None:
    cohort = read_cohort(published(tmp_path / "data", PATIENTS))
    calls: list[tuple[int, int]] = []
    write_pictures(cohort, CONFIG, tmp_path / "p.npy", lambda done, total: calls.append((done, total)))
    assert calls == [(n, 5) for n in range(6)]
    before = (tmp_path / "p.npy").read_bytes()

    def cancel(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_pictures(cohort, MULTIPLIED, tmp_path / "p.npy", cancel)
    assert (tmp_path / "p.npy").read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["data", "p.npy"]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])


def _gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("ending", [".tif", ".png"])
@pytest.mark.parametrize("damage", [_cut, _gone])
def test_a_damaged_picture_is_named(
    published: Maker, tmp_path: Path, ending: str, damage: Callable[[Path], None]
) -> None:
    cohort = read_cohort(published(tmp_path / "data", PATIENTS, ending=ending))
    damage(cohort.examples[2].image)
    with pytest.raises(TrainingError, match=rf"^data.csv, row 4: P2_0{ending} .*read.*\.$"):
        write_pictures(cohort, CONFIG, tmp_path / "p.npy")
    assert [one.name for one in tmp_path.iterdir()] == ["data"]


def test_pixels_that_are_no_numbers_are_named(nifti: Maker, save: Maker, table: Maker, tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).random((4, 20, 20)).astype(np.float32)
    voxels[2, 3, 3] = np.nan
    nifti(tmp_path / "v.nii", voxels)
    save(tmp_path / "nan.tif", voxels[2])
    series = read_cohort(table(tmp_path, ["image;label;group;slices", "v.nii;0;A;2:3"]))
    with pytest.raises(TrainingError, match=r"^data.csv, row 2: slice 3 of v.nii holds pixels that are not numbers"):
        write_pictures(series, CONFIG, tmp_path / "p.npy")
    tile = read_cohort(table(tmp_path, ["image;label;group", "nan.tif;0;A"]))
    with pytest.raises(TrainingError, match=r"^data.csv, row 2: nan.tif holds pixels that are not numbers"):
        write_pictures(tile, CONFIG, tmp_path / "p.npy")


def test_a_full_disk_is_one_sentence(published: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort = read_cohort(published(tmp_path / "data", PATIENTS))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(TrainingError, match=r"p.npy: they take 0 MiB and [0-9]+ MiB are free there\.$"):
            write_pictures(cohort, CONFIG, tmp_path / "p.npy")
    assert [one.name for one in tmp_path.iterdir()] == ["data"]
    with monkeypatch.context() as patched:
        usage = type("Usage", (), {"free": 1 << 20})()
        patched.setattr("shutil.disk_usage", lambda _: usage)
        reached: list[int] = []
        with pytest.raises(TrainingError, match="and 1 MiB are free there"):
            write_pictures(cohort, CONFIG, tmp_path / "p.npy", lambda done, _: reached.append(done))
    assert reached == []


def test_a_folder_that_cannot_be_written_is_named(published: Maker, tmp_path: Path) -> None:
    cohort = read_cohort(published(tmp_path / "data", PATIENTS))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TrainingError, match=r"^The pictures cannot be written to .*p.npy: .*\.$"):
        write_pictures(cohort, CONFIG, tmp_path / "file" / "p.npy")


def test_kept_pictures_that_are_damaged_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.npy"
    with pytest.raises(TrainingError, match=r"cannot be read: No such file"):
        open_pictures(path)
    np.save(path, np.zeros((2, 8, 8), np.float16))
    whole = path.read_bytes()
    assert open_pictures(path).shape == (2, 8, 8)
    objects = tmp_path / "objects.npy"
    np.save(objects, np.array([{}], object), allow_pickle=True)
    for raw in (b"", whole[:-5], b"text", objects.read_bytes()):
        path.write_bytes(raw)
        with pytest.raises(TrainingError, match="the file is damaged"):
            open_pictures(path)
    np.save(path, np.zeros((2, 8, 8), np.float32))
    with pytest.raises(TrainingError, match="they are not of this kind"):
        open_pictures(path)
