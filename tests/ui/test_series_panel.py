"""The list of series: by study, without names, with pictures as they come, badges, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor, QImage
from PySide6.QtWidgets import QApplication, QPushButton, QTextBrowser
from pytestqt.qtbot import QtBot

from viewer.ui import theme
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from viewer.ui.series_panel import THUMBNAIL, SeriesEntry, SeriesTree

Writer = Callable[..., Path]


@pytest.fixture
def place(make_workplace: Callable[..., Workplace], write_dicom: Writer, tmp_path: Path, qtbot: QtBot) -> Workplace:
    """Two studies: the first with two series, the second with one that lacks two slices."""
    folder = tmp_path / "patients"
    write_dicom(folder / "Rossi Maria" / "a", series=2, study="1.2.8", description="T1 axial")
    write_dicom(folder / "Rossi Maria" / "b", series=5, study="1.2.8", description="STIR axial")
    write_dicom(folder / "Verdi", series=3, study="1.2.4", keep=[0, 1, 2, 5, 6, 7], description="PD axial")
    place = make_workplace()
    place.start([folder])
    qtbot.waitUntil(lambda: place.session.volume is not None and not place.files.is_busy, timeout=60_000)
    place.window.activateWindow()
    qtbot.waitUntil(lambda: place.window.isActiveWindow(), timeout=60_000)
    return place


def tree_of(place: Workplace) -> SeriesTree:
    return place.window.series_panel.list


def texts(tree: SeriesTree) -> list[tuple[str, list[str]]]:
    """Return the headings with what stands under each."""
    headings = [tree.topLevelItem(n) for n in range(tree.topLevelItemCount())]
    found = []
    for heading in headings:
        assert heading is not None
        items = [tree.item(n) for n in range(tree.count()) if tree.item(n).parent() is heading]
        found.append((heading.text(0), [item.text(0).split("\n")[0] for item in items]))
    return found


def test_series_stand_under_numbered_studies_without_names(place: Workplace) -> None:
    tree = tree_of(place)
    assert texts(tree) == [
        ("Study 1 · 2 series", ["2: T1 axial", "5: STIR axial"]),
        ("Study 2 · 1 series", ["3: PD axial"]),
    ]
    assert tree.item(0).text(0).split("\n")[1:] == ["8 slices · axial", "40 × 50 · MR"]
    everything = " ".join(tree.item(n).text(0) + tree.item(n).toolTip(0) for n in range(tree.count()))
    for secret in ("Rossi", "Maria", "Verdi", "4711", "2020"):
        assert secret not in everything


def test_one_study_needs_no_heading(workplace: Workplace) -> None:
    tree = tree_of(workplace)
    assert tree.topLevelItemCount() == tree.count() == 1
    assert tree.topLevelItem(0) is tree.item(0)


def test_a_badge_marks_what_is_odd_and_its_words_are_in_the_tooltip(place: Workplace, qtbot: QtBot) -> None:
    tree = tree_of(place)
    assert [bool("⚠" in tree.item(n).toolTip(0)) for n in range(3)] == [False, False, True]
    assert "2 slices are missing (between slices 3 and 4)" in tree.item(2).toolTip(0)
    image = tree.viewport().grab().toImage()

    def badge_pixels(number: int) -> int:
        corner = tree.visualItemRect(tree.item(number))
        return count_colour(image, theme.WARNING, corner.left(), corner.top(), THUMBNAIL + 10, corner.height())

    assert badge_pixels(0) == badge_pixels(1) == 0
    assert badge_pixels(2) > 20


def count_colour(image: QImage, colour: QColor, left: int, top: int, width: int, height: int) -> int:
    places = [(x, y) for x in range(left, left + width) for y in range(top, top + height)]
    return sum(image.pixelColor(x, y).rgb() == colour.rgb() for x, y in places)


def test_pictures_appear_for_all_series(place: Workplace, qtbot: QtBot) -> None:
    tree = tree_of(place)
    for number in range(3):
        icon = tree.item(number).icon(0)
        image = icon.pixmap(THUMBNAIL, THUMBNAIL).toImage()
        middle, corner = image.pixelColor(image.width() // 2, image.height() // 2), image.pixelColor(1, 1)
        assert middle.lightness() > corner.lightness() + 5


def test_a_click_opens_a_series_and_folds_a_study(place: Workplace, tmp_path: Path) -> None:
    tree, hands = tree_of(place), Hands(place.window, tmp_path)
    hands.click(tree.viewport(), tree.visualItemRect(tree.item(2)).center())
    assert place.session.index == 2
    heading = tree.topLevelItem(0)
    assert heading is not None
    hands.click(tree.viewport(), tree.visualItemRect(heading).center())
    assert not heading.isExpanded()
    assert place.session.index == 2
    # Opening a series of a study that is folded away unfolds it.
    hands.press("Ctrl+PgUp")
    assert place.session.index == 1
    assert heading.isExpanded()
    assert tree.currentItem() is tree.item(1)


def test_the_keyboard_walks_through_the_list_and_enter_opens(place: Workplace, tmp_path: Path) -> None:
    tree, hands = tree_of(place), Hands(place.window, tmp_path)
    k = place.session.state.slice_index
    tree.setFocus(Qt.FocusReason.TabFocusReason)
    hands.press("Down", tree)
    hands.press("Down", tree)  # the heading of the second study
    assert place.session.index == 0
    assert place.session.state.slice_index == k, "the keys go to the list, not through the slices"
    hands.press("Return", tree)
    heading = tree.topLevelItem(1)
    assert heading is not None
    assert not heading.isExpanded()
    hands.press("Right", tree)
    assert heading.isExpanded()
    hands.press("Down", tree)
    hands.press("Return", tree)
    assert place.session.index == 2
    assert place.window.views[0].hasFocus()
    hands.press("Down")
    assert place.session.state.slice_index == 4


def test_series_are_stepped_through_across_studies(place: Workplace, tmp_path: Path) -> None:
    hands = Hands(place.window, tmp_path)
    seen = []
    for key in ("Ctrl+PgDown", "Ctrl+PgDown", "Ctrl+PgDown", "Ctrl+PgUp"):
        hands.press(key)
        seen.append(place.session.index)
    assert seen == [1, 2, 2, 1]


def test_the_load_report_counts_first_and_can_be_copied(place: Workplace, tmp_path: Path) -> None:
    hands = Hands(place.window, tmp_path)
    hands.press("F2")
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    page = dialog.findChild(QTextBrowser)
    assert isinstance(page, QTextBrowser)
    lines = page.toPlainText().splitlines()
    assert lines[:3] == ["Files looked at: 22", "Studies found: 2", "Series found: 3"]
    assert "Slices missing between others: 2" in lines
    assert "Rossi" not in page.toPlainText()
    button = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy all")
    button.click()
    assert QApplication.clipboard().text().splitlines()[:3] == lines[:3]
    QApplication.clipboard().clear()
    hands.press("Escape", dialog)


def test_a_long_title_takes_two_lines_and_ends_in_dots(qtbot: QtBot) -> None:
    tree = SeriesTree()
    qtbot.addWidget(tree)
    tree.resize(200, 400)
    long = "T1 weighted turbo spin echo of both lower legs with fat saturation and a description without end"
    tree.show_entries([SeriesEntry("Study 1", long, ("8 slices", "40 × 50")), SeriesEntry("Study 1", "T1")])
    tree.show()
    image = tree.viewport().grab().toImage()
    rows = tree.visualItemRect(tree.item(0))
    right = [image.pixelColor(rows.right() - 1, y).lightness() for y in range(rows.top(), rows.bottom())]
    assert max(right) < 60, "nothing is drawn into the margin"
    assert tree.item(0).toolTip(0).startswith(long)
    assert isinstance(tree.itemAt(QPoint(80, rows.center().y())), type(tree.item(0)))
    assert not tree.findChildren(QAction)
