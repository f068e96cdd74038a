"""The part of the tour that runs every costly method on one slice, and looks at the scores of a map."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint

from viewer.app.explaining import Explaining
from viewer.app.session import Session
from viewer.ui.hands import Hands
from viewer.ui.main_window import MainWindow

SCORED = "occlusion"


def run_costly(hands: Hands, window: MainWindow, explaining: Explaining, session: Session) -> None:
    """Run each method that is not computed unasked, see its map alone, and score one of them."""
    panel, k = window.overlays, session.state.slice_index
    for key, entry in explaining.catalogue.items():
        if entry.cost == "cheap":
            continue
        family = panel.family_fold(entry.family)
        if not family.is_open:
            hands.click(family.heading)
            hands.picture(f"09-family-{entry.family.lower()}")
        hands.click(panel.rows[key].run, QPoint(10, 10))
        hands.wait(f"{key} of this slice", partial(_is_there, explaining, key, k), explaining.resultsChanged)
        hands.press("Shift+A")
        window.refresh()
        hands.picture(f"09-{key}")
        if key == SCORED:
            hands.press("Shift+F3")
            hands.wait("scores", lambda: explaining.scoring.of(SCORED, k) is not None, explaining.scoring.changed)
            window.refresh()
            hands.picture("09-scores")
            hands.press("Shift+F3")
    while session.state.active != "hirescam":
        hands.press("]")


def _is_there(explaining: Explaining, key: str, k: int) -> bool:
    """Whether a method is done with slice ``k``: it has a map, or says in words why there is none."""
    computed = explaining.results_of(key).computed
    return k < len(computed) and bool(computed[k]) and not explaining.runs.is_running(key)
