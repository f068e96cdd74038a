"""The questions put to a reader, as data: exact wording, codes, anchors and level of measurement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from viewer.core.words import QT_TR_NOOP

ItemType = Literal["choice", "likert", "multi", "text", "point", "box"]
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
        "choice" (one option, numbered from 0), "likert" (one option, numbered from 1), "multi" (any options), "text",
        "point" (a place in the picture) or "box" (an area; a single place will do).
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

    @property
    def is_marked(self) -> bool:
        """Whether it is answered in the picture."""
        return self.type in ("point", "box")

    @property
    def can_be_emptied(self) -> bool:
        """Whether an empty answer takes the answer back."""
        return self.type in ("text", "multi") or self.is_marked

    def number_of(self, code: str) -> int:
        """Return the number of the option ``code``; `ValueError` when there is none."""
        for number, option in enumerate(self.options, self.first_number):
            if option.code == code:
                return number
        raise ValueError(f"item {self.id!r} has no option {code!r}")


def _options(*texts: str) -> tuple[Option, ...]:
    return tuple(Option(re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_"), text) for text in texts)


AGREEMENT = _options(
    QT_TR_NOOP("strongly disagree"),
    QT_TR_NOOP("disagree"),
    QT_TR_NOOP("neither"),
    QT_TR_NOOP("agree"),
    QT_TR_NOOP("strongly agree"),
)
CANNOT_JUDGE = QT_TR_NOOP("cannot judge")


def _agreement(item_id: str, construct: str, text: str, reverse: bool = False) -> Item:
    return Item(item_id, construct, text, "likert", "ordinal", "map", AGREEMENT, reverse, CANNOT_JUDGE)


DX = Item(
    "dx",
    "decision",
    QT_TR_NOOP("Your reading of this image"),
    "choice",
    "nominal",
    "case",
    _options(QT_TR_NOOP("healthy"), QT_TR_NOOP("affected")),
)
SUSPICION = Item(
    "susp",
    "suspicion",
    QT_TR_NOOP("How likely is it that this muscle is affected?"),
    "likert",
    "ordinal",
    "case",
    _options(
        QT_TR_NOOP("definitely healthy"),
        QT_TR_NOOP("probably healthy"),
        QT_TR_NOOP("uncertain"),
        QT_TR_NOOP("probably affected"),
        QT_TR_NOOP("definitely affected"),
    ),
)
CONFIDENCE = Item(
    "conf",
    "confidence",
    QT_TR_NOOP("How sure are you of this reading?"),
    "likert",
    "ordinal",
    "case",
    _options(
        QT_TR_NOOP("guessing"),
        QT_TR_NOOP("unsure"),
        QT_TR_NOOP("fairly sure"),
        QT_TR_NOOP("sure"),
        QT_TR_NOOP("certain"),
    ),
)
NOTE = Item("note", "comment", QT_TR_NOOP("Anything else about this case?"), "text", "text", "case", required=False)
DX_SLICE = Item(
    "dx_slice",
    "decision",
    QT_TR_NOOP("Your reading of this slice"),
    "choice",
    "nominal",
    "slice",
    _options(QT_TR_NOOP("healthy"), QT_TR_NOOP("affected")),
    required=False,
)
WHERE = Item(
    "where",
    "region",
    QT_TR_NOOP("Mark the area that decided your reading"),
    "box",
    "geometry",
    "slice",
    required=False,
)
QUALITY = Item(
    "quality",
    "image quality",
    QT_TR_NOOP("Image is good enough to judge"),
    "choice",
    "ordinal",
    "slice",
    _options(QT_TR_NOOP("yes"), QT_TR_NOOP("limited"), QT_TR_NOOP("no")),
    required=False,
)

M_LOC = Item(
    "m_loc",
    "localisation",
    QT_TR_NOOP("The highlighted area lies on the tissue that I consider decisive."),
    "likert",
    "ordinal",
    "map",
    _options(
        QT_TR_NOOP("entirely elsewhere"),
        QT_TR_NOOP("mostly elsewhere"),
        QT_TR_NOOP("about half"),
        QT_TR_NOOP("mostly on it"),
        QT_TR_NOOP("entirely on it"),
    ),
    na_option=QT_TR_NOOP("no decisive tissue"),
)
M_SPECIFIC = _agreement(
    "m_specific",
    "specificity",
    QT_TR_NOOP("The map leaves irrelevant structures (bone, vessels, subcutaneous fat, background) unmarked."),
)
M_COMPLETE = _agreement(
    "m_complete", "completeness", QT_TR_NOOP("No finding I consider important is missing from the map.")
)
M_PLAUS = _agreement("m_plaus", "plausibility", QT_TR_NOOP("The pattern fits a medical reason for this prediction."))
M_CLEAR = _agreement("m_clear", "understandability", QT_TR_NOOP("I can tell at a glance what the map is telling me."))
M_HELP = Item(
    "m_help",
    "usefulness",
    QT_TR_NOOP("Compared with the prediction alone, the map made judging this case…"),
    "likert",
    "ordinal",
    "map",
    _options(
        QT_TR_NOOP("much harder"),
        QT_TR_NOOP("harder"),
        QT_TR_NOOP("no different"),
        QT_TR_NOOP("easier"),
        QT_TR_NOOP("much easier"),
    ),
    na_option=CANNOT_JUDGE,
)
M_MISLEAD = _agreement(
    "m_mislead", "risk", QT_TR_NOOP("The map drew my attention away from something that matters."), reverse=True
)
M_VERIFY = _agreement(
    "m_verify", "oversight", QT_TR_NOOP("With this map I could tell whether to accept or reject the prediction.")
)
M_USE = _agreement("m_use", "intention", QT_TR_NOOP("I would want this map shown with cases like this one."))
M_ERROR = Item(
    "m_error",
    "error",
    QT_TR_NOOP("What is wrong with the map?"),
    "multi",
    "nominal",
    "map",
    _options(
        QT_TR_NOOP("none"),
        QT_TR_NOOP("wrong side"),
        QT_TR_NOOP("outside muscle"),
        QT_TR_NOOP("misses lesion"),
        QT_TR_NOOP("too diffuse"),
        QT_TR_NOOP("artefact"),
        QT_TR_NOOP("other"),
    ),
    required=False,
)
COMMENT = Item(
    "comment", "comment", QT_TR_NOOP("What should the map have shown?"), "text", "text", "map", required=False
)

DECISION: tuple[Item, ...] = (DX, SUSPICION, CONFIDENCE, QUALITY)
"""Asked at every stage."""
CASE_SHORT: tuple[Item, ...] = (DX, SUSPICION, CONFIDENCE)
"""What every reader is asked of a case."""
CASE_FORM: tuple[Item, ...] = (*CASE_SHORT, NOTE)
"""Everything that is asked of a case."""
SLICE_FORM: tuple[Item, ...] = (DX_SLICE, QUALITY, WHERE)
"""What may be said of a slice; the model speaks of slices, so its answer can be compared with the reader's."""
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
FULL_FORM: tuple[Item, ...] = (*CASE_FORM, *SLICE_FORM, *MAP_FORM)
"""Everything."""

ITEMS: Mapping[str, Item] = MappingProxyType({item.id: item for item in FULL_FORM})
