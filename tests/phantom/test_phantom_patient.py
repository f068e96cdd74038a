from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import maximum_filter
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from xai.imaging.resample import SliceMapping
from xai.phantom.anatomy import MUSCLES
from xai.phantom.cases import balanced_accuracy, draw_cases
from xai.phantom.patient import (
    MIN_LESION_PIXELS,
    NETWORK_SIZE,
    PhantomSeries,
    make_patient,
    mask_on_grid,
)
from xai.phantom.plan import DEMO_SEED, HELD_OUT_SEED, TEST_SEED, TRAIN_SEED, cohort_grades


@pytest.fixture(scope="module")
def plain() -> PhantomSeries:
    return make_patient(901, 0, grade=3, side="left", slices=12, size=256)


@pytest.fixture(scope="module")
def healthy() -> PhantomSeries:
    return make_patient(901, 0, grade=0, slices=12, size=256)


def test_the_same_seed_and_index_give_the_same_pixels(plain: PhantomSeries) -> None:
    again = make_patient(901, 0, grade=3, side="left", slices=12, size=256)
    assert np.array_equal(plain.array, again.array)
    assert np.array_equal(plain.mask, again.mask)
    assert again.patient == plain.patient


@pytest.mark.parametrize(("seed", "index"), [(901, 1), (902, 0)])
def test_another_index_or_seed_is_another_patient(healthy: PhantomSeries, seed: int, index: int) -> None:
    other = make_patient(seed, index, grade=0, slices=12, size=256)
    assert other.patient.legs != healthy.patient.legs
    assert np.mean(other.array != healthy.array) > 0.5


def test_a_patient_that_chooses_its_own_grade_is_drawn_from_seed_and_index() -> None:
    grades = {make_patient(5, k, slices=1, size=64).patient.grade for k in range(24)}
    assert grades == {0, 1, 2, 3}


def test_labels_follow_the_masks_on_the_networks_grid(plain: PhantomSeries) -> None:
    mapping = SliceMapping.fit(plain.geometry, NETWORK_SIZE)
    for k, mask in enumerate(plain.mask):
        count = 0
        for row in range(NETWORK_SIZE):
            line = np.stack([np.full(NETWORK_SIZE, row), np.arange(NETWORK_SIZE)], -1).astype(float)
            r, c = np.rint(mapping.to_index(line)).astype(int).T
            count += int(mask[r.clip(0, 255), c.clip(0, 255)].sum())
        assert plain.mask_pixels[k] == count
        assert plain.labels[k] == (count >= MIN_LESION_PIXELS)
        assert plain.grades[k] == 3 * plain.labels[k]


def test_an_affected_patient_has_lesion_free_slices_and_a_healthy_one_no_lesion(
    plain: PhantomSeries, healthy: PhantomSeries
) -> None:
    assert 0 < plain.labels.sum() < len(plain.labels)
    assert not healthy.mask.any()
    assert not healthy.labels.any()
    assert healthy.patient.lesions == ()


def test_masks_lie_inside_the_named_muscles(plain: PhantomSeries) -> None:
    wanted = {lesion.muscle + 1 + 10 * (lesion.side == "left") for lesion in plain.patient.lesions}
    assert set(np.unique(plain.muscles[plain.mask > 0]).tolist()) <= wanted
    affected = int(np.flatnonzero(plain.labels)[0])
    assert all(name.split(" ", 1)[1] in MUSCLES for name in plain.slice_muscles(affected))
    assert plain.slice_muscles(affected)


def test_the_lesion_is_the_only_difference_to_the_same_patient_without(
    plain: PhantomSeries, healthy: PhantomSeries
) -> None:
    assert plain.patient.legs == healthy.patient.legs
    gained = plain.array.astype(float) - healthy.array
    inside = plain.mask > 0
    rise = 0.1 * plain.patient.scan.gain
    assert gained[inside].mean() > rise
    # Sampling rings a little beyond the border; two pixels away nothing has changed.
    outside = ~maximum_filter(inside, (1, 9, 9))
    assert abs(gained[outside]).mean() < 0.002 * plain.patient.scan.gain


def test_the_mask_is_registered_with_the_picture(plain: PhantomSeries, healthy: PhantomSeries) -> None:
    gained = plain.array.astype(float) - healthy.array
    inside = plain.mask.astype(float)
    scores = {
        (dy, dx): float((gained * np.roll(inside, (dy, dx), (1, 2))).sum()) for dy in (-3, 0, 3) for dx in (-3, 0, 3)
    }
    assert max(scores, key=scores.__getitem__) == (0, 0)


def test_plain_infiltration_is_brighter_than_the_same_muscle_elsewhere(plain: PhantomSeries) -> None:
    picture = plain.array.astype(float)
    muscle = np.isin(plain.muscles, np.unique(plain.muscles[plain.mask > 0]))
    for k in np.flatnonzero(plain.mask_pixels > 100):
        spared = muscle[k - 1 : k + 2] & (plain.mask[k - 1 : k + 2] == 0)
        other_leg = (plain.muscles[k] > 0) & (plain.muscles[k] < 10)
        assert picture[k][plain.mask[k] > 0].mean() > 1.2 * np.median(picture[k][other_leg])
        assert picture[k][plain.mask[k] > 0].mean() > np.median(picture[k - 1 : k + 2][spared])


def test_grades_are_graded() -> None:
    gains = []
    for grade in (1, 2, 3):
        with_lesion = make_patient(903, 1, grade=grade, side="both", slices=10, size=192)
        without = make_patient(903, 1, grade=0, slices=10, size=192)
        inside = with_lesion.mask > 0
        gains.append((with_lesion.array.astype(float) - without.array)[inside].mean() / without.array[inside].mean())
    assert gains[0] < gains[1] < gains[2]
    assert 0.03 < gains[0] < 0.35


@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
def test_one_sided_lesions_lie_on_that_side_of_the_patient(side: str, sign: int) -> None:
    series = make_patient(904, 2, grade=3, side=side, slices=8, size=128)  # type: ignore[arg-type]
    where = np.argwhere(series.mask > 0).astype(float)
    assert len(where)
    assert (sign * series.geometry.to_mm(where)[:, 0] > 0).all()


def test_the_calf_has_the_size_of_a_calf() -> None:
    for index in range(4):
        series = make_patient(905, index, grade=0, slices=6, size=256)
        body = series.array > 0.12 * np.percentile(series.array, 99)
        mm = series.patient.scan.pixel
        for half in (slice(0, 128), slice(128, 256)):
            columns = np.flatnonzero(body[:, :, half].sum(1).max(0) > 4)
            ankle = np.flatnonzero(body[0][:, half].sum(0) > 4)
            assert 95 < (np.ptp(columns) + 1) * mm < 165
            assert (np.ptp(ankle) + 1) * mm < 0.85 * (np.ptp(columns) + 1) * mm


def test_every_muscle_is_there_and_the_gastrocnemius_ends_before_the_ankle(healthy: PhantomSeries) -> None:
    assert set(np.unique(healthy.muscles).tolist()) == {0, *range(1, 9), *range(11, 19)}
    gastrocnemius = np.isin(healthy.muscles, (5, 6, 15, 16)).sum((1, 2))
    assert gastrocnemius[0] == 0
    assert gastrocnemius[-2] > 500


def test_legs_are_alike_but_not_mirror_images(healthy: PhantomSeries) -> None:
    right, left = healthy.muscles[:, :, :128], healthy.muscles[:, :, 128:][:, :, ::-1]
    sizes = [np.count_nonzero(right), np.count_nonzero(left)]
    assert 0.85 < sizes[0] / sizes[1] < 1.18
    assert np.mean((right > 0) != (left > 0)) > 0.01


def test_a_mask_keeps_its_place_on_the_networks_grid() -> None:
    series = make_patient(906, 0, grade=0, slices=1, size=320)
    mask = np.zeros_like(series.mask)
    mask[0, 100:110, 200:210] = 1
    rows, columns = np.nonzero(mask_on_grid(mask, series.geometry)[0])
    assert abs(rows.mean() - ((104.5 + 0.5) * 0.7 - 0.5)) < 0.5
    assert abs(columns.mean() - ((204.5 + 0.5) * 0.7 - 0.5)) < 0.5


def test_cohorts_are_balanced_and_their_order_is_drawn() -> None:
    grades = cohort_grades(60, 3)
    assert [grades.count(g) for g in range(4)] == [30, 10, 10, 10]
    assert grades == cohort_grades(60, 3) != cohort_grades(60, 4)
    assert set(grades[:12]) != {grades[0]}


def test_seeds_of_training_stopping_test_and_demo_are_disjoint() -> None:
    assert len({TRAIN_SEED, HELD_OUT_SEED, TEST_SEED, DEMO_SEED}) == 4


def test_brightness_alone_does_not_tell_who_is_affected() -> None:
    cases = draw_cases(77, list(enumerate(cohort_grades(48, 77))), slices=6, size=160)
    body = cases.inputs > 0
    means = cases.inputs.astype(np.float32).sum((1, 2)) / body.sum((1, 2))
    for features in (cases.raw_means[:, None], means[:, None], np.stack([cases.raw_means, means], 1)):
        model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
        called = cross_val_predict(model, features, cases.labels, groups=cases.patients, cv=GroupKFold(5))
        assert balanced_accuracy(cases.labels, called) < 0.80
