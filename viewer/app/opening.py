"""From paths to a catalogue on a thread: opening, adding to what is open, looking again."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from viewer.app.tasks import Emit, Work
from viewer.core.words import tr
from xai.imaging.catalog import Catalog, scan
from xai.imaging.series import Series
from xai.imaging.volume import Problem
from xai.progress import Progress

Stamp = tuple[tuple[str, int, int], ...]
"""Path, size and time of change of every file of a series: equal as long as the files are the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What was found.

    Parameters
    ----------
    paths : tuple of Path
        Everything that is open now.
    asked : tuple of Path
        What the user asked for this time; empty when it was only looked at again.
    stamps : mapping
        By the series' uid.
    """

    paths: tuple[Path, ...] = ()
    asked: tuple[Path, ...] = ()
    catalog: Catalog = field(default_factory=lambda: Catalog((), ()))
    stamps: Mapping[str, Stamp] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """How one look differs from the one before, in numbers of series."""

    new: int = 0
    changed: int = 0
    gone: int = 0


def catalog_reading(asked: Sequence[Path], before: Sequence[Path] = ()) -> Work:
    """Return the work of finding the series in ``asked`` and in what is open already; results in `Opened`.

    What was open ``before`` and is no longer there is named among the problems, as long as something else is left.
    """

    def work(progress: Progress, emit: Emit) -> Opened:
        there = [path for path in before if path not in asked and path.exists()]
        gone = [path for path in before if path not in asked and path not in there]
        # With nothing left the sentence of the failure is the one about the first path.
        paths = [*there, *asked] or list(before)
        catalog = scan(paths, progress)
        lost = [Problem("unreadable", f"{path.name} is no longer there.", (path.name,)) for path in gone]
        catalog = replace(catalog, problems=(*lost, *catalog.problems))
        stamps = {series.uid: stamp(series) for series in catalog.series}
        return Opened(tuple(paths), tuple(asked), catalog, stamps)

    return work


def stamp(series: Series) -> Stamp:
    """Return what tells whether the files of ``series`` are still the same; asks the file system."""
    files = [*series.files, *(label.path for label in series.label_maps)]
    return tuple(_file_stamp(path) for path in files)


def _file_stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return str(path), -1, -1
    return str(path), found.st_size, found.st_mtime_ns


def keep_unchanged(old: Opened, new: Opened) -> tuple[Opened, Changes]:
    """Return ``new`` with the very series of ``old`` where their files are the same, and what is different."""
    known = {series.uid: series for series in old.catalog.series}
    kept: list[Series] = []
    changed = 0
    for series in new.catalog.series:
        is_same = series.uid in known and old.stamps.get(series.uid) == new.stamps[series.uid]
        changed += series.uid in known and not is_same
        kept.append(known[series.uid] if is_same else series)
    uids = {series.uid for series in kept}
    changes = Changes(len(uids - known.keys()), changed, len(known.keys() - uids))
    return replace(new, catalog=replace(new.catalog, series=tuple(kept))), changes


def changes_sentence(changes: Changes, is_adding: bool) -> str:
    """Say what adding or looking again has brought."""
    if changes == Changes():
        return tr("Nothing has changed.") if not is_adding else tr("There was no further series in it.")
    parts = []
    for number, words in (
        (changes.new, tr("{count} new series")),
        (changes.changed, tr("{count} changed")),
        (changes.gone, tr("{count} gone")),
    ):
        if number:
            parts.append(words.format(count=number))
    return (tr("Added: {changes}.") if is_adding else tr("Looked again: {changes}.")).format(changes=", ".join(parts))
