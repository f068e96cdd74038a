"""Cohorts and folds made up from numbers: no pixels, no network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from xai.train.cohort import Cohort, Example
from xai.train.outcome import Epoch, FoldOutcome


def made_up_cohort(classes: Sequence[int | Sequence[int]], slices: int = 4) -> Cohort:
    """A cohort with a patient for each entry: its class, or that of each of its slices; patients' rows interleave."""
    labels = [[one] * slices if isinstance(one, int) else list(one) for one in classes]
    rows = sorted((k, patient) for patient, some in enumerate(labels) for k in range(len(some)))
    examples = [
        Example(
            row, f"P{patient}/im-{k}.png", Path(f"/x/P{patient}/im-{k}.png"), None, labels[patient][k], f"P{patient}"
        )
        for row, (k, patient) in enumerate(rows, start=2)
    ]
    return Cohort(Path("/x/data.csv"), "ab" * 32, tuple(examples))


def made_up_outcomes(cohort: Cohort, folds: int, gap: float = 1.0, noise: float = 1.0) -> list[FoldOutcome]:
    """Folds by patient in turn, whose logits lean towards the label by ``gap``."""
    rng = np.random.default_rng(5)
    names = sorted(set(cohort.groups.tolist()), key=lambda name: int(name[1:]))
    fold_of = np.array([names.index(name) % folds for name in cohort.groups])
    of_patient = {name: rng.normal(0, noise) for name in names}
    made = []
    for fold in range(folds):
        test = rng.permutation(np.flatnonzero(fold_of == fold))  # the order is the fold's own
        validation = np.flatnonzero(fold_of == (fold + 1) % folds)
        train = np.flatnonzero((fold_of != fold) & (fold_of != (fold + 1) % folds))
        lean = gap * (2 * cohort.labels[test] - 1) + [of_patient[name] for name in cohort.groups[test]]
        lean += rng.normal(0, noise / 2, len(test))
        logits = np.stack([-lean / 2, lean / 2], 1).astype(np.float32)
        epochs = tuple(
            Epoch(n, 0.7 / (n + 1) + 0.02 * fold, 0.6 / (n + 1) + 0.05 * max(0, n - 3), 0.5 + 0.08 * n, 1.5)
            for n in range(5)
        )
        made.append(
            FoldOutcome(
                fold=fold,
                best_epoch=3,
                epochs=epochs,
                train=tuple(train.tolist()),
                validation=tuple(validation.tolist()),
                test=tuple(test.tolist()),
                logits=tuple(tuple(row) for row in logits.tolist()),
                seconds=7.5 + fold,
            )
        )
    return made
