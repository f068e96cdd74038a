"""Letters, scale bar and corner texts."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from viewer.core.planes import (
    NO_GEOMETRY,
    EdgeLetters,
    corner_texts,
    edge_letters,
    pixel_aspect,
    position_text,
    scale_bar,
)
from viewer.core.window import Window
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.series import Identity
from xai.imaging.volume import SeriesInfo

INFO = SeriesInfo(
    modality="MR",
    description="t1_tse_tra",
    series_number=4,
    body_part="LEG",
    repetition_time_ms=650.0,
    echo_time_ms=9.25,
    slice_thickness_mm=5.0,
)


def axial(first_mm: float = -20.0) -> VolumeGeometry:
    affine: NDArray[np.float64] = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = 6.5, 2.0, 1.0, 1.0
    affine[:3, 3] = (-50, -80, first_mm)
    return VolumeGeometry((11, 80, 100), affine)


def test_axial_letters_follow_the_radiological_convention() -> None:
    assert edge_letters(axial()) == EdgeLetters("R", "L", "A", "P")
    assert edge_letters(VolumeGeometry.unknown((3, 4, 5))) == EdgeLetters()


def test_the_aspect_is_height_over_width() -> None:
    assert pixel_aspect(axial()) == pytest.approx(2.0)
    assert pixel_aspect(VolumeGeometry.unknown((3, 4, 5))) == 1.0


@pytest.mark.parametrize(
    ("mm_per_pixel", "view", "mm"),
    [(0.5, 800, 100), (0.5, 400, 50), (0.1, 900, 20), (0.02, 300, 1), (1.0, 39, 5), (9, 900, 100)],
)
def test_the_scale_bar_is_round_and_fits_a_quarter(mm_per_pixel: float, view: float, mm: int) -> None:
    bar = scale_bar(axial(), mm_per_pixel, view)
    assert bar is not None
    assert bar.mm == mm
    assert bar.text == f"{mm} mm"
    assert bar.pixels * mm_per_pixel == pytest.approx(mm)
    assert bar.pixels <= view / 4


def test_no_scale_bar_without_millimetres_or_room() -> None:
    assert scale_bar(VolumeGeometry.unknown((3, 4, 5)), 1.0, 800) is None
    assert scale_bar(axial(), 0.001, 300) is None
    assert scale_bar(axial(), 0.0, 300) is None


def test_positions_carry_the_letter_of_their_side() -> None:
    geometry = axial()
    assert position_text(geometry, 0) == "I 20.0 mm"
    assert position_text(geometry, 10) == "S 45.0 mm"
    assert position_text(axial(0.04), 0) == "S 0.0 mm"
    assert position_text(axial(-0.04), 0) == "S 0.0 mm"


def test_corners_say_what_is_known() -> None:
    corners = corner_texts(INFO, axial(), 2, Window(256, 512), zoom_percent=175.4)
    assert corners.top_left == ("4: t1_tse_tra", "MR · axial · leg")
    assert corners.top_right == ()
    assert corners.bottom_left == ("3/11", "I 7.0 mm", "thickness 5 mm · spacing 6.5 mm")
    assert corners.bottom_right == ("TR 650 ms · TE 9.25 ms", "W 512 L 256", "zoom 175 %")


def test_identity_is_shown_only_when_given() -> None:
    identity = Identity("Doe^Jane", "123", "19700101", "20260301")
    corners = corner_texts(INFO, axial(), 0, Window(1, 1), identity=identity)
    assert corners.top_right == ("Doe^Jane", "123", "born 19700101", "20260301")
    assert "Doe" not in str(corner_texts(INFO, axial(), 0, Window(1, 1)))


def test_a_picture_without_geometry_says_so_and_names_no_side_or_millimetre() -> None:
    corners = corner_texts(SeriesInfo(), VolumeGeometry.unknown((3, 4, 5)), 0, Window(1, 2))
    assert NO_GEOMETRY in corners.bottom_left
    others = [line for line in (*corners.top_left, *corners.bottom_left, *corners.bottom_right) if line != NO_GEOMETRY]
    assert others == ["series", "1/3", "W 2 L 1"]


def test_an_unusable_time_is_left_out() -> None:
    info = SeriesInfo(repetition_time_ms=float("nan"), echo_time_ms=30.0)
    assert corner_texts(info, axial(), 0, Window(1, 2)).bottom_right[0] == "TE 30 ms"
