"""``data.csv`` opened like any file: a series per patient, in the table's order, and no word about labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from xai.errors import ImagingError
from xai.imaging.catalog import describe, scan

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 10


def _cohort(folder: Path) -> Path:
    rows = ["img_name;label;group"]
    for n, (label, group) in enumerate([("affected", "B"), ("healthy", "A"), ("healthy", "B"), ("affected", "A")]):
        path = folder / "Tiles_tif_no_background" / label / f"t{9 - n}.tif"
        for tree in (path, folder / "Tiles_mask_tif" / label / path.name):
            tree.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(GREY + n).save(tree)
        rows.append(f"{path.stem};{label};{group}")
    table = folder / "data.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table


def test_a_patient_is_a_series_in_the_tables_order(tmp_path: Path) -> None:
    catalog = scan([_cohort(tmp_path)])
    assert [series.info.description for series in catalog.series] == ["B", "A"]
    assert [series.patient for series in catalog.series] == ["B", "A"]
    first, second = catalog.series
    # Tiles are padded; see test_padding.
    assert np.array_equal(first.read().array[:, 110:113, 110:114], np.stack([GREY, GREY + 2]))
    assert np.array_equal(second.read().array[:, 110:113, 110:114], np.stack([GREY + 1, GREY + 3]))
    assert first.uid != second.uid
    assert catalog.problems == ()
    assert (catalog.looked_at, catalog.passed_over) == (4, 0)
    assert "in the order of their table" in first.problems[0].message
    told: Any = str(describe(catalog))
    assert "healthy" not in told
    assert "affected" not in told


def test_sizes_of_other_tables_are_series_of_their_own(tmp_path: Path) -> None:
    table = _cohort(tmp_path)
    table.write_text(table.read_text(encoding="utf-8").replace("img_name", "image"), encoding="utf-8")
    Image.fromarray(GREY[:2]).save(tmp_path / "Tiles_tif_no_background" / "healthy" / "t7.tif")
    found = [(series.info.description, series.geometry.shape) for series in scan([table]).series]
    assert found == [("B", (1, 3, 4)), ("A", (2, 3, 4)), ("B", (1, 2, 4))]
    assert len({series.uid for series in scan([table]).series}) == 3


def test_a_table_and_its_folder_show_nothing_twice(tmp_path: Path) -> None:
    table = _cohort(tmp_path)
    catalog = scan([tmp_path / "Tiles_tif_no_background", table])
    assert [series.info.description for series in catalog.series] == ["B", "A"]


def test_series_and_stacks_of_a_table(tmp_path: Path) -> None:
    for name, n in (("x/a.png", 0), ("y/a.png", 1)):
        (tmp_path / name).parent.mkdir()
        Image.fromarray(GREY + n).save(tmp_path / name)
    pages = [Image.fromarray(GREY + n) for n in range(3)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    lines = ["image,patient,slices", "stack.tif,P1,1:2", "stack.tif,P1,3", "x/a.png,P1,", "y/a.png,P1,", "y,P2,"]
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    found = [(series.info.description, len(series)) for series in scan([tmp_path / "t.csv"]).series]
    assert found == [("P1", 3), ("P1", 2)]


def test_wrong_rows_are_named_and_the_others_open(tmp_path: Path) -> None:
    table = _cohort(tmp_path)
    (tmp_path / "Tiles_tif_no_background" / "healthy" / "t8.tif").unlink()
    (tmp_path / "Tiles_tif_no_background" / "healthy" / "t7.tif").write_bytes(b"nothing")
    catalog = scan([table])
    assert [(series.info.description, len(series)) for series in catalog.series] == [("B", 1), ("A", 1)]
    assert [(problem.code, problem.message) for problem in catalog.problems] == [
        ("unreadable", "data.csv, row 3: there is no picture 't8'."),
        ("not-an-image", "t7.tif is not a picture that can be read."),
    ]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("img_name;label\na;0\n", r"^t.csv has no column 'group' \(or patient, patient_id, subject\)"),
        ("a;b\n1;2\n", r"^t.csv is not a picture in any known format\.$"),
        ("img_name;group\nnone;A\n", r"^t.csv, row 2: there is no picture 'none'\.$"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(tmp_path: Path, text: str, cause: str) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ImagingError, match=cause):
        scan([tmp_path / "t.csv"])
