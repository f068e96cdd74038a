"""A consensus in which each family of methods has one vote, and where the families disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from xai.evaluate.faithfulness import faithfulness
from xai.explainers.base import CONSTANT, NO_SUPPORT, NOT_FINITE, SAME, Attribution
from xai.explainers.ensemble import NO_MEMBERS, Ensemble, family_of
from xai.explainers.masking import Fill, body_of
from xai.progress import Progress, ignore

MEMBERS = ("gradcam", "gradcampp", "hirescam", "integrated-gradients", "hierarchical", "shap")
"""Members of the consensus: every family has at least one."""

ONE_MEMBER = "only one method has a map"


def ranked(values: Tensor, body: Tensor) -> Tensor:
    """Return the rank (P,) of each of the body's pixels of a map (H, W), from 0 to 1; equal values share their mean."""
    inside = values[body].float()
    _, where, counts = torch.unique(inside, return_inverse=True, return_counts=True)
    last = counts.cumsum(0)
    mean: Tensor = (last - (counts + 1) / 2) / max(len(inside) - 1, 1)
    return mean[where]


def usable(values: Tensor, body: Tensor) -> str:
    """Return '' for a map (H, W) that ranks the body's pixels, else in words why it does not."""
    inside = values[body]
    if not bool(torch.isfinite(values).all()):
        return NOT_FINITE
    low, high = float(inside.min()), float(inside.max())
    return CONSTANT if high - low <= SAME * max(abs(low), abs(high)) else ""


@dataclass(frozen=True, slots=True)
class _Voters:
    """The members that can vote on one picture."""

    keys: tuple[str, ...]
    families: tuple[str, ...]
    """Of each member."""
    ranks: Tensor
    """(M, P) in the body."""

    def shares(self, weights: Mapping[str, float], without: str | None = None) -> Tensor:
        """Return each member's share (M,) of the consensus; the families' weights are their members' mean."""
        share = torch.zeros(len(self.keys))
        for family in dict.fromkeys(self.families):
            places = [n for n, key in enumerate(self.keys) if self.families[n] == family and key != without]
            if any(weights[self.keys[n]] > 0 for n in places):
                own = torch.tensor([weights[self.keys[n]] for n in places])
                share[places] = own / own.sum() * own.mean()
        if not bool(share.any()):  # nobody left is faithful at all: then all are heard alike
            return self.shares(dict.fromkeys(self.keys, 1.0), without)
        return share / share.sum()


@dataclass(frozen=True, slots=True)
class ByFamily(Ensemble):
    """Ensembles of ranks inside the body: only the order of a member's pixels counts, not its scale."""

    default_keys: ClassVar[tuple[str, ...]] = MEMBERS

    def voters(self, maps: Mapping[str, Tensor], n: int, body: Tensor) -> tuple[_Voters | None, dict[str, float | str]]:
        """Return who can vote on picture ``n`` and what is to be said of the others."""
        explainers = dict(self.chosen())
        why = {key: usable(values[n, 0], body) for key, values in maps.items()}
        keys = tuple(key for key in maps if not why[key])
        said: dict[str, float | str] = {}
        if len(keys) < len(maps):
            said["left out"] = ", ".join(f"{key} ({words})" for key, words in why.items() if words)
        if not keys:
            return None, said
        families = tuple(family_of(key, explainers[key]) for key in keys)
        return _Voters(keys, families, torch.stack([ranked(maps[key][n, 0], body) for key in keys])), said


@dataclass(frozen=True, slots=True)
class Consensus(ByFamily):
    """Ranks of the members inside the body, weighted by how faithful each is to the network on this very picture.

    Members of one family share one vote: three CAMs of one layer are nearly one opinion. Faithfulness is insertion
    minus deletion of the logit margin over a few steps; the weights are drawn towards equal ones, since a few steps
    say it roughly.

    Parameters
    ----------
    curve_steps : int
        Steps of the curves that weigh a member; 0 for equal weights without any further pass.
    shrinkage : float
        0 for weights in proportion to faithfulness, 1 for equal ones.
    scores : {"exponential", "uniform"}
        How ranks are averaged: ``exponential`` (Savage 1956, doi:10.1214/aoms/1177728174) gives agreement on the
        highest pixels the most say, ``uniform`` all ranks the same.
    baseline : str
        What hidden pixels become while members are weighed.
    seed : int
        Breaks ties there.
    """

    curve_steps: int = 8
    shrinkage: float = 0.5
    scores: Literal["exponential", "uniform"] = "exponential"
    baseline: Fill = "blur"
    seed: int = 0

    def combine(
        self, network: nn.Module, x: Tensor, target: Tensor, maps: Mapping[str, Tensor], progress: Progress = ignore
    ) -> Attribution:
        """Return the consensus with each member's weight, faithfulness and influence in the details."""
        bodies = body_of(x)
        faithful = self._weigh(network, x, target, maps, bodies, progress)
        found, states, details = torch.zeros_like(x[:, :1]), [], []
        for n in range(len(x)):
            body = bodies[n, 0]
            voters, said = self.voters(maps, n, body)
            if voters is None or not any(bool((maps[key][n, 0][body] > 0).any()) for key in voters.keys):
                # Ranks know no zero: of maps that speak against the class alone they would make one that speaks for it.
                states.append(NO_SUPPORT if voters else NO_MEMBERS)
                details.append(said)
                continue
            weights = self._weights({key: faithful[key][n] for key in voters.keys})
            shares = voters.shares(weights).to(x.device)
            opinions = self._scores(voters.ranks)
            whole = shares @ opinions
            found[n, 0][body] = whole.to(found.dtype)
            for place, (key, family) in enumerate(zip(voters.keys, voters.families, strict=True)):
                said[f"weight of {key} ({family})"] = float(shares[place])
                if self.curve_steps:
                    said[f"faithfulness of {key}"] = faithful[key][n]
                if len(voters.keys) > 1:
                    rest = voters.shares(weights, without=key).to(x.device) @ opinions
                    said[f"influence of {key}"] = 1 - _correlation(whole, rest)
            states.append("")
            details.append(said)
        return Attribution(found, tuple(states), tuple(details))

    def _weigh(
        self,
        network: nn.Module,
        x: Tensor,
        target: Tensor,
        maps: Mapping[str, Tensor],
        bodies: Tensor,
        progress: Progress,
    ) -> dict[str, list[float]]:
        """Return each member's insertion minus deletion on each picture, in units of the margin's range there."""
        if not self.curve_steps:
            return {key: [0.0] * len(x) for key in maps}
        curves = {}
        for done, (key, values) in enumerate(maps.items()):
            finite = values.float().nan_to_num(0, 0, 0)
            found = faithfulness(
                network,
                x,
                target,
                finite,
                (self.baseline,),
                self.curve_steps,
                self.seed,
                bodies,
                progress=lambda *_, done=done: progress(done, len(maps)),
            )
            curves[key] = [one[self.baseline] for one in found]
        faithful: dict[str, list[float]] = {key: [] for key in maps}
        for n in range(len(x)):
            sides = [side for key in maps for side in (curves[key][n].deletion_margin, curves[key][n].insertion_margin)]
            span = float(np.max(sides) - np.min(sides))
            for key in maps:
                gap = curves[key][n].areas()["insertion_minus_deletion_margin"]
                faithful[key].append(gap / span if span > 0 else 0.0)
        return faithful

    def _weights(self, faithful: Mapping[str, float]) -> dict[str, float]:
        good = {key: max(value, 0.0) for key, value in faithful.items()}
        total = sum(good.values())
        equal = 1 / len(good)
        return {
            key: self.shrinkage * equal + (1 - self.shrinkage) * (value / total if total > 0 else equal)
            for key, value in good.items()
        }

    def _scores(self, ranks: Tensor) -> Tensor:
        if self.scores == "uniform":
            return ranks
        # The highest of P pixels is taken for the middle of its place, so that its score is finite.
        return -torch.log1p(-ranks * (1 - 0.5 / ranks.shape[1]))


@dataclass(frozen=True, slots=True)
class Disagreement(ByFamily):
    """Where the families differ: the standard deviation of their ranks in the body, from 0 to 0.5.

    A family's rank is its members' mean; with a single family it is the members that differ. No pass of its own.
    """

    def combine(
        self, network: nn.Module, x: Tensor, target: Tensor, maps: Mapping[str, Tensor], progress: Progress = ignore
    ) -> Attribution:
        """Return the disagreement and its mean over the body in the details."""
        progress(0, 1)
        bodies = body_of(x)
        found, states, details = torch.zeros_like(x[:, :1]), [], []
        for n in range(len(x)):
            body = bodies[n, 0]
            voters, said = self.voters(maps, n, body)
            if voters is None or len(voters.keys) < 2:
                states.append(ONE_MEMBER if voters else NO_MEMBERS)
                details.append(said)
                continue
            opinions = _by_family(voters)
            apart = opinions.std(0, correction=0)
            found[n, 0][body] = apart.to(found.dtype)
            said["mean disagreement of ranks"] = float(apart.mean())
            states.append("")
            details.append(said)
        progress(1, 1)
        return Attribution(found, tuple(states), tuple(details))


def _by_family(voters: _Voters) -> Tensor:
    families = list(dict.fromkeys(voters.families))
    if len(families) == 1:
        return voters.ranks
    return torch.stack(
        [voters.ranks[[n for n, one in enumerate(voters.families) if one == family]].mean(0) for family in families]
    )


def _correlation(first: Tensor, second: Tensor) -> float:
    """Return Spearman's correlation of two maps' pixels (P,); 1 when one of them is constant."""
    everywhere = torch.ones_like(first, dtype=torch.bool)
    one, other = (ranked(values, everywhere) for values in (first, second))
    one, other = one - one.mean(), other - other.mean()
    norm = float(one.norm() * other.norm())
    return float(one @ other) / norm if norm > 0 else 1.0
