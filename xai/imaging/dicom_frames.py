"""The pictures in DICOM files: each with its place in the patient, its rescale, and what tells repeats apart."""

from __future__ import annotations

from dataclasses import dataclass

from xai.imaging.dicom_elements import FRAME_GROUPS, SHARED_GROUPS, Elements, Items
from xai.imaging.dicom_headers import FileHeader, stored_range
from xai.imaging.dicom_tags import (
    ACQUISITION,
    ACQUISITION_TIME,
    B_VALUE,
    BODY_PART,
    CARDIAC,
    DESCRIPTION,
    ECHO_TIME,
    EFFECTIVE_ECHO,
    FIELD_STRENGTH,
    FRAME_CONTENT,
    FRAME_TYPE,
    FRAME_UID,
    FRAME_VOI,
    INTERCEPT,
    MANUFACTURER,
    MR_DIFFUSION,
    MR_ECHO,
    MR_FRAME_TYPE,
    MR_TIMING,
    ORIENTATION,
    PIXEL_MEASURES,
    PIXEL_SPACING,
    PLANE_ORIENTATION,
    PLANE_POSITION,
    POSITION,
    PULSE_SEQUENCE,
    REPETITION_TIME,
    SCANNING_SEQUENCE,
    SEQUENCE_NAME,
    SERIES_NUMBER,
    SLICE_GAP,
    SLOPE,
    STUDY_DESCRIPTION,
    TEMPORAL_INDEX,
    TEMPORAL_POSITION,
    THICKNESS,
    TRIGGER_DELAY,
    TRIGGER_TIME,
    VALUE_TRANSFORMATION,
    WINDOW_CENTRE,
    WINDOW_WIDTH,
    ascii_text,
    binary,
    number,
    numbers,
    text,
)
from xai.imaging.volume import SeriesInfo

MARKS = ("time point", "echo time", "b-value", "acquisition", "trigger time", "acquisition time")
"""What tells pictures at one place apart, in the order in which it is tried; the fields of `Frame.marks`."""


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


def frames_of(header: FileHeader, elements: Elements) -> list[Frame]:
    """Return the file's pictures, each with its own place and rescale."""
    if elements.groups.get(FRAME_GROUPS):
        return _enhanced(header, elements)
    values = header.values
    marks = (
        number(values.get(TEMPORAL_POSITION)),
        number(values.get(ECHO_TIME)),
        binary(values.get(B_VALUE), elements.big_endian),
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
            repetition = binary(value(MR_TIMING, REPETITION_TIME), elements.big_endian)
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
                    binary(value(FRAME_CONTENT, TEMPORAL_INDEX), elements.big_endian),
                    binary(value(MR_ECHO, EFFECTIVE_ECHO), elements.big_endian),
                    binary(value(MR_DIFFUSION, B_VALUE), elements.big_endian),
                    None,
                    binary(value(CARDIAC, TRIGGER_DELAY), elements.big_endian),
                    None,
                ),
            )
        )
    return frames


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
        frame_uid=ascii_text(values.get(FRAME_UID)),
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
