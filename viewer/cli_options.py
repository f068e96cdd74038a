"""Arguments and options that several commands share, and what is checked before any work begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated

import typer

from viewer.terminal import progress_bar
from xai.errors import ExplainError, ImagingError
from xai.registry import EXPLAINERS

if TYPE_CHECKING:
    from xai.imaging.catalog import Catalog

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Folders or files: DICOM, .dcm.gz, NIfTI, pictures, data.csv.")
]
Source = Annotated[
    Path, typer.Argument(metavar="PATH", help="Folder or file: DICOM, .dcm.gz, NIfTI, pictures, data.csv.")
]
Model = Annotated[Path, typer.Option("--model", metavar="BUNDLE", help="The classifier's bundle folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bar and no closing note.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]
SeriesNumber = Annotated[
    int | None, typer.Option("--series", metavar="N", min=1, help="Which series, as numbered by 'overread info'.")
]
MethodKeys = Annotated[str, typer.Option("--method", metavar="KEY[,KEY]", help=f"Of {', '.join(EXPLAINERS)}.")]
Target = Annotated[
    int | None,
    typer.Option("--target", metavar="N", help="Class to explain, from 0; each slice's predicted class without."),
]
Slices = Annotated[
    str | None,
    typer.Option("--slices", metavar="A:B", help="Slices A to B, both included, numbered from 1 as in the viewer."),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Compute every map anew and keep none for the next time.")]


def scan_paths(paths: Sequence[Path], quiet: bool) -> Catalog:
    """Find the series in paths, with a progress bar."""
    from xai.imaging.catalog import scan

    with progress_bar("looking", quiet=quiet) as progress:
        return scan(paths, progress)


def names_of(paths: Sequence[Path]) -> str:
    """Return paths as a person lists them."""
    return ", ".join(str(path) for path in paths)


def check_file(path: Path) -> None:
    """Make room for a file to write, before minutes of work go into it."""
    if path.is_dir():
        raise ImagingError(f"{path} is a folder, not a file to write.")
    path.parent.mkdir(parents=True, exist_ok=True)


def choices(text: str, known: Sequence[str], option: str) -> list[str]:
    """Split ``a,b`` and check each part, in the order given and without repetition."""
    parts = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    wrong = [part for part in parts if part not in known]
    if wrong or not parts:
        raise typer.BadParameter(f"{(wrong or [text])[0]!r} is none of {', '.join(known)}.", param_hint=option)
    return parts


def check_folder(path: Path) -> None:
    """Make sure that a folder can be written to ``path``."""
    if path.exists() and not path.is_dir():
        raise ImagingError(f"{path} is a file, not a folder.")


@contextmanager
def made_folder(path: Path) -> Iterator[None]:
    """Make a folder that can be written to, before hours of work go into it.

    When the work fails, what was made for it goes again unless something is in it.
    """
    check_folder(path)
    new = [one for one in (path, *path.parents) if not one.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
        yield
    except BaseException:
        for one in new:
            with suppress(OSError):
                one.rmdir()
        raise


def check_target(target: int | None, classes: Sequence[str]) -> None:
    """Make sure that the class to explain is one of the model's."""
    if target is not None and not 0 <= target < len(classes):
        listed = ", ".join(f"{k} {name}" for k, name in enumerate(classes))
        raise ExplainError(f"The class {target} does not exist; the classes are {listed}.")


def check_slices(text: str | None) -> None:
    """Make sure that ``text`` numbers slices."""
    from viewer.batch import slice_range

    if text is not None:
        try:
            slice_range(text)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is no range such as 3:12.", param_hint="--slices") from None
