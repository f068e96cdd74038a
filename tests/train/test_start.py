from __future__ import annotations

import copy
import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import resnet18, resnet34

from xai.errors import TrainingError
from xai.models.bundle import save_bundle
from xai.models.manifest import PreprocessSettings
from xai.models.networks import NETWORKS, build
from xai.train import start
from xai.train.config import TrainingConfig
from xai.train.start import backbone_of, freeze, imagenet_path, split_network, starting_network

State = dict[str, Tensor]
REFERENCE = "resnet18-reference"


def made(name: str, seed: int) -> nn.Module:
    """A network whose batch norms have statistics of their own."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build(name)
        for key, tensor in network.state_dict().items():
            if key.endswith("running_mean"):
                tensor.uniform_(-0.3, 0.3)
            elif key.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
    return network


@pytest.fixture(scope="module")
def rgb() -> State:
    """A state dict as torchvision's own ImageNet files are: three channels, a thousand classes."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return dict(resnet18(weights=None).state_dict())


@pytest.fixture(scope="module")
def reference() -> State:
    return dict(made(REFERENCE, 5).state_dict())


def configured(weights: str | Path = "none", network: str = REFERENCE, **others: Any) -> TrainingConfig:
    backbone = "fine-tuned" if weights == "none" else "frozen"
    return TrainingConfig(network=network, weights=str(weights), **{"backbone": backbone, **others})


def backbone_state(network: nn.Module, name: str) -> State:
    return {
        key: tensor
        for key, tensor in backbone_of(name, network).state_dict().items()
        if key.partition(".")[0] in start.STAGES
    }


def assert_same(first: State, second: State) -> None:
    assert first.keys() == second.keys()
    for key, tensor in first.items():
        assert torch.equal(tensor, second[key]), key


def older(state: State) -> State:
    return {key.replace("model.", "resnet18.", 1): tensor for key, tensor in state.items()}


def behind(prefix: str, state: State) -> State:
    return {prefix + key: tensor for key, tensor in state.items()}


LAYOUTS: dict[str, Callable[[State], Any]] = {
    "newer": dict,
    "older": older,
    "from several GPUs": lambda s: behind("module.", s),
    "older from several GPUs": lambda s: behind("module.", older(s)),
    "plain": lambda s: {key.removeprefix("model."): t for key, t in s.items()},
    "Lightning's": lambda s: {"state_dict": behind("network.", s), "epoch": 3},
    "half precision": lambda s: {k: t.half().float().double() if t.is_floating_point() else t for k, t in s.items()},
}


@pytest.mark.parametrize(("layout", "name"), [*((layout, REFERENCE) for layout in LAYOUTS), ("older", "resnet18")])
def test_the_backbone_of_every_layout_is_taken_and_its_head_never(
    layout: str, name: str, reference: State, tmp_path: Path
) -> None:
    written = LAYOUTS[layout](reference)
    path = tmp_path / "c.pt"
    torch.save(written, path)
    network, report = starting_network(configured(path, name))
    expected = {k.removeprefix("model."): t for k, t in reference.items() if k.startswith("model.")}
    if layout == "half precision":
        expected = {k: t.half().float() if t.is_floating_point() else t for k, t in expected.items()}
    assert_same(backbone_state(network, name), expected)
    fresh, _ = starting_network(configured("none", name))
    for key in {"fc.weight", "fc.bias"} | ({"conv.weight", "conv.bias"} if name == REFERENCE else set()):
        assert torch.equal(network.state_dict()[key], fresh.state_dict()[key]), key
        assert key not in reference or not torch.equal(network.state_dict()[key], reference[key])
    assert report.source == str(path)
    assert report.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert report.matched == len(expected)
    assert {key.removeprefix("module.").removeprefix("network.") for key in report.ignored} == {
        "conv.weight",
        "conv.bias",
        "fc.weight",
        "fc.bias",
    }


def test_a_colour_network_sees_grey_as_it_saw_it_in_three_channels(rgb: State, tmp_path: Path) -> None:
    torch.save(rgb, tmp_path / "c.pth")
    network, report = starting_network(configured(tmp_path / "c.pth", "resnet18"))
    theirs = resnet18(weights=None)
    theirs.load_state_dict(rgb)
    theirs.fc = nn.Identity()
    backbone, _ = split_network("resnet18", network)
    x = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(freeze(backbone)(x), theirs.eval()(x.expand(-1, 3, -1, -1)), atol=1e-4, rtol=1e-4)
    assert report.ignored == ("fc.bias", "fc.weight")


@pytest.mark.parametrize("kind", ["safetensors", "bundle", "bundle of the plain network"])
def test_safetensors_and_bundles(kind: str, tmp_path: Path) -> None:
    name = "resnet18" if kind == "bundle of the plain network" else REFERENCE
    network = made(name, 7)
    if kind == "safetensors":
        path = tmp_path / "w.safetensors"
        save_file(network.state_dict(), path)
        weights = path
    else:
        path = tmp_path / "bundle"
        save_bundle(path, network, name="B", version="1", network_name=name)
        weights = path / "weights.safetensors"
    begun, report = starting_network(configured(path))
    assert_same(backbone_state(begun, REFERENCE), backbone_state(network, name))
    assert report.sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_a_slim_backbone_goes_on_from_its_own_keys(tmp_path: Path) -> None:
    network = made("resnet18-slim", 2)
    torch.save(network.state_dict(), tmp_path / "c.pt")
    begun, _ = starting_network(configured(tmp_path / "c.pt", "resnet18-slim"))
    assert_same(backbone_state(begun, "resnet18-slim"), backbone_state(network, "resnet18-slim"))


def test_old_files_without_counters_are_taken(reference: State, tmp_path: Path) -> None:
    torch.save({k: t for k, t in reference.items() if not k.endswith("num_batches_tracked")}, tmp_path / "c.pt")
    _, report = starting_network(configured(tmp_path / "c.pt"))
    assert report.matched == 100


def test_the_network_is_ready_to_learn_and_does_not_share_the_files_memory(reference: State, tmp_path: Path) -> None:
    torch.save(reference, tmp_path / "c.pt")
    network, _ = starting_network(configured(tmp_path / "c.pt"))
    assert network.training
    assert all(p.requires_grad and p.is_leaf and p.dtype == torch.float32 for p in network.parameters())


def test_the_seed_alone_decides_what_is_drawn() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, report = starting_network(configured(network="resnet18-slim", seed=4))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    assert_same(dict(first.state_dict()), dict(starting_network(first_again())[0].state_dict()))
    other, _ = starting_network(configured(network="resnet18-slim", seed=5))
    assert not torch.equal(first.state_dict()["fc.weight"], other.state_dict()["fc.weight"])
    assert (report.source, report.sha256, report.matched, report.ignored) == ("none", "", 0, ())


def first_again() -> TrainingConfig:
    return configured(network="resnet18-slim", seed=4)


def test_more_classes_have_more_answers() -> None:
    network, _ = starting_network(configured(network="resnet18-slim"), classes=3)
    assert network(torch.rand(2, 1, 32, 32)).shape == (2, 3)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"


def test_imagenet_weights_come_from_torchvisions_cache(hub: Path, rgb: State, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.mkdir(parents=True)
    torch.save(rgb, hub / "written")
    digest = hashlib.sha256((hub / "written").read_bytes()).hexdigest()
    monkeypatch.setattr(start, "IMAGENET_URLS", {"resnet18": f"https://nowhere/resnet18-{digest[:8]}.pth"})
    path = (hub / "written").rename(hub / f"resnet18-{digest[:8]}.pth")
    network, report = starting_network(configured("imagenet"))
    assert torch.equal(network.state_dict()["model.conv1.weight"][:, 0], rgb["conv1.weight"].sum(1))
    assert (report.source, report.sha256, report.matched) == (str(path), digest, 120)
    torch.save({k: t + 1 for k, t in rgb.items()}, path)
    with pytest.raises(TrainingError, match="their hash is not that in their name"):
        starting_network(configured("imagenet"))


@pytest.mark.parametrize(
    ("network", "file"),
    [
        ("resnet18", "resnet18-f37072fd.pth"),
        ("resnet18-reference", "resnet18-f37072fd.pth"),
        ("resnet50", "resnet50-0676ba61.pth"),
        ("resnet50-reference", "resnet50-0676ba61.pth"),
    ],
)
def test_absent_imagenet_weights_are_named_with_the_ways_out(network: str, file: str, hub: Path) -> None:
    assert imagenet_path(network) == hub / file
    with pytest.raises(TrainingError) as caught:
        starting_network(configured("imagenet", network))
    message = one_sentence(caught.value)
    assert str(hub / file) in message
    assert "nothing is downloaded" in message
    assert "--weights FILE" in message
    assert "--weights none" in message


def test_nothing_asks_the_network_for_weights(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(*_: object, **__: object) -> None:
        raise AssertionError("a download was begun")

    monkeypatch.setattr("socket.socket.connect", reached)
    monkeypatch.setattr(torch.hub, "download_url_to_file", reached)
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", reached)
    with pytest.raises(TrainingError, match="not there"):
        starting_network(configured("imagenet"))


def one_sentence(error: Exception) -> str:
    message = str(error)
    assert message.endswith(".")
    assert "\n" not in message
    assert ". " not in message.replace("c.pt", "").replace("...", "")
    return message


class Payload:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path.touch, (Path("ran"),)  # type: ignore[return-value]


def changed(key: str, tensor: Tensor) -> Callable[[State, Path], None]:
    return lambda state, path: torch.save({**state, key: tensor}, path)


def not_finite(state: State, path: Path) -> None:
    weights = state["model.layer2.0.conv1.weight"].clone()
    weights[3, 2, 1, 0] = float("nan")
    torch.save({**state, "model.layer2.0.conv1.weight": weights}, path)


def cut_short(state: State, path: Path) -> None:
    torch.save(state, path)
    path.write_bytes(path.read_bytes()[:90_000])


BAD: dict[str, tuple[Callable[[State, Path], object], str]] = {
    "another file": (lambda _s, p: p.write_text("hello"), "is damaged or none at all"),
    "pickled object": (lambda _s, p: torch.save(Payload(), p), "holds Python objects, which are never loaded"),
    "a damaged zip": (cut_short, "is damaged"),
    "no tensors": (lambda _s, p: torch.save({"epoch": 1}, p), "'epoch' is no tensor"),
    "another network": (lambda _s, p: torch.save({"w": torch.zeros(3)}, p), "it holds no ResNet"),
    "two networks": (
        lambda s, p: torch.save(behind("student.", s) | behind("teacher.", s), p),
        "it holds more than one ResNet",
    ),
    "a stage missing": (
        lambda s, p: torch.save({k: t for k, t in s.items() if "layer4.1" not in k}, p),
        "layer4.1.bn1.bias, layer4.1.bn1.running_mean, layer4.1.bn1.running_var and 7 more are missing",
    ),
    "a deeper network": (lambda _s, p: torch.save(resnet34().state_dict(), p), "are more than it has"),
    "a narrower network": (
        lambda _s, p: torch.save(build("resnet18-slim").state_dict(), p),
        "conv1.weight has the shape (16, 1, 7, 7) where the network has (64, 1, 7, 7)",
    ),
    "two channels": (
        changed("model.conv1.weight", torch.zeros(64, 2, 7, 7)),
        "conv1.weight has the shape (64, 2, 7, 7)",
    ),
    "three channels of another size": (
        changed("model.conv1.weight", torch.zeros(64, 3, 3, 3)),
        "conv1.weight has the shape (64, 1, 3, 3)",
    ),
    "not finite": (not_finite, "layer2.0.conv1.weight holds values that are not finite"),
    "larger than a float": (
        changed("model.bn1.weight", torch.full((64,), 1e300, dtype=torch.float64)),
        "bn1.weight holds values that are not finite",
    ),
    "negative variances": (
        changed("model.bn1.running_var", torch.full((64,), -1.0)),
        "bn1.running_var holds negative variances",
    ),
    "whole numbers": (changed("model.bn1.weight", torch.ones(64, dtype=torch.int64)), "has the type torch.int64"),
    "complex": (changed("model.bn1.weight", torch.ones(64) * 1j), "bn1.weight is no plain tensor"),
    "elsewhere": (changed("model.bn1.weight", torch.ones(64, device="meta")), "bn1.weight is no plain tensor"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_refused_in_one_sentence(
    case: str, reference: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write, cause = BAD[case]
    write(reference, tmp_path / "c.pt")
    with pytest.raises(TrainingError) as caught:
        starting_network(configured(tmp_path / "c.pt"))
    message = one_sentence(caught.value)
    assert str(tmp_path / "c.pt") in message
    assert cause in message
    assert not (tmp_path / "ran").exists()


def test_other_refusals_name_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"^There are no weights at imagnet: --weights takes imagenet, none, or"):
        starting_network(configured("imagnet"))
    with pytest.raises(TrainingError, match="There are no weights at"):
        starting_network(configured("w" * 5000))
    with pytest.raises(TrainingError, match=r"^There are no ImageNet weights of the network resnet18-slim: give"):
        starting_network(configured("imagenet", "resnet18-slim"))
    with pytest.raises(TrainingError, match=r"^A frozen backbone needs weights that have seen pictures"):
        starting_network(configured("none", backbone="frozen"))
    with pytest.raises(TrainingError, match="There is no network 'vgg'; the networks are resnet18, "):
        starting_network(configured(network="vgg"))
    with pytest.raises(TrainingError, match="takes pictures of 224 pixels, not 256"):
        starting_network(configured(preprocess=PreprocessSettings(size=256)))
    with pytest.raises(TrainingError, match=r"bundle\.toml"):
        starting_network(configured(tmp_path))
    save_bundle(tmp_path / "b", build("resnet18-slim"), name="B", version="1", network_name="resnet18-slim")
    with pytest.raises(TrainingError, match=r"/b do not fit the network resnet18-reference: the bundle holds a resn"):
        starting_network(configured(tmp_path / "b"))
    with (tmp_path / "large.safetensors").open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(TrainingError, match="larger than 1024 MiB"):
        starting_network(configured(tmp_path / "large.safetensors"))


@pytest.mark.parametrize("name", NETWORKS)
def test_head_after_backbone_is_the_network_exactly(name: str) -> None:
    network = made(name, 1).eval()
    backbone, head = split_network(name, network)
    x = torch.rand(2, 1, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        features = backbone(x)
        assert torch.equal(head(features), network(x))
    places = (7, 7) if name.endswith("-reference") else ()
    channels = {"resnet18": 512, "resnet50": 2048}.get(name.removesuffix("-reference"), 128)
    assert features.shape == (2, channels, *places)
    assert float(features.std()) > 0.01
    halves = [*backbone.parameters(), *head.parameters()]
    assert {id(p) for p in halves} == {id(p) for p in network.parameters()}
    assert len(halves) == len(list(network.parameters()))


def train_briefly(network: nn.Module, size: int = 224) -> None:
    """Some steps as a loop would take them: the whole network in training mode."""
    network.train()
    learning = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.SGD(learning, 0.1)
    for step in range(2):
        x = torch.rand(3, 1, size, size, generator=torch.Generator().manual_seed(step))
        optimiser.zero_grad()
        nn.functional.cross_entropy(network(x), torch.tensor([0, 1, 1])).backward()
        optimiser.step()


@pytest.mark.parametrize("name", ["resnet18-slim", REFERENCE])
def test_a_frozen_backbone_is_unchanged_by_training(name: str) -> None:
    network = made(name, 1)
    backbone, head = split_network(name, network)
    assert freeze(backbone) is backbone
    before = copy.deepcopy(network.state_dict())
    train_briefly(network)
    after = network.state_dict()
    learned = {key for key in before if not torch.equal(before[key], after[key])}
    assert learned == set(network.state_dict()) & {"fc.weight", "fc.bias", "conv.weight", "conv.bias"}
    assert before.keys() == after.keys()
    assert all(p.requires_grad for p in head.parameters())


def test_batch_norms_change_unless_they_are_frozen() -> None:
    """The published code left them in training mode: gradients alone do not freeze a backbone."""
    network = made("resnet18-slim", 1)
    backbone, _ = split_network("resnet18-slim", network)
    backbone.requires_grad_(False)
    before = copy.deepcopy(network.state_dict())
    train_briefly(network, 64)
    changed_keys = {key for key, tensor in network.state_dict().items() if not torch.equal(before[key], tensor)}
    assert {"bn1.running_mean", "layer4.1.bn2.running_var"} < changed_keys
    assert "bn1.weight" not in changed_keys


def test_a_frozen_backbone_stays_frozen_when_copied_or_sent_to_another_process() -> None:
    network = made("resnet18-slim", 1)
    freeze(split_network("resnet18-slim", network)[0])
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        other.train()
        norms = [module for module in other.modules() if isinstance(module, nn.BatchNorm2d)]
        assert len(norms) == 20
        assert not any(module.training for module in norms)
    another = build("resnet18-slim")
    another.load_state_dict(network.state_dict())
    assert another.get_submodule("bn1").training
