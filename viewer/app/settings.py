"""What is remembered from one start to the next: reader, model, preferences, the window's layout. No patients."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from viewer.app.preferences import DEVICES, LANGUAGES, SCALES, THEMES, Preferences
from viewer.core.mouse import MOUSE_PROFILES
from viewer.core.overlay import OverlayStyle
from viewer.core.stored import from_json, to_json
from viewer.core.view_state import LAYOUTS, LayoutName
from viewer.core.words import tr

_ALLOWED: Mapping[str, tuple[object, ...]] = {
    "theme": tuple(key for key, _ in THEMES),
    "language": tuple(key for key, _ in LANGUAGES),
    "scale": SCALES,
    "mouse": tuple(MOUSE_PROFILES),
    "device": tuple(key for key, _ in DEVICES),
}


@dataclass(frozen=True, slots=True)
class _Styles:
    styles: tuple[tuple[str, OverlayStyle], ...] = ()


class Settings:
    """A small INI file; a missing one gives the defaults, a damaged one the defaults and a sentence.

    Parameters
    ----------
    path : Path
        Made on the first change.

    Attributes
    ----------
    problem : str
        What was wrong with the file, for the user; empty when nothing was.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problem = ""
        self._store = QSettings(str(path), QSettings.Format.IniFormat)
        self._store.allKeys()  # the file is looked at here, and only then the status tells
        match self._store.status():
            case QSettings.Status.FormatError:
                self._set_aside()
            case QSettings.Status.AccessError:
                text = tr("The settings in {file} cannot be read or written: they are not kept.")
                self.problem = text.format(file=path.name)

    def _set_aside(self) -> None:
        self._say_damaged()
        aside = self._path.with_name(f"{self._path.name}.damaged")
        try:
            self._path.replace(aside)
        except OSError:
            # What cannot be moved cannot be written either: this sitting's settings are not kept.
            aside = Path()
        self._store = QSettings(str(self._path), QSettings.Format.IniFormat)

    def _say_damaged(self) -> None:
        text = tr("The settings in {file} are damaged; what could not be read has its default.")
        self.problem = text.format(file=self._path.name)

    def _text(self, key: str, allowed: tuple[object, ...] | None = None) -> str:
        value = self._store.value(key, "")
        text = value if isinstance(value, str) else ""
        if (value not in ("", None) and not text) or (text and allowed is not None and text not in allowed):
            self._say_damaged()
            return ""
        return text

    def _json(self, key: str) -> Any:
        text = self._text(key)
        if not text:
            return None
        try:
            return json.loads(text)
        except ValueError:
            self._say_damaged()
            return None

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    @property
    def store(self) -> QSettings:
        """The file itself, for what has a module of its own."""
        return self._store

    @property
    def reader_id(self) -> str:
        """The last reader's pseudonym; empty when there is none."""
        return self._text("reader")

    @reader_id.setter
    def reader_id(self, reader_id: str) -> None:
        self._store.setValue("reader", reader_id)

    @property
    def model(self) -> Path | None:
        """The folder of the last model that was opened by hand, if it is still there."""
        text = self._text("model")
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
    def preferences(self) -> Preferences:
        """What is chosen in the preferences."""
        chosen: dict[str, Any] = {}
        for name, allowed in _ALLOWED.items():
            text = self._text(f"preferences/{name}", tuple(str(one) for one in allowed))
            if text:
                chosen[name] = float(text) if name == "scale" else text
        return Preferences(**chosen)

    @preferences.setter
    def preferences(self, preferences: Preferences) -> None:
        for name in _ALLOWED:
            self._store.setValue(f"preferences/{name}", str(getattr(preferences, name)))

    @property
    def window(self) -> QByteArray:
        """The window's place and size as Qt writes it; empty when there is none."""
        return self._bytes("window")

    @window.setter
    def window(self, geometry: QByteArray) -> None:
        self._store.setValue("window", geometry)

    @property
    def panels(self) -> QByteArray:
        """The panels' widths as Qt writes them; empty when there are none."""
        return self._bytes("panels")

    @panels.setter
    def panels(self, sizes: QByteArray) -> None:
        self._store.setValue("panels", sizes)

    @property
    def hidden_panels(self) -> tuple[str, ...]:
        """Names of the panels that are hidden."""
        return tuple(name for name in self._text("hidden-panels").split(" ") if name)

    @hidden_panels.setter
    def hidden_panels(self, names: tuple[str, ...]) -> None:
        self._store.setValue("hidden-panels", " ".join(names))

    @property
    def layout(self) -> LayoutName | None:
        """The last layout of pictures; None when there is none."""
        text = self._text("layout", LAYOUTS)
        return next((layout for layout in LAYOUTS if layout == text), None)

    @layout.setter
    def layout(self, layout: LayoutName) -> None:
        self._store.setValue("layout", layout)

    @property
    def overlays(self) -> dict[str, OverlayStyle]:
        """How each method's maps were shown last: opacity, colours, threshold, scale."""
        data = self._json("overlays")
        if data is None:
            return {}
        try:
            return dict(from_json(data, _Styles).styles)
        except ValueError:
            self._say_damaged()
            return {}

    @overlays.setter
    def overlays(self, styles: Mapping[str, OverlayStyle]) -> None:
        # A fixed range belongs to one series, and which maps are shown to one sitting.
        kept = _Styles(tuple((key, _lasting(style)) for key, style in styles.items()))
        self._store.setValue("overlays", json.dumps(to_json(kept)))

    def forget_model(self) -> None:
        """Forget which model was opened last."""
        self._store.remove("model")

    def save(self) -> None:
        """Write what has changed."""
        self._store.sync()


def _lasting(style: OverlayStyle) -> OverlayStyle:
    scale = "slice" if style.scale == "fixed" else style.scale
    return replace(style, scale=scale, fixed_range=None, visible=False)
