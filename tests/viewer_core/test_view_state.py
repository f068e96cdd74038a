"""Actions on the state of the view, and what is drawn for a state."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core import view_state as vs
from viewer.core.overlay import LabelStyle, OverlayStyle
from viewer.core.resolving import ResolvedView, ViewContext, resolve
from viewer.core.view_state import ViewState
from viewer.core.window import Window

METHODS = (
    ("gradcam", OverlayStyle()),
    ("gradcampp", OverlayStyle(visible=False)),
    ("hirescam", OverlayStyle(visible=False)),
)
LABELS = ("muscles", LabelStyle())
STATE = vs.with_overlays(ViewState(), (LABELS, *METHODS))
CONTEXT = ViewContext(slices=10, auto_window=Window(100, 200), predicted=(0, 1, -1))


def test_by_default_nothing_identifies_and_nothing_is_in_the_way() -> None:
    state = ViewState()
    assert state.identity_hidden
    assert not state.crosshair
    assert state.target == "affected"
    assert state.layout == "single"
    assert resolve(state, CONTEXT).window == CONTEXT.auto_window


@given(st.lists(st.integers(-30, 30)), st.integers(0, 12))
def test_scrolling_stays_in_the_series(steps: list[int], slices: int) -> None:
    state = ViewState()
    for by in steps:
        state = vs.scrolled(state, by, slices)
        assert 0 <= state.slice_index <= max(slices - 1, 0)


def test_a_slice_of_a_longer_series_resolves_to_the_last() -> None:
    assert resolve(ViewState(slice_index=25), CONTEXT).slice_index == 9
    assert resolve(ViewState(slice_index=25), ViewContext()).slice_index == 0


def test_a_chosen_window_holds_until_the_automatic_one_is_asked_for() -> None:
    state = vs.windowed(STATE, Window(7, 3))
    assert resolve(vs.scrolled(state, 1, 10), CONTEXT).window == Window(7, 3)
    assert resolve(vs.windowed(state, None), CONTEXT).window == CONTEXT.auto_window


@given(st.floats(0.1, 10), st.floats(-50, 50), st.floats(-50, 50))
def test_zooming_keeps_the_point_under_the_pointer(factor: float, x: float, y: float) -> None:
    before = ViewState(zoom=2.0, pan=(3.0, -4.0))
    after = vs.zoomed(before, factor, (x, y))
    # A picture point p lies at zoom * (p + pan) from the middle of the view.
    for axis, at in enumerate((x, y)):
        point = at - before.pan[axis]
        assert after.zoom * (point + after.pan[axis]) == pytest.approx(before.zoom * at, abs=1e-6)
    assert vs.ZOOM_LIMITS[0] <= after.zoom <= vs.ZOOM_LIMITS[1]
    assert vs.fitted(after) == ViewState()


def test_panning_adds_up() -> None:
    assert vs.panned(vs.panned(ViewState(), 3, 4), -1, 2).pan == (2, 6)


def test_overlays_keep_their_style_when_offered_again() -> None:
    state = vs.styled(STATE, "gradcam", opacity=0.9)
    again = vs.with_overlays(state, METHODS[:2])
    assert again.style("gradcam").opacity == 0.9
    assert again.keys == ("gradcam", "gradcampp")
    assert vs.with_overlays(vs.activated(state, "hirescam"), METHODS[:2]).active == "gradcam"
    assert vs.with_overlays(state, ()).active == ""


def test_toggling_shows_several_at_once_and_makes_active() -> None:
    state = vs.toggled(vs.all_toggled(STATE), "hirescam")
    assert state.shown == {"muscles", "gradcam", "hirescam"}
    assert state.active == "hirescam"
    assert state.overlays_on
    assert vs.toggled(state, "hirescam").shown == {"muscles", "gradcam"}


def test_solo_shows_one() -> None:
    assert vs.soloed(STATE, "hirescam").shown == {"hirescam"}
    with pytest.raises(KeyError):
        vs.soloed(STATE, "lime")


def test_next_and_previous_go_round_the_methods_and_leave_labels_alone() -> None:
    state = vs.activated(STATE, "gradcam")
    seen = []
    for _ in range(4):
        state = vs.stepped(state, 1)
        seen.append((state.active, state.shown))
    assert [key for key, _ in seen] == ["gradcampp", "hirescam", "gradcam", "gradcampp"]
    assert all(shown == {"muscles", key} for key, shown in seen)
    assert vs.stepped(state, -1).active == "gradcam"
    assert vs.stepped(vs.activated(STATE, "muscles"), -1).active == "hirescam"
    assert vs.stepped(ViewState(), 1) == ViewState()


def test_opacity_stays_between_nothing_and_all() -> None:
    state = vs.activated(STATE, "gradcam")
    assert vs.opacity_changed(state, 0.1).style("gradcam").opacity == 0.6
    assert vs.opacity_changed(state, 9).style("gradcam").opacity == 1.0
    assert vs.opacity_changed(state, -9).style("gradcam").opacity == 0.0
    assert vs.opacity_changed(ViewState(), 0.1) == ViewState()


def test_opacity_does_not_drift() -> None:
    state = vs.activated(STATE, "gradcam")
    for _ in range(3):
        state = vs.opacity_changed(state, 0.1)
    for _ in range(3):
        state = vs.opacity_changed(state, -0.1)
    assert state == vs.activated(STATE, "gradcam")


def test_outline_is_of_the_active_overlay() -> None:
    state = vs.activated(STATE, "gradcam")
    seen = []
    for _ in range(4):
        state = vs.outline_cycled(state)
        seen.append((state.style("gradcam").fill, state.style("gradcam").outline))
        assert not state.style("gradcampp").outline
    assert seen == [(True, True), (False, True), (True, False), (True, True)]
    assert vs.outline_cycled(ViewState()) == ViewState()


def test_peek_and_the_switch_hide_overlays_and_forget_nothing() -> None:
    shown = resolve(STATE, CONTEXT).panes
    for hidden in (vs.peeking(STATE, True), vs.all_toggled(STATE)):
        view = resolve(hidden, CONTEXT)
        assert view.panes == (vs.Pane(),)
        assert view.colour_bar == ""
    assert resolve(vs.peeking(vs.peeking(STATE, True), False), CONTEXT).panes == shown
    assert resolve(vs.all_toggled(vs.all_toggled(STATE)), CONTEXT).panes == shown


def test_compare_puts_the_clean_picture_first() -> None:
    state = vs.layout_toggled(STATE)
    assert state.layout == "compare"
    clean, painted = resolve(state, CONTEXT).panes
    assert clean == vs.Pane()
    assert [key for key, _ in painted.overlays] == ["muscles", "gradcam"]
    assert resolve(vs.peeking(state, True), CONTEXT).panes == (vs.Pane(), vs.Pane())
    state = vs.layout_toggled(state)
    assert state.layout == "methods"
    state = vs.layout_toggled(state)
    assert state.layout == "series"
    assert vs.layout_toggled(state).layout == "single"


def test_the_colour_bar_is_that_of_a_map_on_show() -> None:
    assert resolve(vs.activated(STATE, "muscles"), CONTEXT).colour_bar == "gradcam"
    assert resolve(vs.activated(STATE, "hirescam"), CONTEXT).colour_bar == "gradcam"
    both = vs.toggled(STATE, "hirescam")
    assert resolve(both, CONTEXT).colour_bar == "hirescam"
    assert resolve(vs.activated(both, "gradcam"), CONTEXT).colour_bar == "gradcam"


def test_class_0_is_a_target_like_any_other() -> None:
    assert resolve(vs.targeted(STATE, "healthy"), CONTEXT).target == 0
    assert resolve(vs.targeted(STATE, "affected"), CONTEXT).target == 1
    predicted = vs.targeted(STATE, "predicted")
    targets = [resolve(vs.at_slice(predicted, k, 10), CONTEXT).target for k in range(4)]
    assert targets == [0, 1, None, None]
    with pytest.raises(ValueError, match="target"):
        vs.targeted(STATE, "sick")  # type: ignore[arg-type]


def changed(old: ResolvedView, new: ResolvedView) -> set[str]:
    """Return the names of what is not as before."""
    return {field.name for field in fields(ResolvedView) if getattr(old, field.name) != getattr(new, field.name)}


def test_only_what_differs_is_named() -> None:
    old = resolve(STATE, CONTEXT)
    assert old == resolve(STATE, CONTEXT)
    assert changed(old, resolve(vs.scrolled(STATE, 1, 10), CONTEXT)) == {"slice_index"}
    assert changed(old, resolve(vs.inverted(STATE), CONTEXT)) == {"invert"}
    assert changed(old, resolve(vs.opacity_changed(vs.activated(STATE, "gradcam"), 0.1), CONTEXT)) == {"panes"}
    assert changed(old, resolve(vs.identity_toggled(STATE), CONTEXT)) == {"identity_hidden"}
    assert changed(old, resolve(vs.crosshair_toggled(STATE), CONTEXT)) == {"crosshair"}
    # Peeking at a hidden overlay changes nothing that is drawn.
    off = vs.all_toggled(STATE)
    assert resolve(off, CONTEXT) == resolve(vs.peeking(off, True), CONTEXT)


def test_states_compare_and_hash_by_value() -> None:
    assert hash(STATE) == hash(replace(STATE))
    assert vs.toggled(vs.toggled(STATE, "gradcam"), "gradcam").overlays == STATE.overlays


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="layout"):
        vs.laid_out(STATE, "3x3")  # type: ignore[arg-type]


def test_three_methods_stand_beside_the_clean_picture_whatever_is_ticked() -> None:
    state = vs.laid_out(vs.soloed(STATE, STATE.keys[0]), "methods")
    panes = resolve(state, ViewContext(slices=3)).panes
    methods = [key for key, style in state.overlays if isinstance(style, OverlayStyle)]
    assert panes[0].overlays == ()
    assert [[key for key, _ in pane.overlays] for pane in panes[1:]] == [[key] for key in methods[:3]]
    assert all(style.visible for pane in panes for _, style in pane.overlays)
    hidden = resolve(vs.peeking(state, True), ViewContext(slices=3)).panes
    assert len(hidden) == len(panes)
    assert all(pane.overlays == () for pane in hidden)


def test_maximising_shows_that_pane_and_goes_back() -> None:
    several = vs.laid_out(STATE, "methods")
    panes = resolve(several, CONTEXT).panes
    for number, pane in enumerate(panes):
        one = vs.maximised(several, number)
        assert resolve(one, CONTEXT).panes == (pane,)
        assert vs.maximised(one, 0) == several
    assert len(set(panes)) == 4
    assert vs.laid_out(vs.maximised(several, 3), "compare").maximised is None
    assert vs.maximised(STATE, 0, "methods").layout == "methods"


def test_the_swipe_line_stays_within_the_view_and_needs_an_overlay() -> None:
    state = vs.swiped(vs.soloed(STATE, STATE.keys[0]), 1.7)
    assert state.swipe == 1.0
    assert resolve(state, ViewContext(slices=3)).panes[0].swipe == 1.0
    assert resolve(vs.peeking(state, True), ViewContext(slices=3)).panes[0].swipe is None
    assert vs.swiped(state, None).swipe is None


def painted_keys(state: ViewState) -> list[str]:
    return [key for key, _ in resolve(state, CONTEXT).panes[0].overlays]


def test_the_order_of_painting_is_changed_among_those_that_are_shown() -> None:
    state = vs.activated(vs.toggled(STATE, "hirescam"), "gradcam")
    assert painted_keys(state) == ["muscles", "gradcam", "hirescam"]
    up = vs.restacked(state, 1)
    # Past the hidden one between them in one step.
    assert painted_keys(up) == ["muscles", "hirescam", "gradcam"]
    assert vs.restacked(up, 1) == up
    assert painted_keys(vs.restacked(up, -1)) == ["muscles", "gradcam", "hirescam"]
    down = vs.restacked(vs.restacked(vs.restacked(up, -1), -1), -1)
    assert painted_keys(down) == ["gradcam", "muscles", "hirescam"]
    assert vs.restacked(ViewState(), 1) == ViewState()
    # The list, stepping through methods and the layout of methods keep their order.
    assert up.keys == STATE.keys
    assert vs.stepped(up, 1).active == "gradcampp"


def test_what_is_offered_later_lies_below_what_was_put_in_order() -> None:
    state = vs.restacked(vs.activated(vs.toggled(STATE, "hirescam"), "gradcam"), 1)
    more = vs.with_overlays(state, (*state.overlays, ("shap", OverlayStyle())))
    assert painted_keys(more) == ["shap", "muscles", "hirescam", "gradcam"]


def test_several_outlines_have_colours_of_their_own_which_stay() -> None:
    def lines(state: ViewState) -> dict[str, object]:
        painted = resolve(state, CONTEXT).panes[0].overlays
        return {key: style.line for key, style in painted if isinstance(style, OverlayStyle)}

    state = STATE
    for key in ("gradcam", "gradcampp", "hirescam"):
        state = vs.styled(state, key, visible=True, outline=key != "gradcampp")
    first = lines(state)
    assert first["gradcam"] is not None
    assert first["hirescam"] is not None
    assert first["gradcam"] != first["hirescam"]
    assert first["gradcampp"] is None
    all_three = lines(vs.styled(state, "gradcampp", outline=True))
    assert len(set(all_three.values())) == 3
    assert all_three["hirescam"] == first["hirescam"]
    alone = vs.soloed(state, "hirescam")
    assert lines(alone) == {"hirescam": None}


def test_maps_lie_on_the_body_alone_unless_asked_for() -> None:
    assert resolve(STATE, CONTEXT).body_only
    assert not resolve(vs.body_toggled(STATE), CONTEXT).body_only
