"""A second series beside the first: how its slices, its place and its window follow those of the first.

Pure geometry. Slices follow by patient position where both series say where they lie and mean the same coordinates,
else by their share of the stack; `Relation.why` says which and why.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from viewer.core.window import Window
from viewer.core.words import tr
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.series import Series
from xai.imaging.volume import SeriesInfo

PARALLEL_WITHIN = 5.0
"""Degrees by which two planes, or two pictures' edges, may differ and still count as the same."""
_COSINE = float(np.cos(np.deg2rad(PARALLEL_WITHIN)))

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Links:
    """What of the second series follows the first."""

    slices: bool = True
    place: bool = True
    """Zoom and pan."""
    window: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Zoom and shift of a picture, and what zoom 1 fits into the view.

    Parameters
    ----------
    extent : (float, float), optional
        Width and height in the unit of the picture's spacing that zoom 1 fits; None: the picture's own.
    """

    zoom: float = 1.0
    pan: Pair = (0.0, 0.0)
    extent: Pair | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """How the second series is shown; what follows the first is worked out by `resolve`.

    Parameters
    ----------
    slice_index : int
        While slices are linked, the slice last asked for: it stands as long as it belongs to the first series' slice,
        so that thinner slices beside thicker ones can all be reached. Below 0: none was asked for.
    window : Window, optional
        None follows the second series' automatic window.
    place : Place
        Where it stands while the place is not linked.
    """

    slice_index: int = -1
    window: Window | None = None
    place: Place = field(default_factory=Place)
    links: Links = field(default_factory=Links)


def shown_shape(geometry: VolumeGeometry) -> tuple[int, int]:
    """Return the picture's rows and columns."""
    return geometry.display.shown_shape((geometry.shape[1], geometry.shape[2]))


def extent_of(geometry: VolumeGeometry) -> Pair:
    """Return the picture's width and height in millimetres, or in pixels where those are unknown."""
    rows, columns = shown_shape(geometry)
    down, across = unit_of(geometry)
    return columns * across, rows * down


def place_of(series: Series, place: Place) -> Place:
    """Return ``place`` with what zoom 1 fits of padded tiles: the largest, not the black around it."""
    if series.content is None or place.extent is not None:
        return place
    rows, columns = series.content
    return replace(place, extent=(float(columns), float(rows)))


def unit_of(geometry: VolumeGeometry) -> Pair:
    """Return a picture pixel's height and width in millimetres; 1 and 1 where they are unknown."""
    return geometry.shown_spacing if geometry.known else (1.0, 1.0)


def shown_directions(geometry: VolumeGeometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the unit LPS vectors towards the picture's right edge and its bottom."""
    directions, display = geometry.directions, geometry.display
    across, down = (directions[1], directions[2]) if display.transpose else (directions[2], directions[1])
    return across * (-1 if display.flip_columns else 1), down * (-1 if display.flip_rows else 1)


def to_patient(geometry: VolumeGeometry, k: float, position: Pair) -> NDArray[np.float64]:
    """Return the LPS millimetres of a picture position (column, row) of slice ``k``."""
    row, column = geometry.display.to_stored(np.array(position[::-1]), (geometry.shape[1], geometry.shape[2]))
    return geometry.to_mm(np.array([k, row, column]))


def from_patient(geometry: VolumeGeometry, mm: NDArray[np.float64]) -> tuple[float, Pair]:
    """Return the slice (a broken number) and the picture position (column, row) of LPS millimetres."""
    k, row, column = geometry.to_index(mm)
    shown = geometry.display.to_shown(np.array([row, column]), (geometry.shape[1], geometry.shape[2]))
    return float(k), (float(shown[1]), float(shown[0]))


@dataclass(frozen=True, eq=False)
class Relation:
    """How two series lie to each other; the same from either side.

    Parameters
    ----------
    first, second : VolumeGeometry
        The two grids.
    comparable : bool
        Both say where they lie, and mean the same patient coordinates as far as the files tell.
    by_position : bool
        Slices follow by millimetres; else by their share of the stack.
    aligned : bool
        A place in one picture is a place in the other: comparable, parallel, and turned alike.
    why : str
        Why slices do not follow by position; empty when they do.
    """

    first: VolumeGeometry
    second: VolumeGeometry
    comparable: bool
    by_position: bool
    aligned: bool
    why: str = ""

    @cached_property
    def turned(self) -> Relation:
        """The same relation seen from the second series."""
        return Relation(self.second, self.first, self.comparable, self.by_position, self.aligned, self.why)

    @cached_property
    def opposed(self) -> bool:
        """Whether the stacks run against each other."""
        if not (self.first.known and self.second.known):
            return False
        return float(self.first.directions[0] @ self.second.directions[0]) < -0.5

    def slice_for(self, k: int) -> int:
        """Return the second series' slice for slice ``k`` of the first."""
        last = self.second.shape[0] - 1
        if self.by_position:
            at = self._plane(k)
        else:
            share = k / max(self.first.shape[0] - 1, 1)
            at = (1 - share if self.opposed else share) * last
        # Halves go up, for either direction alike: scrolling there and back ends where it began.
        return int(np.clip(np.floor(at + 0.5), 0, last))

    def _plane(self, k: int) -> float:
        _, rows, columns = self.first.shape
        middle = self.first.to_mm(np.array([k, (rows - 1) / 2, (columns - 1) / 2]))
        return float(self.second.to_index(middle)[0])

    def distance_mm(self, k: int, second_k: int) -> float | None:
        """Return how far apart the planes of two slices are; None where they cannot be compared."""
        if not self.by_position:
            return None
        return abs(self._plane(k) - second_k) * plane_spacing(self.second)

    def place_for(self, zoom: float, pan: Pair, k: int, second_k: int) -> Place:
        """Return where the second picture stands so that it follows the first, shown at ``zoom`` and ``pan``.

        Aligned series show the same patient position in the middle of the view, at the same millimetres per screen
        pixel. Others keep their middles together.
        """
        if not (self.first.known and self.second.known):
            return Place(zoom, self._scaled(pan, self.first, self.second))
        if not self.aligned:
            return Place(zoom, self._scaled(pan, self.first, self.second), extent_of(self.first))
        rows, columns = shown_shape(self.first)
        middle = ((columns - 1) / 2 - pan[0], (rows - 1) / 2 - pan[1])
        _, (column, row) = from_patient(self.second, to_patient(self.first, k, middle))
        rows, columns = shown_shape(self.second)
        return Place(zoom, ((columns - 1) / 2 - column, (rows - 1) / 2 - row), extent_of(self.first))

    @staticmethod
    def _scaled(moved: Pair, source: VolumeGeometry, target: VolumeGeometry) -> Pair:
        if source.known and target.known:
            (down, across), (new_down, new_across) = unit_of(source), unit_of(target)
            return moved[0] * across / new_across, moved[1] * down / new_down
        # Without millimetres on both sides: a share of the picture.
        rows, columns = shown_shape(source)
        new_rows, new_columns = shown_shape(target)
        return moved[0] / columns * new_columns, moved[1] / rows * new_rows

    def in_first_pixels(self, right: float, down: float) -> Pair:
        """Return a movement in the second picture's pixels as one in the first picture's."""
        return self._scaled((right, down), self.second, self.first)

    def carried(self, k: int, position: Pair) -> tuple[float, Pair] | None:
        """Return the second series' slice (a broken number) and picture position (column, row) of one in the first.

        None where the two do not share patient coordinates.
        """
        if not self.comparable:
            return None
        return from_patient(self.second, to_patient(self.first, k, position))


def plane_spacing(geometry: VolumeGeometry) -> float:
    """Return the millimetres between two neighbouring planes, along their normal."""
    normal = np.cross(geometry.directions[1], geometry.directions[2])
    return float(abs(geometry.affine[:3, 0] @ normal) / np.linalg.norm(normal))


def relate(first: VolumeGeometry, second: VolumeGeometry, first_info: SeriesInfo, second_info: SeriesInfo) -> Relation:
    """Return how two series lie to each other.

    Frames of reference decide whether their patient coordinates are the same; where a file states none, the study does.
    """
    if not (first.known and second.known):
        return Relation(first, second, False, False, False, tr("no patient geometry"))
    frames, studies = (first_info.frame_uid, second_info.frame_uid), (first_info.study_uid, second_info.study_uid)
    if frames[0] != frames[1] if all(frames) else studies[0] != studies[1]:
        return Relation(first, second, False, False, False, tr("another frame of reference"))
    normals = [np.cross(g.directions[1], g.directions[2]) for g in (first, second)]
    unit = [normal / np.linalg.norm(normal) for normal in normals]
    if abs(float(unit[0] @ unit[1])) < _COSINE:
        return Relation(first, second, True, False, False, tr("another plane"))
    edges = zip(shown_directions(first), shown_directions(second), strict=True)
    aligned = all(float(ours @ theirs) >= _COSINE for ours, theirs in edges)
    relation = Relation(first, second, True, True, aligned)
    ends = sorted(relation._plane(k) for k in (0, first.shape[0] - 1))
    if ends[1] < -0.5 or ends[0] > second.shape[0] - 0.5:
        return Relation(first, second, True, False, aligned, tr("no common extent"))
    return relation


def same_contrast(first: SeriesInfo, second: SeriesInfo) -> bool:
    """Return whether one window means the same in both series: the same sequence with the same timing, both stated."""
    first_stated = (first.sequence, first.repetition_time_ms, first.echo_time_ms)
    second_stated = (second.sequence, second.repetition_time_ms, second.echo_time_ms)
    return all(first_stated) and first_stated == second_stated and first.description == second.description


@dataclass(frozen=True, slots=True)
class SecondContext:
    """What is open beside the first series.

    Parameters
    ----------
    slices : int
        How many the second series has.
    auto_window : Window
        Its automatic window.
    relation : Relation
        From the first series to the second.
    """

    slices: int
    auto_window: Window
    relation: Relation


@dataclass(frozen=True, slots=True)
class ResolvedBeside:
    """What is drawn of the second series."""

    slice_index: int
    window: Window
    place: Place
    links: Links
    distance_mm: float | None = None
    """How far its plane is from the first series' slice; None where that is not known."""


def resolve_beside(
    beside: Beside, context: SecondContext, k: int, zoom: float, pan: Pair, window: Window
) -> ResolvedBeside:
    """Return what is drawn of the second series beside slice ``k`` of the first at ``zoom``, ``pan`` and ``window``."""
    relation, links = context.relation, beside.links
    index = min(max(beside.slice_index, 0), context.slices - 1)
    if links.slices and (beside.slice_index < 0 or relation.turned.slice_for(index) != k):
        index = relation.slice_for(k)
    own = beside.window or context.auto_window
    place = relation.place_for(zoom, pan, k, index) if links.place else beside.place
    return ResolvedBeside(index, window if links.window else own, place, links, relation.distance_mm(k, index))
