"""How the command line speaks: a progress bar, one sentence for an error, notes; all of it on standard error."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from xai.progress import Progress, ignore


def say(text: str) -> None:
    """Print a line on standard error, which keeps standard output for results."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def progress_bar(title: str, *, quiet: bool) -> Iterator[Progress]:
    """Show how far a long job is; nothing is shown when ``quiet`` or when no one watches a terminal."""
    if quiet or not sys.stderr.isatty():
        yield ignore
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield report


@contextmanager
def task_bar(*, quiet: bool) -> Iterator[Callable[[str, float, float], None]]:
    """Show what a long job of several parts does; where no one watches a terminal, a line for each part it begins."""
    if quiet:
        yield lambda _words, _done, _total: None
        return
    if not sys.stderr.isatty():
        told: set[str] = set()

        def line(words: str, _done: float, _total: float) -> None:
            part = words.partition(",")[0]
            if part not in told:
                told.add(part)
                say(part)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda words, done, total: bar.update(task, description=words, completed=done, total=total)


def one_sentence(error: BaseException) -> str:
    """Return what ``error`` says on one line; an error of the operating system gets its file and cause."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror}."
    return " ".join(str(error).split())


def keep_traceback(error: BaseException) -> Path | None:
    """Write where ``error`` happened to the user's log folder and return the file.

    Only the places in the code and the kind of error are kept: a message may carry a path or a header's text, and with
    it a patient's name.
    """
    import platformdirs

    lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    try:
        path = platformdirs.user_log_path("overread", appauthor=False, ensure_exists=True) / "last-error.log"
        path.write_text("\n".join([*lines, type(error).__qualname__, ""]), encoding="utf-8")
    except OSError:
        return None
    return path
