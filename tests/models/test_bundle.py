from __future__ import annotations

import dataclasses
import hashlib
import re
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from xai.errors import BundleError
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import CellGrid
from xai.imaging.volume import SeriesInfo, Volume
from xai.models.bundle import choose_device, load_bundle, save_bundle
from xai.models.manifest import PreprocessSettings
from xai.models.networks import NETWORKS, build
from xai.models.predict import predict


@pytest.mark.parametrize("name", ["resnet18-slim", "resnet18-reference"])
def test_a_bundle_comes_back_as_it_was_saved(name: str, tmp_path: Path) -> None:
    network = build(name)
    save_bundle(tmp_path / "b", network, name='Légs "T1"', version="1", network_name=name, metrics={"auc": 0.5})
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    bundle = load_bundle(tmp_path / "b", device="cpu")
    x = torch.rand(2, 1, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(bundle.network(x), network.eval()(x), atol=1e-5, rtol=1e-5)
    assert bundle.manifest.name == 'Légs "T1"'
    assert bundle.classes == ("healthy", "affected")
    assert bundle.manifest.metrics == {"auc": 0.5}
    assert bundle.device == "cpu"
    grid = NETWORKS[name].grids[NETWORKS[name].cam_layer]
    assert bundle.cam_cells == grid == CellGrid(16.0 if name.endswith("reference") else 0.0, 32.0)


def test_a_loaded_network_is_in_eval_mode_and_frozen(bundle_folder: Path) -> None:
    network = load_bundle(bundle_folder).network
    assert not any(module.training for module in network.modules())
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_the_same_bundle_has_the_same_bytes_and_hash(bundle_folder: Path, tmp_path: Path) -> None:
    first = load_bundle(bundle_folder)
    manifest = first.manifest
    save_bundle(
        tmp_path / "again",
        first.network,
        name=manifest.name,
        version=manifest.version,
        network_name=manifest.network,
        trained_on=manifest.trained_on,
        metrics=manifest.metrics,
    )
    for file in ("bundle.toml", "weights.safetensors"):
        assert (tmp_path / "again" / file).read_bytes() == (bundle_folder / file).read_bytes()
    assert load_bundle(tmp_path / "again").sha256 == first.sha256


def test_the_hash_follows_the_manifest_too(bundle_folder: Path) -> None:
    before = load_bundle(bundle_folder).sha256
    toml = bundle_folder / "bundle.toml"
    toml.write_text(toml.read_text().replace('version = "1"', 'version = "2"'))
    assert load_bundle(bundle_folder).sha256 != before


def edit(old: str, new: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        toml = folder / "bundle.toml"
        text = toml.read_text()
        assert old in text
        toml.write_text(text.replace(old, new))

    return damage


def sealed(folder: Path, raw: bytes) -> None:
    """Put other weights in and write their true hash into the manifest."""
    (folder / "weights.safetensors").write_bytes(raw)
    toml = folder / "bundle.toml"
    digest = hashlib.sha256(raw).hexdigest()
    toml.write_text(re.sub(r'weights_sha256 = "\w+"', f'weights_sha256 = "{digest}"', toml.read_text()))


def truncated(folder: Path) -> None:
    sealed(folder, (folder / "weights.safetensors").read_bytes()[:5000])


def flipped_bit(folder: Path) -> None:
    raw = bytearray((folder / "weights.safetensors").read_bytes())
    raw[-1] ^= 1
    (folder / "weights.safetensors").write_bytes(raw)


def other_shapes(folder: Path) -> None:
    path = folder / "weights.safetensors"
    weights = load_file(path)
    weights["fc.weight"] = torch.zeros(3, 128)
    save_file(weights, path)
    sealed(folder, path.read_bytes())


def a_key_less(folder: Path) -> None:
    path = folder / "weights.safetensors"
    weights = load_file(path)
    del weights["bn1.weight"]
    save_file(weights, path)
    sealed(folder, path.read_bytes())


def pickled(folder: Path) -> None:
    torch.save({"fc.weight": torch.zeros(2)}, folder / "p")
    sealed(folder, (folder / "p").read_bytes())


BAD: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no manifest": (lambda f: (f / "bundle.toml").unlink(), "bundle.toml", "No such file"),
    "no weights": (lambda f: (f / "weights.safetensors").unlink(), "weights.safetensors", "No such file"),
    "wrong hash": (flipped_bit, "weights.safetensors", "hash differs"),
    "truncated weights": (truncated, "weights.safetensors", "damaged or no safetensors"),
    "pickled weights": (pickled, "weights.safetensors", "damaged or no safetensors"),
    "empty weights": (lambda f: sealed(f, b""), "weights.safetensors", "damaged or no safetensors"),
    "wrong shape": (other_shapes, "weights.safetensors", "fc.weight has the shape"),
    "missing key": (a_key_less, "weights.safetensors", "bn1.weight is missing"),
    "unknown network": (edit("resnet18-slim", "vgg16"), "bundle.toml", "names the network 'vgg16'"),
    "another network": (edit("resnet18-slim", "resnet50"), "weights.safetensors", "missing for the network resnet50"),
    "absurd size": (edit("size = 224", "size = 100000000"), "bundle.toml", "preprocess.size"),
    "absurd stride": (edit("cam_stride = 32.0", "cam_stride = 0.0"), "bundle.toml", "cam_stride"),
    "not a number": (edit("cam_centre = 0.0", "cam_centre = nan"), "bundle.toml", "cam_centre"),
    "unknown field": (edit('version = "1"', 'version = "1"\nsurprise = 1'), "bundle.toml", "surprise"),
    "unknown layer": (edit('"layer4"', '"layer9"'), "bundle.toml", "names the CAM layer 'layer9'"),
    "one class twice": (edit('"healthy", "affected"', '"a", "a"'), "bundle.toml", "differ"),
    "percentiles": (edit("[0.5, 99.5]", "[99.5, 0.5]"), "bundle.toml", "window_percentiles"),
    "no TOML": (edit("name = ", "name "), "bundle.toml", "not valid TOML"),
    "no text": (lambda f: (f / "bundle.toml").write_bytes(b"\xff\xfe\x00"), "bundle.toml", "not valid TOML"),
    "huge manifest": (lambda f: (f / "bundle.toml").write_bytes(b"#" * (2 << 20)), "bundle.toml", "larger than"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_bundles_are_refused_in_one_sentence_naming_the_file(case: str, bundle_folder: Path) -> None:
    damage, file, cause = BAD[case]
    damage(bundle_folder)
    with pytest.raises(BundleError) as caught:
        load_bundle(bundle_folder)
    message = str(caught.value)
    assert str(bundle_folder / file) in message
    assert cause in message
    assert message.endswith(".")
    assert "\n" not in message


def test_a_weights_file_too_large_to_be_ours_is_not_read(bundle_folder: Path) -> None:
    with (bundle_folder / "weights.safetensors").open("r+b") as file:
        file.truncate(2 << 30)  # sparse: takes no room
    with pytest.raises(BundleError, match=r"weights\.safetensors are larger than 1024 MiB"):
        load_bundle(bundle_folder)


def test_no_bundle_there(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such folder"):
        load_bundle(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match="it is a file"):
        load_bundle(tmp_path / "file")


def test_an_unknown_device_is_one_sentence(bundle_folder: Path) -> None:
    with pytest.raises(BundleError, match="cannot be put on the device 'abacus'"):
        load_bundle(bundle_folder, device="abacus")


def test_a_reference_bundle_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="224 only"):
        save_bundle(
            tmp_path / "b",
            build("resnet18-reference"),
            name="x",
            version="1",
            network_name="resnet18-reference",
            preprocess=PreprocessSettings(size=256),
        )


def test_saving_under_a_wrong_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="resnet50"):
        save_bundle(tmp_path / "b", build("resnet18-slim"), name="x", version="1", network_name="resnet50")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_the_fastest_device_is_chosen(cuda: bool, mps: bool, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device() == expected


def test_loading_and_predicting_connect_to_nothing(bundle_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_keywords: object) -> None:
        raise AssertionError("a connection was asked for")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    volume = Volume(
        np.random.default_rng(0).random((1, 64, 64), np.float32), VolumeGeometry((1, 64, 64), np.eye(4)), SeriesInfo()
    )
    assert predict(load_bundle(bundle_folder), volume).target[0] in (0, 1)


def test_a_bundle_is_frozen(bundle_folder: Path) -> None:
    bundle = load_bundle(bundle_folder)
    with pytest.raises(dataclasses.FrozenInstanceError):
        bundle.device = "cuda"  # type: ignore[misc]
