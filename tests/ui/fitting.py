"""Finds text that is cut off and widgets that lie over each other, by walking the widgets of a window."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenuBar,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSplitterHandle,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QToolButton,
    QWidget,
)

from viewer.ui.theme import ElidedLabel


def misfits(window: QWidget) -> list[str]:
    """Return a line for everything that does not fit in ``window``, which is shown."""
    found = []
    for widget in (window, *window.findChildren(QWidget)):
        if not widget.isVisible() or widget.width() < 1:
            continue
        for complaint in (*_clipped(widget), *_outside(widget), *_overlapping(widget)):
            found.append(f"{_name(widget)} {widget.geometry().getRect()}: {complaint}")
    return found


def _name(widget: QWidget) -> str:
    text = widget.property("text") or widget.accessibleName() or widget.objectName()
    return f"{type(widget).__name__} {str(text)[:60]!r}"


def _room(metrics: QFontMetrics, text: str) -> int:
    shown = text.replace("&&", "\0").replace("&", "").replace("\0", "&")
    return max((metrics.horizontalAdvance(line) for line in shown.split("\n")), default=0)


def _clipped(widget: QWidget) -> Iterator[str]:
    metrics = widget.fontMetrics()
    if isinstance(widget, ElidedLabel):
        if widget.text() != widget.words and widget.toolTip() != widget.words:
            yield "is shortened and the whole of it is nowhere"
        if widget.height() < metrics.height():
            yield f"is {widget.height()} high and needs {metrics.height()}"
    elif isinstance(widget, QLabel):
        if widget.text() and widget.textFormat() != Qt.TextFormat.RichText:
            yield from _clipped_label(widget)
    elif isinstance(widget, QCheckBox):
        option = QStyleOptionButton()
        widget.initStyleOption(option)
        box = widget.style().subElementRect(QStyle.SubElement.SE_CheckBoxContents, option, widget)
        yield from _too_narrow(box.width(), _room(metrics, widget.text()))
    elif isinstance(widget, QPushButton | QToolButton):
        yield from _too_small(widget, _needs(widget))
    elif isinstance(widget, QComboBox):
        combo = QStyleOptionComboBox()
        widget.initStyleOption(combo)
        field = widget.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, combo, QStyle.SubControl.SC_ComboBoxEditField, widget
        )
        longest = max((_room(metrics, widget.itemText(row)) for row in range(widget.count())), default=0)
        yield from _too_narrow(field.width(), longest)
        if widget.height() < metrics.height():
            yield f"is {widget.height()} high and needs {metrics.height()}"
    elif isinstance(widget, QLineEdit):
        yield from _too_narrow(widget.contentsRect().width() - 8, _room(metrics, widget.placeholderText()))
    elif isinstance(widget, QProgressBar) and widget.isTextVisible():
        yield from _too_small(widget, QSize(_room(metrics, widget.text()), metrics.height()))
    elif isinstance(widget, QMenuBar):
        needed = sum(widget.actionGeometry(action).width() for action in widget.actions())
        yield from _too_narrow(widget.width(), needed)


def _needs(button: QAbstractButton) -> QSize:
    # Letters and a hairline of border; what the style adds for comfort may be squeezed.
    metrics = button.fontMetrics()
    return QSize(_room(metrics, button.text()) + 4, metrics.height() + 2)


def _clipped_label(label: QLabel) -> Iterator[str]:
    inside = label.contentsRect()
    if label.wordWrap():
        needed = label.heightForWidth(label.width())
        if needed > label.height() + 1:
            yield f"is {label.height()} high and needs {needed}"
        longest = max((_room(label.fontMetrics(), word) for word in label.text().split()), default=0)
        yield from _too_narrow(inside.width(), longest)
    else:
        hint = label.sizeHint()
        if label.toolTip() != label.text():
            yield from _too_narrow(label.width(), hint.width())
        if label.height() < label.fontMetrics().height():
            yield f"is {label.height()} high and needs {label.fontMetrics().height()}"


def _too_narrow(has: int, needs: int) -> Iterator[str]:
    if has + 1 < needs:
        yield f"has {has} pixels of width for text of {needs}"


def _too_small(widget: QWidget, needs: QSize) -> Iterator[str]:
    yield from _too_narrow(widget.width(), needs.width())
    if widget.height() < needs.height():
        yield f"is {widget.height()} high and needs {needs.height()}"


def _outside(widget: QWidget) -> Iterator[str]:
    parent = widget.parentWidget()
    if parent is None or widget.isWindow() or _scrolls(parent):
        return
    if not parent.rect().contains(widget.geometry()):
        yield f"reaches out of its parent of {parent.width()} × {parent.height()}"


def _scrolls(viewport: QWidget) -> bool:
    area = viewport.parentWidget()
    return isinstance(area, QAbstractScrollArea) and area.viewport() is viewport


def _overlapping(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QAbstractScrollArea) and not isinstance(widget, QScrollArea):
        return
    children = [
        child
        for child in widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        # A splitter's handle reaches over its neighbours so that it can be caught.
        if child.isVisible() and not child.isWindow() and not isinstance(child, QSplitterHandle)
    ]
    for number, one in enumerate(children):
        for other in children[number + 1 :]:
            both: QRect = one.geometry().intersected(other.geometry())
            if both.width() > 1 and both.height() > 1:
                yield f"{_name(one)} lies over {_name(other)} at {both.getRect()}"


def place_in(window: QWidget, widget: QWidget) -> QRect:
    """Return where ``widget`` lies in ``window``."""
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
