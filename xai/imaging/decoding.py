"""What all formats share when pixels are decoded: silence, limits on what is believed, and brightness of colours."""

from __future__ import annotations

import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_PICTURE = 2**26
"""Pixels in one picture beyond which a header is not believed (8192 x 8192)."""

_CHUNK = 2**20
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
_QUIET = RLock()
_SILENT = logging.NullHandler()
_TALKATIVE = tuple(logging.getLogger(name) for name in ("pydicom", "openjpeg", "nibabel.global", "tifffile", "PIL"))


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what pydicom and the decoders say from reaching terminal and logs; its causes become problems instead.

    They quote the values that they complain about, and those may be a patient's name.
    """
    for logger in _TALKATIVE:
        logger.propagate = False
        logger.handlers = [_SILENT]
    # Python's warning filters belong to the whole process, so that two threads must not exchange them at once.
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def gunzip(path: Path, offset: int, length: int) -> bytes:
    """Return up to ``length`` unpacked bytes from ``offset``; of a damaged file as many as can be unpacked."""
    parts: list[bytes] = []
    wanted, done = offset + length, 0
    with open(path, "rb", buffering=0) as file:
        inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        packed = b""
        try:
            while done < wanted and (packed := packed or file.read(_CHUNK)):
                part = inflater.decompress(packed, min(wanted - done, 16 * _CHUNK))
                packed = inflater.unconsumed_tail
                if inflater.eof:
                    # Some tools write many members one after the other.
                    packed = inflater.unused_data.lstrip(b"\0")
                    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
                if done + len(part) > offset:
                    parts.append(part[max(0, offset - done) :])
                done += len(part)
        except zlib.error:
            pass
    return b"".join(parts)


def luminance(colours: NDArray[Any]) -> NDArray[np.float32]:
    """Return the brightness (H, W) of red, green and blue (H, W, 3); grey stays exactly what it is."""
    if (colours[..., 0] == colours[..., 1]).all() and (colours[..., 0] == colours[..., 2]).all():
        return np.asarray(colours[..., 0], np.float32)
    return np.asarray(colours.astype(np.float32) @ _LUMINANCE, np.float32)
