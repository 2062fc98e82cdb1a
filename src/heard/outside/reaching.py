"""Fetches one page of the public web, and cannot be led anywhere else (server-side request forgery).

Whoever gives an address could mean this machine, its neighbours or the metadata of its cloud. So a name is resolved
once, every address that it has must be a public one, and the connection goes to an address that was looked at, not to
the name again: a name server that answers otherwise the second time is not asked a second time. Each redirection is a
new address and is looked at as the first was. Nothing is sent that tells who asked: no cookie, no referer, no tongue.

Sources: OWASP Server-Side Request Forgery Prevention Cheat Sheet; RFC 6890 (special-purpose addresses); RFC 6052
(NAT64).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from heard.engine.errors import Refused

WITHIN_S, REDIRECTIONS_MAX = 5.0, 3
BODY_BYTES_MAX, HEAD_BYTES_MAX, ADDRESS_MAX = 512 * 1024, 32 * 1024, 2000
#: What answers at other ports is not the web.
PORTS = (80, 443)
KINDS = ("text/html", "application/xhtml+xml")
NOT_REACHED = "That page could not be read. Nothing was lost; write the title and the words of the card yourself."
NOT_PUBLIC = "That address does not lead to the public web. Nothing was asked there; look at it again."

#: Public by their numbers, and yet not: what translates to or carries other addresses, and a cloud's own machine.
_APART = tuple(
    ip_network(one)
    for one in (
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "::/96",
        "192.88.99.0/24",
        "168.63.129.16/32",
    )
)


class Page(msgspec.Struct, frozen=True):
    """What was answered, where the redirections ended; `charset` as the head says it, or nothing."""

    address: str
    charset: str
    body: bytes


async def reach(address: str) -> Page:
    """The page at an address.

    Raises Refused, in words that say nothing of what stands behind an address that is not public.
    """
    try:
        async with asyncio.timeout(WITHIN_S):
            for _ in range(1 + REDIRECTIONS_MAX):
                status, fields, body = await _asked(_parted(address))
                if status in (301, 302, 303, 307, 308) and fields.get("location"):
                    address = urljoin(address, fields["location"])
                    continue
                kind, _, more = fields.get("content-type", "").lower().partition(";")
                if status != 200 or kind.strip() not in KINDS:
                    break
                return Page(address, more.partition("charset=")[2].strip(" \"'")[:40], body)
    except (OSError, ValueError, TimeoutError, EOFError, asyncio.LimitOverrunError):
        pass
    raise Refused(NOT_REACHED)


def _parted(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        usual = 443 if parts.scheme == "https" else 80
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or usual) in PORTS
    except ValueError:
        fine = False
    if not fine or "@" in parts.netloc or len(address) > ADDRESS_MAX or not address.isprintable() or " " in address:
        raise Refused(NOT_PUBLIC)
    return parts


async def _asked(parts: SplitResult) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await connected(parts)
    try:
        writer.write(_request(parts))
        status, fields = await head_of(reader)
        body = await _body(reader) if status == 200 else b""
        return status, fields, body
    finally:
        writer.close()


async def connected(parts: SplitResult, *, is_own: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to an address that was looked at; to one of the operator's own, wherever that leads.

    Raises Refused, OSError, ValueError.
    """
    secure = parts.scheme == "https"
    # A name in other letters becomes what is asked for; what cannot is no name (UnicodeError is a ValueError).
    host = (parts.hostname or "").encode("idna").decode("ascii")
    port = parts.port or (443 if secure else 80)
    if not is_own and port not in PORTS:
        raise Refused(NOT_PUBLIC)
    at = host if is_own else str(await _resolved(host, port))
    return await asyncio.open_connection(
        at,
        port,
        ssl=_trusting() if secure else None,
        server_hostname=host if secure else None,
        limit=HEAD_BYTES_MAX,
    )


async def _resolved(host: str, port: int) -> IPv4Address | IPv6Address:
    """An address of a host, asked for once. Raises Refused unless all that it has are public.

    What the system reads as a number (127.1, 0x7f000001, 2130706433, 017700000001) is an address by then.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    if not addresses or not all(is_public(one) for one in addresses):
        raise Refused(NOT_PUBLIC)
    return addresses[0]


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet, and stands for no other."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return False
    if address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global:
        return False
    return not any(address in one for one in _APART if isinstance(one, IPv6Network) == (address.version == 6))


@lru_cache(1)
def _trusting() -> ssl.SSLContext:
    """Reading the system's certificates takes some ten milliseconds."""
    return ssl.create_default_context()


def _request(parts: SplitResult) -> bytes:
    port = f":{parts.port}" if parts.port else ""
    lines = [f"GET {target_of(parts)} HTTP/1.1", f"Host: {host_of(parts)}{port}"]
    lines += ["User-Agent: Heard-card", "Accept: text/html", "Accept-Encoding: identity", "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def host_of(parts: SplitResult) -> str:
    """As a request names it, without the port."""
    host = (parts.hostname or "").encode("idna").decode("ascii")
    return f"[{host}]" if ":" in host else host


def target_of(parts: SplitResult) -> str:
    path = parts.path or "/"
    return _quoted(f"{path}?{parts.query}" if parts.query else path)


def _quoted(target: str) -> str:
    return "".join(one if "!" <= one <= "~" else "".join(f"%{byte:02X}" for byte in one.encode()) for one in target)


async def head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    version, status, *_ = [*first.split(" ", 2), ""]
    if not version.startswith("HTTP/1.") or not status[:3].isdecimal():
        raise ValueError("That was no answer.")
    fields = [line.partition(":") for line in lines if ":" in line]
    return int(status[:3]), {name.strip().lower(): value.strip() for name, _, value in fields}


async def _body(reader: asyncio.StreamReader) -> bytes:
    """The beginning of what comes; chunks need not be told apart by one who looks for a title."""
    body = b""
    while len(body) < BODY_BYTES_MAX and (more := await reader.read(BODY_BYTES_MAX - len(body))):
        body += more
    return body
