"""Numbers of slices as people type them, and cells that no spreadsheet runs."""

from __future__ import annotations

import pytest

from viewer.batch import as_text, slice_range


@pytest.mark.parametrize(
    ("text", "numbers"), [("3:12", (3, 12)), ("3:", (3, 0)), (":12", (0, 12)), ("7", (7, 7)), ("5:5", (5, 5))]
)
def test_ranges(text: str, numbers: tuple[int, int]) -> None:
    assert slice_range(text) == numbers


@pytest.mark.parametrize("text", ["", ":", "0:3", "-1:3", "4:3", "a", "1:b", "1:2:3", "1.5"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        slice_range(text)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum"])
def test_formulas_are_text(cell: str) -> None:
    assert as_text(cell) == "'" + cell


def test_other_cells_stay() -> None:
    assert as_text("1.2.840=3") == "1.2.840=3"
    assert as_text("") == ""
