"""From slices to predictions and maps: the one way in, for the engine, the command line and Python alike."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import xai
from xai.errors import ExplainError
from xai.explainers.base import (
    UNREAD,
    Attribution,
    Explainer,
    Stepwise,
    cells_of,
    counting,
    make_explainer,
    state_of,
)
from xai.explainers.cam import CamMethod, cam_family
from xai.explanation import Explanation, MethodMaps, SliceAnalysis
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import Volume
from xai.models.bundle import ClassifierBundle
from xai.models.predict import run_batches, to_prediction
from xai.models.preprocess import readable
from xai.progress import Progress, ignore

Methods = Sequence[str] | Mapping[str, Explainer]
"""Keys of `xai.registry.EXPLAINERS`, or explainers with their own parameters by the key they go by."""


@dataclasses.dataclass(slots=True)
class _Answer:
    """What a step found for one batch."""

    logits: NDArray[np.float32]
    target: NDArray[np.int64]
    maps: dict[str, NDArray[np.float32]]
    """(n, h, w) by method."""
    seconds: dict[str, float]
    passes: dict[str, int]
    """Inputs sent through the network for each method."""
    states: dict[str, tuple[str, ...]]
    """What methods say of their own maps."""
    details: dict[str, tuple[Mapping[str, float | str], ...]]


def analyse_slices(
    bundle: ClassifierBundle,
    slices: Sequence[NDArray[np.float32]],
    indices: Sequence[int],
    geometry: VolumeGeometry,
    methods: Methods = (),
    target: int | None = None,
    progress: Progress = ignore,
    batch_size: int | None = None,
    partial: Callable[[SliceAnalysis], None] | None = None,
    inner: Progress = ignore,
) -> SliceAnalysis:
    """Predict some slices of a series and explain them.

    Parameters
    ----------
    bundle : ClassifierBundle
        The classifier.
    slices : sequence of arrays (H, W) float32
        Stored slices; one with pixels that are not finite is not predicted.
    indices : sequence of int
        Their places in the series.
    geometry : VolumeGeometry
        That of the series: it says which way up the network sees the slices.
    methods : sequence of str or mapping
        What to explain them with; nothing for the prediction alone.
    target : int, optional
        The class to explain; each slice's predicted one without it. 0 is a class.
    progress : callable
        Called with (slices done, slices to do); cancels by raising.
    batch_size : int, optional
        Slices at a time; the device decides without it.
    partial : callable, optional
        Given the maps of the slices at hand whenever a method that works in steps has better ones.
    inner : callable
        Called with (done, to do) of a method's own work on the slices at hand.

    Raises
    ------
    ExplainError
        When a method is unknown or the target is no class of the bundle.
    """
    explainers = _explainers(bundle, methods)
    if len(slices) != len(indices):
        raise ExplainError(f"{len(slices)} slices came with {len(indices)} places in the series.")
    if target is not None and not 0 <= target < len(bundle.classes):
        raise ExplainError(f"The class {target} does not exist; the classes are {_listed(bundle.classes)}.")
    done = 0

    def report(now: int, total: int) -> None:
        nonlocal done
        done = now
        progress(now, total)

    def within(now: int, total: int) -> None:
        progress(done, len(slices))
        inner(now, total)

    notes: list[str] = []
    places_read = [n for n, pixels in enumerate(slices) if readable(pixels)]
    finished = 0

    def sharpened(key: str, step: Attribution, logits: Tensor, chosen: Tensor) -> None:
        if partial is None:
            return
        where = tuple(int(indices[n]) for n in places_read[finished : finished + len(logits)])
        values = step.maps[:, 0].float().cpu().numpy()
        explainer = explainers[key]
        found = MethodMaps(
            values,
            step.states or ("",) * len(where),
            cells_of(explainer, bundle),
            dataclasses.asdict(explainer),  # type: ignore[call-overload]
            0.0,
            0.0,
            step.details,
        )
        prediction = to_prediction(logits.cpu().numpy())
        partial(SliceAnalysis(where, prediction.logits, prediction.probabilities, chosen.cpu().numpy(), {key: found}))

    mapping = bundle.preprocess.mapping(geometry)
    logits = np.full((len(slices), len(bundle.classes)), np.nan, np.float32)
    targets = np.full(len(slices), -1, np.int64)
    maps: dict[str, NDArray[np.float32]] = {}
    seconds, passes = dict.fromkeys(explainers, 0.0), dict.fromkeys(explainers, 0)
    states = {key: [UNREAD] * len(slices) for key in explainers}
    details: dict[str, list[Mapping[str, float | str]]] = {key: [{} for _ in slices] for key in explainers}
    for places, answer in run_batches(
        bundle,
        slices,
        mapping,
        lambda network, x: _step(network, x, target, explainers, within, sharpened),
        report,
        batch_size,
        notes,
    ):
        logits[places], targets[places] = answer.logits, answer.target
        for key, values in answer.maps.items():
            if key not in maps:
                maps[key] = np.full((len(slices), *values.shape[1:]), np.nan, np.float32)
            maps[key][places] = values
            seconds[key] += answer.seconds[key]
            passes[key] += answer.passes[key]
            for n, place in enumerate(places):
                said = answer.states.get(key) or ("",) * len(places)
                states[key][place] = said[n] or state_of(values[n])
                details[key][place] = answer.details[key][n] if answer.details.get(key) else {}
        finished += len(places)
    if explainers and not maps:
        # Nothing could be read: one empty input tells how large the maps would have been.
        x = torch.zeros(1, 1, mapping.size, mapping.size, device=bundle.device)
        for key, values in _step(bundle.network, x, 0, explainers, within).maps.items():
            maps[key] = np.full((len(slices), *values.shape[1:]), np.nan, np.float32)
    read = int((targets >= 0).sum())
    found = {
        key: MethodMaps(
            maps[key],
            tuple(states[key]),
            cells_of(explainer, bundle),
            dataclasses.asdict(explainer),  # type: ignore[call-overload]
            passes[key] / max(read, 1),
            seconds[key],
            tuple(details[key]) if any(details[key]) else (),
        )
        for key, explainer in explainers.items()
    }
    indices = tuple(int(k) for k in indices)
    return SliceAnalysis(indices, logits, to_prediction(logits).probabilities, targets, found, tuple(notes))


def explain(
    bundle: ClassifierBundle,
    volume: Volume,
    methods: Methods,
    slices: Sequence[int] | None = None,
    target: int | None = None,
    progress: Progress = ignore,
) -> dict[str, Explanation]:
    """Explain a volume's slices: one `Explanation` per method, all from the same run.

    Parameters
    ----------
    bundle : ClassifierBundle
        The classifier.
    volume : Volume
        What it is asked about.
    methods : sequence of str or mapping
        Keys of `EXPLAINERS`, or explainers with their own parameters by key.
    slices : sequence of int, optional
        Which slices, ``range(10, 20)`` say; all of them without it. The others stay NaN.
    target : int, optional
        The class to explain; each slice's predicted one without it. 0 is a class.
    progress : callable
        Called with (slices done, slices to do); cancels by raising.

    Raises
    ------
    ExplainError
        When a method, a slice or the target does not exist.
    """
    depth = volume.geometry.shape[0]
    chosen = list(range(depth)) if slices is None else list(dict.fromkeys(int(k) for k in slices))
    if outside := [k for k in chosen if not 0 <= k < depth]:
        raise ExplainError(f"Slice {outside[0]} does not exist; the series has the slices 0 to {depth - 1}.")
    analysis = analyse_slices(
        bundle, [volume.array[k] for k in chosen], chosen, volume.geometry, methods, target, progress
    )
    manifest = bundle.manifest
    caution = (manifest.trained_on.caution,) if manifest.trained_on.caution else ()
    logits = np.full((depth, len(bundle.classes)), np.nan, np.float32)
    logits[chosen] = analysis.logits
    targets = np.full(depth, -1, np.int64)
    targets[chosen] = analysis.targets
    explanations = {}
    for key, found in analysis.maps.items():
        maps = np.full((depth, *found.values.shape[1:]), np.nan, np.float32)
        maps[chosen] = found.values
        states = [""] * depth
        for k, state in zip(chosen, found.states, strict=True):
            states[k] = state
        explanations[key] = Explanation(
            method=key,
            parameters=found.parameters,
            target=targets,
            prediction=to_prediction(logits),
            bundle_sha256=bundle.sha256,
            volume_sha256=volume.sha256,
            code_version=xai.__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            computed=targets >= 0,
            states=tuple(states),
            maps=maps,
            cells=found.cells,
            mapping=bundle.preprocess.mapping(volume.geometry),
            geometry=volume.geometry,
            classes=bundle.classes,
            notes=(*caution, *manifest.mismatches(volume.info, volume.geometry), *analysis.notes),
        )
    return explanations


def _explainers(bundle: ClassifierBundle, methods: Methods) -> dict[str, Explainer]:
    """Return the explainers by key, each with the layer it will look at written into it."""
    if isinstance(methods, str):
        raise ExplainError(f"Methods are a list of keys, such as [{methods!r}].")
    given = methods if isinstance(methods, Mapping) else {key: make_explainer(key) for key in methods}
    explainers = {}
    for key, explainer in given.items():
        cells_of(explainer, bundle)
        if isinstance(explainer, CamMethod) and explainer.layer is None:
            explainer = dataclasses.replace(explainer, layer=bundle.manifest.cam_layer)
        explainers[key] = explainer
    return explainers


def _step(
    network: nn.Module,
    x: Tensor,
    target: int | None,
    explainers: Mapping[str, Explainer],
    progress: Progress,
    sharpened: Callable[[str, Attribution, Tensor, Tensor], None] = lambda *_: None,
) -> _Answer:
    wanted = None if target is None else torch.full((len(x),), target, dtype=torch.int64, device=x.device)
    families: dict[str | None, dict[str, CamMethod]] = {}
    for key, explainer in explainers.items():
        if isinstance(explainer, CamMethod):
            families.setdefault(explainer.layer, {})[key] = explainer
    logits: Tensor | None = None
    maps: dict[str, Tensor] = {}
    seconds: dict[str, float] = {}
    passes: dict[str, int] = {}
    states: dict[str, tuple[str, ...]] = {}
    details: dict[str, tuple[Mapping[str, float | str], ...]] = {}
    for family in families.values():
        progress(0, 1)
        began = time.perf_counter()
        view, found = cam_family(network, x, wanted, family)
        logits = view.logits if logits is None else logits
        maps |= {key: values.cpu() for key, values in found.items()}
        seconds |= dict.fromkeys(family, (time.perf_counter() - began) / len(family))
        passes |= dict.fromkeys(family, len(x))
    if logits is None:
        with torch.inference_mode():
            logits = network(x).float()
    chosen = logits.argmax(1).clone() if wanted is None else wanted
    for key, explainer in explainers.items():
        if key not in maps:
            began = time.perf_counter()
            with counting(network) as count:
                if isinstance(explainer, Stepwise):
                    for step in explainer.steps(network, x, chosen, progress):
                        sharpened(key, step, logits, chosen)
                        states[key], details[key] = step.states, step.details
                        maps[key] = step.maps
                    maps[key] = maps[key].cpu()
                else:
                    maps[key] = explainer.attribute(network, x, chosen, progress).cpu()
            seconds[key], passes[key] = time.perf_counter() - began, count[0]
    return _Answer(
        logits.cpu().numpy(),
        chosen.cpu().numpy(),
        {key: values[:, 0].float().numpy() for key, values in maps.items()},
        seconds,
        passes,
        states,
        details,
    )


def _listed(classes: Sequence[str]) -> str:
    return ", ".join(f"{index} {name}" for index, name in enumerate(classes))
