"""The words the user reads, in the language that was chosen: English in the code, others through Qt Linguist.

Without Qt: whoever has it hands its translate function to `speak`. A text in a table is marked with `QT_TR_NOOP` where
it stands and goes through `tr` where it is shown. Linguist's lupdate finds both by their names; it does not look into
f-strings, so values come in with ``tr("Slice {k}").format(k=3)``.
"""

from __future__ import annotations

from collections.abc import Callable

Translate = Callable[[str, str, int], str]
"""Text, hint for the translator, number (-1 for none) to the text in the user's language."""


def _in_english(text: str, _hint: str, n: int) -> str:
    return text if n < 0 else text.replace("%n", str(n))


_translate: Translate = _in_english


def speak(translate: Translate | None) -> None:
    """Use ``translate`` from now on; None goes back to the English of the code."""
    global _translate
    _translate = translate or _in_english


def speaks_english() -> bool:
    """Whether texts are shown as they stand in the code."""
    return _translate is _in_english


def tr(text: str, hint: str = "", n: int = -1) -> str:
    """Return ``text`` in the user's language; "%n" in it stands for the number ``n``, which chooses the plural."""
    return _translate(text, hint, n)


def QT_TR_NOOP(text: str) -> str:
    """Mark ``text`` for translation where it stands and leave it as it is."""
    return text
