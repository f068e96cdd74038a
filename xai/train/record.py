"""``training.toml``: everything needed to repeat a run. Light: read without torch."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xai.errors import TrainingError
from xai.imaging.padding import LARGEST_FRAME
from xai.models.manifest import first_cause, write_toml
from xai.train.config import TrainingConfig
from xai.train.files import RECORD_NAME, write_text

MAX_BYTES = 1 << 20
Side = Annotated[int, Field(ge=1, le=LARGEST_FRAME)]
Frame = tuple[Side, Side]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataRecord(_Part):
    """Which table, and where its pictures were looked for."""

    table: Annotated[str, Field(min_length=1)]
    """Absolute path."""
    sha256: Sha256
    """Of the table's bytes."""
    images: str | None = None
    masks: str | None = None
    frame: Frame | None = None
    """Rows and columns that picture files were padded to; None for as they are."""


class WeightsRecord(_Part):
    """Where the network began."""

    source: str
    """The file's path, or ``none``."""
    sha256: Sha256 | None = None


class TrainingRecord(_Part):
    """A run as it was begun."""

    config: TrainingConfig
    data: DataRecord
    weights: WeightsRecord
    versions: dict[str, str] = Field(default_factory=dict)
    """Of this project, Python and the libraries that decide the figures."""


def read_record(path: Path) -> TrainingRecord:
    """Read ``training.toml``, of a run folder or by its own path.

    Raises
    ------
    TrainingError
        One sentence naming the file and the cause.
    """
    path = path / RECORD_NAME if path.is_dir() else path
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(raw) > MAX_BYTES:
        raise TrainingError(f"{path} is larger than {MAX_BYTES >> 20} MiB, so it is no record of a training run.")
    try:
        return TrainingRecord.model_validate(tomllib.loads(raw.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise TrainingError(f"{path} is not valid TOML: {error}.") from None
    except ValidationError as error:
        raise TrainingError(f"{path} is no record of a training run: {first_cause(error)}.") from None


def write_record(record: TrainingRecord, run: Path) -> None:
    """Write ``training.toml`` into a run folder, whole or not at all."""
    write_text(run / RECORD_NAME, write_toml(record.model_dump(mode="json", exclude_none=True)))
