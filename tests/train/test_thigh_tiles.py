"""A real thigh in the published layout: it is read, checked and prepared like any cohort."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.train.thigh_tiles import write_thigh_tiles
from xai.models.preprocess import Preprocess
from xai.train.check import check, listing
from xai.train.config import TrainingConfig
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
    assert np.array_equal(pixels, stored)
    assert np.array_equal(pictures[17], preprocess.picture(stored, preprocess.mapping(geometry)).astype(np.float16))
    findings = check(cohort, config, pictures)
    assert {found.code: found.severity for found in findings} == {"mixed-groups": "note", "sizes": "note"}
    assert "Nothing speaks against training." in listing(findings, cohort)
