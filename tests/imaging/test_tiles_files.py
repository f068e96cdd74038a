"""PNG, JPEG and TIFF pictures: one series per folder and size, no claim about the patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from xai.errors import ImagingError
from xai.imaging.catalog import describe, scan
from xai.imaging.series import Series

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 10


def _only(path: Path) -> Series:
    (series,) = scan([path]).series
    return series


def _codes(series: Series) -> list[str]:
    return [problem.code for problem in series.problems]


def test_a_folder_is_one_series_in_natural_order(tmp_path: Path) -> None:
    for n in (10, 2, 1):
        Image.fromarray(GREY + n).save(tmp_path / f"tile{n}.png")
    series = _only(tmp_path)
    assert [path.name for path in series.files] == ["tile1.png", "tile2.png", "tile10.png"]
    assert np.array_equal(series.read().array, np.stack([GREY + 1, GREY + 2, GREY + 10]))
    assert _codes(series) == ["geometry-unknown"]
    assert "in the order of their names" in series.problems[0].message
    told: Any = describe(scan([tmp_path]))["series"][0]  # type: ignore[index]
    assert (told["shape"], told["spacing_mm"], told["orientation"], told["modality"]) == ([3, 3, 4], None, None, None)


def test_folders_and_sizes_are_series_of_their_own(tmp_path: Path) -> None:
    for folder in ("healthy", "affected"):
        (tmp_path / folder).mkdir()
        for n in range(2):
            Image.fromarray(GREY).save(tmp_path / folder / f"{n}.png")
    Image.fromarray(GREY[:2]).save(tmp_path / "healthy" / "small.png")
    shapes = sorted((series.info.description, series.geometry.shape) for series in scan([tmp_path]).series)
    assert shapes == [("affected", (2, 3, 4)), ("healthy", (2, 3, 4)), ("small", (1, 2, 4))]


def test_sixteen_bits_are_kept(tmp_path: Path) -> None:
    deep = (GREY.astype(np.uint16) + 1) * 300
    Image.fromarray(deep).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "b.tif", deep + 7)
    tifffile.imwrite(tmp_path / "c.tiff", deep.astype(np.float32) / 3)
    volume = _only(tmp_path).read().array
    assert np.array_equal(volume, np.stack([deep, deep + 7, deep.astype(np.float32) / 3]).astype(np.float32))


def test_pages_of_a_tiff_are_slices(tmp_path: Path) -> None:
    stack = np.stack([GREY, GREY + 1, GREY + 2])
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    Image.fromarray(GREY).save(tmp_path / "single.png")
    by_name = {series.info.description: series for series in scan([tmp_path]).series}
    assert np.array_equal(by_name["stack"].read().array, stack)
    assert len(by_name["single"]) == 1


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
def test_grey_stored_as_colours_is_grey(suffix: str, tmp_path: Path) -> None:
    Image.fromarray(np.stack([GREY] * 3, -1)).save(tmp_path / f"grey.{suffix}", quality=100)
    series = _only(tmp_path)
    assert _codes(series) == ["geometry-unknown"]
    assert series.read_slice(0) == pytest.approx(GREY, abs=2 if suffix == "jpg" else 0)


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
def test_colours_are_brightness_and_kept_from_the_model(suffix: str, tmp_path: Path) -> None:
    colours = np.zeros((8, 8, 3), np.uint8)
    colours[..., 0] = 200
    Image.fromarray(colours).save(tmp_path / f"red.{suffix}", quality=100)
    series = _only(tmp_path)
    assert "colour" in _codes(series)
    assert series.kept_from_model
    assert series.read_slice(0) == pytest.approx(np.full((8, 8), 200 * 0.299), abs=3)


def test_palettes_masks_and_transparency(tmp_path: Path) -> None:
    Image.fromarray(GREY).convert("P").save(tmp_path / "palette.png")
    Image.fromarray(np.dstack([GREY, np.full_like(GREY, 128)])).save(tmp_path / "transparent.png")
    Image.fromarray(GREY > 50).save(tmp_path / "zmask.png")
    volume = _only(tmp_path).read()
    assert np.array_equal(volume.array, np.stack([GREY, GREY, (GREY > 50) * np.uint8(255)]))
    assert [problem.code for problem in volume.problems] == ["geometry-unknown"]


def test_a_picture_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    with pytest.raises(ImagingError, match=r"^bomb.png cannot be read: 20000 x 20000 pixels are too many"):
        scan([tmp_path])


@pytest.mark.parametrize("name", ["broken.png", "broken.jpg", "broken.tif"])
def test_a_broken_picture_is_named_and_the_others_open(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(GREY).save(tmp_path / "good.png")
    (tmp_path / name).write_bytes(b"not a picture at all")
    catalog = scan([tmp_path])
    assert len(catalog.series) == 1
    assert [(problem.code, problem.files) for problem in catalog.problems] == [("not-an-image", (name,))]
    assert capfd.readouterr() == ("", "")


def test_a_cut_off_picture_is_a_gap(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    for n in range(2):
        Image.fromarray(noise).save(tmp_path / f"{n}.png")
    cut = tmp_path / "1.png"
    cut.write_bytes(cut.read_bytes()[:2000])
    volume = _only(tmp_path).read()
    assert np.isfinite(volume.array[0]).all()
    assert np.isnan(volume.array[1]).all()
    assert volume.problems[-1].message == "1.png cannot be read: its pixels are damaged."
