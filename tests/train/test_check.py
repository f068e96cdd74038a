"""The check before training: planted leaks are found and nothing else is, and what cannot be folded is said."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from xai.models.manifest import PreprocessSettings
from xai.phantom.cohort import write_cohort
from xai.train.check import Finding, check, listing
from xai.train.cohort import Cohort
from xai.train.config import TrainingConfig
from xai.train.duplicates import copies, describe
from xai.train.pictures import open_pictures, write_pictures
from xai.train.table import read_cohort

Maker = Callable[..., Any]
CONFIG = TrainingConfig(folds=2, preprocess=PreprocessSettings(size=64))
BALANCED = {"P1": (0, 1), "P2": (0, 1), "P3": (0, 1), "P4": (1, 0)}


def codes(findings: Sequence[Finding]) -> dict[str, str]:
    return {one.code: one.severity for one in findings}


def message(findings: Sequence[Finding], code: str) -> str:
    (found,) = [one.message for one in findings if one.code == code]
    return found


def checked(path: Path, config: TrainingConfig = CONFIG) -> tuple[Finding, ...]:
    cohort = read_cohort(path)
    write_pictures(cohort, config, path.parent / "work" / "p.npy")
    return check(cohort, config, open_pictures(path.parent / "work" / "p.npy"))


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight phantom patients of four slices as tiles."""
    out = tmp_path_factory.mktemp("phantoms")
    write_cohort(out, 8, 21, slices=4, size=224, layout="tiles")
    return out


@pytest.fixture
def cohort_folder(phantoms: Path, tmp_path: Path) -> Path:
    return shutil.copytree(phantoms, tmp_path / "cohort")


PHANTOM_CONFIG = TrainingConfig(folds=4)


def test_a_sound_cohort_has_notes_only(cohort_folder: Path) -> None:
    findings = checked(cohort_folder / "data.csv", PHANTOM_CONFIG)
    assert codes(findings) == {"mixed-groups": "note", "balance": "note"}
    text = listing(findings, read_cohort(cohort_folder / "data.csv"))
    assert text.startswith("data.csv: 32 slices of 8 patients\n")
    assert re.search(r"healthy +\d+ slices +8 patients", text)
    assert "with a mask: 32 of 32" in text
    assert "T1-weighted axial MR lower leg (synthetic lower-leg phantoms)" in text
    assert text.endswith("Nothing speaks against training.")


def _first(cohort: Cohort, group: str) -> Path:
    return next(one.image for one in cohort.examples if one.group == group)


def _plant(folder: Path, name: str, label: str, group: str) -> Path:
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write(f"{name};{label};{group}\r\n")
    return folder / "Tiles_tif_no_background" / label / name


def test_the_same_file_of_two_patients_is_a_leak(cohort_folder: Path) -> None:
    source = _first(read_cohort(cohort_folder / "data.csv"), "P001")
    shutil.copyfile(source, _plant(cohort_folder, "planted.tif", "healthy", "P005"))
    findings = checked(cohort_folder / "data.csv", PHANTOM_CONFIG)
    assert codes(findings)["leak"] == "warning"
    assert f"{source.name} of P001 = planted.tif of P005." in message(findings, "leak")
    assert message(findings, "leak").startswith("1 picture byte for byte the same for different patients")
    assert "leak-near" not in codes(findings)
    assert "copies-within" not in codes(findings)


def test_the_same_file_of_one_patient_is_a_note(cohort_folder: Path) -> None:
    source = _first(read_cohort(cohort_folder / "data.csv"), "P001")
    shutil.copyfile(source, _plant(cohort_folder, "planted.tif", "healthy", "P001"))
    findings = checked(cohort_folder / "data.csv", PHANTOM_CONFIG)
    assert codes(findings)["copies-within"] == "note"
    assert f"{source.name} = planted.tif" in message(findings, "copies-within")
    assert not {"leak", "leak-near"} & set(codes(findings))


def _jpeg(pixels: np.ndarray[Any, Any], path: Path) -> None:
    eight = (pixels / pixels.max() * 255).astype(np.uint8)
    Image.fromarray(eight).save(path.with_suffix(".jpg"), quality=60)


def _dimmed(pixels: np.ndarray[Any, Any], path: Path) -> None:
    tifffile.imwrite(path, np.where(pixels > 0, pixels * 0.5 + 40, 0).astype(np.uint16))


def _smaller(pixels: np.ndarray[Any, Any], path: Path) -> None:
    """Shrink a picture, so that all are padded and it lies on fewer of the network's pixels."""
    image = Image.fromarray(pixels.astype(np.float32)).resize((150, 150), Image.Resampling.BICUBIC)
    tifffile.imwrite(path, np.asarray(image).clip(0).astype(np.uint16))


def _mirrored(pixels: np.ndarray[Any, Any], path: Path) -> None:
    tifffile.imwrite(path, pixels[:, ::-1])


@pytest.mark.parametrize("change", [_jpeg, _dimmed, _smaller, _mirrored])
def test_a_copy_stored_anew_is_found_and_nothing_else(cohort_folder: Path, change: Maker) -> None:
    cohort = read_cohort(cohort_folder / "data.csv")
    for n in range(3):
        source = cohort.examples[4 * n + n].image
        name = f"planted{n}.{'jpg' if change is _jpeg else 'tif'}"
        change(tifffile.imread(source), _plant(cohort_folder, name, "healthy", "P008"))
    findings = checked(cohort_folder / "data.csv", PHANTOM_CONFIG)
    assert codes(findings)["leak-near"] == "warning"
    assert "leak" not in codes(findings)
    told = message(findings, "leak-near")
    assert told.startswith("3 pairs of nearly the same pictures of different patients")
    for n in range(3):
        one = cohort.examples[4 * n + n]
        mirrored = " mirrored" if change is _mirrored else ""
        assert f"{one.name} of {one.group} and planted{n}" in told
        assert f"of P008{mirrored}" in told
        assert ("mirrored" in told) == bool(mirrored)


@pytest.mark.parametrize("change", [lambda pixels: pixels // 2 + (pixels > 0), lambda pixels: pixels[:, ::-1]])
def test_padded_tiles_are_compared_by_what_is_in_them(
    published: Maker, save: Maker, change: Maker, picture: Maker, tmp_path: Path
) -> None:
    """All have the same outline in a wide black frame; a mirrored one of odd breadth lies a pixel further right."""
    path = published(tmp_path, {"P1": (0, 1), "P2": (0, 1), "P3": (0, 1)}, masks="")
    cohort = read_cohort(path)
    for n, one in enumerate(cohort.examples):
        save(one.image, picture(n, (32 + n, 41)))
    assert "leak-near" not in codes(checked(path, PHANTOM_CONFIG))
    save(cohort.examples[5].image, change(picture(0, (32, 41))))
    told = message(checked(path, PHANTOM_CONFIG), "leak-near")
    assert told.startswith("1 pair of nearly the same pictures of different patients")
    assert "P1_0.tif of P1 and P3_1.tif of P3" in told


def test_all_pairs_are_compared_over_all_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xai.train.duplicates._BLOCK", 8)
    rng = np.random.default_rng(5)
    pictures = rng.random((29, 64, 64)).astype(np.float16)
    pictures[17] = pictures[2]
    pictures[28] = pictures[1][:, ::-1]
    pictures[9] = pictures[10]
    pictures[20:22] = 0
    groups = np.array([f"P{n}" for n in range(29)])
    groups[9] = groups[10]
    calls: list[tuple[int, int]] = []
    pairs, count = copies(pictures, groups, lambda done, total: calls.append((done, total)))
    assert [(one.first, one.second, one.mirrored) for one in sorted(pairs, key=lambda p: p.first)] == [
        (1, 28, True),
        (2, 17, False),
    ]
    assert count == 2
    assert len(calls) == 10
    # An oracle: the whole table of correlations at once.
    described = describe(pictures).astype(float)
    table = described @ described.T
    assert np.argwhere(np.triu(table > 0.96, 1)).tolist() == [[2, 17], [9, 10]]
    assert np.allclose(np.diag(table)[:20], 1, atol=1e-5)
    assert not described[20:22].any()


def test_many_copies_are_counted_and_a_few_are_named() -> None:
    pictures = np.repeat(np.random.default_rng(0).random((1, 64, 64)), 60, axis=0).astype(np.float16)
    pairs, count = copies(pictures, np.array([f"P{n}" for n in range(60)]))
    assert count == 60 * 59 // 2
    assert len(pairs) == 1000


@pytest.mark.parametrize(
    ("patients", "folds", "severity", "code", "words"),
    [
        (
            {"P1": (0, 0), "P2": (0,)},
            2,
            "error",
            "one-class",
            "All 3 slices are healthy; there is none that is affected.",
        ),
        (
            {"P1": (1, 1), "P2": (1,)},
            2,
            "error",
            "one-class",
            "All 3 slices are affected; there is none that is healthy.",
        ),
        (
            {"P1": (0, 1, 1)},
            2,
            "error",
            "one-group",
            "All 3 slices are of one patient ('P1'); folds need more than one.",
        ),
        (
            {"P1": (0, 1), "P2": (0,), "P3": (1,)},
            10,
            "error",
            "folds-groups",
            "There are 10 folds and only 3 patients (2 with healthy slices, 2 with affected ones).",
        ),
        (
            {"P1": (0, 1), "P2": (0,), "P3": (0,)},
            2,
            "error",
            "few-patients",
            "Only 1 of 3 patients has affected slices (3 with healthy slices, 1 with affected ones); at least 2 are "
            "needed.",
        ),
        (
            {"P1": (0, 1), "P2": (0, 1), "P3": (0,), "P4": (0,)},
            4,
            "warning",
            "rare-class",
            "2 of 4 patients have affected slices, so at least 2 of 4 folds have none of them; what such a fold cannot "
            "say is left empty, and the figures of all folds together count.",
        ),
        (
            {"P1": (0, 1), "P2": (1,), "P3": (0,)},
            2,
            "note",
            "mixed-groups",
            "1 of 3 patients with healthy and affected slices, which is allowed.",
        ),
        (
            {"P1": (0, 0, 0, 0, 0, 0), "P2": (0, 0, 0, 0, 0), "P3": (1,), "P4": (1,)},
            2,
            "note",
            "balance",
            "Only 2 of 13 slices (15%) are affected.",
        ),
    ],
)
def test_labels_groups_and_folds(
    published: Maker,
    tmp_path: Path,
    patients: dict[str, tuple[int, ...]],
    folds: int,
    severity: str,
    code: str,
    words: str,
) -> None:
    cohort = read_cohort(published(tmp_path, patients))
    findings = check(cohort, CONFIG.model_copy(update={"folds": folds}))
    assert codes(findings)[code] == severity
    assert message(findings, code) == words
    if severity == "note":
        assert {one.severity for one in findings} == {"note"}


def test_errors_come_first(published: Maker, tmp_path: Path) -> None:
    findings = check(read_cohort(published(tmp_path, {"P1": (0, 1), "P2": (0,), "P3": (0,)})), CONFIG)
    assert [one.severity for one in findings] == ["error", "note", "note"]
    assert "Nothing speaks" not in listing(findings, read_cohort(tmp_path / "data.csv"))


def test_the_tables_own_folds(save: Maker, picture: Maker, table: Maker, tmp_path: Path) -> None:
    for n in range(4):
        save(tmp_path / f"{n}.png", picture(n))

    def of(folds: str) -> tuple[Finding, ...]:
        lines = [f"{n}.png;{n % 2};P{n};{fold}" for n, fold in enumerate(folds)]
        return check(read_cohort(table(tmp_path, ["image;label;group;fold", *lines])), CONFIG)

    assert codes(of("0011")) == {"own-folds": "note"}
    assert message(of("1122"), "table-folds").startswith("The table's folds are 1, 2; there must be at least 2")
    assert codes(of("0000"))["table-folds"] == "error"
    told = [one.message for one in of("0101") if one.code == "few-patients"]
    assert told == [
        f"All {name} slices are in fold {fold}: none is left to learn from when it is tested."
        for fold, name in enumerate(("healthy", "affected"))
    ]
    assert codes(of("0112")) == {"own-folds": "note", "rare-class": "warning"}
    assert [one.message for one in of("0112") if one.code == "rare-class"] == [
        f"No slice of fold {fold} is {name}; what such a fold cannot say is left empty, and the figures of all folds "
        "together count."
        for fold, name in ((2, "healthy"), (0, "affected"))
    ]


def test_sizes_colours_folders_and_lone_masks(published: Maker, save: Maker, picture: Maker, tmp_path: Path) -> None:
    path = published(tmp_path, BALANCED)
    cohort = read_cohort(path)
    assert codes(check(cohort, CONFIG)) == {"mixed-groups": "note", "sizes": "note"}
    colours = np.stack([picture(50), picture(51), picture(52)], -1)
    Image.fromarray(colours).save(cohort.examples[0].image)
    Image.fromarray(np.stack([picture(53, (40, 50))] * 3, -1)).save(cohort.examples[1].image)
    lines = path.read_text(encoding="utf-8").replace("P2_0.tif;healthy", "P2_0.tif;affected")
    path.write_text(lines, encoding="utf-8")
    save(tmp_path / "Tiles_mask_tif" / "healthy" / "stray.tif", picture(1))
    findings = check(read_cohort(path), CONFIG)
    assert message(findings, "colour").startswith("1 picture in colour: only their brightness is learned from")
    assert message(findings, "colour").endswith(": P1_0.tif.")
    assert message(findings, "sizes") == (
        "Pictures of 2 sizes: 40 x 48 (7), 40 x 50 (1) pixels; "
        "tiles are centred in 224 x 224, so that all keep one scale."
    )
    assert message(findings, "folder-label").endswith("the table counts: P2_0.tif.")
    assert message(findings, "mask-alone") == "1 mask without a picture in the table: healthy/stray.tif."
    assert codes(findings) == {
        "colour": "warning",
        "folder-label": "warning",
        "mixed-groups": "note",
        "sizes": "note",
        "mask-alone": "note",
    }


def test_masks_that_tell_the_class(cohort_folder: Path) -> None:
    cohort = read_cohort(cohort_folder / "data.csv")
    multiplied = PHANTOM_CONFIG.model_copy(update={"masks": "multiply"})
    told = message(check(cohort, multiplied), "masks-tell")
    assert "100% of the healthy slices' masks and 0% of the affected slices' masks are empty" in told
    assert "masks-tell" not in codes(check(cohort, PHANTOM_CONFIG))
    for one in cohort.examples:
        assert one.mask is not None
        tifffile.imwrite(one.mask, np.ones((224, 224), np.uint8))
    assert "masks-tell" not in codes(check(cohort, multiplied))
    mask = cohort.examples[0].mask
    assert mask is not None
    mask.unlink()
    fewer = read_cohort(cohort_folder / "data.csv")
    assert codes(check(fewer, multiplied))["mask-missing"] == "error"
    assert codes(check(fewer, PHANTOM_CONFIG))["mask-missing"] == "note"
    assert message(check(fewer, multiplied), "mask-missing") == "1 of 32 pictures without a mask: P001_s01.tif."


def test_empty_and_unreadable_pictures(published: Maker, save: Maker, tmp_path: Path) -> None:
    path = published(tmp_path, BALANCED)
    cohort = read_cohort(path)
    save(cohort.examples[0].image, np.full((40, 48), 9, np.uint8))
    save(cohort.examples[3].image, np.zeros((40, 48), np.uint8))
    findings = checked(path)
    assert message(findings, "empty-picture") == "2 pictures without content once prepared: P1_0.tif, P2_1.tif."
    assert not {"leak", "leak-near"} & set(codes(findings))
    for one in cohort.examples[:7]:
        one.image.write_bytes(b"not a picture")
    unreadable = [one.message for one in check(cohort, CONFIG) if one.code == "unreadable"]
    assert unreadable[0] == "data.csv, row 2: P1_0.tif is not a picture that can be read."
    assert len(unreadable) == 6
    assert unreadable[-1] == "2 more cannot be read."


def test_series_are_checked_too(nifti: Maker, table: Maker, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    voxels = (rng.random((3, 40, 40)) * 900).astype(np.int16)
    nifti(tmp_path / "a.nii", voxels)
    nifti(tmp_path / "b.nii.gz", np.concatenate([rng.integers(0, 900, (1, 40, 40)).astype(np.int16), voxels[1:2]]))
    nifti(tmp_path / "c.nii", rng.integers(0, 900, (2, 40, 44)).astype(np.int16))
    rows = ["a.nii;0;A", "b.nii.gz;1;B", "c.nii;1;C"]
    findings = checked(table(tmp_path, ["series;label;group", *rows]))
    told = message(findings, "leak-near")
    assert "slice 2 of a.nii of A and slice 2 of b.nii.gz of B." in told
    said = "Pictures of 2 sizes: 40 x 40 (5), 40 x 44 (2) pixels; each is scaled to the network's size by itself."
    assert message(findings, "sizes") == said
