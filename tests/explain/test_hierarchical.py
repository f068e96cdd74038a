from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.base import Stepwise, counting
from xai.explainers.hierarchical import Hierarchical, _estimate, _most_promising, _worth
from xai.explainers.occlusion import Occlusion
from xai.explainers.windows import Hiding, hide, lay_grid
from xai.progress import Progress, ignore

ONE = torch.ones(1, dtype=torch.int64)


class Lesion(nn.Module):
    """Affected as far as a small square is bright; a second one speaks against it."""

    def __init__(self, top: int = 40, left: int = 72) -> None:
        super().__init__()
        self.where = slice(top, top + 8), slice(left, left + 8)

    def forward(self, x: Tensor) -> Tensor:
        affected = 8 * x[:, 0][:, *self.where].mean((1, 2)) - 4 * x[:, 0, 80:88, 16:24].mean((1, 2))
        return torch.stack([torch.zeros_like(affected), affected], 1)


def leg(count: int = 1) -> Tensor:
    """A body in air, two bright squares in it: one at `Lesion`'s place, one that speaks against it."""
    x = torch.zeros(count, 1, 112, 112)
    x[:, :, 20:100, 10:96] = 0.3 + 0.05 * torch.rand(80, 86, generator=torch.Generator().manual_seed(2))
    x[:, :, 40:48, 72:80] = 1
    x[:, :, 80:88, 16:24] = 1
    return x


def last_of(explainer: Hierarchical, network: nn.Module, x: Tensor, target: Tensor) -> tuple[Tensor, dict[str, float]]:
    *_, last = explainer.steps(network, x, target, ignore)
    return last.maps, {name: float(value) for name, value in last.details[0].items()}


def test_the_peak_lies_on_the_lesion_and_what_speaks_against_it_is_negative() -> None:
    explainer = Hierarchical(window=28, min_window=7, budget=60)
    maps = explainer.attribute(Lesion(), leg(), ONE)[0, 0]
    rows, columns = (maps == maps.max()).nonzero().T
    assert 36 < rows.float().mean() < 52
    assert 68 < columns.float().mean() < 84
    assert maps[80:88, 16:24].max() < 0


def test_without_limits_the_finest_level_is_exhaustive_occlusion() -> None:
    x = leg()
    x[x == 0] = 0.3
    network = Lesion()
    hiding = hide(network, x, ONE, "body-mean")
    grid = lay_grid((112, 112), 14, 7, x.device)
    everything = torch.ones(1, len(grid.tops), len(grid.lefts), dtype=torch.bool)
    assert torch.equal(_worth(hiding, grid) | ~hiding.touched(grid), everything)
    maps = Hierarchical(window=14, min_window=14, probes=0, fill="body-mean").attribute(network, x, ONE)
    torch.testing.assert_close(maps, Occlusion(14, 7, "body-mean").attribute(network, x, ONE) / 14**2)


@pytest.mark.parametrize("budget", [20, 30, 50, 80])
def test_the_budget_is_kept_and_reported(budget: int) -> None:
    network = Lesion()
    with counting(network) as count:
        maps, details = last_of(Hierarchical(budget=budget, window=28, min_window=7), network, leg(), ONE)
    first = int(_worth(hide(network, leg(), ONE, "body-median"), lay_grid((112, 112), 28, 28, maps.device)).sum())
    assert count[0] <= 1 + max(budget, first + 4)
    assert count[0] == details["passes"]
    assert details["probes"] > 0


def test_a_fifth_of_exhaustive_is_the_usual_budget(slim: nn.Module) -> None:
    x = torch.rand(1, 1, 224, 224, generator=torch.Generator().manual_seed(0)) + 0.1
    with counting(slim) as count:
        Hierarchical().attribute(slim, x, ONE)
    assert count[0] <= 1 + 31 * 31 // 5


def test_further_levels_ask_where_the_map_is_highest() -> None:
    network, x = Lesion(), leg()
    hiding = hide(network, x, ONE, "body-median")
    grid = lay_grid((112, 112), 14, 7, x.device)
    maps = torch.zeros(1, 112, 112)
    maps[0, 40:60, 60:90] = 1
    maps[0, 70:80, 20:30] = 0.5
    worth = _worth(hiding, grid)
    chosen = _most_promising(hiding, grid, worth, maps, torch.tensor([5]), 0.0)
    assert chosen.sum() == 5
    tops, lefts = grid.boxes(chosen[0].nonzero())[:, :2].T
    assert ((tops >= 35) & (tops <= 49) & (lefts >= 56) & (lefts <= 84)).all()
    everywhere = _most_promising(hiding, grid, worth, maps, torch.tensor([999]), 0.0)
    above = _most_promising(hiding, grid, worth, maps, torch.tensor([999]), 0.6)
    assert 0 < above.sum() < everywhere.sum() < worth.sum()


def test_it_stops_where_nothing_pays() -> None:
    """Nothing supports class 0 here but one square; without it there is nothing to refine."""
    x = leg()
    x[:, :, 80:88, 16:24] = 0.3
    network = Lesion()
    with counting(network) as few:
        Hierarchical(window=28, min_window=7, probes=0, noise=0.5).attribute(network, x, ONE)
    with counting(network) as many:
        Hierarchical(window=28, min_window=7, probes=0, budget=200).attribute(network, x, ONE)
    assert few[0] < many[0]


def test_all_tissue_is_in_some_window_however_little_it_is() -> None:
    x = torch.zeros(1, 1, 112, 112)
    x[:, :, 50:53, 3:40] = 0.5
    x[:, :, 52, 10] = 1
    hiding = hide(Lesion(), x, ONE, "zero")
    grid = lay_grid((112, 112), 56, 28, x.device)
    worth = _worth(hiding, grid)
    assert (grid.paint(worth.float())[hiding.body] > 0).all()


def test_steps_sharpen_and_end_in_the_map() -> None:
    explainer = Hierarchical(window=28, min_window=7, budget=60)
    assert isinstance(explainer, Stepwise)
    assert explainer.sides == (28, 14, 10, 7)
    steps = list(explainer.steps(Lesion(), leg(), ONE, ignore))
    assert [step.details[0]["last window"] for step in steps] == [28, 14, 10, 7, 7]
    tops = [float(step.maps.max()) for step in steps]
    assert tops[0] < tops[1] < tops[2] < tops[3] == tops[4]
    passes = [float(step.details[0]["passes"]) for step in steps[:4]]
    assert all(a < b for a, b in itertools.pairwise(passes))
    assert torch.equal(steps[-1].maps, explainer.attribute(Lesion(), leg(), ONE))


def test_probes_see_what_the_map_misses() -> None:
    """A budget that stops at the first level, and a network whose evidence only small windows show."""
    maps, details = last_of(Hierarchical(window=28, min_window=14, budget=1, probes=400), Lesion(), leg(), ONE)
    hiding = hide(Lesion(), leg(), ONE, "body-median")
    grid = lay_grid((112, 112), 14, 7, maps.device)
    rest = _worth(hiding, grid)
    truth = (hiding.measure(grid, rest) - grid.sums(maps[:, 0]))[rest].mean()
    assert details["windows left out"] == details["probes"] == int(rest.sum())
    assert details["missed in each, mean"] == pytest.approx(float(truth), rel=1e-4)
    assert details["missed in each, 95 % from"] == pytest.approx(details["missed in each, 95 % to"])


def test_estimates_are_unbiased_and_their_intervals_hold() -> None:
    everything = torch.randn(60, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.5
    truth, inside, means = float(everything.mean()), 0, []
    for seed in range(1000):
        drawn = everything[torch.randperm(60, generator=torch.Generator().manual_seed(seed))[:8]]
        found = _estimate(drawn, 60)
        inside += float(found["missed in each, 95 % from"]) <= truth <= float(found["missed in each, 95 % to"])
        means.append(float(found["missed in each, mean"]))
    assert sum(means) / 1000 == pytest.approx(truth, abs=0.04)
    assert 920 <= inside <= 980
    assert _estimate(everything[:0], 0) == {"windows left out": 0, "probes": 0}


def test_other_seeds_draw_other_probes_and_leave_the_map_alone() -> None:
    first, other = (last_of(Hierarchical(window=28, probes=6, seed=seed), Lesion(), leg(), ONE) for seed in (0, 1))
    assert torch.equal(first[0], other[0])
    assert not math.isclose(first[1]["missed in each, mean"], other[1]["missed in each, mean"])


@pytest.mark.parametrize("wrong", [{"min_window": 0}, {"window": 7}, {"share": 2.0}, {"noise": -1.0}, {"probes": -1}])
def test_settings_without_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ExplainError, match="Hierarchical occlusion needs"):
        Hierarchical(**wrong).attribute(Lesion(), leg(), ONE)  # type: ignore[arg-type]


@dataclass
class Asked:
    """What `Hiding.drops` was asked and said, call by call."""

    boxes: list[Tensor] = field(default_factory=list)
    drops: list[Tensor] = field(default_factory=list)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    seen, drops = Asked(), Hiding.drops

    def recorded(self: Hiding, which: Tensor, boxes: Tensor, progress: Progress = ignore) -> Tensor:
        found = drops(self, which, boxes, progress)
        seen.boxes.append(boxes)
        seen.drops.append(found)
        return found

    monkeypatch.setattr(Hiding, "drops", recorded)
    return seen


def test_a_pixel_shows_the_mean_density_of_all_windows_that_hold_it(asked: Asked) -> None:
    maps = Hierarchical(window=28, min_window=7, budget=60, probes=0).attribute(Lesion(), leg(), ONE)[0, 0]
    total, count = torch.zeros(112, 112), torch.zeros(112, 112)
    for (top, left, bottom, right), drop in zip(torch.cat(asked.boxes).tolist(), torch.cat(asked.drops), strict=True):
        total[top:bottom, left:right] += drop / ((bottom - top) * (right - left))
        count[top:bottom, left:right] += 1
    assert count.max() >= 5
    torch.testing.assert_close(maps, total / count.clamp(min=1))


def test_the_first_levels_windows_lie_side_by_side_and_the_others_overlap(asked: Asked) -> None:
    explainer = Hierarchical(window=28, min_window=7, budget=60, probes=0)
    assert explainer.levels == ((28, 28), (14, 7), (10, 5), (7, 3))
    explainer.attribute(Lesion(), leg(), ONE)
    sides = [set((boxes[:, 2] - boxes[:, 0]).tolist()) for boxes in asked.boxes]
    assert sides == [{28}, {14}, {14}, {10}, {10}, {7}, {7}]
    assert len(asked.boxes[0]) == 16
    assert len(torch.cat(asked.boxes).unique(dim=0)) == len(torch.cat(asked.boxes)) <= 60


def test_what_the_first_part_of_a_level_found_decides_where_the_next_goes(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first windows that promise most hold all the square's surroundings alike: none is known to be nearer."""

    def on_the_lesion(rounds: int) -> int:
        asked.boxes.clear()
        monkeypatch.setattr("xai.explainers.hierarchical.ROUNDS", rounds)
        Hierarchical(window=56, min_window=14, budget=24, probes=0).attribute(Lesion(), leg(), ONE)
        top, left, bottom, right = torch.cat(asked.boxes[1:]).unbind(1)
        return int(((top < 48) & (bottom > 40) & (left < 80) & (right > 72)).sum())

    assert on_the_lesion(2) > on_the_lesion(1)


@pytest.mark.parametrize("sides", [(56, 28, 20, 14), (112, 56, 40, 28, 20, 14), (7, 3, 2), (14,), (1,)])
def test_sides_fall_to_the_least(sides: tuple[int, ...]) -> None:
    assert Hierarchical(window=sides[0], min_window=sides[-1]).sides == sides
