"""Scores as pictures, drawn without a window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from xai.evaluate.faithfulness import BASELINES, Curves
from xai.evaluate.report import HEADLINES, MEASURES, Interval, Key, mean_curves
from xai.notice import RESEARCH_USE_ONLY


def draw_curves(curves: Mapping[str, Sequence[Mapping[str, Curves]]], path: Path) -> None:
    """Draw each method's mean deletion and insertion curves, a panel for each kind and baseline."""
    figure, axes = _figure(len(BASELINES), 2, (10, 4 * len(BASELINES)))
    for line, baseline in zip(axes, BASELINES, strict=True):
        for ax, name in zip(line, ("deletion", "insertion"), strict=True):
            for method, of_method in curves.items():
                mean = mean_curves(of_method, baseline, name)
                if mean is not None:
                    ax.plot(np.linspace(0, 100, len(mean)), mean, label=method)
            ax.set(title=f"{name.capitalize()}, {baseline}", ylim=(-0.02, 1.02), ylabel="Probability of the class")
            ax.set_xlabel(f"Body pixels {'hidden' if name == 'deletion' else 'shown'} / %")
    axes[0][0].legend(fontsize="small")
    _save(figure, path)


def draw_bars(summary: Mapping[Key, Interval], methods: Sequence[str], path: Path) -> None:
    """Draw the methods' means with their intervals, a panel for each measure."""
    shown = [one for one in HEADLINES if any((method, *one) in summary for method in methods)]
    rows = -(-len(shown) // 2)
    figure, axes = _figure(rows, 2, (11, rows * (1.2 + 0.28 * len(methods))))
    panels = [ax for line in axes for ax in line]
    for ax in panels[len(shown) :]:
        ax.set_axis_off()
    for ax, (measure, baseline) in zip(panels, shown, strict=False):
        for place, method in enumerate(methods):
            found = summary.get((method, measure, baseline))
            if found is None:
                continue
            ax.barh(place, found.mean, color="C0")
            if found.low is not None and found.high is not None:
                ax.plot([found.low, found.high], [place, place], color="black", linewidth=1.5)
        ax.set_yticks(range(len(methods)), methods)
        ax.invert_yaxis()
        ax.set_title(f"{MEASURES[measure]}{f', {baseline}' if baseline else ''}", fontsize="small")
    _save(figure, path)


def _figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    figure.supxlabel(RESEARCH_USE_ONLY, fontsize="x-small")
    return figure, [list(line) for line in axes]


def _save(figure: Figure, path: Path) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        figure.savefig(part, format="png", dpi=120)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
