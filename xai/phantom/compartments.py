"""Which muscle lies where: the compartments of the lower leg, each within its fascial borders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from xai.phantom.fields import Array, along, noise
from xai.phantom.skeleton import Leg, Skeleton

MUSCLES = (
    "tibialis anterior",
    "extensors",
    "peroneals",
    "soleus",
    "gastrocnemius medial",
    "gastrocnemius lateral",
    "tibialis posterior",
    "deep flexors",
)
"""Muscle ``i`` has label ``i + 1`` in `divide_muscles`'s label map."""


def _height(u: Array, knots: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Return height and 1/length of the normal of a smooth curve over ``u``, slice by slice."""
    height, normal = np.empty_like(u), np.empty_like(u)
    place = np.arange(-160, 160, 1.0)
    for k in range(len(u)):
        x = np.array([float(np.ravel(a)[min(k, a.size - 1)]) for a, _ in knots])
        y = np.array([float(np.ravel(b)[min(k, b.size - 1)]) for _, b in knots])
        table = gaussian_filter1d(np.interp(place, x, y), 2.5)
        height[k] = np.interp(u[k], place, table)
        normal[k] = np.interp(u[k], place, 1 / np.hypot(1, np.gradient(table)))
    return height, normal


def divide_muscles(
    leg: Leg,
    s: Skeleton,
    t: NDArray[np.float64],
    u: Array,
    v: Array,
    shape: tuple[int, int, int],
    pixel: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], Array]:
    """Divide the inside of the fascia among the muscles; each is where all its borders are on the right side."""
    fine = (1.8, 6 / pixel, 6 / pixel)
    u = u + np.float32(1.1) * noise(rng, shape, fine)
    v = v + np.float32(1.1) * noise(rng, shape, fine)
    (tx, ty), (fx, fy), half = s.tibia_at, s.fibula_at, s.tibia_size / 2
    size, full = s.size, np.float32(leg.radius) * s.size

    # Interosseous membrane between the bones, prolonged as posterior septum from the fibula to the lateral fascia.
    knots: list[tuple[Array, Array]] = [
        (tx - 2 * full, ty + half * 0.4),
        (tx - half * 0.95, ty - half * 0.30),
        (tx + half * 0.70, ty - half * 0.72),
        (fx, fy),
        (fx + full, fy - full * np.float32(0.62)),
    ]
    membrane, steep = _height(u, knots)
    front = (v - membrane) * steep
    rear = -front
    # Transverse septum: in front of it the deep muscles, behind it the soleus.
    deep_by = along(t, (0, 11.0), (0.3, 13.0), (0.6, 13.0), (1, 12.0)) * np.float32(leg.radius / 51)
    septum, flat = _height(
        u,
        [
            (tx - half * 1.4, ty - half * 0.2),
            (tx - half * 0.8, ty - half * 0.7 - deep_by * np.float32(0.7)),
            (tx + half * 0.4, ty - half * 0.8 - deep_by),
            (fx - 6, fy - deep_by * np.float32(0.75)),
            (fx + 3, fy - deep_by * np.float32(0.55) - along(t, (0.3, 0.0), (0.6, 6.0), (1, 7.0))),
            (fx + 13, fy - np.float32(6) * size),
        ],
    )
    deep = (v - septum) * flat

    def beside(x0: Array, y0: Array, degrees: float) -> Array:
        """Distance to the left of a ray from (x0, y0)."""
        c, n = np.float32(np.cos(np.radians(degrees))), np.float32(np.sin(np.radians(degrees)))
        return np.asarray(c * (v - y0) - n * (u - x0), np.float32)

    anterior = np.where(u > fx - 3, beside(fx, fy, 38.0), np.float32(99))
    mid_x, mid_y = 0.45 * fx + 0.55 * (tx + half * 0.6), 0.45 * fy + 0.55 * (ty - half * 0.6)
    medial = beside(mid_x, mid_y, 56.0)
    # Nothing but skin and fat covers the medial face of the shin bone.
    front = np.where(v > ty, np.minimum(front, -beside(tx, ty, 80.0)), front)

    # Gastrocnemius: two crescents under the fascia that thin out and end where the calf's belly ends.
    under = s.fascia_radius - s.r
    heads = []
    for centre, breadth, thick, end in ((226.0, 58.0, 21.0, 0.52), (303.0, 46.0, 15.0, 0.44)):
        shape_of = np.clip(1 - np.square((s.angle - centre) / breadth), 0, 1) ** np.float32(0.75)
        left = along(t - leg.girth, (0, 0.85), (0.2, 1.0), (end - 0.14, 0.72), (end, 0.0), (1, -0.2))
        heads.append(np.float32(thick * leg.radius / 51) * left * shape_of - under - np.float32(0.3))
    split = s.r * np.sin(np.radians(s.angle - 268))  # positive on the lateral side of the midline

    tilt = np.float32(0.3) * (v - ty)
    flexor = np.maximum(
        tx - half * np.float32(-0.25) + tilt - u, u - fx + along(t, (0.25, -14.0), (0.55, 7.0), (1, 9.0))
    )
    gastro = np.maximum(heads[0], heads[1])
    inside = np.stack(
        [
            np.minimum(np.minimum(front, anterior), medial),
            np.minimum(np.minimum(front, anterior), -medial),
            np.minimum(front, -anterior),
            np.minimum(np.minimum(rear, -deep), -gastro),
            np.minimum(np.minimum(np.minimum(rear, -deep), heads[0]), -split),
            np.minimum(np.minimum(np.minimum(rear, -deep), heads[1]), split),
            np.minimum(np.minimum(rear, deep), -flexor),
            np.minimum(np.minimum(rear, deep), flexor),
        ]
    )
    label = (inside.argmax(0) + 1).astype(np.uint8)
    depth = np.minimum(np.minimum(inside.max(0), s.fascia), np.minimum(-s.tibia, -s.fibula))
    label[depth <= 0] = 0
    return label, depth
