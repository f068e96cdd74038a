"""Reading first and seeing the model's answer after: the stages of a case and what each of them may show.

S0 is the picture alone, S1 adds the prediction, S2 the maps. A stage is left by locking its answers, and the stage of a
case is worked out from its locks alone, so that closing the window or losing power neither loses a stage nor skips one.
The order follows sequential reading as in Schalekamp et al. 2014 (PMC4478981).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from viewer.core.answers import STAGES, Stage
from viewer.core.items import (
    CASE_FORM,
    CASE_SHORT,
    CONFIDENCE,
    DX,
    MAP_FORM,
    SHORT_FORM,
    SLICE_FORM,
    WHERE,
    Item,
)
from viewer.core.words import QT_TR_NOOP

LOCKING: tuple[Item, ...] = (DX, CONFIDENCE)
"""What has to be answered before a stage can be locked."""

MISSING_WORDS: Mapping[str, str] = MappingProxyType(
    {DX.id: QT_TR_NOOP("your reading"), CONFIDENCE.id: QT_TR_NOOP("how sure you are")}
)
"""What is missing while these items have no answer."""

NAMES: Mapping[Stage, str] = MappingProxyType(
    {"S0": QT_TR_NOOP("Read"), "S1": QT_TR_NOOP("Prediction"), "S2": QT_TR_NOOP("Maps")}
)
"""What each stage adds, in a word."""


def stage_of(locked: Collection[Stage]) -> Stage:
    """Return the stage of a case whose stages ``locked`` are locked: the first that is not, at the end the last."""
    return next((stage for stage in STAGES if stage not in locked), STAGES[-1])


def is_finished(locked: Collection[Stage]) -> bool:
    """Whether nothing is left to answer."""
    return all(stage in locked for stage in STAGES)


def shows_prediction(stage: Stage) -> bool:
    """Whether the model's answer may be seen."""
    return stage != "S0"


def shows_maps(stage: Stage) -> bool:
    """Whether maps may be seen."""
    return stage == "S2"


def asked(stage: Stage | None, full: bool) -> tuple[tuple[Item, ...], tuple[Item, ...], tuple[Item, ...]]:
    """Return what is asked of the case, of the slice and of the map, in the full or the short form.

    Parameters
    ----------
    stage : str or None
        Stage of the case; None where everything is shown. Maps are asked about once they may be seen, and where the
        reader looked is asked before anything of the model is: later it can no longer be compared with the map.
    full : bool
        Everything, or what a busy reader is asked.
    """
    of_map = MAP_FORM if full else SHORT_FORM
    of_slice = SLICE_FORM if full else (WHERE,) if stage == "S0" else ()
    return CASE_FORM if full else CASE_SHORT, of_slice, of_map if stage in (None, "S2") else ()


def missing(answered: Collection[str]) -> tuple[Item, ...]:
    """Return what has to be answered yet before the stage can be locked; ``answered`` holds item ids."""
    return tuple(item for item in LOCKING if item.id not in answered)
