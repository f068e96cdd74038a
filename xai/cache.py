"""Maps that were computed before, on disk: a broken-off series goes on where it stopped.

One entry holds one method's map of one slice. Its name is a digest of everything the map depends on: the slice's pixels
and how they come onto the network's grid, the bundle, the explainer with its parameters, the class, and the code. So a
slice is found again whatever series or file it lies in, and nothing computed otherwise is ever taken for it.

Entries are written to a temporary file and put in place at once, and when they take more than a limit, those not used
for longest are dropped, but none that this run has written or read: else a run larger than the limit would drop its
beginning, and never be resumed. What is damaged, foreign or too large counts as absent; nothing is unpickled. A cache
that cannot be written to is no error: then every map is computed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import os
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

import xai
from xai.imaging.resample import SliceMapping

LIMIT_BYTES = 8 << 30
"""Some 40 000 maps with a value for each of 224 x 224 pixels."""
MAX_ENTRY_BYTES = 16 << 20
MAX_SIDE = 1024
STALE_SECONDS = 3600.0
"""Temporary files older than this were left by a process that died."""

_SOURCES = (
    "explainers",
    "models",
    "evaluate",
    "imaging/body.py",
    "imaging/geometry.py",
    "imaging/resample.py",
    "gathering.py",
    "stepping.py",
)
_PACKAGES = ("torch", "grad-cam", "shap")


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One method's map of one slice, and what the network said of it."""

    values: NDArray[np.float32]
    """(h, w)"""
    logits: NDArray[np.float32]
    """(C,)"""
    target: int
    state: str
    details: Mapping[str, float | str]
    passes: float
    seconds: float


@cache
def code_stamp() -> str:
    """Name the code that maps depend on: the versions, and a digest of the sources for those who work on it."""
    digest = hashlib.sha256(xai.__version__.encode())
    for package in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            digest.update(f" {package} {metadata.version(package)}".encode())
    root = Path(xai.__file__).parent
    for name in _SOURCES:
        place = root / name
        for path in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            with contextlib.suppress(OSError):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def slice_digest(pixels: NDArray[np.float32], mapping: SliceMapping) -> bytes:
    """Return a digest of a stored slice (H, W) and of how it comes onto the network's grid."""
    digest = hashlib.sha256(f"{pixels.shape} {pixels.dtype.str} {mapping!r}".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.digest()


class ExplanationCache:
    """A folder of maps; several processes may use it at once.

    Parameters
    ----------
    folder : Path
        Made when first written to.
    limit_bytes : int
        What all entries may take together; more when those of this run alone take more.
    """

    def __init__(self, folder: str | Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self.folder = Path(folder)
        self.limit_bytes = limit_bytes
        self._written: int | None = None
        """Bytes since the folder was last looked through; None before the first time."""
        self._used: set[str] = set()
        """Names of what was written or read."""

    def name(self, slice_sha256: bytes, bundle_sha256: str, explainer: object, target: int | None) -> str:
        """Return the name of an entry. ``target`` is the class that was asked for; None for the predicted one."""
        kind = type(explainer)
        said = f"{bundle_sha256} {kind.__module__}.{kind.__qualname__} {explainer!r} {target} {code_stamp()}"
        return hashlib.sha256(slice_sha256 + said.encode()).hexdigest()

    def get(self, name: str) -> Entry | None:
        """Return an entry, or None when it is not there or cannot be trusted."""
        path = self._path(name)
        try:
            if not 0 < path.stat().st_size <= MAX_ENTRY_BYTES:
                return None
            raw = path.read_bytes()
            entry = _unpack(raw, name)
        except Exception:  # whatever a damaged or hostile file makes the readers raise
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        self._used.add(name)
        return entry

    def put(self, name: str, entry: Entry) -> None:
        """Keep an entry; nothing happens when it cannot be written or is too large."""
        raw = _pack(entry, name)
        if len(raw) > min(MAX_ENTRY_BYTES, self.limit_bytes):
            return
        path = self._path(name)
        temporary = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
            os.replace(temporary, path)
            temporary = None
        except OSError:
            return
        finally:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
        self._used.add(name)
        self._written = None if self._written is None else self._written + len(raw)
        if self._written is None or self._written > self.limit_bytes // 16:
            self._drop_least_used()
            self._written = 0

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / f"{name}.npz"

    def _drop_least_used(self) -> None:
        """Keep what was used last, up to the limit. Another process may drop the same files meanwhile."""
        files: list[tuple[float, int, Path]] = []
        now = time.time()
        # Only what this class writes is ever removed, wherever the folder may be.
        for path in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            try:
                found = path.lstat()
                if path.suffix == ".npz" and len(path.stem) == 64:
                    files.append((found.st_mtime, found.st_size, path))
                elif path.suffix == ".part" and path.name.startswith(".") and now - found.st_mtime > STALE_SECONDS:
                    path.unlink()
            except OSError:
                continue
        # Room for what is written until the next look.
        room = self.limit_bytes - self.limit_bytes // 16
        for _, size, path in sorted(files, key=lambda one: (one[2].stem in self._used, one[0]), reverse=True):
            room -= size
            if room < 0 and path.stem not in self._used:
                with contextlib.suppress(OSError):
                    path.unlink()


def _pack(entry: Entry, name: str) -> bytes:
    said = {
        "name": name,
        "target": int(entry.target),
        "state": entry.state,
        "details": [[key, value if isinstance(value, str) else float(value)] for key, value in entry.details.items()],
        "passes": float(entry.passes),
        "seconds": float(entry.seconds),
    }
    buffer = io.BytesIO()
    # Stored as they are: maps hardly shrink, and nothing can unpack to more than the file's size.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for part, array in (("values", entry.values), ("logits", entry.logits)):
            one = io.BytesIO()
            npy.write_array(one, np.ascontiguousarray(array, "<f4"), allow_pickle=False)
            archive.writestr(f"{part}.npy", one.getvalue())
        archive.writestr("said.json", json.dumps(said))
    return buffer.getvalue()


def _unpack(raw: bytes, name: str) -> Entry:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        values = _array(archive, "values", 2)
        logits = _array(archive, "logits", 1)
        said = json.loads(_part(archive, "said.json"))
    if said["name"] != name or max(values.shape) > MAX_SIDE or not np.isfinite(logits).all():
        raise ValueError("another entry")
    numbers = float(said["passes"]), float(said["seconds"])
    if not all(map(math.isfinite, numbers)) or not 0 <= int(said["target"]) < len(logits):
        raise ValueError("no such numbers")
    return Entry(
        values,
        logits,
        int(said["target"]),
        str(said["state"]),
        {str(key): value if isinstance(value, str) else float(value) for key, value in said["details"]},
        *numbers,
    )


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    entry = archive.getinfo(name)
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > MAX_ENTRY_BYTES:
        raise ValueError("not stored as written")
    return archive.read(entry)


def _array(archive: zipfile.ZipFile, name: str, axes: int) -> NDArray[np.float32]:
    raw = _part(archive, f"{name}.npy")
    shape, dtype, begin = _header(raw)
    if len(shape) != axes or dtype != np.dtype("<f4") or len(raw) - begin != 4 * math.prod(shape):
        raise ValueError("another array")
    return np.frombuffer(raw, dtype, offset=begin).reshape(shape).astype(np.float32)


def _header(raw: bytes) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return shape, type and beginning of the values: the header is checked before any memory is asked for."""
    file = io.BytesIO(raw)
    if npy.read_magic(file) != (1, 0):
        raise ValueError("another format")
    shape, fortran, dtype = npy.read_array_header_1_0(file)
    if fortran or dtype.hasobject:
        raise ValueError("another layout")
    return shape, dtype, file.tell()
