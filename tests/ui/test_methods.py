"""Costly methods: asked for, shown while they sharpen, stopped, resumed, and nothing lost when the engine dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from viewer.app.map_scores import MapScores
from viewer.core.overlay import OverlayStyle
from viewer.core.view_state import laid_out
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands

SPOTS = (2, 5)
LONG = 60_000


@pytest.fixture
def hands(workplace: Workplace, tmp_path: Path) -> Hands:
    return Hands(workplace.window, tmp_path)


@pytest.fixture
def patient(
    make_workplace: Callable[..., Workplace], series_file: Path, tmp_path: Path, qtbot: QtBot
) -> tuple[Workplace, Hands]:
    """A window whose costly methods never end by themselves."""
    place = make_workplace("PatientModel")
    place.start([series_file.parent], tmp_path / "model")
    ready(qtbot, place)
    place.window.activateWindow()
    qtbot.waitUntil(lambda: place.window.isActiveWindow(), timeout=LONG)
    return place, Hands(place.window, tmp_path)


def ready(qtbot: QtBot, place: Workplace) -> None:
    explaining = place.explaining
    qtbot.waitUntil(lambda: place.session.volume is not None and explaining.model is not None, timeout=LONG)
    qtbot.waitUntil(lambda: explaining.counts()[0] == len(place.session.slices), timeout=LONG)
    qtbot.waitUntil(lambda: bool(explaining.chosen.sheet("occlusion").settings), timeout=LONG)
    place.window.refresh()


def state(place: Workplace, key: str = "occlusion") -> str:
    return place.explaining.state(key, place.session.state.slice_index)


def choose(place: Workplace, key: str = "occlusion", k: int = SPOTS[0]) -> None:
    place.window.control.show_slice(k)
    place.window.overlays.chosen.emit(key)
    place.window.refresh()


def wait_for(qtbot: QtBot, place: Workplace, key: str, *slices: int) -> None:
    qtbot.waitUntil(lambda: all(place.explaining.has_map(key, k) for k in slices), timeout=LONG)
    place.window.refresh()


# Running --------------------------------------------------------------------------------------------------------------


def test_a_costly_method_is_offered_with_its_cost_and_computed_when_asked(
    workplace: Workplace, hands: Hands, qtbot: QtBot
) -> None:
    ready(qtbot, workplace)
    choose(workplace)
    assert state(workplace) == "press Run" or "on this CPU – press Run" in state(workplace)
    assert not workplace.explaining.has_map("occlusion", SPOTS[0])
    seen: list[float] = []

    def look() -> None:
        values = workplace.explaining.map_values("occlusion", SPOTS[0])
        seen.append(0.0 if values is None else float(values.max()))

    workplace.explaining.runs.changed.connect(look)
    hands.press("R")
    assert workplace.session.state.shown == {"occlusion"}, "who asks for a map wants to see it"
    wait_for(qtbot, workplace, "occlusion", SPOTS[0])
    assert state(workplace) == "ready"
    assert 0.0 < min(value for value in seen if value) < max(seen), "it was shown before it was sharp"
    assert not workplace.explaining.has_map("occlusion", SPOTS[1]), "only the slice that was asked for"
    # 100 passes in 0.1 s, as measured; 250 are asked for next.
    workplace.explaining.chosen.set("occlusion", "passes", 45_000)
    qtbot.waitUntil(lambda: workplace.explaining.chosen.sheet("occlusion").passes == 45_000, timeout=LONG)
    assert workplace.explaining.offer("occlusion") == "about 45 s on this CPU – press Run"
    assert workplace.explaining.offer("occlusion", 8) == "about 6 min on this CPU – press Run"


def test_the_whole_series_is_computed_from_the_slice_on_screen_outwards(
    workplace: Workplace, hands: Hands, qtbot: QtBot
) -> None:
    ready(qtbot, workplace)
    choose(workplace, "shap", 6)
    order: list[int] = []

    def look() -> None:
        order.extend(k for k in range(8) if workplace.explaining.results_of("shap").computed[k] and k not in order)

    workplace.explaining.runs.changed.connect(look)
    hands.press("Shift+R")
    qtbot.waitUntil(lambda: len(order) == 8, timeout=LONG)
    assert order[0] == 6
    assert sorted(order) == list(range(8))
    assert not workplace.window.task_bar.bar.isVisible()


def test_urgent_work_is_done_while_a_costly_method_runs(patient: tuple[Workplace, Hands], qtbot: QtBot) -> None:
    place, hands = patient
    choose(place)
    hands.press("R")
    qtbot.waitUntil(lambda: state(place) == "computing 30 %", timeout=LONG)
    place.window.control.targeted("healthy")
    qtbot.waitUntil(lambda: place.explaining.counts() == (8, 8), timeout=LONG)
    assert set(place.explaining.series_targets()) == {0}
    place.window.control.targeted("affected")
    assert state(place) == "computing 30 %", "it went on meanwhile"


def test_escape_stops_it_what_is_there_stays_and_f5_goes_on(patient: tuple[Workplace, Hands], qtbot: QtBot) -> None:
    place, hands = patient
    choose(place)
    hands.press("R")
    qtbot.waitUntil(lambda: state(place) == "computing 30 %", timeout=LONG)
    place.window.refresh()
    assert place.window.overlays.rows["occlusion"].run.text() == "Stop"
    assert place.window.task_bar.bar.isVisible()
    hands.press("Escape")
    place.window.refresh()
    assert state(place) == "stopped"
    assert not place.window.task_bar.bar.isVisible()
    qtbot.waitUntil(lambda: not place.engine.is_busy, timeout=LONG)
    assert place.explaining.counts() == (8, 8)
    hands.press("F5")
    qtbot.waitUntil(lambda: state(place) == "computing 30 %", timeout=LONG)


def test_a_slice_scrolled_past_gives_way_to_the_one_on_screen(patient: tuple[Workplace, Hands], qtbot: QtBot) -> None:
    place, hands = patient
    choose(place, "occlusion", 0)
    hands.press("Shift+R")
    qtbot.waitUntil(lambda: place.explaining.state("occlusion", 0) == "computing 30 %", timeout=LONG)
    place.window.control.show_slice(1)
    assert place.explaining.state("occlusion", 0) == "computing 30 %", "it is near"
    place.window.control.show_slice(7)
    assert place.explaining.state("occlusion", 0) == "waiting"
    qtbot.waitUntil(lambda: place.explaining.state("occlusion", 7) == "computing 30 %", timeout=LONG)


def test_one_that_is_half_done_is_finished_first(patient: tuple[Workplace, Hands], qtbot: QtBot) -> None:
    place, hands = patient
    place.explaining.chosen.set("occlusion", "passes", 60)
    choose(place, "occlusion", 0)
    hands.press("Shift+R")
    qtbot.waitUntil(lambda: place.explaining.state("occlusion", 0) == "computing 60 %", timeout=LONG)
    place.window.control.show_slice(7)
    assert place.explaining.state("occlusion", 0) == "computing 60 %"
    assert place.explaining.state("occlusion", 7) == "waiting"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
def test_a_killed_engine_costs_no_result_and_the_run_goes_on(patient: tuple[Workplace, Hands], qtbot: QtBot) -> None:
    place, hands = patient
    explaining = place.explaining
    explaining.chosen.set("shap", "exact", True)
    explaining.run("shap")
    wait_for(qtbot, place, "shap", place.session.state.slice_index)
    before = explaining.map_sha256("shap", place.session.state.slice_index)
    choose(place, "occlusion", place.session.state.slice_index)
    hands.press("R")
    qtbot.waitUntil(lambda: state(place) == "computing 30 %", timeout=LONG)
    assert place.engine.info is not None
    pid, told = place.engine.info.pid, []
    explaining.message.connect(lambda words, failure: told.append((words, failure)))
    os.kill(pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: place.engine.info is not None and place.engine.info.pid != pid, timeout=LONG)
    qtbot.waitUntil(lambda: state(place) == "computing 30 %", timeout=LONG)
    assert len(told) == 1
    assert told[0][1]
    assert told[0][0].count(".") == 1
    assert explaining.counts() == (8, 8)
    assert explaining.map_sha256("shap", place.session.state.slice_index) == before


def test_a_method_that_fails_says_why_in_its_row(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    ready(qtbot, workplace)
    choose(workplace)
    workplace.explaining.chosen.set("occlusion", "passes", 0)
    hands.press("R")
    qtbot.waitUntil(lambda: state(workplace).startswith("failed"), timeout=LONG)
    workplace.window.refresh()
    assert state(workplace) == "failed: No passes, no map."
    picture = workplace.window.views[0].picture
    assert picture is not None
    assert "No passes, no map." in picture.note
    workplace.explaining.chosen.reset("occlusion")
    hands.press("R")
    wait_for(qtbot, workplace, "occlusion", SPOTS[0])


# The panel ------------------------------------------------------------------------------------------------------------


def test_families_open_and_close_by_keys_and_the_chosen_method_is_in_sight(
    workplace: Workplace, hands: Hands, qtbot: QtBot
) -> None:
    ready(qtbot, workplace)
    panel = workplace.window.overlays
    folds = {name: panel.family_fold(name) for name in ("CAM", "Perturbation", "Shapley", "Ensemble")}
    assert [name for name, fold in folds.items() if fold.is_open] == ["CAM"]
    heading = folds["Shapley"].heading
    heading.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(heading, Qt.Key.Key_Right)
    assert panel.rows["shap"].isVisibleTo(panel)
    QTest.keyClick(heading, Qt.Key.Key_Left)
    assert not panel.rows["shap"].isVisibleTo(panel)
    choose(workplace, "consensus")
    assert folds["Ensemble"].is_open


def test_brackets_pass_over_methods_without_maps(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    ready(qtbot, workplace)
    choose(workplace, "hirescam")
    hands.press("V")

    def cycle() -> list[str]:
        seen: list[str] = []
        while not seen or workplace.session.state.active != seen[0]:
            seen.append(workplace.session.state.active)
            hands.press("]")
        return seen

    assert set(cycle()) == set(workplace.explaining.cheap)
    workplace.explaining.run("shap")
    wait_for(qtbot, workplace, "shap", SPOTS[0])
    assert set(cycle()) == {*workplace.explaining.cheap, "shap"}


def test_solo_and_hide_all(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    ready(qtbot, workplace)
    choose(workplace, "hirescam")
    for key in ("gradcam", "gradcampp"):
        workplace.window.overlays.toggled.emit(key, True)
    assert len(workplace.session.state.shown) >= 2
    hands.press("Shift+A")
    assert workplace.session.state.shown == {workplace.session.state.active}
    hands.press("Shift+V")
    workplace.window.refresh()
    assert not workplace.session.state.shown
    assert not workplace.window.overlays.hide_all.isEnabled()
    assert "none to hide" in workplace.window.overlays.hide_all.toolTip()


def test_a_typed_range_makes_the_scale_fixed(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    ready(qtbot, workplace)
    choose(workplace, "hirescam")
    panel = workplace.window.overlays
    values = workplace.explaining.map_values("hirescam", SPOTS[0])
    assert values is not None
    assert panel.high.value() == pytest.approx(values.max(), abs=1e-4), "the range that is shown"
    panel.high.setValue(22.0)
    style = workplace.session.state.style("hirescam")
    assert isinstance(style, OverlayStyle)
    assert (style.scale, style.fixed_range) == ("fixed", (0.0, 22.0))
    panel.low.setValue(30.0)
    assert workplace.session.state.style("hirescam") == style, "no range upside down"


def test_settings_are_drawn_from_what_the_engine_says(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    ready(qtbot, workplace)
    choose(workplace, "consensus")
    panel, chosen = workplace.window.overlays, workplace.explaining.chosen
    hands.click(panel.settings.heading)
    workplace.window.refresh()
    passes, fill = panel.form.controls["passes"], panel.form.controls["fill"]
    assert isinstance(passes, QSpinBox)
    assert isinstance(fill, QComboBox)
    assert (passes.value(), fill.currentText(), panel.form.reset.isEnabled()) == (100, "blur", False)
    passes.setValue(7)
    fill.setCurrentText("zero")
    fill.activated.emit(1)
    members = panel.form.controls["members"]
    members.ticks["gradcam"].click()  # type: ignore[attr-defined]
    assert chosen.values("consensus") == {"passes": 7, "fill": "zero", "members": ("hirescam",)}
    members.ticks["hirescam"].click()  # type: ignore[attr-defined]
    assert chosen.values("consensus")["members"] == ("hirescam",), "an ensemble has a member"
    hands.press("R")
    wait_for(qtbot, workplace, "consensus", SPOTS[0])
    told = workplace.explaining.results_of("consensus").parameters
    assert (told["passes"], told["fill"]) == (7, "zero")
    workplace.window.refresh()
    panel.form.reset.click()
    workplace.window.refresh()
    assert chosen.values("consensus") == {}
    assert state(workplace, "consensus") == "ready, other settings"
    assert passes.value() == 100


def test_scores_come_when_they_are_asked_for_and_rank_what_is_shown(
    workplace: Workplace, hands: Hands, qtbot: QtBot
) -> None:
    ready(qtbot, workplace)
    choose(workplace, "hirescam")
    hands.press("V")
    workplace.window.refresh()
    scoring = workplace.explaining.scoring
    assert scoring.of("hirescam", SPOTS[0]) is None
    hands.press("Shift+F3")
    qtbot.waitUntil(lambda: isinstance(scoring.of("hirescam", SPOTS[0]), MapScores), timeout=LONG)
    workplace.window.refresh()
    assert workplace.window.overlays.score_words.text() == "insertion 0.50, deletion 0.25, difference 0.25"
    workplace.window.overlays.runRequested.emit("shap", False)
    wait_for(qtbot, workplace, "shap", SPOTS[0])
    qtbot.waitUntil(lambda: isinstance(scoring.of("shap", SPOTS[0]), MapScores), timeout=LONG)
    workplace.window.refresh()
    assert workplace.window.overlays.score_words.text().endswith("place 1 of 2 shown")
    assert scoring.of("shap", SPOTS[1]) is None


def test_the_card_tells_details_settings_and_cost_and_is_copied_as_text(
    workplace: Workplace, hands: Hands, qtbot: QtBot
) -> None:
    ready(qtbot, workplace)
    choose(workplace)
    hands.press("R")
    wait_for(qtbot, workplace, "occlusion", SPOTS[0])
    hands.press("F3")
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    (button,) = [one for one in dialog.findChildren(QPushButton) if one.text() == "Copy as text"]
    button.click()
    text = QGuiApplication.clipboard().text()
    hands.press("Escape", dialog)
    lines = dict(line.split(": ", 1) for line in text.splitlines())
    assert lines["Method"] == "Occlusion"
    assert lines["Details"] == "windows 100"
    assert lines["Settings"] == "passes 100"
    assert lines["Cost"] == "forward passes a slice: 100, under 1 s; so far 0.1 s, slices: 1"
    assert lines["Explained class"] == "affected"
    assert lines["Model hash"] == "b" * 64
    assert workplace.session.volume is not None
    assert lines["Volume hash"] == workplace.session.volume.sha256


def test_three_panes_show_no_method_without_maps(workplace: Workplace, hands: Hands, qtbot: QtBot) -> None:
    ready(qtbot, workplace)
    choose(workplace, "hirescam")
    hands.press("V")
    workplace.session.change(laid_out(workplace.session.state, "methods"))
    workplace.window.refresh()
    shown = [view.picture for view in workplace.window.views[1:4]]
    titles = [picture.bars[0].title for picture in shown if picture is not None and picture.bars]
    assert titles == ["Grad-CAM", "Grad-CAM++", "HiResCAM"]
