"""The fictional night post really rings: the phones play over HTTP against the real server."""

import io
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

from heard.accounts.commands import OPERATOR
from heard.demo import gate as gates
from heard.demo.reports import record_reports
from heard.engine import now
from heard.opening import House, open_house
from heard.reports import projection as reports
from heard.watch import plans, projection, reviews
from heard.watch.entries import AlarmAcknowledged, AlarmCleared, AlarmClosed, AlarmRaised, OrderPublished
from heard.watch.plan_pictures import DRAWER
from tests.server import Server, running

SPEED = 20.0
DEADLINE_S = 25.0


def bodies(house: House) -> list[object]:
    house.node.catch_up()
    return [entry.body for entry in house.journal.all()]


def until_there(server: Server, path: str) -> str:
    """The page, once the register has been put together."""
    end = time.monotonic() + DEADLINE_S
    while "Is it kept?" not in (page := server.page(path)):
        assert time.monotonic() < end, page[:500]
        time.sleep(0.1)
    return page


def entries_an_hour(played: int) -> float:
    """Of rounds that wrote so many entries each until the alarm was closed; then come the calm and the end of duty."""
    told = gates.story()
    rests, rest = told["calm"]["rests"], told["seconds"]["rest"]
    seconds = sum(step["wait"] for step in told["step"]) + (rests + 1) * rest
    return (played + 2 * rests + 2) * 3600 / float(seconds)


def test_within_a_round_an_order_is_changed_the_post_is_left_it_rings_and_is_closed(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    record_reports(house.node, now.today(), OPERATOR)
    gate = gates.set_up(house, OPERATOR)
    with running(tmp_path) as server:
        before = len(bodies(house))
        house.vault.put("server", "address", server.address.encode())
        argv = [sys.executable, "-m", "heard.demo.phones", "--data", str(tmp_path), "--speed", str(SPEED)]
        phones = subprocess.Popen(argv, stdin=subprocess.PIPE)
        try:
            end = time.monotonic() + DEADLINE_S
            while sum(isinstance(one, AlarmClosed) for one in bodies(house)) < 2 and time.monotonic() < end:
                assert phones.poll() is None
                time.sleep(0.2)
        finally:
            phones.kill()
            phones.wait()
        path = gates.link_to_read(house, gate)
        assert "The lifebuoys" in server.page(path) and "was acknowledged" in server.reader.post(path).text
        slug = next(slug for _, slug in reports.all_reports(house.tables) if slug.endswith("-0041"))
        page = until_there(server, f"/reports/{slug}/")
        kept = page.partition('id="kept"')[2].partition("</section>")[0]
        assert "Each night keeper signs for the standing order." in kept and "North Lock" not in kept
    told = bodies(house)
    kinds = [type(one) for one in told]
    raised = [one for one in told if isinstance(one, AlarmRaised)]
    assert [one.sort for one in raised] == ["lapse", "lapse"]
    assert raised[0].station == gate.station
    order = [kinds.index(AlarmRaised), kinds.index(AlarmAcknowledged), kinds.index(AlarmCleared)]
    assert [*order, kinds.index(AlarmClosed)] == sorted([*order, kinds.index(AlarmClosed)])
    orders = [one for one in told if isinstance(one, OrderPublished) and one.station == gate.station]
    assert [one.number for one in orders] == [1, 2]
    assert len(projection.acknowledged(house.tables, projection.order(house.tables, gate.order))) == 2
    other = projection.order(house.tables, gate.other_order)
    assert gate.other_keeper in projection.acknowledged(house.tables, other) and not gates.link_to_read(house, gate)
    assert not projection.alarms(house.tables, gate.station)
    [review] = reviews.asked(house.tables)
    assert (review.title, review.false) == (gates.story()["false"]["title"], 1), "somebody has to look into it"
    assert entries_an_hour(len(told) - before) < 100


def test_it_is_set_up_once(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    first, entries = gates.set_up(house, OPERATOR), len(bodies(house))
    assert gates.set_up(house, OPERATOR) == first
    assert len(bodies(house)) == entries


def test_the_post_stands_on_a_plan_of_our_own_drawing(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    begun = time.monotonic()
    gate = gates.set_up(house, OPERATOR)
    print(f"set up in {time.monotonic() - begun:.2f} s")
    [plan] = plans.plans(house.tables)
    [placed] = plans.placed(house.tables, plan.id)
    assert (gate.plan, placed.station) == (plan.id, gate.station)
    picture = Image.open(io.BytesIO(house.media.apart(DRAWER).read(plan.media)))
    assert (picture.size, picture.format) == ((plan.width, plan.height), "JPEG")
    colours = picture.convert("RGB").getcolors(maxcolors=2**20)
    assert colours is not None and len(colours) > 100, "it is drawn"
