"""Run by `test_slice_change` with a Python that has napari: the seconds of each step of the same interaction there.

``napari_window.py ACT SIZE OVERLAYS ROUNDS``; the last line of its output is a JSON list.
"""

from __future__ import annotations

import json
import sys
import time

import napari  # type: ignore[import-not-found,unused-ignore]
import numpy as np
from qtpy.QtWidgets import QApplication  # type: ignore[import-not-found,unused-ignore]

SLICES, VIEW = 24, 900
COLOURS = ("inferno", "viridis", "magma")


def main(act: str, size: int, overlays: int, rounds: int) -> list[float]:
    """Return the seconds of each step."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 800, (SLICES, size, size)).astype(np.float32)
    viewer = napari.Viewer(show=True)
    image = viewer.add_image(values, colormap="gray", contrast_limits=(0, 1500))
    places = np.linspace(-1, 1, size, dtype=np.float32)
    bump = np.exp(-4 * (places[:, None] ** 2 + places[None] ** 2))
    layers = [
        viewer.add_image(
            np.repeat(bump[None], SLICES, 0), colormap=name, opacity=0.5, blending="translucent", contrast_limits=(0, 1)
        )
        for name in COLOURS[:overlays]
    ]
    canvas = viewer.window._qt_viewer.canvas
    canvas.native.setFixedSize(VIEW, VIEW)
    QApplication.processEvents()

    def step(n: int) -> None:
        if act == "slice":
            viewer.dims.set_current_step(0, n % SLICES)
        elif act == "opacity":
            layers[0].opacity = (n % 90 + 5) / 100
        else:
            image.contrast_limits = (n % 50, 900 + n % 80)

    seconds = []
    for n in range(rounds + 5):
        began = time.perf_counter()
        step(n)
        # Draws at once, and reads back what was drawn: else nothing says when the drawing is done.
        canvas.native.grabFramebuffer()
        seconds.append(time.perf_counter() - began)
    viewer.close()
    return seconds[5:]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], *(int(text) for text in sys.argv[2:]))))
