"""What is remembered from one start to the next: who reads, with which model, and the window's place. No patients."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings


class Settings:
    """A small INI file; a missing or damaged one gives the defaults.

    Parameters
    ----------
    path : Path
        Made on the first change.
    """

    def __init__(self, path: Path) -> None:
        self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def store(self) -> QSettings:
        """The file itself, for what has a module of its own."""
        return self._store

    @property
    def reader_id(self) -> str:
        """The last reader's pseudonym; empty when there is none."""
        return str(self._store.value("reader", "") or "")

    @reader_id.setter
    def reader_id(self, reader_id: str) -> None:
        self._store.setValue("reader", reader_id)

    @property
    def model(self) -> Path | None:
        """The folder of the last model that was opened by hand, if it is still there."""
        text = str(self._store.value("model", "") or "")
        return Path(text) if text and Path(text).is_dir() else None

    @model.setter
    def model(self, path: Path) -> None:
        self._store.setValue("model", str(path))

    @property
    def read_first(self) -> bool:
        """Whether the reader reads first and sees the model's answer after."""
        return str(self._store.value("read_first", "")) == "yes"

    @read_first.setter
    def read_first(self, on: bool) -> None:
        self._store.setValue("read_first", "yes" if on else "no")

    @property
    def full_form(self) -> bool:
        """Whether all questions are asked."""
        return str(self._store.value("full_form", "")) == "yes"

    @full_form.setter
    def full_form(self, on: bool) -> None:
        self._store.setValue("full_form", "yes" if on else "no")

    @property
    def window(self) -> QByteArray:
        """The window's place and size as Qt writes it; empty when there is none."""
        value = self._store.value("window")
        return value if isinstance(value, QByteArray) else QByteArray()

    @window.setter
    def window(self, geometry: QByteArray) -> None:
        self._store.setValue("window", geometry)

    def save(self) -> None:
        """Write what has changed."""
        self._store.sync()
