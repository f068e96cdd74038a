"""Padded tiles in the window: a patient is one series, and zoom 1 fits its largest tile, not the black around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from tests.run_folder import write_tiles
from viewer.app.thumbnails import thumbnail
from viewer.ui.workplace import Workplace

SHAPES = ((60, 30), (20, 44), (51, 50))


def draw(patient: int, k: int) -> NDArray[np.uint8]:
    tile = np.full(SHAPES[k % 3], 90, np.uint8)
    tile[5:9, 12:15] = 250
    return tile


def test_a_tile_fills_the_view_and_its_pixels_are_where_they_are(
    make_workplace: Callable[..., Workplace], tmp_path: Path, qtbot: QtBot
) -> None:
    table = write_tiles(tmp_path / "cohort", [(f"t{n}", n % 2, f"P{n // 3}") for n in range(6)], draw)
    place = make_workplace()
    place.window.resize(1300, 800)
    place.start([table])
    qtbot.waitUntil(lambda: place.session.volume is not None and not place.files.is_busy, timeout=60_000)
    place.window.refresh()
    series = place.session.series
    assert series is not None
    assert [len(one) for one in place.session.catalog.series] == [3, 3]
    assert (series.geometry.shape, series.content) == ((3, 224, 224), (60, 50))
    view = place.window.views[0]
    assert view.zoom_percent / view.devicePixelRatioF() == 100 * min(view.width() / 50, view.height() / 60)
    for k, (rows, columns) in enumerate(SHAPES):
        place.window.control.show_slice(k)
        place.window.refresh()
        top, left = (224 - rows) // 2, (224 - columns) // 2
        image = view.grab().toImage()
        spot, beside = view.view_position(left + 13, top + 6.5), view.view_position(left + 13, top + 12)
        assert view.rect().contains(spot.toPoint())
        ratio = image.devicePixelRatio()
        assert image.pixelColor((spot * ratio).toPoint()).lightness() > 200
        assert image.pixelColor((beside * ratio).toPoint()).lightness() < 150
    small = thumbnail(series.read_slice(1), series)
    assert small.shape == (60, 50)
