"""The status line: what is being done, how far it is, how to stop it; device; the last message."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from viewer.core.said import said
from viewer.core.words import tr
from viewer.ui import theme
from viewer.ui.menus import command_tip

FADE_MS = 15_000
"""How long a sentence that tells of no failure stays: later it would no longer be true."""


def remaining_text(done: float, total: float, seconds: float) -> str:
    """Return ``"about 12 s left"`` once enough has been done to say so, else an empty string."""
    if done <= 0 or total <= done or seconds < 1.0:
        return ""
    left = seconds * (total - done) / done
    if left < 90:
        return tr("about {n} s left").format(n=f"{left:.0f}")
    return tr("about {n} min left").format(n=f"{left / 60:.0f}")


@dataclass(slots=True)
class _Work:
    """Work under way: how far it was when it was first heard of, and since when."""

    job: str
    first: int
    done: int
    total: int
    part: int
    clock: QElapsedTimer = field(default_factory=QElapsedTimer)

    @property
    def left(self) -> str:
        """How long it still takes, at the speed since it was first heard of."""
        return remaining_text(self.done - self.first, self.total - self.first, self.clock.elapsed() / 1000)

    @property
    def count(self) -> str:
        """How much is done: parts of parts, or per cent of a single one."""
        if self.total == self.part:
            return tr("{n} %").format(n=100 * self.done // self.total)
        return f"{self.done // self.part} / {self.total // self.part}"


class TaskBar(QWidget):
    """One line under everything. ``cancelRequested`` is the user's wish to stop what runs."""

    cancelRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._works: dict[str, _Work] = {}
        self.message = QLabel()
        self.message.setAccessibleName(tr("Message"))
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.job = theme.muted(wrap=False)
        self.bar = QProgressBar()
        self.bar.setFixedWidth(160)
        self.bar.setAccessibleName(tr("Progress"))
        self.cancel = QPushButton(tr("Stop (Esc)"))
        self.cancel.setToolTip(command_tip("work.cancel"))
        self.cancel.clicked.connect(self.cancelRequested)
        self.device = theme.muted(wrap=False)
        self.device.setAccessibleName(tr("Computing device"))
        self._fade = QTimer(self, singleShot=True, interval=FADE_MS)
        self._fade.timeout.connect(self.clear_message)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, 2, theme.MARGIN, 2)
        row.setSpacing(theme.MARGIN)
        row.addWidget(self.message, 1)
        for widget in (self.job, self.bar, self.cancel, self.device):
            row.addWidget(widget)
        self.setMinimumHeight(self.cancel.sizeHint().height() + 4)
        self._show()

    def clear_message(self) -> None:
        """Show no sentence."""
        self.show_message("")

    def show_message(self, text: str, failure: bool = False) -> None:
        """Show one sentence until the next one; what is no failure goes by itself."""
        text = said(text)
        self._fade.start() if text and not failure else self._fade.stop()
        self.message.setText(text)
        self.message.setToolTip(text)
        self.message.setProperty("role", "failure" if failure else "")
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)

    def show_progress(self, job: str, done: int, total: int, part: int = 1, slot: str = "") -> None:
        """Show how far ``job`` is; it goes by itself when all is done, and others stay.

        Parameters
        ----------
        job : str
            What is done.
        done, total : int
            In parts of ``part``.
        part : int
            How many make up one of what is counted: 100 for hundredths of slices.
        slot : str
            Names the work where its words change on the way.
        """
        slot = slot or job
        work = self._works.get(slot)
        if total <= 0 or done >= total:
            self._works.pop(slot, None)
        elif work is not None and done >= work.first:
            work.job, work.done, work.total, work.part = job, done, total, part
        else:
            self._works[slot] = _Work(job, done, done, total, part)
            self._works[slot].clock.start()
        self._show()

    def _show(self) -> None:
        is_busy = bool(self._works)
        for widget in (self.job, self.bar, self.cancel):
            widget.setVisible(is_busy)
        if not is_busy:
            return
        work = list(self._works.values())[-1]
        more = tr("and {n} more").format(n=len(self._works) - 1) if len(self._works) > 1 else ""
        self.job.setText(", ".join(part for part in (said(work.job), more, work.left) if part))
        self.bar.setRange(0, work.total)
        self.bar.setValue(work.done)
        self.bar.setFormat(work.count)

    def finish(self) -> None:
        """Take all progress away."""
        self._works = {}
        self._show()
