"""Where reports are printed: one process for each, one at a time, and an end to every one of them.

A long one takes seconds of computing, in which the process that rings must not be kept from it.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import msgspec

from heard.engine.errors import Unavailable
from heard.watch.period import Period

WITHIN_S, WAITING_MAX = 60.0, 4

_room = asyncio.Semaphore(1)
_waiting = 0


async def pdf(of: Period, zone: str) -> bytes:
    """Raises Unavailable when others wait for theirs, or it takes too long."""
    global _waiting
    if _waiting >= WAITING_MAX:
        raise Unavailable("Other reports are being printed. Ask for this one again in a minute; the CSV is there now.")
    _waiting += 1
    try:
        async with _room:
            return await _in_a_process(msgspec.msgpack.encode((of, zone)))
    finally:
        _waiting -= 1


async def _in_a_process(asked: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-m", "heard.watch.period_pdf"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # what it says may repeat what is in the report
        env={},
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            made, _ = await process.communicate(asked)
    except TimeoutError:
        made = b""
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if not made.startswith(b"%PDF-"):
        raise Unavailable("The report could not be printed. The page and the CSV have all of it; ask for fewer days.")
    return made
