"""From slices to predictions and maps: the one way in, for the engine, the command line and Python alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial as bind

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import xai
from xai.cache import ExplanationCache
from xai.errors import ExplainError
from xai.explanation import Explanation, SliceAnalysis
from xai.gathering import Gathered, Kept, entries_of
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import SliceMapping
from xai.imaging.volume import Volume
from xai.models.bundle import ClassifierBundle
from xai.models.predict import run_batches, to_prediction
from xai.models.preprocess import readable
from xai.progress import Progress, ignore
from xai.stepping import PARTS, Answer, Methods, Plan, make_plan, step

Partial = Callable[[SliceAnalysis], None]
"""Given what is known of some slices whenever there is something new; who shows it decides how often."""


def analyse_slices(
    bundle: ClassifierBundle,
    slices: Sequence[NDArray[np.float32]],
    indices: Sequence[int],
    geometry: VolumeGeometry,
    methods: Methods = (),
    target: int | None = None,
    progress: Progress = ignore,
    batch_size: int | None = None,
    cache: ExplanationCache | None = None,
    partial: Partial | None = None,
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
        Called with (slices done, slices to do), or both in hundredths of slices when a method takes more than its
        share of one forward pass; cancels by raising.
    batch_size : int, optional
        Slices at a time; without it the device decides, and on a CPU methods that take long go slice by slice.
    cache : ExplanationCache, optional
        Where maps are looked up and kept; only what is missing there is computed.
    partial : callable, optional
        Given what is known of the slices at hand whenever a method has something new to show.

    Raises
    ------
    ExplainError
        When a method is unknown or the target is no class of the bundle.
    """
    plan = make_plan(bundle, methods)
    if len(slices) != len(indices):
        raise ExplainError(f"{len(slices)} slices came with {len(indices)} places in the series.")
    if target is not None and not 0 <= target < len(bundle.classes):
        raise ExplainError(f"The class {target} does not exist; the classes are {_listed(bundle.classes)}.")
    places = [int(k) for k in indices]
    mapping = bundle.preprocess.mapping(geometry)
    gathered = Gathered(bundle, plan, places)
    kept = Kept(cache, bundle, plan, slices, mapping, target)
    todo = _todo(plan, slices, kept, gathered)
    unit = PARTS if any(plan.is_long(keys) for keys in todo) else 1
    total = unit * len(slices)
    job = _Job(
        bundle, plan, slices, mapping, target, gathered, kept, partial, lambda at: progress(int(unit * at), total)
    )
    job.done = len(slices) - sum(map(len, todo.values()))
    job.progress(job.done)
    for keys, waiting in todo.items():
        job.run(keys, waiting, batch_size)
    if again := gathered.drop_again():
        # Nothing kept of these slices is left, so that all of their maps are of one class.
        job.done -= len(again)
        job.run(plan.asked, again, batch_size)
    notes = job.notes
    if missing := gathered.without_shape:
        # Nothing could be read: one empty input tells how large the maps would have been.
        x = torch.zeros(1, 1, mapping.size, mapping.size, device=bundle.device)
        gathered.take_shapes(step(bundle.network, x, 0, plan, plan.needed(missing), lambda *_: progress(total, total)))
    return gathered.analysis(notes)


@dataclasses.dataclass(slots=True, eq=False)
class _Job:
    """One request while it is worked on."""

    bundle: ClassifierBundle
    plan: Plan
    slices: Sequence[NDArray[np.float32]]
    mapping: SliceMapping
    target: int | None
    gathered: Gathered
    kept: Kept
    partial: Partial | None
    progress: Callable[[float], None]
    """Called with the slices that are done, and the part of those at hand."""
    done: int = 0
    notes: list[str] = dataclasses.field(default_factory=list)

    def run(self, keys: tuple[str, ...], waiting: Sequence[int], batch_size: int | None) -> None:
        """Run the methods ``keys`` on the slices ``waiting``, batch by batch, and keep what they find."""
        if batch_size is None and self.bundle.device == "cpu" and self.plan.is_long(keys):
            batch_size = 1
        begin = 0

        def ask(network: nn.Module, x: Tensor) -> Answer:
            return self._ask(network, x, keys, waiting[begin : begin + len(x)])

        chosen = [self.slices[n] for n in waiting]
        for found, answer in run_batches(
            self.bundle, chosen, self.mapping, ask, batch_size=batch_size, notes=self.notes
        ):
            batch = waiting[begin : begin + len(found)]
            self.gathered.take(batch, answer)
            begin += len(batch)
            self.done += len(batch)
            self.progress(self.done)

    def _ask(self, network: nn.Module, x: Tensor, keys: Sequence[str], batch: Sequence[int]) -> Answer:
        def within(part: int, parts: int) -> None:
            self.progress(self.done + len(batch) * part / parts)

        needed = self.plan.needed(keys)
        known = self.kept.known(batch, [key for key in needed if key not in keys])
        compute = [key for key in needed if key not in known]
        tell = None if self.partial is None else bind(self._tell, self.partial, batch)
        return step(network, x, self.target, self.plan, compute, within, known, tell, bind(self._keep, batch))

    def _keep(self, batch: Sequence[int], answer: Answer) -> None:
        for key, found in answer.found.items():
            for n, entry in zip(batch, entries_of(answer, found), strict=True):
                self.kept.put(n, key, entry)

    def _tell(self, show: Partial, batch: Sequence[int], answer: Answer) -> None:
        show(self.gathered.now(batch, answer).analysis(self.notes))


def _todo(
    plan: Plan, slices: Sequence[NDArray[np.float32]], kept: Kept, gathered: Gathered
) -> dict[tuple[str, ...], list[int]]:
    """Take what is kept, and return by the methods that are to run the slices that need just these."""
    todo: dict[tuple[str, ...], list[int]] = {}
    places = [n for n, pixels in enumerate(slices) if readable(pixels)]
    there = {key: kept.of_all(places, key) for key in plan.asked}
    for n in places:
        missing = gathered.take_kept(n, {key: entries.get(n) for key, entries in there.items()})
        if missing or not plan.asked:
            todo.setdefault(missing, []).append(n)
    return todo


def explain(
    bundle: ClassifierBundle,
    volume: Volume,
    methods: Methods,
    slices: Sequence[int] | None = None,
    target: int | None = None,
    progress: Progress = ignore,
    cache: ExplanationCache | None = None,
    partial: Partial | None = None,
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
        See `analyse_slices`; cancels by raising.
    cache : ExplanationCache, optional
        Where maps are looked up and kept; only what is missing there is computed.
    partial : callable, optional
        Given what is known of the slices at hand whenever a method has something new to show.

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
        bundle,
        [volume.array[k] for k in chosen],
        chosen,
        volume.geometry,
        methods,
        target,
        progress,
        cache=cache,
        partial=partial,
    )
    manifest = bundle.manifest
    caution = (manifest.trained_on.caution,) if manifest.trained_on.caution else ()
    calibrated = (manifest.calibration.sentence,) if manifest.calibration else ()
    logits = np.full((depth, len(bundle.classes)), np.nan, np.float32)
    logits[chosen] = analysis.logits
    targets = np.full(depth, -1, np.int64)
    targets[chosen] = analysis.targets
    explanations = {}
    for key, found in analysis.maps.items():
        if chosen == list(range(depth)):
            maps = found.values  # a series' maps are large: they are not copied where none are left out
        else:
            maps = np.full((depth, *found.values.shape[1:]), np.nan, np.float32)
            maps[chosen] = found.values
        states = [""] * depth
        for k, state in zip(chosen, found.states, strict=True):
            states[k] = state
        details: list[Mapping[str, float | str]] = [{}] * depth
        for k, said in zip(chosen, found.details, strict=True):
            details[k] = said
        explanations[key] = Explanation(
            method=key,
            parameters=found.parameters,
            target=targets,
            prediction=to_prediction(logits, manifest.temperature),
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
            notes=(*caution, *calibrated, *manifest.mismatches(volume.info, volume.geometry), *analysis.notes),
            details=tuple(details),
        )
    return explanations


def _listed(classes: Sequence[str]) -> str:
    return ", ".join(f"{index} {name}" for index, name in enumerate(classes))
