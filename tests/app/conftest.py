from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def leaks(nothing_is_left: None) -> None:
    """Nothing may be left behind by any of these tests."""
