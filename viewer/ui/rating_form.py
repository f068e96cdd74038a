"""The feedback panel: questions drawn from `Item`s, answered by mouse or Alt+digit, saved as soon as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.core.items import Item
from viewer.core.words import tr
from viewer.ui import theme
from viewer.ui.menus import command_tip
from viewer.ui.question_card import CommentField, Given, QuestionCard
from viewer.ui.stage_bar import StageBar

__all__ = ["CommentField", "Given", "QuestionCard", "RatingForm", "Section"]


@dataclass(frozen=True, slots=True)
class Section:
    """Questions about one thing.

    Parameters
    ----------
    title : str
        What they are about, such as "This map: HiResCAM, slice 8".
    items : tuple of Item
        Those that are asked now, among those the form was built with; none hides the section.
    closed : str
        Why they cannot be answered now; empty when they can.
    places : mapping
        Item id to the name of the question as it stands on screen; what is typed is kept under it.
    """

    title: str
    items: tuple[Item, ...]
    closed: str = ""
    places: Mapping[str, str] | None = None


class RatingForm(QWidget):
    """The questions of all sections, which one is marked, and who is reading."""

    answered = Signal(str, str)
    """Item id; option codes joined by ``|``, ``"na"``, the text of a comment, or the GeoJSON of a mark."""
    readerChanged = Signal(str)
    exportRequested = Signal()
    fullRequested = Signal(bool)
    """Ask everything, or the short form."""
    markRequested = Signal(str)
    """Item id of a question that is answered in the picture."""
    historyRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reader = QLineEdit()
        self.reader.setPlaceholderText(tr("reader id, e.g. R03"))
        self.reader.setAccessibleName(tr("Reader id"))
        self.reader.setToolTip(
            tr("A pseudonym, not a name: it is written into every row.") + "\n" + command_tip("rate.reader")
        )
        self.reader.setFixedWidth(
            self.reader.fontMetrics().horizontalAdvance(self.reader.placeholderText()) + theme.px(24)
        )
        self.reader.editingFinished.connect(lambda: self.readerChanged.emit(self.reader.text().strip()))
        self.export = QPushButton(tr("Export…"))
        self.export.setAccessibleName(tr("Export ratings"))
        self.export.setToolTip(command_tip("file.export-ratings"))
        self.export.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.export.clicked.connect(self.exportRequested)
        self.full = QCheckBox(tr("All questions"))
        self.full.setToolTip(tr("Ask everything, also about the slice, or the short form (Ctrl+Shift+Q)"))
        self.full.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.full.clicked.connect(self.fullRequested)
        self.summary = theme.ElidedLabel()
        self.summary.setProperty("role", "muted")
        self.next_open = QToolButton()
        self.next_open.setText(tr("Next open"))
        self.next_open.setToolTip(tr("Go to the next question without an answer (Ctrl+J)"))
        self.next_open.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.next_open.clicked.connect(self.step_to_open)
        self.stages = StageBar()
        self.cards: dict[str, QuestionCard] = {}
        self._titles: list[QLabel] = []
        self._reasons: list[QLabel] = []
        self._sections: tuple[Section, ...] = ()
        self._answers: Mapping[str, Given] = {}
        self._drafts: dict[str, str] = {}
        self._current = ""
        head = QHBoxLayout()
        head.addWidget(theme.heading(tr("Feedback")), 1)
        head.addWidget(self.reader)
        head.addWidget(self.export)
        line = QHBoxLayout()
        line.addWidget(self.summary, 1)
        line.addWidget(self.next_open)
        line.addWidget(self.full)
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
        column.addWidget(self.stages)
        column.addLayout(line)
        column.addWidget(self.scroller, 1)

    def build(self, sections: Sequence[Section]) -> None:
        """Make the widgets of every question that may ever be asked, once."""
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
                card.markRequested.connect(lambda key=item.id: self._ask_for_mark(key))
                card.historyRequested.connect(lambda key=item.id: self.historyRequested.emit(key))
                self.cards[item.id] = card
                self._questions.addWidget(card)
        self._questions.addStretch(1)
        self.show_sections(sections)
        self.mark(next(iter(self.cards), ""))

    def show_sections(self, sections: Sequence[Section]) -> None:
        """Show what the sections are about now, what is asked in them and whether it can be answered."""
        self._sections = tuple(sections)
        asked = set()
        for title, reason, section in zip(self._titles, self._reasons, sections, strict=True):
            title.setText(section.title)
            title.setVisible(bool(section.items))
            reason.setText(section.closed)
            reason.setVisible(bool(section.closed and section.items))
            for item in section.items:
                asked.add(item.id)
                self.cards[item.id].show_open(section.closed)
        for key, card in self.cards.items():
            card.setVisible(key in asked)

    def show_full(self, full: bool) -> None:
        """Show which form it is."""
        with QSignalBlocker(self.full):
            self.full.setChecked(full)

    def show_answers(self, answers: Mapping[str, Given]) -> None:
        """Show these answers; questions without one are shown open.

        While a question stays at the same place (`Section.places`), a comment that is being typed is left alone.
        """
        self._answers = answers
        places: dict[str, str] = {}
        for section in self._sections:
            places |= section.places or {}
        for key, card in self.cards.items():
            place = places.get(key, "")
            card.show_given(answers.get(key, Given()), place != card.place)
            card.place = place
            draft = self._drafts.pop(place, "") if card.isEnabled() and place else ""
            if draft:
                card.restore_draft(draft)
        required = [item for item in self._open_items() if item.required]
        left = [item for item in required if not self._is_answered(item)]
        waiting = any(not given.saved for given in answers.values())
        words = ""
        if left:
            words = tr("{left} of {asked} still open").format(left=len(left), asked=len(required))
        elif required:
            words = tr("all answered")
        self.summary.show_words(words + (tr(" · saving") if waiting else ""))
        self.next_open.setEnabled(bool(left))
        self.next_open.setToolTip(
            tr("Go to the next question without an answer (Ctrl+J)") if left else tr("Every question has an answer")
        )

    def _open_items(self) -> list[Item]:
        return [item for section in self._sections if not section.closed for item in section.items]

    def _is_answered(self, item: Item) -> bool:
        return self._answers.get(item.id, Given()).is_given

    def commit(self) -> None:
        """Hand over a comment that is still being typed."""
        for card in self.cards.values():
            card.commit()

    # Half-typed comments --------------------------------------------------------------------------------------------

    def drafts(self) -> dict[str, str]:
        """Return what is typed and not saved yet, by the name of its question (`Section.places`)."""
        typed = {card.place: card.draft() for card in self.cards.values() if card.place}
        return self._drafts | {place: text for place, text in typed.items() if text}

    def restore_drafts(self, drafts: Mapping[str, str]) -> None:
        """Put half-typed comments back as soon as their question is on screen; they are not saved by that."""
        self._drafts |= {place: text for place, text in drafts.items() if text.strip()}
        self.show_answers(self._answers)

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
        """Mark the next or the previous question that can be answered, whether it has an answer or not."""
        self.commit()
        keys = [item.id for item in self._open_items()]
        if keys:
            place = keys.index(self._current) + by if self._current in keys else 0
            self._go_to(keys[place % len(keys)])

    def step_to_open(self) -> None:
        """Mark the next question that asks for an answer and has none, after the marked one, going round."""
        self.commit()
        items = self._open_items()
        keys = [item.id for item in items]
        start = keys.index(self._current) + 1 if self._current in keys else 0
        ordered = [*items[start:], *items[:start]]
        found = next((item for item in ordered if item.required and not self._is_answered(item)), None)
        if found is not None:
            self._go_to(found.id)

    def _go_to(self, item_id: str) -> None:
        """Mark a question; a comment field takes the cursor."""
        self.mark(item_id)
        field = self.cards[item_id].field
        if field is not None:
            field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif isinstance(self.focusWidget(), CommentField):
            self.focusWidget().clearFocus()

    def answer_current(self, number: int) -> None:
        """Answer the marked question with its option of this place; 0 is the way out."""
        card = self.cards.get(self._current)
        if card is not None and card.isEnabled() and not card.isHidden():
            card.choose_number(number)

    def ask_for_mark(self) -> None:
        """Start marking in the picture for the marked question, or for the first one that is answered there."""
        items = [item for item in self._open_items() if item.is_marked]
        chosen = next((item for item in items if item.id == self._current), items[0] if items else None)
        if chosen is not None:
            self._ask_for_mark(chosen.id)

    @property
    def can_mark(self) -> bool:
        """Whether a question is open that is answered in the picture."""
        return any(item.is_marked for item in self._open_items())

    def _ask_for_mark(self, item_id: str) -> None:
        self.mark(item_id)
        self.markRequested.emit(item_id)

    def _answer(self, item_id: str, code: str) -> None:
        self.mark(item_id)
        self.answered.emit(item_id, code)
