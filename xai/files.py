"""Files that are whole or not there. Light: no torch."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Give a file beside ``path`` that takes its place when the block ends well, and is gone when it does not.

    Until then it is called ``.NAME.*.part``. Raises `OSError` when there is no room.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the name without the content
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; raise `OSError` when there is no room."""
    with whole(path) as file:
        file.write(data)
