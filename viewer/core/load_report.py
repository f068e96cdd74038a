"""What came of the files that were opened: counts first, then what is odd about each series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from viewer.core.words import QT_TR_NOOP, tr
from xai.imaging.catalog import Catalog
from xai.imaging.series import Series
from xai.imaging.volume import Problem

CODE_WORDS = {
    "missing-slices": QT_TR_NOOP("missing slices"),
    "duplicate-slices": QT_TR_NOOP("duplicates"),
    "uneven-spacing": QT_TR_NOOP("uneven spacing"),
    "gantry-tilt": QT_TR_NOOP("gantry tilt"),
    "mixed-orientation": QT_TR_NOOP("mixed orientations"),
    "undecodable": QT_TR_NOOP("cannot be decoded"),
    "not-an-image": QT_TR_NOOP("no picture"),
    "mosaic": QT_TR_NOOP("mosaic"),
    "colour": QT_TR_NOOP("colour"),
    "time-series": QT_TR_NOOP("several volumes"),
    "geometry-unknown": QT_TR_NOOP("place unknown"),
    "not-mr": QT_TR_NOOP("not MR"),
    "unreadable": QT_TR_NOOP("unreadable"),
}
"""A few words for each code of `xai.imaging.volume.PROBLEM_CODES`."""
PLANE_WORDS = {"axial": QT_TR_NOOP("axial"), "coronal": QT_TR_NOOP("coronal"), "sagittal": QT_TR_NOOP("sagittal")}
SEVERE = frozenset({"undecodable", "unreadable"})
"""Codes that mean that something is lost; the others say that something is unusual."""


@dataclass(frozen=True, slots=True)
class Section:
    """One series, or the files that belong to none.

    Parameters
    ----------
    facts : str
        Its size and where it stands, in one line; may be empty.
    """

    title: str
    facts: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The report.

    Parameters
    ----------
    counts : tuple of (str, int)
        What was found, skipped, split, duplicate, missing and so on; what is zero is left out, except what was found.
    sections : tuple of Section
        The open series first, then the others with something odd, then files that are no pictures.
    sound : tuple of Section
        Series about which nothing is odd.
    """

    counts: tuple[tuple[str, int], ...]
    sections: tuple[Section, ...]
    sound: tuple[Section, ...]


def study_numbers(series: Sequence[Series]) -> list[int]:
    """Return the study that each series belongs to, numbered from 1 in order of appearance; 0 for files without one.

    The number is all that a study is called: its own identifiers, dates and words may name the patient.
    """
    studies = list(dict.fromkeys(one.info.study_uid for one in series if one.info.study_uid))
    return [studies.index(one.info.study_uid) + 1 if one.info.study_uid else 0 for one in series]


def study_title(number: int) -> str:
    """Return what a study of `study_numbers` is called."""
    return tr("Study {number}").format(number=number) if number else tr("No study")


def series_title(series: Series) -> str:
    """Return a series' name for lists and titles."""
    number = "" if series.info.series_number is None else f"{series.info.series_number}: "
    return number + (series.info.description or tr("series without a name"))


def size_text(series: Series) -> str:
    """Return ``"20 × 256 × 256"``: slices, rows, columns."""
    return " × ".join(str(n) for n in series.geometry.shape)


def plane_text(series: Series) -> str:
    """Return ``"axial"``, ``"coronal"`` or ``"sagittal"``; empty where the geometry is unknown."""
    return tr(PLANE_WORDS[series.geometry.plane]) if series.geometry.known else ""


def load_report(catalog: Catalog, series: Series | None, problems: Sequence[Problem]) -> LoadReport:
    """Return the report on a catalogue.

    Parameters
    ----------
    catalog : Catalog
        Everything that was found.
    series : Series or None
        The open one.
    problems : sequence of Problem
        What is known of the open series by now; reading its pixels may have added something.
    """
    studies = study_numbers(catalog.series)
    sections: list[Section] = []
    sound: list[Section] = []
    for one, study in zip(catalog.series, studies, strict=True):
        section = Section(series_title(one), _facts(one, study), tuple(problems) if one is series else one.problems)
        if not section.problems:
            sound.append(section)
        elif one is series:
            sections.insert(0, replace(section, title=tr("{series} (open now)").format(series=section.title)))
        else:
            sections.append(section)
    if catalog.problems:
        sections.append(Section(tr("Files that were left out"), "", catalog.problems))
    found = [problem for section in sections for problem in section.problems]
    odd = len(catalog.series) - len(sound)
    return LoadReport(tuple(_counts(catalog, studies, found, odd)), tuple(sections), tuple(sound))


def _facts(series: Series, study: int) -> str:
    facts = [study_title(study), size_text(series), series.info.modality or "", plane_text(series)]
    files = len(series.files)
    facts.append(tr("1 file") if files == 1 else tr("{count} files").format(count=files))
    return " · ".join(fact for fact in facts if fact)


def _counts(catalog: Catalog, studies: Sequence[int], found: Sequence[Problem], odd: int) -> list[tuple[str, int]]:
    series = catalog.series
    files: Counter[str] = Counter()
    for problem in found:
        files[problem.code] += max(1, len(problem.files))
    parts = Counter(one.uid.partition("#")[0] for one in series)
    always = [
        (tr("Files looked at"), catalog.looked_at),
        (tr("Studies found"), len(set(studies) - {0})),
        (tr("Series found"), len(series)),
        (tr("Slices found"), sum(len(one) for one in series)),
    ]
    where_odd = [
        (tr("Series with something odd"), odd),
        (tr("Files passed over by their name (text, tables, programs)"), catalog.passed_over),
        (tr("Files skipped: no pictures"), files["not-an-image"]),
        (tr("Files or folders skipped: unreadable"), files["unreadable"]),
        (tr("Series split into several"), sum(count > 1 for count in parts.values())),
        (tr("Duplicate files left out"), files["duplicate-slices"]),
        (tr("Slices missing between others"), sum(gap.missing for one in series for gap in one.gaps)),
        (tr("Pictures damaged or without pixels"), files["undecodable"]),
        (tr("Volumes that are not shown (time points, echoes)"), sum(one.volumes - 1 for one in series)),
    ]
    return always + [(words, number) for words, number in where_odd if number]
