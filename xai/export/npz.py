"""Maps as NumPy archives: ``numpy.load`` opens them, and `load_npz` gives the `Explanation` back."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from xai.errors import ExplainError
from xai.explanation import Explanation, Prediction
from xai.export.provenance import provenance_json, whole_file
from xai.imaging.geometry import DisplayTransform, VolumeGeometry
from xai.imaging.resample import CellGrid, SliceMapping

MAX_PART_BYTES = 1 << 30
ARRAYS = ("maps", "target", "logits", "probabilities", "computed")


def save_npz(explanation: Explanation, path: str | Path) -> None:
    """Write an explanation: ``values`` (D, H, W) on the volume's grid, the raw ``maps``, and ``provenance`` as JSON.

    Raises
    ------
    ExplainError
        When the file cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {
        "maps": explanation.maps,
        "target": explanation.target,
        "logits": explanation.prediction.logits,
        "probabilities": explanation.prediction.probabilities,
        "computed": explanation.computed,
        "provenance": np.array(provenance_json(explanation)),
    }
    with (
        whole_file(Path(path)) as temporary,
        # Maps are smooth floats: more effort than level 1 takes long and saves little.
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name, array in arrays.items():
            buffer = io.BytesIO()
            npy.write_array(buffer, array, allow_pickle=False)
            archive.writestr(f"{name}.npy", buffer.getvalue())
        # Slice by slice: a volume of values never stands in memory at once.
        with archive.open("values.npy", "w", force_zip64=True) as part:
            header = {"descr": "<f4", "fortran_order": False, "shape": explanation.geometry.shape}
            npy.write_array_header_1_0(part, header)
            for k in range(explanation.geometry.shape[0]):
                part.write(explanation.slice_values(k).astype("<f4").tobytes())


def load_npz(path: str | Path) -> Explanation:
    """Read back what `save_npz` wrote. Nothing is unpickled.

    Raises
    ------
    ExplainError
        When the file is missing, damaged or no such archive: one sentence naming it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {name: _part(archive, name) for name in (*ARRAYS, "provenance")}
        return _explanation(parts, json.loads(parts["provenance"].item()))
    except OSError as error:
        raise ExplainError(f"The map {path} cannot be read: {error.strerror or error}.") from None
    # Damaged archives fail in the zip reader, the array reader, the JSON or the checks of the values' types.
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        EOFError,
        NotImplementedError,
    ) as error:
        raise ExplainError(f"The file {path} is no map that this program wrote, or is damaged: {error}.") from None


def _part(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    entry = archive.getinfo(f"{name}.npy")
    if entry.file_size > MAX_PART_BYTES:
        raise ValueError(f"its {name} takes more than {MAX_PART_BYTES >> 20} MiB")
    array: NDArray[Any] = npy.read_array(io.BytesIO(archive.read(entry)), allow_pickle=False)
    return array


def _explanation(parts: dict[str, NDArray[Any]], said: dict[str, Any]) -> Explanation:
    geometry = VolumeGeometry(
        tuple(said["geometry"]["shape"]), np.array(said["geometry"]["affine"]), bool(said["geometry"]["known"])
    )
    depth = geometry.shape[0]
    mapping = said["mapping"]
    display = DisplayTransform(bool(mapping["transpose"]), bool(mapping["flip_rows"]), bool(mapping["flip_columns"]))
    rows, columns = (int(n) for n in mapping["shape"])
    if (rows, columns) != geometry.shape[1:] or parts["maps"].ndim != 3 or len(said["states"]) != depth:
        raise ValueError("its parts do not fit together")
    if any(len(parts[name]) != depth for name in ARRAYS):
        raise ValueError("its parts do not fit together")
    pad, scale = mapping["pad"], mapping["scale"]
    return Explanation(
        method=str(said["method"]),
        parameters=dict(said["parameters"]),
        target=parts["target"].astype(np.int64),
        prediction=Prediction(
            parts["logits"].astype(np.float32),
            parts["probabilities"].astype(np.float32),
            _predicted(parts["logits"]),
        ),
        bundle_sha256=str(said["bundle_sha256"]),
        volume_sha256=str(said["volume_sha256"]),
        code_version=str(said["code_version"]),
        created=str(said["created"]),
        computed=parts["computed"].astype(np.bool_),
        states=tuple(str(state) for state in said["states"]),
        maps=parts["maps"].astype(np.float32),
        cells=CellGrid(float(said["cells"]["centre"]), float(said["cells"]["stride"])),
        mapping=SliceMapping(
            (rows, columns),
            display,
            (float(pad[0]), float(pad[1])),
            (float(scale[0]), float(scale[1])),
            int(mapping["size"]),
        ),
        geometry=geometry,
        classes=tuple(str(name) for name in said["classes"]),
        notes=tuple(str(note) for note in said["notes"]),
        details=_details(said.get("details", []), depth),
    )


def _details(said: list[dict[str, Any]], depth: int) -> tuple[dict[str, float | str], ...]:
    """Return what was found besides the maps; None stands for a number that is not finite."""
    if len(said) not in (0, depth):
        raise ValueError("its parts do not fit together")
    return tuple(
        {
            str(name): value if isinstance(value, str) else (np.nan if value is None else float(value))
            for name, value in one.items()
        }
        for one in said
    )


def _predicted(logits: NDArray[Any]) -> NDArray[np.int64]:
    asked = np.isfinite(logits).all(axis=1)
    return np.where(asked, np.argmax(np.nan_to_num(logits, nan=-np.inf), axis=1), -1).astype(np.int64)
