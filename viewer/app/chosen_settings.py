"""Which settings each method has, what the reader chose, and what that costs; the engine knows the methods."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from viewer.app.engine import Engine
from viewer.app.method_settings import MethodSheet, Parameters, Value


class ChosenSettings(QObject):
    """Keeps what differs from the methods' own defaults.

    Parameters
    ----------
    engine : Engine
        Knows the methods.
    keys : tuple of str
        The methods.
    """

    changed = Signal(str)
    """Key of a method whose settings are others now."""
    described = Signal()
    """What methods can be told, or what they cost, is known better."""

    def __init__(self, engine: Engine, keys: tuple[str, ...], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._keys = keys
        self._sheets: dict[str, MethodSheet] = {}
        self._values: dict[str, dict[str, Value]] = {}
        self._latest: dict[str, int] = {}

    def look_up(self) -> None:
        """Ask the engine what all methods can be told; with a model loaded it knows what they cost, too."""
        self._ask(self._keys)

    def _ask(self, keys: tuple[str, ...]) -> None:
        request = self._engine.describe({key: self.values(key) for key in keys})
        for key in keys:
            self._latest[key] = request.number
        request.succeeded.connect(partial(self._take, request.number))

    def _take(self, number: int, sheets: dict[str, MethodSheet]) -> None:
        self._sheets |= {key: sheet for key, sheet in sheets.items() if self._latest.get(key) == number}
        self.described.emit()

    def sheet(self, key: str) -> MethodSheet:
        """Return what a method can be told; nothing until the engine has said it."""
        return self._sheets.get(key, MethodSheet())

    def values(self, key: str) -> Parameters:
        """Return the settings that the reader chose; the others are the method's own."""
        return dict(self._values.get(key, {}))

    def set(self, key: str, name: str, value: Value) -> None:
        """Choose a setting."""
        values = dict(self._values.get(key, {}))
        default = next((setting.default for setting in self.sheet(key).settings if setting.name == name), None)
        if value == default:
            values.pop(name, None)
        else:
            values[name] = value
        self._set_all(key, values)

    def reset(self, key: str) -> None:
        """Go back to the method's own settings."""
        self._set_all(key, {})

    def _set_all(self, key: str, values: dict[str, Value]) -> None:
        if values != self._values.get(key, {}):
            self._values[key] = values
            self._ask((key,))
            self.changed.emit(key)
