"""The same job as its users do it in Python today: sse-starlette, one queue and one generator a reader.

Run by the bench in an environment of its own: `uvicorn --app-dir bench/peers sse_starlette_app:app`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

queues: set[asyncio.Queue[str]] = set()


async def stream(request: Request) -> EventSourceResponse:
    async def events() -> AsyncIterator[dict[str, str]]:
        queue: asyncio.Queue[str] = asyncio.Queue(64)
        queues.add(queue)
        try:
            yield {"comment": "open"}
            while True:
                yield {"event": "change", "data": await queue.get()}
        finally:
            queues.discard(queue)

    return EventSourceResponse(events())


async def publish(request: Request) -> Response:
    words = (await request.body()).decode()
    for queue in queues:
        if not queue.full():
            queue.put_nowait(words)
    return Response("{}", 201)


app = Starlette(routes=[Route("/stream", stream), Route("/publish", publish, methods=["POST"])])
