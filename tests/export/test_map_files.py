from __future__ import annotations

import dataclasses
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from xai.errors import ExplainError
from xai.explanation import Explanation, Prediction
from xai.export import load_npz, save_nifti, save_npz
from xai.imaging.geometry import VolumeGeometry
from xai.imaging.resample import CellGrid, SliceMapping


def oblique() -> VolumeGeometry:
    angle = 0.3
    affine = np.eye(4)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine[:3, :3] = turn @ np.array([[0, 0, 0.7], [0, -0.5, 0], [4.0, 0, 0]])
    affine[:3, 3] = [11, -20, 35]
    return VolumeGeometry((3, 20, 30), affine)


def explanation(geometry: VolumeGeometry | None = None) -> Explanation:
    geometry = geometry or oblique()
    depth = geometry.shape[0]
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(depth, 2)).astype(np.float32)
    logits[1] = np.nan
    maps = rng.normal(size=(depth, 7, 7)).astype(np.float32)
    maps[1] = np.nan
    return Explanation(
        method="hirescam",
        parameters={"relu": False, "layer": "layer4"},
        target=np.array([1, -1, 0]),
        prediction=Prediction(logits, np.abs(logits), np.array([int(logits[0].argmax()), -1, int(logits[2].argmax())])),
        bundle_sha256="b" * 64,
        volume_sha256="a" * 64,
        code_version="0.1.0",
        created="2026-01-01T00:00:00+00:00",
        computed=np.array([True, False, True]),
        states=("", "slice could not be read", ""),
        maps=maps,
        cells=CellGrid(0.0, 32.0),
        mapping=SliceMapping.fit(geometry, 224),
        geometry=geometry,
        classes=("gesund", "Fettbefund ä"),
        notes=("Trained on phantoms, not on patients.",),
    )


def test_npz_gives_the_explanation_back(tmp_path: Path) -> None:
    before = explanation()
    save_npz(before, tmp_path / "new" / "m.npz")
    after = load_npz(tmp_path / "new" / "m.npz")
    for field in dataclasses.fields(Explanation):
        ours, theirs = getattr(before, field.name), getattr(after, field.name)
        if isinstance(ours, np.ndarray):
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype
        elif field.name not in ("prediction", "geometry"):
            assert ours == theirs, field.name
    for field in dataclasses.fields(Prediction):
        np.testing.assert_array_equal(getattr(before.prediction, field.name), getattr(after.prediction, field.name))
    np.testing.assert_array_equal(before.geometry.affine, after.geometry.affine)
    np.testing.assert_array_equal(before.values, after.values)


def test_numpy_alone_reads_values_and_provenance(tmp_path: Path) -> None:
    before = explanation()
    save_npz(before, tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["values"], before.values)
        said = json.loads(archive["provenance"].item())
    assert said["method"] == "hirescam"
    assert said["notice"] == "Research use only; not a medical device."
    assert said["notes"] == ["Trained on phantoms, not on patients."]
    assert said["volume_sha256"] == "a" * 64


def test_nifti_puts_every_voxel_where_it_lies_in_the_patient(tmp_path: Path) -> None:
    before = explanation()
    save_nifti(before, tmp_path / "m.nii.gz")
    image = nib.load(tmp_path / "m.nii.gz")
    values = np.asarray(image.dataobj)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values.transpose(2, 1, 0), before.values)
    # Patient RAS as NIfTI has it is LPS with x and y turned around.
    for slice_, row, column in [(0, 0, 0), (2, 19, 0), (1, 3, 29)]:
        lps = before.geometry.to_mm(np.array([slice_, row, column]))
        ras = image.affine @ [column, row, slice_, 1]
        np.testing.assert_allclose(ras[:3] * [-1, -1, 1], lps, atol=1e-4)
    assert image.header["sform_code"] == image.header["qform_code"] == 1
    np.testing.assert_allclose(image.header.get_qform(), image.affine, atol=1e-4)
    said = json.loads(image.header.extensions[0].text)
    assert said["method"] == "hirescam"
    assert said["bundle_sha256"] == "b" * 64


def test_nifti_without_geometry_says_so(tmp_path: Path) -> None:
    save_nifti(explanation(VolumeGeometry.unknown((3, 20, 30))), tmp_path / "m.nii")
    header = nib.load(tmp_path / "m.nii").header
    assert header["sform_code"] == header["qform_code"] == 0


def test_a_nifti_by_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExplainError, match=r"not m\.img"):
        save_nifti(explanation(), tmp_path / "m.img")


@pytest.mark.parametrize(("save", "name"), [(save_npz, "m.npz"), (save_nifti, "m.nii.gz")])
def test_what_was_there_stays_when_writing_fails(
    save: Callable[[Explanation, Path], None], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(b"before")

    def full(*_args: object, **_keywords: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zipfile.ZipFile.writestr", full)
    monkeypatch.setattr("nibabel.save", full)
    with pytest.raises(ExplainError, match=rf"The map .*{name} cannot be written: No space left on device\."):
        save(explanation(), path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def damaged(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        save_npz(explanation(), path)
        path.write_bytes(change(path.read_bytes()))

    return write


def pickled(path: Path) -> None:
    np.savez(path, maps=np.array([{"a": 1}], dtype=object), provenance=np.array("{}"))


def other_depth(path: Path) -> None:
    said = explanation()
    save_npz(dataclasses.replace(said, target=said.target[:2]), path)


BAD: dict[str, Callable[[Path], object]] = {
    "truncated": damaged(lambda raw: raw[: len(raw) // 2]),
    "text": lambda path: path.write_text("hello"),
    "empty": lambda path: path.touch(),
    "another archive": lambda path: np.savez(path, values=np.zeros(3)),
    "pickled": pickled,
    "parts of different sizes": other_depth,
}


@pytest.mark.parametrize("case", BAD)
def test_other_files_are_refused_in_one_sentence(case: str, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    BAD[case](path)
    with pytest.raises(ExplainError) as caught:
        load_npz(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_map_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExplainError, match=r"m\.npz cannot be read: No such file"):
        load_npz(tmp_path / "m.npz")


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_npz(explanation(), tmp_path / "m.npz")
    with zipfile.ZipFile(tmp_path / "m.npz") as archive:
        assert archive.getinfo("maps.npy").file_size > 100
    monkeypatch.setattr("xai.export.npz.MAX_PART_BYTES", 100)
    with pytest.raises(ExplainError, match="takes more than"):
        load_npz(tmp_path / "m.npz")
