"""The page of the load report."""

from __future__ import annotations

from html import escape

from viewer.core.load_report import CODE_WORDS, SEVERE, LoadReport, Section
from viewer.core.said import said
from viewer.core.words import tr
from viewer.ui import theme

FILES_NAMED = 12
"""How many files of one problem are listed by name."""


def load_page(report: LoadReport) -> str:
    """Return the report as rich text: counts, then a section for each series with something odd, then the rest."""
    # One line each, so that they stay lines when they are copied as plain text.
    counts = "<br>".join(f"{escape(words)}: <b>{number}</b>" for words, number in report.counts)
    parts = [f"<p>{counts}</p>"]
    parts += [_section(section) for section in report.sections]
    if report.sound:
        heading = tr("Nothing odd about")
        parts.append(f"<h3>{escape(heading)}</h3><ul>")
        parts += [f"<li>{escape(section.title)}<br>{_muted(section.facts)}</li>" for section in report.sound]
        parts.append("</ul>")
    return "".join(parts)


def _section(section: Section) -> str:
    parts = [f"<h3>{escape(section.title)}</h3>"]
    if section.facts:
        parts.append(f"<p>{_muted(section.facts)}</p>")
    parts.append("<ul>")
    for problem in section.problems:
        colour = (theme.FAILURE if problem.code in SEVERE else theme.WARNING).name()
        words = f"<b style='color:{colour}'>{escape(tr(CODE_WORDS[problem.code]))}</b>: {escape(said(problem.message))}"
        more = len(problem.files) - FILES_NAMED
        names = ", ".join(problem.files[:FILES_NAMED])
        if more > 0:
            names = tr("{names} and {count} more").format(names=names, count=more)
        parts.append(f"<li>{words}{'<br>' + _muted(names) if names else ''}</li>")
    parts.append("</ul>")
    return "".join(parts)


def _muted(text: str) -> str:
    return f"<span style='color:{theme.MUTED.name()}'>{escape(text)}</span>"
