"""The table of explanation methods. Classes are named, not imported: listing them costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from xai.errors import UnknownExplainerError


@dataclass(frozen=True, slots=True)
class ExplainerEntry:
    """One method: title for the window, family, literature reference, and ``"module:Class"``."""

    title: str
    family: str
    reference: str
    path: str
    cost: Literal["cheap", "costly"] = "cheap"
    """Cheap takes about one pass, so that it is computed without being asked for; costly takes many."""


EXPLAINERS: Mapping[str, ExplainerEntry] = MappingProxyType(
    {
        "gradcam": ExplainerEntry(
            "Grad-CAM", "CAM", "Selvaraju et al. 2017, arXiv:1610.02391", "xai.explainers.cam:GradCAM"
        ),
        "gradcampp": ExplainerEntry(
            "Grad-CAM++", "CAM", "Chattopadhyay et al. 2018, arXiv:1710.11063", "xai.explainers.cam:GradCAMPlusPlus"
        ),
        "hirescam": ExplainerEntry(
            "HiResCAM", "CAM", "Draelos and Carin 2020, arXiv:2011.08891", "xai.explainers.cam:HiResCAM"
        ),
        "occlusion": ExplainerEntry(
            "Occlusion",
            "Perturbation",
            "Zeiler and Fergus 2014, arXiv:1311.2901",
            "xai.explainers.occlusion:Occlusion",
            "costly",
        ),
        "hierarchical": ExplainerEntry(
            "Hierarchical occlusion",
            "Perturbation",
            "signed and within a budget; after xai-for-mri, the code of Assessing the Value of XAI for MRI 2025",
            "xai.explainers.hierarchical:Hierarchical",
            "costly",
        ),
        "hierarchical-reference": ExplainerEntry(
            "Hierarchical occlusion (published)",
            "Perturbation",
            "xai-for-mri, the code of Assessing the Value of XAI for MRI 2025",
            "xai.explainers.hierarchical_reference:HierarchicalReference",
            "costly",
        ),
    }
)


def find_explainer(key: str) -> ExplainerEntry:
    """Return the entry of ``key``.

    Raises
    ------
    UnknownExplainerError
        When there is none; the message lists the keys.
    """
    try:
        return EXPLAINERS[key]
    except KeyError:
        raise UnknownExplainerError(
            f"There is no explanation method {key!r}; the methods are {', '.join(EXPLAINERS)}."
        ) from None
