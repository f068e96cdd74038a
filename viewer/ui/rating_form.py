"""The feedback panel: questions drawn from `Item`s, answered by mouse or Alt+digit, saved as soon as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.core.items import Item
from viewer.core.words import tr
from viewer.ui import theme
from viewer.ui.menus import allow, command_tip

TYPING_PAUSE_MS = 1500
"""A comment is saved after so long without a key, and when the field is left."""
CANNOT_JUDGE = "na"


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as the form shows it: option codes, or text; ``saved`` once the store has it."""

    code: str = ""
    text: str = ""
    saved: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """Questions about one thing.

    Parameters
    ----------
    title : str
        What they are about, such as "This map: HiResCAM, slice 8".
    closed : str
        Why they cannot be answered now; empty when they can.
    """

    title: str
    items: tuple[Item, ...]
    closed: str = ""


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

    def __init__(self, item: Item, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        self.setProperty("role", "card")
        self.setAccessibleName(item.text)
        self.question = QLabel(item.text)
        self.question.setWordWrap(True)
        self.status = theme.muted(wrap=False)
        self.buttons: dict[str, QToolButton] = {}
        self.field: CommentField | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 5, 8, 5)
        column.setSpacing(3)
        column.addWidget(self.question)
        if item.type == "text":
            column.addWidget(self._text_field())
        else:
            column.addLayout(self._choices())
        column.addWidget(self.status)
        self.show_given(Given())

    def _text_field(self) -> CommentField:
        field = CommentField()
        field.setAccessibleName(self.item.text)
        field.setTabChangesFocus(True)
        field.setFixedHeight(3 * field.fontMetrics().height() + 10)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.commit)
        field.textChanged.connect(self._pause.start)
        field.left.connect(self.commit)
        self.field, self._committed = field, ""
        return field

    def _choices(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        group = QButtonGroup(self)
        numbered = self.item.type == "likert"
        codes = [(option.code, option.text) for option in self.item.options]
        if self.item.na_option:
            codes.append((CANNOT_JUDGE, self.item.na_option))
        for number, (code, words) in enumerate(codes, 1):
            button = QToolButton()
            button.setCheckable(True)
            button.setProperty("role", "choice")
            is_way_out = code == CANNOT_JUDGE
            button.setText("n/a" if is_way_out else str(number) if numbered else words)
            key = "Alt+0" if is_way_out else f"Alt+{number}"
            button.setToolTip(f"{words} ({key} when this question is marked)")
            button.setAccessibleName(f"{self.item.text} {words}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, code=code: self.answered.emit(code))
            group.addButton(button)
            row.addWidget(button)
            self.buttons[code] = button
        return row

    def commit(self) -> None:
        """Hand over a comment if it has changed since it was last handed over."""
        if self.field is not None:
            self._pause.stop()
            text = self.field.toPlainText().strip()
            if text != self._committed:
                self._committed = text
                self.answered.emit(text)

    def choose_number(self, number: int) -> None:
        """Answer with the option of this place (1 is the first, 0 the way out)."""
        codes = [option.code for option in self.item.options]
        if number == 0 and CANNOT_JUDGE in self.buttons:
            self.buttons[CANNOT_JUDGE].click()
        elif 1 <= number <= len(codes):
            self.buttons[codes[number - 1]].click()

    def show_given(self, given: Given, is_other: bool = True) -> None:
        """Show an answer, or none; ``is_other`` when the question is about something else than before."""
        if self.field is not None:
            is_typing = self.field.hasFocus() and not is_other
            if not is_typing and self.field.toPlainText().strip() != given.text:
                with QSignalBlocker(self.field):
                    self.field.setPlainText(given.text)
                self._committed = given.text
            self._say(given, "" if given.text else "optional")
            return
        words = {option.code: option.text for option in self.item.options} | {CANNOT_JUDGE: self.item.na_option}
        for code, button in self.buttons.items():
            group = button.group()
            if group is not None:
                group.setExclusive(False)
            button.setChecked(code == given.code)
            if group is not None:
                group.setExclusive(True)
        anchors = self.item.anchors
        ends = f"1 {anchors[0]} … {len(anchors)} {anchors[-1]}" if self.item.type == "likert" else ""
        self._say(given, words.get(given.code, "") if given.code else ends)

    def _say(self, given: Given, words: str) -> None:
        is_given = bool(given.code or given.text)
        mark = ("✓ " if given.saved else "not saved yet: ") if is_given else ""
        self.status.setText(mark + (words or ("saved" if is_given else "")))
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


class RatingForm(QWidget):
    """The questions of all sections, which one is marked, and who is reading."""

    answered = Signal(str, str)
    """Item id; option code, ``"na"``, or the text of a comment."""
    readerChanged = Signal(str)
    exportRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reader = QLineEdit()
        self.reader.setPlaceholderText("reader id, e.g. R03")
        self.reader.setAccessibleName("Reader id")
        self.reader.setToolTip(
            tr("A pseudonym, not a name: it is written into every row.") + "\n" + command_tip("rate.reader")
        )
        self.reader.setFixedWidth(
            self.reader.fontMetrics().horizontalAdvance(self.reader.placeholderText()) + theme.px(24)
        )
        self.reader.editingFinished.connect(lambda: self.readerChanged.emit(self.reader.text().strip()))
        self.export = QPushButton("Export…")
        self.export.setAccessibleName("Export ratings")
        self.export.setToolTip(command_tip("file.export-ratings"))
        self.export.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.export.clicked.connect(self.exportRequested)
        self.summary = theme.muted()
        self.cards: dict[str, QuestionCard] = {}
        self._titles: list[QLabel] = []
        self._reasons: list[QLabel] = []
        self._sections: tuple[Section, ...] = ()
        self._current = ""
        self._about: tuple[object, ...] = ()
        head = QHBoxLayout()
        head.addWidget(theme.heading("Feedback"), 1)
        head.addWidget(self.reader)
        head.addWidget(self.export)
        self._body = QWidget()
        self._questions = QVBoxLayout(self._body)
        self._questions.setContentsMargins(0, 0, 6, 0)
        self._questions.setSpacing(theme.GAP)
        self.scroller = QScrollArea()
        self.scroller.setWidgetResizable(True)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setWidget(self._body)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GAP, theme.GAP, theme.MARGIN, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addLayout(head)
        column.addWidget(self.summary)
        column.addWidget(self.scroller, 1)

    def build(self, sections: Sequence[Section]) -> None:
        """Make the questions' widgets, once."""
        for section in sections:
            title, reason = theme.heading(section.title), theme.muted()
            self._questions.addWidget(title)
            self._questions.addWidget(reason)
            self._titles.append(title)
            self._reasons.append(reason)
            for item in section.items:
                card = QuestionCard(item)
                card.answered.connect(lambda code, key=item.id: self._answer(key, code))
                card.chosen.connect(lambda key=item.id: self.mark(key))
                self.cards[item.id] = card
                self._questions.addWidget(card)
        self._questions.addStretch(1)
        self.show_sections(sections)
        self.mark(next(iter(self.cards), ""))

    def show_sections(self, sections: Sequence[Section]) -> None:
        """Show what the sections are about now and whether they can be answered."""
        self._sections = tuple(sections)
        for title, reason, section in zip(self._titles, self._reasons, sections, strict=True):
            title.setText(section.title)
            reason.setText(section.closed)
            reason.setVisible(bool(section.closed))
            for item in section.items:
                allow(self.cards[item.id], section.closed)

    def show_answers(self, answers: Mapping[str, Given], about: tuple[object, ...]) -> None:
        """Show these answers; questions without one are shown open.

        While ``about`` stays the same, a comment that is being typed is left alone.
        """
        is_other = about != self._about
        self._about = about
        for key, card in self.cards.items():
            card.show_given(answers.get(key, Given()), is_other)
        asked = [item for section in self._sections if not section.closed for item in section.items if item.required]
        left = sum(1 for item in asked if item.id not in answers)
        waiting = any(not given.saved for given in answers.values())
        words = f"{left} of {len(asked)} questions open" if left else "all questions answered" if asked else ""
        self.summary.setText(f"{words}{' · saving' if waiting else ''}")
        self.summary.setVisible(bool(words))

    def commit(self) -> None:
        """Hand over a comment that is still being typed."""
        for card in self.cards.values():
            card.commit()

    # The marked question --------------------------------------------------------------------------------------------

    @property
    def current(self) -> str:
        """Item id of the marked question."""
        return self._current

    def mark(self, item_id: str) -> None:
        """Mark a question: Alt+digit answers it."""
        self._current = item_id
        for key, card in self.cards.items():
            card.show_current(key == item_id)
        if item_id in self.cards:
            self.scroller.ensureWidgetVisible(self.cards[item_id], 0, 12)

    def step(self, by: int) -> None:
        """Mark the next or the previous question that can be answered; a comment field takes the cursor."""
        self.commit()
        keys = [key for key, card in self.cards.items() if card.isEnabled()]
        if not keys:
            return
        place = keys.index(self._current) + by if self._current in keys else 0
        self.mark(keys[place % len(keys)])
        field = self.cards[self._current].field
        if field is not None:
            field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif isinstance(self.focusWidget(), CommentField):
            self.focusWidget().clearFocus()

    def answer_current(self, number: int) -> None:
        """Answer the marked question with its option of this place; 0 is the way out."""
        card = self.cards.get(self._current)
        if card is not None and card.isEnabled():
            card.choose_number(number)

    def _answer(self, item_id: str, code: str) -> None:
        self.mark(item_id)
        self.answered.emit(item_id, code)
