"""How a run is known, and how its texts are written. Light: no torch, no pydantic."""

from __future__ import annotations

from pathlib import Path

from xai.errors import TrainingError
from xai.files import write_whole

RECORD_NAME = "training.toml"


def is_run(path: Path) -> bool:
    """Whether a folder is a training run, finished or not."""
    return (path / RECORD_NAME).is_file()


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all; raise `TrainingError` naming it when it cannot be (a full disk)."""
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise TrainingError(f"{path} cannot be written: {error.strerror or error}.") from None
