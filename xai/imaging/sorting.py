"""Pictures of one series in order: stacks of one orientation, sorted along their normal, repeats told apart."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xai.imaging.dicom_frames import MARKS, Frame
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import Gap, Problem

SAME_DIRECTION = 5e-3
"""Direction cosines that differ by less than this (0.3 degrees) are one orientation."""
SAME_PLACE_MM = 0.02
"""Positions along the normal that differ by less than this are one place."""
BESIDE_MM = 5.0
"""Stacks at the same height whose pictures lie this far apart in the plane are two stacks."""
UNEVEN = 0.1
"""A gap may differ from the others by this part of it."""
TILT = 0.01
"""A stack whose steps leave the normal by more than this sine (0.6 degrees) is tilted."""


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Pictures that make one volume, in slice order, and what was left aside."""

    frames: tuple[Frame, ...]
    geometry: VolumeGeometry
    volumes: int = 1
    rest: tuple[Frame, ...] = ()
    """Pictures of further volumes and duplicates."""
    problems: tuple[Problem, ...] = field(default=())
    gaps: tuple[Gap, ...] = ()


def names(frames: Iterable[Frame]) -> tuple[str, ...]:
    """Return the names of the frames' files, each once, in order; with their folders where there are several."""
    paths = list(dict.fromkeys(frame.header.path for frame in frames))
    if len({path.parent for path in paths}) < 2:
        return tuple(path.name for path in paths)
    common = os.path.commonpath(paths)
    return tuple(Path(os.path.relpath(path, common)).as_posix() for path in paths)


def split_orientations(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Group placed frames by the direction of their rows and columns, in order of appearance."""
    groups: list[tuple[NDArray[np.float64], list[Frame]]] = []
    for frame in frames:
        direction = np.asarray(frame.orientation, float)
        for known, members in groups:
            if np.abs(known - direction).max() < SAME_DIRECTION:
                members.append(frame)
                break
        else:
            groups.append((direction, [frame]))
    return [members for _, members in groups]


def usable_orientation(orientation: Sequence[float] | None) -> bool:
    """Whether six direction cosines are two directions at right angles."""
    if orientation is None or len(orientation) != 6:
        return False
    across, down = np.asarray(orientation[:3], float), np.asarray(orientation[3:], float)
    lengths = np.linalg.norm(across), np.linalg.norm(down)
    return bool(min(lengths) > 0.5 and max(lengths) < 2 and abs(across @ down) < 0.02 * lengths[0] * lengths[1])


def build_stacks(frames: Sequence[Frame]) -> list[Stack]:
    """Return the stacks of placed frames that share orientation, size and pixel spacing."""
    if not _repeats(frames):
        return [_stack(frames)]
    return [_stack(part) for kind in _split_by(frames, _kind) for part in _split_beside(kind)]


def unplaced(frames: Sequence[Frame], volumes: int = 1, problems: Sequence[Problem] = ()) -> Stack:
    """Return the stack of frames that have no place in the patient, in the order of their numbers."""
    ordered = sorted(frames, key=_order)
    kept = ordered[: max(1, len(ordered) // volumes)]
    form = kept[0].header.format
    geometry = VolumeGeometry.unknown((len(kept), form.rows, form.columns))
    return Stack(tuple(kept), geometry, volumes, tuple(ordered[len(kept) :]), tuple(problems))


def _order(frame: Frame) -> tuple[int, int, str]:
    return frame.header.instance, frame.number, frame.header.path.name


def _kind(frame: Frame) -> Hashable:
    return frame.kind


def _split_by(frames: Sequence[Frame], key: Callable[[Frame], Hashable]) -> list[list[Frame]]:
    parts: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        parts[key(frame)].append(frame)
    return list(parts.values())


def _split_beside(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Part two stacks at the same heights that lie beside each other, such as the left and the right knee."""
    if not _repeats(frames):
        return [list(frames)]
    across, down, _ = _directions(frames[0])
    places = _places(_heights(frames))
    in_plane = np.array([[np.dot(across, f.position), np.dot(down, f.position)] for f in frames])  # type: ignore[arg-type]
    centres: list[NDArray[np.float64]] = []
    parts: list[list[Frame]] = []
    covered: list[set[int]] = []
    for frame, at, place in zip(frames, in_plane, places, strict=True):
        for centre, part, heights in zip(centres, parts, covered, strict=True):
            if np.linalg.norm(centre - at) < BESIDE_MM:
                part.append(frame)
                heights.add(int(place))
                break
        else:
            centres.append(at)
            parts.append([frame])
            covered.append({int(place)})
    # A tilted stack drifts in the plane too, but its parts lie at different heights.
    count = int(places.max()) + 1
    beside = len(parts) > 1 and all(len(heights) > count / 2 for heights in covered)
    return parts if beside else [list(frames)]


def _directions(frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return unit vectors along the columns' index, along the rows' index, and the normal that slices grow along."""
    across, down = np.asarray(frame.orientation, float).reshape(2, 3)
    across, down = across / np.linalg.norm(across), down / np.linalg.norm(down)
    normal = np.cross(across, down)
    normal /= np.linalg.norm(normal)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = normal, down, across
    axis = VolumeGeometry((1, 1, 1), affine).patient_axes[0]
    return across, down, normal if normal[axis] > 0 else -normal


def _heights(frames: Sequence[Frame]) -> NDArray[np.float64]:
    normal = _directions(frames[0])[2]
    return np.array([np.dot(normal, frame.position) for frame in frames])  # type: ignore[arg-type]


def _places(heights: NDArray[np.float64]) -> NDArray[np.intp]:
    """Number the distinct heights upwards: for each frame the place it lies at."""
    order = np.argsort(heights, kind="stable")
    new = np.diff(heights[order], prepend=heights[order[0]]) > SAME_PLACE_MM
    places = np.empty(len(heights), np.intp)
    places[order] = np.cumsum(new)
    return places


def _repeats(frames: Sequence[Frame]) -> bool:
    places = _places(_heights(frames))
    return len(places) > int(places.max()) + 1


def _stack(frames: Sequence[Frame]) -> Stack:
    frames = sorted(frames, key=_order)
    places = _places(_heights(frames))
    count = int(places.max()) + 1
    problems: list[Problem] = []
    volumes, rest = 1, []
    if len(frames) > count:
        found, by, surplus = _volumes(frames, places, count)
        volumes = len(found)
        kept, rest = found[0], [frame for volume in found[1:] for frame in volume]
        problems += _repeat_problems(count, volumes, by, surplus, rest, frames)
        rest += surplus
    else:
        kept = list(frames)
    heights = _heights(kept)
    kept = [kept[i] for i in np.argsort(heights, kind="stable")]
    geometry, found_problems, gaps = _geometry(kept)
    return Stack(tuple(kept), geometry, volumes, tuple(rest), (*problems, *found_problems), gaps)


def _repeat_problems(
    count: int, volumes: int, by: str, surplus: Sequence[Frame], further: Sequence[Frame], frames: Sequence[Frame]
) -> list[Problem]:
    problems = []
    if volumes > 1:
        places = "1 place" if count == 1 else f"each of {count} places"
        problems.append(
            Problem(
                "time-series",
                f"There are {volumes} pictures at {places} (told apart by {by}): the first volume is opened, "
                f"{volumes - 1} more {'is' if volumes == 2 else 'are'} not shown.",
            )
        )
    single = count == 1 and len({frame.header.path for frame in frames}) == len(frames)
    named = [*surplus, *further] if single else surplus
    if named:
        listed = names(named)
        what = f"{len(listed)} more {'file lies' if len(listed) == 1 else 'files lie'} at places already taken"
        problems.append(Problem("duplicate-slices", f"{what}; the first of each place is kept.", listed))
    return problems


def _volumes(
    frames: Sequence[Frame], places: NDArray[np.intp], count: int
) -> tuple[list[list[Frame]], str, list[Frame]]:
    """Part frames into complete volumes, by what is found to tell them apart; also what is left over."""
    varying = [m for m in range(len(MARKS)) if len({frame.marks[m] for frame in frames}) > 1]
    tried = [(m,) for m in varying] + [pair for pair in combinations(varying, 2) if len(MARKS) - 1 not in pair]
    place_of = {id(frame): int(place) for frame, place in zip(frames, places, strict=True)}
    for marks in tried:
        parts: dict[tuple[float, ...], list[Frame]] = defaultdict(list)
        for frame in frames:
            parts[_ranks([frame.marks[m] for m in marks])].append(frame)
        if any(len({place_of[id(f)] for f in part}) < len(part) for part in parts.values()):
            continue
        complete = [parts[key] for key in sorted(parts) if len(parts[key]) == count]
        if complete:
            surplus = [frame for key in sorted(parts) if len(parts[key]) < count for frame in parts[key]]
            return complete, " and ".join(MARKS[m] for m in marks), surplus
    by_place: list[list[Frame]] = [[] for _ in range(count)]
    for frame, place in zip(frames, places, strict=True):
        by_place[int(place)].append(frame)
    for members in by_place:
        members.sort(key=lambda f: (_ranks(f.marks[:4]), _order(f)))
    fewest = min(len(members) for members in by_place)
    volumes = [[members[v] for members in by_place] for v in range(fewest)]
    return volumes, "the order of their numbers", [frame for members in by_place for frame in members[fewest:]]


def _ranks(marks: Sequence[float | None]) -> tuple[float, ...]:
    """Return a key to sort by: what has no value (such as a picture without diffusion weighting) comes first."""
    return tuple(-np.inf if mark is None else mark for mark in marks)


def _geometry(frames: Sequence[Frame]) -> tuple[VolumeGeometry, list[Problem], tuple[Gap, ...]]:
    """Return the grid of sorted frames, what is wrong with their spacing, and where slices are missing."""
    first = frames[0]
    across, down, normal = _directions(first)
    between_rows, between_columns = first.spacing or (1.0, 1.0)
    positions = np.array([frame.position for frame in frames], float)
    problems: list[Problem] = []
    holes: tuple[Gap, ...] = ()
    step = normal * (first.thickness if first.thickness and first.thickness > 0 else 1.0)
    if len(frames) > 1:
        gaps: NDArray[np.float64] = np.diff(positions @ normal)
        whole = positions[-1] - positions[0]
        step = whole / (len(frames) - 1)
        missing = _missing(gaps)
        if missing is not None:
            total = int(missing.sum())
            step = whole / (len(frames) - 1 + total)
            problems.append(_missing_problem(frames, missing, total))
            holes = tuple(Gap(int(k), int(missing[k])) for k in np.flatnonzero(missing))
        elif gaps.max() - gaps.min() > max(UNEVEN * float(np.median(gaps)), 2 * SAME_PLACE_MM):
            problems.append(
                Problem(
                    "uneven-spacing",
                    f"The gaps between slices vary from {gaps.min():.2f} to {gaps.max():.2f} mm; "
                    "distances along the stack are averages.",
                )
            )
        sine = np.linalg.norm(np.cross(step, normal)) / np.linalg.norm(step)
        if sine > TILT:
            angle = float(np.degrees(np.arcsin(min(1.0, float(sine)))))
            problems.append(
                Problem(
                    "gantry-tilt",
                    f"The slices are stacked {angle:.1f} degrees off their normal (gantry tilt); "
                    "the geometry follows the stack.",
                )
            )
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = step, down * between_rows, across * between_columns
    affine[:3, 3] = positions[0]
    if first.spacing is None:
        problems.append(Problem("geometry-unknown", "The pixel spacing is not stated; distances are in pixels."))
    form = first.header.format
    shape = (len(frames), form.rows, form.columns)
    return VolumeGeometry(shape, affine, known=first.spacing is not None), problems, holes


def _missing(gaps: NDArray[np.float64]) -> NDArray[np.intp] | None:
    """Return how many slices each gap lacks, or None when gaps are not whole multiples of the smallest."""
    smallest = float(np.median(gaps[gaps <= float(np.min(gaps)) * (1 + UNEVEN)]))
    ratio = gaps / smallest
    whole = np.round(ratio)
    if whole.max() < 2 or whole.max() > 64 or (np.abs(ratio - whole) > UNEVEN * np.minimum(whole, 2)).any():
        return None
    return (whole - 1).astype(np.intp)


def _missing_problem(frames: Sequence[Frame], missing: NDArray[np.intp], total: int) -> Problem:
    at = [int(k) for k in np.flatnonzero(missing)]
    where = ", ".join(f"{k + 1} and {k + 2}" for k in at[:5]) + (" and elsewhere" if len(at) > 5 else "")
    after = [frames[k + 1] for k in at]
    return Problem(
        "missing-slices",
        f"{total} {'slice is' if total == 1 else 'slices are'} missing (between slices {where}); the slices that are "
        "there are shown one after the other, and positions beyond the gap are off by it.",
        tuple(dict.fromkeys(name for k in at for name in names([frames[k], frames[k + 1]]))) if after else (),
    )
