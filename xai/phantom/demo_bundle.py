"""Train the demonstration classifier on phantoms: ``python -m xai.phantom.demo_bundle --out resources/demo/bundle``.

Training, early stopping and the test use patients of different cohorts; the demo study is of yet another.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from torch import Tensor

from xai.models.bundle import save_bundle
from xai.models.manifest import TrainedOn
from xai.phantom.cases import Cases, balanced_accuracy, draw_cases, twins
from xai.phantom.lesions import GRADES
from xai.phantom.plan import HELD_OUT_SEED, TEST_SEED, TRAIN_SEED, cohort_grades
from xai.phantom.pointing import hirescam_peaks
from xai.phantom.training import NETWORK, Recipe, Say, ask, train


def score(cases: Cases, logits: Tensor) -> dict[str, float | dict[str, float]]:
    """Return what the network gets right: overall, and for each grade its sensitivity and number of slices."""
    called = logits.argmax(1).numpy()
    right = called == cases.labels
    figures: dict[str, float | dict[str, float]] = {
        "balanced_accuracy": balanced_accuracy(cases.labels, called),
        "sensitivity": float(right[cases.labels == 1].mean()),
        "specificity": float(right[cases.labels == 0].mean()),
        "patients": float(len(np.unique(cases.patients))),
        "slices": float(len(called)),
        "affected_slices": float(cases.labels.sum()),
    }
    for number, name in enumerate(GRADES[1:], start=1):
        of_grade = cases.grades == number
        figures[name] = {"sensitivity": float(right[of_grade].mean()), "slices": float(of_grade.sum())}
    return {key: _short(value) for key, value in figures.items()}


def _short(value: float | dict[str, float]) -> float | dict[str, float]:
    return {k: round(v, 4) for k, v in value.items()} if isinstance(value, dict) else round(value, 4)


def make_bundle(out: Path, recipe: Recipe, say: Say = print) -> dict[str, float | dict[str, float]]:
    """Train, test on fresh patients and write the bundle; return the test's figures."""
    say(f"drawing {recipe.patients} patients to learn from, each with and without lesions")
    learn = draw_cases(TRAIN_SEED, twins(recipe.patients), recipe.learn_slices, workers=recipe.workers)
    say(f"drawing {recipe.held_out} patients to choose by and {recipe.tested} to test on")
    held_out = _cohort(HELD_OUT_SEED, recipe.held_out, recipe.held_out_slices, recipe.workers)
    tested = _cohort(TEST_SEED, recipe.tested, recipe.tested_slices, recipe.workers)
    network = train(recipe, learn, held_out, say)
    metrics = score(tested, ask(network, tested.inputs))
    for name, figures in hirescam_peaks(network, tested).items():
        metrics[f"hirescam_peak_{name}"] = figures
    metrics["seeds"] = {"train": TRAIN_SEED, "held_out": HELD_OUT_SEED, "test": TEST_SEED}
    metrics["learned_from"] = {
        "patients": float(recipe.patients),
        "slices": float(len(learn.labels)),
        "lesion_masks_used": 1.0,  # for labels of single legs and by `Taps`
    }
    save_bundle(
        out,
        network,
        name="Overread demo",
        version="1",
        network_name=NETWORK,
        trained_on=TrainedOn(
            modality="MR",
            sequence="T1",
            region="lower leg",
            plane="axial",
            pixel_mm=(1.0, 1.3),
            data_source=f"{recipe.patients} synthetic lower-leg phantoms",
        ),
        metrics=metrics,
    )
    return metrics


def _cohort(seed: int, patients: int, slices: int, workers: int) -> Cases:
    return draw_cases(seed, list(enumerate(cohort_grades(patients, seed))), slices, workers=workers)


def main() -> None:
    """Read the command line, train and write the bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # for the processes that draw: each is one of several
    recipe = Recipe(seed=options.seed)
    for key, value in make_bundle(options.out, recipe).items():
        print(f"{key}: {value}")


if __name__ == "__main__":
    main()
