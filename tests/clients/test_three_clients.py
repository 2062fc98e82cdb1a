"""Whatever words are published, three clients that are not ours read back what was sent, byte for byte."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from heard.engine.frames import Change, sse
from heard.live import answers
from heard.live.limits import Limits
from tests.clients.clients import Chromium, Client, Got, HttpxSse, Npm, npm_or_skip
from tests.live.edge_alone import EPOCH, SLUG, EdgeAlone

pytestmark = pytest.mark.timeout(300)

#: What has broken streams before: every end of a line that anyone knows, NUL, the mark of byte order, fields of the
#: format itself at the beginning of a line, halves of it, and what JSON or HTML escape.
HARD = [
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\x00",
    "\ufeff",
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x0c",
    "\x1c",
    "data: x",
    "\nid: 7\n",
]
HARD += [
    ":",
    " ",
    "  lead",
    "event: reset",
    "\n\nevent: reset\ndata: {}\n\n",
    "retry: 0",
    "</script>",
    "&amp;",
    '"',
    "\\",
    "\\u0000",
]
HARD += ["👨\u200d👩\u200d👧", "é", "e\u0301", "\U0010ffff", "\ud7ff", "\ue000", "\uffff", "x" * 4_000]
WORDS = st.lists(
    st.sampled_from(HARD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=6
).map("".join)

SOAK = bool(os.environ.get("HEARD_SOAK"))
Encode = Callable[[str, int, tuple[Change, ...]], bytes]


@pytest.fixture
def clients(chromium: Browser) -> Iterator[Callable[[str], list[Client]]]:
    npm_or_skip()
    with ExitStack() as opened:

        def all_three(address: str) -> list[Client]:
            three: list[Client] = [Chromium(chromium, address), Npm(address), HttpxSse(address)]
            for client in three:
                opened.callback(client.close)
            return three

        yield all_three


def meant(position: int, change: Change) -> Got:
    """The event as the specification of the stream has it: one line of JSON, the id of its position."""
    encoded = sse(EPOCH, position, (change,)).decode()
    _, _, data = encoded.partition("\ndata: ")
    return Got("change", f"{EPOCH}.{position}", data.removesuffix("\n\n"))


def test_three_clients_read_back_what_is_sent_whatever_it_is(
    clients: Callable[[str], list[Client]], tmp_path: Path
) -> None:
    edge = EdgeAlone(tmp_path, Limits())
    edge.new_app()
    three = clients(f"http://127.0.0.1:{edge.port}/live/{SLUG}")
    told = [0]

    @settings(max_examples=200 if SOAK else 60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(WORDS, min_size=1, max_size=8))
    def reads_back(batch: list[str]) -> None:
        sent = [Change("post", f"p{told[0]}-{number}", html=html, place="1") for number, html in enumerate(batch)]
        expected = [meant(edge.publish(change), change) for change in sent]
        told[0] += 1
        for client in three:
            got = client.got(len(sent))
            assert got == expected, type(client).__name__
            assert [json.loads(one.data)["changes"][0]["html"] for one in got] == batch, type(client).__name__

    try:
        reads_back()
    finally:
        edge.close()


def raw_lines(epoch: str, position: int, changes: tuple[Change, ...]) -> bytes:
    """A mutant: the words go out as they are, not as JSON."""
    return f"id: {epoch}.{position}\nevent: change\ndata: {changes[0].html}\n\n".encode()


def another_id(epoch: str, position: int, changes: tuple[Change, ...]) -> bytes:
    """A mutant: it counts wrong."""
    return sse(epoch, position + 1, changes)


@pytest.mark.parametrize(("encode", "found"), [(sse, False), (raw_lines, True), (another_id, True)])
def test_an_encoder_that_is_wrong_is_found_by_each_of_them(
    clients: Callable[[str], list[Client]], encode: Encode, found: bool
) -> None:
    change = Change("post", "p", html="The court sat.\n\nevent: reset\ndata: and rose", place="1")
    server = socket.create_server(("127.0.0.1", 0))
    sent = answers.stream_opening(Limits(), 0.0, None) + encode(EPOCH, 7, (change,))
    threading.Thread(target=_send_to_all, args=(server, sent), daemon=True).start()
    for client in clients(f"http://127.0.0.1:{server.getsockname()[1]}/"):
        assert (client.got(1) != [meant(7, change)]) is found, type(client).__name__
    server.close()


def _send_to_all(server: socket.socket, sent: bytes) -> None:
    held = []
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        held.append(connection)  # The stream goes on until the test ends.
        connection.recv(65536)
        connection.sendall(sent)
