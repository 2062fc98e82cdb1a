"""Durable publishing over HTTP on a real server: rate with many writers on one case, delay with one, reader included.

Prints posts a second, percentiles in milliseconds, and the disk's own sync rate measured in the same run, since how
fast a durable server can be is first of all how fast the disk is.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.server import Server, running

WRITERS, POSTS_EACH, ALONE, SYNCS = 64, 40, 100, 300


class Writer:
    """One keep-alive connection that publishes."""

    def __init__(self, server: Server, slug: str) -> None:
        self.server, self.slug = server, slug
        self.host, self.port = urlsplit(server.address).hostname or "", urlsplit(server.address).port or 0

    async def __aenter__(self) -> Writer:
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def publish(self, words: str) -> float:
        """Seconds from the first byte sent to the answer read."""
        body = json.dumps({"text": words}).encode()
        head = (
            f"POST /api/v1/cases/{self.slug}/posts HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.server.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        self.writer.write(head.encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 201"), answer
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await self.reader.readexactly(int(length.split(b":")[1]))
        return time.perf_counter() - began


async def together(server: Server, slug: str) -> tuple[float, list[float]]:
    """Posts a second, and each post's delay, with all writers at once."""
    delays: list[float] = []

    async def write(number: int) -> None:
        async with Writer(server, slug) as writer:
            for post in range(POSTS_EACH):
                delays.append(await writer.publish(f"Writer {number} says that this is post {post}. " + "x" * 500))

    began = time.perf_counter()
    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    return WRITERS * POSTS_EACH / (time.perf_counter() - began), delays


async def alone(server: Server, slug: str) -> tuple[list[float], list[float]]:
    """Delays of one writer with nobody else, and from sending until an open reader has the post's bytes."""
    delays, seen = [], []
    host, port = urlsplit(server.address).hostname or "", urlsplit(server.address).port or 0
    reading, asking = await asyncio.open_connection(host, port)
    asking.write(f"GET /live/{slug} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    await reading.readuntil(b"\r\n\r\n")
    async with Writer(server, slug) as writer:
        for number in range(ALONE):
            began = time.perf_counter()
            publishing = asyncio.ensure_future(writer.publish(f"mark{number}mark " + "y" * 500))
            await reading.readuntil(f"mark{number}mark".encode())
            seen.append(time.perf_counter() - began)
            delays.append(await publishing)
    asking.close()
    return delays, seen


def syncs(folder: Path) -> float:
    """How many appends of 700 bytes the disk syncs in a second."""
    with open(folder / "syncs", "wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(SYNCS):
            file.write(b"z" * 700)
            os.fdatasync(file.fileno())
        return SYNCS / (time.perf_counter() - began)


def told(delays: list[float]) -> str:
    cut = statistics.quantiles(delays, n=100)
    return f"p50 {cut[49] * 1000:.1f} ms, p99 {cut[98] * 1000:.1f} ms"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as server:
        slug = server.open_case("bench", "A case to measure")
        server.publish(slug, "The first post.")
        disk = syncs(Path(folder))
        asyncio.run(alone(server, slug))
        delays, seen = asyncio.run(alone(server, slug))
        rate, busy = asyncio.run(together(server, slug))
        print(f"disk                     {disk:,.0f} syncs/s")
        print(f"one writer               {told(delays)}")
        print(f"... to an open reader    {told(seen)}")
        print(f"{WRITERS} writers, one case     {rate:,.0f} posts/s ({rate / disk:.2f} x disk syncs), {told(busy)}")


if __name__ == "__main__":
    main()
