"""A second series beside the first: slices, place and crosshair follow by patient position."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from viewer.core import view_state as vs
from viewer.core.beside import (
    Beside,
    Links,
    Place,
    Relation,
    SecondContext,
    extent_of,
    from_patient,
    plane_spacing,
    relate,
    same_contrast,
    to_patient,
)
from viewer.core.crosses import Cross, crosses
from viewer.core.overlay import OverlayStyle
from viewer.core.resolving import ViewContext, resolve
from viewer.core.undoing import step_of, taken_back
from viewer.core.view_state import ViewState
from viewer.core.window import Window
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import SeriesInfo

INFO = SeriesInfo(frame_uid="1.2", study_uid="1.1")


def grid(
    shape: tuple[int, int, int], spacing: tuple[float, float, float], first: tuple[float, float, float]
) -> VolumeGeometry:
    """Axial slices; index (0, 0, 0) lies at ``first`` (LPS)."""
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = spacing
    affine[:3, 3], affine[3, 3] = first, 1
    return VolumeGeometry(shape, affine)


def turned(geometry: VolumeGeometry, degrees: float) -> VolumeGeometry:
    """Tilt a grid about the patient's left-right axis."""
    angle = np.deg2rad(degrees)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return VolumeGeometry(geometry.shape, turn @ geometry.affine)


THICK = grid((10, 40, 50), (8.0, 2.0, 2.0), (-50.0, -40.0, 0.0))
THIN = grid((33, 64, 60), (3.0, 1.25, 1.5), (-41.0, -37.0, -11.0))
BACKWARDS = grid((33, 64, 60), (-3.0, 1.25, 1.5), (-41.0, -37.0, 85.0))
MARK = np.array([10.0, 5.0, 43.0])


def relation(first: VolumeGeometry, second: VolumeGeometry, info: SeriesInfo = INFO) -> Relation:
    return relate(first, second, INFO, info)


def nearest(geometry: VolumeGeometry, mm: NDArray[np.float64]) -> int:
    """By brute force: the slice whose plane lies nearest."""
    heights = [geometry.slice_position(k) for k in range(geometry.shape[0])]
    return int(np.argmin(np.abs(np.array(heights) - mm[2])))


@pytest.mark.parametrize("second", [THIN, BACKWARDS], ids=["same-order", "backwards"])
def test_scrolling_to_a_mark_shows_it_in_the_other_series(second: VolumeGeometry) -> None:
    both = relation(THICK, second)
    assert both.by_position
    assert both.aligned
    k = nearest(THICK, MARK)
    assert both.slice_for(k) == nearest(second, THICK.to_mm(np.array([k, 0.0, 0.0])))
    # And the other way round: from the slice that has the mark to the one that has it.
    assert both.turned.slice_for(nearest(second, MARK)) == k


def test_the_distance_between_two_planes_is_said() -> None:
    both = relation(THICK, THIN)
    # Slice 5 of the first lies at 40 mm; those of the second at -11, -8, ... 37, 40, 43 mm.
    assert both.slice_for(5) == 17
    assert both.distance_mm(5, 17) == pytest.approx(0.0, abs=1e-9)
    assert both.distance_mm(5, 18) == pytest.approx(3.0)
    assert plane_spacing(turned(THIN, 30)) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("second", "info", "why"),
    [
        (VolumeGeometry.unknown((33, 64, 60)), INFO, "geometry"),
        (THIN, replace(INFO, frame_uid="9.9"), "frame of reference"),
        (THIN, SeriesInfo(study_uid="9.1"), "frame of reference"),
        (turned(THIN, 30), INFO, "plane"),
        (grid((33, 64, 60), (3.0, 1.25, 1.5), (-41.0, -37.0, 500.0)), INFO, "extent"),
    ],
    ids=["unknown", "other-frame", "other-study", "other-plane", "elsewhere"],
)
def test_without_a_common_position_slices_follow_by_their_share(
    second: VolumeGeometry, info: SeriesInfo, why: str
) -> None:
    both = relation(THICK, second, info)
    assert not both.by_position
    assert why in both.why
    assert [both.slice_for(k) for k in (0, 9)] == [0, 32]
    assert both.slice_for(4) == round(4 / 9 * 32)
    assert both.distance_mm(0, 0) is None


def test_a_share_is_taken_from_the_other_end_when_the_stack_runs_the_other_way() -> None:
    both = relation(THICK, BACKWARDS, replace(INFO, frame_uid="9.9"))
    assert [both.slice_for(k) for k in (0, 9)] == [32, 0]


def test_a_slight_tilt_is_still_the_same_plane_and_files_without_frame_follow_their_study() -> None:
    assert relation(THICK, turned(THIN, 3)).by_position
    assert not relation(THICK, turned(THIN, 8)).by_position
    assert relation(THICK, THIN, replace(INFO, frame_uid="")).by_position


@given(st.floats(0.3, 20), st.floats(-20, 20), st.floats(-20, 20), st.sampled_from([THIN, BACKWARDS]))
def test_linked_pictures_have_one_patient_position_in_the_middle_at_one_scale(
    zoom: float, right: float, down: float, second: VolumeGeometry
) -> None:
    both = relation(THICK, second)
    k, other = 5, both.slice_for(5)
    place = both.place_for(zoom, (right, down), k, other)
    assert place.zoom == zoom
    assert place.extent == extent_of(THICK) == (100.0, 80.0)
    middle = to_patient(THICK, k, (24.5 - right, 19.5 - down))
    rows, columns = 64, 60
    there = to_patient(second, other, ((columns - 1) / 2 - place.pan[0], (rows - 1) / 2 - place.pan[1]))
    assert there[:2] == pytest.approx(middle[:2])


def test_movements_are_carried_over_in_millimetres_or_as_a_share() -> None:
    assert relation(THICK, THIN).in_first_pixels(4.0, 8.0) == pytest.approx((3.0, 5.0))
    pictures = relation(THICK, VolumeGeometry.unknown((3, 80, 100)))
    assert pictures.in_first_pixels(4.0, 8.0) == pytest.approx((2.0, 4.0))
    assert pictures.place_for(2.0, (1.0, 2.0), 0, 0) == Place(2.0, (2.0, 4.0))
    other = relation(THICK, THIN, replace(INFO, frame_uid="9.9")).place_for(2.0, (3.0, 5.0), 0, 0)
    assert other == Place(2.0, (4.0, 8.0), extent_of(THICK))


def context(second: VolumeGeometry, first: VolumeGeometry = THICK) -> ViewContext:
    beside = SecondContext(second.shape[0], Window(5, 6), relation(first, second))
    return ViewContext(first.shape[0], Window(1, 2), second=beside)


def test_a_thin_slice_that_was_asked_for_stands_while_it_belongs_to_the_thick_one() -> None:
    both = context(THIN)
    linked = resolve(ViewState(slice_index=5), both).beside
    assert linked is not None
    assert linked.slice_index == 17
    for asked, expected in ((16, 16), (18, 18), (30, 17)):
        view = resolve(ViewState(slice_index=5, beside=Beside(slice_index=asked)), both).beside
        assert view is not None
        assert view.slice_index == expected
    moved_on = resolve(ViewState(slice_index=6, beside=Beside(slice_index=18)), both).beside
    assert moved_on is not None
    assert moved_on.slice_index == relation(THICK, THIN).slice_for(6)


def test_what_is_not_linked_stays_where_it_is() -> None:
    own = Beside(2, Window(7, 8), Place(3.0, (1.0, 1.0)), Links(False, False, False))
    state = ViewState(slice_index=5, zoom=2.0, window=Window(3, 4), beside=own)
    alone = resolve(state, context(THIN)).beside
    assert alone is not None
    assert (alone.slice_index, alone.window, alone.place) == (2, Window(7, 8), Place(3.0, (1.0, 1.0)))
    linked = resolve(replace(state, beside=replace(own, links=Links(window=True))), context(THIN)).beside
    assert linked is not None
    assert linked.window == Window(3, 4)
    assert linked.place.zoom == 2.0
    free = resolve(replace(state, beside=Beside()), context(THIN)).beside
    assert free is not None
    assert free.window == Window(5, 6)


def test_one_window_means_the_same_only_in_the_same_sequence() -> None:
    stated = SeriesInfo(description="T1", sequence="SE", repetition_time_ms=480.0, echo_time_ms=11.0)
    assert same_contrast(stated, stated)
    assert not same_contrast(stated, replace(stated, echo_time_ms=80.0))
    assert not same_contrast(SeriesInfo(), SeriesInfo())


def test_the_crosshair_goes_by_patient_position_and_is_dashed_in_another_plane() -> None:
    both = relation(THICK, THIN)
    state = vs.laid_out(ViewState(slice_index=5, crosshair=True), "series")
    view = resolve(state, context(THIN))
    k, (column, row) = from_patient(THICK, np.array([10.0, 5.0, 40.0]))
    assert k == pytest.approx(5)
    first, second = crosses(view, both, (0, column, row))
    assert first == Cross((column, row))
    assert second is not None
    assert second.in_plane
    assert to_patient(THIN, 17, second.position) == pytest.approx([10.0, 5.0, 40.0])
    back, _ = crosses(view, both, (1, *second.position))
    assert back is not None
    assert back.position == pytest.approx((column, row))
    apart = replace(state, beside=Beside(30, links=Links(slices=False)))
    _, elsewhere = crosses(resolve(apart, context(THIN)), both, (0, column, row))
    assert elsewhere is not None
    assert not elsewhere.in_plane
    assert crosses(view, relation(THICK, THIN, replace(INFO, frame_uid="9")), (0, 1.0, 1.0))[1] is None
    assert crosses(resolve(replace(state, crosshair=False), context(THIN)), both, (0, 1.0, 1.0)) == (None, None)


def test_undo_leaves_the_slices_of_both_series_alone() -> None:
    state = ViewState(slice_index=3, beside=Beside(slice_index=4))
    scrolled = ViewState(slice_index=7, beside=Beside(slice_index=9))
    assert step_of(state) == step_of(scrolled)
    unlinked = replace(scrolled, beside=replace(scrolled.beside, links=Links(slices=False)))
    assert step_of(unlinked) != step_of(state)
    assert taken_back(state, unlinked) == scrolled


def test_nothing_is_painted_over_the_second_series() -> None:
    state = vs.laid_out(vs.with_overlays(ViewState(), (("cam", OverlayStyle()),)), "series")
    first, second = resolve(state, context(THIN)).panes
    assert [key for key, _ in first.overlays] == ["cam"]
    assert second == vs.Pane(beside=True)
