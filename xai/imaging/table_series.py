"""A table of pictures, such as ``data.csv``, opened as it stands: what belongs to one patient is one series."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from xai.errors import ImagingError
from xai.imaging.table_places import RowError, find_places
from xai.imaging.tables import read_table
from xai.imaging.tiles import is_tile
from xai.imaging.volume import Problem

SUFFIXES = (".csv", ".tsv")


@dataclass(slots=True)
class TablePictures:
    """What a table names."""

    tiles: dict[Path, str] = field(default_factory=dict)
    """Picture files in the table's order, each with its patient's code."""
    others: list[Path] = field(default_factory=list)
    """Files and folders of series."""
    problems: list[Problem] = field(default_factory=list)
    is_published_layout: bool = False
    """Whether the picture files are tiles, which are padded to one size."""


def pictures_of_table(path: Path) -> TablePictures | None:
    """Return what a table names; None when the path is no table of pictures.

    Labels are not looked at: a series in the viewer must not give them away.
    """
    if path.suffix.lower() not in SUFFIXES or not os.path.isfile(path):
        return None
    found = TablePictures()
    try:
        read_table(path, ("image",))
    except ImagingError:
        return None
    try:
        table = read_table(path, ("image", "group"))
    except ImagingError as error:
        found.problems.append(Problem("not-an-image", str(error), (path.name,)))
        return found
    found.is_published_layout = table.is_published_layout
    places = find_places(path, None, None)
    for row in table.rows:
        try:
            if not row.image:
                raise RowError("the image is empty")
            picture = places.image(row.image)
        except RowError as error:
            message = f"{path.name}, row {row.line}: {error}."
            found.problems.append(Problem("unreadable", message, (path.name,)))
            continue
        if is_tile(picture) and not os.path.isdir(picture):
            found.tiles.setdefault(picture, row.group)
        elif picture not in found.others:
            found.others.append(picture)
    return found
