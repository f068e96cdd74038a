"""Compressed streams are checked before compiled decoders see them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from xai.imaging.dicom_jpeg import UnsoundError, check_jpeg_2000, sound_jpeg

GREY = np.linspace(0, 250, 48 * 40).reshape(40, 48).astype(np.uint8)


@pytest.fixture
def jpeg() -> bytes:
    """A baseline stream of 40 x 48 grey pixels."""
    stream = BytesIO()
    Image.fromarray(GREY).save(stream, "JPEG", quality=95)
    return stream.getvalue()


@pytest.fixture
def jpeg_2000() -> bytes:
    """A JPEG 2000 stream of 40 x 48 grey pixels."""
    stream = BytesIO()
    Image.fromarray(GREY).save(stream, "JPEG2000", no_jp2=True)
    return stream.getvalue()


def test_a_sound_stream_loses_only_what_is_not_about_pixels(jpeg: bytes) -> None:
    kept = sound_jpeg(jpeg, 40, 48, 1)
    assert b"JFIF" in jpeg
    assert b"JFIF" not in kept
    assert np.array_equal(np.asarray(Image.open(BytesIO(kept))), np.asarray(Image.open(BytesIO(jpeg))))


@pytest.mark.parametrize(("rows", "columns", "samples"), [(41, 48, 1), (40, 47, 1), (40, 48, 3)])
def test_a_stream_of_another_picture_is_refused(rows: int, columns: int, samples: int, jpeg: bytes) -> None:
    with pytest.raises(UnsoundError):
        sound_jpeg(jpeg, rows, columns, samples)


@pytest.mark.parametrize(
    ("marker", "where", "value"),
    [
        (b"\xff\xc4", 5, 3),  # three codes of one bit, of which there are two
        (b"\xff\xc4", 4, 0x24),  # a table of a third kind
        (b"\xff\xc0", 4, 99),  # pixels of 99 bits
        (b"\xff\xc0", 12, 9),  # a quantisation table that no one defines
        (b"\xff\xda", 5, 99),  # a scan of a component that there is none of
        (b"\xff\xda", 6, 0x22),  # coded by tables that no one defines
        (b"\xff\xda", 1, 0xC7),  # a segment of an unsupported kind
        (b"\xff\xd9", 1, 0xDA),  # no end
    ],
)
def test_segments_that_contradict_each_other_are_refused(marker: bytes, where: int, value: int, jpeg: bytes) -> None:
    broken = bytearray(jpeg)
    broken[jpeg.rindex(marker) + where] = value
    with pytest.raises(UnsoundError):
        sound_jpeg(bytes(broken), 40, 48, 1)


@pytest.mark.parametrize("length", [0, 1, 3, 30, 200, -1])
def test_a_stream_cut_anywhere_is_refused(length: int, jpeg: bytes) -> None:
    with pytest.raises(UnsoundError):
        sound_jpeg(jpeg[:length], 40, 48, 1)


def test_jpeg_2000_of_the_headers_size_passes(jpeg_2000: bytes) -> None:
    check_jpeg_2000(jpeg_2000, 40, 48, 1)
    check_jpeg_2000(b"wrapper of a file format" + jpeg_2000, 40, 48, 1)


@pytest.mark.parametrize("where", range(8, 42, 4))
def test_jpeg_2000_that_asks_for_another_size_is_refused(where: int, jpeg_2000: bytes) -> None:
    broken = bytearray(jpeg_2000)
    # Sizes that would ask for gigabytes, tiles of no size or far away, too many components.
    broken[where] = 0x7F if where < 24 or where > 28 else 0
    broken[where + 3 if where < 40 else where + 1] = 0
    with pytest.raises(UnsoundError):
        check_jpeg_2000(bytes(broken), 40, 48, 1)
