"""Maps as files: each carries its provenance, and appears under its name only once it is whole."""

from __future__ import annotations

from xai.export.nifti import save_nifti
from xai.export.npz import load_npz, save_npz

__all__ = ["load_npz", "save_nifti", "save_npz"]
