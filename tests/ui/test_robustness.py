"""What may go wrong with files and the engine: one sentence each, and the window goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from xai.imaging.volume import Problem


def message(place: Workplace) -> str:
    return place.window.task_bar.message.text()


@pytest.mark.parametrize("kind", ["empty folder", "text named dcm", "broken nifti", "not there"])
def test_bad_input_is_one_sentence_and_nothing_is_lost(
    workplace: Workplace, tmp_path: Path, kind: str, qtbot: QtBot
) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    match kind:
        case "text named dcm":
            (bad / "notes.dcm").write_text("these are only words\n" * 20)
        case "broken nifti":
            (bad / "cut.nii").write_bytes(b"\x5c\x01\x00\x00" + b"\x00" * 100)
        case "not there":
            bad = tmp_path / "nowhere"
    series = workplace.session.series
    with qtbot.waitSignal(workplace.session.message) as told:
        workplace.window.files.open_paths([bad])
    assert told.args is not None
    sentence, failure = told.args
    assert failure
    assert bad.name in sentence or "notes.dcm" in sentence or "cut.nii" in sentence
    assert "Traceback" not in sentence
    assert sentence.count("\n") == 0
    assert workplace.session.series is series
    assert workplace.explaining.counts() == (8, 8)


def test_a_slice_that_cannot_be_read_is_said_and_the_rest_goes_on(
    make_workplace: Callable[..., Workplace], tmp_path: Path, qtbot: QtBot
) -> None:
    values = np.tile(np.linspace(1, 900, 40, dtype=np.float32), (6, 40, 1)).transpose(2, 1, 0).copy()
    values[:, :, 1] = np.nan
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1.0, -1.0, 5.0, 1.0])), tmp_path / "nan.nii")
    place = make_workplace()
    place.start([tmp_path / "nan.nii"], tmp_path / "model")
    qtbot.waitUntil(lambda: place.explaining.model is not None and place.explaining.counts()[0] == 6, timeout=60_000)
    place.window.control.show_slice(1)
    place.window.refresh()
    picture = place.window.views[0].picture
    assert picture is not None
    assert len(np.unique(picture.pixels)) <= 2  # the two colours of the hatch


def test_colour_is_kept_from_the_model(workplace: Workplace, qtbot: QtBot) -> None:
    from dataclasses import replace

    series = workplace.session.series
    assert series is not None
    coloured = replace(series, problems=(Problem("colour", "The pictures are in colour and are shown in grey."),))
    workplace.explaining.open_series(coloured)
    for k, values in enumerate(workplace.session.slices):
        assert values is not None
        workplace.explaining.slice_arrived(k, values)
    workplace.explaining.resume()
    qtbot.wait(50)
    assert workplace.explaining.counts()[0] == 0
    workplace.window.refresh()
    assert workplace.window.prediction.verdict.text() == "Not for this series"
    assert "colour" in workplace.window.prediction.series.text()


def test_a_dying_engine_costs_its_slices_only(
    make_workplace: Callable[..., Workplace], series_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    place = make_workplace("DyingModel")
    place.start([series_file.parent], tmp_path / "model")
    qtbot.waitUntil(lambda: place.explaining.state("hirescam", 0).startswith("failed"), timeout=60_000)
    qtbot.waitUntil(lambda: place.explaining.counts()[0] >= 6, timeout=60_000)
    assert place.explaining.has_map("hirescam", 5)
    assert np.isnan(place.explaining.probability(1)[0])
    place.window.refresh()


def test_a_model_that_cannot_be_loaded_leaves_the_old_one(workplace: Workplace, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "broken").mkdir()
    with qtbot.waitSignal(workplace.explaining.message) as told:
        workplace.explaining.open_model(tmp_path / "broken")
    assert told.args is not None
    assert "broken" in told.args[0]
    assert workplace.explaining.model is not None
    assert workplace.explaining.counts() == (8, 8)


def test_escape_stops_and_f5_goes_on(
    make_workplace: Callable[..., Workplace], series_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    place = make_workplace("SlowModel")
    place.start([series_file.parent], tmp_path / "model")
    qtbot.waitUntil(lambda: place.explaining.model is not None and place.session.volume is not None, timeout=60_000)
    place.window.activateWindow()
    qtbot.waitUntil(lambda: place.window.task_bar.bar.isVisible())
    hands = Hands(place.window, tmp_path)
    hands.press("Escape")
    place.window.refresh()
    assert not place.window.task_bar.bar.isVisible()
    assert place.explaining.state("hirescam", 4) == "stopped"
    hands.press("F5")
    assert place.explaining.state("hirescam", 4) == "computing"
    assert place.window.task_bar.bar.isVisible()


def test_closing_while_work_runs_leaves_nothing(series_file: Path, tmp_path: Path) -> None:
    """Once at each of eight moments; tests/benchmarks closes it fifty times."""
    for number in range(4):
        shutil.copy(series_file, series_file.with_name(f"{number}.nii"))
    here = Path(__file__).parent
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": os.pathsep.join([str(here), str(here.parents[1])]),
    }
    arguments = [sys.executable, str(here / "closing.py"), str(tmp_path), str(series_file.parent), "8"]
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, timeout=240)
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert len({moment for moment, _ in rounds}) == 8
    assert [left for _, left in rounds] == [[]] * 8
