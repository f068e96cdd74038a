"""What every method of the table keeps to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import torch
from torch import nn

from xai.errors import ExplainError, UnknownExplainerError
from xai.explainers.base import Explainer, make_explainer
from xai.progress import Cancelled, ignore
from xai.registry import EXPLAINERS

Undisturbed = Callable[[nn.Module], AbstractContextManager[None]]


MEMBERS = ("gradcampp", "hirescam")
SETTINGS: dict[str, dict[str, object]] = {
    "occlusion": {"window": 112, "stride": 56},
    "hierarchical": {"window": 112, "min_window": 56, "budget": 14, "probes": 2},
    # One level of quarters: whether they turn a random network over is not what is tested here.
    "hierarchical-reference": {"window": 112, "stride": 112, "min_window": 112},
    "scorecam": {"layer": "layer1"},  # 16 channels
    "integrated-gradients": {"points": 4, "batch_size": 2},
    "smoothgrad": {"samples": 4, "batch_size": 2},
    "shap": {"max_evals": 12, "batch_size": 4},
    "ensemble-threshold": {"members": MEMBERS, "threshold": 0.2},
    "ensemble-average": {"members": MEMBERS, "least": 0.2},
    "ensemble-intersection": {"members": MEMBERS, "least": 0.1},
    "consensus": {"members": MEMBERS, "curve_steps": 2},
    "disagreement": {"members": MEMBERS},
}
"""Parameters with which a method is quick and shows something; the defaults of the others are."""

CELLS = {None: 7, "layer1": 56}
"""Cells of a layer along each side."""

CLASSLESS = {"eigencam"}
"""Methods that look at no class."""

MAY_BE_EMPTY = {"hierarchical-reference"}
"""Their maps are 0 where no window changed the prediction; `Attribution.states` says so in words."""

OF_RANKS = {"consensus", "disagreement"}
"""Rounding may swap the ranks of neighbours, so that these change a little, but in few pixels."""


@pytest.fixture(params=EXPLAINERS)
def key(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def explainer(key: str) -> Explainer:
    return make_explainer(key, **SETTINGS.get(key, {}))


@pytest.fixture
def may_be_empty(key: str) -> bool:
    return key in MAY_BE_EMPTY


@pytest.fixture
def x() -> torch.Tensor:
    return torch.rand(3, 1, 224, 224, generator=torch.Generator().manual_seed(0))


TARGET = torch.tensor([0, 1, 0])


def test_maps_have_their_shape_and_are_finite_and_detached(
    explainer: Explainer, slim: nn.Module, x: torch.Tensor, may_be_empty: bool
) -> None:
    maps = explainer.attribute(slim, x, TARGET, ignore)
    side = 224 if explainer.per_pixel else CELLS[explainer.layer]
    assert maps.shape == (3, 1, side, side)
    assert maps.dtype == torch.float32
    assert torch.isfinite(maps).all()
    assert not maps.requires_grad
    assert not maps.is_inference()
    assert may_be_empty or maps.abs().amax((1, 2, 3)).min() > 0


def test_it_is_a_frozen_hashable_dataclass_of_its_hyper_parameters(explainer: Explainer) -> None:
    assert dataclasses.is_dataclass(explainer)
    assert isinstance(explainer, Explainer)
    assert hash(explainer) == hash(dataclasses.replace(explainer))
    assert explainer == dataclasses.replace(explainer)
    first = dataclasses.fields(explainer)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(explainer, first, 1)


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_found(
    explainer: Explainer, slim: nn.Module, x: torch.Tensor, undisturbed: Undisturbed, frozen: bool, training: bool
) -> None:
    slim.requires_grad_(not frozen)
    slim.train(training)
    slim.get_submodule("layer2").eval()
    if not frozen:
        for parameter in slim.parameters():
            parameter.grad = torch.ones_like(parameter)
    with undisturbed(slim):
        explainer.attribute(slim, x, TARGET, ignore)


def test_training_mode_does_not_change_the_map(explainer: Explainer, slim: nn.Module, x: torch.Tensor) -> None:
    maps = explainer.attribute(slim, x, TARGET, ignore)
    assert torch.equal(explainer.attribute(slim.train(), x, TARGET, ignore), maps)


def test_cancelling_ends_it_and_leaves_the_network_as_found(
    explainer: Explainer, slim: nn.Module, x: torch.Tensor, undisturbed: Undisturbed
) -> None:
    calls = 0

    def cancel(_done: int, _total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Cancelled

    with undisturbed(slim), pytest.raises(Cancelled):
        explainer.attribute(slim, x, TARGET, cancel)


def test_a_failing_network_is_left_as_found(
    explainer: Explainer, slim: nn.Module, x: torch.Tensor, undisturbed: Undisturbed
) -> None:
    with undisturbed(slim), pytest.raises(RuntimeError):
        explainer.attribute(slim, x.expand(3, 2, 224, 224), TARGET, ignore)


def test_the_same_again_is_the_same(explainer: Explainer, slim: nn.Module, x: torch.Tensor) -> None:
    first = explainer.attribute(slim, x, TARGET, ignore)
    assert torch.equal(explainer.attribute(slim, x, TARGET, ignore), first)


def test_it_does_not_matter_what_else_is_in_the_batch(
    key: str, explainer: Explainer, slim: nn.Module, x: torch.Tensor
) -> None:
    together = explainer.attribute(slim, x, TARGET, ignore)
    for n in range(3):
        alone = explainer.attribute(slim, x[n : n + 1], TARGET[n : n + 1], ignore)
        apart = (alone[0] - together[n]).abs()
        # Methods that take the difference of two scores near 1 keep the rounding of these.
        assert (apart.mean() if key in OF_RANKS else apart.max()) <= 1e-5 * together[n].abs().max() + 1e-6


def test_class_0_is_a_class(
    key: str, explainer: Explainer, slim: nn.Module, x: torch.Tensor, may_be_empty: bool
) -> None:
    # Every slice is predicted to be 1, so that 0 taken for "none" would explain 1 instead.
    slim.get_parameter("fc.bias").copy_(torch.tensor([-20.0, 20.0]))
    zero = explainer.attribute(slim, x, torch.zeros(3, dtype=torch.int64), ignore)
    one = explainer.attribute(slim, x, torch.ones(3, dtype=torch.int64), ignore)
    mixed = explainer.attribute(slim, x, TARGET, ignore)
    assert may_be_empty or torch.allclose(zero, one) == (key in CLASSLESS)
    torch.testing.assert_close(mixed, torch.stack([zero[0], one[1], zero[2]]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_the_callers_gradient_mode_does_not_matter(
    explainer: Explainer, slim: nn.Module, x: torch.Tensor, mode: Callable[[], AbstractContextManager[None]]
) -> None:
    plain = explainer.attribute(slim, x, TARGET, ignore)
    with mode():
        inside = explainer.attribute(slim, x.clone(), TARGET, ignore)
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
    assert torch.equal(inside.clone(), plain)


@pytest.mark.parametrize(
    "target", [torch.tensor([0, 1]), torch.tensor([0, 1, 2]), torch.tensor([0, -1, 0]), torch.zeros(3)]
)
def test_targets_that_are_no_classes_are_refused(
    explainer: Explainer, slim: nn.Module, x: torch.Tensor, target: torch.Tensor
) -> None:
    with pytest.raises(ExplainError):
        explainer.attribute(slim, x, target, ignore)


def test_unknown_methods_and_parameters_are_one_sentence() -> None:
    with pytest.raises(UnknownExplainerError, match="the methods are gradcam, gradcampp, hirescam"):
        make_explainer("tealeaves")
    with pytest.raises(ExplainError, match="gradcam does not take spoons"):
        make_explainer("gradcam", spoons=3)


@pytest.mark.parametrize(
    ("key", "setting", "value"),
    [
        ("occlusion", "fill", "body_mean"),
        ("occlusion", "score", "prob"),
        ("occlusion", "stride", 0),
        ("integrated-gradients", "rule", "mid"),
        ("integrated-gradients", "points", 0),
        ("scorecam", "batch_size", 0),
        ("shap", "fill", "grey"),
        ("hierarchical", "budget", -5),
        ("consensus", "scores", "unifrom"),
    ],
)
def test_a_misspelt_setting_is_refused_and_named(key: str, setting: str, value: object) -> None:
    with pytest.raises(ExplainError, match=f"The setting {setting} of {key} is .*, not {value}"):
        make_explainer(key, **{setting: value})
