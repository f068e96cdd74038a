"""A further process of a run: ``python -m xai.train.worker RUN``. It is started by the first one and ends with it."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from pathlib import Path

from xai.errors import XaiError
from xai.progress import Cancelled
from xai.train.hardware import Place
from xai.train.launch import CohortFiles, Launch, take_part
from xai.train.record import read_record
from xai.train.stopping import stoppable


def main() -> int:
    """Take part in a run until it is finished, or the process that began it is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--rank", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True, help="number of the process that began the run")
    parser.add_argument("--device")
    asked = parser.parse_args()

    def tell(words: str, done: float, total: float) -> None:
        if os.getppid() != asked.parent:
            raise Cancelled

    warnings.simplefilter("ignore")
    place = Place(asked.rank, asked.count, asked.rank, asked.count)
    try:
        record = read_record(asked.run)
        data = record.data
        sources = CohortFiles(
            Path(data.table),
            None if data.images is None else Path(data.images),
            None if data.masks is None else Path(data.masks),
        )
        with stoppable(tell) as checked:
            take_part(asked.run, sources.read(), record, Launch(asked.device, None, place), checked)
    except Cancelled:
        return 130
    except XaiError as error:
        print(f"A process of the run has ended: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        # Its place in the code is shown by the same run with --processes 1 and --debug; messages may name people.
        print(f"A process of the run has met an unexpected error ({type(error).__name__}).", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
