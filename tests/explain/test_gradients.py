from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal

import pytest
import torch
from captum import attr as oracle
from torch import Tensor, nn

from xai.explainers.base import Stepwise
from xai.explainers.gradients import IntegratedGradients, SmoothGrad
from xai.explainers.masking import Fill, body_of, filled
from xai.progress import ignore

TARGET = torch.tensor([1, 0])


def pictures(size: int = 64) -> Tensor:
    x = 0.1 + 0.9 * torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(0))
    x[:, :, :, : size // 4] = 0  # air
    return x


def linear(size: int = 64) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return nn.Sequential(nn.Flatten(), nn.Linear(size * size, 3)).requires_grad_(False)


def weights(network: nn.Module, target: Tensor) -> Tensor:
    return network.get_parameter("1.weight")[target].reshape(len(target), 1, 64, 64)


@pytest.mark.parametrize("fill", ["zero", "one", "blur", "local-mean", "body-mean"])
@pytest.mark.parametrize(("rule", "name"), [("midpoint", "riemann_middle"), ("gauss-legendre", "gausslegendre")])
def test_integrated_gradients_equal_captums(
    fill: Fill, rule: Literal["midpoint", "gauss-legendre"], name: str, tiny: nn.Module
) -> None:
    x = pictures()
    method = IntegratedGradients(fill=fill, points=7, rule=rule, batch_size=3)
    ours = method.attribute(tiny, x, TARGET)
    package = oracle.IntegratedGradients(tiny)
    theirs = package.attribute(x, baselines=filled(x, fill), target=TARGET, n_steps=7, method=name)
    assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()


def test_integrated_gradients_of_a_linear_network_are_its_weights_times_the_way() -> None:
    x, network = pictures(), linear()
    maps = IntegratedGradients(fill="body-mean", points=2).attribute(network, x, TARGET)
    expected = weights(network, TARGET) * (x - filled(x, "body-mean"))
    torch.testing.assert_close(maps, expected, rtol=1e-4, atol=1e-7)
    assert not maps[:, :, :, :16].any()


@pytest.mark.parametrize("rule", ["midpoint", "gauss-legendre"])
def test_the_error_of_completeness_is_said_and_shrinks(rule: Literal["midpoint", "gauss-legendre"]) -> None:
    x = pictures()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Flatten(), nn.Linear(64 * 64, 8), nn.Tanh(), nn.Linear(8, 2)).requires_grad_(False)
    network.get_parameter("1.weight").mul_(3)
    errors = []
    for points in (2, 32):
        method = IntegratedGradients(points=points, rule=rule)
        assert isinstance(method, Stepwise)
        *_, last = method.steps(network, x, TARGET, ignore)
        logits = network(x).gather(1, TARGET[:, None])[:, 0]
        begin = network(torch.zeros_like(x)).gather(1, TARGET[:, None])[:, 0]
        for n, said in enumerate(last.details):
            assert said["logit"] == pytest.approx(float(logits[n]), abs=1e-5)
            assert said["logit of the baseline"] == pytest.approx(float(begin[n]), abs=1e-5)
            gap = float(last.maps[n].double().sum() - (logits[n] - begin[n]))
            assert said["completeness error"] == pytest.approx(gap, abs=1e-4)
        errors.append(max(abs(float(said["completeness error"])) for said in last.details))
    change = float((logits - begin).abs().max())
    assert errors[1] < 0.01 * change
    assert errors[0] > 10 * errors[1]


def test_smoothgrad_equals_captums_with_the_same_noise(tiny: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    x = pictures()[:1] + 0.01  # no air, for captum adds noise everywhere
    ours = SmoothGrad(samples=6, level=0.2, seed=4, batch_size=6).attribute(tiny, x, TARGET[:1])
    noise = torch.randn(6, 1, 64, 64, generator=torch.Generator().manual_seed(4))
    monkeypatch.setattr(torch, "normal", lambda _mean, deviation: noise * deviation)
    package: Any = oracle.NoiseTunnel(oracle.Saliency(tiny))
    theirs = package.attribute(
        x, nt_type="smoothgrad", nt_samples=6, stdevs=0.2 * float(x.max() - x.min()), target=TARGET[:1], abs=False
    )
    assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()


def test_smoothgrad_without_noise_is_the_gradient(tiny: nn.Module) -> None:
    x = pictures()
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(tiny(leaf).gather(1, TARGET[:, None]).sum(), leaf)
    maps = SmoothGrad(samples=2, level=0).attribute(tiny, x, TARGET)
    assert (maps - gradient).abs().max() <= 1e-5 * gradient.abs().max()


def test_smoothgrad_of_a_linear_network_is_its_weights_whatever_the_noise() -> None:
    network = linear()
    maps = SmoothGrad(samples=5, batch_size=2).attribute(network, pictures(), TARGET)
    torch.testing.assert_close(maps, weights(network, TARGET), rtol=1e-5, atol=1e-7)
    size = SmoothGrad(samples=5, magnitude=True).attribute(network, pictures(), TARGET)
    torch.testing.assert_close(size, maps.abs(), rtol=1e-5, atol=1e-7)
    assert maps.min() < 0


def test_noise_stays_inside_the_body_and_has_its_level() -> None:
    seen: list[Tensor] = []

    class Watching(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if x.requires_grad:
                seen.append(x.detach().clone())
            return x.flatten(1)[:, :2]

    x = pictures() * torch.tensor([1.0, 3.0])[:, None, None, None]
    SmoothGrad(samples=8, level=0.1, batch_size=8).attribute(Watching(), x, TARGET)
    assert len(seen) == 2
    for n, noisy in enumerate(seen):
        noise = noisy - x[n]
        inside = body_of(x[n : n + 1]).expand_as(noise)
        assert not noise[~inside].any()
        assert float(noise[inside].std()) == pytest.approx(0.1 * float(x[n].max()), rel=0.05)


def test_other_seeds_give_other_noise(tiny: nn.Module) -> None:
    x = pictures()
    first = SmoothGrad(samples=2).attribute(tiny, x, TARGET)
    assert not torch.allclose(SmoothGrad(samples=2, seed=1).attribute(tiny, x, TARGET), first)


@pytest.mark.parametrize("method", [IntegratedGradients(points=5, batch_size=2), SmoothGrad(samples=5, batch_size=2)])
def test_they_report_each_batch_and_can_be_stopped(
    method: IntegratedGradients | SmoothGrad,
    tiny: nn.Module,
    undisturbed: Callable[[nn.Module], AbstractContextManager[None]],
) -> None:
    said: list[tuple[int, int]] = []
    with undisturbed(tiny):
        method.attribute(tiny, pictures(), TARGET, lambda done, total: said.append((done, total)))
    assert said == [(0, 1), *((done, 10) for done in (2, 4, 5, 7, 9, 10))]


def test_a_network_that_begins_in_place_may_follow() -> None:
    network = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(64 * 64, 2)).requires_grad_(False)
    x = pictures()
    before = x.clone()
    maps = IntegratedGradients(points=2).attribute(network, x, TARGET)
    assert torch.equal(x, before)
    assert maps.abs().max() > 0
