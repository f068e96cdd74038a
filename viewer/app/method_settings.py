"""What explanation methods can be told, as plain values read off their dataclasses. Without Qt or torch.

The window cannot import the methods (they import torch), so the engine sends it a `MethodSheet` for each.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args, get_origin, get_type_hints

from xai.registry import EXPLAINERS

Value = bool | int | float | str | tuple[str, ...]
Parameters = Mapping[str, Value]
Kind = Literal["switch", "integer", "number", "choice", "members"]

NOT_OFFERED = ("layer", "grid", "batch_size")
"""Where a method looks and how much it takes at a time are not the reader's to choose."""
PASSES = ("budget", "max_evals", "points", "samples", "evals", "passes")
"""Settings that are the number of passes, by name."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a method, as a form shows it.

    Parameters
    ----------
    choices : tuple of str
        For a choice what there is; for members the keys that may take part.
    tip : str
        What the method's documentation says of it.
    """

    name: str
    kind: Kind
    default: Value
    choices: tuple[str, ...] = ()
    tip: str = ""

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class MethodSheet:
    """What a method can be told and what it costs as told.

    Parameters
    ----------
    passes : int, optional
        Forward passes for a slice; None when only running it tells.
    """

    settings: tuple[Setting, ...] = ()
    passes: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkSize:
    """What the cost of a method depends on.

    Parameters
    ----------
    pixels : int
        Of a side of the network's input.
    channels : int
        Of the CAM layer.
    """

    pixels: int
    channels: int


def sheet_of(key: str, parameters: Parameters, size: NetworkSize | None = None) -> MethodSheet:
    """Return the sheet of method ``key`` with these settings, for a network of this size.

    For the engine: it imports the method.
    """
    from xai.explainers.base import make_explainer

    explainer = make_explainer(key, **parameters)
    return MethodSheet(tuple(settings_of(type(explainer))), expected_passes(explainer, size))


def settings_of(method: type) -> Iterator[Setting]:
    """Yield what a form can show of a dataclass: switches, numbers, choices and lists of methods."""
    hints, tips = get_type_hints(method), documented(inspect.getdoc(method) or "")
    for field in dataclasses.fields(method):
        if field.name in NOT_OFFERED or field.name.startswith("_"):
            continue
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        hint, tip = hints[field.name], tips.get(field.name, "")
        if get_origin(hint) is Literal and isinstance(default, str):
            yield Setting(field.name, "choice", default, tuple(str(choice) for choice in get_args(hint)), tip)
        elif isinstance(default, bool):
            yield Setting(field.name, "switch", default, (), tip)
        elif isinstance(default, int):
            yield Setting(field.name, "integer", default, (), tip)
        elif isinstance(default, float):
            yield Setting(field.name, "number", default, (), tip)
        elif field.name == "members" and isinstance(default, tuple):
            # An ensemble without members names those it takes.
            usual = default or tuple(key for key in getattr(method, "default_keys", ()) if key in EXPLAINERS)
            yield Setting(field.name, "members", usual, (), tip)


def documented(text: str) -> dict[str, str]:
    """Return what the Parameters section of a numpydoc text says of each name."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+$|\Z)", text, re.S | re.M)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in (section.group(1) if section else "").splitlines():
        if line and not line[0].isspace():
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
        elif line.strip():
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found


def expected_passes(explainer: object, size: NetworkSize | None) -> int | None:
    """Return how many passes a method needs for a slice, as far as its settings tell."""
    from xai.explainers.cam import CamMethod
    from xai.explainers.ensemble import Ensemble
    from xai.explainers.hierarchical import Hierarchical
    from xai.explainers.hierarchical_reference import HierarchicalReference
    from xai.explainers.library import ChannelMethod

    if isinstance(explainer, CamMethod):
        return 1
    if isinstance(explainer, Hierarchical | HierarchicalReference):
        return None if size is None else explainer.likely_passes(size.pixels)
    for name in PASSES:
        value = getattr(explainer, name, None)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    if isinstance(explainer, Ensemble):
        each = [expected_passes(member, size) for _, member in explainer.chosen()]
        known = [passes for passes in each if passes is not None]
        return sum(known) if len(known) == len(each) else None
    if size is None:
        return None
    if isinstance(explainer, ChannelMethod):
        return size.channels
    window, stride = getattr(explainer, "window", None), getattr(explainer, "stride", None)
    if isinstance(window, int) and isinstance(stride, int) and stride > 0:
        return int((math.ceil(max(size.pixels - window, 0) / stride) + 1) ** 2)
    return None
