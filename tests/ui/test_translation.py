"""The Italian translation is complete, keeps what it has to keep, and is what the window speaks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.ui.translation import (
    CODE,
    COMPILED,
    SOURCE,
    hidden_texts,
    in_widgets,
    linguist,
    marked_texts,
    messages,
    placeholders,
    shortcuts,
)
from viewer.app.commands import MENU_TITLES

NOT_SHOWN = {"tour.py", "tour_layouts.py", "hands.py"}
"""Who drives the window, and writes a log in English."""
SAME_EVERYWHERE = {"Overread", "…", "≈"}


def test_every_text_is_translated() -> None:
    assert {source for source, _, _ in messages()} == marked_texts()
    assert hidden_texts() == []
    for source, forms, state in messages():
        assert state == "", source
        assert all(form.strip() for form in forms), source


def test_lupdate_finds_nothing_new_and_nothing_obsolete(tmp_path: Path) -> None:
    fresh = tmp_path / "overread_it.ts"
    code = [str(path) for path in sorted(CODE.rglob("*.py"))]
    linguist("lupdate", "-locations", "none", *code, "-ts", str(fresh))
    assert {source for source, _, _ in messages(fresh)} == {source for source, _, _ in messages()}
    plural = {source for source, forms, _ in messages(fresh) if len(forms) > 1}
    assert plural == {source for source, forms, _ in messages() if len(forms) > 1} != set()


def test_what_the_window_reads_is_made_of_what_is_translated(tmp_path: Path) -> None:
    fresh = tmp_path / "overread_it.qm"
    linguist("lrelease", str(SOURCE), "-qm", str(fresh))
    assert fresh.read_bytes() == COMPILED.read_bytes()
    assert b"<location" not in SOURCE.read_bytes()


@pytest.mark.parametrize("what", [placeholders, shortcuts])
def test_values_and_keys_stay(what: object) -> None:
    assert callable(what)
    lost = [source for source, forms, _ in messages() for form in forms if what(source) != what(form)]
    assert lost == []


def test_ends_and_line_breaks_stay() -> None:
    for source, forms, _ in messages():
        for form in forms:
            ends = [text[len(text.rstrip(" ….:?")) :].strip() for text in (source, form)]
            assert ends[0] == ends[1], source
            spaces = [(text[:1] == " ", text[-1:] == " ", text.count("\n")) for text in (source, form)]
            assert spaces[0] == spaces[1], source


def test_each_menu_has_its_own_letter() -> None:
    said = {source: forms[0] for source, forms, _ in messages()}
    letters = [said[title].partition("&")[2][:1].lower() for title in MENU_TITLES.values()]
    assert len(set(letters)) == len(letters)
    assert "" not in letters


def test_no_widget_is_given_a_text_that_is_not_marked() -> None:
    found = []
    for path in sorted((CODE / "ui").glob("*.py")):
        if path.name not in NOT_SHOWN:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += [f"{path.name}:{line} {text}" for line, text in in_widgets(tree)]
    assert [one for one in found if one.partition(" ")[2] not in SAME_EVERYWHERE] == []
