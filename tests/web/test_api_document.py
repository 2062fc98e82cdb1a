"""docs/formats/api.md is true: its examples are played, in their order, against a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from heard.accounts.commands import add_account
from heard.engine import now
from heard.opening import open_house
from heard.reports import commands
from heard.reports.commands import Row
from tests.pictures.sending import fresh
from tests.reports.register import COLUMNS, line
from tests.server import Server, running
from tests.stories.people import signed_in_as

DOCUMENT = Path(__file__).parents[2] / "docs" / "formats" / "api.md"
_EXAMPLE = re.compile(r"^    (GET|POST) (/api/v1\S+)\n(?:    (\{.*\}|<picture>|<table>)\n)?    → (\d+)$", re.MULTILINE)

TABLE = "\n".join((COLUMNS, line(8, sent="Harbour Board"))).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that sends mail, as some verbs ask for; nobody follows anything, so the mail server is never called."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEARD_MAIL", "smtp://127.0.0.1:9/?from=alerts@site.example")
        with running(tmp_path_factory.mktemp("served") / "data") as started:
            yield started


class Example(NamedTuple):
    method: str
    address: str
    body: str
    status: int


def examples() -> list[Example]:
    return [Example(*found[:3], int(found[3])) for found in _EXAMPLE.findall(DOCUMENT.read_text())]


def test_every_example_is_answered_as_it_says(server: Server) -> None:
    house = open_house(server.data)
    facts = {"ref": "2031-0007", "dated": "2031-03-03", "area": "Avon", "sent_to": "Harbour Board"}
    row = Row("https://heard.example/7/", facts)
    house.node.do(commands.tell("record", date(2031, 3, 7), [row]), by="operator")
    house.node.do(add_account("ines@heard.example", "reporter", "Ines"), by="operator")
    house.close()
    say_so_too = signed_in_as(server, "Somebody else").post
    soon = now.text(now.utc() + timedelta(days=1))
    last = {"alarm": "one-that-never-rang", "suspension": "one-that-nobody-asked-for", "soon": soon}
    last["plan"] = "one-that-nobody-drew"
    for example in examples():
        address = re.sub(r"<(\w+)>", lambda name: last[name[1]], example.address)
        if example.method == "GET":
            answer = server.client.get(address)
        elif example.body == "<picture>":
            answer = server.client.post(address, content=fresh(1), headers={"Content-Type": "image/png"})
        elif example.body == "<table>":
            answer = server.client.post(address, content=TABLE)
            last["difference"] = answer.json().get("difference", "")
        else:
            body = re.sub(r"<(picture|soon|station)>", lambda name: last[name[1]], example.body)
            answer = server.client.post(address, json=json.loads(body))
        assert answer.status_code == example.status, (example, answer.text)
        made = re.search(
            r"/(post|picture|hearing|sitting|restriction|station|order|obligation|suspension|draft)s$", example.address
        )
        if made and example.method == "POST" and answer.status_code < 300:
            last[made[1]] = answer.json()["media" if made[1] == "picture" else "id"]
        if answer.status_code == 202 and answer.json().get("status") == "proposed":
            last["change"] = answer.json()["id"]
        if '"needed": false' in example.body:  # and another says so too
            assert say_so_too(address, json=json.loads(example.body)).status_code == 201


def test_every_verb_that_writes_has_an_example(server: Server) -> None:
    paths = server.client.get("/api/v1/openapi.json").json()["paths"]
    verbs = {re.sub(r"\{\w+\}", "*", path) for path, methods in paths.items() if "post" in methods}
    shown = {
        re.sub(r"harbour|<\w+>", "*", example.address.partition("?")[0].removeprefix("/api/v1"))
        for example in examples()
        if example.method == "POST"
    }
    assert shown == verbs
