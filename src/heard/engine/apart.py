"""Work that is done apart: by a process of its own, which has an end whatever it was given.

What a stranger sent is read by libraries that such a file may bring down, or make loop or swell. The process that
rings, and that has the keys, asks another one, waits for a bounded time and for a bounded answer, and goes on. The
other one binds itself (`confined`).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress

from heard.engine.confined import WALL_S
from heard.engine.errors import Unavailable


class Apart:
    """Where one sort of work is done, a process for each, at most `at_once` of them; no more than `waiting_max` are in
    there or wait. `not_now` is said to who comes later."""

    def __init__(
        self,
        program: Sequence[str],
        *,
        at_once: int,
        waiting_max: int,
        within_s: float,
        answer_bytes_max: int,
        not_now: str,
    ) -> None:
        """`program` are the words behind `python -I`, as `("-m", "heard.pictures.developing")`."""
        assert within_s <= WALL_S, "it would end itself before it is given up"
        self.program, self.within_s, self.answer_bytes_max = tuple(program), within_s, answer_bytes_max
        self.waiting_max, self.not_now = waiting_max, not_now
        self._rooms = asyncio.Semaphore(at_once)
        self._waiting = 0

    async def ask(self, asked: bytes) -> tuple[bytes, int]:
        """What it answered, and how it ended (as `subprocess` says it: 0, what it exited with, or minus its signal).

        The answer is empty where it took too long or said too much; else it is whatever the process wrote, which a
        caller reads as it would a stranger's. When this returns, raises or is cancelled, the process is gone. Raises
        Unavailable while too many wait, or where the machine has no process or memory for it.
        """
        if self._waiting >= self.waiting_max:
            raise Unavailable(self.not_now)
        self._waiting += 1
        try:
            async with self._rooms:
                return await self._in_a_process(asked)
        except OSError as wrong:
            raise Unavailable(self.not_now) from wrong
        finally:
            self._waiting -= 1

    async def _in_a_process(self, asked: bytes) -> tuple[bytes, int]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", *self.program),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # what it says of a file may repeat what is in it
            env={},
        )
        told = b""
        try:
            async with asyncio.timeout(self.within_s):
                _, told = await asyncio.gather(_give(process, asked), _take(process, self.answer_bytes_max))
                await process.wait()
        except TimeoutError:
            told = b""
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            ended = await process.wait()
        return told, ended


async def _give(process: asyncio.subprocess.Process, asked: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # it ended, or answers without having read all
        process.stdin.write(asked)
        await process.stdin.drain()
    process.stdin.close()


async def _take(process: asyncio.subprocess.Process, most: int) -> bytes:
    """All that it says, or nothing where that is more than it may: who took it over could fill our memory."""
    assert process.stdout is not None
    try:
        await process.stdout.readexactly(most + 1)
    except asyncio.IncompleteReadError as whole:
        return whole.partial
    with suppress(ProcessLookupError):
        process.kill()
    return b""
