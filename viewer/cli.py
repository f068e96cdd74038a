"""The command line. Commands import what they need when they run, so that ``overread --help`` answers at once.

Exit codes: 0 fine, 1 the input was bad (one sentence on standard error), 2 usage, 130 cancelled.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from viewer.cli_options import AsJson, Paths, Quiet, SeriesNumber, Source, check_file, scan_paths
from viewer.cli_research import evaluate, explain, predict
from viewer.cli_train import train
from viewer.system_libraries import StartError
from viewer.terminal import keep_traceback, one_sentence, progress_bar, say
from xai.errors import ImagingError, XaiError
from xai.notice import RESEARCH_USE_ONLY
from xai.progress import Cancelled

OPEN = "open"
"""The command that is meant when the first argument is none of the commands."""


class _Commands(TyperGroup):
    """Commands of which `OPEN` may go unsaid: ``overread series/`` opens ``series/``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, "--help", "--version"}:
            args = [OPEN, *args]
        return super().parse_args(ctx, args)


class Layout(StrEnum):
    """How a cohort is laid out on disk."""

    dicom = "dicom"
    tiles = "tiles"


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="'overread series/' is short for 'overread open series/'; a folder named like a command is given as ./demo. "
    + RESEARCH_USE_ONLY,
)
model_app = typer.Typer(help="Bring a model in, and say what is in a bundle.", no_args_is_help=True)
app.add_typer(model_app, name="model")


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; no exception leaves here."""
    debug = "--debug" in arguments
    try:
        with warnings.catch_warnings():
            if not debug:
                # Libraries warn of what the commands themselves say in one sentence; headers in them may name people.
                warnings.simplefilter("ignore")
            code = app([a for a in arguments if a != "--debug"], prog_name="overread", standalone_mode=False)
    except (KeyboardInterrupt, Cancelled, typer.Abort):
        code = 130
    except Exception as error:
        if debug and not _is_usage(error):
            traceback.print_exc()
            return 1
        return _explain_failure(error)
    if code == 130:
        say("Cancelled.")
    return code if isinstance(code, int) else 0


def _is_usage(error: Exception) -> bool:
    return getattr(error, "exit_code", None) == 2


def _explain_failure(error: Exception) -> int:
    if _is_usage(error):
        error.show()  # type: ignore[attr-defined]
        return 2
    if isinstance(error, BrokenPipeError):
        # Whoever read the output has left, as in `overread info ... | head`; nothing more is to be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if isinstance(error, XaiError | StartError | OSError):
        say(one_sentence(error))
        return 1
    log = keep_traceback(error)
    place = f"where it happened is in {log}, and " if log else ""
    say(f"Overread met an unexpected error ({type(error).__name__}); {place}'overread --debug ...' shows all of it.")
    return 1


def _print_version(asked: bool) -> None:
    if asked:
        import xai

        print(f"overread {xai.__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and warnings of unexpected errors.")] = False,
) -> None:
    """Read MRI series with a local classifier's predictions and the reasons for them."""


@app.command(OPEN)
def open_window(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH...]", help="Folders or files to show.")] = None,
    model: Annotated[
        Path | None, typer.Option("--model", metavar="BUNDLE", help="The classifier's bundle folder.")
    ] = None,
) -> None:
    """Open the viewer (this is what happens without a command)."""
    for path in [*(paths or ()), *([model] if model else ())]:
        if not path.exists():
            raise ImagingError(f"There is no file or folder {path}.")
    from viewer.system_libraries import check_window

    check_window(needs_display=True)
    from viewer.ui.application import run as run_application

    raise typer.Exit(run_application(list(paths or ()), model, demo=False))


@app.command()
def demo(
    tour: Annotated[
        Path | None,
        typer.Option(
            "--tour",
            metavar="DIR",
            help="Let the program review the demo by mouse and keys and leave screenshots, maps, ratings.csv and a log "
            "in DIR; works without a display.",
        ),
    ] = None,
    prepare: Annotated[
        Path | None, typer.Option("--prepare", metavar="DIR", help="Only write DIR/study and DIR/bundle.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Review synthetic phantom patients with a model trained on such phantoms."""
    if tour and prepare:
        raise typer.BadParameter("give --tour or --prepare, not both.")
    from viewer.demo import prepare_demo, write_demo
    from viewer.system_libraries import check_window

    if prepare:
        with progress_bar("making the demo", quiet=quiet) as progress:
            written = write_demo(prepare, progress)
        print(f"{written.study}\n{written.bundle}")
        return
    check_window(needs_display=tour is None)
    with progress_bar("making the demo", quiet=quiet) as progress:
        files = prepare_demo(progress)
    if tour:
        from viewer.ui.tour import run_tour

        tour.mkdir(parents=True, exist_ok=True)
        raise typer.Exit(run_tour(tour))
    from viewer.ui.application import run as run_application

    raise typer.Exit(run_application([files.study], files.bundle, demo=True))


@app.command()
def info(paths: Paths, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Say what is there: series, slices, spacing, orientation, and problems by name."""
    from viewer.listing import list_series
    from xai.imaging.catalog import describe

    catalog = scan_paths(paths, quiet)
    if as_json:
        print(json.dumps(describe(catalog), indent=2, allow_nan=False))
    else:
        print(list_series(describe(catalog)))


app.command()(predict)
app.command()(explain)
app.command()(evaluate)
app.command()(train)


@app.command()
def render(
    path: Source,
    slice_number: Annotated[
        int, typer.Option("--slice", metavar="N", min=1, help="Which slice, numbered from 1 as in the viewer.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.png", help="Where the picture goes.")],
    overlay: Annotated[
        Path | None, typer.Option("--overlay", metavar="MAP.npz", help="A map that 'overread explain' wrote.")
    ] = None,
    series_number: SeriesNumber = None,
    quiet: Quiet = False,
) -> None:
    """Write one slice as a picture, turned as the viewer shows it, with square pixels and patient letters."""
    check_file(out)
    from viewer.batch import choose_series, load_map
    from viewer.png import save_picture, series_window, slice_picture

    series = choose_series(scan_paths([path], quiet), series_number, str(path))
    if slice_number > len(series):
        raise ImagingError(f"{path} has slices 1 to {len(series)}, so slice {slice_number} is not there.")
    with progress_bar("reading", quiet=quiet) as progress:
        volume = series.read(progress)
    explanation = load_map(overlay, volume) if overlay else None
    save_picture(slice_picture(volume, slice_number - 1, series_window(volume), explanation), out)


@app.command()
def phantom(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or empty folder.")],
    patients: Annotated[int, typer.Option("--patients", metavar="N", min=1, help="How many.")],
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="The same seed, the same cohort.")],
    layout: Annotated[
        Layout,
        typer.Option(
            "--layout",
            help="dicom: a DICOM series for each patient. tiles: pictures by class with lesion masks and data.csv, "
            "which 'overread train' takes.",
        ),
    ] = Layout.dicom,
    slices: Annotated[int, typer.Option("--slices", metavar="N", min=1, max=1000, help="Of each patient.")] = 16,
    quiet: Quiet = False,
) -> None:
    """Write a synthetic lower-leg MR cohort with lesion masks."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ImagingError(f"{out} is not an empty folder; choose another one.")
    from xai.phantom.cohort import write_cohort

    with progress_bar("making patients", quiet=quiet) as progress:
        write_cohort(out, patients, seed, progress, slices=slices, layout=layout.value)
    if not quiet:
        say(f"{patients} synthetic patients in {out}. {RESEARCH_USE_ONLY}")


@model_app.command("import")
def import_model(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="A PyTorch state dict; it is never unpickled as code.")
    ],
    network: Annotated[
        str,
        typer.Option("--network", help="resnet18-reference, resnet50-reference; resnet18, resnet50 for plain ones."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="BUNDLE", help="The bundle folder to write.")],
) -> None:
    """Make a bundle of a checkpoint of the published networks, and say what of it matched."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ImagingError(f"{out} is not an empty folder; choose another one.")
    from xai.models.reference_checkpoint import import_checkpoint

    report = import_checkpoint(checkpoint, network, out)
    print(f"{out}: {report.sentence()} {RESEARCH_USE_ONLY}")


@model_app.command("info")
def model_info(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The bundle folder.")], as_json: AsJson = False
) -> None:
    """Say what a bundle holds: network, classes, what it was trained on, metrics."""
    from viewer.listing import list_manifest
    from xai.models.bundle import load_bundle

    loaded = load_bundle(bundle, device="cpu")
    content = {**loaded.manifest.model_dump(mode="json"), "sha256": loaded.sha256}
    print(json.dumps(content, indent=2, allow_nan=False) if as_json else list_manifest(content))
