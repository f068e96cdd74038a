"""The engine's process beside the window's: what it inherits, when it ends, how much it may hold the window up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QElapsedTimer, QTimer
from pytestqt.qtbot import QtBot

from viewer.app.engine import Engine
from viewer.app.engine_worker import is_out_of_memory
from xai.imaging.geometry import VolumeGeometry

HERE = Path(__file__).parent
LONG = 60_000

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def is_running(pid: int) -> bool:
    """Whether the process computes; one that nobody has waited for yet (a zombie) does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def test_main_module_that_imports_qt_stays_out_of_the_engine(tmp_path: Path) -> None:
    script = tmp_path / "window.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(HERE)!r})\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "from viewer.app.engine import Engine\n"
        "from xai.imaging.geometry import VolumeGeometry\n"
        "app = QCoreApplication([])\n"  # no guard of __main__: a second import of it would start engines for ever
        "engine = Engine(handlers='fake_engine:FakeHandlers')\n"
        "engine.start()\n"
        "request = engine.analyse([], VolumeGeometry.unknown((1, 1, 1)), ['modules'])\n"
        "request.succeeded.connect(lambda modules: print('PySide6' in modules))\n"
        "request.finished.connect(app.quit)\n"
        "app.exec()\n"
        "print(engine.shutdown())\n"
    )
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert (run.stdout.split(), run.stderr, run.returncode) == (["False", "True"], "", 0)


@posix_only
@pytest.mark.parametrize("method", ["", "deaf", "until-cancelled"])
def test_engine_ends_when_the_window_is_killed(qtbot: QtBot, tmp_path: Path, method: str) -> None:
    script = (
        "import sys\n"
        f"sys.path.insert(0, {str(HERE)!r})\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "from viewer.app.engine import Engine\n"
        "from xai.imaging.geometry import VolumeGeometry\n"
        "app = QCoreApplication([])\n"
        "engine = Engine(handlers='fake_engine:FakeHandlers')\n"
        "def say(*_): print(engine.info.pid, flush=True)\n"
        "engine.ready.connect(say)\n"
        f"request = engine.analyse([], VolumeGeometry.unknown((1, 1, 1)), [{method!r}])\n"
        "(request.progressed if request.what.methods[0] else request.finished).connect(say)\n"
        "engine.start()\n"
        "app.exec()\n"
    )
    window = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert window.stdout is not None
    with window, window.stdout as output:
        pid = int(output.readline())
        assert int(output.readline()) == pid  # it works on the request, or has done so
        assert is_running(pid)
        window.kill()
    qtbot.waitUntil(lambda: not is_running(pid), timeout=10_000)


@posix_only
def test_sending_much_to_a_busy_engine_does_not_hold_the_window(qtbot: QtBot, engine: Engine) -> None:
    with qtbot.waitSignal(engine.ready, timeout=LONG):
        pass
    assert engine.info is not None
    pid = engine.info.pid
    results: list[object] = []
    large = [(k, np.ones((1000, 1000), np.float32)) for k in range(25)]
    os.kill(pid, signal.SIGSTOP)  # it reads nothing: whoever waits for it waits for ever
    longest, turns = 0, 0
    clock, timer = QElapsedTimer(), QTimer(interval=1)

    def tick() -> None:
        nonlocal longest, turns
        longest, turns = max(longest, clock.restart()), turns + 1

    timer.timeout.connect(tick)
    clock.start()
    timer.start()
    try:
        request = engine.analyse(large, VolumeGeometry.unknown((25, 1000, 1000)))
        request.succeeded.connect(results.append)
        qtbot.waitUntil(lambda: turns >= 100, timeout=LONG)
        assert not request.is_over
    finally:
        os.kill(pid, signal.SIGCONT)
    with qtbot.waitSignal(request.finished, timeout=LONG):
        pass
    timer.stop()
    assert results == [(tuple(range(25)), [1e6] * 25, None)]
    assert longest < 200, f"the event loop stood still for {longest} ms"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_out_of_memory_is_told_from_other_failures(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected
