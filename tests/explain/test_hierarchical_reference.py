from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.base import Stepwise
from xai.explainers.hierarchical_reference import NO_CHANGE, HierarchicalReference
from xai.progress import ignore


def published(
    network: nn.Module, x: Tensor, target_class: int, stride: int, window: int, smallest: int, zero: bool
) -> Tensor:
    """The published algorithm, one picture and one window at a time: the plain transcription that counts.

    ``x`` is one picture (1, H, W). Levels go on while windows changed the prediction and are larger than the smallest.
    """
    height, width = x.shape[1:]
    original = int(network(x[None]).argmax())
    total = torch.zeros(height, width)
    active: list[tuple[int, int]] = []
    level = 0
    while True:
        level_map = torch.zeros(height, width)
        found = []
        for i in range(0, height, stride):
            for j in range(0, width, stride):
                inside = any(ay <= i < ay + 2 * window and ax <= j < ax + 2 * window for ay, ax in active)
                if level > 0 and not inside:
                    continue
                occluded = x.clone()
                occluded[:, i : i + window, j : j + window] = 0 if zero or target_class == 1 else 1
                difference = abs(original - int(network(occluded[None]).argmax()))
                piece = level_map[i : i + window, j : j + window]
                piece.copy_(piece.clamp(min=difference))
                if difference == 1:
                    found.append((i, j))
        total += level_map
        active = found
        if not active or window <= smallest:
            return total
        stride, window, level = max(stride // 2, 1), window // 2, level + 1


class Small(nn.Module):
    """A random network that hiding turns over easily: the classes lie close together."""

    def __init__(self, seed: int, x: Tensor, classes: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.features = nn.Sequential(nn.Conv2d(1, 6, 5, 2, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(5), nn.Flatten())
            self.head = nn.Linear(150, classes)
        self.double().requires_grad_(False)
        offset = self.head(self.features(x)).mean(0)
        self.head.bias.sub_(offset)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


SHAPES = [(24, 24), (23, 31), (30, 17), (33, 33), (16, 40)]
SETTINGS = [(16, 8, 3), (12, 5, 3), (14, 7, 7), (9, 3, 2), (10, 10, 1), (5, 7, 2)]


@pytest.mark.parametrize("case", range(24))
def test_maps_equal_the_plain_transcription(case: int) -> None:
    shape, (window, stride, smallest) = SHAPES[case % 5], SETTINGS[case % 6]
    classes, zero = 2 + case % 3, case % 4 == 0
    random = torch.Generator().manual_seed(case)
    x = torch.rand(2, 1, *shape, generator=random, dtype=torch.float64)
    x[:, :, :, : shape[1] // 4] = 0
    network = Small(case, x, classes)
    target = torch.randint(classes, (2,), generator=random)
    got = HierarchicalReference(window, stride, smallest, zero).attribute(network, x, target, ignore)
    expected = torch.stack([published(network, x[n], int(target[n]), stride, window, smallest, zero) for n in range(2)])
    assert torch.equal(got[:, 0], expected)


def test_the_cases_above_reach_several_levels_and_several_classes() -> None:
    """Else equality would say little."""
    deepest, far = 0, 0.0
    for case in range(24):
        shape, (window, stride, smallest) = SHAPES[case % 5], SETTINGS[case % 6]
        classes = 2 + case % 3
        x = torch.rand(2, 1, *shape, generator=torch.Generator().manual_seed(case), dtype=torch.float64)
        steps = list(
            HierarchicalReference(window, stride, smallest).steps(
                Small(case, x, classes), x, torch.zeros(2, dtype=torch.int64), ignore
            )
        )
        deepest = max(deepest, len(steps))
        far = max(far, float(steps[0].maps.max()))
    assert deepest >= 4
    assert far >= 2


class Corner(nn.Module):
    """Class 1 while anything is bright in one corner."""

    def forward(self, x: Tensor) -> Tensor:
        bright = x[:, 0, 16:20, 24:28].amax((1, 2)) - 0.5
        return torch.stack([-bright, bright], 1)


def corner() -> Tensor:
    x = torch.full((2, 1, 32, 32), 0.3)
    x[0, 0, 16:20, 24:28] = 1
    return x


def test_steps_add_up_level_by_level_and_end_in_the_map() -> None:
    explainer = HierarchicalReference(16, 8, 4)
    assert isinstance(explainer, Stepwise)
    steps = list(explainer.steps(Corner(), corner(), torch.tensor([1, 1]), ignore))
    assert len(steps) == 3
    for before, after in itertools.pairwise(steps):
        assert (after.maps >= before.maps).all()
        assert after.maps.sum() > before.maps.sum()
    assert torch.equal(steps[-1].maps, explainer.attribute(Corner(), corner(), torch.tensor([1, 1])))
    assert (steps[-1].maps[0, 0, 16:20, 24:28] == 3).all()


def test_a_prediction_that_no_window_changes_is_said_so_in_words() -> None:
    *_, last = HierarchicalReference(16, 8, 4).steps(Corner(), corner(), torch.tensor([1, 1]), ignore)
    assert last.states == ("", NO_CHANGE)
    assert (last.maps[1] == 0).all()
    counts = [one["windows that changed the prediction"] for one in last.details]
    assert counts[0] != 0
    assert counts[1] == 0
    # Each slice's own: the one without a flip ended with the first level, whatever the other did.
    assert [one["finest window"] for one in last.details] == [4, 16]


def test_progress_never_goes_back() -> None:
    shares: list[float] = []
    explainer = HierarchicalReference(16, 8, 4)
    explainer.attribute(Corner(), corner(), torch.tensor([1, 1]), lambda done, total: shares.append(done / total))
    assert shares == sorted(shares)
    assert shares[-1] <= 1


def test_windows_of_no_pixels_are_refused() -> None:
    with pytest.raises(ExplainError, match="at least 1 pixel"):
        HierarchicalReference(16, 8, 0).attribute(Corner(), corner(), torch.tensor([1, 1]))
