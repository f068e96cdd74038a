"""What a training run is told: the published protocol by default. Light: read without torch."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from xai.models.manifest import PreprocessSettings

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AugmentSettings(_Part):
    """How pictures are changed while a network learns; 0 leaves a kind out.

    Blur, jitter and flip are the published ones; the others are what coils, scanners and patients do.
    """

    flip: Share = 0.5
    """How often left and right are exchanged."""
    blur: Annotated[NotNegative, Field(le=20)] = 0.5
    """Largest width (sigma, network pixels) of the Gaussian blur."""
    brightness: Share = 0.1
    contrast: Share = 0.1
    """Largest relative change."""
    rotation: Annotated[NotNegative, Field(le=180)] = 8.0
    """Degrees."""
    shift: Share = 0.05
    """Part of the picture's breadth."""
    scale: Share = 0.08
    gamma: Annotated[NotNegative, Field(le=3)] = 0.15
    """Largest change of the exponent's logarithm."""
    bias: Share = 0.05
    """Spread of the logarithm of the coil's slowly varying sensitivity."""
    noise: Share = 0.01
    """Largest width of the Rician noise; 1 is the brightest tissue."""


_NOTHING = dict.fromkeys(AugmentSettings.model_fields, 0.0)
AUGMENTS: Mapping[str, AugmentSettings] = MappingProxyType(
    {
        "all": AugmentSettings(),
        "published": AugmentSettings(**_NOTHING | {"flip": 0.5, "blur": 0.5, "brightness": 0.1, "contrast": 0.1}),
        "none": AugmentSettings(**_NOTHING),
    }
)
"""Settings by name: all kinds, the published ones alone, none."""


class TrainingConfig(_Part):
    """Everything about a run but its data.

    The defaults are those of the published protocol: ten folds, stratified by label and grouped by patient, a frozen
    backbone, SGD with rate 0.001 and momentum 0.9.
    """

    network: str = "resnet18-reference"
    folds: Annotated[int, Field(ge=2, le=1000)] = 10
    epochs: Annotated[int, Field(ge=1, le=100_000)] = 30
    """At most; early stopping ends sooner."""
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 32
    lr: Rate = 0.001
    optimizer: Literal["sgd", "adam", "adamw"] = "sgd"
    momentum: Share = 0.9
    """Of SGD."""
    weight_decay: NotNegative = 0.0
    weights: str = "imagenet"
    """``imagenet`` (from torchvision's cache), ``none``, or the path of a state dict, safetensors file or bundle."""
    backbone: Literal["frozen", "fine-tuned"] = "frozen"
    """Frozen: only the head learns, batch norms keep their statistics."""
    views: Annotated[int, Field(ge=1, le=10_000)] = 8
    """Augmented views of each picture that a frozen backbone sees; fine-tuning draws a new one for each epoch."""
    validation: Annotated[float, Field(gt=0, le=0.5)] = 0.1
    """Part of the training patients that chooses the epoch; the test fold is not looked at for it."""
    patience: Annotated[int, Field(ge=0)] = 5
    """Epochs without a lower validation loss before a fold ends; 0 never ends one sooner."""
    min_delta: NotNegative = 0.0
    oversample: bool = True
    """Draw slices of the rarer class more often, so that an epoch holds as many of each."""
    precision: Literal["auto", "32", "16-mixed", "bf16-mixed"] = "auto"
    """``auto``: mixed on a GPU, 32 bit elsewhere."""
    parallel: Literal["folds", "data"] = "folds"
    """What several processes share: whole folds, or the batches inside each fold."""
    masks: Literal["ignore", "multiply"] = "ignore"
    """Whether the picture outside of its mask is blackened."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    keep_folds: bool = False
    """Keep each fold's network as a bundle."""
    augment: AugmentSettings = AugmentSettings()
    preprocess: PreprocessSettings = PreprocessSettings()


def configure(given: Mapping[str, Any], base: TrainingConfig | None = None) -> TrainingConfig:
    """Return ``base`` changed by ``given``; without a base, defaults that suit the network.

    The slim network has no ImageNet weights, so it begins at random; what begins at random is trained as a whole.

    Raises
    ------
    pydantic.ValidationError
        When a value is out of its range.
    """
    if base is not None:
        return TrainingConfig.model_validate({**base.model_dump(), **given})
    filled = dict(given)
    if filled.get("network") == "resnet18-slim":
        filled.setdefault("weights", "none")
    if filled.get("weights") == "none":
        filled.setdefault("backbone", "fine-tuned")
    return TrainingConfig.model_validate(filled)
