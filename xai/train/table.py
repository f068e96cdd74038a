"""A table of slices to a cohort: the published layout of tiles, or any table that names pictures or series.

Light: no torch; pixels are not read, headers of series and of TIFF files are.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from xai.errors import ImagingError, TrainingError
from xai.imaging.padding import LARGEST_FRAME, common_frame
from xai.imaging.series import Series
from xai.imaging.table_places import Places, RowError, find_places
from xai.imaging.tables import Row, Table, quoted, read_table
from xai.imaging.tiles import is_tile, read_tile
from xai.models.manifest import MAX_MANIFEST_BYTES, TrainedOn, first_cause, region_of, weighting_of
from xai.progress import Progress, ignore
from xai.train.cohort import CLASSES, Cohort, Example
from xai.train.sources import mask_reader, named, open_series

ABOUT_NAME = "about.toml"
"""Beside a table: the fields of `TrainedOn`, which count more than what headers say."""

LABELS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, **{name: k for k, name in enumerate(CLASSES)}}
_MOST_SAID = 3


@dataclass(slots=True)
class _Reading:
    """What is known while the rows of a table are gone through."""

    table: Table
    places: Places
    series: dict[Path, Series | str] = field(default_factory=dict)
    """By path; the cause where it cannot be opened, so that each series is looked at once."""
    fitting: set[tuple[Path, Path]] = field(default_factory=set)
    tiles: list[Path] = field(default_factory=list)
    """Picture files of one page."""


def read_cohort(
    path: Path, images: Path | None = None, masks: Path | None = None, progress: Progress = ignore
) -> Cohort:
    """Read a table that names slices, their class and their patient.

    Two kinds are known, and a table may mix them:

    - the published layout: ``img_name;label;group``, pictures in ``healthy/`` and ``affected/`` below the table's
      folder, ``Tiles_tif_no_background``, ``images`` or the one folder that holds such folders, names with or without
      ending, masks in a tree built the same way (``Tiles_mask_tif``, ``masks``);
    - columns ``image``, ``label``, ``group`` and perhaps ``mask``, ``fold`` (from 0) and ``slices`` (``3:12`` or ``5``,
      from 1, both ends included; empty for all), where an image is a picture, a TIFF of several pages, a NIfTI file,
      or the file or folder of a DICOM series; paths are relative to the table.

    Parameters
    ----------
    path : Path
        The table: UTF-8, separated by ``;``, ``,`` or tabs.
    images, masks : Path, optional
        Where pictures and masks lie, when not beside the table.
    progress : callable
        Told after each row.

    Returns
    -------
    Cohort
        One example per picture or slice, in the table's order. Tiles of the published layout, which are cut to their
        content, are to be padded to one frame, so that all keep one scale (see `xai.imaging.padding`).

    Raises
    ------
    TrainingError
        One sentence naming file, rows and causes: the first few wrong rows, and how many there are.
    Cancelled
        When ``progress`` raises it.
    """
    try:
        table = read_table(path, ("image", "label", "group"))
        reading = _Reading(table, find_places(path, images, masks))
    except ImagingError as error:
        raise TrainingError(str(error)) from None
    examples: list[Example] = []
    wrong: list[tuple[int, str]] = []
    for done, row in enumerate(table.rows):
        progress(done, len(table.rows))
        try:
            examples += _examples(row, reading)
        except RowError as error:
            wrong.append((row.line, str(error)))
    progress(len(table.rows), len(table.rows))
    wrong += _repeated(examples)
    wrong += _fold_faults(table.rows, examples, complete=not wrong)
    if wrong:
        raise TrainingError(_sentence(path, wrong))
    opened = [one for one in reading.series.values() if isinstance(one, Series)]
    trained_on, notes = _trained_on(path, opened if not reading.tiles else [])
    frame, said = _frame(reading)
    return Cohort(
        path,
        table.sha256,
        tuple(examples),
        trained_on,
        frame=frame,
        notes=(*table.notes, *_notes(opened), *notes, *said),
    )


def _examples(row: Row, reading: _Reading) -> Iterator[Example]:
    if not row.image:
        raise RowError("the image is empty")
    label = LABELS.get(row.label.casefold())
    if label is None:
        said = f"the label {quoted(row.label)} is unknown" if row.label else "the label is empty"
        raise RowError(f"{said}; labels are {CLASSES[0]} (0) and {CLASSES[1]} (1)")
    if not row.group:
        raise RowError("the group (patient) is empty")
    fold = _fold(row.fold)
    image = reading.places.image(row.image, label)
    mask = reading.places.mask(row.mask, reading.table.path) if row.mask else None
    if _is_single(image, row):
        if row.slices not in ("", "1", "1:1"):
            raise RowError(f"{quoted(row.image)} is one picture, so it has no slices {quoted(row.slices)}")
        reading.tiles.append(image)
        mask = mask or reading.places.mask_of(image, label)
        yield Example(row.line, row.image, image, None, label, row.group, mask, fold)
        return
    series = _series(image, row, reading)
    if mask is not None and (image, mask) not in reading.fitting:
        try:
            mask_reader(series, mask)
        except ImagingError as error:
            raise RowError(_inner(error)) from None
        reading.fitting.add((image, mask))
    for k in _slices(row.slices, len(series), row.image):
        yield Example(row.line, row.image, image, k, label, row.group, mask, fold)


def _frame(reading: _Reading) -> tuple[tuple[int, int] | None, list[str]]:
    """Return what tiles of the published layout are padded to, and what is said of it."""
    if not reading.table.is_published_layout:
        return None, []
    shapes = set()
    for path in reading.tiles:
        try:
            shapes.add(read_tile(path).shape)
        except ImagingError:
            continue  # the check names it
    largest = max((max(shape) for shape in shapes), default=0)
    if largest > LARGEST_FRAME and len(shapes) > 1:
        return None, [
            f"Tiles are up to {largest} pixels long and padded up to {LARGEST_FRAME} only: each is scaled by itself."
        ]
    return common_frame(shapes), []


def _is_single(image: Path, row: Row) -> bool:
    """Whether a path is a picture file of one page."""
    if not is_tile(image) or os.path.isdir(image):
        return False
    if image.suffix.lower() not in (".tif", ".tiff"):
        return True
    try:
        return read_tile(image).pages == 1
    except ImagingError as error:
        raise RowError(_inner(error)) from None


def _series(image: Path, row: Row, reading: _Reading) -> Series:
    if image not in reading.series:
        try:
            reading.series[image] = open_series(image)
        except ImagingError as error:
            reading.series[image] = _inner(error)
    found = reading.series[image]
    if isinstance(found, str):
        raise RowError(found)
    return found


def _slices(text: str, count: int, name: str) -> range:
    """Return the indices (from 0) that ``3:12`` or ``5`` number (from 1); all without a text."""
    if not text:
        return range(count)
    match = re.fullmatch(r"([0-9]{1,9})(?:\s*[:-]\s*([0-9]{1,9}))?", text)
    if match is None:
        raise RowError(f"{quoted(text)} is no range of slices such as 3:12")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last:
        raise RowError(f"{quoted(text)} is no range of slices: they are numbered from 1, the lower number first")
    if last > count:
        raise RowError(f"{quoted(name)} has slices 1 to {count}, so slices {text} are not there")
    return range(first - 1, last)


def _fold(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,6}(\.0)?", text):
        raise RowError(f"the fold {quoted(text)} is no number from 0 on")
    return int(text.removesuffix(".0"))


def _repeated(examples: Sequence[Example]) -> list[tuple[int, str]]:
    """Return the rows that name a slice which a row before them names."""
    first: dict[tuple[str, int | None], int] = {}
    wrong: dict[int, str] = {}
    for one in examples:
        row = first.setdefault((os.path.abspath(one.image), one.slice), one.row)
        if row != one.row:
            wrong.setdefault(one.row, f"{named(one)} is named by row {row} already")
    return list(wrong.items())


def _fold_faults(rows: Sequence[Row], examples: Sequence[Example], complete: bool) -> list[tuple[int, str]]:
    """Return the rows whose fold contradicts that of another."""
    wrong: dict[int, str] = {}
    first: dict[str, Example] = {}
    for one in examples:
        if one.fold is None:
            continue
        other = first.setdefault(one.group, one)
        if other.fold != one.fold:
            there = f"in fold {other.fold} in row {other.row}"
            wrong.setdefault(one.row, f"the patient {quoted(one.group)} is in fold {one.fold} here and {there}")
    if complete and first:
        for row in rows:
            if not row.fold:
                wrong.setdefault(row.line, "the fold is empty, while other rows have one")
    return list(wrong.items())


def _sentence(path: Path, wrong: Sequence[tuple[int, str]]) -> str:
    ordered = sorted(wrong)
    said = "; ".join(f"row {line}: {cause}" for line, cause in ordered[:_MOST_SAID])
    if len(ordered) == 1:
        return f"{path.name}, {said}."
    more = len(ordered) - _MOST_SAID
    return f"{path.name} has {len(ordered)} wrong rows: {said}{f'; and {more} more' if more > 0 else ''}."


def _inner(error: ImagingError) -> str:
    return str(error).rstrip(".")


def _notes(series: Sequence[Series]) -> list[str]:
    several = [one for one in series if one.volumes > 1]
    if not several:
        return []
    which = f"{len(several)} series hold several volumes" if len(several) > 1 else "One series holds several volumes"
    return [f"{which} over time or echo; the first is used."]


def _trained_on(path: Path, series: Sequence[Series]) -> tuple[TrainedOn, list[str]]:
    """Return what the headers agree on, with what ``about.toml`` states in its place."""
    stated, notes = _about(path.absolute().parent / ABOUT_NAME)
    return TrainedOn().model_copy(update={**_agreed(series), **stated}), notes


def _agreed(series: Sequence[Series]) -> dict[str, object]:
    """Return the fields of `TrainedOn` that all series share."""
    if not series:
        return {}
    modalities = {one.info.modality for one in series}
    agreed: dict[str, object] = {}
    if modalities != {None}:
        agreed["modality"] = (modalities.pop() or "") if len(modalities) == 1 else ""
    shared = {
        "sequence": {weighting_of(one.info) for one in series},
        "region": {region_of(one.info) for one in series},
        "plane": {one.geometry.plane for one in series},
    }
    agreed |= {key: values.pop() for key, values in shared.items() if len(values) == 1}
    if all(one.geometry.known for one in series):
        pixels = [math.sqrt(one.geometry.spacing[1] * one.geometry.spacing[2]) for one in series]
        agreed["pixel_mm"] = (round(min(pixels), 4), round(max(pixels), 4))
    return agreed


def _about(path: Path) -> tuple[dict[str, object], list[str]]:
    if not os.path.lexists(path):
        return {}, []
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_MANIFEST_BYTES + 1)
        if len(raw) > MAX_MANIFEST_BYTES:
            raise TrainingError(f"{path} is larger than {MAX_MANIFEST_BYTES >> 20} MiB, so it says nothing of a table.")
        known = TrainedOn.model_validate(tomllib.loads(raw.decode("utf-8")))
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"{path} is not valid TOML: {error}.") from None
    except ValidationError as error:
        raise TrainingError(f"{path} does not say what the pictures are: {first_cause(error)}.") from None
    return {key: getattr(known, key) for key in known.model_fields_set}, [f"What the pictures are is from {path.name}."]
