"""Where the program begins: ``overread`` and ``python -m viewer``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # Here, because each process that the window starts imports this module again and needs no command line.
    from viewer.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
