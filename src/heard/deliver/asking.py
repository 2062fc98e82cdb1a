"""One question to a cache, to the public site or to this server itself, asked as a reader asks.

HTTP/1.1 by hand over asyncio: each question has a connection of its own, so that no answer is that of a machine which a
kept connection happens to lead to, and everything is bounded: how long, how much, how many fields.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from functools import lru_cache
from urllib.parse import SplitResult

import msgspec

from heard.deliver.purging import parts

BODY_BYTES_MAX = 4 * 1024**2
FIELDS_MAX = 200
#: A stream is read so long for the frame of the withdrawal; it comes at once where it comes at all.
STREAM_S = 1.0


class Place(msgspec.Struct, frozen=True):
    """Who is asked.

    `address` says where to connect, `name` for which host; `scheme` is what a reader speaks, where that is said in a
    header; `cache` is the number of a cache that has to be told.
    """

    label: str
    address: str
    name: str
    scheme: str = ""
    cache: int | None = None


class Answer(msgspec.Struct, frozen=True):
    status: int
    fields: dict[str, str]
    text: str


async def ask(place: Place, target: str, *, gzip: bool = False, until: bytes = b"") -> Answer:
    """The answer to one GET. With `until` it is a stream, read until these bytes come or a second has passed.

    Raises OSError where nobody answers, ValueError for what is no answer; the caller sets the time.
    """
    at = parts(place.address)
    reader, writer = await _connected(at)
    try:
        writer.write(_request(place, target, gzip=gzip))
        status, fields = await _head(reader)
        body = await _stream(reader, until) if until else await _body(reader, fields)
        return Answer(status, fields, _unpacked(body, fields).decode("utf-8", "replace"))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, UnicodeDecodeError, zlib.error) as cut:
        raise ValueError("That was no whole answer.") from cut
    finally:
        writer.close()


async def _connected(at: SplitResult) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    secure = at.scheme == "https"
    assert at.hostname is not None
    trusting = _trusting() if secure else None
    return await asyncio.open_connection(at.hostname, at.port or (443 if secure else 80), ssl=trusting)


@lru_cache(1)
def _trusting() -> ssl.SSLContext:
    """Reading the system's certificates takes some ten milliseconds."""
    return ssl.create_default_context()


def _request(place: Place, target: str, *, gzip: bool) -> bytes:
    lines = [f"GET {target} HTTP/1.1", f"Host: {place.name}", "Connection: close", "User-Agent: Heard-receipt"]
    lines += ["Accept-Encoding: gzip"] if gzip else []
    # A cache that keeps pages apart by the scheme is told what whoever speaks TLS in front of it would tell it.
    lines += [f"X-Forwarded-Proto: {place.scheme}"] if place.scheme else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    version, status, *_ = [*(await reader.readline()).decode("latin-1").split(" ", 2), ""]
    if not version.startswith("HTTP/1.") or not status[:3].isdecimal():
        raise ValueError("That was no answer.")
    fields: dict[str, str] = {}
    for _ in range(FIELDS_MAX):
        line = (await reader.readline()).decode("latin-1").rstrip("\r\n")
        if not line:
            return int(status[:3]), fields
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    raise ValueError("That answer has no end to its head.")


async def _body(reader: asyncio.StreamReader, fields: dict[str, str]) -> bytes:
    if "chunked" in fields.get("transfer-encoding", "").lower():
        return await _chunks(reader)
    if (length := fields.get("content-length")) is not None:
        if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            raise ValueError("That answer is longer than any of ours.")
        return await reader.readexactly(int(length))
    body = await reader.read(BODY_BYTES_MAX + 1)
    while more := await reader.read(BODY_BYTES_MAX + 1 - len(body)):
        body += more
    if len(body) > BODY_BYTES_MAX:
        raise ValueError("That answer is longer than any of ours.")
    return body


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readline()).split(b";")[0], 16):
        if len(body) + size > BODY_BYTES_MAX:
            raise ValueError("That answer is longer than any of ours.")
        body += await reader.readexactly(size)
        await reader.readline()
    return bytes(body)


async def _stream(reader: asyncio.StreamReader, until: bytes) -> bytes:
    read = b""
    try:
        async with asyncio.timeout(STREAM_S):
            # The words of a frame come after its position: it is read to its end.
            while b"\n\n" not in read.partition(until)[2] and len(read) < BODY_BYTES_MAX:
                if not (more := await reader.read(65_536)):
                    break
                read += more
    except TimeoutError:
        pass  # whoever reads it sees that what was waited for is not there
    return read


def _unpacked(body: bytes, fields: dict[str, str]) -> bytes:
    packing = fields.get("content-encoding", "")
    if packing in ("", "identity"):
        return body
    if packing != "gzip":
        raise ValueError("That answer is packed in a way that was not asked for.")
    unpacking = zlib.decompressobj(wbits=31)
    plain = unpacking.decompress(body, BODY_BYTES_MAX)
    if unpacking.unconsumed_tail:
        raise ValueError("That answer is longer than any of ours.")
    return plain
