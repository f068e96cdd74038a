"""Keeps in the event log what was on screen, for how long and how it was changed, and when nobody was there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer

from viewer.app.reading import Reading
from viewer.core.exposure import MapSeen, Sight, Tally
from viewer.core.on_screen import OnScreen
from viewer.core.overlay import OverlayStyle
from viewer.core.ratings import About
from viewer.core.resolving import ResolvedView

FLUSH_MS = 10_000
INPUT = frozenset(
    {
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.KeyPress,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)
"""What tells that the reader is there."""


class ExposureLog(QObject):
    """Follows what is on screen; an event is written when case or stage change, every 10 s, and on closing.

    Parameters
    ----------
    reading : Reading
        Whose clock counts and whose store keeps the events.
    """

    def __init__(self, reading: Reading, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reading = reading
        self._tally = Tally()
        self._sight: Sight | None = None
        self._about: About | None = None
        self._since = 0.0
        self._is_idle = False
        self._flush = QTimer(self, interval=FLUSH_MS)
        self._flush.timeout.connect(self.flush)
        self._idle = QTimer(self, singleShot=True)
        self._idle.timeout.connect(self.look)
        # An answer is a sign of the reader, also where a screen reader gives it for them.
        for deed in (reading.stepped, reading.locking):
            deed.connect(self.touch)
        reading.locking.connect(self.flush)

    def see(self, screen: OnScreen, view: ResolvedView) -> None:
        """Say what is on screen from now on."""
        reading, sight = self._reading, None
        if screen.volume_sha256:
            sight = Sight(
                reading.reader_id,
                screen.case_id,
                screen.stage,
                view.slice_index + 1,
                _maps_of(screen, view),
                view.window,
                (view.zoom, view.pan),
            )
        if sight == self._sight:
            return
        old = self._sight
        # What the model's results change on screen is no sign of the reader.
        if old is None or sight is None or _by_hand(old) != _by_hand(sight):
            self.touch()
        self._count()
        self._sight = sight
        if sight is None or old is None or sight.owner != old.owner:
            self.flush()
            self._about = reading.about() if sight is not None else None
        else:
            self._tally.changed(old, sight, reading.clock.seconds())
        if sight is not None and not self._flush.isActive():
            self._flush.start()
            self._watch()

    def touch(self, _deed: object = None) -> None:
        """Say that the reader is doing something."""
        idle = self._reading.clock.touch()
        if self._is_idle:
            self._is_idle = False
            self._log("resume", {"idle_ms": round(1000 * idle)})
        if self._about is not None and not self._idle.isActive():
            self._watch()

    def look(self) -> None:
        """Look whether the reader has gone."""
        if self._reading.clock.until_idle() > 0:
            self._watch()
        elif self._about is not None and not self._is_idle:
            self.flush()
            self._is_idle = True
            self._log("idle", {"after_ms": round(1000 * self._reading.clock.idle_seconds)})

    def _watch(self) -> None:
        self._idle.start(max(round(1000 * self._reading.clock.until_idle()), 1))

    def flush(self) -> None:
        """Write what was counted since the last time, behind answers that wait."""
        self._count()
        content = self._tally.taken()
        if content is not None and self._about is not None:
            self._reading.log("show", self._about, content)
        if self._sight is None:
            self._flush.stop()

    def close(self) -> None:
        """Write the rest and stop."""
        self.flush()
        self._flush.stop()
        self._idle.stop()

    def _count(self) -> None:
        now = self._reading.clock.seconds()
        if self._sight is not None:
            self._tally.lasted(self._sight, now - self._since)
        self._since = now

    def _log(self, action: str, new: dict[str, object]) -> None:
        if self._about is not None:
            self._reading.log(action, self._about, new)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice input to the window."""
        if event.type() in INPUT:
            self.touch()
        return False


def _by_hand(sight: Sight) -> tuple[object, ...]:
    return sight.case_id, sight.slice_index, sight.window, sight.place


def _maps_of(screen: OnScreen, view: ResolvedView) -> tuple[MapSeen, ...]:
    shown = {
        key: style.opacity for pane in view.panes for key, style in pane.overlays if isinstance(style, OverlayStyle)
    }
    return tuple(MapSeen(key, screen.target_class, round(opacity, 3)) for key, opacity in shown.items())
