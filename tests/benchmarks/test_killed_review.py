"""A scripted review killed 200 times at random moments: no acknowledged answer is lost (minutes)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

ROUNDS = int(os.environ.get("OVERREAD_KILL_ROUNDS", "200"))


@pytest.mark.timeout(3600)
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_no_acknowledged_answer_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "ui")
    from killed_review import killed_rounds

    rows, columns = np.mgrid[:40, :50]
    pixels = np.where(((rows - 20) / 17) ** 2 + ((columns - 25) / 22) ** 2 < 1, 300 + 3 * columns, 2)
    pixels = np.repeat(pixels[None], 8, axis=0).astype(np.int16)
    pixels[[2, 5], 10:13, 37:40] = 2000
    folder = tmp_path / "series"
    folder.mkdir()
    nibabel.save(nibabel.Nifti1Image(pixels.transpose(2, 1, 0), np.diag([-2.0, -2.0, 6.0, 1.0])), folder / "spots.nii")
    found = killed_rounds(ROUNDS, tmp_path / "killed.sqlite", folder, seed=11)
    print(f"{found} acknowledged answers and locks in {ROUNDS} killed windows, all found again")
