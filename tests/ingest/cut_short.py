"""An import of a table that is killed at one of its statements: `python -m tests.ingest.cut_short FOLDER TABLE DAY N…`.

For each N a copy of the data directory, FOLDER/N/data, is imported into by a child of its own, which kills itself with
SIGKILL before the Nth statement that it asks of any file. Printed is N, and how many statements it came to see.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import apsw

from heard.opening import open_house
from tests.reports.register import read


def import_until(data: Path, raw: bytes, on: str, last: int, told: int) -> None:
    seen = 0

    def asked(*_: Any) -> bool:
        nonlocal seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    def opened(connection: apsw.Connection) -> None:
        connection.exec_trace = asked

    apsw.connection_hooks.append(opened)
    house = open_house(data)
    read(house, raw, on)
    os.write(told, f"{seen}\n".encode())
    house.close()


def main(folder: Path, table: Path, on: str, points: list[int]) -> None:
    raw = table.read_bytes()
    for point in points:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            import_until(folder / str(point) / "data", raw, on, point, writing)
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        print(point, os.waitstatus_to_exitcode(status), os.read(reading, 20).decode().strip() or "-")
        os.close(reading)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], [int(one) for one in sys.argv[4:]])
