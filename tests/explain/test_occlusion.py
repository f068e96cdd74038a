from __future__ import annotations

from typing import Any

import pytest
import torch
from captum.attr import Occlusion as Oracle
from torch import Tensor, nn

from xai.errors import ExplainError
from xai.explainers import windows
from xai.explainers.base import counting
from xai.explainers.masking import filled
from xai.explainers.occlusion import Occlusion
from xai.explainers.windows import Grid, ask_in_batches, hidden, hide, lay_grid
from xai.progress import ignore

TARGET = torch.tensor([0, 1, 1])


def pictures(side: int = 56, count: int = 3) -> Tensor:
    """Tissue everywhere: no pixel is 0."""
    return 0.1 + torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(0))


def legs() -> Tensor:
    """Two bodies of different size in air."""
    x = torch.zeros(2, 1, 56, 56)
    x[:, :, 10:30, 4:20] = pictures(56, 2)[:, :, 10:30, 4:20]
    x[1, :, 35:50, 30:52] = pictures(56, 2)[1, :, 35:50, 30:52]
    return x


class Weighted(nn.Module):
    """Logits that are linear in the pixels."""

    def __init__(self, side: int = 56) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, side * side, generator=torch.Generator().manual_seed(1)))

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight.T


@pytest.mark.parametrize("score", ["logit", "probability"])
@pytest.mark.parametrize("fill", ["zero", "one", "blur"])
@pytest.mark.parametrize(("window", "stride"), [(16, 8), (14, 14), (24, 8)])
def test_maps_equal_those_of_captum(slim: nn.Module, window: int, stride: int, fill: Any, score: Any) -> None:
    x = pictures()
    ours = Occlusion(window, stride, fill, score).attribute(slim, x, TARGET)

    def forward(pictures: Tensor) -> Tensor:
        with torch.no_grad():
            logits: Tensor = slim(pictures)
            return logits if score == "logit" else logits.softmax(1)

    theirs = Oracle(forward).attribute(
        x, (1, window, window), (1, stride, stride), baselines=filled(x, fill), target=TARGET, perturbations_per_eval=8
    )
    assert theirs.abs().max() > 0
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=float(1e-5 * theirs.abs().max()))


def test_a_linear_model_has_the_map_of_its_weights() -> None:
    """The drop of a window is the sum in it of weight times what hiding takes away: no more, no less, also cut-off."""
    network, x, target = Weighted(), legs(), torch.tensor([0, 1])
    got = Occlusion(15, 10, "body-mean").attribute(network, x, target)
    lost = x - filled(x, "body-mean")
    expected = torch.zeros_like(x)
    for n, own in enumerate(target.tolist()):
        weight = (network.weight[own] - network.weight[1 - own]).detach().view(56, 56)
        starts = [0, 10, 20, 30, 40, 41]
        covered = torch.zeros(56, 56)
        for top in starts:
            for left in starts:
                inside = slice(top, top + 15), slice(left, left + 15)
                expected[n, 0][inside] += (weight * lost[n, 0])[inside].sum()
                covered[inside] += 1
        expected[n, 0] /= covered
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-3)
    assert got.min() < 0 < got.max()


def test_a_lesion_is_found_where_it_lies() -> None:
    class Brightest(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            lesion = x[:, 0, 12:20, 36:44].mean((1, 2))
            return torch.stack([torch.zeros_like(lesion), lesion], 1)

    x = torch.full((1, 1, 56, 56), 0.2)
    x[:, :, 12:20, 36:44] = 1
    found = Occlusion(8, 4).attribute(Brightest(), x, torch.tensor([1]))[0, 0]
    peak = (found == found.max()).nonzero()
    assert (peak >= torch.tensor([12, 36])).all()
    assert (peak < torch.tensor([20, 44])).all()
    assert (found[:4] == 0).all()
    against = Occlusion(8, 4).attribute(Brightest(), x, torch.tensor([0]))
    torch.testing.assert_close(against[0, 0], -found)


def test_windows_without_tissue_cost_nothing(slim: nn.Module) -> None:
    x, target = legs(), torch.tensor([1, 1])
    grid = lay_grid((56, 56), 8, 8, x.device)
    holding = sum(
        int((x[n, 0, top : top + 8, left : left + 8] != 0).any())
        for n in range(2)
        for top in grid.tops.tolist()
        for left in grid.lefts.tolist()
    )
    with counting(slim) as count:
        maps = Occlusion(8, 8, "one").attribute(slim, x, target)
    assert count[0] == holding + len(x)
    assert holding < 2 * 49 / 2
    assert (maps[0, 0, 32:] == 0).all()
    assert (maps[1, 0, 40:48, 32:48] != 0).all()


def test_windows_at_the_border_have_full_size_and_all_pixels_are_in_one() -> None:
    grid = lay_grid((56, 50), 16, 12, torch.device("cpu"))
    assert grid.tops.tolist() == [0, 12, 24, 36, 40]
    assert grid.lefts.tolist() == [0, 12, 24, 34]
    assert (grid.sums(torch.ones(56, 50)) == 256).all()
    assert grid.paint(torch.ones(5, 4)).min() == 1
    whole = lay_grid((10, 10), 16, 12, torch.device("cpu"))
    assert whole.sums(torch.ones(10, 10)).tolist() == [[100]]


@pytest.mark.parametrize(("window", "stride"), [(8, 9), (8, 0), (0, 1)])
def test_strides_that_leave_gaps_are_refused(slim: nn.Module, window: int, stride: int) -> None:
    with pytest.raises(ExplainError, match="need a stride"):
        Occlusion(window, stride).attribute(slim, pictures(), TARGET)


def test_a_grids_sums_and_paint_are_what_loops_give() -> None:
    random = torch.Generator().manual_seed(3)
    # Strides that do not fit, so that the last windows are cut at the end.
    grid = Grid(torch.arange(0, 20, 6), torch.arange(0, 31, 7), 9, (20, 31))
    pixels, values = torch.rand(2, 20, 31, generator=random), torch.rand(2, 4, 5, generator=random)
    sums, paint = torch.zeros(2, 4, 5), torch.zeros(2, 20, 31)
    for i, top in enumerate(grid.tops.tolist()):
        for j, left in enumerate(grid.lefts.tolist()):
            sums[:, i, j] = pixels[:, top : top + 9, left : left + 9].sum((1, 2))
            paint[:, top : top + 9, left : left + 9] += values[:, i, j, None, None]
    torch.testing.assert_close(grid.sums(pixels), sums)
    torch.testing.assert_close(grid.paint(values), paint)
    assert grid.boxes(torch.tensor([[3, 4], [0, 1]])).tolist() == [[18, 28, 20, 31], [0, 7, 9, 16]]


def test_a_mean_counts_known_windows_only() -> None:
    grid = lay_grid((4, 4), 2, 2, torch.device("cpu"))
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    known = torch.tensor([[True, False], [True, True]])
    assert grid.mean(values, known).tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [3, 3, 4, 4], [3, 3, 4, 4]]


def test_hidden_windows_are_replaced_and_nothing_else() -> None:
    x = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(0))
    fill = -x
    got = hidden(x, fill, torch.tensor([1, 0]), torch.tensor([[2, 1, 5, 7], [0, 0, 1, 1]]))
    expected = x[[1, 0]].clone()
    expected[0, :, 2:5, 1:7] *= -1
    expected[1, :, :1, :1] *= -1
    assert torch.equal(got, expected)


def test_batches_are_shared_by_all_slices_and_report_passes(slim: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(windows.BATCH_SIZES, "cpu", 10)
    sizes: list[int] = []
    slim.register_forward_pre_hook(lambda _module, inputs: sizes.append(len(inputs[0])))
    reports: list[tuple[int, int]] = []
    Occlusion(28, 14).attribute(slim, pictures(), TARGET, lambda *at: reports.append(at))
    assert sizes == [3, 10, 10, 7]
    assert reports[-4:] == [(0, 27), (10, 27), (20, 27), (27, 27)]


def test_batches_shrink_when_the_memory_runs_out(slim: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Occlusion(28, 14).attribute(slim, pictures(), TARGET)

    def limited(_module: nn.Module, inputs: tuple[Tensor]) -> None:
        if len(inputs[0]) > 5:
            raise torch.OutOfMemoryError

    handle = slim.register_forward_pre_hook(limited)
    torch.testing.assert_close(Occlusion(28, 14).attribute(slim, pictures(), TARGET), plain, rtol=1e-4, atol=1e-5)
    handle.remove()
    slim.register_forward_pre_hook(lambda _module, inputs: limited(_module, (torch.cat([inputs[0]] * 6),)))
    with pytest.raises(torch.OutOfMemoryError):
        ask_in_batches(slim, 2, lambda part: pictures()[part], lambda logits, _: logits, torch.device("cpu"), ignore)


def test_what_hiding_leaves_as_it_is_counts_as_untouched(slim: nn.Module) -> None:
    x = legs()
    x[0, 0, 10:18, 4:12] = 0.5
    grid = lay_grid((56, 56), 4, 4, x.device)
    fill = torch.where(x != 0, 0.5, 0.0)
    hiding = hide(slim, x, torch.tensor([0, 0]), "zero")
    assert hiding.touched(grid)[0, 3, 1]
    changed = type(hiding)(slim, x, fill, hiding.body, hiding.target, hiding.scores)
    assert not changed.touched(grid)[0, 3, 1]
    assert changed.touched(grid)[1, 3, 1]
