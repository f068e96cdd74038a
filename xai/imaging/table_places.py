"""Where the pictures and masks of a table lie: beside it, and in folders named for their class."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from xai.errors import ImagingError
from xai.imaging.tables import quoted
from xai.imaging.tiles import is_tile

CLASS_FOLDERS = ("healthy", "affected")
IMAGE_FOLDERS = ("Tiles_tif_no_background", "images")
MASK_FOLDERS = ("Tiles_mask_tif", "masks")


class RowError(Exception):
    """What is wrong with one row, in words that go on after its number."""


@dataclass(slots=True)
class Places:
    """Finds what rows name. Folders are listed once, so that a table of many rows costs little.

    Parameters
    ----------
    images : sequence of Path
        Folders in which pictures are looked for, in this order, each also by class.
    masks : Path or None
        The tree of masks, built like that of the pictures.
    """

    images: tuple[Path, ...]
    masks: Path | None = None
    _listed: dict[Path, dict[str, list[Path]]] = field(default_factory=dict)

    def image(self, cell: str, label: int = 0) -> Path:
        """Return the file or folder that a row names; raise `RowError` when there is none, or more than one."""
        own, other = CLASS_FOLDERS[label], CLASS_FOLDERS[1 - label]
        # The table's word counts: a picture in the other class's folder is found too, and the check tells of it.
        for part in ("", own, other):
            for base in self.images:
                found = self._at((base / part / cell) if part else base / cell)
                if found is not None:
                    return found
        raise RowError(f"there is no picture {quoted(cell)}")

    def mask_of(self, image: Path, label: int) -> Path | None:
        """Return the mask of a picture from the tree of masks, or None."""
        if self.masks is None:
            return None
        for base in self.images:
            if image.is_relative_to(base):
                beside = self._mask_at(self.masks / image.relative_to(base).parent, image.stem)
                if beside is not None:
                    return beside
        folders = (self.masks / CLASS_FOLDERS[label], self.masks, self.masks / CLASS_FOLDERS[1 - label])
        return next((found for one in folders if (found := self._mask_at(one, image.stem)) is not None), None)

    def mask(self, cell: str, table: Path) -> Path:
        """Return the mask that a row names itself."""
        for base in (self.masks, table.parent):
            if base is not None and (found := self._at(base / cell)) is not None:
                return found
        raise RowError(f"there is no mask {quoted(cell)}")

    def _at(self, path: Path) -> Path | None:
        # Of os.path, since Path.exists raises for names that are too long.
        if os.path.exists(path):
            return path
        found = self._pictures(path.parent).get(path.name, ())
        if len(found) > 1:
            listed = " and ".join(one.name for one in found[:3])
            raise RowError(f"{quoted(path.name)} may be {listed}; write the ending too")
        return found[0] if found else None

    def _mask_at(self, folder: Path, stem: str) -> Path | None:
        names = self._pictures(folder)
        found = names.get(stem) or names.get(f"{stem}_mask") or ()
        if len(found) > 1:
            raise RowError(f"{quoted(stem)} has more than one mask: {' and '.join(one.name for one in found[:3])}")
        return found[0] if found else None

    def _pictures(self, folder: Path) -> dict[str, list[Path]]:
        """Return the picture files of a folder by their name without ending."""
        if folder not in self._listed:
            listed: dict[str, list[Path]] = defaultdict(list)
            try:
                with os.scandir(folder) as entries:
                    for entry in sorted(entries, key=lambda one: one.name):
                        path = Path(entry.path)
                        if is_tile(path) and not entry.name.startswith("."):
                            listed[path.stem].append(path)
            except OSError:
                pass
            self._listed[folder] = dict(listed)
        return self._listed[folder]


def find_places(table: Path, images: Path | None, masks: Path | None) -> Places:
    """Return where the pictures and masks of a table are looked for.

    Without ``images``: the table's folder, those of `IMAGE_FOLDERS` in it, and the one folder in it that holds folders
    named for the classes. Without ``masks``: those of `MASK_FOLDERS`, or the folder whose name says mask.

    Raises
    ------
    ImagingError
        When ``images`` or ``masks`` is no folder.
    """
    for folder, what in ((images, "pictures"), (masks, "masks")):
        if folder is not None and not os.path.isdir(folder):
            raise ImagingError(f"There is no folder of {what} {folder}.")
    here = table.absolute().parent
    beside = _folders(here)
    named = [here / name for name in IMAGE_FOLDERS if here / name in beside]
    classed = [one for one in beside if one not in named and not _says_mask(one) and _has_classes(one)]
    if masks is None:
        usual = [here / name for name in MASK_FOLDERS if here / name in beside]
        masks = next(iter(usual or [one for one in beside if _says_mask(one)]), None)
    if len(classed) != 1:
        classed = []  # which of several is meant is not guessed
    return Places((images.absolute(),) if images else (here, *named, *classed), masks and masks.absolute())


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(one.path) for one in entries if one.is_dir() and not one.name.startswith("."))
    except OSError:
        return []


def _says_mask(folder: Path) -> bool:
    return "mask" in folder.name.casefold()


def _has_classes(folder: Path) -> bool:
    return any(os.path.isdir(folder / name) for name in CLASS_FOLDERS)
