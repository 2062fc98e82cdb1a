"""What is said in the watch is on no public exit, in no log, and of what is sealed no byte is in clear in any file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.server import Server, running
from tests.watch.hand import Hand

CODE, PLACE, ORDER, CHANGE, TITLE, SOURCE, REASON = (
    "qcodeq", "qplaceq", "qorderwordsq", "qchangeq", "qtitleq", "qsourceq", "qreasonq"
)  # fmt: skip
ALL = (CODE, PLACE, ORDER, CHANGE, TITLE, SOURCE, REASON)
#: These are read from the journal when a page needs them, and stand in no table.
SEALED = (ORDER, CHANGE, REASON)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everything that a server says to the public after an hour of watch, its log, and what a signed-in page said."""
    with running(tmp_path_factory.mktemp("watched") / "data") as server:
        _hour(server)
        exits = {address: _all(server, address) for address in _addresses()}
        hand = Hand(server)
        exits["board"] = hand.page("")
        exits["data"] = str(server.data)
        exits["log"] = "\n".join(server.said)
    return exits


def _hour(server: Server) -> None:
    server.publish(server.open_case(), "A post of another matter.")
    hand = Hand(server)
    station = hand.station(CODE, PLACE)
    hand.does(f"{station}/publish", title=TITLE, text=ORDER)
    [order] = set(re.findall(r"/watch/orders/(\w+)/", hand.page(f"{station}/")))
    hand.does(f"{station}/publish", title=TITLE, text=f"{ORDER} again", change=CHANGE, order=order)
    ping = hand.source(station, SOURCE)
    assert server.reader.get(ping).text == "OK"
    hand.arms(station, "ping", "1 min", title=TITLE)
    assert server.reader.get(f"{ping}/fail").text == "OK"
    end = 200
    while not (alarms := re.findall(r"/watch/(alarms/\w+)/", hand.page(""))) and end:
        end -= 1
    assert server.reader.get(ping).text == "OK"
    while "What had happened" not in hand.page(f"{alarms[0]}/") and end:
        end -= 1
    hand.does(f"{alarms[0]}/close", reason=REASON)
    assert REASON in hand.page(f"{alarms[0]}/")


def _addresses() -> list[str]:
    case = [f"/the-case/{page}" for page in ("", "people/", "corrections/", "problem/", "feed.atom", "feed.json")]
    machines = ["/api/v1/cases", "/api/v1/cases/the-case", "/api/v1/cases/the-case/posts", "/api/v1/openapi.json"]
    return [
        "/",
        *case,
        *machines,
        "/live/the-case/after/0",
        "/log/checkpoint",
        "/healthz",
        "/metrics",
        "/watch/",
        "/desk/",
    ]


def _all(server: Server, address: str) -> str:
    answer = server.reader.get(address)
    return answer.text + repr(answer.headers)


def test_no_public_exit_says_a_word_of_it(told: dict[str, str]) -> None:
    for exit, text in told.items():
        if exit not in ("board", "data"):
            for words in ALL:
                assert words not in text.casefold(), (exit, words)


def test_the_search_would_find_what_is_there(told: dict[str, str]) -> None:
    """The control: the exits were read, and the signed-in page says it."""
    assert "A post of another matter." in told["/the-case/"]
    assert CODE in told["board"]
    assert "alarm_recorded" in told["log"]


def test_orders_and_reasons_are_in_no_file_in_clear(told: dict[str, str]) -> None:
    files = [path for path in Path(told["data"]).rglob("*") if path.is_file()]
    assert any(TITLE.encode() in path.read_bytes() for path in files), "the control: tables have titles"
    for path in files:
        for words in SEALED:
            assert words.encode() not in path.read_bytes(), (path.name, words)
