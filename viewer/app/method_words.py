"""What is said of the explanation methods: a row of the panel for each, the explanation card, the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import xai
from viewer.app.display import AFFECTED, calibration_words, limits_of
from viewer.app.explaining import Explaining
from viewer.app.map_scores import MapScores
from viewer.app.method_settings import MethodSheet, Parameters
from viewer.app.schedule import duration_text
from viewer.app.session import Session
from viewer.core.overlay import OverlayStyle, ValueRange
from viewer.core.said import said
from viewer.core.words import QT_TR_NOOP, tr
from xai.notice import RESEARCH_USE_ONLY

FAMILIES: dict[str, str] = {
    "CAM": QT_TR_NOOP("Class activation maps"),
    "Gradient": QT_TR_NOOP("Gradients"),
    "Perturbation": QT_TR_NOOP("Hiding parts"),
    "Shapley": QT_TR_NOOP("Shapley values"),
    "Ensemble": QT_TR_NOOP("Several together"),
}
"""Families in the panel's order; one that is not here comes last under its own name."""


@dataclass(frozen=True, slots=True)
class MethodText:
    """What a method's row says and offers.

    Parameters
    ----------
    state : str
        In words.
    is_costly : bool
        It is computed when asked for.
    is_running : bool
        It is being computed, or waits for its turn.
    closed : str
        Why it cannot be run now; empty when it can.
    offer, offer_series : str
        What running it would take, for this slice and for the series.
    is_there : bool
        There is a map of this slice.
    short : str
        The state where there is little room.
    """

    key: str
    title: str
    state: str
    tip: str
    family: str = ""
    is_costly: bool = False
    is_running: bool = False
    closed: str = ""
    offer: str = ""
    offer_series: str = ""
    is_there: bool = False
    short: str = ""


@dataclass(frozen=True, slots=True)
class ChosenMethod:
    """The chosen method with its display, settings and scores.

    Parameters
    ----------
    limits : (float, float), optional
        Values of the first and last colour on this slice; None where nothing is shown.
    explained : str
        Name of the class whose evidence is shown.
    """

    key: str
    title: str
    style: OverlayStyle
    limits: ValueRange | None
    explained: str
    sheet: MethodSheet
    values: Parameters
    scores: MapScores | None = None
    score_words: str = ""
    members: tuple[tuple[str, str], ...] = ()
    """Key and title of every method that may take part in an ensemble."""


def method_texts(session: Session, explaining: Explaining) -> list[MethodText]:
    """Return the words of every method's row, family by family."""
    k, texts = session.state.slice_index, []
    done, total = explaining.counts()
    for key, entry in explaining.catalogue.items():
        is_costly = entry.cost != "cheap"
        state = explaining.state(key, k)
        if not is_costly and state in (tr("ready"), tr("computing")) and done < total:
            state = f"{state}, {done}/{total}"
        texts.append(
            MethodText(
                key,
                entry.title,
                state,
                explaining.describe(key),
                entry.family,
                is_costly,
                is_costly and explaining.runs.is_running(key),
                explaining.closed_why(key) if is_costly else "",
                explaining.offer(key) if is_costly else "",
                explaining.offer(key, total) if is_costly else "",
                explaining.map_values_there(key, k),
                _short(explaining, key) if is_costly and state == explaining.offer(key) else state,
            )
        )
    order = list(FAMILIES)
    return sorted(texts, key=lambda text: order.index(text.family) if text.family in order else len(order))


def _short(explaining: Explaining, key: str) -> str:
    seconds = explaining.runs.expected(key)
    return tr("cost varies") if seconds is None else duration_text(seconds)


def chosen_method(session: Session, explaining: Explaining, shown: Sequence[str]) -> ChosenMethod:
    """Return everything about the chosen method; ``shown`` are those that its map is ranked among."""
    state, k = session.state, session.state.slice_index
    key = state.active if state.active in explaining.catalogue else next(iter(explaining.catalogue))
    style = state.style(key)
    assert isinstance(style, OverlayStyle)
    values = explaining.map_values(key, k)
    limits = None if values is None else limits_of(explaining, key, style, values, k)
    entry = explaining.catalogue[key]
    explained, targets = "", explaining.series_targets()
    if k < len(targets) and targets[k] >= 0:
        explained = tr(explaining.classes[int(targets[k])])
    scores = explaining.scoring.of(key, k)
    return ChosenMethod(
        key,
        entry.title,
        style,
        limits,
        explained,
        explaining.chosen.sheet(key),
        explaining.chosen.values(key),
        scores if isinstance(scores, MapScores) else None,
        score_words(explaining, key, shown, k),
        tuple((other, one.title) for other, one in explaining.catalogue.items() if one.family != "Ensemble"),
    )


def score_words(explaining: Explaining, key: str, shown: Sequence[str], k: int) -> str:
    """Return the scores of a map in a sentence, or why there are none."""
    if not explaining.has_map(key, k):
        return tr("There is no finished map of this slice to score.")
    scores = explaining.scoring.of(key, k)
    if scores is None:
        return tr("measuring…")
    if isinstance(scores, str):
        return said(scores)
    words = tr("insertion {i:.2f}, deletion {d:.2f}, difference {f:.2f}").format(
        i=scores.insertion_area, d=scores.deletion_area, f=scores.faithfulness
    )
    place, among = explaining.scoring.rank(key, shown, k)
    rank = tr("place {place} of {among} shown").format(place=place, among=among) if among > 1 else ""
    return " · ".join(part for part in (words, rank) if part)


def explanation_card(session: Session, explaining: Explaining) -> list[tuple[str, str]]:
    """Return what made the chosen map of the slice on screen: names and values, in order."""
    state, model, series = session.state, explaining.model, session.series
    key = state.active if state.active in explaining.catalogue else next(iter(explaining.catalogue))
    entry, k = explaining.catalogue[key], state.slice_index
    if model is None or series is None or explaining.withheld[1]:
        return [(tr("Method"), entry.title), (tr("State"), explaining.state(key, k))]
    results = explaining.results_of(key)
    explained = int(explaining.series_targets()[k])
    parameters = ", ".join(f"{name} {_plain(value)}" for name, value in results.parameters.items() if name != "layer")
    details = "; ".join(f"{name} {_plain(value)}" for name, value in results.details[k].items())
    layer = str(results.parameters.get("layer") or tr("none: inputs and outputs only")) if results.parameters else ""
    count = int(results.computed.sum())
    cost = ""
    if count:
        each = duration_text(results.seconds / count)
        cost = tr("forward passes a slice: {passes:g}, {each}; so far {seconds:.1f} s, slices: {count}").format(
            passes=results.passes, each=each, seconds=results.seconds, count=count
        )
    scores = explaining.scoring.of(key, k)
    return [
        (tr("Method"), entry.title),
        (tr("Family"), entry.family),
        (tr("Reference"), entry.reference),
        (tr("Slice"), tr("{k} of {count}").format(k=k + 1, count=len(series))),
        (tr("State"), explaining.state(key, k)),
        (tr("Explained class"), tr(explaining.classes[explained]) if explained >= 0 else ""),
        (tr("Layer"), layer),
        (tr("Settings"), parameters),
        (
            tr("Cells"),
            tr("every {stride:g} network pixels, the first at {centre:g}").format(
                stride=results.cells.stride, centre=results.cells.centre
            ),
        ),
        (tr("Details"), details),
        (tr("Scores"), score_words(explaining, key, (), k) if isinstance(scores, MapScores) else ""),
        (tr("Cost"), cost),
        (tr("Computed"), results.created[k]),
        (tr("Model"), f"{model.manifest.name} {model.manifest.version} ({model.manifest.network})"),
        (tr("Model hash"), model.sha256),
        (
            tr("Volume hash"),
            session.volume.sha256 if session.volume is not None else tr("the series is still being read"),
        ),
        (tr("Trained on"), said(model.manifest.trained_on.sentence)),
        (tr("Probabilities"), calibration_words(model.manifest.calibration, tr(explaining.classes[AFFECTED]))),
        (tr("Differences"), " ".join(said(sentence) for sentence in explaining.mismatches)),
        ("Overread", xai.__version__),
        (tr("Notice"), said(RESEARCH_USE_ONLY)),
    ]


def card_text(card: Sequence[tuple[str, str]]) -> str:
    """Return the explanation card as plain text for the clipboard, a line for each value."""
    return "\n".join(f"{name}: {value}" for name, value in card if value) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}"
    if isinstance(value, (tuple, list)):
        return " ".join(str(one) for one in value)
    return str(value)
