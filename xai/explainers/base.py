"""What every explainer is, and how it leaves a network exactly as it found it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Literal, Protocol, get_args, get_origin, get_type_hints, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.imaging.resample import CellGrid
from xai.models.bundle import ClassifierBundle
from xai.models.networks import NETWORKS
from xai.progress import Progress
from xai.registry import find_explainer

CONSTANT = "constant"
NOT_FINITE = "not finite"
NO_SUPPORT = "nothing supports this class"
UNREAD = "slice could not be read"

SAME = 1e-6
"""A map whose range is under this fraction of its largest value is constant but for rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Maps as far as they are known, with what belongs on their explanation cards."""

    maps: Tensor
    """(N, 1, h, w), raw and detached."""
    states: tuple[str, ...] = ()
    """For each input '' or words that say better than `state_of` why its map cannot be shown; empty for none."""
    details: tuple[Mapping[str, float | str], ...] = ()
    """For each input what was found besides the map, by a name fit to be shown; empty for none."""


@runtime_checkable
class Stepwise(Protocol):
    """An explainer whose maps sharpen while it runs, or that has more to say than maps.

    It is an `Explainer` as well: its ``attribute`` returns the maps of the last step.
    """

    def steps(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress) -> Iterator[Attribution]:
        """Yield ever better maps; the last are final. Stopping early leaves the network as found, too."""
        ...


@runtime_checkable
class Prepared(Protocol):
    """An explainer that loads or compiles something at its first use, which is no part of what a map costs."""

    def prepare(self) -> None:
        """Load and compile what `attribute` needs; at once when it is there already."""
        ...


@runtime_checkable
class Explainer(Protocol):
    """One explanation method with its hyper-parameters: a frozen dataclass whose fields they are.

    The maps are raw: never normalised, signed where the method is, detached, on the network's device. The network is
    left exactly as found: hooks, ``.grad``, ``training``, ``requires_grad``.
    """

    @property
    def per_pixel(self) -> bool:
        """Whether maps have a value per input pixel; otherwise they lie on the cells of `layer`."""
        ...

    @property
    def layer(self) -> str | None:
        """The layer looked at; None for the bundle's CAM layer, or for methods that look at none."""
        ...

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress) -> Tensor:
        """Return maps (N, 1, h, w) of why ``network`` gives inputs ``x`` (N, C, H, W) the classes ``target`` (N,)."""
        ...


def make_explainer(key: str, **parameters: object) -> Explainer:
    """Return the explainer ``key`` of `xai.registry.EXPLAINERS` with its hyper-parameters.

    Raises
    ------
    UnknownExplainerError
        When there is no such method.
    ExplainError
        When it does not have one of the parameters.
    """
    module, _, name = find_explainer(key).path.partition(":")
    try:
        explainer: Explainer = getattr(import_module(module), name)(**parameters)
    except TypeError:
        raise ExplainError(f"The method {key} does not take {', '.join(parameters)}.") from None
    check_settings(key, explainer)
    return explainer


COUNTS = ("window", "stride", "min_window", "points", "samples", "batch_size", "max_evals", "budget", "curve_steps")
"""Settings that count something, by name: none of them is below zero, and those of `LEAST` not below one."""
LEAST = frozenset(COUNTS) - {"budget", "curve_steps"}


def check_settings(key: str, explainer: object) -> None:
    """Make sure that a method's settings are among those it knows, so that a misspelt one computes nothing else.

    Raises
    ------
    ExplainError
        Naming the setting and what it can be.
    """
    hints = get_type_hints(type(explainer))
    for field in fields(explainer):  # type: ignore[arg-type]
        value, hint = getattr(explainer, field.name), hints[field.name]
        if get_origin(hint) is Literal and value not in get_args(hint):
            choices = ", ".join(map(str, get_args(hint)))
            raise ExplainError(f"The setting {field.name} of {key} is one of {choices}, not {value}.")
        least = 1 if field.name in LEAST else 0
        if field.name in COUNTS and isinstance(value, int) and value < least:
            raise ExplainError(f"The setting {field.name} of {key} is {least} or more, not {value}.")


def cells_of(explainer: Explainer, bundle: ClassifierBundle) -> CellGrid:
    """Return where the cells of an explainer's maps lie in the network's input.

    Raises
    ------
    ExplainError
        When it looks at a layer whose place in the picture is not known.
    """
    if explainer.per_pixel:
        return CellGrid()
    if explainer.layer in (None, bundle.manifest.cam_layer):
        return bundle.cam_cells
    grids = NETWORKS[bundle.manifest.network].grids
    if explainer.layer not in grids:
        raise ExplainError(
            f"The network {bundle.manifest.network} has no layer {explainer.layer!r} for maps; "
            f"its layers are {', '.join(grids)}."
        )
    return grids[explainer.layer]


def state_of(values: NDArray[np.float32]) -> str:
    """Return '' for a map that can be shown, else in words why not."""
    if not np.isfinite(values).all():
        return NOT_FINITE
    low, high = float(values.min()), float(values.max())
    if high - low <= SAME * max(abs(low), abs(high)):
        return CONSTANT
    return NO_SUPPORT if high <= 0 else ""


@contextmanager
def same_random() -> Iterator[None]:
    """Give the global random numbers of Python and numpy, which packages draw from, their state back."""
    before, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpys)  # noqa: NPY002


@contextmanager
def counting(network: nn.Module) -> Iterator[list[int]]:
    """Count the inputs that pass through a network, whoever sends them: the first item is their number."""
    count = [0]

    def add(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        count[0] += len(inputs[0])

    handle = network.register_forward_pre_hook(add)
    try:
        yield count
    finally:
        handle.remove()


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Hold a network in eval mode, so that no statistic is updated, and give each module its own mode back."""
    training = [module for module in network.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


def find_layer(network: nn.Module, layer: str | None) -> nn.Module:
    """Return the module called ``layer``; without a name ``conv`` (the reference networks) or ``layer4``.

    Raises
    ------
    ExplainError
        When the network has no such layer.
    """
    names = ("conv", "layer4") if layer is None else (layer,)
    for name in names:
        if name:
            with suppress(AttributeError):
                return network.get_submodule(name)
    raise ExplainError(f"The network has no layer {' or '.join(names)!r} to look at.")


def check_target(target: Tensor, x: Tensor, classes: int) -> Tensor:
    """Return ``target`` (N,) on the device of ``x``.

    Raises
    ------
    ExplainError
        When it does not name one class of the network for each input.
    """
    if target.shape != (len(x),) or target.is_floating_point():
        raise ExplainError(f"An explanation needs one class for each of {len(x)} slices, not {tuple(target.shape)}.")
    target = target.to(x.device, torch.int64)
    if len(target) and not (int(target.min()) >= 0 and int(target.max()) < classes):
        raise ExplainError(f"The classes of this network are 0 to {classes - 1}; {target.tolist()} were asked for.")
    return target
