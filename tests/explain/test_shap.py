from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers import shapley
from xai.explainers.base import Stepwise, counting
from xai.explainers.masking import Fill, filled, margin
from xai.explainers.shapley import HiddenPixels, PartitionShap
from xai.progress import ignore

TARGET = torch.tensor([1, 0])


def pictures(size: int = 32) -> Tensor:
    x = 0.1 + 0.9 * torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(0))
    x[:, :, : size // 2] = 0  # air
    return x


def linear(size: int) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return nn.Sequential(nn.Flatten(), nn.Linear(size * size, 2)).requires_grad_(False)


def plain_package(network: nn.Module, x: Tensor, hidden: Tensor, target: int, evals: int) -> NDArray[np.float64]:
    """The package with its image masker, as its documentation has it: pictures (1, H, W, 1)."""
    shap: Any = shapley._shap()

    def model(shown: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits = network(torch.from_numpy(shown).permute(0, 3, 1, 2))
            found: NDArray[np.float32] = margin(logits, torch.full((len(logits),), target)).numpy()
        return found

    explainer = shap.explainers.Partition(model, shap.maskers.Image(hidden.permute(1, 2, 0).numpy()))
    with shapley.numpy_seed(0):
        found = explainer(x.permute(1, 2, 0).numpy()[None], max_evals=evals, batch_size=8, silent=True)
    values: NDArray[np.float64] = found.values[0, :, :, 0]
    return values


@pytest.mark.parametrize("fill", ["zero", "blur", "body-mean"])
@pytest.mark.parametrize("evals", [4, 60])
def test_values_equal_those_of_the_package_with_its_image_masker(fill: Fill, evals: int, tiny: nn.Module) -> None:
    x = pictures()
    maps = PartitionShap(fill=fill, max_evals=evals, batch_size=8).attribute(tiny, x, TARGET)
    for n in range(2):
        theirs = plain_package(tiny, x[n], filled(x, fill)[n], int(TARGET[n]), evals)
        np.testing.assert_allclose(maps[n, 0].numpy(), theirs, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.parametrize("fill", ["zero", "one", "blur", "local-mean", "body-mean"])
def test_a_linear_network_gets_its_weights_times_what_hiding_takes(fill: Fill) -> None:
    """Cut down to the pixel; asymmetric, so that swapped rows and columns would show."""
    network, x = linear(6), pictures(6)
    maps = PartitionShap(fill=fill, max_evals=20_000).attribute(network, x, TARGET)
    weight = network.get_parameter("1.weight")
    lead = torch.stack([weight[1] - weight[0], weight[0] - weight[1]]).reshape(2, 1, 6, 6)
    torch.testing.assert_close(maps, lead * (x - filled(x, fill)), rtol=1e-4, atol=1e-5)


def test_regions_not_cut_further_spread_their_value_evenly() -> None:
    network, x = linear(8), pictures(8)
    halves = PartitionShap(max_evals=4).attribute(network, x, TARGET)[:, 0]
    weight = network.get_parameter("1.weight")
    lead = torch.stack([weight[1] - weight[0], weight[0] - weight[1]]).reshape(2, 8, 8)
    for part in (slice(0, 4), slice(4, 8)):
        expected = (lead * x[:, 0])[:, part].mean((1, 2), keepdim=True).expand(2, 4, 8)
        torch.testing.assert_close(halves[:, part], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("evals", [4, 61, 150])
def test_values_add_up_to_the_margin_and_it_is_said(evals: int, tiny: nn.Module) -> None:
    x = pictures()
    method = PartitionShap(fill="body-mean", max_evals=evals)
    assert isinstance(method, Stepwise)
    with counting(tiny) as count:
        *_, last = method.steps(tiny, x, TARGET, ignore)
    with torch.no_grad():
        whole = margin(tiny(x), TARGET)
        nothing = margin(tiny(filled(x, "body-mean")), TARGET)
    torch.testing.assert_close(last.maps.sum((1, 2, 3)), whole - nothing, rtol=1e-4, atol=1e-5)
    assert last.states == ("", "")
    for n, said in enumerate(last.details):
        assert said["margin"] == pytest.approx(float(whole[n]), abs=1e-5)
        assert said["margin of all hidden"] == pytest.approx(float(nothing[n]), abs=1e-5)
        assert abs(float(said["additivity error"])) < 1e-6
    assert sum(int(said["passes"]) for said in last.details) == count[0] - len(x)


def test_a_map_that_does_not_add_up_is_not_shown(tiny: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    shap: Any = shapley._shap()
    explain_row = shap.explainers.Partition.explain_row

    def wrong(self: object, *rows: object, **settings: object) -> Any:
        found = explain_row(self, *rows, **settings)
        found["values"] = found["values"] + 0.1
        return found

    monkeypatch.setattr(shap.explainers.Partition, "explain_row", wrong)
    *_, last = PartitionShap(max_evals=8).steps(tiny, pictures(), TARGET, ignore)
    assert last.states == (shapley.NOT_ADDITIVE, shapley.NOT_ADDITIVE)
    assert float(last.details[0]["additivity error"]) == pytest.approx(0.1 * 32 * 32)


def test_pictures_that_hiding_does_not_change_are_not_sent_again(tiny: nn.Module) -> None:
    x = pictures()
    game = HiddenPixels(tiny, x[0], filled(x, "zero")[0], TARGET[0])
    shown = np.zeros((3, 32, 32), bool)
    shown[1, :16] = True  # air
    shown[2, 20:, 3:9] = True
    with torch.no_grad(), counting(tiny) as count:
        first, second, third = game(shown)
        assert first == second != third
        assert (count, game.passes) == ([2], 2)
        assert game(shown[::-1]).tolist() == [third, second, first]
    assert (count, game.passes) == ([2], 2)
    with torch.no_grad():
        picture = torch.zeros(1, 1, 32, 32)
        picture[0, 0, 20:, 3:9] = x[0, 0, 20:, 3:9]
        assert third == pytest.approx(float(margin(tiny(picture), TARGET[:1])), abs=1e-6)


def test_global_random_numbers_are_left_alone_and_do_not_matter(tiny: nn.Module) -> None:
    np.random.seed(11)  # noqa: NPY002
    before = np.random.get_state()  # noqa: NPY002
    first = PartitionShap(max_evals=40).attribute(tiny, pictures(), TARGET)
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    np.random.seed(12)  # noqa: NPY002
    assert torch.equal(PartitionShap(max_evals=40).attribute(tiny, pictures(), TARGET), first)


def test_progress_counts_evaluations_of_all_inputs(tiny: nn.Module) -> None:
    said: list[tuple[int, int]] = []
    PartitionShap(max_evals=20, batch_size=8).attribute(
        tiny, pictures(), TARGET, lambda done, total: said.append((done, total))
    )
    assert said[0] == (0, 1)
    assert {total for _, total in said[1:]} == {40}
    done = [now for now, _ in said[1:]]
    assert done == sorted(done)
    assert {20, 40} <= set(done)
    assert len(done) > 8


def test_channels_of_a_pixel_are_hidden_together() -> None:
    """Two channels that stand for one: the map is that of the one."""
    network, x = linear(8), pictures(8)

    class Mean(nn.Module):
        def forward(self, pair: Tensor) -> Tensor:
            logits: Tensor = network(pair.mean(1, keepdim=True))
            return logits

    pair = torch.cat([0.5 * x, 1.5 * x], 1)
    maps = PartitionShap(max_evals=60).attribute(Mean(), pair, TARGET)
    torch.testing.assert_close(maps, PartitionShap(max_evals=60).attribute(network, x, TARGET), rtol=1e-4, atol=1e-5)


def test_too_few_evaluations_are_refused(tiny: nn.Module) -> None:
    with pytest.raises(ExplainError, match="at least 4 evaluations, not 3"):
        PartitionShap(max_evals=3).attribute(tiny, pictures(), TARGET)


def test_no_inputs_give_no_maps(tiny: nn.Module) -> None:
    assert PartitionShap().attribute(tiny, pictures()[:0], TARGET[:0]).shape == (0, 1, 32, 32)


def test_whatever_the_package_compiles_is_compiled_by_preparing() -> None:
    from numba.core import event  # heavy

    PartitionShap().prepare()
    with event.install_recorder("numba:compile") as recorder:
        PartitionShap(max_evals=20).attribute(linear(32), pictures(), TARGET)
    assert recorder.buffer == []
