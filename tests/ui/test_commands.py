"""Every command by keyboard; every grey control with its reason; every profile of mouse buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from viewer.app.commands import COMMANDS, MENU_TITLES, PICTURE_MENU, find_command
from viewer.app.preferences import Preferences
from viewer.core.mouse import MOUSE_PROFILES, MouseProfile
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from viewer.ui.main_window import MainWindow
from viewer.ui.menus import key_text, keys_page


@pytest.fixture
def hands(workplace: Workplace, tmp_path: Path) -> Hands:
    return Hands(workplace.window, tmp_path)


# Keys ---------------------------------------------------------------------------------------------------------------


@contextmanager
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let the windows that are made from here on write down which command's function ran, instead of running it."""
    ran: list[str] = []
    bindings = MainWindow._bindings

    def recorded(self: MainWindow) -> dict[str, Callable[[], None]]:
        return {name: (lambda name=name: ran.append(name)) for name in bindings(self)}  # type: ignore[misc]

    with monkeypatch.context() as patch:
        patch.setattr(MainWindow, "_bindings", recorded)
        yield ran


def everything_can_run(window: MainWindow) -> None:
    for action in window.actions_by_id.values():
        action.setEnabled(True)


def test_every_key_runs_its_command(
    workplace: Workplace, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording(monkeypatch) as ran:
        workplace.apply(replace(workplace.preferences, theme="light"))
        window = workplace.window
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        window.refresh()
        QApplication.processEvents()
        hands = Hands(window, tmp_path)
        missing = []
        for command in COMMANDS:
            for keys in command.keys:
                everything_can_run(window)
                window.views[0].setFocus()
                ran.clear()
                if command.held:
                    hands.press(keys)
                    assert workplace.session.state.peek is False
                    continue
                hands.press(keys)
                if ran != [command.id]:
                    missing.append((command.id, keys, list(ran)))
        assert missing == []


def test_a_held_key_runs_while_it_is_held(workplace: Workplace, hands: Hands) -> None:
    held = [command for command in COMMANDS if command.held]
    assert [command.id for command in held] == ["overlay.peek"]
    hands.hold(Qt.Key.Key_Space)
    assert workplace.session.state.peek
    hands.let_go(Qt.Key.Key_Space)
    assert not workplace.session.state.peek


def test_every_command_can_be_reached_through_its_menu_by_keyboard(
    workplace: Workplace, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording(monkeypatch) as ran:
        workplace.apply(replace(workplace.preferences, theme="light"))
        window = workplace.window
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        missing = []
        for command in COMMANDS:
            window.activateWindow()
            qtbot.waitUntil(window.isActiveWindow)
            everything_can_run(window)
            ran.clear()
            title = MENU_TITLES[command.menu]
            QTest.keyClick(window, Qt.Key(ord(title[title.index("&") + 1].upper())), Qt.KeyboardModifier.AltModifier)
            menu = QApplication.activePopupWidget()
            if not isinstance(menu, QMenu):
                missing.append(f"{command.id}: Alt opens no menu")
                continue
            action, owner = window.actions_by_id[command.id], submenu_of(window, command.id)
            if owner is not None:
                go_down(menu, owner.menuAction())
                QTest.keyClick(menu, Qt.Key.Key_Right)
                menu = owner
            go_down(menu, action)
            QTest.keyClick(menu, Qt.Key.Key_Return)
            QApplication.processEvents()
            if action.menu() is not None:
                # What opens a list is run by opening it.
                ran += [command.id] if QApplication.activePopupWidget() is action.menu() else []
                while (popup := QApplication.activePopupWidget()) is not None:
                    popup.close()
            if ran != [command.id]:
                missing.append(f"{command.id}: {ran}")
                menu.close()
        assert missing == []


def submenu_of(window: MainWindow, command_id: str) -> QMenu | None:
    """Return the submenu that a command stands in; None for a menu of the menu bar."""
    menus = [one for one in window.actions_by_id[command_id].associatedObjects() if isinstance(one, QMenu)]
    tops = {action.menu() for action in window.menuBar().actions()}
    return next((menu for menu in menus if menu not in tops), None)


def go_down(menu: QMenu, action: QAction) -> None:
    for _ in range(60):
        if menu.activeAction() is action:
            return
        QTest.keyClick(menu, Qt.Key.Key_Down)


def test_menus_have_a_letter_each() -> None:
    letters = [title[title.index("&") + 1].lower() for title in MENU_TITLES.values()]
    assert len(letters) == len(set(letters))


def test_tooltips_carry_the_shortcut(workplace: Workplace) -> None:
    for command in COMMANDS:
        action = workplace.window.actions_by_id[command.id]
        for key in command.keys:
            assert key_text(key) in action.toolTip(), command.id
    form, panel, bar = workplace.window.form, workplace.window.overlays, workplace.window.task_bar
    for widget, command_id in (
        (form.export, "file.export-ratings"),
        (form.reader, "rate.reader"),
        (panel.target, "overlay.target"),
        (bar.cancel, "work.cancel"),
    ):
        assert key_text(find_command(command_id).keys[0]) in widget.toolTip()


def test_the_table_names_each_command_once() -> None:
    ids = [command.id for command in COMMANDS]
    assert len(ids) == len(set(ids))
    assert {command_id for command_id in PICTURE_MENU if command_id} <= set(ids)
    assert all(command.tip for command in COMMANDS)


# Grey ---------------------------------------------------------------------------------------------------------------


def without_reason(window: MainWindow) -> list[str]:
    """Return what is grey and does not say why where the pointer rests on it."""
    found = []
    tips = {command.tip for command in COMMANDS}
    for action in window.findChildren(QAction):
        if action.text() and not action.isEnabled():
            last = action.toolTip().split("\n")[-1]
            if not last or last == action.text() or any(last.startswith(tip) for tip in tips):
                found.append(f"action {action.text()!r}")
    for widget in window.findChildren(QWidget):
        if widget.isEnabled() or not widget.isVisible() or isinstance(widget, QMenu):
            continue
        # A tooltip that was there before says what the control does, not why it is grey.
        tip, place = widget.toolTip(), widget.parentWidget()
        while not tip and place is not None and not place.isEnabled():
            tip, place = place.toolTip(), place.parentWidget()
        if not tip or tip == widget.property("tip"):
            found.append(f"{type(widget).__name__} {widget.accessibleName()!r}: {tip!r}")
    return found


def look(place: Workplace) -> MainWindow:
    place.window.refresh()
    QApplication.processEvents()
    return place.window


def test_whatever_is_grey_says_why(
    make_workplace: Callable[..., Workplace], series_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    place = make_workplace()
    place.start()
    window = look(place)
    grey = {name for name, action in window.actions_by_id.items() if not action.isEnabled()}
    assert {"edit.undo", "slice.next", "overlay.toggle", "file.export-maps", "rate.1", "series.next"} <= grey
    assert "Open a model first" in window.overlays.rows["gradcam"].tick.toolTip()
    assert not window.overlays.rows["gradcam"].tick.isEnabled()
    assert without_reason(window) == []
    place.explaining.open_model(tmp_path / "model")
    qtbot.waitUntil(lambda: place.explaining.model is not None, timeout=60_000)
    window = look(place)
    assert "Open a series first" in window.actions_by_id["overlay.next"].toolTip()
    assert without_reason(window) == []
    place.session.open([series_file])
    qtbot.waitUntil(lambda: place.explaining.counts()[0] == 8, timeout=60_000)
    window = look(place)
    assert without_reason(window) == []
    grey = {name for name, action in window.actions_by_id.items() if not action.isEnabled()}
    assert grey == {
        *("edit.undo", "edit.redo", "file.reopen", "series.next", "series.previous", "window.1"),
        *("link.slices", "link.place", "link.window", "rate.lock", "rate.mark"),
        *("run.labels", "run.sort", "run.next-misread", "run.previous-misread"),
    }
    assert window.overlays.rows["gradcam"].tick.isEnabled()
    assert "Open a" not in window.overlays.rows["gradcam"].tick.toolTip()
    place.window.control.show_slice(2)
    window = look(place)
    first = next(iter(window.form.cards["m_loc"].buttons.values()))
    assert "Show one map" in first.toolTip()
    assert without_reason(window) == []
    window.actions_by_id["overlay.toggle"].trigger()
    window = look(place)
    assert window.actions_by_id["rate.1"].isEnabled()
    assert "Alt+1" in first.toolTip()
    assert "Show one map" not in window.form.cards["m_loc"].toolTip()
    assert window.actions_by_id["edit.undo"].isEnabled()
    place.session.close_all()
    assert without_reason(look(place)) == []


def test_the_key_of_a_grey_command_says_why(
    make_workplace: Callable[..., Workplace], tmp_path: Path, qtbot: QtBot
) -> None:
    place = make_workplace()
    place.start()
    window = look(place)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    hands = Hands(window, tmp_path)
    for keys, words in (("V", "Open a model first"), ("Ctrl+Z", "nothing to take back"), ("Down", "Open a series")):
        hands.press(keys, window.views[0])
        assert words in window.task_bar.message.text(), keys


# Mouse --------------------------------------------------------------------------------------------------------------

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
PLAIN, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def use(place: Workplace, key: str) -> MouseProfile:
    place.apply(replace(place.preferences, mouse=key))
    return MOUSE_PROFILES[key]


@pytest.mark.parametrize(
    ("profile", "button", "held", "changed"),
    [
        ("default", LEFT, PLAIN, "window"),
        ("default", MIDDLE, PLAIN, "pan"),
        ("default", RIGHT, PLAIN, "zoom"),
        ("weasis", LEFT, PLAIN, "window"),
        ("weasis", MIDDLE, PLAIN, "pan"),
        ("weasis", RIGHT, PLAIN, ""),
        ("right-window", LEFT, PLAIN, "slice_index"),
        ("right-window", MIDDLE, PLAIN, "pan"),
        ("right-window", RIGHT, PLAIN, "window"),
        ("right-window", RIGHT, SHIFT, "pan"),
        ("right-window", RIGHT, CTRL, "zoom"),
    ],
)
def test_a_drag_does_what_the_profile_says(
    workplace: Workplace, profile: str, button: Qt.MouseButton, held: Qt.KeyboardModifier, changed: str
) -> None:
    place = workplace
    use(place, profile)
    before = place.session.state
    press_and_move(place, button, held, 30, -24)
    after = place.session.state
    fields = ("window", "pan", "zoom", "slice_index")
    assert [name for name in fields if getattr(before, name) != getattr(after, name)] == ([changed] if changed else [])
    menu = QApplication.activePopupWidget()
    assert (menu is not None) == (profile == "weasis" and button == RIGHT)
    if menu is not None:
        menu.close()


def press_and_move(place: Workplace, button: Qt.MouseButton, held: Qt.KeyboardModifier, right: int, down: int) -> None:
    view = place.window.views[0]
    start = QPointF(view.rect().center())
    end = start + QPointF(right, down)
    kinds = QEvent.Type
    for kind, at, which in (
        (kinds.MouseButtonPress, start, button),
        (kinds.MouseMove, (start + end) / 2, Qt.MouseButton.NoButton),
        (kinds.MouseMove, end, Qt.MouseButton.NoButton),
        (kinds.MouseButtonRelease, end, button),
    ):
        down_now = Qt.MouseButton.NoButton if kind == kinds.MouseButtonRelease else button
        QApplication.sendEvent(view, QMouseEvent(kind, at, view.mapToGlobal(at), which, down_now, held))
    QApplication.processEvents()


def test_weasis_hands_drag_faster_with_ctrl_and_shift(workplace: Workplace) -> None:
    use(workplace, "weasis")
    auto = workplace.session.context().auto_window
    moved = []
    for held in (PLAIN, CTRL, SHIFT, CTRL | SHIFT):
        workplace.window.actions_by_id["window.auto"].trigger()
        press_and_move(workplace, LEFT, held, 20, 0)
        window = workplace.session.state.window
        assert window is not None
        moved.append(window.width - auto.width)
    assert moved[0] > 0
    assert [round(one / moved[0], 3) for one in moved] == [1, 2.5, 2.5, 5]


def test_a_left_drag_goes_through_the_slices_and_back(workplace: Workplace) -> None:
    use(workplace, "right-window")
    workplace.window.control.show_slice(2)
    press_and_move(workplace, LEFT, PLAIN, 0, 24)
    assert workplace.session.state.slice_index == 5
    press_and_move(workplace, LEFT, PLAIN, 0, -16)
    assert workplace.session.state.slice_index == 3


def test_the_menu_on_the_picture_has_the_common_commands(workplace: Workplace, qtbot: QtBot) -> None:
    use(workplace, "weasis")
    press_and_move(workplace, RIGHT, PLAIN, 0, 0)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    actions = workplace.window.actions_by_id
    assert [action for action in menu.actions() if not action.isSeparator()] == [
        actions[command_id] for command_id in PICTURE_MENU if command_id
    ]
    while menu.activeAction() is not actions["view.invert"]:
        QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert workplace.session.state.invert


def test_f1_describes_the_profile(workplace: Workplace) -> None:
    pages = {key: keys_page(profile) for key, profile in MOUSE_PROFILES.items()}
    assert len(set(pages.values())) == len(pages)
    assert "Shift+right-drag" in pages["right-window"]
    assert "2.5 times" in pages["weasis"]
    assert "2.5 times" not in pages["default"]
    use(workplace, "right-window")
    assert workplace.window._keys_page() == pages["right-window"]


def test_preferences_name_a_profile_that_is_there() -> None:
    assert Preferences().mouse in MOUSE_PROFILES
