"""What was on screen and for how long, added up."""

from __future__ import annotations

import json
from dataclasses import replace

from viewer.core.exposure import MapSeen, Sight, Tally, active_ms

SIGHT = Sight("R03", "S-1", "S2", 4, (MapSeen("gradcam", "affected", 0.5),), "window", (1.0, (0.0, 0.0)))


def test_slices_maps_and_opacity_are_weighed_by_time() -> None:
    tally = Tally()
    tally.lasted(SIGHT, 1.0)
    tally.lasted(replace(SIGHT, maps=(MapSeen("gradcam", "affected", 0.9),)), 3.0)
    tally.lasted(replace(SIGHT, slice_index=5, maps=()), 2.0)
    content = tally.taken()
    assert content is not None
    assert content["active_ms"] == 6000
    assert content["map_ms"] == 4000
    assert content["slices"] == {"4": 4000, "5": 2000}
    assert content["maps"] == [
        {
            "map_id": "gradcam",
            "target_class": "affected",
            "active_ms": 4000,
            "opacity_mean": 0.8,
            "opacity_last": 0.9,
        }
    ]
    assert json.loads(json.dumps(content)) == content
    assert tally.taken() is None


def test_a_drag_is_one_change_and_scrolling_is_no_toggle() -> None:
    tally = Tally()
    tally.lasted(SIGHT, 1.0)
    for n in range(20):
        tally.changed(replace(SIGHT, window=n), replace(SIGHT, window=n + 1), 10 + n * 0.05)
    tally.changed(SIGHT, replace(SIGHT, window="other"), 15.0)
    tally.changed(SIGHT, replace(SIGHT, place="other"), 15.0)
    tally.changed(SIGHT, replace(SIGHT, maps=()), 16.0)
    tally.changed(SIGHT, replace(SIGHT, maps=(), slice_index=9), 17.0)
    tally.changed(SIGHT, replace(SIGHT, maps=(MapSeen("gradcam", "affected", 0.7),)), 18.0)
    content = tally.taken()
    assert content is not None
    assert (content["window_changes"], content["zoom_pan_changes"], content["map_toggles"]) == (2, 1, 1)


def test_the_time_of_a_stage_is_the_sum_of_its_events() -> None:
    events: list[dict[str, object]] = [
        {"action": "show", "stage": "S0", "new": {"active_ms": 700}},
        {"action": "show", "stage": "S0", "new": {"active_ms": 55}},
        {"action": "show", "stage": "S1", "new": {"active_ms": 9000}},
        {"action": "idle", "stage": "S0", "new": {"active_ms": 9000}},
        {"action": "show", "stage": "S0", "new": None},
    ]
    assert active_ms(events, "S0") == 755
