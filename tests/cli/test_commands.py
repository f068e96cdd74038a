"""Every command on real, tiny input: what it writes, what it says, and how it ends."""

from __future__ import annotations

import csv
import json
import shutil
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from PIL import Image

from xai import load_bundle
from xai.export import load_npz
from xai.models.bundle import save_bundle
from xai.models.manifest import TrainedOn
from xai.models.networks import build
from xai.notice import RESEARCH_USE_ONLY

SLICES = 6
Run = Callable[..., tuple[int, str, str]]
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with random weights: what it says is of no interest here."""
    folder = tmp_path_factory.mktemp("models") / "bundle"
    torch.manual_seed(3)
    trained_on = TrainedOn(sequence="T1", region="lower leg", data_source="synthetic phantoms")
    save_bundle(
        folder,
        build("resnet18-slim"),
        name="Random",
        version="1",
        network_name="resnet18-slim",
        trained_on=trained_on,
    )
    return folder


def write_nifti(path: Path, voxels: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Path:
    """Write voxels (column, row, slice) with pixels of 1 x 2 mm and slices 5 mm apart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(voxels, np.diag([-1.0, -2.0, 5.0, 1.0])), path)
    return path


def leg(slices: int = SLICES, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return a noisy disc in air (column, row, slice)."""
    x, y = np.mgrid[-1:1:40j, -1:1:30j]
    disc = np.where(x**2 + y**2 < 0.6, 400.0, 5.0)[..., None] + np.zeros(slices)
    noisy = disc + np.random.default_rng(seed).normal(0, 20, disc.shape)
    return np.abs(noisy).astype(np.float32)


@pytest.fixture
def series(tmp_path: Path) -> Path:
    return write_nifti(tmp_path / "input" / "leg.nii.gz", leg())


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_info_for_people_and_programs(series: Path, run: Run) -> None:
    code, out, err = run("info", series)
    assert (code, err) == (0, "")
    assert "6 slices of 30 x 40" in out
    assert "2 x 1 mm, slices 5 mm apart" in out
    code, out, err = run("info", series, "--json")
    assert (code, err) == (0, "")
    (entry,) = json.loads(out)["series"]
    assert entry["shape"] == [SLICES, 30, 40]
    assert entry["spacing_mm"] == pytest.approx([5, 2, 1])


def test_predict_writes_a_row_per_slice(series: Path, bundle: Path, tmp_path: Path, run: Run) -> None:
    table = tmp_path / "new" / "predictions.csv"
    code, out, err = run("predict", series, "--model", bundle, "--out", table)
    assert (code, out) == (0, "")
    assert RESEARCH_USE_ONLY in err
    rows = rows_of(table)
    assert [row["slice_index"] for row in rows] == [str(k + 1) for k in range(SLICES)]
    assert np.diff([float(row["position_mm"]) for row in rows]) == pytest.approx([5] * (SLICES - 1))
    for row in rows:
        chances = [float(row["probability_healthy"]), float(row["probability_affected"])]
        assert sum(chances) == pytest.approx(1, abs=1e-5)
        assert row["target"] == str(int(np.argmax(chances)))
        assert row["prediction"] == ("healthy", "affected")[int(row["target"])]
        assert row["state"] == ""
        assert "sequence" in row["mismatch"]
        assert "not on patients" in row["caution"]
        assert row["case_id"] == f"S-{row['volume_sha256'][:8]}"
        assert row["model_sha256"] == load_bundle(bundle).sha256
        assert row["statement"] == RESEARCH_USE_ONLY
        assert row["calibration_temperature"] == ""


def test_a_calibrated_model_is_called_so_wherever_its_probabilities_go(
    series: Path, bundle: Path, tmp_path: Path, run: Run
) -> None:
    calibrated = tmp_path / "calibrated"
    shutil.copytree(bundle, calibrated)
    with (calibrated / "bundle.toml").open("a") as file:
        file.write(
            '\n[calibration]\ntemperature = 0.5\nfitted_on = "answers out of fold"\nslices = 480\npatients = 40\n'
            "ece_before = 0.08\nece_after = 0.03\n"
        )
    for model in (bundle, calibrated):
        assert run("predict", series, "--model", model, "--out", tmp_path / f"{model.name}.csv", "--quiet")[0] == 0
    plain, other = (rows_of(tmp_path / f"{model.name}.csv") for model in (bundle, calibrated))
    assert list(plain[0]) == list(other[0])
    assert list(plain[0])[-2:] == ["statement", "calibration_temperature"]
    for before, after in zip(plain, other, strict=True):
        assert after["calibration_temperature"] == "0.5"
        odds = [float(row["probability_affected"]) / float(row["probability_healthy"]) for row in (before, after)]
        assert odds[1] == pytest.approx(odds[0] ** 2, rel=1e-3)
        assert before["target"] == after["target"]
    code, out, _ = run("model", "info", calibrated)
    assert code == 0
    assert "calibration:\n  temperature: 0.5\n  fitted_on: answers out of fold\n  slices: 480\n" in out
    assert "calibration" not in run("model", "info", bundle)[1]


def test_predictions_are_those_of_the_library(series: Path, bundle: Path, tmp_path: Path, run: Run) -> None:
    import xai

    run("predict", series, "--model", bundle, "--out", tmp_path / "p.csv", "--quiet")
    found = xai.predict(xai.load_bundle(bundle), xai.open_volumes(series)[0])
    written = [float(row["probability_affected"]) for row in rows_of(tmp_path / "p.csv")]
    assert written == pytest.approx(found.probabilities[:, 1].tolist(), abs=1e-5)


def test_a_slice_that_cannot_be_read_has_a_row_without_a_prediction(bundle: Path, tmp_path: Path, run: Run) -> None:
    voxels = leg()
    voxels[:, :, 2] = np.nan
    write_nifti(tmp_path / "nan.nii.gz", voxels)
    code, _, _ = run("predict", tmp_path / "nan.nii.gz", "--model", bundle, "--out", tmp_path / "p.csv")
    assert code == 0
    rows = rows_of(tmp_path / "p.csv")
    assert [row["state"] for row in rows] == ["", "", "slice could not be read", "", "", ""]
    assert {row["problems"] for row in rows} == {"undecodable"}
    assert [rows[2][key] for key in ("target", "prediction", "probability_affected")] == ["", "", ""]


def test_several_series_are_all_predicted(bundle: Path, tmp_path: Path, run: Run) -> None:
    for seed in (1, 2):
        write_nifti(tmp_path / "input" / f"leg{seed}.nii.gz", leg(seed=seed))
    code, _, err = run("predict", tmp_path / "input", "--model", bundle, "--out", tmp_path / "p.csv")
    assert code == 0
    assert f"{2 * SLICES} slices of 2 series" in err
    assert len({row["case_id"] for row in rows_of(tmp_path / "p.csv")}) == 2


def write_colour(path: Path) -> Path:
    """Write a NIfTI of RGB voxels."""
    voxels = np.zeros((20, 20, 4), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))
    voxels["R"] = np.arange(20, dtype=np.uint8)[:, None, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), path)
    return path


def test_what_no_model_may_see_is_left_out_and_said(
    series: Path, bundle: Path, tmp_path: Path, run: Run, refused: Refused
) -> None:
    colour = write_colour(series.parent / "colour.nii.gz")
    table = tmp_path / "p.csv"
    code, _, err = run("predict", series.parent, "--model", bundle, "--out", table, "--quiet")
    assert code == 0
    assert "Left out" in err
    assert "colour" in err
    assert len(rows_of(table)) == SLICES
    assert "no model is run" in refused("predict", colour, "--model", bundle, "--out", tmp_path / "q.csv")
    assert not (tmp_path / "q.csv").exists()


def test_predict_reaches_for_no_network(
    series: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    code, _, _ = run("predict", series, "--model", bundle, "--out", tmp_path / "p.csv")
    assert code == 0


def test_explain_writes_maps_that_can_be_repeated(series: Path, bundle: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "maps"
    arguments = ("explain", series, "--model", bundle, "--method", "gradcam,hirescam", "--out", out)
    code, printed, err = run(*arguments, "--format", "npz,nifti,png", "--target", 0, "--slices", "2:4", "--quiet")
    assert (code, err) == (0, "")
    folder = Path(printed.strip())
    assert folder.parent == out
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    pictures = [f"{m}/slice-{k:03d}.png" for m in ("gradcam", "hirescam") for k in (2, 3, 4)]
    files = [f"{m}.{suffix}" for m in ("gradcam", "hirescam") for suffix in ("npz", "nii.gz")]
    assert names == sorted([*pictures, *files, "provenance.json"])

    explanation = load_npz(folder / "hirescam.npz")
    assert np.flatnonzero(explanation.computed).tolist() == [1, 2, 3]
    assert explanation.target[1:4].tolist() == [0, 0, 0]
    said = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert said["statement"] == RESEARCH_USE_ONLY
    assert folder.name == said["case_id"]
    of_map = said["maps"]["hirescam"]
    assert [entry["slice_index"] for entry in of_map["slices"]] == [2, 3, 4]
    assert of_map["bundle_sha256"] == load_bundle(bundle).sha256
    with Image.open(folder / "hirescam" / "slice-003.png") as picture:
        assert picture.info["Disclaimer"] == RESEARCH_USE_ONLY


def test_explain_refuses_a_class_that_is_not_there(
    series: Path, bundle: Path, tmp_path: Path, refused: Refused
) -> None:
    arguments = ("explain", series, "--model", bundle, "--method", "gradcam", "--out", tmp_path / "maps")
    assert "class 2" in refused(*arguments, "--target", 2)


def test_explain_refuses_slices_that_are_not_there(
    series: Path, bundle: Path, tmp_path: Path, refused: Refused
) -> None:
    arguments = ("explain", series, "--model", bundle, "--method", "gradcam", "--out", tmp_path / "maps")
    assert "1 to 6" in refused(*arguments, "--slices", "3:60")
    assert not (tmp_path / "maps").exists()


def rendered(run: Run, path: Path, number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the pixels of slice ``number`` as rendered, without the caption, which is different for every file."""
    picture = path.parent / "slice.png"
    assert run("render", path, "--slice", number, "--out", picture, "--quiet") == (0, "", "")
    with Image.open(picture) as image:
        return np.asarray(image.convert("RGB"))[:640]


def marked(path: Path, affine: tuple[float, ...], reverse: tuple[int, ...] = ()) -> Path:
    """Write a volume with a bright corner in its second slice, at the voxels that come first on each axis."""
    voxels = leg(3) / 100
    voxels[:4, :3, 1] = 500
    nib.save(nib.Nifti1Image(np.flip(voxels, reverse), np.diag(affine)), path)
    return path


def test_render_has_square_pixels_and_the_right_way_round(tmp_path: Path, run: Run) -> None:
    # NIfTI counts in RAS: with a diagonal of -1, -2 the first voxel is the most right and most front one.
    path = marked(tmp_path / "leg.nii.gz", (-1, -2, 5, 1))
    picture = rendered(run, path, 2)
    # 40 columns of 1 mm beside 30 rows of 2 mm.
    assert picture.shape == (640, 427, 3)
    corners = {
        "front right": picture[20:40, 20:40],
        "front left": picture[20:40, -40:-20],
        "back right": picture[-40:-20, 20:40],
        "back left": picture[-40:-20, -120:-100],
    }
    assert max(corners, key=lambda name: float(corners[name].mean())) == "front right"
    assert rendered(run, path, 1)[20:40, 20:40].mean() < 50


def test_render_does_not_depend_on_the_order_in_the_file(tmp_path: Path, run: Run) -> None:
    wanted = rendered(run, marked(tmp_path / "a.nii.gz", (-1, -2, 5, 1)), 2)
    turned = rendered(run, marked(tmp_path / "b.nii.gz", (1, -2, 5, 1), reverse=(0,)), 2)
    np.testing.assert_array_equal(turned, wanted)
    mirrored = rendered(run, marked(tmp_path / "c.nii.gz", (-1, -2, 5, 1), reverse=(0,)), 2)
    assert not np.array_equal(mirrored, wanted)


def test_render_draws_the_letter_of_each_side(tmp_path: Path, run: Run) -> None:
    picture = rendered(run, write_nifti(tmp_path / "leg.nii.gz", leg()), 2)
    # Letters are the only thing in colour; one sits at the middle of each side.
    coloured = np.ptp(picture.astype(int), axis=2) > 60
    for side in (coloured[300:340, :30], coloured[300:340, -30:], coloured[:30, 200:230], coloured[-30:, 200:230]):
        assert side.any()


def test_render_lays_a_map_over_its_own_series_only(
    series: Path, bundle: Path, tmp_path: Path, run: Run, refused: Refused
) -> None:
    arguments = ("explain", series, "--model", bundle, "--method", "hirescam", "--out", tmp_path / "maps")
    _, printed, _ = run(*arguments, "--quiet")
    overlay = Path(printed.strip()) / "hirescam.npz"
    picture = tmp_path / "slice.png"
    code, _, err = run("render", series, "--slice", 3, "--overlay", overlay, "--out", picture)
    assert (code, err) == (0, "")
    with Image.open(picture) as image:
        inside = np.asarray(image.convert("RGB"), int)[60:580, 60:-160]
    assert np.ptp(inside, axis=2).max() > 40

    other = write_nifti(tmp_path / "other.nii.gz", leg(seed=9))
    assert "was made for series S-" in refused(
        "render", other, "--slice", 3, "--overlay", overlay, "--out", tmp_path / "no.png"
    )
    assert not (tmp_path / "no.png").exists()


def test_render_asks_which_of_several_series(tmp_path: Path, run: Run, refused: Refused) -> None:
    for seed in (1, 2):
        write_nifti(tmp_path / "input" / f"leg{seed}.nii.gz", leg(seed=seed))
    arguments = ("render", tmp_path / "input", "--slice", 1, "--out", tmp_path / "s.png")
    assert "--series" in refused(*arguments)
    assert run(*arguments, "--series", 2)[0] == 0
    assert run(*arguments, "--series", 3)[0] == 1
    assert "slice 7 is not there" in refused(
        "render", tmp_path / "input", "--slice", 7, "--series", 1, "--out", tmp_path / "s.png"
    )


def damaged_inputs(folder: Path) -> dict[str, Path]:
    """Write what no series is."""
    text = folder / "notes.dcm"
    text.write_text("Patient was lovely.\n", encoding="utf-8")
    empty = folder / "empty"
    empty.mkdir()
    broken = folder / "broken.nii.gz"
    broken.write_bytes(b"\x1f\x8bnothing of the kind")
    return {"a text file": text, "an empty folder": empty, "a broken file": broken}


@pytest.mark.parametrize("kind", ["a text file", "an empty folder", "a broken file"])
@pytest.mark.parametrize("command", ["info", "info --json", "predict", "render"])
def test_what_is_no_series_is_one_sentence(
    kind: str, command: str, bundle: Path, tmp_path: Path, refused: Refused
) -> None:
    path = damaged_inputs(tmp_path)[kind]
    options: dict[str, Sequence[object]] = {
        "predict": ("--model", bundle, "--out", tmp_path / "x.csv"),
        "render": ("--slice", 1, "--out", tmp_path / "x.png"),
    }
    said = refused(*command.split(), path, *options.get(command, ()))
    assert path.name in said
    assert "lovely" not in said
    assert not (tmp_path / "x.csv").exists()
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize(
    ("shape", "said"), [((40, 30, 1), "1 slice of 30 x 40"), ((40, 30, 4, 3), "4 slices of 30 x 40")]
)
def test_one_slice_and_four_dimensions_are_read(
    shape: tuple[int, ...], said: str, bundle: Path, tmp_path: Path, run: Run
) -> None:
    voxels = np.random.default_rng(0).uniform(1, 100, shape).astype(np.float32)
    path = write_nifti(tmp_path / "odd.nii.gz", voxels)
    code, out, _ = run("info", path)
    assert code == 0
    assert said in out
    assert ("time-series" in out) == (len(shape) == 4)
    code, _, _ = run("predict", path, "--model", bundle, "--out", tmp_path / "p.csv")
    assert code == 0
    assert len(rows_of(tmp_path / "p.csv")) == shape[2]


def test_a_bundle_with_a_wrong_hash_is_refused(series: Path, bundle: Path, tmp_path: Path, refused: Refused) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(bundle, changed)
    weights = changed / "weights.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    for arguments in (
        ("predict", series, "--model", changed, "--out", tmp_path / "p.csv"),
        ("explain", series, "--model", changed, "--method", "gradcam", "--out", tmp_path / "m"),
        ("model", "info", changed),
    ):
        assert "hash" in refused(*arguments)
    assert not (tmp_path / "p.csv").exists()


def test_what_cannot_be_written_is_one_sentence(series: Path, bundle: Path, tmp_path: Path, refused: Refused) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for arguments in (
        ("predict", series, "--model", bundle, "--out", tmp_path),
        ("predict", series, "--model", bundle, "--out", file / "p.csv"),
        ("explain", series, "--model", bundle, "--method", "gradcam", "--out", file),
        ("render", series, "--slice", 1, "--out", file / "s.png"),
        ("phantom", "--patients", 1, "--seed", 1, "--out", file),
        ("phantom", "--patients", 1, "--seed", 1, "--out", series.parent),
        ("demo", "--prepare", file),
    ):
        assert str(tmp_path) in refused(*arguments)
    assert file.read_text(encoding="utf-8") == "mine"


def test_an_old_table_survives_a_run_that_fails(
    series: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    table = tmp_path / "p.csv"
    table.write_text("earlier", encoding="utf-8")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("viewer.batch.prediction_rows", interrupted)
    code, _, err = run("predict", series, "--model", bundle, "--out", table)
    assert code == 130
    assert err == "Cancelled.\n"
    assert table.read_text(encoding="utf-8") == "earlier"
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []


def test_model_info(bundle: Path, run: Run) -> None:
    code, out, err = run("model", "info", bundle)
    assert (code, err) == (0, "")
    assert "network: resnet18-slim" in out
    assert "classes: healthy, affected" in out
    code, out, err = run("model", "info", bundle, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["sha256"] == load_bundle(bundle).sha256


PUBLISHED = {
    "newer": (lambda key: key, "newer layout (model.*)"),
    "older": (lambda key: key.replace("model.", "{}.", 1), "older layout ({}.*)"),
    "plain": (lambda key: f"module.{key}", "plain layout, saved from several GPUs"),
}


@pytest.mark.parametrize(
    ("network", "layout"),
    [("resnet18-reference", "newer"), ("resnet50-reference", "older"), ("resnet18", "plain"), ("resnet50", "plain")],
)
def test_import_of_a_published_state_dict_says_what_matched(
    network: str, layout: str, tmp_path: Path, run: Run, refused: Refused
) -> None:
    kind = network.removesuffix("-reference")
    rename, words = PUBLISHED[layout]
    state = {rename(key).format(kind): tensor for key, tensor in build(network).state_dict().items()}
    checkpoint, out = tmp_path / "published.pth", tmp_path / "bundle"
    torch.save(state, checkpoint)
    code, printed, err = run("model", "import", checkpoint, "--network", network, "--out", out)
    assert (code, err) == (0, "")
    matched = f"all {len(state)} tensors of {network} matched, in the {words.format(kind)}."
    assert printed == f"{out}: {matched} {RESEARCH_USE_ONLY}\n"
    assert all(
        torch.equal(tensor, state[rename(key).format(kind)])
        for key, tensor in load_bundle(out, "cpu").network.state_dict().items()
    )
    assert f"network: {network}" in run("model", "info", out)[1]

    counted = [key for key in state if key.endswith("num_batches_tracked")]
    torch.save({key: tensor for key, tensor in state.items() if key not in counted}, checkpoint)
    _, printed, _ = run("model", "import", checkpoint, "--network", network, "--out", tmp_path / "old")
    assert f"{len(state) - len(counted)} of {len(state)} tensors of {network} matched" in printed
    assert f"{len(counted)} step counters" in printed

    other = network.replace("18", "x").replace("50", "18").replace("x", "50")
    told = refused("model", "import", checkpoint, "--network", other, "--out", tmp_path / "other")
    assert told.startswith(f"The checkpoint {checkpoint} does not fit: ")
    assert not (tmp_path / "other").exists()


def test_model_import(tmp_path: Path, run: Run, refused: Refused) -> None:
    torch.manual_seed(0)
    network = build("resnet18-reference")
    torch.save(network.state_dict(), tmp_path / "checkpoint.pt")
    out = tmp_path / "imported"
    arguments = ("model", "import", tmp_path / "checkpoint.pt", "--network", "resnet18-reference", "--out")
    code, printed, err = run(*arguments, out)
    assert (code, err) == (0, "")
    assert RESEARCH_USE_ONLY in printed
    assert load_bundle(out).manifest.network == "resnet18-reference"

    assert "not an empty folder" in refused(*arguments, out)

    (tmp_path / "checkpoint.pt").write_bytes(b"no checkpoint")
    assert "checkpoint.pt" in refused(*arguments, tmp_path / "again")
    assert not (tmp_path / "again").exists()
