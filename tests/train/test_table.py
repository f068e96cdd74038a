"""Reading tables: the published layout, series with ranges, and every way a table can be wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xai.errors import TrainingError
from xai.imaging.table_places import CLASS_FOLDERS
from xai.imaging.tables import MAX_TABLE_BYTES
from xai.models.manifest import TrainedOn
from xai.phantom.dicom_files import write_series
from xai.phantom.patient import make_patient
from xai.progress import Cancelled
from xai.train.cohort import CLASSES
from xai.train.table import read_cohort

Maker = Callable[..., Any]
PATIENTS = {"P1": (0, 1), "P2": (0, 0), "P3": (1,)}


def test_folders_are_named_for_the_classes() -> None:
    assert CLASS_FOLDERS == CLASSES


def test_the_published_layout(published: Maker, tmp_path: Path) -> None:
    path = published(tmp_path, PATIENTS)
    cohort = read_cohort(path)
    assert [one.row for one in cohort.examples] == [2, 3, 4, 5, 6]
    assert [one.name for one in cohort.examples] == ["P1_0.tif", "P1_1.tif", "P2_0.tif", "P2_1.tif", "P3_0.tif"]
    assert cohort.labels.tolist() == [0, 1, 0, 0, 1]
    assert cohort.groups.tolist() == ["P1", "P1", "P2", "P2", "P3"]
    for one in cohort.examples:
        assert one.image == tmp_path / "Tiles_tif_no_background" / CLASSES[one.label] / one.name
        assert one.mask == tmp_path / "Tiles_mask_tif" / CLASSES[one.label] / one.name
        assert (one.slice, one.fold) == (None, None)
    assert cohort.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert cohort.trained_on == TrainedOn()
    assert cohort.notes == ()


@pytest.mark.parametrize("tree", ["images", ".", "the only one"])
@pytest.mark.parametrize("ending", [".tif", ".png", ".TIFF", ".jpg"])
def test_pictures_are_found_beside_the_table(published: Maker, tmp_path: Path, tree: str, ending: str) -> None:
    cohort = read_cohort(published(tmp_path, PATIENTS, ending=ending, tree=tree, masks="my masks"))
    assert {one.image.parent.parent for one in cohort.examples} == {tmp_path / tree}
    assert all(one.mask is not None and one.mask.name == one.image.name for one in cohort.examples)


def test_names_without_ending_find_pictures_and_masks_of_other_kinds(
    picture: Maker, save: Maker, table: Maker, tmp_path: Path
) -> None:
    save(tmp_path / "images" / "affected" / "a.b.tif", picture(1))
    save(tmp_path / "masks" / "affected" / "a.b.png", picture(1))
    (one,) = read_cohort(table(tmp_path, ["img_name;label;group", "a.b;1;P"])).examples
    assert one.name == "a.b"
    assert one.image.name == "a.b.tif"
    assert one.mask is not None
    assert one.mask.name == "a.b.png"
    save(tmp_path / "images" / "affected" / "a.b.jpg", picture(1))
    with pytest.raises(TrainingError, match=r"^data.csv, row 2: 'a.b' may be a.b.jpg and a.b.tif; write the ending"):
        read_cohort(table(tmp_path, ["img_name;label;group", "a.b;1;P"]))


def test_the_class_folder_goes_by_the_label_and_the_table_counts_where_they_differ(
    picture: Maker, save: Maker, table: Maker, tmp_path: Path
) -> None:
    for name in CLASSES:
        save(tmp_path / "images" / name / "same.tif", picture(len(name)))
    save(tmp_path / "images" / "healthy" / "odd.tif", picture(5))
    path = table(tmp_path, ["img_name;label;group", "same.tif;1;P1", "same.tif;0;P2", "odd.tif;1;P3"])
    folders = [(one.image.parent.name, one.label) for one in read_cohort(path).examples]
    assert folders == [("affected", 1), ("healthy", 0), ("healthy", 1)]


def test_folders_can_be_given(published: Maker, table: Maker, tmp_path: Path) -> None:
    inner = published(tmp_path / "data", PATIENTS, tree="tiles", masks="outlines")
    away = table(tmp_path / "elsewhere", inner.read_text(encoding="utf-8").split(), "t.csv")
    with pytest.raises(TrainingError, match=r"^t.csv has 5 wrong rows: row 2: there is no picture 'P1_0.tif'"):
        read_cohort(away)
    cohort = read_cohort(away, images=tmp_path / "data" / "tiles", masks=tmp_path / "data" / "outlines")
    assert all(one.mask is not None and one.mask.parent.parent.name == "outlines" for one in cohort.examples)
    with pytest.raises(TrainingError, match="There is no folder of masks"):
        read_cohort(away, masks=tmp_path / "none")


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_delimiters_byte_order_marks_and_aliases(
    picture: Maker, save: Maker, tmp_path: Path, delimiter: str, mark: str
) -> None:
    for n in range(2):
        save(tmp_path / f"slice, {n}; é.png", picture(n))
    lines = [["Fold", "Patient_ID", "Label", "remark", "File"]]
    lines += [[str(n), f"P{n}", "Affected" if n else "0.0", "x", f'"slice, {n}; é.png"'] for n in range(2)]
    path = tmp_path / "any.csv"
    path.write_text(mark + "\n\n".join(delimiter.join(line) for line in lines), encoding="utf-8")
    cohort = read_cohort(path)
    assert [(one.row, one.label, one.group, one.fold) for one in cohort.examples] == [(3, 0, "P0", 0), (5, 1, "P1", 1)]
    assert cohort.notes == ("Columns that are not used: 'remark'.",)


def test_series_become_slices(nifti: Maker, picture: Maker, save: Maker, table: Maker, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    voxels = rng.integers(0, 900, (6, 8, 10)).astype(np.int16)
    nifti(tmp_path / "one.nii.gz", voxels)
    nifti(tmp_path / "one_mask.nii.gz", (voxels > 450).astype(np.uint8))
    patient = make_patient(3, 1, grade=2, slices=4, size=64)
    write_series(patient, tmp_path / "dicom" / "P2", "P2")
    save(tmp_path / "stack.tif", np.stack([picture(n) for n in range(3)]))
    save(tmp_path / "single.png", picture(9))
    path = table(
        tmp_path,
        [
            "series,label,subject,mask,slices",
            "one.nii.gz,0,A,one_mask.nii.gz,2:4",
            "one.nii.gz,1,A,,6",
            "dicom/P2,1,B,,",
            "dicom/P2/IM0001.dcm,0,C,,1",
            "stack.tif,healthy,D,,2:3",
            "single.png,affected,E,,",
        ],
    )
    cohort = read_cohort(path)
    assert [(one.row, one.slice, one.label) for one in cohort.examples] == [
        *[(2, k, 0) for k in (1, 2, 3)],
        (3, 5, 1),
        *[(4, k, 1) for k in range(4)],
        (5, 0, 0),
        (6, 1, 0),
        (6, 2, 0),
        (7, None, 1),
    ]
    assert [one.mask is not None for one in cohort.examples] == [True] * 3 + [False] * 9
    assert {one.name for one in cohort.examples} >= {"one.nii.gz", "dicom/P2", "single.png"}


def test_headers_say_what_the_pictures_are(nifti: Maker, table: Maker, tmp_path: Path) -> None:
    for k in range(2):
        write_series(make_patient(3, k, grade=0, slices=3, size=64), tmp_path / f"P{k}", f"P{k}")
    path = table(tmp_path, ["image,label,group", "P0,0,A", "P1,1,B"])
    known = read_cohort(path).trained_on
    sizes = sorted(make_patient(3, k, grade=0, slices=3, size=64).patient.scan.pixel for k in range(2))
    assert (known.modality, known.sequence, known.region, known.plane) == ("MR", "T1", "lower leg", "axial")
    assert known.pixel_mm == pytest.approx(sizes, abs=1e-3)
    nifti(tmp_path / "t2.nii.gz", np.ones((3, 8, 8), np.int16))
    mixed = read_cohort(table(tmp_path, ["image,label,group", "P0,0,A", "t2.nii.gz,1,B"], "b.csv")).trained_on
    assert (mixed.sequence, mixed.region, mixed.plane) == ("", "", "axial")
    (tmp_path / "about.toml").write_text('sequence = "PD"\ndata_source = "site A"\n', encoding="utf-8")
    cohort = read_cohort(path)
    stated = cohort.trained_on
    assert (stated.sequence, stated.region, stated.data_source) == ("PD", "lower leg", "site A")
    assert cohort.notes == ("What the pictures are is from about.toml.",)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("plane = 'slanted'", "does not say what the pictures are: plane: "),
        ("colour = 1", "does not say what the pictures are: colour: "),
        ("sequence = ", "is not valid TOML"),
    ],
)
def test_a_wrong_about_is_named(published: Maker, tmp_path: Path, text: str, cause: str) -> None:
    path = published(tmp_path, PATIENTS)
    (tmp_path / "about.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match=f"about.toml {cause}"):
        read_cohort(path)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("none.png,0,A,,,", "there is no picture 'none.png'"),
        (",0,A,,,", "the image is empty"),
        ("a.png,ill,A,,,", r"the label 'ill' is unknown; labels are healthy \(0\) and affected \(1\)"),
        ("a.png,,A,,,", "the label is empty"),
        ("a.png,2,A,,,", "the label '2' is unknown"),
        ("a.png,0,  ,,,", r"the group \(patient\) is empty"),
        ("a.png,0,A,m.png,,", "there is no mask 'm.png'"),
        ("a.png,0,A,,first,", "the fold 'first' is no number from 0 on"),
        ("a.png,0,A,,-1,", "the fold '-1' is no number"),
        ("a.png,0,A,,1.5,", "the fold '1.5' is no number"),
        ("a.png,0,A,,,2", "'a.png' is one picture, so it has no slices '2'"),
        ("v.nii,0,A,,,0:2", "'0:2' is no range of slices: they are numbered from 1"),
        ("v.nii,0,A,,,3:2", "'3:2' is no range of slices"),
        ("v.nii,0,A,,,3:9", "'v.nii' has slices 1 to 5, so slices 3:9 are not there"),
        ("v.nii,0,A,,,some", "'some' is no range of slices such as 3:12"),
        ("v.nii,0,A,w.nii,,", "the mask w.nii does not lie on the series' grid"),
        ("broken.nii,0,A,,,", "broken.nii is not a NIfTI file that can be read"),
        ("broken.tif,0,A,,,", "broken.tif is not a picture that can be read"),
        ("notes.txt,0,A,,,", "notes.txt is not a picture in any known format"),
        ("two,0,A,,,", "two holds 2 series; name the folder or file of one"),
        ("good.png,0,A,,,", "good.png is named by row 2 already"),
        ("a.png,0,A,,,,surplus", "it has 7 cells, the header 6"),
        (f"{'x' * 5000},0,A,,,", r"there is no picture 'x{57}\.\.\.'"),
        ('a.png,0,"A,,,', r"it cannot be read as CSV"),
        (f"a.png,0,{'y' * 200_000},,,", r"it cannot be read as CSV \(field larger"),
    ],
)
def test_a_wrong_row_is_named(nifti: Maker, save: Maker, picture: Maker, tmp_path: Path, line: str, cause: str) -> None:
    for name in ("good.png", "a.png", "two/x.png", "two/below/y.png"):
        save(tmp_path / name, picture(1))
    nifti(tmp_path / "v.nii", np.ones((5, 8, 8), np.int16))
    nifti(tmp_path / "w.nii", np.ones((5, 8, 7), np.int16))
    for name in ("broken.nii", "broken.tif", "notes.txt"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
    path = tmp_path / "t.csv"
    path.write_text(f"image,label,group,mask,fold,slices\ngood.png,0,P,,,\n{line}\n", encoding="utf-8")
    with pytest.raises(TrainingError, match=f"^t.csv, row 3: {cause}") as caught:
        read_cohort(path)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_overlapping_ranges_are_named(nifti: Maker, table: Maker, tmp_path: Path) -> None:
    nifti(tmp_path / "v.nii", np.ones((5, 8, 8), np.int16))
    path = table(tmp_path, ["image;label;group;slices", "v.nii;0;A;1:3", "./v.nii;1;A;3:5"])
    with pytest.raises(TrainingError, match=r"^data.csv, row 3: slice 3 of ./v.nii is named by row 2 already.$"):
        read_cohort(path)


def test_several_wrong_rows_are_counted(published: Maker, table: Maker, tmp_path: Path) -> None:
    lines = published(tmp_path, PATIENTS).read_text(encoding="utf-8").split()
    wrong = [line.replace("healthy", "well") if n in (1, 4) else line for n, line in enumerate(lines)]
    with pytest.raises(TrainingError) as caught:
        read_cohort(table(tmp_path, [*wrong, *[f"no{n};0;P" for n in range(4)]]))
    text = str(caught.value)
    assert text.startswith("data.csv has 6 wrong rows: row 2: the label 'well' is unknown")
    assert text.count("row ") == 3
    assert text.endswith("; and 3 more.")


def test_a_patient_is_never_in_two_folds(save: Maker, picture: Maker, table: Maker, tmp_path: Path) -> None:
    for n in range(3):
        save(tmp_path / f"{n}.png", picture(n))
    lines = ["image;label;group;fold", "0.png;0;A;0", "1.png;1;B;1"]
    with pytest.raises(
        TrainingError, match=r"^data.csv, row 4: the patient 'A' is in fold 2 here and in fold 0 in row 2"
    ):
        read_cohort(table(tmp_path, [*lines, "2.png;1;A;2"]))
    with pytest.raises(TrainingError, match=r"row 4: the fold is empty, while other rows have one"):
        read_cohort(table(tmp_path, [*lines, "2.png;1;A;"]))
    assert [one.fold for one in read_cohort(table(tmp_path, [*lines, "2.png;1;A;0"])).examples] == [0, 1, 0]


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (b"img_name;label;group\n\n;;\n", "has a header but no rows"),
        (b"img_name;group\na;b\n", "has no column 'label': its columns are 'img_name', 'group'"),
        (b"img_name;label\na;0\n", r"has no column 'group' \(or patient, patient_id, subject\)"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is not a table of text"),
        ("img_name;label;group\nä;0;A\n".encode("latin-1"), "row 2: a letter is not in UTF-8"),
        ("img_name;label;group\na;0;A\n".encode("utf-16"), "is text in UTF-16; save it as CSV in UTF-8"),
        (b"image;image;label;group\n", "has the column 'image' twice"),
        (b"a" * (MAX_TABLE_BYTES + 1), "is larger than 64 MiB"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, raw: bytes, cause: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(raw)
    with pytest.raises(TrainingError, match=f"^t.csv,? {cause}"):
        read_cohort(path)


def test_a_table_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"^There is no table .*none.csv\.$"):
        read_cohort(tmp_path / "none.csv")
    with pytest.raises(TrainingError, match="cannot be read"):
        read_cohort(tmp_path)


def test_reading_is_reported_and_can_be_cancelled(published: Maker, tmp_path: Path) -> None:
    path = published(tmp_path, PATIENTS)
    calls: list[tuple[int, int]] = []
    read_cohort(path, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(n, 5) for n in range(6)]

    def cancel(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        read_cohort(path, progress=cancel)
