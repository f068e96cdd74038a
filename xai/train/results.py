"""What a run found: figures per fold, pooled and per patient, and every slice's answer out of fold. Light: no torch.

Nothing here depends on when, where or by how many processes the run was made: the same answers give the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from xai.errors import TrainingError
from xai.evaluate.classification import (
    BINS,
    DRAWS,
    MEASURES,
    RULES,
    Figures,
    Patients,
    Span,
    bootstrap,
    by_patient,
    figures,
)
from xai.explanation import softmax
from xai.files import write_whole
from xai.train.calibration import Calibration, fit_temperature
from xai.train.cohort import CLASSES, Cohort
from xai.train.config import TrainingConfig
from xai.train.outcome import FoldOutcome

METRICS_NAME = "metrics.json"
PREDICTIONS_NAME = "oof_predictions.csv"
REPORT_NAME = "report.html"
PLOTS_NAME = "plots"

PREDICTION_COLUMNS = (
    "image", "slice", "row", "label", "group", "fold", "prediction", "probability", "logit_0", "logit_1",
    "calibrated_probability",
)  # fmt: skip

DDOF = 1
"""Standard deviations over folds are of a sample."""


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Every tested slice as the network answered that had not seen its patient, in the table's order."""

    places: NDArray[np.int64]
    """(N,) in the cohort's examples."""
    labels: NDArray[np.int64]
    groups: NDArray[np.str_]
    folds: NDArray[np.int64]
    logits: NDArray[np.float64]
    """(N, 2)"""
    probability: NDArray[np.float64]
    """(N,) of class 1, uncalibrated."""
    prediction: NDArray[np.int64]
    """The larger logit; class 0 where they are equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """All figures of a run."""

    answers: OutOfFold
    pooled: Figures
    folds: tuple[Figures, ...]
    """In the order of the outcomes."""
    outcomes: tuple[FoldOutcome, ...]
    """By fold."""
    patients: Patients
    per_patient: Figures
    intervals: Mapping[str, Span | None]
    patient_intervals: Mapping[str, Span | None]
    calibration: Calibration
    notes: tuple[str, ...]

    @property
    def mean(self) -> dict[str, float | None]:
        """Return each measure's mean over the folds that define it."""
        return {key: float(np.mean(values)) if values else None for key, values in self._over_folds()}

    @property
    def std(self) -> dict[str, float | None]:
        """Return each measure's standard deviation over the folds that define it; None for fewer than two."""
        return {
            key: float(np.std(values, ddof=DDOF)) if len(values) > DDOF else None for key, values in self._over_folds()
        }

    @property
    def defined(self) -> dict[str, int]:
        """Return how many folds define each measure."""
        return {key: len(values) for key, values in self._over_folds()}

    def _over_folds(self) -> list[tuple[str, list[float]]]:
        return [(key, [value for fold in self.folds if (value := fold[key]) is not None]) for key in MEASURES]


def write_results(
    run: Path,
    cohort: Cohort,
    outcomes: Sequence[FoldOutcome],
    config: TrainingConfig,
    about: Mapping[str, object],
) -> Results:
    """Compute a run's results and write them, each file whole or not at all.

    First come ``metrics.json`` and ``oof_predictions.csv``, then the pictures in ``plots`` and ``report.html``.

    Parameters
    ----------
    run : Path
        The run folder.
    cohort : Cohort
        What was trained on.
    outcomes : sequence of FoldOutcome
        The finished folds, in any order.
    config : TrainingConfig
        Of the run.
    about : mapping
        What else the report says of the run, as `xai.train.report.report_html` takes it. Not in ``metrics.json``.

    Raises
    ------
    TrainingError
        When the outcomes are not of this cohort, or a file cannot be written.
    """
    from xai.train.plots import draw_all  # here: they draw and tell what this module computes
    from xai.train.report import report_html

    results = compute_results(cohort, outcomes, config)
    try:
        run.mkdir(parents=True, exist_ok=True)
        write_whole(run / PREDICTIONS_NAME, predictions_csv(results, cohort).encode())
        write_whole(run / METRICS_NAME, metrics_json(results, cohort, config).encode())
        pictures = draw_all(results)
        (run / PLOTS_NAME).mkdir(exist_ok=True)
        for name, picture in pictures.items():
            write_whole(run / PLOTS_NAME / f"{name}.png", picture)
        write_whole(run / REPORT_NAME, report_html(results, cohort, config, about, pictures).encode())
    except OSError as error:
        raise TrainingError(f"The results of {run} cannot be written: {error.strerror or error}.") from None
    return results


def compute_results(cohort: Cohort, outcomes: Sequence[FoldOutcome], config: TrainingConfig) -> Results:
    """Return all figures of the finished folds.

    Raises
    ------
    TrainingError
        When no fold is finished, or the outcomes are not of this cohort.
    """
    ordered = tuple(sorted(outcomes, key=lambda one: one.fold))
    answers = gather(cohort, ordered)
    labels, groups = answers.labels, answers.groups
    of_folds = tuple(_of_fold(answers, one, groups) for one in ordered)
    patients = by_patient(labels, answers.probability, groups)
    names = np.array(patients.names)
    calibration = fit_temperature(answers.logits, labels, groups, answers.folds)
    return Results(
        answers=answers,
        pooled=figures(labels, answers.probability, answers.prediction),
        folds=of_folds,
        outcomes=ordered,
        patients=patients,
        per_patient=figures(patients.labels, patients.probability, patients.prediction),
        intervals=bootstrap(labels, answers.probability, answers.prediction, groups, config.seed),
        patient_intervals=bootstrap(patients.labels, patients.probability, patients.prediction, names, config.seed),
        calibration=calibration,
        notes=tuple(_notes(cohort, ordered, answers, calibration, config)),
    )


def gather(cohort: Cohort, outcomes: Sequence[FoldOutcome]) -> OutOfFold:
    """Bring the folds' answers into the table's order.

    Raises
    ------
    TrainingError
        When there is none, one is not finite, of other than two classes or of no slice of the table, or when a slice
        or a patient was tested twice or by a network that had seen it.
    """
    if not outcomes:
        raise TrainingError(f"No fold of {cohort.table} is finished, so there are no results.")
    groups = cohort.groups
    for one in outcomes:
        _check_outcome(one, groups, cohort.table)
    places = np.concatenate([np.array(one.test, np.int64) for one in outcomes])
    folds = np.concatenate([np.full(len(one.test), one.fold, np.int64) for one in outcomes])
    if len(np.unique(places)) < len(places):
        raise TrainingError(f"Two folds of {cohort.table} tested the same slice: {_twice(places, cohort)}.")
    pairs = np.unique(np.stack([np.unique(groups, return_inverse=True)[1][places], folds]), axis=1)
    if pairs.shape[1] > len(np.unique(pairs[0])):
        raise TrainingError(f"Two folds of {cohort.table} tested slices of the same patient.")
    order = np.argsort(places)
    logits = np.concatenate([one.answers for one in outcomes])[order]
    places = places[order]
    return OutOfFold(
        places,
        cohort.labels[places],
        groups[places],
        folds[order],
        logits,
        softmax(logits)[:, 1],
        logits.argmax(1).astype(np.int64),
    )


def _check_outcome(one: FoldOutcome, groups: NDArray[np.str_], table: Path) -> None:
    seen = np.array([*one.train, *one.validation, *one.test], np.int64)
    if len(seen) and not (seen.min() >= 0 and seen.max() < len(groups)):
        raise TrainingError(
            f"Fold {one.fold} names slices that {table} does not hold; the table has {len(groups)} slices."
        )
    if not one.test:
        raise TrainingError(f"Fold {one.fold} of {table} tested no slice.")
    if len(one.logits) != len(one.test) or {len(row) for row in one.logits} != {len(CLASSES)}:
        raise TrainingError(
            f"Fold {one.fold} of {table} does not have {len(CLASSES)} logits for each of its {len(one.test)} slices."
        )
    lost = int((~np.isfinite(one.answers).all(axis=1)).sum())
    if lost:
        raise TrainingError(
            f"Fold {one.fold} of {table} answered {lost} of {len(one.test)} slices with no finite number; "
            "a lower learning rate may help."
        )
    both = set(groups[list(one.test)].tolist()) & set(groups[[*one.train, *one.validation]].tolist())
    if both:
        raise TrainingError(f"Fold {one.fold} of {table} tested a patient that it had learned from: {min(both)}.")


def _twice(places: NDArray[np.int64], cohort: Cohort) -> str:
    found, counts = np.unique(places, return_counts=True)
    return cohort.examples[int(found[counts > 1][0])].name


def _of_fold(answers: OutOfFold, one: FoldOutcome, groups: NDArray[np.str_]) -> Figures:
    mine = answers.folds == one.fold
    return {
        "fold": one.fold,
        "best_epoch": one.best_epoch,
        "epochs": len(one.epochs),
        "train": len(one.train),
        "validation": len(one.validation),
        "patients": len(np.unique(groups[mine])),
        **figures(answers.labels[mine], answers.probability[mine], answers.prediction[mine]),
    }


def _notes(
    cohort: Cohort,
    outcomes: Sequence[FoldOutcome],
    answers: OutOfFold,
    calibration: Calibration,
    config: TrainingConfig,
) -> list[str]:
    notes = list(cohort.notes)
    if len(outcomes) < config.folds:
        notes.append(f"{len(outcomes)} of {config.folds} folds are finished; the figures are of these.")
    untested = len(cohort.examples) - len(answers.places)
    if untested:
        notes.append(f"{untested} of {len(cohort.examples)} slices were not tested.")
    for label, name in enumerate(CLASSES):
        without = [one.fold for one in outcomes if not (answers.labels[answers.folds == one.fold] == label).any()]
        if without:
            notes.append(
                f"No {name} slice was tested in {_folds(without)}: measures that need one are empty there, "
                "and means are over the other folds. The pooled figures hold all slices."
            )
    notes += [note for one in outcomes for note in one.notes]
    return [*notes, *([calibration.note] if calibration.note else [])]


def _folds(numbers: Sequence[int]) -> str:
    return f"fold{'s' if len(numbers) > 1 else ''} {', '.join(str(number) for number in numbers)}"


def predictions_csv(results: Results, cohort: Cohort) -> str:
    """Return ``oof_predictions.csv``: a row per tested slice in the table's order, numbers that read back exactly."""
    answers = results.answers
    calibrated = softmax(answers.logits, results.calibration.temperature)[:, 1].tolist()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(PREDICTION_COLUMNS)
    for n, place in enumerate(answers.places.tolist()):
        example = cohort.examples[place]
        writer.writerow(
            [
                example.name,
                "" if example.slice is None else example.slice + 1,
                example.row,
                example.label,
                example.group,
                int(answers.folds[n]),
                int(answers.prediction[n]),
                float(answers.probability[n]),
                *answers.logits[n].tolist(),
                calibrated[n],
            ]
        )
    return text.getvalue()


def metrics_json(results: Results, cohort: Cohort, config: TrainingConfig) -> str:
    """Return ``metrics.json``: no times and no folders, so that two runs of one seed give the same bytes."""
    answers, patients = results.answers, results.patients
    content = {
        "pooled": results.pooled,
        "folds": list(results.folds),
        "mean": results.mean,
        "std": results.std,
        "folds_defined": results.defined,
        "ddof": DDOF,
        "per_patient": {"rule": patients.rule, "rule_words": RULES[patients.rule], **results.per_patient},
        "intervals": {
            "level": 0.95,
            "draws": DRAWS,
            "of": "patients, drawn with replacement",
            "seed": config.seed,
            "pooled": _spans(results.intervals),
            "per_patient": _spans(results.patient_intervals),
        },
        "calibration": asdict(results.calibration),
        "ece_bins": BINS,
        "classes": list(CLASSES),
        "data": {
            "table_sha256": cohort.sha256,
            "slices": len(answers.places),
            "affected_slices": int(answers.labels.sum()),
            "patients": len(patients.names),
            "affected_patients": int(patients.labels.sum()),
        },
        "config": told(config),
        "notes": list(results.notes),
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def told(config: TrainingConfig) -> dict[str, object]:
    """Return what of the configuration bears on the figures, weights by their file's name."""
    content: dict[str, object] = config.model_dump(mode="json", exclude={"keep_folds"})
    return content | {"weights": PurePath(config.weights).name}


def _spans(spans: Mapping[str, Span | None]) -> dict[str, object]:
    # Sums of matrices may differ in their last bit between machines; six digits do not.
    return {
        key: None
        if span is None
        else {"low": float(f"{span.low:.6g}"), "high": float(f"{span.high:.6g}"), "draws": span.draws}
        for key, span in spans.items()
    }
