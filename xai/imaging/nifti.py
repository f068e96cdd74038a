"""NIfTI files to series: RAS to LPS at the edge, slices along the thick axis, sorted towards left, back or head."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai.errors import ImagingError
from xai.imaging.decoding import LARGEST_PICTURE, gunzip, luminance, quiet
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.series import Series, path_uid
from xai.imaging.volume import Problem, SeriesInfo

SUFFIXES = (".nii", ".nii.gz")
THICK = 1.5
"""An axis whose spacing is this many times that of the third is where the slices are stacked."""
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_LARGEST_VOLUME = 2**34
_LABEL_INTENT = 1002


@dataclass(frozen=True, slots=True)
class Layout:
    """How voxels lie in the file: the first volume of what may be several."""

    path: Path
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float
    axes: tuple[int, int, int]
    """File axes that become slices, rows and columns."""
    flip: bool
    """Whether slices are counted from the file's last."""

    @property
    def packed(self) -> bool:
        """Whether the file is compressed."""
        return self.path.name.lower().endswith(".gz")

    @property
    def volume_bytes(self) -> int:
        """Bytes of one volume."""
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize


class NiftiReader:
    """Reads slices of the first volume; a compressed file is unpacked once and kept."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._bytes: bytes | None = None

    def read_slice(self, k: int) -> NDArray[np.float32]:
        """Return slice ``k`` (H, W) float32, rescaled; raise `ImagingError` naming the file when it cannot be read."""
        layout = self._layout
        _, rows, columns = (layout.shape[axis] for axis in layout.axes)
        out = np.empty((rows, columns), np.float32)
        self.read_into(k, out)
        return out

    def read_into(self, k: int, out: NDArray[np.float32]) -> None:
        """Write slice ``k``, rescaled, into ``out`` (H, W); raise `ImagingError` when it cannot be read."""
        layout = self._layout
        name = layout.path.name
        index = layout.shape[layout.axes[0]] - 1 - k if layout.flip else k
        try:
            stored = self._stored(index)
        except OSError as error:
            raise ImagingError(f"{name} cannot be read: {error.strerror or 'its data is damaged'}.") from error
        except MemoryError as error:
            raise ImagingError(f"{name} cannot be read: not enough memory.") from error
        if stored is None:
            raise ImagingError(f"{name} cannot be read in full: its voxel data is cut off.")
        if stored.dtype.names:
            out[...] = luminance(np.stack([stored[c] for c in stored.dtype.names[:3]], axis=-1))
            return
        with np.errstate(all="ignore"):
            out[...] = stored
            if layout.slope != 1.0:
                out *= np.float32(layout.slope)
            if layout.intercept != 0.0:
                out += np.float32(layout.intercept)

    def _stored(self, index: int) -> NDArray[Any] | None:
        """Return the slice at file ``index`` (H, W) as stored, or None where the file ends before it."""
        layout = self._layout
        along, down, across = layout.axes
        strides = np.cumprod((1, *layout.shape[:2]))
        if along == 2 and not layout.packed:
            count = layout.shape[0] * layout.shape[1]
            data = self._range(layout.offset + index * count * layout.dtype.itemsize, count * layout.dtype.itemsize)
            if len(data) < count * layout.dtype.itemsize:
                return None
            plane = np.frombuffer(data, layout.dtype).reshape(layout.shape[:2], order="F")
            return plane if (down, across) == (0, 1) else plane.T
        if self._bytes is None:
            self._bytes = self._all(layout.volume_bytes)
        present = len(self._bytes) // layout.dtype.itemsize
        last = index * strides[along] + sum((layout.shape[a] - 1) * strides[a] for a in (down, across))
        if last >= present:
            return None
        flat = np.frombuffer(self._bytes, layout.dtype, count=present)
        steps = tuple(int(strides[a]) * layout.dtype.itemsize for a in (down, across))
        start = flat[index * int(strides[along]) :]
        return np.lib.stride_tricks.as_strided(
            start, (layout.shape[down], layout.shape[across]), steps, writeable=False
        )

    def _range(self, offset: int, length: int) -> bytes:
        with open(self._layout.path, "rb", buffering=0) as file:
            file.seek(offset)
            return file.read(length)

    def first_values(self, most: int) -> NDArray[np.float32]:
        """Return up to ``most`` voxels from the start of the file, rescaled: a quick look at what it holds."""
        layout = self._layout
        length = min(most * layout.dtype.itemsize, layout.volume_bytes)
        data = self._all(length)
        stored = np.frombuffer(data, layout.dtype, count=len(data) // layout.dtype.itemsize)
        return stored.astype(np.float32) * np.float32(layout.slope) + np.float32(layout.intercept)

    def _all(self, length: int) -> bytes:
        layout = self._layout
        if not layout.packed:
            return self._range(layout.offset, length)
        # What comes before a damaged end is kept: the slices in it can be read.
        return gunzip(layout.path, layout.offset, length)


@dataclass(frozen=True, slots=True, eq=False)
class NiftiFile:
    """One NIfTI file, read as far as its header."""

    series: Series
    layout: Layout
    affine: NDArray[np.float64]
    """File index (i, j, k) to LPS millimetres."""
    label_hint: bool
    """Whether intent or name say that this is a label map."""


def is_nifti(path: Path) -> bool:
    """Whether the name is that of a NIfTI file."""
    return path.name.lower().endswith(SUFFIXES)


def read_nifti(path: Path) -> NiftiFile:
    """Read one file's header.

    Raises
    ------
    ImagingError
        When it is no NIfTI file or cannot be read; one sentence naming the file and the cause.
    """
    try:
        header, affine, placed = _header(path)
        return _file(path, header, affine, placed)
    except ImagingError:
        raise
    except OSError as error:
        if error.strerror:
            raise ImagingError(f"{path.name} cannot be read: {error.strerror}.") from error
        raise ImagingError(f"{path.name} is not a NIfTI file that can be read: its header is damaged.") from error
    except Exception as error:  # nibabel raises nearly anything on broken headers
        raise ImagingError(f"{path.name} is not a NIfTI file that can be read: its header is damaged.") from error


def _header(path: Path) -> tuple[Any, NDArray[np.float64], bool]:
    import nibabel

    with quiet():
        image: Any = nibabel.load(path)
        header = image.header
        affine = _LPS @ np.asarray(image.affine, float)
    placed = int(header.get("sform_code", 1)) > 0 or int(header.get("qform_code", 1)) > 0
    usable = bool(np.isfinite(affine).all()) and abs(float(np.linalg.det(affine[:3, :3]))) > 1e-9
    return image, affine, placed and usable


def _file(path: Path, image: Any, affine: NDArray[np.float64], placed: bool) -> NiftiFile:
    header = image.header
    full = tuple(int(n) for n in image.shape)
    if not full or min(full) < 1:
        raise ImagingError(f"{path.name} cannot be shown: it holds no voxels.")
    width, height, depth = (*full, 1, 1)[:3]
    shape = (width, height, depth)
    volumes = int(np.prod(full[3:], dtype=object)) if len(full) > 3 else 1
    dtype = np.dtype(image.dataobj.dtype)
    if dtype.kind not in "iufb" and not dtype.names:
        raise ImagingError(f"{path.name} cannot be shown: its voxels are {dtype.name}, not plain numbers.")
    problems = []
    axes = _axes(affine, shape) if placed else (2, 1, 0)
    rows, columns = shape[axes[1]], shape[axes[2]]
    if rows * columns > LARGEST_PICTURE or int(np.prod(shape, dtype=object)) > _LARGEST_VOLUME:
        raise ImagingError(f"{path.name} cannot be read: its header claims {' x '.join(map(str, shape))} voxels.")
    geometry = VolumeGeometry.unknown((shape[axes[0]], rows, columns))
    flip = False
    if placed:
        geometry, flip = _geometry(affine, shape, axes)
    else:
        problems.append(
            Problem("geometry-unknown", f"{path.name} does not say where its voxels lie in the patient.", (path.name,))
        )
    if volumes > 1:
        problems.append(
            Problem(
                "time-series",
                f"{path.name} holds {volumes} volumes: the first is opened, {volumes - 1} more "
                f"{'is' if volumes == 2 else 'are'} not shown.",
            )
        )
    if dtype.names:
        problems.append(
            Problem("colour", "The pictures are in colour; their brightness is shown, and no model is run on them.")
        )
    layout = Layout(
        path=path,
        shape=shape,
        dtype=dtype,
        offset=int(image.dataobj.offset),
        slope=_finite(image.dataobj.slope, 1.0),
        intercept=_finite(image.dataobj.inter, 0.0),
        axes=axes,
        flip=flip,
    )
    if not layout.packed:
        present = path.stat().st_size - layout.offset
        if present < layout.volume_bytes:
            sentence = f"{path.name} cannot be read in full: its voxel data is cut off."
            problems.append(Problem("undecodable", sentence, (path.name,)))
    description = path.name[: -len(".nii.gz")] if layout.packed else path.stem
    series = Series(
        uid=path_uid(path),
        geometry=geometry,
        info=SeriesInfo(description=description),
        files=(path,),
        reader=NiftiReader(layout),
        problems=tuple(problems),
        volumes=volumes,
    )
    stem = description.lower()
    hint = int(header.get("intent_code", 0)) == _LABEL_INTENT or any(
        word in stem for word in ("mask", "seg", "label", "lesion", "roi")
    )
    return NiftiFile(series, layout, affine, hint)


def _finite(value: object, default: float) -> float:
    number = float(value) if isinstance(value, (int, float, np.number)) else default
    return number if np.isfinite(number) else default


def _axes(affine: NDArray[np.float64], shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Choose the file axes that become slices, rows and columns."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    along = 2
    thickest = int(np.argmax(spacing))
    flat = [axis for axis in range(3) if shape[axis] == 1]
    if shape[2] != 1 and len(flat) == 1:
        along = flat[0]
    elif shape[2] != 1 and spacing[thickest] >= THICK * spacing[2]:
        along = thickest
    down, across = (axis for axis in (2, 1, 0) if axis != along)
    return along, down, across


def _geometry(
    affine: NDArray[np.float64], shape: tuple[int, int, int], axes: tuple[int, int, int]
) -> tuple[VolumeGeometry, bool]:
    """Return the grid in (slice, row, column) order, slices growing towards L, P or S, and whether they were turned."""
    ordered = np.eye(4)
    ordered[:3, :3] = affine[:3, list(axes)]
    ordered[:3, 3] = affine[:3, 3]
    size = (shape[axes[0]], shape[axes[1]], shape[axes[2]])
    geometry = VolumeGeometry(size, ordered)
    if geometry.directions[0, geometry.patient_axes[0]] > 0:
        return geometry, False
    ordered[:3, 3] += ordered[:3, 0] * (size[0] - 1)
    ordered[:3, 0] *= -1
    return VolumeGeometry(size, ordered), True
