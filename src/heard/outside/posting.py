"""Posts to an address that somebody else named, on the way out that cannot be led inside (see `reaching`)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

import msgspec

from heard.engine.errors import Refused, Unavailable
from heard.outside.reaching import NOT_PUBLIC, connected, head_of, host_of, target_of

WITHIN_S = 5.0
#: Whoever asks us to wait for longer is asked again all the same.
WAIT_S_MAX = 3600.0


class Answered(msgspec.Struct, frozen=True):
    """What was said to it; `wait_s` is for how long they ask not to be asked again."""

    status: int
    wait_s: float = 0.0


async def post(
    address: str, body: bytes, fields: Mapping[str, str], at: datetime, *, own: Sequence[str] = ()
) -> Answered:
    """One POST, to https on the public web, or to an origin of the operator's `own`. No redirection is followed.

    Raises Refused where that is neither; Unavailable, which says why in a word without any address.
    """
    try:
        parts = urlsplit(address)
        async with asyncio.timeout(WITHIN_S):
            if f"{parts.scheme}://{parts.netloc}" in own:
                reader, writer = await connected(parts, is_own=True)
            elif parts.scheme == "https":
                reader, writer = await connected(parts)
            else:
                raise Refused(NOT_PUBLIC)
            try:
                writer.write(_request(parts, fields, len(body)) + body)
                status, told = await head_of(reader)
            finally:
                writer.close()
    except TimeoutError as wrong:
        raise Unavailable("There was no answer in time.", why="no answer") from wrong
    except (OSError, ValueError, EOFError, asyncio.LimitOverrunError) as wrong:
        raise Unavailable("There was no such answer.", why=type(wrong).__name__) from wrong
    return Answered(status, _wait_s(told.get("retry-after", ""), at))


def _request(parts: SplitResult, fields: Mapping[str, str], length: int) -> bytes:
    port = f":{parts.port}" if parts.port else ""
    lines = [f"POST {target_of(parts)} HTTP/1.1", f"Host: {host_of(parts)}{port}", f"Content-Length: {length}"]
    lines += ["User-Agent: Heard", "Connection: close", *(f"{name}: {said}" for name, said in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _wait_s(said: str, at: datetime) -> float:
    """`Retry-After` (RFC 9110, section 10.2.3): seconds, or a date; nothing of what is neither."""
    if said.isdecimal() and len(said) < 10:
        return min(float(said), WAIT_S_MAX)
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, OverflowError):  # the second for a year, or a zone, of twenty figures
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - at).total_seconds(), 0.0), WAIT_S_MAX)
