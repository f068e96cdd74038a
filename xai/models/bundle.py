"""Classifier bundles: a folder with ``bundle.toml`` and ``weights.safetensors``. Nothing is ever unpickled."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from xai.errors import BundleError
from xai.files import write_whole
from xai.imaging.resample import CellGrid
from xai.models.manifest import (
    MANIFEST_NAME,
    WEIGHTS_NAME,
    BundleCalibration,
    BundleManifest,
    PreprocessSettings,
    TrainedOn,
    read_manifest,
)
from xai.models.networks import NETWORKS, build_from
from xai.models.preprocess import Preprocess

MAX_WEIGHTS_BYTES = 1 << 30
"""The largest network here takes 160 MiB; more than this is no bundle of ours and is not read."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassifierBundle:
    """A classifier ready to be asked: its network is in eval mode and asks for no gradients."""

    network: nn.Module
    preprocess: Preprocess
    classes: tuple[str, ...]
    manifest: BundleManifest
    sha256: str
    """Over the manifest and the weights: the same hash gives the same answers."""
    device: str

    @property
    def cam_cells(self) -> CellGrid:
        """Where the cells of the CAM layer lie in the network's input."""
        return CellGrid(self.manifest.cam_centre, self.manifest.cam_stride)


def choose_device() -> str:
    """Return the fastest device there is: ``"cuda"``, then ``"mps"``, then ``"cpu"``."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def load_bundle(path: str | Path, device: str | None = None) -> ClassifierBundle:
    """Read a bundle folder.

    Parameters
    ----------
    path : str or Path
        The folder.
    device : str, optional
        ``"cuda"``, ``"mps"`` or ``"cpu"``; without it `choose_device` decides.

    Raises
    ------
    BundleError
        When anything is missing, damaged or of another network: one sentence naming the file and the cause.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise BundleError(f"There is no bundle at {folder}: {'it is a file' if folder.exists() else 'no such folder'}.")
    manifest, raw = read_manifest(folder)
    _check_fit(manifest, folder / MANIFEST_NAME)
    weights_path = folder / WEIGHTS_NAME
    weights, digest = read_weights(weights_path)
    if digest != manifest.weights_sha256:
        raise BundleError(
            f"The weights {weights_path} are not those its {MANIFEST_NAME} was written for: their hash differs."
        )
    try:
        network = build_from(manifest.network, weights, len(manifest.classes))
    except BundleError as error:
        raise BundleError(f"The weights {weights_path} do not fit: {error}.") from None
    device = choose_device() if device is None else device
    try:
        # Convolutions are a quarter faster this way round on CPUs and no slower elsewhere.
        network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    except RuntimeError as error:
        raise BundleError(
            f"The bundle {folder} cannot be put on the device {device!r}: {_first_line(error)}."
        ) from None
    return ClassifierBundle(
        network,
        Preprocess(manifest.preprocess),
        manifest.classes,
        manifest,
        hashlib.sha256(raw + bytes.fromhex(digest)).hexdigest(),
        device,
    )


def _check_fit(manifest: BundleManifest, path: Path) -> None:
    """Raise `BundleError` when a manifest asks of its network what it does not have."""
    entry = NETWORKS.get(manifest.network)
    if entry is None:
        raise BundleError(
            f"The bundle file {path} names the network {manifest.network!r}; the networks are {', '.join(NETWORKS)}."
        )
    size = manifest.preprocess.size
    if entry.fixed_size not in (None, size):
        raise BundleError(
            f"The bundle file {path} asks for pictures of {size} pixels; "
            f"the network {manifest.network} takes {entry.fixed_size} only."
        )
    if manifest.cam_layer not in entry.grids:
        raise BundleError(
            f"The bundle file {path} names the CAM layer {manifest.cam_layer!r}; "
            f"those of {manifest.network} are {', '.join(entry.grids)}."
        )


def read_weights(path: Path) -> tuple[dict[str, Tensor], str]:
    """Read a safetensors file; return its tensors and the SHA-256 of its bytes.

    Raises
    ------
    BundleError
        When it cannot be read, is too large to be one of ours, or is damaged.
    """
    try:
        if path.stat().st_size > MAX_WEIGHTS_BYTES:
            raise BundleError(
                f"The weights {path} are larger than {MAX_WEIGHTS_BYTES >> 20} MiB, so they are not read."
            )
        raw = path.read_bytes()
    except OSError as error:
        raise BundleError(f"The weights {path} cannot be read: {error.strerror or error}.") from None
    try:
        return load_tensors(raw), hashlib.sha256(raw).hexdigest()
    except (SafetensorError, ValueError, KeyError) as error:
        raise BundleError(f"The weights {path} are damaged or no safetensors file: {_first_line(error)}.") from None


def save_bundle(
    path: str | Path,
    network: nn.Module,
    *,
    name: str,
    version: str,
    network_name: str,
    classes: Sequence[str] = ("healthy", "affected"),
    trained_on: TrainedOn | None = None,
    metrics: Mapping[str, float | dict[str, float]] | None = None,
    preprocess: PreprocessSettings | None = None,
    calibration: BundleCalibration | None = None,
) -> BundleManifest:
    """Write a bundle folder and return its manifest: the same network and words give the same bytes.

    A bundle that is already in the folder ``path`` is replaced. ``network`` is one that `build` made for
    ``network_name``, on any device and in any mode; it is left as it is.

    Raises
    ------
    BundleError
        When the network is not what it is called, or the folder cannot be written.
    """
    if network_name not in NETWORKS:
        raise BundleError(f"There is no network {network_name!r}; the networks are {', '.join(NETWORKS)}.")
    entry = NETWORKS[network_name]
    weights = {key: tensor.detach().cpu().contiguous() for key, tensor in network.state_dict().items()}
    build_from(network_name, weights, len(classes))
    raw = save_tensors(weights)
    grid = entry.grids[entry.cam_layer]
    manifest = BundleManifest(
        name=name,
        version=version,
        network=network_name,
        classes=tuple(classes),
        weights_sha256=hashlib.sha256(raw).hexdigest(),
        cam_layer=entry.cam_layer,
        cam_centre=grid.centre,
        cam_stride=grid.stride,
        preprocess=preprocess or PreprocessSettings(),
        trained_on=trained_on or TrainedOn(),
        calibration=calibration,
        metrics=dict(metrics or {}),
    )
    folder = Path(path)
    _check_fit(manifest, folder / MANIFEST_NAME)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / WEIGHTS_NAME, raw)
        write_whole(folder / MANIFEST_NAME, manifest.to_toml().encode())
    except OSError as error:
        raise BundleError(f"The bundle {folder} cannot be written: {error.strerror or error}.") from None
    return manifest


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
