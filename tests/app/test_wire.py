from __future__ import annotations

import multiprocessing
import threading

import numpy as np
import pytest

from viewer.app import wire


def test_arrays_travel_beside_the_pickle_and_arrive_as_they_were() -> None:
    ours, theirs = multiprocessing.Pipe()
    whole = np.arange(300_000, dtype=np.float32).reshape(300, 1000)
    frozen = whole.copy()
    frozen.flags.writeable = False
    sent = {
        "whole": whole,
        "frozen": frozen,
        "turned": whole.T,
        "view": whole[::2, 1:],
        "empty": np.empty((0, 3)),
        "words": ("a", None),
    }
    packed = wire.pack(sent)
    assert len(packed[0]) < whole[::2].nbytes + 1000, "what lies in one piece is not in the pickle"
    writer = threading.Thread(target=wire.write, args=(ours, packed))
    writer.start()
    got = wire.read(theirs)
    writer.join()
    ours.close()
    with pytest.raises(EOFError):
        wire.read(theirs)
    theirs.close()
    assert got["words"] == ("a", None)
    for key in ("whole", "frozen", "turned", "view", "empty"):
        np.testing.assert_array_equal(got[key], sent[key])
        assert got[key].flags.writeable is (key != "frozen")
