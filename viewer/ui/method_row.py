"""One explanation method in the panel: tick, state in words, Run or Stop, and its opacity while it is shown."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QVBoxLayout, QWidget

from viewer.app.method_words import MethodText
from viewer.core.overlay import OverlayStyle
from viewer.core.words import tr
from viewer.ui import theme

LONGEST_STATE = 90
"""Seconds whose words always have room beside the title."""
TICK_AND_GAPS = 60
"""Pixels of the box, the margins and the gaps of a row."""


def percent_slider(name: str, tip: str) -> QSlider:
    """Return a slider from 0 to 100 that takes the focus by Tab only."""
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setSingleStep(5)
    slider.setPageStep(10)
    slider.setAccessibleName(name)
    slider.setToolTip(tip)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider


def percent_label() -> QLabel:
    """Return a label wide enough for 100 %."""
    label = QLabel()
    label.setFixedWidth(label.fontMetrics().horizontalAdvance("100 %") + 4)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label


class MethodRow(QFrame):
    """A row of the panel; knows nothing but what `show_row` tells."""

    toggled = Signal(bool)
    opacityChanged = Signal(float)
    chosen = Signal()
    runRequested = Signal(bool)
    """Compute it; True for the whole series."""
    stopRequested = Signal()

    def __init__(self, text: MethodText, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = text.title
        self._title = title
        self.setProperty("role", "card")
        self.tick = QCheckBox(title)
        self.tick.setAccessibleName(tr("Show {method}").format(method=title))
        self.tick.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.state = theme.ElidedLabel()
        self.state.setProperty("role", "muted")
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.opacity = percent_slider(
            tr("Opacity of {method}").format(method=title), tr("Opacity (Shift+wheel on the picture)")
        )
        self.percent = percent_label()
        self.run = QToolButton()
        self.run.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.run.setProperty("role", "small")
        self.run.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.run.setVisible(text.is_costly)
        self._menu = QMenu(self.run)
        self._this_slice = QAction(tr("This slice (R)"), self._menu)
        self._series = QAction(tr("Whole series (Shift+R)"), self._menu)
        self._menu.addActions([self._this_slice, self._series])
        self.run.setMenu(self._menu)
        self._is_running = False
        self._build()
        self.tick.clicked.connect(self.toggled)
        self.opacity.valueChanged.connect(self._opacity_moved)
        self.run.clicked.connect(self._run_clicked)
        self._this_slice.triggered.connect(lambda: self.runRequested.emit(False))
        self._series.triggered.connect(lambda: self.runRequested.emit(True))

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(theme.GAP)
        line.addWidget(self.tick)
        line.addWidget(self.state, 1)
        line.addWidget(self.run)
        self._shown = QWidget()
        below = QHBoxLayout(self._shown)
        below.setContentsMargins(22, 0, 0, 0)
        below.addWidget(theme.muted(tr("Opacity"), wrap=False))
        below.addWidget(self.opacity, 1)
        below.addWidget(self.percent)
        self._shown.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 2, 4, 2)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self._shown)

    def _opacity_moved(self, value: int) -> None:
        self.percent.setText(tr("{n} %").format(n=value))
        self.opacityChanged.emit(value / 100)

    def _run_clicked(self) -> None:
        if self._is_running:
            self.stopRequested.emit()
        else:
            self.runRequested.emit(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten a long title, so that the state beside it can be read; the tooltip has all of it."""
        metrics = self.tick.fontMetrics()
        taken = metrics.horizontalAdvance(tr("about {n} s").format(n=LONGEST_STATE)) + TICK_AND_GAPS
        taken += self.run.sizeHint().width() if not self.run.isHidden() else 0
        self.tick.setText(metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, self.width() - taken))
        super().resizeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose this method's settings."""
        self.chosen.emit()

    def show_row(self, text: MethodText, style: OverlayStyle, current: bool) -> None:
        """Show state and settings without sending any signal."""
        with QSignalBlocker(self.tick), QSignalBlocker(self.opacity):
            self.tick.setChecked(style.visible)
            self.opacity.setValue(round(style.opacity * 100))
        self.percent.setText(tr("{n} %").format(n=round(style.opacity * 100)))
        self.state.show_words(text.short)
        self.state.setToolTip(text.state)
        self.state.setAccessibleDescription(text.state)
        self._shown.setVisible(style.visible)
        self.tick.setToolTip(text.tip)
        self.setToolTip(text.tip)
        if text.is_costly:
            self._show_run(text)
        if self.property("current") != current:
            self.setProperty("current", current)
            self.style().unpolish(self)
            self.style().polish(self)

    def _show_run(self, text: MethodText) -> None:
        self._is_running = text.is_running
        self.run.setText(tr("Stop") if text.is_running else tr("Run"))
        self.run.setAccessibleName(f"{self.run.text()} {text.title}")
        self.run.setEnabled(not text.closed)
        this_slice, series = tr("This slice: {cost}"), tr("Whole series: {cost}")
        offers = (this_slice.format(cost=text.offer), series.format(cost=text.offer_series))
        self.run.setToolTip(
            text.closed or (tr("Stop; what is there stays (Esc)") if text.is_running else "\n".join(offers))
        )
        self._series.setText(tr("Whole series (Shift+R): {cost}").format(cost=text.offer_series))
        self._this_slice.setText(tr("This slice (R): {cost}").format(cost=text.offer))
