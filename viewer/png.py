"""One slice as a PNG: square pixels, patient letters, colour bar, and a caption that says what is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

import xai
from viewer.core.bodies import paints_outside, slice_body
from viewer.core.overlay import OverlayStyle, ValueRange, colour_bar, legend_text, value_range
from viewer.core.planes import NO_GEOMETRY, position_text, scale_bar
from viewer.core.render import render
from viewer.core.window import Window, auto_window, sample_values
from xai.explanation import Explanation
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import Volume
from xai.notice import RESEARCH_USE_ONLY
from xai.registry import EXPLAINERS

LONG_SIDE = 640
"""Pixels of the slice's longer side, at least; larger slices keep their size."""

_FONT = 15
_MARGIN = 10
_BAR_WIDTH = 96
_BACKGROUND = (18, 18, 20)
_TEXT = (225, 225, 228)
_LETTER = (255, 214, 102)


def series_window(volume: Volume, most: int = 16) -> Window:
    """Return the window of the whole series, from at most ``most`` of its slices."""
    chosen = np.unique(np.linspace(0, len(volume.array) - 1, most).astype(int))
    return auto_window(sample_values([volume.array[k] for k in chosen]))


def slice_picture(
    volume: Volume,
    k: int,
    window: Window,
    explanation: Explanation | None = None,
    style: OverlayStyle | None = None,
) -> Image.Image:
    """Return slice ``k`` (from 0) as a picture in display order, with the map of ``explanation`` over it."""
    style = style or OverlayStyle()
    limits: ValueRange | None = None
    overlays, body, on_body = [], None, ""
    if explanation is not None:
        values = explanation.slice_values(k)
        limits = value_range(values, style)
        overlays = [(values, style, limits)]
        body = slice_body(volume.array[k])
        if limits is not None and paints_outside(values, style, limits, body):
            on_body = " · body only"
    geometry = volume.geometry
    pixels = render(volume.array[k], geometry.display, window, overlays=overlays, body=body)
    rgb = np.stack([(pixels >> np.uint32(shift)) & np.uint32(0xFF) for shift in (16, 8, 0)], axis=-1)
    picture = _square_pixels(Image.fromarray(rgb.astype(np.uint8)), geometry.shown_spacing)
    _draw_letters(picture, geometry.edge_letters)
    _draw_scale(picture, geometry)
    lines = _caption(volume, k, window, explanation, style, limits, on_body)
    return _lay_out(picture, lines, style if limits else None, limits)


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write ``picture`` as PNG; its text fields say what made it and what it is not."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", f"Overread {xai.__version__}")
    text.add_text("Disclaimer", RESEARCH_USE_ONLY)
    picture.save(path, format="PNG", pnginfo=text, optimize=True)


def _square_pixels(picture: Image.Image, spacing: tuple[float, float]) -> Image.Image:
    rows, columns = picture.height * spacing[0], picture.width * spacing[1]
    scale = max(LONG_SIDE, picture.height, picture.width) / max(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    return picture.resize(size, Image.Resampling.BILINEAR)


def _draw_letters(picture: Image.Image, letters: tuple[str, str, str, str]) -> None:
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(_FONT + 3)
    width, height = picture.size
    places = ((6, height / 2, "lm"), (width - 6, height / 2, "rm"), (width / 2, 6, "mt"), (width / 2, height - 6, "mb"))
    for (x, y, anchor), letter in zip(places, letters, strict=True):
        draw.text((x, y), letter, _LETTER, font, anchor, stroke_width=2, stroke_fill=(0, 0, 0))


def _draw_scale(picture: Image.Image, geometry: VolumeGeometry) -> None:
    shown_columns = geometry.display.shown_shape((geometry.shape[1], geometry.shape[2]))[1]
    bar = scale_bar(geometry, shown_columns * geometry.shown_spacing[1] / picture.width, picture.width)
    if bar is None:
        return
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(_FONT - 2)
    right, y = picture.width - _MARGIN, picture.height - _MARGIN
    draw.line((right - bar.pixels, y, right, y), _TEXT, 2)
    draw.text((right, y - 5), bar.text, _TEXT, font, "rb", stroke_width=2, stroke_fill=(0, 0, 0))


def _caption(
    volume: Volume,
    k: int,
    window: Window,
    explanation: Explanation | None,
    style: OverlayStyle,
    limits: ValueRange | None,
    on_body: str,
) -> list[str]:
    geometry = volume.geometry
    place = position_text(geometry, k) or NO_GEOMETRY
    lines = [f"S-{volume.sha256[:8]} · slice {k + 1} of {len(volume.array)} · {place} · {window.text}"]
    if explanation is not None:
        entry = EXPLAINERS.get(explanation.method)
        title = entry.title if entry else explanation.method
        if not explanation.computed[k]:
            lines.append(f"{title} · not computed for this slice")
        else:
            lines += _explained(explanation, k, title, style, limits, on_body)
        lines += explanation.notes
    return [*lines, RESEARCH_USE_ONLY]


def _explained(
    explanation: Explanation, k: int, title: str, style: OverlayStyle, limits: ValueRange | None, on_body: str
) -> list[str]:
    target = int(explanation.target[k])
    name = explanation.classes[target] if 0 <= target < len(explanation.classes) else f"class {target}"
    state = explanation.states[k] or ("" if limits else "nothing speaks for the target")
    said = f"{title} · no map for {name}: {state}" if state else legend_text(style, title, name) + on_body
    chances = zip(explanation.classes, explanation.prediction.probabilities[k].tolist(), strict=False)
    return [said, "model: " + ", ".join(f"{label} {chance:.2f}" for label, chance in chances)]


def _lay_out(
    picture: Image.Image, lines: list[str], style: OverlayStyle | None, limits: ValueRange | None
) -> Image.Image:
    """Put the caption below ``picture`` and the colour bar, if there is one, to its right."""
    font = ImageFont.load_default(_FONT)
    width = picture.width + (_BAR_WIDTH if style else 0)
    wrapped = [part for line in lines for part in _wrap(line, font, width - 2 * _MARGIN)]
    step = _FONT + 6
    sheet = Image.new("RGB", (width, picture.height + len(wrapped) * step + 2 * _MARGIN), _BACKGROUND)
    sheet.paste(picture, (0, 0))
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(wrapped):
        draw.text((_MARGIN, picture.height + _MARGIN + number * step), line, _TEXT, font)
    if style and limits:
        _draw_bar(sheet, picture.width + 14, picture.height, style, limits)
    return sheet


def _draw_bar(sheet: Image.Image, left: int, height: int, style: OverlayStyle, limits: ValueRange) -> None:
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT - 2)
    top, length = height // 5, height * 3 // 5
    bar = colour_bar(style, *limits, n=length)
    # Painted over mid grey, so that its colours are those seen on the picture.
    grey = np.array([96.0, 96.0, 96.0])
    colours = (1 - bar.alpha[:, None]) * grey + bar.alpha[:, None] * bar.colours
    strip = np.repeat(np.rint(colours[::-1]).astype(np.uint8)[:, None], 18, axis=1)
    sheet.paste(Image.fromarray(strip), (left, top))
    for tick in bar.ticks:
        y = top + (1 - tick.place) * (length - 1)
        draw.line((left + 18, y, left + 23, y), _TEXT)
        draw.text((left + 27, y), tick.text, _TEXT, font, "lm")


def _wrap(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    lines = [""]
    for word in line.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
