"""How this process ends when something fails that it cannot go on without: nobody is told that their request did.

Nobody knows what became of a request that had begun. Its connection is closed without an answer, as by a kill, and
whoever sent it sends it again under the same key. An answer of 500 would say that it was not done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any


async def serve_beside(serve: Awaitable[None], works: Sequence[Awaitable[None]]) -> None:
    """Serve until the supervisor says end, beside works that never do.

    One that fails takes the process with it, and the supervisor starts it anew.
    """
    *tasks, serving = (asyncio.ensure_future(one) for one in (*works, serve))
    done, _ = await asyncio.wait([*tasks, serving], return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, serving):
        task.cancel()
    await asyncio.wait([serving])  # which lets go of all connections, before the requests on them are cancelled too
    for task in done:
        task.result()


def quiet(asgi_app: Any, has_let_go: Callable[[], bool]) -> Any:
    """The app, of whose requests none fails any more once their connections were let go."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asgi_app(scope, receive, send)
        except asyncio.CancelledError:
            if not has_let_go():
                raise

    return answer
