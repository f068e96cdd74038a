"""A table that names pictures, such as ``data.csv``: its text to rows with known columns, and what is wrong with it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xai.errors import ImagingError

MAX_TABLE_BYTES = 64 << 20
PUBLISHED_IMAGE = "img_name"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "image": ("image", PUBLISHED_IMAGE, "path", "file", "series"),
    "label": ("label",),
    "group": ("group", "patient", "patient_id", "subject"),
    "mask": ("mask",),
    "fold": ("fold",),
    "slices": ("slices",),
}
"""What a column may be called, the first of them counting where a table has several."""

_DELIMITERS = (";", ",", "\t")
_MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One row's cells by `COLUMNS`, stripped; a column that the table lacks is empty."""

    line: int
    """Line of the file, the header being line 1."""
    image: str = ""
    label: str = ""
    group: str = ""
    mask: str = ""
    fold: str = ""
    slices: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table's rows as text."""

    path: Path
    sha256: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    is_published_layout: bool = False
    """Whether its pictures are tiles cut to their content: the published layout calls them ``img_name``."""


def read_table(path: Path, required: Sequence[str]) -> Table:
    """Read a table of text in UTF-8, with or without byte order mark, separated by ``;``, ``,`` or tabs.

    Parameters
    ----------
    path : Path
        The table.
    required : sequence of str
        Columns of `COLUMNS` that it must have.

    Raises
    ------
    ImagingError
        When it cannot be read, is no such table, lacks a column or has no rows; one sentence naming file, row and
        cause.
    """
    raw = _bytes(path)
    lines = _parsed(path, _text(path, raw))
    header = next(lines, None)
    if header is None:
        raise ImagingError(f"{path.name} is empty: it has neither a header nor rows.")
    names = [cell.strip().casefold() for cell in header[1]]
    places, notes = _places(path, names, header[1], required)
    rows = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            raise ImagingError(f"{path.name}, row {line}: it has {len(cells)} cells, the header {len(names)}.")
        rows.append(Row(line, **{key: cells[k].strip() if k < len(cells) else "" for key, k in places.items()}))
    if not rows:
        raise ImagingError(f"{path.name} has a header but no rows.")
    is_published = "image" in places and names[places["image"]] == PUBLISHED_IMAGE
    return Table(path, hashlib.sha256(raw).hexdigest(), tuple(rows), notes, is_published)


def quoted(cell: str) -> str:
    """Return a cell as a message shows it: in quotes, short, and without what a terminal would obey."""
    short = cell if len(cell) <= _MOST_SHOWN else f"{cell[: _MOST_SHOWN - 3]}..."
    return repr(short)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_TABLE_BYTES + 1)
    except FileNotFoundError:
        raise ImagingError(f"There is no table {path}.") from None
    except OSError as error:
        raise ImagingError(f"The table {path} cannot be read: {error.strerror or error}.") from None
    if len(raw) > MAX_TABLE_BYTES:
        raise ImagingError(f"{path.name} is larger than {MAX_TABLE_BYTES >> 20} MiB, so it is no table of slices.")
    return raw


def _text(path: Path, raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ImagingError(f"{path.name} is text in UTF-16; save it as CSV in UTF-8.")
    if b"\0" in raw:
        raise ImagingError(f"{path.name} is not a table of text: it holds bytes that text has not.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ImagingError(
            f"{path.name}, row {line}: a letter is not in UTF-8; save the table as CSV in UTF-8."
        ) from None


def _parsed(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the first line number and the cells of each record, the header first."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(first), strict=True)
    begin, headed = 1, False
    try:
        for cells in reader:
            if headed or any(cell.strip() for cell in cells):
                headed = True
                yield begin, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        raise ImagingError(f"{path.name}, row {begin}: it cannot be read as CSV ({error}).") from None


def _delimiter(header: str) -> str:
    known = {name for names in COLUMNS.values() for name in names}

    def worth(delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([header], delimiter=delimiter), [])
        except csv.Error:
            return 0, 0
        return sum(cell.strip().casefold() in known for cell in cells), len(cells)

    return max(_DELIMITERS, key=worth)


def _places(
    path: Path, names: Sequence[str], header: Sequence[str], required: Sequence[str]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return where each known column stands, and what is said of the others."""
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise ImagingError(f"{path.name} has the column {quoted(twice)} twice.")
    places = {}
    for key, aliases in COLUMNS.items():
        found = [names.index(alias) for alias in aliases if alias in names]
        if found:
            places[key] = found[0]
    missing = [key for key in required if key not in places]
    if missing:
        wanted = " and ".join(f"{key!r}" for key in missing)
        there = ", ".join(quoted(cell.strip()) for cell in header[:12]) + (" and more" if len(header) > 12 else "")
        raise ImagingError(
            f"{path.name} has no column {wanted} (or {_others(missing[0])}): its columns are {there}."
            if len(COLUMNS[missing[0]]) > 1
            else f"{path.name} has no column {wanted}: its columns are {there}."
        )
    unused = [quoted(header[k].strip()) for k in range(len(names)) if k not in places.values() and names[k]]
    return places, (f"Columns that are not used: {', '.join(unused[:12])}.",) if unused else ()


def _others(key: str) -> str:
    return ", ".join(COLUMNS[key][1:])
