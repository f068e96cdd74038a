"""A training run in the window: its cases, answers out of fold and never another's, fold models, labels on request."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from tests.run_folder import Given, write_bundle, write_run, write_tiles
from tests.ui.fitting import misfits
from tests.ui.test_read_first import answer, everything_said, is_in_question, lock, texts_of
from viewer.app.preferences import Language, ThemeName
from viewer.app.restore import KeptPlace, write_place
from viewer.core.view_state import ViewState
from viewer.ui import theme
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from viewer.ui.series_panel import THUMBNAIL

ROWS = (
    Given("a1", 2, 0, "P1", 0, -4.0),
    Given("a2", 3, 0, "P1", 0, 1.0),
    Given("a3", 4, 0, "P1", 0, -3.0),
    Given("b1", 5, 1, "P2", 1, 0.2),
    Given("b2", 6, 1, "P2", 1, 0.4),
    Given("c1", 7, 1, "P3", 0, -6.0),
    Given("c2", 8, 1, "P3", 0, -2.0),
)
"""P1 has one misread slice, P2 none but is unsure, P3 two and large errors."""


def draw(patient: int, k: int) -> NDArray[np.uint8]:
    """Return a picture (40, 50): a body with a bright spot."""
    rows, columns = np.mgrid[:40, :50]
    body = ((rows - 20) / 17) ** 2 + ((columns - 25) / 22) ** 2 < 1
    pixels = np.where(body, 60 + 5 * patient + 2 * k, 0).astype(np.uint8)
    pixels[18:22, 12 + 8 * patient : 16 + 8 * patient] = 250
    return pixels


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_tiles(tmp_path / "cohort", [(row.image, row.label, row.group) for row in ROWS], draw)


@pytest.fixture
def run(tmp_path: Path, table: Path) -> Path:
    return write_run(tmp_path / "run", table, ROWS, keep=(0, 1))


Maker = Callable[..., Workplace]


def read(place: Workplace, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: place.session.volume is not None and not place.files.is_busy, timeout=60_000)
    place.window.refresh()


def explained(place: Workplace, qtbot: QtBot) -> None:
    """Wait for the model and its maps of the open case."""
    read(place, qtbot)
    qtbot.waitUntil(lambda: place.explaining.counts()[0] == len(place.session.slices), timeout=60_000)
    place.window.refresh()


def opened(
    make_workplace: Maker, qtbot: QtBot, paths: Sequence[Path], model: Path | None = None, kind: str = "FoldModel"
) -> Workplace:
    place = make_workplace(kind)
    place.window.resize(1300, 800)
    place.start(list(paths), model)
    qtbot.waitUntil(lambda: place.review.run is not None and place.reading.is_open, timeout=60_000)
    read(place, qtbot)
    place.window.activateWindow()
    qtbot.waitUntil(place.window.isActiveWindow, timeout=60_000)
    return place


@pytest.fixture
def place(make_workplace: Maker, run: Path, qtbot: QtBot) -> Workplace:
    place = opened(make_workplace, qtbot, [run])
    explained(place, qtbot)
    return place


@pytest.fixture
def hands(place: Workplace, tmp_path: Path) -> Hands:
    return Hands(place.window, tmp_path)


def listed(place: Workplace) -> list[list[str]]:
    panel = place.window.series_panel.list
    return [panel.item(number).text(0).split("\n") for number in range(panel.count())]


def titles(place: Workplace) -> list[str]:
    return [lines[0].split(" · ")[0] for lines in listed(place)]


def corner(place: Workplace) -> tuple[str, ...]:
    place.window.refresh()
    picture = place.window.views[0].picture
    assert picture is not None
    return picture.texts.top_left


def here(place: Workplace) -> tuple[str, int]:
    assert place.review.case is not None
    return place.review.case.group, place.session.state.slice_index


def go_to(place: Workplace, qtbot: QtBot, group: str) -> None:
    number = next(n for n, one in enumerate(place.review.series) if place.review.case_of(one).group == group)
    place.session.select(number)
    read(place, qtbot)


# Opening ------------------------------------------------------------------------------------------------------------


def test_the_list_names_patients_with_label_answer_fold_and_misread_slices(place: Workplace) -> None:
    window = place.window
    assert window.series_panel.heading.text() == "Cases"
    assert window.series_panel.summary.text() == "run: 3 of 7 slices misread"
    assert listed(place) == [
        ["P1 · fold 0", "labelled healthy", "affected 0.31", "✗ 1/3 misread"],
        ["P2 · fold 1", "labelled affected", "affected 0.54", "✓ 2 slices"],
        ["P3 · fold 0", "labelled affected", "affected 0.16", "✗ 2/2 misread"],
    ]


def test_every_slice_shows_what_its_fold_said_and_never_what_the_model_says_now(place: Workplace) -> None:
    window, control = place.window, place.window.control
    assert place.explaining.own_prediction().probabilities[:, 1] == pytest.approx([0.77] * 3)
    for k, row in enumerate(ROWS[:3]):
        control.show_slice(k)
        window.refresh()
        number = f"affected {row.calibrated:.2f}"
        assert window.prediction.number.text() == number
        assert number in window.strip.describe(k)
        assert f"out of fold: {number} (fold 0)" in corner(place)
        assert place.reading.screen.ai_prob == pytest.approx(row.calibrated)
        assert place.reading.screen.ai_label == int(row.logit > 0)
        assert place.reading.screen.model_id == "out-of-fold run fold 0"
    assert "0.77" not in " ".join([window.prediction.number.text(), *map(window.strip.describe, range(3))])
    source = window.prediction.source.text()
    assert source.startswith("Out of fold: model of fold 0, which had not seen this patient.")
    assert window.prediction.calibrated.text() == "calibrated"
    assert window.prediction.number.toolTip() == f"Uncalibrated: {ROWS[2].probability:.2f}."
    assert window.prediction.heading.text() == "Out of fold on this slice"


def test_a_misread_slice_is_marked_in_words_and_by_a_cross(place: Workplace) -> None:
    window, strip = place.window, place.window.strip
    for k, is_misread in ((0, False), (1, True)):
        window.control.show_slice(k)
        window.refresh()
        label = window.prediction.label.text()
        assert label == ("✗ Misread: labelled healthy" if is_misread else "✓ Labelled healthy")
        assert ("misread" in strip.describe(k)) == is_misread
        assert "labelled healthy" in strip.describe(k)
        assert ("misread" in corner(place)[-1]) == is_misread
    image, text = strip.grab().toImage(), QColor(theme.TEXT)

    def cross(k: int) -> int:
        x, ratio = round(strip.place_of(k)), image.devicePixelRatio()
        places = [(u, v) for u in range(x - 6, x + 7) for v in range(strip.height() - 12, strip.height())]
        colours = [image.pixelColor(round(u * ratio), round(v * ratio)) for u, v in places]
        return sum(abs(colour.lightness() - text.lightness()) < 40 for colour in colours)

    assert cross(1) > 5
    assert cross(0) == cross(2) == 0


def test_a_run_is_opened_by_menu_and_by_drop(make_workplace: Maker, run: Path, tmp_path: Path, qtbot: QtBot) -> None:
    place = make_workplace("FoldModel")
    place.start()
    window, hands = place.window, Hands(place.window, tmp_path)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=60_000)
    assert not window.actions_by_id["run.next-misread"].isEnabled()
    hands.press("Ctrl+T")
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QFileDialog)
    assert dialog.windowTitle() == "Open the folder of a training run"
    hands.press("Escape", dialog)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(run))])
    left, nothing = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    hands.hover_files(window, [run])
    QApplication.sendEvent(window.drops, QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, left, nothing))
    qtbot.waitUntil(lambda: place.review.run is not None, timeout=60_000)
    explained(place, qtbot)
    assert titles(place) == ["P1", "P2", "P3"]
    assert place.recents.entries[0].paths == (run,)


@pytest.mark.parametrize("name", ["oof_predictions.csv", "metrics.json"])
def test_a_run_that_is_not_finished_is_refused_and_what_is_open_stays(
    workplace: Workplace, run: Path, name: str, qtbot: QtBot
) -> None:
    (run / name).unlink()
    workplace.window.files.open_paths([run])
    said = workplace.window.task_bar.message
    qtbot.waitUntil(lambda: "is no finished training run" in said.text(), timeout=60_000)
    assert workplace.review.run is None
    assert titles(workplace) == ["spots"]


def test_slices_that_the_table_leaves_out_say_so(make_workplace: Maker, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "cohort"
    folder.mkdir()
    pixels = np.stack([draw(0, k) for k in range(5)], axis=-1).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(pixels, np.eye(4)), folder / "one.nii")
    nibabel.save(nibabel.Nifti1Image(pixels + 1, np.eye(4)), folder / "two.nii")
    table = folder / "series.csv"
    table.write_text("image,label,group,slices\none.nii,1,P1,2:3\ntwo.nii,0,P2,1\n", encoding="utf-8")
    rows = [Given("one.nii", 2, 1, "P1", 0, 1.0, slice=k) for k in (2, 3)] + [
        Given("two.nii", 3, 0, "P2", 1, -1.0, slice=1)
    ]
    place = opened(make_workplace, qtbot, [write_run(tmp_path / "run", table, rows, keep=(0,))])
    explained(place, qtbot)
    window = place.window
    window.control.show_slice(4)
    window.refresh()
    assert window.prediction.verdict.text() == "Not in the table"
    assert window.prediction.number.text() == ""
    assert "no model is asked" in window.prediction.source.text()
    assert corner(place)[-1] == "not in the table"
    assert [("not in the table" in window.strip.describe(k)) for k in range(5)] == [True, False, False, True, True]
    assert place.reading.screen.ai_prob is None


@pytest.mark.parametrize("language", ["en", "it"])
def test_nothing_is_cut_off(place: Workplace, language: Language, qtbot: QtBot) -> None:
    looks: tuple[tuple[ThemeName, float], ...] = ("dark", 1.0), ("light", 1.5)
    for theme_name, scale in looks:
        look = replace(place.preferences, theme=theme_name, scale=scale, language=language)
        place.apply(look)
        for k in (0, 1):
            place.window.control.show_slice(k)
            place.window.resize(1280, 800)
            place.window.refresh()
            for _ in range(3):
                QApplication.processEvents()
            assert misfits(place.window) == [], f"{theme_name} {scale}"


# Order and misread slices -------------------------------------------------------------------------------------------


def test_cases_are_sorted_and_the_open_one_stays_open(place: Workplace, hands: Hands, qtbot: QtBot) -> None:
    panel, session = place.window.series_panel, place.session
    go_to(place, qtbot, "P2")
    explained(place, qtbot)
    place.window.control.show_slice(0)
    volume, orders = session.volume, []
    for _ in range(3):
        hands.press("Shift+O")
        orders.append((panel.order.currentText(), titles(place)))
        assert here(place) == ("P2", 0)
        assert panel.list.currentItem() is panel.list.item(session.index)
        assert panel.list.item(session.index).text(0).startswith("P2")
    assert orders == [
        ("Largest error first", ["P3", "P2", "P1"]),
        ("Most uncertain first", ["P2", "P1", "P3"]),
        ("As in the table", ["P1", "P2", "P3"]),
    ]
    assert session.volume is volume
    panel.order.setFocus(Qt.FocusReason.TabFocusReason)
    hands.press("Space", panel.order)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    hands.press("Down", panel.order.view())
    hands.press("Return", panel.order.view())
    assert titles(place) == ["P3", "P2", "P1"]


def test_pictures_of_the_list_follow_their_cases(place: Workplace, qtbot: QtBot) -> None:
    panel = place.window.series_panel.list

    def spots() -> dict[str, int]:
        found = {}
        for item in map(panel.item, range(panel.count())):
            assert not item.icon(0).isNull()
            image = item.icon(0).pixmap(THUMBNAIL, THUMBNAIL).toImage()
            row = [image.pixelColor(x, image.height() // 2).lightness() for x in range(image.width())]
            found[item.text(0)[:2]] = int(np.argmax(row))
        return found

    before = spots()
    assert len(set(before.values())) == 3
    place.review.sort("error")
    assert titles(place) == ["P3", "P2", "P1"]
    assert spots() == before


def test_misread_slices_are_one_key_away_across_cases(place: Workplace, hands: Hands, qtbot: QtBot) -> None:
    place.window.control.show_slice(0)
    seen = []
    for key in ("N", "N", "N"):
        hands.press(key)
        read(place, qtbot)
        seen.append(here(place))
    assert seen == [("P1", 1), ("P3", 0), ("P3", 1)]
    assert place.window.task_bar.message.text() == "Misread slice 3 of 3."
    hands.press("N")
    assert here(place) == ("P3", 1)
    assert place.window.task_bar.message.text() == "There is no misread slice after this one."
    seen = []
    for key in ("Shift+N", "Shift+N", "Shift+N"):
        hands.press(key)
        read(place, qtbot)
        seen.append(here(place))
    assert seen == [("P3", 0), ("P1", 1), ("P1", 1)]
    # The list's order is the order of the way.
    place.review.sort("error")
    place.window.refresh()
    assert place.review.misread_from_here(1) is None
    hands.press("Shift+N")
    assert here(place) == ("P3", 1)


# The model of the fold ----------------------------------------------------------------------------------------------


def peak(place: Workplace) -> float:
    values = place.explaining.series_maps("hirescam")
    assert values is not None
    return float(np.nanmax(values))


def test_maps_are_those_of_the_fold_that_had_not_seen_the_case(place: Workplace, run: Path, qtbot: QtBot) -> None:
    for group, fold in (("P1", 0), ("P2", 1), ("P3", 0)):
        go_to(place, qtbot, group)
        explained(place, qtbot)
        assert place.explaining.model_path == run / "folds" / f"{fold:02d}" / "bundle"
        assert peak(place) == pytest.approx(fold + 1, rel=0.2)


def test_a_fold_model_that_answers_otherwise_now_is_said(
    make_workplace: Maker, table: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    rows = [replace(ROWS[0], logit=float(np.log(0.77 / 0.23))), *ROWS[1:]]
    place = opened(make_workplace, qtbot, [write_run(tmp_path / "run", table, rows, keep=(0, 1))])
    explained(place, qtbot)
    said = []
    for k in (0, 2):
        place.window.control.show_slice(k)
        place.window.refresh()
        said.append("Asked now, the model of fold 0 answers otherwise" in place.window.prediction.mismatch.text())
    assert said == [False, True]


def test_cases_passed_quickly_are_never_explained_by_a_fold_that_saw_them(place: Workplace, qtbot: QtBot) -> None:
    found: list[tuple[int, float]] = []

    def look() -> None:
        values = place.explaining.series_maps("hirescam")
        if place.explaining.series is not place.session.series:
            return  # on the way to another case, before anything is drawn
        if values is not None and place.review.case is not None and np.isfinite(values).any():
            found.append((place.review.case.fold, float(np.nanmax(values))))

    place.explaining.resultsChanged.connect(look)
    for group in ("P2", "P1", "P2", "P3", "P2"):
        go_to(place, qtbot, group)
    explained(place, qtbot)
    assert found
    assert [one for one in found if one[1] != pytest.approx(one[0] + 1, rel=0.2)] == []


def test_without_fold_models_no_map_is_offered_and_the_window_says_what_to_do(
    make_workplace: Maker, table: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    usual = write_bundle(tmp_path / "model", "usual")
    bare = write_run(tmp_path / "bare", table, ROWS)
    write_bundle(bare / "bundle", "final")
    place = opened(make_workplace, qtbot, [bare], usual)
    qtbot.waitUntil(lambda: place.explaining.model is not None, timeout=60_000)
    window, hands = place.window, Hands(place.window, tmp_path)
    window.refresh()
    assert window.prediction.number.text().startswith("affected 0.")
    assert "Train with --keep-folds" in window.prediction.mismatch.text()
    row = window.overlays.rows["gradcam"]
    assert not row.tick.isEnabled()
    assert "--keep-folds" in row.tick.toolTip()
    assert "--keep-folds" in window.actions_by_id["overlay.next"].toolTip()
    for key in ("V", "R", "W", "Shift+F3"):
        hands.press(key)
    assert not window.desk.is_painting
    assert place.explaining.counts()[0] == 0
    assert not place.engine.is_busy
    assert place.reading.screen.model_sha256 == ""


def test_a_fold_model_that_cannot_be_loaded_leaves_no_other_in_its_place(
    make_workplace: Maker, run: Path, qtbot: QtBot
) -> None:
    (run / "folds" / "01" / "bundle" / "bundle.toml").write_text("broken", encoding="utf-8")
    place = opened(make_workplace, qtbot, [run], kind="CarefulModel")
    explained(place, qtbot)
    go_to(place, qtbot, "P2")
    qtbot.waitUntil(lambda: "cannot be loaded" in place.explaining.refusal, timeout=60_000)
    place.window.refresh()
    assert place.explaining.model_path == run / "folds" / "00" / "bundle"
    assert place.explaining.counts()[0] == 0
    assert "fold 1 cannot be loaded" in place.window.prediction.mismatch.text()
    assert place.window.prediction.number.text().startswith("affected 0.5")
    go_to(place, qtbot, "P3")
    explained(place, qtbot)
    assert peak(place) == pytest.approx(1, rel=0.2)


# Leaving ------------------------------------------------------------------------------------------------------------


def test_other_series_leave_the_run_and_bring_the_usual_model_back(
    make_workplace: Maker, run: Path, series_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    usual = write_bundle(tmp_path / "model", "usual")
    place = opened(make_workplace, qtbot, [run], usual)
    explained(place, qtbot)
    window = place.window
    for command in ("file.add-folder", "file.rescan"):
        assert "training run is open" in window.actions_by_id[command].toolTip()
    window.files.open_paths([series_file])
    qtbot.waitUntil(lambda: place.review.run is None, timeout=60_000)
    explained(place, qtbot)
    assert place.explaining.model_path == usual
    assert peak(place) == pytest.approx(99, rel=0.2)
    assert titles(place) == ["spots"]
    assert window.prediction.number.text() == "affected 0.77"
    assert window.prediction.heading.text() == "Model on this slice"
    assert (window.prediction.label.isVisible(), window.prediction.source.isVisible()) == (False, False)
    assert window.series_panel.heading.text() == "Series"
    assert not window.series_panel.order.isVisible()
    assert corner(place)[0] == "spots"
    assert window.strip.describe(0) == "Slice 1 of 8: affected 0.77"
    assert window.actions_by_id["file.rescan"].isEnabled()


def test_another_model_closes_the_run(place: Workplace, run: Path, tmp_path: Path, qtbot: QtBot) -> None:
    place.window.files.open_paths([write_bundle(run / "bundle", "final")])
    assert place.review.run is None
    assert place.session.series is None
    assert "may have learned from its pictures" in place.window.task_bar.message.text()
    qtbot.waitUntil(lambda: place.explaining.model_path == run / "bundle", timeout=60_000)
    place.window.refresh()
    assert place.window.views[0].picture is None


def test_a_run_is_closed_like_series_and_no_fold_model_stays(place: Workplace, hands: Hands, qtbot: QtBot) -> None:
    hands.press("Ctrl+W")
    assert place.review.run is None
    assert place.explaining.model is None
    assert place.explaining.given is None
    place.window.refresh()
    assert titles(place) == []
    assert not place.window.actions_by_id["run.labels"].isEnabled()


def test_fold_models_are_neither_remembered_nor_kept_as_the_place(
    make_workplace: Maker, run: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    usual = write_bundle(tmp_path / "model", "usual")
    place = make_workplace("FoldModel")
    place.explaining.modelChanged.connect(place.remember_model)
    place.start([run], usual)
    qtbot.waitUntil(lambda: place.review.run is not None, timeout=60_000)
    explained(place, qtbot)
    assert place.explaining.model_path == run / "folds" / "00" / "bundle"
    assert place.settings.model in (None, usual)
    assert place._place().model == str(usual)
    assert place._place().paths == (str(run),)


def test_after_a_crash_the_run_opens_at_its_case(
    make_workplace: Maker, run: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    place = opened(make_workplace, qtbot, [run])
    go_to(place, qtbot, "P3")
    series = place.session.series
    assert series is not None
    kept = KeptPlace((str(run),), series.uid, 2, ViewState(slice_index=1))
    place.window.close()
    place.close()
    file = tmp_path / "place.json"
    write_place(file, kept)
    again = make_workplace("FoldModel", place=file)
    again.start()
    qtbot.waitUntil(lambda: again.review.run is not None, timeout=60_000)
    explained(again, qtbot)
    assert here(again) == ("P3", 1)


# Labels hidden ------------------------------------------------------------------------------------------------------

TELLING = re.compile(r"\bP[123]\b|labelled|\bmisread\b(?!=0)|✗|✓(?!  Read)", re.IGNORECASE)
"""What gives the labels away; patients' names may."""


def told(place: Workplace) -> list[str]:
    """Return what the visible widgets say but for the commands' own tips."""
    window = place.window
    said = list(corner(place))
    for widget in [window, *window.findChildren(QWidget)]:
        if widget.isVisibleTo(window) and not is_in_question(widget) and not widget.inherits("QMenuBar"):
            said += [text for text in texts_of(widget) if "Shift+O" not in text]
    return said


def test_labels_are_hidden_on_request_and_the_answers_stay(place: Workplace, hands: Hands, qtbot: QtBot) -> None:
    window = place.window
    place.review.sort("error")
    window.control.show_slice(0)
    window.refresh()
    assert [text for text in told(place) if TELLING.search(text)] != []
    hands.press("Shift+L")
    window.refresh()
    assert not window.actions_by_id["run.labels"].isChecked()
    assert [text for text in told(place) if TELLING.search(text)] == []
    assert window.prediction.number.text() == f"affected {ROWS[0].calibrated:.2f}"
    numbers = place.review.run.numbers if place.review.run is not None else ()
    assert sorted(titles(place)) == ["Case 1", "Case 2", "Case 3"]
    assert titles(place) == ["Case 1", "Case 2", "Case 3"], "no order but that of the numbers"
    assert corner(place)[0] == f"Case {numbers[0]}"
    assert [window.series_panel.order.itemText(n) for n in range(window.series_panel.order.count())] == [
        "Shuffled",
        "Most uncertain first",
    ]
    before = here(place)
    for key in ("N", "Shift+N"):
        hands.press(key)
        assert here(place) == before
    assert window.task_bar.message.text() == "Labels are hidden (Shift+L)."
    hands.press("Shift+L")
    window.refresh()
    assert window.prediction.label.text() == "✓ Labelled healthy"
    assert titles(place) != ["Case 1", "Case 2", "Case 3"]


def test_reading_first_the_window_is_the_same_whatever_run_it_is(
    make_workplace: Maker, table: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    """Two runs over the same pictures whose labels and answers are opposite look alike until a reading is locked."""
    found = []
    for name, sign in (("one", 1), ("two", -1)):
        # The same pictures in folders of the other class, in the same order.
        rows = [replace(row, label=row.label if sign > 0 else 1 - row.label, logit=sign * row.logit) for row in ROWS]
        cohort = write_tiles(tmp_path / name / "cohort", [(row.image, row.label, row.group) for row in rows], draw)
        folder = write_run(tmp_path / name / "run", cohort, rows, keep=(0, 1))
        place = make_workplace("FoldModel", tmp_path / f"{name}.sqlite")
        place.window.resize(1300, 800)
        place.reveal.set_on(True)
        place.start([folder])
        qtbot.waitUntil(lambda place=place: place.review.run is not None and place.reading.is_open, timeout=60_000)  # type: ignore[misc]
        go_to(place, qtbot, "P1")
        explained(place, qtbot)
        place.window.activateWindow()
        qtbot.waitUntil(place.window.isActiveWindow, timeout=60_000)
        place.recents.clear()
        hands = Hands(place.window, tmp_path)
        said, seen = [], []
        for key in ("", "N", "Shift+N", "Shift+O", "Shift+L", "V", "F3", "T", "R", "Down", "Up"):
            if key:
                hands.press(key)
            place.window.refresh()
            QApplication.processEvents()
            said += everything_said(place.window)
            seen.append(place.window.grab().toImage())
        assert [text for text in told(place) if TELLING.search(text)] == []
        found.append((said, seen, here(place)))
        place.window.close()
        place.close()
    (said, seen, place_one), (other_said, other_seen, place_two) = found
    assert place_one == place_two
    assert [both for both in zip(said, other_said, strict=True) if both[0] != both[1]] == []
    assert [n for n, both in enumerate(zip(seen, other_seen, strict=True)) if both[0] != both[1]] == []


def test_locking_a_reading_reveals_the_answer_of_the_fold_but_no_label(
    place: Workplace, hands: Hands, qtbot: QtBot
) -> None:
    window = place.window
    window.control.show_slice(1)
    hands.press("Ctrl+Shift+L")
    window.refresh()
    assert not window.prediction.isVisible()
    answer(hands)
    lock(hands, place, qtbot)
    assert place.reveal.stage == "S1"
    assert window.prediction.number.text() == f"affected {ROWS[1].calibrated:.2f}"
    assert any("out of fold" in line for line in corner(place))
    assert [text for text in told(place) if TELLING.search(text)] == []
    # What is said of other cases would be read before them.
    assert [lines[1:] for lines in listed(place)] == [[], [], []]
