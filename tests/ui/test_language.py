"""The window in another language: chosen in the preferences, in force at once, English where a text is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QPushButton, QTextBrowser, QWidget
from pytestqt.qtbot import QtBot

from viewer.core.said import said as said_in
from viewer.core.words import tr
from viewer.ui import language
from viewer.ui.application import Workplace
from viewer.ui.hands import Hands
from viewer.ui.language import has_language, speak_language
from viewer.ui.main_window import MainWindow

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


def test_the_window_speaks_italian_and_english_again(workplace: Workplace, qtbot: QtBot, tmp_path: Path) -> None:
    workplace.window.control.show_slice(2)
    english = said(workplace)
    workplace.apply(replace(workplace.preferences, language="it"))
    window = workplace.window
    italian = said(workplace)
    assert [action.text().replace("&", "") for action in window.menuBar().actions()] == [
        *("File", "Modifica", "Strati", "Vista", "Spiegazioni", "Valutazione", "Aiuto")
    ]
    for words in (
        *("Patologico", "patologico 0.90", "Strati classificati «patologico»: 2 su 8", "Questo caso"),
        *("La sua lettura di questa immagine", "Mappe di attivazione (CAM)", "pronta", "Calcolo su CPU", "Strati"),
    ):
        assert words in italian, words
    # What is the same in both languages: names of methods, numbers, and few words.
    same = {text for text in english & italian if re.search("[a-z]{4}", text)}
    assert same <= SAME, same - SAME
    hands = Hands(window, tmp_path)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    hands.press("F1")
    page = hands.dialog("keys")
    assert page.windowTitle() == "Tasti e mouse"
    browser = page.findChild(QTextBrowser)
    assert isinstance(browser, QTextBrowser)
    assert "Blocca la mia lettura" in browser.toPlainText()
    assert "Lock" not in browser.toPlainText()
    assert {button.text().replace("&", "") for button in page.findChildren(QPushButton)} == {"Copia tutto", "Chiudi"}
    hands.press("Escape")
    workplace.apply(replace(workplace.preferences, language="en"))
    assert said(workplace) == english


def test_a_window_that_was_replaced_hears_of_nothing_more(workplace: Workplace, qtbot: QtBot) -> None:
    workplace.apply(replace(workplace.preferences, language="it"))
    qtbot.waitUntil(lambda: all(one is workplace.window for one in windows()))
    # Sent to what is deleted already, these would raise in the event loop and fail the test.
    workplace.explaining.runs.progressed.emit("Computing Occlusion", 50, 100)
    workplace.reading.locked.emit("S0")
    workplace.session.message.emit("Nothing has changed.", False)
    assert workplace.window.task_bar.message.text() == "Nulla è cambiato."
    workplace.explaining.runs.progressed.emit("Computing Occlusion", 100, 100)


def windows() -> list[MainWindow]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow)]


def test_answers_are_kept_and_exported_in_english(workplace: Workplace, qtbot: QtBot, tmp_path: Path) -> None:
    workplace.apply(replace(workplace.preferences, language="it"))
    workplace.window.refresh()
    workplace.reading.answer("dx", "affected")
    qtbot.waitUntil(lambda: not workplace.reading.unsaved)
    workplace.window.refresh()
    assert "patologico" in workplace.window.form.cards["dx"].status.text()
    with qtbot.waitSignal(workplace.reading.exported, timeout=60_000):
        workplace.reading.export(tmp_path / "ratings.csv", None)
    written = (tmp_path / "ratings.csv").read_text() + (tmp_path / "codebook.json").read_text()
    assert "affected" in written
    assert "patologic" not in written


SENTENCES = {
    "The slices are coronal; the model was trained on axial ones.": (
        "Piano degli strati: coronale; il modello è addestrato sul piano: assiale."
    ),
    "Pixels are 0.62 mm; the model was trained on 1.00 to 1.30 mm.": (
        "Pixel di 0.62 mm; il modello è addestrato su 1.00–1.30 mm."
    ),
    "nothing supports this class": "nulla sostiene questa classe",
    "failed: Explaining the slice failed: there is not enough memory.": (
        "non riuscita: Spiegazione dello strato: operazione non riuscita, memoria insufficiente."
    ),
    "A sentence that nobody has foreseen.": "A sentence that nobody has foreseen.",
}


@pytest.mark.parametrize(("sentence", "words"), SENTENCES.items())
def test_what_the_engine_says_is_said_in_the_windows_language(qapp: QApplication, sentence: str, words: str) -> None:
    assert said_in(sentence) == sentence
    assert speak_language(qapp, "it")
    assert said_in(sentence) == words
    speak_language(qapp, "en")


SAME = {"File", "zoom", "Zoom", "Grad-CAM"}


def said(place: Workplace) -> set[str]:
    """Everything the window says to eyes, but the names of folders and methods."""
    place.window.refresh()
    window = place.window
    shown = [one for one in window.findChildren(QWidget) if one.isVisibleTo(window)]
    texts = {str(one.property("text") or "").lstrip("▸▾ ") for one in shown}
    texts |= {action.text().replace("&", "") for action in window.findChildren(QAction)}
    texts |= {action.toolTip() for action in window.findChildren(QAction)}
    texts = {text for text in texts if not re.search(r"^\d  |[/\\]", text)}  # recent folders
    return texts - {entry.title for entry in place.explaining.catalogue.values()}
