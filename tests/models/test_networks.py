from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from xai.errors import BundleError
from xai.models.networks import NETWORKS, build, build_from, grey_conv1


def made_symmetric(name: str) -> list[tuple[str, nn.Module]]:
    """The network's layers in order, every kernel flat and positive.

    The centre of mass of the gradient is then the receptive field's centre, whatever the weights of a real network.
    """
    with torch.device("meta"):
        network = build(name)
    network = network.to_empty(device="cpu").eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
    backbone = getattr(network, "model", network)
    # The largest of nine equal values would be the first of them; their mean looks at all nine.
    backbone.maxpool = nn.AvgPool2d(3, 2, 1)
    names = ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"]
    layers = [(key, getattr(backbone, key)) for key in names]
    return [*layers, *((key, module) for key, module in network.named_children() if key == "conv")]


@pytest.mark.parametrize("name", ["resnet18-slim", "resnet18-reference", "resnet50-reference"])
def test_cells_lie_where_the_table_says(name: str) -> None:
    # Tall and narrow: long enough that the middle cell's field does not reach the ends, wide enough for two cells.
    x = torch.ones(1, 1, 1024, 33, requires_grad=True)
    value = x
    measured = {}
    for layer, module in made_symmetric(name):
        value = module(value)
        if layer in NETWORKS[name].grids:
            cells = value.sum((0, 1, 3))
            middle = len(cells) // 2
            (gradient,) = torch.autograd.grad(cells[middle], x, retain_graph=True)
            mass = gradient.sum((0, 1, 3)).double()
            assert mass[0] == 0 == mass[-1]
            measured[layer] = float((mass * torch.arange(1024)).sum() / mass.sum())
            grid = NETWORKS[name].grids[layer]
            assert measured[layer] == pytest.approx(grid.centre + grid.stride * middle, abs=1e-3), layer
    assert set(measured) == set(NETWORKS[name].grids)


def test_plain_networks_have_the_reference_backbones() -> None:
    assert NETWORKS["resnet18"].grids == NETWORKS["resnet50"].grids == NETWORKS["resnet18-slim"].grids
    assert NETWORKS["resnet18-reference"].grids.items() > NETWORKS["resnet18"].grids.items()


@pytest.mark.parametrize("name", NETWORKS)
def test_forward_gives_two_logits_and_the_cam_layer_exists(name: str) -> None:
    network = build(name).eval()
    seen: list[Tensor] = []
    network.get_submodule(NETWORKS[name].cam_layer).register_forward_hook(lambda _m, _i, out: seen.append(out))
    with torch.no_grad():
        assert network(torch.zeros(2, 1, 224, 224)).shape == (2, 2)
    assert seen[0].shape[2:] == ((6, 6) if name.endswith("reference") else (7, 7))


@pytest.mark.parametrize(("name", "channels", "flat"), [("resnet18", 512, 18432), ("resnet50", 2048, 73728)])
def test_reference_networks_have_the_published_shapes_and_keys(name: str, channels: int, flat: int) -> None:
    with torch.device("meta"):
        state = build(f"{name}-reference").state_dict()
        backbone = build(name).state_dict()
    assert state["conv.weight"].shape == (channels, channels, 2, 2)
    assert state["conv.bias"].shape == (channels,)
    assert state["fc.weight"].shape == (2, flat)
    assert state["model.conv1.weight"].shape == (64, 1, 7, 7)
    published = {f"model.{key}" for key in backbone if not key.startswith("fc.")}
    assert set(state) == published | {"conv.weight", "conv.bias", "fc.weight", "fc.bias"}


@pytest.mark.parametrize("shape", [(1, 1, 256, 256), (1, 3, 224, 224), (1, 1, 224, 225)])
def test_reference_networks_refuse_other_inputs_in_one_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(BundleError, match=r"^The reference networks take pictures of 1 x 224 x 224, not .*\.$"):
        build("resnet18-reference")(torch.zeros(shape))


def test_grey_conv1_sees_a_grey_picture_as_the_three_channels_saw_it() -> None:
    rgb = nn.Conv2d(3, 64, 7, bias=False)
    grey = nn.Conv2d(1, 64, 7, bias=False)
    grey.weight = nn.Parameter(grey_conv1(rgb.weight.detach()))
    x = torch.rand(1, 1, 32, 32)
    torch.testing.assert_close(grey(x), rgb(x.expand(-1, 3, -1, -1)), atol=1e-5, rtol=1e-5)


def test_slim_network_is_a_quarter_as_wide() -> None:
    network = build("resnet18-slim")
    widths = [network.get_submodule(f"layer{n}.0.conv1").weight.shape[0] for n in (1, 2, 3, 4)]  # type: ignore[index]
    assert widths == [16, 32, 64, 128]


def test_building_from_weights_is_frozen_and_leaves_the_random_state_alone() -> None:
    weights = build("resnet18-slim").state_dict()
    before = torch.get_rng_state()
    network = build_from("resnet18-slim", weights)
    assert torch.equal(torch.get_rng_state(), before)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    # Its own copy: training on does not change a bundle that was made on the way.
    weights["fc.bias"].fill_(7.0)
    assert not torch.equal(network.state_dict()["fc.bias"], weights["fc.bias"])


def test_weights_that_are_not_finite_are_refused() -> None:
    weights = build("resnet18-slim").state_dict()
    weights["fc.bias"] = torch.tensor([0.0, float("nan")])
    with pytest.raises(BundleError, match=r"fc\.bias holds values that are not finite"):
        build_from("resnet18-slim", weights)


def test_unknown_network_lists_those_there_are() -> None:
    with pytest.raises(BundleError, match="resnet18-slim"):
        build("vgg")
