"""The series that were found, by study: picture, description, size, and a badge when something is odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QImage, QKeyEvent, QPainter, QPen, QPixmap, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QComboBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.load_report import SEVERE, plane_text, series_title, study_numbers, study_title
from viewer.core.said import said
from viewer.core.words import tr
from viewer.ui import theme
from viewer.ui.series_menu import ChoosesBeside, Index, SeriesMenu
from xai.imaging.series import Series

THUMBNAIL = 56
PAD = 5
_ENTRY = Qt.ItemDataRole.UserRole
_OWN_KEYS = frozenset({
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End,
    Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Return, Qt.Key.Key_Enter,
})  # fmt: skip
"""Keys that walk through the list while it has the focus; otherwise they go through the slices."""


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """One series of the list, in words.

    Parameters
    ----------
    study : str
        The heading that it stands under.
    title : str
    details : tuple of str
        Lines under the title.
    problems : tuple of str
        Shown behind the badge.
    is_severe : bool
        Whether something of it cannot be read.
    """

    study: str
    title: str
    details: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    is_severe: bool = False
    misread: int = 0
    """Slices of a case of a training run whose answer is not their label."""
    aside: str = ""
    """Stands at the right of the title, which then keeps to one line."""


def series_entries(series: Sequence[Series]) -> list[SeriesEntry]:
    """Return the entries of a catalogue's series."""
    entries = []
    for one, study in zip(series, study_numbers(series), strict=True):
        slices, rows, columns = one.geometry.shape
        count = tr("1 slice") if slices == 1 else tr("{count} slices").format(count=slices)
        entries.append(
            SeriesEntry(
                study_title(study),
                series_title(one),
                (_joined(count, plane_text(one)), _joined(f"{rows} × {columns}", one.info.modality or "")),
                tuple(said(problem.message) for problem in one.problems),
                any(problem.code in SEVERE for problem in one.problems),
            )
        )
    return entries


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


class SeriesTree(ChoosesBeside, QTreeWidget):
    """Series under their studies. Series are counted through all studies, in the order of the entries."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._series: list[QTreeWidgetItem] = []
        self.menu = SeriesMenu(self)
        self.setAccessibleName(tr("Series"))
        self.setHeaderHidden(True)
        self.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self.setItemDelegate(_Painter(self))
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_entries(self, entries: Sequence[SeriesEntry]) -> None:
        """Show these series; a heading for each study where there are several."""
        self.clear()
        self._series = []
        several = len({entry.study for entry in entries}) > 1
        for study, members in groupby(entries, key=lambda entry: entry.study):
            items = [_series_item(entry) for entry in members]
            self._series += items
            if not several:
                self.addTopLevelItems(items)
                continue
            count = tr("1 series") if len(items) == 1 else tr("{count} series").format(count=len(items))
            heading = QTreeWidgetItem([f"{study} · {count}"])
            heading.setToolTip(0, heading.text(0))
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            heading.addChildren(items)
            self.addTopLevelItem(heading)
            heading.setExpanded(True)

    def count(self) -> int:
        """Return the number of series."""
        return len(self._series)

    def item(self, number: int) -> QTreeWidgetItem:
        """Return the item of a series; `IndexError` when there is none."""
        return self._series[number]

    def number_of(self, item: QTreeWidgetItem | None) -> int:
        """Return the number of an item's series; -1 for a study."""
        return next((n for n, one in enumerate(self._series) if one is item), -1)

    def number_at(self, index: Index) -> int:
        """Return the number of the series in a row; -1 for a study."""
        return self.number_of(self.itemFromIndex(index))

    def show_current(self, number: int) -> None:
        """Mark a series and make it visible; none for -1."""
        if not 0 <= number < len(self._series):
            self.clearSelection()
            return
        item = self.item(number)
        # Under a study that was folded away it could not be seen.
        study = item.parent()
        if study is not None:
            study.setExpanded(True)
        self.setCurrentItem(item)
        self.scrollToItem(item)

    def event(self, event: QEvent) -> bool:
        """Keep the keys that walk through the list from going through the slices."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if plain and event.key() in _OWN_KEYS:
                event.accept()
                return True
        return super().event(event)


class SeriesPanel(QWidget):
    """Shows the entries; ``chosen`` is the user's wish to open one."""

    chosen = Signal(int)
    entered = Signal()
    """A series was chosen with Enter: the keyboard may go back to the picture."""
    orderChosen = Signal(int)
    """The user's wish for the cases of a run to be listed in this one of the orders that are shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = SeriesTree()
        self.list.itemClicked.connect(self._clicked)
        self.list.itemActivated.connect(self._activated)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.GAP, theme.GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.heading = theme.heading(tr("Series"))
        self.summary = theme.muted()
        self.order = QComboBox()
        self.order.setAccessibleName(tr("Order of the cases"))
        self.order.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.order.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.order.activated.connect(self.orderChosen)
        for widget in (self.heading, self.summary, self.order):
            column.addWidget(widget)
        column.addWidget(self.list, 1)
        self.show_orders("", ())
        self.hint = theme.muted(tr("Open a folder (Ctrl+O), or drop one here."))
        column.addWidget(self.hint)

    def show_entries(self, entries: Sequence[SeriesEntry]) -> None:
        """Show these series, none of them chosen."""
        self.list.show_entries(entries)
        self.hint.setVisible(not entries)

    def show_orders(self, summary: str, orders: Sequence[str], chosen: int = 0, tip: str = "") -> None:
        """Be the list of cases of a run, in one of ``orders``; without orders it is the list of series."""
        is_run = bool(orders)
        self.heading.setText(tr("Cases") if is_run else tr("Series"))
        self.list.setAccessibleName(self.heading.text())
        self.summary.setText(summary)
        if [self.order.itemText(row) for row in range(self.order.count())] != list(orders):
            self.order.clear()
            self.order.addItems(list(orders))
        self.order.setCurrentIndex(chosen)
        self.order.setToolTip(tip)
        for widget in (self.summary, self.order):
            widget.setVisible(is_run)

    def show_chosen(self, index: int) -> None:
        """Mark the series that is open."""
        self.list.show_current(index)

    def show_thumbnail(self, index: int, pixels: NDArray[np.uint32]) -> None:
        """Give an entry its picture (h, w) of ``0xffRRGGBB``."""
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        ratio = self.devicePixelRatioF()
        side = round(THUMBNAIL * ratio)
        fitted = image.scaled(
            side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        square = QPixmap(side, side)
        square.fill(Qt.GlobalColor.black)
        painter = QPainter(square)
        painter.drawImage((side - fitted.width()) // 2, (side - fitted.height()) // 2, fitted)
        painter.end()
        square.setDevicePixelRatio(ratio)
        self.list.item(index).setIcon(0, QIcon(square))

    def show_no_thumbnail(self, index: int, why: str) -> None:
        """Say of an entry why it has no picture."""
        item = self.list.item(index)
        if why not in item.toolTip(0):
            item.setToolTip(0, f"{item.toolTip(0)}\n{why}")

    def _clicked(self, item: QTreeWidgetItem) -> None:
        number = self.list.number_of(item)
        if number < 0:
            item.setExpanded(not item.isExpanded())
        else:
            self.chosen.emit(number)

    def _activated(self, item: QTreeWidgetItem) -> None:
        # Where the desktop activates by a click, the click has done it already.
        number = self.list.number_of(item)
        if number >= 0:
            self.chosen.emit(number)
            if self.list.hasFocus():
                self.entered.emit()
        elif self.list.hasFocus():
            item.setExpanded(not item.isExpanded())


def _series_item(entry: SeriesEntry) -> QTreeWidgetItem:
    title = f"{entry.title} · {entry.aside}" if entry.aside else entry.title
    item = QTreeWidgetItem(["\n".join([title, *entry.details])])
    item.setData(0, _ENTRY, entry)
    tip = [title, " · ".join(entry.details), *(f"⚠ {problem}" for problem in entry.problems)]
    item.setToolTip(0, "\n".join(tip))
    item.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, "\n".join(entry.problems))
    return item


class _Painter(QStyledItemDelegate):
    """Draws a study's heading and a series' picture, badge and words."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        lines = option.fontMetrics.height()
        if not isinstance(index.data(_ENTRY), SeriesEntry):
            return QSize(100, lines + 2 * PAD)
        return QSize(100, max(THUMBNAIL, 4 * lines) + 2 * PAD)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry = index.data(_ENTRY)
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_back(painter, option, isinstance(entry, SeriesEntry))
        if isinstance(entry, SeriesEntry):
            place = QRect(rect.left() + PAD, rect.top() + (rect.height() - THUMBNAIL) // 2, THUMBNAIL, THUMBNAIL)
            icon = index.data(Qt.ItemDataRole.DecorationRole)
            if isinstance(icon, QIcon) and not icon.isNull():
                icon.paint(painter, place)
            else:
                painter.fillRect(place, theme.RAISED)
            if entry.problems:
                _paint_badge(painter, place, entry, option.font)
            self._paint_words(painter, option, place, entry)
        else:
            self._paint_study(painter, option, str(index.data()))
        painter.restore()

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem, is_series: bool) -> None:
        state, rect = option.state, QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected and is_series:
            painter.setBrush(_mixed(theme.ACCENT, theme.BACKGROUND, 0.3))
            painter.drawRoundedRect(rect, 4, 4)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.PANEL)
            painter.drawRoundedRect(rect, 4, 4)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.ACCENT, 1))
            painter.drawRoundedRect(rect, 4, 4)

    def _paint_words(self, painter: QPainter, option: QStyleOptionViewItem, place: QRect, entry: SeriesEntry) -> None:
        metrics, height = option.fontMetrics, option.fontMetrics.height()
        left = place.right() + 1 + 8
        width = option.rect.right() - PAD - left
        title = [entry.title] if entry.aside else _two_lines(entry.title, option.font, width)
        lines = [*title, *entry.details]
        top = option.rect.top() + (option.rect.height() - height * len(lines)) // 2
        painter.setFont(option.font)
        for number, line in enumerate(lines):
            is_told = entry.misread and number == len(lines) - 1
            painter.setPen(theme.WARNING if is_told else theme.TEXT if number < len(title) else theme.MUTED)
            room = width - (metrics.horizontalAdvance(f"  {entry.aside}") if entry.aside and not number else 0)
            words = metrics.elidedText(line, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(left, top + number * height, room, height), _IN_LINE, words)
        painter.setPen(theme.MUTED)
        painter.drawText(QRect(left, top, width, height), Qt.AlignmentFlag.AlignRight, entry.aside)

    def _paint_study(self, painter: QPainter, option: QStyleOptionViewItem, words: str) -> None:
        rect: QRect = option.rect
        middle = rect.center().y() + 0.5
        is_open = bool(option.state & QStyle.StateFlag.State_Open)
        painter.setPen(QPen(theme.MUTED, 1.4))
        x = rect.left() + PAD
        arrow = ((0, -2), (4, 2), (8, -2)) if is_open else ((2, -4), (6, 0), (2, 4))
        painter.drawPolyline([QPoint(x + dx, round(middle) + dy) for dx, dy in arrow])
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme.MUTED)
        place = rect.adjusted(PAD + 15, 0, -PAD, 0)
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, _IN_LINE, words)


_IN_LINE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def _two_lines(text: str, font: QFont, width: int) -> list[str]:
    """Break a text where its first line is full."""
    layout = QTextLayout(text, font)
    wrap = QTextOption()
    wrap.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(wrap)
    layout.beginLayout()
    first = layout.createLine()
    first.setLineWidth(width)
    length = first.textLength()
    layout.endLayout()
    return [line for line in (text[:length].strip(), text[length:].strip()) if line]


def _paint_badge(painter: QPainter, place: QRect, entry: SeriesEntry, font: QFont) -> None:
    """Draw a pill with "!" and, where there are several, their number onto the picture's lower right corner."""
    words = "!" if len(entry.problems) == 1 else f"! {len(entry.problems)}"
    small = QFont(font)
    small.setPointSizeF(max(7.0, font.pointSizeF() - 1.5))
    small.setWeight(QFont.Weight.Bold)
    painter.setFont(small)
    metrics = painter.fontMetrics()
    height = metrics.height()
    width = max(height, metrics.horizontalAdvance(words) + 8)
    pill = QRectF(place.right() - width - 1, place.bottom() - height - 1, width, height)
    painter.setPen(QPen(theme.BACKGROUND, 1.5))
    painter.setBrush(theme.FAILURE if entry.is_severe else theme.WARNING)
    painter.drawRoundedRect(pill, height / 2, height / 2)
    # Dark on the badge's bright colours, whatever the theme.
    painter.setPen(QColor(Qt.GlobalColor.black))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, words)


def _mixed(colour: QColor, ground: QColor, part: float) -> QColor:
    """Return ``part`` of a colour over a ground."""
    rest = 1 - part
    return QColor.fromRgbF(
        part * colour.redF() + rest * ground.redF(),
        part * colour.greenF() + rest * ground.greenF(),
        part * colour.blueF() + rest * ground.blueF(),
    )
