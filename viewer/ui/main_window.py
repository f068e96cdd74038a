"""The window: panels around the pictures; what they ask for goes to the control, what changes comes back drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QByteArray, QEvent, QKeyCombination, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from viewer.app.control import Control
from viewer.app.engine import EngineInfo
from viewer.app.explaining import Explaining
from viewer.app.method_words import method_texts
from viewer.app.reading import Place, Reading
from viewer.app.reasons import command_reasons
from viewer.app.recents import Recents
from viewer.app.reveal import Reveal
from viewer.app.run_review import RunReview
from viewer.app.session import LABELS, Session
from viewer.app.tasks import TaskRunner
from viewer.core.items import ITEMS
from viewer.core.load_report import load_report
from viewer.core.mouse import DEFAULT_PROFILE, MouseProfile
from viewer.core.words import QT_TR_NOOP, tr
from viewer.ui import pages
from viewer.ui.dialogs import show_page
from viewer.ui.drop_hint import DropHint
from viewer.ui.explanation_desk import ExplanationDesk
from viewer.ui.files import Files
from viewer.ui.history_page import history_page
from viewer.ui.load_page import load_page
from viewer.ui.menus import allow_action, build_menus, picture_menu
from viewer.ui.notice_bar import NoticeBar
from viewer.ui.recent_menu import RecentMenu
from viewer.ui.run_desk import RunDesk
from viewer.ui.screen import Screen
from viewer.ui.workbench import Workbench

BLINK_MS = 500
HINT = QT_TR_NOOP("Open a folder (Ctrl+O), or drop files here.\nF1 lists all keys.")


class MainWindow(QMainWindow):
    """Puts the panels together. ``closing`` comes once, when the user closes it.

    It can be made over a session that is open already and shows it as it is: another look or language makes a new one.
    """

    closing = Signal()
    preferencesRequested = Signal()
    reopenRequested = Signal()
    """The reader wants to go on where the last window was."""
    refreshed = Signal()
    """Everything on screen is up to date with the session."""
    seen = Signal(object, object)
    """What an answer given now is about (`OnScreen`), and what the views draw (`ResolvedView`)."""
    fullFormChanged = Signal(bool)

    def __init__(
        self,
        session: Session,
        explaining: Explaining,
        reading: Reading,
        reveal: Reveal,
        review: RunReview,
        runner: TaskRunner,
        hint: str = "",
        recents: Recents | None = None,
    ) -> None:
        super().__init__()
        self._session, self._explaining, self._reading, self._reveal = session, explaining, reading, reveal
        self.control = Control(session, explaining)
        self.files = Files(self, session, explaining, reading, reveal, review, runner, recents)
        self.drops = DropHint(self)
        bench = Workbench(method_texts(session, explaining))
        self.bench, self.views, self.series_panel, self.strip = bench, bench.views, bench.series_panel, bench.strip
        self.counter, self.readout, self.task_bar = bench.counter, bench.readout, bench.task_bar
        self.prediction, self.overlays, self.form = bench.prediction, bench.overlays, bench.form
        self.notice, self._profile = NoticeBar(), DEFAULT_PROFILE
        self.can_reopen = False
        """Whether the last window ended without being closed."""
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(bench, 1)
        self.setCentralWidget(centre)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(bench.task_bar, 1)
        self.resize(1440, 900)
        self._blink = QTimer(self, interval=BLINK_MS)
        self._blink.timeout.connect(lambda: self.control.peek(not session.state.peek))
        self.desk = ExplanationDesk(bench, session, explaining, reading, reveal, self.control)
        self.run_desk = RunDesk(bench, session, review, reveal, self.control)
        self._content = Screen(bench, session, explaining, reading, reveal, hint or tr(HINT), self.desk, self.run_desk)
        self.actions_by_id = build_menus(self, self._bindings())
        self.recent_menu: RecentMenu | None = None
        if recents is not None:
            opening = self.actions_by_id["file.open-recent"], self.actions_by_id["file.forget-recents"]
            self.recent_menu = RecentMenu(self, *opening, recents, runner, self.files.open_paths)
        self._connect()
        if not session.state.keys:
            session.offer_methods(tuple(explaining.catalogue))
        self._show_title()
        self.drops.guard_fields()
        self.views[0].setFocus()
        self.refresh()

    def refresh(self) -> None:
        """Show the session, the model's results and the answers as they are now."""
        self._content.refresh()

    def _show_title(self) -> None:
        series = self._session.series
        name = (series.info.description or tr("series")) + " – " if series is not None else ""
        self.setWindowTitle(name + tr("Overread – research use only, not a medical device"))

    # Wiring ---------------------------------------------------------------------------------------------------------

    def _bindings(self) -> dict[str, Callable[[], None]]:
        own: dict[str, Callable[[], None]] = {
            "file.open-folder": self.files.open_folder,
            "file.open-files": self.files.open_files,
            "file.add-folder": self.files.add_folder,
            "file.add-files": self.files.add_files,
            "file.open-recent": self._open_recent,
            "file.forget-recents": self.files.forget_recents,
            "file.rescan": self._session.rescan,
            "file.open-model": self.files.open_model,
            "file.open-run": self.files.open_run,
            "file.export-ratings": self._export_ratings,
            "file.export-maps": self.files.export_maps,
            "file.quit": self._quit,
            "file.close-all": self._session.close_all,
            "file.reopen": self.reopenRequested.emit,
            "edit.preferences": self.preferencesRequested.emit,
            "view.series-panel": partial(self._toggle_panel, self.bench.series_panel),
            "view.side-panel": partial(self._toggle_panel, self.bench.side),
            "view.full-screen": self._toggle_full_screen,
            "overlay.peek": lambda: self.control.peek(not self._session.state.peek),
            "overlay.blink": self._toggle_blink,
            "rate.next": partial(self.form.step, 1),
            "rate.previous": partial(self.form.step, -1),
            "rate.unanswered": self.form.step_to_open,
            "rate.mark": self.form.ask_for_mark,
            "rate.history": lambda: self._show_history(self.form.current),
            "rate.full": lambda: self._choose_form(not self._content.full),
            "rate.read-first": self._toggle_read_first,
            "rate.lock": self._lock,
            "rate.reader": partial(self.form.reader.setFocus, Qt.FocusReason.ShortcutFocusReason),
            "help.keys": partial(self._show_page, QT_TR_NOOP("Keys and mouse"), self._keys_page),
            "help.problems": partial(self._show_page, QT_TR_NOOP("Load report"), self._load_page),
            "help.about": partial(self._show_page, QT_TR_NOOP("About Overread"), pages.about_page),
        }
        for number in range(8):
            own[f"rate.{number}"] = partial(self.form.answer_current, number)
        return own | dict(self.control.bindings()) | self.desk.bindings() | self.run_desk.bindings()

    def _connect(self) -> None:
        session, reading, control = self._session, self._reading, self.control
        for number, view in enumerate(self.views):
            view.focused.connect(partial(control.use_pane, number))
            view.sliceRequested.connect(partial(control.in_pane, number, control.scrolled))
            view.dragStarted.connect(partial(control.in_pane, number, control.drag_started))
            view.windowDragged.connect(partial(control.in_pane, number, control.window_dragged))
            view.dragFinished.connect(session.end_merge)
            view.panRequested.connect(partial(control.in_pane, number, control.panned))
            view.zoomRequested.connect(partial(control.in_pane, number, control.zoomed))
            view.opacityRequested.connect(control.opacity_stepped)
            view.layoutRequested.connect(partial(control.maximise, number))
            view.swipeRequested.connect(control.swiped)
            view.menuRequested.connect(self._show_picture_menu)
        self.series_panel.chosen.connect(session.select)
        self.series_panel.entered.connect(self.views[0].setFocus)
        self.drops.dropped.connect(self.files.take_drop)
        self.series_panel.list.menu.opened.connect(session.select)
        self.series_panel.list.menu.besideChosen.connect(control.second.choose)
        self.strip.valueChanged.connect(control.show_slice)
        self.overlays.toggled.connect(control.overlay_ticked)
        self.overlays.styleChanged.connect(control.styled)
        self.overlays.chosen.connect(control.overlay_chosen)
        self.overlays.targetChanged.connect(control.targeted)
        self.overlays.labelsToggled.connect(partial(control.overlay_ticked, LABELS))
        self.form.answered.connect(reading.answer)
        self.form.readerChanged.connect(reading.set_reader)
        self.form.exportRequested.connect(self._export_ratings)
        self.form.fullRequested.connect(self._choose_form)
        self.form.historyRequested.connect(self._show_history)
        self.form.markRequested.connect(lambda key: self.bench.marking.start(ITEMS[key]))
        self.form.stages.lockRequested.connect(self._lock)
        self.bench.marking.marked.connect(reading.answer)
        reading.stepped.connect(session.did)
        reading.revised.connect(self._show_revised)
        reading.locked.connect(self._begin_stage)
        self.task_bar.cancelRequested.connect(self.actions_by_id["work.cancel"].trigger)
        session.seriesChanged.connect(self._show_title)
        self._content.refreshed.connect(self._show_actions)
        self._content.refreshed.connect(self.refreshed)
        self._content.seen.connect(self.seen)
        session.progressed.connect(self.task_bar.show_progress)
        self._reveal.progressed.connect(self._explaining_progressed)
        for message in (session.message, self._reveal.message, reading.message, self.files.message, self.desk.message):
            message.connect(self.task_bar.show_message)
        reading.readerChanged.connect(self.form.reader.setText)

    def _begin_stage(self) -> None:
        self.form.mark("dx")

    def _explaining_progressed(self, done: int, total: int) -> None:
        self.task_bar.show_progress(tr("Predicting and explaining"), done, total)

    def show_hint_for(self, demo: bool) -> None:
        """Say where the demo's pictures come from."""
        if demo:
            self.task_bar.show_message(
                tr("Demo: synthetic phantom legs, not patients, and a model trained on such phantoms.")
            )

    def show_engine(self, info: EngineInfo) -> None:
        """Say where the engine computes."""
        self.task_bar.device.setText(tr("Computing on {device}").format(device=info.device.upper()))

    # Actions --------------------------------------------------------------------------------------------------------

    def _show_actions(self) -> None:
        session, state, reveal = self._session, self._reveal.state, self._reveal
        active = state.style(state.active) if state.active else None
        for command, checked in (
            ("view.invert", state.invert),
            ("view.swipe", state.swipe is not None),
            ("view.crosshair", state.crosshair),
            ("view.identity", state.identity_hidden),
            ("view.full-screen", self.isFullScreen()),
            ("view.series-panel", not self.bench.series_panel.isHidden()),
            ("view.side-panel", not self.bench.side.isHidden()),
            ("overlay.toggle", state.overlays_on and bool(state.shown)),
            ("overlay.outline", active is not None and active.outline),
            ("overlay.body", state.body_only),
            ("view.series", state.layout == "series"),
            ("link.slices", state.beside.links.slices),
            ("link.place", state.beside.links.place),
            ("link.window", state.beside.links.window),
            ("overlay.blink", self._blink.isActive()),
            ("overlay.whatif", self.desk.is_painting),
            ("rate.full", self._content.full),
            ("rate.read-first", reveal.is_on),
            ("run.labels", self.run_desk.shows_labels),
        ):
            self.actions_by_id[command].setChecked(checked)
        reasons = command_reasons(session, self._explaining, self._reading, reveal, self.can_reopen)
        reasons |= self.run_desk.reasons()
        if not self.form.can_mark:
            why = tr("No question is answered in the picture now.")
            more = "" if self._content.full else " " + tr("Turn on all questions (Ctrl+Shift+Q).")
            reasons["rate.mark"] = why + more
        if self.recent_menu is not None:
            reasons["file.forget-recents"] = self.recent_menu.why_empty
        for command, why_not in reasons.items():
            allow_action(self.actions_by_id[command], why_not)
        self.drops.allow_adding(bool(session.opened.paths) and not reasons["file.add-folder"])
        if not reveal.shows_maps and self._blink.isActive():
            self._toggle_blink()

    def show_full_form(self, full: bool) -> None:
        """Ask everything, or the short form."""
        self._content.full = full
        self.form.show_full(full)
        self._content.refresh_soon()

    def _choose_form(self, full: bool) -> None:
        self.form.commit()
        self.show_full_form(full)
        self.fullFormChanged.emit(full)

    def _toggle_read_first(self) -> None:
        self.form.commit()
        self._reveal.set_on(not self._reveal.is_on)

    def _lock(self) -> None:
        self.form.commit()
        self._reading.lock()

    def _show_revised(self, place: Place) -> None:
        where = ""
        if place.slice_index is not None:
            where = tr(", slice {k}").format(k=place.slice_index)
            self.control.show_slice(place.slice_index - 1)
        words = tr("Answer changed: “{question}”").format(question=tr(ITEMS[place.item_id].text))
        self.task_bar.show_message(words + where)

    # Dialogs --------------------------------------------------------------------------------------------------------

    def _export_ratings(self) -> None:
        self.form.commit()
        self.files.export_ratings()

    def _show_history(self, item_id: str) -> None:
        item = ITEMS[item_id]
        changes = self._reading.history(item)
        self._show_page(QT_TR_NOOP("Changes of this answer"), lambda: history_page(item, changes))

    def _show_page(self, title: str, page: Callable[[], str]) -> None:
        show_page(self, tr(title), page())

    def _load_page(self) -> str:
        session = self._session
        return load_page(load_report(session.catalog, session.series, session.problems))

    def _open_recent(self) -> None:
        if self.recent_menu is not None:
            self.recent_menu.open_by_key()

    def _keys_page(self) -> str:
        return pages.keys_page(self._profile)

    def _show_picture_menu(self, place: QPoint) -> None:
        picture_menu(self, self.actions_by_id).popup(place)

    # Keys, focus, closing -------------------------------------------------------------------------------------------

    def set_mouse_profile(self, profile: MouseProfile) -> None:
        """Let the buttons do what ``profile`` says."""
        self._profile = profile
        for view in self.views:
            view.profile = profile

    def look_like(self, geometry: QByteArray, panels: QByteArray, hidden: tuple[str, ...]) -> None:
        """Take place, size, widths of the panels and which of them are hidden; what is empty stays as it is."""
        self.restoreGeometry(geometry)
        self.bench.restoreState(panels)
        for name, panel in self.bench.panels().items():
            panel.setVisible(name not in hidden)
        self._show_actions()

    def _toggle_panel(self, panel: QWidget) -> None:
        panel.setVisible(panel.isHidden())
        self._show_actions()
        if panel.isHidden():
            self.views[0].setFocus()

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _toggle_blink(self) -> None:
        if self._blink.isActive():
            self._blink.stop()
            self.control.peek(False)
        else:
            self._blink.start()
        self._show_actions()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hide the overlays while Space is held; a control that has the focus has taken its own Space already."""
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat():
                self.control.peek(True)
            return
        # The keys of a command that cannot run arrive here.
        self._say_why_not(event.keyCombination())
        super().keyPressEvent(event)

    def _say_why_not(self, keys: QKeyCombination) -> None:
        for action in self.actions_by_id.values():
            if not action.isEnabled() and QKeySequence(keys) in action.shortcuts():
                self.task_bar.show_message(action.statusTip())

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Show the overlays again."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.control.peek(False)
            return
        super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """End a peek when the window loses the keyboard: its release would go elsewhere."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.control.peek(False)
        super().changeEvent(event)

    def retire(self) -> None:
        """Go, because another window has taken this one's place."""
        self.form.commit()
        self._blink.stop()
        self.hide()
        self.deleteLater()

    def _quit(self) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hand over a comment that is being typed, then close."""
        self.form.commit()
        self._blink.stop()
        self.closing.emit()
        super().closeEvent(event)
        QApplication.quit()
