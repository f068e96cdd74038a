"""Train the demonstration classifier on phantoms: ``python -m xai.phantom.demo_bundle --out resources/demo/bundle``.

Training, early stopping and the test use patients of different cohorts; the demo study is of yet another.
"""

from __future__ import annotations

import argparse
import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from xai.models.bundle import save_bundle
from xai.models.manifest import TrainedOn
from xai.models.networks import build
from xai.phantom.cases import Cases, balanced_accuracy, generate, to_cases
from xai.phantom.lesions import GRADES
from xai.phantom.patient import MIN_LESION_PIXELS
from xai.phantom.plan import HELD_OUT_SEED, TEST_SEED, TRAIN_SEED, cohort_grades

NETWORK = "resnet18-slim"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the demo classifier is trained: on single legs first, where a lesion fills more of the picture."""

    patients: int = 200
    held_out: int = 40
    tested: int = 80
    slices: int = 16
    leg_epochs: int = 16
    epochs: int = 8
    epoch_slices: int = 1600
    """Drawn anew for each epoch, as many affected as healthy."""
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    seed: int = 7
    """Of weights, order and augmentation."""
    threads: int = 2


def augment(x: Tensor, generator: torch.Generator) -> Tensor:
    """Change pictures (N, 1, H, W) as other patients, coils and scanners would: flip, move, brightness, bias, noise."""
    n = len(x)

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, generator=generator)

    angle, scale = uniform(-0.17, 0.17), uniform(0.9, 1.12)
    flip = (torch.rand(n, generator=generator) < 0.5).float() * 2 - 1
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = flip * torch.cos(angle) * scale, -torch.sin(angle) * scale
    theta[:, 1, 0], theta[:, 1, 1] = flip * torch.sin(angle) * scale, torch.cos(angle) * scale
    theta[:, 0, 2], theta[:, 1, 2] = uniform(-0.08, 0.08), uniform(-0.08, 0.08)
    grid = functional.affine_grid(theta, list(x.shape), align_corners=False)
    x = functional.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    body = (x > 0).float()
    gamma = torch.exp(uniform(-0.25, 0.25)).view(-1, 1, 1, 1)
    x = x.clamp_min(1e-6).pow(gamma)
    bias = functional.interpolate(0.10 * torch.randn(n, 1, 4, 4, generator=generator), x.shape[-2:], mode="bicubic")
    sigma = uniform(0, 0.03).view(-1, 1, 1, 1)
    noisy = x * torch.exp(bias) + sigma * torch.randn(x.shape, generator=generator)
    return noisy.clamp(0, 1) * body


def train(recipe: Recipe, learn: Cases, held_out: Cases, say: Say) -> nn.Module:
    """Return the network of the epoch that did best on the held-out patients."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    network = build(NETWORK)
    _fit(network, recipe, recipe.leg_epochs, legs_apart(learn), legs_apart(held_out), say)
    _fit(network, recipe, recipe.epochs, learn, held_out, say)
    return network.eval()


def legs_apart(cases: Cases) -> Cases:
    """Return the two legs of every slice as pictures of half the breadth and height, labelled by their own masks."""
    size = cases.inputs.shape[1]
    inputs, masks = [], []
    for columns in (slice(0, size // 2), slice(size // 2, size)):
        side, of_side = cases.inputs[:, :, columns], cases.masks[:, :, columns]
        # The legs lie in the middle half of the picture's height.
        rows = slice(size // 4, size // 4 + size // 2)
        inputs.append(side[:, rows])
        masks.append(of_side[:, rows])
    mask = np.concatenate(masks)
    labels = (mask.sum((1, 2)) >= MIN_LESION_PIXELS).astype(np.int64)
    twice = np.tile(cases.patients, 2)
    return Cases(
        np.concatenate(inputs), mask, labels, labels * np.tile(cases.grades, 2), twice, np.tile(cases.raw_means, 2)
    )


def _fit(network: nn.Module, recipe: Recipe, epochs: int, learn: Cases, held_out: Cases, say: Say) -> None:
    """Train ``network`` and leave it as it was after the epoch with the least loss on the held-out patients."""
    steps = math.ceil(recipe.epoch_slices / recipe.batch_size) * epochs
    optimiser = torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, total_steps=steps, pct_start=0.2)
    generator = torch.Generator().manual_seed(recipe.seed)
    order = np.random.default_rng(recipe.seed)
    best, best_loss = copy.deepcopy(network.state_dict()), math.inf
    for epoch in range(epochs):
        network.train()
        total = 0.0
        drawn = _balanced(learn.labels, recipe.epoch_slices, order)
        for begin in range(0, len(drawn), recipe.batch_size):
            chosen = drawn[begin : begin + recipe.batch_size]
            x = augment(torch.from_numpy(learn.inputs[chosen].astype(np.float32))[:, None], generator)
            loss = functional.cross_entropy(network(x), torch.from_numpy(learn.labels[chosen]), label_smoothing=0.02)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += loss.item() * len(chosen)
        logits = ask(network, held_out.inputs)
        share = held_out.labels.mean()
        weight = torch.tensor([0.5 / (1 - share), 0.5 / share], dtype=torch.float32)
        checked = functional.cross_entropy(logits, torch.from_numpy(held_out.labels), weight).item()
        accuracy = balanced_accuracy(held_out.labels, logits.argmax(1).numpy())
        say(f"epoch {epoch + 1}: loss {total / len(drawn):.3f}, held out {checked:.3f}, balanced {accuracy:.3f}")
        if checked < best_loss:
            best, best_loss = copy.deepcopy(network.state_dict()), checked
    network.load_state_dict(best)


def _balanced(labels: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return ``count`` places in ``labels``, as many of either class, in random order."""
    halves = [
        rng.choice(np.flatnonzero(labels == k), count // 2, replace=count // 2 > (labels == k).sum()) for k in (0, 1)
    ]
    return np.asarray(rng.permutation(np.concatenate(halves)))


def ask(network: nn.Module, inputs: NDArray[np.float16]) -> Tensor:
    """Return the logits (N, 2) of pictures."""
    network.eval()
    with torch.inference_mode():
        return torch.cat(
            [
                network(torch.from_numpy(part.astype(np.float32))[:, None])
                for part in np.array_split(inputs, max(1, len(inputs) // 32))
            ]
        )


def score(cases: Cases, logits: Tensor) -> dict[str, float | dict[str, float]]:
    """Return what the network gets right: overall, and for each grade its sensitivity and number of slices."""
    called = logits.argmax(1).numpy()
    right = called == cases.labels
    figures: dict[str, float | dict[str, float]] = {
        "balanced_accuracy": balanced_accuracy(cases.labels, called),
        "sensitivity": float(right[cases.labels == 1].mean()),
        "specificity": float(right[cases.labels == 0].mean()),
        "patients": float(len(np.unique(cases.patients))),
        "slices": float(len(called)),
        "affected_slices": float(cases.labels.sum()),
    }
    for number, name in enumerate(GRADES[1:], start=1):
        of_grade = cases.grades == number
        figures[name] = {"sensitivity": float(right[of_grade].mean()), "slices": float(of_grade.sum())}
    return {key: _short(value) for key, value in figures.items()}


def _short(value: float | dict[str, float]) -> float | dict[str, float]:
    return {k: round(v, 4) for k, v in value.items()} if isinstance(value, dict) else round(value, 4)


def make_cases(seed: int, patients: int, slices: int, say: Say, workers: int = 2) -> Cases:
    """Draw a balanced cohort in memory."""
    say(f"drawing {patients} patients of cohort {seed}")
    return to_cases(generate(seed, cohort_grades(patients, seed), slices, workers), patients)


def make_bundle(out: Path, recipe: Recipe, say: Say = print) -> dict[str, float | dict[str, float]]:
    """Train, test on fresh patients and write the bundle; return the test's figures."""
    learn = make_cases(TRAIN_SEED, recipe.patients, recipe.slices, say, recipe.threads)
    held_out = make_cases(HELD_OUT_SEED, recipe.held_out, recipe.slices, say, recipe.threads)
    network = train(recipe, learn, held_out, say)
    tested = make_cases(TEST_SEED, recipe.tested, recipe.slices, say, recipe.threads)
    metrics = score(tested, ask(network, tested.inputs))
    metrics["seeds"] = {"train": TRAIN_SEED, "held_out": HELD_OUT_SEED, "test": TEST_SEED}
    metrics["trained_patients"] = float(recipe.patients)
    save_bundle(
        out,
        network,
        name="Overread demo",
        version="1",
        network_name=NETWORK,
        trained_on=TrainedOn(
            modality="MR",
            sequence="T1",
            region="lower leg",
            plane="axial",
            pixel_mm=(1.0, 1.3),
            data_source=f"{recipe.patients} synthetic lower-leg phantoms",
        ),
        metrics=metrics,
    )
    return metrics


def main() -> None:
    """Read the command line, train and write the bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    recipe = Recipe(seed=options.seed)
    for key, value in make_bundle(options.out, recipe).items():
        print(f"{key}: {value}")


if __name__ == "__main__":
    main()
