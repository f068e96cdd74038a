"""What a notch of the wheel costs: state, picture with one overlay, panels, and the paint of a 900 pixel view."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from pytestqt.qtbot import QtBot

from viewer.app.settings import Settings
from viewer.ui.application import Workplace, make_application

UI_TESTS = Path(__file__).parents[1] / "ui"


@pytest.fixture(params=[512, 1024])
def place(
    request: pytest.FixtureRequest, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workplace]:
    monkeypatch.syspath_prepend(UI_TESTS)
    size = request.param
    rng = np.random.default_rng(0)
    values = rng.integers(200, 800, (size, size, 24)).astype(np.int16)
    values[size // 3 : size // 2, size // 4 : size // 2] = 1500
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-0.7, -0.7, 5.0, 1.0])), tmp_path / "noise.nii")
    make_application()
    place = Workplace(tmp_path / "answers.sqlite", Settings(tmp_path / "settings.ini"), "fake_model:FakeModel")
    place.window.resize(1480, 1010)
    place.start([tmp_path / "noise.nii"], tmp_path / "model")
    qtbot.waitUntil(lambda: place.session.volume is not None and place.explaining.model is not None, timeout=60_000)
    qtbot.waitUntil(lambda: place.explaining.counts()[0] == 24, timeout=60_000)
    place.window.actions_by_id["overlay.toggle"].trigger()
    yield place
    place.window.close()
    place.close()


def test_slice_change_with_one_overlay(benchmark: BenchmarkFixture, place: Workplace) -> None:
    window, view = place.window, place.window.views[0]
    steps = iter(range(10**9))
    assert min(view.width(), view.height()) > 600

    def change() -> None:
        window.control.show_slice(next(steps) % 24)
        window.refresh()
        view.repaint()

    benchmark.extra_info["view"] = f"{view.width()} x {view.height()}"
    benchmark.pedantic(change, rounds=60, warmup_rounds=5)
    picture = view.picture
    assert picture is not None
    assert picture.bars


def test_opacity_change(benchmark: BenchmarkFixture, place: Workplace) -> None:
    window, view = place.window, place.window.views[0]
    steps = iter(range(10**9))

    def change() -> None:
        window.control.styled("hirescam", "opacity", (next(steps) % 90 + 5) / 100)
        window.refresh()
        view.repaint()

    benchmark.pedantic(change, rounds=40, warmup_rounds=3)
