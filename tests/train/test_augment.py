from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from xai.train.augment import augment, view_seed
from xai.train.config import AugmentSettings

KINDS = tuple(AugmentSettings.model_fields)
NOTHING = AugmentSettings(**dict.fromkeys(KINDS, 0.0))
STRONG = AugmentSettings(
    flip=0.5, blur=4, brightness=0.8, contrast=0.8, rotation=40, shift=0.3, scale=0.5, gamma=2, bias=1, noise=0.5
)
SIZE = 96


def only(**kinds: float) -> AugmentSettings:
    return NOTHING.model_copy(update=kinds)


def leg(level: float = 0.5) -> Tensor:
    """A round body in air with a bright square at its upper left."""
    row, column = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    body = (row - 48) ** 2 + (column - 48) ** 2 < 36**2
    picture = torch.where(body, level, 0.0)
    picture[26:34, 30:38] = 1.0
    return picture[None]


def place(picture: Tensor, above: float = 0.75) -> tuple[float, float]:
    """Row and column of the bright square's middle."""
    rows, columns = torch.nonzero(picture[0] > above, as_tuple=True)
    return float(rows.double().mean()), float(columns.double().mean())


def body_middle(picture: Tensor) -> tuple[float, float]:
    return place(picture, above=0.0)


def test_view_zero_is_the_clean_picture() -> None:
    assert torch.equal(augment(leg(), STRONG, 1, 2, 0), leg())


@pytest.mark.parametrize("view", [1, 7])
def test_without_any_kind_the_picture_is_as_it_was(view: int) -> None:
    assert torch.equal(augment(leg(), NOTHING, 0, 3, view), leg())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_alone_changes_the_picture_and_not_what_it_was_given(kind: str) -> None:
    given_picture = leg()
    alone = only(**{kind: getattr(STRONG, kind)})
    views = [augment(given_picture, alone, 0, 0, view) for view in range(1, 9)]
    assert any(not torch.allclose(view, given_picture, atol=1e-3) for view in views)
    assert torch.equal(given_picture, leg())


def test_the_same_arguments_give_the_same_picture_and_others_another() -> None:
    first = augment(leg(), AugmentSettings(), 5, 6, 7)
    torch.rand(10)
    augment(leg(), AugmentSettings(), 5, 6, 8)
    assert torch.equal(augment(leg(), AugmentSettings(), 5, 6, 7), first)
    # Permuted numbers too: a sum or product of them would be a poor mix.
    for other in [(6, 5, 7), (5, 7, 6), (7, 6, 5), (5, 6, 8), (5, 7, 7), (6, 6, 7)]:
        assert not torch.allclose(augment(leg(), AugmentSettings(), *other), first, atol=1e-3)


def test_seeds_do_not_collide_where_numbers_are_near() -> None:
    seeds = {view_seed(*one) for one in np.ndindex(12, 12, 12)}
    assert len(seeds) == 12**3
    assert 0 <= min(seeds) < max(seeds) < 2**32


def test_numpy_integers_are_integers() -> None:
    numbers = np.arange(3, 6)
    assert torch.equal(augment(leg(), STRONG, *numbers), augment(leg(), STRONG, 3, 4, 5))


def test_global_random_states_are_left_alone() -> None:
    def states() -> list[object]:
        numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002
        return [torch.get_rng_state().tolist(), str(numpy_state), random.getstate()]

    with np.printoptions(threshold=10_000):
        before = states()
        augment(leg(), STRONG, 0, 1, 2)
        assert states() == before
        torch.rand(1)
        np.random.rand()  # noqa: NPY002
        assert [one == other for one, other in zip(states(), before, strict=True)] == [False, False, True]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"flip", "rotation", "shift", "scale"}))
def test_air_stays_zero_and_the_body_stays_where_it_is(kind: str) -> None:
    air = leg() == 0
    for view in range(1, 7):
        changed = augment(leg(), only(**{kind: getattr(STRONG, kind)}), 0, 0, view)
        assert float(changed[air].abs().max()) == 0.0
        # Half a rounding of the darkest noise apart, tissue does not become air.
        assert float((changed[~air] > 0).float().mean()) > 0.99


def test_air_stays_zero_around_a_body_that_moved() -> None:
    geometry = STRONG.model_copy(
        update={"blur": 0.0, "noise": 0.0, "bias": 0.0, "gamma": 0.0, "brightness": 0.0, "contrast": 0.0}
    )
    for view in range(1, 9):
        moved = augment(leg(), geometry, 3, 0, view)
        assert torch.equal(augment(leg(), STRONG, 3, 0, view)[moved == 0], torch.zeros(int((moved == 0).sum())))


@given(
    seed=st.integers(0, 2**32 - 1),
    view=st.integers(1, 2**40),
    level=st.sampled_from([0.0, 1e-6, 0.5, 1.0]),
    drawn=st.fixed_dictionaries(
        {
            "flip": st.sampled_from([0.0, 1.0]),
            "blur": st.floats(0, 20),
            "brightness": st.floats(0, 1),
            "contrast": st.floats(0, 1),
            "rotation": st.floats(0, 180),
            "shift": st.floats(0, 1),
            "scale": st.floats(0, 1),
            "gamma": st.floats(0, 3),
            "bias": st.floats(0, 1),
            "noise": st.floats(0, 1),
        }
    ),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_whatever_the_settings_values_stay_in_range(
    seed: int, view: int, level: float, drawn: dict[str, float]
) -> None:
    changed = augment(leg(level), AugmentSettings(**drawn), seed, 0, view)
    assert changed.shape == (1, SIZE, SIZE)
    assert changed.dtype == torch.float32
    assert bool(torch.isfinite(changed).all())
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1


def test_a_flip_exchanges_left_and_right_and_only_as_often_as_asked() -> None:
    flipped = augment(leg(), only(flip=1.0), 0, 0, 1)
    assert torch.equal(flipped, leg().flip(-1))
    half = [torch.equal(augment(leg(), only(flip=0.5), 0, n, 1), leg().flip(-1)) for n in range(200)]
    assert 75 < sum(half) < 125


def test_a_rotation_turns_either_way_about_the_middle_by_no_more_than_asked() -> None:
    row, column = place(leg())
    before = math.atan2(row - 47.5, column - 47.5)
    angles = []
    for view in range(1, 41):
        turned = augment(leg(), only(rotation=20.0), 0, 0, view)
        assert body_middle(turned) == pytest.approx(body_middle(leg()), abs=0.6)
        row, column = place(turned)
        angles.append(math.degrees(math.atan2(row - 47.5, column - 47.5) - before))
    assert max(map(abs, angles)) < 20.5
    assert min(angles) < -10
    assert max(angles) > 10


def test_a_rotation_is_torchvisions() -> None:
    """Positive angles turn clockwise, so that a square at the upper left goes up and to the right."""
    turned = transforms.affine_image(leg(), 20.0, [0.0, 0.0], 1.0, [0.0, 0.0])
    assert place(turned)[0] < place(leg())[0]
    assert place(turned)[1] > place(leg())[1]


def test_a_shift_moves_all_alike_and_no_farther_than_asked() -> None:
    drawn = []
    for view in range(1, 41):
        shifted = augment(leg(), only(shift=0.1), 0, 0, view)
        by = np.subtract(place(shifted), place(leg()))
        assert np.subtract(body_middle(shifted), body_middle(leg())) == pytest.approx(by, abs=0.6)
        drawn.append(by)
    moves = np.array(drawn)
    assert np.abs(moves).max() <= 0.1 * SIZE + 0.5
    assert (moves.max(0) > 0.05 * SIZE).all()
    assert (moves.min(0) < -0.05 * SIZE).all()
    # Down and right are drawn apart.
    assert abs(np.corrcoef(moves.T)[0, 1]) < 0.5


def test_scale_makes_the_body_larger_and_smaller() -> None:
    area = float((leg() > 0).sum())
    factors = [math.sqrt(float((augment(leg(), only(scale=0.2), 0, 0, v) > 0).sum()) / area) for v in range(1, 41)]
    assert max(factors) == pytest.approx(1.2, abs=0.04)
    assert min(factors) == pytest.approx(1 / 1.2, abs=0.04)


def test_the_bodys_edge_stays_sharp_when_it_moves() -> None:
    """The preprocessing cuts the body out: a fringe of darker and darker pixels would be a sign of augmentation."""
    for view in range(1, 9):
        moved = augment(leg(0.8), only(rotation=20.0, shift=0.1, scale=0.2), 0, 0, view)
        assert float(moved[moved > 0].min()) >= 0.8 * 0.5 - 1e-4


@pytest.mark.parametrize(("most", "body"), [(0.9, False), (3.0, False), (3.0, True)])
def test_blur_is_torchvisions(most: float, body: bool) -> None:
    generator = torch.Generator().manual_seed(4)
    picture = torch.rand(1, 40, 56, generator=generator) * 0.9 + 0.05
    if body:
        picture[:, :10] = 0
    view = 3
    share = float(torch.rand(2, generator=torch.Generator().manual_seed(view_seed(0, 0, view)))[1])
    sigma = share * most
    radius = math.ceil(3 * sigma)
    expected = transforms.gaussian_blur_image(picture, [2 * radius + 1] * 2, [sigma] * 2) * (picture > 0)
    blurred = augment(picture, only(blur=most), 0, 0, view)
    torch.testing.assert_close(blurred, expected, atol=1e-6, rtol=0)
    assert not torch.allclose(blurred, picture, atol=1e-3)


def test_brightness_and_contrast_are_torchvisions() -> None:
    picture, changes = leg(0.3), []
    for view in range(1, 31):
        factor = float(augment(picture, only(brightness=0.4), 0, 0, view)[0, 60, 60]) / 0.3
        changes.append(factor)
        expected = transforms.adjust_brightness_image(picture, factor)
        torch.testing.assert_close(augment(picture, only(brightness=0.4), 0, 0, view), expected, atol=1e-5, rtol=0)
        mean = float(picture.mean())
        contrast = augment(picture, only(contrast=0.4), 0, 0, view)
        factor = (float(contrast[0, 60, 60]) - mean) / (0.3 - mean)
        expected = transforms.adjust_contrast_image(picture, factor) * (picture > 0)
        torch.testing.assert_close(contrast, expected, atol=1e-4, rtol=0)
    assert 0.6 <= min(changes) < 0.75
    assert 1.25 < max(changes) <= 1.4


def test_gamma_keeps_black_and_white_and_the_order_of_greys() -> None:
    ramp = torch.linspace(0, 1, 64).expand(1, 64, 64).contiguous()
    exponents = []
    for view in range(1, 31):
        changed = augment(ramp, only(gamma=0.5), 0, 0, view)
        assert float(changed[0, 0, 0]) == 0.0
        assert float(changed[0, 0, -1]) == 1.0
        assert bool((changed[0, 0].diff() > 0).all())
        exponents.append(math.log(float(changed[0, 0, 32])) / math.log(32 / 63))
    assert math.exp(-0.5) - 1e-3 <= min(exponents) < 0.8
    assert 1.25 < max(exponents) <= math.exp(0.5) + 1e-3


def test_a_bias_field_is_smooth_has_no_mean_and_the_spread_asked_for() -> None:
    spread, means = [], []
    flat = torch.full((1, SIZE, SIZE), 0.5)
    for view in range(1, 101):
        field = torch.log(augment(flat, only(bias=0.1), 0, 0, view) / 0.5)[0]
        # Two half waves of an amplitude of some spreads: nothing changes between neighbours.
        assert float(max(field.diff(dim=0).abs().max(), field.diff(dim=1).abs().max())) < 0.05
        spread.append(float(field.square().mean()))
        means.append(float(field.mean()))
    assert math.sqrt(np.mean(spread)) == pytest.approx(0.1, rel=0.15)
    assert np.abs(means).max() < 1e-3


def test_noise_is_rician() -> None:
    """E[M^2] = A^2 + 2 sigma^2, and in tissue far above the noise its spread is sigma (Gudbjartsson and Patz 1995)."""
    flat = torch.full((1, 400, 400), 0.5)
    widths = []
    for view in range(1, 9):
        noisy = augment(flat, only(noise=0.08), 0, 0, view).double()
        width = float(noisy.std())
        assert float(noisy.square().mean()) == pytest.approx(0.25 + 2 * width**2, abs=2e-3 * 0.5)
        rows = noisy[0] - noisy.mean()
        assert abs(float((rows[1:] * rows[:-1]).mean())) < 0.02 * width**2 + 1e-9
        widths.append(width)
    assert 0 < min(widths) < 0.03
    assert 0.05 < max(widths) <= 0.0805
    dark = augment(torch.full((1, 400, 400), 1e-4), only(noise=0.08), 0, 0, 1).double()
    sigma = widths[0]
    # Without signal the magnitude is Rayleigh's: its mean is sigma * sqrt(pi / 2), not 0.
    assert float(dark.mean()) == pytest.approx(sigma * math.sqrt(math.pi / 2), rel=0.02)


def test_leaving_a_kind_out_does_not_change_the_others() -> None:
    for view in range(1, 6):
        moved = augment(leg(), only(rotation=20.0, shift=0.1), 0, 0, view)
        torch.testing.assert_close(augment(leg(), only(rotation=20.0, shift=0.1, flip=0.0), 0, 0, view), moved)
        with_gamma = augment(leg(), only(rotation=20.0, shift=0.1, gamma=0.5), 0, 0, view)
        assert torch.equal(with_gamma > 0, moved > 0)


@pytest.mark.parametrize(("kind", "value"), [("gamma", 1000.0), ("bias", 2.0), ("rotation", 720.0), ("flip", -0.1)])
def test_settings_that_would_leave_no_picture_are_refused(kind: str, value: float) -> None:
    with pytest.raises(ValidationError, match=kind):
        AugmentSettings(**{kind: value})
