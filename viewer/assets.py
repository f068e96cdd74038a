"""The only reader of `resources`: where its files lie on this machine."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import resources


def find_asset(name: str) -> Path:
    """Return the path of a file or folder of `resources`, such as ``"icons/overread.svg"``.

    Raises
    ------
    FileNotFoundError
        When the installation lacks it.
    """
    path = Path(str(files(resources).joinpath(name)))
    if not path.exists():
        raise FileNotFoundError(f"this installation lacks resources/{name}")
    return path


def demo_bundle() -> Path:
    """Return the folder of the demo's classifier bundle."""
    return find_asset("demo/bundle")
