"""The window in another language: chosen in the preferences, in force at once, English where a text is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTranslator
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.core.words import tr
from viewer.ui import language
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from viewer.ui.language import has_language, speak_language

WORDS = {
    "&File": "&Archivio",
    "Preferences…": "Preferenze…",
    "Preferences": "Preferenze",
    "There is nothing to take back.": "Non c'è nulla da annullare.",
}


@pytest.fixture
def italian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small translation, which the window takes for the installation's."""
    name = "lrelease.exe" if sys.platform == "win32" else "lrelease"
    tools = (Path(sys.executable).parent / f"pyside6-{name}", shutil.which("pyside6-lrelease"))
    tool = next((str(one) for one in tools if one and Path(one).exists()), "")
    if not tool:
        pytest.skip("Qt Linguist's lrelease is not there")
    folder = tmp_path / "translations"
    folder.mkdir()
    messages = [
        f"<message><source>{text.replace('&', '&amp;')}</source>"
        f"<translation>{words.replace('&', '&amp;')}</translation></message>"
        for text, words in WORDS.items()
    ]
    messages.append(
        '<message numerus="yes"><source>%n answers</source><translation><numerusform>%n risposta</numerusform>'
        "<numerusform>%n risposte</numerusform></translation></message>"
    )
    source = folder / "overread_it.ts"
    source.write_text(
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE TS><TS version="2.1" language="it_IT"><context><name></name>'
        f"{''.join(messages)}</context></TS>",
        encoding="utf-8",
    )
    subprocess.run([tool, str(source), "-qm", str(folder / "overread_it.qm")], check=True, capture_output=True)
    monkeypatch.setattr(language, "translations", lambda: folder)
    return folder


def test_texts_plurals_and_what_is_missing(qapp: QApplication, italian: Path) -> None:
    assert speak_language(qapp, "it")
    assert tr("Preferences") == "Preferenze"
    assert [tr("%n answers", n=n) for n in (1, 5)] == ["1 risposta", "5 risposte"]
    assert tr("A sentence without a translation.") == "A sentence without a translation."
    assert tr("%n things", n=4) == "4 things"
    assert speak_language(qapp, "en")
    assert tr("Preferences") == "Preferences"
    assert qapp.findChildren(QTranslator) == []


def test_without_the_file_it_stays_english(qapp: QApplication, tmp_path: Path) -> None:
    assert not has_language("it", tmp_path)
    assert not speak_language(qapp, "it", tmp_path)
    assert tr("Preferences") == "Preferences"


def test_the_switch_is_in_force_at_once(workplace: Workplace, italian: Path, qtbot: QtBot, tmp_path: Path) -> None:
    workplace.window.control.show_slice(2)
    workplace.apply(replace(workplace.preferences, language="it"))
    window = workplace.window
    window.refresh()
    assert window.menuBar().actions()[0].text() == "&Archivio"
    assert window.actions_by_id["edit.preferences"].text() == "Preferenze…"
    assert "Non c'è nulla da annullare." in window.actions_by_id["edit.undo"].toolTip()
    assert workplace.session.state.slice_index == 2
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    hands = Hands(window, tmp_path)
    hands.press("Ctrl+,")
    assert hands.dialog("preferences").windowTitle() == "Preferenze"
    hands.press("Escape")
    workplace.apply(replace(workplace.preferences, language="en"))
    assert workplace.window.menuBar().actions()[0].text() == "&File"


def test_a_language_that_is_not_there_cannot_be_chosen(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "translations", lambda: None)
    workplace.show_preferences()
    assert workplace.dialog is not None
    model = workplace.dialog.boxes["language"].model()
    index = model.index(1, 0)
    assert not model.flags(index) & Qt.ItemFlag.ItemIsEnabled
    assert "no translation" in str(index.data(Qt.ItemDataRole.ToolTipRole))
    workplace.dialog.close()
