"""Mouse and keyboard of whoever drives the window without being there: events only, and waiting for signals."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import (
    QCoreApplication,
    QEventLoop,
    QMimeData,
    QObject,
    QPoint,
    QPointF,
    Qt,
    QTimer,
    QUrl,
    SignalInstance,
)
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

STEP_SECONDS = 90.0
"""How long one thing may take before the run is given up."""


class TooLongError(Exception):
    """Something that was waited for did not come; the message says what."""


class Hands(QObject):
    """Sends events to ``window`` and writes down what was done.

    Parameters
    ----------
    window : QWidget
        The window that is driven.
    out : Path
        Folder for screenshots and the log.
    """

    def __init__(self, window: QWidget, out: Path) -> None:
        super().__init__()
        self._window = window
        self._out = out
        self._start = time.monotonic()
        self.log: list[str] = []

    def turn_to(self, window: QWidget) -> None:
        """Drive ``window`` from now on."""
        self._window = window

    def note(self, text: str) -> None:
        """Write a line into the log."""
        self.log.append(f"{time.monotonic() - self._start:7.2f} s  {text}")

    def wait(self, what: str, is_there: Callable[[], bool], *signals: SignalInstance) -> None:
        """Wait until ``is_there()``, looking again whenever one of ``signals`` comes.

        Raises
        ------
        TooLongError
            After `STEP_SECONDS`.
        """
        QCoreApplication.processEvents()
        if is_there():
            return
        loop = QEventLoop()
        look = lambda *_: loop.exit(0) if is_there() else None  # noqa: E731
        give_up = QTimer(singleShot=True, interval=round(1000 * STEP_SECONDS))
        give_up.timeout.connect(lambda: loop.exit(1))
        give_up.start()
        for signal in signals:
            signal.connect(look)
        failed = loop.exec()
        for signal in signals:
            signal.disconnect(look)
        if failed:
            raise TooLongError(f"waited {STEP_SECONDS:g} s in vain for {what}")
        self.note(what)

    def press(self, keys: str, widget: QWidget | None = None) -> None:
        """Press a shortcut such as ``"Ctrl+E"`` in the active window."""
        self.note(f"key {keys}")
        combination = QKeySequence.fromString(keys)[0]  # type: ignore[index]  # missing in the stubs
        QTest.keyClick(widget or self._focus(), combination.key(), combination.keyboardModifiers())
        QCoreApplication.processEvents()

    def hold(self, key: Qt.Key) -> None:
        """Press a key and keep it down."""
        self.note(f"hold {QKeySequence(key).toString()}")
        QTest.keyPress(self._focus(), key)
        QCoreApplication.processEvents()

    def let_go(self, key: Qt.Key) -> None:
        """Release a key that was held."""
        QTest.keyRelease(self._focus(), key)
        QCoreApplication.processEvents()

    def type(self, text: str) -> None:
        """Type into whatever has the keyboard."""
        self.note(f"type {text!r}")
        QTest.keyClicks(self._focus(), text)
        QCoreApplication.processEvents()

    def _focus(self) -> QWidget:
        return QApplication.focusWidget() or QApplication.activeWindow() or self._window

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click with the left button, in the middle when no place is given."""
        self.note(f"click {widget.accessibleName() or type(widget).__name__}")
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at or widget.rect().center())
        QCoreApplication.processEvents()

    def double_click(self, widget: QWidget) -> None:
        """Double-click in the middle of a widget."""
        self.note(f"double-click {widget.accessibleName()}")
        QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, pos=widget.rect().center())
        QCoreApplication.processEvents()

    def drag(self, widget: QWidget, button: Qt.MouseButton, right: int, down: int) -> None:
        """Drag from the middle of a widget in a few steps."""
        self.note(f"{button!r} drag {right} right, {down} down")
        start = widget.rect().center()
        QTest.mousePress(widget, button, pos=start)
        for part in (0.25, 0.5, 0.75, 1.0):
            QTest.mouseMove(widget, start + QPoint(round(part * right), round(part * down)))
            QCoreApplication.processEvents()
        QTest.mouseRelease(widget, button, pos=start + QPoint(right, down))
        QCoreApplication.processEvents()

    def wheel(
        self, widget: QWidget, notches: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Turn the wheel over a widget, away from the hand when positive."""
        self.note(f"wheel {notches:+d}{f' with {modifiers.name}' if modifiers.value else ''}")
        place = QPointF(widget.rect().center())
        for _ in range(abs(notches)):
            event = QWheelEvent(
                place,
                widget.mapToGlobal(place),
                QPoint(0, 0),
                QPoint(0, 120 if notches > 0 else -120),
                Qt.MouseButton.NoButton,
                modifiers,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QCoreApplication.sendEvent(widget, event)
            QCoreApplication.processEvents()

    def hover_files(self, widget: QWidget, paths: Sequence[Path]) -> None:
        """Drag files and folders over a widget, as from a file manager that would rather move them."""
        self.note(f"{len(paths)} files or folders dragged over the window")
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
        left, nothing = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QCoreApplication.sendEvent(widget, QDragEnterEvent(widget.rect().center(), actions, data, left, nothing))
        QCoreApplication.processEvents()

    def leave_with_files(self, widget: QWidget) -> None:
        """Drag them away again."""
        QCoreApplication.sendEvent(widget, QDragLeaveEvent())
        QCoreApplication.processEvents()

    def dialog(self, title: str) -> QWidget:
        """Wait for the dialog that a key has opened over the window, and return it."""
        self.wait(title, lambda: QApplication.activeModalWidget() is not None, _app().focusWindowChanged)
        found = QApplication.activeModalWidget()
        assert found is not None
        return found

    def back_in_window(self) -> None:
        """Wait until the window has the keyboard again after a dialog."""
        self.wait("back in the window", self._window.isActiveWindow, _app().focusWindowChanged)

    def picture(self, name: str) -> None:
        """Save what the window shows, with its dialog if one is open."""
        QCoreApplication.processEvents()
        shown = QApplication.activeModalWidget() or self._window
        path = self._out / f"{name}.png"
        if not shown.grab().save(str(path)):
            raise OSError(f"the screenshot {path} could not be written")
        self.note(f"picture {path.name}")


def _app() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
