"""Ask a classifier about slices: in batches, within whatever memory the device has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from xai.explanation import Prediction, softmax
from xai.imaging.resample import SliceMapping
from xai.imaging.volume import Volume
from xai.models.bundle import ClassifierBundle
from xai.models.networks import build_from
from xai.models.preprocess import readable
from xai.progress import Progress, ignore

T = TypeVar("T")

BATCH_SIZES = {"cuda": 64, "mps": 32, "cpu": 8}
"""Slices per batch; on a CPU larger batches gain nothing and answer a cancel later."""


def predict(bundle: ClassifierBundle, volume: Volume, progress: Progress = ignore) -> Prediction:
    """Return what the classifier says of every slice; a slice that could not be read gets NaN and target -1.

    Probabilities are calibrated when the bundle has a calibration; logits are the network's own.

    Raises
    ------
    Cancelled
        When ``progress`` raises it.
    """
    logits = np.full((len(volume.array), len(bundle.classes)), np.nan, np.float32)
    mapping = bundle.preprocess.mapping(volume.geometry)
    for places, answer in run_batches(bundle, volume.array, mapping, ask, progress):
        logits[places] = answer
    return to_prediction(logits, bundle.manifest.temperature)


def ask(network: nn.Module, x: Tensor) -> NDArray[np.float32]:
    """Return the logits (N, C) float32 of network inputs."""
    with torch.inference_mode():
        return cast("NDArray[np.float32]", network(x).float().cpu().numpy())


def to_prediction(logits: NDArray[np.float32], temperature: float = 1.0) -> Prediction:
    """Return the prediction of ``logits`` (D, C); rows that are not finite were not predicted.

    Probabilities are those of logits divided by ``temperature``, a bundle's calibration; logits and target are not
    changed by it.
    """
    asked = np.isfinite(logits).all(axis=1)
    probabilities = np.full(logits.shape, np.nan, np.float32)
    probabilities[asked] = softmax(logits[asked], temperature)
    target = np.full(len(logits), -1, np.int64)
    target[asked] = logits[asked].argmax(axis=1)
    return Prediction(logits, probabilities, target)


def run_batches(
    bundle: ClassifierBundle,
    slices: Sequence[NDArray[np.float32]] | NDArray[np.float32],
    mapping: SliceMapping,
    step: Callable[[nn.Module, Tensor], T],
    progress: Progress = ignore,
    batch_size: int | None = None,
    notes: list[str] | None = None,
) -> Iterator[tuple[list[int], T]]:
    """Yield (places in ``slices``, the step's answer) for each batch of slices that could be read.

    When the device's memory runs out the batch is halved; when one slice is too many, the rest runs on the CPU.

    ``step`` is given the network and its input (N, 1, size, size) on its device. ``batch_size`` is where to begin; the
    device decides without it. ``notes`` takes a sentence for whatever had to be given up.
    """
    places = [n for n, pixels in enumerate(slices) if readable(pixels)]
    network, device = bundle.network, bundle.device
    size = batch_size or BATCH_SIZES.get(device.partition(":")[0], 8)
    total, begin = len(slices), 0
    unread = total - len(places)
    progress(0, total)
    while begin < len(places):
        batch = places[begin : begin + size]
        x = bundle.preprocess.to_input([slices[n] for n in batch], mapping)
        failed = False
        try:
            answer = step(network, x.to(device))
        except torch.OutOfMemoryError:
            if device == "cpu":
                raise
            failed = True
        if failed:  # outside of the handler, whose traceback keeps the failed attempt's memory
            torch.cuda.empty_cache()
            if size > 1:
                size = (size + 1) // 2
                _note(notes, f"The device {device} ran out of memory, so fewer slices went at a time: slower.")
            else:
                network, device = _cpu_copy(bundle), "cpu"
                _note(notes, f"The device {bundle.device} ran out of memory, so the CPU went on: slower.")
            continue
        yield batch, answer
        begin += len(batch)
        progress(begin + unread, total)
    if not places:
        progress(total, total)


def _cpu_copy(bundle: ClassifierBundle) -> nn.Module:
    weights = {key: tensor.cpu() for key, tensor in bundle.network.state_dict().items()}
    return build_from(bundle.manifest.network, weights, len(bundle.classes))


def _note(notes: list[str] | None, sentence: str) -> None:
    if notes is not None and sentence not in notes:
        notes.append(sentence)
