"""The work of reading a series, for a thread: from the slice on screen outwards, telling of each slice as it comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.app.tasks import Emit, Work
from xai.errors import ImagingError
from xai.imaging.series import LabelMap, Series, not_numbers_problem
from xai.imaging.volume import Problem, Volume
from xai.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class SliceRead:
    """One slice as it was read, or why it could not be."""

    index: int
    values: NDArray[np.float32]
    failure: str = ""


def outwards(count: int, middle: int) -> list[int]:
    """Return slice numbers from ``middle`` outwards: the first picture is the one that is shown."""
    return sorted(range(count), key=lambda k: (abs(k - middle), k))


def series_reading(series: Series, first: int) -> Work:
    """Return the work of reading ``series``: emits a `SliceRead` per slice, results in the `Volume` with its hash.

    Slices come from slice ``first`` outwards.
    """

    def work(progress: Progress, emit: Emit) -> Volume:
        array = np.full(series.geometry.shape, np.nan, np.float32)
        problems = list(series.problems)
        told = {problem.message for problem in problems}
        not_numbers = []
        for done, k in enumerate(outwards(len(series), first)):
            progress(done, len(series))
            failure = ""
            try:
                array[k] = series.read_slice(k)
            except ImagingError as error:
                failure = str(error)
                if failure not in told:
                    told.add(failure)
                    problems.append(Problem("undecodable", failure))
            else:
                if not np.isfinite(array[k]).all():
                    not_numbers.append(k)
            emit(SliceRead(k, array[k], failure))
        if not_numbers:
            problems.append(not_numbers_problem(series.files[0].name, sorted(not_numbers), len(series)))
        volume = Volume(array, series.geometry, series.info, tuple(problems))
        # Hashing a long series takes a moment: here, not where it is asked for.
        _ = volume.sha256
        return volume

    return work


def label_reading(labels: LabelMap, slices: int) -> Work:
    """Return the work of reading a label map: results in its slices (D, H, W)."""

    def work(progress: Progress, emit: Emit) -> NDArray[np.float32]:
        read = []
        for k in range(slices):
            progress(k, slices)
            read.append(labels.reader.read_slice(k))
        return np.stack(read)

    return work
