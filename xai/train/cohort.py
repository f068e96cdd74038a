"""The cohort a classifier learns from: one example per slice, as a table names them. Light: no torch, no pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xai.models.manifest import TrainedOn

CLASSES = ("healthy", "affected")


@dataclass(frozen=True, slots=True)
class Example:
    """One slice with its label."""

    row: int
    """Line of the table that names it, the header being line 1."""
    name: str
    """The picture as the table writes it; with ``slice`` it names one example only."""
    image: Path
    """A picture file, a NIfTI file, or a DICOM series' folder or file."""
    slice: int | None
    """Index in the series, from 0, in the catalogue's order; None for a picture file."""
    label: int
    group: str
    """The patient: never in two folds."""
    mask: Path | None = None
    fold: int | None = None
    """The fold it is tested in, from 0, where the table says so."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The examples of one table, in its order."""

    table: Path
    sha256: str
    """Of the table's bytes."""
    examples: tuple[Example, ...]
    trained_on: TrainedOn = field(default_factory=TrainedOn)
    """What a bundle will say of these pictures."""
    frame: tuple[int, int] | None = None
    """Rows and columns that all picture files and their masks are padded to; None for as they are."""
    notes: tuple[str, ...] = ()
    """What was assumed while reading the table, as sentences."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Return the class of each example (N,)."""
        return np.array([one.label for one in self.examples], np.int64)

    @property
    def groups(self) -> NDArray[np.str_]:
        """Return the patient of each example (N,)."""
        return np.array([one.group for one in self.examples], np.str_)
