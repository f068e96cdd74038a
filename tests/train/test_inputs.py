"""Inputs of a lesson come from where they are kept, however many views there are."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from xai.train import inputs
from xai.train.features import FeatureStore
from xai.train.inputs import FeatureSource


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted on Linux")
def test_features_of_many_views_do_not_use_up_the_open_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MOST_OPEN", 3)
    store = FeatureStore(tmp_path, 4, "digest")
    for view in range(12):
        np.save(store.path(view), np.arange(8, dtype=np.float32).reshape(4, 2) + 100 * view)
    source = FeatureSource(store)
    before = len(os.listdir("/proc/self/fd"))
    for turn in range(3):
        examples, views = np.arange(12) % 4, (np.arange(12) + turn) % 12
        expected = np.stack([2 * examples, 2 * examples + 1], axis=1) + 100 * views[:, None]
        assert np.array_equal(source.batch(examples, views).numpy(), expected)
    assert len(os.listdir("/proc/self/fd")) - before <= 3
