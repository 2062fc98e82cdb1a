"""Whoever is watched sees what is on record of them in the duties that they had, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import httpx2
import pytest

from heard.opening import House, open_house
from heard.signing_in import token_for
from heard.watch import commands, earlier
from tests.server import Server, running
from tests.watch.an_hour import Past, past
from tests.watch.gate import Gate, Hands


def test_they_are_listed_the_last_first_and_in_parts(house: House, hands: Hands) -> None:
    gate = Gate(house)
    for _ in range(45):
        gate.begins(gate.one)
        hands.go_on(60)
        gate.do(commands.end_duty(gate.id, gate.one), gate.one)
        hands.go_on(60)
    gate.begins(gate.one)
    found, before = list[earlier.Duty](), 0
    while True:
        some, before = earlier.of_holder(gate.tables, gate.one, before)
        found += some
        if not before:
            break
    assert len(found) == 45, "the one that goes on is not among them"
    assert [one.begun_at for one in found] == sorted((one.begun_at for one in found), reverse=True)
    assert earlier.of_holder(gate.tables, gate.two) == ([], 0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Past]]:
    data = tmp_path_factory.mktemp("duties") / "data"
    hour = past(data)
    with running(data) as server:
        yield server, hour


def page(served: tuple[Server, Past], email: str, query: str = "") -> httpx2.Response:
    house = open_house(served[0].data)
    headers = {"Authorization": f"Bearer {token_for(house, email, 'write')}"}
    house.close()
    return httpx2.get(f"{served[0].address}/watch/mine/{query}", headers=headers)


def duties(answer: httpx2.Response) -> str:
    [shown] = re.findall(r'<section aria-labelledby="duties">(.*?)</section>', answer.text, re.S)
    return unescape(shown)


def test_what_was_told_of_one_in_a_duty_is_read_by_who_had_it_and_by_nobody_else(served: tuple[Server, Past]) -> None:
    listed = duties(page(served, "two@heard.example"))
    [position] = re.findall(r"\?duty=(\d+)", listed)
    assert "Post 7" in listed
    told = re.findall(r"<li>\d\d:\d\d:\d\d: (.*?)</li>", duties(page(served, "two@heard.example", f"?duty={position}")))
    words = [one.split(":")[0] for one in told if "rang" not in one]
    assert words == ["here", "not known", "not here", "here"]
    assert len(told) > len(words) and "it rang: It is owed: present (over: restored)" in told
    assert page(served, "one@heard.example", f"?duty={position}").status_code == 404
    assert page(served, "two@heard.example", "?duty=1").status_code == 404
