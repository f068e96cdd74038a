"""Joins the overlay panel, the explanation card and the what-if brush to the model's work."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QPushButton

from viewer.app.control import Control
from viewer.app.explaining import Explaining
from viewer.app.method_words import card_text, chosen_method, explanation_card, method_texts
from viewer.app.reading import Reading
from viewer.app.reveal import Reveal
from viewer.app.session import Session
from viewer.app.what_if import WhatIf
from viewer.core import view_state
from viewer.core.overlay import OverlayStyle
from viewer.core.said import said
from viewer.core.what_if import WhatIfFinding
from viewer.core.words import tr
from viewer.ui import pages
from viewer.ui.dialogs import show_page
from viewer.ui.what_if import Brush
from viewer.ui.workbench import Workbench


class ExplanationDesk(QObject):
    """Turns what the reader does in the panel into work, and shows how it stands.

    Parameters
    ----------
    bench : Workbench
        The panels.
    session, explaining, reading, control
        What they act on.
    reveal : Reveal
        Says what may be seen.
    """

    message = Signal(str, bool)
    refreshWanted = Signal()

    def __init__(
        self,
        bench: Workbench,
        session: Session,
        explaining: Explaining,
        reading: Reading,
        reveal: Reveal,
        control: Control,
    ) -> None:
        super().__init__(bench)
        self._bench, self._session, self._explaining = bench, session, explaining
        self._reading, self._reveal, self._control = reading, reveal, control
        self.what_if = WhatIf(explaining.engine, explaining, self)
        self.brush = Brush(self.what_if, self)
        panel, bar, what_if = bench.overlays, bench.what_if, self.what_if
        panel.runRequested.connect(self._run)
        panel.stopRequested.connect(explaining.runs.stop)
        panel.soloRequested.connect(self._solo)
        panel.hideAllRequested.connect(self._hide_all)
        panel.stepRequested.connect(control.step_methods)
        panel.settingChanged.connect(explaining.chosen.set)
        panel.settingsReset.connect(explaining.chosen.reset)
        panel.settings.turned.connect(self.refreshWanted)
        panel.scoresTurned.connect(self.refreshWanted)
        explaining.scoring.changed.connect(self.refreshWanted)
        explaining.chosen.described.connect(self.refreshWanted)
        explaining.runs.progressed.connect(self._show_progress)
        self.brush.left.connect(self.leave_what_if)
        self.brush.resized.connect(bar.show_size)
        bar.sizeChanged.connect(self.brush.set_radius)
        bar.fillChanged.connect(what_if.set_fill)
        bar.undoRequested.connect(what_if.undo)
        bar.resetRequested.connect(what_if.reset)
        bar.attachRequested.connect(self._attach)
        bar.leaveRequested.connect(self.leave_what_if)
        what_if.changed.connect(self._show_what_if)
        what_if.failed.connect(lambda why: self.message.emit(why, True))
        reveal.changed.connect(self._follow_reveal)
        session.seriesChanged.connect(what_if.start_over)
        session.seriesChanged.connect(self._leave_when_refused)
        explaining.modelChanged.connect(what_if.start_over)

    def bindings(self) -> dict[str, Callable[[], None]]:
        """Return the function of each of its commands, by id."""
        return {
            "overlay.run": partial(self._run_active, False),
            "overlay.run-series": partial(self._run_active, True),
            "overlay.solo": self._solo,
            "overlay.hide-all": self._hide_all,
            "overlay.card": self._show_card,
            "overlay.scores": self._toggle_scores,
            "overlay.whatif": self._toggle_what_if,
            "overlay.attach": self._attach,
        }

    def _show_progress(self, job: str, done: int, total: int) -> None:
        # A method, not a lambda: those are not let go of when another look or language makes a new window.
        self._bench.task_bar.show_progress(job, done, total, 100, "runs")

    # Methods --------------------------------------------------------------------------------------------------------

    def _run(self, key: str, whole: bool) -> None:
        if not self._reveal.shows_maps:
            return
        state = self._session.state
        if not state.overlays_on or not state.style(key).visible:
            # Who asks for a map wants to see it.
            self._control.overlay_ticked(key, True)
        elif state.active != key:
            self._control.overlay_chosen(key)
        self._explaining.run(key, whole)

    def _run_active(self, whole: bool) -> None:
        key = self._session.state.active
        if key not in self._explaining.catalogue:
            return
        if why := self._explaining.closed_why(key):
            self.message.emit(why, False)
        else:
            self._run(key, whole)

    def _solo(self) -> None:
        if self._session.state.active:
            self._session.change(view_state.soloed(self._session.state, self._session.state.active))

    def _hide_all(self) -> None:
        state = self._session.state
        for key, style in state.overlays:
            if isinstance(style, OverlayStyle) and style.visible:
                state = view_state.styled(state, key, visible=False)
        self._session.change(state)

    def _toggle_scores(self) -> None:
        self._bench.overlays.turn_scores()
        self.refreshWanted.emit()

    def show(self, styles: dict[str, OverlayStyle]) -> None:
        """Bring the panel up to date; ``styles`` as far as overlays are on."""
        session, explaining, panel = self._session, self._reveal.maps, self._bench.overlays
        state = self._reveal.state
        shown = [key for key, style in styles.items() if style.visible]
        chosen = chosen_method(session, explaining, shown)
        panel.show_methods(method_texts(session, explaining), styles, chosen, state.target)
        scored = dict.fromkeys((chosen.key, *shown)) if panel.scores.is_open else {}
        explaining.scoring.want(
            [key for key in scored if explaining.has_map(key, state.slice_index)], state.slice_index
        )
        values = session.slices[state.slice_index] if session.slices else None
        self.what_if.show(state.slice_index, values)

    # The card -------------------------------------------------------------------------------------------------------

    def _show_card(self) -> None:
        card = explanation_card(self._session, self._reveal.maps)
        dialog = show_page(self._bench.window(), tr("Explanation card"), pages.card_page(card))
        buttons = dialog.findChild(QDialogButtonBox)
        assert isinstance(buttons, QDialogButtonBox)
        copy = QPushButton(tr("Copy as text"))
        copy.setToolTip(tr("Copy the card as plain text, a line for each value"))
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(card_text(card)))

    # What-if --------------------------------------------------------------------------------------------------------

    @property
    def is_painting(self) -> bool:
        """Whether the brush is out."""
        return self._bench.what_if.isVisibleTo(self._bench)

    def _toggle_what_if(self) -> None:
        if self.is_painting:
            self.leave_what_if()
        elif self._explaining.model is None or self._session.series is None or self._explaining.refusal:
            self.message.emit(
                said(self._explaining.refusal) or tr("The brush needs a series and a model that is loaded."), False
            )
        else:
            self._bench.what_if.setVisible(True)
            for view in self._bench.views:
                view.set_mode(self.brush)
            self._bench.views[0].setFocus(Qt.FocusReason.OtherFocusReason)
            self._show_what_if()

    def _follow_reveal(self) -> None:
        # The brush tells what the model says, and scores tell of maps.
        if not self._reveal.shows_maps:
            self.leave_what_if()
            self._explaining.scoring.stop()

    def _leave_when_refused(self) -> None:
        if self._explaining.refusal:
            self.leave_what_if()

    def leave_what_if(self) -> None:
        """Put the brush away."""
        self._bench.what_if.setVisible(False)
        for view in self._bench.views:
            view.set_mode(None)

    def _show_what_if(self) -> None:
        if not self.is_painting:
            return
        before, after = self.what_if.effect
        name = tr(self._explaining.classes[1]) if len(self._explaining.classes) > 1 else ""
        if not self.what_if.is_painted:
            words = tr("Paint over tissue: what would the model say without it?")
        elif not self.what_if.is_tissue_painted:
            words = tr("Only air is painted: nothing changes.")
        elif np.isnan(after):
            words = tr("{name} {before:.2f} → …").format(name=name, before=before)
        else:
            words = tr("{name} {before:.2f} → {after:.2f}").format(name=name, before=before, after=after)
            if f"{before:.2f}" == f"{after:.2f}":
                was, now = self.what_if.log_odds
                words = tr("log-odds {before:.2f} → {after:.2f}").format(before=was, after=now)
            if self.what_if.is_asking:
                words += " …"
        self._bench.what_if.show_effect(words, self.what_if.is_painted, self._why_not_attached())
        for view in self._bench.views:
            view.update()

    def _why_not_attached(self) -> str:
        if not self.what_if.is_painted:
            return tr("Nothing is painted on this slice.")
        if self.what_if.is_asking:
            return tr("The model has not answered yet.")
        if self._session.volume is None:
            return tr("The series is not read completely yet.")
        if not self._reading.is_open:
            return tr("The store of answers is not open.")
        return ""

    def _attach(self) -> None:
        volume = self._session.volume
        finding = None if volume is None else self.what_if.finding(volume.sha256)
        why = self._why_not_attached()
        if finding is None or why:
            self.message.emit(why, False)
            return
        attach_finding(self._reading, finding)
        words = tr("Attached to the feedback: slice {k}, {name} {before:.2f} → {after:.2f}.")
        self.message.emit(
            words.format(
                k=finding.slice_index, name=tr(finding.class_name), before=finding.before, after=finding.after
            ),
            False,
        )


def attach_finding(reading: Reading, finding: WhatIfFinding) -> None:
    """Keep a finding beside the answers about what is on screen: as an event of the store, with the region in it."""
    reading.log("what_if", reading.about(), finding.to_dict())
