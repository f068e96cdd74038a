"""How the demonstration classifier learns: pictures, augmentation and the loop."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from xai.models.networks import NETWORKS, build
from xai.phantom.cases import Cases, balanced_accuracy
from xai.phantom.patient import MIN_LESION_PIXELS

NETWORK = "resnet18-slim"
TAPPED = {"layer2": 32, "layer3": 64, "layer4": 128}
"""Stages that `Taps` listens to, and their channels."""
MEMORY = 0.99
"""Share of the past in the running average of the weights."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the demo classifier is trained: on single legs first, where a lesion fills more of the picture."""

    patients: int = 400
    """To learn from; each is drawn twice, see `xai.phantom.cases.twins`."""
    learn_slices: int = 6
    """Few of each patient: more patients teach more than more slices."""
    held_out: int = 120
    held_out_slices: int = 8
    tested: int = 80
    tested_slices: int = 16
    leg_epochs: int = 24
    epochs: int = 12
    epoch_slices: int = 2400
    """Drawn anew for each epoch, as many affected as healthy."""
    batch_size: int = 32
    leg_rate: float = 3e-3
    rate: float = 1e-3
    """Highest learning rates of the two parts."""
    weight_decay: float = 0.02
    taps: float = 1.0
    """Weight of the loss of `Taps`."""
    seed: int = 7
    """Of weights, order and augmentation."""
    threads: int = 2
    """Of torch; on a busy machine a second one costs more than it brings."""
    workers: int = 2
    """Processes that draw patients."""


def augment(x: Tensor, mask: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Change pictures (N, 1, H, W) as other patients, coils and scanners would: flip, move, brightness, bias, noise.

    The masks move with them.
    """
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
    both = torch.cat([x, mask], 1)
    both = functional.grid_sample(both, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    x, mask = both[:, :1], both[:, 1:]
    body = (x > 0).float()
    gamma = torch.exp(uniform(-0.2, 0.2)).view(-1, 1, 1, 1)
    x = x.clamp_min(1e-6).pow(gamma)
    bias = functional.interpolate(0.03 * torch.randn(n, 1, 4, 4, generator=generator), x.shape[-2:], mode="bicubic")
    sigma = uniform(0, 0.015).view(-1, 1, 1, 1)
    noisy = x * torch.exp(bias) + sigma * torch.randn(x.shape, generator=generator)
    return noisy.clamp(0, 1) * body, mask


def train(recipe: Recipe, learn: Cases, held_out: Cases, say: Say) -> nn.Module:
    """Return the network of the epoch that did best on the held-out patients, its threshold set by them too."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        torch.set_num_threads(recipe.threads)
        try:
            network = build(NETWORK).to(memory_format=torch.channels_last)
            taps = Taps(network)
            say("single legs")
            _fit(
                network, taps, recipe, recipe.leg_epochs, recipe.leg_rate, legs_apart(learn), legs_apart(held_out), say
            )
            say("whole pictures")
            _fit(network, taps, recipe, recipe.epochs, recipe.rate, learn, held_out, say)
            # A fresh network takes the weights: the taps' hooks stay behind.
            trained = build(NETWORK)
        finally:
            torch.set_num_threads(threads)
    trained.load_state_dict(network.state_dict())
    set_threshold(trained, ask(trained, held_out.inputs), held_out.labels)
    return trained.eval()


def set_threshold(network: nn.Module, logits: Tensor, labels: NDArray[np.int64]) -> None:
    """Shift the answer for "affected" so that one half parts the classes of ``labels`` best (balanced accuracy).

    Of several equally good places the middle one is taken. Maps do not change: the shift is the same everywhere.
    """
    margins = (logits[:, 1] - logits[:, 0]).double().numpy()
    edges = np.unique(margins)
    cuts = (edges[1:] + edges[:-1]) / 2
    scores = np.array([balanced_accuracy(labels, (margins > cut).astype(np.int64)) for cut in cuts])
    best = cuts[scores >= scores.max() - 1e-9]
    head = network.get_submodule("fc")
    assert isinstance(head, nn.Linear)
    with torch.no_grad():
        head.bias[1] -= float(best[len(best) // 2])


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


class Taps(nn.Module):
    """Asks the deeper stages where the lesion is while the network learns; thrown away afterwards.

    With two answers per picture alone, early infiltration takes many thousands of pictures to be found.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.heads = nn.ModuleDict()
        self.seen: dict[str, Tensor] = {}
        self.strides = {name: int(NETWORKS[NETWORK].grids[name].stride) for name in TAPPED}
        for name, channels in TAPPED.items():
            self.heads[name] = nn.Conv2d(channels, 1, 1)
            network.get_submodule(name).register_forward_hook(self._keep(name))

    def _keep(self, name: str) -> Callable[[nn.Module, object, Tensor], None]:
        def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            self.seen[name] = output

        return keep

    def forward(self, mask: Tensor) -> Tensor:
        """Return the loss of the heads' answers for lesion masks (N, 1, H, W)."""
        loss = mask.new_zeros(())
        for name, head in self.heads.items():
            said = head(self.seen[name])
            truth = cell_truth(mask, self.strides[name])[..., : said.shape[-2], : said.shape[-1]]
            loss = loss + functional.binary_cross_entropy_with_logits(said, truth, pos_weight=mask.new_tensor(4.0))
        return loss


def cell_truth(mask: Tensor, stride: int) -> Tensor:
    """Return for each cell of a stage how much of what it looks at is lesion, a quarter of it counting as all.

    Cell k looks at pixel k * stride, not at the middle of a tile.
    """
    share = functional.avg_pool2d(mask, stride, stride, padding=stride // 2, count_include_pad=True)
    return (share * 4).clamp(max=1)


def _fit(
    network: nn.Module, taps: Taps, recipe: Recipe, epochs: int, rate: float, learn: Cases, held_out: Cases, say: Say
) -> None:
    """Train ``network`` and leave it with the average weights of the epoch that did best on the held-out patients.

    The average over the last hundred steps (Polyak and Juditsky 1992, doi:10.1137/0330046) answers far more steadily
    than the weights themselves, whose batch statistics change from epoch to epoch.
    """
    steps = math.ceil(recipe.epoch_slices / recipe.batch_size) * epochs
    optimiser = torch.optim.AdamW([*network.parameters(), *taps.parameters()], rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.2)
    generator = torch.Generator().manual_seed(recipe.seed)
    order = np.random.default_rng(recipe.seed)
    average = build(NETWORK)
    average.load_state_dict(network.state_dict())
    best, best_loss, step = copy.deepcopy(network.state_dict()), math.inf, 0
    for epoch in range(epochs):
        network.train()
        total = 0.0
        drawn = _balanced(learn.labels, recipe.epoch_slices, order)
        for begin in range(0, len(drawn), recipe.batch_size):
            chosen = drawn[begin : begin + recipe.batch_size]
            x, mask = (torch.from_numpy(a[chosen].astype(np.float32))[:, None] for a in (learn.inputs, learn.masks))
            x, mask = augment(x, mask, generator)
            answer = functional.cross_entropy(network(x), torch.from_numpy(learn.labels[chosen]))
            loss = answer + recipe.taps * taps(mask)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            step += 1
            _average(average, network, min(MEMORY, (1 + step) / (10 + step)))
            total += answer.item() * len(chosen)
        logits = ask(average, held_out.inputs)
        share = held_out.labels.mean()
        weight = torch.tensor([0.5 / (1 - share), 0.5 / share], dtype=torch.float32)
        checked = functional.cross_entropy(logits, torch.from_numpy(held_out.labels), weight).item()
        accuracy = balanced_accuracy(held_out.labels, logits.argmax(1).numpy())
        say(f"epoch {epoch + 1}: loss {total / len(drawn):.3f}, held out {checked:.3f}, balanced {accuracy:.3f}")
        if checked < best_loss:
            best, best_loss = copy.deepcopy(average.state_dict()), checked
    network.load_state_dict(best)


def _average(average: nn.Module, network: nn.Module, memory: float) -> None:
    """Move the running average a step towards ``network``; batch statistics are averaged too."""
    with torch.no_grad():
        for mean, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(new, 1 - memory)
            else:
                mean.copy_(new)


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
