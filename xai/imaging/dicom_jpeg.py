"""Whether a JPEG stream is sound enough to be given to a decoder.

The decoder for lossless JPEG ends the whole process on streams whose tables contradict each other, so that a damaged
file would take the window with it. What it relies on is therefore checked before.
"""

from __future__ import annotations

JPEG = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70))
"""Transfer syntaxes of baseline, extended and lossless JPEG."""

_BASELINE, _EXTENDED, _LOSSLESS = 0xC0, 0xC1, 0xC3
_DHT, _SOI, _EOI, _SOS, _DQT, _DRI, _COMMENT = 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xFE


class UnsoundError(ValueError):
    """The stream contradicts itself or the header it belongs to."""


def check_jpeg(stream: bytes, rows: int, columns: int, samples: int) -> None:
    """Raise `UnsoundError` unless all segments of a stream agree with each other and with the picture's header."""
    try:
        _Check(stream, rows, columns, samples).run()
    except IndexError as error:
        raise UnsoundError("a segment is cut off") from error


class _Check:
    def __init__(self, stream: bytes, rows: int, columns: int, samples: int) -> None:
        self._stream, self._size = stream, (rows, columns, samples)
        self._frame, self._precision = 0, 0
        self._components: set[int] = set()
        self._tables: set[int] = set()
        self._quantisers: set[int] = set()
        self._used_quantisers: set[int] = set()
        self._scans = 0

    def run(self) -> None:
        stream = self._stream
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
                return
            length = int.from_bytes(stream[position : position + 2], "big")
            _must(length >= 2 and position + length <= len(stream))
            self._segment(marker, stream[position + 2 : position + length])
            position += length
            if marker == _SOS:
                position = self._entropy(position)

    def _entropy(self, position: int) -> int:
        """Return where the next marker begins after coded data."""
        stream = self._stream
        while True:
            position = stream.find(b"\xff", position)
            _must(0 <= position < len(stream) - 1)
            following = stream[position + 1]
            if following == 0 or 0xD0 <= following <= 0xD7:
                position += 2
            elif following == 0xFF:
                position += 1
            else:
                return position

    def _segment(self, marker: int, data: bytes) -> None:
        if marker in (_BASELINE, _EXTENDED, _LOSSLESS):
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
        else:
            _must(0xE0 <= marker <= 0xEF or marker == _COMMENT)

    def _start_of_frame(self, marker: int, data: bytes) -> None:
        _must(not self._frame and len(data) == 6 + 3 * data[5])
        self._frame, self._precision = marker, data[0]
        size = int.from_bytes(data[1:3], "big"), int.from_bytes(data[3:5], "big"), data[5]
        _must(size == self._size)
        _must(2 <= data[0] <= 16 if marker == _LOSSLESS else data[0] in (8, 12))
        for start in range(6, len(data), 3):
            name, sampling, quantiser = data[start : start + 3]
            _must(name not in self._components)
            _must(1 <= sampling >> 4 <= 4 and 1 <= sampling & 15 <= 4 and quantiser <= 3)
            _must(marker != _LOSSLESS or sampling == 0x11)
            self._components.add(name)
            if marker != _LOSSLESS:
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
            _must(tables >> 4 in self._tables)
            _must(self._frame == _LOSSLESS or (0x10 | tables & 15) in self._tables)
        first, last, bits = data[-3:]
        if self._frame == _LOSSLESS:
            _must(1 <= first <= 7 and last == 0 and bits >> 4 == 0 and bits & 15 < self._precision)
        else:
            _must((first, last, bits) == (0, 63, 0) and self._used_quantisers <= self._quantisers)
        self._scans += 1
        _must(self._scans <= len(self._components))


def _must(condition: object) -> None:
    if not condition:
        raise UnsoundError("the JPEG stream is damaged")
