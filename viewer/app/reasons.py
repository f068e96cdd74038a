"""Why a command or a panel cannot be used now, in words; nothing is grey without saying why."""

from __future__ import annotations

from viewer.app.commands import COMMANDS
from viewer.app.explaining import Explaining
from viewer.app.reading import CASE_ITEMS, Reading
from viewer.app.reveal import MAP_COMMANDS, Reveal
from viewer.app.session import Session
from viewer.core.words import tr

_NEED_SERIES = ("slice.", "window.", "view.fit", "view.zoom-", "view.invert", "view.crosshair", "view.swipe")
_NEED_MODEL = (
    "overlay.previous",
    "overlay.next",
    "overlay.outline",
    "overlay.more",
    "overlay.less",
    "overlay.target",
    "overlay.card",
)
_NEED_OVERLAY = ("overlay.toggle", "overlay.peek", "overlay.blink")


def no_maps_why(session: Session, explaining: Explaining) -> str:
    """Why there can be no maps; empty when there are, or will be."""
    if explaining.withheld[1]:
        return explaining.withheld[1]
    if explaining.model is None:
        return tr("The model is being loaded.") if explaining.is_loading else tr("Open a model first (Ctrl+M).")
    if session.series is None:
        return tr("Open a series first (Ctrl+O).")
    return explaining.refusal


def command_reasons(
    session: Session, explaining: Explaining, reading: Reading, reveal: Reveal, can_reopen: bool
) -> dict[str, str]:
    """Return for every command why it cannot run now; an empty text when it can.

    Parameters
    ----------
    session, explaining, reading, reveal
        What is open, and what of it may be seen.
    can_reopen : bool
        Whether the last window ended without being closed.
    """
    no_series = "" if session.series is not None else tr("Open a series first (Ctrl+O).")
    no_maps = no_maps_why(session, explaining)
    has_labels = session.series is not None and bool(session.series.label_maps)
    reasons = {command.id: "" for command in COMMANDS}
    for key in reasons:
        if key.startswith(_NEED_SERIES):
            reasons[key] = no_series
        elif key in _NEED_MODEL:
            reasons[key] = no_maps
        elif key in _NEED_OVERLAY:
            reasons[key] = "" if has_labels else no_maps
        elif key.startswith("rate.") and key != "rate.reader":
            # Questions about a map may be closed while those about the case are open: their cards say so.
            reasons[key] = no_series or reading.closed_why(CASE_ITEMS[0])
    last = len(session.catalog.series) - 1
    reasons["series.next"] = no_series or ("" if session.index < last else tr("This is the last series of the list."))
    reasons["series.previous"] = no_series or ("" if session.index > 0 else tr("This is the first series of the list."))
    if not no_series and not any(preset.key == "1" for preset in session.presets):
        reasons["window.1"] = tr("The file proposes no window of its own.")
    reasons["edit.undo"] = "" if session.can_undo else tr("There is nothing to take back.")
    reasons["edit.redo"] = "" if session.can_redo else tr("Nothing was taken back.")
    reasons["file.close-all"] = no_series
    reasons["file.reopen"] = "" if can_reopen else tr("The last window was closed in order.")
    if session.volume is None:
        reasons["file.export-maps"] = no_series or tr("The series is not read completely yet.")
    elif not any(explaining.counts()):
        reasons["file.export-maps"] = no_maps or tr("No map is computed yet.")
    reasons["file.rescan"] = "" if session.paths else tr("Nothing is open yet.")
    if session.second.index < 0:
        for key in ("link.slices", "link.place", "link.window"):
            reasons[key] = tr("There is no second series beside the first (Ctrl+Shift+PgDown).")
    for key in MAP_COMMANDS:
        reasons[key] = reveal.why_hidden(key) or reasons[key]
    if not reveal.is_on:
        reasons["rate.lock"] = tr("Only when you read first, then reveal (Ctrl+Shift+L).")
    else:
        reasons["rate.lock"] = reasons["rate.lock"] or reading.lock_why()
    reasons["rate.read-first"] = reasons["rate.full"] = ""
    return reasons
