"""Dropping, adding, looking again, and what is remembered of it."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from viewer.app.explaining import METHODS
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from xai.phantom.cohort import write_cohort

Writer = Callable[..., Path]
NO_KEY, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
COPY, MOVE = Qt.DropAction.CopyAction, Qt.DropAction.MoveAction


@pytest.fixture
def other(write_dicom: Writer, tmp_path: Path) -> Path:
    return write_dicom(tmp_path / "Bianchi Anna", series=9, study="1.2.9", description="other")


def files(*paths: Path | str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) if isinstance(path, Path) else QUrl(path) for path in paths])
    return data


def enter(widget: QWidget, data: QMimeData, keys: Qt.KeyboardModifier = NO_KEY) -> QDragEnterEvent:
    event = QDragEnterEvent(QPoint(50, 50), COPY | MOVE, data, Qt.MouseButton.LeftButton, keys)
    QApplication.sendEvent(widget, event)
    return event


def drop(widget: QWidget, data: QMimeData, keys: Qt.KeyboardModifier = NO_KEY) -> QDropEvent:
    event = QDropEvent(QPoint(50, 50).toPointF(), COPY | MOVE, data, Qt.MouseButton.LeftButton, keys)
    QApplication.sendEvent(widget, event)
    return event


def names(place: Workplace) -> list[str]:
    return [series.info.description for series in place.session.catalog.series]


def wait_read(qtbot: QtBot, place: Workplace) -> None:
    qtbot.waitUntil(lambda: place.session.volume is not None and not place.files.is_busy, timeout=60_000)


def look_again(qtbot: QtBot, place: Workplace) -> None:
    with qtbot.waitSignal(place.session.pathsOpened, timeout=60_000):
        Hands(place.window, Path()).press("Ctrl+Shift+R")
    wait_read(qtbot, place)
    place.window.refresh()


def said(place: Workplace) -> str:
    return place.window.task_bar.message.text()


# --- Dropping ---------------------------------------------------------------------------------------------------------


def test_a_dropped_table_opens_the_pictures_of_each_patient(workplace: Workplace, tmp_path: Path, qtbot: QtBot) -> None:
    write_cohort(tmp_path / "tiles", 2, 5, slices=3, size=64, layout="tiles")
    data = files(tmp_path / "tiles" / "data.csv")
    enter(workplace.window, data)
    drop(workplace.window, data)
    qtbot.waitUntil(lambda: names(workplace) == ["P001", "P002"], timeout=60_000)
    wait_read(qtbot, workplace)
    volume = workplace.session.volume
    assert volume is not None
    assert volume.array.shape == (3, 224, 224)  # tiles are padded


def test_a_hint_covers_the_window_while_files_are_dragged(workplace: Workplace, other: Path, qtbot: QtBot) -> None:
    window, hint = workplace.window, workplace.window.drops
    data = files(other)
    assert not hint.isVisible()
    assert enter(window, data).isAccepted()
    assert hint.isVisible()
    assert hint.geometry() == window.rect()
    assert hint.words == ("Drop to open it", "With Shift: add to what is open")
    # The drag goes on over the hint, and the window is told that it has been left.
    QApplication.sendEvent(window, QDragLeaveEvent())
    enter(hint, data)
    QApplication.processEvents()
    assert hint.isVisible()
    move = QDragMoveEvent(QPoint(60, 60), COPY | MOVE, data, Qt.MouseButton.LeftButton, SHIFT)
    QApplication.sendEvent(hint, move)
    assert hint.words[0] == "Drop to add to what is open"
    QApplication.sendEvent(hint, QDragLeaveEvent())
    assert not hint.isVisible()
    assert names(workplace) == ["spots"]


def test_a_drag_that_only_brushes_the_window_leaves_no_hint(workplace: Workplace, other: Path, qtbot: QtBot) -> None:
    enter(workplace.window, files(other))
    QApplication.sendEvent(workplace.window, QDragLeaveEvent())
    qtbot.waitUntil(lambda: not workplace.window.drops.isVisible())


@pytest.mark.parametrize("over", ["window", "hint"])
def test_a_drop_replaces_and_never_moves_files(workplace: Workplace, other: Path, qtbot: QtBot, over: str) -> None:
    data = files(other)
    enter(workplace.window, data)
    target = workplace.window if over == "window" else workplace.window.drops
    event = drop(target, data)
    assert event.isAccepted()
    assert event.dropAction() == COPY
    assert not workplace.window.drops.isVisible()
    qtbot.waitUntil(lambda: names(workplace) == ["other"], timeout=60_000)
    wait_read(qtbot, workplace)


def test_with_shift_a_drop_adds_and_the_open_series_stays(workplace: Workplace, other: Path, qtbot: QtBot) -> None:
    session = workplace.session
    workplace.window.control.show_slice(2)
    volume = session.volume
    data = files(other)
    enter(workplace.window, data, SHIFT)
    event = drop(workplace.window.drops, data, SHIFT)
    assert event.dropAction() == COPY, "Shift means move to a file manager, which would delete the files"
    qtbot.waitUntil(lambda: set(names(workplace)) == {"spots", "other"}, timeout=60_000)
    assert session.series is not None
    assert session.series.info.description == "spots"
    assert session.volume is volume
    assert session.state.slice_index == 2
    assert workplace.explaining.counts() == (8, 8)
    assert said(workplace) == "Added: 1 new series."
    tree = workplace.window.series_panel.list
    assert tree.currentItem() is tree.item(session.index)


def test_what_is_no_local_file_is_not_taken(workplace: Workplace) -> None:
    data = files("https://example.org/series.zip")
    assert not enter(workplace.window, data).isAccepted()
    assert not workplace.window.drops.isVisible()
    words = QMimeData()
    words.setText("soleus")
    assert not enter(workplace.window, words).isAccepted()


def test_a_file_dropped_on_a_text_field_opens_and_its_path_is_not_typed(
    workplace: Workplace, other: Path, qtbot: QtBot
) -> None:
    field = workplace.window.form.cards["comment"].field
    assert field is not None
    viewport, data = field.viewport(), files(other)
    enter(viewport, data)
    assert workplace.window.drops.isVisible()
    drop(viewport, data)
    qtbot.waitUntil(lambda: names(workplace) == ["other"], timeout=60_000)
    assert field.toPlainText() == ""
    wait_read(qtbot, workplace)
    words = QMimeData()
    words.setText("soleus")
    assert not workplace.window.drops.eventFilter(viewport, enter(viewport, words)), "words are the field's own"


# --- Adding and looking again -----------------------------------------------------------------------------------------


def test_slices_from_another_folder_fill_the_gap(
    make_workplace: Callable[..., Workplace], write_dicom: Writer, tmp_path: Path, qtbot: QtBot
) -> None:
    place = make_workplace()
    place.start([write_dicom(tmp_path / "first", keep=[0, 1, 2, 5, 6, 7])])
    wait_read(qtbot, place)
    place.window.control.show_slice(1)
    place.window.files.add_paths([write_dicom(tmp_path / "rest", keep=[3, 4])])
    qtbot.waitUntil(lambda: len(place.session.slices) == 8, timeout=60_000)
    wait_read(qtbot, place)
    assert len(place.session.catalog.series) == 1
    assert place.session.state.slice_index == 1
    assert place.session.problems == ()
    assert said(place) == "Added: 1 changed."
    assert place.window.strip.accessibleDescription() == ""


def test_looking_again_keeps_series_slice_window_and_maps(workplace: Workplace, qtbot: QtBot) -> None:
    session, hands = workplace.session, Hands(workplace.window, Path())
    hands.press("V")
    hands.press("3")
    workplace.window.control.show_slice(5)
    series, volume, state = session.series, session.volume, session.state
    assert state.window is not None
    look_again(qtbot, workplace)
    assert session.series is series
    assert session.volume is volume
    assert session.state == state
    assert session.can_undo
    assert workplace.explaining.has_map(METHODS[0], 5)
    assert said(workplace) == "Nothing has changed."


def test_a_series_whose_file_has_changed_is_read_again_at_the_same_slice(
    workplace: Workplace, series_file: Path, qtbot: QtBot
) -> None:
    session, hands = workplace.session, Hands(workplace.window, Path())
    hands.press("V")
    workplace.window.control.show_slice(6)
    old = session.volume
    assert old is not None
    data = bytearray(series_file.read_bytes())
    data[-2000:] = bytes(2000)
    series_file.write_bytes(data)
    os.utime(series_file, (1e9, 1e9))
    look_again(qtbot, workplace)
    assert said(workplace) == "Looked again: 1 changed."
    assert session.volume is not None
    assert session.volume.sha256 != old.sha256
    assert session.state.slice_index == 6
    assert session.state.overlays_on


def test_a_new_series_and_one_that_is_gone(
    make_workplace: Callable[..., Workplace], write_dicom: Writer, tmp_path: Path, qtbot: QtBot
) -> None:
    place, folder = make_workplace(), tmp_path / "study"
    for number, name in ((1, "one"), (2, "two")):
        write_dicom(folder / name, series=number, description=name)
    place.start([folder])
    wait_read(qtbot, place)
    place.session.select(1)
    wait_read(qtbot, place)
    volume = place.session.volume
    shutil.rmtree(folder / "one")
    write_dicom(folder / "three", series=3, description="three")
    look_again(qtbot, place)
    assert names(place) == ["two", "three"]
    assert place.session.index == 0
    assert place.session.volume is volume
    assert said(place) == "Looked again: 1 new series, 1 gone."
    shutil.rmtree(folder / "two")
    look_again(qtbot, place)
    assert names(place) == ["three"]
    assert place.session.series is not None
    assert place.session.series.info.description == "three"


def test_a_folder_that_is_gone_is_said_and_what_was_read_stays(
    workplace: Workplace, series_file: Path, other: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(workplace.session.pathsOpened, timeout=60_000):
        workplace.window.files.add_paths([other])
    shutil.rmtree(other)
    look_again(qtbot, workplace)
    assert [problem.message for problem in workplace.session.catalog.problems] == ["Bianchi Anna is no longer there."]
    shutil.rmtree(series_file.parent)
    volume = workplace.session.volume
    with qtbot.waitSignal(workplace.session.message, timeout=60_000) as told:
        Hands(workplace.window, Path()).press("Ctrl+Shift+R")
    assert told.args is not None
    assert told.args[0].endswith("does not exist.")
    assert workplace.session.volume is volume


def test_there_is_nothing_to_look_through_before_something_is_open(make_workplace: Callable[..., Workplace]) -> None:
    action = make_workplace().window.actions_by_id["file.rescan"]
    assert not action.isEnabled()
    assert action.toolTip().endswith("\nNothing is open yet.")


# --- What is remembered -----------------------------------------------------------------------------------------------


def listed(place: Workplace) -> list[tuple[Path, ...]]:
    return [entry.paths for entry in place.recents.entries]


def test_what_was_opened_is_offered_again_and_can_be_forgotten(
    workplace: Workplace, series_file: Path, other: Path, qtbot: QtBot, make_workplace: Callable[..., Workplace]
) -> None:
    workplace.window.files.open_paths([other])
    qtbot.waitUntil(lambda: names(workplace) == ["other"], timeout=60_000)
    wait_read(qtbot, workplace)
    assert listed(workplace) == [(other,), (series_file.parent,)]
    look_again(qtbot, workplace)
    assert listed(workplace) == [(other,), (series_file.parent,)]
    workplace.window.close()
    workplace.close()
    again = make_workplace()
    again.start()
    qtbot.waitUntil(lambda: again.window.isVisible())
    again.window.activateWindow()
    qtbot.waitUntil(lambda: again.window.isActiveWindow(), timeout=60_000)
    hands = Hands(again.window, Path())
    hands.press("Ctrl+Shift+H", again.window.views[0])
    menu = again.window.recent_menu
    assert menu is not None
    assert menu.isVisible()
    hands.press("2", menu)
    qtbot.waitUntil(lambda: names(again) == ["spots"], timeout=60_000)
    wait_read(qtbot, again)
    assert listed(again) == [(series_file.parent,), (other,)]
    again.window.actions_by_id["file.forget-recents"].trigger()
    assert listed(again) == []
    settings = Path(again.settings.store.fileName()).read_text(encoding="utf-8")
    assert "Bianchi" not in settings
    assert [action.text() for action in menu.actions() if not action.isSeparator()] == [
        "Nothing was opened yet",
        "Clear list",
    ]


def test_what_is_no_longer_there_is_disabled_with_the_reason(
    workplace: Workplace, series_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    gone = tmp_path / "gone & away"
    workplace.recents.add([gone])
    menu = workplace.window.recent_menu
    assert menu is not None
    menu.open_by_key()
    entry, there = menu.actions()[:2]
    qtbot.waitUntil(lambda: not entry.isEnabled())
    assert entry.toolTip() == f"{gone} is no longer there."
    assert menu.toolTipsVisible()
    assert there.isEnabled()
    assert there.toolTip() == str(series_file.parent)
    menu.close()


def test_the_demo_and_what_cannot_be_opened_are_not_remembered(
    make_workplace: Callable[..., Workplace], write_dicom: Writer, tmp_path: Path, qtbot: QtBot
) -> None:
    demo = tmp_path / "demo-1"
    study = write_dicom(demo / "study" / "patient")
    (demo / "demo.json").write_text("{}")
    place = make_workplace()
    place.start([study.parent])
    wait_read(qtbot, place)
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(place.session.message, timeout=60_000):
        place.window.files.open_paths([tmp_path / "empty"])
    assert listed(place) == []


def test_no_path_reaches_the_log(
    workplace: Workplace, other: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    quoted = "Rossi^Maria"

    def break_down(*_: object) -> None:
        raise ValueError(quoted)

    monkeypatch.setattr("viewer.app.opening.scan", break_down)
    with caplog.at_level(logging.DEBUG), qtbot.waitSignal(workplace.session.message, timeout=60_000):
        workplace.window.files.open_paths([other])
    assert caplog.text
    assert "Bianchi" not in caplog.text
    assert "Rossi" not in caplog.text
