"""One question of the feedback panel: choices, several choices, a comment, or a mark in the picture."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.core.items import Item
from viewer.core.marks import mark_words
from viewer.core.words import tr
from viewer.ui import theme

TYPING_PAUSE_MS = 1500
"""A comment is saved after so long without a key, and when the field is left."""
CANNOT_JUDGE = "na"
NONE_OF_THEM = "none"
"""Code of the choice that excludes the others where several may be chosen."""
MULTI_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as the form shows it.

    Parameters
    ----------
    code, text : str
        Option codes joined by ``|``, or text: a comment or a mark.
    saved : bool
        Once the store has it.
    changes : int
        How often it was changed.
    earlier : str
        What was answered at earlier stages, in words.
    locked : str
        The stage whose lock keeps it from being changed; empty while it is open.
    """

    code: str = ""
    text: str = ""
    saved: bool = True
    changes: int = 0
    earlier: str = ""
    locked: str = ""

    @property
    def is_given(self) -> bool:
        """Whether there is an answer."""
        return bool(self.code or self.text)


class CommentField(QPlainTextEdit):
    """A small text field that says when it is left."""

    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Say that the field was left."""
        super().focusOutEvent(event)
        self.left.emit()


class QuestionCard(QFrame):
    """One question. ``answered`` carries the code, or the text of a comment."""

    answered = Signal(str)
    chosen = Signal()
    markRequested = Signal()
    historyRequested = Signal()

    def __init__(self, item: Item, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        self.place = ""
        """Which question it is now: what is typed belongs there."""
        self.setProperty("role", "card")
        self.setAccessibleName(tr(item.text))
        self.buttons: dict[str, QToolButton] = {}
        self.field: CommentField | None = None
        self._draft = ""
        self._locked = False
        self.question = QLabel(tr(item.text))
        self.question.setWordWrap(True)
        self.status = theme.muted()
        self.earlier = theme.muted()
        self.history = QToolButton()
        self.history.setText("⟲")
        self.history.setAccessibleName(tr("Changes of this answer"))
        self.history.setToolTip(tr("How this answer was changed (Ctrl+H when this question is marked)"))
        self.history.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.history.clicked.connect(self.historyRequested)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 5, 8, 5)
        column.setSpacing(3)
        column.addWidget(self.question)
        column.addWidget(self.earlier)
        if item.type == "text":
            column.addWidget(self._text_field())
        elif item.is_marked:
            column.addLayout(self._marking())
        else:
            column.addLayout(self._choices())
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addWidget(self.status, 1)
        foot.addWidget(self.history)
        column.addLayout(foot)
        self.show_given(Given())

    # Parts ----------------------------------------------------------------------------------------------------------

    def _text_field(self) -> CommentField:
        field = CommentField()
        field.setAccessibleName(tr(self.item.text))
        field.setTabChangesFocus(True)
        field.setFixedHeight(3 * field.fontMetrics().height() + 10)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.commit)
        field.textChanged.connect(self._pause.start)
        field.left.connect(self.commit)
        self.field, self._committed = field, ""
        return field

    def _marking(self) -> QLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        for code, words, tip in (
            ("mark", tr("Mark in the picture…"), tr("Drag a box or click a place; arrows and Enter (Ctrl+Shift+M)")),
            ("remove", tr("Remove"), tr("Take the mark away")),
        ):
            button = self._button(code, words, tip)
            row.addWidget(button, 1)
        self.buttons["mark"].clicked.connect(self.markRequested)
        self.buttons["remove"].clicked.connect(lambda: self.answered.emit(""))
        return row

    def _choices(self) -> QLayout:
        many = self.item.type == "multi"
        grid = QGridLayout()
        grid.setSpacing(4)
        group = QButtonGroup(self)
        numbered = self.item.type == "likert"
        codes = [(option.code, tr(option.text)) for option in self.item.options]
        if self.item.na_option:
            codes.append((CANNOT_JUDGE, tr(self.item.na_option)))
        for number, (code, words) in enumerate(codes, 1):
            is_way_out = code == CANNOT_JUDGE
            key = "Alt+0" if is_way_out else f"Alt+{number}"
            text = tr("n/a") if is_way_out else str(number) if numbered else words
            tip = tr("{words} ({key} when this question is marked)").format(words=words, key=key)
            button = self._button(code, text, tip)
            button.setCheckable(True)
            button.setAccessibleName(f"{tr(self.item.text)} {words}")
            if many:
                button.clicked.connect(lambda on, code=code: self._toggled(code, on))
                grid.addWidget(button, (number - 1) // MULTI_COLUMNS, (number - 1) % MULTI_COLUMNS)
            else:
                button.clicked.connect(lambda _=False, code=code: self.answered.emit(code))
                group.addButton(button)
                grid.addWidget(button, 0, number - 1)
        return grid

    def _button(self, code: str, words: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "choice")
        button.setText(words)
        button.setToolTip(tip)
        button.setProperty("tip", tip)
        button.setAccessibleName(f"{tr(self.item.text)} {words}")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.buttons[code] = button
        return button

    # Answering ------------------------------------------------------------------------------------------------------

    def _toggled(self, code: str, on: bool) -> None:
        chosen = {other for other, button in self.buttons.items() if button.isChecked()}
        if on:
            chosen = {code} if code == NONE_OF_THEM else chosen - {NONE_OF_THEM}
        codes = [option.code for option in self.item.options if option.code in chosen]
        self.answered.emit("|".join(codes))

    def commit(self) -> None:
        """Hand over a comment if it has changed since it was last handed over."""
        if self.field is not None:
            self._pause.stop()
            text = self.field.toPlainText().strip()
            if text != self._committed and self.isEnabled() and not self._locked:
                self._committed, self._draft = text, ""
                self.answered.emit(text)

    def draft(self) -> str:
        """Return what is typed and not handed over yet."""
        if self.field is None:
            return ""
        text = self.field.toPlainText()
        return text if text.strip() != self._committed else ""

    def restore_draft(self, text: str) -> None:
        """Put half-typed text back into the field; it is handed over when the field is left."""
        if self.field is not None and text.strip() != self._committed:
            with QSignalBlocker(self.field):
                self.field.setPlainText(text)
            self._draft = text
            self._say(Given(text=text, saved=False), "")

    def choose_number(self, number: int) -> None:
        """Answer with the option of this place (1 is the first, 0 the way out)."""
        codes = list(self.buttons) if self.item.is_marked else [option.code for option in self.item.options]
        if number == 0 and CANNOT_JUDGE in self.buttons:
            self.buttons[CANNOT_JUDGE].click()
        elif 1 <= number <= len(codes):
            self.buttons[codes[number - 1]].click()

    # Showing --------------------------------------------------------------------------------------------------------

    def show_open(self, closed: str) -> None:
        """Let it be answered, or say why it cannot be."""
        if self.isEnabled() == bool(closed) or self.toolTip() != closed:
            self.setEnabled(not closed)
            self.setToolTip(closed)
            for button in self.buttons.values():
                button.setToolTip(closed or str(button.property("tip")))

    def show_given(self, given: Given, is_other: bool = True) -> None:
        """Show an answer, or none; ``is_other`` when the question is about something else than before."""
        self._locked = bool(given.locked)
        self.earlier.setText(given.earlier)
        self.earlier.setVisible(bool(given.earlier))
        self.history.setVisible(given.changes > 0)
        if is_other:
            self._draft = ""
        if self.field is not None:
            is_typing = (self.field.hasFocus() or bool(self._draft)) and not is_other
            if not is_typing and self.field.toPlainText().strip() != given.text:
                with QSignalBlocker(self.field):
                    self.field.setPlainText(given.text)
                self._committed = given.text
            if not self._draft:
                self._say(given, "" if given.text else tr("optional"))
            return
        if self.item.is_marked:
            words = mark_words(given.text)
            self.buttons["remove"].setEnabled(bool(given.text))
            self._say(given, words or tr("optional"))
            return
        codes = given.code.split("|") if self.item.type == "multi" else [given.code]
        for code, button in self.buttons.items():
            group = button.group()
            if group is not None:
                group.setExclusive(False)
            button.setChecked(code in codes)
            if group is not None:
                group.setExclusive(True)
        names = {option.code: tr(option.text) for option in self.item.options} | {CANNOT_JUDGE: tr(self.item.na_option)}
        chosen = ", ".join(names.get(code, code) for code in codes if code)
        anchors = [tr(option.text) for option in self.item.options]
        ends = f"1 {anchors[0]} … {len(anchors)} {anchors[-1]}" if self.item.type == "likert" else ""
        self._say(given, chosen or ends or ("" if self.item.required else tr("optional")))

    def _say(self, given: Given, words: str) -> None:
        mark = ""
        if given.is_given:
            if not given.saved:
                mark = tr("not saved yet: ")
            elif given.locked:
                mark = tr("Locked at {stage}: ").format(stage=given.locked)
            else:
                mark = "✓ "
        changed = " · " + tr("changed %n×", n=given.changes) if given.changes else ""
        self.status.setText(mark + (words or (tr("saved") if given.is_given else "")) + changed)
        self.status.setVisible(bool(self.status.text()))

    def show_current(self, current: bool) -> None:
        """Mark the question that the keyboard answers."""
        if self.property("current") != current:
            self.setProperty("current", current)
            self.style().unpolish(self)
            self.style().polish(self)

    def mousePressEvent(self, event: object) -> None:
        """Mark this question."""
        self.chosen.emit()
