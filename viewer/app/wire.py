"""Messages through a pipe between the window and the engine: arrays travel beside the pickle, never inside it.

An array inside a pickle would be copied while Python's lock is held: 100 MB of slices would stop the window for a tenth
of a second even though another thread sends them. Both ends are this program's own; nothing else is ever unpickled.
"""

from __future__ import annotations

import pickle
from multiprocessing.connection import Connection
from typing import Any

Message = tuple[bytes, tuple[memoryview, ...]]


def pack(message: object) -> Message:
    """Return ``message`` ready to be written; the arrays in it are not copied and must not change any more."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    return head, tuple(buffer.raw() for buffer in buffers)


def write(connection: Connection, message: Message) -> None:
    """Write a packed message; returns when the other end has taken it."""
    head, arrays = message
    connection.send_bytes(pickle.dumps((head, [array.nbytes for array in arrays])))
    for array in arrays:
        connection.send_bytes(array)


def read(connection: Connection) -> Any:
    """Wait for a message and return it; its arrays are read-only where those that were sent are.

    Raises
    ------
    EOFError, OSError
        When the other end is gone.
    """
    head, sizes = pickle.loads(connection.recv_bytes())
    arrays = [bytearray(size) for size in sizes]
    for array in arrays:
        connection.recv_bytes_into(array)
    return pickle.loads(head, buffers=arrays)
