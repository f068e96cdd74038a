"""A finished volume and what is known of its series, without anything that identifies the patient."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xai.imaging.geometry import VolumeGeometry

PROBLEM_CODES = (
    "missing-slices",
    "duplicate-slices",
    "uneven-spacing",
    "gantry-tilt",
    "mixed-orientation",
    "undecodable",
    "not-an-image",
    "mosaic",
    "colour",
    "time-series",
    "geometry-unknown",
    "not-mr",
    "unreadable",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a series that a reader must know.

    Parameters
    ----------
    code : str
        One of `PROBLEM_CODES`.
    message : str
        One sentence.
    files : tuple of str
        Names of the files concerned, without their folder where the folder is the series'.
    """

    code: str
    message: str
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.code not in PROBLEM_CODES:
            raise ValueError(f"unknown problem code {self.code!r}")


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in a stack: so many slices are missing behind one that is there.

    Parameters
    ----------
    after : int
        Index of the last slice before the hole.
    missing : int
        How many slices of the stack's usual distance would fit into it.
    """

    after: int
    missing: int


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """What headers say of a series; never a patient's name, number or birth date. Empty or None where not stated."""

    modality: str | None = None
    description: str = ""
    study_description: str = ""
    study_uid: str = ""
    series_uid: str = ""
    frame_uid: str = ""
    """Frame of reference: series that share it share their patient coordinates."""
    series_number: int | None = None
    body_part: str = ""
    sequence: str = ""
    manufacturer: str = ""
    repetition_time_ms: float | None = None
    echo_time_ms: float | None = None
    field_strength_t: float | None = None
    slice_thickness_mm: float | None = None
    windows: tuple[tuple[float, float], ...] = ()
    """(centre, width) pairs the file proposes (DICOM VOI), in rescaled units."""


@dataclass(frozen=True, eq=False)
class Volume:
    """A series read whole. Not slotted, so that the hash can be computed once and on demand.

    Parameters
    ----------
    array : array (D, H, W) float32, read-only
        Rescaled values; a slice that could not be read is NaN and stands in ``problems``.
    """

    array: NDArray[np.float32]
    geometry: VolumeGeometry
    info: SeriesInfo
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        if self.array.shape != self.geometry.shape:
            raise ValueError(f"array {self.array.shape} does not fit geometry {self.geometry.shape}")
        if self.array.dtype != np.float32:
            raise ValueError(f"array must be float32, got {self.array.dtype}")
        self.array.flags.writeable = False

    @cached_property
    def sha256(self) -> str:
        """Hash over the rescaled voxels and the geometry: names what was rated, whatever the file was called."""
        digest = hashlib.sha256(b"overread-volume-1")
        digest.update(np.asarray(self.geometry.shape, "<i8").tobytes())
        # A ten-thousandth of a millimetre: the same series must not change its name over a last-digit rounding.
        digest.update(np.round(self.geometry.affine, 4).astype("<f8").tobytes())
        digest.update(bytes([self.geometry.known]))
        digest.update(np.ascontiguousarray(self.array, "<f4").data)
        return digest.hexdigest()
