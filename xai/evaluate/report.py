"""Scores of many maps as tables: means with intervals bootstrapped by patient, JSON, tidy CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from xai.evaluate.scores import Score

DRAWS = 2000
"""Resamplings behind an interval."""

MEASURES: Mapping[str, str] = {
    "insertion_minus_deletion": "Insertion minus deletion (probability); higher is better",
    "deletion": "Deletion (probability); lower is better",
    "insertion": "Insertion (probability); higher is better",
    "insertion_minus_deletion_margin": "Insertion minus deletion (logit margin); higher is better",
    "deletion_margin": "Deletion (logit margin); lower is better",
    "insertion_margin": "Insertion (logit margin); higher is better",
    "pointing": "Pointing game; higher is better",
    "pointing_chance": "Pointing game by chance",
    "relevance_mass": "Relevance mass on the lesion; higher is better",
    "relevance_mass_over_chance": "Relevance mass over chance (1 is chance)",
    "relevance_rank": "Relevance rank on the lesion; higher is better",
    "relevance_rank_over_chance": "Relevance rank over chance (0 is chance)",
    "empty": "Share of maps that show nothing",
    "passes": "Forward passes per slice",
    "seconds": "Seconds per slice",
}
"""What is measured, in the order of tables, in words."""

HEADLINES = (
    ("insertion_minus_deletion", "blur"),
    ("insertion_minus_deletion", "body-mean"),
    ("pointing", ""),
    ("relevance_mass_over_chance", ""),
    ("relevance_rank_over_chance", ""),
    ("empty", ""),
    ("passes", ""),
    ("seconds", ""),
)
"""Measure and baseline of what is shown first."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over slices with its 95 % interval over patients; no interval for a single patient."""

    mean: float
    low: float | None
    high: float | None
    slices: int
    patients: int


def interval(values: Sequence[float], patients: Sequence[str], seed: int = 0, draws: int = DRAWS) -> Interval:
    """Return the mean with its interval: patients are drawn with replacement, each with all of its slices.

    Slices of one patient are alike; drawing slices would promise too much.
    """
    names, of = np.unique(np.array(patients), return_inverse=True)
    sums = np.bincount(of, np.array(values, float), len(names))
    counts = np.bincount(of, minlength=len(names)).astype(float)
    mean = float(sums.sum() / counts.sum())
    if len(names) < 2:
        return Interval(mean, None, None, len(values), len(names))
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), draws)
    low, high = np.percentile((times @ sums) / (times @ counts), (2.5, 97.5))
    return Interval(mean, float(low), float(high), len(values), len(names))


Key = tuple[str, str, str]
"""Method, measure, baseline."""


def summarise(rows: Iterable[Score], seed: int = 0, draws: int = DRAWS) -> dict[Key, Interval]:
    """Return the mean and interval of every measure of every method."""
    grouped: dict[Key, list[Score]] = {}
    for row in rows:
        if np.isfinite(row.value):
            grouped.setdefault((row.method, row.measure, row.baseline), []).append(row)
    return {
        key: interval([row.value for row in some], [row.patient for row in some], seed, draws)
        for key, some in grouped.items()
    }


def paired(
    rows: Iterable[Score], first: str, second: str, measure: str, baseline: str = "", seed: int = 0, draws: int = DRAWS
) -> Interval:
    """Return by how much method ``first`` exceeds ``second``, on the slices that both have."""
    values: dict[str, dict[tuple[str, str, int], float]] = {first: {}, second: {}}
    for row in rows:
        if row.method in values and (row.measure, row.baseline) == (measure, baseline) and np.isfinite(row.value):
            values[row.method][row.patient, row.case, row.slice] = row.value
    both = [place for place in values[first] if place in values[second]]
    if not both:
        raise ValueError(f"{first} and {second} have no slice with {measure} in common")
    gaps = [values[first][place] - values[second][place] for place in both]
    return interval(gaps, [patient for patient, _, _ in both], seed, draws)


def table(rows: Iterable[Score]) -> str:
    """Return the rows as tidy CSV: one value a line, UTF-8, RFC 4180."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([field.name for field in fields(Score)])
    for row in rows:
        writer.writerow([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in astuple(row)])
    return text.getvalue()


def summary_json(
    summary: Mapping[Key, Interval], parameters: Mapping[str, Mapping[str, object]], about: Mapping[str, object]
) -> str:
    """Return the summary as JSON: ``about``, and by method its parameters and measures."""
    content = {
        **about,
        "methods": {
            method: {
                "parameters": dict(of_method),
                "measures": [
                    {
                        "measure": measure,
                        "meaning": MEASURES.get(measure, measure),
                        "baseline": baseline or None,
                        "mean": _short(found.mean),
                        "low": _short(found.low),
                        "high": _short(found.high),
                        "slices": found.slices,
                        "patients": found.patients,
                    }
                    for (_, measure, baseline), found in _of(method, summary)
                ],
            }
            for method, of_method in parameters.items()
        },
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _of(method: str, summary: Mapping[Key, Interval]) -> list[tuple[Key, Interval]]:
    order = list(MEASURES)

    def place(one: tuple[Key, Interval]) -> tuple[int, str]:
        _, measure, baseline = one[0]
        return (order.index(measure) if measure in order else len(order), baseline)

    return sorted(((key, found) for key, found in summary.items() if key[0] == method), key=place)


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def listing(summary: Mapping[Key, Interval], methods: Sequence[str]) -> str:
    """Return the `HEADLINES` as lines to read in a terminal: for each a line per method."""
    lines: list[str] = []
    width = max(len(method) for method in methods)
    for measure, baseline in HEADLINES:
        rows = [(method, found) for method in methods if (found := summary.get((method, measure, baseline)))]
        if rows:
            lines.append(f"{MEASURES[measure]}{f', hidden by {baseline}' if baseline else ''}")
        for method, found in rows:
            span = "" if found.low is None else f"  [{found.low:.4g}, {found.high:.4g}]"
            lines.append(f"  {method:<{width}}  {found.mean:.4g}{span}")
    return "\n".join(lines)


def mean_curves(curves: Sequence[Mapping[str, object]], baseline: str, name: str) -> NDArray[np.float64] | None:
    """Return the mean over slices of one kind of curve (T + 1,); None where there is none."""
    found = [getattr(one[baseline], name) for one in curves if baseline in one]
    return np.mean(found, axis=0) if found else None
