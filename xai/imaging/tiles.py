"""PNG, JPEG and TIFF pictures to series: without millimetres, and without a left and a right."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai.errors import ImagingError
from xai.imaging.decoding import LARGEST_PICTURE, luminance, quiet
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.padding import common_frame, padded
from xai.imaging.series import Series, path_uid
from xai.imaging.volume import Problem, SeriesInfo

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_TIFF = (".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture file: its size, pages, and whether its pixels have colours."""

    path: Path
    rows: int
    columns: int
    pages: int
    coloured: bool
    table: Path | None = None
    """The table that names it."""
    patient: str = ""
    """The code of its patient in that table."""
    frame: tuple[int, int] | None = None
    """Rows and columns that it is padded to; None for as it is."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of what is read of it."""
        return self.frame or (self.rows, self.columns)


class TileReader:
    """Reads pictures, one or several per file, as (H, W) float32.

    Parameters
    ----------
    tiles : sequence of Tile
        Files in order; those with a frame are padded to it.
    fill : float, optional
        What is padded with: each picture's lowest value without.
    """

    def __init__(self, tiles: Sequence[Tile], fill: float | None = None) -> None:
        self._pages = tuple((tile, page) for tile in tiles for page in range(tile.pages))
        self._fill = fill

    def read_slice(self, k: int) -> NDArray[np.float32]:
        """Return slice ``k`` (H, W) float32; raise `ImagingError` naming the file when it cannot be read."""
        tile, page = self._pages[k]
        pixels = _pixels(tile.path, page)
        grey = luminance(pixels[..., :3]) if pixels.ndim == 3 else np.asarray(pixels, np.float32)
        if grey.shape != (tile.rows, tile.columns):
            raise ImagingError(f"{tile.path.name} cannot be read: its size has changed.")
        return padded(grey, tile.shape, tile.path.name, self._fill)


def is_tile(path: Path) -> bool:
    """Whether the name is that of a picture file."""
    return path.suffix.lower() in SUFFIXES


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts ``tile2`` before ``tile10``."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name.lower()))


def read_tile(path: Path, frame: tuple[int, int] | None = None) -> Tile:
    """Read a picture's size without its pixels, to be padded to ``frame``; raise `ImagingError` when it is none."""
    try:
        with quiet():
            tile = _tiff_header(path) if path.suffix.lower() in _TIFF else _header(path)
    except ImagingError:
        raise
    except OSError as error:
        cause = f"cannot be read: {error.strerror}" if error.strerror else "is not a picture that can be read"
        raise ImagingError(f"{path.name} {cause}.") from error
    except Exception as error:  # decoders raise nearly anything on broken files
        raise ImagingError(f"{path.name} is not a picture that can be read.") from error
    if tile.rows * tile.columns > LARGEST_PICTURE or min(tile.rows, tile.columns, tile.pages) < 1:
        raise ImagingError(f"{path.name} cannot be read: {tile.rows} x {tile.columns} pixels are too many or none.")
    return tile if frame is None else replace(tile, frame=frame)


def _header(path: Path) -> Tile:
    from PIL import Image

    with _bounded(), Image.open(path) as image:
        coloured = image.mode not in ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L")
        return Tile(path, image.height, image.width, 1, coloured)


def _tiff_header(path: Path) -> Tile:
    import tifffile

    with tifffile.TiffFile(path) as file:
        pages = [page for page in file.pages if page.shape[:2] == file.pages[0].shape[:2]]
        first: Any = file.pages[0]
        samples = int(first.samplesperpixel)
        coloured = samples >= 3 or int(first.photometric) == 3
        return Tile(path, int(first.imagelength), int(first.imagewidth), len(pages), coloured)


class _bounded:
    """Keep Pillow from refusing large pictures with a warning; sizes are checked here before pixels are decoded."""

    def __enter__(self) -> None:
        from PIL import Image

        self._limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None

    def __exit__(self, *_: object) -> None:
        from PIL import Image

        Image.MAX_IMAGE_PIXELS = self._limit


def _pixels(path: Path, page: int) -> NDArray[Any]:
    try:
        with quiet():
            if path.suffix.lower() in _TIFF:
                import tifffile

                with tifffile.TiffFile(path) as file:
                    wanted: Any = file.pages[page]
                    pixels = np.asarray(wanted.asarray())
                    if int(wanted.photometric) == 3:
                        return np.asarray(np.moveaxis(wanted.colormap[:, pixels], 0, -1))
                    if pixels.ndim == 3 and int(wanted.planarconfig) == 2:
                        pixels = np.moveaxis(pixels, 0, -1)
                    grey = pixels.ndim == 3 and pixels.shape[-1] < 3
                    return np.asarray(pixels[..., 0]) if grey else pixels
            from PIL import Image

            with _bounded(), Image.open(path) as image:
                if image.mode == "LA":
                    return np.asarray(image)[..., 0]
                if image.mode in ("L", "I", "F", "I;16", "I;16B", "I;16L"):
                    return np.asarray(image)
                return np.asarray(image.convert("L" if image.mode == "1" else "RGB"))
    except OSError as error:
        raise ImagingError(f"{path.name} cannot be read: {error.strerror or 'its pixels are damaged'}.") from error
    except Exception as error:  # decoders raise nearly anything on broken files
        raise ImagingError(f"{path.name} cannot be read: its pixels are damaged.") from error


@dataclass(slots=True)
class TileCollection:
    """Picture files gathered one by one, made into series at the end: one per folder and size.

    Those that a table names are one per patient and size, and those of a table in ``padded`` all of one size.
    """

    tiles: list[Tile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    padded: dict[Path, tuple[Path, ...]] = field(default_factory=dict)
    """By table all files that it names, also those that another table has claimed: its frame is of them all."""

    def add(self, path: Path, table: Path | None = None, patient: str = "") -> None:
        """Read a picture's size; what is no picture becomes a problem."""
        try:
            self.tiles.append(replace(read_tile(path), table=table, patient=patient))
        except ImagingError as error:
            cause = error.__cause__
            code = "unreadable" if isinstance(cause, OSError) and cause.errno else "not-an-image"
            self.problems.append(Problem(code, str(error), (path.name,)))

    def series(self) -> list[Series]:
        """Return a series per folder and size of single pictures, and one per file of several pages."""
        groups: dict[tuple[str, int, int, str], list[Tile]] = defaultdict(list)
        named: dict[tuple[Path, str, int, int, str], list[Tile]] = defaultdict(list)
        for tile in self._framed():
            own = tile.path.name if tile.pages > 1 else ""
            if tile.table is not None:
                named[tile.table, tile.patient, *tile.shape, own].append(tile)
            else:
                groups[str(tile.path.parent), *tile.shape, own].append(tile)
        return [_series(groups[key]) for key in sorted(groups)] + [_series(tiles) for tiles in named.values()]

    def _framed(self) -> list[Tile]:
        """Return the tiles, those of a table that pads with its frame."""
        if not self.padded:
            return self.tiles
        sizes = {tile.path: tile.shape for tile in self.tiles if tile.pages == 1}
        frames = {
            table: common_frame(sizes[path] for path in paths if path in sizes) for table, paths in self.padded.items()
        }
        return [
            replace(tile, frame=frames[tile.table]) if tile.table in frames and tile.pages == 1 else tile
            for tile in self.tiles
        ]


def _series(tiles: list[Tile]) -> Series:
    first = tiles[0]
    if first.table is None:
        tiles = sorted(tiles, key=lambda tile: (natural(tile.path.name), tile.path.name))
        first = tiles[0]
    several = first.pages > 1
    alone = several or len(tiles) == 1
    order = "of the file's pages" if several else "of their names" if first.table is None else "of their table"
    problems = [
        Problem(
            "geometry-unknown",
            f"Pictures without millimetres and without a left and right, in the order {order}.{_said_of_frame(first)}",
        )
    ]
    if in_colour(tiles):
        problems.append(
            Problem("colour", "The pictures are in colour; their brightness is shown, and no model is run on them.")
        )
    rows, columns = first.shape
    place, part = first.path if alone else first.path.parent, f"#{rows}x{columns}"
    description = first.path.stem if alone else first.path.parent.name
    if first.table is not None:
        # Neither the folder nor a name says whether the patient is affected.
        place, part = first.table, f"{part}#{first.patient}#{first.path.name if several else ''}"
        description = first.patient
    return Series(
        uid=path_uid(place, part),
        geometry=VolumeGeometry.unknown((sum(tile.pages for tile in tiles), rows, columns)),
        info=SeriesInfo(description=description),
        files=tuple(tile.path for tile in tiles),
        reader=TileReader(tiles),
        problems=tuple(problems),
        patient=first.patient,
        content=None if first.frame is None else _content(tiles, first.frame),
    )


def _content(tiles: Sequence[Tile], frame: tuple[int, int]) -> tuple[int, int]:
    """Return the size of the middle of the frame that holds all tiles, also those a pixel off it."""
    rows = max(tile.rows + (frame[0] - tile.rows) % 2 for tile in tiles)
    columns = max(tile.columns + (frame[1] - tile.columns) % 2 for tile in tiles)
    return rows, columns


def _said_of_frame(tile: Tile) -> str:
    return "" if tile.frame is None else f" Each is centred in {tile.frame[0]} x {tile.frame[1]} pixels."


def in_colour(tiles: Sequence[Tile]) -> bool:
    """Whether a few of the pictures that could hold colours do: grey is often stored as red = green = blue."""
    candidates = [tile for tile in tiles if tile.coloured]
    for tile in {
        id(t): t for t in (candidates[:1] + candidates[len(candidates) // 2 :][:1] + candidates[-1:])
    }.values():
        try:
            pixels = _pixels(tile.path, 0)
        except ImagingError:
            continue
        if pixels.ndim == 3 and not all((pixels[..., 0] == pixels[..., c]).all() for c in (1, 2)):
            return True
    return False
