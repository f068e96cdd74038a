"""``bundle.toml``: what a classifier bundle says of itself. Light: read without torch."""

from __future__ import annotations

import json
import math
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from xai.errors import BundleError
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.volume import SeriesInfo

MANIFEST_NAME = "bundle.toml"
WEIGHTS_NAME = "weights.safetensors"
MAX_MANIFEST_BYTES = 1 << 20

PIXEL_TOLERANCE = 0.05
"""Pixel sizes this fraction outside of the trained range are not worth a sentence."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
Finite = Annotated[float, Field(allow_inf_nan=False)]

REGION_WORDS = {
    "lower leg": {"leg", "legs", "lower leg", "lowerleg", "calf", "calves", "shank", "tibia", "fibula", "tibia fibula"},
    "thigh": {"thigh", "thighs", "upper leg", "upperleg", "femur"},
    "knee": {"knee", "knees"},
    "foot": {"foot", "feet", "ankle"},
    "hip": {"hip", "hips", "pelvis"},
    "brain": {"brain", "head", "skull"},
    "hand": {"hand", "hands", "wrist"},
    "abdomen": {"abdomen"},
    "chest": {"chest", "thorax", "lung", "heart"},
    "spine": {"spine", "cspine", "tspine", "lspine"},
}
"""What headers call a body region; anything else ("EXTREMITY") says too little to compare."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PreprocessSettings(_Part):
    """How a slice becomes the network's input; see `xai.models.preprocess`."""

    recipe: Literal[1] = 1
    """Number of the algorithm: a network is bound to the one it was trained with."""
    size: Annotated[int, Field(ge=32, le=1024)] = 224
    window_percentiles: tuple[Finite, Finite] = (0.5, 99.5)
    body_mask: bool = True

    @field_validator("window_percentiles")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] < value[1] <= 100:
            raise ValueError("must be two growing numbers between 0 and 100")
        return value


class TrainedOn(_Part):
    """What the network has seen. A series outside of it gets that said beside the probability."""

    modality: str = "MR"
    sequence: str = ""
    """Weighting, such as "T1"; empty when it does not matter."""
    region: str = ""
    plane: Literal["", "axial", "coronal", "sagittal"] = ""
    pixel_mm: tuple[Finite, Finite] | None = None
    """Smallest and largest pixel size."""
    data_source: str = ""
    """Where the pictures came from, such as "synthetic lower-leg phantoms"."""

    @field_validator("pixel_mm")
    @classmethod
    def _positive(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not 0 < value[0] <= value[1]:
            raise ValueError("must be two growing positive numbers")
        return value

    @property
    def caution(self) -> str:
        """What must be said wherever the network speaks; empty when it was trained on patients."""
        if re.search("phantom|synthetic|simulat", self.data_source, re.IGNORECASE):
            return f"Trained on {self.data_source}, not on patients."
        if not (self.sequence or self.region or self.plane or self.pixel_mm or self.data_source):
            return "It is not known what this model was trained on."
        return ""

    @property
    def sentence(self) -> str:
        """The training data in a few words, for the prediction panel."""
        what = [f"{self.sequence}-weighted" if self.sequence else "", self.plane, self.modality, self.region]
        words = " ".join(word for word in what if word)
        size = f", {_span(self.pixel_mm)} mm pixels" if self.pixel_mm else ""
        source = f" ({self.data_source})" if self.data_source else ""
        return f"{words}{size}{source}"


class BundleCalibration(_Part):
    """A temperature that logits are divided by before they become probabilities (Guo et al. 2017, arXiv:1706.04599)."""

    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    fitted_on: str = ""
    """What answers it was fitted on, such as "answers out of fold"."""
    slices: Annotated[int, Field(ge=0)]
    patients: Annotated[int, Field(ge=0)]
    ece_before: Annotated[float, Field(ge=0, le=1)]
    """Expected calibration error of the probability of class 1."""
    ece_after: Annotated[float, Field(ge=0, le=1)]
    """The same with temperatures fitted on other folds, where there are several."""

    @property
    def sentence(self) -> str:
        """The calibration in a few words, for exports."""
        return (
            f"Probabilities are calibrated: temperature {self.temperature:.3g}, fitted on {self.slices} slices of "
            f"{self.patients} patients."
        )


class BundleManifest(_Part):
    """Everything about a classifier but its weights."""

    name: Name
    version: Name
    network: Name
    """A key of `xai.models.networks.NETWORKS`."""
    classes: Annotated[tuple[Name, ...], Field(min_length=2, max_length=1000)]
    """By index: 0 healthy, 1 affected."""
    weights_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    cam_layer: Name
    cam_centre: Finite
    """Network pixel at the centre of the CAM layer's cell 0."""
    cam_stride: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Network pixels from one cell to the next."""
    preprocess: PreprocessSettings = PreprocessSettings()
    trained_on: TrainedOn = TrainedOn()
    calibration: BundleCalibration | None = None
    """Without one, probabilities are the network's own."""
    metrics: dict[str, float | dict[str, float]] = Field(default_factory=dict)

    @property
    def temperature(self) -> float:
        """What logits are divided by before they become probabilities; 1 without a calibration."""
        return 1.0 if self.calibration is None else self.calibration.temperature

    @model_validator(mode="after")
    def _distinct_classes(self) -> BundleManifest:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes must differ from one another")
        return self

    def mismatches(self, info: SeriesInfo, geometry: VolumeGeometry) -> tuple[str, ...]:
        """Say in short sentences how a series differs from what the network was trained on, worst first."""
        known = self.trained_on
        said: list[str] = []
        unstated: list[str] = []
        if info.modality and known.modality and info.modality.upper() != known.modality.upper():
            said.append(f"The series is {info.modality}; the model was trained on {known.modality}.")
        elif known.modality and not info.modality:
            unstated.append("modality")
        region = region_of(info)
        if known.region and not region:
            unstated.append("body region")
        elif known.region and region != known.region:
            said.append(f"The series shows the {region}; the model was trained on the {known.region}.")
        if known.plane and geometry.known and geometry.plane != known.plane:
            said.append(f"The slices are {geometry.plane}; the model was trained on {known.plane} ones.")
        weighting = weighting_of(info)
        if known.sequence and not weighting:
            unstated.append("sequence")
        elif known.sequence and weighting != known.sequence.upper():
            said.append(f"The series looks {weighting}-weighted; the model was trained on {known.sequence}.")
        if not geometry.known:
            said.append("The pictures have no patient geometry: pixel size, left and right are unknown.")
        elif known.pixel_mm:
            pixel = math.sqrt(geometry.spacing[1] * geometry.spacing[2])
            low, high = known.pixel_mm
            if not low * (1 - PIXEL_TOLERANCE) <= pixel <= high * (1 + PIXEL_TOLERANCE):
                said.append(f"Pixels are {pixel:.2f} mm; the model was trained on {_span(known.pixel_mm)} mm.")
        if unstated:
            said.append(f"Not stated by the files, so not checked: {', '.join(unstated)}.")
        return tuple(said)

    def to_toml(self) -> str:
        """Return the text of ``bundle.toml``; the same manifest gives the same bytes."""
        return write_toml(self.model_dump(mode="json", exclude_none=True))


def region_of(info: SeriesInfo) -> str:
    """Return the body region that headers name, in the words of `REGION_WORDS`; empty when they say too little."""
    stated = re.sub(r"[^a-z]+", " ", info.body_part.lower()).strip()
    for region, words in REGION_WORDS.items():
        if stated in words:
            return region
    # A protocol's name is read only where the body part says nothing; longest words first, "upper leg" before "leg".
    text = re.sub("[^a-z]+", " ", f"{info.description} {info.study_description}".lower())
    found: set[str] = set()
    for word, region in sorted(((w, r) for r, words in REGION_WORDS.items() for w in words), key=lambda p: -len(p[0])):
        text, hits = re.subn(rf"\b{word}\b", " ", text)
        if hits:
            found.add(region)
    return found.pop() if len(found) == 1 else ""


def weighting_of(info: SeriesInfo) -> str:
    """Return "T1", "T2" or "PD" where the description or the timing says so, else an empty string."""
    named: set[str] = set(re.findall(r"(?<![A-Z0-9])(?:T1|T2|PD)(?![0-9])", info.description.upper()))
    if len(named) == 1:
        return named.pop()
    repetition, echo = info.repetition_time_ms, info.echo_time_ms
    # Gradient echoes (short repetition) are weighted by their flip angle, which is not asked for here.
    if repetition is None or echo is None or repetition < 300:
        return ""
    if echo <= 30:
        return "T1" if repetition <= 1000 else "PD" if repetition >= 1800 else ""
    return "T2" if echo >= 60 and repetition >= 1500 else ""


def read_manifest(folder: Path) -> tuple[BundleManifest, bytes]:
    """Read and check ``bundle.toml`` of a bundle folder.

    Returns
    -------
    tuple
        The manifest and the file's bytes, which the bundle's hash is taken over.

    Raises
    ------
    BundleError
        One sentence naming the file and the cause.
    """
    path = folder / MANIFEST_NAME
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise BundleError(f"The bundle file {path} cannot be read: {error.strerror or error}.") from None
    if len(raw) > MAX_MANIFEST_BYTES:
        raise BundleError(
            f"The bundle file {path} is larger than {MAX_MANIFEST_BYTES >> 20} MiB, so it is no manifest."
        )
    try:
        manifest = BundleManifest.model_validate(tomllib.loads(raw.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BundleError(f"The bundle file {path} is not valid TOML: {error}.") from None
    except ValidationError as error:
        raise BundleError(f"The bundle file {path} is not a manifest: {first_cause(error)}.") from None
    return manifest, raw


def first_cause(error: ValidationError) -> str:
    """Say what is wrong in a few words: the first field concerned and why, and how many others there are."""
    first, *rest = error.errors(include_url=False, include_input=False)
    where = ".".join(str(part) for part in first["loc"]) or "the file"
    more = f" (and {len(rest)} more)" if rest else ""
    return f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}{more}"


def write_toml(table: dict[str, object], prefix: str = "") -> str:
    """Write tables of strings, numbers, truth values and lists of these as TOML, keys in their order."""
    lines, tables = [], []
    for key, value in table.items():
        name = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)
        if isinstance(value, dict):
            tables.append(f"\n[{prefix}{name}]\n{write_toml(value, f'{prefix}{name}.')}")
        else:
            lines.append(f"{name} = {_toml_value(value)}\n")
    return "".join(lines + tables)


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)  # repr writes inf, nan and 1e-05 as TOML reads them
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml_value(item) for item in value)}]"
    raise TypeError(f"no TOML for {type(value).__name__}")


def _quoted(text: str) -> str:
    # TOML's basic strings escape as JSON does, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _span(pair: tuple[float, float]) -> str:
    low, high = pair
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"
