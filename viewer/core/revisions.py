"""How an answer came to be what it is: every change of it, read out of the store's events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from viewer.core.items import Item
from viewer.core.marks import mark_words
from viewer.core.on_screen import Place
from viewer.core.words import QT_TR_NOOP, tr

REASONS: Mapping[str, str] = {"undo": QT_TR_NOOP("undone"), "redo": QT_TR_NOOP("done again")}


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of an answer.

    Parameters
    ----------
    utc : str
        When.
    stage : str
        What was on screen: S0, S1 or S2.
    old, new : str
        The answer before and after, in words; empty where there was none.
    reason : str
        Why, where it is known ("undo").
    """

    utc: str
    stage: str
    old: str
    new: str
    reason: str = ""


def revisions(events: Iterable[Mapping[str, object]], place: Place, item: Item) -> tuple[Revision, ...]:
    """Return the changes of the answer at ``place``, oldest first; all stages' when the place names none."""
    found = []
    for event in events:
        if event["action"] not in ("answer", "change") or event["item_id"] != place.item_id:
            continue
        about = cast("Mapping[str, object]", event["about"])
        there = (about["reader_id"], about["case_id"], about["map_id"], about["target_class"], about["slice_index"])
        if there != (place.reader_id, place.case_id, place.map_id, place.target_class, place.slice_index):
            continue
        if place.stage in ("", about["stage"]):
            new = cast("Mapping[str, object] | None", event["new"])
            after = None if new is None else (new["answered"], None, new["value_label"], new["value_text"])
            old = cast("list[object] | None", event["old"])
            before_words, after_words = (answer_words(item, *_parts(content)) for content in (old, after))
            reason = str(event["reason"])
            found.append(Revision(str(event["utc"]), str(about["stage"]), before_words, after_words, reason))
    return tuple(found)


def _parts(content: list[object] | tuple[object, ...] | None) -> tuple[bool, str, str]:
    """Pick what is shown out of an answer's content: whether answered, label, text."""
    if content is None:
        return True, "", ""
    answered, _, label, text = content
    return bool(answered), str(label), str(text)


def answer_words(item: Item, answered: bool, label: str, text: str) -> str:
    """Return an answer in words, in the user's language."""
    if not answered:
        return tr(item.na_option) if item.na_option else label
    if item.is_marked:
        return mark_words(text)
    if item.type == "text":
        return text
    words = {option.code: tr(option.text) for option in item.options}
    return ", ".join(words.get(code, code) for code in label.split("|") if code)
