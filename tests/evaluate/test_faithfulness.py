"""Curves against their closed forms on networks whose answer can be written down."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.evaluate.faithfulness import area, faithfulness, ranks
from xai.explainers.masking import body_of, filled
from xai.progress import Cancelled

SIZE = 24
STEPS = 6
NAMES = ("deletion", "insertion", "deletion_margin", "insertion_margin")


class Linear(nn.Module):
    """Logits (0, sum of weight times pixel)."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, x: Tensor) -> Tensor:
        score = (x * self.weight).sum((1, 2, 3))
        return torch.stack([torch.zeros_like(score), score], 1)


def disc(seed: int = 0) -> Tensor:
    """A noisy off-centre disc in air (1, 1, H, W), of a number of pixels that `STEPS` divides."""
    rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    inside = (rows - 10) ** 2 + (columns - 13) ** 2 < 70
    for row, column in inside.nonzero()[: int(inside.sum()) % STEPS].tolist():
        inside[row, column] = False
    noise = torch.rand(1, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(seed)) * 0.8 + 0.1
    return noise * inside


@pytest.fixture
def weight() -> Tensor:
    return torch.randn(1, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(9))


def one(network: nn.Module, x: Tensor, values: Tensor, target: int = 1, seed: int = 0) -> dict[str, np.ndarray]:
    found = faithfulness(network, x, torch.tensor([target]), values, ("body-mean",), STEPS, seed)[0]["body-mean"]
    return {name: getattr(found, name) for name in NAMES}


def test_curves_of_a_linear_network_are_its_sums(weight: Tensor) -> None:
    x, network = disc(), Linear(weight)
    values = torch.rand(x.shape, generator=torch.Generator().manual_seed(3))
    body, hidden = body_of(x)[0, 0].numpy(), filled(x, "body-mean")[0, 0].numpy()
    pixels, w = x[0, 0].numpy(), weight[0, 0].numpy()
    order = [p for p in np.argsort(-values[0, 0].numpy().ravel()) if body.ravel()[p]]
    drop = ((pixels - hidden) * w).ravel()
    whole = float((pixels * w).sum())
    expected = []
    for step in range(STEPS + 1):
        count = round(len(order) * step / STEPS)
        expected.append(whole - sum(drop[p] for p in order[:count]))
    found = one(network, x, values)
    np.testing.assert_allclose(found["deletion_margin"], expected, atol=1e-4)
    np.testing.assert_allclose(found["deletion"], 1 / (1 + np.exp(-np.array(expected))), atol=1e-5)
    # The other class is led by as much as this one leads.
    other = one(network, x, values, target=0)
    np.testing.assert_allclose(other["deletion_margin"], -found["deletion_margin"], atol=1e-5)
    np.testing.assert_allclose(other["deletion"], 1 - found["deletion"], atol=1e-5)


def test_inserting_is_deleting_the_inverted_map_backwards(weight: Tensor) -> None:
    x = disc()
    values = torch.rand(x.shape, generator=torch.Generator().manual_seed(3))
    up, down = one(Linear(weight), x, values), one(Linear(weight), x, -values)
    np.testing.assert_allclose(up["insertion_margin"], down["deletion_margin"][::-1], atol=1e-4)
    assert not np.allclose(up["insertion_margin"], up["deletion_margin"][::-1], atol=1e-2)


def test_the_map_of_what_each_pixel_gives_is_the_best_and_its_inverse_the_worst(weight: Tensor) -> None:
    x, network = disc(), Linear(weight)
    truth = (x - filled(x, "body-mean")) * weight
    random = [torch.rand(x.shape, generator=torch.Generator().manual_seed(n)) for n in range(10)]
    deletion = {
        name: [area(one(network, x, values)["deletion_margin"]) for values in maps]
        for name, maps in (("truth", [truth]), ("random", random), ("inverse", [-truth]))
    }
    assert deletion["truth"][0] < min(deletion["random"])
    assert deletion["inverse"][0] > max(deletion["random"])


def test_a_constant_map_is_chance_and_its_ties_are_seeded(weight: Tensor) -> None:
    x, network = disc(), Linear(weight)
    constant = torch.full_like(x, 0.5)
    curves = [one(network, x, constant, seed=seed)["deletion_margin"] for seed in range(60)]
    line = np.linspace(curves[0][0], curves[0][-1], STEPS + 1)
    spread = np.std(curves, axis=0).max() / np.sqrt(60)
    np.testing.assert_allclose(np.mean(curves, axis=0), line, atol=4 * spread)
    np.testing.assert_array_equal(curves[3], one(network, x, constant, seed=3)["deletion_margin"])
    assert not np.array_equal(curves[3], curves[4])
    free = torch.rand(x.shape, generator=torch.Generator().manual_seed(3))
    np.testing.assert_array_equal(one(network, x, free, seed=1)["deletion"], one(network, x, free, seed=2)["deletion"])


def test_ranks_count_the_body_alone_from_the_highest(weight: Tensor) -> None:
    x = disc()
    body = body_of(x)
    places = ranks(weight, body, 0)[0]
    assert (places[~body[0, 0]] == -1).all()
    inside = places[body[0, 0]]
    assert sorted(inside.tolist()) == list(range(int(body.sum())))
    best = (places == 0).nonzero()[0]
    assert weight[0, 0][best[0], best[1]] == weight[body].max()


def test_air_is_never_touched(weight: Tensor) -> None:
    x = disc()
    seen: list[Tensor] = []

    class Watching(Linear):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(x.clone())
            return super().forward(x)

    # Of all fills "one" alone would paint the air.
    faithfulness(Watching(weight), x, torch.tensor([1]), weight, ("blur", "one"), steps=3)
    outside = ~body_of(x)[0]
    assert sum(len(batch) for batch in seen) == 2 * 2 * 4
    assert all(bool((picture[outside] == 0).all()) for batch in seen for picture in batch)


def test_a_batch_is_its_members_and_its_size_does_not_matter(weight: Tensor) -> None:
    x = torch.cat([disc(0), disc(1), disc(2)])
    target = torch.tensor([1, 0, 1])
    together = faithfulness(Linear(weight), x, target, weight.expand(3, -1, -1, -1), steps=4, batch_size=3)
    for n in range(3):
        alone = faithfulness(Linear(weight), x[n : n + 1], target[n : n + 1], weight, steps=4)[0]
        for baseline in ("blur", "body-mean"):
            for name in NAMES:
                ours, theirs = getattr(alone[baseline], name), getattr(together[n][baseline], name)
                np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_maps_that_cannot_be_ordered_are_refused(weight: Tensor) -> None:
    broken = weight.clone()
    broken[0, 0, 3, 3] = torch.nan
    with pytest.raises(ExplainError, match="finite maps"):
        faithfulness(Linear(weight), disc(), torch.tensor([1]), broken)
    with pytest.raises(ExplainError, match="finite maps"):
        faithfulness(Linear(weight), disc(), torch.tensor([1]), weight[:, :, :4])
    with pytest.raises(ExplainError, match="at least one step"):
        faithfulness(Linear(weight), disc(), torch.tensor([1]), weight, steps=0)


def test_it_can_be_cancelled(weight: Tensor) -> None:
    def cancel(done: int, _total: int) -> None:
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        faithfulness(Linear(weight), disc(), torch.tensor([1]), weight, batch_size=2, progress=cancel)
