"""Maps as NIfTI on the series' own grid, for other programs to lay over it."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.nifti1 import Nifti1Extension

from xai.errors import ExplainError
from xai.explanation import Explanation
from xai.export.provenance import provenance_json, whole_file
from xai.notice import RESEARCH_USE_ONLY

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
REVERSED_INDEX = np.eye(4)[[2, 1, 0, 3]]
"""NIfTI counts columns first, as (column, row, slice)."""


def save_nifti(explanation: Explanation, path: str | Path) -> None:
    """Write the values (column, row, slice) float32, NaN where not computed, with the provenance as a comment inside.

    Without patient geometry the file says so: both of its transforms have the code 0, "unknown".

    Raises
    ------
    ExplainError
        When the name is no NIfTI's or the file cannot be written.
    """
    path = Path(path)
    if not path.name.endswith((".nii", ".nii.gz")):
        raise ExplainError(f"A NIfTI map is called *.nii or *.nii.gz, not {path.name}.")
    values = np.ascontiguousarray(explanation.values.transpose(2, 1, 0))
    if explanation.geometry.known:
        affine = LPS_TO_RAS @ explanation.geometry.affine @ REVERSED_INDEX
        image = nib.Nifti1Image(values, affine)
        image.header.set_sform(affine, code=1)
        image.header.set_qform(affine, code=1)
        image.header.set_xyzt_units("mm")
    else:
        image = nib.Nifti1Image(values, None)
    image.header["descrip"] = f"{explanation.method}; {RESEARCH_USE_ONLY}".encode()[:79]
    image.header.extensions.append(Nifti1Extension("comment", provenance_json(explanation).encode()))
    with whole_file(path) as temporary:
        nib.save(image, temporary)
