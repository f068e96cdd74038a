"""Pixels of DICOM pictures as rescaled float32: stored bytes straight from their place in the file, or decoded."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai.errors import ImagingError
from xai.imaging.decoding import luminance, quiet
from xai.imaging.dicom_elements import (
    dataset_start,
    find_fragments,
    inflate,
    unpacked,
)
from xai.imaging.dicom_frames import Frame
from xai.imaging.dicom_headers import CUT_OFF, FileHeader, PixelFormat, stored_range
from xai.imaging.dicom_jpeg import JPEG, JPEG_2000, JPEG_BASELINE, check_jpeg_2000, sound_jpeg

_LARGEST_ENCODED = 2**31


class DicomReader:
    """Reads the pictures of one stack, in its order."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = tuple(frames)
        self._unpacked: tuple[Path, BytesIO] | None = None
        # Kept from slice to slice: half a megabyte of fresh memory each time costs more than filling it.
        self._buffer = np.empty(0, np.uint8)
        self._fragments: dict[Path, list[list[tuple[int, int]]]] = {}

    def read_slice(self, k: int) -> NDArray[np.float32]:
        """Return slice ``k`` (H, W) float32, rescaled; raise `ImagingError` naming the file when it cannot be read."""
        form = self._frames[k].header.format
        out = np.empty((form.rows, form.columns), np.float32)
        self.read_into(k, out)
        return out

    def read_into(self, k: int, out: NDArray[np.float32]) -> None:
        """Write slice ``k``, rescaled, into ``out`` (H, W); raise `ImagingError` when it cannot be read."""
        frame = self._frames[k]
        header = frame.header
        try:
            _rescale(self._stored(frame), frame, out)
        except ImagingError:
            raise
        except (OSError, EOFError, zlib.error) as error:
            cause = error.strerror if isinstance(error, OSError) and error.strerror else "its pixel data is cut off"
            raise ImagingError(f"{header.path.name} cannot be read: {cause}.") from error
        except MemoryError as error:
            raise ImagingError(f"{header.path.name} cannot be read: not enough memory.") from error
        except Exception as error:  # decoders raise nearly anything on broken pixels
            cause = header.fault or "its pixel data cannot be decoded"
            raise ImagingError(f"{header.path.name} cannot be read: {cause}.") from error

    def _stored(self, frame: Frame) -> NDArray[Any]:
        """Return the picture's stored values (H, W) or (H, W, 3)."""
        header, form = frame.header, frame.header.format
        if header.fault and not header.fault.startswith(CUT_OFF):
            raise ImagingError(f"{header.path.name} cannot be read: {header.fault}.")
        if form.encapsulated and header.pixel_offset < 0:
            raise ImagingError(f"{header.path.name} cannot be read: its header cannot be followed to its pixels.")
        if header.pixel_offset < 0 or form.colour or form.allocated % 8:
            if form.encapsulated:
                self._encoded(header, frame.number)
            return _by_pydicom(header, frame.number)
        if not form.encapsulated:
            return self._native(header, frame.number)
        return self._encapsulated(header, frame.number)

    def _native(self, header: FileHeader, number: int) -> NDArray[Any]:
        form = header.format
        offset = header.pixel_offset + number * form.frame_bytes
        if header.packed:
            data = self._bytes(header, offset, form.frame_bytes)
            buffer, count = np.frombuffer(bytearray(data), np.uint8), len(data)
        else:
            if self._buffer.nbytes != form.frame_bytes:
                self._buffer = np.empty(form.frame_bytes, np.uint8)
            buffer = self._buffer
            with open(header.path, "rb", buffering=0) as file:
                file.seek(offset)
                count = file.readinto(buffer.data) or 0
        if count < form.frame_bytes:
            raise ImagingError(f"{header.path.name} cannot be read: {header.fault or CUT_OFF}.")
        return _only_stored_bits(buffer.view(_dtype(form)).reshape(form.rows, form.columns), form)

    def _bytes(self, header: FileHeader, offset: int, length: int) -> bytes:
        """Return bytes of a file, which is unpacked once when it is packed."""
        if not header.packed:
            with open(header.path, "rb", buffering=0) as file:
                file.seek(offset)
                return file.read(length)
        if self._unpacked is None or self._unpacked[0] != header.path:
            self._unpacked = (header.path, _unpack(header, offset + length))
        stream = self._unpacked[1]
        if header.frames > 1 and stream.getbuffer().nbytes < offset + length:
            stream = _unpack(header, _LARGEST_ENCODED)
            self._unpacked = (header.path, stream)
        stream.seek(offset)
        return stream.read(length)

    def _encapsulated(self, header: FileHeader, number: int) -> NDArray[Any]:
        from pydicom.encaps import encapsulate
        from pydicom.pixels.decoders.base import get_decoder
        from pydicom.uid import UID

        form = header.format
        encoded = self._encoded(header, number)
        options: dict[str, Any] = {
            "rows": form.rows,
            "columns": form.columns,
            "samples_per_pixel": form.samples,
            "photometric_interpretation": form.photometric,
            "bits_allocated": form.allocated,
            "bits_stored": form.stored,
            "pixel_representation": int(form.signed),
            "number_of_frames": 1,
            "pixel_keyword": "PixelData",
            "planar_configuration": form.planar,
        }
        if form.syntax in JPEG:
            encoded = sound_jpeg(encoded, form.rows, form.columns, form.samples)
        decoder = get_decoder(UID(form.syntax))
        with quiet():
            source, plugin = encapsulate([encoded]), _plugin(form.syntax)
            decoded, _ = decoder.as_array(source, index=0, raw=True, decoding_plugin=plugin, **options)
        return decoded.reshape(form.rows, form.columns)

    def _encoded(self, header: FileHeader, number: int) -> bytes:
        """Return a picture's compressed stream, checked as far as its decoder needs it."""
        form = header.format
        if header.path not in self._fragments:
            self._fragments[header.path] = self._find_fragments(header)
        frames = self._fragments[header.path]
        if number >= len(frames):
            raise ImagingError(f"{header.path.name} cannot be read: {CUT_OFF}.")
        encoded = b"".join(self._bytes(header, start, length) for start, length in frames[number])
        if form.syntax in JPEG:
            return sound_jpeg(encoded, form.rows, form.columns, form.samples)
        if form.syntax in JPEG_2000:
            check_jpeg_2000(encoded, form.rows, form.columns, form.samples)
        return encoded

    def _find_fragments(self, header: FileHeader) -> list[list[tuple[int, int]]]:
        """Return for each picture the (offset, length) of its fragments."""
        items = header.fragments
        if items is None:
            items, _ = find_fragments(lambda offset, length: self._bytes(header, offset, length), header.pixel_offset)
        if not items:
            return []
        (table_start, table_length), *fragments = items
        if header.frames == 1:
            return [fragments] if fragments else []
        table: list[int] = []
        if len(fragments) != header.frames and 4 * header.frames == table_length:
            table = np.frombuffer(self._bytes(header, table_start, table_length), "<u4").tolist()
        if not table:
            return [[fragment] for fragment in fragments]
        # The table counts from the first fragment's item, whose header is eight bytes before its content.
        first = table_start + table_length
        frames: list[list[tuple[int, int]]] = [[] for _ in table]
        for start, length in fragments:
            frames[max(int(np.searchsorted(table, start - 8 - first, "right")) - 1, 0)].append((start, length))
        return [frame for frame in frames if frame]


def _unpack(header: FileHeader, most: int) -> BytesIO:
    """Return the first ``most`` bytes of a packed file, unpacked; the whole data set of a deflated one."""
    with unpacked(header.path) as (stream, packed, _):
        if packed == "gzip":
            return BytesIO(stream.read(min(most, _LARGEST_ENCODED)))
        return inflate(stream, dataset_start(stream.read(2**16) if stream.seek(0) == 0 else b""))


def _dtype(form: PixelFormat) -> np.dtype[Any]:
    order = ">" if form.big_endian else "<"
    if form.kind != "integer":
        return np.dtype(f"{order}f{8 if form.kind == 'double' else 4}")
    return np.dtype(f"{order}{'i' if form.signed else 'u'}{form.allocated // 8}")


def _only_stored_bits(stored: NDArray[Any], form: PixelFormat) -> NDArray[Any]:
    """Drop bits beside the stored ones (old overlays live there) and extend the sign, in place where that can be."""
    if form.kind != "integer" or form.stored == form.allocated:
        return stored
    native = stored.astype(stored.dtype.newbyteorder("="), copy=not stored.flags.writeable)
    above = form.allocated - 1 - min(max(form.high, form.stored - 1), form.allocated - 1)
    below = form.allocated - form.stored
    if not form.signed and above == below:
        native &= native.dtype.type((1 << form.stored) - 1)
    else:
        # NumPy's right shift of signed values extends the sign.
        native <<= native.dtype.type(above)
        native >>= native.dtype.type(below)
    return native


def _rescale(stored: NDArray[Any], frame: Frame, out: NDArray[np.float32]) -> None:
    form = frame.header.format
    if stored.ndim == 3:
        out[...] = luminance(stored[..., :3])
        return
    with np.errstate(all="ignore"):
        out[...] = stored
        if form.inverted and form.kind == "integer":
            low, high = stored_range(form)
            np.subtract(np.float32(low + high), out, out=out)
        if frame.slope != 1.0:
            out *= np.float32(frame.slope)
        if frame.intercept != 0.0:
            out += np.float32(frame.intercept)


def _plugin(syntax: str) -> str:
    """Return the decoder to ask; empty for pydicom's own choice."""
    if syntax in JPEG_2000:
        # A seventh faster than GDCM's, and it does not write to the terminal about broken streams.
        return "pylibjpeg"
    return "pillow" if syntax == JPEG_BASELINE else ""


def _by_pydicom(header: FileHeader, number: int) -> NDArray[Any]:
    """Decode one picture with pydicom: colour, and files that the plain walk cannot follow."""
    from pydicom import dcmread
    from pydicom.pixels.processing import apply_color_lut
    from pydicom.pixels.utils import pixel_array

    with quiet(), open(header.path, "rb") as file:
        stream: Any = gzip.GzipFile(fileobj=file) if header.packed == "gzip" else file
        dataset = dcmread(stream, force=True)
        decoded = pixel_array(dataset, index=number, decoding_plugin=_plugin(header.format.syntax))
        if header.format.photometric == "PALETTE COLOR":
            # A palette of 16 bits has the same colours in its upper bytes; only brightness matters here.
            decoded = apply_color_lut(decoded, dataset)
    if decoded.shape[:2] != (header.format.rows, header.format.columns):
        raise ValueError("the decoded picture has another size than its header says")
    return np.asarray(decoded)
