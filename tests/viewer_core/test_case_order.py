"""The order of a run's cases, what of it may be seen, and the way from one misread slice to the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.case_order import Place, in_order, misread_places, orders, step
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.series import Series
from xai.imaging.tiles import TileReader
from xai.imaging.volume import SeriesInfo
from xai.train.cohort import Example
from xai.train.config import TrainingConfig
from xai.train.opened import Answer, Case, OpenedRun
from xai.train.opened_series import CaseSeries


def answer(label: int, probability: float) -> Answer:
    example = Example(2, "a", Path("a.png"), None, label, "P")
    return Answer(example, 0, int(probability >= 0.5), probability, None)


CASES = (
    Case("P1", 0, (answer(0, 0.1), answer(0, 0.1))),
    Case("P2", 1, (answer(1, 0.0), answer(1, 0.9))),
    Case("P3", 2, (answer(1, 0.55),)),
)
RUN = OpenedRun(Path("run"), TrainingConfig(), Path("data.csv"), CASES)


def series(case: int, part: int = 1) -> CaseSeries:
    shape = (len(CASES[case].answers), 4, 4)
    empty = Series("u", VolumeGeometry.unknown(shape), SeriesInfo(), (), TileReader(()))
    return CaseSeries(case, empty, CASES[case].answers, f"Case {case}", part, 2)


def test_each_order_puts_its_cases_first_and_keeps_patients_together() -> None:
    listed = [series(2), series(1, 2), series(0), series(1, 1)]

    def order(name: str) -> list[tuple[int, int]]:
        return [(one.case, one.part) for one in in_order(RUN, listed, name)]  # type: ignore[arg-type]

    assert order("table") == [(0, 1), (1, 1), (1, 2), (2, 1)]
    assert order("error") == [(1, 1), (1, 2), (2, 1), (0, 1)]
    assert order("uncertainty") == [(2, 1), (0, 1), (1, 1), (1, 2)]
    numbers = [RUN.numbers[case] for case, _ in order("shuffled")]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("labels", "answers", "offered"),
    [
        (True, True, {"table", "error", "uncertainty"}),
        (False, True, {"shuffled", "uncertainty"}),
        (False, False, {"shuffled"}),
    ],
)
def test_no_order_is_offered_that_tells_what_may_not_be_seen(labels: bool, answers: bool, offered: set[str]) -> None:
    assert set(orders(labels, answers)) == offered


def test_misread_slices_follow_the_list() -> None:
    assert misread_places([series(2), series(1), series(0)]) == [(1, 0)]


places = st.tuples(st.integers(0, 5), st.integers(0, 5))


@given(st.lists(places, unique=True).map(sorted), places)
def test_a_step_goes_to_the_nearest_on_its_side_and_back(found: list[Place], here: Place) -> None:
    after, before = step(found, here, 1), step(found, here, -1)
    assert after == min((place for place in found if place > here), default=None)
    assert before == max((place for place in found if place < here), default=None)
