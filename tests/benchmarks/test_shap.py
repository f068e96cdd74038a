"""Partition SHAP three ways at equal evaluations and, but for rounding, equal values.

``plain`` is the shap package with its image masker, as its documentation has it; ``ours`` the package with masks only,
as `xai.explainers.shapley` uses it; ``batched`` the same algorithm without the package. The last would have to be three
times as fast as the package to be worth a second engine.
"""

from __future__ import annotations

import heapq
import time
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from xai.explainers import shapley
from xai.explainers.masking import Fill, filled, margin
from xai.explainers.shapley import HiddenPixels, PartitionShap, numpy_seed
from xai.models.bundle import load_bundle
from xai.phantom.cases import to_cases
from xai.phantom.patient import make_patient

BUNDLE = Path(__file__).resolve().parents[2] / "resources" / "demo" / "bundle"
BATCH = 32
ROUNDS = 3
Box = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last."""


def halves(box: Box) -> tuple[Box, Box]:
    top, bottom, left, right = box
    if bottom - top >= right - left:
        middle = top + (bottom - top) // 2
        return (top, middle, left, right), (middle, bottom, left, right)
    middle = left + (right - left) // 2
    return (top, bottom, left, middle), (top, bottom, middle, right)


def batched_owen(game: HiddenPixels, evals: int, seed: int, batch: int) -> NDArray[np.float64]:
    """Owen values (H, W) in the package's order: the same regions, batches and tie-breaks, without its machinery."""
    height, width = game.shape
    values = np.zeros((height, width))
    random = np.random.RandomState(seed)
    shown = np.zeros((2, height, width), bool)
    shown[1] = True
    nothing, everything = game(shown)
    heap = [(0.0, 0.0, (shown[0], nothing, everything, (0, height, 0, width), 1.0))]
    done, evals = 0, evals - 2

    def credit(box: Box, value: float) -> None:
        top, bottom, left, right = box
        values[top:bottom, left:right] += value / ((bottom - top) * (right - left))

    while heap and done < evals:
        work = []
        masks: list[NDArray[np.bool_]] = []
        while heap and len(masks) < batch and done + len(masks) < evals:
            context, low, high, box, weight = heapq.heappop(heap)[2]
            if (box[1] - box[0]) * (box[3] - box[2]) == 1:
                credit(box, (high - low) * weight)
                continue
            boxes = halves(box)
            with_first, with_second = context.copy(), context.copy()
            for mask, (top, bottom, left, right) in zip((with_first, with_second), boxes, strict=True):
                mask[top:bottom, left:right] = True
            masks += [with_first, with_second]
            work.append((context, with_first, with_second, low, high, boxes, weight / 2))
        found = game(np.stack(masks)) if masks else np.zeros(0)
        done += len(masks)
        for index, (context, with_first, with_second, low, high, (first, second), weight) in enumerate(work):
            one, two = float(found[2 * index]), float(found[2 * index + 1])
            for node in (
                (context, low, one, first, weight),
                (context, low, two, second, weight),
                (with_second, two, high, first, weight),
                (with_first, one, high, second, weight),
            ):
                heapq.heappush(heap, (-abs(node[2] - node[1]) * weight, random.randn(), node))
    for _, _, (_, low, high, box, weight) in heap:
        credit(box, (high - low) * weight)
    return values


def plain_package(network: torch.nn.Module, x: torch.Tensor, hidden: torch.Tensor, evals: int) -> NDArray[np.float64]:
    shap = shapley._shap()

    def model(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits = network(torch.from_numpy(pictures).permute(0, 3, 1, 2))
            found: NDArray[np.float32] = margin(logits, torch.ones(len(logits), dtype=torch.int64)).numpy()
        return found

    masker = shap.maskers.Image(hidden[0].permute(1, 2, 0).numpy())
    with numpy_seed(0):
        found = shap.explainers.Partition(model, masker)(
            x.permute(0, 2, 3, 1).numpy(), max_evals=evals, batch_size=BATCH, silent=True
        )
    values: NDArray[np.float64] = found.values[0, :, :, 0]
    return values


@pytest.mark.parametrize("fill", ["zero", "body-mean"])
@pytest.mark.parametrize("evals", [200, 500])
def test_shap_of_a_slice(fill: Fill, evals: int, benchmark: BenchmarkFixture) -> None:
    network = load_bundle(BUNDLE, device="cpu").network
    cases = to_cases([make_patient(61_001, 0, grade=3, slices=3)])
    x = torch.from_numpy(cases.inputs[1:2].astype(np.float32))[:, None]
    target = torch.tensor([1])
    hidden = filled(x, fill)

    def batched() -> NDArray[np.float64]:
        with torch.inference_mode():
            return batched_owen(HiddenPixels(network, x[0], hidden[0], target[0]), evals, 0, BATCH)

    def ours() -> NDArray[np.float64]:
        method = PartitionShap(fill=fill, max_evals=evals, batch_size=BATCH)
        values: NDArray[np.float64] = method.attribute(network, x, target)[0, 0].double().numpy()
        return values

    def plain() -> NDArray[np.float64]:
        return plain_package(network, x, hidden, evals)

    scale = np.abs(plain()).max()
    np.testing.assert_allclose(ours(), plain(), atol=1e-4 * scale)
    np.testing.assert_allclose(batched(), plain(), atol=1e-4 * scale)
    seconds: dict[str, list[float]] = {"plain": [], "ours": [], "batched": []}
    for _ in range(ROUNDS):  # in turns, so that a busy machine slows all alike
        for key, call in (("plain", plain), ("ours", ours), ("batched", batched)):
            began = time.perf_counter()
            call()
            seconds[key].append(time.perf_counter() - began)
    package, mine, other = (median(taken) for taken in seconds.values())
    benchmark.extra_info |= {"package / ours": package / mine, "package / batched": package / other}
    print(
        f"\nfill {fill}, {evals} evaluations: package {package:.2f} s, ours {mine:.2f} s ({package / mine:.2f} x), "
        f"batched {other:.2f} s ({package / other:.2f} x)"
    )
    benchmark.pedantic(ours, rounds=2)
