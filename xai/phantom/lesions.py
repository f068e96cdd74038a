"""Fatty infiltration: which muscles, how much, how far along the leg, and its mottled look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xai.phantom.anatomy import MUSCLES, Tissue
from xai.phantom.fields import Array, edge, noise, ridges

GRADES = ("healthy", "subtle", "moderate", "plain")
"""Grade ``i`` of a patient, or of a slice with that patient's lesions."""

_PEAK = {1: (0.17, 0.27), 2: (0.35, 0.50), 3: (0.58, 0.85)}
"""Range of the fat fraction in the thick of a lesion by grade."""

_FREQUENT = (0.22, 0.12, 0.10, 0.20, 0.16, 0.08, 0.08, 0.04)
"""How often a muscle is chosen first, in the order of `MUSCLES`."""

_REACH = ((0.15, 0.75), (0.15, 0.70), (0.2, 0.75), (0.2, 0.72), (0.1, 0.38), (0.1, 0.32), (0.2, 0.8), (0.4, 0.85))
"""Where along the leg the middle of a lesion of each muscle may lie."""

VISIBLE = 0.07
"""Added fat fraction from which a pixel belongs to the mask: less of it drowns in the noise."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """Infiltration of one muscle of one leg."""

    muscle: int
    """Index into `MUSCLES`."""
    side: str
    peak: float
    """Fat fraction in its thick."""
    middle: float
    """Place along the leg."""
    half_length: float
    """In the same unit as `middle`."""
    coverage: float
    """Fraction of the muscle's cross-section that is reached."""

    @property
    def name(self) -> str:
        """The muscle's name."""
        return MUSCLES[self.muscle]


def choose_lesions(grade: int, side: str, rng: np.random.Generator) -> tuple[Lesion, ...]:
    """Return the lesions of a patient: one to three muscles, on ``side`` ("left", "right" or "both")."""
    if grade == 0:
        return ()
    count = int(rng.choice(3, p=(0.45, 0.35, 0.20))) + 1
    muscles = rng.choice(len(MUSCLES), count, replace=False, p=_FREQUENT)
    middle = None
    lesions = []
    for muscle in muscles.tolist():
        low, high = _REACH[muscle]
        # One disease: a patient's lesions lie at about the same height.
        middle = rng.uniform(low, high) if middle is None else float(np.clip(middle + rng.normal(0, 0.06), low, high))
        half = rng.uniform(0.12, 0.22)
        for where in ("left", "right") if side == "both" else (side,):
            lesions.append(
                Lesion(
                    muscle=muscle,
                    side=where,
                    peak=float(rng.uniform(*_PEAK[grade])),
                    middle=float(middle + rng.normal(0, 0.02)),
                    half_length=float(half * rng.uniform(0.85, 1.15)),
                    coverage=float(rng.uniform(0.65, 1.0)),
                )
            )
    return tuple(lesions)


def infiltrate(
    tissue: Tissue, lesion: Lesion, t: NDArray[np.float64], pixel: float, rng: np.random.Generator
) -> tuple[Tissue, Array]:
    """Return the leg with this lesion, and the fat fraction (D, h, w) that it added."""
    shape = tissue.water.shape
    distance = np.abs(t - lesion.middle) / lesion.half_length
    ends = np.clip((1.0 - distance) / 0.15, 0, 1)[:, None, None].astype(np.float32)
    patches = noise(rng, shape, (1.5, 7 / pixel, 7 / pixel))
    mottle = noise(rng, shape, (0.9, 2.2 / pixel, 2.2 / pixel))
    streaks = ridges(noise(rng, shape, (1.0, 1.6 / pixel, 3.2 / pixel)), 0.5)
    inside = edge(tissue.depth - np.float32(0.8), 1.5) * (tissue.label == lesion.muscle + 1)
    reached = inside > 0.5
    # The chosen part of the muscle: the patches' highest values, so that the coverage holds whatever the shape.
    limit = np.quantile(patches[reached], 1 - lesion.coverage) if reached.any() else 0.0
    part = np.clip((patches - np.float32(limit)) / np.float32(0.5) + np.float32(0.5), 0, 1)
    look = np.clip(np.float32(0.55) + np.float32(0.28) * mottle + np.float32(0.35) * streaks, 0.05, 1.15)
    added = np.float32(lesion.peak) * ends * inside * part * look
    added = np.minimum(added, np.float32(0.95))
    water = tissue.water * (1 - added)
    fat = tissue.fat + added * (np.float32(0.95) - tissue.fat).clip(0)
    return Tissue(water, fat, tissue.label, tissue.depth), added
