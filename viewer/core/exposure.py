"""What a reader was shown and for how long: slices, maps, opacity, how often something was changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from viewer.core.answers import Stage

GESTURE_SECONDS = 0.7
"""Changes of window or zoom that follow each other within this time are one (a drag)."""


@dataclass(frozen=True, slots=True)
class MapSeen:
    """A map on screen."""

    map_id: str
    target_class: str
    opacity: float


@dataclass(frozen=True, slots=True)
class Sight:
    """What is on screen between two changes.

    Parameters
    ----------
    reader_id, case_id, stage
        Whose it is.
    slice_index : int
        From 1.
    maps : tuple of MapSeen
        Those that are painted.
    window, place : object
        Anything that compares: the window in use, zoom and pan.
    """

    reader_id: str
    case_id: str
    stage: Stage
    slice_index: int
    maps: tuple[MapSeen, ...] = ()
    window: object = None
    place: object = None

    @property
    def owner(self) -> tuple[str, str, Stage]:
        """Reader, case and stage: what is counted together."""
        return self.reader_id, self.case_id, self.stage


@dataclass(slots=True)
class _MapTime:
    seconds: float = 0.0
    opacity_seconds: float = 0.0
    opacity: float = 0.0


@dataclass(slots=True)
class Tally:
    """Adds up what was on screen; `taken` returns it and starts over."""

    seconds: float = 0.0
    map_seconds: float = 0.0
    slices: dict[int, float] = field(default_factory=dict)
    maps: dict[tuple[str, str], _MapTime] = field(default_factory=dict)
    map_toggles: int = 0
    window_changes: int = 0
    zoom_pan_changes: int = 0
    _last_gesture: dict[str, float] = field(default_factory=dict)

    def lasted(self, sight: Sight, seconds: float) -> None:
        """Count that ``sight`` was on screen for so many active seconds."""
        if seconds <= 0:
            return
        self.seconds += seconds
        self.slices[sight.slice_index] = self.slices.get(sight.slice_index, 0.0) + seconds
        if sight.maps:
            self.map_seconds += seconds
        for seen in sight.maps:
            time = self.maps.setdefault((seen.map_id, seen.target_class), _MapTime())
            time.seconds += seconds
            time.opacity_seconds += seen.opacity * seconds
            time.opacity = seen.opacity

    def changed(self, old: Sight, new: Sight, at: float) -> None:
        """Count what the reader changed from ``old`` to ``new`` at the active second ``at``."""
        ids = [{(seen.map_id, seen.target_class) for seen in sight.maps} for sight in (old, new)]
        # Going to a slice without a map is no toggle.
        if ids[0] != ids[1] and old.slice_index == new.slice_index:
            self.map_toggles += 1
        if old.window != new.window and self._is_new("window", at):
            self.window_changes += 1
        if old.place != new.place and self._is_new("place", at):
            self.zoom_pan_changes += 1

    def _is_new(self, name: str, at: float) -> bool:
        last = self._last_gesture.get(name)
        self._last_gesture[name] = at
        return last is None or at - last > GESTURE_SECONDS

    def taken(self) -> dict[str, object] | None:
        """Return what was counted since the last time, times in whole milliseconds; None when there was nothing."""
        if round(1000 * self.seconds) <= 0:
            return None
        content: dict[str, object] = {
            "active_ms": round(1000 * self.seconds),
            "map_ms": round(1000 * self.map_seconds),
            "slices": {str(k): round(1000 * seconds) for k, seconds in sorted(self.slices.items())},
            "maps": [
                {
                    "map_id": map_id,
                    "target_class": target,
                    "active_ms": round(1000 * time.seconds),
                    "opacity_mean": round(time.opacity_seconds / time.seconds, 3),
                    "opacity_last": round(time.opacity, 3),
                }
                for (map_id, target), time in self.maps.items()
            ],
            "map_toggles": self.map_toggles,
            "window_changes": self.window_changes,
            "zoom_pan_changes": self.zoom_pan_changes,
        }
        gestures = self._last_gesture
        self.__init__()  # type: ignore[misc]
        self._last_gesture = gestures
        return content


def active_ms(events: Iterable[Mapping[str, object]], stage: Stage) -> int:
    """Return for how many active milliseconds a case was on screen at ``stage``, from its "show" events."""
    shown = [event for event in events if event["action"] == "show" and event["stage"] == stage]
    contents = [cast("Mapping[str, int]", event["new"]) for event in shown if isinstance(event["new"], Mapping)]
    return sum(content.get("active_ms", 0) for content in contents)
