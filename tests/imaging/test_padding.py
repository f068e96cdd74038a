"""Tiles of many sizes in one frame: padded on both sides, never scaled, and registered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from xai.errors import ImagingError
from xai.imaging.catalog import scan
from xai.imaging.padding import LARGEST_FRAME, SMALLEST_FRAME, before, common_frame, padded
from xai.imaging.resample import CellGrid, SliceMapping, map_to_slice
from xai.imaging.series import Series
from xai.models.preprocess import resize

SIZES = ((40, 61), (75, 33), (20, 20), (41, 60))
SPOT = (4, 15)
"""Off the middle of every tile."""
BRIGHT = 60_000


def _tile(n: int, rows: int, columns: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint16]]:
    tile = np.full((rows, columns), 30, np.uint16)
    tile[3:-3, 3:-3] = 100 + n
    tile[SPOT] = BRIGHT
    return tile


def _write(folder: Path, sizes: Sequence[tuple[int, int]] = SIZES, column: str = "img_name") -> Path:
    """Write tiles of two patients in turn, with a darkest value that is not 0; return the table."""
    lines = [f"{column};label;group"]
    for n, (rows, columns) in enumerate(sizes):
        tifffile.imwrite(folder / f"t{n}.tif", _tile(n, rows, columns), photometric="minisblack")
        lines.append(f"t{n}.tif;{n % 2};{'BA'[n % 2]}")
    (folder / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "data.csv"


sides = st.integers(1, 400)


@given(st.lists(st.tuples(sides, sides), min_size=1, max_size=5))
def test_the_frame_is_the_largest_height_and_width_and_as_large_as_published(shapes: list[tuple[int, int]]) -> None:
    rows, columns = (max(SMALLEST_FRAME, *(shape[axis] for shape in shapes)) for axis in (0, 1))
    assert (common_frame(shapes) or shapes[0]) == (rows, columns)
    assert (common_frame(shapes) is None) == (set(shapes) == {(rows, columns)})


def test_some_tables_are_not_padded() -> None:
    assert common_frame([]) is None
    assert common_frame([(320, 320), (320, 320)]) is None
    assert common_frame([(LARGEST_FRAME, 10), (10, LARGEST_FRAME)]) == (LARGEST_FRAME, LARGEST_FRAME)
    assert common_frame([(LARGEST_FRAME + 1, 10), (10, 10)]) is None


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 9), st.integers(0, 9))
def test_a_tile_lies_in_the_middle_unchanged(rows: int, columns: int, more_rows: int, more_columns: int) -> None:
    tile = np.arange(7, 7 + rows * columns, dtype=np.float32).reshape(rows, columns)
    framed = padded(tile, (rows + more_rows, columns + more_columns), "t")
    top, left = before(tile.shape, framed.shape)
    assert framed.shape == (rows + more_rows, columns + more_columns)
    for first, rest in ((top, more_rows), (left, more_columns)):
        assert 0 <= (rest - first) - first <= 1
    inside = framed[top : top + rows, left : left + columns]
    assert np.array_equal(inside, tile)
    assert framed.sum(dtype=float) == tile.sum(dtype=float) + 7.0 * (framed.size - tile.size)
    assert (framed is tile) == (more_rows == more_columns == 0)


def test_what_a_tile_is_surrounded_by() -> None:
    tile = np.array([[np.nan, -3.0], [5.0, 4.0]], np.float32)
    assert padded(tile, (4, 4), "t")[0, 0] == -3
    assert padded(tile, (4, 4), "t", fill=0)[0, 0] == 0
    with pytest.raises(ImagingError, match=r"^t\.tif has changed: its 2 x 2 pixels do not fit into 4 x 1\.$"):
        padded(tile, (4, 1), "t.tif")


# A table of tiles -------------------------------------------------------------------------------------------------


def _spots(series: Series) -> list[tuple[int, int]]:
    return [tuple(np.argwhere(series.read_slice(k) == BRIGHT)[0].tolist()) for k in range(len(series))]


def test_every_patient_is_one_series_of_one_shape_in_the_tables_order(tmp_path: Path) -> None:
    found = scan([_write(tmp_path)]).series
    assert [(one.info.description, one.geometry.shape) for one in found] == [("B", (2, 224, 224)), ("A", (2, 224, 224))]
    assert [[path.name for path in one.files] for one in found] == [["t0.tif", "t2.tif"], ["t1.tif", "t3.tif"]]
    for one, numbers in zip(found, ((0, 2), (1, 3)), strict=True):
        for k, n in enumerate(numbers):
            framed = one.read_slice(k)
            assert framed.min() == framed[0, 0] == framed[-1, -1] == 30
            top, left = before(SIZES[n], (224, 224))
            assert np.array_equal(framed[top : top + SIZES[n][0], left : left + SIZES[n][1]], _tile(n, *SIZES[n]))
    assert [one.content for one in found] == [(40, 62), (76, 60)]  # one more where a tile is a pixel off the middle
    for one in found:
        assert one.content is not None
        top, left = before(one.content, (224, 224))
        voxels = one.read().array - 30
        inside = voxels[:, top : top + one.content[0], left : left + one.content[1]]
        assert inside.sum(dtype=float) == voxels.sum(dtype=float)
    assert "Each is centred in 224 x 224 pixels." in found[0].problems[0].message
    again = scan([tmp_path / "data.csv"]).series
    assert [one.uid for one in again] == [one.uid for one in found]
    assert np.array_equal(again[0].read().array, found[0].read().array)


def test_the_largest_height_and_the_largest_width_may_be_of_different_tiles(tmp_path: Path) -> None:
    found = scan([_write(tmp_path, [(300, 50), (60, 251), (224, 224)])]).series
    assert {one.geometry.shape[1:] for one in found} == {(300, 251)}


def test_pictures_of_other_tables_and_of_one_size_are_as_they_are(tmp_path: Path) -> None:
    for sizes, column, shapes in (
        (SIZES, "image", set(SIZES)),
        ([(320, 320)] * 3, "img_name", {(320, 320)}),
        ([(20, 20), (1025, 20)], "img_name", {(20, 20), (1025, 20)}),
    ):
        folder = tmp_path / f"{column}{len(sizes)}"
        folder.mkdir()
        found = scan([_write(folder, sizes, column)]).series
        assert {one.geometry.shape[1:] for one in found} == shapes
        assert not any("centred" in problem.message for one in found for problem in one.problems)


def test_the_frame_is_the_tables_own_whatever_else_is_opened(tmp_path: Path) -> None:
    """Another table may claim the largest tile; the pixels of the rest are still those that a network learned from."""
    table = _write(tmp_path, [(300, 20), (20, 20), (20, 20)])
    (tmp_path / "other.csv").write_text("img_name;label;group\nt0.tif;0;Z\n", encoding="utf-8")
    found = {one.patient: one.geometry.shape for one in scan([table, tmp_path / "other.csv"]).series}
    assert found == {"B": (1, 300, 224), "A": (1, 300, 224), "Z": (1, 300, 224)}


def test_a_tile_that_is_no_picture_and_one_that_changed(tmp_path: Path) -> None:
    table = _write(tmp_path)
    (tmp_path / "t1.tif").write_bytes(b"nothing")
    catalog = scan([table])
    assert [problem.message for problem in catalog.problems] == ["t1.tif is not a picture that can be read."]
    Image.fromarray(np.zeros((21, 20), np.uint8)).save(tmp_path / "t2.tif")
    with pytest.raises(ImagingError, match=r"^t2\.tif cannot be read: its size has changed\.$"):
        catalog.series[0].read_slice(1)


@pytest.mark.parametrize("size", [224, 64])
def test_a_map_lies_on_the_pixel_that_it_is_of(tmp_path: Path, size: int) -> None:
    """A spot off the middle of tiles of four sizes is found where it is, on the network's grid and back."""
    for series in scan([_write(tmp_path)]).series:
        mapping = SliceMapping.fit(series.geometry, size)
        for k, spot in enumerate(_spots(series)):
            n = int(series.files[k].stem[1:])
            assert np.subtract(spot, before(SIZES[n], (224, 224))).tolist() == list(SPOT)
            seen = resize(series.read_slice(k), mapping)
            bright = np.where(seen > 0.5 * seen.max(), seen, 0)
            at = np.array([(bright.sum(1 - axis) @ np.arange(size)) / bright.sum() for axis in (0, 1)])
            assert mapping.to_index(at) == pytest.approx(np.array(spot), abs=0.6 * 224 / size)
            over = map_to_slice(bright, CellGrid(), mapping)
            peak = np.unravel_index(over.argmax(), over.shape)
            assert np.abs(np.subtract(peak, spot)).max() <= 0.6 * 224 / size
