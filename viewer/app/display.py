"""From the session and the model's results to pictures: which layers, which scale, which words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.app.engine import BundleInfo
from viewer.app.explaining import Explaining
from viewer.app.reading import OnScreen
from viewer.app.second_display import second_picture
from viewer.app.session import LABELS, Session
from viewer.core.bodies import paints_outside
from viewer.core.overlay import (
    LabelStyle,
    Layer,
    OverlayStyle,
    ValueRange,
    colour_bar,
    cut_value,
    number_text,
    value_range,
)
from viewer.core.picture import NamedBar, Picture
from viewer.core.planes import corner_texts, edge_letters, stored_pixel, value_words
from viewer.core.render import render
from viewer.core.resolving import ResolvedView, resolve
from viewer.core.said import said
from viewer.core.view_state import Pane
from viewer.core.words import QT_TR_NOOP, tr
from xai.registry import ExplainerEntry

if TYPE_CHECKING:
    from xai.models.manifest import BundleCalibration

SCALE_WORDS = {
    "slice": QT_TR_NOOP("scale: this slice"),
    "series": QT_TR_NOOP("scale: whole series"),
    "fixed": QT_TR_NOOP("scale: fixed"),
}


def resolved_view(session: Session, explaining: Explaining) -> ResolvedView:
    """Return what the views draw now."""
    predicted = tuple(int(target) for target in explaining.prediction().target)
    with_maps = tuple(key for key in explaining.catalogue if explaining.has_any(key))
    return resolve(session.state, session.context(predicted, with_maps))


def pictures(session: Session, explaining: Explaining, view: ResolvedView) -> list[Picture | None]:
    """Return one picture per pane; None while the slice that it shows is not read yet."""
    series = session.series
    values = session.slices[view.slice_index] if session.slices else None
    if series is None:
        return [None] * len(view.panes)
    identity = None if view.identity_hidden else session.identity()
    texts = corner_texts(series.info, series.geometry, view.slice_index, view.window, identity=identity)
    letters = edge_letters(series.geometry)
    drawn: list[Picture | None] = []
    are_off = not session.state.overlays_on and not session.state.peek and view.panes[0].beside is False
    for number, pane in enumerate(view.panes):
        if pane.beside or values is None:
            drawn.append(second_picture(session, view) if pane.beside else None)
            continue
        layers, bars, notes = _layers(session, explaining, view, pane)
        body = session.bodies.of(view.slice_index, values) if view.body_only and bars else None
        pixels = render(values, series.geometry.display, view.window, view.invert, layers, body)
        if view.slice_index in session.failures:
            notes = [tr("this slice could not be read")]
        clean = None
        if pane.swipe is not None and layers:
            clean = render(values, series.geometry.display, view.window, view.invert)
        if are_off and number and not notes:
            # A picture for a map without one must not look like a map without evidence.
            notes = [tr("maps are off (V)")]
        note = " · ".join(notes)
        drawn.append(Picture(pixels, series.geometry, letters, texts, tuple(bars), note, clean, pane.swipe))
    return drawn


def _layers(
    session: Session, explaining: Explaining, view: ResolvedView, pane: Pane
) -> tuple[list[Layer], list[NamedBar], list[str]]:
    """Return what a pane paints, bottom one first, its colour bars, top one first, and what it says in words."""
    layers: list[Layer] = []
    bars: list[NamedBar] = []
    notes: list[str] = []
    picture = session.slices[view.slice_index]
    for key, style in pane.overlays:
        if isinstance(style, LabelStyle):
            if key == LABELS and session.labels is not None:
                layers.append(Layer(session.labels[view.slice_index], style))
            continue
        title = explaining.catalogue[key].title
        values = explaining.map_values(key, view.slice_index)
        if values is None:
            notes.append(f"{title}: {explaining.state(key, view.slice_index)}")
            continue
        limits = limits_of(explaining, key, style, values, view.slice_index)
        if limits is None:
            notes.append(tr("{method}: nothing to show").format(method=title))
            continue
        layers.append(Layer(values, style, limits))
        if not explaining.has_map(key, view.slice_index):
            notes.append(f"{title}: {explaining.state(key, view.slice_index)}")
        explained = int(explaining.series_targets()[view.slice_index])
        name = tr(explaining.classes[explained]) if 0 <= explained < len(explaining.classes) else "?"
        says = tr(_says(explaining.catalogue[key], style)).format(name=name)
        captions = [says, tr(SCALE_WORDS[style.scale])]
        if not style.diverging and cut_value(style, *limits) < limits[0]:
            # Below the first colour, and so not to be seen on the bar.
            least = number_text(max(cut_value(style, *limits), 0.0), limits[1] - limits[0])
            captions.append(tr("painted from {value} up").format(value=least))
        if view.body_only and picture is not None:
            body = session.bodies.of(view.slice_index, picture)
            if body is not None and paints_outside(values, style, limits, body):
                captions.append(tr("body only"))
        bars.insert(0, NamedBar(title, tuple(captions), colour_bar(style, *limits)))
    return layers, _said_once(bars), notes


def _said_once(bars: list[NamedBar]) -> list[NamedBar]:
    """Return the bars without captions that stand under the next one too: many bars would cover the anatomy."""
    below = [*(bar.captions for bar in bars[1:]), ()][: len(bars)]
    return [replace(bar, captions=()) if bar.captions == other else bar for bar, other in zip(bars, below, strict=True)]


def _says(entry: ExplainerEntry, style: OverlayStyle) -> str:
    """Return what high values of a map mean, for a class ``{name}``."""
    if entry.shows == "disagreement":
        return QT_TR_NOOP("disagreement about {name}")
    if style.diverging:
        return QT_TR_NOOP("evidence against and for {name}")
    return QT_TR_NOOP("evidence for {name}")


def limits_of(
    explaining: Explaining, key: str, style: OverlayStyle, values: NDArray[np.float32], k: int
) -> ValueRange | None:
    """Return the range of a method's colours for slice ``k``; a series' range never mixes targets."""
    if style.scale == "series":
        maps, targets = explaining.series_maps(key), explaining.series_targets()
        if maps is not None:
            return value_range(maps, style, targets, int(targets[k]))
    return value_range(values, style)


# Words for the panels ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PredictionText:
    """What the panel says of the slice on screen and of the model."""

    verdict: str = ""
    """Class of the slice; empty when there is none."""
    probability: float | None = None
    """Of the affected class, between 0 and 1."""
    probability_text: str = ""
    calibration: str = ""
    """Says that the probability is calibrated; empty when it is not."""
    calibrated_on: str = ""
    state: str = ""
    """Why there is no verdict."""
    series: str = ""
    model: str = ""
    trained_on: str = ""
    mismatches: tuple[str, ...] = ()
    heading: str = ""
    """What the panel is called; empty for a model's own answer."""
    label: str = ""
    """What the slice is labelled, where that is known and may be seen."""
    is_misread: bool = False
    source: str = ""
    """Whose answer it is, where it is not that of the loaded model."""


AFFECTED = 1


def prediction_text(session: Session, explaining: Explaining) -> PredictionText:
    """Return the prediction panel's words."""
    model, series = explaining.model, session.series
    if model is None:
        state = tr("Loading the model…") if explaining.is_loading else tr("No model")
        hint = "" if explaining.is_loading else tr("Open a model folder (Ctrl+M) to see predictions.")
        return PredictionText(state=state, model=hint)
    manifest = model.manifest
    words = PredictionText(
        model=tr("Model {name} {version}. Trained on {data}.").format(
            name=manifest.name, version=manifest.version, data=said(manifest.trained_on.sentence)
        ),
        trained_on=f"{manifest.network}, {model.sha256[:12]}",
    )
    if series is None:
        return replace(words, state=tr("No series"))
    if explaining.refusal:
        return replace(words, state=tr("Not for this series"), series=said(explaining.refusal))
    words = replace(words, mismatches=tuple(said(sentence) for sentence in explaining.mismatches))
    probabilities = explaining.probability(AFFECTED)
    called = int(np.sum(probabilities >= 0.5))
    known = int(np.sum(np.isfinite(probabilities)))
    name = tr(explaining.classes[AFFECTED])
    share = tr("{called} of {known} slices called {name}").format(called=called, known=known, name=name)
    if known < len(probabilities):
        share += tr(" ({open} without an answer yet)").format(open=len(probabilities) - known)
    words = replace(words, series=share if known else "")
    k = session.state.slice_index
    p = float(probabilities[k]) if k < len(probabilities) else float("nan")
    if np.isnan(p):
        return replace(words, state=explaining.state(next(iter(explaining.catalogue)), k).capitalize())
    return replace(
        words,
        verdict=tr(explaining.classes[int(explaining.prediction().target[k])]),
        probability=p,
        probability_text=f"{name} {p:.2f}",
        calibration=tr("calibrated") if manifest.calibration else "",
        calibrated_on=calibration_words(manifest.calibration, name),
    )


def calibration_words(calibration: BundleCalibration | None, name: str) -> str:
    """Say what a calibrated probability of class ``name`` means and rests on; empty without a calibration."""
    if calibration is None:
        return ""
    return tr(
        "Calibrated: of slices like those of the training that are given 0.80, about 8 in 10 are {name}. "
        "Temperature {temperature}, fitted on {slices} slices of {patients} patients that the networks had not seen; "
        "calibration error {before} before, {after} after. Classes and maps are the same without it."
    ).format(
        name=name,
        temperature=f"{calibration.temperature:.3g}",
        slices=calibration.slices,
        patients=calibration.patients,
        before=f"{calibration.ece_before:.3f}",
        after=f"{calibration.ece_after:.3f}",
    )


def on_screen(session: Session, explaining: Explaining, view: ResolvedView) -> OnScreen:
    """Return what an answer given now is about; a map counts when it is the only one of its kind that is chosen."""
    volume, model, given = session.volume, explaining.model, explaining.given
    if volume is None:
        return OnScreen()
    k = view.slice_index
    screen = OnScreen(volume_sha256=volume.sha256, slice_index=k + 1)
    p = explaining.probability(AFFECTED)
    if np.isnan(p[k]) or (given is None and (model is None or explaining.refusal)):
        return screen
    may_run = model is not None and not explaining.refusal
    screen = replace(
        screen,
        stage="S1",
        model_id=given.source if given is not None else _model_id(model),
        model_sha256=model.sha256 if model is not None and may_run else "",
        ai_label=int(given.predictions[k]) if given is not None else int(p[k] >= 0.5),
        ai_prob=float(p[k]),
        ai_threshold=0.5,
    )
    key = rated_map(session, explaining)
    if not key:
        return screen
    explained = int(explaining.series_targets()[k])
    return replace(
        screen,
        stage="S2",
        map_id=key,
        map_title=explaining.catalogue[key].title,
        map_sha256=explaining.map_sha256(key, k),
        target_class=explaining.classes[explained],
    )


def _model_id(model: BundleInfo | None) -> str:
    return f"{model.manifest.name} {model.manifest.version}" if model is not None else ""


def rated_map(session: Session, explaining: Explaining) -> str:
    """Return the key of the map that the questions are about: the chosen one if it is shown; empty for none."""
    state = session.state
    methods = [key for key, style in state.overlays if style.visible and isinstance(style, OverlayStyle)]
    shown = [key for key in methods if explaining.has_map(key, state.slice_index)]
    if not state.overlays_on or not shown:
        return ""
    return state.active if state.active in shown else shown[-1]


def readout(session: Session, explaining: Explaining, column: float, row: float) -> str:
    """Return the values under a picture position (column, row): the picture's, the place in mm, the shown map's."""
    series, k = session.series, session.state.slice_index
    values = session.slices[k] if session.slices else None
    if series is None or values is None:
        return ""
    pixel = stored_pixel(series.geometry, column, row)
    if pixel is None:
        return ""
    parts = value_words(series.geometry, k, values, pixel)
    key = rated_map(session, explaining)
    shown = explaining.map_values(key, k) if key else None
    if shown is not None:
        parts.append(f"{explaining.catalogue[key].title} {shown[pixel]:.3g}")
    return "   ".join(parts)
