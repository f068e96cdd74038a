"""From the command to the window, to the first picture and to the first prediction, in a fresh process each time."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from viewer.assets import demo_bundle
from xai.phantom.cohort import demo_study

HERE = Path(__file__).parent
ROUNDS = 5


def start(study: Path, answers: Path) -> dict[str, float]:
    command = [sys.executable, str(HERE / "startup_window.py"), str(time.time())]
    arguments = [str(answers), str(study), str(demo_bundle())]
    environment = os.environ | {"QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    run = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, env=environment)
    said: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return said


def test_window_picture_and_first_prediction(
    benchmark: BenchmarkFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study"
    demo_study(study)
    found: list[dict[str, float]] = []
    benchmark.pedantic(lambda: found.append(start(study, tmp_path / "answers.sqlite")), rounds=ROUNDS, warmup_rounds=1)
    assert not any(said["torch"] for said in found)
    with capsys.disabled():
        for what, target in (("window", 1.5), ("picture", None), ("prediction", 15.0)):
            median = statistics.median(said[what] for said in found[1:])
            benchmark.extra_info[what] = median
            print(f"\n{what}: {median:.2f} s after the command{f' (target {target} s)' if target else ''}", end="")
