"""The catalogue entry of a series: made from headers, pixels on demand and slice by slice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from xai.errors import ImagingError
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import Problem, SeriesInfo, Volume
from xai.progress import Progress, ignore


class SliceReader(Protocol):
    """Reads the slices of one series; safe to call from one thread at a time."""

    def read_slice(self, k: int) -> NDArray[np.float32]:
        """Return slice ``k`` (H, W) float32, rescaled; raise `ImagingError` naming the file when it cannot be read."""
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
        """Read every slice. A slice that cannot be read becomes NaN and a problem ``undecodable``."""
        array = np.empty(self.geometry.shape, np.float32)
        problems = list(self.problems)
        for k in range(len(self)):
            progress(k, len(self))
            try:
                array[k] = self.reader.read_slice(k)
            except ImagingError as error:
                array[k] = np.nan
                problems.append(Problem("undecodable", str(error)))
        progress(len(self), len(self))
        return Volume(array, self.geometry, self.info, tuple(problems))
