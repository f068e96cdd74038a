"""Commands that run a model over series: predictions, maps, and scores of maps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from viewer.cli_options import (
    AsJson,
    MethodKeys,
    Model,
    NoCache,
    Paths,
    Quiet,
    Slices,
    Target,
    check_file,
    check_folder,
    check_slices,
    check_target,
    choices,
    made_folder,
    names_of,
    scan_paths,
)
from viewer.terminal import progress_bar, say
from xai.notice import RESEARCH_USE_ONLY
from xai.registry import EXPLAINERS

if TYPE_CHECKING:
    from xai.cache import ExplanationCache


def predict(
    paths: Paths,
    model: Model,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.csv", help="Where the rows go, one for each slice.")],
    quiet: Quiet = False,
) -> None:
    """Write what the model says of every slice. Slices are numbered from 1, as in the viewer."""
    check_file(out)
    catalog = scan_paths(paths, quiet)
    from viewer.batch import prediction_rows, suitable_series, write_predictions
    from xai.models.bundle import load_bundle
    from xai.models.predict import predict as predict_volume

    bundle = load_bundle(model)
    fit = suitable_series(catalog, names_of(paths), say)

    def rows() -> Iterator[list[object]]:
        for number, series in enumerate(fit, 1):
            with progress_bar(f"series {number} of {len(fit)}", quiet=quiet) as progress:
                volume = series.read(progress)
                prediction = predict_volume(bundle, volume, progress)
            yield from prediction_rows(series, volume, bundle, prediction)

    count = write_predictions(out, bundle.classes, rows())
    if not quiet:
        say(f"{count} slices of {len(fit)} series in {out}. {RESEARCH_USE_ONLY}")


def explain(
    paths: Paths,
    model: Model,
    method: MethodKeys,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A folder for each series is made in it.")],
    formats: Annotated[str, typer.Option("--format", help="Of npz, nifti, png; several with commas.")] = "npz",
    target: Target = None,
    slices: Slices = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """Write maps of what speaks for a class, slice by slice, with all that is needed to repeat them.

    What was computed before is not computed again: a run that was broken off goes on where it stopped.
    """
    from viewer.batch import FORMATS, slice_indices, suitable_series, write_explanations

    methods = choices(method, tuple(EXPLAINERS), "--method")
    kinds = choices(formats, FORMATS, "--format")
    check_slices(slices)
    check_folder(out)
    catalog = scan_paths(paths, quiet)
    fit = suitable_series(catalog, names_of(paths), say)
    wanted = [slice_indices(slices, series) for series in fit]
    from xai.models.bundle import load_bundle
    from xai.pipeline import explain as explain_volume

    bundle = load_bundle(model)
    check_target(target, bundle.classes)
    cache = None if no_cache else explanation_cache()
    with made_folder(out):
        for number, (series, indices) in enumerate(zip(fit, wanted, strict=True), 1):
            with progress_bar(f"series {number} of {len(fit)}", quiet=quiet) as progress:
                volume = series.read(progress)
                maps = explain_volume(
                    bundle, volume, methods, slices=indices, target=target, progress=progress, cache=cache
                )
            print(write_explanations(out, series, volume, maps, kinds))
    if not quiet:
        say(RESEARCH_USE_ONLY)


def evaluate(
    paths: Paths,
    model: Model,
    method: MethodKeys,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Takes scores.json, scores.csv and the plots.")],
    masks: Annotated[
        Path | None,
        typer.Option(
            "--masks",
            metavar="DIR",
            help="Lesion masks (NIfTI), each called like its series' folder or file; a phantom cohort's own without.",
        ),
    ] = None,
    target: Target = None,
    slices: Slices = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Breaks ties, draws the intervals.")] = 0,
    no_cache: NoCache = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Score maps: faithful to the model, on the lesion where masks are given, and at what price.

    Intervals are 95 %, bootstrapped by patient.
    """
    from viewer.batch import slice_indices, suitable_series
    from viewer.scoring import MaskFolder, Run, cohort_masks, number_patients, write_scores

    methods = choices(method, tuple(EXPLAINERS), "--method")
    check_slices(slices)
    check_folder(out)
    own = cohort_masks(paths)
    masks = masks or own
    folder = None if masks is None else MaskFolder.look_in(masks)
    catalog = scan_paths(paths, quiet)
    fit = suitable_series(catalog, names_of(paths), say)
    if own is not None:
        # Masks of another folder may be asked for: the cohort's own are no series all the same.
        fit = tuple(series for series in fit if not series.files[0].resolve().is_relative_to(own.resolve()))
    if folder is not None:
        fit = folder.without_masks(fit, names_of(paths))
    wanted = [slice_indices(slices, series) for series in fit]
    if folder is not None:
        with progress_bar("looking at masks", quiet=quiet) as progress:
            folder.check(fit, wanted, progress)
    from xai.models.bundle import load_bundle

    bundle = load_bundle(model)
    check_target(target, bundle.classes)
    run = Run(bundle, methods, target, seed, None if no_cache else explanation_cache())
    patients = number_patients(fit)
    with made_folder(out):
        if patients.note:
            run.notes.append(patients.note)
            say(patients.note)
        for number, (series, indices, patient) in enumerate(zip(fit, wanted, patients.numbers, strict=True), 1):
            mask = None if folder is None else folder.find(series)
            if folder is not None and mask is None:
                say(f"There is no mask of series {number}, so its maps are not asked where the lesion is.")
            with progress_bar(f"series {number} of {len(fit)}", quiet=quiet) as progress:
                run.add(series, indices, patient, mask, progress)
        printed = write_scores(out, run, as_json)
    sys.stdout.write(printed)
    if not quiet:
        say(f"{run.maps} maps of {len(fit)} series in {out}. {RESEARCH_USE_ONLY}")


def explanation_cache() -> ExplanationCache:
    """Return the user's cache of maps."""
    import platformdirs

    from xai.cache import ExplanationCache

    return ExplanationCache(platformdirs.user_cache_path("overread", appauthor=False) / "maps")
