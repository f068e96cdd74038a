"""Plain text for ``overread info`` and ``overread model info``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def list_series(description: Mapping[str, Any]) -> str:
    """Return the catalogue's description (DESIGN of ``info --json``) for people, a paragraph per series."""
    paragraphs = [_series(number, series) for number, series in enumerate(description["series"], 1)]
    paragraphs += [_problem(problem) for problem in description["problems"]]
    # Headers are written by others: nothing in them may steer a terminal.
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in "\n".join(paragraphs))


def _series(number: int, series: Mapping[str, Any]) -> str:
    slices, rows, columns = series["shape"]
    name = series["description"] or "(no description)"
    where = "size in mm unknown"
    if series["spacing_mm"] and series["orientation"]:
        between, row, column = map(_mm, series["spacing_mm"])
        where = f"pixels of {row} x {column} mm, slices {between} mm apart"
    facts = [
        f"{_count(slices, 'slice')} of {rows} x {columns}",
        where,
        f"orientation {series['orientation'] or 'unknown'}",
        _count(series["files"], "file"),
    ]
    if series["volumes"] > 1:
        facts.append(_count(series["volumes"], "volume"))
    head = f"{number}. {name} [{series['modality'] or 'modality unknown'}]"
    return "\n".join([head, f"   {', '.join(facts)}", *(f"   {_problem(p)}" for p in series["problems"])])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _mm(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _problem(problem: Mapping[str, Any]) -> str:
    return f"! {problem['code']}: {problem['message']}"


def list_manifest(content: Mapping[str, Any], indent: str = "") -> str:
    """Return a bundle's manifest, a line per entry."""
    lines = []
    for key, value in content.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{key}:", list_manifest(value, indent + "  ")] if value else []
        elif value not in (None, ""):
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            lines.append(f"{indent}{key}: {shown}")
    return "\n".join(lines)
