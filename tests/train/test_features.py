from __future__ import annotations

import copy
import errno
import io
import os
import pickle
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from xai.errors import TrainingError
from xai.models.manifest import PreprocessSettings
from xai.models.networks import build
from xai.progress import Cancelled
from xai.train.augment import augment
from xai.train.config import AugmentSettings, TrainingConfig
from xai.train.features import BATCH_SIZES, FeatureStore, feature_shape, features_digest
from xai.train.start import freeze, split_network, starting_network
from xai.train.views import view_batches

SETTINGS = AugmentSettings()
SEED = 11


def legs(count: int, size: int) -> NDArray[np.float16]:
    """Round bodies whose brightness grows with their number: the order can be seen."""
    row, column = np.mgrid[:size, :size]
    body = (row - size / 2) ** 2 + (column - size / 2) ** 2 < (0.4 * size) ** 2
    texture = np.random.default_rng(0).uniform(0.0, 0.2, (count, size, size))
    levels = np.linspace(0.1, 0.8, count)[:, None, None]
    return np.where(body, levels + texture, 0).astype(np.float16)


@pytest.fixture
def slim() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        backbone, _ = split_network("resnet18-slim", build("resnet18-slim"))
    return freeze(backbone)


def written(store: FeatureStore, backbone: nn.Module, pictures: NDArray[np.float16], view: int, **more: Any) -> Any:
    store.write_view(view, backbone, pictures, SETTINGS, SEED, **more)
    return store.open(view)


def live(backbone: nn.Module, pictures: NDArray[np.float16], view: int, batch: int) -> Tensor:
    """What a loop that keeps nothing would compute: every picture changed and passed when its turn comes."""
    answers = []
    with torch.inference_mode():
        for begin in range(0, len(pictures), batch):
            x = torch.stack(
                [
                    augment(torch.from_numpy(pictures[n].astype(np.float32))[None], SETTINGS, SEED, n, view)
                    for n in range(begin, min(begin + batch, len(pictures)))
                ]
            )
            answers.append(backbone(x.contiguous(memory_format=torch.channels_last)))
    return torch.cat(answers)


@pytest.mark.parametrize(("name", "size", "count"), [("resnet18-slim", 96, 21), ("resnet18-reference", 224, 5)])
def test_kept_features_are_those_computed_live(name: str, size: int, count: int, tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(8)
        torch.save(build(name).state_dict(), tmp_path / "weights.pt")
    network, _ = starting_network(TrainingConfig(network=name, weights=str(tmp_path / "weights.pt")))
    backbone, head = split_network(name, network)
    freeze(backbone)
    pictures = legs(count, size)
    store = FeatureStore(tmp_path / "features", count, "d")
    around = copy.deepcopy(backbone).to(memory_format=torch.channels_last)
    for view in (0, 2):
        kept = torch.from_numpy(np.array(written(store, backbone, pictures, view)))
        assert kept.shape == (count, *feature_shape(backbone, size))
        assert torch.equal(kept, live(around, pictures, view, BATCH_SIZES["cpu"]))
        # Other batches and layouts of memory add up in another order.
        alone = live(backbone, pictures, view, 3)
        assert float((kept - alone).abs().max()) <= 1e-5 * float(alone.abs().max())
        with torch.inference_mode():
            torch.testing.assert_close(head(kept), head(alone), atol=1e-4, rtol=1e-4)
    assert not np.allclose(store.open(0), store.open(2), atol=1e-3)


def test_rows_are_in_the_order_of_the_examples(slim: nn.Module, tmp_path: Path) -> None:
    """Over several batches, the last of them short; each row is looked for among all examples."""
    count = 2 * BATCH_SIZES["cpu"] + 3
    pictures = legs(count, 48)
    kept = written(FeatureStore(tmp_path, count, "d"), slim, pictures, 1)
    expected = live(slim, pictures, 1, 1).numpy()
    apart = np.linalg.norm(kept[:, None] - expected[None], axis=-1)
    assert (apart.argmin(1) == np.arange(count)).all()


def test_the_mean_of_a_picture_goes_into_its_row(tmp_path: Path) -> None:
    """A backbone that only measures brightness: the clean view's row n is picture n's mean."""
    pictures = legs(40, 32)
    backbone = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(1))
    kept = written(FeatureStore(tmp_path, 40, "d"), backbone, pictures, 0)
    assert kept[:, 0] == pytest.approx(pictures.astype(np.float64).mean((1, 2)), abs=1e-6)
    assert (np.diff(kept[:, 0]) > 0).all()


def test_what_is_kept_is_read_only_and_not_computed_again(slim: nn.Module, tmp_path: Path) -> None:
    store, pictures = FeatureStore(tmp_path, 4, "d"), legs(4, 32)
    assert not store.has(3)
    kept = written(store, slim, pictures, 3)
    assert store.has(3)
    assert not store.has(2)
    assert isinstance(kept, np.memmap)
    assert kept.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 0
    when = store.path(3).stat().st_mtime_ns
    store.write_view(3, slim, pictures, SETTINGS, SEED, progress=never)
    assert store.path(3).stat().st_mtime_ns == when
    assert [path.name for path in tmp_path.iterdir()] == [store.path(3).name]


def never(done: int, total: int) -> None:
    raise AssertionError("it was computed again")


def test_a_store_of_another_digest_is_not_used_and_makes_room(slim: nn.Module, tmp_path: Path) -> None:
    first, second = FeatureStore(tmp_path, 4, "first"), FeatureStore(tmp_path, 4, "second")
    written(first, slim, legs(4, 32), 0)
    assert not second.has(0)
    with pytest.raises(TrainingError, match=r"view-000-\w+\.npy cannot be read: No such file"):
        second.open(0)
    written(second, slim, legs(4, 32), 1)
    assert not first.has(0)
    assert len(list(tmp_path.iterdir())) == 1


def test_the_digest_covers_what_features_depend_on(slim: nn.Module) -> None:
    given: dict[str, Any] = {
        "pictures": "p",
        "backbone": slim,
        "settings": SETTINGS,
        "seed": 1,
        "preprocess": PreprocessSettings(),
        "precision": "auto",
    }
    other = copy.deepcopy(slim)
    with torch.no_grad():
        next(other.parameters()).view(-1)[0] += 1e-3
    statistics = copy.deepcopy(slim)
    statistics.get_submodule("bn1").running_mean[2] += 1e-3  # type: ignore[index, operator]
    changes: dict[str, list[Any]] = {
        "pictures": ["q"],
        "backbone": [other, statistics],
        "settings": [SETTINGS.model_copy(update={"noise": 0.02})],
        "seed": [2],
        "preprocess": [PreprocessSettings(body_mask=False)],
        "precision": ["32"],
    }
    assert changes.keys() == given.keys()
    digests = {features_digest(**given)}
    for key, values in changes.items():
        digests |= {features_digest(**{**given, key: value}) for value in values}
    assert len(digests) == 8
    assert features_digest(**{**given, "backbone": copy.deepcopy(slim)}) == features_digest(**given)


DAMAGES = {
    "cut short": lambda raw: raw[: len(raw) // 2],
    "empty": lambda raw: b"",
    "text": lambda raw: b"hello, this is no array at all",
    "an archive": lambda raw: zipped(),
    "other examples": lambda raw: array(np.zeros((3, 128), np.float32)),
    "other numbers": lambda raw: array(np.zeros((4, 128), np.float64)),
    "objects": lambda raw: array(np.array([{"a": 1}] * 4)),
}


def array(values: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    np.savez(file, np.zeros(4))
    return file.getvalue()


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_features_count_as_absent_and_are_computed_again(damage: str, slim: nn.Module, tmp_path: Path) -> None:
    store, pictures = FeatureStore(tmp_path, 4, "d"), legs(4, 32)
    expected = np.array(written(store, slim, pictures, 0))
    store.path(0).write_bytes(DAMAGES[damage](store.path(0).read_bytes()))
    assert not store.has(0)
    with pytest.raises(TrainingError, match=r"^The features .*view-000-\w+\.npy cannot be read: [^\n]+\.$"):
        store.open(0)
    assert np.array_equal(written(store, slim, pictures, 0), expected)


def test_the_backbone_the_pictures_and_the_random_state_are_left_as_they_were(slim: nn.Module, tmp_path: Path) -> None:
    network = build("resnet18-slim")
    backbone, _ = split_network("resnet18-slim", network)
    before, pictures, random = copy.deepcopy(network.state_dict()), legs(3, 32), torch.get_rng_state()
    given_pictures = pictures.copy()
    kept = written(FeatureStore(tmp_path, 3, "d"), backbone, pictures, 1)
    assert network.training
    assert backbone.training
    assert all(p.requires_grad and p.is_contiguous() for p in network.parameters())
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())
    assert np.array_equal(pictures, given_pictures)
    assert torch.equal(torch.get_rng_state(), random)
    # Even of a backbone in training mode the features are those of eval mode.
    assert np.allclose(kept, live(backbone.eval(), pictures, 1, 16).numpy(), atol=1e-5)


def test_progress_counts_examples_and_cancelling_leaves_nothing(slim: nn.Module, tmp_path: Path) -> None:
    count, told = BATCH_SIZES["cpu"] + 2, []
    store = FeatureStore(tmp_path, count, "d")

    def cancel(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        store.write_view(0, slim, legs(count, 32), SETTINGS, SEED, "cpu", cancel)
    assert told == [(0, count), (BATCH_SIZES["cpu"], count)]
    assert list(tmp_path.iterdir()) == []
    store.write_view(0, slim, legs(count, 32), SETTINGS, SEED, "cpu", lambda *one: told.append(one))
    assert told[-1] == (count, count)


def test_too_little_room_is_said_before_anything_is_written(
    slim: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FeatureStore(tmp_path / "a" / "features", 4, "d")
    needed = store.bytes_needed(slim, 32, 9)
    assert needed == 9 * (4 * 128 * 4 + 128)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed))
    store.check_room(slim, 32, range(9))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed - 1))
    with pytest.raises(TrainingError, match=r"^The features of 9 views of 4 slices take 0\.0 MB, and the disk of .*"):
        store.check_room(slim, 32, range(9))
    written(store, slim, legs(4, 32), 5)
    assert store.path(5).stat().st_size == needed / 9
    store.check_room(slim, 32, range(9))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    with pytest.raises(TrainingError, match="features of 1 view of 4 slices"):
        store.write_view(6, slim, legs(4, 32), SETTINGS, SEED)
    assert len(list(store.folder.iterdir())) == 1


def test_features_of_the_published_head_need_their_places(tmp_path: Path) -> None:
    backbone, _ = split_network("resnet18-reference", build("resnet18-reference"))
    store = FeatureStore(tmp_path, 480, "d")
    assert store.bytes_needed(backbone, 224, 9) == pytest.approx(9 * 480 * 512 * 49 * 4, rel=1e-4)


def test_a_disk_that_fills_up_leaves_no_half_file(
    slim: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fdopen

    def filling(handle: int, mode: str) -> Any:
        file = real(handle, mode, buffering=0)

        class Filling:
            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def write(self, data: Any) -> int:
                if file.tell() + len(bytes(data)) > 9_000:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return int(file.write(data))

        return Filling()

    count = 2 * BATCH_SIZES["cpu"]
    store = FeatureStore(tmp_path, count, "d")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", filling)
        with pytest.raises(TrainingError, match=r"view-002-\w+\.npy cannot be written: the disk is full\.$"):
            written(store, slim, legs(count, 32), 2)
    assert list(tmp_path.iterdir()) == []
    assert len(written(store, slim, legs(count, 32), 2)) == count


def test_a_file_the_system_does_not_let_grow_is_told(slim: nn.Module, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    store = FeatureStore(tmp_path, 3 * BATCH_SIZES["cpu"], "d")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(TrainingError, match="cannot be written: File too large"):
            written(store, slim, legs(store.examples, 32), 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_when_it_is_old(slim: nn.Module, tmp_path: Path) -> None:
    old, new, foreign = (tmp_path / name for name in (".view-000-x.1.part", ".view-000-x.2.part", "notes.npy"))
    for path in (old, new, foreign):
        path.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    written(FeatureStore(tmp_path, 2, "d"), slim, legs(2, 32), 0)
    assert not old.exists()
    assert new.exists()
    assert foreign.exists()


def test_features_that_are_not_finite_are_refused(slim: nn.Module, tmp_path: Path) -> None:
    norm = slim.get_submodule("layer4.1.bn2")
    assert isinstance(norm, nn.BatchNorm2d)
    norm.weight.data.fill_(float("inf"))
    with pytest.raises(TrainingError, match="not finite for slices 1 to 2: its weights do not go with"):
        written(FeatureStore(tmp_path, 2, "d"), slim, legs(2, 32), 0)
    assert list(tmp_path.iterdir()) == []


def test_pictures_of_other_examples_are_refused(slim: nn.Module, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="There are 3 pictures where there are 2 examples"):
        written(FeatureStore(tmp_path, 2, "d"), slim, legs(3, 32), 0)


class Greedy(nn.Module):
    """Runs out of memory for more than five pictures at a time."""

    def __init__(self, most: int = 5) -> None:
        super().__init__()
        self.most = most

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > self.most:
            raise torch.OutOfMemoryError("no memory")
        return x.mean((1, 2, 3))[:, None]


def test_too_little_memory_makes_batches_smaller_and_at_last_a_sentence(tmp_path: Path) -> None:
    pictures = legs(40, 32)
    kept = written(FeatureStore(tmp_path / "a", 40, "d"), Greedy(), pictures, 0)
    assert kept[:, 0] == pytest.approx(pictures.astype(np.float64).mean((1, 2)), abs=1e-6)
    # One picture is passed to learn the shape, without computing.
    with pytest.raises(TrainingError, match="The memory of the device cpu is too small for one slice"):
        written(FeatureStore(tmp_path / "b", 40, "d"), OnlyShape(), pictures, 0)


class OnlyShape(Greedy):
    def forward(self, x: Tensor) -> Tensor:
        self.most = 1 if x.device.type == "meta" else 0
        return super().forward(x)


def test_several_processes_give_the_pictures_of_one(tmp_path: Path) -> None:
    np.save(tmp_path / "pictures.npy", legs(21, 224))
    pictures = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    before = torch.get_rng_state()
    one = list(view_batches(pictures, SETTINGS, SEED, 3, 4, workers=0))
    two = list(view_batches(pictures, SETTINGS, SEED, 3, 4, workers=2))
    assert torch.equal(torch.get_rng_state(), before)
    assert [len(batch) for batch in one] == [4, 4, 4, 4, 4, 1]
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_views_do_not_depend_on_the_number_of_threads() -> None:
    threads, pictures = torch.get_num_threads(), legs(6, 224)
    try:
        made = []
        for count in (1, 2):
            torch.set_num_threads(count)
            made.append(torch.cat(list(view_batches(pictures, SETTINGS, SEED, 3, 4))))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*made)


def test_a_mapped_file_is_sent_to_other_processes_by_its_name(tmp_path: Path) -> None:
    from xai.train.views import _Views

    np.save(tmp_path / "pictures.npy", legs(40, 64))
    mapped = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    sent = pickle.dumps(_Views(mapped, SETTINGS, SEED, 1))
    assert len(sent) < 4096
    assert torch.equal(pickle.loads(sent)[range(3, 7)], _Views(mapped, SETTINGS, SEED, 1)[range(3, 7)])
    # A part of a map begins elsewhere in the file, so its values are sent.
    part = _Views(mapped[10:20], SETTINGS, SEED, 1)
    assert torch.equal(pickle.loads(pickle.dumps(part))[range(3)], part[range(3)])
