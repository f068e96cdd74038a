"""What is shown of the series beside the first: its picture and the words around it."""

from __future__ import annotations

from dataclasses import replace

from viewer.app.session import Session
from viewer.core.beside import Relation, ResolvedBeside
from viewer.core.picture import LinkMark, Picture
from viewer.core.planes import corner_texts, edge_letters, stored_pixel, value_words
from viewer.core.render import render
from viewer.core.resolving import ResolvedView
from viewer.core.words import tr
from xai.imaging.geometry import VolumeGeometry

NEAR_ENOUGH = 0.05
"""Millimetres between two planes that are not worth a word."""


def second_picture(session: Session, view: ResolvedView) -> Picture | None:
    """Return the picture of the second series; None while there is none to show.

    Nothing is laid over it: maps belong to the series that the model has seen.
    """
    second, shown = session.second, view.beside
    if second.series is None or second.relation is None or shown is None:
        return None
    values = second.slices[shown.slice_index]
    if values is None:
        return None
    geometry = second.series.geometry
    texts = corner_texts(second.series.info, geometry, shown.slice_index, shown.window)
    texts = replace(texts, top_left=(*texts.top_left, link_text(second.relation, shown)))
    pixels = render(values, geometry.display, shown.window, view.invert)
    note = distance_note(shown, geometry)
    if shown.slice_index in second.failures:
        note = tr("this slice could not be read")
    marks = (
        LinkMark(tr("slices"), shown.links.slices),
        LinkMark(tr("zoom"), shown.links.place),
        LinkMark(tr("window"), shown.links.window),
    )
    return Picture(pixels, geometry, edge_letters(geometry), texts, note=note, place=shown.place, links=marks)


def link_text(relation: Relation, shown: ResolvedBeside) -> str:
    """Return how the slices follow those of the first series."""
    if not shown.links.slices:
        return tr("slices not linked")
    if not relation.by_position:
        return tr("slices by share of the stack · {why}").format(why=relation.why)
    if shown.distance_mm is None or shown.distance_mm < NEAR_ENOUGH:
        return tr("slices by position · same plane")
    return tr("slices by position · {mm} mm apart").format(mm=f"{shown.distance_mm:.1f}")


def distance_note(shown: ResolvedBeside, geometry: VolumeGeometry) -> str:
    """Return a warning where the linked slice is farther away than half of the series' own steps."""
    if not shown.links.slices or shown.distance_mm is None:
        return ""
    if shown.distance_mm <= 0.5 * max(geometry.spacing[0], 1.0) + NEAR_ENOUGH:
        return ""
    return tr("no slice at this position: nearest is {mm} mm away").format(mm=f"{shown.distance_mm:.1f}")


def second_readout(session: Session, view: ResolvedView, column: float, row: float) -> str:
    """Return the value of the second series under a position (column, row) of its picture."""
    second, shown = session.second, view.beside
    values = second.slices[shown.slice_index] if shown is not None else None
    if second.series is None or shown is None or values is None:
        return ""
    pixel = stored_pixel(second.series.geometry, column, row)
    words = [] if pixel is None else value_words(second.series.geometry, shown.slice_index, values, pixel)
    return "   ".join(words)
