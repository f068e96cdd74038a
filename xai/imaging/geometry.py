"""Where voxels lie in the patient: index to millimetres, patient letters, and the way a slice is shown.

Index order is ``(slice, row, column)``, as DICOM pixel arrays and ``conv3d`` have it. Patient coordinates are LPS
(x grows to the patient's left, y to the back, z to the head), as DICOM has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

AXIS_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))
"""For each LPS axis the letters of its negative and positive end."""

OBLIQUE_LETTER_FROM = 0.1
"""A direction names a second or third letter when its cosine to that axis is at least this (about 6 degrees)."""


def opposite(letters: str) -> str:
    """Return the letters of the opposite direction, ``"LA" -> "RP"``."""
    pairs = {a: b for low, high in AXIS_LETTERS for a, b in ((low, high), (high, low))}
    return "".join(pairs[letter] for letter in letters)


def direction_letters(direction: NDArray[np.float64]) -> str:
    """Name a patient direction, strongest axis first: ``(0.9, -0.4, 0.02) -> "LA"``.

    Parameters
    ----------
    direction : array (3,)
        A direction in LPS; its length does not matter.
    """
    unit = direction / np.linalg.norm(direction)
    order = np.argsort(-np.abs(unit), kind="stable")
    strong = [axis for axis in order if abs(unit[axis]) >= OBLIQUE_LETTER_FROM]
    return "".join(AXIS_LETTERS[axis][int(unit[axis] > 0)] for axis in strong)


@dataclass(frozen=True, slots=True)
class DisplayTransform:
    """How a stored slice becomes the picture that a radiologist expects: transpose first, then flips.

    Applied to axial slices it puts the patient's right at the left edge and anterior on top (radiological convention);
    coronal and sagittal slices get the head on top. The same transform orients slices for the network, so that the
    answer does not depend on the order in which a file stores its rows.
    """

    transpose: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    def apply(self, stored: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return a view of ``stored`` (H, W, ...) in display order."""
        shown = np.swapaxes(stored, 0, 1) if self.transpose else stored
        return shown[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]

    def undo(self, shown: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return a view of ``shown`` in stored order; the inverse of `apply`."""
        stored = shown[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]
        return np.swapaxes(stored, 0, 1) if self.transpose else stored

    def shown_shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Return the (rows, columns) of the picture of a stored slice of ``shape``."""
        return (shape[1], shape[0]) if self.transpose else shape

    def to_shown(self, index: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
        """Map stored (row, column) positions (..., 2) of a slice of ``shape`` to picture positions."""
        index = np.asarray(index, float)
        shown = index[..., ::-1].copy() if self.transpose else index.copy()
        rows, columns = self.shown_shape(shape)
        if self.flip_rows:
            shown[..., 0] = rows - 1 - shown[..., 0]
        if self.flip_columns:
            shown[..., 1] = columns - 1 - shown[..., 1]
        return shown

    def to_stored(self, shown: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
        """Map picture positions (..., 2) back to stored (row, column) positions; the inverse of `to_shown`."""
        stored = np.asarray(shown, float).copy()
        rows, columns = self.shown_shape(shape)
        if self.flip_rows:
            stored[..., 0] = rows - 1 - stored[..., 0]
        if self.flip_columns:
            stored[..., 1] = columns - 1 - stored[..., 1]
        return stored[..., ::-1].copy() if self.transpose else stored


@dataclass(frozen=True, slots=True, eq=False)
class VolumeGeometry:
    """The grid of a volume in the patient.

    Parameters
    ----------
    shape : (D, H, W)
        Number of slices, rows and columns.
    affine : array (4, 4) float64
        Maps an index ``(slice, row, column, 1)`` to the voxel's centre in LPS millimetres.
    known : bool
        False for pictures without patient geometry (PNG, JPEG, TIFF): the millimetres are then pixels and the letters
        mean nothing, and whoever shows them says so.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    known: bool = True

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise ValueError(f"affine must be a finite (4, 4) array, got {affine!r}")
        if abs(np.linalg.det(affine[:3, :3])) < 1e-12:
            raise ValueError(f"affine must be invertible, got {affine!r}")
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise ValueError(f"shape must be three positive numbers, got {self.shape!r}")
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))

    @classmethod
    def unknown(cls, shape: tuple[int, int, int]) -> VolumeGeometry:
        """Return the geometry of pictures that say nothing about the patient: one unit per pixel, letters undefined."""
        affine = np.zeros((4, 4))
        affine[2, 0] = affine[1, 1] = affine[0, 2] = affine[3, 3] = 1.0
        return cls(shape, affine, known=False)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres between slices, between rows and between columns."""
        between = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(between[0]), float(between[1]), float(between[2])

    @property
    def directions(self) -> NDArray[np.float64]:
        """Unit LPS vectors (3, 3): row ``i`` is where index ``i`` grows towards."""
        columns = self.affine[:3, :3]
        return np.asarray((columns / np.linalg.norm(columns, axis=0)).T)

    @property
    def patient_axes(self) -> tuple[int, int, int]:
        """The LPS axis that each index follows best, each axis used once."""
        cosines = np.abs(self.directions)
        best = max(permutations(range(3)), key=lambda p: sum(cosines[i, p[i]] for i in range(3)))
        return best[0], best[1], best[2]

    @property
    def orientation(self) -> str:
        """Patient letters towards which (slice, row, column) indices grow, such as ``"SPL"``; empty when unknown."""
        if not self.known:
            return ""
        directions = self.directions
        return "".join(AXIS_LETTERS[a][int(directions[i, a] > 0)] for i, a in enumerate(self.patient_axes))

    @property
    def plane(self) -> str:
        """``"axial"``, ``"coronal"`` or ``"sagittal"`` by the nearest plane; empty when unknown."""
        return ("sagittal", "coronal", "axial")[self.patient_axes[0]] if self.known else ""

    @property
    def display(self) -> DisplayTransform:
        """How a stored slice of this volume is turned into the picture that is shown."""
        if not self.known:
            return DisplayTransform()
        slice_axis, row_axis, column_axis = self.patient_axes
        # The picture's columns follow x (towards L), or y (towards P) on sagittal slices.
        columns_follow = 1 if slice_axis == 0 else 0
        transpose = row_axis == columns_follow
        down, across = (2, 1) if transpose else (1, 2)
        down_axis = column_axis if transpose else row_axis
        directions = self.directions
        # The picture's rows grow towards P on axial slices, and towards the feet (-z) on the others.
        grows_down = directions[down, down_axis] > 0
        wants_positive = down_axis != 2
        return DisplayTransform(
            transpose=transpose,
            flip_rows=bool(grows_down != wants_positive),
            flip_columns=bool(directions[across, columns_follow] < 0),
        )

    @property
    def edge_letters(self) -> tuple[str, str, str, str]:
        """Patient letters at the picture's (left, right, top, bottom) edges; empty strings when unknown."""
        if not self.known:
            return "", "", "", ""
        display, directions = self.display, self.directions
        down, across = (directions[2], directions[1]) if display.transpose else (directions[1], directions[2])
        bottom = direction_letters(-down if display.flip_rows else down)
        right = direction_letters(-across if display.flip_columns else across)
        return opposite(right), right, opposite(bottom), bottom

    @property
    def shown_spacing(self) -> tuple[float, float]:
        """Millimetres between the picture's rows and between its columns."""
        _, rows, columns = self.spacing
        return (columns, rows) if self.display.transpose else (rows, columns)

    def to_mm(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map (slice, row, column) positions (..., 3) to LPS millimetres."""
        return np.asarray(index, float) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_index(self, mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map LPS millimetres (..., 3) to (slice, row, column) positions; the inverse of `to_mm`."""
        inverse = np.linalg.inv(self.affine[:3, :3])
        return np.asarray((np.asarray(mm, float) - self.affine[:3, 3]) @ inverse.T)

    def slice_position(self, k: int) -> float:
        """Return where slice ``k`` lies along its patient axis, in millimetres of LPS (at the slice's centre)."""
        _, rows, columns = self.shape
        centre = self.to_mm(np.array([k, (rows - 1) / 2, (columns - 1) / 2]))
        return float(centre[self.patient_axes[0]])
