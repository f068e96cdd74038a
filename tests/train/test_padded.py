"""Tiles of many sizes: what is trained on, what is tested and what the window opens are the same padded pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.planted import SMALL, train
from xai.errors import ImagingError, TrainingError
from xai.imaging.catalog import scan
from xai.imaging.padding import before
from xai.imaging.volume import Volume
from xai.models.bundle import load_bundle
from xai.models.manifest import PreprocessSettings
from xai.models.predict import predict
from xai.models.preprocess import Preprocess
from xai.train.config import TrainingConfig
from xai.train.opened import open_run
from xai.train.opened_series import run_series
from xai.train.pictures import open_pictures, write_pictures
from xai.train.record import read_record
from xai.train.sources import Sources
from xai.train.table import read_cohort

Maker = Callable[..., Any]
FRAME = (224, 231)
PATIENTS = {f"P{n}": (0, 1, n % 2) for n in range(6)}


def shape_of(n: int) -> tuple[int, int]:
    return (30 + 7 * n % 50, 231 if n == 4 else 90 - 3 * n)


@pytest.fixture(name="tiles")
def _tiles(published: Maker, save: Maker, picture: Maker, tmp_path: Path) -> Path:
    """Tiles of eighteen sizes whose lowest value is 3, each with a mask of one spot off the middle."""
    path: Path = published(tmp_path / "cohort", PATIENTS)
    for n, one in enumerate(read_cohort(path).examples):
        pixels = picture(n, shape_of(n), np.uint16) // 8 + 3
        mask = np.zeros(pixels.shape, np.uint8)
        mask[4:7, 20:22] = 255
        pixels[4:7, 20:22] = 60_000
        assert one.mask is not None
        save(one.image, pixels)
        save(one.mask, mask)
    return path


def test_pictures_and_masks_are_padded_alike(tiles: Path, tmp_path: Path) -> None:
    cohort = read_cohort(tiles)
    assert cohort.frame == FRAME
    sources = Sources(cohort)
    for n, one in enumerate(cohort.examples):
        pixels, geometry = sources.read(one)
        mask = sources.read_mask(one)
        top, left = before(shape_of(n), FRAME)
        assert pixels.shape == mask.shape == geometry.shape[1:] == FRAME
        assert pixels[0, 0] == pixels.min() == 3
        assert np.array_equal(mask, pixels == 60_000)
        assert np.argwhere(mask)[0].tolist() == [top + 4, left + 20]
    config = TrainingConfig(masks="multiply", preprocess=PreprocessSettings(size=96))
    write_pictures(cohort, config, tmp_path / "p.npy")
    assert all(0 < np.count_nonzero(made) < 60 for made in open_pictures(tmp_path / "p.npy"))


def test_what_is_learned_from_is_what_the_window_opens(tiles: Path, tmp_path: Path) -> None:
    cohort, preprocess = read_cohort(tiles), Preprocess()
    write_pictures(cohort, TrainingConfig(), tmp_path / "p.npy")
    made = dict(zip((one.image for one in cohort.examples), open_pictures(tmp_path / "p.npy"), strict=True))
    opened = scan([tiles]).series
    assert [one.patient for one in opened] == list(PATIENTS)
    for series in opened:
        assert series.geometry.shape == (3, *FRAME)
        mapping = preprocess.mapping(series.geometry)
        for k, path in enumerate(series.files):
            assert np.array_equal(preprocess.picture(series.read_slice(k), mapping).astype(np.float16), made[path])


def test_a_folds_model_repeats_in_the_window_what_it_answered(tiles: Path, tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"preprocess": PreprocessSettings(size=64), "folds": 2, "epochs": 2})
    run = train(tiles, tmp_path / "run", config, keep_folds=True)
    assert read_record(run).data.frame == FRAME
    opened = open_run(run)
    shown = run_series(opened)
    assert [one.case for one in shown] == list(range(6))
    assert {(one.parts, one.series.geometry.shape) for one in shown} == {(1, (3, *FRAME))}
    for one in shown:
        folder = opened.bundle_of(opened.cases[one.case].fold)
        assert folder is not None
        said = predict(load_bundle(folder, "cpu"), one.series.read()).probabilities[:, 1]
        recorded = [answer.uncalibrated for answer in one.answers if answer is not None]
        assert said == pytest.approx(recorded, abs=2e-3)
        # Not so for a tile as it is stored.
        alone = [scan([path]).series[0].read() for path in one.series.files]
        bare = [float(predict(load_bundle(folder, "cpu"), volume).probabilities[0, 1]) for volume in alone]
        assert bare != pytest.approx(recorded, abs=2e-3)


def test_a_run_is_shown_in_the_frame_that_it_was_made_in(
    tiles: Path, save: Maker, picture: Maker, tmp_path: Path
) -> None:
    """Also when the table's tiles have come to others since."""
    run = train(tiles, tmp_path / "run", folds=2, epochs=1)
    cohort = read_cohort(tiles)
    before_change: list[Volume] = [one.series.read() for one in run_series(open_run(run))]
    save(cohort.examples[4].image, picture(1, (20, 20)))
    shown = run_series(open_run(run))
    assert read_cohort(tiles).frame == (224, 224)
    assert np.array_equal(shown[0].series.read().array, before_change[0].array)
    with pytest.raises(
        TrainingError, match=r"was begun with tiles padded to 224 x 231, and now .* padded to 224 x 224\.$"
    ):
        train(tiles, run, folds=2, epochs=1, resume=True)
    save(cohort.examples[0].image, picture(1, (20, 300)))
    (first, *_) = run_series(open_run(run))
    with pytest.raises(ImagingError, match=r"^P0_0\.tif has changed: its 20 x 300 pixels do not fit into 224 x 231\.$"):
        first.series.read_slice(0)


def test_a_frame_that_cannot_be_is_refused(tiles: Path, tmp_path: Path) -> None:
    run = train(tiles, tmp_path / "run", folds=2, epochs=1)
    path = run / "training.toml"
    text = path.read_text(encoding="utf-8")
    assert "frame = [224, 231]" in text
    for frame in ("[0, 3]", "[224]", '"224"', "[224, 99999]", "true", "{}"):
        path.write_text(text.replace("frame = [224, 231]", f"frame = {frame}"), encoding="utf-8")
        with pytest.raises(TrainingError, match=r"training\.toml is no record of a training run: data\.frame"):
            open_run(run)
    path.write_text(text.replace("frame = [224, 231]\n", ""), encoding="utf-8")
    assert {one.parts for one in run_series(open_run(run))} == {3}  # a run from before tiles were padded


def test_one_tile_that_is_too_large_leaves_all_as_they_are(tiles: Path, save: Maker, picture: Maker) -> None:
    save(read_cohort(tiles).examples[2].image, picture(2, (40, 1025)))
    cohort = read_cohort(tiles)
    assert cohort.frame is None
    assert cohort.notes == ("Tiles are up to 1025 pixels long and padded up to 1024 only: each is scaled by itself.",)
    assert Sources(cohort).read(cohort.examples[0])[0].shape == shape_of(0)
    assert len(scan([tiles]).series) == 18


def test_other_tables_keep_their_pictures_as_they_are(tiles: Path) -> None:
    tiles.write_text(tiles.read_text(encoding="utf-8").replace("img_name", "image"), encoding="utf-8")
    cohort = read_cohort(tiles)
    assert cohort.frame is None
    assert cohort.notes == ()
    assert Sources(cohort).read(cohort.examples[0])[0].shape == shape_of(0)
