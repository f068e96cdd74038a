"""Files of a run: how one is known, and how they are whole or not there. Light: no torch, no pydantic."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from xai.errors import TrainingError

RECORD_NAME = "training.toml"


def is_run(path: Path) -> bool:
    """Whether a folder is a training run, finished or not."""
    return (path / RECORD_NAME).is_file()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; raise `OSError` when there is no room."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the name without the content
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all; raise `TrainingError` naming it when it cannot be (a full disk)."""
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise TrainingError(f"{path} cannot be written: {error.strerror or error}.") from None
