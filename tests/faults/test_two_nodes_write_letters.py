"""Two nodes may both hand letters in, and one of them does: a follower hears of a thing once, whoever dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import httpx2
import pytest

from heard.demo.reports import record_reports
from heard.opening import open_house
from heard.reports import commands, projection
from heard.store.postgres import PostgresStore
from heard.store.postgres_bell import LOOK_EVERY_S, Bell
from tests.faults.nodes import START_S, HeardNode, long
from tests.postgres import Cluster
from tests.reports.mail_server import MailServer
from tests.reports.test_following import AMBULANCE, REPORT, THEIRS, link_in, text_of
from tests.waiting import wait_until

pytestmark = pytest.mark.faults

#: Each node looks for news once a second or oftener: what both would send, both have sent by then.
BOTH_LOOKED_S = 4.0


@pytest.fixture
def mail() -> Iterator[MailServer]:
    served = MailServer()
    yield served
    served.close()


def happens(folder: Path, journal: str, day: int) -> None:
    house = open_house(folder, journal=journal)
    house.node.catch_up()
    report = projection.by_slug(house.tables, REPORT)
    said = commands.record_response(report, AMBULANCE, dated_on=date(2026, 11, day), answer="action taken")
    house.node.do(said, by="editor")
    house.close()


def test_one_of_two_nodes_has_the_turn_and_the_other_when_it_is_gone(postgres: Cluster) -> None:
    journal = postgres.fresh()
    stores = [PostgresStore(journal) for _ in range(2)]
    bells = [Bell(store.database) for store in stores]
    for bell in bells:
        bell.want_turn("letters")
        bell.listen(lambda: None)
    wait_until(lambda: any(bell.has_turn("letters") for bell in bells))
    first = next(bell for bell in bells if bell.has_turn("letters"))
    [second] = [bell for bell in bells if bell is not first]
    time.sleep(1.5 * LOOK_EVERY_S)
    assert not second.has_turn("letters")
    first.close()
    wait_until(lambda: second.has_turn("letters"))
    second.close()
    for store in stores:
        store.close()


@long
@pytest.mark.timeout(600)
def test_a_follower_of_two_nodes_hears_of_a_thing_once(
    postgres: Cluster, tmp_path: Path, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = postgres.fresh()
    house = open_house(tmp_path / "import", journal=journal)
    record_reports(house.node, date(2026, 11, 24), "operator")
    house.close()
    monkeypatch.setenv("HEARD_MAIL", mail.address)
    nodes = [HeardNode(tmp_path / name, journal) for name in ("one", "other")]
    with ExitStack() as stack:
        for node in nodes:
            stack.callback(node.close)
            node.start()
        time.sleep(BOTH_LOOKED_S)  # by now each is through with the register, and could write
        wanted = {"what": "report", "key": REPORT, "address": THEIRS}
        assert httpx2.post(f"{nodes[0].address}/reports/follow/", data=wanted).status_code == 303
        [asking] = mail.wait_for(1)
        time.sleep(BOTH_LOOKED_S)
        assert len(mail.taken) == 1
        yes = link_in(asking, "follow").partition("/reports/")[2]
        assert httpx2.post(f"{nodes[1].address}/reports/{yes}").status_code == 200
        for day, killed in enumerate([None, *nodes], 25):
            if killed:
                killed.kill()
            happens(tmp_path / "import", journal, day)
            told = mail.wait_for(day - 23)[-1]
            assert "a response was recorded" in text_of(told)
            time.sleep(BOTH_LOOKED_S)
            assert len(mail.taken) == day - 23
            if killed:
                killed.begin()
                wait_until(killed.answers, START_S)
