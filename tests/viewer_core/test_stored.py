"""Values kept as JSON come back as they were, and what does not fit gets its default."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.overlay import LabelStyle, OverlayStyle
from viewer.core.stored import from_json, to_json
from viewer.core.view_state import LAYOUTS, TARGETS, ViewState, adopted
from viewer.core.window import Window

finite = st.floats(-1e6, 1e6)
styles = st.one_of(
    st.builds(
        OverlayStyle,
        visible=st.booleans(),
        opacity=st.floats(0, 1),
        colormap=st.sampled_from(["viridis", "inferno"]),
        threshold=st.floats(0, 1),
        fixed_range=st.none() | st.tuples(finite, finite),
    ),
    st.builds(LabelStyle, visible=st.booleans(), opacity=st.floats(0, 1)),
)
states = st.builds(
    ViewState,
    slice_index=st.integers(0, 500),
    window=st.none() | st.builds(Window, finite, st.floats(0.1, 1e6)),
    zoom=st.floats(0.25, 40),
    pan=st.tuples(finite, finite),
    overlays=st.lists(st.tuples(st.sampled_from("abcd"), styles), max_size=4, unique_by=lambda one: one[0]).map(tuple),
    layout=st.sampled_from(LAYOUTS),
    target=st.sampled_from(TARGETS),
    swipe=st.none() | st.floats(0, 1),
)


@given(states)
def test_a_view_comes_back_as_it_was(state: ViewState) -> None:
    assert from_json(json.loads(json.dumps(to_json(state))), ViewState) == state


@dataclass(frozen=True)
class Kept:
    anything: object = None
    number: int = 7


def test_mappings_sets_and_tuples_keep_their_kind() -> None:
    value = Kept({("comment", 3): "soleus", "b": [1, (2.5, None)], "c": frozenset({"x", "y"})})
    assert from_json(json.loads(json.dumps(to_json(value))), Kept) == value


def test_what_does_not_fit_gets_its_default_and_the_rest_stays() -> None:
    data = to_json(ViewState(slice_index=12, layout="compare", target="healthy"))
    data["with"] |= {"slice_index": "twelve", "layout": "sixteen", "zoom": None, "written_by_a_later_version": 1}
    assert from_json(data, ViewState) == ViewState(target="healthy")
    bad_style = to_json(ViewState(overlays=(("a", OverlayStyle()),), slice_index=4))
    bad_style["with"]["overlays"]["tuple"][0]["tuple"][1]["with"]["opacity"] = 7.0
    assert from_json(bad_style, ViewState) == ViewState(slice_index=4)


@pytest.mark.parametrize("data", [None, 3, [], {}, {"of": "ViewState"}, {"of": "Popen", "with": {}}, {"tuple": 5}])
def test_something_else_altogether_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"no ViewState|not what was written"):
        from_json(data, ViewState)


def test_what_cannot_be_kept_is_said_when_it_is_written() -> None:
    with pytest.raises(TypeError, match="complex"):
        to_json(Kept(1j))


def test_an_earlier_view_is_taken_as_far_as_its_overlays_are_there() -> None:
    now = ViewState(overlays=(("a", OverlayStyle()), ("b", OverlayStyle())), active="a", slice_index=2)
    strong = OverlayStyle(opacity=0.9)
    earlier = replace(
        now, overlays=(("gone", strong), ("b", strong), ("a", LabelStyle())), active="gone", slice_index=99, zoom=3.0
    )
    state = adopted(now, replace(earlier, peek=True), slices=20)
    assert state.overlays == (("b", strong), ("a", OverlayStyle()))
    assert (state.active, state.slice_index, state.zoom, state.peek) == ("a", 19, 3.0, False)
