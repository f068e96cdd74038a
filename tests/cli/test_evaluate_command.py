"""Scores of a small cohort from files to files, and maps that are not computed twice."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

import xai.pipeline
from viewer.scoring import MaskFolder, number_patients
from xai.export import load_npz
from xai.imaging.catalog import scan
from xai.notice import RESEARCH_USE_ONLY
from xai.phantom.cohort import write_cohort

Run = Callable[..., tuple[int, str, str]]
Refused = Callable[..., str]
BUNDLE = Path(__file__).resolve().parents[2] / "resources" / "demo" / "bundle"
PATIENTS, SLICES = 4, 4
METHODS = ("gradcampp", "hirescam")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_cohort(folder, PATIENTS, 5, slices=SLICES, size=200)
    return folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, tuple[str, ...]]]]:
    """How many slices were computed in each batch, and with which methods."""
    import xai.pipeline
    import xai.stepping

    calls: list[tuple[int, tuple[str, ...]]] = []
    step = xai.stepping.step

    def counting(network, x, target, plan, keys, *rest):  # type: ignore[no-untyped-def]
        calls.append((len(x), tuple(keys)))
        return step(network, x, target, plan, keys, *rest)

    monkeypatch.setattr("xai.pipeline.step", counting)
    return calls  # type: ignore[return-value]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_cohort_is_scored_with_its_masks(cohort: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "new" / "scores"
    arguments = ("evaluate", cohort, "--model", BUNDLE, "--method", ",".join(METHODS), "--target", 1, "--seed", 3)
    code, printed, err = run(*arguments, "--out", out)
    assert code == 0, err
    assert f"{PATIENTS * SLICES * len(METHODS)} maps of {PATIENTS} series" in err
    assert RESEARCH_USE_ONLY in err
    assert "Pointing game" in printed
    assert sorted(path.name for path in out.iterdir()) == ["bars.png", "curves.png", "scores.csv", "scores.json"]
    for picture in ("bars.png", "curves.png"):
        with Image.open(out / picture) as image:
            assert image.width > 500

    rows = rows_of(out / "scores.csv")
    assert list(rows[0]) == ["case", "patient", "slice", "method", "measure", "baseline", "value"]
    assert {row["patient"] for row in rows} == {str(n + 1) for n in range(PATIENTS)}
    assert all(row["case"].startswith("S-") for row in rows)
    assert "PHANTOM" not in (out / "scores.csv").read_text(encoding="utf-8")
    with (cohort / "cohort.csv").open(encoding="utf-8", newline="") as file:
        lesions = [row for row in csv.DictReader(file) if int(row["mask_pixels_224"])]
    pointing = [row for row in rows if row["measure"] == "pointing"]
    assert len(pointing) == len(METHODS) * len(lesions) > 0
    deletions = [row for row in rows if row["measure"] == "deletion"]
    assert len(deletions) == 2 * len(METHODS) * PATIENTS * SLICES
    assert {row["baseline"] for row in deletions} == {"blur", "body-mean"}

    said = json.loads((out / "scores.json").read_text(encoding="utf-8"))
    assert said["statement"] == RESEARCH_USE_ONLY
    assert said["settings"]["seed"] == 3
    assert said["methods"]["hirescam"]["parameters"] == {"relu": False, "layer": "layer4"}
    for method in METHODS:
        of_method = {(one["measure"], one["baseline"]): one for one in said["methods"][method]["measures"]}
        values = [float(row["value"]) for row in deletions if (row["method"], row["baseline"]) == (method, "blur")]
        found = of_method["deletion", "blur"]
        assert found["mean"] == pytest.approx(np.mean(values), rel=1e-4)
        assert found["low"] < found["mean"] < found["high"]
        assert found["patients"] == PATIENTS

    # The same again is the same, printed as JSON alone.
    code, printed, _ = run(*arguments, "--out", tmp_path / "again", "--json", "--quiet", "--no-cache")
    assert code == 0
    timeless = [one for one in json.loads(printed)["methods"]["hirescam"]["measures"] if one["measure"] != "seconds"]
    assert timeless == [one for one in said["methods"]["hirescam"]["measures"] if one["measure"] != "seconds"]


def test_the_mask_lies_where_the_lesion_is(cohort: Path, tmp_path: Path, run: Run) -> None:
    """A network pixel's worth of error aside, the share of lesion in the body is that of the phantom's own count."""
    code, _, err = run(
        "evaluate", cohort, "--model", BUNDLE, "--method", "hirescam", "--target", 1, "--out", tmp_path, "--quiet"
    )
    assert code == 0, err
    scores: dict[str, dict[tuple[str, str], float]] = {}
    for row in rows_of(tmp_path / "scores.csv"):
        scores.setdefault(row["measure"], {})[row["patient"], row["slice"]] = float(row["value"])
    mass, over = scores["relevance_mass"], scores["relevance_mass_over_chance"]
    share = {place: mass[place] / over[place] for place in mass if mass[place] > 0}
    with (cohort / "cohort.csv").open(encoding="utf-8", newline="") as file:
        pixels = {
            (str(int(row["patient"][1:])), str(int(row["slice"]) + 1)): int(row["mask_pixels_224"])
            for row in csv.DictReader(file)
        }
    # Bodies take about a quarter to a half of the picture; all slices of one cohort keep the same order.
    body = {place: pixels[place] / share[place] / 224**2 for place in share}
    assert len(body) > 2
    assert all(0.1 < one < 0.7 for one in body.values())
    by_patient = {patient: [body[place] for place in body if place[0] == patient] for patient, _ in body}
    assert all(max(some) < 2 * min(some) for some in by_patient.values())


def test_without_masks_only_faithfulness_is_scored(cohort: Path, tmp_path: Path, run: Run) -> None:
    arguments = ("evaluate", cohort / "P001", "--model", BUNDLE, "--method", "hirescam", "--slices", "2:3")
    code, _, err = run(*arguments, "--out", tmp_path, "--quiet")
    assert (code, err) == (0, "")
    rows = rows_of(tmp_path / "scores.csv")
    assert {row["slice"] for row in rows} == {"2", "3"}
    assert {"deletion", "insertion", "passes", "seconds", "empty"} <= {row["measure"] for row in rows}
    assert not any(row["measure"].startswith(("pointing", "relevance")) for row in rows)
    measures = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["methods"]["hirescam"]["measures"]
    assert {one["low"] for one in measures} == {None}  # one patient


def test_masks_that_do_not_fit_are_one_sentence(cohort: Path, tmp_path: Path, refused: Refused) -> None:
    arguments = ("evaluate", cohort / "P001", "--model", BUNDLE, "--method", "hirescam", "--out", tmp_path / "out")
    assert str(tmp_path / "nowhere") in refused(*arguments, "--masks", tmp_path / "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no masks" in refused(*arguments, "--masks", empty)
    strange = tmp_path / "strange"
    strange.mkdir()
    shutil.copy(cohort / "masks" / "P001.nii.gz", strange / "other.nii.gz")
    assert "the first is called other" in refused(*arguments, "--masks", strange)
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    nib.save(nib.Nifti1Image(np.ones((5, 5, SLICES), np.uint8), np.eye(4)), wrong / "P001.nii.gz")
    assert "does not lie on the grid" in refused(*arguments, "--masks", wrong)
    assert "is a file" in refused(*arguments[:-1], BUNDLE / "bundle.toml")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def never_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when a map is computed."""

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a map was computed")

    monkeypatch.setattr("xai.pipeline.step", refuse)


def leg_file(path: Path, seed: int, mask: bool = False) -> Path:
    """Write a noisy disc, or a lesion in it, as NIfTI (column, row, slice)."""
    x, y = np.mgrid[-1:1:40j, -1:1:40j]
    disc = np.where(x**2 + y**2 < 0.6, 400.0, 5.0)[..., None] + np.zeros(3)
    noisy = np.abs(disc + np.random.default_rng(seed).normal(0, 20, disc.shape)).astype(np.float32)
    lesion = ((x - 0.2) ** 2 + y**2 < 0.05)[..., None] & np.ones(3, bool)
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(lesion.astype(np.uint8) if mask else noisy, np.diag([-1.0, -1.0, 5.0, 1.0])), path)
    return path


@pytest.mark.usefixtures("never_explained")
def test_every_mask_is_read_before_the_work(cohort: Path, tmp_path: Path, refused: Refused) -> None:
    last = f"P{PATIENTS:03d}.nii.gz"
    arguments = ("evaluate", cohort, "--model", BUNDLE, "--method", "hirescam", "--out", tmp_path / "new" / "out")
    wrong, cut = tmp_path / "wrong", tmp_path / "cut"
    for masks in (wrong, cut):
        shutil.copytree(cohort / "masks", masks)
    nib.save(nib.Nifti1Image(np.ones((5, 5, SLICES), np.uint8), np.eye(4)), wrong / last)
    assert "does not lie on the grid" in refused(*arguments, "--masks", wrong)
    packed = (cut / last).read_bytes()
    (cut / last).write_bytes(packed[: len(packed) * 3 // 4])
    assert last in refused(*arguments, "--masks", cut)
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("never_explained")
@pytest.mark.parametrize("command", ["explain", "evaluate"])
def test_class_and_folder_are_checked_before_the_work(
    command: str, cohort: Path, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (command, cohort / "P001", "--model", BUNDLE, "--method", "hirescam", "--out")
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    assert "Not a directory" in refused(*arguments, file / "out")

    def unread(*rest: object) -> None:
        raise AssertionError("a series was read")

    monkeypatch.setattr("xai.imaging.series.Series.read", unread)
    assert "class 2 does not exist; the classes are 0 healthy, 1" in refused(*arguments, tmp_path / "o", "--target", 2)
    assert "class -1" in refused(*arguments, tmp_path / "o", "--target", -1)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("command", ["explain", "evaluate"])
def test_what_was_made_in_vain_goes_again(
    command: str, cohort: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new" / "out"
    seen = []

    def interrupted(*rest: object) -> None:
        seen.append(out.is_dir())
        raise KeyboardInterrupt

    monkeypatch.setattr("xai.imaging.series.Series.read", interrupted)
    arguments = (command, cohort / "P001", "--model", BUNDLE, "--method", "hirescam", "--out")
    assert run(*arguments, out)[0] == 130
    assert seen == [True]
    assert not (tmp_path / "new").exists()
    (tmp_path / "mine").mkdir()
    assert run(*arguments, tmp_path / "mine")[0] == 130
    assert (tmp_path / "mine").is_dir()


def test_images_of_one_person_are_one_patient(tmp_path: Path, run: Run) -> None:
    for seed, name in enumerate(("Thigh_002_0000", "Thigh_002_0001", "Thigh_003_0000")):
        leg_file(tmp_path / "a" / f"{name}.nii.gz", seed)
    leg_file(tmp_path / "b" / "Thigh_002_0000.nii.gz", 9)
    arguments = ("evaluate", tmp_path / "a", tmp_path / "b", "--model", BUNDLE, "--method", "hirescam", "--quiet")
    code, _, err = run(*arguments, "--slices", "2", "--out", tmp_path / "out")
    assert code == 0, err
    rows = rows_of(tmp_path / "out" / "scores.csv")
    cases: dict[str, set[str]] = {}
    for row in rows:
        cases.setdefault(row["patient"], set()).add(row["case"])
    assert sorted(map(len, cases.values())) == [1, 1, 2]
    said = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    assert {one["patients"] for one in said["methods"]["hirescam"]["measures"]} == {3}
    (note,) = [note for note in said["notes"] if "told apart by file names (3 of 3)" in note]
    assert err.splitlines() == [note]


def test_identifiers_come_before_file_names(cohort: Path) -> None:
    found = scan([cohort / f"P{n + 1:03d}" for n in range(PATIENTS)]).series
    patients = number_patients(found)
    assert (patients.numbers, patients.note) == (tuple(str(n + 1) for n in range(PATIENTS)), "")
    # Without them, a folder of many files is a patient, and so are two series in it.
    nameless = [replace(one, identity_file=None, info=replace(one.info, study_uid="")) for one in (*found, found[0])]
    patients = number_patients(nameless)
    assert patients.numbers == (*(str(n + 1) for n in range(PATIENTS)), "1")
    assert f"({PATIENTS} of {PATIENTS})" in patients.note
    assert f"(1 of {PATIENTS})" in number_patients([*found[1:], nameless[0]]).note


@pytest.mark.usefixtures("never_explained")
def test_a_mask_belongs_to_one_series(tmp_path: Path, refused: Refused, run: Run) -> None:
    legs = [leg_file(tmp_path / "legs" / name / "ax.nii.gz", seed) for seed, name in enumerate("AB")]
    mask = leg_file(tmp_path / "masks" / "ax.nii.gz", 0, mask=True)
    arguments = ("evaluate", "--model", BUNDLE, "--method", "hirescam", "--out", tmp_path / "out")
    said = refused(*arguments, tmp_path / "legs", "--masks", mask.parent)
    assert "is called like several series" in said
    assert all(str(path) in said for path in (mask, *legs))
    assert "is a file; masks are looked for in a folder" in refused(*arguments, legs[0], "--masks", mask)
    assert not (tmp_path / "out").exists()

    source = scan([tmp_path / "legs"]).series
    mask.rename(mask.parent / "A.nii.gz")
    leg_file(mask.parent / "B.nii.gz", 0, mask=True)
    folder = MaskFolder.look_in(mask.parent)
    assert folder.without_masks(source, "legs") == source


def test_maps_that_are_not_finite_are_told_from_slices_that_cannot_be_read(
    tmp_path: Path, refused: Refused, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyse = xai.pipeline.analyse_slices

    def spoiled(*rest, **named):  # type: ignore[no-untyped-def]
        analysis = analyse(*rest, **named)
        maps = dict(analysis.maps)
        maps["hirescam"] = replace(maps["hirescam"], values=np.full_like(maps["hirescam"].values, np.nan))
        return replace(analysis, maps=maps)

    monkeypatch.setattr("viewer.scoring.analyse_slices", spoiled)
    leg = leg_file(tmp_path / "leg.nii.gz", 0)
    arguments = ("evaluate", leg, "--model", BUNDLE, "--out", tmp_path / "out", "--slices", "2", "--method")
    code, printed, err = run(*arguments, "hirescam", "--quiet")
    assert (code, printed) == (1, "")
    assert err.splitlines()[-1] == "No map is finite, so there is nothing to score."
    assert not (tmp_path / "out").exists()
    assert run(*arguments, "gradcam,hirescam", "--quiet")[0] == 0
    assert {row["method"] for row in rows_of(tmp_path / "out" / "scores.csv") if row["measure"] == "deletion"} == {
        "gradcam"
    }

    monkeypatch.undo()
    blank = np.full((40, 40, 3), np.nan, np.float32)
    nib.save(nib.Nifti1Image(blank, np.diag([-1.0, -1.0, 5.0, 1.0])), tmp_path / "blank.nii.gz")
    code, _, err = run("evaluate", tmp_path / "blank.nii.gz", *arguments[2:], "hirescam", "--no-cache")
    assert code == 1
    assert err.splitlines()[-1] == "No slice could be read, so there is nothing to score."


def test_an_evaluation_can_be_cancelled(
    cohort: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("xai.evaluate.scores.faithfulness", interrupted)
    arguments = ("evaluate", cohort / "P001", "--model", BUNDLE, "--method", "hirescam")
    assert run(*arguments, "--out", tmp_path / "out") == (130, "", "Cancelled.\n")
    assert not (tmp_path / "out").exists()


def test_explain_goes_on_where_it_was_stopped(
    cohort: Path,
    tmp_path: Path,
    run: Run,
    asked: list[tuple[int, tuple[str, ...]]],
    monkeypatch: pytest.MonkeyPatch,
    user_cache: Path,
) -> None:
    import xai.pipeline

    arguments = ("explain", cohort / "P001", "--model", BUNDLE, "--method", "hirescam,disagreement", "--quiet")
    counting = vars(xai.pipeline)["step"]

    def stopping(*rest):  # type: ignore[no-untyped-def]
        if len(asked) == 2:
            raise KeyboardInterrupt
        return counting(*rest)

    with monkeypatch.context() as patch:
        patch.setattr("xai.pipeline.step", stopping)
        assert run(*arguments, "--out", tmp_path / "maps") == (130, "", "Cancelled.\n")
    assert not (tmp_path / "maps").exists()
    assert len(list((user_cache / "maps").rglob("*.npz"))) > 0

    asked.clear()
    code, printed, _ = run(*arguments, "--out", tmp_path / "maps")
    assert code == 0
    assert sum(count for count, _ in asked) == SLICES - 2
    asked.clear()
    code, fresh, _ = run(*arguments, "--out", tmp_path / "fresh", "--no-cache")
    assert sum(count for count, _ in asked) == SLICES
    for key in ("hirescam", "disagreement"):
        resumed, whole = (load_npz(Path(folder.strip()) / f"{key}.npz") for folder in (printed, fresh))
        np.testing.assert_array_equal(resumed.maps, whole.maps)
        assert resumed.details == whole.details
        assert resumed.states == whole.states
    asked.clear()
    assert run(*arguments, "--out", tmp_path / "again")[0] == 0
    assert asked == []
