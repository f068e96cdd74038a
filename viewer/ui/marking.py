"""Marks on the picture as answers: drawn over the views, set by a drag, a click, or the arrow keys and Enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from viewer.core.items import Item
from viewer.core.marks import Mark, Position, geometry_text, mark_of, to_shown, to_stored
from viewer.core.words import tr
from viewer.ui.slice_view import SliceView
from viewer.ui.theme import dark as theme

CLICK_PIXELS = 4.0
"""A drag shorter than this on the screen is a click."""
BIG_STEP = 10
CROSS = 7.0
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_SET = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True, slots=True)
class ShownMark:
    """A mark that was set.

    Parameters
    ----------
    text : str
        Its GeoJSON, in stored coordinates.
    label : str
        What is written beside it.
    is_earlier : bool
        Set at an earlier stage; drawn with a broken line.
    """

    text: str
    label: str = ""
    is_earlier: bool = False


class MarkLayer(QWidget):
    """Lies over one view and paints marks in its coordinates; the mouse goes through it."""

    def __init__(self, view: SliceView) -> None:
        super().__init__(view)
        self._view = view
        self.marks: tuple[ShownMark, ...] = ()
        self.draft: Mark | None = None
        """The mark being made, in picture coordinates."""
        self.cursor_at: Position | None = None
        self.banner = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVisible(False)
        view.resized.connect(self.fit)

    def fit(self) -> None:
        """Cover the view."""
        self.setGeometry(self._view.rect())

    def show_all(self, marks: tuple[ShownMark, ...], draft: Mark | None, cursor: Position | None, banner: str) -> None:
        """Show these; the layer is there only while there is something on it."""
        if (marks, draft, cursor, banner) == (self.marks, self.draft, self.cursor_at, self.banner):
            return
        self.marks, self.draft, self.cursor_at, self.banner = marks, draft, cursor, banner
        self.fit()
        self.setVisible(bool(marks or draft or cursor or banner))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint marks, the one being made, the cursor, and what to do."""
        picture = self._view.picture
        if picture is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for shown in self.marks:
            mark = mark_of(shown.text)
            if mark is not None:
                self._paint(painter, to_shown(mark, picture.geometry), shown.label, shown.is_earlier)
        if self.draft is not None:
            self._paint(painter, self.draft, "", False)
        if self.cursor_at is not None:
            self._paint(painter, Mark.at(*self.cursor_at), "", False)
        if self.banner:
            self._paint_banner(painter)

    def _paint(self, painter: QPainter, mark: Mark, label: str, is_earlier: bool) -> None:
        left, top, right, bottom = mark.box
        start, end = self._view.view_position(left, top), self._view.view_position(right, bottom)
        style = Qt.PenStyle.DashLine if is_earlier else Qt.PenStyle.SolidLine
        # A dark edge keeps the line visible on bright fat.
        for colour, width in ((QColor(0, 0, 0, 190), 3.6), (theme.ACCENT, 1.6)):
            painter.setPen(QPen(colour, width, style if width < 2 else Qt.PenStyle.SolidLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if mark.is_point:
                painter.drawEllipse(start, CROSS, CROSS)
                for right_by, down_by in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    tip = QPointF(right_by * CROSS, down_by * CROSS)
                    painter.drawLine(start + tip * 0.5, start + tip * 1.7)
            else:
                painter.drawRect(QRectF(start, end))
        if label:
            corner = QPointF(start.x(), start.y() - 5) if not mark.is_point else start + QPointF(CROSS + 5, -CROSS)
            painter.setPen(QColor(0, 0, 0, 210))
            for right_by, down_by in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                painter.drawText(corner + QPointF(right_by, down_by), label)
            painter.setPen(theme.ACCENT)
            painter.drawText(corner, label)

    def _paint_banner(self, painter: QPainter) -> None:
        metrics = QFontMetricsF(painter.font())
        text = metrics.elidedText(self.banner, Qt.TextElideMode.ElideRight, self.width() - 60)
        width = metrics.horizontalAdvance(text) + 24
        box = QRectF((self.width() - width) / 2, 4.5 * metrics.height(), width, metrics.height() + 10)
        painter.setPen(QPen(theme.ACCENT, 1))
        painter.setBrush(theme.RAISED)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(theme.TEXT)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


class Marking(QObject):
    """Lets the reader mark a place or an area in any of the views. Zooming, panning and scrolling go on meanwhile.

    Parameters
    ----------
    views : sequence of SliceView
        All of them show the same slice.
    """

    marked = Signal(str, str)
    """Item id and the mark's GeoJSON in stored coordinates."""
    activeChanged = Signal(bool)

    def __init__(self, views: Sequence[SliceView], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views = tuple(views)
        self.layers = tuple(MarkLayer(view) for view in views)
        self._item: Item | None = None
        self._marks: tuple[ShownMark, ...] = ()
        self._corner: Position | None = None
        self._cursor: Position | None = None
        self._pressed: QPointF | None = None
        self._slice: object = None

    @property
    def is_active(self) -> bool:
        """Whether a mark is being made."""
        return self._item is not None

    def start(self, item: Item) -> None:
        """Let the reader answer ``item`` in the picture; the keyboard goes there."""
        view = next((one for one in self._views if one.hasFocus() and one.picture is not None), self._views[0])
        if view.picture is None or not item.is_marked:
            return
        if self._item is None:
            for one in self._views:
                one.installEventFilter(self)
        self._item, self._corner, self._pressed = item, None, None
        column, row = view.picture_position(QPointF(view.rect().center()))
        self._cursor = self._inside(view, round(column), round(row))
        view.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show()
        self.activeChanged.emit(True)

    def stop(self) -> None:
        """Leave without a mark."""
        if self._item is not None:
            for view in self._views:
                view.removeEventFilter(self)
            self._item = self._corner = self._cursor = self._pressed = None
            self._show()
            self.activeChanged.emit(False)

    def show_marks(self, marks: Sequence[ShownMark], about: object) -> None:
        """Show the marks of the slice on screen; ``about`` names it: a corner set on another slice is dropped."""
        self._marks = tuple(marks)
        if about != self._slice:
            self._slice, self._corner, self._pressed = about, None, None
        self._show()

    def _show(self, draft: Mark | None = None) -> None:
        if draft is None and self._corner is not None and self._cursor is not None:
            draft = Mark(self._corner, self._cursor)
        for view, layer in zip(self._views, self.layers, strict=True):
            # Every view draws every frame: what is not seen is not asked.
            banner = self._banner() if view.isVisible() else ""
            layer.show_all(self._marks, draft, self._cursor, banner)

    def _banner(self) -> str:
        if self._item is None:
            return ""
        if self._item.type == "point":
            return tr("Click the place, or move with the arrows and press Enter. Esc leaves.")
        if self._corner is not None:
            return tr("Move to the opposite corner and press Enter. Esc leaves.")
        return tr("Drag a box or click a place, or use the arrows and Enter. Esc leaves.")

    # Mouse and keyboard ---------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the left button and the keys that set a mark; all else goes on to the view."""
        if self._item is None or not isinstance(watched, SliceView) or watched.picture is None:
            return False
        if isinstance(event, QMouseEvent):
            return self._mouse(watched, event)
        if isinstance(event, QKeyEvent):
            return self._key(watched, event)
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            away = event.reason() != Qt.FocusReason.ActiveWindowFocusReason
            if away and QApplication.focusWidget() not in self._views:
                self.stop()
        return False

    def _mouse(self, view: SliceView, event: QMouseEvent) -> bool:
        kind, at = event.type(), event.position()
        if kind == QEvent.Type.MouseButtonDblClick:
            return True
        if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._corner, self._cursor = at, None, None
            return True
        if self._pressed is None:
            return False
        start = self._inside(view, *view.picture_position(self._pressed))
        end = self._inside(view, *view.picture_position(at))
        is_click = (at - self._pressed).manhattanLength() < CLICK_PIXELS or (
            self._item is not None and self._item.type == "point"
        )
        mark = Mark(end, end) if is_click else Mark(start, end)
        if kind == QEvent.Type.MouseMove:
            self._show(mark)
            return True
        if kind == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
            self._set(view, mark)
            return True
        return False

    def _key(self, view: SliceView, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if not plain or (key not in _STEPS and key not in _SET and key != Qt.Key.Key_Escape):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            # Otherwise the window's shortcuts (next slice, stop) would come first.
            event.accept()
            return True
        if event.type() != QEvent.Type.KeyPress:
            return True
        if key == Qt.Key.Key_Escape:
            self.stop()
        elif key in _STEPS:
            by = BIG_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            column, row = self._cursor or self._middle(view)
            right, down = _STEPS[key]
            self._cursor = self._inside(view, column + by * right, row + by * down)
            self._show()
        else:
            self._enter(view)
        return True

    def _enter(self, view: SliceView) -> None:
        cursor = self._cursor or self._middle(view)
        if self._item is not None and self._item.type == "box" and self._corner is None:
            self._corner = self._cursor = cursor
            self._show()
        else:
            self._set(view, Mark(self._corner or cursor, cursor))

    def _middle(self, view: SliceView) -> Position:
        column, row = view.picture_position(QPointF(view.rect().center()))
        return self._inside(view, round(column), round(row))

    def _inside(self, view: SliceView, column: float, row: float) -> Position:
        rows, columns = view.picture.pixels.shape if view.picture is not None else (1, 1)
        return min(max(column, 0.0), columns - 1.0), min(max(row, 0.0), rows - 1.0)

    def _set(self, view: SliceView, mark: Mark) -> None:
        item, picture = self._item, view.picture
        if item is not None and picture is not None:
            self.stop()
            self.marked.emit(item.id, geometry_text(to_stored(mark, picture.geometry)))
