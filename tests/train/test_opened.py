"""Opening a finished run: its answers find their slices, and what does not belong to it is refused in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.run_folder import Given, write_run, write_tiles
from xai.errors import TrainingError
from xai.train.files import is_run
from xai.train.opened import OpenedRun, entropy, open_run
from xai.train.opened_series import run_series
from xai.train.outcome import FoldOutcome

ROWS = (
    Given("p1_a", 2, 0, "P1", 1, -3.0),
    Given("p2_a", 3, 1, "P2", 0, 2.0),
    Given("p1_b", 4, 0, "P1", 1, 1.0),
    Given("p2_b", 5, 1, "P2", 0, -4.0),
    Given("p3_a", 6, 1, "P3", 2, 0.5),
    Given("p2_c", 7, 0, "P2", 0, -1.0),
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_tiles(tmp_path / "cohort", [(row.image, row.label, row.group) for row in ROWS])


@pytest.fixture
def run(tmp_path: Path, table: Path) -> Path:
    return write_run(tmp_path / "run", table, ROWS, keep=(0, 2))


def refusal(folder: Path) -> str:
    with pytest.raises(TrainingError) as caught:
        open_run(folder)
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def edit(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")


def test_cases_are_patients_with_their_slices_in_the_tables_order(run: Path) -> None:
    opened = open_run(run)
    assert is_run(run)
    assert [case.group for case in opened.cases] == ["P1", "P2", "P3"]
    assert [[answer.example.name for answer in case.answers] for case in opened.cases] == [
        ["p1_a", "p1_b"],
        ["p2_a", "p2_b", "p2_c"],
        ["p3_a"],
    ]
    assert [case.fold for case in opened.cases] == [1, 0, 2]
    assert [case.label for case in opened.cases] == [0, None, 1]
    assert [case.misread for case in opened.cases] == [1, 1, 0]
    assert (opened.slices, opened.misread) == (6, 2)
    assert opened.notes == ()


def test_the_calibrated_probability_is_the_one_that_counts(run: Path, tmp_path: Path, table: Path) -> None:
    answer = open_run(run).cases[1].answers[1]
    assert answer.calibrated == pytest.approx(1 / (1 + np.exp(2)))
    assert answer.uncalibrated == pytest.approx(1 / (1 + np.exp(4)))
    assert answer.probability == answer.calibrated
    assert answer.error == pytest.approx(1 - answer.probability)
    plain = open_run(write_run(tmp_path / "plain", table, ROWS, calibrated=False))
    assert open_run(run).is_calibrated
    assert not plain.is_calibrated
    assert plain.cases[1].answers[1].probability == answer.uncalibrated


def test_error_and_uncertainty_of_a_case_are_means_over_its_slices(run: Path) -> None:
    case = open_run(run).cases[1]
    p = np.array([answer.probability for answer in case.answers])
    assert case.probability == pytest.approx(p.mean())
    assert case.error == pytest.approx(np.abs(p - [1, 1, 0]).mean())
    bits = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    assert case.uncertainty == pytest.approx(bits.mean())
    assert [entropy(value) for value in (0.0, 0.5, 1.0)] == [0.0, 1.0, 0.0]


def test_bundles_of_folds_are_those_that_were_kept(run: Path) -> None:
    opened = open_run(run)
    assert opened.bundle_of(0) == run / "folds" / "00" / "bundle"
    assert opened.bundle_of(1) is None


def test_numbers_do_not_follow_the_label_or_the_table(tmp_path: Path) -> None:
    rows = [Given(f"t{k}", k + 2, int(k >= 20), f"P{k}", k % 4, 0.1) for k in range(40)]
    table = write_tiles(tmp_path / "many", [(row.image, row.label, row.group) for row in rows])
    opened = open_run(write_run(tmp_path / "run", table, rows))
    numbers = np.array(opened.numbers)
    assert sorted(numbers) == list(range(1, 41))
    assert 5 < (numbers[:20] > 20).sum() < 15


# The series ---------------------------------------------------------------------------------------------------------


def test_tiles_of_a_patient_become_one_series_that_tells_no_label(run: Path) -> None:
    opened = open_run(run)
    found = run_series(opened)
    assert [len(one.series) for one in found] == [2, 3, 1]
    assert [one.answers for one in found] == [case.answers for case in opened.cases]
    for one, case in zip(found, opened.cases, strict=True):
        for k, answer in enumerate(case.answers):
            expected = np.asarray(Image.open(answer.example.image), np.float32)
            assert np.array_equal(one.series.read_slice(k), expected)
        told = f"{one.series.info} {one.series.uid} {one.series.problems}"
        assert not any(word in told for word in ("healthy", "affected", case.group, "p1_", "p2_"))
    assert len({one.series.uid for one in found}) == 3


def test_tiles_of_different_sizes_become_one_series_each(run: Path, table: Path) -> None:
    Image.fromarray(np.zeros((30, 12), np.uint8)).save(table.parent / "affected" / "p2_b.png")
    found = [one for one in run_series(open_run(run)) if one.case == 1]
    assert [(one.part, one.parts, one.series.geometry.shape) for one in found] == [
        (1, 2, (2, 16, 20)),
        (2, 2, (1, 30, 12)),
    ]
    assert [[answer.example.name for answer in one.answers if answer] for one in found] == [["p2_a", "p2_c"], ["p2_b"]]


def test_slices_of_a_series_that_the_table_leaves_out_have_no_answer(tmp_path: Path) -> None:
    folder = tmp_path / "cohort"
    folder.mkdir()
    for name in ("affected_one", "two"):
        nibabel.save(nibabel.Nifti1Image(np.ones((8, 9, 6), np.int16), np.eye(4)), folder / f"{name}.nii")
    table = folder / "series.csv"
    table.write_text("image,label,group,slices\naffected_one.nii,1,P1,2:4\ntwo.nii,0,P2,6\n", encoding="utf-8")
    rows = [Given("affected_one.nii", 2, 1, "P1", 0, 1.0, slice=k) for k in (2, 3, 4)]
    rows.append(Given("two.nii", 3, 0, "P2", 1, -1.0, slice=6))
    found = run_series(open_run(write_run(tmp_path / "run", table, rows)))
    assert [[answer is not None for answer in one.answers] for one in found] == [
        [False, True, True, True, False, False],
        [False] * 5 + [True],
    ]
    assert "affected" not in found[0].series.info.description


# A table that moved or changed --------------------------------------------------------------------------------------


def test_a_table_that_moved_along_with_its_run_is_found_beside_it(run: Path, table: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    table.parent.rename(place / "cohort")
    for inside in ("run", "cohort/run", "cohort/runs/run"):
        moved = place / inside
        moved.parent.mkdir(parents=True, exist_ok=True)
        run.rename(moved)
        if inside == "run":
            assert "beside nor above" not in refusal(moved)
            assert "data.csv beside or above the run" in refusal(moved)
        else:
            assert open_run(moved).table == place / "cohort" / "data.csv"
        run = moved


def test_a_changed_table_with_the_same_rows_is_opened_and_said(run: Path, table: Path) -> None:
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n", encoding="utf-8")
    opened = open_run(run)
    assert "data.csv has changed since the run was made" in opened.notes[0]
    by_name = {answer.example.name: answer for case in opened.cases for answer in case.answers}
    assert all(by_name[row.image].uncalibrated == pytest.approx(row.probability) for row in ROWS)


def test_a_row_that_was_added_has_no_answer_and_is_counted(run: Path, table: Path) -> None:
    write_tiles(table.parent, [("p4_a", 1, "P4")], name="more.csv")
    edit(table, lambda text: text + "p4_a;1;P4\n")
    opened = open_run(run)
    assert [case.group for case in opened.cases] == ["P1", "P2", "P3"]
    assert opened.notes[1] == "Slices of data.csv that the run has no answer for: 1."


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda text: text.replace("p1_b;0;P1\n", ""), "p1_b is not in data.csv; data.csv has changed"),
        (lambda text: text.replace("p1_b;0;P1", "p1_b;1;P1"), "p1_b has another label or patient in data.csv line 4"),
        (lambda text: text.replace("p1_b;0;P1", "p1_b;0;P9"), "p1_b has another label or patient in data.csv line 4"),
    ],
)
def test_a_table_whose_rows_no_longer_match_is_refused(
    run: Path, table: Path, change: Callable[[str], str], cause: str
) -> None:
    edit(table, change)
    assert cause in refusal(run)


def test_two_pictures_of_one_name_in_both_classes_are_told_apart(tmp_path: Path) -> None:
    rows = [Given("a", 2, 0, "P1", 0, -1.0), Given("a", 3, 1, "P2", 1, 2.0)]
    table = write_tiles(tmp_path / "cohort", [(row.image, row.label, row.group) for row in rows])
    opened = open_run(write_run(tmp_path / "run", table, rows))
    assert [case.answers[0].prediction for case in opened.cases] == [0, 1]


def outcome(fold: int, train: tuple[int, ...], test: tuple[int, ...]) -> str:
    logits = tuple((0.0, 0.0) for _ in test)
    return FoldOutcome(fold, 0, (), train, (), test, logits, 1.0).to_json()


def test_a_fold_that_learned_from_a_patient_may_not_answer_for_it(run: Path) -> None:
    path = run / "folds" / "00" / "outcome.json"
    path.write_text(outcome(0, (0, 2, 4), (1, 3, 5)), encoding="utf-8")
    assert len(open_run(run).cases) == 3
    path.write_text(outcome(0, (0, 2, 3), (1, 5)), encoding="utf-8")
    assert "fold 0 learned from the patient P2, whose slices it answers" in refusal(run)
    for damaged in ('{"fold": 0}', "[", outcome(0, (99,), ()), outcome(0, (), ()).replace("[]", "3")):
        path.write_text(damaged, encoding="utf-8")
        assert "outcome.json is not whole, or of another table" in refusal(run)


# Bad input ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["training.toml", "metrics.json", "oof_predictions.csv"])
def test_a_file_that_is_missing_or_cut_short_is_named(run: Path, name: str) -> None:
    whole = (run / name).read_bytes()
    (run / name).unlink()
    assert f"{name} is not there, so run is no finished training run" in refusal(run)
    for part in (0, 1, len(whole) // 3, len(whole) - 3):
        (run / name).write_bytes(whole[:part])
        assert name in refusal(run)
    (run / name).write_bytes(b"\xff\xfe\x00\x01\n" * 3)
    assert name in refusal(run)


def test_rows_that_are_missing_from_the_answers_are_noticed(run: Path) -> None:
    edit(run / "oof_predictions.csv", lambda text: text[: text.rstrip("\r\n").rindex("\n") + 1])
    assert "is not whole: it has answers for 5 of 6 slices" in refusal(run)


def test_slices_that_no_fold_tested_are_no_damage_and_are_counted(run: Path) -> None:
    edit(run / "oof_predictions.csv", lambda text: text[: text.rstrip("\r\n").rindex("\n") + 1])
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    metrics["data"] = {"slices": 5}
    (run / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    assert open_run(run).notes == ("Slices of data.csv that the run has no answer for: 1.",)
    metrics["data"] = {"slices": 6}
    (run / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    assert "answers for 5 of 6 slices" in refusal(run)
    metrics["data"] = {"slices": 5, "table_sha256": "0" * 64}
    (run / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    assert "has the figures of another table" in refusal(run)


@pytest.mark.parametrize(
    ("column", "value", "cause"),
    [
        ("fold", "-1", "fold is '-1'"),
        ("fold", "9" * 5000, "fold is '999999999999999999999999…'"),
        ("fold", "0.5", "fold is '0.5'"),
        ("fold", "0", "the patient P1 is in the folds 0 and 1"),
        ("label", "2", "label is '2'"),
        ("prediction", "", "prediction is ''"),
        ("prediction", "²", "prediction is '²'"),
        ("probability", "nan", "probability is 'nan'"),
        ("probability", "1e400", "probability is '1e400'"),
        ("calibrated_probability", "-0.1", "calibrated_probability is '-0.1'"),
        ("slice", "0", "slice is '0'"),
        ("slice", "3", "p1_a slice 3 is not in data.csv; the two do not belong together"),
        ("image", "nobody", "nobody is not in data.csv"),
        ("image", "p1_b", "p1_b is answered in line 2 already"),
        ("group", "", "names no image or no group"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_line(run: Path, column: str, value: str, cause: str) -> None:
    path = run / "oof_predictions.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[1].split(",")
    cells[lines[0].split(",").index(column)] = value
    path.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", encoding="utf-8")
    said = refusal(run)
    assert cause in said
    assert str(path) in said
    assert len(said) < len(str(path)) + 200


def test_foreign_and_hostile_tables_of_answers_are_refused(run: Path) -> None:
    path = run / "oof_predictions.csv"
    whole = path.read_text(encoding="utf-8")
    path.write_text("time;value\n1;2\n", encoding="utf-8")
    assert "has no column image" in refusal(run)
    path.write_text(whole.splitlines()[0] + "\n", encoding="utf-8")
    assert "holds no answers" in refusal(run)
    path.write_text(whole + "x," * 40 + "\n", encoding="utf-8")
    assert "line 8 has not as many cells as there are columns" in refusal(run)
    path.write_text(whole + '"' + "x" * 200_000 + "\n", encoding="utf-8")
    assert "cannot be read as a table" in refusal(run)
    with path.open("wb") as file:
        file.truncate((1 << 29) + 1)
    assert "larger than 512 MiB" in refusal(run)


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("training.toml", "a = 1\n", "is no record of a training run: config: field required"),
        ("training.toml", "[config]\nfolds = 1\n", "is no record of a training run: config.folds"),
        ("training.toml", "[config]\n[data]\ntable = 3\n", "is no record of a training run: data.table"),
        ("training.toml", "[config]\n[data]\ntable = ''\n", "is no record of a training run: data.table"),
        ("training.toml", "a = " + "[" * 100_000, "is not valid TOML"),
        ("metrics.json", "[1]", 'has no "pooled" figures'),
        ("metrics.json", "[" * 100_000, "is no JSON"),
    ],
)
def test_foreign_settings_and_figures_are_refused(run: Path, name: str, content: str, cause: str) -> None:
    (run / name).write_text(content, encoding="utf-8")
    assert cause in refusal(run)


def test_a_file_and_a_folder_that_is_no_run(run: Path, tmp_path: Path) -> None:
    assert "is no folder" in refusal(run / "metrics.json")
    assert not is_run(tmp_path)
    assert "training.toml is not there" in refusal(tmp_path)


def test_opening_is_light() -> None:
    code = "import sys, xai.train.opened_series; print([m for m in ('torch', 'PySide6') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_opened_run_is_a_value(run: Path) -> None:
    opened = open_run(run)
    assert isinstance(opened, OpenedRun)
    with pytest.raises(AttributeError):
        opened.table = run  # type: ignore[misc]
    assert replace(opened, notes=("x",)).misread == 2
