"""Signal for every tissue: fat 1, muscle about a third, cortex and tendon next to nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xai.phantom.fields import Array, along, edge, line, noise, ridges
from xai.phantom.skeleton import Leg, Skeleton


def _vessels(s: Skeleton, t: NDArray[np.float64]) -> list[tuple[Array, Array, float]]:
    """Return (u, v, calibre in mm) of the neurovascular bundles and, last two, of the saphenous veins."""
    (tx, ty), (fx, fy), half = s.tibia_at, s.fibula_at, s.tibia_size / 2
    on_membrane = (0.5 * fx + 0.5 * (tx + half * 0.6), 0.5 * fy + 0.5 * (ty - half * 0.6) + 3)
    tibial = (tx + half * 0.1, ty - half * 0.9 - 13)
    peroneal = (fx - 6, fy - 8)
    thinner = along(t, (0, 1.0), (0.3, 1.0), (1, 0.55))
    return [
        (*on_membrane, 1.4),
        (*tibial, 1.9),
        (*peroneal, 1.5),
        (*s.rim(268.0, 0.8 + 0.45 * s.fat * thinner), 1.2),
        (*s.rim(165.0, 0.8 + 0.50 * s.fat * thinner), 1.5),
    ]


def paint(
    leg: Leg,
    s: Skeleton,
    t: NDArray[np.float64],
    label: NDArray[np.uint8],
    depth: Array,
    u: Array,
    v: Array,
    pixel: float,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Return the signals of water and of fat (D, h, w), in units of pure fat's."""
    shape = depth.shape
    patchy = noise(rng, shape, (1.2, 7 / pixel, 7 / pixel))
    bundles = noise(rng, shape, (0.8, 2.4 / pixel, 2.4 / pixel))
    grain = noise(rng, shape, (0.4, 1.0, 1.0))
    body, muscle = edge(s.skin, pixel), edge(s.fascia, pixel)

    # Below the skin: fat with faint septa.
    fat: Array = np.float32(0.98) - np.float32(0.10) * ridges(patchy, 0.10) * (1 + bundles * np.float32(0.3))
    water: Array = np.full(shape, 0.02, np.float32)
    skin = line(s.skin - np.float32(0.9), 0.9)
    fat, water = fat * (1 - np.float32(0.75) * skin), water + np.float32(0.30) * skin

    # Muscle: fibre bundles, fine fat between them, and more fat along the septa than within.
    lean = np.float32(0.32) * (1 + np.float32(0.035) * bundles + np.float32(0.03) * grain)
    # Fibres run this way in one part of a muscle and that way in the next.
    lying = ridges(noise(rng, shape, (0.8, 1.2 / pixel, 3.6 / pixel)), 0.30)
    upright = ridges(noise(rng, shape, (0.8, 3.6 / pixel, 1.2 / pixel)), 0.30)
    either = np.clip(np.float32(0.5) + np.float32(2.0) * patchy, 0, 1)
    within = np.clip(np.abs(patchy) * np.float32(0.5), 0, 1) * (lying * either + upright * (1 - either))
    fraction = np.float32(0.03 + 0.16 * leg.streaks) * within
    course = np.clip(np.float32(0.45) + np.float32(0.35) * patchy, 0.10, 1.3)
    septa = (
        np.float32(0.62 * leg.septa) * course * line(depth, np.float32(0.75) + np.float32(0.35 * leg.septa) * course)
    )
    fraction = np.clip(fraction + septa, 0, 0.95)
    # Above the heel fat fills what the soleus leaves in front of the Achilles tendon.
    heel = along(t, (0.6, 0.0), (0.85, 3.0), (1, 6.0)) * (label == 4)
    near = np.clip((heel - depth) / 3, 0, 1) * np.clip(np.float32(0.7) + np.float32(0.3) * patchy, 0, 1)
    fraction = np.clip(fraction + np.float32(0.7) * near, 0, 0.95)
    calf_apart = (label >= 4) & (label <= 6)
    aponeurosis = np.float32(0.45) * line(depth - np.float32(0.9), 0.7) * calf_apart * (1 - course * np.float32(0.4))
    lean = lean * (1 - aponeurosis)
    fat = fat * (1 - muscle) + muscle * fraction
    water = water * (1 - muscle) + muscle * lean * (1 - fraction)
    sheet = np.float32(0.5) * line(s.fascia, 0.55)
    fat = fat * (1 - sheet)

    fat, water = _tendons(s, t, u, v, fat, water, pixel)
    fat, water = _draw_vessels(leg, s, t, u, v, fat, water, pixel, rng)
    for bone, thick, spongy in (
        (s.tibia, along(t, (0, 1.6), (0.18, 3.2), (0.4, 4.6), (0.75, 4.2), (1, 2.4)), 0.05),
        (s.fibula, along(t, (0, 1.8), (0.2, 2.7), (0.7, 2.9), (1, 2.2)), 0.04),
    ):
        wall = thick * (1 + np.float32(0.05) * patchy)
        bone_of, marrow = edge(bone, pixel), edge(bone - wall, pixel * 1.3)
        fat = fat * (1 - bone_of) + marrow * (np.float32(0.90) + np.float32(spongy) * bundles)
        water = water * (1 - bone_of) + bone_of * np.float32(0.03)
    fat, water = fat * body, water * body
    return water.astype(np.float32), np.clip(fat, 0, None).astype(np.float32)


def _tendons(
    s: Skeleton, t: NDArray[np.float64], u: Array, v: Array, fat: Array, water: Array, pixel: float
) -> tuple[Array, Array]:
    """Darken where muscle has become tendon: Achilles behind, the extensors' in front, the peroneals' beside."""
    (tx, ty), (fx, fy), half = s.tibia_at, s.fibula_at, s.tibia_size / 2
    back = -s.size * 51 * (1 + along(t, (0.5, 0.0), (1, 0.13)))
    tendons = (  # place, then breadth and depth as knots along the leg
        (0 * tx, back + 4.5, ((0.42, 0.0), (0.6, 9.0), (0.8, 8.0), (1, 7.0)), ((0.42, 0.0), (0.7, 2.2), (1, 3.4))),
        (tx + half * 0.9, ty + half * 0.8, ((0.5, 0.0), (0.8, 2.2), (1, 3.2)), ((0.5, 0.0), (0.8, 1.8), (1, 2.4))),
        (fx + 11 * s.size, fy + 1, ((0.45, 0.0), (0.8, 1.6), (1, 2.6)), ((0.45, 0.0), (0.8, 2.4), (1, 3.0))),
        (tx - half * 0.6, ty - half * 0.95, ((0.6, 0.0), (1, 2.0)), ((0.6, 0.0), (1, 1.6))),
    )
    for at_u, at_v, breadth, thickness in tendons:
        wide, high = along(t, *breadth), along(t, *thickness)
        there = (wide > 0.3) & (high > 0.3)
        wide, high = np.maximum(wide, 0.3), np.maximum(high, 0.3)
        inside = (1 - np.hypot((u - at_u) / wide, (v - at_v) / high)) * np.minimum(wide, high)
        keep = 1 - np.float32(0.85) * edge(inside, pixel) * there * edge(s.fascia, pixel)
        fat, water = fat * keep, water * keep
    return fat, water


def _draw_vessels(
    leg: Leg,
    s: Skeleton,
    t: NDArray[np.float64],
    u: Array,
    v: Array,
    fat: Array,
    water: Array,
    pixel: float,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Lay vessels in a bed of fat: flow voids, and veins bright where slow blood or fresh inflow makes them so."""
    for number, (at_u, at_v, calibre) in enumerate(_vessels(s, t)):
        deep = number < 3
        drift = rng.normal(0, 1.2, 2).astype(np.float32)
        if deep:
            bed = edge(np.float32(2.5 * calibre) - np.hypot(u - at_u - drift[0], v - at_v - drift[1]), 2.5)
            bed = bed * np.float32(0.7) * edge(s.fascia, pixel)
            fat, water = fat * (1 - bed) + bed * np.float32(0.75), water * (1 - bed)
        for member in range(3 if deep else 1):
            turn = rng.uniform(0, 2 * np.pi)
            gap = np.float32(1.6 * calibre if member else 0)
            width = np.float32(calibre * rng.uniform(0.8, 1.2) * (1 if member else 1.1))
            centre = (
                at_u + drift[0] + gap * np.float32(np.cos(turn)),
                at_v + drift[1] + gap * np.float32(np.sin(turn)),
            )
            disc = edge(width - np.hypot(u - centre[0], v - centre[1]), pixel)
            bright = leg.veins_bright and (member > 0 or not deep)
            fat = fat * (1 - disc)
            water = water * (1 - disc) + disc * np.float32(0.95 if bright else rng.uniform(0.03, 0.2))
    return fat, water
