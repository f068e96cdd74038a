"""After a crash the window opens where it was; after a proper end it does not; two windows do not fight."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from viewer.app.restore import MOST_ATTEMPTS, KeptPlace, read_place, write_place
from viewer.core.stored import from_json
from viewer.core.view_state import ViewState
from viewer.core.window import Window
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands

HERE = Path(__file__).parent
SPOTS = (2, 5)


@pytest.fixture
def two_series(series_file: Path) -> Path:
    """A folder of two series of eight slices."""
    image = nibabel.load(series_file)
    values = np.asarray(image.dataobj)[::-1].copy()
    nibabel.save(nibabel.Nifti1Image(values, image.affine), series_file.with_name("turned.nii"))
    (series_file.parents[1] / "model").mkdir()
    return series_file.parent


@pytest.fixture
def place_file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "place.json"


def wait_for_maps(qtbot: QtBot, place: Workplace) -> None:
    qtbot.waitUntil(lambda: place.session.volume is not None and place.explaining.model is not None, timeout=60_000)
    qtbot.waitUntil(lambda: place.explaining.counts()[0] == len(place.session.slices), timeout=60_000)
    place.window.refresh()


def is_at_the_end(place: KeptPlace) -> bool:
    return place.state.slice_index == 5 and place.state.crosshair and place.model != ""


def is_zoomed(place: KeptPlace) -> bool:
    return place.state.zoom > 1


def killed_once(is_there: Callable[[KeptPlace], bool], file: Path, folder: Path) -> list[KeptPlace]:
    """Run a review, kill its window with SIGKILL once such a place is on disk, and return those that it told."""
    arguments = [
        sys.executable,
        str(HERE / "review_window.py"),
        str(file),
        str(folder.parent / "a.sqlite"),
        str(folder),
    ]
    path = os.pathsep.join((str(HERE), str(HERE.parents[1])))
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": path}
    window = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert window.stdout is not None
    told = [window.stdout.readline()]
    while not is_there(from_json(json.loads(told[-1]), KeptPlace)):
        told.append(window.stdout.readline())
    window.send_signal(signal.SIGKILL)
    told += [line for line in window.stdout if line.endswith("\n")]
    window.stdout.close()
    window.wait()
    return [from_json(json.loads(line), KeptPlace) for line in told]


def at_slice(index: int) -> Callable[[KeptPlace], bool]:
    return lambda place: place.state.slice_index == index


def wait_until_there(qtbot: QtBot, place: Workplace) -> None:
    qtbot.waitUntil(lambda: place.session.volume is not None and not place.window.can_reopen, timeout=60_000)
    place.window.refresh()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("is_there", [is_at_the_end, is_zoomed])
def test_kill_9_and_restart_is_where_it_was(
    make_workplace: Callable[..., Workplace],
    two_series: Path,
    place_file: Path,
    qtbot: QtBot,
    is_there: Callable[[KeptPlace], bool],
) -> None:
    told = killed_once(is_there, place_file, two_series)
    kept = read_place(place_file)
    assert kept is not None
    # What was told is on disk; one more may have been written before it could be told.
    assert kept.series_number == 1
    assert kept == told[-1] or kept not in told
    assert is_there(kept)
    if is_there is is_at_the_end:
        assert (kept.state.slice_index, kept.state.layout, kept.state.target) == (5, "compare", "healthy")
        assert kept.state.style("gradcam").opacity == 0.85
        assert kept.state.window is not None
        assert kept.state.zoom == 2.5
    again = make_workplace(place=place_file)
    again.start()
    wait_until_there(qtbot, again)
    series = again.session.series
    assert series is not None
    assert series.uid == kept.series_uid
    # The pixels of that series, and not of the first one of the list, which was about to be read.
    assert again.session.volume is not None
    assert np.array_equal(again.session.volume.array[0], series.read_slice(0))
    assert again.session.state == kept.state
    assert again.explaining.target == kept.state.target
    assert again.window.strip.value() == kept.state.slice_index
    assert again.window.height() == 700
    assert [view.isVisible() for view in again.window.views] == [True, kept.state.layout == "compare", False, False]
    assert not again.session.can_undo
    assert again.window.notice.isVisible()
    if kept.model:
        qtbot.waitUntil(lambda: again.explaining.model_path == Path(kept.model), timeout=60_000)


def test_a_window_that_is_closed_leaves_no_place(
    make_workplace: Callable[..., Workplace], two_series: Path, place_file: Path, qtbot: QtBot
) -> None:
    first = make_workplace(place=place_file)
    first.start([two_series])
    qtbot.waitUntil(lambda: first.session.volume is not None)
    with qtbot.waitSignal(first.keeper.written, check_params_cb=at_slice(1)):
        first.window.control.show_slice(1)
    assert place_file.is_file()
    first.window.close()
    first.close()
    assert list(place_file.parent.iterdir()) == []
    again = make_workplace(place=place_file)
    again.start()
    assert again.session.series is None
    assert not again.window.notice.isVisible()
    assert "closed in order" in again.window.actions_by_id["file.reopen"].toolTip()


def crashed_at(file: Path, folder: Path, **changes: object) -> KeptPlace:
    """Leave a place as a window that crashed there would have."""
    state = ViewState(slice_index=6, window=Window(400.0, 90.0), zoom=3.0, layout="compare")
    place = KeptPlace((str(folder),), "", 1, state, **changes)  # type: ignore[arg-type]
    write_place(file, place)
    return place


def uid_of_second(make: Callable[..., Workplace], folder: Path, qtbot: QtBot) -> str:
    place = make()
    place.start([folder])
    qtbot.waitUntil(lambda: place.session.volume is not None)
    uid = place.session.catalog.series[1].uid
    place.window.close()
    place.close()
    return uid


def test_start_empty_takes_it_back_by_keyboard(
    make_workplace: Callable[..., Workplace], two_series: Path, place_file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    uid = uid_of_second(make_workplace, two_series, qtbot)
    crashed_at(place_file, two_series)
    write_place(place_file, KeptPlace((str(two_series),), uid, 1, ViewState(slice_index=6)))
    again = make_workplace(place=place_file)
    again.start()
    wait_until_there(qtbot, again)
    assert (again.session.index, again.session.state.slice_index) == (1, 6)
    hands = Hands(again.window, tmp_path)
    again.window.activateWindow()
    qtbot.waitUntil(again.window.isActiveWindow)
    button = again.window.notice.buttons[1]
    for _ in range(60):
        if again.window.focusWidget() is button:
            break
        hands.press("Tab")
    assert again.window.focusWidget() is button
    hands.press("Space", button)
    assert again.session.series is None
    assert again.window.views[0].picture is None
    assert not again.window.notice.isVisible()
    assert again.window.series_panel.list.count() == 0


def test_what_is_asked_for_comes_first_and_the_place_is_offered(
    make_workplace: Callable[..., Workplace], two_series: Path, place_file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    uid = uid_of_second(make_workplace, two_series, qtbot)
    write_place(place_file, KeptPlace((str(two_series),), uid, 1, ViewState(slice_index=6)))
    again = make_workplace(place=place_file)
    again.start([two_series / "spots.nii"])
    qtbot.waitUntil(lambda: again.session.volume is not None)
    assert len(again.session.catalog.series) == 1
    assert again.window.notice.isVisible()
    Hands(again.window, tmp_path).press("Ctrl+Shift+T", again.window)
    qtbot.waitUntil(lambda: again.session.index == 1)
    assert again.session.state.slice_index == 6


def test_a_place_that_ends_the_window_again_is_only_offered(
    make_workplace: Callable[..., Workplace], two_series: Path, place_file: Path, qtbot: QtBot
) -> None:
    crashed_at(place_file, two_series, attempts=MOST_ATTEMPTS)
    again = make_workplace(place=place_file)
    again.start()
    assert again.window.notice.isVisible()
    assert again.session.series is None
    again.window.notice.buttons[1].click()
    assert not again.window.notice.isVisible()


def test_every_restart_is_counted_until_the_series_is_read(
    make_workplace: Callable[..., Workplace], two_series: Path, place_file: Path, qtbot: QtBot
) -> None:
    crashed_at(place_file, two_series)
    again = make_workplace(place=place_file)
    again.start()
    counted = read_place(place_file)
    assert counted is not None
    assert counted.attempts == 1
    qtbot.waitUntil(lambda: again.session.volume is not None)
    with qtbot.waitSignal(again.keeper.written, check_params_cb=at_slice(1)):
        again.window.control.show_slice(1)
    settled = read_place(place_file)
    assert settled is not None
    assert settled.attempts == 0


def test_a_second_window_neither_restores_nor_writes(
    make_workplace: Callable[..., Workplace], two_series: Path, place_file: Path, qtbot: QtBot
) -> None:
    first = make_workplace(place=place_file)
    first.start([two_series])
    qtbot.waitUntil(lambda: first.session.volume is not None)
    with qtbot.waitSignal(first.keeper.written, check_params_cb=at_slice(3)):
        first.window.control.show_slice(3)
    second = make_workplace(place=place_file)
    second.start()
    assert not second.keeper.keeps
    assert second.session.series is None
    assert not second.window.notice.isVisible()
    before = place_file.read_bytes()
    second.window.close()
    second.close()
    assert place_file.read_bytes() == before


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"of": "KeptPlace", "with": {"paths": 5}}', "\x00\xff", "[" * 100_000]
)
def test_a_damaged_place_is_no_place(make_workplace: Callable[..., Workplace], place_file: Path, content: str) -> None:
    place_file.parent.mkdir(parents=True)
    place_file.write_text(content, encoding="utf-8")
    place = make_workplace(place=place_file)
    place.start()
    assert not place.window.notice.isVisible()
    assert place.session.series is None


def test_the_place_holds_no_patient(
    make_workplace: Callable[..., Workplace], two_series: Path, place_file: Path, qtbot: QtBot
) -> None:
    place = make_workplace(place=place_file)
    place.start([two_series])
    qtbot.waitUntil(lambda: place.session.volume is not None)
    with qtbot.waitSignal(place.keeper.written, check_params_cb=at_slice(3)):
        place.window.control.show_slice(3)
    kept = json.loads(place_file.read_text(encoding="utf-8"))["with"]
    assert set(kept) == set(KeptPlace.__dataclass_fields__)
    assert kept["paths"] == {"tuple": [str(two_series)]}


def test_a_place_that_cannot_be_written_is_said_once(
    make_workplace: Callable[..., Workplace],
    two_series: Path,
    place_file: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(path: Path, place: KeptPlace) -> None:
        raise OSError(28, "No space left on device", str(path))

    place = make_workplace(place=place_file)
    place.start([two_series])
    qtbot.waitUntil(lambda: place.session.volume is not None)
    monkeypatch.setattr("viewer.app.restore.write_place", full)
    said: list[str] = []
    place.keeper.message.connect(lambda text, _: said.append(text))
    for k in (1, 3):
        place.window.control.show_slice(k)
        with qtbot.waitSignal(place.keeper.tried):
            place.keeper.write()
    assert len(said) == 1
    assert "No space left" in said[0]


def test_a_half_typed_comment_is_there_again(
    make_workplace: Callable[..., Workplace], two_series: Path, place_file: Path, qtbot: QtBot
) -> None:
    first = make_workplace(place=place_file)
    first.start([two_series], two_series.parent / "model")
    wait_for_maps(qtbot, first)
    first.window.control.show_slice(SPOTS[0])
    first.window.actions_by_id["overlay.toggle"].trigger()
    first.window.refresh()
    card = first.window.form.cards["comment"]
    field = card.field
    assert field is not None
    assert card.isEnabled()
    first.window.activateWindow()
    qtbot.waitUntil(first.window.isActiveWindow)
    field.setFocus()
    with qtbot.waitSignal(first.keeper.written, check_params_cb=lambda kept: bool(kept.drafts)):
        field.setPlainText("half a sen")
    content = place_file.read_bytes()
    first.window.close()
    first.close()
    place_file.write_bytes(content)
    again = make_workplace(place=place_file, answers=place_file.with_name("other.sqlite"))
    again.start()
    wait_until_there(qtbot, again)
    wait_for_maps(qtbot, again)
    field = again.window.form.cards["comment"].field
    assert field is not None
    assert field.toPlainText() == "half a sen"
