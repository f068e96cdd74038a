"""The explanation methods: a row each with switch, state and opacity, and the display settings of the chosen one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from viewer.app.display import MethodText
from viewer.core.overlay import COLORMAPS, OverlayStyle
from viewer.ui import theme
from viewer.ui.menus import command_tip

TARGETS = (("affected", "affected"), ("predicted", "the predicted class"), ("healthy", "healthy"))
SCALES = (("slice", "this slice"), ("series", "whole series"), ("fixed", "fixed"))


def _slider(name: str, tip: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setSingleStep(5)
    slider.setPageStep(10)
    slider.setAccessibleName(name)
    slider.setToolTip(tip)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider


class MethodRow(QFrame):
    """One method: tick, state, opacity."""

    toggled = Signal(bool)
    opacityChanged = Signal(float)
    chosen = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.tick = QCheckBox(title)
        self.tick.setAccessibleName(f"Show {title}")
        self.tick.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.state = theme.ElidedLabel()
        self.state.setProperty("role", "muted")
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.opacity = _slider(f"Opacity of {title}", "Opacity (Shift+wheel on the picture)")
        self.percent = QLabel()
        self.percent.setFixedWidth(self.percent.fontMetrics().horizontalAdvance("100 %") + 4)
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.opacity.setFixedWidth(84)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(theme.GAP)
        row.addWidget(self.tick)
        row.addWidget(self.state, 1)
        row.addWidget(self.opacity)
        row.addWidget(self.percent)
        self.tick.clicked.connect(self.toggled)
        self.opacity.valueChanged.connect(self._opacity_moved)

    def _opacity_moved(self, value: int) -> None:
        self.percent.setText(f"{value} %")
        self.opacityChanged.emit(value / 100)

    def mousePressEvent(self, event: object) -> None:
        """Choose this method's settings."""
        self.chosen.emit()

    def show_row(self, text: MethodText, style: OverlayStyle, current: bool) -> None:
        """Show state and settings without sending any signal."""
        with QSignalBlocker(self.tick), QSignalBlocker(self.opacity):
            self.tick.setChecked(style.visible)
            self.opacity.setValue(round(style.opacity * 100))
        self.percent.setText(f"{round(style.opacity * 100)} %")
        self.state.show_words(text.state)
        self.tick.setToolTip(text.tip)
        self.setToolTip(text.tip)
        if self.property("current") != current:
            self.setProperty("current", current)
            self.style().unpolish(self)
            self.style().polish(self)


class OverlayPanel(QWidget):
    """All rows, the target that is explained, and the chosen method's colours, scale and threshold."""

    toggled = Signal(str, bool)
    styleChanged = Signal(str, str, object)
    """Key, name of the setting (``opacity``, ``colormap``, ``threshold``, ``scale``), value."""
    chosen = Signal(str)
    targetChanged = Signal(str)
    labelsToggled = Signal(bool)

    def __init__(self, methods: Sequence[MethodText], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._active = ""
        self.target = QComboBox()
        self.target.setAccessibleName("Class that is explained")
        self.target.setToolTip(command_tip("overlay.target"))
        for key, title in TARGETS:
            self.target.addItem(title, key)
        self.rows: dict[str, MethodRow] = {}
        self.colormap = QComboBox()
        self.colormap.setAccessibleName("Colours")
        for name in COLORMAPS:
            self.colormap.addItem(name, name)
        self.scale = QComboBox()
        self.scale.setAccessibleName("Scale of the colours")
        self.scale.setToolTip(
            "Where the brightest colour lies: at the largest value of this slice, of the series, or where it is now"
        )
        for key, title in SCALES:
            self.scale.addItem(title, key)
        self.threshold = _slider("Hide below", "Values below this part of the scale are not painted")
        self.percent = QLabel()
        self.percent.setFixedWidth(self.percent.fontMetrics().horizontalAdvance("100 %") + 4)
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.labels = QCheckBox("Label map of the file")
        self.labels.setAccessibleName("Show the label map of the file")
        self.labels.setToolTip("Regions that came with the series (a NIfTI label map on the same grid)")
        self.labels.setVisible(False)
        self.settings = theme.heading("")
        self._build(methods)
        self.target.activated.connect(lambda i: self.targetChanged.emit(self.target.itemData(i)))
        self.colormap.activated.connect(lambda i: self._set("colormap", self.colormap.itemData(i)))
        self.scale.activated.connect(lambda i: self._set("scale", self.scale.itemData(i)))
        self.threshold.valueChanged.connect(self._threshold_moved)
        self.labels.clicked.connect(self.labelsToggled)
        for box in (self.target, self.colormap, self.scale, self.labels):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _build(self, methods: Sequence[MethodText]) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GAP, theme.GAP, theme.MARGIN, theme.GAP)
        column.setSpacing(theme.GAP)
        head = QHBoxLayout()
        head.addWidget(theme.heading("Explanations"), 1)
        head.addWidget(theme.muted("of", wrap=False))
        head.addWidget(self.target)
        column.addLayout(head)
        for text in methods:
            row = MethodRow(text.title)
            row.toggled.connect(lambda on, key=text.key: self.toggled.emit(key, on))
            row.opacityChanged.connect(lambda value, key=text.key: self.styleChanged.emit(key, "opacity", value))
            row.chosen.connect(lambda key=text.key: self.chosen.emit(key))
            self.rows[text.key] = row
            column.addWidget(row)
        column.addWidget(self.labels)
        column.addWidget(self.settings)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GAP)
        grid.setVerticalSpacing(4)
        for line, (caption, widget) in enumerate((("Colours", self.colormap), ("Scale", self.scale))):
            label = theme.muted(caption, wrap=False)
            grid.addWidget(label, 0, 2 * line)
            grid.addWidget(widget, 0, 2 * line + 1)
        grid.addWidget(theme.muted("Hide below", wrap=False), 1, 0)
        bar = QHBoxLayout()
        bar.addWidget(self.threshold, 1)
        bar.addWidget(self.percent)
        grid.addLayout(bar, 1, 1, 1, 3)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        column.addLayout(grid)

    def _threshold_moved(self, value: int) -> None:
        self.percent.setText(f"{value} %")
        self._set("threshold", value / 100)

    def _set(self, name: str, value: object) -> None:
        if self._active:
            self.styleChanged.emit(self._active, name, value)

    def show_methods(
        self, texts: Sequence[MethodText], styles: dict[str, OverlayStyle], active: str, target: str
    ) -> None:
        """Show rows and settings without sending any signal."""
        self._active = active
        for text in texts:
            self.rows[text.key].show_row(text, styles[text.key], text.key == active)
            if text.key == active:
                self.settings.setText(f"Display of {text.title}")
        style = styles[active]
        boxes = ((self.colormap, style.colormap), (self.scale, style.scale), (self.target, target))
        for box, value in boxes:
            with QSignalBlocker(box):
                box.setCurrentIndex(box.findData(value))
        with QSignalBlocker(self.threshold):
            self.threshold.setValue(round(style.threshold * 100))
        self.percent.setText(f"{round(style.threshold * 100)} %")

    def show_labels(self, name: str, on: bool) -> None:
        """Offer the label map ``name``; an empty name takes the offer away."""
        self.labels.setVisible(bool(name))
        self.labels.setText(f"Label map {name}")
        with QSignalBlocker(self.labels):
            self.labels.setChecked(on)
