"""Where a server reads PDFs that are sent to it: one process for each, one at a time, and an end to every one of them.

The library is written in C++, and a file may be made to bring it down: in the process that rings alarms, and that has
the keys, it is never loaded.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import msgspec

from heard.engine.errors import Refused, Unavailable

WITHIN_S, WAITING_MAX = 30.0, 4
_MODULE = "heard.ingest.report_pdf"

_room = asyncio.Semaphore(1)
_waiting = 0


class _Read(msgspec.Struct, frozen=True):
    """As `report_pdf.Read`, which cannot be imported without its library."""

    facts: dict[str, str] = {}
    refused: str = ""


async def facts_of(raw: bytes, name: str) -> dict[str, str]:
    """What the form in the PDF says.

    Raises Refused where it is not the form or cannot be read, Unavailable while others wait for theirs.
    """
    global _waiting
    if _waiting >= WAITING_MAX:
        raise Unavailable("Other reports are being read. Nothing was imported; send this one again in a minute.")
    _waiting += 1
    try:
        async with _room:
            read = await _in_a_process(msgspec.msgpack.encode((name, raw)))
    except OSError as wrong:  # no memory, no process or no file more
        raise Unavailable("It could not be read just now. Nothing was imported; send it again in a minute.") from wrong
    finally:
        _waiting -= 1
    if read is None:
        raise Refused(
            f"{name} could not be read: it is damaged, or takes more than a report does. Nothing was imported."
        )
    if read.refused:
        raise Refused(read.refused)
    return read.facts


async def _in_a_process(asked: bytes) -> _Read | None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-m", _MODULE),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # what it says of a file may repeat what is in it
        env={},
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            told, _ = await process.communicate(asked)
            return msgspec.msgpack.decode(told, type=_Read)
    except (TimeoutError, msgspec.MsgspecError):  # it came to its bounds, and its end
        return None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
