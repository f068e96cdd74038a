"""The network's input of every example, prepared once and kept in one file that all folds share."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xai.errors import TrainingError
from xai.files import whole
from xai.models.preprocess import Preprocess
from xai.progress import Progress, ignore
from xai.train.cohort import Cohort
from xai.train.config import TrainingConfig
from xai.train.sources import Sources

_SPARE_BYTES = 16 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_pictures(cohort: Cohort, config: TrainingConfig, path: Path, progress: Progress = ignore) -> None:
    """Write the input pictures of all examples as ``.npy`` (N, size, size) float16 in [0, 1].

    Each is what `Preprocess.picture` makes of the slice in the viewer too, so that a network meets there what it has
    learned from. With masks multiplied, pixels outside of an example's mask take the slice's lowest value first. The
    file appears when it is whole.

    Raises
    ------
    TrainingError
        When a slice or mask cannot be read, when masks are wanted and missing, or when the disk is full; one sentence.
    Cancelled
        When ``progress`` raises it.
    """
    count, size = len(cohort.examples), config.preprocess.size
    if config.masks == "multiply":
        _check_masks(cohort)
    need = count * size * size * 2
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_space(path, need)
        # Written in order and not through a memory map, whose pages end the process when the disk is full.
        with whole(path) as file:
            header = {"descr": "<f2", "fortran_order": False, "shape": (count, size, size)}
            np.lib.format.write_array_header_1_0(file, header)
            for done, picture in enumerate(_pictures(cohort, config)):
                progress(done, count)
                file.write(picture.tobytes())
    except OSError as error:
        if error.errno in _FULL:
            raise TrainingError(f"{_full(path, need)}.") from None
        raise TrainingError(f"The pictures cannot be written to {path}: {error.strerror or error}.") from None
    progress(count, count)


def open_pictures(path: Path) -> NDArray[np.float16]:
    """Return what `write_pictures` wrote, (N, size, size) float16, read-only and read as it is used.

    Raises
    ------
    TrainingError
        When the file is missing, cut off or something else.
    """
    try:
        pictures: NDArray[np.float16] = np.lib.format.open_memmap(path, mode="r")
    except OSError as error:
        raise TrainingError(f"The pictures {path} cannot be read: {error.strerror or 'the file is damaged'}.") from None
    except (ValueError, EOFError):
        raise TrainingError(f"The pictures {path} cannot be read: the file is damaged.") from None
    if pictures.dtype != np.float16 or pictures.ndim != 3:
        raise TrainingError(f"The pictures {path} cannot be read: they are not of this kind.")
    return pictures


def _pictures(cohort: Cohort, config: TrainingConfig) -> Iterator[NDArray[np.float16]]:
    preprocess, sources = Preprocess(config.preprocess), Sources(cohort)
    for example in cohort.examples:
        pixels, geometry = sources.read(example)
        if config.masks == "multiply":
            pixels = np.where(sources.read_mask(example), pixels, pixels.min())
        yield preprocess.picture(pixels, preprocess.mapping(geometry)).astype("<f2")


def _check_masks(cohort: Cohort) -> None:
    without = [one for one in cohort.examples if one.mask is None]
    if without:
        raise TrainingError(
            f"{cohort.table.name}, row {without[0].row}: pictures are to be multiplied by their masks, and "
            f"{len(without)} of {len(cohort.examples)} have none."
        )


def _check_space(path: Path, need: int) -> None:
    if shutil.disk_usage(path.parent).free < need + _SPARE_BYTES:
        raise TrainingError(f"{_full(path, need)}.")


def _full(path: Path, need: int) -> str:
    free = shutil.disk_usage(path.parent).free / 2**20
    return (
        f"The pictures cannot be written to {path}: they take {need / 2**20:.0f} MiB and {free:.0f} MiB are free there"
    )
