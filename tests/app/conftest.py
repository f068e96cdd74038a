from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from viewer.app.engine import Engine


@pytest.fixture(autouse=True)
def leaks(nothing_is_left: None) -> None:
    """Nothing may be left behind by any of these tests."""


@pytest.fixture
def make_engine(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Engine]]:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    engines: list[Engine] = []

    def make(handlers: str = "FakeHandlers", cancel_grace: float = 30.0) -> Engine:
        engine = Engine(handlers=f"fake_engine:{handlers}", cancel_grace=cancel_grace)
        engines.append(engine)
        engine.start()
        return engine

    yield make
    assert all(engine.shutdown() for engine in engines)


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine()
