"""What should be known of a cohort before a network learns from it: leaks between patients, folds that cannot be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from xai.errors import ImagingError, TrainingError
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.padding import before
from xai.imaging.resample import SliceMapping
from xai.imaging.tiles import in_colour, is_tile, read_tile
from xai.progress import Progress, ignore
from xai.train.cohort import CLASSES, Cohort, Example
from xai.train.config import TrainingConfig
from xai.train.duplicates import copies, same_bytes
from xai.train.sources import Sources, named

Severity = Literal["error", "warning", "note"]
_LISTED = 5
_TELLING = 0.5
"""Masks tell the class when empty ones are this much more frequent in one class than in the other."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a cohort.

    An error forbids training, a warning makes its figures doubtful, a note is good to know. ``code`` names the kind,
    for programs.
    """

    severity: Severity
    code: str
    message: str


def check(
    cohort: Cohort,
    config: TrainingConfig,
    pictures: NDArray[np.float16] | None = None,
    progress: Progress = ignore,
) -> tuple[Finding, ...]:
    """Look for what forbids training, what makes its figures doubtful, and what is good to know.

    Parameters
    ----------
    cohort : Cohort
        As `read_cohort` gives it.
    config : TrainingConfig
        Folds, masks.
    pictures : array (N, size, size) float16, optional
        What `write_pictures` wrote; without it, copies are found by their bytes only.
    progress : callable
        Told while files and pictures are compared.

    Returns
    -------
    tuple of Finding
        Errors first.
    """
    findings = [
        *_about_labels(cohort, config),
        *_about_files(cohort, progress),
        *_about_copies(cohort, pictures, progress),
        *_about_masks(cohort, config),
    ]
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(findings, key=lambda one: rank[one.severity]))


def unreadable(cohort: Cohort, config: TrainingConfig, progress: Progress = ignore) -> tuple[Finding, ...]:
    """Read every picture, and mask where they are used, and return an error for each of the first that cannot be."""
    sources = Sources(cohort)
    causes: list[str] = []
    for done, one in enumerate(cohort.examples):
        progress(done, len(cohort.examples))
        try:
            sources.read(one)
            if config.masks == "multiply" and one.mask is not None:
                sources.read_mask(one)
        except TrainingError as error:
            causes.append(str(error))
    return tuple(_unreadable(causes))


def listing(findings: Sequence[Finding], cohort: Cohort) -> str:
    """Return the findings as lines for a terminal, after a summary of the cohort."""
    patients = _patients(cohort)
    lines = [f"{cohort.table.name}: {_slices(len(cohort.examples))} of {_count(len(set(cohort.groups)), 'patient')}"]
    for label, name in enumerate(CLASSES):
        slices = int((cohort.labels == label).sum())
        lines.append(f"  {name:9}{slices:7} slices  {len(patients[label]):5} patients")
    masks = sum(one.mask is not None for one in cohort.examples)
    lines.append(f"  with a mask: {masks} of {len(cohort.examples)}")
    lines.append(f"  what they are: {cohort.trained_on.sentence}")
    lines += [f"{one.severity + ':':9}{one.message}" for one in findings]
    lines += [f"note:    {note}" for note in cohort.notes]
    if not any(one.severity != "note" for one in findings):
        lines.append("Nothing speaks against training.")
    return "\n".join(lines)


def description(findings: Sequence[Finding], cohort: Cohort) -> dict[str, object]:
    """Return the findings and the summary of the cohort, for programs."""
    patients = _patients(cohort)
    classes = {
        name: {"slices": int((cohort.labels == label).sum()), "patients": len(patients[label])}
        for label, name in enumerate(CLASSES)
    }
    return {
        "table": str(cohort.table),
        "slices": len(cohort.examples),
        "patients": len(set(cohort.groups)),
        "classes": classes,
        "masks": sum(one.mask is not None for one in cohort.examples),
        "findings": [asdict(one) for one in findings],
        "notes": list(cohort.notes),
    }


def _about_labels(cohort: Cohort, config: TrainingConfig) -> Iterator[Finding]:
    patients, labels = _patients(cohort), cohort.labels
    total = len(set(cohort.groups))
    each = f"{len(patients[0])} with healthy slices, {len(patients[1])} with affected ones"
    if not patients[0] or not patients[1]:
        name, other = (CLASSES[1], CLASSES[0]) if patients[1] else CLASSES
        yield Finding("error", "one-class", f"All {_slices(len(labels))} are {name}; there is none that is {other}.")
    if total == 1:
        (group,) = set(cohort.groups.tolist())
        message = f"All {_slices(len(labels))} are of one patient ({group!r}); folds need more than one."
        yield Finding("error", "one-group", message)
        return
    folds = _folds(cohort)
    asked = len(set(folds.values())) if folds else config.folds
    if folds:
        yield from _about_own_folds(cohort, folds)
    elif config.folds > total:
        message = f"There are {config.folds} folds and only {_count(total, 'patient')} ({each})."
        yield Finding("error", "folds-groups", message)
    for label in (0, 1):
        count = len(patients[label])
        if count == 1 and patients[1 - label]:
            message = f"Only 1 of {total} patients has {CLASSES[label]} slices ({each}); at least 2 are needed."
            yield Finding("error", "few-patients", message)
        elif 1 < count < asked <= total and not folds:
            message = (
                f"{count} of {total} patients have {CLASSES[label]} slices, so at least {asked - count} of {asked} "
                "folds have none of them; what such a fold cannot say is left empty, and the figures of all folds "
                "together count."
            )
            yield Finding("warning", "rare-class", message)
    both = sorted(patients[0] & patients[1])
    if both:
        message = f"{len(both)} of {total} patients with healthy and affected slices, which is allowed."
        yield Finding("note", "mixed-groups", message)
    rare = int(min((labels == 0).sum(), (labels == 1).sum()))
    if 0 < rare < 0.2 * len(labels):
        name = CLASSES[int((labels == 1).sum() == rare)]
        message = f"Only {rare} of {_slices(len(labels))} ({rare / len(labels):.0%}) are {name}."
        yield Finding("note", "balance", message)


def _about_own_folds(cohort: Cohort, folds: dict[str, int]) -> Iterator[Finding]:
    numbers = set(folds.values())
    if numbers != set(range(len(numbers))) or len(numbers) < 2:
        shown = ", ".join(str(n) for n in sorted(numbers)[:12])
        message = f"The table's folds are {shown}; there must be at least 2, numbered from 0 without gaps."
        yield Finding("error", "table-folds", message)
        return
    yield Finding("note", "own-folds", f"The table divides the patients into {len(numbers)} folds itself.")
    for label in (0, 1):
        held = {one.fold for one in cohort.examples if one.label == label}
        missing = sorted(numbers - held)
        if len(held) == 1:
            message = (
                f"All {CLASSES[label]} slices are in fold {held.pop()}: none is left to learn from when it is tested."
            )
            yield Finding("error", "few-patients", message)
        elif held and missing:
            shown = ", ".join(str(n) for n in missing[:12])
            message = (
                f"No slice of fold {shown} is {CLASSES[label]}; what such a fold cannot say is left empty, and the "
                "figures of all folds together count."
            )
            yield Finding("warning", "rare-class", message)


def _about_files(cohort: Cohort, progress: Progress) -> Iterator[Finding]:
    sizes: Counter[tuple[int, int]] = Counter()
    coloured: list[Example] = []
    unreadable: list[str] = []
    sources = Sources(cohort)
    for done, one in enumerate(cohort.examples):
        progress(done, len(cohort.examples))
        if one.slice is not None:
            try:
                sizes[sources.shape(one)] += 1
            except TrainingError as error:
                unreadable.append(str(error))
            continue
        try:
            tile = read_tile(one.image)
            sizes[tile.rows, tile.columns] += 1
            if in_colour([tile]):
                coloured.append(one)
        except ImagingError as error:
            unreadable.append(f"{cohort.table.name}, row {one.row}: {error}")
    yield from _unreadable(unreadable)
    yield from _about_sizes(sizes, cohort.frame)
    if coloured:
        what = "only their brightness is learned from, and the viewer runs no model on such"
        yield Finding("warning", "colour", f"{_count(len(coloured), 'picture')} in colour: {what}: {_names(coloured)}.")
    other = [one for one in cohort.examples if one.image.parent.name.casefold() == CLASSES[1 - one.label]]
    if other:
        message = (
            f"{_count(len(other), 'picture')} in the folder of the other class; the table counts: {_names(other)}."
        )
        yield Finding("warning", "folder-label", message)


def _about_sizes(sizes: Counter[tuple[int, int]], frame: tuple[int, int] | None) -> Iterator[Finding]:
    if not sizes or (len(sizes) == 1 and frame is None):
        return
    listed = ", ".join(f"{rows} x {columns} ({n})" for (rows, columns), n in sizes.most_common(_LISTED))
    if len(sizes) > _LISTED:
        small, large = min(sizes, key=_area), max(sizes, key=_area)
        listed = f"{small[0]} x {small[1]} to {large[0]} x {large[1]}"
    done = "each is scaled to the network's size by itself"
    if frame is not None:
        done = f"tiles are centred in {frame[0]} x {frame[1]}, so that all keep one scale"
    yield Finding("note", "sizes", f"Pictures of {_count(len(sizes), 'size')}: {listed} pixels; {done}.")


def _about_copies(cohort: Cohort, pictures: NDArray[np.float16] | None, progress: Progress) -> Iterator[Finding]:
    examples = cohort.examples
    files: list[Path | None] = [one.image if one.slice is None else None for one in examples]
    sets = same_bytes(files, progress)
    across = [places for places in sets if len({examples[n].group for n in places}) > 1]
    within = [places for places in sets if len({examples[n].group for n in places}) == 1]
    if across:
        listed = "; ".join(_list([_who(examples[n]) for n in places], " = ") for places in across[:_LISTED])
        message = (
            f"{_count(len(across), 'picture')} byte for byte the same for different patients, so that it is learned "
            f"from and tested on: {listed}{_more(len(across))}."
        )
        yield Finding("warning", "leak", message)
    if within:
        listed = "; ".join(_list([named(examples[n]) for n in places], " = ") for places in within[:_LISTED])
        message = f"{_count(len(within), 'picture')} more than once in the table for one patient: {listed}"
        yield Finding("note", "copies-within", f"{message}{_more(len(within))}.")
    if pictures is None:
        return
    black = [one for one, picture in zip(examples, pictures, strict=True) if not picture.any()]
    if black:
        message = f"{_count(len(black), 'picture')} without content once prepared: {_names(black)}."
        yield Finding("warning", "empty-picture", message)
    same = {n: k for k, places in enumerate(sets) for n in places}
    pairs, count = copies(pictures, cohort.groups, progress, _parts(cohort, pictures.shape[1]))
    near = [one for one in pairs if one.first not in same or same.get(one.first) != same.get(one.second)]
    if near:
        listed = "; ".join(
            f"{_who(examples[one.first])} and {_who(examples[one.second])}{' mirrored' if one.mirrored else ''}"
            for one in near[:_LISTED]
        )
        count -= len(pairs) - len(near)
        message = (
            f"{_count(count, 'pair')} of nearly the same pictures of different patients, as copies stored anew are: "
            f"{listed}{_more(count)}."
        )
        yield Finding("warning", "leak-near", message)


def _parts(cohort: Cohort, size: int) -> NDArray[np.float64] | None:
    """Return where padded tiles lie in pictures (N, size, size), for `describe`: their frames would be all alike."""
    if cohort.frame is None:
        return None
    mapping = SliceMapping.fit(VolumeGeometry.unknown((1, *cohort.frame)), size)
    parts = np.empty((len(cohort.examples), 3))
    for n, one in enumerate(cohort.examples):
        parts[n] = (size - 1) / 2, (size - 1) / 2, size
        if one.slice is None:
            with suppress(ImagingError):
                shape = read_tile(one.image).shape
                middle = np.add(before(shape, cohort.frame), np.subtract(shape, 1) / 2)
                parts[n] = *mapping.to_network(middle), max(shape) * mapping.scale[0]
    return parts


def _about_masks(cohort: Cohort, config: TrainingConfig) -> Iterator[Finding]:
    with_mask = [one for one in cohort.examples if one.mask is not None]
    if 0 < len(with_mask) < len(cohort.examples) or (not with_mask and config.masks == "multiply"):
        without = [one for one in cohort.examples if one.mask is None]
        severity: Severity = "error" if config.masks == "multiply" else "note"
        message = f"{len(without)} of {_count(len(cohort.examples), 'picture')} without a mask: {_names(without)}."
        yield Finding(severity, "mask-missing", message)
    yield from _about_lone_masks(cohort)
    if config.masks != "multiply" or not with_mask:
        return
    empty: dict[int, list[bool]] = {0: [], 1: []}
    sources = Sources(cohort)
    unreadable: list[str] = []
    for one in with_mask:
        try:
            empty[one.label].append(not sources.read_mask(one).any())
        except TrainingError as error:
            unreadable.append(str(error))
    yield from _unreadable(unreadable)
    if not empty[0] or not empty[1]:
        return
    shares = [float(np.mean(empty[label])) for label in (0, 1)]
    if abs(shares[0] - shares[1]) > _TELLING:
        message = (
            "The masks give the class away: "
            + " and ".join(f"{shares[k]:.0%} of the {CLASSES[k]} slices' masks" for k in (0, 1))
            + " are empty, and pictures are multiplied by them."
        )
        yield Finding("warning", "masks-tell", message)


def _about_lone_masks(cohort: Cohort) -> Iterator[Finding]:
    used = {one.mask for one in cohort.examples if one.mask is not None and one.slice is None}
    lone: list[Path] = []
    pictures = {one.image for one in cohort.examples}
    for folder in sorted({mask.parent for mask in used}):
        try:
            lone += [path for path in sorted(folder.iterdir()) if is_tile(path) and path not in used | pictures]
        except OSError:
            continue
    if lone:
        listed = _list([f"{path.parent.name}/{path.name}" for path in lone])
        message = f"{_count(len(lone), 'mask')} without a picture in the table: {listed}."
        yield Finding("note", "mask-alone", message)


def _unreadable(causes: Sequence[str]) -> Iterator[Finding]:
    for cause in causes[:_LISTED]:
        yield Finding("error", "unreadable", cause)
    if len(causes) > _LISTED:
        yield Finding("error", "unreadable", f"{len(causes) - _LISTED} more cannot be read.")


def _patients(cohort: Cohort) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for one in cohort.examples:
        found[one.label].add(one.group)
    return {0: found[0], 1: found[1]}


def _folds(cohort: Cohort) -> dict[str, int]:
    return {one.group: one.fold for one in cohort.examples if one.fold is not None}


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]


def _who(one: Example) -> str:
    return f"{named(one)} of {one.group}"


def _names(examples: Sequence[Example]) -> str:
    return _list([named(one) for one in examples])


def _list(names: Iterable[str], between: str = ", ") -> str:
    listed = list(names)
    return f"{between.join(listed[:_LISTED])}{_more(len(listed))}"


def _more(count: int) -> str:
    return f" and {count - _LISTED} more" if count > _LISTED else ""


def _slices(count: int) -> str:
    return _count(count, "slice")


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
