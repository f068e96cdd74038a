"""Colour tables for overlays: perceptually ordered only, small enough to stand here, no matplotlib at start.

Each is kept as evenly spaced control points (RRGGBB); straight lines between them stay within 3 of 255 of the full
table. Inferno, magma and viridis (CC0) and cividis (Nuñez, Anderton and Renslow 2018) as in matplotlib; coolwarm after
Moreland 2009. Blue-orange runs straight in Oklab from a dark middle to two ends of equal lightness: on dark anatomy
the strong values are then the bright ones, which coolwarm turns round.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

_POINTS = {
    "inferno": (
        "0000040403120b0724150b37210c4a2f0a5b3d09654a0c6b57106e64156e71196e7d1e6d8a226a972766a32c61b0315bbc3754"
        "c63d4dd04545da4e3ce35933eb6429f1711ff67e14f98c0afb9b06fcaa0ffbba1ff9c932f5d949f2e865f3f586fcffa4"
    ),
    "magma": (
        "0000040303120a0822130d341d114729115a36106b440f7651127c5d177f6a1c81762181832681902a819c2e7faa337db73779"
        "c23b75cf4070db476ae55064ee5b5ef4695cf9785dfb8761fd9668fea571feb47bfec287fed194fde0a1fceeb0fcfdbf"
    ),
    "viridis": (
        "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c"
        "1f978b1f9f8821a68527ad8131b57b3dbc744cc26c5cc8636ece5881d34d95d840aadc32c0df25d5e21aeae51afde725"
    ),
    "cividis": (
        "00224e00255400285b002b62002e6a0030700533711235701a386f213b6e273e6e2d416d32436d36466c3b496c3f4c6c434e6c"
        "47516c4b546c4f576c535a6d565c6d5a5f6e5e626e61656f656870686a716c6d726f70737273747676767979777d7c787f7e78"
        "8381798784788b87788f8a78928d789690779a93769e9676a29975a69c74aaa073aea371b3a670b7a96ebbad6dbfb06bc3b369"
        "c7b767ccba64d0be62d4c15fd9c55cddc858e1cc55e6d051ead34cefd748f3db42f8df3cfde334fee838"
    ),
    "blue-orange": (
        "72cfff6cc2fb67b5ea61a9da5c9dc95691b95185a84c7999466e8941627a3b576b364c5c30424e2b3740252d332023261b1b1b"
        "26221f322a243e33294b3c2f594534664e3974573e836143916a48a0744daf7e52bf8857ce925cde9c61eea766feb16b"
    ),
    "coolwarm": (
        "3b4cc0445acc4e68d85875e16282ea6c8ff1779af782a6fb8db0fe98b9ffa3c2feaec9fcb9d0f9c3d5f4ccd9edd5dbe5dddcdc"
        "e4d9d2ebd3c6f1cdbaf4c5adf7bca1f7b194f7a688f49a7bf18d6fec7f63e57058de614dd55042cb3e38c0282fb40426"
    ),
}

DIVERGING = ("blue-orange", "coolwarm")
"""Tables with a neutral middle, for evidence for and against; their range is symmetrical about zero."""


def _table(points: str) -> NDArray[np.uint8]:
    colours = np.frombuffer(bytes.fromhex(points), np.uint8).reshape(-1, 3)
    place = np.rint(np.linspace(0, 255, len(colours)))
    table = np.stack([np.rint(np.interp(np.arange(256), place, colours[:, c])) for c in range(3)], axis=1)
    table = table.astype(np.uint8)
    table.flags.writeable = False
    return table


COLORMAPS: Mapping[str, NDArray[np.uint8]] = MappingProxyType({name: _table(text) for name, text in _POINTS.items()})
"""Name -> (256, 3) red, green, blue; read-only."""

LABEL_COLOURS: NDArray[np.uint8] = np.frombuffer(
    # Okabe and Ito's palette for every kind of colour vision (2008) without its black, then lighter steps between.
    bytes.fromhex("e69f0056b4e9009e73f0e4420072b2d55e00cc79a7a6cee3b2df8afb9a99fdbf6fcab2d6"),
    np.uint8,
).reshape(-1, 3)
"""Colours of label numbers 1, 2, ...; used again from the first when they run out."""

OUTLINE_COLOURS: tuple[tuple[int, int, int], ...] = (
    (0x62, 0xD0, 0xFF),
    (0xFF, 0xE4, 0x5C),
    (0xFF, 0x7A, 0xD9),
    (0x6B, 0xE5, 0x8F),
    (0xFF, 0x9A, 0x4D),
    (0xB9, 0xA6, 0xFF),
    (0xFF, 0xFF, 0xFF),
    (0xFF, 0x6B, 0x5E),
)
"""Colours of outlines when there are several; light enough for dark anatomy, the first ones farthest apart."""

OUTLINE_LEVEL = 192
"""Where in its colour table a single outline takes its colour: bright, and different between tables."""
