"""The phantom and the demo from the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import viewer.demo
from viewer.assets import demo_bundle, find_asset
from viewer.scoring import number_patients
from xai.imaging.catalog import scan
from xai.notice import RESEARCH_USE_ONLY
from xai.progress import Progress

Run = Callable[..., tuple[int, str, str]]


def test_phantom_writes_series_that_info_lists(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "cohort"
    code, printed, err = run("phantom", "--patients", 1, "--seed", 4, "--out", out, "--layout", "dicom")
    assert (code, printed) == (0, "")
    assert RESEARCH_USE_ONLY in err
    assert (out / "masks" / "P001.nii.gz").is_file()
    code, printed, _ = run("info", out / "P001", "--json")
    (series,) = json.loads(printed)["series"]
    assert (series["modality"], series["orientation"], series["problems"]) == ("MR", "SPL", [])
    assert series["files"] == series["shape"][0]


def test_phantom_writes_tiles_with_their_table(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "cohort"
    arguments = ("--patients", 2, "--seed", 4, "--slices", 3, "--out", out, "--layout", "tiles")
    assert run("phantom", *arguments, "--quiet") == (0, "", "")
    rows = (out / "data.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "img_name;label;group"
    assert len(rows) == 7
    assert len(list((out / "Tiles_tif_no_background").glob("*/*.tif"))) == 6
    printed = run("info", out / "data.csv", "--json")[1]
    found = json.loads(printed)["series"]
    assert [(series["description"], series["files"]) for series in found] == [("P001", 3), ("P002", 3)]
    patients = number_patients(scan([out / "data.csv"]).series)
    assert (patients.numbers, patients.note) == (("1", "2"), "")


def test_the_demo_model_tells_the_demo_patients_apart(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "demo"
    code, printed, err = run("demo", "--prepare", out, "--quiet")
    assert (code, err) == (0, "")
    assert printed.splitlines() == [str(out / "study"), str(out / "bundle")]
    table = tmp_path / "p.csv"
    assert run("predict", out / "study", "--model", out / "bundle", "--out", table, "--quiet")[0] == 0
    affected: dict[str, int] = {}
    with table.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            affected[row["case_id"]] = affected.get(row["case_id"], 0) + (row["prediction"] == "affected")
    assert len(affected) >= 2
    assert max(affected.values()) >= 4
    assert min(affected.values()) <= 1


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Write a demo of one line instead of real patients, and list where; the cache lies in ``tmp_path``."""
    calls: list[Path] = []

    def study(out: Path, progress: Progress) -> None:
        calls.append(out)
        out.mkdir()
        (out / "IM0001.dcm").write_text("picture", encoding="utf-8")
        progress(1, 1)

    bundle = tmp_path / "shipped"
    bundle.mkdir()
    (bundle / "bundle.toml").write_text('name = "demo"\n', encoding="utf-8")
    monkeypatch.setattr("xai.phantom.cohort.demo_study", study)
    monkeypatch.setattr(viewer.demo, "demo_bundle", lambda: bundle)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    return calls


def test_the_demo_is_made_once_per_version(
    written: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, stand_in: Callable[..., None]
) -> None:
    opened: list[tuple[list[Path], Path | None, bool]] = []

    def application(paths: list[Path], bundle: Path | None, demo: bool) -> int:
        assert bundle is not None
        assert (bundle / "bundle.toml").is_file()
        assert (paths[0] / "IM0001.dcm").is_file()
        opened.append((paths, bundle, demo))
        return 0

    stand_in("viewer.ui.application", run=application)
    assert run("demo")[0] == 0
    assert run("demo")[0] == 0
    assert len(written) == 1
    assert opened[0] == opened[1]
    assert opened[0][2]

    monkeypatch.setattr("xai.__version__", "99.0")
    assert run("demo")[0] == 0
    assert len(written) == 2
    assert [p.parent for p, *_ in (o[0] for o in opened)][2].is_dir()
    assert len(list(tmp_path.glob("demo-*"))) == 1


def test_a_demo_that_was_broken_off_is_made_again(
    written: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, stand_in: Callable[..., None]
) -> None:
    def broken_off(out: Path, progress: Progress) -> None:
        out.mkdir()
        raise KeyboardInterrupt

    stand_in("viewer.ui.application", run=lambda *_, **__: 0)
    with monkeypatch.context() as patched:
        patched.setattr("xai.phantom.cohort.demo_study", broken_off)
        code, _, err = run("demo")
    assert (code, err) == (130, "Cancelled.\n")
    assert list(tmp_path.glob("demo-*")) == list(tmp_path.glob("making-*")) == []
    assert run("demo")[0] == 0
    assert len(written) == 1


def test_the_tour_gets_its_folder_and_gives_its_code(
    written: list[Path], tmp_path: Path, run: Run, stand_in: Callable[..., None]
) -> None:
    toured: list[Path] = []

    def tour(out: Path) -> int:
        assert out.is_dir()
        toured.append(out)
        return 4

    stand_in("viewer.ui.tour", run_tour=tour)
    assert run("demo", "--tour", tmp_path / "a" / "tour")[0] == 4
    assert toured == [tmp_path / "a" / "tour"]


def test_prepare_replaces_its_own_and_nothing_else(
    written: list[Path], tmp_path: Path, run: Run, refused: Callable[..., str]
) -> None:
    out = tmp_path / "out"
    assert run("demo", "--prepare", out)[0] == 0
    assert run("demo", "--prepare", out)[0] == 0
    assert RESEARCH_USE_ONLY in (out / "demo.json").read_text(encoding="utf-8")

    mine = tmp_path / "mine"
    (mine / "study").mkdir(parents=True)
    assert "not of an earlier demo" in refused("demo", "--prepare", mine)
    assert list((mine / "study").iterdir()) == []


def test_the_bundle_is_shipped() -> None:
    assert {"bundle.toml", "weights.safetensors"} <= {p.name for p in demo_bundle().iterdir()}
    with pytest.raises(FileNotFoundError, match="nothing"):
        find_asset("nothing")
