"""Predictions and explanations of whole series as files, without a window."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

import xai
from xai.errors import ExplainError, ImagingError
from xai.explanation import Explanation, Prediction
from xai.imaging.catalog import Catalog
from xai.imaging.series import Series
from xai.imaging.volume import Volume
from xai.notice import RESEARCH_USE_ONLY

if TYPE_CHECKING:
    from xai.models.bundle import ClassifierBundle

FORMATS = ("npz", "nifti", "png")


def case_id(volume: Volume) -> str:
    """Return the code that names a series in exports, whatever its files are called."""
    return f"S-{volume.sha256[:8]}"


def suitable_series(catalog: Catalog, source: str, tell: Callable[[str], None]) -> tuple[Series, ...]:
    """Return the series that a model may be run on and tell which are left out and why.

    Raises
    ------
    ImagingError
        When there is none.
    """
    fit = tuple(series for series in catalog.series if not series.kept_from_model)
    unfit = [series for series in catalog.series if series.kept_from_model]
    if not fit:
        first = f"; the first: {unfit[0].kept_from_model}" if unfit else "."
        raise ImagingError(f"{source} holds no series that a model may be run on{first}")
    for series in unfit:
        tell(f"Left out {series.info.description or series.uid!r}: {series.kept_from_model}")
    return fit


def choose_series(catalog: Catalog, number: int | None, source: str) -> Series:
    """Return series ``number`` (from 1, in the order of ``overread info``), or the only one.

    Raises
    ------
    ImagingError
        When there are several and none was chosen, or none has this number.
    """
    count = len(catalog.series)
    if number is None and count != 1:
        raise ImagingError(f"{source} holds {count} series; choose one with --series, as numbered by overread info.")
    chosen = 1 if number is None else number
    if not 1 <= chosen <= count:
        raise ImagingError(f"{source} has no series {chosen}; it holds {count}.")
    return catalog.series[chosen - 1]


def slice_range(text: str) -> tuple[int, int]:
    """Return the first and last slice number of ``"A:B"``, ``"A:"``, ``":B"`` or ``"A"``; 0 stands for an open end.

    Raises
    ------
    ValueError
        When it is none of these, or holds a number below 1.
    """
    first, colon, last = text.partition(":")
    numbers = [int(part) if part.strip() else 0 for part in ((first, last) if colon else (first, first))]
    given = [int(part) for part in (first, last) if part.strip()]
    if not given or min(given) < 1 or (len(given) == 2 and given[0] > given[1]):
        raise ValueError(text)
    return numbers[0], numbers[1]


def slice_indices(text: str | None, series: Series) -> range:
    """Return the indices (from 0) of the slices that ``text`` numbers (from 1), all when it is None.

    Raises
    ------
    ImagingError
        When the series has not so many.
    """
    first, last = slice_range(text) if text else (0, 0)
    if max(first, last) > len(series):
        raise ImagingError(
            f"Series {series.info.description or series.uid!r} has slices 1 to {len(series)}, "
            f"so slices {text} are not there."
        )
    return range(max(first, 1) - 1, last or len(series))


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Open ``path`` for text and put it in place only when all was written."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def prediction_columns(classes: Sequence[str]) -> list[str]:
    """Return the columns of the predictions' CSV, in order."""
    return [
        "case_id",
        "series_uid",
        "slice_index",
        "position_mm",
        "target",
        "prediction",
        *(f"probability_{name}" for name in classes),
        "state",
        "problems",
        "mismatch",
        "caution",
        "model_id",
        "model_sha256",
        "volume_sha256",
        "app_version",
        "statement",
        "calibration_temperature",
    ]


def prediction_rows(
    series: Series, volume: Volume, bundle: ClassifierBundle, prediction: Prediction
) -> Iterator[list[object]]:
    """Yield a row for every slice of ``volume``; slices count from 1, as in the window."""
    mismatch = " ".join(bundle.manifest.mismatches(volume.info, volume.geometry))
    problems = "|".join(dict.fromkeys(problem.code for problem in volume.problems))
    for k, target in enumerate(prediction.target.tolist()):
        read = target >= 0
        yield [
            case_id(volume),
            as_text(series.uid),
            k + 1,
            round(volume.geometry.slice_position(k), 3) if volume.geometry.known else "",
            target if read else "",
            as_text(bundle.classes[target]) if read else "",
            *(f"{p:.6f}" if np.isfinite(p) else "" for p in prediction.probabilities[k].tolist()),
            "" if read else "slice could not be read",
            problems,
            as_text(mismatch),
            as_text(bundle.manifest.trained_on.caution),
            as_text(f"{bundle.manifest.name} {bundle.manifest.version}"),
            bundle.sha256,
            volume.sha256,
            xai.__version__,
            RESEARCH_USE_ONLY,
            "" if bundle.manifest.calibration is None else f"{bundle.manifest.temperature:.6g}",
        ]


def write_predictions(path: Path, classes: Sequence[str], rows: Iterator[list[object]]) -> int:
    """Write ``rows`` below their header (UTF-8, RFC 4180) and return how many there were."""
    count = 0
    with whole_file(path) as file:
        writer = csv.writer(file)
        writer.writerow(prediction_columns(classes))
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def as_text(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


def write_explanations(
    out: Path, series: Series, volume: Volume, maps: dict[str, Explanation], formats: Sequence[str]
) -> Path:
    """Write the maps of one series to a folder of its own in ``out``, with what is needed to repeat them.

    Returns
    -------
    Path
        The folder: a file per map for ``npz`` and ``nifti``, a folder of pictures per map for ``png``, and
        ``provenance.json``.
    """
    from xai.export import save_nifti, save_npz

    folder = out / case_id(volume)
    folder.mkdir(parents=True, exist_ok=True)
    for key, explanation in maps.items():
        if "npz" in formats:
            save_npz(explanation, folder / f"{key}.npz")
        if "nifti" in formats:
            save_nifti(explanation, folder / f"{key}.nii.gz")
        if "png" in formats:
            _write_pictures(folder / key, volume, explanation)
    with whole_file(folder / "provenance.json") as file:
        json.dump(_provenance(series, volume, maps), file, indent=2)
        file.write("\n")
    return folder


def load_map(path: Path, volume: Volume) -> Explanation:
    """Read a map and make sure that it belongs to ``volume``: another patient's map must never lie over this one.

    Raises
    ------
    ExplainError
        When it cannot be read or is of another series.
    """
    from xai.export import load_npz

    explanation = load_npz(path)
    if explanation.volume_sha256 != volume.sha256:
        raise ExplainError(
            f"The map {path} was made for series S-{explanation.volume_sha256[:8]}, "
            f"not for this one ({case_id(volume)})."
        )
    return explanation


def _write_pictures(folder: Path, volume: Volume, explanation: Explanation) -> None:
    from viewer.png import save_picture, series_window, slice_picture

    folder.mkdir(exist_ok=True)
    window = series_window(volume)
    for k in np.flatnonzero(explanation.computed):
        save_picture(slice_picture(volume, int(k), window, explanation), folder / f"slice-{k + 1:03d}.png")


def _provenance(series: Series, volume: Volume, maps: dict[str, Explanation]) -> dict[str, object]:
    """Return what repeats ``maps``; slices count from 1, as in the window."""
    from xai.export.provenance import provenance

    return {
        "statement": RESEARCH_USE_ONLY,
        "case_id": case_id(volume),
        "series_uid": series.uid,
        "problems": [{"code": p.code, "message": p.message} for p in volume.problems],
        "maps": {key: {**provenance(found), "slices": _explained_slices(found)} for key, found in maps.items()},
    }


def _explained_slices(explanation: Explanation) -> list[dict[str, object]]:
    probabilities = explanation.prediction.probabilities
    return [
        {
            "slice_index": k + 1,
            "target": int(explanation.target[k]),
            "probabilities": [round(p, 6) if np.isfinite(p) else None for p in probabilities[k].tolist()],
            "state": explanation.states[k],
        }
        for k in np.flatnonzero(explanation.computed).tolist()
    ]
