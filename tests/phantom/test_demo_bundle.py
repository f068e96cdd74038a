from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from xai.imaging.resample import CellGrid
from xai.imaging.volume import SeriesInfo
from xai.models.bundle import ClassifierBundle, load_bundle
from xai.phantom.cases import Cases, balanced_accuracy, draw_cases, to_cases
from xai.phantom.cohort import demo_patients
from xai.phantom.patient import make_patient
from xai.phantom.plan import DEMO_SEED, cohort_grades
from xai.phantom.pointing import hirescam_peaks, peak
from xai.phantom.training import Recipe, Taps, ask, augment, cell_truth, legs_apart, set_threshold, train

BUNDLE = Path(__file__).resolve().parents[2] / "resources" / "demo" / "bundle"
FRESH_SEED = 61_001


@pytest.fixture(scope="module")
def bundle() -> ClassifierBundle:
    return load_bundle(BUNDLE, device="cpu")


@pytest.fixture(scope="module")
def fresh() -> Cases:
    return draw_cases(FRESH_SEED, list(enumerate(cohort_grades(12, FRESH_SEED))), slices=10)


def test_the_committed_bundle_is_small_and_says_what_it_saw(bundle: ClassifierBundle) -> None:
    assert sum(file.stat().st_size for file in BUNDLE.iterdir()) < 5_000_000
    known = bundle.manifest.trained_on
    assert "synthetic" in known.data_source
    assert "not on patients" in known.caution
    assert bundle.classes == ("healthy", "affected")
    metrics = bundle.manifest.metrics
    assert {"balanced_accuracy", "subtle", "moderate", "plain", "seeds"} <= set(metrics)


def test_the_bundles_own_figures_hold_what_the_demo_promises(bundle: ClassifierBundle) -> None:
    metrics = bundle.manifest.metrics
    assert isinstance(metrics["balanced_accuracy"], float)
    assert metrics["balanced_accuracy"] >= 0.90
    subtle, plain = metrics["subtle"], metrics["plain"]
    assert isinstance(subtle, dict)
    assert isinstance(plain, dict)
    assert subtle["sensitivity"] < plain["sensitivity"] - 0.05
    registered = metrics["hirescam_peak_registered"]
    assert isinstance(registered, dict)
    assert registered["within_15_px"] >= 0.8


def test_demo_patients_were_in_none_of_the_bundles_cohorts(bundle: ClassifierBundle) -> None:
    seeds = bundle.manifest.metrics["seeds"]
    assert isinstance(seeds, dict)
    assert DEMO_SEED not in {int(seed) for seed in seeds.values()}
    assert FRESH_SEED not in {int(seed) for seed in seeds.values()}


def test_the_committed_bundle_reads_patients_it_never_saw(bundle: ClassifierBundle, fresh: Cases) -> None:
    called = ask(bundle.network, fresh.inputs).argmax(1).numpy()
    assert balanced_accuracy(fresh.labels, called) >= 0.85
    assert (called[fresh.grades == 3] == 1).mean() >= 0.9


def test_hirescam_points_at_the_lesion_and_registration_brings_it_nearer(
    bundle: ClassifierBundle, fresh: Cases
) -> None:
    figures = hirescam_peaks(bundle.network, fresh)
    assert figures["registered"]["within_15_px"] >= 0.8
    assert figures["registered"]["mean_distance_px"] < figures["half_pixel"]["mean_distance_px"]


def test_a_phantom_series_is_no_stranger_to_the_bundle(bundle: ClassifierBundle) -> None:
    series = make_patient(62_001, 0, grade=0, slices=2)
    info = SeriesInfo(
        modality="MR",
        description="T1 SE axial lower legs",
        body_part="LEG",
        repetition_time_ms=series.patient.scan.repetition_time,
        echo_time_ms=series.patient.scan.echo_time,
    )
    assert bundle.manifest.mismatches(info, series.geometry) == ()


def test_the_demo_shows_the_model_right_on_its_plain_and_its_healthy_patient(bundle: ClassifierBundle) -> None:
    for code, series in demo_patients():
        if code == "P003":
            continue
        cases = to_cases([series])
        called = ask(bundle.network, cases.inputs).argmax(1).numpy()
        assert (called == cases.labels).mean() >= 0.8, code


def test_a_peak_is_where_the_cell_looks() -> None:
    cells = np.zeros((7, 7), np.float32)
    cells[2, 4] = 1
    everywhere = np.ones((224, 224), bool)
    assert peak(cells, CellGrid(0.0, 32.0), everywhere, 224) == (64, 128)
    left = everywhere.copy()
    left[:, 100:] = False
    assert peak(cells, CellGrid(0.0, 32.0), left, 224) == (64, 99)


def test_augmentation_moves_picture_and_mask_together() -> None:
    x = torch.zeros(6, 1, 64, 64)
    x[:, :, 16:48, 16:48] = 0.3
    mask = torch.zeros_like(x)
    x[:, :, 20:30, 22:28] = 0.9
    mask[:, :, 20:30, 22:28] = 1
    moved, moved_mask = augment(x, mask, torch.Generator().manual_seed(1))
    bright = moved * (moved_mask > 0.9)
    other = moved * ((moved_mask == 0) & (moved > 0))
    assert (bright.sum((1, 2, 3)) / (bright > 0).sum((1, 2, 3)) > 0.6).all()
    assert (other.sum((1, 2, 3)) / (other > 0).sum((1, 2, 3)) < 0.5).all()
    assert not torch.equal(moved_mask, mask)


def test_legs_are_labelled_by_their_own_masks() -> None:
    series = make_patient(63_001, 0, grade=3, side="left", slices=8, size=160)
    cases = to_cases([series])
    legs = legs_apart(cases)
    right, left = legs.labels[:8], legs.labels[8:]
    assert legs.inputs.shape == (16, 112, 112)
    assert not right.any()
    assert np.array_equal(left, cases.labels)


def test_taps_ask_where_the_cells_look() -> None:
    from xai.models.networks import build

    network = build("resnet18-slim")
    taps = Taps(network)
    network(torch.zeros(1, 1, 224, 224))
    sizes = {name: tuple(seen.shape[-2:]) for name, seen in taps.seen.items()}
    assert sizes == {"layer2": (28, 28), "layer3": (14, 14), "layer4": (7, 7)}
    assert float(taps(torch.zeros(1, 1, 224, 224)).detach()) > 0
    mask = torch.zeros(1, 1, 224, 224)
    mask[:, :, 62:67, 126:131] = 1
    for stride in (8, 16, 32):
        row, column = divmod(int(cell_truth(mask, stride).argmax()), cell_truth(mask, stride).shape[-1])
        assert (row * stride, column * stride) == (64, 128)


def test_training_is_repeatable_and_leaves_no_hooks() -> None:
    cases = draw_cases(64_001, list(enumerate((3, 0, 3, 0))), slices=6, size=96)
    recipe = Recipe(leg_epochs=1, epochs=1, epoch_slices=8, batch_size=4)
    said: list[str] = []
    first, second = (train(recipe, cases, cases, said.append) for _ in range(2))
    assert len(said) == 8
    assert said[:4] == said[4:]
    assert all(
        torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )
    assert not any(module._forward_hooks for module in first.modules())


def test_the_threshold_parts_the_classes_where_they_meet() -> None:
    from xai.models.networks import build

    network = build("resnet18-slim")
    before = network.get_submodule("fc").get_parameter("bias").detach().clone()
    labels = np.array([0, 0, 0, 1, 1, 1])
    logits = torch.tensor([[0.0, margin] for margin in (-4.0, -3.0, -2.0, -1.0, 2.0, 3.0)])
    set_threshold(network, logits, labels)
    moved = network.get_submodule("fc").get_parameter("bias").detach() - before
    assert moved[0] == 0
    # Between the healthy with the highest margin (-2) and the affected with the lowest (-1).
    assert moved[1] == pytest.approx(1.5)
