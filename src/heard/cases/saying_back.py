"""What whoever asks has said themselves: their words, and by which name they called this server.

They know it already, and it need not pass the door. Had it to, the door's answer to whoever tries would tell anybody
which names are under an order. So a page is made, and passes the door, with stand-ins; what was said is put back after.
"""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote_plus

from starlette.requests import Request

from heard.cases.release import Exit, Released, joined

#: Stands for what somebody asked while a page passes the door; no page has it otherwise.
ASKED = "qasked7f3bq"
#: Stands for the host by which the server was asked.
HOST = "qhost7f3bq"
#: What a host may be called (RFC 3986, section 3.2.2, without what needs an escape anywhere), with a port or without.
_HOST = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def said_back(exit: Exit, released: Released, words: str, **besides: str) -> Released:
    """A released page with the words of whoever asked put back; `besides` are those for which `stand_in` stands."""
    made = str(released)
    for name, said in besides.items():
        made = made.replace(stand_in(name), escape(said))
    made = made.replace(f"q={ASKED}", f"q={quote_plus(words)}").replace(ASKED, escape(words))
    return joined(exit, made, [released])


def stand_in(name: str) -> str:
    """What stands for another field of a form that is given back."""
    return f"{ASKED}-{name}"


def is_a_host(name: str) -> bool:
    """Whether a server may be called so, in a page or in JSON alike, without an escape."""
    return bool(_HOST.fullmatch(name))


def from_nowhere(request: Request) -> Request:
    """The same request, to a host that is called by its stand-in."""
    headers = [(name, HOST.encode() if name == b"host" else value) for name, value in request.scope["headers"]]
    return Request({**request.scope, "headers": headers}, request.receive)


def to_its_host(released: Released, request: Request) -> Released:
    """What was made for a request `from_nowhere`, with the host put back by which the server was asked."""
    return joined(released.exit, released.replace(HOST, request.headers.get("host", "")), [released])
