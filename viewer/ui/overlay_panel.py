"""The explanation methods by family, and what belongs to the chosen one: display, settings, scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.app.method_words import FAMILIES, ChosenMethod, MethodText
from viewer.core.overlay import COLORMAPS, OverlayStyle
from viewer.core.words import QT_TR_NOOP, tr
from viewer.ui import theme
from viewer.ui.fold import Fold
from viewer.ui.menus import command_tip
from viewer.ui.method_row import MethodRow, percent_label, percent_slider
from viewer.ui.method_settings_form import MethodSettingsForm
from viewer.ui.score_plot import ScorePlot

TARGETS = (
    ("affected", QT_TR_NOOP("affected")),
    ("predicted", QT_TR_NOOP("the predicted class")),
    ("healthy", QT_TR_NOOP("healthy")),
)
SCALES = (
    ("slice", QT_TR_NOOP("this slice")),
    ("series", QT_TR_NOOP("whole series")),
    ("fixed", QT_TR_NOOP("fixed")),
)
OPEN_AT_FIRST = "CAM"
TALLEST = 430
"""Pixels that the panel takes at most before it scrolls: the questions under it must stay in sight."""
SHARE, LEAST = 0.32, 150
"""Of a low window's height it takes no more, but never fewer pixels than these."""


class ContentScroll(QScrollArea):
    """A scroll area as high as what is in it, up to a limit."""

    def __init__(self, content: QWidget, tallest: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tallest, self._content = tallest, content
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        content.installEventFilter(self)
        self.guard()

    def guard(self) -> None:
        """Keep the wheel, which scrolls here, from changing the controls that it passes over."""
        for kind in (QComboBox, QAbstractSpinBox, QSlider):
            for control in self._content.findChildren(kind):
                control.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the content's and the window's height; the wheel is the area's unless a control has the keyboard."""
        if watched is self.window():
            if event.type() == QEvent.Type.Resize:
                self.updateGeometry()
        elif watched is self._content:
            if event.type() == QEvent.Type.LayoutRequest:
                self.updateGeometry()
        elif event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        """Follow the window that it is in now."""
        super().showEvent(event)
        self.window().installEventFilter(self)

    def sizeHint(self) -> QSize:
        """Return the content's size, cut at the limit and at its share of the window."""
        wanted, share = self._content.sizeHint(), round(SHARE * self.window().height())
        return QSize(wanted.width(), min(wanted.height(), self._tallest, max(share, LEAST)))

    def minimumSizeHint(self) -> QSize:
        """Return room for a few rows."""
        return QSize(self._content.minimumSizeHint().width(), min(self.sizeHint().height(), LEAST))


def _small(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setProperty("role", "small")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


class OverlayPanel(QWidget):
    """All rows, the target that is explained, and the chosen method's display, settings and scores."""

    toggled = Signal(str, bool)
    styleChanged = Signal(str, str, object)
    """Key, name of the setting (``opacity``, ``colormap``, ``threshold``, ``scale``, ``fixed_range``), value."""
    chosen = Signal(str)
    targetChanged = Signal(str)
    labelsToggled = Signal(bool)
    runRequested = Signal(str, bool)
    """Key, and whether the whole series is meant."""
    stopRequested = Signal(str)
    soloRequested = Signal()
    hideAllRequested = Signal()
    stepRequested = Signal(int)
    settingChanged = Signal(str, str, object)
    settingsReset = Signal(str)
    scoresTurned = Signal(bool)

    def __init__(self, methods: Sequence[MethodText], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._active = ""
        self._families: dict[str, tuple[Fold, list[str]]] = {}
        self.rows: dict[str, MethodRow] = {}
        self.target = QComboBox()
        self.target.setAccessibleName(tr("Class that is explained"))
        self.target.setToolTip(command_tip("overlay.target"))
        for key, title in TARGETS:
            self.target.addItem(tr(title), key)
        self.labels = QCheckBox(tr("Label map of the file"))
        self.labels.setAccessibleName(tr("Show the label map of the file"))
        self.labels.setToolTip(tr("Regions that came with the series (a NIfTI label map on the same grid)"))
        self.labels.setVisible(False)
        self.display = Fold("", is_open=True)
        self.settings = Fold("")
        self.scores = Fold("")
        self._make_display_controls()
        self.form = MethodSettingsForm()
        self.settings.content.addWidget(self.form)
        self.plot = ScorePlot()
        self.score_words = theme.muted()
        self.scores.content.addWidget(self.plot)
        self.scores.content.addWidget(self.score_words)
        self._build(methods)
        self.target.activated.connect(lambda i: self.targetChanged.emit(self.target.itemData(i)))
        self.labels.clicked.connect(self.labelsToggled)
        self.form.changed.connect(lambda name, value: self.settingChanged.emit(self._active, name, value))
        self.form.resetRequested.connect(lambda: self.settingsReset.emit(self._active))
        self.scores.turned.connect(self.scoresTurned)
        for box in (self.target, self.colormap, self.scale, self.labels):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for combo in (self.colormap, self.scale):
            combo.setMinimumWidth(64)
            combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    # Making it ------------------------------------------------------------------------------------------------------

    def _make_display_controls(self) -> None:
        self.colormap = QComboBox()
        self.colormap.setAccessibleName(tr("Colours"))
        for name in COLORMAPS:
            self.colormap.addItem(name, name)
        self.scale = QComboBox()
        self.scale.setAccessibleName(tr("Scale of the colours"))
        self.scale.setToolTip(
            tr(
                "Where the brightest colour lies: at the largest value of this slice, of the series, "
                "or where you have put it"
            )
        )
        for key, title in SCALES:
            self.scale.addItem(tr(title), key)
        self.threshold = percent_slider(
            tr("Hide below"), tr("Values below this part of the scale are not painted; no colour changes")
        )
        self.percent = percent_label()
        self.low, self.high = self._range_box(tr("Lowest colour at")), self._range_box(tr("Highest colour at"))
        self.colormap.activated.connect(lambda i: self._set("colormap", self.colormap.itemData(i)))
        self.scale.activated.connect(lambda i: self._set("scale", self.scale.itemData(i)))
        self.threshold.valueChanged.connect(self._threshold_moved)
        grid = QGridLayout()
        grid.setHorizontalSpacing(3)
        grid.setVerticalSpacing(4)
        pairs = (
            (tr("Colours"), self.colormap, 0, 0),
            (tr("Scale"), self.scale, 0, 2),
            (tr("From"), self.low, 1, 0),
            (tr("to"), self.high, 1, 2),
        )
        for caption, widget, line, column in pairs:
            grid.addWidget(theme.muted(caption, wrap=False), line, column)
            grid.addWidget(widget, line, column + 1)
        grid.addWidget(theme.muted(tr("Hide below"), wrap=False), 2, 0)
        bar = QHBoxLayout()
        bar.addWidget(self.threshold, 1)
        bar.addWidget(self.percent)
        grid.addLayout(bar, 2, 1, 1, 3)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.display.content.addLayout(grid)

    def _range_box(self, name: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setAccessibleName(name)
        box.setRange(-1e9, 1e9)
        box.setDecimals(4)
        box.setMinimumWidth(64)
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        box.setKeyboardTracking(False)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.valueChanged.connect(self._range_typed)
        return box

    def _build(self, methods: Sequence[MethodText]) -> None:
        head = QHBoxLayout()
        head.addWidget(theme.heading(tr("Explanations")), 1)
        head.addWidget(theme.muted(tr("of"), wrap=False))
        head.addWidget(self.target)
        tools = QHBoxLayout()
        tools.setSpacing(4)
        self.previous = _small("‹", tr("Previous method with a map, alone ([)"))
        self.next = _small("›", tr("Next method with a map, alone (])"))
        self.solo = _small(tr("Solo"), tr("Show the chosen method alone (Shift+A)"))
        self.hide_all = _small(tr("Hide all"), tr("Untick every method (Shift+V)"))
        self.previous.clicked.connect(lambda: self.stepRequested.emit(-1))
        self.next.clicked.connect(lambda: self.stepRequested.emit(1))
        self.solo.clicked.connect(self.soloRequested)
        self.hide_all.clicked.connect(self.hideAllRequested)
        for button in (self.previous, self.next, self.solo, self.hide_all):
            tools.addWidget(button)
        tools.addStretch(1)
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 4, 0)
        inside.setSpacing(3)
        for text in methods:
            inside_family = self._family(text.family, inside)
            self._families[text.family][1].append(text.key)
            inside_family.content.addWidget(self._row(text))
        inside.addWidget(self.labels)
        for section in (self.display, self.settings, self.scores):
            inside.addWidget(section)
        inside.addStretch(1)
        self._scroll = ContentScroll(content, TALLEST)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GAP, theme.GAP, theme.MARGIN - 4, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addLayout(head)
        column.addLayout(tools)
        column.addWidget(self._scroll)

    def _family(self, name: str, inside: QVBoxLayout) -> Fold:
        if name not in self._families:
            fold = Fold(tr(FAMILIES.get(name, name)), is_open=name == OPEN_AT_FIRST)
            self._families[name] = (fold, [])
            inside.addWidget(fold)
        return self._families[name][0]

    def _row(self, text: MethodText) -> MethodRow:
        row, key = MethodRow(text), text.key
        row.toggled.connect(lambda on: self.toggled.emit(key, on))
        row.opacityChanged.connect(lambda value: self.styleChanged.emit(key, "opacity", value))
        row.chosen.connect(lambda: self.chosen.emit(key))
        row.runRequested.connect(lambda whole: self.runRequested.emit(key, whole))
        row.stopRequested.connect(lambda: self.stopRequested.emit(key))
        self.rows[key] = row
        return row

    # What the reader does -------------------------------------------------------------------------------------------

    def _threshold_moved(self, value: int) -> None:
        self.percent.setText(tr("{n} %").format(n=value))
        self._set("threshold", value / 100)

    def _range_typed(self) -> None:
        # Typing a number means a fixed scale; a range that is none waits for its other end.
        if self.low.value() < self.high.value():
            self._set("fixed_range", (self.low.value(), self.high.value()))

    def _set(self, name: str, value: object) -> None:
        if self._active:
            self.styleChanged.emit(self._active, name, value)

    def open_family(self, key: str) -> None:
        """Open the family of method ``key``, so that its row is in sight."""
        for fold, keys in self._families.values():
            if key in keys:
                fold.open()

    def turn_scores(self) -> None:
        """Open the scores and bring them into sight, or close them."""
        self.scores.open(not self.scores.is_open)
        if self.scores.is_open:
            # Its height is known once it is laid out.
            QTimer.singleShot(0, self, lambda: self._scroll.ensureWidgetVisible(self.score_words, 0, 4))

    def family_fold(self, name: str) -> Fold:
        """Return the heading of a family."""
        return self._families[name][0]

    # What is shown --------------------------------------------------------------------------------------------------

    def show_methods(
        self, texts: Sequence[MethodText], styles: Mapping[str, OverlayStyle], chosen: ChosenMethod, target: str
    ) -> None:
        """Show rows and settings without sending any signal."""
        if chosen.key != self._active:
            self._active = chosen.key
            self.open_family(chosen.key)
            self._scroll.ensureWidgetVisible(self.rows[chosen.key], 0, 0)
        there: dict[str, int] = {}
        for text in texts:
            self.rows[text.key].show_row(text, styles[text.key], text.key == chosen.key)
            there[text.family] = there.get(text.family, 0) + text.is_there
        for family, (fold, keys) in self._families.items():
            fold.summary.setText(tr("{there} of {all} maps").format(there=there.get(family, 0), all=len(keys)))
        is_any = any(style.visible for style in styles.values())
        self.hide_all.setEnabled(is_any)
        self.hide_all.setToolTip(
            tr("Untick every method (Shift+V)") if is_any else tr("No method is shown, so there is none to hide.")
        )
        with QSignalBlocker(self.target):
            self.target.setCurrentIndex(self.target.findData(target))
        self._show_display(chosen)
        self.settings.show_title(tr("Settings of {method}").format(method=chosen.title))
        if self.settings.is_open:
            self.form.show_settings(chosen.key, chosen.sheet, chosen.values, chosen.members)
            self._scroll.guard()
        self.settings.summary.setText(tr("changed") if chosen.values else "")
        self.scores.show_title(tr("Scores of this map"))
        self.scores.summary.setText(f"{chosen.scores.faithfulness:.2f}" if chosen.scores is not None else "")
        self.plot.show_scores(chosen.scores, chosen.explained)
        self.score_words.setText(chosen.score_words)

    def _show_display(self, chosen: ChosenMethod) -> None:
        style = chosen.style
        title = tr("Display of {method}").format(method=chosen.title)
        self.display.show_title(title)
        self.display.summary.setText(chosen.explained and tr("for {name}").format(name=chosen.explained))
        for box, value in ((self.colormap, style.colormap), (self.scale, style.scale)):
            with QSignalBlocker(box):
                box.setCurrentIndex(box.findData(value))
        with QSignalBlocker(self.threshold):
            self.threshold.setValue(round(style.threshold * 100))
        self.percent.setText(tr("{n} %").format(n=round(style.threshold * 100)))
        for spin, end in ((self.low, 0), (self.high, 1)):
            spin.setEnabled(chosen.limits is not None)
            spin.setToolTip(
                tr("Value of this end of the colours; typing one makes the scale fixed")
                if chosen.limits is not None
                else tr("There is no map of this slice whose range could be set.")
            )
            # What was shown must go with its map: the number would tell of it.
            if chosen.limits is None or not spin.hasFocus():
                with QSignalBlocker(spin):
                    spin.setValue(0.0 if chosen.limits is None else chosen.limits[end])

    def show_labels(self, name: str, on: bool) -> None:
        """Offer the label map ``name``; an empty name takes the offer away."""
        self.labels.setVisible(bool(name))
        self.labels.setText(tr("Label map {name}").format(name=name))
        with QSignalBlocker(self.labels):
            self.labels.setChecked(on)
