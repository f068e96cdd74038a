"""What a notch of the wheel, a step of opacity and a step of a window drag cost, painted in a view of 900 pixels.

State, picture with one or three overlays, panels, and the paint itself; beside napari doing the same on the same
platform where napari is there (a Python with napari in ``OVERREAD_NAPARI_PYTHON``, and a display such as Xvfb).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture
from pytestqt.qtbot import QtBot

from viewer.app.settings import Settings
from viewer.ui.application import Workplace, make_application

HERE = Path(__file__).parent
UI_TESTS = HERE.parent / "ui"
NAPARI = os.environ.get("OVERREAD_NAPARI_PYTHON", "")
SLICES, VIEW = 24, 900
CASES = [(512, 1), (512, 3), (1024, 1)]


def limb(size: int) -> NDArray[np.int16]:
    """Return (column, row, slice): noisy tissue in noisy air, brighter in one corner of it."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    body = (rows / 0.8) ** 2 + (columns / 0.7) ** 2 < 1
    values = np.where(body[..., None], rng.integers(400, 800, (size, size, SLICES)), 0)
    values += rng.integers(0, 40, values.shape)
    values[size // 3 : size // 2, size // 4 : size // 2] = 1500
    return values.astype(np.int16)


@pytest.fixture(params=CASES, ids=[f"{size}-{overlays}" for size, overlays in CASES])
def place(
    request: pytest.FixtureRequest, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workplace]:
    monkeypatch.syspath_prepend(UI_TESTS)
    size, overlays = request.param
    nibabel.save(nibabel.Nifti1Image(limb(size), np.diag([-0.7, -0.7, 5.0, 1.0])), tmp_path / "noise.nii")
    make_application()
    place = Workplace(tmp_path / "answers.sqlite", Settings(tmp_path / "settings.ini"), "fake_model:FakeModel")
    place.window.resize(VIEW + 600, VIEW + 140)
    place.start([tmp_path / "noise.nii"], tmp_path / "model")
    qtbot.waitUntil(lambda: place.session.volume is not None and place.explaining.model is not None, timeout=60_000)
    qtbot.waitUntil(lambda: place.explaining.counts()[0] == SLICES, timeout=60_000)
    place.window.actions_by_id["overlay.toggle"].trigger()
    for key in ("gradcam", "gradcampp")[: overlays - 1]:
        place.window.control.overlay_ticked(key, True)
    view = place.window.views[0]
    view.setFixedSize(VIEW, VIEW)
    place.window.refresh()
    assert view.picture is not None
    assert len(view.picture.bars) == overlays
    yield place
    place.window.close()
    place.close()


def painted(place: Workplace, step: Callable[[int], None]) -> Callable[[], None]:
    """Return a call that makes the next step and has it painted before it comes back."""
    numbers = iter(range(10**9))

    def change() -> None:
        step(next(numbers))
        place.window.refresh()
        place.window.views[0].repaint()

    return change


def slices(place: Workplace) -> Callable[[int], None]:
    return lambda n: place.window.control.show_slice(n % SLICES)


def opacity(place: Workplace) -> Callable[[int], None]:
    return lambda n: place.window.control.styled("hirescam", "opacity", (n % 90 + 5) / 100)


def window(place: Workplace) -> Callable[[int], None]:
    place.window.control.drag_started()
    return lambda n: place.window.control.window_dragged(n % 80, n % 50)


ACTS = {"slice": slices, "opacity": opacity, "window": window}


@pytest.mark.parametrize("act", ACTS)
def test_interaction(benchmark: BenchmarkFixture, place: Workplace, act: str) -> None:
    change = painted(place, ACTS[act](place))
    view = place.window.views[0]
    assert (view.width(), view.height()) == (VIEW, VIEW)
    benchmark.pedantic(change, rounds=3 * SLICES, warmup_rounds=5)


def test_slice_change_to_slices_not_seen_before(benchmark: BenchmarkFixture, place: Workplace) -> None:
    """The body of each slice is looked for once; here every time."""
    change = painted(place, slices(place))

    def first_time() -> None:
        place.session.bodies._found.clear()
        change()

    benchmark.pedantic(first_time, rounds=2 * SLICES, warmup_rounds=3)


@pytest.mark.skipif(not NAPARI, reason="no napari: set OVERREAD_NAPARI_PYTHON to a Python that has it")
@pytest.mark.parametrize("act", ACTS)
def test_beside_napari(
    benchmark: BenchmarkFixture,
    place: Workplace,
    act: str,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    size, overlays = request.node.callspec.params["place"]
    rounds = 2 * SLICES
    command = [NAPARI, str(HERE / "napari_window.py"), act, str(size), str(overlays), str(rounds)]
    change = painted(place, ACTS[act](place))
    benchmark.pedantic(change, rounds=rounds, warmup_rounds=5)
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    theirs = median(json.loads(run.stdout.splitlines()[-1]))
    if benchmark.stats is not None:
        ours = benchmark.stats.stats.median
        benchmark.extra_info |= {"napari_s": theirs, "times_faster": theirs / ours}
        with capsys.disabled():
            print(f"\n{act} {size} {overlays}: {ours * 1e3:.1f} ms, napari {theirs * 1e3:.1f} ms", end="")
