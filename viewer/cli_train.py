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
        Path, typer.Argument(metavar="DATA.csv", help="Names pictures or series, their labels and their patients.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="RUN", help="A new folder for the figures, the report, the bundle.")
    ] = None,
    check_only: Annotated[bool, typer.Option("--check", help="Only look at the data and say what is wrong.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that is in RUN.")] = False,
    images: Annotated[
        Path | None, typer.Option("--images", metavar="DIR", help="Holds healthy/ and affected/; looked for without.")
    ] = None,
    masks: Annotated[
        Path | None, typer.Option("--masks", metavar="DIR", help="Masks in a parallel tree; looked for without.")
    ] = None,
    multiply: Annotated[
        bool | None, typer.Option("--multiply-masks", help="Blacken the pictures outside of their masks.")
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option("--config", metavar="TOML", help="Take everything from a run's training.toml; options change it."),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(
            "--network",
            help="resnet18, resnet50, resnet18-reference (without this option), resnet50-reference, resnet18-slim.",
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="imagenet|none|FILE",
            help="Where the network begins: torchvision's cached ImageNet weights, at random, or a state dict, a "
            "safetensors file or a bundle.",
        ),
    ] = None,
    frozen: Annotated[
        bool | None,
        typer.Option("--frozen/--fine-tune", help="Train the head alone (without this option), or the whole network."),
    ] = None,
    folds: Annotated[int | None, typer.Option("--folds", min=2, help="10 without.")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="At most; 30 without.")] = None,
    patience: Annotated[
        int | None, typer.Option("--patience", min=0, help="Epochs without gain before a fold ends; 5 without, 0 none.")
    ] = None,
    validation: Annotated[
        float | None, typer.Option("--validation", help="Part of the training patients that chooses the epoch: 0.1.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", min=1, help="32 without.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", help="Learning rate; 0.001 without.")] = None,
    optimizer: Annotated[Optimizer | None, typer.Option("--optimizer", help="SGD with momentum without.")] = None,
    momentum: Annotated[float | None, typer.Option("--momentum", help="Of SGD; 0.9 without.")] = None,
    weight_decay: Annotated[float | None, typer.Option("--weight-decay", help="0 without.")] = None,
    augment: Annotated[
        Augment | None, typer.Option("--augment", help="Blur, jitter and flip as published, or all kinds (without).")
    ] = None,
    views: Annotated[
        int | None, typer.Option("--views", min=1, help="Augmented views of each slice for a frozen backbone; 8.")
    ] = None,
    oversample: Annotated[
        bool | None, typer.Option("--oversample/--no-oversample", help="Show as many slices of each class.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of folds, order, changes and weights; 0.")] = None,
    keep_folds: Annotated[
        bool | None, typer.Option("--keep-folds", help="Keep each fold's network, so the viewer can explain its cases.")
    ] = None,
    precision: Annotated[
        Precision | None, typer.Option("--precision", help="auto: mixed on a GPU, 32 bit elsewhere.")
    ] = None,
    parallel: Annotated[
        Parallel | None, typer.Option("--parallel", help="Processes share folds (without), or each fold's batches.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, help="On this machine: one per GPU, or per core, without.")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:1, mps.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train and validate a classifier, patient by patient: k folds, figures, a report, and a bundle for the viewer.

    Under torchrun or SLURM the processes share the folds. Ctrl-C keeps what is finished; --resume goes on.
    """
    if out is None and not check_only:
        raise typer.BadParameter("say where the run goes.", param_hint="--out")
    given = {
        "network": network,
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
        "masks": None if multiply is None else "multiply",
    }
    settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if augment is not None:
        from xai.train.config import AUGMENTS

        settings["augment"] = AUGMENTS[augment.value]
    if resume and out is not None:
        images, masks = _places(out, images, masks)
    with progress_bar("reading the table", quiet=quiet) as progress:
        from xai.train.table import read_cohort

        cohort = read_cohort(table, images, masks, progress)
    if check_only:
        raise typer.Exit(_check(cohort, _configure(settings, recipe), quiet))
    assert out is not None
    from xai.train.launch import CohortFiles, Launch

    launch = Launch(device, processes)
    first = launch.place.rank == 0
    _carry_out(out, CohortFiles(table, images, masks), cohort, settings, recipe, resume, launch, quiet or not first)
    if first:
        text = (out / "metrics.json").read_text(encoding="utf-8")
        sys.stdout.write(text if as_json else _summary(json.loads(text)))
        if not quiet:
            say(f"Figures, report.html and bundle/ in {out}. {RESEARCH_USE_ONLY}")


def _carry_out(
    out: Path,
    sources: CohortFiles,
    cohort: Cohort,
    settings: Mapping[str, Any],
    recipe: Path | None,
    resume: bool,
    launch: Launch,
    quiet: bool,
) -> None:
    from xai.train.launch import begin, carry_out, go_on
    from xai.train.stopping import stoppable

    def start() -> TrainingRecord:
        if not resume:
            return begin(out, sources, cohort, _configure(settings, recipe))
        wanted = _configure(settings, recipe or out) if settings or recipe else None
        return go_on(out, sources, cohort, wanted)

    try:
        with task_bar(quiet=quiet) as tell, stoppable(tell) as checked:
            carry_out(out, cohort, launch, start, checked)
    except Cancelled:
        if launch.place.rank == 0:
            say(f"What is finished is kept in {out}; --resume goes on with it.")
        raise


def _places(run: Path, images: Path | None, masks: Path | None) -> tuple[Path | None, Path | None]:
    """Return where pictures and masks lie: as said now, else as said when the run was begun."""
    from xai.train.record import RECORD_NAME, read_record

    if not (run / RECORD_NAME).exists():
        return images, masks
    data = read_record(run).data
    return images or (Path(data.images) if data.images else None), masks or (Path(data.masks) if data.masks else None)


def _configure(settings: Mapping[str, Any], recipe: Path | None) -> TrainingConfig:
    from pydantic import ValidationError

    from xai.models.manifest import first_cause
    from xai.train.config import configure
    from xai.train.record import read_record

    try:
        return configure(settings, None if recipe is None else read_record(recipe).config)
    except ValidationError as error:
        raise typer.BadParameter(first_cause(error)) from None


def _check(cohort: Cohort, config: TrainingConfig, quiet: bool) -> int:
    """Print what the check finds; return the exit code."""
    from xai.train.check import check, listing
    from xai.train.pictures import open_pictures, write_pictures

    with TemporaryDirectory(prefix="overread-") as folder:
        path = Path(folder) / "pictures.npy"
        with progress_bar("reading pictures", quiet=quiet) as progress:
            write_pictures(cohort, config, path, progress)
        findings = check(cohort, config, open_pictures(path))
    print(listing(findings, cohort))
    return 1 if any(one.severity == "error" for one in findings) else 0


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
