"""The work of opening a training run, for a thread: its files, its table, the headers of its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.app.opening import Opened, stamp
from viewer.app.tasks import Emit, Work
from xai.imaging.catalog import Catalog
from xai.progress import Progress

if TYPE_CHECKING:
    from xai.train.opened import OpenedRun
    from xai.train.opened_series import CaseSeries


@dataclass(frozen=True, slots=True, eq=False)
class RunRead:
    """A run with its series, and the same series as something to open."""

    run: OpenedRun
    series: tuple[CaseSeries, ...]
    opened: Opened


def run_reading(folder: Path) -> Work:
    """Return the work of opening the run in ``folder``; results in a `RunRead`."""

    def work(progress: Progress, emit: Emit) -> RunRead:
        # Not before a run is opened: checking its files takes a library that starts slowly.
        from xai.train.opened import open_run
        from xai.train.opened_series import run_series

        run = open_run(folder, progress)
        series = run_series(run, progress)
        for case in run.cases:
            # Kept once it is known: the list must not wait for it.
            _ = case.error, case.uncertainty, case.probability, case.misread
        shown = tuple(one.series for one in series)
        files = {path for one in shown for path in one.files}
        stamps = {one.uid: stamp(one) for one in shown}
        opened = Opened((run.folder,), (run.folder,), Catalog(shown, (), len(files)), stamps)
        return RunRead(run, series, opened)

    return work
