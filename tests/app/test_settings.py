"""Settings are kept; a damaged file gives the defaults and one sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray

from viewer.app.preferences import Preferences
from viewer.app.settings import Settings
from viewer.core.overlay import OverlayStyle

CHOSEN = Preferences(theme="light", language="it", scale=1.5, mouse="weasis", device="cpu")


def test_everything_that_is_set_is_there_again(tmp_path: Path) -> None:
    file = tmp_path / "settings.ini"
    styles = {"gradcam": OverlayStyle(opacity=0.85, colormap="viridis", threshold=0.25, scale="series", outline=True)}
    first = Settings(file)
    first.reader_id, first.model, first.preferences = "R03", tmp_path, CHOSEN
    first.window, first.panels, first.hidden_panels = QByteArray(b"\x00\x01w"), QByteArray(b"p\xff"), ("series",)
    first.layout, first.overlays = "compare", styles
    first.save()
    second = Settings(file)
    assert (second.reader_id, second.model, second.preferences) == ("R03", tmp_path, CHOSEN)
    assert (second.window, second.panels) == (QByteArray(b"\x00\x01w"), QByteArray(b"p\xff"))
    assert (second.hidden_panels, second.layout) == (("series",), "compare")
    assert second.overlays == {"gradcam": replace(styles["gradcam"], visible=False)}
    assert second.problem == ""


def test_a_fixed_range_stays_with_its_series(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    settings.overlays = {"gradcam": OverlayStyle(scale="fixed", fixed_range=(0.0, 3.0))}
    assert settings.overlays["gradcam"].scale == "slice"
    assert settings.overlays["gradcam"].fixed_range is None


@pytest.mark.parametrize(
    "content", [b"\x00\x01\xff no equals\nfoo\n[[[", b"reader=R03\njust words\n[", b"PK\x03\x04" * 40]
)
def test_a_damaged_file_gives_the_defaults_and_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "settings.ini"
    file.write_bytes(content)
    settings = Settings(file)
    assert "settings.ini" in settings.problem
    assert settings.problem.count(".") == settings.problem.count("settings.ini") + 1
    assert (settings.reader_id, settings.preferences, settings.overlays) == ("", Preferences(), {})
    settings.reader_id = "R09"
    settings.save()
    again = Settings(file)
    assert (again.reader_id, again.problem) == ("R09", "")
    assert (tmp_path / "settings.ini.damaged").read_bytes() == content


@pytest.mark.parametrize(
    "line",
    ["theme=purple", "scale=1.3", "scale=large", "mouse=three-handed", "language=@ByteArray(x)", "device=toaster"],
)
def test_a_value_that_makes_no_sense_costs_itself_only(tmp_path: Path, line: str) -> None:
    file = tmp_path / "settings.ini"
    file.write_text(f"[General]\nreader=R03\n[preferences]\n{line}\n", encoding="utf-8")
    settings = Settings(file)
    assert settings.preferences == Preferences()
    assert "damaged" in settings.problem
    assert settings.reader_id == "R03"


@pytest.mark.parametrize("text", ["{", "[1, 2]", '"word"', '{\\"of\\": \\"Popen\\", \\"with\\": {}}'])
def test_damaged_display_settings_cost_themselves_only(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.ini"
    file.write_text(f'overlays="{text}"\nlayout=sixteen\n', encoding="utf-8")
    settings = Settings(file)
    assert settings.overlays == {}
    assert settings.layout is None
    assert "damaged" in settings.problem


def test_a_file_that_cannot_be_read_is_said_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "settings.ini"
    file.mkdir()
    settings = Settings(file)
    assert settings.preferences == Preferences()
    assert "cannot be read" in settings.problem
    assert file.is_dir()


def test_the_model_can_be_forgotten(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    settings.model, settings.reader_id = tmp_path, "R03"
    settings.forget_model()
    assert settings.model is None
    assert settings.reader_id == "R03"
