"""The list of what was opened last: ten entries, no doubles, and no trouble from a damaged file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from viewer.app.recents import KEPT, MOST_PATHS, Recents, recents_checking


@pytest.fixture
def store(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def test_the_last_ten_are_kept_each_once_the_last_first(store: QSettings, tmp_path: Path) -> None:
    recents = Recents(store)
    for n in range(KEPT + 3):
        recents.add([Path(f"/study {n}, left; ümlaut%41")])
    recents.add([Path(f"/study {KEPT}, left; ümlaut%41")])
    again = Recents(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    numbers = [KEPT, *(n for n in range(KEPT + 2, 2, -1) if n != KEPT)]
    assert [entry.paths for entry in again.entries] == [
        (Path(f"/study {n}, left; ümlaut%41").absolute(),) for n in numbers
    ]
    assert len(again.entries) == KEPT


def test_files_that_were_opened_together_are_one_entry(store: QSettings) -> None:
    recents = Recents(store)
    recents.add([Path("/a/1.nii"), Path("/a/2.nii")])
    recents.add([Path(f"/a/{n}.nii") for n in range(MOST_PATHS + 1)])
    assert [entry.title for entry in recents.entries] == ["a/1.nii and 1 more"]


@pytest.mark.parametrize("text", ["", "{", "3", '["a"]', '{"a": 1}', "[[1]]", "[[]]"])
def test_damaged_settings_give_an_empty_list(store: QSettings, text: str) -> None:
    store.setValue("recents", text)
    recents = Recents(store)
    assert recents.entries == ()
    recents.add([Path("/a")])
    assert len(recents.entries) == 1


def test_what_is_there_and_what_is_not(store: QSettings, tmp_path: Path) -> None:
    recents = Recents(store)
    recents.add([tmp_path])
    recents.add([tmp_path, tmp_path / "gone"])
    found = recents_checking(recents.entries)(lambda *_: None, lambda _: None)
    assert found == [f"{tmp_path / 'gone'} is no longer there.", ""]
