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
    shows: Literal["evidence", "disagreement"] = "evidence"
    """What high values mean: that the class is supported there, or that methods do not agree about it there."""


PUBLISHED_ENSEMBLES = (
    "Assessing the value of explainable artificial intelligence for MRI, XAI 2025; its code, MIT licence"
)

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
        "layercam": ExplainerEntry(
            "LayerCAM",
            "CAM",
            "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943",
            "xai.explainers.library:LayerCAM",
            "costly",
        ),
        "xgradcam": ExplainerEntry(
            "XGrad-CAM", "CAM", "Fu et al. 2020, arXiv:2008.02312", "xai.explainers.library:XGradCAM", "costly"
        ),
        "eigencam": ExplainerEntry(
            "EigenCAM", "CAM", "Muhammad and Yeasin 2020, arXiv:2008.00299", "xai.explainers.library:EigenCAM", "costly"
        ),
        "scorecam": ExplainerEntry(
            "Score-CAM", "CAM", "Wang et al. 2020, arXiv:1910.01279", "xai.explainers.library:ScoreCAM", "costly"
        ),
        "ablationcam": ExplainerEntry(
            "Ablation-CAM",
            "CAM",
            "Desai and Ramaswamy 2020, doi:10.1109/WACV45572.2020.9093360",
            "xai.explainers.library:AblationCAM",
            "costly",
        ),
        "integrated-gradients": ExplainerEntry(
            "Integrated Gradients",
            "Gradient",
            "Sundararajan et al. 2017, arXiv:1703.01365",
            "xai.explainers.gradients:IntegratedGradients",
            "costly",
        ),
        "smoothgrad": ExplainerEntry(
            "SmoothGrad",
            "Gradient",
            "Smilkov et al. 2017, arXiv:1706.03825",
            "xai.explainers.gradients:SmoothGrad",
            "costly",
        ),
        "shap": ExplainerEntry(
            "SHAP",
            "Shapley",
            "Lundberg and Lee 2017, arXiv:1705.07874",
            "xai.explainers.shapley:PartitionShap",
            "costly",
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
            "Hierarchical, published",
            "Perturbation",
            "xai-for-mri, the code of Assessing the Value of XAI for MRI 2025",
            "xai.explainers.hierarchical_reference:HierarchicalReference",
            "costly",
        ),
        "ensemble-threshold": ExplainerEntry(
            "Ensemble, threshold",
            "Ensemble",
            PUBLISHED_ENSEMBLES,
            "xai.explainers.ensemble:ThresholdEnsemble",
            "costly",
        ),
        "ensemble-average": ExplainerEntry(
            "Ensemble, average", "Ensemble", PUBLISHED_ENSEMBLES, "xai.explainers.ensemble:AverageEnsemble", "costly"
        ),
        "ensemble-intersection": ExplainerEntry(
            "Ensemble, intersection",
            "Ensemble",
            PUBLISHED_ENSEMBLES,
            "xai.explainers.ensemble:IntersectionEnsemble",
            "costly",
        ),
        "consensus": ExplainerEntry(
            "Consensus of families", "Ensemble", "This program", "xai.explainers.consensus:Consensus", "costly"
        ),
        "disagreement": ExplainerEntry(
            "Disagreement of families",
            "Ensemble",
            "This program",
            "xai.explainers.consensus:Disagreement",
            "costly",
            "disagreement",
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
