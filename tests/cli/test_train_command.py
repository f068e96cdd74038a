"""The command that trains, on cohorts of a few small pictures: what it leaves, and what it says of bad input."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tests.train.planted import SMALL, plant
from viewer import cli
from viewer.cli_train import Network
from xai.models.bundle import load_bundle
from xai.models.networks import NETWORKS, build
from xai.notice import RESEARCH_USE_ONLY
from xai.train.config import AUGMENTS, TrainingConfig
from xai.train.record import DataRecord, TrainingRecord, WeightsRecord, read_record, write_record

Run = Callable[..., tuple[int, str, str]]
Refused = Callable[..., str]
PATIENTS = [[k % 2] * 2 for k in range(6)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A slim network's weights."""
    path = tmp_path_factory.mktemp("weights") / "slim.safetensors"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        save_file({key: value.contiguous() for key, value in build("resnet18-slim").state_dict().items()}, path)
    return path


@pytest.fixture(scope="module")
def recipe(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of a run that takes seconds: the options have no size of the pictures."""
    folder = tmp_path_factory.mktemp("recipe")
    changes = {"weights": str(weights), "backbone": "frozen", "folds": 2, "epochs": 2, "optimizer": "sgd", "lr": 0.01}
    write_recipe(folder, SMALL.model_copy(update=changes))
    return folder / "training.toml"


def write_recipe(folder: Path, config: TrainingConfig) -> None:
    data = DataRecord(table="/elsewhere/data.csv", sha256="0" * 64)
    write_record(TrainingRecord(config=config, data=data, weights=WeightsRecord(source="none")), folder)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table that no test changes."""
    return plant(tmp_path_factory.mktemp("shared"), PATIENTS)


@pytest.fixture(scope="module")
def finished(shared: Path, recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished") / "runs" / "run"
    command = ["train", str(shared), "--out", str(out), "--config", str(recipe), "--device", "cpu", "--keep-folds"]
    assert cli.run([*command, "--quiet"]) == 0
    return out


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return plant(tmp_path / "cohort", PATIENTS)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of torchvision's cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch"


def rewrite(table: Path, change: Callable[[list[str]], list[str]]) -> Path:
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([header, *change(rows)]) + "\n", encoding="utf-8")
    return table


# A run --------------------------------------------------------------------------------------------------------------


def test_the_networks_to_choose_from_are_those_there_are() -> None:
    assert {one.value for one in Network} == set(NETWORKS)


def test_a_run_leaves_its_files_and_says_its_figures(shared: Path, recipe: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "new" / "run"
    code, printed, err = run("train", shared, "--out", out, "--config", recipe, "--device", "cpu", "--seed", 3)
    assert code == 0, err
    expected = {"metrics.json", "oof_predictions.csv", "report.html", "training.toml", "bundle", "plots"}
    assert expected <= {path.name for path in out.iterdir()}
    assert not [path for path in out.rglob("*") if path.name.endswith(".part")]

    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert {"pooled", "folds", "mean", "std", "per_patient"} <= set(metrics)
    assert len(metrics["folds"]) == 2
    with (out / "oof_predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["image"], row["label"], row["group"]) for row in rows] == [
        tuple(line.split(",")) for line in shared.read_text(encoding="utf-8").splitlines()[1:]
    ]
    assert {row["fold"] for row in rows} == {"0", "1"}
    assert all((float(row["probability"]) > 0.5) == (row["prediction"] == "1") for row in rows)
    assert load_bundle(out / "bundle", "cpu").manifest.network == "resnet18-slim"

    first, *figures = printed.splitlines()
    assert first == "Out of fold, 12 slices of 6 patients:"
    accuracy = next(line for line in figures if line.strip().startswith("Accuracy"))
    assert f"{metrics['pooled']['accuracy']:.3f}" in accuracy
    told = err.splitlines()
    assert [line for line in told if line.startswith("fold")] == ["fold 1 of 2", "fold 2 of 2"]
    assert "all patients" in told
    assert told[-1].endswith(RESEARCH_USE_ONLY)
    assert str(out) in told[-1]


def test_json_is_the_metrics_and_quiet_is_silent(finished: Path, shared: Path, run: Run) -> None:
    code, printed, err = run("train", shared, "--out", finished, "--resume", "--device", "cpu", "--json", "--quiet")
    assert (code, err) == (0, "")
    assert json.loads(printed) == json.loads((finished / "metrics.json").read_text(encoding="utf-8"))


def test_a_run_is_repeated_from_its_own_record(finished: Path, shared: Path, tmp_path: Path, run: Run) -> None:
    again = tmp_path / "again"
    code, _, err = run("train", shared, "--out", again, "--config", finished, "--device", "cpu", "--quiet")
    assert (code, err) == (0, "")
    for name in ("metrics.json", "oof_predictions.csv", "bundle/weights.safetensors"):
        assert (again / name).read_bytes() == (finished / name).read_bytes()


def test_options_are_written_down_and_come_before_a_recipe(
    shared: Path, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr("xai.train.launch.take_part", stop)
    options = (
        *("--fine-tune", "--folds", 3, "--epochs", 7, "--patience", 2, "--validation", 0.3, "--batch-size", 5),
        *("--lr", 0.02, "--optimizer", "adamw", "--momentum", 0.5, "--weight-decay", 0.1, "--augment", "none"),
        *("--views", 3, "--no-oversample", "--seed", 11, "--keep-folds", "--precision", "32", "--parallel", "data"),
        *("--network", "resnet18-slim", "--weights", "none", "--processes", 1),
    )
    expected: dict[str, Any] = {
        **{"backbone": "fine-tuned", "folds": 3, "epochs": 7, "patience": 2, "validation": 0.3, "batch_size": 5},
        **{"lr": 0.02, "optimizer": "adamw", "momentum": 0.5, "weight_decay": 0.1, "augment": AUGMENTS["none"]},
        **{"views": 3, "oversample": False, "seed": 11, "keep_folds": True, "precision": "32", "parallel": "data"},
        **{"network": "resnet18-slim", "weights": "none"},
    }
    assert run("train", shared, "--out", tmp_path / "plain", *options)[0] == 130
    assert read_record(tmp_path / "plain").config == TrainingConfig(**expected)
    assert run("train", shared, "--out", tmp_path / "changed", "--config", recipe, "--lr", 0.5)[0] == 130
    assert read_record(tmp_path / "changed").config == read_record(recipe).config.model_copy(update={"lr": 0.5})


def test_the_slim_network_begins_at_random_and_learns_as_a_whole(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr("xai.train.launch.take_part", stop)
    run("train", shared, "--out", tmp_path / "run", "--network", "resnet18-slim", "--folds", 3)
    config = read_record(tmp_path / "run").config
    assert (config.weights, config.backbone) == ("none", "fine-tuned")


def stop(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_a_cancelled_run_keeps_what_is_finished_and_goes_on(
    finished: Path, shared: Path, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    from xai.progress import Cancelled

    out, begin = tmp_path / "run", ("train", shared, "--device", "cpu", "--keep-folds")

    def cancelled(*arguments: object) -> None:
        raise Cancelled

    with monkeypatch.context() as patched:
        patched.setattr("xai.train.run.Run._final", cancelled)
        code, printed, err = run(*begin, "--out", out, "--config", recipe)
        assert (code, printed) == (130, "")
        assert err.splitlines()[-2:] == [f"What is finished is kept in {out}; --resume goes on with it.", "Cancelled."]
    code, _, err = run(*begin, "--out", out, "--resume")
    assert code == 0
    assert not [line for line in err.splitlines() if line.startswith(("fold", "reading", "features"))]
    assert (out / "metrics.json").read_bytes() == (finished / "metrics.json").read_bytes()


def test_a_run_is_gone_on_with_as_it_was_begun(finished: Path, shared: Path, tmp_path: Path, refused: Refused) -> None:
    assert "begun otherwise: lr was 0.01, not 0.3." in refused(
        "train", shared, "--out", finished, "--resume", "--lr", 0.3
    )
    write_recipe(tmp_path, read_record(finished).config.model_copy(update={"epochs": 9}))
    told = refused("train", shared, "--out", finished, "--resume", "--config", tmp_path)
    assert "begun otherwise: epochs was 2, not 9." in told
    assert "there is no training.toml" in refused("train", shared, "--out", tmp_path / "none", "--resume")
    other = rewrite(plant(tmp_path / "other", PATIENTS), lambda rows: rows[:-1])
    assert "is not the table that the run" in refused("train", other, "--out", finished, "--resume")


# The check ----------------------------------------------------------------------------------------------------------


def test_the_check_lists_what_is_there(shared: Path, recipe: Path, tmp_path: Path, run: Run) -> None:
    code, printed, err = run("train", shared, "--check", "--config", recipe)
    assert (code, err) == (0, "")
    first, *lines = printed.splitlines()
    assert first == "data.csv: 12 slices of 6 patients"
    assert lines[0].split() == ["healthy", "6", "slices", "3", "patients"]
    assert lines[-1] == "Nothing speaks against training."
    assert {path.name for path in shared.parent.iterdir()} == {"data.csv", *(row[0] for row in pictures_of(shared))}


def pictures_of(table: Path) -> Iterator[list[str]]:
    for line in table.read_text(encoding="utf-8").splitlines()[1:]:
        yield line.split(",")


def test_the_check_tells_a_copy_between_patients_and_goes_well(table: Path, recipe: Path, run: Run) -> None:
    shutil.copy(table.parent / "P00_0.png", table.parent / "P02_1.png")
    code, printed, _ = run("train", table, "--check", "--config", recipe)
    assert code == 0
    assert "warning: 1 picture byte for byte the same for different patients" in printed
    assert "P00_0.png of P00 = P02_1.png of P02" in printed


def test_the_check_names_everything_that_forbids_training(table: Path, recipe: Path, run: Run) -> None:
    for name in ("P01_0.png", "P04_1.png"):
        (table.parent / name).write_bytes((table.parent / name).read_bytes()[:60])
    code, printed, err = run("train", table, "--check", "--config", recipe, "--folds", 40)
    assert (code, err) == (1, "")
    errors = [line for line in printed.splitlines() if line.startswith("error:")]
    assert [next(word for word in ("P01_0", "P04_1", "40 folds") if word in line) for line in errors] == [
        *("P01_0", "P04_1", "40 folds")
    ]
    assert "data.csv, row 4: P01_0.png" in errors[0]
    assert "Nothing speaks against" not in printed


def test_the_check_speaks_to_programs(table: Path, recipe: Path, run: Run) -> None:
    code, printed, err = run("train", table, "--check", "--json", "--config", recipe)
    assert (code, err) == (0, "")
    found = json.loads(printed)
    assert (found["slices"], found["patients"], found["classes"]["affected"]) == (
        *(12, 6),
        {"slices": 6, "patients": 3},
    )
    assert found["findings"] == []
    code, printed, _ = run("train", table, "--check", "--json", "--config", recipe, "--folds", 40)
    assert code == 1
    assert json.loads(printed)["findings"][0]["severity"] == "error"


def test_a_run_repeats_the_warnings_of_the_check(finished: Path, shared: Path, tmp_path: Path, run: Run) -> None:
    copied = shutil.copytree(finished, tmp_path / "run")
    resume = ("train", shared, "--out", copied, "--resume", "--device", "cpu")
    assert "warning:" not in run(*resume)[2]
    found = [{"severity": "warning", "code": "leak", "message": "1 picture \x1b[2J twice."}]
    (copied / "work" / "findings.json").write_text(json.dumps(found), encoding="utf-8")
    assert "warning: 1 picture ?[2J twice.\n" in run(*resume)[2]
    shutil.rmtree(copied / "work")
    assert run(*resume)[0] == 0


def test_a_table_does_not_steer_the_terminal(table: Path, recipe: Path, run: Run) -> None:
    shutil.copy(table.parent / "P00_0.png", table.parent / "P02_1.png")
    rewrite(table, lambda rows: [row.replace(",P02", ",\x1b[2J") for row in rows])
    _, printed, _ = run("train", table, "--check", "--config", recipe)
    assert "?[2J" in printed
    assert "\x1b" not in printed


# Usage --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "--out"),
        (["--out", "run", "--folds", "1"], "--folds"),
        (["--out", "run", "--epochs", "0"], "--epochs"),
        (["--out", "run", "--validation", "0.9"], "--validation"),
        (["--out", "run", "--lr", "0"], "--lr"),
        (["--out", "run", "--lr", "nan"], "--lr"),
        (["--out", "run", "--momentum", "2"], "--momentum"),
        (["--out", "run", "--seed", str(2**32)], "--seed"),
        (["--out", "run", "--optimizer", "lion"], "--optimizer"),
        (["--out", "run", "--network", "vgg"], "--network"),
        (["--out", "run", "--augment", "some"], "--augment"),
        (["--check", "--validation", "0.9"], "--validation"),
    ],
)
def test_wrong_usage_is_2_before_anything_is_read(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run("train", "nowhere.csv", *arguments)
    assert (code, out) == (2, "")
    assert "Error: " in err
    assert told in err
    assert list(tmp_path.iterdir()) == []


# Bad input ----------------------------------------------------------------------------------------------------------


def replaced(row: int, old: str, new: str) -> Callable[[Path], object]:
    def change(rows: list[str]) -> list[str]:
        assert old in rows[row]
        return [*rows[:row], rows[row].replace(old, new), *rows[row + 1 :]]

    return lambda table: rewrite(table, change)


def relabelled(by_patient: dict[str, int]) -> Callable[[Path], object]:
    def change(rows: list[str]) -> list[str]:
        return [f"{name},{by_patient[group]},{group}" for name, _, group in (row.split(",") for row in rows)]

    return lambda table: rewrite(table, change)


def without(*names: str) -> Callable[[Path], object]:
    def remove(table: Path) -> None:
        for name in names:
            (table.parent / name).unlink()

    return remove


BAD_TABLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing image": (without("P01_1.png"), "data.csv, row 5: there is no picture 'P01_1.png'."),
    "missing images": (
        without(*(f"P0{n}_1.png" for n in range(5))),
        "data.csv has 5 wrong rows: row 3: there is no picture",
    ),
    "unknown label": (replaced(3, ",1,", ",ill,"), "data.csv, row 5: the label 'ill' is unknown"),
    "empty patient": (replaced(0, "P00", ""), "data.csv, row 2:"),
    "one class": (relabelled(dict.fromkeys(["P00", "P01", "P02", "P03", "P04", "P05"], 1)), "6 patients, 0 with"),
    "one patient of a class": (
        relabelled({"P00": 1, "P01": 0, "P02": 0, "P03": 0, "P04": 0, "P05": 0}),
        "6 patients, 5 with healthy slices and 1 with affected slices: at least two of each are needed",
    ),
    "one group": (lambda t: rewrite(t, lambda rows: rows[:2]), "data.csv has 1 patient only"),
    "no rows": (lambda t: rewrite(t, lambda rows: []), "data.csv"),
    "no table": (without("data.csv"), "data.csv"),
    "no column": (lambda t: t.write_text("picture,kind\na,1\n", encoding="utf-8"), "data.csv"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_bad_table_is_one_sentence_and_makes_no_folder(
    case: str, table: Path, recipe: Path, tmp_path: Path, refused: Refused
) -> None:
    damage, cause = BAD_TABLES[case]
    damage(table)
    told = refused("train", table, "--out", tmp_path / "run", "--config", recipe)
    assert cause in told
    assert told.endswith(".")
    assert not (tmp_path / "run").exists()


def test_more_folds_than_patients_is_said_with_the_counts(
    table: Path, recipe: Path, tmp_path: Path, refused: Refused
) -> None:
    told = refused("train", table, "--out", tmp_path / "run", "--config", recipe, "--folds", 7)
    assert "data.csv has 6 patients (3 with healthy slices and 3 with affected slices), too few for 7 folds" in told
    assert not (tmp_path / "run").exists()


def test_a_damaged_picture_is_named_and_the_run_goes_on_once_it_is_mended(
    table: Path, recipe: Path, finished: Path, tmp_path: Path, refused: Refused, run: Run
) -> None:
    picture, out = table.parent / "P03_1.png", tmp_path / "run"
    whole = picture.read_bytes()
    picture.write_bytes(whole[: len(whole) // 2])
    told = refused("train", table, "--out", out, "--config", recipe, "--device", "cpu", "--quiet")
    assert told.startswith("data.csv, row 9: P03_1.png ")
    picture.write_bytes(whole)
    code, printed, _ = run("train", table, "--out", out, "--resume", "--device", "cpu", "--quiet", "--json")
    assert code == 0
    assert json.loads(printed)["pooled"] == json.loads((finished / "metrics.json").read_text())["pooled"]


def damaged_weights(weights: Path, folder: Path, kind: str) -> Path:
    path = folder / "start.safetensors"
    if kind == "cut":
        path.write_bytes(weights.read_bytes()[:-100])
    elif kind == "text":
        path = folder / "start.pt"
        path.write_text("weights", encoding="utf-8")
    elif kind == "other":
        save_file({key: value.contiguous() for key, value in build("resnet18").state_dict().items()}, path)
    return path


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("missing", "There are no weights at"),
        ("cut", "start.safetensors"),
        ("text", "start.pt is damaged or"),
        ("other", "do not fit the network resnet18-slim: conv1.weight has the shape (64, 1, 7, 7)"),
    ],
)
def test_weights_that_cannot_be_used_are_one_sentence(
    kind: str, cause: str, shared: Path, weights: Path, recipe: Path, tmp_path: Path, refused: Refused
) -> None:
    path = damaged_weights(weights, tmp_path, kind)
    told = refused("train", shared, "--out", tmp_path / "run", "--config", recipe, "--weights", path)
    assert str(path) in told
    assert cause in told
    assert not (tmp_path / "run").exists()


def test_absent_imagenet_weights_are_named_with_the_ways_out(
    shared: Path, hub: Path, tmp_path: Path, refused: Refused
) -> None:
    told = refused("train", shared, "--out", tmp_path / "run", "--folds", 2)
    assert str(hub / "hub" / "checkpoints" / "resnet18-") in told
    assert "nothing is downloaded" in told
    assert "--weights FILE" in told
    assert "--weights none" in told
    assert not (tmp_path / "run").exists()


def test_other_weights_than_those_it_was_begun_with_end_a_run(
    shared: Path, weights: Path, finished: Path, tmp_path: Path, refused: Refused
) -> None:
    whole = weights.read_bytes()
    try:
        with torch.random.fork_rng(devices=[]):
            save_file({key: value + 0 for key, value in build("resnet18-slim").state_dict().items()}, weights)
        assert "holds other weights" in refused("train", shared, "--out", finished, "--resume")
    finally:
        weights.write_bytes(whole)


def test_a_folder_that_holds_something_is_left_alone(
    shared: Path, recipe: Path, finished: Path, tmp_path: Path, refused: Refused
) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert "is not an empty folder; choose another one" in refused("train", shared, "--out", tmp_path)
    assert "is not an empty folder" in refused("train", shared, "--out", tmp_path / "notes.txt")
    before = (finished / "metrics.json").read_bytes()
    told = refused("train", shared, "--out", finished, "--config", recipe)
    assert "already holds a run: --resume goes on with it" in told
    assert (finished / "metrics.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_folder_that_cannot_be_made_is_named(
    shared: Path, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    inside = tmp_path / "file" / "run"
    assert f"{inside} cannot be made: Not a directory." in refused("train", shared, "--out", inside, "--config", recipe)
    plain = Path.mkdir

    def read_only(self: Path, *arguments: Any, **more: Any) -> None:
        if self == tmp_path / "run":
            raise PermissionError(13, "Permission denied", str(self))
        plain(self, *arguments, **more)

    monkeypatch.setattr(Path, "mkdir", read_only)
    told = refused("train", shared, "--out", tmp_path / "run", "--config", recipe)
    assert told == f"{tmp_path / 'run'} cannot be made: Permission denied."


def test_a_recipe_that_is_none_is_named(shared: Path, tmp_path: Path, refused: Refused) -> None:
    out = ("--out", tmp_path / "run")
    assert "none.toml cannot be read" in refused("train", shared, *out, "--config", tmp_path / "none.toml")
    (tmp_path / "a.toml").write_text("a = 1\n", encoding="utf-8")
    assert "a.toml is no record of a training run" in refused("train", shared, *out, "--config", tmp_path / "a.toml")
    (tmp_path / "b.toml").write_text("a = \n", encoding="utf-8")
    assert "b.toml is not valid TOML" in refused("train", shared, *out, "--config", tmp_path / "b.toml")


def test_a_device_that_is_not_there_is_named(shared: Path, recipe: Path, tmp_path: Path, refused: Refused) -> None:
    told = refused("train", shared, "--out", tmp_path / "run", "--config", recipe, "--device", "abacus")
    assert "There is no device 'abacus'" in told
