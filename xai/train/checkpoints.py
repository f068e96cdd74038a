"""Checkpoints that are whole or not there, written beside the one they replace."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO

from xai.errors import TrainingError
from xai.files import write_whole


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint in its own folder.

    Lightning takes the system's temporary folder, which may be full or lie on another disk: then the old checkpoint is
    overwritten bit by bit, and a process that ends meanwhile leaves neither the old nor the new one.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any | None = None
    ) -> None:
        """Write a checkpoint; raise `TrainingError` naming it when it cannot be (a full disk)."""
        content = io.BytesIO()
        torch.save(checkpoint, content)
        place = Path(path)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(place, content.getvalue())
        except OSError as error:
            raise TrainingError(f"{place} cannot be written: {error.strerror or error}.") from None
