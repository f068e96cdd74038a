"""Plain text for ``overread info`` and ``overread model info``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def list_series(description: Mapping[str, Any]) -> str:
    """Return the catalogue's description (DESIGN of ``info --json``) for people, a paragraph per series."""
    paragraphs = [_series(number, series) for number, series in enumerate(description["series"], 1)]
    paragraphs += [_problem(problem) for problem in description["problems"]]
    return "\n".join(paragraphs)


def _series(number: int, series: Mapping[str, Any]) -> str:
    slices, rows, columns = series["shape"]
    name = series["description"] or "(no description)"
    where = "size in mm unknown"
    if series["spacing_mm"] and series["orientation"]:
        between, row, column = map(_mm, series["spacing_mm"])
        where = f"pixels of {row} x {column} mm, slices {between} mm apart"
    facts = [
        f"{slices} slices of {rows} x {columns}",
        where,
        f"orientation {series['orientation'] or 'unknown'}",
        f"{_count(series['files'])} files",
    ]
    if series["volumes"] > 1:
        facts.append(f"{series['volumes']} volumes")
    head = f"{number}. {name} [{series['modality'] or 'modality unknown'}]"
    return "\n".join([head, f"   {', '.join(facts)}", *(f"   {_problem(p)}" for p in series["problems"])])


def _count(files: object) -> int:
    return len(files) if isinstance(files, Sequence) and not isinstance(files, str) else int(str(files))


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
