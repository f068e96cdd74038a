"""Maps on disk: whatever lies in the folder, only what was written for this very question comes back."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from xai.cache import Entry, ExplanationCache, code_stamp


def entry(seed: int = 0, side: int = 7) -> Entry:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(side, side)).astype(np.float32)
    values[0, 0] = np.nan
    return Entry(values, rng.normal(size=2).astype(np.float32), 1, "ümlaut", {"a": 0.5, "b": "words"}, 12.5, 0.25)


def name(n: int) -> str:
    return f"{n:064x}"[::-1]


def same(ours: Entry, theirs: Entry) -> None:
    np.testing.assert_array_equal(ours.values, theirs.values)
    np.testing.assert_array_equal(ours.logits, theirs.logits)
    assert ours.values.dtype == theirs.values.dtype == np.float32
    assert [ours.target, ours.state, ours.details, ours.passes, ours.seconds] == [
        theirs.target, theirs.state, theirs.details, theirs.passes, theirs.seconds,
    ]  # fmt: skip


def file_of(cache: ExplanationCache) -> Path:
    (path,) = cache.folder.rglob("*.npz")
    return path


def test_an_entry_comes_back(tmp_path: Path) -> None:
    cache = ExplanationCache(tmp_path / "new" / "cache")
    assert cache.get(name(1)) is None
    cache.put(name(1), entry())
    found = ExplanationCache(cache.folder).get(name(1))
    assert found is not None
    same(found, entry())
    assert cache.get(name(2)) is None
    with np.load(file_of(cache), allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["values"], entry().values)


def test_the_later_entry_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    cache = ExplanationCache(tmp_path)
    cache.put(name(1), entry(0))
    cache.put(name(1), entry(1))
    found = cache.get(name(1))
    assert found is not None
    same(found, entry(1))
    assert [path.name for path in tmp_path.rglob("*.part")] == []


def rewritten(path: Path, change: Callable[[str, bytes], bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {one: change(one, archive.read(one)) for one in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for one, raw in parts.items():
            archive.writestr(one, raw)


def huge(part: str, raw: bytes) -> bytes:
    """Announce far more values than there are, in a header of the same length."""
    return raw.replace(b"(7, 7), }            ", b"(1000000, 1000000), }") if part == "values.npy" else raw


def pickled(part: str, raw: bytes) -> bytes:
    if part != "values.npy":
        return raw
    import io

    file = io.BytesIO()
    np.lib.format.write_array(file, np.array([{"a": 1}], object), allow_pickle=True)
    return file.getvalue()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "garbage": lambda path: path.write_bytes(os.urandom(2000)),
    "a pickle": lambda path: path.write_bytes(pickle.dumps({"values": 1})),
    "a pickle inside": lambda path: rewritten(path, pickled),
    "a huge shape": lambda path: rewritten(path, huge),
    "compressed": lambda path: rewritten(path, lambda _, raw: raw, zipfile.ZIP_DEFLATED),
    "another target": lambda path: rewritten(path, lambda _, raw: raw.replace(b'"target": 1', b'"target": 7')),
    "no number": lambda path: rewritten(path, lambda _, raw: raw.replace(b"12.5", b"NaN ")),
    "no JSON": lambda path: rewritten(path, lambda part, raw: b"{" if part == "said.json" else raw),
    "a list": lambda path: rewritten(path, lambda part, raw: b"[]" if part == "said.json" else raw),
    "deep": lambda path: rewritten(path, lambda part, raw: b"[" * 100_000 if part == "said.json" else raw),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_or_foreign_counts_as_absent(damage: str, tmp_path: Path) -> None:
    cache = ExplanationCache(tmp_path)
    cache.put(name(1), entry())
    before = file_of(cache).read_bytes()
    DAMAGE[damage](file_of(cache))
    assert file_of(cache).read_bytes() != before
    assert cache.get(name(1)) is None
    cache.put(name(1), entry())
    assert cache.get(name(1)) is not None


def test_every_flipped_bit_is_seen_or_harmless(tmp_path: Path) -> None:
    cache = ExplanationCache(tmp_path)
    cache.put(name(1), entry())
    path = file_of(cache)
    raw = path.read_bytes()
    absent = 0
    for place in range(0, len(raw), 7):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 0x10]) + raw[place + 1 :])
        found = cache.get(name(1))
        if found is None:
            absent += 1
        else:
            same(found, entry())
    assert absent > len(raw) / 7 * 0.6


def test_an_entry_under_another_name_is_none(tmp_path: Path) -> None:
    cache = ExplanationCache(tmp_path)
    cache.put(name(1), entry())
    other = tmp_path / name(2)[:2] / f"{name(2)}.npz"
    other.parent.mkdir(exist_ok=True)
    file_of(cache).rename(other)
    assert cache.get(name(2)) is None


def test_those_not_used_for_longest_go_first(tmp_path: Path) -> None:
    ExplanationCache(tmp_path / "one").put(name(0), entry())
    size = file_of(ExplanationCache(tmp_path / "one")).stat().st_size
    cache = ExplanationCache(tmp_path / "cache", limit_bytes=10 * size)
    for n in range(8):
        cache.put(name(n), entry(n))
        # Ages as if written one after the other long ago: the clock of the disk may be coarse.
        path = cache.folder / name(n)[:2] / f"{name(n)}.npz"
        os.utime(path, (1000 + n, 1000 + n))
    cache = ExplanationCache(cache.folder, limit_bytes=10 * size)
    assert cache.get(name(0)) is not None
    for n in range(8, 13):
        cache.put(name(n), entry(n))
    left = {n for n in range(13) if cache.get(name(n)) is not None}
    assert {0, 8, 9, 10, 11, 12} <= left
    assert not {1, 2, 3} & left
    assert sum(path.stat().st_size for path in cache.folder.rglob("*.npz")) <= 10 * size


def test_what_this_run_wrote_or_read_is_never_dropped(tmp_path: Path) -> None:
    for n in range(4):
        ExplanationCache(tmp_path).put(name(n), entry(n))
    cache = ExplanationCache(tmp_path, limit_bytes=6 * file_size(tmp_path))
    assert cache.get(name(2)) is not None
    for path in tmp_path.rglob("*.npz"):
        os.utime(path, (1000, 1000))
    for n in range(4, 20):
        cache.put(name(n), entry(n))
    again = ExplanationCache(tmp_path)
    assert [n for n in range(20) if again.get(name(n)) is not None] == [2, *range(4, 20)]


def file_size(folder: Path) -> int:
    return max(path.stat().st_size for path in folder.rglob("*.npz"))


def test_a_cohort_fits() -> None:
    """A thousand slices by ten methods whose maps have a value for each pixel."""
    assert ExplanationCache("anywhere").limit_bytes >= 1000 * 10 * 4 * 224**2


def test_only_its_own_files_are_ever_removed(tmp_path: Path) -> None:
    mine = [tmp_path / "letter.npz", tmp_path / "ab" / "letter.npz", tmp_path / "ab" / "notes.txt"]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine" * 1000)
        os.utime(path, (1, 1))
    stale = tmp_path / "ab" / ".left.part"
    stale.write_bytes(b"x")
    os.utime(stale, (1, 1))
    cache = ExplanationCache(tmp_path, limit_bytes=2000)
    for n in range(5):
        cache.put(name(n), entry(n))
    assert all(path.exists() for path in mine)
    assert not stale.exists()


def test_what_is_too_large_is_not_kept(tmp_path: Path) -> None:
    cache = ExplanationCache(tmp_path, limit_bytes=10_000)
    cache.put(name(1), entry(side=100))
    assert list(tmp_path.rglob("*")) == []


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ExplanationCache(tmp_path / "file")
    cache.put(name(1), entry())
    assert cache.get(name(1)) is None


WORKER = """
import sys
import numpy as np
from pathlib import Path
from xai.cache import Entry, ExplanationCache
wrong = 0
for turn in range(400):
    if turn % 10 == 0:  # another run: what one has used it keeps
        cache = ExplanationCache(Path(sys.argv[1]), limit_bytes=40_000)
    n = (turn * int(sys.argv[2])) % 61
    name = f"{n:064x}"[::-1]
    found = cache.get(name)
    wrong += found is not None and not (found.values == n).all()
    cache.put(name, Entry(np.full((7, 7), n, np.float32), np.zeros(2, np.float32), 0, "", {}, 1, 1))
print(wrong, sum(path.stat().st_size for path in cache.folder.rglob("*.npz")) if sys.argv[2] == "0" else "")
"""


def test_two_processes_may_use_it_at_once(tmp_path: Path) -> None:
    run = [sys.executable, "-W", "error", "-c", WORKER, str(tmp_path)]
    both = [subprocess.Popen([*run, step], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for step in "75"]
    for process in both:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")
        assert out.split() == ["0"]
    assert list(tmp_path.rglob("*.part")) == []
    # Each may write a sixteenth of the limit before it looks again.
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.npz")) <= 40_000 * 17 / 16


def test_the_code_is_part_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ExplanationCache(tmp_path)
    assert len(code_stamp()) == 16
    first = cache.name(b"slice", "bundle", entry, None)
    assert first == cache.name(b"slice", "bundle", entry, None)
    assert first != cache.name(b"slice", "bundle", entry, 0)
    monkeypatch.setattr("xai.cache.code_stamp", lambda: "another")
    assert first != cache.name(b"slice", "bundle", entry, None)


@pytest.mark.parametrize("package", ["torch", "grad-cam", "shap"])
def test_so_are_the_packages_that_compute_maps(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_stamp()
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0" if name == package else version(name))
    assert code_stamp.__wrapped__() != before


@pytest.mark.parametrize("source", ["gathering.py", "stepping.py", "explainers/cam.py", "models/networks.py"])
def test_so_is_every_source_that_decides_about_maps(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_stamp()
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"" if path.as_posix().endswith(source) else read(path))
    assert code_stamp.__wrapped__() != before
