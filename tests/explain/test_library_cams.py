from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import pytorch_grad_cam as oracle
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from xai.explainers.base import Explainer, counting
from xai.explainers.cam import GradCAM, HiResCAM, look_at_layer
from xai.explainers.library import AblationCAM, EigenCAM, LayerCAM, ScoreCAM, XGradCAM, sampling
from xai.imaging.resample import CellGrid, spread
from xai.models.networks import NETWORKS

METHODS: dict[str, tuple[Explainer, Any]] = {
    "layercam": (LayerCAM(), oracle.LayerCAM),
    "xgradcam": (XGradCAM(), oracle.XGradCAM),
    "eigencam": (EigenCAM(), oracle.EigenCAM),
    "scorecam": (ScoreCAM(batch_size=10), oracle.ScoreCAM),
    "ablationcam": (AblationCAM(batch_size=10), oracle.AblationCAM),
}
TARGET = torch.tensor([0, 1])


def pictures(size: int = 128) -> Tensor:
    return torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(0))


def packaged(method: Any, network: nn.Module, layer: nn.Module, x: Tensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The package's map before its ReLU and scaling."""
    targets = [ClassifierOutputTarget(int(t)) for t in TARGET]
    network.requires_grad_(True)
    with method(model=network, target_layers=[layer]) as cam:
        cam.activations_and_grads(x)
        logits = network(x)
        sum(target(row) for target, row in zip(targets, logits, strict=True)).backward()
        seen = cam.activations_and_grads
        activation, gradient = seen.activations[0].numpy(), seen.gradients[0].numpy()
        found: np.ndarray[Any, np.dtype[np.float32]] = cam.get_cam_image(x, layer, targets, activation, gradient, False)
    network.requires_grad_(False)
    return found


@pytest.mark.parametrize("key", METHODS)
def test_maps_equal_those_of_the_grad_cam_package(key: str, tiny: nn.Module) -> None:
    method, package = METHODS[key]
    x = pictures()
    ours = method.attribute(tiny, x, TARGET, lambda *_: None)[:, 0].numpy()
    theirs = packaged(package, tiny, tiny.get_submodule("layer4"), x)
    scale = np.abs(theirs).max((1, 2), keepdims=True)
    if key == "eigencam":
        theirs = theirs * np.sign((ours * theirs).sum((1, 2), keepdims=True))
    if key == "ablationcam":  # the package divides by the signed logit
        theirs = theirs * np.sign(tiny(x).gather(1, TARGET[:, None]).numpy())[:, :, None]
    np.testing.assert_allclose(ours / scale, theirs / scale, atol=1e-4)


@pytest.mark.parametrize("key", ["layercam", "xgradcam", "eigencam"])
def test_they_share_the_forward_pass_of_grad_cam(key: str, tiny: nn.Module) -> None:
    method: Any = METHODS[key][0]
    alone = method.attribute(tiny, pictures(), TARGET)
    with counting(tiny) as count:
        view = look_at_layer(tiny, pictures(), TARGET, None)
        together = [one.map_of(view) for one in (GradCAM(), method)]
    assert count == [2]
    assert torch.equal(together[1], alone)


def test_eigencam_rises_with_the_layers_activation(tiny: nn.Module) -> None:
    seen: list[Tensor] = []
    handle = tiny.get_submodule("layer4").register_forward_hook(lambda _m, _i, output: seen.append(output))
    x = torch.rand(8, 1, 128, 128, generator=torch.Generator().manual_seed(1)).cumsum(3) / 128
    maps = EigenCAM().attribute(tiny, x, torch.ones(8, dtype=torch.int64))[:, 0]
    handle.remove()
    total = seen[0].sum(1)
    assert ((maps * (total - total.mean((1, 2), keepdim=True))).sum((1, 2)) > 0).all()


def test_eigencam_says_so_where_the_layer_is_not_finite() -> None:
    activation = torch.rand(3, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    expected = EigenCAM().combine(activation, activation)
    activation[1, 2, 3, 3] = torch.inf
    found = EigenCAM().combine(activation, activation)
    assert found[1].isnan().all()
    assert torch.equal(found[[0, 2]], expected[[0, 2]])


def test_ablation_cam_of_a_linear_head_is_its_closed_form(make_network: Callable[[str], nn.Module]) -> None:
    """Without a ReLU before the head a channel's loss is what HiResCAM gives it in all; no channel is below zero."""
    network = make_network("resnet18-reference")
    x = pictures(224)
    activation: list[Tensor] = []
    handle = network.get_submodule("conv").register_forward_hook(lambda _m, _i, output: activation.append(output))
    with torch.no_grad():
        logits = network(x).gather(1, TARGET[:, None])
    handle.remove()
    head = network.get_parameter("fc.weight")[TARGET].reshape(2, 512, 6, 6)
    loss = (head * activation[0]).sum((2, 3)) / logits.abs()
    expected = torch.einsum("nk,nkhw->nhw", loss, activation[0])
    with counting(network) as count:
        found = AblationCAM(batch_size=256).attribute(network, x, TARGET)[:, 0]
    assert (found - expected).abs().max() < 1e-4 * expected.abs().max()
    assert activation[0].min() < 0
    assert count == [2 + 2 * 2]


def test_relu_drops_what_speaks_against_the_class(tiny: nn.Module) -> None:
    for method in (AblationCAM(), EigenCAM(), HiResCAM()):
        signed = method.attribute(tiny, pictures(), TARGET)
        assert signed.min() < 0
        positive = type(method)(relu=True).attribute(tiny, pictures(), TARGET)
        assert torch.equal(positive, signed.clamp(min=0))


@pytest.mark.parametrize("method", [ScoreCAM(batch_size=5), AblationCAM(batch_size=5)])
def test_progress_counts_the_channels_of_all_inputs(method: ScoreCAM | AblationCAM, tiny: nn.Module) -> None:
    said: list[tuple[int, int]] = []
    method.attribute(tiny, pictures(), TARGET, lambda done, total: said.append((done, total)))
    assert said[0] == (0, 1)
    steps = [*range(5, 31, 5), 32]
    assert said[1:] == [(n * 32 + step, 64) for n in (0, 1) for step in steps]


@pytest.mark.parametrize("method", [ScoreCAM, AblationCAM])
def test_batches_do_not_change_the_map(method: type[ScoreCAM | AblationCAM], tiny: nn.Module) -> None:
    one = method(batch_size=32).attribute(tiny, pictures(), TARGET)
    torch.testing.assert_close(method(batch_size=3).attribute(tiny, pictures(), TARGET), one, rtol=1e-4, atol=1e-6)


def test_score_cam_looks_through_channels_where_their_cells_are(tiny: nn.Module) -> None:
    grid = NETWORKS["resnet18-slim"].grids["layer4"]
    channels = np.random.default_rng(0).random((7, 7), dtype=np.float32)
    pixels = np.arange(224, dtype=np.float64)
    places = sampling(torch.Size((7, 7)), torch.Size((224, 224)), grid)
    seen = nn.functional.grid_sample(
        torch.from_numpy(channels)[None, None], places, padding_mode="border", align_corners=True
    )
    np.testing.assert_allclose(seen[0, 0].numpy(), spread(channels, grid, pixels, pixels), atol=1e-5)
    plain = ScoreCAM().attribute(tiny, pictures(), TARGET)
    assert not torch.allclose(ScoreCAM(grid=CellGrid(0.0, 32.0)).attribute(tiny, pictures(), TARGET), plain)


def test_no_inputs_give_no_maps(tiny: nn.Module) -> None:
    for method in (ScoreCAM(), AblationCAM()):
        maps = method.attribute(tiny, pictures()[:0], TARGET[:0])
        assert maps.shape == (0, 1, 4, 4)


FIRST_USE = """
import random
import warnings
import numpy as np
warnings.simplefilter("ignore")
from xai.explainers.{module} import {name}
random.seed(1)
np.random.seed(1)
python, numpy = random.getstate(), np.random.get_state()[1].tolist()
{name}().prepare()
assert "{package}" in __import__("sys").modules
print(random.getstate() == python, np.random.get_state()[1].tolist() == numpy)
"""


@pytest.mark.parametrize(
    ("module", "name", "package"),
    [("library", "LayerCAM", "pytorch_grad_cam"), ("shapley", "PartitionShap", "shap")],
)
def test_the_first_use_of_a_package_leaves_random_numbers_alone(module: str, name: str, package: str) -> None:
    code = FIRST_USE.format(module=module, name=name, package=package)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["True", "True"], done.stderr
