"""A gate is watched: an order is published, read on a phone, the gate is left, it rings, and somebody says why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from heard.opening import open_house
from heard.watch import subscriptions
from tests.server import Server, running
from tests.stories.pocket import Pocket
from tests.stories.reader import Reader
from tests.stories.watchers import PHONE, Opens, People, arms, posts, publishes, station
from tests.watch.post_office import serving
from tests.watch.push_service import PushService
from tests.watch.test_plans import drawing

#: What the page does to be noticed, and when, written down as it does it.
NOTICED = """(() => {
    window.noticed = []
    for (const [of, name, what] of [[navigator, 'vibrate', 'shakes'], [OscillatorNode.prototype, 'start', 'sounds']]) {
        const does = of[name]
        of[name] = function (...how) { noticed.push([what, Date.now()]); return does.apply(this, how) }
    }
})()"""
#: Comes to an end when the page's script knows that it may keep things here, and minds the signing out.
IS_KEPT_HERE = """() => {
    const loaded = performance.getEntriesByType('resource').map(one => one.name)
    return import(loaded.find(one => one.endsWith('/kept.js'))).then(kept => kept.works())
}"""


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    service = PushService()
    with serving(service):
        yield service


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, service: PushService) -> Iterator[Server]:
    """One that may ring phones by the push service here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEARD_PUSH_OWN", service.origin)
        with running(tmp_path_factory.mktemp("served") / "data") as started:
            yield started


@pytest.fixture
def people(server: Server, reader: Opens) -> People:
    return People(server, reader)


def test_a_gate_is_left_and_the_supervisors_phone_rings_within_a_second(people: People, service: PushService) -> None:
    """Everybody has a phone but the auditor."""
    sam = people.signs_in("sam@heard.example", "supervisor", "Sam Supervisor", **PHONE)
    pocket = lets_it_ring(sam, service, people.server.address)
    olu = people.signs_in("olu@heard.example", "holder", "Olu Officer", **PHONE)
    at = station(sam, "Post 7")
    posts(sam, at, "Olu Officer")
    publishes(sam, at, "The north gate", "Stay **near** the gate while it is open.")

    olu.goes_to("/watch/mine/")
    assert olu.sees("Not on duty here.") and not olu.sees("Begin the duty")
    olu.page.click("text=The north gate, version 1 >> visible=true")
    olu.page.click("text=I have read version 1")
    olu.waits_to_see("Begin the duty")
    olu.page.click("text=Begin the duty")
    olu.waits_to_see("On duty since")
    olu.page.click("text=I am here")
    olu.waits_to_see("You said that you are here.")

    sam.goes_to(at)
    assert sam.sees("Olu Officer") and not sam.sees("not read")
    sam.page.fill("#state", "open")
    sam.page.click("text=Tell its state")
    sam.waits_to_see("It is open")
    arms(sam, at, "present", "below strength", "1 s", **{"while": "open"})
    sam.goes_to("/watch/")
    assert sam.sees("Kept") and sam.sees("No blind spot is known.")
    sam.page.tap("h1")

    olu.page.click("text=I leave")
    sam.page.wait_for_selector(".alarm.open", timeout=10_000)
    message = pocket.comes()
    noticed = sam.page.evaluate("noticed")
    assert [what for what, _ in noticed] == ["shakes", *["sounds"] * 4]
    assert sam.page.title() == "▲ Alarm – (1) Watch – Heard"
    [rang] = people.server.client.get("/api/v1/watch/alarms").json()["items"]
    due = datetime.fromisoformat(rang["lapsed_at"]).timestamp()
    page_s, push_s = noticed[0][1] / 1000 - due, message.came_at - due
    print(f"after it was due: the open page rings {page_s:.3f} s, the push service has it {push_s:.3f} s")
    assert -0.01 < page_s < 1 and -0.01 < push_s < 1
    alarm = sam.page.get_attribute(".alarm.open a", "href")
    lit = pocket.hears(message)
    assert [one[:2] for one in lit] == [["Alarm", "Heard: sign in to see what, and where."]]
    assert lit[0][3] == alarm and "Post 7" not in str(lit)
    sam.page.evaluate("document.getElementById('code').value = 'Post 8, half wri'")
    assert pocket.is_pressed_beside_a_page() == alarm
    assert sam.page.url.endswith("/watch/") and sam.page.input_value("#code") == "Post 8, half wri"
    sam.page.evaluate("document.getElementById('code').value = ''")
    pocket.hears(message)
    pocket.is_pressed()
    sam.page.wait_for_url(f"**{alarm}")
    sam.waits_to_see("push: sent")
    sam.goes_to("/watch/")
    assert sam.sees("Post 7: below strength") and "and goes on" in sam.page.inner_text(".alarm")
    olu.waits_to_see("Post 7: below strength")
    sam.page.click("text=I see to it")
    sam.waits_to_see("by Sam Supervisor")
    assert sam.sees("It can be closed when it is over.")

    olu.page.click("text=I am here")
    sam.waits_to_see("(restored)")
    sam.page.fill("#reason", "A fall at the other gate; nobody had been told to take over.")
    sam.page.click("text=Close the alarm")
    sam.waits_to_see("nobody had been told to take over")
    sam.goes_to("/watch/")
    assert sam.sees("No alarms")

    aud = people.signs_in("aud@heard.example", "auditor", "Aud Itor")
    aud.page.click("text=Replay an hour")
    aud.page.select_option("#station", label="Post 7")
    a_while_ago = datetime.now(ZoneInfo("Europe/London")) - timedelta(minutes=30)
    aud.page.fill("#on", a_while_ago.strftime("%Y-%m-%d"))
    aud.page.fill("#from", a_while_ago.strftime("%H:%M"))
    aud.page.click("text=Show the hour")
    assert aud.sees("Olu Officer began the duty.") and aud.sees("nobody had been told to take over")
    aud.page.click("li:has-text('not here') a")
    cells = ".both tr:has-text('below strength') td"
    aud.waits(lambda: aud.page.locator(cells).all_inner_texts() == ["not kept", "not kept"], "for both readings")
    aud.page.click("text=Change before")
    aud.waits(lambda: "kept" in aud.page.locator(cells).all_inner_texts(), "for what was so before")
    aud.page.click("text=−5 min")
    aud.page.wait_for_selector("#on-10")
    before = aud.page.inner_text("h1")
    aud.page.click("#play")
    aud.waits(lambda: aud.page.inner_text("h1") != before and aud.sees("Pause"), "for the hour to be played")
    aud.page.click("#play")
    assert aud.sees("Nothing is kept of what phones sent in this hour")
    olu.goes_to("/watch/mine/")
    looks = olu.page.inner_text("ul.looks")
    assert "Aud Itor" in looks and "replayed what was recorded" in looks, "who was watched sees who looked"
    sam.goes_to("/watch/replay/")
    assert sam.sees("may not do this") and not sam.sees("As known then"), "who supervises does not audit"
    sam.goes_to(f"{at}timeline/")
    assert sam.sees("minutes covered") and sam.sees("not kept")
    assert rung_by(people.server) == 1
    sam.goes_to(at)
    sam.page.evaluate(IS_KEPT_HERE)
    sam.page.click("text=Sign out")
    sam.page.wait_for_url(f"{people.server.address}/")
    assert rung_by(people.server) == 0, "a phone that was left rings for nobody"


def rung_by(server: Server) -> int:
    """How many browsers ring for anybody."""
    house = open_house(server.data)
    count = len(house.vault.names(subscriptions.DRAWER))
    house.close()
    return count


def lets_it_ring(one: Reader, service: PushService, origin: str) -> Pocket:
    """They press the button; at first nobody lets it show anything, and then no push service has an address for it."""
    pocket = Pocket(one, service, origin)
    one.page.context.add_init_script(NOTICED)
    one.goes_to("/watch/mine/")
    one.page.tap("#ring-this")
    one.waits_to_see("was not allowed to show notifications")
    one.page.context.grant_permissions(["notifications"], origin=origin)
    one.page.tap("#ring-this")
    one.waits_to_see("gave no address")
    assert one.sees("No phone does.")
    pocket.is_given_an_address()
    one.goes_to("/watch/mine/")
    one.page.tap("#ring-this")
    one.waits_to_see(", this one, since")
    return pocket


def test_a_station_is_put_on_a_plan_by_a_press_and_its_mark_changes_while_somebody_looks(people: People) -> None:
    sam = people.signs_in("sam@heard.example", "supervisor", "Sam Supervisor", **PHONE, java_script_enabled=False)
    at = station(sam, "Quay")
    sam.goes_to("/watch/plans/")
    sam.page.fill("#name", "The harbour")
    sam.page.set_input_files("#file", {"name": "p.png", "mimeType": "image/png", "buffer": drawing(1600, 800)})
    sam.page.click("text=Add it")
    sam.waits_to_see("Stations on it")
    sam.page.click("text=Place a station, or move it")
    sam.page.select_option("#station", label="Quay")
    sam.page.click(".pressed", position={"x": 241, "y": 41})
    sam.waits_to_see("Take Quay off the plan")
    assert abs(place_of(sam) - 75) < 1, "where it was pressed is where it stands"
    plan = sam.page.url

    wall = people.signs_in("wally@heard.example", "auditor", "The wall", viewport={"width": 1920, "height": 1080})
    wall.goes_to(plan)
    assert wall.page.locator(".marks:not(.key) .is-not-watched").count() == 1
    picture = wall.page.locator(".plan img")
    assert picture.evaluate("one => one.naturalWidth") == 1600 and abs(place_of(wall) - 75) < 1
    sam.goes_to(at)
    sam.page.fill("#name", "The button")
    sam.page.click("text=Add it, and show its address once")
    ping = sam.page.inner_text("#address")
    assert sam.page.request.get(ping).text() == "OK"
    arms(sam, at, "ping", "the button", "1 h")
    wall.page.wait_for_selector(".marks:not(.key) .is-kept", timeout=10_000)
    assert sam.page.request.get(f"{ping}/fail").text() == "OK"
    wall.page.wait_for_selector(".marks:not(.key) .is-alarm", timeout=10_000)
    assert wall.page.locator(".marks:not(.key) .word").all_text_contents() == ["Alarm"]
    assert "Sam" not in wall.page.inner_text("main") and "Olu" not in wall.page.inner_text("main")


def place_of(one: Reader) -> float:
    """How far from the left, in per cent of the picture, the only mark is seen."""
    picture, mark = one.page.locator(".plan img").bounding_box(), one.page.locator(".mark .reach").first.bounding_box()
    assert picture is not None and mark is not None
    return float(100 * (mark["x"] + mark["width"] / 2 - picture["x"]) / picture["width"])
