"""All that one view paints, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.beside import Place
from viewer.core.overlay import ColourBar
from viewer.core.planes import CornerTexts, EdgeLetters
from xai.imaging.geometry import VolumeGeometry


@dataclass(frozen=True, slots=True, eq=False)
class NamedBar:
    """A colour bar with the words beside it."""

    title: str
    captions: tuple[str, ...]
    bar: ColourBar


@dataclass(frozen=True, slots=True)
class LinkMark:
    """Something of the second series that follows the first, or does not."""

    name: str
    linked: bool


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What one view shows.

    Parameters
    ----------
    pixels : array (h, w) uint32
        ``0xffRRGGBB`` in display order, C-contiguous.
    geometry : VolumeGeometry
        Of the series, for the pixels' shape in millimetres.
    note : str
        A state in words painted on the picture, such as "HiResCAM: computing".
    """

    pixels: NDArray[np.uint32]
    geometry: VolumeGeometry
    letters: EdgeLetters
    texts: CornerTexts
    bars: tuple[NamedBar, ...] = ()
    note: str = ""
    clean: NDArray[np.uint32] | None = None
    """The pixels without overlays, shown to the left of ``swipe``."""
    swipe: float | None = None
    """Where the line between clean and overlay lies, as a share of the view's width."""

    place: Place | None = None
    """Where the picture stands, when that is not where the first series' pictures stand."""
    links: tuple[LinkMark, ...] = ()

    @property
    def spacing(self) -> tuple[float, float]:
        """Height and width of a pixel: millimetres, or 1 and 1 where they are unknown."""
        return self.geometry.shown_spacing if self.geometry.known else (1.0, 1.0)
