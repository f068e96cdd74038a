"""Score explanation methods against each other on affected phantom slices.

::

    python -m tests.benchmarks.compare_methods --out rows.csv

Draws patients of a cohort that no model learned from, takes affected slices of them, runs methods through the
pipeline's own step and scores every map. Prints a table: mean and 95 % interval over patients; and the gap between the
consensus and the best of the others. ``--methods`` takes keys with parameters: ``hierarchical:budget=200 gradcam``.
Rows go to ``--out`` as tidy CSV; with it, a run that was broken off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import ast
import csv
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from xai.evaluate.report import Interval, paired, summarise, table
from xai.evaluate.scores import Score, Settings, score_picture
from xai.explainers.base import Explainer, make_explainer, state_of
from xai.explainers.registering import to_pixels
from xai.models.bundle import ClassifierBundle, load_bundle
from xai.phantom.cases import Cases, draw_cases
from xai.phantom.lesions import GRADES
from xai.progress import ignore
from xai.registry import EXPLAINERS
from xai.stepping import make_plan, step

SEED = 60_001
"""A cohort that nothing else uses; see `xai.phantom.plan`."""

COLUMNS = (
    ("passes", ""),
    ("seconds", ""),
    ("deletion", "blur"),
    ("insertion", "blur"),
    ("insertion_minus_deletion", "blur"),
    ("insertion_minus_deletion", "body-mean"),
    ("pointing", ""),
    ("relevance_mass_over_chance", ""),
    ("relevance_rank_over_chance", ""),
    ("empty", ""),
)


def parse_method(text: str) -> tuple[str, Explainer]:
    """Return the name and explainer of ``key`` or ``key:name=value,name=value``."""
    key, _, given = text.partition(":")
    call = ast.parse(f"f({given})", mode="eval").body
    assert isinstance(call, ast.Call)
    return text, make_explainer(key, **{str(one.arg): ast.literal_eval(one.value) for one in call.keywords})


def affected(cases: Cases, bundle: ClassifierBundle, most: int, called: bool) -> list[int]:
    """Return affected slices, spread evenly over patients; only those that the model calls so with ``called``."""
    with torch.inference_mode():
        x = torch.from_numpy(cases.inputs.astype(np.float32))[:, None]
        answers = torch.cat([bundle.network(part.to(bundle.device)).argmax(1).cpu() for part in x.split(32)]).numpy()
    fit = (cases.labels == 1) & ((answers == 1) | (not called))
    queues = [np.flatnonzero(fit & (cases.patients == one)).tolist() for one in np.unique(cases.patients)]
    # From the middle outwards, one slice of every patient in turn.
    queues = [_from_the_middle(queue) for queue in queues]
    chosen: list[int] = []
    while len(chosen) < most and any(queues):
        for queue in queues:
            if queue and len(chosen) < most:
                chosen.append(queue.pop(0))
    return sorted(chosen)


def _from_the_middle(places: list[int]) -> list[int]:
    return [places[n] for n in np.argsort(np.abs(np.arange(len(places)) - len(places) // 2), kind="stable")]


def score_case(
    bundle: ClassifierBundle,
    methods: dict[str, Explainer],
    pixels: NDArray[np.float16],
    lesion: NDArray[np.bool_],
    place: tuple[str, str, int],
    settings: Settings,
) -> list[Score]:
    """Explain one slice's class 1 with every method and score the maps."""
    plan = make_plan(bundle, methods)
    x = torch.from_numpy(pixels.astype(np.float32))[None, None].to(bundle.device)
    answer = step(bundle.network, x, 1, plan, plan.needed(plan.asked), ignore)
    rows, maps = [], {}
    for key in plan.asked:
        found = answer.found[key]
        state = found.states[0] or state_of(found.maps[0])
        price = {"passes": found.passes, "seconds": found.seconds, "empty": float(bool(state))}
        rows += [Score(*place, key, measure, "", value) for measure, value in price.items()]
        maps[key] = to_pixels(torch.from_numpy(found.maps)[:, None], plan.cells[key], (x.shape[2], x.shape[3]))
    for key, measured in score_picture(bundle, x, 1, maps, lesion, settings).items():
        rows += [Score(*place, key, *name, value) for name, value in measured.values.items()]
    return rows


def read_rows(path: Path) -> list[Score]:
    """Return the rows of an earlier run."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Score(row["case"], row["patient"], int(row["slice"]), row["method"], row["measure"], row["baseline"],
                  float(row["value"]))
            for row in csv.DictReader(file)
        ]  # fmt: skip


def print_table(rows: list[Score], methods: list[str], seed: int) -> None:
    """Print means and intervals as a Markdown table, then the gap of the consensus."""
    summary = summarise(rows, seed)
    print("| method | " + " | ".join(f"{measure}{f' {base}' if base else ''}" for measure, base in COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for method in methods:
        print(f"| {method} | " + " | ".join(_cell(summary.get((method, *column))) for column in COLUMNS) + " |")
    for consensus in (one for one in methods if one.startswith("consensus")):
        singles = [one for one in methods if EXPLAINERS[one.partition(":")[0]].family != "Ensemble"]
        for baseline in ("blur", "body-mean"):
            column = ("insertion_minus_deletion", baseline)
            best = max((one for one in singles if (one, *column) in summary), key=lambda m: summary[m, *column].mean)
            gap = paired(rows, consensus, best, *column, seed)
            print(f"{consensus} - {best} (best single), insertion - deletion, {baseline}: {_cell(gap)}")


def _cell(found: Interval | None) -> str:
    if found is None:
        return ""
    return f"{found.mean:.3g}" + ("" if found.low is None else f" [{found.low:.3g}, {found.high:.3g}]")


def main() -> None:
    """Read the command line, draw, explain, score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=Path("resources/demo/bundle"))
    parser.add_argument("--methods", nargs="+", default=list(EXPLAINERS))
    parser.add_argument("--patients", type=int, default=40)
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--per-patient", type=int, default=16, help="slices drawn of each patient to choose from")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--steps", type=int, default=Settings().steps)
    parser.add_argument("--all", action="store_true", help="also affected slices that the model calls healthy")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    bundle = load_bundle(options.bundle)
    methods = dict(parse_method(text) for text in options.methods)
    plan = [(k, 1 + k % (len(GRADES) - 1)) for k in range(options.patients)]
    cases = draw_cases(options.seed, plan, options.per_patient, workers=options.workers)
    chosen = affected(cases, bundle, options.slices, called=not options.all)
    settings = Settings(steps=options.steps, seed=options.seed)
    rows = read_rows(options.out) if options.out else []
    done = {(row.patient, row.slice, row.method) for row in rows if row.measure == "empty"}
    for count, k in enumerate(chosen, 1):
        place = (f"{options.seed}", str(cases.patients[k]), k)
        missing = {key: one for key, one in methods.items() if (place[1], k, key) not in done}
        if missing:
            rows += score_case(bundle, missing, cases.inputs[k], cases.masks[k] > 0, place, settings)
            if options.out:
                options.out.write_text(table(rows), encoding="utf-8", newline="")
        print(f"\r{count} of {len(chosen)} slices", end="", flush=True)
    print(f"\n{len(chosen)} slices of {len({cases.patients[k] for k in chosen})} patients, seed {options.seed}")
    print_table([row for row in rows if row.method in methods], list(methods), options.seed)


if __name__ == "__main__":
    main()
