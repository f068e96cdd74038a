"""A reader's answer to one item, and what it is about."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Literal, cast

from viewer.core.event_log import RatingError
from viewer.core.items import Item

Stage = Literal["S0", "S1", "S2"]
Value = str | int | tuple[str, ...]
"""What a form holds: an option's code, a likert number, several codes, or text."""

STAGES: tuple[Stage, ...] = ("S0", "S1", "S2")
NOT_ANSWERED = ("na", "declined", "not_shown")

_READER_ID = re.compile(r"[A-Za-z]{1,4}-?[0-9]{1,4}")
_CASE_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_CONTROL = {code: None for code in range(32) if chr(code) not in "\n\t"} | {127: None}


def valid_reader_id(text: str) -> bool:
    """Whether ``text`` is a pseudonym: one to four letters and a number, such as R03."""
    return _READER_ID.fullmatch(text) is not None


def case_id_of(volume_sha256: str) -> str:
    """Return the case's code in an open review: never a file's or a patient's name."""
    return f"S-{volume_sha256[:8]}"


@dataclass(frozen=True, slots=True)
class About:
    """What an answer is about and what was on the screen; the names are those of the exported columns.

    Fields that do not apply stay as they are by default. ``stage`` says what was shown: S0 the picture alone, S1 the
    prediction too, S2 maps too.

    Raises
    ------
    RatingError
        When the reader id is no pseudonym.
    """

    reader_id: str
    case_id: str
    stage: Stage = "S2"
    volume_sha256: str = ""
    slice_index: int | None = None
    """From 1; None for the whole series."""
    model_id: str = ""
    model_sha256: str = ""
    ai_label: int | None = None
    ai_prob: float | None = None
    ai_threshold: float | None = None
    map_id: str = ""
    map_label_shown: str = ""
    map_sha256: str = ""
    map_is_sham: bool | None = None
    target_class: str = ""
    app_version: str = ""
    study_id: str = "open"
    study_revision: int | None = None
    protocol_sha256: str = ""
    reader_group: str = ""
    session: int = 1
    presentation_no: int = 0
    """0 lets the store number the cases of a reader in the order in which they were first answered."""
    group_id: str = ""
    case_block: str = ""
    is_training: bool = False
    is_repeat: bool = False
    truth: int | None = None
    enrichment: str = ""

    def __post_init__(self) -> None:
        if not valid_reader_id(self.reader_id):
            raise RatingError("A reader id is one to four letters and a number, such as R03, never a name.")
        if not _CASE_ID.fullmatch(self.case_id):
            raise RatingError("A case id is a code of letters, digits, hyphens and underscores, such as S-1f3a09c4.")
        if self.stage not in STAGES:
            raise ValueError(f"stage must be one of {', '.join(STAGES)}, got {self.stage!r}")

    def for_item(self, item: Item) -> About:
        """Keep only what was on the screen at this stage and what the item is about."""
        shown = self
        if self.stage == "S0":
            shown = replace(shown, model_id="", model_sha256="", ai_label=None, ai_prob=None, ai_threshold=None)
        if self.stage != "S2" or item.scope != "map":
            shown = replace(shown, map_id="", map_label_shown="", map_sha256="", map_is_sham=None, target_class="")
        probability = shown.ai_prob if shown.ai_prob is not None and math.isfinite(shown.ai_prob) else None
        # Numbers often come out of arrays; JSON and the exported file know plain ones only.
        return replace(
            shown,
            ai_label=None if probability is None or shown.ai_label is None else int(shown.ai_label),
            ai_prob=None if probability is None else float(probability),
            slice_index=None if item.scope == "case" or shown.slice_index is None else int(shown.slice_index),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """One item answered. Made by `Answer.give`; `RatingStore.record` fills in what only the store knows."""

    about: About
    item_id: str
    construct: str
    item_type: str
    level: str
    value_num: float | None = None
    value_label: str = ""
    value_text: str = ""
    scale_min: int | None = None
    scale_max: int | None = None
    reversed: bool = False
    answered: bool = True
    shown_utc: str = ""
    answered_utc: str = ""
    response_ms: int | None = None
    revisions: int = 0

    @classmethod
    def give(
        cls,
        item: Item,
        value: Value | None,
        about: About,
        shown_utc: str = "",
        response_ms: int | None = None,
        reason: str = "na",
    ) -> Answer:
        """Return the answer ``value`` to ``item``.

        Parameters
        ----------
        item : Item
            The question.
        value : str, int, tuple of str or None
            The option's code (choice, likert) or its number on the scale (likert), the codes (multi), or the text.
            None: not answered, for ``reason``.
        about : About
            What was on the screen; cut down to what the item is about.
        shown_utc : str
            When the item was first shown.
        response_ms : int, optional
            Milliseconds of a monotonic clock since then.
        reason : str
            "na" (cannot judge), "declined" or "not_shown".
        """
        scale = (item.first_number, item.first_number + item.points - 1) if item.type in ("choice", "likert") else None
        blank = cls(
            about.for_item(item),
            item.id,
            item.construct,
            item.type,
            item.level,
            scale_min=scale[0] if scale else None,
            scale_max=scale[1] if scale else None,
            reversed=item.reverse,
            shown_utc=shown_utc,
            response_ms=response_ms,
        )
        if value is None:
            if reason not in NOT_ANSWERED:
                raise ValueError(f"reason must be one of {', '.join(NOT_ANSWERED)}, got {reason!r}")
            return replace(blank, answered=False, value_label=reason)
        if item.type in ("choice", "likert"):
            return _chosen(blank, item, value)
        if item.type == "multi":
            codes = (value,) if isinstance(value, str) else cast("tuple[str, ...]", value)
            ordered = sorted(codes, key=item.number_of)
            return replace(blank, value_label="|".join(dict.fromkeys(ordered)))
        return replace(blank, value_text=clean_text(str(value)))

    @property
    def value(self) -> Value | None:
        """What a form shows: see `give`; None where it was not answered. A choice gives its code, likert its number."""
        if not self.answered:
            return None
        if self.item_type == "likert" and self.value_num is not None:
            return int(self.value_num)
        if self.item_type == "choice":
            return self.value_label
        if self.item_type == "multi":
            return tuple(self.value_label.split("|")) if self.value_label else ()
        return self.value_text

    @property
    def key(self) -> tuple[object, ...]:
        """What makes an answer the same one revised; maps of another model or another class are other maps."""
        a = self.about
        place = (a.study_id, a.reader_id, a.session, a.case_id, a.presentation_no, a.stage)
        shown_map = (a.map_id, a.target_class, a.model_sha256) if a.map_id else ("", "", "")
        return (*place, self.item_id, *shown_map, a.slice_index)

    @property
    def content(self) -> tuple[object, ...]:
        """The answer itself: two with the same content are no revision."""
        return self.answered, self.value_num, self.value_label, self.value_text


def _chosen(blank: Answer, item: Item, value: Value) -> Answer:
    if isinstance(value, int):
        place = value - item.first_number
        if not 0 <= place < item.points:
            raise ValueError(f"item {item.id!r} has no option number {value}")
        return replace(blank, value_num=float(value), value_label=item.options[place].code)
    number = item.number_of(str(value))
    return replace(blank, value_num=float(number), value_label=str(value))


def clean_text(text: str) -> str:
    """Drop what no text file should carry: control characters, broken surrogates, other line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROL)
    return text.encode("utf-8", "replace").decode("utf-8")
