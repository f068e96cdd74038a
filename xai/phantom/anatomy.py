"""One lower leg as tissue maps: bones, muscle compartments, septa, vessels, fat and skin, slice by slice.

A leg is drawn in its own millimetres: ``u`` grows laterally, ``v`` anteriorly, whichever side it is of, with the shin
pointing forward; the leg is then turned outwards, as feet fall when a person lies on the back, and mirrored for the
right side. ``t`` runs down the leg from 0 below the knee to 1 above the ankle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xai.phantom.compartments import MUSCLES, divide_muscles
from xai.phantom.fields import Array, noise
from xai.phantom.painting import paint
from xai.phantom.skeleton import Leg, Skeleton

__all__ = ["MUSCLES", "Leg", "Tissue", "draw_leg"]


@dataclass(frozen=True, slots=True)
class Tissue:
    """A leg on a pixel patch: signals of water and fat (D, h, w) in units of fat's signal, and its muscles."""

    water: Array
    fat: Array
    label: NDArray[np.uint8]
    """0 outside of muscle, else 1 + index into `MUSCLES`."""
    depth: Array
    """Millimetres inside the muscle of `label`."""


def draw_leg(leg: Leg, x: Array, y: Array, t: NDArray[np.float64], pixel: float, rng: np.random.Generator) -> Tissue:
    """Draw a leg.

    Parameters
    ----------
    leg : Leg
        Its shape.
    x, y : array (D, 1, w) and (D, h, 1)
        LPS millimetres of the patch's pixels from the leg's axis.
    t : array (D,)
        Place of each slice along the leg.
    pixel : float
        Pixel size in millimetres.
    rng : Generator
        Of this leg alone.
    """
    shape = (len(t), y.shape[1], x.shape[2])
    u, v = _canonical(leg, x, y, shape, pixel, rng)
    geometry = Skeleton.of(leg, t, u, v)
    label, depth = divide_muscles(leg, geometry, t, u, v, shape, pixel, rng)
    water, fat = paint(leg, geometry, t, label, depth, u, v, pixel, rng)
    label[(geometry.fascia <= 0) | (depth <= 0)] = 0
    return Tissue(water, fat, label, depth)


def _canonical(
    leg: Leg, x: Array, y: Array, shape: tuple[int, int, int], pixel: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Bring patch coordinates into the leg's own frame, with a gentle warp that no two legs share."""
    u = np.broadcast_to(x if leg.side == "left" else -x, shape)
    v = np.broadcast_to(-y, shape)
    v = np.where(v < 0, v / np.float32(leg.flat), v)
    u = u * np.float32(np.sqrt(leg.flat))  # what the table takes in depth, the calf gains in breadth
    c, s = np.cos(np.radians(leg.turn)), np.sin(np.radians(leg.turn))
    u, v = np.float32(c) * u - np.float32(s) * v, np.float32(s) * u + np.float32(c) * v
    coarse = (2.5, 14 / pixel, 14 / pixel)
    return u + np.float32(1.6) * noise(rng, shape, coarse), v + np.float32(1.6) * noise(rng, shape, coarse)
