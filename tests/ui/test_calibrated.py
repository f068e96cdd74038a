"""A calibrated model says so beside its probability, and nothing is said of one that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.fitting import misfits
from viewer.app.method_words import explanation_card
from viewer.app.preferences import Language
from viewer.ui.application import Workplace

AFFECTED_SLICE = 2


def test_a_calibrated_probability_says_so_and_what_it_rests_on(
    make_workplace: Callable[..., Workplace], series_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    place = make_workplace("CalibratedModel")
    place.start([series_file.parent], tmp_path / "model")
    qtbot.waitUntil(lambda: place.session.volume is not None and place.explaining.counts()[0] == 8, timeout=60_000)
    place.window.control.show_slice(AFFECTED_SLICE)
    place.window.refresh()
    panel = place.window.prediction
    assert panel.number.text() == "affected 0.90"
    assert panel.calibrated.text() == "calibrated"
    assert panel.calibrated.isVisible()
    for said in ("Temperature 1.4", "480 slices of 40 patients", "0.080 before, 0.030 after", "8 in 10 are affected"):
        assert said in panel.calibrated.toolTip()
    assert dict(explanation_card(place.session, place.explaining))["Probabilities"] == panel.calibrated.toolTip()
    (maps,) = {one.notes for one in place.explaining.explanations("0" * 64).values()}
    assert "Probabilities are calibrated: temperature 1.4, fitted on 480 slices of 40 patients." in maps
    languages: tuple[Language, ...] = ("en", "it")
    for language in languages:
        place.apply(replace(place.preferences, language=language, scale=1.5))
        place.window.resize(1280, 800)
        place.window.refresh()
        for _ in range(3):
            QApplication.processEvents()
        assert misfits(place.window) == []
    assert place.window.prediction.calibrated.text() == "calibrata"
    assert "480 strati di 40 pazienti" in place.window.prediction.calibrated.toolTip()


def test_nothing_is_said_of_a_model_without_calibration(workplace: Workplace) -> None:
    workplace.window.control.show_slice(AFFECTED_SLICE)
    workplace.window.refresh()
    assert not workplace.window.prediction.calibrated.isVisible()
    assert workplace.window.prediction.number.toolTip() == ""
    assert dict(explanation_card(workplace.session, workplace.explaining))["Probabilities"] == ""
