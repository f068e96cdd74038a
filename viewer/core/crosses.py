"""The crosshair: where the pointer's place lies in every pane."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.beside import Relation
from viewer.core.resolving import ResolvedView


@dataclass(frozen=True, slots=True)
class Cross:
    """A place that is marked in a picture.

    Parameters
    ----------
    position : (float, float)
        Column and row.
    in_plane : bool
        Whether the place lies in the slice that is shown; if not, it is the nearest point of that slice's plane.
    """

    position: tuple[float, float]
    in_plane: bool = True


def crosses(
    view: ResolvedView, relation: Relation | None, pointer: tuple[int, float, float] | None
) -> tuple[Cross | None, ...]:
    """Return the cross of each pane of ``view``; None where there is none to draw.

    Parameters
    ----------
    view : ResolvedView
        What is drawn.
    relation : Relation, optional
        From the first series to the second.
    pointer : (int, float, float), optional
        The pane that was pointed at, and the position (column, row) in its picture.
    """
    if not view.crosshair or pointer is None or pointer[0] >= len(view.panes):
        return (None,) * len(view.panes)
    number, position = pointer[0], (pointer[1], pointer[2])
    there = _carried(view, relation, from_second=view.panes[number].beside, position=position)
    is_second = view.panes[number].beside
    return tuple(Cross(position) if pane.beside == is_second else there for pane in view.panes)


def _carried(
    view: ResolvedView, relation: Relation | None, *, from_second: bool, position: tuple[float, float]
) -> Cross | None:
    if relation is None or view.beside is None:
        return None
    k, other_k = view.slice_index, view.beside.slice_index
    found = relation.turned.carried(other_k, position) if from_second else relation.carried(k, position)
    if found is None:
        return None
    at, place = found
    return Cross(place, abs(at - (k if from_second else other_k)) <= 0.5)
