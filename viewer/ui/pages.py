"""Pages of text: keys, problems, about; and how series are named in lists."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import xai
from viewer.ui import theme
from viewer.ui.menus import keys_page
from viewer.ui.series_panel import SeriesEntry
from xai.imaging.catalog import Catalog
from xai.imaging.series import Series
from xai.imaging.volume import Problem
from xai.notice import RESEARCH_USE_ONLY

__all__ = ["about_page", "card_page", "keys_page", "problems_page", "series_entry", "series_title"]


def series_title(series: Series) -> str:
    """Return a series' name for lists and titles."""
    number = "" if series.info.series_number is None else f"{series.info.series_number}: "
    return number + (series.info.description or "series without a name")


def series_entry(series: Series, study: int | None = None) -> SeriesEntry:
    """Return a series' line in the list; studies are told apart by a number, never by a name."""
    slices, rows, columns = series.geometry.shape
    kind = " ".join(part for part in (series.info.modality or "", series.geometry.plane) if part)
    size = f"{slices} × {rows} × {columns}" + (f" · {kind}" if kind else "")
    detail = size if study is None else f"Study {study} · {size}"
    return SeriesEntry(series_title(series), detail, tuple(problem.message for problem in series.problems))


def problems_page(catalog: Catalog, series: Series | None, problems: Sequence[Problem]) -> str:
    """Return what was found on loading: the open series' problems first, then those of everything else."""
    parts: list[str] = []

    def section(title: str, found: Sequence[Problem]) -> None:
        if found:
            parts.append(f"<h3>{escape(title)}</h3><ul>")
            for problem in found:
                names = ", ".join(problem.files[:12]) + (" …" if len(problem.files) > 12 else "")
                files = f"<br><span style='color:{theme.MUTED.name()}'>{escape(names)}</span>" if names else ""
                parts.append(f"<li>{escape(problem.message)} <i>({problem.code})</i>{files}</li>")
            parts.append("</ul>")

    if series is not None:
        section(series_title(series), problems)
    for other in catalog.series:
        if other is not series:
            section(series_title(other), other.problems)
    section("Files", catalog.problems)
    return "".join(parts) or "<p>Nothing odd was found.</p>"


def card_page(card: Sequence[tuple[str, str]]) -> str:
    """Return the explanation card, to be read and copied."""
    rows = (
        f"<tr><td width='30%'><b>{escape(name)}</b></td><td>{escape(value)}</td></tr>" for name, value in card if value
    )
    return f"<table cellspacing='0' cellpadding='3' width='100%'>{''.join(rows)}</table>"


def about_page() -> str:
    """Return version, licence and intended use."""
    return (
        f"<h2>Overread {xai.__version__}</h2><p><b>{escape(RESEARCH_USE_ONLY)}</b></p>"
        "<p>Overread shows MRI series with a local classifier's predictions and the reasons for them, and keeps a "
        "reader's opinion of both. It makes no connection to any network.</p>"
        "<p>Licence MIT. Uses Qt (LGPL-3) through PySide6, PyTorch, pydicom, nibabel and others.</p>"
    )
