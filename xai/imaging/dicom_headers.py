"""What a DICOM file's header says of its pixels, and whether they can be there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xai.imaging.decoding import LARGEST_PICTURE, quiet
from xai.imaging.dicom_elements import (
    EXPLICIT_LITTLE,
    NATIVE_SYNTAXES,
    UNDEFINED,
    Elements,
    NotDicomError,
    OddStructureError,
    read_elements,
)
from xai.imaging.dicom_tags import (
    ALLOCATED,
    COLUMNS,
    FRAMES,
    GROUPS,
    HIGH_BIT,
    IMAGE_TYPE,
    INSTANCE,
    MODALITY,
    PHOTOMETRIC,
    PLANAR,
    ROWS,
    SAMPLES,
    SERIES_UID,
    SIGNED,
    SOP_CLASS,
    SOP_UID,
    STORED,
    STUDY_UID,
    WANTED,
    ascii_text,
    number,
)

MOST_FRAMES = 100_000
CUT_OFF = "its pixel data is cut off"


class NotAnImageError(Exception):
    """The file is DICOM but holds no picture."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How a file stores its pixels."""

    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    high: int
    signed: bool
    photometric: str
    planar: int
    kind: str
    """``"integer"``, ``"float"`` or ``"double"``."""
    syntax: str
    big_endian: bool

    @property
    def colour(self) -> bool:
        """Whether pixels have a colour."""
        return self.samples > 1 or self.photometric == "PALETTE COLOR"

    @property
    def encapsulated(self) -> bool:
        """Whether pictures are stored compressed, in pieces."""
        return self.syntax not in NATIVE_SYNTAXES

    @property
    def inverted(self) -> bool:
        """Whether low values are meant to be bright."""
        return self.photometric == "MONOCHROME1"

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed picture."""
        return (self.rows * self.columns * self.samples * self.allocated + 7) // 8


@dataclass(frozen=True, slots=True, eq=False)
class FileHeader:
    """One DICOM file that holds pictures."""

    path: Path
    format: PixelFormat
    frames: int
    series_uid: str
    study_uid: str
    sop_uid: str
    modality: str
    image_type: tuple[str, ...]
    instance: int
    packed: str
    pixel_offset: int
    pixel_length: int
    size: int
    fragments: list[tuple[int, int]] | None
    values: dict[int, bytes]
    """Raw values of the wanted tags, for what is needed once per series."""
    fault: str = ""
    """Why the pixels cannot be read, as far as the header tells; empty otherwise."""

    @property
    def mosaic(self) -> bool:
        """Whether the picture is a Siemens mosaic: all slices of a volume tiled into one."""
        return "MOSAIC" in self.image_type


def stored_range(form: PixelFormat) -> tuple[int, int]:
    """Return the lowest and highest stored value that the format allows."""
    if form.signed:
        return -(1 << (form.stored - 1)), (1 << (form.stored - 1)) - 1
    return 0, (1 << form.stored) - 1


def _small(values: dict[int, bytes], tag: int, default: int, big_endian: bool) -> int:
    raw = values.get(tag, b"")
    return int.from_bytes(raw[:2], "big" if big_endian else "little") if len(raw) >= 2 else default


def _by_pydicom(path: Path) -> Elements:
    """Read a header with pydicom, for files that the plain walk cannot follow."""
    import gzip

    from pydicom import dcmread
    from pydicom.dataelem import RawDataElement

    with quiet(), open(path, "rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        stream: Any = gzip.GzipFile(fileobj=plain) if packed else plain
        dataset = dcmread(stream, stop_before_pixels=True, force=True)
        meta = getattr(dataset, "file_meta", None) or {}
        syntax = str(getattr(meta, "TransferSyntaxUID", "") or EXPLICIT_LITTLE)
        little = dataset.original_encoding[1] is not False
        elements = Elements(syntax, big_endian=not little, packed="gzip" if packed else "")
        for tag in WANTED:
            if tag not in dataset:
                continue
            element = dataset.get_item(tag)
            if isinstance(element, RawDataElement):
                elements.values[tag] = element.value or b""
            elif element is not None:
                elements.values[tag] = str(element.value).encode()
    elements.pixel_kind = "integer"
    return elements


def read_header(path: Path) -> tuple[FileHeader, Elements]:
    """Read one file's header.

    Raises
    ------
    NotDicomError
        When the file is not DICOM.
    NotAnImageError
        When it is DICOM without a picture; the message says what it is.
    OSError
        When it cannot be opened.
    """
    try:
        elements = read_elements(path, WANTED, GROUPS)
    except OddStructureError:
        try:
            elements = _by_pydicom(path)
        except OSError:
            raise
        except Exception as error:  # pydicom raises nearly anything on broken files
            raise NotDicomError("its elements cannot be followed") from error
    return _header(path, elements), elements


def _header(path: Path, elements: Elements) -> FileHeader:
    values = elements.values
    big = elements.big_endian
    rows, columns = _small(values, ROWS, 0, big), _small(values, COLUMNS, 0, big)
    modality = ascii_text(values.get(MODALITY))
    if not rows or not columns:
        if not values.get(SOP_CLASS) and not values.get(SERIES_UID):
            raise NotDicomError("it holds no DICOM elements that can be read")
        raise NotAnImageError(f"it holds no picture ({modality or 'no modality stated'})")
    allocated = _small(values, ALLOCATED, 16, big)
    stored = min(_small(values, STORED, allocated, big) or allocated, allocated)
    pixel_format = PixelFormat(
        rows=rows,
        columns=columns,
        samples=_small(values, SAMPLES, 1, big) or 1,
        allocated=allocated,
        stored=stored,
        high=_small(values, HIGH_BIT, stored - 1, big),
        signed=_small(values, SIGNED, 0, big) == 1,
        photometric=ascii_text(values.get(PHOTOMETRIC)) or "MONOCHROME2",
        planar=_small(values, PLANAR, 0, big),
        kind=elements.pixel_kind or "integer",
        syntax=elements.syntax,
        big_endian=big,
    )
    frames = int(number(values.get(FRAMES)) or 1)
    fault, frames = _fault(pixel_format, frames, elements)
    return FileHeader(
        path=path,
        format=pixel_format,
        frames=frames,
        series_uid=ascii_text(values.get(SERIES_UID)),
        study_uid=ascii_text(values.get(STUDY_UID)),
        sop_uid=ascii_text(values.get(SOP_UID)),
        modality=modality,
        image_type=tuple(part.strip() for part in ascii_text(values.get(IMAGE_TYPE)).split("\\")),
        instance=int(number(values.get(INSTANCE)) or 0),
        packed=elements.packed,
        pixel_offset=elements.pixel_offset,
        pixel_length=elements.pixel_length,
        size=elements.size,
        fragments=elements.fragments,
        values=values,
        fault=fault,
    )


def _fault(form: PixelFormat, frames: int, elements: Elements) -> tuple[str, int]:
    """Say why the pixels cannot be read, as far as sizes tell, and how many frames are to be believed."""
    if form.rows * form.columns > LARGEST_PICTURE:
        return f"a picture of {form.rows} x {form.columns} pixels is too large", 1
    if frames < 1 or frames > MOST_FRAMES:
        return f"it claims to hold {frames} pictures", 1
    if not elements.pixel_kind:
        return "it holds no pixel data", frames if frames * 8 < max(elements.size, 4096) else 1
    if elements.pixel_offset < 0 or elements.size < 0:
        return "", frames
    present = elements.size - elements.pixel_offset
    if elements.pixel_length == UNDEFINED:
        # The first item is the offset table.
        pictures = max(len(elements.fragments or ()) - 1, 0)
        if frames > 1 and frames > present // 8:
            return f"it claims to hold {frames} pictures", 1
        return (f"{CUT_OFF} ({pictures} pieces are there)" if not elements.closed else ""), frames
    if form.encapsulated:
        return "its compressed pixel data is not stored in pieces as it must be", frames if frames <= present else 1
    needed = form.frame_bytes * frames
    if min(present, elements.pixel_length) >= needed or form.photometric == "YBR_FULL_422":
        return "", frames
    sentence = f"{CUT_OFF} ({min(present, elements.pixel_length)} of {needed} bytes)"
    # Frames that are there stay readable; a claim of many more than the file could hold is not believed.
    return sentence, frames if frames * 4 <= 4096 + present else max(1, present // max(form.frame_bytes, 1))
