"""Overread's library: MRI files to volumes, a classifier's predictions, and explanations of them.

The public names below are resolved when first used (PEP 562), so that importing `xai` does not import torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xai.imaging.catalog import open_volumes
    from xai.models.bundle import load_bundle
    from xai.models.predict import predict
    from xai.pipeline import explain

__version__ = "0.1.0"
__all__ = ["__version__", "explain", "load_bundle", "open_volumes", "predict"]

_HOMES = {
    "explain": "xai.pipeline",
    "load_bundle": "xai.models.bundle",
    "open_volumes": "xai.imaging.catalog",
    "predict": "xai.models.predict",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'xai' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
