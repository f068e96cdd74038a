"""Phantom patients as network inputs in memory, for training and scoring without files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from xai.models.preprocess import Preprocess
from xai.phantom.lesions import GRADES
from xai.phantom.patient import PhantomSeries, make_patient, mask_on_grid
from xai.progress import Progress, ignore


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Slices of several patients, as a network sees them."""

    inputs: NDArray[np.float16]
    """(N, 224, 224) in [0, 1]."""
    masks: NDArray[np.uint8]
    """Lesions on the same grid."""
    labels: NDArray[np.int64]
    grades: NDArray[np.int64]
    patients: NDArray[np.int64]
    """Index of each slice's patient."""
    raw_means: NDArray[np.float64]
    """Mean stored value in the body, for the check that brightness alone does not give the label away."""


def twins(patients: int) -> list[tuple[int, int]]:
    """Return a plan in which every patient stands twice, healthy and with lesions, the grades in turn.

    Who learns from it cannot tell the affected by their anatomy.
    """
    return [(k, grade) for k in range(patients) for grade in (0, 1 + k % (len(GRADES) - 1))]


def draw_cases(
    seed: int,
    plan: Sequence[tuple[int, int]],
    slices: int = 16,
    size: int = 320,
    workers: int = 1,
    progress: Progress = ignore,
) -> Cases:
    """Draw patients of the cohort ``seed`` and bring them onto the network's grid.

    Parameters
    ----------
    seed : int
        Names the cohort.
    plan : sequence of (index, grade)
        Which of its patients.
    slices, size : int
        Pictures per patient and their breadth and height.
    workers : int
        Processes that draw; the outcome is the same for any number.
    progress : callable
        Told of patients done.
    """
    parts = [list(plan[k : k + 8]) for k in range(0, len(plan), 8)]
    draw = partial(_draw, seed, slices, size)
    done: list[Cases] = []
    progress(0, len(plan))
    if workers <= 1:
        answers = map(draw, parts)
        for cases in answers:
            done.append(cases)
            progress(min(8 * len(done), len(plan)), len(plan))
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for cases in pool.map(draw, parts):
                done.append(cases)
                progress(min(8 * len(done), len(plan)), len(plan))
    return _join(done)


def _draw(seed: int, slices: int, size: int, plan: list[tuple[int, int]]) -> Cases:
    return to_cases(make_patient(seed, index, grade=grade, slices=slices, size=size) for index, grade in plan)


def to_cases(series: Iterable[PhantomSeries]) -> Cases:
    """Bring patients onto the network's grid with the preprocessing that every bundle uses."""
    preprocess = Preprocess()
    done = []
    for one in series:
        stored = [pixels.astype(np.float32) for pixels in one.array]
        x = preprocess.to_input(stored, preprocess.mapping(one.geometry)).numpy()[:, 0]
        means = [float(pixels[body].mean()) for pixels, body in zip(stored, _bodies(one), strict=True)]
        done.append(
            Cases(
                x.astype(np.float16),
                mask_on_grid(one.mask, one.geometry),
                one.labels,
                one.grades,
                np.full(len(x), one.patient.index, np.int64),
                np.array(means),
            )
        )
    return _join(done)


def _join(parts: Sequence[Cases]) -> Cases:
    return Cases(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Cases)))


def _bodies(series: PhantomSeries) -> NDArray[np.bool_]:
    """Return the pixels brighter than a tenth of the series' bright ones: body without air."""
    return np.asarray(series.array > 0.12 * np.percentile(series.array, 99))


def balanced_accuracy(labels: NDArray[np.int64], called: NDArray[np.int64]) -> float:
    """Return the mean of sensitivity and specificity; NaN when a class is absent."""
    rates = [float((called[labels == k] == k).mean()) if (labels == k).any() else float("nan") for k in (0, 1)]
    return sum(rates) / 2
