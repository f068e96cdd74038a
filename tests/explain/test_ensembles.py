"""The published ensembles against a plain transcription, and the consensus against what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.base import NO_SUPPORT, Attribution, make_explainer
from xai.explainers.cam import GradCAM, HiResCAM
from xai.explainers.consensus import ONE_MEMBER, Consensus, Disagreement, ranked
from xai.explainers.ensemble import (
    NO_AGREEMENT,
    NO_MEMBERS,
    AverageEnsemble,
    Ensemble,
    IntersectionEnsemble,
    Published,
    ThresholdEnsemble,
    family_of,
)
from xai.explainers.registering import to_pixels
from xai.imaging.resample import CellGrid, spread
from xai.progress import Progress, ignore

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Given:
    """A member whose map the test brings."""

    name: str = ""
    per_pixel: bool = True
    layer: str | None = None

    def attribute(self, network: nn.Module, x: Tensor, target: Tensor, progress: Progress = ignore) -> Tensor:
        raise NotImplementedError


class Linear(nn.Module):
    """Logits (0, sum of weight times pixel)."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, x: Tensor) -> Tensor:
        score = (x * self.weight).sum((1, 2, 3))
        return torch.stack([torch.zeros_like(score), score], 1)


def members(*keys: str) -> tuple[tuple[str, Given], ...]:
    return tuple((key, Given(key)) for key in keys)


def run(
    ensemble: Ensemble, maps: Mapping[str, Tensor], x: Tensor | None = None, network: nn.Module | None = None
) -> Attribution:
    first = next(iter(maps.values()))
    x = torch.rand(first.shape, generator=torch.Generator().manual_seed(1)) + 0.1 if x is None else x
    network = Linear(torch.ones_like(x[:1])) if network is None else network
    return ensemble.combine(network, x, torch.ones(len(x), dtype=torch.int64), maps)


# As published, written down plainly ----------------------------------------------------------------------------------


def plain_tiles(values: Array, window: int) -> Array:
    tiles = np.zeros_like(values)
    for row in range(0, values.shape[0], window):
        for column in range(0, values.shape[1], window):
            tile = slice(row, row + window), slice(column, column + window)
            tiles[tile] = values[tile].mean()
    return tiles


def plain_normalise(values: Array) -> Array:
    if not values.any():
        return values
    values = np.maximum(values, 0)
    values = values - values.min()
    with np.errstate(invalid="ignore"):
        return np.asarray(values / (values.max() - values.min()))


def plain_threshold(maps: list[Array], threshold: float) -> Array:
    mean, votes = np.zeros_like(maps[0]), np.zeros_like(maps[0])
    for values in map(plain_normalise, maps):
        votes += values >= threshold
        mean += np.where(values >= threshold, values, 0)
    return plain_normalise(mean / len(maps)) * (votes >= len(maps) - 1)


def plain_average(maps: list[Array]) -> Array:
    mean, votes = np.zeros_like(maps[0]), np.zeros_like(maps[0])
    for values in map(plain_normalise, maps):
        mean += np.where(values > 0, values, 0)
        votes += values > 0
    mean = mean / len(maps) * (votes >= len(maps) / 2)
    return np.where(mean > 0.5, mean, 0)


def plain_intersection(maps: list[Array]) -> Array:
    mean, votes = np.zeros_like(maps[0]), np.zeros_like(maps[0])
    for values in map(plain_normalise, maps):
        mean += np.where(values > 0.2, values, 0)
        votes += values > 0.2
    return np.asarray(mean / len(maps) * (votes == len(maps)))


KEYS = ("a", "b", "c", "d")
PLAIN = {
    "threshold": (ThresholdEnsemble(members(*KEYS)), lambda maps: plain_threshold(maps, 0.5)),
    "average": (AverageEnsemble(members(*KEYS)), plain_average),
    "intersection": (IntersectionEnsemble(members(*KEYS)), plain_intersection),
}


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("shape", [(28, 28), (30, 25), (9, 40)])
@pytest.mark.parametrize("silent", ["", "constant", "negative", "zero"])
def test_votes_are_those_of_the_published_functions(kind: str, shape: tuple[int, int], silent: str) -> None:
    ensemble, plain = PLAIN[kind]
    assert isinstance(ensemble, Published)
    rng = np.random.default_rng(len(silent) + shape[0])
    shown = 0
    for _ in range(10):
        common = np.kron(rng.normal(size=(6, 6)), np.ones((7, 7)))[: shape[0], : shape[1]]
        maps = {key: common + rng.normal(0.3, 0.5, shape) for key in KEYS}
        if silent:
            maps["c"] = np.full(shape, {"constant": 2.0, "negative": -1.0, "zero": 0.0}[silent])
        found = run(ensemble, {key: torch.from_numpy(values)[None, None] for key, values in maps.items()})
        expected = plain([plain_tiles(values, 7) for values in maps.values()])
        np.testing.assert_allclose(found.maps[0, 0], expected, atol=1e-5)
        shown += bool(expected.any())
        assert found.states == ("" if expected.any() else NO_AGREEMENT,)
        said = [name for name in found.details[0] if name.startswith("without a vote")]
        assert [found.details[0][name] for name in said] == (["c"] if silent else [])
    assert shown or (silent and kind == "intersection")


def test_an_occlusion_without_a_flip_is_left_out_as_published() -> None:
    keys = ("a", "b", "hierarchical-reference")
    maps = {key: torch.rand(2, 1, 14, 14, generator=torch.Generator().manual_seed(n)) for n, key in enumerate(keys)}
    maps["hierarchical-reference"][1, 0, 3, 3] = 2
    found = run(IntersectionEnsemble(members(*keys), window=1), maps)
    arrays = [maps[key].double().numpy() for key in keys]
    np.testing.assert_allclose(found.maps[0, 0], plain_intersection([one[0, 0] for one in arrays[:2]]), atol=1e-6)
    np.testing.assert_allclose(found.maps[1, 0], plain_intersection([one[1, 0] for one in arrays]), atol=1e-6)
    assert found.details[0]["members"] == 2
    assert "hierarchical-reference" in found.details[0].values()


def test_published_members_have_no_negative_part() -> None:
    assert dict(ThresholdEnsemble(("gradcam", "hirescam")).chosen())["hirescam"] == HiResCAM(relu=True)
    assert dict(Consensus(("gradcam", "hirescam")).chosen())["hirescam"] == HiResCAM()


def test_wrong_members_are_one_sentence() -> None:
    with pytest.raises(ExplainError, match="different methods, not gradcam, gradcam"):
        Consensus(("gradcam", "gradcam")).chosen()
    with pytest.raises(ExplainError, match="consensus is an ensemble"):
        ThresholdEnsemble(("gradcam", "consensus")).chosen()
    with pytest.raises(ExplainError, match="does not take spoons"):
        make_explainer("consensus", spoons=1)


def test_families_are_those_of_the_table() -> None:
    assert family_of("gradcam", GradCAM()) == "CAM"
    assert family_of("of my own", GradCAM(relu=True)) == "CAM"
    assert family_of("mine", Given()) == "mine"


def test_cells_are_spread_as_everywhere() -> None:
    values = torch.randn(2, 1, 6, 7, generator=torch.Generator().manual_seed(0))
    grid = CellGrid(16.0, 32.0)
    pixels = np.arange(224, dtype=np.float64)
    found = to_pixels(values, grid, (224, 224))
    for n in range(2):
        np.testing.assert_allclose(found[n, 0], spread(values[n, 0].numpy(), grid, pixels, pixels), atol=1e-5)


# By families ---------------------------------------------------------------------------------------------------------


def picture() -> Tensor:
    """An off-centre body in air (1, 1, 40, 40)."""
    x = torch.zeros(1, 1, 40, 40)
    x[:, :, 5:33, 8:30] = torch.rand(1, 1, 28, 22, generator=torch.Generator().manual_seed(2)) + 0.1
    return x


def maps_of(*keys: str) -> dict[str, Tensor]:
    return {key: torch.randn(1, 1, 40, 40, generator=torch.Generator().manual_seed(n)) for n, key in enumerate(keys)}


def test_ranks_are_those_of_scipy() -> None:
    values = torch.randint(0, 30, (20, 20), generator=torch.Generator().manual_seed(0)).float()
    body = torch.rand(20, 20, generator=torch.Generator().manual_seed(1)) > 0.4
    expected = (rankdata(values[body].numpy()) - 1) / (int(body.sum()) - 1)
    np.testing.assert_allclose(ranked(values, body), expected, atol=1e-6)


def test_only_the_order_of_a_member_counts() -> None:
    x, keys = picture(), ("a", "b")
    maps = maps_of(*keys)
    warped = {"a": maps["a"] * 1000 - 5, "b": maps["b"].exp()}
    for ensemble in (Consensus(members(*keys)), Disagreement(members(*keys))):
        plain, other = run(ensemble, maps, x), run(ensemble, warped, x)
        torch.testing.assert_close(plain.maps, other.maps)
        assert (plain.maps[x == 0] == 0).all()
        assert plain.maps[x > 0].std() > 0


def test_a_family_has_one_vote_however_many_speak_for_it() -> None:
    x, maps = picture(), maps_of("gradcam", "mine")
    many = {"gradcam": maps["gradcam"], "gradcampp": maps["gradcam"], "hirescam": maps["gradcam"], "mine": maps["mine"]}
    few = run(Consensus(members("gradcam", "mine"), curve_steps=0), maps, x)
    found = run(Consensus(members(*many), curve_steps=0), many, x)
    torch.testing.assert_close(found.maps, few.maps)
    assert found.details[0]["weight of mine (mine)"] == pytest.approx(0.5)
    assert found.details[0]["weight of hirescam (CAM)"] == pytest.approx(1 / 6)
    assert found.details[0]["influence of hirescam"] == pytest.approx(0, abs=1e-6)
    assert float(found.details[0]["influence of mine"]) > 0.05


def test_uniform_scores_are_the_mean_of_ranks() -> None:
    x, maps = picture(), maps_of("a", "b", "c")
    body = x[0, 0] > 0
    found = run(Consensus(members(*maps), curve_steps=0, scores="uniform"), maps, x)
    expected = torch.stack([ranked(values[0, 0], body) for values in maps.values()]).mean(0)
    torch.testing.assert_close(found.maps[0, 0][body], expected)


def test_the_highest_of_all_is_the_highest() -> None:
    x, maps = picture(), maps_of("a", "b")
    for values in maps.values():
        values[0, 0, 20, 20] = 50
    for scores in ("exponential", "uniform"):
        found = run(Consensus(members(*maps), scores=scores), maps, x).maps
        assert int(found.argmax()) == 20 * 40 + 20
        assert torch.isfinite(found).all()


def test_who_is_faithful_to_the_network_weighs_more() -> None:
    x = picture()
    weight = torch.randn(x.shape, generator=torch.Generator().manual_seed(7))
    right = weight * (x - x[x > 0].mean())
    maps = {"right": right, "noise": torch.rand(x.shape), "wrong": -right}
    found = run(Consensus(members(*maps), baseline="body-mean"), maps, x, Linear(weight)).details[0]
    weights = [float(found[f"weight of {key} ({key})"]) for key in maps]
    assert weights[0] > weights[1] >= weights[2] > 0
    assert sum(weights) == pytest.approx(1)
    assert float(found["faithfulness of right"]) > 0 > float(found["faithfulness of wrong"])
    equal = run(Consensus(members(*maps), baseline="body-mean", shrinkage=1), maps, x, Linear(weight)).details[0]
    assert [equal[f"weight of {key} ({key})"] for key in maps] == pytest.approx([1 / 3] * 3)


def test_without_any_shrinkage_the_unfaithful_are_not_heard() -> None:
    x = picture()
    weight = torch.randn(x.shape, generator=torch.Generator().manual_seed(7))
    right = weight * (x - x[x > 0].mean())
    network = Linear(weight)
    maps = {"right": right, "gradcam": -right, "hirescam": -right}
    found = run(Consensus(members(*maps), baseline="body-mean", shrinkage=0), maps, x, network)
    alone = run(Consensus(members("right"), curve_steps=0), {"right": right}, x)
    torch.testing.assert_close(found.maps, alone.maps)
    assert found.details[0]["weight of gradcam (CAM)"] == 0
    assert all(np.isfinite(value) for value in found.details[0].values() if isinstance(value, float))
    wrong = {key: maps[key] for key in ("gradcam", "hirescam")}
    assert torch.isfinite(run(Consensus(members(*wrong), shrinkage=0), wrong, x, network).maps).all()


def test_influence_is_how_much_the_order_changes_without_a_member() -> None:
    x, maps = picture(), maps_of("a", "b", "c")
    body = x > 0
    whole = run(Consensus(members("a", "b", "c"), curve_steps=0), maps, x)
    rest = run(Consensus(members("a", "c"), curve_steps=0), {key: maps[key] for key in "ac"}, x)
    expected = 1 - spearmanr(whole.maps[body], rest.maps[body]).statistic
    assert whole.details[0]["influence of b"] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("kind", [Consensus, Disagreement])
def test_members_without_an_order_are_left_out_and_named(kind: type[Consensus] | type[Disagreement]) -> None:
    x, maps = picture(), maps_of("a", "b")
    more = {**maps, "flat": torch.full_like(x, 3), "broken": torch.full_like(x, torch.nan)}
    found = run(kind(members(*more)), more, x)
    torch.testing.assert_close(found.maps, run(kind(members(*maps)), maps, x).maps)
    assert found.details[0]["left out"] == "flat (constant), broken (not finite)"
    assert found.states == ("",)
    none = {key: more[key] for key in ("flat", "broken")}
    assert run(kind(members(*none)), none, x).states == (NO_MEMBERS,)


def test_disagreement_is_none_among_twins_and_most_among_opposites() -> None:
    x, maps = picture(), maps_of("a")
    body = x[0, 0] > 0
    twins = {"a": maps["a"], "b": maps["a"] * 3}
    assert float(run(Disagreement(members(*twins)), twins, x).maps.abs().max()) == 0
    opposite = {"a": maps["a"], "b": -maps["a"]}
    apart = run(Disagreement(members(*opposite)), opposite, x).maps[0, 0][body]
    np.testing.assert_allclose(apart, (ranked(maps["a"][0, 0], body) - 0.5).abs(), atol=1e-6)
    assert float(apart.max()) == pytest.approx(0.5)
    assert run(Disagreement(members("a")), maps, x).states == (ONE_MEMBER,)


def test_where_no_member_supports_the_class_there_is_no_consensus() -> None:
    x, maps = picture(), maps_of("a", "b")
    against = {key: -1 - values.abs() for key, values in maps.items()}
    assert run(Consensus(members(*against)), against, x).states == (NO_SUPPORT,)
    assert run(Consensus(members(*maps)), maps, x).states == ("",)


def test_families_disagree_not_their_members() -> None:
    x, maps = picture(), maps_of("gradcam", "hirescam", "mine")
    body = x[0, 0] > 0
    found = run(Disagreement(members(*maps)), maps, x).maps[0, 0][body]
    ranks = {key: ranked(values[0, 0], body) for key, values in maps.items()}
    cams = (ranks["gradcam"] + ranks["hirescam"]) / 2
    torch.testing.assert_close(found, (cams - ranks["mine"]).abs() / 2)
