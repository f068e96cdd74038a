"""Published checkpoints of the reference networks, turned into bundles without running anything they contain."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from xai.errors import BundleError
from xai.models.bundle import save_bundle
from xai.models.manifest import BundleManifest, TrainedOn
from xai.models.networks import NETWORKS, build_from

MAX_CHECKPOINT_BYTES = 1 << 30
WRAPPERS = ("state_dict", "model_state_dict")
"""Training programs put the state dict under one of these keys, beside optimisers and the like."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was found in a checkpoint and what became of it."""

    manifest: BundleManifest
    layout: str
    """How the keys were written, in words."""
    matched: int
    """Tensors taken over as they were."""
    added: tuple[str, ...]
    """Counters that old checkpoints lack and inference does not use."""

    def sentence(self) -> str:
        """Return what matched, for people."""
        counted = f"{self.matched} of {self.matched + len(self.added)}" if self.added else f"all {self.matched}"
        words = f"{counted} tensors of {self.manifest.network} matched, in the {self.layout}"
        if self.added:
            words += f"; {len(self.added)} step counters, which old files lack and predictions do not use, begin at 0"
        return f"{words}."


def import_checkpoint(
    checkpoint: str | Path, network: str, out: str | Path, trained_on: TrainedOn | None = None
) -> ImportReport:
    """Write the bundle folder ``out`` with a checkpoint's weights.

    Parameters
    ----------
    checkpoint : str or Path
        A file that ``torch.save`` wrote of a state dict: the reference networks' newer layout (``model.*``), the older
        one (``resnet18.*``), or the plain networks' own keys.
    network : str
        A key of `NETWORKS`.
    out : str or Path
        The bundle's folder.
    trained_on : TrainedOn, optional
        What the network has seen; checkpoints do not say.

    Raises
    ------
    BundleError
        When the file is not such a checkpoint: one sentence naming it and the cause.
    """
    path = Path(checkpoint)
    if network not in NETWORKS:
        raise BundleError(f"There is no network {network!r}; the networks are {', '.join(NETWORKS)}.")
    weights, layout = rename(read_state_dict(path), network)
    added = tuple(_add_counters(weights))
    try:
        built = build_from(network, weights)
    except BundleError as error:
        raise BundleError(f"The checkpoint {path} does not fit: {error}.") from None
    manifest = save_bundle(
        out, built, name=f"Imported {NETWORKS[network].title}", version="1", network_name=network, trained_on=trained_on
    )
    return ImportReport(manifest, layout, len(weights) - len(added), added)


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read a state dict that ``torch.save`` wrote; objects other than tensors and plain values are refused unread."""
    try:
        size = path.stat().st_size
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
    except OSError as error:
        raise BundleError(f"The checkpoint {path} cannot be read: {error.strerror or error}.") from None
    except zipfile.BadZipFile:
        raise BundleError(f"The checkpoint {path} is damaged.") from None
    if size > MAX_CHECKPOINT_BYTES:
        raise BundleError(f"The checkpoint {path} is larger than {MAX_CHECKPOINT_BYTES >> 20} MiB, so it is not read.")
    try:
        content: object = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise BundleError(
            f"The checkpoint {path} is damaged or holds Python objects, which are never loaded; a state dict is."
        ) from None
    # Damaged files make the reader raise nearly anything.
    except Exception:
        raise BundleError(f"The checkpoint {path} is damaged or none at all.") from None
    while isinstance(content, Mapping):
        inner = next((content[key] for key in WRAPPERS if isinstance(content.get(key), Mapping)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping) or not content:
        raise BundleError(f"The checkpoint {path} holds no state dict.")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise BundleError(f"The checkpoint {path} holds no state dict: {str(key)[:60]!r} is no tensor.")
    return dict(content)


def rename(state: Mapping[str, Tensor], network: str) -> tuple[dict[str, Tensor], str]:
    """Return a state dict under this project's keys, and how it was written, in words."""
    words = []
    if all(key.startswith("module.") for key in state):
        state = {key.removeprefix("module."): tensor for key, tensor in state.items()}
        words.append("saved from several GPUs")
    backbone, _, kind = network.partition("-")
    if kind != "reference":
        return dict(state), ", ".join(["plain layout", *words])
    older = f"{backbone}."
    if any(key.startswith(older) for key in state):
        state = {
            f"model.{key.removeprefix(older)}" if key.startswith(older) else key: tensor
            for key, tensor in state.items()
        }
        return dict(state), ", ".join([f"older layout ({older}*)", *words])
    return dict(state), ", ".join(["newer layout (model.*)", *words])


def _add_counters(weights: dict[str, Tensor]) -> list[str]:
    """Add the step counters that batch norms had not before torch 0.4.1; return their keys."""
    lacking = [
        counter
        for key in list(weights)
        if key.endswith(".running_mean")
        and (counter := f"{key.removesuffix('running_mean')}num_batches_tracked") not in weights
    ]
    weights |= {key: torch.zeros((), dtype=torch.int64) for key in lacking}
    return lacking
