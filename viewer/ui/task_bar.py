"""The status line: what is being done, how far it is, how to stop it; device; the last message."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from viewer.ui import theme
from viewer.ui.menus import command_tip


def remaining_text(done: int, total: int, seconds: float) -> str:
    """Return ``"about 12 s left"`` once enough has been done to say so, else an empty string."""
    if done <= 0 or total <= done or seconds < 1.0:
        return ""
    left = seconds * (total - done) / done
    return f"about {left:.0f} s left" if left < 90 else f"about {left / 60:.0f} min left"


class TaskBar(QWidget):
    """One line under everything. ``cancelRequested`` is the user's wish to stop what runs."""

    cancelRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = QElapsedTimer()
        self._job = ""
        self.message = QLabel()
        self.message.setAccessibleName("Message")
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.job = theme.muted(wrap=False)
        self.bar = QProgressBar()
        self.bar.setFixedWidth(160)
        self.bar.setAccessibleName("Progress")
        self.cancel = QPushButton("Stop (Esc)")
        self.cancel.setToolTip(command_tip("work.cancel"))
        self.cancel.clicked.connect(self.cancelRequested)
        self.device = theme.muted(wrap=False)
        self.device.setAccessibleName("Computing device")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, 2, theme.MARGIN, 2)
        row.setSpacing(theme.MARGIN)
        row.addWidget(self.message, 1)
        for widget in (self.job, self.bar, self.cancel, self.device):
            row.addWidget(widget)
        self.setMinimumHeight(self.cancel.sizeHint().height() + 4)
        self.finish()

    def show_message(self, text: str, failure: bool = False) -> None:
        """Show one sentence until the next one."""
        self.message.setText(text)
        self.message.setToolTip(text)
        self.message.setProperty("role", "failure" if failure else "")
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)

    def show_progress(self, job: str, done: int, total: int) -> None:
        """Show how far ``job`` is; ends by itself when all is done."""
        if total <= 0 or done >= total:
            self.finish()
            return
        if job != self._job:
            self._job = job
            self._clock.start()
        left = remaining_text(done, total, self._clock.elapsed() / 1000)
        self.job.setText(f"{job}{', ' + left if left else ''}")
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.bar.setFormat(f"{done} / {total}")
        for widget in (self.job, self.bar, self.cancel):
            widget.setVisible(True)

    def finish(self) -> None:
        """Take the progress away."""
        self._job = ""
        for widget in (self.job, self.bar, self.cancel):
            widget.setVisible(False)
