"""The preferences: a row each; a change is in force at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from viewer.app.preferences import DEVICES, LANGUAGES, SCALES, THEMES, Preferences
from viewer.core.mouse import MOUSE_PROFILES
from viewer.core.words import tr
from viewer.ui import theme
from viewer.ui.language import has_language


class PreferencesDialog(QDialog):
    """Shows `Preferences`; ``changed`` carries them anew after every choice."""

    changed = Signal(object)
    forgetRequested = Signal()

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Preferences"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._preferences = preferences
        self.boxes: dict[str, QComboBox] = {}
        self.mouse_words = theme.muted()
        self.mouse_words.setAccessibleName(tr("What the mouse buttons do"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.MARGIN)
        self._grid.setVerticalSpacing(theme.GAP)
        self._grid.setColumnStretch(1, 1)
        self._add("theme", tr("&Look"), [(key, tr(words)) for key, words in THEMES])
        self._add("language", tr("L&anguage"), list(LANGUAGES))
        self._grey_out_languages()
        self._add(
            "scale",
            tr("&Size of letters and controls"),
            [(scale, f"{100 * scale:.0f} %") for scale in SCALES],
            tr("Pictures keep the screen's own pixels."),
        )
        profiles = [(profile.key, tr(profile.title)) for profile in MOUSE_PROFILES.values()]
        self._add("mouse", tr("&Mouse buttons"), profiles, label=self.mouse_words)
        self._add(
            "device",
            tr("&Computing on"),
            [(key, tr(words)) for key, words in DEVICES],
            tr("In force from the next start of Overread on."),
        )
        self.forget = QPushButton(tr("&Forget what was opened"))
        self.forget.setToolTip(tr("Forget the list of recent folders and the last model."))
        self.forget.setAutoDefault(False)
        self.forget.clicked.connect(self._forget)
        self._grid.addWidget(self.forget, self._grid.rowCount(), 1, Qt.AlignmentFlag.AlignLeft)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setText(tr("Close"))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(2 * theme.MARGIN)
        column.addLayout(self._grid)
        column.addWidget(buttons)
        self._show_mouse()

    def _add(
        self, name: str, title: str, choices: Sequence[tuple[Any, str]], hint: str = "", label: QLabel | None = None
    ) -> None:
        box = QComboBox()
        box.setAccessibleName(title.replace("&", ""))
        for key, words in choices:
            box.addItem(words, key)
        box.setCurrentIndex(box.findData(getattr(self._preferences, name)))
        box.activated.connect(lambda index, name=name, box=box: self._choose(name, box.itemData(index)))
        caption = QLabel(title)
        caption.setBuddy(box)
        row = self._grid.rowCount()
        self._grid.addWidget(caption, row, 0)
        self._grid.addWidget(box, row, 1)
        if hint or label is not None:
            self._grid.addWidget(label or theme.muted(hint), row + 1, 1)
        self.boxes[name] = box

    def _grey_out_languages(self) -> None:
        model = self.boxes["language"].model()
        assert isinstance(model, QStandardItemModel)
        for row, (language, _) in enumerate(LANGUAGES):
            if not has_language(language):
                model.item(row).setEnabled(False)
                model.item(row).setToolTip(tr("This installation has no translation into this language."))

    def _choose(self, name: str, value: object) -> None:
        changed = replace(self._preferences, **{name: value})  # type: ignore[arg-type]
        if changed != self._preferences:
            self._preferences = changed
            self._show_mouse()
            self.changed.emit(changed)

    def _show_mouse(self) -> None:
        rows = MOUSE_PROFILES[self._preferences.mouse].rows()
        self.mouse_words.setText("\n".join(f"{tr(gesture)}: {tr(meaning)}" for gesture, meaning in rows))
        # A label that wraps tells its height only once its width is known.
        width = theme.px(540)
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(width, layout.totalHeightForWidth(width))

    def _forget(self) -> None:
        self.forget.setEnabled(False)
        self.forget.setToolTip(tr("It is forgotten."))
        self.forgetRequested.emit()
