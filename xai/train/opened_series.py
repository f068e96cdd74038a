"""The pictures of an opened run as series, one per patient and stack, each slice with its answer. Light: no torch."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from xai.errors import ImagingError, TrainingError
from xai.imaging.series import Series, path_uid
from xai.imaging.tiles import TileCollection, read_tile
from xai.progress import Progress, ignore
from xai.train.opened import Answer, Case, OpenedRun
from xai.train.sources import open_series


@dataclass(frozen=True, slots=True, eq=False)
class CaseSeries:
    """One series of a patient.

    Parameters
    ----------
    case : int
        Place of the patient in the run's cases.
    series : Series
        Called by a number that tells nothing of the label: folders and files may be named for their class.
    answers : tuple
        Of each slice; None for slices that the table does not name.
    name : str
        That number, which its description begins with.
    part, parts : int
        Which of the patient's series it is, from 1, and how many there are.
    """

    case: int
    series: Series
    answers: tuple[Answer | None, ...]
    name: str
    part: int = 1
    parts: int = 1


def run_series(run: OpenedRun, progress: Progress = ignore) -> tuple[CaseSeries, ...]:
    """Return the series of every case, in the order of the cases; headers are read, pixels are not.

    Pictures of a patient are one series in the table's order, padded where the run has padded them; where they differ
    in size all the same, one for each size.

    Raises
    ------
    TrainingError
        When a series or picture can no longer be opened; one sentence naming it and the cause.
    """
    found: list[CaseSeries] = []
    for number, case in enumerate(run.cases):
        progress(number, len(run.cases))
        try:
            stacks = _stacks(run, number, case)
        except ImagingError as error:
            raise TrainingError(f"The run {run.folder.name} cannot be shown: {error}") from None
        parts = len(stacks)
        found += [
            CaseSeries(number, *stack, case_name(run, number), part, parts) for part, stack in enumerate(stacks, 1)
        ]
    progress(len(run.cases), len(run.cases))
    return tuple(found)


def case_name(run: OpenedRun, number: int) -> str:
    """Return what the series of a case are called."""
    return f"Case {run.numbers[number]}"


def _stacks(run: OpenedRun, number: int, case: Case) -> list[tuple[Series, tuple[Answer | None, ...]]]:
    tiles = TileCollection()
    singles: dict[Path, Answer] = {}
    slices: dict[Path, list[Answer]] = defaultdict(list)
    for answer in case.answers:
        path = answer.example.image
        if answer.example.slice is None:
            tile = read_tile(path, run.frame)
            tiles.tiles.append(replace(tile, pages=1, table=run.table, patient=case.group))
            singles[path] = answer
        else:
            slices[path].append(answer)
    name = case_name(run, number)
    stacks: list[tuple[Series, tuple[Answer | None, ...]]] = []
    for series in tiles.series():
        _, rows, columns = series.geometry.shape
        uid = path_uid(run.folder, f"#{number}#{rows}x{columns}")
        shown = replace(series, uid=uid, info=replace(series.info, description=name))
        stacks.append((shown, tuple(singles[path] for path in series.files)))
    for place, (image, members_of) in enumerate(slices.items()):
        series = open_series(image)
        answers: list[Answer | None] = [None] * len(series)
        for answer in members_of:
            k = answer.example.slice
            if k is None or k >= len(series):
                raise ImagingError(f"{answer.example.name} has slices 1 to {len(series)} only.")
            answers[k] = answer
        # A header's description says what was measured; a file's name may say what was found.
        stated = series.info.description if series.info.modality else ""
        info = replace(series.info, description=f"{name}: {stated}" if stated else name)
        stacks.append((replace(series, uid=path_uid(run.folder, f"#{number}#{place}"), info=info), tuple(answers)))
    return stacks
