"""Whether a JPEG, JPEG-LS or JPEG 2000 stream is sound enough to be given to a decoder.

The decoders for lossless JPEG and JPEG-LS end the whole process on streams whose segments contradict each other, and
that for JPEG 2000 takes as much memory as a damaged size asks for, so that a damaged file would take the window with
it. What they rely on is therefore checked before.
"""

from __future__ import annotations

JPEG_2000 = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 201, 202, 203))
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG = frozenset([JPEG_BASELINE, *(f"1.2.840.10008.1.2.4.{number}" for number in (51, 57, 70, 80, 81))])
"""Transfer syntaxes of baseline, extended and lossless JPEG and of JPEG-LS."""

_BASELINE, _EXTENDED, _LOSSLESS, _JPEG_LS = 0xC0, 0xC1, 0xC3, 0xF7
_DHT, _EOI, _SOS, _DQT, _DRI, _LSE, _COMMENT = 0xC4, 0xD9, 0xDA, 0xDB, 0xDD, 0xF8, 0xFE


class UnsoundError(ValueError):
    """The stream contradicts itself or the header it belongs to."""


def sound_jpeg(stream: bytes, rows: int, columns: int, samples: int) -> bytes:
    """Return a stream without its comments and application data, once all its segments have been found to agree.

    Raises
    ------
    UnsoundError
        When they do not agree with each other or with the picture's header.
    """
    try:
        return _Check(stream, rows, columns, samples).run()
    except IndexError as error:
        raise UnsoundError("a segment is cut off") from error


def check_jpeg_2000(stream: bytes, rows: int, columns: int, samples: int) -> None:
    """Raise `UnsoundError` unless a code stream's size is that of the picture's header."""
    # Some writers wrap the code stream in a file of its own, whose header comes first.
    start = stream.find(b"\xff\x4f\xff\x51", 0, 4096)
    _must(start >= 0 and len(stream) >= start + 42)
    right, bottom, left, top, tile_width, tile_height, tile_left, tile_top = (
        int.from_bytes(stream[start + k : start + k + 4], "big") for k in range(8, 40, 4)
    )
    _must((bottom - top, right - left) == (rows, columns))
    _must(tile_width > 0 and tile_height > 0 and tile_left <= left < tile_left + tile_width)
    _must(tile_top <= top < tile_top + tile_height)
    # Small tiles have a price each: a picture is not cut into more than this.
    _must(-(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height) <= 4096)
    _must(int.from_bytes(stream[start + 40 : start + 42], "big") == samples)


class _Check:
    def __init__(self, stream: bytes, rows: int, columns: int, samples: int) -> None:
        self._stream, self._size = stream, (rows, columns, samples)
        self._frame, self._precision, self._largest = 0, 0, 0
        self._components: set[int] = set()
        self._tables: set[int] = set()
        self._quantisers: set[int] = set()
        self._used_quantisers: set[int] = set()
        self._scans = 0

    def run(self) -> bytes:
        stream = self._stream
        kept = [stream[:2]]
        _must(stream[:2] == b"\xff\xd8")
        position = 2
        while True:
            _must(stream[position] == 0xFF)
            while stream[position + 1] == 0xFF:
                position += 1
            marker = stream[position + 1]
            position += 2
            if marker == _EOI:
                _must(self._scans > 0)
                return b"".join([*kept, b"\xff\xd9"])
            length = int.from_bytes(stream[position : position + 2], "big")
            _must(length >= 2 and position + length <= len(stream))
            self._segment(marker, stream[position + 2 : position + length])
            start, position = position - 2, position + length
            if marker == _SOS:
                position = self._entropy(position)
            if not _passed_over(marker):
                kept.append(stream[start:position])

    def _entropy(self, position: int) -> int:
        """Return where the next marker begins after coded data."""
        stream = self._stream
        while True:
            position = stream.find(b"\xff", position)
            _must(0 <= position < len(stream) - 1)
            following = stream[position + 1]
            coded = following < 0x80 if self._frame == _JPEG_LS else following == 0
            if coded or 0xD0 <= following <= 0xD7:
                position += 2
            elif following == 0xFF:
                position += 1
            else:
                return position

    def _segment(self, marker: int, data: bytes) -> None:
        if marker in (_BASELINE, _EXTENDED, _LOSSLESS, _JPEG_LS):
            self._start_of_frame(marker, data)
        elif marker == _DHT:
            self._huffman_tables(data)
        elif marker == _DQT:
            self._quantisation_tables(data)
        elif marker == _SOS:
            self._start_of_scan(data)
        elif marker == _DRI:
            _must(len(data) == 2)
            interval = int.from_bytes(data, "big")
            # In lossless streams a restart must fall on the end of a row.
            _must(self._frame != _LOSSLESS or interval % self._size[1] == 0)
        elif marker == _LSE and self._frame == _JPEG_LS:
            self._parameters(data)
        else:
            _must(_passed_over(marker))

    def _start_of_frame(self, marker: int, data: bytes) -> None:
        _must(not self._frame and len(data) == 6 + 3 * data[5])
        self._frame, self._precision, self._largest = marker, data[0], (1 << data[0]) - 1
        size = int.from_bytes(data[1:3], "big"), int.from_bytes(data[3:5], "big"), data[5]
        _must(size == self._size)
        exact = marker in (_LOSSLESS, _JPEG_LS)
        _must(2 <= data[0] <= 16 if exact else data[0] in (8, 12))
        for start in range(6, len(data), 3):
            name, sampling, quantiser = data[start : start + 3]
            _must(name not in self._components)
            _must(1 <= sampling >> 4 <= 4 and 1 <= sampling & 15 <= 4 and quantiser <= 3)
            _must(not exact or sampling == 0x11)
            self._components.add(name)
            if not exact:
                self._used_quantisers.add(quantiser)

    def _huffman_tables(self, data: bytes) -> None:
        position = 0
        while position < len(data):
            table, counts = data[position], data[position + 1 : position + 17]
            _must(len(counts) == 16 and table >> 4 <= 1 and table & 15 <= 3)
            total = sum(counts)
            symbols = data[position + 17 : position + 17 + total]
            _must(len(symbols) == total <= 256)
            # More codes than their lengths allow make no tree.
            _must(sum(count << (15 - k) for k, count in enumerate(counts)) <= 1 << 16)
            _must(table >> 4 == 1 or all(symbol <= 16 for symbol in symbols))
            self._tables.add(table)
            position += 17 + total

    def _parameters(self, data: bytes) -> None:
        """Check the preset coding parameters of JPEG-LS: largest value, three thresholds, reset."""
        _must(len(data) == 11 and data[0] == 1)
        largest, first, second, third, reset = (int.from_bytes(data[k : k + 2], "big") for k in range(1, 11, 2))
        # Nought stands for the default.
        _must(largest <= self._largest)
        _must(first <= (second or first) <= (third or second or first) <= self._largest)
        _must(reset == 0 or 3 <= reset <= max(255, self._largest))
        self._largest = largest or self._largest

    def _quantisation_tables(self, data: bytes) -> None:
        position = 0
        while position < len(data):
            table = data[position]
            _must(table >> 4 <= 1 and table & 15 <= 3)
            self._quantisers.add(table & 15)
            position += 1 + 64 * (1 + (table >> 4))
        _must(position == len(data))

    def _start_of_scan(self, data: bytes) -> None:
        _must(self._frame and 1 <= data[0] <= 4 and len(data) == 4 + 2 * data[0])
        seen: set[int] = set()
        for start in range(1, 1 + 2 * data[0], 2):
            name, tables = data[start], data[start + 1]
            _must(name in self._components and name not in seen)
            seen.add(name)
            if self._frame == _JPEG_LS:
                _must(tables == 0)
                continue
            _must(tables >> 4 in self._tables)
            _must(self._frame == _LOSSLESS or (0x10 | tables & 15) in self._tables)
        first, last, bits = data[-3:]
        if self._frame == _JPEG_LS:
            # Allowed error, interleaving (which several components in one scan need), point transform.
            _must(first <= self._largest // 2 and bits == 0)
            _must(last == 0 if data[0] == 1 else last in (1, 2))
        elif self._frame == _LOSSLESS:
            _must(1 <= first <= 7 and last == 0 and bits >> 4 == 0 and bits & 15 < self._precision)
        else:
            _must((first, last, bits) == (0, 63, 0) and self._used_quantisers <= self._quantisers)
        self._scans += 1
        _must(self._scans <= len(self._components))


def _passed_over(marker: int) -> bool:
    """Whether a segment says nothing about the pixels: application data and comments."""
    return 0xE0 <= marker <= 0xEF or marker == _COMMENT


def _must(condition: object) -> None:
    if not condition:
        raise UnsoundError("the JPEG stream is damaged")
