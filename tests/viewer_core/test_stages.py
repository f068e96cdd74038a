"""Stages of a case: worked out from its locks alone."""

from __future__ import annotations

from itertools import combinations

import pytest

from viewer.core.answers import STAGES, Stage
from viewer.core.stages import asked, is_finished, missing, shows_maps, shows_prediction, stage_of


def test_a_stage_is_reached_only_through_those_before_it() -> None:
    assert [stage_of(STAGES[:n]) for n in range(4)] == ["S0", "S1", "S2", "S2"]
    for count in range(4):
        for locked in combinations(STAGES, count):
            if "S0" not in locked:
                assert stage_of(locked) == "S0", locked
            assert is_finished(locked) == (count == 3)


def test_what_each_stage_shows() -> None:
    assert [shows_prediction(stage) for stage in STAGES] == [False, True, True]
    assert [shows_maps(stage) for stage in STAGES] == [False, False, True]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("stage", [None, *STAGES])
def test_maps_are_asked_about_when_they_may_be_seen(stage: Stage | None, full: bool) -> None:
    case, of_slice, of_map = asked(stage, full)
    assert [item.id for item in case][:3] == ["dx", "susp", "conf"]
    assert bool(of_map) == (stage in (None, "S2"))
    assert ("where" in [item.id for item in of_slice]) == (full or stage == "S0")
    assert {item.scope for item in (*case, *of_slice, *of_map)} <= {"case", "slice", "map"}
    assert all(item.scope == "slice" for item in of_slice)


def test_decision_and_confidence_are_needed_for_a_lock() -> None:
    assert [item.id for item in missing([])] == ["dx", "conf"]
    assert [item.id for item in missing(["susp", "dx"])] == ["conf"]
    assert missing(["dx", "conf"]) == ()
