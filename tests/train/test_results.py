"""What a run leaves: figures against scikit-learn from the CSV alone, the same bytes twice, refusals."""

from __future__ import annotations

import csv
import errno
import json
import os
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from tests.train.synthetic import made_up_cohort, made_up_outcomes
from xai.errors import TrainingError
from xai.evaluate.classification import MEASURES
from xai.train.cohort import Cohort, Example
from xai.train.config import TrainingConfig
from xai.train.report import CAPTIONS
from xai.train.results import METRICS_NAME, PREDICTIONS_NAME, compute_results, write_results

CONFIG = TrainingConfig(folds=3, seed=4)


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take seconds to draw and are tested with the report."""
    monkeypatch.setattr("xai.train.plots.draw_all", lambda _: dict.fromkeys(CAPTIONS, b"picture"))


def written(run: Path, cohort: Cohort, folds: int = 3) -> tuple[dict[str, Any], list[dict[str, str]]]:
    write_results(run, cohort, made_up_outcomes(cohort, folds), CONFIG, {})
    with (run / PREDICTIONS_NAME).open(newline="") as file:
        return json.loads((run / METRICS_NAME).read_text()), list(csv.DictReader(file))


def test_the_csv_alone_gives_every_figure(tmp_path: Path) -> None:
    said, rows = written(tmp_path, made_up_cohort([0, 1] * 6))

    def check(found: dict[str, Any], some: list[dict[str, str]]) -> None:
        labels, predicted = ([int(row[key]) for row in some] for key in ("label", "prediction"))
        chance = [float(row["probability"]) for row in some]
        assert found["n"] == len(some)
        assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, predicted))
        assert found["f1"] == pytest.approx(metrics.f1_score(labels, predicted, zero_division=0))
        assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(labels, chance))
        assert found["pr_auc"] == pytest.approx(metrics.average_precision_score(labels, chance))
        assert found["brier"] == pytest.approx(metrics.brier_score_loss(labels, chance))

    check(said["pooled"], rows)
    for fold in said["folds"]:
        check(fold, [row for row in rows if int(row["fold"]) == fold["fold"]])
    assert [fold["fold"] for fold in said["folds"]] == [0, 1, 2]
    for key in MEASURES:
        values = [fold[key] for fold in said["folds"]]
        assert said["mean"][key] == pytest.approx(statistics.mean(values))
        assert said["std"][key] == pytest.approx(statistics.stdev(values))
    assert 0 < said["pooled"]["accuracy"] < 1  # else the figures above could not differ
    span = said["intervals"]["pooled"]["roc_auc"]
    assert span["low"] < said["pooled"]["roc_auc"] < span["high"]

    patients = {row["group"] for row in rows}
    means = [np.mean([float(row["probability"]) for row in rows if row["group"] == name]) for name in sorted(patients)]
    labels = [max(int(row["label"]) for row in rows if row["group"] == name) for name in sorted(patients)]
    assert said["per_patient"]["rule"] == "mean"
    assert said["per_patient"]["n"] == len(patients) == 12
    assert said["per_patient"]["roc_auc"] == pytest.approx(metrics.roc_auc_score(labels, means))


def test_rows_stand_in_the_tables_order_and_say_what_they_are_of(tmp_path: Path) -> None:
    cohort = made_up_cohort([0, 1, 0, 1, 1, 0])
    series = [replace(one, name="scan, 1.nii", slice=n) for n, one in enumerate(cohort.examples)]
    said, rows = written(tmp_path, replace(cohort, examples=tuple(series)))
    assert [int(row["row"]) for row in rows] == [one.row for one in series]
    assert [int(row["slice"]) for row in rows] == [n + 1 for n in range(len(series))]
    assert {row["image"] for row in rows} == {"scan, 1.nii"}
    assert [row["group"] for row in rows] == [one.group for one in series]
    assert list(rows[0]) == [
        "image", "slice", "row", "label", "group", "fold", "prediction", "probability", "logit_0", "logit_1",
        "calibrated_probability",
    ]  # fmt: skip
    for row in rows:
        gap = float(row["logit_1"]) - float(row["logit_0"])
        assert float(row["probability"]) == pytest.approx(1 / (1 + np.exp(-gap)))
        heat = said["calibration"]["temperature"]
        assert float(row["calibrated_probability"]) == pytest.approx(1 / (1 + np.exp(-gap / heat)))
        assert int(row["prediction"]) == (gap > 0)
    assert "slice" not in {key for key in rows[0] if rows[0][key] == ""}
    _, pictures = written(tmp_path, cohort)
    assert {row["slice"] for row in pictures} == {""}


def test_neither_order_nor_time_nor_place_changes_a_byte(tmp_path: Path) -> None:
    cohort = made_up_cohort([0, 1] * 4)
    outcomes = made_up_outcomes(cohort, 3)
    late = [
        replace(one, seconds=99.0, epochs=tuple(replace(epoch, seconds=3.0) for epoch in one.epochs))
        for one in reversed(outcomes)
    ]
    moved = replace(cohort, table=Path("/elsewhere/t.csv"))
    write_results(tmp_path / "a", cohort, outcomes, CONFIG.model_copy(update={"weights": "/x/w.pt"}), {"when": "now"})
    write_results(tmp_path / "b", moved, late, CONFIG.model_copy(update={"weights": "/y/w.pt", "keep_folds": True}), {})
    for name in (METRICS_NAME, PREDICTIONS_NAME):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    other = CONFIG.model_copy(update={"seed": 5})
    write_results(tmp_path / "c", cohort, outcomes, other, {})
    assert (tmp_path / "a" / METRICS_NAME).read_bytes() != (tmp_path / "c" / METRICS_NAME).read_bytes()


def test_a_fold_without_a_class_leaves_its_figures_empty_and_is_said(tmp_path: Path) -> None:
    said, _ = written(tmp_path, made_up_cohort([1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0]))
    first, second, third = said["folds"]
    assert third["positives"] == 0
    for key in ("recall", "f1", "balanced_accuracy", "roc_auc", "pr_auc"):
        assert third[key] is None
        assert said["folds_defined"][key] == 2
        assert said["mean"][key] == pytest.approx((first[key] + second[key]) / 2)
        assert said["pooled"][key] is not None
    assert third["accuracy"] is not None
    assert said["folds_defined"]["accuracy"] == 3
    assert any("No affected slice was tested in fold 2:" in note for note in said["notes"])

    said, _ = written(tmp_path, made_up_cohort([1, 0, 0]))
    assert said["folds_defined"]["roc_auc"] == 0
    assert said["mean"]["roc_auc"] is None
    assert said["std"]["recall"] is None  # one fold has an affected slice
    assert said["folds_defined"]["recall"] == 1


def test_patients_with_slices_of_both_classes_take_their_worst_slice(tmp_path: Path) -> None:
    cohort = made_up_cohort([0, [0, 0, 1, 1], 0, 1])
    said, rows = written(tmp_path, cohort)
    assert said["per_patient"]["rule"] == "maximum"
    assert said["per_patient"]["positives"] == 2
    called = {row["group"] for row in rows if row["prediction"] == "1"}
    assert said["per_patient"]["fp"] + said["per_patient"]["tp"] == len(called)


def test_intervals_are_drawn_from_the_runs_own_seed() -> None:
    cohort = made_up_cohort([0, 1] * 6)
    outcomes = made_up_outcomes(cohort, 3)
    one, same, other = (
        compute_results(cohort, outcomes, CONFIG.model_copy(update={"seed": seed})) for seed in (4, 4, 5)
    )
    assert one.intervals == same.intervals
    for name in ("intervals", "patient_intervals"):
        assert getattr(one, name)["brier"] != getattr(other, name)["brier"]


def test_unfinished_runs_say_so() -> None:
    cohort = made_up_cohort([0, 1] * 3)
    found = compute_results(cohort, made_up_outcomes(cohort, 3)[:2], CONFIG)
    assert found.notes[:2] == (
        "2 of 3 folds are finished; the figures are of these.",
        "8 of 24 slices were not tested.",
    )
    assert found.pooled["n"] == 16


def broken(cohort: Cohort) -> dict[str, list[Any]]:
    one, two, three = made_up_outcomes(cohort, 3)
    count = len(one.test)
    return {
        "No fold": [],
        "same slice": [one, one, two],
        "of the same patient": [
            replace(one, test=one.test[:-1], logits=one.logits[:-1]),
            replace(two, test=one.test[-1:], logits=one.logits[-1:], train=(), validation=()),
        ],
        "learned from: P0": [replace(one, train=one.test), two, three],
        "table has 24 slices": [replace(one, test=(*one.test[:-1], 24)), two, three],
        "no finite number": [replace(one, logits=((float("nan"), 0.0), *one.logits[1:]))],
        "2 logits for each of its 8": [replace(one, logits=one.logits[1:])],
        "does not have 2 logits": [replace(one, logits=((0.0, 1.0, 2.0),) * count)],
        "tested no slice": [replace(one, test=(), logits=())],
    }


@pytest.mark.parametrize("cause", broken(made_up_cohort([0, 1] * 3)))
def test_outcomes_of_another_table_are_refused(cause: str, tmp_path: Path) -> None:
    cohort = made_up_cohort([0, 1] * 3)
    with pytest.raises(TrainingError, match=cause) as caught:
        write_results(tmp_path, cohort, broken(cohort)[cause], CONFIG, {})
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence_and_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort = made_up_cohort([0, 1] * 3)
    outcomes = made_up_outcomes(cohort, 3)
    write_results(tmp_path, cohort, outcomes, CONFIG, {})
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    real = os.fdopen

    def full(handle: int, mode: str) -> Any:
        file = real(handle, mode)

        class Full:
            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def write(self, _data: bytes) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

        return Full()

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(TrainingError, match=r"^The results of .* cannot be written: No space left on device\.$"):
        write_results(tmp_path, cohort, outcomes, CONFIG.model_copy(update={"seed": 9}), {})
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_shuffled_labels_are_at_chance() -> None:
    cohort = made_up_cohort([0, 1] * 30)
    outcomes = made_up_outcomes(cohort, 3, gap=2.0)
    learned = compute_results(cohort, outcomes, CONFIG).pooled["balanced_accuracy"]
    shuffled = np.random.default_rng(0).permutation([one.label for one in cohort.examples[:60]])
    again = {f"P{n}": int(label) for n, label in enumerate(shuffled)}
    blind = tuple(replace(one, label=again[one.group]) for one in cohort.examples)
    found = compute_results(replace(cohort, examples=blind), outcomes, CONFIG)
    span = found.intervals["balanced_accuracy"]
    assert learned is not None
    assert learned > 0.85
    assert span is not None
    assert span.low < 0.5 < span.high


def test_names_are_written_as_the_table_has_them(tmp_path: Path) -> None:
    cohort = made_up_cohort([0, 1, 0, 1, 0, 1], slices=1)
    odd: tuple[Example, ...] = tuple(
        replace(one, name=name)
        for one, name in zip(cohort.examples, ["=1+1", 'a"b', "c,d", "é", "x\ny", "-z"], strict=True)
    )
    _, rows = written(tmp_path, replace(cohort, examples=odd))
    assert [row["image"] for row in rows] == [one.name for one in odd]
