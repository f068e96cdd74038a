"""The demo's files: phantom patients and a classifier trained on such, made once per version in the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

import xai
from viewer.assets import demo_bundle
from xai.errors import ImagingError
from xai.notice import RESEARCH_USE_ONLY
from xai.progress import Progress, ignore

MARKER = "demo.json"


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo lies: DICOM series of phantom patients, and the bundle that reads them."""

    study: Path
    bundle: Path


def prepare_demo(progress: Progress = ignore) -> Demo:
    """Return the demo in the user's cache; it is made anew when the version or the phantom has changed."""
    cache = platformdirs.user_cache_path("overread", appauthor=False, ensure_exists=True)
    folder = cache / f"demo-{_stamp()}"
    if not (folder / MARKER).is_file():
        with tempfile.TemporaryDirectory(dir=cache, prefix="making-", ignore_cleanup_errors=True) as temporary:
            made = Path(temporary) / "demo"
            _write(made, progress)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(made, folder)
        for old in cache.glob("demo-*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
    return Demo(folder / "study", folder / "bundle")


def write_demo(out: Path, progress: Progress = ignore) -> Demo:
    """Write ``study/`` and ``bundle/`` into ``out``; an earlier demo there is replaced, anything else is left alone.

    Raises
    ------
    ImagingError
        When ``out`` already has a ``study`` or ``bundle`` that is no demo.
    """
    taken = [name for name in ("study", "bundle") if (out / name).exists()]
    if taken and not (out / MARKER).is_file():
        raise ImagingError(f"{out / taken[0]} exists already and is not of an earlier demo; choose another folder.")
    for name in taken:
        shutil.rmtree(out / name)
    _write(out, progress)
    return Demo(out / "study", out / "bundle")


def is_demo(path: Path) -> bool:
    """Whether ``path`` lies in a demo that was made by this or an earlier version."""
    near = [path, *path.absolute().parents][:5]
    return any((folder / MARKER).is_file() for folder in near)


def _write(out: Path, progress: Progress) -> None:
    from xai.phantom.cohort import demo_study

    out.mkdir(parents=True, exist_ok=True)
    shutil.copytree(demo_bundle(), out / "bundle")
    demo_study(out / "study", progress)
    # Last, so that a demo that was broken off is not taken for a whole one.
    marker = {"version": xai.__version__, "patients": "synthetic phantom", "statement": RESEARCH_USE_ONLY}
    (out / MARKER).write_text(json.dumps(marker, indent=2) + "\n", encoding="utf-8")


def _stamp() -> str:
    """Name what the demo is made of: the version, the bundle, and the phantom's code (for those who work on it)."""
    digest = hashlib.sha256(xai.__version__.encode())
    phantom = Path(xai.__file__).parent / "phantom"
    for path in sorted([*phantom.glob("*.py"), *demo_bundle().glob("*.toml")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
