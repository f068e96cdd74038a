"""The load report: what it counts, and in which order it tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from viewer.core.load_report import CODE_WORDS, LoadReport, load_report
from xai.imaging.catalog import Catalog, scan
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.series import Series
from xai.imaging.volume import PROBLEM_CODES, Gap, Problem, SeriesInfo


class NoReader:
    def read_slice(self, k: int) -> NDArray[np.float32]:
        raise AssertionError("a report reads no pixels")


def series(
    uid: str,
    *problems: Problem,
    study: str = "s",
    slices: int = 5,
    volumes: int = 1,
    gaps: tuple[Gap, ...] = (),
    files: int = 5,
) -> Series:
    return Series(
        uid,
        VolumeGeometry((slices, 4, 6), np.eye(4)),
        SeriesInfo(description=uid, study_uid=study),
        tuple(Path(f"/secret name/{uid}/{n}") for n in range(files)),
        NoReader(),
        problems,
        volumes,
        gaps=gaps,
    )


MISSING = Problem("missing-slices", "Some are missing.", ("a", "b"))
COPIES = Problem("duplicate-slices", "Copies.", ("c", "d", "e"))
CATALOG = Catalog(
    (
        series("whole"),
        series("holes", MISSING, gaps=(Gap(0, 2), Gap(3, 1)), study="t"),
        series("mixed", Problem("mixed-orientation", "Mixed."), slices=3),
        series("mixed#2", COPIES, Problem("time-series", "Again."), slices=2, volumes=4),
        series("file", study=""),
    ),
    (Problem("not-an-image", "x is no picture.", ("x",)), Problem("unreadable", "y cannot be read.", ("y",))),
    looked_at=40,
    passed_over=7,
)


def report(open_one: int = 0, *problems: Problem) -> LoadReport:
    return load_report(CATALOG, CATALOG.series[open_one], problems or CATALOG.series[open_one].problems)


def test_counts_come_first_and_are_right() -> None:
    assert dict(report().counts) == {
        "Files looked at": 40,
        "Studies found": 2,
        "Series found": 5,
        "Slices found": 20,
        "Series with something odd": 3,
        "Files passed over by their name (text, tables, programs)": 7,
        "Files skipped: no pictures": 1,
        "Files or folders skipped: unreadable": 1,
        "Series split into several": 1,
        "Duplicate files left out": 3,
        "Slices missing between others": 3,
        "Volumes that are not shown (time points, echoes)": 3,
    }


def test_what_is_not_there_is_not_counted() -> None:
    sound = load_report(Catalog((series("whole"),), (), 5), None, ())
    assert [number for _, number in sound.counts] == [5, 1, 1, 5]
    assert sound.sections == ()
    assert [section.title for section in sound.sound] == ["whole"]


def test_the_open_series_comes_first_with_what_reading_has_shown() -> None:
    late = Problem("undecodable", "Slice 3 is damaged.")
    titles = [section.title for section in report(3, COPIES, late).sections]
    assert titles == ["mixed#2 (open now)", "holes", "mixed", "Files that were left out"]
    assert report(3, COPIES, late).sections[0].problems == (COPIES, late)
    assert ("Pictures damaged or without pixels", 1) in report(3, COPIES, late).counts
    assert [section.title for section in report().sound] == ["whole", "file"]


def test_studies_are_numbers_and_folders_are_not_named() -> None:
    facts = {section.title: section.facts for section in (*report(1).sections, *report(1).sound)}
    assert facts["holes (open now)"] == "Study 2 · 5 × 4 × 6 · sagittal · 5 files"
    assert facts["file"].startswith("No study")
    assert not any("secret" in words for words in facts.values())


def test_every_code_has_words() -> None:
    assert set(CODE_WORDS) == set(PROBLEM_CODES)


@pytest.mark.realdata
def test_real_gaps_are_counted(real_data: Path) -> None:
    catalog = scan([real_data / "dicom_bad_series_ct"])
    assert dict(load_report(catalog, None, ()).counts)["Slices missing between others"] == 2
    assert [one.gaps for one in catalog.series] == [(Gap(2, 1),), (Gap(2, 1),), ()]


def test_files_passed_over_are_counted(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "odd").write_text("words")
    (tmp_path / ".hidden").write_text("words")
    from PIL import Image

    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "tile.png")
    catalog = scan([tmp_path])
    assert (catalog.looked_at, catalog.passed_over) == (3, 1)
