"""The settings of a method, drawn from what the engine says of its fields: numbers, choices, switches, members."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from viewer.app.method_settings import MethodSheet, Parameters, Setting, Value
from viewer.core.words import tr
from viewer.ui import theme

LARGEST = 1_000_000


class MethodSettingsForm(QWidget):
    """A control for each setting; ``changed`` carries name and value when the reader has chosen one."""

    changed = Signal(str, object)
    resetRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawn: tuple[str, tuple[Setting, ...], tuple[tuple[str, str], ...]] | None = None
        self._setters: dict[str, Callable[[Value], None]] = {}
        self.controls: dict[str, QWidget] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._grid = QWidget()
        self._column.addWidget(self._grid)
        self.none = theme.muted(tr("This method has no settings."))
        self._column.addWidget(self.none)
        self.reset = QPushButton(tr("Reset"))
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset.clicked.connect(self.resetRequested)
        self._column.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignRight)

    def show_settings(
        self, key: str, sheet: MethodSheet, values: Parameters, members: tuple[tuple[str, str], ...]
    ) -> None:
        """Show the settings of method ``key`` without sending any signal."""
        if (key, sheet.settings, members) != self._drawn:
            self._drawn = (key, sheet.settings, members)
            self._draw(sheet.settings, members)
        for setting in sheet.settings:
            control = self.controls[setting.name]
            if not control.hasFocus():  # what is being typed is the reader's
                with QSignalBlocker(control):
                    self._setters[setting.name](values.get(setting.name, setting.default))
        self.none.setVisible(not sheet.settings)
        self.reset.setVisible(bool(sheet.settings))
        self.reset.setEnabled(bool(values))
        self.reset.setToolTip(
            tr("Back to the method's own settings") if values else tr("These are the method's own settings.")
        )

    def _draw(self, settings: tuple[Setting, ...], members: tuple[tuple[str, str], ...]) -> None:
        self._column.removeWidget(self._grid)
        self._grid.deleteLater()
        self._grid = QWidget()
        self._column.insertWidget(0, self._grid)
        self.controls, self._setters = {}, {}
        grid = QGridLayout(self._grid)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GAP)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for line, setting in enumerate(settings):
            control = self._control(setting, members)
            control.setAccessibleName(tr(setting.title))
            control.setToolTip(setting.tip)
            self.controls[setting.name] = control
            if setting.kind in ("switch", "members"):
                grid.addWidget(control, line, 0, 1, 2)
            else:
                label = theme.muted(tr(setting.title), wrap=False)
                label.setToolTip(setting.tip)
                control.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                grid.addWidget(label, line, 0)
                grid.addWidget(control, line, 1)

    def _control(self, setting: Setting, members: tuple[tuple[str, str], ...]) -> QWidget:
        name = setting.name
        match setting.kind:
            case "switch":
                box = QCheckBox(tr(setting.title))
                box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                box.clicked.connect(partial(self.changed.emit, name))
                self._setters[name] = lambda value: box.setChecked(bool(value))
                return box
            case "choice":
                choice = QComboBox()
                choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                choice.addItems(setting.choices)
                choice.activated.connect(lambda i: self.changed.emit(name, setting.choices[i]))
                self._setters[name] = lambda value: choice.setCurrentText(str(value))
                return choice
            case "members":
                ticks = MemberTicks(members)
                ticks.changed.connect(partial(self.changed.emit, name))
                self._setters[name] = ticks.show_members
                return ticks
            case "integer":
                spin = QSpinBox()
                spin.setRange(0, LARGEST)
                spin.setKeyboardTracking(False)
                spin.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                spin.valueChanged.connect(partial(self.changed.emit, name))
                self._setters[name] = lambda value: spin.setValue(int(str(value)))
                return spin
            case "number":
                number = QDoubleSpinBox()
                number.setDecimals(4)
                number.setRange(-LARGEST, LARGEST)
                number.setSingleStep(0.05)
                number.setKeyboardTracking(False)
                number.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                number.valueChanged.connect(partial(self.changed.emit, name))
                self._setters[name] = lambda value: number.setValue(float(str(value)))
                return number


class MemberTicks(QWidget):
    """A tick for each method that may take part in an ensemble; one at least stays."""

    changed = Signal(object)

    def __init__(self, members: tuple[tuple[str, str], ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ticks: dict[str, QCheckBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        for number, (key, title) in enumerate(members):
            tick = QCheckBox(title)
            tick.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            tick.setAccessibleName(tr("{method} takes part").format(method=title))
            tick.clicked.connect(self._clicked)
            self.ticks[key] = tick
            grid.addWidget(tick, number // 2, number % 2)

    def _clicked(self) -> None:
        chosen = tuple(key for key, tick in self.ticks.items() if tick.isChecked())
        sender = self.sender()
        if not chosen and isinstance(sender, QCheckBox):
            sender.setChecked(True)
            return
        self.changed.emit(chosen)

    def show_members(self, members: Value) -> None:
        """Tick these."""
        chosen = members if isinstance(members, tuple) else ()
        for key, tick in self.ticks.items():
            tick.setChecked(key in chosen)
