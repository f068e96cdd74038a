"""In which order the cases of a training run are listed, and which slices of theirs are misread. Plain functions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from viewer.core.words import QT_TR_NOOP

if TYPE_CHECKING:
    from xai.train.opened import OpenedRun
    from xai.train.opened_series import CaseSeries

CaseOrder = Literal["table", "error", "uncertainty", "shuffled"]
ORDER_WORDS: dict[CaseOrder, str] = {
    "table": QT_TR_NOOP("As in the table"),
    "error": QT_TR_NOOP("Largest error first"),
    "uncertainty": QT_TR_NOOP("Most uncertain first"),
    "shuffled": QT_TR_NOOP("Shuffled"),
}

Place = tuple[int, int]
"""Number of a series in the list, and slice, both from 0."""


def orders(labels: bool, answers: bool) -> tuple[CaseOrder, ...]:
    """Return the orders on offer; those that would tell what may not be seen are not among them.

    A table may list one class after the other, so that without labels its order is none either.
    """
    if not answers:
        return ("shuffled",)
    return ("table", "error", "uncertainty") if labels else ("shuffled", "uncertainty")


def in_order(run: OpenedRun, series: Sequence[CaseSeries], order: CaseOrder) -> list[CaseSeries]:
    """Return the series of a run in ``order``; those of one patient stay together."""

    def place(one: CaseSeries) -> tuple[float, int, int]:
        case = run.cases[one.case]
        first = {
            "table": 0.0,
            "error": -case.error,
            "uncertainty": -case.uncertainty,
            "shuffled": float(run.numbers[one.case]),
        }[order]
        return first, one.case, one.part

    return sorted(series, key=place)


def misread_places(series: Sequence[CaseSeries]) -> list[Place]:
    """Return every misread slice, in the order of the list."""
    return [
        (number, k)
        for number, one in enumerate(series)
        for k, answer in enumerate(one.answers)
        if answer is not None and answer.is_misread
    ]


def step(places: Sequence[Place], here: Place, by: int) -> Place | None:
    """Return the first of ``places``, which grow, after ``here`` (1), or the last before it (-1); None for none."""
    at = bisect_right(places, here) if by > 0 else bisect_left(places, here) - 1
    return places[at] if 0 <= at < len(places) else None
