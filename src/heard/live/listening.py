"""The port, opened once for each edge.

Where the kernel shares a port out among sockets (Linux: SO_REUSEPORT, by a hash of both addresses), each edge
has a socket of its own and so a fair share of the readers, whoever is busy; edges that all accept from one
socket would leave most to the one that wakes first. The supervisor keeps every socket open: what arrives while
an edge is being replaced waits in the kernel for the next one.
"""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import suppress

from heard.engine.errors import Refused

BACKLOG = 4096
USER_TIMEOUT_S = 30
"""Data that the other end has not acknowledged for so long will never arrive (RFC 5482)."""


def opened(host: str, port: int, count: int) -> list[socket.socket]:
    """`count` listening sockets on one port; all the same socket where the kernel does not share out.

    Raises Refused in words if there is no such address, or the port cannot be had.
    """
    first = _opened(host, port, shares=False)
    if count == 1 or not sys.platform.startswith("linux"):
        return [first] * count
    # That nobody else has it was asked without sharing: a second Heard must be refused, not share the readers.
    port = first.getsockname()[1]
    first.close()
    return [_opened(host, port, shares=True) for _ in range(count)]


def _opened(host: str, port: int, shares: bool) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise Refused(f"There is no address “{host}” on this machine. Nothing was started.") from None
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit these two, which saves two calls for each.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_S * 1000)
    if shares:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        with suppress(OSError):
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            why = f"Port {port} on {host} is taken by another program. Choose another with --port."
        elif error.errno == errno.EACCES:
            why = f"This account may not open port {port}. Choose one above 1023 with --port."
        else:
            why = f"{host} port {port} cannot be opened ({error.strerror})."
        raise Refused(f"{why} Nothing was started.") from None
    return listener


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
