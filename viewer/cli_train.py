"""The command that trains and validates a classifier."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from viewer.cli_options import AsJson, Quiet
from viewer.terminal import progress_bar, say, task_bar
from xai.notice import RESEARCH_USE_ONLY
from xai.progress import Cancelled

if TYPE_CHECKING:
    from xai.train.cohort import Cohort
    from xai.train.config import TrainingConfig
    from xai.train.launch import CohortFiles, Launch
    from xai.train.record import TrainingRecord


class Network(StrEnum):
    """Which network; see `xai.models.networks`."""

    resnet18 = "resnet18"
    resnet50 = "resnet50"
    resnet18_reference = "resnet18-reference"
    resnet50_reference = "resnet50-reference"
    resnet18_slim = "resnet18-slim"


class Optimizer(StrEnum):
    """What turns gradients into steps."""

    sgd = "sgd"
    adam = "adam"
    adamw = "adamw"


class Augment(StrEnum):
    """Which changes of the pictures."""

    all = "all"
    published = "published"
    none = "none"


class Parallel(StrEnum):
    """What several processes share."""

    folds = "folds"
    data = "data"


class Precision(StrEnum):
    """The arithmetic."""

    auto = "auto"
    full = "32"
    half = "16-mixed"
    bfloat = "bf16-mixed"


def train(
    table: Annotated[
        Path,
        typer.Argument(metavar="DATA.csv", help="A row for each picture or series: image, label, group (the patient)."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="RUN", help="A new folder for the figures, the report and the bundle."),
    ] = None,
    check_only: Annotated[
        bool, typer.Option("--check", help="Only look at the data and say what is wrong with it; needs no --out.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in RUN, with the settings it has.")] = (
        False
    ),
    images: Annotated[
        Path | None,
        typer.Option(
            "--images", metavar="DIR", help="Holds healthy/ and affected/. Default: looked for beside the table."
        ),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(
            "--masks", metavar="DIR", help="Masks, in folders like those of the pictures. Default: looked for too."
        ),
    ] = None,
    multiply: Annotated[
        bool | None,
        typer.Option(
            "--multiply-masks/--whole-pictures", help="Blacken what is outside of the mask, or not (default)."
        ),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="TOML",
            help="Take all settings from a run's training.toml; options given beside it come before it.",
        ),
    ] = None,
    network: Annotated[Network | None, typer.Option("--network", help="Default: resnet18-reference.")] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="imagenet|none|FILE",
            help="What the network begins with: torchvision's ImageNet weights from its cache (default), random ones, "
            "or a state dict, a safetensors file or a bundle. Nothing is downloaded.",
        ),
    ] = None,
    frozen: Annotated[
        bool | None,
        typer.Option("--frozen/--fine-tune", help="Train the last layers alone (default with weights), or all layers."),
    ] = None,
    folds: Annotated[
        int | None, typer.Option("--folds", min=2, help="Default: 10, or those that the table names.")
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="At most. Default: 30.")] = None,
    patience: Annotated[
        int | None,
        typer.Option("--patience", min=0, help="Epochs without gain after which a fold ends. Default: 5; 0: none."),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(
            "--validation", help="Part of the training patients set aside to choose the epoch by. Default: 0.1."
        ),
    ] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", min=1, help="Default: 32.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", help="Learning rate. Default: 0.001.")] = None,
    optimizer: Annotated[Optimizer | None, typer.Option("--optimizer", help="Default: sgd.")] = None,
    momentum: Annotated[float | None, typer.Option("--momentum", help="Of sgd. Default: 0.9.")] = None,
    weight_decay: Annotated[float | None, typer.Option("--weight-decay", help="Default: 0.")] = None,
    augment: Annotated[
        Augment | None,
        typer.Option(
            "--augment",
            help="How pictures are changed while learning: all kinds (default), blur, jitter and flip as published, "
            "or not.",
        ),
    ] = None,
    views: Annotated[
        int | None,
        typer.Option("--views", min=1, help="Changed pictures of each slice that --frozen learns from. Default: 8."),
    ] = None,
    oversample: Annotated[
        bool | None,
        typer.Option(
            "--oversample/--no-oversample", help="Show as many slices of each class (default), or as they are."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="The same seed, the same folds and figures. Default: 0.")
    ] = None,
    keep_folds: Annotated[
        bool | None,
        typer.Option(
            "--keep-folds/--no-keep-folds", help="Keep each fold's network, so that the viewer can explain its answers."
        ),
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option("--precision", help="Default: auto, which is mixed on a GPU and 32 bit elsewhere."),
    ] = None,
    parallel: Annotated[
        Parallel | None,
        typer.Option("--parallel", help="What several processes share: folds (default), or the data of each batch."),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option("--processes", min=1, help="On this machine. Default: one per GPU; per core where it pays."),
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda, cuda:1, mps. Default: a GPU where there is one.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train a classifier and validate it patient by patient: k folds, figures, a report, a bundle for the viewer.

    Under torchrun or SLURM the processes share the folds. Ctrl-C keeps what is finished; --resume goes on with it.
    """
    if out is None and not check_only:
        raise typer.BadParameter("say where the run goes, or ask for --check.", param_hint="--out")
    given = {
        "network": network and network.value,
        "weights": weights,
        "backbone": None if frozen is None else ("frozen" if frozen else "fine-tuned"),
        "folds": folds,
        "epochs": epochs,
        "patience": patience,
        "validation": validation,
        "batch_size": batch_size,
        "lr": lr,
        "optimizer": optimizer and optimizer.value,
        "momentum": momentum,
        "weight_decay": weight_decay,
        "views": views,
        "oversample": oversample,
        "seed": seed,
        "keep_folds": keep_folds,
        "precision": precision and precision.value,
        "parallel": parallel and parallel.value,
        "masks": None if multiply is None else ("multiply" if multiply else "ignore"),
    }
    settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if augment is not None:
        from xai.train.config import AUGMENTS

        settings["augment"] = AUGMENTS[augment.value]
    config = _configure(settings, recipe, out if resume else None)
    if resume and out is not None:
        images, masks = _places(out, images, masks)
    with progress_bar("reading the table", quiet=quiet) as progress:
        from xai.train.table import read_cohort

        cohort = read_cohort(table, images, masks, progress)
    if check_only:
        raise typer.Exit(_check(cohort, config, as_json, quiet))
    assert out is not None
    from xai.train.launch import CohortFiles, Launch

    launch = Launch(device, processes)
    first = launch.place.rank == 0
    wanted = config if settings or recipe or not resume else None
    _carry_out(out, CohortFiles(table, images, masks), cohort, wanted, resume, launch, quiet or not first)
    if first:
        text = (out / "metrics.json").read_text(encoding="utf-8")
        sys.stdout.write(text if as_json else _summary(json.loads(text)))
        if not quiet:
            _tell_warnings(out)
            say(f"Figures, report.html and bundle/ in {out}. {RESEARCH_USE_ONLY}")


def _carry_out(
    out: Path,
    sources: CohortFiles,
    cohort: Cohort,
    config: TrainingConfig | None,
    resume: bool,
    launch: Launch,
    quiet: bool,
) -> None:
    from xai.train.launch import begin, carry_out, go_on
    from xai.train.stopping import stoppable

    def start() -> TrainingRecord:
        if resume or config is None:
            return go_on(out, sources, cohort, config)
        return begin(out, sources, cohort, config)

    try:
        with task_bar(quiet=quiet) as tell, stoppable(tell) as checked:
            carry_out(out, cohort, launch, start, checked)
    except Cancelled:
        if launch.place.rank == 0:
            say(f"What is finished is kept in {out}; --resume goes on with it.")
        raise


def _places(run: Path, images: Path | None, masks: Path | None) -> tuple[Path | None, Path | None]:
    """Return where pictures and masks lie: as said now, else as said when the run was begun."""
    from xai.train.files import RECORD_NAME
    from xai.train.record import read_record

    if not (run / RECORD_NAME).exists():
        return images, masks
    data = read_record(run).data
    return images or (Path(data.images) if data.images else None), masks or (Path(data.masks) if data.masks else None)


def _configure(settings: Mapping[str, Any], recipe: Path | None, run: Path | None) -> TrainingConfig:
    """Return what the options say, over the recipe's settings or else those of the run that is gone on with."""
    from pydantic import ValidationError

    from xai.train.config import configure
    from xai.train.files import RECORD_NAME
    from xai.train.record import read_record

    if recipe is None and run is not None and (run / RECORD_NAME).exists():
        recipe = run
    base = None if recipe is None else read_record(recipe).config
    try:
        return configure(settings, base)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        raise typer.BadParameter(f"{first['msg'][0].lower()}{first['msg'][1:]}.", param_hint=option) from None


def _check(cohort: Cohort, config: TrainingConfig, as_json: bool, quiet: bool) -> int:
    """Print what the check finds; return the exit code."""
    from xai.errors import TrainingError
    from xai.train.check import check, description, listing, unreadable
    from xai.train.pictures import open_pictures, write_pictures

    with TemporaryDirectory(prefix="overread-") as folder:
        path = Path(folder) / "pictures.npy"
        try:
            with progress_bar("reading pictures", quiet=quiet) as progress:
                write_pictures(cohort, config, path, progress)
        except TrainingError:
            with progress_bar("looking at all pictures", quiet=quiet) as progress:
                damaged = unreadable(cohort, config, progress)
            findings = (*damaged, *(one for one in check(cohort, config) if one.code != "unreadable"))
            if not any(one.severity == "error" for one in findings):
                raise
        else:
            with progress_bar("comparing pictures", quiet=quiet) as progress:
                findings = check(cohort, config, open_pictures(path), progress)
    text = json.dumps(description(findings, cohort), indent=2) if as_json else listing(findings, cohort)
    print(_printable(text))
    return 1 if any(one.severity == "error" for one in findings) else 0


def _tell_warnings(out: Path) -> None:
    """Say what the check found that makes the figures doubtful; the report has it too."""
    from xai.train.run import RunFolder

    path = RunFolder(out).findings
    if path.exists():
        for one in json.loads(path.read_text(encoding="utf-8")):
            if one["severity"] == "warning":
                say(f"warning: {_printable(one['message'])}")


def _printable(text: str) -> str:
    """Return text of a table without what could steer a terminal: tables are written by others."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def _summary(metrics: Mapping[str, Any]) -> str:
    """Return the figures to read first."""
    from xai.evaluate.classification import MEASURES

    pooled, intervals = metrics["pooled"], metrics["intervals"]["pooled"]
    lines = [f"Out of fold, {pooled['n']} slices of {metrics['data']['patients']} patients:"]
    width = max(len(words) for words in MEASURES.values())
    for name, words in MEASURES.items():
        value, span = pooled[name], intervals[name]
        shown = "undefined" if value is None else f"{value:.3f}"
        between = f"  [{span['low']:.3f}, {span['high']:.3f}]" if span else ""
        lines.append(f"  {words:<{width}}  {shown}{between}")
    return "\n".join([*lines, *metrics["notes"]]) + "\n"
