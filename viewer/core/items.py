"""The questions put to a reader, as data: exact wording, codes, anchors and level of measurement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ItemType = Literal["choice", "likert", "multi", "text", "point"]
Level = Literal["nominal", "ordinal", "text", "geometry"]
Scope = Literal["case", "slice", "map"]


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be chosen: the code that is exported and the words that are shown."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One question.

    Parameters
    ----------
    id, construct : str
        Name of the item, and of what it measures.
    text : str
        The question as shown.
    type : str
        "choice" (one option, numbered from 0), "likert" (one option, numbered from 1), "multi" (any options), "text"
        or "point" (a place in the picture).
    level : str
        Level of measurement: "nominal", "ordinal", "text" or "geometry".
    scope : "case", "slice" or "map"
        What the answer is about.
    options : tuple of Option
        In order; the anchors of a likert item.
    reverse : bool
        Agreement speaks against the map. Codes are stored raw, never turned round.
    na_option : str
        Words of the way out ("cannot judge"); empty where there is none.
    required : bool
        Whether the form points out that it is unanswered.
    """

    id: str
    construct: str
    text: str
    type: ItemType
    level: Level
    scope: Scope
    options: tuple[Option, ...] = ()
    reverse: bool = False
    na_option: str = ""
    required: bool = True

    @property
    def points(self) -> int:
        """Number of options."""
        return len(self.options)

    @property
    def anchors(self) -> tuple[str, ...]:
        """Words of the options."""
        return tuple(option.text for option in self.options)

    @property
    def first_number(self) -> int:
        """The number of the first option: 1 on a likert item, else 0."""
        return 1 if self.type == "likert" else 0

    def number_of(self, code: str) -> int:
        """Return the number of the option ``code``; `ValueError` when there is none."""
        for number, option in enumerate(self.options, self.first_number):
            if option.code == code:
                return number
        raise ValueError(f"item {self.id!r} has no option {code!r}")


def _options(*texts: str) -> tuple[Option, ...]:
    return tuple(Option(re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_"), text) for text in texts)


AGREEMENT = _options("strongly disagree", "disagree", "neither", "agree", "strongly agree")
CANNOT_JUDGE = "cannot judge"


def _agreement(item_id: str, construct: str, text: str, reverse: bool = False) -> Item:
    return Item(item_id, construct, text, "likert", "ordinal", "map", AGREEMENT, reverse, CANNOT_JUDGE)


DX = Item("dx", "decision", "Your reading of this image", "choice", "nominal", "case", _options("healthy", "affected"))
SUSPICION = Item(
    "susp",
    "suspicion",
    "How likely is it that this muscle is affected?",
    "likert",
    "ordinal",
    "case",
    _options("definitely healthy", "probably healthy", "uncertain", "probably affected", "definitely affected"),
)
CONFIDENCE = Item(
    "conf",
    "confidence",
    "How sure are you of this reading?",
    "likert",
    "ordinal",
    "case",
    _options("guessing", "unsure", "fairly sure", "sure", "certain"),
)
WHERE = Item(
    "where",
    "region",
    "Mark the area that decided your reading",
    "point",
    "geometry",
    "slice",
    required=False,
)
QUALITY = Item(
    "quality",
    "image quality",
    "Image is good enough to judge",
    "choice",
    "ordinal",
    "case",
    _options("yes", "limited", "no"),
    required=False,
)

M_LOC = Item(
    "m_loc",
    "localisation",
    "The highlighted area lies on the tissue that I consider decisive.",
    "likert",
    "ordinal",
    "map",
    _options("entirely elsewhere", "mostly elsewhere", "about half", "mostly on it", "entirely on it"),
    na_option="no decisive tissue",
)
M_SPECIFIC = _agreement(
    "m_specific",
    "specificity",
    "The map leaves irrelevant structures (bone, vessels, subcutaneous fat, background) unmarked.",
)
M_COMPLETE = _agreement("m_complete", "completeness", "No finding I consider important is missing from the map.")
M_PLAUS = _agreement("m_plaus", "plausibility", "The pattern fits a medical reason for this prediction.")
M_CLEAR = _agreement("m_clear", "understandability", "I can tell at a glance what the map is telling me.")
M_HELP = Item(
    "m_help",
    "usefulness",
    "Compared with the prediction alone, the map made judging this case…",
    "likert",
    "ordinal",
    "map",
    _options("much harder", "harder", "no different", "easier", "much easier"),
    na_option=CANNOT_JUDGE,
)
M_MISLEAD = _agreement("m_mislead", "risk", "The map drew my attention away from something that matters.", reverse=True)
M_VERIFY = _agreement("m_verify", "oversight", "With this map I could tell whether to accept or reject the prediction.")
M_USE = _agreement("m_use", "intention", "I would want this map shown with cases like this one.")
M_ERROR = Item(
    "m_error",
    "error",
    "What is wrong with the map?",
    "multi",
    "nominal",
    "map",
    _options("none", "wrong side", "outside muscle", "misses lesion", "too diffuse", "artefact", "other"),
    required=False,
)
COMMENT = Item("comment", "comment", "What should the map have shown?", "text", "text", "map", required=False)

DECISION: tuple[Item, ...] = (DX, SUSPICION, CONFIDENCE, QUALITY)
"""Asked at every stage."""
SHORT_FORM: tuple[Item, ...] = (M_LOC, M_SPECIFIC, M_HELP, M_MISLEAD, COMMENT)
"""What a busy reader is asked of a map."""
MAP_FORM: tuple[Item, ...] = (
    M_LOC,
    M_SPECIFIC,
    M_COMPLETE,
    M_PLAUS,
    M_CLEAR,
    M_HELP,
    M_MISLEAD,
    M_VERIFY,
    M_USE,
    M_ERROR,
    COMMENT,
)
"""Everything that is asked of a map."""
FULL_FORM: tuple[Item, ...] = (DX, SUSPICION, CONFIDENCE, WHERE, QUALITY, *MAP_FORM)
"""Everything; `WHERE` needs a place in the picture."""

ITEMS: Mapping[str, Item] = MappingProxyType({item.id: item for item in FULL_FORM})
