"""All methods on one batch of slices: what several of them need is computed once."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.base import Attribution, Explainer, Prepared, Stepwise, cells_of, counting, make_explainer
from xai.explainers.cam import CamMethod, look_at_layer
from xai.explainers.ensemble import Ensemble
from xai.explainers.registering import to_pixels
from xai.imaging.resample import CellGrid
from xai.models.bundle import ClassifierBundle
from xai.progress import Progress

Methods = Sequence[str] | Mapping[str, Explainer]
"""Keys of `xai.registry.EXPLAINERS`, or explainers with their own parameters by the key they go by."""

PARTS = 100
"""Into how many parts the progress of methods that take long is divided."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What to compute: the methods asked for, and the members of ensembles that nobody asked for."""

    explainers: Mapping[str, Explainer]
    """By key, the asked for first. Each looks at a layer that is named."""
    asked: tuple[str, ...]
    members: Mapping[str, Mapping[str, str]]
    """For each ensemble: by a member's name its key in ``explainers``."""
    cells: Mapping[str, CellGrid]

    def needed(self, keys: Sequence[str]) -> tuple[str, ...]:
        """Return ``keys`` and the members of the ensembles among them, in the plan's order."""
        wanted = {*keys, *(one for key in keys if key in self.members for one in self.members[key].values())}
        return tuple(key for key in self.explainers if key in wanted)

    def is_long(self, keys: Sequence[str]) -> bool:
        """Whether one of the methods takes more than its share of one forward pass."""
        return any(not isinstance(self.explainers[key], CamMethod) for key in keys)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What one method found for the inputs of a batch."""

    maps: NDArray[np.float32]
    """(n, h, w)"""
    states: tuple[str, ...]
    """'' or words of the method's own, for each input."""
    details: tuple[Mapping[str, float | str], ...]
    seconds: float
    passes: float
    """Inputs sent through the network."""
    target: NDArray[np.int64] | None = None
    """(n,) classes of maps that were computed before; None for those of the answer it is part of."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What is known of one batch, whole or as far as its methods have come."""

    logits: NDArray[np.float32]
    target: NDArray[np.int64]
    found: Mapping[str, Found]


def make_plan(bundle: ClassifierBundle, methods: Methods) -> Plan:
    """Return what to compute for some methods.

    Raises
    ------
    ExplainError
        When one does not exist or looks at a layer that the network does not have.
    """
    if isinstance(methods, str):
        raise ExplainError(f"Methods are a list of keys, such as [{methods!r}].")
    given = methods if isinstance(methods, Mapping) else {key: make_explainer(key) for key in methods}
    explainers = {key: _settled(explainer, bundle) for key, explainer in given.items()}
    asked = tuple(explainers)
    members: dict[str, dict[str, str]] = {}
    for key in asked:
        ensemble = explainers[key]
        if isinstance(ensemble, Ensemble):
            members[key] = {}
            for name, member in ensemble.chosen():
                same = (known for known, explainer in explainers.items() if explainer == member)
                place = next(same, f"{key}/{name}")
                explainers[place] = member
                members[key][name] = place
    return Plan(explainers, asked, members, {key: cells_of(one, bundle) for key, one in explainers.items()})


def _settled(explainer: Explainer, bundle: ClassifierBundle) -> Explainer:
    """Return an explainer with the layer it will look at and its place, or its members, written into it."""
    if isinstance(explainer, Ensemble):
        return explainer.settled(tuple((key, _settled(one, bundle)) for key, one in explainer.chosen()))
    cells = cells_of(explainer, bundle)
    fields = {field.name for field in dataclasses.fields(explainer)}  # type: ignore[arg-type]
    where: dict[str, object] = {}
    if "layer" in fields and explainer.layer is None and not explainer.per_pixel:
        where["layer"] = bundle.manifest.cam_layer
    if "grid" in fields and getattr(explainer, "grid", cells) is None:
        where["grid"] = cells
    return dataclasses.replace(explainer, **where) if where else explainer  # type: ignore[type-var]


def step(
    network: nn.Module,
    x: Tensor,
    target: int | None,
    plan: Plan,
    keys: Sequence[str],
    progress: Progress,
    known: Mapping[str, Found] | None = None,
    tell: Callable[[Answer], None] | None = None,
    finish: Callable[[Answer], None] | None = None,
) -> Answer:
    """Predict a batch and run methods of a plan on it.

    Parameters
    ----------
    network : Module
        Left as found.
    x : Tensor (N, C, H, W)
        The inputs.
    target : int, optional
        The class to explain; each input's predicted one without it.
    plan : Plan
        What there is.
    keys : sequence of str
        Which methods of it to run; members of ensembles among them, unless they are ``known``.
    progress : callable
        Called with (parts done, `PARTS`); cancels by raising.
    known : mapping
        Members that were computed before; those of other classes are computed again.
    tell : callable, optional
        Called with all that is known so far whenever a method has something new.
    finish : callable, optional
        Called with the methods that have just become final, each once and all before the end.
    """
    wanted = None if target is None else torch.full((len(x),), target, dtype=torch.int64, device=x.device)
    logits, found, raw = _cams(network, x, wanted, plan, keys, progress)
    if logits is None:
        with torch.inference_mode():
            logits = network(x).float()
    chosen = logits.argmax(1).clone() if wanted is None else wanted
    answer = Answer(logits.cpu().numpy(), chosen.cpu().numpy(), found)
    known = dict(known or {})
    others = [key for key, one in known.items() if one.target is not None and (one.target != answer.target).any()]
    for key in others:
        del known[key]
    _, more, more_raw = _cams(network, x, chosen, plan, others, progress)
    found |= more
    raw |= more_raw
    if finish is not None and found:
        finish(dataclasses.replace(answer, found=dict(found)))
    long = [key for key in (*keys, *others) if key not in found]
    # Ensembles last: they are made of the others.
    long.sort(key=lambda key: key in plan.members)
    if tell is not None and found and long:
        tell(answer)
    for n, key in enumerate(long):

        def within(done: int, total: int, n: int = n) -> None:
            share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
            progress(int(PARTS * (n + share) / len(long)), PARTS)

        within(0, 1)
        _prepare(plan.explainers[key])
        for attribution, seconds, passes in _timed(network, _steps(network, x, chosen, plan, key, raw, known, within)):
            price = {one: found[one] if one in found else known[one] for one in plan.members.get(key, {}).values()}
            found[key] = Found(
                attribution.maps[:, 0].float().cpu().numpy(),
                attribution.states or ("",) * len(x),
                attribution.details or ({},) * len(x),
                seconds + sum(one.seconds for one in price.values()),
                passes + _passes(plan, price),
            )
            raw[key] = attribution.maps
            if tell is not None:
                tell(answer)
        if finish is not None:
            finish(dataclasses.replace(answer, found={key: found[key]}))
    return answer


def _passes(plan: Plan, members: Mapping[str, Found]) -> float:
    """Return the passes of an ensemble's members: CAMs of one layer share theirs."""
    shared: dict[object, float] = {}
    for key, one in members.items():
        explainer = plan.explainers[key]
        shared[("CAM", explainer.layer) if isinstance(explainer, CamMethod) else key] = one.passes
    return sum(shared.values())


def _prepare(explainer: Explainer) -> None:
    if isinstance(explainer, Prepared):
        explainer.prepare()


def _cams(
    network: nn.Module,
    x: Tensor,
    target: Tensor | None,
    plan: Plan,
    keys: Sequence[str],
    progress: Progress,
) -> tuple[Tensor | None, dict[str, Found], dict[str, Tensor]]:
    """Return the CAMs among ``keys``, each layer's from one pass, and the prediction that came with them."""
    families: dict[str | None, dict[str, CamMethod]] = {}
    for key in keys:
        if isinstance(explainer := plan.explainers[key], CamMethod):
            families.setdefault(explainer.layer, {})[key] = explainer
    logits: Tensor | None = None
    found: dict[str, Found] = {}
    raw: dict[str, Tensor] = {}
    for layer, family in families.items():
        progress(0, PARTS)
        for explainer in family.values():
            _prepare(explainer)
        began = time.perf_counter()
        view = look_at_layer(network, x, target, layer)
        _wait(view.gradient)
        share = (time.perf_counter() - began) / len(family)
        logits = view.logits if logits is None else logits
        for key, explainer in family.items():
            began = time.perf_counter()
            raw[key] = explainer.map_of(view)
            values = raw[key][:, 0].float().cpu().numpy()
            seconds = share + time.perf_counter() - began
            found[key] = Found(values, ("",) * len(x), ({},) * len(x), seconds, len(x))
    return logits, found, raw


def _steps(
    network: nn.Module,
    x: Tensor,
    target: Tensor,
    plan: Plan,
    key: str,
    raw: Mapping[str, Tensor],
    known: Mapping[str, Found],
    progress: Progress,
) -> Iterator[Attribution]:
    explainer = plan.explainers[key]
    if isinstance(explainer, Ensemble):
        maps = {}
        for name, member in plan.members[key].items():
            values = raw[member] if member in raw else torch.from_numpy(known[member].maps)[:, None]
            maps[name] = to_pixels(values.to(x.device), plan.cells[member], (x.shape[2], x.shape[3]))
        yield explainer.combine(network, x, target, maps, progress)
    elif isinstance(explainer, Stepwise):
        yield from explainer.steps(network, x, target, progress)
    else:
        yield Attribution(explainer.attribute(network, x, target, progress))


def _wait(values: Tensor) -> None:
    """Wait until a device has computed ``values``: what is queued would be put down to whoever asks next."""
    if values.device.type == "cuda":
        torch.cuda.synchronize(values.device)
    elif values.device.type == "mps":
        torch.mps.synchronize()


def _timed(network: nn.Module, steps: Iterator[Attribution]) -> Iterator[tuple[Attribution, float, int]]:
    """Yield each step with the seconds and passes that it and those before it took, not counting who looks at them."""
    seconds = 0.0
    with counting(network) as count:
        while True:
            began = time.perf_counter()
            attribution = next(steps, None)
            if attribution is None:
                return
            _wait(attribution.maps)
            seconds += time.perf_counter() - began
            yield attribution, seconds, count[0]
