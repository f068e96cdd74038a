"""What stands around a picture: letters on its edges, scale bar, corner texts; pure functions of series and state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.window import Window
from viewer.core.words import QT_TR_NOOP, tr
from xai.imaging.geometry import AXIS_LETTERS, VolumeGeometry
from xai.imaging.series import Identity
from xai.imaging.volume import SeriesInfo

NO_GEOMETRY = QT_TR_NOOP("no patient geometry: left/right and mm unknown")

SCALE_BAR_MM = (1, 2, 5, 10, 20, 50, 100)
_BAR_PART = 0.25
"""The scale bar takes about this part of the view's width, never more."""


@dataclass(frozen=True, slots=True)
class EdgeLetters:
    """Patient letters at the four edges of the picture; empty strings where the geometry is unknown."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


def edge_letters(geometry: VolumeGeometry) -> EdgeLetters:
    """Return the letters of the picture in display order, such as R, L, A, P; oblique edges carry two or three."""
    return EdgeLetters(*geometry.edge_letters)


def pixel_aspect(geometry: VolumeGeometry) -> float:
    """Return a picture pixel's height over its width; 1 where millimetres are unknown."""
    if not geometry.known:
        return 1.0
    row_mm, column_mm = geometry.shown_spacing
    return row_mm / column_mm


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of a round length."""

    mm: int
    pixels: float
    """Its length on the screen."""

    @property
    def text(self) -> str:
        """``"50 mm"``."""
        return f"{self.mm} mm"


def scale_bar(geometry: VolumeGeometry, mm_per_pixel: float, view_pixels: float) -> ScaleBar | None:
    """Return the longest round bar that fits into a quarter of the view, or None where there is none to draw.

    Parameters
    ----------
    geometry : VolumeGeometry
        Without known millimetres there is no bar.
    mm_per_pixel : float
        Millimetres that one screen pixel shows, across the picture.
    view_pixels : float
        The view's width in the same screen pixels.
    """
    if not geometry.known or mm_per_pixel <= 0 or view_pixels <= 0:
        return None
    fitting = [mm for mm in SCALE_BAR_MM if mm <= _BAR_PART * view_pixels * mm_per_pixel]
    return ScaleBar(fitting[-1], fitting[-1] / mm_per_pixel) if fitting else None


def position_text(geometry: VolumeGeometry, k: int) -> str:
    """Return where slice ``k`` lies, ``"S 12.5 mm"`` or ``"I 12.5 mm"``; empty where the geometry is unknown."""
    if not geometry.known:
        return ""
    position = round(geometry.slice_position(k), 1)
    return f"{AXIS_LETTERS[geometry.patient_axes[0]][int(position >= 0)]} {abs(position):.1f} mm"


def stored_pixel(geometry: VolumeGeometry, column: float, row: float) -> tuple[int, int] | None:
    """Return the stored (row, column) of the pixel at a picture position; None beside the picture."""
    _, rows, columns = geometry.shape
    i, j = (int(place) for place in np.rint(geometry.display.to_stored(np.array([row, column]), (rows, columns))))
    return (i, j) if 0 <= i < rows and 0 <= j < columns else None


def value_words(geometry: VolumeGeometry, k: int, values: NDArray[np.float32], pixel: tuple[int, int]) -> list[str]:
    """Return value, place on the grid and place in the patient of a stored ``pixel`` (row, column) of slice ``k``.

    Parameters
    ----------
    geometry : VolumeGeometry
        Of the series.
    k : int
        The slice.
    values : array (H, W)
        Of slice ``k``, in stored order.
    pixel : (int, int)
        From `stored_pixel`.
    """
    i, j = pixel
    words = [tr("value {value}").format(value=f"{values[i, j]:.5g}"), tr("row {i} column {j}").format(i=i, j=j)]
    if geometry.known:
        place = geometry.to_mm(np.array([k, i, j], float))
        names = (f"{AXIS_LETTERS[axis][int(mm > 0)]} {abs(mm):.1f}" for axis, mm in enumerate(place))
        words.append(" ".join(names) + " mm")
    return words


def zoom_text(percent: float) -> str:
    """Return the line of a zoom: screen pixels per picture pixel times 100."""
    return tr("zoom {percent} %").format(percent=f"{percent:.0f}")


@dataclass(frozen=True, slots=True)
class CornerTexts:
    """Lines of text for the four corners, top line first."""

    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = ()


def corner_texts(
    info: SeriesInfo,
    geometry: VolumeGeometry,
    slice_index: int,
    window: Window,
    zoom_percent: float | None = None,
    identity: Identity | None = None,
) -> CornerTexts:
    """Return the texts of the four corners; what a file does not state is left out.

    Top left the series, top right the patient, bottom left slice and position, bottom right window, zoom and timing.

    Parameters
    ----------
    info : SeriesInfo
        What the headers say.
    geometry : VolumeGeometry
        Its number of slices, positions and spacing.
    slice_index : int
        From 0; shown from 1.
    window : Window
        The window in use.
    zoom_percent : float, optional
        Screen pixels per picture pixel times 100.
    identity : Identity, optional
        Shown only when given: hidden by default.
    """
    number = "" if info.series_number is None else f"{info.series_number}: "
    return CornerTexts(
        top_left=_lines(number + (info.description or tr("series")), _modality_text(info, geometry)),
        top_right=_identity_lines(identity),
        bottom_left=_lines(
            f"{slice_index + 1}/{geometry.shape[0]}",
            position_text(geometry, slice_index),
            _thickness_text(info, geometry),
            "" if geometry.known else tr(NO_GEOMETRY),
        ),
        bottom_right=_lines(_timing_text(info), window.text, "" if zoom_percent is None else zoom_text(zoom_percent)),
    )


def _lines(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


def _modality_text(info: SeriesInfo, geometry: VolumeGeometry) -> str:
    return " · ".join(_lines(info.modality or "", geometry.plane and tr(geometry.plane), info.body_part.lower()))


def _identity_lines(identity: Identity | None) -> tuple[str, ...]:
    if identity is None:
        return ()
    born = tr("born {date}").format(date=identity.birth_date) if identity.birth_date else ""
    return _lines(identity.name, identity.patient_id, born, identity.study_date)


def _thickness_text(info: SeriesInfo, geometry: VolumeGeometry) -> str:
    """Return thickness and spacing of the slices: what the file states, and what the positions say."""
    thickness = _stated(tr("thickness {mm} mm"), info.slice_thickness_mm)
    apart = geometry.known and geometry.shape[0] > 1
    return " · ".join(_lines(thickness, _stated(tr("spacing {mm} mm"), geometry.spacing[0] if apart else None)))


def _stated(words: str, mm: float | None) -> str:
    return "" if mm is None else words.format(mm=_short(mm))


def _timing_text(info: SeriesInfo) -> str:
    times = (("TR", info.repetition_time_ms), ("TE", info.echo_time_ms))
    return " · ".join(f"{name} {_short(ms)} ms" for name, ms in times if ms is not None and np.isfinite(ms))


def _short(value: float) -> str:
    """Return at most two decimals, without trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
