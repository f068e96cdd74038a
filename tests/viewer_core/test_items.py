"""The questions as data."""

from __future__ import annotations

import pytest

from viewer.core.items import DECISION, FULL_FORM, ITEMS, MAP_FORM, SHORT_FORM


def test_the_forms_hold_the_items_of_the_study_plan() -> None:
    assert [item.id for item in SHORT_FORM] == ["m_loc", "m_specific", "m_help", "m_mislead", "comment"]
    assert [item.id for item in DECISION] == ["dx", "susp", "conf", "quality"]
    full = "loc specific complete plaus clear help mislead verify use error"
    assert [item.id for item in MAP_FORM] == [*(f"m_{name}" for name in full.split()), "comment"]
    assert len(ITEMS) == len(FULL_FORM)


@pytest.mark.parametrize("item", FULL_FORM, ids=lambda item: item.id)
def test_every_item_is_whole(item: object) -> None:
    found = ITEMS[getattr(item, "id", "")]
    codes = [option.code for option in found.options]
    assert len(set(codes)) == len(codes)
    assert all(code and "|" not in code and "," not in code for code in codes)
    assert bool(codes) == (found.type in ("choice", "likert", "multi"))
    if found.type == "likert":
        assert found.points == 5
        assert found.level == "ordinal"
        assert found.number_of(codes[0]) == 1
    assert all(getattr(found, name) for name in ("id", "construct", "text"))


def test_choices_count_from_zero_so_that_affected_is_1() -> None:
    assert ITEMS["dx"].number_of("healthy") == 0
    assert ITEMS["dx"].number_of("affected") == 1
    with pytest.raises(ValueError, match="no option"):
        ITEMS["dx"].number_of("unclear")


def test_only_the_risk_item_is_reversed_and_map_scales_can_be_declined() -> None:
    assert [item.id for item in FULL_FORM if item.reverse] == ["m_mislead"]
    scales = [item for item in MAP_FORM if item.type == "likert"]
    assert all(item.na_option for item in scales)
    assert ITEMS["m_loc"].na_option == "no decisive tissue"
    assert not any("trust" in item.text.lower() for item in MAP_FORM)
