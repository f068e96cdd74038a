"""The panels and where they stand: series at the left, pictures in the middle, the model and the form at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSplitter, QVBoxLayout, QWidget

from viewer.app.method_words import MethodText
from viewer.core.words import tr
from viewer.ui import theme
from viewer.ui.marking import Marking
from viewer.ui.overlay_panel import OverlayPanel
from viewer.ui.prediction_panel import PredictionPanel
from viewer.ui.rating_form import RatingForm
from viewer.ui.series_panel import SeriesPanel
from viewer.ui.slice_strip import SliceStrip
from viewer.ui.slice_view import SliceView
from viewer.ui.task_bar import TaskBar
from viewer.ui.view_grid import ViewGrid
from viewer.ui.what_if import WhatIfBar


class Workbench(QSplitter):
    """All panels. They know nothing of each other; `Screen` fills them and the window wires them.

    Parameters
    ----------
    methods : sequence of MethodText
        A row of the overlay panel each.
    """

    def __init__(self, methods: Sequence[MethodText], parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.series_panel = SeriesPanel()
        self.views = tuple(SliceView(tr("Picture {number}").format(number=number)) for number in range(1, 5))
        self.grid = ViewGrid(self.views)
        self.marking = Marking(self.views, self)
        self.strip = SliceStrip()
        self.counter = QLabel()
        self.readout = theme.muted(wrap=False)
        self.prediction = PredictionPanel()
        self.overlays = OverlayPanel(methods)
        self.what_if = WhatIfBar()
        self.form = RatingForm()
        self.task_bar = TaskBar()
        """Stands in the window's status bar."""
        self.side = self._side()
        self.setChildrenCollapsible(False)
        for panel, stretch in ((self.series_panel, 0), (self._centre(), 1), (self.side, 0)):
            self.addWidget(panel)
            self.setStretchFactor(self.count() - 1, stretch)
        self.series_panel.setMinimumWidth(theme.px(140))
        self.setSizes([theme.px(210), theme.px(2000), theme.px(372)])

    def panels(self) -> dict[str, QWidget]:
        """Return the panels that can be hidden, by name."""
        return {"series": self.series_panel, "side": self.side}

    def hidden_panels(self) -> tuple[str, ...]:
        """Return the names of the panels that are hidden."""
        return tuple(name for name, panel in self.panels().items() if panel.isHidden())

    def _centre(self) -> QWidget:
        slider = QHBoxLayout()
        slider.setContentsMargins(theme.MARGIN, 2, theme.MARGIN, 0)
        self.counter.setFont(theme.mono_font(self.counter))
        self.counter.setMinimumWidth(self.counter.fontMetrics().horizontalAdvance("000 / 000"))
        self.counter.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        slider.addWidget(self.strip, 1)
        slider.addWidget(self.counter)
        values = QHBoxLayout()
        values.setContentsMargins(theme.MARGIN + 8, 0, theme.MARGIN, 4)
        self.readout.setFont(theme.mono_font(self.readout, -1))
        self.readout.setAccessibleName(tr("Values under the pointer"))
        values.addWidget(self.readout, 1)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.grid, 1)
        column.addWidget(self.what_if)
        column.addLayout(slider)
        column.addLayout(values)
        return centre

    def _side(self) -> QWidget:
        content = QWidget()
        right = QVBoxLayout(content)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        self._lines = _line(), _line()
        for panel, line in zip((self.prediction, self.overlays), self._lines, strict=True):
            right.addWidget(panel)
            right.addWidget(line)
        right.addWidget(self.form, 1)
        content.setMinimumWidth(theme.px(340))
        self.form.setMinimumHeight(theme.px(160))
        # Large letters on a small screen: rather a scroll bar than half a line.
        side = QScrollArea()
        side.setWidgetResizable(True)
        side.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        side.setWidget(content)
        side.setMinimumWidth(content.minimumWidth() + side.verticalScrollBar().sizeHint().width())
        return side

    def show_results(self, prediction: bool, maps: bool) -> None:
        """Show the panels of the model's answer and of the maps, or hide them."""
        for panel, line, is_shown in zip(
            (self.prediction, self.overlays), self._lines, (prediction, maps), strict=True
        ):
            panel.setVisible(is_shown)
            line.setVisible(is_shown)


def _line() -> QFrame:
    line = QFrame()
    line.setFixedHeight(1)
    line.setProperty("role", "line")
    return line
