"""Scores of maps over a study or cohort: lesion masks found for its series, patients numbered, files written."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import xai
from viewer.batch import case_id, whole_file
from xai.errors import ExplainError, ImagingError
from xai.evaluate.faithfulness import Curves
from xai.evaluate.plots import draw_bars, draw_curves
from xai.evaluate.report import listing, summarise, summary_json, table
from xai.evaluate.scores import Score, Settings, score_slices
from xai.imaging.catalog import read_identity
from xai.imaging.labels import LabelReader, match_grids
from xai.imaging.nifti import is_nifti, read_nifti
from xai.imaging.series import Series
from xai.notice import RESEARCH_USE_ONLY
from xai.pipeline import analyse_slices
from xai.progress import Progress, ignore

if TYPE_CHECKING:
    from xai.cache import ExplanationCache
    from xai.models.bundle import ClassifierBundle


def cohort_masks(paths: Sequence[Path]) -> Path | None:
    """Return the folder of masks of a phantom cohort when ``paths`` is one; see `xai.phantom.cohort`."""
    (path, *others) = paths
    masks = path / "masks"
    return masks if not others and (path / "cohort.csv").is_file() and masks.is_dir() else None


@dataclass(frozen=True, slots=True)
class MaskFolder:
    """Lesion masks by the name they go by."""

    folder: Path
    files: Mapping[str, Path]

    @classmethod
    def look_in(cls, folder: Path) -> MaskFolder:
        """Return the masks in a folder.

        Raises
        ------
        ImagingError
            When there is none.
        """
        if folder.is_file():
            raise ImagingError(f"{folder} is a file; masks are looked for in a folder, so give the one that it is in.")
        if not folder.is_dir():
            raise ImagingError(f"There is no folder {folder} with masks.")
        files = {_stem(path): path for path in sorted(folder.iterdir()) if path.is_file() and is_nifti(path)}
        if not files:
            raise ImagingError(f"The folder {folder} holds no masks: no NIfTI file is in it.")
        return cls(folder, files)

    def without_masks(self, series: Sequence[Series], source: str) -> tuple[Series, ...]:
        """Return the series that are none of the masks themselves; an empty mask looks like a series.

        Raises
        ------
        ImagingError
            When none is left, no mask belongs to any, or one mask would belong to several.
        """
        masks = {path.resolve() for path in self.files.values()}
        left = tuple(one for one in series if not any(path.resolve() in masks for path in one.files))
        if not left:
            raise ImagingError(f"{source} holds no series beside the masks in {self.folder}.")
        if not any(self._file(one) for one in left):
            raise ImagingError(
                f"No mask in {self.folder} is called like a folder or file of {source}; "
                f"the first is called {next(iter(self.files))}."
            )
        owners: dict[Path, Series] = {}
        for one in left:
            path = self._file(one)
            if path is not None and owners.setdefault(path, one) is not one:
                raise ImagingError(
                    f"The mask {path} is called like several series, among them {owners[path].files[0]} and "
                    f"{one.files[0]}; each needs a mask called like its own folder or file."
                )
        return left

    def check(self, series: Sequence[Series], wanted: Sequence[Sequence[int]], progress: Progress = ignore) -> None:
        """Make sure that the masks of wanted slices can be read, before hours of work go into their series.

        Raises
        ------
        ImagingError
            When a mask cannot be read or lies on another grid.
        """
        for done, (one, indices) in enumerate(zip(series, wanted, strict=True)):
            progress(done, len(series))
            # Not kept: a mask holds on to its voxels once it was read.
            mask = self.find(one)
            if mask is not None:
                for k in indices:
                    mask.read_slice(k)

    def find(self, series: Series) -> LabelReader | None:
        """Return the lesion mask of a series in its slice order, None when there is none.

        Raises
        ------
        ImagingError
            When the mask cannot be read or lies on another grid.
        """
        path = self._file(series)
        if path is None:
            return None
        mask = read_nifti(path).series
        if series.geometry.known and mask.geometry.known:
            fit = match_grids(series.geometry, mask.geometry)
        else:
            fit = ((0, 1, 2), (False, False, False)) if series.geometry.shape == mask.geometry.shape else None
        if fit is None:
            raise ImagingError(f"The mask {path} does not lie on the grid of its series.")
        return LabelReader(mask, *fit)

    def _file(self, series: Series) -> Path | None:
        names = (_stem(series.files[0]), series.files[0].parent.name)
        return next((self.files[name] for name in names if name in self.files), None)


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").rsplit(".", 1)[0]


@dataclass(frozen=True, slots=True)
class Patients:
    """Which series are of one patient.

    Parameters
    ----------
    numbers : tuple of str
        A number for each series' patient: what identifies people stays out of every table.
    note : str
        A sentence on patients who were told apart by file names; empty when none were.
    """

    numbers: tuple[str, ...]
    note: str


_CHANNEL = re.compile(r"_\d{4}$")
"""What tells apart the images of one patient on one grid, as nnU-Net calls them (Isensee et al. 2021,
doi:10.1038/s41592-020-01008-z)."""


def number_patients(series: Sequence[Series]) -> Patients:
    """Tell the patients of series apart by a table's word, patient or study identifiers, else by names of files.

    Counting one person twice makes intervals too narrow, so names are read broadly: files of one folder whose names
    differ only in a last ``_NNNN`` are of one patient, and so are all series of several files in one folder.
    """
    numbers: dict[str | Path, str] = {}
    patients, named = [], set()
    for one in series:
        name: str | Path = one.patient or read_identity(one).patient_id or one.info.study_uid
        if not name:
            name = _patient_name(one)
            named.add(name)
        patients.append(numbers.setdefault(name, str(len(numbers) + 1)))
    if not named:
        return Patients(tuple(patients), "")
    return Patients(
        tuple(patients),
        f"Patients were told apart by file names ({len(named)} of {len(numbers)}), for want of a patient or study "
        "identifier: files of one folder whose names differ only in a last _NNNN count as one patient. Intervals are "
        "as good as these names.",
    )


def _patient_name(series: Series) -> Path:
    path = series.files[0].absolute()
    return path.parent if len(series.files) > 1 else path.parent / _CHANNEL.sub("", _stem(path))


@dataclass(slots=True, eq=False)
class Run:
    """An evaluation while its series come in."""

    bundle: ClassifierBundle
    methods: Sequence[str]
    target: int | None
    seed: int
    cache: ExplanationCache | None
    rows: list[Score] = field(default_factory=list)
    curves: dict[str, list[Mapping[str, Curves]]] = field(default_factory=dict)
    parameters: dict[str, Mapping[str, object]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    maps: int = 0
    """How many were scored."""
    slices: int = 0
    """How many could be read."""

    @property
    def settings(self) -> Settings:
        """How maps are scored."""
        return Settings(seed=self.seed)

    def add(
        self, series: Series, indices: Sequence[int], patient: str, mask: LabelReader | None, progress: Progress
    ) -> None:
        """Explain slices of a series and score the maps."""
        volume = series.read(progress)
        slices = [volume.array[k] for k in indices]
        lesions: NDArray[np.bool_] | None = None
        if mask is not None:
            lesions = np.stack([np.nan_to_num(mask.read_slice(k)) > 0 for k in indices])
        analysis = analyse_slices(
            self.bundle, slices, indices, volume.geometry, self.methods, self.target, progress, cache=self.cache
        )
        mapping = self.bundle.preprocess.mapping(volume.geometry)
        scored = score_slices(
            self.bundle, slices, mapping, analysis, lesions, case_id(volume), patient, self.settings, progress
        )
        self.slices += int((analysis.targets >= 0).sum())
        self.rows += scored.rows
        for key, curves in scored.curves.items():
            self.curves.setdefault(key, []).extend(curves)
            self.maps += len(curves)
        self.parameters |= {key: maps.parameters for key, maps in analysis.maps.items()}
        mismatches = self.bundle.manifest.mismatches(volume.info, volume.geometry)
        self.notes += [note for note in (*mismatches, *analysis.notes) if note not in self.notes]


def write_scores(out: Path, run: Run, as_json: bool) -> str:
    """Write ``scores.json``, ``scores.csv``, ``curves.png`` and ``bars.png``; return what is to be printed.

    Raises
    ------
    ExplainError
        When no map could be scored.
    """
    if not run.maps and run.slices:
        raise ExplainError("No map is finite, so there is nothing to score.")
    if not run.maps:
        raise ExplainError("No slice could be read, so there is nothing to score.")
    out.mkdir(parents=True, exist_ok=True)
    summary = summarise(run.rows, run.seed)
    manifest = run.bundle.manifest
    about = {
        "statement": RESEARCH_USE_ONLY,
        "app_version": xai.__version__,
        "model": f"{manifest.name} {manifest.version}",
        "model_sha256": run.bundle.sha256,
        "target": run.target,
        "settings": dataclasses.asdict(run.settings),
        "interval": "95 %, bootstrapped by patient",
        "notes": [*([manifest.trained_on.caution] if manifest.trained_on.caution else []), *run.notes],
    }
    text = summary_json(summary, run.parameters, about)
    for name, content in (("scores.json", text), ("scores.csv", table(run.rows))):
        with whole_file(out / name) as file:
            file.write(content)
    draw_curves(run.curves, out / "curves.png")
    draw_bars(summary, run.methods, out / "bars.png")
    return text if as_json else listing(summary, run.methods) + "\n"
