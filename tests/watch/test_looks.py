"""Who looks at what somebody did is told to them: whatever shows it, before it is shown, and once an hour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import httpx2
import pytest

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.engine import now
from heard.engine.entry import Body, Draft
from heard.engine.node import Decision
from heard.opening import open_house
from heard.signing_in import token_for
from heard.watch import commands, ladders, lasting, looks, present
from heard.watch.entries import AlarmCleared, AlarmRaised, AlarmTold
from heard.watch.look_entries import RecordLookedAt
from tests.server import Server, running
from tests.watch.an_hour import ZOE, Past, past
from tests.watch.gate import NOON, Gate, Hands

HOUR = timedelta(hours=1)


def looked(
    gate: Gate, since: datetime, until: datetime, by: str = "aud", sort: type[looks.Asked] = looks.Asked, **more: Any
) -> list[tuple[str, ...]]:
    """Whom the entries name that a look makes."""
    before = gate.house.store.position()
    gate.do(looks.look(by, "timeline", [sort(gate.id, since, until, **more)]), by)
    return [one.body.holders for one in gate.house.journal.read(before, 100) if isinstance(one.body, RecordLookedAt)]


def test_whoever_was_on_duty_in_the_time_is_told_and_nobody_else(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    hands.go_on(3 * 3600)
    gate.do(commands.end_duty(gate.id, gate.one), gate.one)
    gate.begins(gate.two)
    hands.go_on(2 * 3600)
    assert looked(gate, NOON - 2 * HOUR, NOON - HOUR) == [], "nobody was on duty"
    assert looked(gate, NOON + HOUR, NOON + 2 * HOUR) == [(gate.one,)]
    assert looked(gate, NOON + 4 * HOUR, hands.at) == [(gate.two,)]
    assert looked(gate, NOON, hands.at, by="zoe") == [tuple(sorted((gate.one, gate.two)))]
    [one] = looks.of_holder(gate.tables, gate.one)[0][1:]
    assert (one.by, one.since_at, one.until_at) == ("aud", NOON + HOUR, NOON + 2 * HOUR)


def test_it_is_one_entry_an_hour_and_not_one_a_request(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    hands.go_on(7000)
    for _ in range(100):  # a timeline of the last two hours that looks again every few seconds
        looked(gate, hands.at - 2 * HOUR, hands.at)
        hands.go_on(5)
    found, _ = looks.of_holder(gate.tables, gate.one)
    assert len(found) == 2, "as the hour struck it showed another hour"
    hands.go_on(3600)
    assert looked(gate, NOON, NOON + HOUR) == [(gate.one,)], "an hour later it is another look"
    assert looked(gate, NOON, NOON + HOUR, by="zoe") == [(gate.one,)], "and so is somebody else's"
    assert looked(gate, NOON - HOUR, NOON + HOUR) == [(gate.one,)], "and one that goes further back"


def test_nobody_is_told_that_they_looked_at_themselves_and_who_is_named_is_told(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    hands.go_on(60)
    assert looked(gate, NOON, hands.at, by=gate.one) == []
    assert looked(gate, NOON, hands.at, named={gate.sam, ""}) == [tuple(sorted((gate.one, gate.sam)))]
    assert looked(gate, NOON, hands.at, by="zoe", named={gate.sam}, sort=looks.OfNamed) == [(gate.sam,)]


def test_a_long_list_of_looks_says_that_it_goes_on_and_does(gate: Gate, hands: Hands) -> None:
    for n in range(60):
        gate.do(present.read_positions(gate.id, gate.one, f"the {n}th time"), gate.sam)
    seen, before = list[int](), 0
    while True:
        found, before = looks.of_holder(gate.tables, gate.one, before)
        seen += [one.position for one in found]
        if not before:
            break
    assert len(seen) == len(set(seen)) == 60 and seen == sorted(seen, reverse=True)


def test_duties_are_known_by_their_times(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    hands.go_on(60)
    gate.do(commands.release_holder(gate.id, gate.one), gate.sam)
    assert lasting.on_duty_within(gate.tables, gate.id, NOON, hands.at) == [gate.one]
    assert lasting.on_duty_within(gate.tables, gate.id, hands.at, hands.at + HOUR) == []
    assert lasting.on_duty_within(gate.tables, gate.id, NOON - HOUR, NOON) == []


# On a server ----------------------------------------------------------------------------------------------------------


class Served:
    """A server on an hour that is over, and a client for each who takes part."""

    def __init__(self, server: Server, hour: Past) -> None:
        self.server, self.hour, self.opened = server, hour, dict[str, httpx2.Client]()
        self.span = f"station={hour.station}&since={now.text(hour.since)}"

    def client(self, email: str, role: Any = None) -> httpx2.Client:
        if email not in self.opened:
            house = open_house(self.server.data)
            house.node.catch_up()
            if role:
                house.node.do(account_commands.add_account(email, role), by="operator")
            headers = {"Authorization": f"Bearer {token_for(house, email, 'write')}"}
            house.close()
            self.opened[email] = httpx2.Client(base_url=self.server.address, headers=headers, timeout=30)
        return self.opened[email]

    def looks_at(self, by: str, path: str) -> list[str]:
        """What the first holder reads of a look at this address, which was not there before."""
        before = self.of_one()
        answer = self.client(by, "auditor").get(path.format(station=self.hour.station))
        assert answer.status_code == 200, answer.text
        now_there = self.of_one()
        return now_there[: len(now_there) - len(before)]

    def of_one(self) -> list[str]:
        page = self.client("one@heard.example").get("/watch/mine/")
        assert page.status_code == 200, page.text
        [shown] = re.findall(r'<section aria-labelledby="looks">(.*?)</section>', page.text, re.S)
        return [unescape(re.sub("<.*?>", "", one)) for one in re.findall("<li>(.*?)</li>", shown)]

    def account(self, email: str) -> str:
        house = open_house(self.server.data)
        house.node.catch_up()
        found = accounts.by_email(house.tables, email).id
        house.close()
        return found

    def position(self) -> str:
        return self.server.reader.get("/log/checkpoint").text.split("\n")[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("past") / "data"
    hour = past(data)
    with running(data) as server:
        found = Served(server, hour)
        yield found
        for one in found.opened.values():
            one.close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/watch/stations/{station}/timeline/?since=SINCE", "looked at the timeline"),
        ("/watch/replay/?station={station}&since=SINCE", "replayed what was recorded"),
        ("/watch/report/?station={station}&since=DAY", "had the report"),
        ("/watch/report/?since=DAY", "had the report"),
        ("/watch/report.csv?since=DAY&of=orders", "had the report"),
        ("/watch/report.pdf?since=DAY", "had the report"),
    ],
)
def test_every_way_to_look_back_at_a_duty_is_told_to_who_was_on_it(served: Served, path: str, words: str) -> None:
    hour = served.hour
    path = path.replace("SINCE", now.text(hour.since)).replace("DAY", str(hour.since.date()))
    by = f"aud-{abs(hash(path))}@heard.example"
    [told] = served.looks_at(by, path)
    assert told.startswith(by) and words in told and "Post 7" in told
    position = served.position()
    assert served.looks_at(by, path) == [] and served.position() == position, "looked at again, it writes nothing"


def test_whom_a_report_names_for_closing_an_alarm_is_told_of_it_too(served: Served) -> None:
    """Who was not on duty."""
    by = "aud-of-closers@heard.example"
    report = served.client(by, "auditor").get(f"/watch/report/?since={served.hour.since.date()}")
    assert unescape(report.text).count(ZOE)
    assert f"{by}, " in served.client("zoe@heard.example").get("/watch/mine/").text


def recorded(served: Served, stream: str, *bodies: Body) -> None:
    house = open_house(served.server.data)
    house.node.catch_up()
    house.node.do(lambda _: Decision(tuple(Draft(stream, body) for body in bodies), ()), by="watch")
    house.close()


def rings(served: Served, alarm: str) -> None:
    """And the first holder is told of it, who is on duty."""
    one = served.account("one@heard.example")
    rang = AlarmRaised(served.hour.present, 1, served.hour.station, "lapse", "", served.hour.since)
    recorded(served, alarm, rang, AlarmTold(ladders.THEMSELVES, one, {"page": "sent"}))


def is_over(served: Served, alarm: str) -> None:
    recorded(served, alarm, AlarmCleared(served.hour.since + HOUR, "restored"))


@pytest.mark.parametrize("path", ["/watch/alarms/{}/", "/api/v1/watch/alarms/{}"])
def test_an_alarm_that_is_over_is_a_look_at_who_was_told_of_it_under_watch(served: Served, path: str) -> None:
    """While it goes on it is none: nothing stands between it and who sees to it."""
    raised = f"alarm-{path.count('api')}"
    by = f"{raised}@heard.example"
    rings(served, raised)
    assert served.looks_at(by, path.format(raised)) == [], "it goes on"
    is_over(served, raised)
    [words] = served.looks_at(by, path.format(raised))
    assert words.startswith(by) and "looked at an alarm that was over" in words
    assert served.looks_at(by, path.format(raised)) == []


def test_what_is_refused_of_an_alarm_that_is_over_shows_who_was_told_and_is_a_look(served: Served) -> None:
    rings(served, "alarm-refused")
    is_over(served, "alarm-refused")
    sue = served.client("sue@heard.example", "supervisor")
    assert served.client("sam@heard.example").get("/watch/alarms/alarm-refused/").is_success, "the server has it"
    before = served.of_one()
    answer = sue.post("/watch/alarms/alarm-refused/close", data={"reason": " "})
    assert answer.status_code == 422 and "who was on duty" in answer.text
    found = served.of_one()
    [words] = found[: len(found) - len(before)]
    assert words.startswith("sue@heard.example") and "looked at an alarm that was over" in words


def test_how_each_stood_over_the_api_is_told_where_it_names_them(served: Served) -> None:
    """Of presence it names nobody, and nobody is told."""
    sam = served.client("sam@heard.example")
    station = served.hour.station
    assert (
        served.client("one@heard.example").post(f"/api/v1/watch/stations/{station}/duty", json={"on": True}).is_success
    )
    published = {"title": "The lock", "text": "Lock it."}
    assert sam.post(f"/api/v1/watch/stations/{station}/orders", json=published).is_success
    written = {
        "op": "by", "on": "publish", "do": "ack", "match": ["order", "version"], "within_s": 3600,
        "for_each_on_duty": station,
        "escalate": [{"after_s": 0, "to": "sam@heard.example"}],
    }  # fmt: skip
    asked = {"title": "It is read", "supervisor": "sam@heard.example", "obligation": written}
    made = sam.post(f"/api/v1/watch/stations/{station}/obligations", json=asked)
    assert made.is_success, made.text
    assert sam.post(
        f"/api/v1/watch/stations/{station}/orders", json={"title": "The key", "text": "Keep it."}
    ).is_success
    path = f"/api/v1/watch/obligations/{made.json()['id']}/instances"
    told = served.looks_at("api-aud@heard.example", path)
    assert len(told) == 1 and "asked how what you owed stood" in told[0], (
        served.client("sam@heard.example").get(path).text
    )
    assert served.looks_at("api-aud@heard.example", path) == []
    nobody = f"/api/v1/watch/obligations/{served.hour.present}/instances"
    assert served.looks_at("api-aud@heard.example", nobody) == []


def test_the_board_and_a_station_as_they_stand_now_are_no_look(served: Served) -> None:
    """The control of all of the above: what is seen of everybody at all times is told to nobody each time."""
    for path in ("/watch/", "/watch/stations/{station}/"):
        assert served.looks_at("now-aud@heard.example", path) == []
