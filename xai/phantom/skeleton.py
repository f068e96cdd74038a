"""A leg's frame: skin, fascia and bones at every place along it, as signed distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xai.phantom.fields import Array, along, around

# Radius of the fascia by angle, as a fraction of the leg's radius (0 lateral, 90 anterior, 180 medial, 270 posterior).
_CALF = (
    (0, 0.96), (35, 0.95), (70, 0.97), (90, 0.98), (120, 0.90), (150, 0.84), (180, 0.92), (205, 1.03), (235, 1.07),
    (258, 1.02), (272, 0.97), (290, 1.02), (315, 1.05), (340, 1.00),
)  # fmt: skip
_ANKLE = (
    (0, 0.94), (35, 0.93), (70, 1.04), (90, 1.10), (120, 1.03), (150, 0.93), (180, 0.90), (210, 0.92), (240, 1.03),
    (270, 1.16), (300, 1.05), (330, 0.97),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leg:
    """What makes one leg different from another; lengths in millimetres at the belly of the calf."""

    side: str
    """``"left"`` or ``"right"``, the patient's."""
    radius: float = 51.0
    """Of the fascia, without the fat below the skin."""
    fat: float = 8.0
    """Thickness of the subcutaneous fat; thinner over the shin and towards the ankle."""
    tibia: float = 26.5
    fibula: float = 12.0
    turn: float = 15.0
    """Outward rotation in degrees."""
    flat: float = 0.93
    """How much of its depth the back of the calf keeps, lying on a table."""
    girth: float = 0.0
    """Where the belly sits: shifts the calf's bulge along ``t``."""
    septa: float = 1.0
    """Amount of fat between the muscles."""
    streaks: float = 1.0
    """Amount of the fine fat within healthy muscles."""
    veins_bright: bool = False
    taper: float = 1.0
    """How strongly the leg narrows to the ankle."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Signed distances (positive inside) and landmarks that everything else hangs on."""

    skin: Array
    fascia: Array
    tibia: Array
    fibula: Array
    tibia_at: tuple[Array, Array]
    tibia_size: Array
    fibula_at: tuple[Array, Array]
    size: Array
    """The leg's radius over that at the belly."""
    r: Array
    angle: Array
    fascia_radius: Array
    radius: Array
    distal: Array
    """From 0, a calf, to 1, an ankle."""
    fat: float

    @classmethod
    def of(cls, leg: Leg, t: NDArray[np.float64], u: Array, v: Array) -> Skeleton:
        """Place skin, fascia and bones."""
        moved = np.clip(t - leg.girth, 0, 1)
        profile = along(moved, (0, 0.90), (0.12, 0.97), (0.25, 1.0), (0.42, 0.90), (0.6, 0.74), (0.8, 0.61), (1, 0.57))
        size = 1 - (1 - profile) * np.float32(leg.taper)
        radius = np.float32(leg.radius) * size
        r = np.hypot(u, v)
        angle = np.degrees(np.arctan2(v, u)) % 360
        distal = along(t, (0.35, 0.0), (0.65, 0.5), (1, 1.0))
        limit = radius * ((1 - distal) * around(angle, _CALF) + distal * around(angle, _ANKLE))
        thick = np.float32(leg.fat) * along(t, (0, 1.05), (0.3, 1.0), (0.7, 0.72), (1, 0.55))
        front = 1 - np.float32(0.55) * np.exp(-np.square((angle - 105) / 45))
        inner = 1 + np.float32(0.35) * np.exp(-np.square((angle - 200) / 45))
        thick = thick * front * inner + np.float32(1.2)

        tibia_size = np.float32(leg.tibia) * along(t, (0, 1.32), (0.12, 1.14), (0.3, 1.0), (0.7, 0.88), (1, 1.02))
        at = np.radians(112.0)
        reach = radius * ((1 - distal) * np.float32(0.93) + distal * np.float32(1.04)) - np.float32(0.53) * tibia_size
        tibia_at = (reach * np.float32(np.cos(at)), reach * np.float32(np.sin(at)))
        tibia = _tibia(u - tibia_at[0], v - tibia_at[1], tibia_size, t)
        span = np.float32(leg.tibia / 26.5)
        fibula_at = (
            tibia_at[0] + span * along(t, (0, 30.0), (0.25, 25.0), (0.7, 21.0), (1, 22.0)),
            tibia_at[1] - span * along(t, (0, 27.0), (0.25, 26.0), (0.7, 21.0), (1, 17.0)),
        )
        fibula_size = np.float32(leg.fibula) * along(t, (0, 1.25), (0.15, 1.0), (0.7, 0.95), (1, 1.15))
        fibula = _fibula(u - fibula_at[0], v - fibula_at[1], fibula_size)
        # The shin stands out: where bone would reach through fascia or skin, they pass over it.
        fascia = _soft_max(limit - r, tibia + np.float32(0.8))
        skin = _soft_max(limit + thick - r, tibia + np.float32(3.2) + np.float32(0.12 * leg.fat))
        return cls(
            skin, fascia, tibia, fibula, tibia_at, tibia_size, fibula_at, size, r, angle, limit, radius, distal, leg.fat
        )

    def rim(self, degrees: float, outwards: Array) -> tuple[Array, Array]:
        """Return the point ``outwards`` millimetres beyond the fascia in a direction."""
        at = np.array([degrees], np.float32)
        r = self.radius * ((1 - self.distal) * around(at, _CALF) + self.distal * around(at, _ANKLE)) + outwards
        return r * np.float32(np.cos(np.radians(degrees))), r * np.float32(np.sin(np.radians(degrees)))


def _soft_max(a: Array, b: Array, softness: float = 1.5) -> Array:
    return np.asarray(np.logaddexp(a / softness, b / softness) * softness, np.float32)


def _tibia(u: Array, v: Array, size: Array, t: NDArray[np.float64]) -> Array:
    """Return the distance inside the shin bone: a rounded triangle, crest in front, rounder towards its ends."""
    angle = np.arctan2(v, u)
    corner = np.cos(3 * (angle - np.radians(80.0)))
    sharp = along(t, (0, 0.04), (0.2, 0.09), (0.7, 0.09), (1, 0.03))
    crest = np.exp(-np.square((np.degrees(angle) - 80) / 22))
    radius = size / 2 * (1 + sharp * corner + np.float32(0.9) * sharp * crest)
    return np.asarray(radius - np.hypot(u, v), np.float32)


def _fibula(u: Array, v: Array, size: Array) -> Array:
    angle = np.arctan2(v, u)
    radius = size / 2 * (1 + np.float32(0.10) * np.cos(3 * angle - 1.0) + np.float32(0.06) * np.cos(2 * angle))
    return np.asarray(radius - np.hypot(u, v), np.float32)
