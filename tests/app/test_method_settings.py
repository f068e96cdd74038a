"""What the engine says of methods: their settings and what they cost."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import dataclass, fields
from typing import Literal

import pytest

from viewer.app.method_settings import NetworkSize, documented, expected_passes, settings_of, sheet_of
from xai.registry import EXPLAINERS

SIZE = NetworkSize(224, 512)


@dataclass(frozen=True, slots=True)
class Method:
    """Does something.

    Parameters
    ----------
    window, stride : int
        Side of the windows
        and how far they lie apart.
    fill : Fill
        What hidden pixels become.

    Raises
    ------
    ValueError
        Never.
    """

    window: int = 32
    stride: int = 16
    fill: Literal["zero", "blur"] = "blur"
    level: float = 0.5
    signed: bool = True
    members: tuple[str, ...] = ("gradcam",)
    layer: str | None = None
    batch_size: int = 8


def test_each_kind_of_field_becomes_a_setting() -> None:
    found = {setting.name: setting for setting in settings_of(Method)}
    assert {name: setting.kind for name, setting in found.items()} == {
        "window": "integer",
        "stride": "integer",
        "fill": "choice",
        "level": "number",
        "signed": "switch",
        "members": "members",
    }
    assert found["fill"].choices == ("zero", "blur")
    assert found["stride"].tip == "Side of the windows and how far they lie apart."
    assert {name: setting.default for name, setting in found.items()} == {
        field.name: field.default for field in fields(Method) if field.name not in ("layer", "batch_size")
    }


def test_documentation_is_read_up_to_the_next_section() -> None:
    assert set(documented(inspect.getdoc(Method) or "")) == {"window", "stride", "fill"}


def test_passes_follow_from_the_settings() -> None:
    @dataclass(frozen=True)
    class Windows:
        window: int = 32
        stride: int = 16

    assert expected_passes(Windows(), SIZE) == 13**2, "windows at 0, 16, ... 192"
    assert expected_passes(Windows(stride=32), SIZE) == 49
    assert expected_passes(Windows(), None) is None

    @dataclass(frozen=True)
    class Budgeted:
        max_evals: int = 500

    assert expected_passes(Budgeted(), None) == 500

    assert sheet_of("consensus", {"members": ("gradcam", "scorecam")}, SIZE).passes == 1 + SIZE.channels


def test_an_ensemble_says_whom_it_takes_by_itself() -> None:
    (members,) = [one for one in sheet_of("consensus", {}).settings if one.kind == "members"]
    assert isinstance(members.default, tuple)
    assert {"hirescam", "shap"} <= set(members.default) <= set(EXPLAINERS)


@pytest.mark.parametrize("key", EXPLAINERS)
def test_every_method_can_be_described(key: str) -> None:
    sheet = sheet_of(key, {}, SIZE)
    told = {setting.name: setting.default for setting in sheet.settings}
    assert sheet_of(key, told, SIZE) == sheet
    assert sheet.passes is not None, "what it costs is said before it starts"


def test_the_window_needs_no_torch_to_know_settings() -> None:
    code = "import viewer.app.method_settings, viewer.app.map_scores, viewer.app.what_if, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert not set(run.stdout.split()) & {"torch", "PySide6.QtGui", "matplotlib"}
