"""A whole run: what it leaves, that it repeats itself, and that nothing leaks from fold to fold."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.metrics import balanced_accuracy_score

from tests.train.planted import MIXED, SMALL, plant, train
from xai.errors import TrainingError
from xai.models.bundle import load_bundle
from xai.models.networks import build
from xai.progress import Cancelled
from xai.train.hardware import Place
from xai.train.outcome import FoldOutcome
from xai.train.pictures import open_pictures
from xai.train.record import read_record
from xai.train.table import read_cohort


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant(tmp_path_factory.mktemp("cohort"), MIXED)


@pytest.fixture(scope="module")
def finished(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(table, tmp_path_factory.mktemp("runs") / "run", keep_folds=True)


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "oof_predictions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def metrics(run: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return content


def test_the_planted_sign_is_learned(finished: Path) -> None:
    found = rows(finished)
    assert len(found) == 48
    labels, called = ([int(row[key]) for row in found] for key in ("label", "prediction"))
    score = balanced_accuracy_score(labels, called)
    assert score >= 0.9
    assert metrics(finished)["pooled"]["balanced_accuracy"] == pytest.approx(score)  # type: ignore[index]


def test_every_answer_is_of_a_network_that_had_not_seen_the_patient(table: Path, finished: Path) -> None:
    cohort = read_cohort(table)
    pictures = open_pictures(finished / "work" / "pictures.npy")
    by_name = {row["image"]: row for row in rows(finished)}
    for number in range(3):
        outcome = FoldOutcome.from_file(finished / "folds" / f"{number:02d}" / "outcome.json")
        tested, seen = (set(cohort.groups[list(part)].tolist()) for part in (outcome.test, outcome.train))
        assert not tested & (seen | set(cohort.groups[list(outcome.validation)].tolist()))
        network = load_bundle(finished / "folds" / f"{number:02d}" / "bundle", "cpu").network
        with torch.inference_mode():
            x = torch.from_numpy(pictures[list(outcome.test)].astype(np.float32))[:, None]
            logits = network(x).numpy()
        for place, answer in zip(outcome.test, logits, strict=True):
            row = by_name[cohort.examples[place].name]
            assert int(row["fold"]) == number
            assert [float(row["logit_0"]), float(row["logit_1"])] == pytest.approx(answer.tolist(), abs=1e-4)


def test_the_bundle_knows_all_patients_and_says_what_it_was_measured_at(table: Path, finished: Path) -> None:
    bundle = load_bundle(finished / "bundle", "cpu")
    assert bundle.manifest.metrics["balanced_accuracy"] == metrics(finished)["pooled"]["balanced_accuracy"]  # type: ignore[index]
    calibration = bundle.manifest.calibration
    assert calibration is not None
    assert (calibration.slices, calibration.patients) == (48, 12)
    assert bundle.manifest.preprocess == SMALL.preprocess
    cohort = read_cohort(table)
    pictures = open_pictures(finished / "work" / "pictures.npy").astype(np.float32)
    with torch.inference_mode():
        called = bundle.network(torch.from_numpy(pictures)[:, None]).argmax(1).numpy()
    assert (called == cohort.labels).mean() > 0.9


def test_what_is_needed_to_repeat_the_run_is_written_down(table: Path, finished: Path, tmp_path: Path) -> None:
    record = read_record(finished)
    assert record.config == SMALL.model_copy(update={"keep_folds": True})
    assert Path(record.data.table) == table.absolute()
    assert record.data.sha256 == read_cohort(table).sha256
    assert record.versions["torch"] == torch.__version__.split("+")[0] or record.versions["torch"] == torch.__version__
    again = train(table, tmp_path / "again", record.config)
    for name in ("metrics.json", "oof_predictions.csv"):
        assert (again / name).read_bytes() == (finished / name).read_bytes()
    for number in range(3):
        weights = [run / "folds" / f"{number:02d}" / "bundle" / "weights.safetensors" for run in (again, finished)]
        assert weights[0].read_bytes() == weights[1].read_bytes()


def test_another_seed_is_another_run(table: Path, finished: Path, tmp_path: Path) -> None:
    other = train(table, tmp_path / "other", seed=1, epochs=1)
    assert (other / "oof_predictions.csv").read_bytes() != (finished / "oof_predictions.csv").read_bytes()


def test_shuffled_labels_are_not_learned(tmp_path: Path) -> None:
    # Labels that do not follow the sign: half of the slices that carry it are called affected, half healthy.
    lines = plant(tmp_path / "cohort", [[1, 0, 1, 0]] * 12).read_text().splitlines()
    rng = np.random.default_rng(2)
    shuffled = [lines[0], *(f"{line.split(',')[0]},{rng.integers(2)},{line.split(',')[2]}" for line in lines[1:])]
    (tmp_path / "cohort" / "data.csv").write_text("\n".join(shuffled) + "\n")
    run = train(tmp_path / "cohort" / "data.csv", tmp_path / "run")
    # 48 slices: chance lies within 0.5 +- 3 * 0.5 / sqrt(48).
    assert abs(metrics(run)["pooled"]["balanced_accuracy"] - 0.5) < 0.22  # type: ignore[index]


def test_broken_off_anywhere_it_goes_on_to_the_same_figures(table: Path, finished: Path, tmp_path: Path) -> None:
    run, stops = tmp_path / "run", ["reading pictures", "fold 1 of 3, epoch 2", "fold 2 of 3, epoch 3", "all patients"]
    for stop in stops:

        def tell(words: str, done: float, total: float, stop: str = stop) -> None:
            assert 0 <= done <= total
            if words.startswith(stop):
                raise Cancelled

        with pytest.raises(Cancelled):
            train(table, run, keep_folds=True, resume=stop != stops[0], tell=tell)
    told: list[str] = []
    train(table, run, keep_folds=True, resume=True, tell=lambda words, done, total: told.append(words))
    assert not any("fold" in words for words in told)  # those were finished
    for name in ("metrics.json", "oof_predictions.csv", "bundle/weights.safetensors"):
        assert (run / name).read_bytes() == (finished / name).read_bytes()


def test_a_finished_run_is_left_as_it_is(table: Path, finished: Path) -> None:
    before = {
        path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file() and "work" not in path.parts
    }
    train(table, finished, keep_folds=True, resume=True)
    assert before == {path: path.stat().st_mtime_ns for path in before}


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a slim network that were written by another program."""
    path = tmp_path_factory.mktemp("weights") / "slim.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(4)
        save_file({key: value.contiguous() for key, value in build("resnet18-slim").state_dict().items()}, path)
    return path


def test_a_frozen_backbone_is_asked_once_for_each_view(table: Path, backbone: Path, tmp_path: Path) -> None:
    told: list[str] = []
    config = SMALL.model_copy(update={"backbone": "frozen", "weights": str(backbone), "epochs": 8, "lr": 0.01})
    run = train(table, tmp_path / "run", config, tell=lambda words, done, total: told.append(words), keep_folds=True)
    assert {words for words in told if words.startswith("features")} == {f"features, view {k} of 3" for k in (1, 2, 3)}
    given = load_bundle(run / "folds" / "01" / "bundle", "cpu").network.state_dict()
    from safetensors.torch import load_file

    for key, value in load_file(backbone).items():
        assert torch.equal(given[key], value) == (not key.startswith("fc."))


def test_begun_otherwise_is_said(table: Path, finished: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"begun otherwise: lr was 0.001, not 0.1"):
        train(table, finished, resume=True, keep_folds=True, lr=0.1)
    with pytest.raises(TrainingError, match="already holds a run: --resume goes on with it"):
        train(table, finished)
    with pytest.raises(TrainingError, match=r"holds no run to go on with: there is no training.toml"):
        train(table, tmp_path, resume=True)
    other = plant(tmp_path / "other", MIXED, seed=9)
    other.write_text(other.read_text().replace("P00_0.png,0", "P00_0.png,1"))
    with pytest.raises(TrainingError, match="is not the table that the run"):
        train(other, finished, resume=True)


def test_a_fold_without_a_class_is_trained_and_said(tmp_path: Path) -> None:
    table = plant(tmp_path / "cohort", [[1] * 2] * 3 + [[0] * 2] * 9)
    run = train(table, tmp_path / "run", folds=6, epochs=1)
    found = metrics(run)
    undefined = [fold for fold in found["folds"] if fold["recall"] is None]  # type: ignore[attr-defined]
    assert len(undefined) == 3
    assert found["pooled"]["recall"] is not None  # type: ignore[index]
    assert any("No affected slice was tested" in note for note in found["notes"])  # type: ignore[attr-defined]


def test_a_finished_run_needs_its_work_no_more(table: Path, finished: Path, tmp_path: Path) -> None:
    run = shutil.copytree(finished, tmp_path / "run", ignore=shutil.ignore_patterns("work"))
    told: list[str] = []
    train(table, run, keep_folds=True, resume=True, tell=lambda words, done, total: told.append(words))
    assert told == []
    assert not (run / "work" / "pictures.npy").exists()


def unfinished(finished: Path, run: Path) -> Path:
    """Return a copy of a run that lacks its results."""
    shutil.copytree(finished, run)
    (run / "metrics.json").unlink()
    return run


def test_a_damaged_outcome_is_made_anew(table: Path, finished: Path, tmp_path: Path) -> None:
    run = unfinished(finished, tmp_path / "run")
    outcome = run / "folds" / "01" / "outcome.json"
    outcome.write_bytes(outcome.read_bytes()[:100])
    told: list[str] = []
    train(table, run, keep_folds=True, resume=True, tell=lambda words, done, total: told.append(words))
    assert {words.partition(",")[0] for words in told if words.startswith("fold")} == {"fold 2 of 3"}
    assert (run / "metrics.json").read_bytes() == (finished / "metrics.json").read_bytes()


def test_what_is_not_of_this_run_is_refused(table: Path, finished: Path, tmp_path: Path) -> None:
    run = unfinished(finished, tmp_path / "folds")
    folds = [run / "folds" / name / "outcome.json" for name in ("00", "01")]
    content = json.loads(folds[0].read_text())
    folds[1].write_text(json.dumps({**content, "fold": 1}))
    with pytest.raises(TrainingError, match=r"outcome\.json is of other patients than fold 1 has now"):
        train(table, run, keep_folds=True, resume=True)

    run = unfinished(finished, tmp_path / "findings")
    (run / "work" / "findings.json").write_text("[{")
    with pytest.raises(TrainingError, match=r"findings\.json is damaged: remove it, and --resume"):
        train(table, run, keep_folds=True, resume=True)

    run = unfinished(finished, tmp_path / "pictures")
    shutil.rmtree(run / "folds" / "02")
    np.save(run / "work" / "pictures.npy", np.zeros((3, 32, 32), np.float16))
    with pytest.raises(TrainingError, match=r"pictures\.npy are not those of .*data\.csv: remove them"):
        train(table, run, keep_folds=True, resume=True)


@pytest.mark.parametrize("stop", ["checking the data", "fold 1 of 3, test"])
def test_stages_between_the_epochs_can_be_cancelled(table: Path, tmp_path: Path, stop: str) -> None:
    def tell(words: str, done: float, total: float) -> None:
        if words == stop and done > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        train(table, tmp_path / "run", epochs=1, tell=tell)


def test_what_a_killed_process_left_of_the_pictures_is_removed(table: Path, tmp_path: Path) -> None:
    def stop(words: str, done: float, total: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        train(table, tmp_path / "run", epochs=1, tell=stop)
    left = tmp_path / "run" / "work" / ".pictures.npy.abcdef.part"
    left.write_bytes(b"half")
    with pytest.raises(Cancelled):
        train(table, tmp_path / "run", epochs=1, resume=True, tell=stop)
    assert not left.exists()


def test_another_table_takes_no_part_in_a_run(table: Path, finished: Path, tmp_path: Path) -> None:
    from xai.train.launch import Launch, carry_out

    other = read_cohort(plant(tmp_path / "other", MIXED, seed=3))
    other = replace(other, sha256="0" * 64)
    second = Launch("cpu", None, Place(1, 2, 1, 2))  # it finds the record of a run that was begun before
    with pytest.raises(TrainingError, match="is not the table that the run"):
        carry_out(finished, other, second, lambda: read_record(finished), lambda *_: None)
