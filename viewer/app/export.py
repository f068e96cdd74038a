"""Writing maps to disk, as work for a task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from viewer.app.tasks import Emit, Work
from xai.explanation import Explanation
from xai.progress import Progress


def maps_writing(explanations: Mapping[str, Explanation], folder: Path) -> Work:
    """Return the work of writing each method's maps as ``KEY.npz`` and ``KEY.nii.gz`` into ``folder``."""

    def work(progress: Progress, emit: Emit) -> int:
        # Here, because nibabel takes half a second to import and the window is to be there before that.
        from xai.export.nifti import save_nifti
        from xai.export.npz import save_npz

        folder.mkdir(parents=True, exist_ok=True)
        for done, (key, explanation) in enumerate(explanations.items()):
            progress(done, len(explanations))
            save_npz(explanation, folder / f"{key}.npz")
            save_nifti(explanation, folder / f"{key}.nii.gz")
        return len(explanations)

    return work
