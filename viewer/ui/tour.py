"""The tour: the whole review of the demo by mouse and key events, leaving pictures, maps, ratings and a log."""

from __future__ import annotations

import csv
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from viewer.app.explaining import METHODS
from viewer.app.reveal import Reveal
from viewer.app.settings import Settings
from viewer.core.ratings_csv import COLUMNS
from viewer.demo import prepare_demo
from viewer.ui.application import Workplace, make_application
from viewer.ui.hands import Hands, TooLongError
from viewer.ui.main_window import MainWindow
from viewer.ui.series_panel import SeriesTree
from viewer.ui.tour_language import speak_italian
from viewer.ui.tour_layouts import show_overlays, show_two_series
from viewer.ui.tour_methods import run_costly


def run_tour(out: Path) -> int:
    """Review the demo and leave everything in ``out``; 0 when all of it went well, else 1 and a sentence on stderr."""
    out.mkdir(parents=True, exist_ok=True)
    demo = prepare_demo()
    # Without a native dialog every file name can be typed.
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    app = make_application()
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder) / "ratings.sqlite", Settings(Path(folder) / "settings.ini"))
        workplace.window.show_hint_for(demo=True)
        hands = Hands(workplace.window, out)
        code = 0
        try:
            workplace.start([demo.study], demo.bundle)
            Tour(workplace, hands, out).review()
        except (TooLongError, OSError, ValueError) as error:
            hands.note(f"FAILED: {error}")
            hands.picture("failed")
            print(f"The tour failed: {error}.", file=sys.stderr)
            code = 1
        workplace.window.close()
        workplace.close()
        app.processEvents()
    (out / "log.txt").write_text("\n".join(hands.log) + "\n", encoding="utf-8")
    return code


def _has_left(reveal: Reveal, stage: str) -> bool:
    return reveal.stage != stage


class Tour:
    """What a reader does in a first review. Reads from the window's parts, acts by events only."""

    def __init__(self, workplace: Workplace, hands: Hands, out: Path) -> None:
        self._place, self._hands, self._out = workplace, hands, out
        self._session = workplace.session
        self._explaining, self._reading = workplace.explaining, workplace.reading

    @property
    def _window(self) -> MainWindow:
        # Another look comes with another window.
        return self._place.window

    def review(self) -> None:
        """Go through it all."""
        self._load()
        self._look_at_files()
        self._scroll()
        self._window_and_zoom()
        self._explain()
        run_costly(self._hands, self._window, self._explaining, self._session)
        self._paint()
        self._compare()
        self._rate()
        self._rate_more()
        self._read_first()
        self._export()
        self._prefer()
        self._ask_for_help()

    def _load(self) -> None:
        hands, session, explaining = self._hands, self._session, self._explaining
        hands.wait("first picture", lambda: self._window.views[0].picture is not None, self._window.refreshed)
        hands.picture("01-first-picture")
        hands.wait("series read", lambda: session.volume is not None, session.volumeReady)
        self._wait_for_maps()
        affected = {}
        for number in range(self._window.series_panel.list.count()):
            self._open(number)
            affected[number] = int(np.sum(explaining.probability(1) >= 0.5))
            hands.note(f"series {number + 1}: {affected[number]} slices called affected")
            hands.picture(f"02-series-{number + 1}")
        self._open(max(affected, key=lambda number: affected[number]))

    def _look_at_files(self) -> None:
        hands, window, session = self._hands, self._window, self._session
        hands.press("F2")
        hands.dialog("load report")
        hands.picture("02-load-report")
        hands.press("Escape")
        hands.back_in_window()
        hands.hover_files(window, session.opened.paths)
        self._expect(window.drops.isVisible(), "files that are dragged over the window are met by a hint")
        hands.picture("02-drop-hint")
        hands.leave_with_files(window)
        hands.wait("hint gone", lambda: not window.drops.isVisible(), window.refreshed)
        before, found = session.volume, session.opened
        hands.press("Ctrl+Shift+R")
        hands.wait("files looked through again", lambda: session.opened is not found, session.pathsOpened)
        self._expect(session.volume is before, "looking again leaves the open series as it is")
        hands.press("Ctrl+Shift+H")
        menu = window.recent_menu
        self._expect(menu is not None and menu.isVisible(), "a key shows what was opened last")
        self._expect(not self._place.recents.entries, "the demo is not remembered")
        hands.press("Escape", menu)

    def _open(self, number: int) -> None:
        hands, session = self._hands, self._session
        panel: SeriesTree = self._window.series_panel.list
        hands.click(panel.viewport(), panel.visualItemRect(panel.item(number)).center())
        what = f"series {number + 1} read"
        hands.wait(what, lambda: session.index == number and session.volume is not None, session.volumeReady)
        self._wait_for_maps()

    def _wait_for_maps(self) -> None:
        explaining = self._explaining

        def are_there() -> bool:
            done, total = explaining.counts()
            return done == total > 0

        self._hands.wait("every slice predicted and explained", are_there, explaining.resultsChanged)

    def _scroll(self) -> None:
        hands, view, session = self._hands, self._window.views[0], self._session
        hands.click(view)
        before = session.state.slice_index
        hands.wheel(view, -2)
        hands.press("Up")
        hands.press("Down")
        self._expect(session.state.slice_index == before + 2, "two notches of the wheel go two slices on")
        for key in ("Home", "PgDown", "End"):
            hands.press(key)
        strip, probabilities = self._window.strip, self._explaining.probability(1)
        best = int(np.nanargmax(probabilities))
        hands.click(strip, QPoint(round(strip.place_of(best)), strip.height() - 8))
        self._expect(session.state.slice_index == best, "a click on the strip goes to that slice")
        hands.picture("03-series-open-affected")

    def _window_and_zoom(self) -> None:
        hands, view, session = self._hands, self._window.views[0], self._session
        hands.drag(view, Qt.MouseButton.LeftButton, 60, -30)
        self._expect(session.state.window is not None, "a left-drag sets the window")
        hands.picture("04-window-dragged")
        hands.press("Ctrl+Z")
        self._expect(session.state.window is None, "undo brings the automatic window back")
        for key in ("2", "3", "4", "1", "0", "I", "I"):
            hands.press(key)
        hands.drag(view, Qt.MouseButton.RightButton, 0, -60)
        hands.drag(view, Qt.MouseButton.MiddleButton, 30, 20)
        hands.wheel(view, 2, Qt.KeyboardModifier.ControlModifier)
        self._expect(session.state.zoom > 1.2, "right-drag and Ctrl+wheel zoom")
        hands.picture("05-zoomed")
        hands.press("F")

    def _explain(self) -> None:
        hands, view, session = self._hands, self._window.views[0], self._session
        hands.press("V")
        for _ in METHODS:
            hands.press("]")
            hands.picture(f"06-overlay-{session.state.active}")
        hands.wheel(view, 3, Qt.KeyboardModifier.ShiftModifier)
        style = session.state.style(session.state.active)
        self._expect(style.opacity > 0.6, "Shift+wheel makes the overlay more opaque")
        hands.picture("07-more-opaque")
        hands.hold(Qt.Key.Key_Space)
        self._expect(session.state.peek, "holding Space hides the overlay")
        hands.picture("08-peek")
        hands.let_go(Qt.Key.Key_Space)
        self._expect(not session.state.peek, "letting go brings it back")
        show_overlays(hands, self._window, session, self._expect)
        hands.press("T")
        self._wait_for_maps()
        for _ in range(2):
            hands.press("T")
        self._wait_for_maps()
        while session.state.active != "hirescam":
            hands.press("]")

    def _paint(self) -> None:
        hands, view, what_if = self._hands, self._window.views[0], self._window.desk.what_if
        hands.press("W")
        hands.drag(view, Qt.MouseButton.LeftButton, 180, 20)
        self._expect(what_if.is_painted, "the what-if brush paints")
        hands.wait("the model's answer to it", lambda: not what_if.is_asking, what_if.changed)
        hands.picture("09-what-if")
        hands.press("Ctrl+Z")
        self._expect(not what_if.is_painted, "undo takes the stroke back")
        hands.press("Escape")
        self._expect(not self._window.desk.is_painting, "Esc puts the brush away")

    def _compare(self) -> None:
        hands, window, session = self._hands, self._window, self._session
        hands.double_click(window.views[0])
        self._expect(session.state.layout == "compare", "a double-click shows clean and overlay side by side")
        hands.press("X")
        hands.drag(window.views[1], Qt.MouseButton.NoButton, 15, -20)
        hands.picture("10-clean-and-overlay")
        hands.press("X")
        hands.press("L")
        hands.picture("11-three-methods")
        show_two_series(hands, window, session, self._expect)
        hands.press("L")
        hands.press("L")
        self._expect(session.state.layout == "single", "L goes round the layouts")
        hands.press("S")
        self._expect(window.views[0].picture is not None, "the swipe line is there")
        hands.picture("12-swipe-line")
        hands.press("S")
        hands.press("F3")
        hands.picture("13-explanation-card")
        hands.press("Escape")
        hands.back_in_window()

    def _rate(self) -> None:
        hands, form, reading = self._hands, self._window.form, self._reading
        hands.press("Ctrl+R")
        form_reader = form.reader
        form_reader.selectAll()
        hands.type("R01")
        hands.press("Return")
        self._expect(reading.reader_id == "R01", "the reader id is taken")
        hands.click(self._window.views[0])
        hands.click(form.cards["dx"].buttons["affected"])
        answers = {"susp": "Alt+5", "conf": "Alt+4", "m_loc": "Alt+4", "m_specific": "Alt+3", "m_help": "Alt+4"}
        for item, keys in answers.items():
            hands.press("Ctrl+Return")
            self._expect(form.current == item, f"the next question is {item}")
            hands.press(keys)
        hands.press("Ctrl+Return")
        hands.press("Alt+0")
        hands.press("Ctrl+Return")
        hands.type("The infiltrated muscle, and only that one.")
        hands.press("Ctrl+Return")
        hands.wait("all answers on disk", lambda: not reading.unsaved, reading.saved)
        hands.click(self._window.views[0])
        # A revision: the second thought counts, the first one stays in the log.
        hands.click(form.cards["m_specific"].buttons["agree"])
        hands.wait("the revised answer on disk", lambda: not reading.unsaved, reading.saved)
        hands.picture("14-feedback-filled")

    def _rate_more(self) -> None:
        hands, window, form, reading = self._hands, self._window, self._window.form, self._reading
        hands.press("Ctrl+Z")
        hands.wait("the second thought taken back", lambda: not reading.unsaved, reading.saved)
        hands.press("Ctrl+Y")
        hands.wait("and done again", lambda: not reading.unsaved, reading.saved)
        window.refresh()
        self._expect(form.cards["m_specific"].buttons["agree"].isChecked(), "redo brings the revised answer back")
        hands.press("Ctrl+Shift+Q")
        window.refresh()
        hands.picture("16-full-form")
        hands.press("Ctrl+Shift+M")
        hands.drag(window.views[0], Qt.MouseButton.LeftButton, 60, 50)
        hands.press("Ctrl+Shift+M")
        for keys in ("Shift+Right", "Return", "Shift+Right", "Shift+Down", "Return"):
            hands.press(keys)
        hands.wait("the marked area on disk", lambda: not reading.unsaved, reading.saved)
        form.mark("m_error")
        for keys in ("Alt+4", "Alt+5"):
            hands.press(keys)
            hands.wait("the kind of error on disk", lambda: not reading.unsaved, reading.saved)
            window.refresh()
        hands.picture("17-area-marked")
        hands.press("Ctrl+H")
        hands.dialog("changes of the answer")
        hands.picture("18-changes-of-an-answer")
        hands.press("Escape")
        hands.back_in_window()
        hands.press("Ctrl+J")
        hands.press("Ctrl+Shift+Q")

    def _read_first(self) -> None:
        hands, window, reveal, reading = self._hands, self._window, self._place.reveal, self._reading
        hands.press("Ctrl+R")
        hands.press("Ctrl+A")
        hands.type("R02")
        hands.press("Return")
        hands.click(window.views[0])
        hands.press("Ctrl+Shift+L")
        for stage, conf in (("S0", "Alt+3"), ("S1", "Alt+4")):
            self._expect(reveal.stage == stage, f"the case is at {stage}")
            window.form.mark("dx")
            hands.press("V")
            window.refresh()
            hands.picture(f"19-{stage}")
            self._expect(not window.overlays.isVisible(), f"no map is shown at {stage}")
            for keys in ("Alt+2", "Ctrl+Return", "Ctrl+Return", conf):
                hands.press(keys)
            hands.press("Ctrl+L")
            hands.wait(f"{stage} locked", partial(_has_left, reveal, stage), reading.locked)
            window.refresh()
        self._expect(window.overlays.isVisible(), "maps are shown once both readings are locked")
        hands.picture("19-S2")
        hands.press("Ctrl+Shift+L")
        window.refresh()

    def _export(self) -> None:
        hands, reading, window = self._hands, self._reading, self._window
        ratings = self._out / "ratings.csv"
        ratings.unlink(missing_ok=True)
        hands.press("Ctrl+E")
        hands.dialog("export of ratings")
        hands.picture("20-export-of-ratings")
        self._enter_path(ratings)
        hands.wait("ratings.csv", ratings.is_file, reading.exported)
        hands.back_in_window()
        with ratings.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self._expect(bool(rows) and tuple(rows[0]) == tuple(COLUMNS), "ratings.csv has the columns of the contract")
        hands.note(f"{len(rows)} rows in ratings.csv")
        maps = self._out / "maps"
        maps.mkdir(exist_ok=True)
        hands.press("Ctrl+Shift+E")
        self._enter_path(maps)
        hands.wait("maps", lambda: not window.files.is_writing, window.files.mapsWritten)
        hands.back_in_window()
        for key in METHODS:
            self._expect((maps / f"{key}.npz").is_file(), f"{key}.npz is written")

    def _enter_path(self, path: Path) -> None:
        dialog = self._hands.dialog("file dialog")
        self._hands.press("Ctrl+A", dialog.focusWidget())
        self._hands.type(str(path))
        self._hands.press("Return")

    def _prefer(self) -> None:
        hands, place = self._hands, self._place
        state = self._session.state
        for key, name in (("Down", "light"), ("Up", "dark")):
            before = place.window
            hands.press("Ctrl+,")
            hands.dialog("preferences")
            hands.press(key)
            hands.wait(f"the {name} look", partial(self._is_other_window, before), place.windowReplaced)
            hands.turn_to(place.window)
            hands.dialog("preferences again")
            hands.picture(f"15-preferences-{name}")
            hands.press("Escape")
            hands.back_in_window()
            self._expect(place.preferences.theme == name, f"the {name} look is in force at once")
            hands.picture(f"16-{name}")
        self._expect(self._session.state == state, "another look changes nothing that is shown")
        speak_italian(hands, place, self._expect)
        self._expect(self._session.state == state, "another language changes nothing that is shown")
        for keys in ("F7", "F8"):
            hands.press(keys)
        self._expect(not self._window.form.isVisible(), "the panels make room for the picture")
        hands.picture("17-picture-alone")
        for keys in ("F7", "F8"):
            hands.press(keys)

    def _is_other_window(self, before: MainWindow) -> bool:
        return self._window is not before

    def _ask_for_help(self) -> None:
        self._hands.press("F1")
        self._hands.picture("18-keys")
        self._hands.press("Escape")

    def _expect(self, is_so: bool, what: str) -> None:
        if not is_so:
            raise ValueError(f"it did not happen that {what}")
        self._hands.note(f"seen: {what}")
