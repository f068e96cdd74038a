"""Where the reader is on the way from the picture alone to the maps, what is missing, and the button that locks."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from viewer.core.answers import STAGES, Stage
from viewer.core.stages import NAMES, is_finished, stage_of
from viewer.core.words import QT_TR_NOOP, tr
from viewer.ui import theme

LOCK_WORDS: dict[Stage, str] = {
    "S0": QT_TR_NOOP("Lock my reading and show the prediction"),
    "S1": QT_TR_NOOP("Lock my reading and show the maps"),
    "S2": QT_TR_NOOP("Lock my answers and finish this case"),
}
DONE = QT_TR_NOOP("This case is finished: all its answers are locked.")
NOW: dict[Stage, str] = {
    "S0": QT_TR_NOOP("You see the picture alone. The model's answer comes once your reading is locked."),
    "S1": QT_TR_NOOP("You see the prediction too. Maps come once this reading is locked."),
    "S2": QT_TR_NOOP("You see everything. Rate the maps, then finish the case."),
}
SEEN = QT_TR_NOOP("You have seen the prediction of this case before; your reading is kept as one that is not unaided.")


@dataclass(frozen=True, slots=True)
class StageText:
    """What the bar says.

    Parameters
    ----------
    locked : frozenset of stage
        What is locked already.
    why : str
        Why the present stage cannot be locked yet; empty when it can.
    was_seen : bool
        Whether the prediction was on screen before the first stage was locked.
    """

    locked: frozenset[Stage] = frozenset()
    why: str = ""
    was_seen: bool = False


class StageBar(QFrame):
    """Three steps, the present one marked. ``lockRequested`` is the reader's wish to go on."""

    lockRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.steps: dict[Stage, QLabel] = {}
        row = QHBoxLayout()
        row.setSpacing(4)
        for number, stage in enumerate(STAGES, 1):
            label = QLabel()
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setProperty("number", number)
            self.steps[stage] = label
            row.addWidget(label, 1)
        self.now = theme.muted()
        self.seen = theme.muted(tr(SEEN))
        self.seen.setProperty("role", "warning")
        self.why = theme.muted()
        self.button = QPushButton()
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self.lockRequested)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(4)
        column.addLayout(row)
        for widget in (self.now, self.seen, self.why, self.button):
            column.addWidget(widget)
        self.setVisible(False)

    def show_text(self, text: StageText | None) -> None:
        """Show where the reader is; None when stages are not told apart."""
        self.setVisible(text is not None)
        if text is None:
            return
        done, stage = is_finished(text.locked), stage_of(text.locked)
        for name, label in self.steps.items():
            is_now = name == stage and not done
            mark = "✓" if name in text.locked else str(label.property("number"))
            label.setText(f"{mark}  {tr(NAMES[name])}")
            state = tr("locked") if name in text.locked else tr("now") if is_now else tr("later")
            label.setAccessibleName(f"{tr(NAMES[name])}: {state}")
            colour = theme.ACCENT if is_now else theme.TEXT if name in text.locked else theme.MUTED
            weight = 600 if is_now else 400
            line = f"border-bottom: 2px solid {(theme.ACCENT if is_now else theme.LINE).name()};"
            label.setStyleSheet(f"color: {colour.name()}; font-weight: {weight}; padding-bottom: 3px; {line}")
        self.now.setText(tr(DONE) if done else tr(NOW[stage]))
        # Once there is more beside it, the button says it all.
        self.now.setVisible(done or stage == "S0")
        self.setToolTip(self.now.text())
        self.seen.setVisible(text.was_seen and stage == "S0")
        self.why.setText(text.why)
        self.why.setVisible(bool(text.why) and not done)
        self.button.setVisible(not done)
        self.button.setText(tr(LOCK_WORDS[stage]))
        self.button.setEnabled(not text.why)
        self.button.setToolTip(text.why or tr("Locked answers are no longer changed (Ctrl+L)"))
        self.setAccessibleName(tr("Stage of this case: {name}").format(name=tr(NAMES[stage])))
        self.setAccessibleDescription(text.why or self.now.text())
