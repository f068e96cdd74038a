"""One visual language: dark for a reading room, light for an office; one accent colour, one type scale, one spacing.

Colours are read where something is painted (``theme.TEXT``), never kept: they follow the scheme that is in force.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy, QWidget

from viewer.app.preferences import ThemeName
from viewer.assets import find_asset


@dataclass(frozen=True, slots=True)
class Scheme:
    """The colours of one look, as ``#rrggbb``; `style.qss` names them too.

    Parameters
    ----------
    background, panel, raised, card : str
        Of lists and fields, of the window, of buttons, of frames.
    line, edge : str
        Between panels, and around controls.
    text, muted, disabled, strong : str
        Of letters; ``strong`` stands on ``chosen`` and ``filled``.
    accent : str
        The one colour that marks focus and choice.
    chosen, filled, hover, pressed : str
        Grounds of what is selected, switched on, under the pointer, held.
    affected, healthy : str
        Of areas. Orange against blue stays apart for every kind of colour vision.
    affected_text : str
        The orange of letters, darker on a light ground.
    name : str
        "dark" or "light"; icons end in it.
    """

    background: str
    panel: str
    raised: str
    card: str
    line: str
    edge: str
    text: str
    muted: str
    disabled: str
    strong: str
    accent: str
    chosen: str
    filled: str
    hover: str
    pressed: str
    affected: str
    affected_text: str
    healthy: str
    warning: str
    failure: str
    name: str


DARK = Scheme(
    background="#141619",
    panel="#1b1e22",
    raised="#272b31",
    card="#202429",
    line="#343a42",
    edge="#69737f",
    text="#e4e7eb",
    muted="#a0a8b2",
    disabled="#7d8691",
    strong="#ffffff",
    accent="#4fa3d9",
    chosen="#24435a",
    filled="#2f6c97",
    hover="#313740",
    pressed="#20242a",
    affected="#f0a23c",
    affected_text="#f0a23c",
    healthy="#5f93b8",
    warning="#f2c14e",
    failure="#ff8a80",
    name="dark",
)
LIGHT = Scheme(
    background="#ffffff",
    panel="#eef0f3",
    raised="#fbfcfd",
    card="#f8f9fb",
    line="#c6ccd3",
    edge="#7b848f",
    text="#1a1e23",
    muted="#4f5862",
    disabled="#6d7680",
    strong="#ffffff",
    accent="#14679e",
    chosen="#14679e",
    filled="#14679e",
    hover="#e1e8ef",
    pressed="#d3dce5",
    affected="#c26d1c",
    affected_text="#8f4b00",
    healthy="#3f7fad",
    warning="#7d5700",
    failure="#b3261e",
    name="light",
)

GAP = 6
"""Between things that belong together, in pixels at scale 1."""
MARGIN = 10
"""Between a panel's edge and what is in it."""
TITLE_SIZE = 1.5
"""The one large line, as a multiple of the ordinary letters; headings are bold and not larger."""
_SMALLEST_POINTS = 7.0


class Colours:
    """A scheme's colours by their names in capitals: ``dark.TEXT``."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        names = [field.name for field in fields(scheme) if field.name != "name"]
        self._colours = {name.upper(): QColor(getattr(scheme, name)) for name in names}

    def __getattr__(self, name: str) -> QColor:
        try:
            return self._colours[name]
        except KeyError:
            raise AttributeError(f"there is no colour {name!r}") from None


dark, light = Colours(DARK), Colours(LIGHT)
"""Pictures are black in either look: what is painted on them takes its colours from ``dark``."""
_current = dark
_scale = 1.0
_font: QFont | None = None
"""The application's font before it was scaled."""


def __getattr__(name: str) -> QColor:
    """Return a colour of the look that is in force: ``theme.TEXT``."""
    return getattr(_current, name)  # type: ignore[no-any-return]


def current() -> Scheme:
    """Return the scheme that is in force."""
    return _current.scheme


def px(pixels: float) -> int:
    """Return a length for the scale that is in force, of what holds letters."""
    return round(pixels * _scale)


def apply_theme(app: QApplication, name: ThemeName = "dark", scale: float = 1.0) -> None:
    """Give the application its look; nothing else in the project sets colours of ordinary controls.

    Parameters
    ----------
    app : QApplication
        Widgets that exist already are dressed anew, but those that measured their letters keep their sizes.
    name : "dark", "light" or "system"
        The system's own choice is asked for now; where it makes none it is dark.
    scale : float
        Of letters and of what holds them. Pictures keep the screen's own pixels, which Qt's scaling would blur.
    """
    global _current, _scale, _font
    hints, schemes = app.styleHints(), Qt.ColorScheme
    hints.setColorScheme({"dark": schemes.Dark, "light": schemes.Light}.get(name, schemes.Unknown))
    is_light = name == "light" or (name == "system" and hints.colorScheme() == schemes.Light)
    _current = light if is_light else dark
    _scale = scale
    app.setStyle("Fusion")
    if _font is None:
        _font = QFont(app.font())
    font = QFont(_font)
    font.setPointSizeF(_font.pointSizeF() * scale)
    app.setFont(font)
    app.setPalette(_palette(_current))
    app.setStyleSheet(_style_sheet(_current.scheme, scale))


def follows_other_scheme() -> bool:
    """Whether the system asks for another look than the one that is in force."""
    wanted = light if QApplication.styleHints().colorScheme() == Qt.ColorScheme.Light else dark
    return wanted is not _current


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, colours.PANEL),
        (roles.WindowText, colours.TEXT),
        (roles.Base, colours.BACKGROUND),
        (roles.AlternateBase, colours.PANEL),
        (roles.Text, colours.TEXT),
        (roles.PlaceholderText, colours.MUTED),
        (roles.Button, colours.RAISED),
        (roles.ButtonText, colours.TEXT),
        (roles.BrightText, colours.FAILURE),
        (roles.ToolTipBase, colours.RAISED),
        (roles.ToolTipText, colours.TEXT),
        (roles.Highlight, colours.FILLED),
        (roles.HighlightedText, colours.STRONG),
        (roles.Link, colours.ACCENT),
        (roles.Mid, colours.LINE),
        (roles.Dark, colours.BACKGROUND),
        (roles.Light, colours.RAISED.lighter(120)),
        (roles.Accent, colours.ACCENT),
    ):
        palette.setColor(role, colour)
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, colours.DISABLED)
    return palette


def _style_sheet(scheme: Scheme, scale: float) -> str:
    text = find_asset("style.qss").read_text(encoding="utf-8")
    text = text.replace("@icons@", find_asset("icons").as_posix())
    for field in fields(scheme):
        text = text.replace(f"@{field.name}@", getattr(scheme, field.name))
    # Hairlines stay hairlines.
    return re.sub(r"\b([2-9]|\d\d+)px", lambda length: f"{round(int(length[1]) * scale)}px", text)


def mono_font(widget: QWidget, delta: float = 0.0) -> QFont:
    """Return a fixed-width font at the widget's size, for numbers that change in place."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(max(_SMALLEST_POINTS, widget.font().pointSizeF() + delta))
    return font


class ElidedLabel(QLabel):
    """A line that ends in "…" where it does not fit; the whole of it stands in the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def words(self) -> str:
        """All of the words."""
        return self._words

    def show_words(self, words: str) -> None:
        """Show ``words``, as much of them as fits."""
        if words != self._words:
            self._words = words
            self.setToolTip(words)
            self.setAccessibleDescription(words)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the words anew."""
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, self.width()))


def heading(text: str) -> QLabel:
    """Return a panel's heading."""
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def muted(text: str = "", wrap: bool = True) -> QLabel:
    """Return a label for secondary text."""
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(wrap)
    return label
