"""The DICOM elements a series is made from, and their raw values as numbers and text."""

from __future__ import annotations

from struct import unpack

from xai.imaging.decoding import quiet
from xai.imaging.dicom_elements import FRAME_GROUPS, SHARED_GROUPS

CHARSET, IMAGE_TYPE, SOP_CLASS, SOP_UID, MODALITY = 0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00080060
STUDY_UID, SERIES_UID, SERIES_NUMBER, ACQUISITION, INSTANCE = 0x0020000D, 0x0020000E, 0x00200011, 0x00200012, 0x00200013
POSITION, ORIENTATION, TEMPORAL_POSITION, FRAME_UID = 0x00200032, 0x00200037, 0x00200100, 0x00200052
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
_TEXT = frozenset({
    CHARSET, IMAGE_TYPE, SOP_CLASS, SOP_UID, MODALITY, STUDY_UID, SERIES_UID, SERIES_NUMBER, ACQUISITION, INSTANCE,
    POSITION, ORIENTATION, TEMPORAL_POSITION, ACQUISITION_TIME, TRIGGER_TIME, THICKNESS, SLICE_GAP, ECHO_TIME,
    INVERSION_TIME, B_VALUE, PHOTOMETRIC, FRAMES, PIXEL_SPACING, WINDOW_CENTRE, WINDOW_WIDTH, INTERCEPT, SLOPE,
    DESCRIPTION, STUDY_DESCRIPTION, MANUFACTURER, BODY_PART, SEQUENCE_NAME, PULSE_SEQUENCE, SCANNING_SEQUENCE,
    REPETITION_TIME, FIELD_STRENGTH, FRAME_UID,
})  # fmt: skip
WANTED = _TEXT | _BINARY
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

_DELIMITERS = {0x0A, 0x0C, 0x0D, 0x09}


def number(raw: object) -> float | None:
    """Return the first number of a raw decimal or integer string; None when there is none."""
    found = numbers(raw)
    return found[0] if found else None


def numbers(raw: object) -> tuple[float, ...]:
    """Return the numbers of a raw decimal or integer string; empty when one of them is none."""
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
            return str(decode_bytes(raw, convert_encodings(declared), _DELIMITERS)).strip()
        except Exception:  # any broken declaration of a character set
            return raw.decode("latin-1").strip()


def binary(raw: object, big_endian: bool) -> float | None:
    """Return the first number of a raw UL (4 bytes) or FD (8 bytes) value."""
    if not isinstance(raw, bytes):
        return None
    if len(raw) == 4:
        return float(int.from_bytes(raw, "big" if big_endian else "little"))
    if len(raw) >= 8:
        value = float(unpack(">d" if big_endian else "<d", raw[:8])[0])
        return value if abs(value) < 1e30 else None
    return None
