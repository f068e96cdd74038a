"""What a DICOM file's header says of its pictures: pixel format, place in the patient, and what tells repeats apart."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from xai.imaging.dicom_elements import (
    EXPLICIT_LITTLE,
    FRAME_GROUPS,
    SHARED_GROUPS,
    Elements,
    Items,
    NotDicomError,
    OddStructureError,
    read_elements,
)
from xai.imaging.volume import SeriesInfo

CHARSET, IMAGE_TYPE, SOP_CLASS, SOP_UID, MODALITY = 0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00080060
STUDY_UID, SERIES_UID, SERIES_NUMBER, ACQUISITION, INSTANCE = 0x0020000D, 0x0020000E, 0x00200011, 0x00200012, 0x00200013
POSITION, ORIENTATION, TEMPORAL_POSITION = 0x00200032, 0x00200037, 0x00200100
ACQUISITION_TIME, TRIGGER_TIME = 0x00080032, 0x00181060
THICKNESS, SLICE_GAP, ECHO_TIME, B_VALUE, INVERSION_TIME = 0x00180050, 0x00180088, 0x00180081, 0x00189087, 0x00180082
SAMPLES, PHOTOMETRIC, PLANAR, FRAMES, ROWS, COLUMNS, PIXEL_SPACING = (
    0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280030,
)  # fmt: skip
ALLOCATED, STORED, HIGH_BIT, SIGNED = 0x00280100, 0x00280101, 0x00280102, 0x00280103
WINDOW_CENTRE, WINDOW_WIDTH, INTERCEPT, SLOPE = 0x00281050, 0x00281051, 0x00281052, 0x00281053
DESCRIPTION, STUDY_DESCRIPTION, MANUFACTURER = 0x0008103E, 0x00081030, 0x00080070
BODY_PART, SEQUENCE_NAME, PULSE_SEQUENCE, SCANNING_SEQUENCE = 0x00180015, 0x00180024, 0x00189005, 0x00180020
REPETITION_TIME, FIELD_STRENGTH = 0x00180080, 0x00180087

_BINARY = frozenset([SAMPLES, PLANAR, ROWS, COLUMNS, ALLOCATED, STORED, HIGH_BIT, SIGNED])
_TEXT = (
    [CHARSET, IMAGE_TYPE, SOP_CLASS, SOP_UID, MODALITY, STUDY_UID, SERIES_UID, SERIES_NUMBER, ACQUISITION, INSTANCE]
    + [POSITION, ORIENTATION, TEMPORAL_POSITION, ACQUISITION_TIME, TRIGGER_TIME, THICKNESS, SLICE_GAP, ECHO_TIME]
    + [INVERSION_TIME, B_VALUE, PHOTOMETRIC, FRAMES, PIXEL_SPACING, WINDOW_CENTRE, WINDOW_WIDTH, INTERCEPT, SLOPE]
    + [DESCRIPTION, STUDY_DESCRIPTION, MANUFACTURER, BODY_PART, SEQUENCE_NAME, PULSE_SEQUENCE, SCANNING_SEQUENCE]
    + [REPETITION_TIME, FIELD_STRENGTH]
)
WANTED = frozenset(_TEXT) | _BINARY
"""Everything a series is made from; nothing that says who was examined."""

FRAME_CONTENT, PLANE_POSITION, PLANE_ORIENTATION, PIXEL_MEASURES, VALUE_TRANSFORMATION, FRAME_VOI = (
    0x00209111, 0x00209113, 0x00209116, 0x00289110, 0x00289145, 0x00289132,
)  # fmt: skip
MR_ECHO, MR_DIFFUSION, MR_TIMING, CARDIAC, MR_FRAME_TYPE = 0x00189114, 0x00189117, 0x00189112, 0x00189118, 0x00189226
TEMPORAL_INDEX, EFFECTIVE_ECHO, TRIGGER_DELAY, FRAME_TYPE = 0x00209128, 0x00189082, 0x00209153, 0x00089007
FRAME_ACQUISITION = 0x00209156
_NESTED = {
    PLANE_POSITION: frozenset([POSITION]),
    PLANE_ORIENTATION: frozenset([ORIENTATION]),
    PIXEL_MEASURES: frozenset([PIXEL_SPACING, THICKNESS, SLICE_GAP]),
    VALUE_TRANSFORMATION: frozenset([SLOPE, INTERCEPT]),
    FRAME_VOI: frozenset([WINDOW_CENTRE, WINDOW_WIDTH]),
    FRAME_CONTENT: frozenset([TEMPORAL_INDEX, FRAME_ACQUISITION]),
    MR_ECHO: frozenset([EFFECTIVE_ECHO]),
    MR_DIFFUSION: frozenset([B_VALUE]),
    MR_TIMING: frozenset([REPETITION_TIME]),
    CARDIAC: frozenset([TRIGGER_DELAY]),
    MR_FRAME_TYPE: frozenset([FRAME_TYPE]),
}
GROUPS = {**_NESTED, SHARED_GROUPS: frozenset(_NESTED), FRAME_GROUPS: frozenset(_NESTED)}

LARGEST_PICTURE = 2**26
"""Pixels in one picture beyond which a header is not believed (8192 x 8192)."""
MOST_FRAMES = 100_000

MARKS = ("time point", "echo time", "b-value", "acquisition", "trigger time", "acquisition time")
"""What tells pictures at one place apart, in the order in which it is tried; the fields of `Frame.marks`."""

_QUIET = RLock()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pydicom's and the decoders' warnings from reaching the terminal; their causes become problems instead."""
    # Python's warning filters belong to the whole process, so that two threads must not exchange them at once.
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


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
    values: dict[int, bytes]
    """Raw values of the wanted tags, for what is needed once per series."""
    fault: str = ""
    """Why the pixels cannot be read, as far as the header tells; empty otherwise."""

    @property
    def mosaic(self) -> bool:
        """Whether the picture is a Siemens mosaic: all slices of a volume tiled into one."""
        return "MOSAIC" in self.image_type


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One stored picture with its place."""

    header: FileHeader
    number: int
    """Which picture of the file, from 0."""
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing: tuple[float, ...] | None
    thickness: float | None
    slope: float
    intercept: float
    kind: tuple[str, ...]
    """Image type of this picture (magnitude, water, fat and so on)."""
    marks: tuple[float | None, ...]


def number(raw: object) -> float | None:
    """Return the first number of a raw decimal or integer string; None when there is none."""
    found = numbers(raw)
    return found[0] if found else None


def numbers(raw: object) -> tuple[float, ...]:
    """Return the finite numbers of a raw value ``b"1.5\\\\2"``; empty when one of them is none."""
    if not isinstance(raw, bytes) or not raw.strip(b"\0 "):
        return ()
    try:
        found = tuple(float(part) for part in raw.rstrip(b"\0 ").split(b"\\"))
    except ValueError:
        return ()
    return found if all(abs(value) < 1e30 for value in found) else ()


def ascii_text(raw: object) -> str:
    """Return a raw value that is plain by its kind (identifiers, codes) as text."""
    return raw.decode("ascii", "replace").strip("\0 ") if isinstance(raw, bytes) else ""


def text(values: dict[int, bytes], tag: int) -> str:
    """Return free text in the file's character set."""
    raw = values.get(tag, b"").strip(b"\0 ")
    if raw.isascii():
        return raw.decode("ascii").strip()
    from pydicom.charset import convert_encodings, decode_bytes

    with quiet():
        try:
            declared = ascii_text(values.get(CHARSET, b"")).split("\\")
            return str(decode_bytes(raw, convert_encodings(declared), {"\n", "\r", "\t", "\f"})).strip()
        except Exception:  # any broken declaration of a character set
            return raw.decode("latin-1").strip()


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
    if elements.pixel_length == 0xFFFFFFFF:
        if present >= 16:
            return ("", frames) if frames <= present // 8 else (f"it claims to hold {frames} pictures", 1)
        return "its pixel data is cut off", frames
    needed = form.frame_bytes * frames
    if min(present, elements.pixel_length) >= needed or form.photometric == "YBR_FULL_422":
        return "", frames
    sentence = f"its pixel data is cut off ({min(present, elements.pixel_length)} of {needed} bytes)"
    # Frames that are there stay readable; a claim of many more than the file could hold is not believed.
    return sentence, frames if frames * 4 <= 4096 + present else max(1, present // max(form.frame_bytes, 1))


def frames_of(header: FileHeader, elements: Elements) -> list[Frame]:
    """Return the file's pictures, each with its own place and rescale."""
    if elements.groups.get(FRAME_GROUPS):
        return _enhanced(header, elements)
    values = header.values
    marks = (
        number(values.get(TEMPORAL_POSITION)),
        number(values.get(ECHO_TIME)),
        _binary(values.get(B_VALUE), elements.big_endian),
        number(values.get(ACQUISITION)),
        number(values.get(TRIGGER_TIME)),
        number(values.get(ACQUISITION_TIME)),
    )
    slope, intercept = number(values.get(SLOPE)), number(values.get(INTERCEPT))
    position, orientation = numbers(values.get(POSITION)), numbers(values.get(ORIENTATION))
    placed = header.frames == 1 and len(position) == 3 and len(orientation) == 6
    return [
        Frame(
            header=header,
            number=k,
            position=position if placed else None,
            orientation=orientation if placed else None,
            spacing=_spacing(values.get(PIXEL_SPACING)),
            thickness=number(values.get(SLICE_GAP)) or number(values.get(THICKNESS)),
            slope=1.0 if slope is None else slope,
            intercept=intercept or 0.0,
            kind=header.image_type,
            marks=marks,
        )
        for k in range(header.frames)
    ]


def _spacing(raw: object) -> tuple[float, ...] | None:
    found = numbers(raw)
    return found if len(found) == 2 and min(found) > 0 else None


def _enhanced(header: FileHeader, elements: Elements) -> list[Frame]:
    """Return the pictures of an enhanced multi-frame file from its functional groups."""
    shared = (elements.groups.get(SHARED_GROUPS) or [{}])[0]
    per_frame = elements.groups[FRAME_GROUPS]
    frames = []
    for k in range(header.frames):
        own = per_frame[k] if k < len(per_frame) else {}

        def value(group: int, tag: int, own: dict[int, bytes | Items] = own) -> object:
            for source in (own, shared):
                items = source.get(group)
                if isinstance(items, list) and items and tag in items[0]:
                    return items[0][tag]
            return None

        if k == 0:
            for tag, group in ((WINDOW_CENTRE, FRAME_VOI), (WINDOW_WIDTH, FRAME_VOI), (THICKNESS, PIXEL_MEASURES)):
                found = value(group, tag)
                if isinstance(found, bytes):
                    header.values.setdefault(tag, found)
            repetition = _binary(value(MR_TIMING, REPETITION_TIME), elements.big_endian)
            if repetition is not None:
                header.values.setdefault(REPETITION_TIME, str(repetition).encode())
        position, orientation = numbers(value(PLANE_POSITION, POSITION)), numbers(value(PLANE_ORIENTATION, ORIENTATION))
        placed = len(position) == 3 and len(orientation) == 6
        slope, intercept = number(value(VALUE_TRANSFORMATION, SLOPE)), number(value(VALUE_TRANSFORMATION, INTERCEPT))
        if slope is None:
            slope = number(header.values.get(SLOPE))
            intercept = number(header.values.get(INTERCEPT))
        frame_type = ascii_text(value(MR_FRAME_TYPE, FRAME_TYPE))
        frames.append(
            Frame(
                header=header,
                number=k,
                position=position if placed else None,
                orientation=orientation if placed else None,
                spacing=_spacing(value(PIXEL_MEASURES, PIXEL_SPACING)) or _spacing(header.values.get(PIXEL_SPACING)),
                thickness=number(value(PIXEL_MEASURES, SLICE_GAP)) or number(value(PIXEL_MEASURES, THICKNESS)),
                slope=1.0 if slope is None else slope,
                intercept=intercept or 0.0,
                kind=tuple(frame_type.split("\\")) if frame_type else header.image_type,
                marks=(
                    _binary(value(FRAME_CONTENT, TEMPORAL_INDEX), elements.big_endian),
                    _binary(value(MR_ECHO, EFFECTIVE_ECHO), elements.big_endian),
                    _binary(value(MR_DIFFUSION, B_VALUE), elements.big_endian),
                    None,
                    _binary(value(CARDIAC, TRIGGER_DELAY), elements.big_endian),
                    None,
                ),
            )
        )
    return frames


def _binary(raw: object, big_endian: bool) -> float | None:
    """Return the first number of a raw UL (4 bytes) or FD (8 bytes) value."""
    if not isinstance(raw, bytes):
        return None
    if len(raw) == 4:
        return float(int.from_bytes(raw, "big" if big_endian else "little"))
    if len(raw) >= 8:
        from struct import unpack

        value = float(unpack(">d" if big_endian else "<d", raw[:8])[0])
        return value if abs(value) < 1e30 else None
    return None


def series_info(frame: Frame) -> SeriesInfo:
    """Return what the header says of a picture's series, without anything that says who was examined."""
    values = frame.header.values
    centres, widths = numbers(values.get(WINDOW_CENTRE)), numbers(values.get(WINDOW_WIDTH))
    form = frame.header.format
    if form.inverted and form.kind == "integer":
        # The picture is turned so that bright means bright, and the windows with it.
        low, high = stored_range(form)
        turn = (low + high) * frame.slope + 2 * frame.intercept
        centres = tuple(turn - centre for centre in centres)
    series_number = number(values.get(SERIES_NUMBER))
    echo = number(values.get(ECHO_TIME))
    return SeriesInfo(
        modality=frame.header.modality or None,
        description=text(values, DESCRIPTION),
        study_description=text(values, STUDY_DESCRIPTION),
        study_uid=frame.header.study_uid,
        series_uid=frame.header.series_uid,
        series_number=None if series_number is None else int(series_number),
        body_part=text(values, BODY_PART),
        sequence=text(values, SEQUENCE_NAME) or text(values, PULSE_SEQUENCE) or text(values, SCANNING_SEQUENCE),
        manufacturer=text(values, MANUFACTURER),
        repetition_time_ms=number(values.get(REPETITION_TIME)),
        echo_time_ms=frame.marks[1] if echo is None else echo,
        field_strength_t=number(values.get(FIELD_STRENGTH)),
        slice_thickness_mm=number(values.get(THICKNESS)) or None,
        windows=tuple((centre, width) for centre, width in zip(centres, widths, strict=False) if width > 0),
    )


def stored_range(form: PixelFormat) -> tuple[int, int]:
    """Return the lowest and highest stored value that the format allows."""
    if form.signed:
        return -(1 << (form.stored - 1)), (1 << (form.stored - 1)) - 1
    return 0, (1 << form.stored) - 1
