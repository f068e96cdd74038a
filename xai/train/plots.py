"""A run's curves as PNG, drawn without a window."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from xai.evaluate.classification import BINS, Figures, Span, reliability
from xai.explanation import softmax
from xai.notice import RESEARCH_USE_ONLY
from xai.train.cohort import CLASSES
from xai.train.outcome import FoldOutcome
from xai.train.results import Results

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Curve = tuple[Floats, Floats]

BLUE, ORANGE, GREY, PALE = "#1f5fa8", "#c2571a", "#8a9099", "#b9c0cb"
PANELS = 20
"""Folds that get panels of their own; more are drawn over one another."""
ACROSS = 5
"""Panels beside one another."""


def draw_all(results: Results) -> Mapping[str, bytes]:
    """Return all pictures of a run as PNG, by name."""
    return {
        "roc": draw_roc(results),
        "pr": draw_pr(results),
        "confusion": draw_confusion(results),
        "calibration": draw_calibration(results),
        "curves": draw_curves(results.outcomes),
    }


# Curves over thresholds -------------------------------------------------------------------------------------------


def thresholded(labels: Ints, probability: Floats) -> tuple[Floats, Floats]:
    """Return slices of class 1 and of class 0 at or above each distinct probability, from the largest on, (T,) each."""
    order = np.argsort(-probability, kind="stable")
    last = np.flatnonzero(np.diff(probability[order], append=-1.0))
    found = np.cumsum(labels[order])[last].astype(np.float64)
    return found, last + 1 - found


def roc_curve(labels: Ints, probability: Floats) -> Curve | None:
    """Return false and true positive rate (T + 1,) each, from (0, 0) on; None where a class is absent."""
    if len(np.unique(labels)) < 2:
        return None
    true, false = thresholded(labels, probability)
    return np.concatenate([[0.0], false / false[-1]]), np.concatenate([[0.0], true / true[-1]])


def pr_curve(labels: Ints, probability: Floats) -> Curve | None:
    """Return recall and precision (T + 1,) each, from recall 0 on; None where a class is absent.

    The area under its steps is the average precision.
    """
    if len(np.unique(labels)) < 2:
        return None
    true, false = thresholded(labels, probability)
    precision = true / (true + false)
    return np.concatenate([[0.0], true / true[-1]]), np.concatenate([precision[:1], precision])


def draw_roc(results: Results) -> bytes:
    """Draw ROC curves per slice, with those of the folds, and per patient."""

    def finish(ax: Axes, _labels: Ints) -> None:
        ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", label="chance")
        ax.set(xlabel="1 − specificity", ylabel="Sensitivity")

    return _two_kinds(results, roc_curve, "roc_auc", "ROC AUC", finish, "default")


def draw_pr(results: Results) -> bytes:
    """Draw precision over recall per slice, with the folds' curves, and per patient."""

    def finish(ax: Axes, labels: Ints) -> None:
        ax.axhline(labels.mean(), color=GREY, linewidth=1, linestyle=":", label="chance (part affected)")
        ax.set(xlabel="Recall (sensitivity)", ylabel="Precision")

    return _two_kinds(results, pr_curve, "pr_auc", "PR AUC", finish, "steps-pre")


def _two_kinds(
    results: Results,
    curve: Callable[[Ints, Floats], Curve | None],
    measure: str,
    title: str,
    finish: Callable[[Axes, Ints], None],
    drawstyle: str,
) -> bytes:
    answers, patients = results.answers, results.patients
    figure, ((left, right),) = _figure(1, 2, (9.6, 5.0))
    for fold in np.unique(answers.folds):
        mine = answers.folds == fold
        of_fold = curve(answers.labels[mine], answers.probability[mine])
        if of_fold is not None:
            name = "each fold" if not left.lines else None
            left.plot(*of_fold, color=PALE, linewidth=0.8, drawstyle=drawstyle, label=name)
    for ax, what, found, labels, value, span in (
        (left, "Slices", curve(answers.labels, answers.probability), answers.labels, results.pooled, results.intervals),
        (
            right,
            "Patients",
            curve(patients.labels, patients.probability),
            patients.labels,
            results.per_patient,
            results.patient_intervals,
        ),
    ):
        ax.set(title=what, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        finish(ax, labels)
        if found is None:
            ax.text(0.5, 0.5, "undefined: one class only", ha="center", color=GREY)
        else:
            ax.plot(*found, color=BLUE, linewidth=2, drawstyle=drawstyle, label=_valued(title, value, span, measure))
        ax.legend(fontsize="small", loc="lower center" if measure == "pr_auc" else "lower right", frameon=False)
    return _png(figure)


def _valued(title: str, values: Figures, spans: Mapping[str, Span | None], measure: str) -> str:
    span = spans[measure]
    words = f"{title} {values[measure]:.3f}"
    return words if span is None else f"{words} [{span.low:.3f}, {span.high:.3f}]"


# Tables and calibration -------------------------------------------------------------------------------------------


def draw_confusion(results: Results) -> bytes:
    """Draw counts and shares of each true class per slice and per patient."""
    figure, ((left, right),) = _figure(1, 2, (9.6, 4.4))
    for ax, what, found in ((left, "Slices", results.pooled), (right, "Patients", results.per_patient)):
        counts = np.array([[found["tn"], found["fp"]], [found["fn"], found["tp"]]], float)
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        ax.imshow(shares, cmap="Blues", vmin=0, vmax=1.25)
        for true, said in np.ndindex(2, 2):
            words = f"{counts[true, said]:.0f}\n{shares[true, said]:.0%}"
            dark = shares[true, said] > 0.6
            ax.text(said, true, words, ha="center", va="center", fontsize=13, color="white" if dark else "black")
        ax.set(title=what, xlabel="Predicted", ylabel="True")
        ax.set_xticks([0, 1], CLASSES)
        ax.set_yticks([0, 1], CLASSES, rotation=90, va="center")
        ax.tick_params(length=0)
    return _png(figure)


def draw_calibration(results: Results) -> bytes:
    """Draw the part of affected slices over their probability before and after calibration, and how many there are."""
    answers, calibration = results.answers, results.calibration
    figure, rows = _figure(2, 2, (9.6, 6.0), height_ratios=(3, 1))
    kinds = (
        (f"Uncalibrated: ECE {calibration.ece_before:.3f}", answers.probability),
        (
            f"Temperature {calibration.temperature:.3g}: ECE {calibration.ece_after:.3f}",
            softmax(answers.logits, calibration.temperature)[:, 1],
        ),
    )
    most = max(float(reliability(answers.labels, chance)[0].max()) for _, chance in kinds)
    for above, below, (title, chance) in zip(*rows, kinds, strict=True):
        slices, means, parts = reliability(answers.labels, chance)
        above.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", label="what it should be")
        held = ~np.isnan(means)
        above.plot(means[held], parts[held], color=BLUE, linewidth=1, zorder=2)
        size = 12 + 140 * np.sqrt(slices[held] / max(slices.max(), 1))
        above.scatter(means[held], parts[held], size, color=BLUE, alpha=0.85, linewidths=0, zorder=3, label="a bin")
        above.set(title=title, xlim=(-0.03, 1.03), ylim=(-0.05, 1.05), ylabel=f"Part {CLASSES[1]}")
        above.legend(fontsize="small", loc="lower right", frameon=False, markerscale=0.5)
        centres = (np.arange(BINS) + 0.5) / BINS
        below.bar(centres, slices, width=0.9 / BINS, color=PALE)
        below.set(xlim=(-0.03, 1.03), ylim=(0, 1.08 * most), xlabel=f"Probability of {CLASSES[1]}", ylabel="Slices")
        below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    return _png(figure)


# Learning ---------------------------------------------------------------------------------------------------------


def draw_curves(outcomes: Sequence[FoldOutcome]) -> bytes:
    """Draw each fold's losses and balanced accuracy over epochs, the chosen epoch marked."""
    if len(outcomes) > PANELS:
        return _overlaid_curves(outcomes)
    blocks = -(-len(outcomes) // ACROSS)
    across = min(ACROSS, len(outcomes))
    figure, rows = _figure(2 * blocks, across, (max(1.9 * across + 0.7, 4.5), 3.6 * blocks + 0.4))
    losses = [ax for row in rows[::2] for ax in row]
    accuracies = [ax for row in rows[1::2] for ax in row]
    longest = max(1, *(len(one.epochs) for one in outcomes))
    top = max([max(_losses(one)) for one in outcomes if one.epochs] or [1.0])
    for ax in (*losses[len(outcomes) :], *accuracies[len(outcomes) :]):
        ax.set_axis_off()
    for n, one in enumerate(outcomes):
        epochs = [epoch.number + 1 for epoch in one.epochs]
        losses[n].plot(epochs, [e.train_loss for e in one.epochs], color=GREY, linestyle="--", label="training")
        losses[n].plot(epochs, _values(one, "validation_loss"), color=BLUE, label="validation")
        accuracies[n].plot(epochs, _values(one, "validation_balanced_accuracy"), color=ORANGE)
        for ax, name, colour in (
            (losses[n], "validation_loss", BLUE),
            (accuracies[n], "validation_balanced_accuracy", ORANGE),
        ):
            best = [e for e in one.epochs if e.number == one.best_epoch]
            ax.plot([e.number + 1 for e in best], [_value(e, name) for e in best], "o", color=colour, markersize=5)
            ax.axvline(one.best_epoch + 1, color=PALE, linewidth=1, zorder=0)
            ax.set_xlim(0.5, longest + 0.5)
            ax.xaxis.set_major_locator(MaxNLocator(3, integer=True, min_n_ticks=1))
            ax.tick_params(labelsize="x-small")
            if n % ACROSS:
                ax.tick_params(labelleft=False)
        losses[n].set_title(f"Fold {one.fold}, best epoch {one.best_epoch + 1}", fontsize="small")
        losses[n].set_ylim(0, 1.05 * top)
        losses[n].tick_params(labelbottom=False)
        accuracies[n].set_ylim(-0.05, 1.05)
        accuracies[n].set_xlabel("epoch", fontsize="small")
    for row in range(0, 2 * blocks, 2):
        rows[row][0].set_ylabel("loss", fontsize="small")
        rows[row + 1][0].set_ylabel("balanced accuracy\n(validation)", fontsize="small")
    losses[0].legend(fontsize="x-small", frameon=False)
    return _png(figure)


def _overlaid_curves(outcomes: Sequence[FoldOutcome]) -> bytes:
    figure, (axes,) = _figure(1, 3, (9.6, 3.6))
    kinds = (
        ("Training loss", "train_loss", GREY),
        ("Validation loss", "validation_loss", BLUE),
        ("Validation balanced accuracy", "validation_balanced_accuracy", ORANGE),
    )
    for ax, (title, name, colour) in zip(axes, kinds, strict=True):
        for one in outcomes:
            ax.plot([e.number + 1 for e in one.epochs], _values(one, name), color=colour, linewidth=0.6, alpha=0.5)
            best = [e for e in one.epochs if e.number == one.best_epoch]
            ax.plot([e.number + 1 for e in best], [_value(e, name) for e in best], ".", color=colour)
        ax.set_title(title, fontsize="small")
        ax.set_xlabel("epoch; dots: the chosen ones", fontsize="small")
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    return _png(figure)


def _value(epoch: object, name: str) -> float:
    value = getattr(epoch, name)
    return float("nan") if value is None else float(value)


def _values(one: FoldOutcome, name: str) -> list[float]:
    return [_value(epoch, name) for epoch in one.epochs]


def _losses(one: FoldOutcome) -> Iterator[float]:
    for epoch in one.epochs:
        yield epoch.train_loss
        if epoch.validation_loss is not None:
            yield epoch.validation_loss


def _figure(
    rows: int, columns: int, size: tuple[float, float], height_ratios: Sequence[float] | None = None
) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08))
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, height_ratios=height_ratios)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(RESEARCH_USE_ONLY, fontsize="x-small", color="#444444")
    return figure, [list(line) for line in axes]


def _png(figure: Figure) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=120)
    return data.getvalue()
