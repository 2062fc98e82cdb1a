"""Two edges on one port: an order that comes in by one of them binds what the other brings in the same moment."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest

from heard.accounts import commands as account_commands
from heard.opening import open_house
from heard.signing_in import token_for
from tests.faults.edges import through
from tests.faults.nodes import SOAK, long
from tests.live.clients import Client
from tests.server import Server, running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

NAME = "Rowan Tidewell"
RACES = 300 if SOAK else 30
#: Whoever is stopped five times publishes nothing more, and would race no more: then another writes.
RACES_EACH = 4
#: So much later than the post the order is sent, or so much earlier: each is first now and then.
LATER_S, EARLIER_S = 0.006, 0.003

#: A mutant: an app that looks the list up, and then writes.
LOOKS_AND_WRITES = """
import sys

if any("heard.web.process" in word for word in sys.orig_argv):
    import msgspec
    from heard.engine.node import Node

    append = Node.append

    def looks_and_writes(self, writings):
        return append(self, [msgspec.structs.replace(writing, over=()) for writing in writings])

    Node.append = looks_and_writes
"""


class Said:
    """The answers to one request, sent on a connection of its own."""

    def __init__(self, client: Client, token: str) -> None:
        self.client = client
        self.headers = (f"Authorization: Bearer {token}", "Content-Type: application/json")

    def post(self, path: str, body: object) -> tuple[int, int]:
        """The status and the position that was told."""
        self.client.ask(f"/api/v1{path}", *self.headers, method="POST", body=json.dumps(body).encode())
        answer = self.client.answer()
        return answer.status, int(answer.json().get("position", 0))

    def open(self, number: int) -> None:
        status, _ = self.post("/cases", {"slug": f"race-{number}", "title": "A race"})
        assert status == 201


@contextmanager
def two_edges(data: Path, races: int) -> Iterator[tuple[Server, list[str]]]:
    """A server, and the tokens of as many reporters as so many races want."""
    house = open_house(data, synchronous="OFF")
    tokens = []
    for number in range(0, races, RACES_EACH):
        email = f"reporter-{number}@heard.example"
        house.node.do(account_commands.add_account(email, "editor", "A reporter"), by="operator")
        tokens.append(token_for(house, email, "write"))
    house.close()
    with running(data, "--edges", "2") as server:
        yield server, tokens


def raced(server: Server, races: int, tokens: list[str]) -> Counter[str]:
    """How often an order was first, how often the post, and how often the post was published although it was second."""
    by_one, by_other = (Said(through(server, edge), server.token) for edge in ("edge-1", "edge-2"))
    writers = [Said(by_other.client, token) for token in tokens]
    together, chance = Barrier(2), random.Random(20311)
    delays = [chance.uniform(-EARLIER_S, LATER_S) for _ in range(races)]
    answers: dict[str, list[tuple[int, int]]] = {"order": [], "post": []}

    def order() -> None:
        body = {"basis": "s.11 Contempt of Court Act 1981", "names": [NAME]}
        for number, delay in enumerate(delays):
            together.wait(60)
            time.sleep(max(0.0, delay))
            answers["order"].append(by_one.post(f"/cases/race-{number}/restrictions", body))

    def post() -> None:
        for number, delay in enumerate(delays):
            by_other.open(number)
            together.wait(60)
            time.sleep(max(0.0, -delay))
            said = writers[number // RACES_EACH]
            answers["post"].append(said.post(f"/cases/race-{number}/posts", {"text": f"{NAME} is called."}))

    threads = [Thread(target=order), Thread(target=post)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(_what_came(*both) for both in zip(answers["order"], answers["post"], strict=True))


def _what_came(order: tuple[int, int], post: tuple[int, int]) -> str:
    assert order[0] == 201 and post[0] in (201, 202) and order[1] and post[1], (order, post)
    if post[0] == 202:
        return "held"
    return "out before the order" if post[1] < order[1] else "OUT AFTER THE ORDER"


def test_no_name_gets_out_by_one_edge_past_an_order_that_came_by_the_other(tmp_path: Path) -> None:
    with two_edges(tmp_path / "data", RACES) as (server, tokens):
        came = raced(server, RACES, tokens)
    print(dict(came))
    assert came["OUT AFTER THE ORDER"] == 0
    assert came["held"] and came["out before the order"], "neither of them was always first"


@long
def test_control_an_app_that_looks_and_then_writes_is_caught(tmp_path: Path, mutant: Callable[[str], None]) -> None:
    mutant(LOOKS_AND_WRITES)
    with two_edges(tmp_path / "data", RACES) as (server, tokens):
        came = raced(server, RACES, tokens)
    print(dict(came))
    assert came["OUT AFTER THE ORDER"]
