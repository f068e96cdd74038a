"""What is there: files and folders to a catalogue of series, from headers alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from xai.errors import ImagingError
from xai.imaging.dicom import DicomCollection
from xai.imaging.dicom import read_identity as _dicom_identity
from xai.imaging.dicom_elements import looks_like_dicom
from xai.imaging.labels import attach_label_maps
from xai.imaging.nifti import NiftiFile, is_nifti, read_nifti
from xai.imaging.series import Identity, Series
from xai.imaging.table_series import pictures_of_table
from xai.imaging.tiles import TileCollection, is_tile
from xai.imaging.volume import Problem, Volume
from xai.progress import Progress, ignore

_NOT_IMAGES = frozenset({
    ".txt", ".md", ".rst", ".json", ".csv", ".tsv", ".xlsx", ".xls", ".ods", ".doc", ".docx", ".pdf", ".html", ".htm",
    ".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".log", ".py", ".ipynb", ".sh", ".bat", ".m", ".r", ".js",
    ".css", ".zip", ".tar", ".7z", ".bval", ".bvec", ".npz", ".npy", ".pt", ".pth", ".ckpt", ".safetensors",
    ".upstream", ".db", ".sqlite", ".exe", ".dll", ".so", ".lnk", ".mp4", ".avi", ".gif", ".svg", ".bib", ".tex",
})  # fmt: skip
_NOT_IMAGE_NAMES = frozenset(
    ["dicomdir", "license", "licence", "readme", "copying", "changelog", "authors", "makefile"]
)
_DICOM = (".dcm", ".dcm.gz", ".dicom", ".ima")


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All series found, and what was found that is none.

    Parameters
    ----------
    looked_at : int
        Number of files in the folders and among the files that were given; hidden ones are not counted.
    passed_over : int
        How many of them are no pictures by their name (text, tables, programs).
    """

    series: tuple[Series, ...]
    problems: tuple[Problem, ...] = ()
    looked_at: int = 0
    passed_over: int = 0


def scan(paths: Sequence[Path | str], progress: Progress = ignore) -> Catalog:
    """Find the series in files and folders, reading headers only.

    Parameters
    ----------
    paths : sequence of Path
        Files, and folders that are searched with their subfolders. A table of pictures (``data.csv``) stands for what
        it names: the pictures of a patient are a series, in the table's order.
    progress : Progress
        Called with the number of files looked at.

    Raises
    ------
    ImagingError
        When a path does not exist or cannot be read, or when nothing in them can be read as a picture.
    """
    problems: list[Problem] = []
    files: dict[Path, bool] = {}
    named: dict[Path, tuple[Path, str]] = {}
    dicom, tiles = DicomCollection(), TileCollection()
    for given in map(Path, paths):
        table = pictures_of_table(given)
        for path in [given] if table is None else table.others:
            for file, asked in _files(path, problems):
                files[file] = files.get(file, False) or asked
        if table is not None:
            problems += table.problems
            if table.is_published_layout:
                tiles.padded[given] = tuple(table.tiles)
            named |= {tile: (given, patient) for tile, patient in table.tiles.items()}
    # In the tables' order, also where a folder that is opened too has them in another.
    files = {**dict.fromkeys(named, True), **files}
    niftis: list[NiftiFile] = []
    passed_over = 0
    for done, (path, asked) in enumerate(files.items()):
        progress(done, len(files))
        if path in named:
            tiles.add(path, *named[path])
            continue
        if not asked and _is_no_picture(path):
            passed_over += 1
            continue
        add = _adder(path, dicom, tiles, niftis, problems)
        if add is not None:
            add(path)
    # Telling label maps from images needs a look at the voxels, which may take a while: let it be cancelled too.
    images, rest = attach_label_maps(dicom.series(), niftis, lambda *_: progress(len(files), len(files)))
    progress(len(files), len(files))
    series = (*images, *rest, *tiles.series())
    problems += [*dicom.problems, *tiles.problems]
    if not series:
        raise ImagingError(_nothing([Path(p) for p in paths], problems))
    return Catalog(series, tuple(problems), len(files), passed_over)


def open_volumes(path: str | Path, progress: Progress = ignore) -> list[Volume]:
    """Read every series of a file or folder.

    Raises
    ------
    ImagingError
        When nothing can be read; one sentence naming the file and the cause.
    """
    catalog = scan([Path(path)])
    total = sum(len(series) for series in catalog.series)
    volumes, before = [], 0
    for series in catalog.series:

        def shifted(done: int, _: int, before: int = before) -> None:
            progress(before + done, total)

        volumes.append(series.read(shifted))
        before += len(series)
    return volumes


def describe(catalog: Catalog) -> dict[str, object]:
    """Return what ``overread info --json`` prints: series with shape, spacing, orientation and problems by name."""
    return {
        "series": [_describe(series) for series in catalog.series],
        "problems": [_problem(problem) for problem in catalog.problems],
    }


def read_identity(series: Series) -> Identity:
    """Read who was examined, for showing on request; empty where the format does not say."""
    return _dicom_identity(series.identity_file) if series.identity_file is not None else Identity()


def _describe(series: Series) -> dict[str, object]:
    geometry = series.geometry
    return {
        "uid": series.uid,
        "description": series.info.description,
        "modality": series.info.modality,
        "files": len(series.files),
        "shape": list(geometry.shape),
        "spacing_mm": [round(value, 6) for value in geometry.spacing] if geometry.known else None,
        "orientation": geometry.orientation if geometry.known else None,
        "volumes": series.volumes,
        "label_maps": [label.name for label in series.label_maps],
        "problems": [_problem(problem) for problem in series.problems],
    }


def _problem(problem: Problem) -> dict[str, object]:
    return {"code": problem.code, "message": problem.message, "files": list(problem.files)}


def _files(path: Path, problems: list[Problem]) -> list[tuple[Path, bool]]:
    """Return the files below ``path``, sorted, each with whether it was asked for by name."""
    try:
        if not path.is_dir():
            path.stat()
            return [(path, True)]
        found: list[tuple[Path, bool]] = []
        _walk(path, {os.path.realpath(path)}, found, problems, top=True)
    except FileNotFoundError as error:
        raise ImagingError(f"{path} does not exist.") from error
    except OSError as error:
        raise ImagingError(f"{path} cannot be read: {error.strerror or 'it cannot be opened'}.") from error
    return found


def _walk(
    folder: Path, seen: set[str], found: list[tuple[Path, bool]], problems: list[Problem], top: bool = False
) -> None:
    try:
        with os.scandir(folder) as entries:
            # Files before folders: of two copies the one further up counts as the first.
            listed = sorted(entries, key=lambda entry: (_is_folder(entry), entry.name))
    except OSError as error:
        if top:
            raise
        cause = error.strerror or "it cannot be opened"
        problems.append(Problem("unreadable", f"The folder {folder.name} cannot be read: {cause}.", (folder.name,)))
        return
    for entry in listed:
        if entry.name.startswith("."):
            continue
        path = Path(entry.path)
        try:
            if _is_folder(entry):
                # A link may lead back to a folder above; each real folder is searched once.
                real = os.path.realpath(path)
                if real not in seen:
                    seen.add(real)
                    _walk(path, seen, found, problems)
            elif entry.is_file():
                found.append((path, False))
        except OSError as error:
            cause = error.strerror or "it cannot be opened"
            problems.append(Problem("unreadable", f"{entry.name} cannot be read: {cause}.", (entry.name,)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_no_picture(path: Path) -> bool:
    """Whether a file that was met in a folder is passed over by its name."""
    name = path.name.lower()
    if is_nifti(path) or is_tile(path) or name.endswith(_DICOM):
        return False
    return path.suffix.lower() in _NOT_IMAGES or name.split(".")[0] in _NOT_IMAGE_NAMES


def _adder(
    path: Path,
    dicom: DicomCollection,
    tiles: TileCollection,
    niftis: list[NiftiFile],
    problems: list[Problem],
) -> Callable[[Path], None] | None:
    """Return what takes a file in, by its name and its first bytes; None when it is none, which is then a problem."""
    name = path.name.lower()
    if is_nifti(path):
        return lambda file: _add_nifti(file, niftis, problems)
    if is_tile(path):
        return tiles.add
    if name.endswith(_DICOM):
        return dicom.add
    try:
        with open(path, "rb") as file:
            head = file.read(4096)
    except OSError as error:
        cause = error.strerror or "it cannot be opened"
        problems.append(Problem("unreadable", f"{path.name} cannot be read: {cause}.", (path.name,)))
        return None
    if head[:2] == b"\x1f\x8b" or looks_like_dicom(head):
        return dicom.add
    problems.append(Problem("not-an-image", f"{path.name} is not a picture in any known format.", (path.name,)))
    return None


def _add_nifti(path: Path, niftis: list[NiftiFile], problems: list[Problem]) -> None:
    try:
        niftis.append(read_nifti(path))
    except ImagingError as error:
        cause = error.__cause__
        code = "unreadable" if isinstance(cause, OSError) and cause.errno else "not-an-image"
        problems.append(Problem(code, str(error), (path.name,)))


def _nothing(paths: Sequence[Path], problems: Sequence[Problem]) -> str:
    """Say in one sentence why there is nothing to show."""
    if len(problems) == 1:
        return problems[0].message
    where = " and ".join(str(path) for path in paths[:3])
    if problems:
        more = len(problems) - 1
        return f"{where} holds no images: {problems[0].message.rstrip('.')}; {more} more files are none either."
    return f"{where} holds no images."
