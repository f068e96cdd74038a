"""The catalogue entry of a series: made from headers, pixels on demand and slice by slice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from xai.errors import ImagingError
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import Gap, Problem, SeriesInfo, Volume
from xai.progress import Progress, ignore


class SliceReader(Protocol):
    """Reads the slices of one series; safe to call from one thread at a time."""

    def read_slice(self, k: int) -> NDArray[np.float32]:
        """Return slice ``k`` (H, W) float32, rescaled; raise `ImagingError` naming the file when it cannot be read."""
        ...


def path_uid(path: Path, part: str = "") -> str:
    """Return an identifier for files that have none, which does not give away how they are called."""
    return "file-" + hashlib.sha256(f"{path.absolute()}{part}".encode(errors="surrogateescape")).hexdigest()[:24]


@runtime_checkable
class DirectReader(SliceReader, Protocol):
    """A reader that can write a slice where it is wanted, which spares the bulk path a copy."""

    def read_into(self, k: int, out: NDArray[np.float32]) -> None:
        """Write slice ``k``, rescaled, into ``out`` (H, W); raise `ImagingError` when it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who was examined; read on demand, shown on request, never stored."""

    name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    study_date: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """An integer label map on a series' grid (NIfTI), offered as its overlay.

    ``reader`` gives slices (H, W) float32 of label numbers in the series' slice order.
    """

    name: str
    path: Path
    reader: SliceReader


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One series as found on disk.

    Slices are sorted along their normal so that the index grows towards the patient's left, back or head, whatever the
    order in the files. Rows and columns stay as stored; `VolumeGeometry.display` turns them for showing.
    """

    uid: str
    geometry: VolumeGeometry
    info: SeriesInfo
    files: tuple[Path, ...]
    reader: SliceReader
    problems: tuple[Problem, ...] = ()
    volumes: int = 1
    """Number of volumes over time, echo or b-value; the first is the one that is read."""
    label_maps: tuple[LabelMap, ...] = ()
    identity_file: Path | None = field(default=None)
    gaps: tuple[Gap, ...] = ()
    """Where slices are missing (problem ``missing-slices``), in slice order."""
    patient: str = ""
    """The patient's code, where a table of pictures states one."""
    content: tuple[int, int] | None = None
    """Rows and columns, in the middle of every slice, that hold all there is where the slices are padded tiles."""

    def __len__(self) -> int:
        return self.geometry.shape[0]

    @property
    def kept_from_model(self) -> str:
        """Why no model is run on this series (a mosaic, colour), as a sentence; empty when one may be."""
        return next((p.message for p in self.problems if p.code in ("mosaic", "colour")), "")

    def read_slice(self, k: int) -> NDArray[np.float32]:
        """Return slice ``k`` (H, W) float32, rescaled, rows and columns as stored.

        Raises
        ------
        ImagingError
            When the slice cannot be read; the message names the file and the cause.
        """
        if not 0 <= k < len(self):
            raise IndexError(f"slice {k} of a series of {len(self)}")
        return self.reader.read_slice(k)

    def read(self, progress: Progress = ignore) -> Volume:
        """Read every slice. A slice that cannot be read becomes NaN and a problem ``undecodable``.

        Raises
        ------
        ImagingError
            When the series is too large for the memory at hand.
        """
        shape = self.geometry.shape
        try:
            array = np.empty(shape, np.float32)
        except (MemoryError, ValueError) as error:
            size = " x ".join(str(n) for n in shape)
            raise ImagingError(f"{self.files[0].name}: a volume of {size} does not fit into memory.") from error
        direct = self.reader if isinstance(self.reader, DirectReader) else None
        problems = list(self.problems)
        told = {problem.message for problem in problems}
        not_numbers = []
        for k in range(len(self)):
            progress(k, len(self))
            try:
                if direct is not None:
                    direct.read_into(k, array[k])
                else:
                    array[k] = self.reader.read_slice(k)
            except ImagingError as error:
                array[k] = np.nan
                if str(error) not in told:
                    told.add(str(error))
                    problems.append(Problem("undecodable", str(error)))
                continue
            # A sum is not finite when any of its terms is not, and costs a fraction of asking every voxel.
            with np.errstate(all="ignore"):
                suspicious = not np.isfinite(array[k].sum())
            if suspicious and not np.isfinite(array[k]).all():
                not_numbers.append(k)
        progress(len(self), len(self))
        if not_numbers:
            problems.append(not_numbers_problem(self.files[0].name, not_numbers, len(self)))
        return Volume(array, self.geometry, self.info, tuple(problems))


def not_numbers_problem(name: str, slices: Sequence[int], count: int) -> Problem:
    """Say that these slices (indices) of a series of ``count`` hold voxels that are not numbers."""
    which = "slice " if len(slices) == 1 else "slices "
    which += ", ".join(str(k + 1) for k in slices[:8]) + (" and others" if len(slices) > 8 else "")
    message = f"{name} holds voxels that are not numbers (NaN) in {which} of {count}; they are shown as gaps."
    return Problem("undecodable", message, (name,))
