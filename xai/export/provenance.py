"""What a written map says of its origin, as plain JSON."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from xai.errors import ExplainError
from xai.explanation import Explanation
from xai.notice import RESEARCH_USE_ONLY


def provenance(explanation: Explanation) -> dict[str, object]:
    """Return everything about an explanation but its arrays, ready for JSON."""
    mapping, geometry = explanation.mapping, explanation.geometry
    return {
        "notice": RESEARCH_USE_ONLY,
        "method": explanation.method,
        "parameters": dict(explanation.parameters),
        "classes": list(explanation.classes),
        "bundle_sha256": explanation.bundle_sha256,
        "volume_sha256": explanation.volume_sha256,
        "code_version": explanation.code_version,
        "created": explanation.created,
        "states": list(explanation.states),
        "details": [_plain(one) for one in explanation.details],
        "notes": list(explanation.notes),
        "cells": {"centre": explanation.cells.centre, "stride": explanation.cells.stride},
        "mapping": {
            "shape": list(mapping.shape),
            "transpose": mapping.display.transpose,
            "flip_rows": mapping.display.flip_rows,
            "flip_columns": mapping.display.flip_columns,
            "pad": list(mapping.pad),
            "scale": list(mapping.scale),
            "size": mapping.size,
        },
        "geometry": {"shape": list(geometry.shape), "affine": geometry.affine.tolist(), "known": geometry.known},
    }


def _plain(details: Mapping[str, float | str]) -> dict[str, float | str | None]:
    """Return details without NaN and infinities, which JSON does not know."""
    return {
        name: value if isinstance(value, str) else (float(value) if math.isfinite(value) else None)
        for name, value in details.items()
    }


def provenance_json(explanation: Explanation) -> str:
    """Return `provenance` as text."""
    return json.dumps(provenance(explanation), ensure_ascii=False, indent=1)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; what was written there takes its place when all went well.

    Raises
    ------
    ExplainError
        When the file cannot be written; what stood at ``path`` before is still there.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The suffixes stay, for writers that go by them.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-", suffix="".join(path.suffixes[-2:]))
        temporary = Path(name)
        os.close(handle)
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise ExplainError(f"The map {path} cannot be written: {error.strerror or error}.") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
