"""What a frozen backbone sees in every view of every picture, computed once and kept on disk for all folds.

One file holds one view of all examples, in their order, float32 and never compressed: folds read rows of it without
loading the rest. A file is put in place when it is whole, and its name says what it depends on, so whatever was broken
off or belongs to other pictures, weights or settings is never read.
"""

from __future__ import annotations

import contextlib
import copy
import errno
import hashlib
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np
import torch
from numpy.lib import format as npy
from numpy.typing import NDArray
from torch import Tensor, nn

from xai.errors import TrainingError
from xai.files import whole
from xai.models.manifest import PreprocessSettings
from xai.progress import Progress, ignore
from xai.train.config import AugmentSettings
from xai.train.views import view_batches

RECIPE = 1
"""Number of the way from pictures to features; another one makes what is kept useless."""

HEADER_BYTES = 128

BATCH_SIZES = {"cuda": 128, "mps": 64, "cpu": 16}
"""Pictures per batch. Fixed for each device: sums come out the same only in batches of the same composition."""

STALE_SECONDS = 3600.0
"""Temporary files older than this were left by a process that died."""


class FeatureStore:
    """A folder of features, a file for each view; several processes may write different views, or the same.

    Parameters
    ----------
    folder : Path
        Made when first written to.
    examples : int
        How many there are.
    digest : str
        Of everything the features depend on, see `features_digest`; files of another one are as good as absent.
    """

    def __init__(self, folder: Path, examples: int, digest: str) -> None:
        self.folder, self.examples, self.digest = Path(folder), examples, digest
        self._stamp = hashlib.sha256(f"{RECIPE} {digest}".encode()).hexdigest()[:16]

    def path(self, view: int) -> Path:
        """Return where the features of a view are kept."""
        return self.folder / f"view-{view:03d}-{self._stamp}.npy"

    def has(self, view: int) -> bool:
        """Tell whether the features of a view are there, whole."""
        try:
            self._map(view)
        except (OSError, ValueError):
            return False
        return True

    def open(self, view: int) -> NDArray[np.float32]:
        """Return the features (examples, ...) of a view, read from disk as they are looked at; not to be written to.

        Raises
        ------
        TrainingError
            When they are not there or not whole.
        """
        try:
            return self._map(view)
        except (OSError, ValueError) as error:
            raise TrainingError(f"The features {self.path(view)} cannot be read: {_why(error)}.") from None

    def _map(self, view: int) -> NDArray[np.float32]:
        found = npy.open_memmap(self.path(view), mode="r")
        if found.dtype != np.float32 or found.shape[:1] != (self.examples,):
            raise ValueError("they are not those of these examples")
        return found

    def bytes_needed(self, backbone: nn.Module, size: int, views: int = 1) -> int:
        """Return how many bytes the features of this many views of pictures of ``size`` pixels take."""
        values = int(np.prod(feature_shape(backbone, size), dtype=np.int64))
        return views * (self.examples * values * 4 + HEADER_BYTES)

    def check_room(self, backbone: nn.Module, size: int, views: Iterable[int]) -> None:
        """Raise `TrainingError` when the disk has not room for those of ``views`` that are not there yet."""
        lacking = [view for view in views if not self.has(view)]
        self._check_room(self.bytes_needed(backbone, size, len(lacking)), len(lacking))

    def _check_room(self, needed: int, views: int) -> None:
        place = self.folder
        while not place.exists() and place != place.parent:
            place = place.parent
        free = shutil.disk_usage(place).free
        if needed > free:
            raise TrainingError(
                f"The features of {views} {'view' if views == 1 else 'views'} of {self.examples} slices take "
                f"{_size(needed)}, and the disk of {self.folder} has {_size(free)} left: make room, or take fewer "
                "views of each slice."
            )

    def write_view(
        self,
        view: int,
        backbone: nn.Module,
        pictures: NDArray[np.float16],
        settings: AugmentSettings,
        seed: int,
        device: str = "cpu",
        progress: Progress = ignore,
        *,
        precision: str = "auto",
        workers: int | None = None,
    ) -> None:
        """Compute the features of one view of all examples and keep them; nothing happens when they are there.

        Parameters
        ----------
        view : int
            0 is the clean picture.
        backbone : Module
            Left as it is, wherever it is and in whatever mode.
        pictures : array (examples, size, size) float16
            In [0, 1]; row n is example n, whose number its views are drawn from.
        settings, seed
            See `xai.train.augment.augment`.
        device : str
            Where to compute.
        progress : Progress
            Told of examples; cancels by raising.
        precision : str
            ``32``, ``16-mixed`` or ``bf16-mixed``; ``auto`` is 16-mixed. On a GPU of NVIDIA's only: elsewhere it is 32.
        workers : int, optional
            Processes that change pictures; without it there are some beside a GPU. They change no value.

        Raises
        ------
        TrainingError
            When the disk is full, the device's memory too small, or a feature is not finite.
        Cancelled
            When ``progress`` raises it.
        """
        if self.has(view):
            return
        if pictures.shape[:1] != (self.examples,):
            raise TrainingError(f"There are {len(pictures)} pictures where there are {self.examples} examples.")
        frozen = copy.deepcopy(backbone).requires_grad_(False).eval()
        frozen = frozen.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        kind = device.partition(":")[0]
        mixed = _mixed(precision) if kind == "cuda" else None
        batches = view_batches(pictures, settings, seed, view, BATCH_SIZES.get(kind, 32), kind == "cuda", workers)
        progress(0, self.examples)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._tidy()
            with whole(self.path(view)) as file:
                done = 0
                for x in batches:
                    features = _features(frozen, x, device, mixed)
                    if not bool(torch.isfinite(features).all()):
                        raise TrainingError(
                            f"The backbone gives values that are not finite for slices {done + 1} to "
                            f"{done + len(x)}: its weights do not go with these pictures."
                        )
                    if not done:
                        self._check_room(self.examples * features[0].nbytes + HEADER_BYTES, 1)
                        _write_header(file, (self.examples, *features.shape[1:]))
                    file.write(features.numpy().data)
                    done += len(x)
                    progress(done, self.examples)
        except OSError as error:
            if self.has(view):  # another process was sooner, and a file in use cannot be replaced everywhere
                return
            raise TrainingError(f"The features {self.path(view)} cannot be written: {_why(error)}.") from None

    def _tidy(self) -> None:
        """Remove what no run will read: features of other settings, and what a killed process left."""
        now = time.time()
        for path in self.folder.glob("view-*.npy"):
            if not path.stem.endswith(self._stamp):
                with contextlib.suppress(OSError):
                    path.unlink()
        for path in self.folder.glob(".view-*.part"):
            with contextlib.suppress(OSError):
                if now - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()


def features_digest(
    pictures: str,
    backbone: nn.Module,
    settings: AugmentSettings,
    seed: int,
    preprocess: PreprocessSettings,
    precision: str = "auto",
) -> str:
    """Return a digest of everything that features depend on.

    ``pictures`` names the pictures in their order: the hash of their file, or of all that they are made from.
    """
    digest = hashlib.sha256(
        "\n".join(
            [pictures, settings.model_dump_json(), str(seed), preprocess.model_dump_json(), precision, str(RECIPE)]
        ).encode()
    )
    for key, tensor in sorted(backbone.state_dict().items()):
        digest.update(f"\n{key} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def feature_shape(backbone: nn.Module, size: int) -> tuple[int, ...]:
    """Return the shape of one picture's features; nothing is computed."""
    shadow = copy.deepcopy(backbone).to("meta").eval()
    with torch.inference_mode():
        return tuple(shadow(torch.empty(1, 1, size, size, device="meta")).shape[1:])


def _mixed(precision: str) -> torch.dtype | None:
    if precision == "auto":
        # Finer than bfloat16; what its range is too small for is computed again in 32 bit.
        return torch.float16
    return {"16-mixed": torch.float16, "bf16-mixed": torch.bfloat16}.get(precision)


def _features(backbone: nn.Module, x: Tensor, device: str, mixed: torch.dtype | None) -> Tensor:
    """Return the features of a batch on the CPU, float32; in smaller batches when the device's memory is too small."""
    try:
        features = _ask(backbone, x, device, mixed)
        if mixed is not None and not bool(torch.isfinite(features).all()):
            features = _ask(backbone, x, device, None)
        return features
    except torch.OutOfMemoryError:
        if len(x) == 1:
            raise TrainingError(f"The memory of the device {device} is too small for one slice.") from None
    # Outside of the handler, whose traceback keeps the failed attempt's memory.
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
    half = (len(x) + 1) // 2
    return torch.cat([_features(backbone, part, device, mixed) for part in (x[:half], x[half:])])


def _ask(backbone: nn.Module, x: Tensor, device: str, mixed: torch.dtype | None) -> Tensor:
    with torch.inference_mode(), torch.autocast(device.partition(":")[0], dtype=mixed, enabled=mixed is not None):
        moved = x.to(device, non_blocking=True).contiguous(memory_format=torch.channels_last)
        features: Tensor = backbone(moved)
        return features.float().cpu().contiguous()


def _write_header(file: IO[bytes], shape: tuple[int, ...]) -> None:
    npy.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror or str(error)
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else "they are damaged"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
