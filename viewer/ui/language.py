"""The language of the window: English from the code, others from Qt Linguist's files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from viewer.app.preferences import Language
from viewer.assets import find_asset
from viewer.core import words

_CONTEXT = ""
"""lupdate gives it to every text that does not stand in a QObject's own tr()."""


def translations() -> Path | None:
    """Return the folder of the translations; None where the installation has none."""
    try:
        return find_asset("translations")
    except FileNotFoundError:
        return None


def has_language(language: Language, folder: Path | None = None) -> bool:
    """Whether the window can speak ``language``."""
    folder = folder or translations()
    return language == "en" or (folder is not None and (folder / f"overread_{language}.qm").is_file())


def speak_language(app: QApplication, language: Language, folder: Path | None = None) -> bool:
    """Speak ``language`` from now on in whatever is made anew; what has no translation stays English.

    Parameters
    ----------
    app : QApplication
        Its own buttons (Close, Cancel) are translated too.
    language : "en" or "it"
        The numbers keep their English form: they go into the same files everywhere.
    folder : Path, optional
        Of the translations; those of the installation without it.

    Returns
    -------
    bool
        Whether there is such a translation.
    """
    for old in app.findChildren(QTranslator):
        app.removeTranslator(old)
        old.setParent(None)
    words.speak(None)
    folder = folder or translations()
    if language == "en" or folder is None:
        return language == "en"
    ours = QTranslator(app)
    if not ours.load(str(folder / f"overread_{language}.qm")):
        ours.setParent(None)
        return False

    def translate(text: str, hint: str, n: int) -> str:
        found = ours.translate(_CONTEXT, text, hint or None, n) or text
        return found if n < 0 else found.replace("%n", str(n))

    words.speak(translate)
    qt = QTranslator(app)
    path = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if qt.load(QLocale(language), "qtbase", "_", path):
        app.installTranslator(qt)
    return True
