"""What is said of an open training run: of each case in the list, of the slice on screen, on the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from viewer.app.display import PredictionText
from viewer.app.run_review import RunReview
from viewer.core.picture import Picture
from viewer.core.said import said
from viewer.core.words import QT_TR_NOOP, tr

if TYPE_CHECKING:
    from xai.train.opened import Answer, OpenedRun
    from xai.train.opened_series import CaseSeries

MISREAD, AS_LABELLED = "✗", "✓"
LABELLED = {0: QT_TR_NOOP("labelled healthy"), 1: QT_TR_NOOP("labelled affected")}
BOTH_LABELS = QT_TR_NOOP("both labels")
NOT_IN_TABLE = QT_TR_NOOP("not in the table")
MISREAD_WORD = QT_TR_NOOP("misread")
FIGURES = (
    ("balanced_accuracy", QT_TR_NOOP("balanced accuracy {value:.2f}")),
    ("roc_auc", QT_TR_NOOP("ROC AUC {value:.2f}")),
)


@dataclass(frozen=True, slots=True)
class CaseText:
    """An entry of the list of cases.

    Parameters
    ----------
    details : tuple of str
        Lines under the title.
    aside : str
        Stands beside the title.
    misread : int
        How many of its slices are misread; 0 too where that may not be seen.
    """

    title: str
    details: tuple[str, ...]
    aside: str
    misread: int = 0


@dataclass(frozen=True, slots=True)
class SliceMark:
    """What the strip marks at a slice.

    Parameters
    ----------
    label : int, optional
        None where it may not be seen, or where there is none.
    """

    label: int | None = None
    is_misread: bool = False
    is_in_table: bool = True

    @property
    def words(self) -> str:
        """The same in words; empty when there is nothing to say."""
        if not self.is_in_table:
            return tr(NOT_IN_TABLE)
        if self.label is None:
            return ""
        label = tr(LABELLED[self.label])
        return f"{label}, {tr(MISREAD_WORD)}" if self.is_misread else label


def case_texts(review: RunReview) -> list[CaseText]:
    """Return the entries of the list, in its order, with what may be seen of each."""
    return [_case_text(review, one) for one in review.series]


def case_title(review: RunReview, series: CaseSeries) -> str:
    """Return what a case is called: its patient's name in the table, or a number where the name might tell."""
    run, case = review.run, review.case_of(series)
    assert run is not None
    title = case.group if review.shows_labels else tr("Case {number}").format(number=run.numbers[series.case])
    if series.parts > 1:
        title = tr("{title} ({part} of {parts})").format(title=title, part=series.part, parts=series.parts)
    return title


def _case_text(review: RunReview, series: CaseSeries) -> CaseText:
    run, case = review.run, review.case_of(series)
    assert run is not None
    title, count = case_title(review, series), len(case.answers)
    slices = tr("1 slice") if count == 1 else tr("{count} slices").format(count=count)
    if not review.shows_answers:
        return CaseText(title, (), slices)
    fold = tr("fold {fold}").format(fold=case.fold)
    mean = f"{tr(run.classes[1])} {case.probability:.2f}"
    if not review.shows_labels:
        return CaseText(title, (mean, slices), fold)
    label = tr(BOTH_LABELS) if case.label is None else tr(LABELLED[case.label])
    if case.misread:
        words = tr("{misread}/{slices} misread").format(misread=case.misread, slices=count)
        return CaseText(title, (label, mean, f"{MISREAD} {words}"), fold, case.misread)
    return CaseText(title, (label, mean, f"{AS_LABELLED} {slices}"), fold)


def run_summary(review: RunReview) -> str:
    """Return what stands over the list: which run it is, and how many of its slices are misread."""
    run = review.run
    if run is None:
        return ""
    if not review.shows_labels:
        why = tr("labels hidden while you read first") if not review.shows_answers else tr("labels hidden (Shift+L)")
        return f"{run.folder.name}: {why}"
    words = tr("{name}: {misread} of {slices} slices misread")
    return words.format(name=run.folder.name, misread=run.misread, slices=run.slices)


def slice_marks(review: RunReview) -> tuple[SliceMark, ...]:
    """Return what the strip marks at the slices of the open series; none without a run."""
    here = review.here
    if here is None:
        return ()
    return tuple(_mark(review, answer) for answer in here.answers)


def _mark(review: RunReview, answer: Answer | None) -> SliceMark:
    if answer is None:
        return SliceMark(is_in_table=False)
    return SliceMark(answer.label, answer.is_misread) if review.shows_labels else SliceMark()


def corner_lines(review: RunReview, k: int, shows_prediction: bool) -> tuple[str, ...]:
    """Return what is written onto the picture of slice ``k``, as far as it may be seen."""
    run, case, answer = review.run, review.case, review.answer(k)
    if run is None or case is None:
        return ()
    if answer is None:
        return (tr(NOT_IN_TABLE),)
    lines = []
    if shows_prediction:
        words = tr("out of fold: {answer} (fold {fold})")
        lines.append(words.format(answer=f"{tr(run.classes[1])} {answer.probability:.2f}", fold=case.fold))
    if review.shows_labels:
        label = tr(LABELLED[answer.label])
        lines.append(f"{label} · {MISREAD} {tr(MISREAD_WORD)}" if answer.is_misread else label)
    return tuple(lines)


def with_corner(review: RunReview, picture: Picture | None, lines: tuple[str, ...]) -> Picture | None:
    """Return ``picture`` with the case's title for that of its series, and ``lines`` under it."""
    here = review.here
    if picture is None or here is None:
        return picture
    first, *rest = picture.texts.top_left or ("",)
    first = first.replace(here.name, case_title(review, here), 1)
    return replace(picture, texts=replace(picture.texts, top_left=(first, *rest, *lines)))


def run_prediction(review: RunReview, k: int) -> PredictionText:
    """Return the prediction panel's words for slice ``k`` of the open series of a run."""
    run, case, answer = review.run, review.case, review.answer(k)
    assert run is not None
    words = PredictionText(
        heading=tr("Out of fold on this slice"), model=_run_text(run), mismatches=tuple(map(said, _cautions(review, k)))
    )
    if case is None:
        return replace(words, state=tr("No series"))
    words = replace(words, series=_case_summary(review))
    if answer is None:
        why = tr("The run has no answer for this slice, and no model is asked in its place.")
        return replace(words, state=tr(NOT_IN_TABLE).capitalize(), source=why)
    source = tr("Out of fold: model of fold {fold}, which had not seen this patient.").format(fold=case.fold)
    label = ""
    if review.shows_labels:
        label = tr(LABELLED[answer.label])
        label = (
            f"{MISREAD} {tr(MISREAD_WORD).capitalize()}: {label}"
            if answer.is_misread
            else f"{AS_LABELLED} {label.capitalize()}"
        )
    return replace(
        words,
        verdict=tr(run.classes[answer.prediction]),
        probability=answer.probability,
        probability_text=f"{tr(run.classes[1])} {answer.probability:.2f}",
        calibration=tr("calibrated") if answer.calibrated is not None else "",
        calibrated_on=tr("Uncalibrated: {value:.2f}.").format(value=answer.uncalibrated),
        label=label,
        is_misread=review.shows_labels and answer.is_misread,
        source=source,
    )


def _case_summary(review: RunReview) -> str:
    run, case = review.run, review.case
    assert run is not None
    assert case is not None
    mean = f"{tr(run.classes[1])} {case.probability:.2f}"
    if not review.shows_labels:
        return tr("This case on average: {answer}.").format(answer=mean)
    words = tr(
        "This case on average: {answer}, error {error:.2f}, uncertainty {bits:.2f} bit; {misread} of {slices} slices "
        "misread."
    )
    count = len(case.answers)
    return words.format(answer=mean, error=case.error, bits=case.uncertainty, misread=case.misread, slices=count)


def _run_text(run: OpenedRun) -> str:
    words = tr("Training run “{name}”: {network}, {folds} folds.")
    text = words.format(name=run.folder.name, network=run.config.network, folds=run.config.folds)
    pooled: Mapping[str, object] = run.metrics.get("pooled", {})
    figures = [
        tr(form).format(value=float(value))
        for name, form in FIGURES
        if isinstance(value := pooled.get(name), int | float)
    ]
    return text + (" " + tr("All folds: {figures}.").format(figures=", ".join(figures)) if figures else "")


def _cautions(review: RunReview, k: int) -> list[str]:
    run, case = review.run, review.case
    assert run is not None
    cautions = [review.why_no_maps] if review.why_no_maps else []
    cautions += run.notes
    if run.config.masks == "multiply" and review.has_maps:
        cautions.append(
            tr("The run blackened what lies outside of the masks; maps here are computed on the whole picture.")
        )
    elif case is not None and review.differs_now(k):
        words = tr("Asked now, the model of fold {fold} answers otherwise: its maps may not explain what stands here.")
        cautions.append(words.format(fold=case.fold))
    return cautions
