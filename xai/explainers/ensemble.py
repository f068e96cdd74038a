"""Several maps made into one; what all ensembles share, and the published votes. See `xai.explainers.consensus` too.

Members are computed by whoever runs the ensemble (`xai.stepping` shares them between ensembles and with methods that
were asked for anyway) and come as maps on network pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from xai.errors import ExplainError
from xai.explainers.base import Attribution, Explainer, find_layer, make_explainer
from xai.explainers.cam import CamMethod
from xai.explainers.registering import to_pixels
from xai.imaging.resample import CellGrid
from xai.models.networks import REFERENCE_GRIDS
from xai.progress import Progress, ignore
from xai.registry import EXPLAINERS

PUBLISHED = ("gradcam", "gradcampp", "hirescam", "shap", "hierarchical-reference")
"""Members of the published ensembles."""

NO_AGREEMENT = "the methods agree nowhere"
NO_MEMBERS = "no method has a map to combine"

Member = tuple[str, Explainer]


def family_of(key: str, explainer: Explainer) -> str:
    """Return the family of a member: that of its key or its class in the table of methods, else its own."""
    if key in EXPLAINERS:
        return EXPLAINERS[key].family
    path = f"{type(explainer).__module__}:{type(explainer).__qualname__}"
    return next((entry.family for entry in EXPLAINERS.values() if entry.path == path), key)


@dataclass(frozen=True, slots=True)
class Ensemble:
    """What all ensembles share.

    Parameters
    ----------
    members : tuple of str or (key, Explainer)
        Methods to combine, by key or with parameters of their own; empty for those of `default_keys` that exist.
    """

    members: tuple[str | Member, ...] = ()

    default_keys: ClassVar[tuple[str, ...]] = PUBLISHED

    @property
    def per_pixel(self) -> bool:
        """True: members are compared pixel by pixel."""
        return True

    @property
    def layer(self) -> str | None:
        """None: only members look at layers."""
        return None

    def chosen(self) -> tuple[Member, ...]:
        """Return the members by key.

        Raises
        ------
        ExplainError
            When there are none, one stands there twice, or one is itself an ensemble.
        """
        given = self.members or tuple(key for key in self.default_keys if key in EXPLAINERS)
        members = tuple((one, self.make_member(one)) if isinstance(one, str) else one for one in given)
        keys = [key for key, _ in members]
        if not members or len(set(keys)) < len(keys):
            raise ExplainError(f"An ensemble combines different methods, not {', '.join(keys) or 'none'}.")
        if nested := [key for key, one in members if isinstance(one, Ensemble)]:
            raise ExplainError(f"An ensemble combines single methods; {nested[0]} is an ensemble.")
        return members

    def make_member(self, key: str) -> Explainer:
        """Return the member of a key with the parameters that this ensemble gives it."""
        return make_explainer(key)

    def settled(self, members: tuple[Member, ...]) -> Ensemble:
        """Return the same ensemble of exactly these members."""
        return replace(self, members=members)

    def combine(
        self, network: nn.Module, x: Tensor, target: Tensor, maps: Mapping[str, Tensor], progress: Progress = ignore
    ) -> Attribution:
        """Return the maps (N, 1, H, W) made of the members' maps (N, 1, H, W) by key, on network pixels."""
        raise NotImplementedError

    def steps(
        self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore
    ) -> Iterator[Attribution]:
        """Compute the members one after the other and yield what they make together."""
        members = self.chosen()
        maps: dict[str, Tensor] = {}
        for n, (key, explainer) in enumerate(members):
            progress(n, len(members) + 1)
            found = explainer.attribute(network, x, target, lambda *_, n=n: progress(n, len(members) + 1))
            maps[key] = to_pixels(found, grid_in(network, explainer), (x.shape[2], x.shape[3]))
        yield self.combine(network, x, target.to(x.device), maps, lambda *_: progress(len(members), len(members) + 1))
        progress(len(members) + 1, len(members) + 1)

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        """Return the maps (N, 1, H, W); see `Explainer`."""
        (last,) = self.steps(network, x, target, progress)
        return last.maps


def grid_in(network: nn.Module, explainer: Explainer) -> CellGrid:
    """Return where an explainer's cells lie in the inputs of a network of `xai.models.networks`."""
    if explainer.per_pixel:
        return CellGrid()
    names = {module: name for name, module in network.named_modules()}
    name = names[find_layer(network, explainer.layer)]
    if name not in REFERENCE_GRIDS:
        raise ExplainError(f"Where the cells of the layer {name!r} lie in the picture is not known.")
    return REFERENCE_GRIDS[name]


def discretised(maps: Tensor, window: int) -> Tensor:
    """Return maps (N, 1, H, W) in which each tile of ``window`` pixels has its mean; tiles at the edge are smaller."""
    height, width = maps.shape[2:]
    padded = functional.pad(maps, (0, -width % window, 0, -height % window))
    inside = functional.pad(torch.ones_like(maps[:1]), (0, -width % window, 0, -height % window))
    means = functional.avg_pool2d(padded, window) / functional.avg_pool2d(inside, window)
    return means.repeat_interleave(window, 2).repeat_interleave(window, 3)[:, :, :height, :width]


def normalised(maps: Tensor) -> Tensor:
    """Return each map's positive part from 0 at its lowest to 1 at its highest; 0 where that does not exist."""
    positive = maps.clamp(min=0)
    low, high = positive.amin((2, 3), keepdim=True), positive.amax((2, 3), keepdim=True)
    return torch.where(high > low, (positive - low) / (high - low), 0).nan_to_num(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Published(Ensemble):
    """The published ensembles: every member is averaged in tiles and normalised, then they vote.

    Parameters
    ----------
    window : int
        Side of the tiles in network pixels.

    Notes
    -----
    The published code lets a member that is constant or nowhere positive become NaN, which neither votes nor adds
    anything but still counts in the number of members. Here it is 0, with the same outcome, and named in the details.
    An occlusion by label flips (``hierarchical-reference``) is left out, as published, where it has no flip.
    """

    window: int = 7

    def make_member(self, key: str) -> Explainer:
        """Return the member of a key; CAMs without their negative part, as published."""
        explainer = make_explainer(key)
        return replace(explainer, relu=True) if isinstance(explainer, CamMethod) else explainer

    def vote(self, members: Tensor) -> Tensor:
        """Return the map (H, W) of normalised members (M, H, W)."""
        raise NotImplementedError

    def combine(
        self, network: nn.Module, x: Tensor, target: Tensor, maps: Mapping[str, Tensor], progress: Progress = ignore
    ) -> Attribution:
        """Return the vote of the members and who had none."""
        progress(0, 1)
        tiles = {key: normalised(discretised(values.float(), self.window)) for key, values in maps.items()}
        found, states, details = [], [], []
        for n in range(len(x)):
            voters = [key for key in maps if key != "hierarchical-reference" or float(maps[key][n].amax()) >= 1]
            silent = [key for key in voters if not bool(tiles[key][n].any())]
            values = (
                self.vote(torch.stack([tiles[key][n, 0] for key in voters])) if voters else torch.zeros_like(x[n, 0])
            )
            found.append(values)
            states.append("" if bool(values.any()) else NO_AGREEMENT if voters else NO_MEMBERS)
            said: dict[str, float | str] = {"members": float(len(voters))}
            if silent:
                said["without a vote (constant or nowhere positive)"] = ", ".join(silent)
            if left := [key for key in maps if key not in voters]:
                said["left out (no label flip)"] = ", ".join(left)
            details.append(said)
        progress(1, 1)
        return Attribution(torch.stack(found)[:, None], tuple(states), tuple(details))


@dataclass(frozen=True, slots=True)
class ThresholdEnsemble(Published):
    """The mean of what reaches ``threshold``, where all members but one do.

    Parameters
    ----------
    threshold : float
        Of the normalised members. The published code leaves it to its caller.
    """

    threshold: float = 0.5

    def vote(self, members: Tensor) -> Tensor:
        """Return the normalised mean of the values that reach the threshold, where all but one do."""
        reached = members >= self.threshold
        mean = torch.where(reached, members, 0).mean(0)
        return normalised(mean[None, None])[0, 0] * (reached.sum(0) >= len(members) - 1)


@dataclass(frozen=True, slots=True)
class AverageEnsemble(Published):
    """The members' mean where at least half of them are positive, and only where it exceeds ``least``."""

    least: float = 0.5

    def vote(self, members: Tensor) -> Tensor:
        """Return the mean where half of the members are positive and it exceeds the least."""
        mean = members.mean(0) * ((members > 0).sum(0) >= len(members) / 2)
        return torch.where(mean > self.least, mean, 0)


@dataclass(frozen=True, slots=True)
class IntersectionEnsemble(Published):
    """The members' mean where every one of them exceeds ``least``."""

    least: float = 0.2

    def vote(self, members: Tensor) -> Tensor:
        """Return the mean where all members exceed the least."""
        return members.mean(0) * (members > self.least).all(0)
