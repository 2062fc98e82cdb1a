"""A real server, somebody signed in by a link, and ways to send exactly what one means to send."""

from __future__ import annotations

import socket
from collections.abc import Callable

import httpx2
import pytest

from heard.accounts import projection as accounts
from heard.opening import open_house
from heard.signing_in import link_for
from tests.server import Server


@pytest.fixture
def link(server: Server) -> Callable[[], str]:
    """Makes a fresh sign-in link: its path."""

    def made() -> str:
        house = open_house(server.data, synchronous="OFF")
        house.node.catch_up()
        address = link_for(house, accounts.by_email(house.tables, "admin@heard.example").id)
        house.close()
        return "/desk/sign-in/" + address.split("/desk/sign-in/")[1]

    return made


@pytest.fixture
def cookie(server: Server, link: Callable[[], str]) -> str:
    """A session, as a browser sends it."""
    answer = httpx2.post(server.address + link())
    assert answer.status_code == 303
    return answer.headers["set-cookie"].partition(";")[0]


def sent(address: str, *lines: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Send these lines as they stand: what comes back as status, headers (the last of a name) and the beginning."""
    host, port = address.removeprefix("http://").rsplit(":", 1)
    request = "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode() + body
    with socket.create_connection((host, int(port)), 10) as client:
        client.sendall(request)
        answer = b""
        while part := client.recv(65536):
            answer += part
    head, _, rest = answer.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    named = [field.partition(": ")[::2] for field in fields]
    return int(first.split()[1]), {name.lower(): value for name, value in named}, rest
