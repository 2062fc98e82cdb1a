"""A small real app behind the edge: publishes what it is sent into a frames file, and answers a few other things.

The frames file stands for the journal too: what a POST was answered with 201 for is in it. Run by the supervisor.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from heard.engine.frames import Change
from heard.store.frames import FramesFile, Painted, Topic
from heard.web.ending import serve_beside
from heard.web.serving import Doorbell, Hello, serve_handed

EPOCH = "epoch1"


def small_app(frames: FramesFile, bell: Doorbell) -> Starlette:
    async def publish(request: Request) -> Response:
        """Each change of the body is one entry: {"case", "changes": [...], "slug"?, "public"?}."""
        asked = json.loads(await request.body())
        position = frames.position() + 1
        topics = [Topic(asked["slug"], asked["case"], asked.get("public", True))] if "slug" in asked else []
        changes = [Change(**change) for change in asked["changes"]]
        frames.put(position, [Painted(position, asked["case"], changes, topics)])
        bell.ring(position)
        return JSONResponse({"position": position}, status_code=201)

    async def echo(request: Request) -> Response:
        size = 0
        try:
            async for chunk in request.stream():
                size += len(chunk)
        except ClientDisconnect:
            (Path(request.app.state.data) / "disconnected").touch()
        return PlainTextResponse(f"{size}")

    async def home(request: Request) -> Response:
        return PlainTextResponse("home")

    async def big(request: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(int(request.query_params.get("chunks", 100))):
                yield b"x" * 65536

        return StreamingResponse(chunks(), media_type="text/plain")

    async def long(request: Request) -> Response:
        return PlainTextResponse("x" * 12_000_000)

    async def slow(request: Request) -> Response:
        await asyncio.sleep(float(request.query_params["s"]))
        return PlainTextResponse("slow")

    async def early(request: Request) -> Response:
        return PlainTextResponse("not read", status_code=413)

    async def sockets(request: Request) -> Response:
        """How many clients' connections this process holds at the moment."""
        held = 0
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                    sock = socket.socket(fileno=int(name))
                    held += sock.family in (socket.AF_INET, socket.AF_INET6)
                    sock.detach()
        return JSONResponse({"pid": os.getpid(), "held": held})

    async def pid(request: Request) -> Response:
        return PlainTextResponse(str(os.getpid()))

    async def fail(request: Request) -> Response:
        """Something that this process cannot go on without fails, in the middle of other requests."""
        request.app.state.failed.set()
        return PlainTextResponse("failed")

    async def hang(request: Request) -> Response:
        while True:  # A loop that never gives way: the supervisor must notice.
            pass

    return Starlette(
        routes=[
            Route("/", home),
            Route("/publish", publish, methods=["POST"]),
            Route("/echo", echo, methods=["POST"]),
            Route("/big", big),
            Route("/long", long),
            Route("/slow", slow),
            Route("/early", early, methods=["POST"]),
            Route("/sockets", sockets),
            Route("/pid", pid),
            Route("/hang", hang),
            Route("/fail", fail, methods=["POST"]),
        ]
    )


async def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--control-fd", type=int, required=True)
    asked.add_argument("--edge-fds", default="")
    asked.add_argument("--body-silence-s", type=float, default=30)
    asked.add_argument("--stalled-s", type=float, default=30)
    arguments = asked.parse_args()
    if (arguments.data / "no-app").exists():
        await asyncio.sleep(3600)
    if (arguments.data / "broken").exists():
        raise SystemExit(1)
    frames = FramesFile(arguments.data / "frames.sqlite", EPOCH)
    bell = Doorbell()
    app = small_app(frames, bell)
    app.state.data, app.state.failed = arguments.data, asyncio.Event()
    serve = serve_handed(
        app,
        socket.socket(fileno=arguments.control_fd),
        [socket.socket(fileno=int(fd)) for fd in arguments.edge_fds.split(",") if fd],
        Hello(str(frames.path), EPOCH),
        bell,
        body_silence_s=arguments.body_silence_s,
        stalled_s=arguments.stalled_s,
        alone=lambda: print("alone", os.getpid(), file=sys.stderr, flush=True),
    )
    with contextlib.suppress(Failed):
        await serve_beside(serve, [fails(app)])
    frames.close()


class Failed(Exception):
    pass


async def fails(app: Starlette) -> None:
    await app.state.failed.wait()
    raise Failed


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
