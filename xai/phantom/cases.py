"""Phantom patients as network inputs in memory, for training and scoring without files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from xai.models.preprocess import Preprocess
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


def generate(
    seed: int, grades: Sequence[int], slices: int = 16, size: int = 320, workers: int = 1
) -> Iterator[PhantomSeries]:
    """Yield patients 0, 1, ... of the cohort ``seed`` with the given grades."""
    draw = partial(_draw, seed, slices, size)
    plan = list(enumerate(grades))
    if workers <= 1:
        yield from map(draw, plan)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(draw, plan, chunksize=2)


def _draw(seed: int, slices: int, size: int, patient: tuple[int, int]) -> PhantomSeries:
    index, grade = patient
    return make_patient(seed, index, grade=grade, slices=slices, size=size)


def to_cases(series: Iterator[PhantomSeries], total: int, progress: Progress = ignore) -> Cases:
    """Bring patients onto the network's grid with the preprocessing that every bundle uses."""
    preprocess = Preprocess()
    inputs, masks, labels, grades, patients, means = [], [], [], [], [], []
    progress(0, total)
    for done, one in enumerate(series, start=1):
        stored = [pixels.astype(np.float32) for pixels in one.array]
        x = preprocess.to_input(stored, preprocess.mapping(one.geometry)).numpy()[:, 0]
        inputs.append(x.astype(np.float16))
        masks.append(mask_on_grid(one.mask, one.geometry))
        labels.append(one.labels)
        grades.append(one.grades)
        patients.append(np.full(len(x), one.patient.index, np.int64))
        means.append([float(pixels[one_body].mean()) for pixels, one_body in zip(stored, _bodies(one), strict=True)])
        progress(done, total)
    return Cases(
        np.concatenate(inputs),
        np.concatenate(masks),
        np.concatenate(labels),
        np.concatenate(grades),
        np.concatenate(patients),
        np.concatenate(means),
    )


def _bodies(series: PhantomSeries) -> NDArray[np.bool_]:
    """Return the pixels brighter than a tenth of the series' bright ones: body without air."""
    return np.asarray(series.array > 0.12 * np.percentile(series.array, 99))


def balanced_accuracy(labels: NDArray[np.int64], called: NDArray[np.int64]) -> float:
    """Return the mean of sensitivity and specificity; NaN when a class is absent."""
    rates = [float((called[labels == k] == k).mean()) if (labels == k).any() else float("nan") for k in (0, 1)]
    return sum(rates) / 2
