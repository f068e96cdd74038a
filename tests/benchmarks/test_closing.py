"""The window closed fifty times while work runs: no crash, no thread, no process, no error; and how long it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np

TIMES = 50
ROOT = Path(__file__).parents[2]


def test_fifty_times(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    series = tmp_path / "series"
    series.mkdir()
    for n in range(3):
        values = rng.integers(1, 900, (96, 96, 24)).astype(np.int16)
        nibabel.save(nibabel.Nifti1Image(values, np.diag([-1.0, -1.0, 5.0, 1.0])), series / f"{n}.nii")
    ui = ROOT / "tests" / "ui"
    paths = os.pathsep.join([str(ui), str(ROOT)])
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": paths}
    arguments = [sys.executable, str(ui / "closing.py"), str(tmp_path), str(series), str(TIMES)]
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, timeout=280)
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert len(rounds) == TIMES
    assert [(moment, left) for moment, left in rounds if left] == []
