"""Two hundred series opened and closed: nothing of the closed ones stays in memory."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from viewer.ui.application import Workplace
from xai.imaging.volume import Volume

WARM_UP = 30
SHAPE = (128, 128, 8)
VOLUME_MIB = 4 * 128 * 128 * 8 / 2**20
ALLOWED = 0.3
"""Less than a third of what one volume (float32) left behind per series would take."""


def resident_mib() -> float:
    """Return the memory that the process holds now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def volumes() -> int:
    """Return how many volumes are alive."""
    gc.collect()
    return sum(type(thing) is Volume for thing in gc.get_objects())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("way", "opened"), [("opened from disk", 200), ("chosen in the list", 90)])
def test_memory_stays_level_over_many_series(
    make_workplace: Callable[..., Workplace], tmp_path: Path, qtbot: QtBot, way: str, opened: int
) -> None:
    others = volumes()  # of tests before this one in the same process
    rng = np.random.default_rng(0)
    folders = []
    for n in range(4):
        folder = tmp_path / "many" / str(n)
        folder.mkdir(parents=True)
        values = rng.integers(1, 900, SHAPE).astype(np.int16)
        nibabel.save(nibabel.Nifti1Image(values, np.diag([-1.0, -1.0, 5.0, 1.0])), folder / "series.nii")
        folders.append(folder)
    place = make_workplace()
    session = place.session
    place.start([tmp_path / "many"], tmp_path / "model")
    qtbot.waitUntil(lambda: session.volume is not None and place.explaining.model is not None, timeout=60_000)
    level = 0.0
    for n in range(opened):
        with qtbot.waitSignal(session.volumeReady, timeout=60_000):
            if way == "chosen in the list":
                place.window.series_panel.chosen.emit((n + 1) % 4)
            else:
                place.window.files.open_paths([folders[n % 4]])
        place.window.actions_by_id["slice.next"].trigger()
        place.window.refresh()
        if n == WARM_UP:
            gc.collect()
            level = resident_mib()
    gc.collect()
    assert resident_mib() - level < ALLOWED * VOLUME_MIB * (opened - WARM_UP)
    assert volumes() - others <= 2
