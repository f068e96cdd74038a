"""``report.html``: a run on one page that needs nothing else, on screen and on paper."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from xai.evaluate.classification import BINS, DRAWS, MEASURES, RULES, Span
from xai.explanation import softmax
from xai.notice import RESEARCH_USE_ONLY
from xai.train.cohort import CLASSES, Cohort
from xai.train.config import TrainingConfig
from xai.train.report_style import STYLE
from xai.train.results import Results, told

MOST_SLICES = 25
"""Misread slices that are listed; all are in ``oof_predictions.csv``."""
MOST_PATIENTS = 200

HEADLINES = ("balanced_accuracy", "recall", "specificity", "roc_auc", "pr_auc")

OF_FOLDS: Mapping[str, str] = {
    "accuracy": "Accu\u00adracy",
    "balanced_accuracy": "Bal. acc.",
    "precision": "Preci\u00adsion",
    "recall": "Recall",
    "specificity": "Speci\u00adficity",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "brier": "Brier",
    "ece": "ECE",
}
"""Measures and the heads of their narrow columns."""

CAPTIONS: Mapping[str, tuple[str, str]] = {
    "roc": ("ROC", "Pooled over the folds, with 95 % intervals over patients; thin lines are the folds."),
    "pr": ("Precision and recall", "Pooled over the folds; the area under the steps is the average precision."),
    "confusion": ("Confusion", "Counts, and their share of the true class."),
    "calibration": (
        "Reliability",
        "Part of slices that are affected over the probability they were given; a larger dot is more slices.",
    ),
    "curves": ("Learning", "Each fold's losses and balanced accuracy; the dot is the epoch that was kept."),
}

Cell = str | float | int | None


def report_html(
    results: Results,
    cohort: Cohort,
    config: TrainingConfig,
    about: Mapping[str, object],
    pictures: Mapping[str, bytes],
) -> str:
    """Return the page.

    Parameters
    ----------
    results : Results
        The figures.
    cohort : Cohort
        The table they are of.
    config : TrainingConfig
        Of the run.
    about : mapping
        What else is known of the run. ``findings``, a list of mappings with ``severity`` and ``message``, is the check
        of the data; ``notes``, a list of sentences, joins the results' notes; everything else is listed by name.
    pictures : mapping of bytes
        PNG by name; the `CAPTIONS` name them.
    """
    title = f"Training report: {cohort.table.name}"
    parts = [
        f"<header><h1>{escape(title)}</h1>{_summary(results, config)}",
        f'<p class="notice">{escape(RESEARCH_USE_ONLY)}</p></header>',
        _cards(results),
        _notes(results, about),
        _section("Figures", _measures(results) + _picture("roc", pictures) + _picture("pr", pictures)),
        _section("Confusion", _picture("confusion", pictures)),
        _section("Calibration", _calibration(results) + _picture("calibration", pictures)),
        _section("Folds", _folds(results) + _picture("curves", pictures)),
        _section("Patients", _patients(results)),
        _section("Most misread slices", _misread(results, cohort)),
        _section("Protocol", _protocol(results, cohort, config, about)),
        f"<footer>{escape(RESEARCH_USE_ONLY)}</footer>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _summary(results: Results, config: TrainingConfig) -> str:
    answers, patients = results.answers, results.patients
    seconds = sum(one.seconds for one in results.outcomes)
    words = (
        f"{config.network}, {config.backbone} backbone, {len(results.folds)} folds. "
        f"{len(answers.places)} slices ({int(answers.labels.sum())} {CLASSES[1]}) of {len(patients.names)} patients "
        f"({int(patients.labels.sum())} {CLASSES[1]}), each slice answered by a network that had not seen its patient. "
        f"The folds took {_duration(seconds)} of training in all."
    )
    return f"<p>{escape(words)}</p>"


def _cards(results: Results) -> str:
    cards = []
    for key in HEADLINES:
        span = results.intervals[key]
        cards.append(
            f'<div class="card"><span>{escape(MEASURES[key])}</span><b>{_number(results.pooled[key])}</b>'
            f"<small>{_interval(span)}</small>"
            f"<small>per patient {_number(results.per_patient[key])}</small></div>"
        )
    words = "Per slice, pooled over the folds; in brackets 95 % intervals over patients."
    return f'<p class="small">{words}</p><section class="cards">{"".join(cards)}</section>'


def _notes(results: Results, about: Mapping[str, object]) -> str:
    said = [*results.notes, *(str(note) for note in _listed(about.get("notes")))]
    found = [
        f"{one.get('severity', 'note')}: {one.get('message', '')}"
        for one in _listed(about.get("findings"))
        if isinstance(one, Mapping)
    ]
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in dict.fromkeys([*said, *found]))
    return _section("What to know", f"<ul>{items}</ul>") if items else ""


def _measures(results: Results) -> str:
    mean, std, defined = results.mean, results.std, results.defined
    rows: list[list[str]] = []
    for key, name in MEASURES.items():
        over = f"{_number(mean[key])} ± {_number(std[key])}"
        if defined[key] < len(results.folds):
            over += f" <small>({defined[key]} folds)</small>"
        rows.append(
            [
                escape(name),
                f"<b>{_number(results.pooled[key])}</b> {_interval(results.intervals[key])}",
                f"{_number(results.per_patient[key])} {_interval(results.patient_intervals[key])}",
                over,
            ]
        )
    head = ["", "Slices, pooled", "Patients", "Folds, mean ± SD"]
    words = (
        f"In brackets 95 % intervals: patients drawn {DRAWS} times with replacement, each with all its slices. "
        f"Precision, recall and F1 are of class {CLASSES[1]}; a dash is undefined. Probabilities are uncalibrated. "
        f"{RULES[results.patients.rule]} The calibration error has {BINS} equally wide bins."
    )
    return _table(head, rows) + f'<p class="small">{escape(words)}</p>'


def _calibration(results: Results) -> str:
    found = results.calibration
    rows = [
        ["Negative log-likelihood", *map(_number, (found.nll_before, found.nll_after, found.nll_cross_fitted))],
        ["Calibration error (ECE)", *map(_number, (found.ece_before, found.ece_after, found.ece_cross_fitted))],
    ]
    words = (
        f"The bundle divides its logits by a temperature of {found.temperature:.4g} (Guo et al. 2017), fitted on "
        f"{found.slices} slices of {found.patients} patients out of fold; classes do not change. Cross-fitted: each "
        f"fold with the temperature of the others, which is what to expect of new patients. {found.note}"
    )
    return f"<p>{escape(words.strip())}</p>" + _table(["", "Before", "After, same slices", "After, cross-fitted"], rows)


def _folds(results: Results) -> str:
    head = ["Fold", "Patients", "Slices", "Affected", "Epoch kept", *OF_FOLDS.values()]
    rows = [
        [
            *(str(one[key]) for key in ("fold", "patients", "n", "positives")),
            f"{int(one['best_epoch'] or 0) + 1} of {one['epochs']}",
            *(_number(one[key]) for key in OF_FOLDS),
        ]
        for one in results.folds
    ]
    return f'<div class="dense">{_table(head, rows)}</div>'


def _patients(results: Results) -> str:
    answers, patients = results.answers, results.patients
    error = np.abs(patients.probability - patients.labels)
    order = np.lexsort((np.arange(len(error)), -error))
    rows, marks = [], []
    for n in order[:MOST_PATIENTS].tolist():
        mine = answers.groups == patients.names[n]
        wrong = int((answers.prediction[mine] != answers.labels[mine]).sum())
        misread = patients.labels[n] != patients.prediction[n]
        marks.append(bool(misread))
        rows.append(
            [
                escape(patients.names[n]),
                str(answers.folds[mine][0]),
                CLASSES[patients.labels[n]],
                CLASSES[patients.prediction[n]] + (" ✗" if misread else ""),
                _number(float(patients.probability[n])),
                f"{wrong} of {int(mine.sum())}",
            ]
        )
    more = len(order) - len(rows)
    words = f"Furthest from the truth first; ✗ is misread. {RULES[results.patients.rule]}"
    words += f" {more} more patients are in oof_predictions.csv." if more else ""
    head = ["Patient", "Fold", "True", "Predicted", "Probability", "Slices misread"]
    return f'<p class="small">{escape(words)}</p>' + _table(head, rows, marks, words=(0, 2, 3))


def _misread(results: Results, cohort: Cohort) -> str:
    answers = results.answers
    wrong = np.flatnonzero(answers.prediction != answers.labels)
    if not len(wrong):
        return "<p>No slice was misread.</p>"
    error = np.abs(answers.probability - answers.labels)[wrong]
    calibrated = softmax(answers.logits, results.calibration.temperature)[:, 1]
    rows = []
    for n in wrong[np.lexsort((wrong, -error))][:MOST_SLICES].tolist():
        example = cohort.examples[int(answers.places[n])]
        rows.append(
            [
                escape(example.name),
                "" if example.slice is None else str(example.slice + 1),
                str(example.row),
                escape(example.group),
                str(answers.folds[n]),
                CLASSES[answers.labels[n]],
                _number(float(answers.probability[n])),
                _number(float(calibrated[n])),
            ]
        )
    words = f"{len(wrong)} of {len(answers.places)} slices are misread"
    words += f"; the {len(rows)} worst of them:" if len(rows) < len(wrong) else ":"
    head = ["Image", "Slice", "Table row", "Patient", "Fold", "True", "Probability", "Calibrated"]
    return f"<p>{escape(words)}</p>" + _table(head, rows, words=(0, 3, 5))


def _protocol(results: Results, cohort: Cohort, config: TrainingConfig, about: Mapping[str, object]) -> str:
    words = (
        "Patients are divided into folds stratified by class; no patient is in two. In each fold a part of the "
        "training patients chooses the epoch by its loss, and the tested patients are looked at once, with the network "
        "of that epoch. The bundle beside this page is trained on all patients: its own figures are not known, and "
        "those above are of its siblings."
    )
    again = f"overread train {cohort.table.name} --config training.toml --out AGAIN"
    told_about = {key: value for key, value in about.items() if key not in ("notes", "findings")}
    facts: dict[str, object] = {"table": cohort.table.name, "table SHA-256": cohort.sha256, **told_about}
    return (
        f"<p>{escape(words)}</p>"
        f"<p>The same table, weights and settings give the same figures: <code>{escape(again)}</code></p>"
        + _table(["Run", ""], [[_key(key), _value(value)] for key, value in facts.items()], words=(0, 1))
        + _table(["Setting", ""], [[_key(k), _value(v)] for k, v in told(config).items()], words=(0, 1))
    )


# Pieces -----------------------------------------------------------------------------------------------------------


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _picture(name: str, pictures: Mapping[str, bytes]) -> str:
    title, caption = CAPTIONS[name]
    data = base64.b64encode(pictures[name]).decode("ascii")
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{escape(title)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], marks: Sequence[bool] = (), words: Sequence[int] = (0,)
) -> str:
    """Return a table of cells that are HTML already; columns ``words`` stand to the left, rows ``marks`` stand out."""

    def line(cells: Sequence[str], tag: str, marked: bool = False) -> str:
        kinds = ("" if n in words else ' class="n"' for n in range(len(cells)))
        inner = "".join(f"<{tag}{kind}>{cell}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
        return f'<tr class="marked">{inner}</tr>' if marked else f"<tr>{inner}</tr>"

    body = "".join(line(row, "td", n < len(marks) and marks[n]) for n, row in enumerate(rows))
    top = line([escape(cell) for cell in head], "th")
    return f'<div class="wide"><table><thead>{top}</thead><tbody>{body}</tbody></table></div>'


def _number(value: Cell) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(span: Span | None) -> str:
    return "" if span is None else f'<span class="span">[{span.low:.3f}, {span.high:.3f}]</span>'


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _key(name: str) -> str:
    return f'<span class="key">{escape(name.replace("_", " "))}</span>'


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{escape(str(key))} {_value(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(one) for one in value)
    return escape(str(value))


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
