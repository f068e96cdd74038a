"""A real thigh in the published layout: it is read, checked, prepared, trained on and opened like any cohort."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.train.planted import SMALL, train
from tests.train.thigh_tiles import write_thigh_tiles
from xai.imaging.body import body_mask
from xai.imaging.catalog import scan
from xai.imaging.padding import before
from xai.models.bundle import load_bundle
from xai.models.manifest import PreprocessSettings
from xai.models.predict import predict
from xai.models.preprocess import Preprocess, resize
from xai.train.check import check, listing
from xai.train.config import TrainingConfig
from xai.train.opened import open_run
from xai.train.opened_series import run_series
from xai.train.pictures import open_pictures, write_pictures
from xai.train.sources import Sources
from xai.train.table import read_cohort

pytestmark = pytest.mark.realdata


def test_muscles_of_a_thigh_are_read_checked_and_prepared(real_data: Path, tmp_path: Path) -> None:
    cohort = read_cohort(write_thigh_tiles(real_data, tmp_path))
    assert len(cohort.examples) > 150
    assert min(np.bincount(cohort.labels)) > 50
    assert len(set(cohort.groups)) > 10
    assert all(one.mask is not None for one in cohort.examples)
    # Sartorius (1) and gracilis (7) are spared, vastus intermedius (4) and long head of the biceps (8) are not.
    label = {
        muscle: float(np.mean([one.label for one in cohort.examples if f"_m{muscle:02d}_" in one.name]))
        for muscle in (1, 4, 7, 8)
    }
    assert (label[1], label[4], label[8]) == (0, 1, 1)
    assert label[7] < 0.1
    config = TrainingConfig()
    write_pictures(cohort, config, tmp_path / "work" / "pictures.npy")
    pictures = open_pictures(tmp_path / "work" / "pictures.npy")
    assert pictures.shape == (len(cohort.examples), 224, 224)
    assert all(picture.min() == 0 and picture.max() == 1 for picture in pictures)
    one = cohort.examples[17]
    stored = tifffile.imread(one.image).astype(np.float32)
    pixels, geometry = Sources(cohort).read(one)
    preprocess = Preprocess(config.preprocess)
    top, left = before(stored.shape, (224, 224))
    assert cohort.frame == pixels.shape == (224, 224)
    assert np.array_equal(pixels[top : top + stored.shape[0], left : left + stored.shape[1]], stored)
    assert pixels.sum(dtype=float) == stored.sum(dtype=float)
    assert np.array_equal(pictures[17], preprocess.picture(pixels, preprocess.mapping(geometry)).astype(np.float16))
    sources = Sources(cohort)
    for one in cohort.examples:
        pixels, geometry = sources.read(one)
        muscle = sources.read_mask(one)
        body = body_mask(resize(pixels, preprocess.mapping(geometry)))
        # The body is the muscle, a little wider, and never the black frame.
        assert (body & muscle).sum() > 0.95 * muscle.sum()
        assert body.sum() < 2.2 * muscle.sum()
    findings = check(cohort, config, pictures)
    assert {found.code: found.severity for found in findings} == {"mixed-groups": "note", "sizes": "note"}
    assert "Nothing speaks against training." in listing(findings, cohort)


def test_a_thigh_is_trained_on_and_its_run_opens_with_a_series_for_each_patient(
    real_data: Path, tmp_path: Path
) -> None:
    table = write_thigh_tiles(real_data, tmp_path / "cohort")
    config = SMALL.model_copy(update={"preprocess": PreprocessSettings(size=64), "folds": 2, "epochs": 2, "lr": 1e-3})
    run = train(table, tmp_path / "run", config, keep_folds=True)
    figures = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert (figures["data"]["slices"], len(figures["folds"])) == (177, 2)
    assert 0 <= figures["pooled"]["balanced_accuracy"] <= 1
    opened = open_run(run)
    shown = run_series(opened)
    assert len(shown) == len(opened.cases) == 13
    assert {one.series.geometry.shape[1:] for one in shown} == {(224, 224)}
    assert sum(len(one.series) for one in shown) == opened.slices == 177
    case = opened.cases[shown[3].case]
    assert shown[3].answers == case.answers
    folder = opened.bundle_of(case.fold)
    assert folder is not None
    said = predict(load_bundle(folder, "cpu"), shown[3].series.read())
    assert said.probabilities[:, 1] == pytest.approx([one.uncalibrated for one in case.answers], abs=2e-3)
    # The same pictures, opened by the table alone.
    by_patient = {one.patient: one for one in scan([table]).series}
    assert list(by_patient) == [one.group for one in opened.cases]
    assert np.array_equal(by_patient[case.group].read().array, shown[3].series.read().array)
