from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import pytorch_grad_cam as oracle
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers.cam import CamMethod, GradCAM, GradCAMPlusPlus, HiResCAM, look_at_layer
from xai.models.networks import NETWORKS

METHODS: dict[str, tuple[CamMethod, Any]] = {
    "gradcam": (GradCAM(), oracle.GradCAM),
    "gradcampp": (GradCAMPlusPlus(), oracle.GradCAMPlusPlus),
    "hirescam": (HiResCAM(), oracle.HiResCAM),
}
TARGET = torch.tensor([0, 1, 1, 0])


def pictures() -> Tensor:
    return torch.rand(4, 1, 224, 224, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("key", METHODS)
@pytest.mark.parametrize("name", ["resnet18-slim", "resnet18", "resnet18-reference"])
def test_maps_equal_those_of_the_grad_cam_package(
    key: str, name: str, make_network: Callable[[str], nn.Module]
) -> None:
    method, package = METHODS[key]
    network = make_network(name)
    x = pictures()
    ours = method.attribute(network, x, TARGET)[:, 0].numpy()
    layer = network.get_submodule(NETWORKS[name].cam_layer)
    targets = [ClassifierOutputTarget(int(t)) for t in TARGET]
    with package(model=network, target_layers=[layer]) as cam:
        cam(input_tensor=x, targets=targets)
        seen = cam.activations_and_grads
        activation, gradient = seen.activations[0].numpy(), seen.gradients[0].numpy()
        # Before the package's ReLU and scaling, which lose sign and size.
        theirs = cam.get_cam_image(x, layer, targets, activation, gradient, False)
    scale = np.abs(theirs).max((1, 2), keepdims=True)
    np.testing.assert_allclose(ours / scale, theirs / scale, atol=1e-4)


@pytest.mark.parametrize("name", ["resnet18-slim", "resnet18-reference", "resnet50-reference"])
def test_hirescam_and_the_bias_sum_to_the_logit(name: str, make_network: Callable[[str], nn.Module]) -> None:
    """With one linear layer after the CAM layer, pooled or flattened, the map accounts for the whole score."""
    network = make_network(name)
    x = pictures()[:2]
    target = torch.tensor([0, 1])
    sums = HiResCAM().attribute(network, x, target).sum((1, 2, 3))
    bias = network.state_dict()["fc.bias"]
    with torch.no_grad():
        expected = network(x).gather(1, target[:, None])[:, 0]
    torch.testing.assert_close(sums + bias[target], expected, rtol=1e-4, atol=1e-4)


def test_pooled_heads_make_gradcam_and_hirescam_the_same(slim: nn.Module) -> None:
    x = pictures()
    torch.testing.assert_close(GradCAM().attribute(slim, x, TARGET), HiResCAM().attribute(slim, x, TARGET))


def test_relu_drops_what_speaks_against_the_class(slim: nn.Module) -> None:
    x = pictures()
    signed = HiResCAM().attribute(slim, x, TARGET)
    assert signed.min() < 0
    assert torch.equal(HiResCAM(relu=True).attribute(slim, x, TARGET), signed.clamp(min=0))


def test_the_family_is_one_forward_pass_and_equals_its_members(slim: nn.Module) -> None:
    x = pictures()
    methods = {key: method for key, (method, _) in METHODS.items()}
    alone = {key: method.attribute(slim, x, TARGET) for key, method in methods.items()}
    ran = []
    slim.register_forward_hook(lambda *_: ran.append(1))
    view = look_at_layer(slim, x, TARGET, None)
    together = {key: method.map_of(view) for key, method in methods.items()}
    assert len(ran) == 1
    assert all(torch.equal(together[key], alone[key]) for key in methods)
    with torch.no_grad():
        torch.testing.assert_close(view.logits, slim(x))


def test_without_a_target_the_predicted_class_is_explained(slim: nn.Module) -> None:
    x = pictures()
    view = look_at_layer(slim, x, None, None)
    assert torch.equal(view.target, view.logits.argmax(1))


def test_half_precision_networks_give_maps_and_logits_in_single(slim: nn.Module) -> None:
    view = look_at_layer(slim.to(torch.bfloat16), pictures().to(torch.bfloat16), None, None)
    assert view.logits.dtype == torch.float32
    assert GradCAMPlusPlus().map_of(view).dtype == torch.float32


def test_a_layer_that_works_in_place_may_follow() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4 * 36, 2))
    x = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    sums = HiResCAM(layer="0").attribute(network, x, torch.tensor([0, 1])).sum((1, 2, 3))
    expected = network(x)[[0, 1], [0, 1]] - network[3].bias
    torch.testing.assert_close(sums, expected)


def test_other_layers_and_layers_that_are_not_there(slim: nn.Module) -> None:
    x = pictures()[:1]
    assert GradCAM(layer="layer3.1").attribute(slim, x, TARGET[:1]).shape == (1, 1, 14, 14)
    with pytest.raises(ExplainError, match="no layer 'layer9'"):
        GradCAM(layer="layer9").attribute(slim, x, TARGET[:1])
    with pytest.raises(ExplainError, match="no layer 'conv or layer4'"):
        GradCAM().attribute(nn.Sequential(nn.Flatten(), nn.Linear(224 * 224, 2)), x, TARGET[:1])


def test_a_layer_that_runs_twice_is_refused() -> None:
    block = nn.Conv2d(1, 1, 3, padding=1)
    network = nn.Sequential(block, nn.Sequential(block), nn.Flatten(), nn.Linear(64, 2))
    with pytest.raises(ExplainError, match="runs 2 times"):
        GradCAM(layer="0").attribute(network, torch.rand(1, 1, 8, 8), torch.tensor([0]))
    assert not block._forward_hooks
