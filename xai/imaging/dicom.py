"""DICOM files to series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xai.errors import ImagingError
from xai.imaging.dicom_elements import NotDicomError, OddStructureError, read_elements
from xai.imaging.dicom_frames import Frame, frames_of, series_info
from xai.imaging.dicom_headers import CUT_OFF, FileHeader, NotAnImageError, read_header
from xai.imaging.dicom_pixels import DicomReader
from xai.imaging.dicom_tags import CHARSET, text
from xai.imaging.series import Identity, Series, path_uid
from xai.imaging.sorting import Stack, build_stacks, names, split_orientations, unplaced, usable_orientation
from xai.imaging.volume import Problem

_NAME, _ID, _BIRTH_DATE, _STUDY_DATE = 0x00100010, 0x00100020, 0x00100030, 0x00080020


@dataclass(slots=True)
class DicomCollection:
    """DICOM files gathered one by one, made into series at the end."""

    frames: list[Frame] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: Path) -> None:
        """Read a file's header; what holds no picture becomes a problem."""
        try:
            header, elements = read_header(path)
            self.frames += frames_of(header, elements)
        except NotAnImageError as error:
            if path.name.upper() != "DICOMDIR":
                self.problems.append(Problem("not-an-image", f"{path.name} is not a picture: {error}.", (path.name,)))
        except NotDicomError as error:
            self.problems.append(Problem("not-an-image", f"{path.name} is not a DICOM file: {error}.", (path.name,)))
        except OSError as error:
            cause = error.strerror or "it cannot be opened"
            self.problems.append(Problem("unreadable", f"{path.name} cannot be read: {cause}.", (path.name,)))

    def series(self) -> list[Series]:
        """Return the series of all files gathered, by study and series number."""
        by_series: dict[Hashable, list[Frame]] = defaultdict(list)
        for frame in self.frames:
            uid = frame.header.series_uid
            by_series[uid or frame.header.path.parent].append(frame)
        studies = {study: k for k, study in enumerate(dict.fromkeys(f.header.study_uid for f in self.frames))}
        found = [series for frames in by_series.values() for series in _series_of(frames)]
        return sorted(found, key=lambda s: (studies.get(s.info.study_uid, 0), s.info.series_number or 0))


def _series_of(frames: Sequence[Frame]) -> list[Series]:
    """Return the series that one SeriesInstanceUID holds: one in a sound export, more where it mixes pictures."""
    frames, copies = _without_copies(frames)
    placed = [f for f in frames if _placed(f)]
    orientations = split_orientations(placed)
    parts: list[tuple[Stack, list[Problem]]] = []
    for group in [*orientations, [f for f in frames if not _placed(f)]]:
        for part in _groups(group):
            parts += _stacks(part, len(orientations))
    uid = frames[0].header.series_uid or path_uid(frames[0].header.path)
    made = []
    for k, (stack, problems) in enumerate(parts):
        own = [*problems, *stack.problems, *_file_problems([*stack.frames, *(copies if k == 0 else ())])]
        listed = names(f for f in copies if not f.header.fault) if k == 0 else ()
        if listed:
            what = "is a copy of another file" if len(listed) == 1 else "are copies of others"
            count = f"{len(listed)} {'file' if len(listed) == 1 else 'files'}"
            own.append(Problem("duplicate-slices", f"{count} of this series {what} and left out.", listed))
        files = [frame.header.path for frame in (*stack.frames, *stack.rest, *(copies if k == 0 else ()))]
        first = stack.frames[0]
        made.append(
            Series(
                uid=uid if k == 0 else f"{uid}#{k + 1}",
                geometry=stack.geometry,
                info=series_info(first),
                files=tuple(dict.fromkeys(files)),
                reader=DicomReader(stack.frames),
                problems=tuple(own),
                volumes=stack.volumes,
                identity_file=first.header.path,
                gaps=stack.gaps,
            )
        )
    return made


def _without_copies(frames: Sequence[Frame]) -> tuple[list[Frame], list[Frame]]:
    """Part frames from further copies of the same instance, preferring one whose pixels are there."""
    kept: dict[Hashable, Frame] = {}
    copies = []
    for frame in frames:
        header = frame.header
        key: Hashable = id(frame)
        if header.sop_uid:
            # Careless anonymisers give every file the same identifier, so that the identifier alone does not decide.
            key = (header.sop_uid, header.instance, frame.number, frame.position, frame.kind, frame.marks)
        other = kept.setdefault(key, frame)
        if other is frame:
            continue
        if other.header.fault and not header.fault:
            kept[key], frame = frame, other
        copies.append(frame)
    return list(kept.values()), copies


def _groups(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Group frames of one orientation that may be one stack: same size, colour and spacing."""
    groups: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        form = frame.header.format
        spacing = tuple(round(value, 3) for value in frame.spacing or ()) if _placed(frame) else ()
        groups[form.rows, form.columns, form.colour, frame.header.mosaic, spacing].append(frame)
    return list(groups.values())


def _placed(frame: Frame) -> bool:
    return frame.position is not None and usable_orientation(frame.orientation) and not frame.header.mosaic


def _stacks(frames: Sequence[Frame], orientations: int) -> list[tuple[Stack, list[Problem]]]:
    """Return the stacks of one group of frames with what must be said of them."""
    header = frames[0].header
    problems: list[Problem] = []
    if header.modality != "MR":
        stated = f"is {header.modality}" if header.modality else "states no modality"
        problems.append(Problem("not-mr", f"The series {stated}, not MR."))
    if header.format.colour:
        problems.append(
            Problem("colour", "The pictures are in colour; their brightness is shown, and no model is run on them.")
        )
    if header.mosaic:
        problems += _mosaic_problems(frames)
        return [(unplaced(frames, volumes=len(frames)), problems)]
    if not _placed(frames[0]):
        problems.append(
            Problem(
                "geometry-unknown",
                "The files do not say where the pictures lie in the patient; they are in the order of their numbers.",
            )
        )
        return [(unplaced(frames), problems)]
    if orientations > 1:
        count = f"{len(frames)} {'picture' if len(frames) == 1 else 'pictures'}"
        problems.append(
            Problem(
                "mixed-orientation",
                f"The series mixes {orientations} orientations; each is listed by itself, this one with {count}.",
            )
        )
    return [(stack, problems) for stack in build_stacks(frames)]


def _mosaic_problems(frames: Sequence[Frame]) -> list[Problem]:
    problems = [
        Problem(
            "mosaic",
            "The picture is a Siemens mosaic: all slices of a volume tiled into one; it is shown as stored, "
            "without patient geometry, and no model is run on it.",
            names(frames),
        )
    ]
    if len(frames) > 1:
        more = len(frames) - 1
        problems.append(
            Problem(
                "time-series",
                f"There are {len(frames)} mosaics, one per time point: the first is opened, "
                f"{more} more {'is' if more == 1 else 'are'} not shown.",
            )
        )
    return problems


def _file_problems(frames: Sequence[Frame]) -> list[Problem]:
    """Name the files whose pixels are known to be missing or cut off."""
    faulty: dict[Path, FileHeader] = {f.header.path: f.header for f in frames if f.header.fault}
    problems = []
    for path, header in faulty.items():
        sentence = f"{path.name} cannot be read: {header.fault}."
        if header.fault.startswith(CUT_OFF) and (header.frames > 1 or header.format.encapsulated):
            sentence = f"{path.name} is damaged: {header.fault}; what is left of it is shown."
        problems.append(Problem("undecodable", sentence, (path.name,)))
    return problems


def read_identity(path: Path) -> Identity:
    """Read who was examined from a file's header.

    Raises
    ------
    ImagingError
        When the file cannot be read any more.
    """
    try:
        values = read_elements(path, frozenset([CHARSET, _NAME, _ID, _BIRTH_DATE, _STUDY_DATE])).values
    except (OSError, NotDicomError, OddStructureError) as error:
        raise ImagingError(f"{path.name} cannot be read: its header cannot be followed.") from error
    name = text(values, _NAME).split("=")[0].replace("^", " ")
    return Identity(" ".join(name.split()), text(values, _ID), text(values, _BIRTH_DATE), text(values, _STUDY_DATE))
