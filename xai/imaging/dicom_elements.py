"""The elements of a DICOM file, found by walking its tags without interpreting those that nobody asked for.

A folder is opened by reading hundreds of headers, most of whose elements are of no interest here. Walking the tags and
keeping raw bytes takes a fraction of what a full parse takes, and leaves the place where the pixels begin.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import BinaryIO, cast

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
NATIVE_SYNTAXES = frozenset([IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED_LITTLE, EXPLICIT_BIG])

SHARED_GROUPS, FRAME_GROUPS = 0x52009229, 0x52009230
PIXEL_TAGS = {0x7FE00008: "float", 0x7FE00009: "double", 0x7FE00010: "integer"}
UNDEFINED = 0xFFFFFFFF

_WINDOW = 16 * 1024
_LARGEST_VALUE = 64 * 1024
_LARGEST_UNPACKED = 2**31
_DEEPEST = 24
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG_VRS = frozenset([b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"])
_SHORT_VRS = frozenset({
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
    b"ST", b"TM", b"UI", b"UL", b"US",
})  # fmt: skip


class NotDicomError(Exception):
    """The bytes are no DICOM file."""


class OddStructureError(Exception):
    """The elements are not laid out as this walker expects; a full parser may still make sense of them."""


Items = list[dict[int, "bytes | Items"]]


@dataclass(slots=True)
class Elements:
    """What a walk found: wanted values as stored, and where the pixels lie."""

    syntax: str
    big_endian: bool = False
    packed: str = ""
    """``"gzip"`` or ``"deflated"`` when offsets count unpacked bytes."""
    values: dict[int, bytes] = field(default_factory=dict)
    groups: dict[int, Items] = field(default_factory=dict)
    """Items of the functional group sequences, with their nested sequences."""
    pixel_kind: str = ""
    pixel_offset: int = -1
    pixel_length: int = -1
    """Stored length, `UNDEFINED` for encapsulated pixels, -1 where there are none."""
    fragments: list[tuple[int, int]] | None = None
    """(offset, length) of the items of encapsulated pixels, the offset table first; None where not looked for."""
    closed: bool = True
    """Whether encapsulated pixels end as they must; a file that was cut off does not."""
    size: int = -1
    """Bytes in the file, -1 where not known without unpacking it."""


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[BinaryIO, str, int]]:
    """Open ``path`` for reading at offsets: the stream, how it is packed, and its size (-1 when unknown)."""
    with open(path, "rb", buffering=0) as file:
        head = file.read(2)
        if head == b"\x1f\x8b":
            file.seek(0)
            with gzip.GzipFile(fileobj=file, mode="rb") as stream:
                yield cast("BinaryIO", stream), "gzip", -1
            return
        size = file.seek(0, io.SEEK_END)
        yield cast("BinaryIO", file), "", size


def inflate(stream: BinaryIO, offset: int) -> io.BytesIO:
    """Return the data set of a deflated file, unpacked; never more than two gigabytes."""
    stream.seek(offset)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data = inflater.decompress(stream.read(), _LARGEST_UNPACKED)
    if inflater.unconsumed_tail:
        raise OddStructureError("unpacks to more than two gigabytes")
    return io.BytesIO(data)


def read_elements(path: Path, wanted: frozenset[int], groups: dict[int, frozenset[int]] | None = None) -> Elements:
    """Walk the file's elements up to its pixels.

    Parameters
    ----------
    path : Path
        The file, plain or packed with gzip.
    wanted : frozenset of int
        Tags (group << 16 | element) whose values are kept.
    groups : dict, optional
        Sequences to keep: for each nested sequence's tag, the tags wanted in its items.

    Raises
    ------
    NotDicomError
        When the file does not begin as DICOM does.
    OddStructureError
        When the elements cannot be followed to their end.
    """
    with unpacked(path) as (stream, packed, size):
        try:
            return _read(stream, packed, size, wanted, groups or {})
        except (StructError, IndexError, EOFError, zlib.error, gzip.BadGzipFile, RecursionError) as error:
            raise OddStructureError(str(error)) from error


def _read(
    stream: BinaryIO, packed: str, size: int, wanted: frozenset[int], groups: dict[int, frozenset[int]]
) -> Elements:
    stream.seek(0)
    head = stream.read(_WINDOW)
    syntax, start = _start(head)
    elements = Elements(syntax, packed=packed, size=size)
    if syntax == DEFLATED_LITTLE:
        stream = inflate(stream, start)
        elements.packed, elements.size, start = "deflated", len(stream.getbuffer()), 0
        head = stream.read(_WINDOW)
    elements.big_endian = syntax == EXPLICIT_BIG
    _Walker(stream, elements.size, syntax == IMPLICIT_LITTLE, elements.big_endian, head).walk(
        elements, start, wanted, groups
    )
    if elements.pixel_length == UNDEFINED and not elements.packed:
        elements.fragments, elements.closed = find_fragments(_range_reader(stream), elements.pixel_offset, size)
    return elements


def _range_reader(stream: BinaryIO) -> Callable[[int, int], bytes]:
    def read(offset: int, length: int) -> bytes:
        stream.seek(offset)
        return stream.read(length)

    return read


def find_fragments(
    read: Callable[[int, int], bytes], offset: int, size: int = -1
) -> tuple[list[tuple[int, int]], bool]:
    """Follow the items of encapsulated pixels.

    Returns
    -------
    fragments, closed : list of (offset, length), bool
        The items that are there in full, the offset table first, and whether they end as they must.
    """
    fragments: list[tuple[int, int]] = []
    while True:
        head = read(offset, 8)
        if head[:4] != b"\xfe\xff\x00\xe0" or len(head) < 8:
            return fragments, head[:4] == b"\xfe\xff\xdd\xe0"
        length = int.from_bytes(head[4:], "little")
        if length == UNDEFINED or (0 <= size < offset + 8 + length):
            return fragments, False
        fragments.append((offset + 8, length))
        offset += 8 + length


def looks_like_dicom(head: bytes) -> bool:
    """Whether a file that begins with ``head`` may be DICOM."""
    try:
        _start(head)
    except (NotDicomError, OddStructureError, StructError):
        return False
    return True


def dataset_start(head: bytes) -> int:
    """Return where the data set begins, after the file's meta information."""
    return _start(head)[1]


def _begins_bare(head: bytes) -> bool:
    """Whether the bytes are a first element of group 2 or 8, without the preamble that belongs before it."""
    if len(head) < 12 or head[0] not in (2, 8) or head[1] != 0 or head[3] != 0:
        return False
    explicit = head[4:6] in _SHORT_VRS or head[4:6] in _LONG_VRS
    return explicit or (head[0] == 8 and head[5:8] == b"\0\0\0" and head[4] <= 64)


def _start(head: bytes) -> tuple[str, int]:
    """Transfer syntax and the offset of the data set."""
    if head[128:132] == b"DICM":
        position = 132
    elif _begins_bare(head):
        position = 0  # written without the preamble, as some archives do
    else:
        raise NotDicomError("it does not begin as DICOM does")
    short, pair = Struct("<H").unpack_from, Struct("<HH").unpack_from
    syntax = ""
    while position + 8 <= len(head):
        group, element = pair(head, position)
        if group != 2:
            break
        vr = head[position + 4 : position + 6]
        if vr in _LONG_VRS:
            length, value = Struct("<I").unpack_from(head, position + 8)[0], position + 12
        elif vr in _SHORT_VRS:
            length, value = short(head, position + 6)[0], position + 8
        else:
            raise OddStructureError("its meta information is not explicit")
        if element == 0x10:
            syntax = head[value : value + length].decode("ascii", "replace").rstrip("\0 ")
        position = value + length
    if position == 0 or not syntax:
        vr = head[position + 4 : position + 6]
        syntax = EXPLICIT_LITTLE if vr in _LONG_VRS or vr in _SHORT_VRS else IMPLICIT_LITTLE
    return syntax, position


class _Walker:
    """Follows elements through a stream, a window of bytes at a time."""

    def __init__(self, stream: BinaryIO, size: int, implicit: bool, big_endian: bool, head: bytes) -> None:
        order = ">" if big_endian else "<"
        self._stream, self._size, self._implicit = stream, size, implicit
        self._pair = Struct(order + "HH").unpack_from
        self._short = Struct(order + "H").unpack_from
        self._long = Struct(order + "I").unpack_from
        self._data, self._base = head, 0

    def _fill(self, offset: int, need: int) -> int:
        """Make ``need`` bytes at ``offset`` available if the file has them; return the index in the window."""
        index = offset - self._base
        if index < 0 or index + need > len(self._data):
            if offset > _LARGEST_UNPACKED * 4:
                raise OddStructureError("an element reaches beyond the end of the file")
            self._stream.seek(offset)
            self._data, self._base = self._stream.read(max(_WINDOW, need)), offset
            return 0
        return index

    def walk(self, elements: Elements, offset: int, wanted: frozenset[int], groups: dict[int, frozenset[int]]) -> None:
        """Read top-level elements until the pixels or the end of the file."""
        values = elements.values
        pair, short, long, implicit = self._pair, self._short, self._long, self._implicit
        while True:
            index = offset - self._base
            data = self._data
            if index < 0 or index + 12 > len(data):
                index = self._fill(offset, 12)
                data = self._data
                if len(data) < 8:
                    return
            group, element = pair(data, index)
            tag = group << 16 | element
            if implicit:
                vr, length, start = b"", long(data, index + 4)[0], offset + 8
            else:
                vr = data[index + 4 : index + 6]
                if vr in _SHORT_VRS:
                    length, start = short(data, index + 6)[0], offset + 8
                elif vr in _LONG_VRS:
                    length, start = long(data, index + 8)[0], offset + 12
                else:
                    raise OddStructureError(f"unknown value representation at byte {offset}")
            if tag in PIXEL_TAGS:
                elements.pixel_kind, elements.pixel_offset, elements.pixel_length = PIXEL_TAGS[tag], start, length
                return
            if tag > 0x7FE00010:
                return
            if tag in groups:
                elements.groups[tag] = []
                offset = self._items(start, length, vr, groups, tag, elements.groups[tag], 0)
            elif length == UNDEFINED:
                offset = self._items(start, length, vr, groups, tag, None, 0)
            else:
                if tag in wanted and length <= _LARGEST_VALUE:
                    at = self._fill(start, length)
                    values[tag] = self._data[at : at + length]
                offset = start + length
            if self._size >= 0 and offset > self._size:
                raise OddStructureError("an element reaches beyond the end of the file")

    def _element(self, offset: int) -> tuple[int, bytes, int, int]:
        """Return tag, value representation, length and the value's offset."""
        index = self._fill(offset, 12)
        data = self._data
        group, element = self._pair(data, index)
        tag = group << 16 | element
        if self._implicit or group == 0xFFFE:
            return tag, b"", self._long(data, index + 4)[0], offset + 8
        vr = data[index + 4 : index + 6]
        if vr in _SHORT_VRS:
            return tag, vr, self._short(data, index + 6)[0], offset + 8
        if vr in _LONG_VRS:
            return tag, vr, self._long(data, index + 8)[0], offset + 12
        raise OddStructureError(f"unknown value representation at byte {offset}")

    def _items(
        self,
        offset: int,
        length: int,
        vr: bytes,
        groups: dict[int, frozenset[int]],
        sequence: int,
        into: Items | None,
        depth: int,
    ) -> int:
        """Follow a sequence's items, keeping what ``groups`` wants of them; return the offset after the sequence."""
        if depth > _DEEPEST:
            raise OddStructureError("sequences nested too deeply")
        if vr == b"UN" and not self._implicit:
            # Whoever did not know the element copied it as it is implicitly.
            self._implicit = True
            try:
                return self._items(offset, length, b"", groups, sequence, into, depth)
            finally:
                self._implicit = False
        end = offset + length if length != UNDEFINED else None
        while end is None or offset < end:
            tag, _, size, start = self._element(offset)
            if tag == _SEQUENCE_END and end is None:
                return start
            if tag != _ITEM:
                raise OddStructureError(f"no item where one must be, at byte {offset}")
            if into is None and size != UNDEFINED:
                offset = start + size
                continue
            item: dict[int, bytes | Items] = {}
            if into is not None:
                into.append(item)
            offset = self._item(start, size, groups, sequence, item if into is not None else None, depth)
        return offset

    def _item(
        self,
        offset: int,
        length: int,
        groups: dict[int, frozenset[int]],
        sequence: int,
        into: dict[int, bytes | Items] | None,
        depth: int,
    ) -> int:
        end = offset + length if length != UNDEFINED else None
        wanted = groups.get(sequence, frozenset()) if into is not None else frozenset()
        while end is None or offset < end:
            tag, vr, size, start = self._element(offset)
            if tag == _ITEM_END and end is None:
                return start
            if into is not None and tag in groups and tag in wanted:
                nested: Items = []
                into[tag] = nested
                offset = self._items(start, size, vr, groups, tag, nested, depth + 1)
            elif size == UNDEFINED:
                offset = self._items(start, size, vr, groups, tag, None, depth + 1)
            else:
                if into is not None and tag in wanted and size <= _LARGEST_VALUE:
                    at = self._fill(start, size)
                    into[tag] = self._data[at : at + size]
                offset = start + size
            if self._size >= 0 and offset > self._size:
                raise OddStructureError("an element reaches beyond the end of the file")
        return offset
