"""All scores of all maps of some slices, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xai.evaluate.faithfulness import BASELINES, STEPS, Curves, faithfulness
from xai.evaluate.localization import TOLERANCE, localization
from xai.explainers.base import UNREAD
from xai.explainers.masking import body_of
from xai.explainers.registering import to_pixels
from xai.explanation import MethodMaps, SliceAnalysis
from xai.imaging.resample import SliceMapping
from xai.models.bundle import ClassifierBundle
from xai.progress import Progress, ignore

HEALTHY = 0
"""The class that no lesion speaks for: its maps are not asked where the lesion is."""


@dataclass(frozen=True, slots=True)
class Score:
    """One value of one map: a row of the tidy table."""

    case: str
    patient: str
    slice: int
    """From 1, as in the window."""
    method: str
    measure: str
    baseline: str
    """What hidden pixels became; '' for measures that hide none."""
    value: float


@dataclass(frozen=True, slots=True)
class Settings:
    """How maps are scored.

    Parameters
    ----------
    steps : int
        Of the deletion and insertion curves.
    tolerance : float
        Network pixels by which a peak may miss the lesion.
    seed : int
        Breaks ties.
    """

    steps: int = STEPS
    tolerance: float = TOLERANCE
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One map's scores."""

    values: Mapping[tuple[str, str], float]
    """By measure and baseline."""
    curves: Mapping[str, Curves]
    """By baseline."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Rows, and the curves they are of: by method, then a mapping by baseline for each slice."""

    rows: list[Score]
    curves: dict[str, list[Mapping[str, Curves]]]


def lesions_on_grid(mask: NDArray[np.bool_], mapping: SliceMapping) -> NDArray[np.bool_]:
    """Bring masks (n, H, W) of stored slices to the network's grid (n, size, size), nearest neighbour."""
    pixels = np.arange(mapping.size, dtype=np.float64)
    index = np.rint(mapping.to_index(np.stack(np.meshgrid(pixels, pixels, indexing="ij"), -1))).astype(int)
    row, column = index[..., 0], index[..., 1]
    inside = (row >= 0) & (row < mask.shape[1]) & (column >= 0) & (column < mask.shape[2])
    return np.asarray(mask[:, row.clip(0, mask.shape[1] - 1), column.clip(0, mask.shape[2] - 1)] & inside)


def score_slices(
    bundle: ClassifierBundle,
    slices: Sequence[NDArray[np.float32]],
    mapping: SliceMapping,
    analysis: SliceAnalysis,
    lesions: NDArray[np.bool_] | None = None,
    case: str = "",
    patient: str = "",
    settings: Settings = Settings(),
    progress: Progress = ignore,
) -> Scored:
    """Score every map of an analysis.

    Parameters
    ----------
    bundle : ClassifierBundle
        The classifier that was explained.
    slices : sequence of arrays (H, W) float32
        The analysis' slices as stored.
    mapping : SliceMapping
        How they come onto the network's grid.
    analysis : SliceAnalysis
        Their maps.
    lesions : array (n, H, W) bool, optional
        Lesion masks of the stored slices; without them maps are not asked where the lesion is.
    case, patient : str
        Codes for the rows.
    settings : Settings
        Steps, tolerance, seed.
    progress : callable
        Called with maps done; cancels by raising.
    """
    on_grid = None if lesions is None else lesions_on_grid(lesions, mapping)
    read = [n for n, target in enumerate(analysis.targets.tolist()) if target >= 0]
    scored = Scored([], {key: [] for key in analysis.maps})
    for done, n in enumerate(read):
        progress(done, len(read))
        x = bundle.preprocess.to_input([slices[n]], mapping).to(bundle.device)
        maps = {key: _on_pixels(maps, n, x) for key, maps in analysis.maps.items() if maps.states[n] != UNREAD}
        lesion = None if on_grid is None else on_grid[n]
        place = (case, patient, analysis.indices[n] + 1)
        for key, maps_of_key in analysis.maps.items():
            price = {
                "empty": float(bool(maps_of_key.states[n])),
                "passes": maps_of_key.slice_passes[n] if maps_of_key.slice_passes else maps_of_key.passes,
                "seconds": maps_of_key.slice_seconds[n]
                if maps_of_key.slice_seconds
                else maps_of_key.seconds / len(read),
            }
            scored.rows.extend(Score(*place, key, measure, "", value) for measure, value in price.items())

        def within(_done: int, _total: int, done: int = done) -> None:
            progress(done, len(read))

        measured = score_picture(bundle, x, int(analysis.targets[n]), maps, lesion, settings, within)
        for key, found in measured.items():
            scored.rows.extend(Score(*place, key, *name, value) for name, value in found.values.items())
            scored.curves[key].append(found.curves)
    progress(len(read), len(read))
    return scored


def score_picture(
    bundle: ClassifierBundle,
    x: Tensor,
    target: int,
    maps: Mapping[str, Tensor],
    lesion: NDArray[np.bool_] | None = None,
    settings: Settings = Settings(),
    progress: Progress = ignore,
) -> dict[str, Measured]:
    """Score the maps of one picture; return what was measured by method.

    Parameters
    ----------
    bundle : ClassifierBundle
        The classifier.
    x : Tensor (1, 1, H, W)
        Its input.
    target : int
        The class that the maps explain.
    maps : mapping of Tensor (1, 1, H, W)
        Maps on network pixels by method; those that are not finite get no score.
    lesion : array (H, W) bool, optional
        The lesion on network pixels.
    settings : Settings
        Steps, tolerance, seed.
    progress : callable
        Called with pictures done; cancels by raising.
    """
    finite = {key: values for key, values in maps.items() if bool(torch.isfinite(values).all())}
    if not finite:
        return {}
    body = body_of(x)
    stacked = torch.cat([values.to(x.device) for values in finite.values()])
    everywhere = (len(stacked), -1, -1, -1)
    wanted = torch.full((len(stacked),), target, dtype=torch.int64, device=x.device)
    curves = faithfulness(
        bundle.network, x.expand(everywhere), wanted, stacked, BASELINES, settings.steps, settings.seed,
        body.expand(everywhere), progress=progress,
    )  # fmt: skip
    inside = body[0, 0].cpu().numpy()
    measured = {}
    for (key, values), one in zip(finite.items(), curves, strict=True):
        found = {(measure, base): value for base, curve in one.items() for measure, value in curve.areas().items()}
        if lesion is not None and target != HEALTHY and bool((lesion & inside).any()):
            where = localization(values[0, 0].cpu().numpy(), inside, lesion, settings.tolerance)
            found |= {(measure, ""): value for measure, value in where.items() if np.isfinite(value)}
        measured[key] = Measured(found, one)
    return measured


def _on_pixels(maps: MethodMaps, n: int, x: Tensor) -> Tensor:
    return to_pixels(torch.from_numpy(maps.values[n])[None, None], maps.cells, (x.shape[2], x.shape[3]))
