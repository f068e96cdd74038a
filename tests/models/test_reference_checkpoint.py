from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from xai.errors import BundleError
from xai.models.bundle import load_bundle
from xai.models.networks import build
from xai.models.reference_checkpoint import import_checkpoint

State = dict[str, Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return build("resnet18-reference").state_dict()


def older(state: State) -> State:
    return {key.replace("model.", "resnet18.", 1) if key.startswith("model.") else key: t for key, t in state.items()}


def parallel(state: State) -> State:
    return {f"module.{key}": tensor for key, tensor in state.items()}


LAYOUTS: dict[str, tuple[Callable[[State], Any], str]] = {
    "newer": (dict, "newer layout (model.*)"),
    "older": (older, "older layout (resnet18.*)"),
    "from several GPUs": (lambda s: parallel(older(s)), "older layout (resnet18.*), saved from several GPUs"),
    "wrapped": (lambda s: {"state_dict": s, "epoch": 3}, "newer layout (model.*)"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_published_layouts_become_the_same_bundle(layout: str, state: State, tmp_path: Path) -> None:
    written, words = LAYOUTS[layout]
    torch.save(written(state), tmp_path / "c.pt")
    report = import_checkpoint(tmp_path / "c.pt", "resnet18-reference", tmp_path / "bundle")
    assert report.layout == words
    assert report.matched == len(state)
    assert report.added == ()
    loaded = load_bundle(tmp_path / "bundle").network.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[key], tensor) for key, tensor in state.items())


def test_counters_that_old_checkpoints_lack_are_added(state: State, tmp_path: Path) -> None:
    torch.save({key: t for key, t in state.items() if not key.endswith("num_batches_tracked")}, tmp_path / "c.pt")
    report = import_checkpoint(tmp_path / "c.pt", "resnet18-reference", tmp_path / "bundle")
    assert report.matched + len(report.added) == len(state)
    assert len(report.added) == 20


def test_a_plain_network_is_imported_by_its_own_keys(tmp_path: Path) -> None:
    torch.save(build("resnet18-slim").state_dict(), tmp_path / "c.pt")
    assert import_checkpoint(tmp_path / "c.pt", "resnet18-slim", tmp_path / "b").layout == "plain layout"


class Payload:
    """Anything but tensors: unpickling it would run code of the file's choosing."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path.touch, (Path("ran"),)  # type: ignore[return-value]


BAD: dict[str, tuple[Callable[[State, Path], object], str]] = {
    "pickled object": (lambda _s, p: torch.save(Payload(), p), "holds Python objects, which are never loaded"),
    "text": (lambda _s, p: p.write_text("hello"), "is damaged or"),
    "empty": (lambda _s, p: p.touch(), "is damaged or none at all"),
    "a list": (lambda _s, p: torch.save([1, 2], p), "holds no state dict"),
    "numbers": (lambda _s, p: torch.save({"epoch": 1}, p), "'epoch' is no tensor"),
    "missing keys": (lambda s, p: torch.save({k: s[k] for k in list(s)[:-2]}, p), "fc.bias, fc.weight are missing"),
    "unexpected keys": (lambda s, p: torch.save({**s, "head.w": s["fc.bias"]}, p), "head.w is not known"),
    "wrong shape": (lambda s, p: torch.save({**s, "fc.weight": torch.zeros(2, 512)}, p), "fc.weight has the shape"),
    "three channels": (
        lambda s, p: torch.save({**s, "model.conv1.weight": torch.zeros(64, 3, 7, 7)}, p),
        "model.conv1.weight has the shape (64, 3, 7, 7)",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_other_files_are_refused_in_one_sentence(
    case: str, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write, cause = BAD[case]
    path = tmp_path / "c.pt"
    write(state, path)
    with pytest.raises(BundleError) as caught:
        import_checkpoint(path, "resnet18-reference", tmp_path / "bundle")
    message = str(caught.value)
    assert str(path) in message
    assert cause in message
    assert message.endswith(".")
    assert "\n" not in message
    assert not (tmp_path / "bundle").exists()
    assert not (tmp_path / "ran").exists()


def test_truncated_and_missing_checkpoints(state: State, tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    torch.save(state, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BundleError, match=r"c\.pt is damaged"):
        import_checkpoint(path, "resnet18-reference", tmp_path / "bundle")
    with pytest.raises(BundleError, match="No such file"):
        import_checkpoint(tmp_path / "none.pt", "resnet18-reference", tmp_path / "bundle")


def test_a_checkpoint_of_the_other_depth_is_refused(state: State, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "c.pt")
    with pytest.raises(BundleError, match="does not fit"):
        import_checkpoint(tmp_path / "c.pt", "resnet50-reference", tmp_path / "bundle")


def test_a_file_too_large_to_be_ours_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "c.pt").open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(BundleError, match="larger than 1024 MiB"):
        import_checkpoint(tmp_path / "c.pt", "resnet18-reference", tmp_path / "bundle")
