"""Group commit: many commands, one sync. The app's event loop asks; the scribe writes them down in order."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from heard.engine.errors import HeardError, Unavailable
from heard.engine.journal import Writing
from heard.engine.node import Asked, Command, Node, Written, answer
from heard.engine.stores import Appended

#: As many commands as one group holds. Judging and folding so many takes some twenty milliseconds, and the loop waits.
GROUP = 64
#: As many as may wait; beyond it the answer is Unavailable, and nothing was lost.
WAITING = 4096


class Scribe:
    """One writer for the event loop; only the sync to disk happens in another thread."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._pending: asyncio.Queue[tuple[Asked, asyncio.Future[Written]]] = asyncio.Queue(WAITING)
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="disk")

    async def do(
        self, command: Command, *, by: str, scope: str = "", key: str | None = None, request: bytes = b""
    ) -> Written:
        """As `Node.do`, sharing its commit with whoever else is writing."""
        asked = self.node.ask(command, by=by, scope=scope, key=key, request=request)
        done: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        try:
            self._pending.put_nowait((asked, done))
        except asyncio.QueueFull:
            raise Unavailable(
                "Too many people are writing at this moment. Nothing was changed; send it again."
            ) from None
        return await done

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            group = [await self._pending.get()]
            while len(group) < GROUP and not self._pending.empty():
                group.append(self._pending.get_nowait())
            await self._write(group)

    async def _write(self, group: list[tuple[Asked, asyncio.Future[Written]]]) -> None:
        pending = [asked for asked, _ in group]
        try:
            while pending:
                writings = self.node.judge(pending)
                outcomes = await self._append(writings) if writings else []
                pending = self.node.settle(pending, outcomes)
        except Exception as wrong:
            failure = (
                wrong
                if isinstance(wrong, HeardError)
                else Unavailable(
                    "This could not be written just now. If it was kept it will show soon; sending it again is safe."
                )
            )
            for asked, _ in group:
                asked.outcome = asked.outcome or failure
            if not isinstance(wrong, HeardError):
                self._answer(group)
                raise
        self._answer(group)

    async def _append(self, writings: list[Writing]) -> list[Appended | HeardError]:
        return await asyncio.get_running_loop().run_in_executor(self._disk, self.node.append, writings)

    def _answer(self, group: list[tuple[Asked, asyncio.Future[Written]]]) -> None:
        for asked, done in group:
            if not done.done():
                try:
                    done.set_result(answer(asked))
                except HeardError as refusal:
                    done.set_exception(refusal)
