"""A plan of the site: its picture is the room's alone, stations stand on it with their state, and nobody else does."""

from __future__ import annotations

import io
import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx2
import pytest
from PIL import Image

from heard.coverage.uploads import UNUSED_KEPT, clear_unused
from heard.engine import now
from heard.opening import open_house
from heard.watch import projection, suspending, suspensions
from tests.server import Server
from tests.watch.hand import Hand

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def drawing(width: int = 800, height: int = 600, colour: str = "beige") -> bytes:
    """A PNG, with words in it that nobody is to see."""
    from PIL.PngImagePlugin import PngInfo

    said, made = PngInfo(), io.BytesIO()
    said.add_text("Comment", "qsecretq")
    Image.new("RGB", (width, height), colour).save(made, "PNG", pnginfo=said)
    return made.getvalue()


@pytest.fixture(scope="module")
def hand(server: Server) -> Hand:
    return Hand(server)


def sends(hand: Hand, path: str, content: bytes, name: str = "The site") -> httpx2.Response:
    return hand.client.post(f"/watch/{path}", data={"name": name}, files={"file": ("plan.png", content, "image/png")})


@pytest.fixture
def plan(hand: Hand) -> str:
    """Its part of the address."""
    answer = sends(hand, "plans/", drawing())
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).removeprefix("/watch/").removesuffix("/")


def marks(page: str) -> list[str]:
    return re.findall(r'<svg x="([\d.]+%" y="[\d.]+%" class="mark [\w-]+)"', page)


def test_a_station_stands_on_it_with_shape_word_and_colour(hand: Hand, plan: str) -> None:
    station = hand.station("Post 7")
    ping = hand.source(station, "The button")
    assert marks(hand.page(f"{plan}/")) == []
    here = station.removeprefix("stations/")
    hand.does(f"{plan}/place", station=here, across="25", down="40.5")
    page = hand.page(f"{plan}/")
    assert marks(page) == ['25.0%" y="40.5%" class="mark is-not-watched'] and 'aria-label="Post 7: Not watched"' in page
    hand.server.reader.get(ping)
    hand.arms(station, "ping", "1 h")
    hand.does(f"{plan}/place", **{"station": here, "at.x": "160", "at.y": "120"})
    page = hand.page(f"{plan}/")
    assert marks(page) == ['50.0%" y="50.0%" class="mark is-kept'] and "<circle r=" in page
    hand.server.reader.get(f"{ping}/fail")
    tries = 400
    while not marks(page := hand.page(f"{plan}/"))[0].endswith("mark is-alarm") and tries:
        tries -= 1
    assert 'aria-label="Post 7: Alarm"' in page and "<path d=" in page
    assert "<b>1 with an alarm</b>" in hand.page("plans/")
    hand.does(f"{plan}/off", station=here)
    assert marks(hand.page(f"{plan}/")) == []


def test_a_station_at_which_something_is_suspended_stands_on_it_too(hand: Hand, plan: str) -> None:
    station = hand.station("Post 6")
    hand.server.reader.get(hand.source(station, "The bell"))
    hand.arms(station, "ping", "1 h")
    here = station.removeprefix("stations/")
    hand.does(f"{plan}/place", station=here, across="25", down="40")
    house = open_house(hand.server.data)
    [armed] = projection.obligations(house.tables, here)
    house.node.do(suspending.ask(armed.id, None, now.utc() + timedelta(hours=1), "pause", "Mended."), by="one")
    [asked] = suspensions.at_station(house.tables, here)
    house.node.do(suspending.agree(asked.id, "another"), by="another")
    house.close()
    tries = 400
    while not (page := hand.page(f"{plan}/")).count("is-suspended") and tries:
        tries -= 1
    assert marks(page) == ['25.0%" y="40.0%" class="mark is-suspended']
    assert 'aria-label="Post 6: Suspended in part"' in page and "Suspended in part" in hand.page("")
    assert "1 station<" in hand.page("plans/")


def test_its_picture_is_made_anew_and_shown_to_nobody_who_may_not_see_the_watch(hand: Hand, plan: str) -> None:
    answer = hand.client.get(f"/watch/{plan}/picture")
    assert answer.headers["content-type"] == "image/jpeg" and answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xff\xd8\xff") and b"qsecretq" not in answer.content
    asked = hand.server.reader.get(f"/watch/{plan}/picture")
    assert asked.status_code == 303 and "/desk/sign-in/" in asked.headers["location"]
    for address in (f"/the-case/media/{'0' * 64}-800.jpg", "/"):
        assert b"\xff\xd8\xff" not in hand.server.reader.get(address).content


def test_another_picture_keeps_the_places_and_a_withdrawn_plan_is_gone(hand: Hand, plan: str) -> None:
    station = hand.station("Post 8").removeprefix("stations/")
    hand.does(f"{plan}/place", station=station, across="10", down="10")
    before = hand.client.get(f"/watch/{plan}/picture").content
    assert sends(hand, f"{plan}/draw", drawing(400, 900, "navy"), "The new site").status_code == 303
    page = hand.page(f"{plan}/")
    assert 'width="400" height="900"' in page and "The new site" in page and len(marks(page)) == 1
    assert hand.client.get(f"/watch/{plan}/picture").content != before
    hand.does(f"{plan}/withdraw")
    assert [hand.client.get(f"/watch/{plan}/{end}").status_code for end in ("", "picture")] == [404, 404]
    assert "The new site" not in hand.page("plans/")


def test_a_plan_stays_when_the_same_picture_that_was_sent_to_a_case_is_destroyed(hand: Hand) -> None:
    hand.server.open_case("the-plan", "A case")
    content = drawing(320, 200, "olive")
    plan = sends(hand, "plans/", content).headers["location"]
    sent = {"content": content, "headers": {"Content-Type": "image/png"}}
    assert hand.client.post("/api/v1/cases/the-plan/pictures", **sent).status_code == 201
    house = open_house(hand.server.data)
    later = now.utc() + UNUSED_KEPT + timedelta(hours=1)
    assert clear_unused(house.vault, house.tables, house.media.erase, later) == 1
    house.close()
    assert hand.client.get(f"{plan}picture").content.startswith(b"\xff\xd8\xff")


WRONG = [
    {"across": "101", "down": "5"},
    {"across": "x", "down": "5"},
    {"across": "nan", "down": "5"},
    {"across": "", "down": ""},
    {"at.x": "900", "at.y": "1"},
]


@pytest.mark.parametrize("asked", WRONG)
def test_what_is_no_place_is_refused_in_words(hand: Hand, plan: str, asked: dict[str, str]) -> None:
    station = hand.station("Post 9").removeprefix("stations/")
    answer = hand.client.post(f"/watch/{plan}/place", data={"station": station, **asked})
    assert answer.status_code == 422 and 'role="alert"' in answer.text and marks(hand.page(f"{plan}/")) == []


def test_what_is_no_picture_or_too_much_is_refused_and_nothing_is_kept(hand: Hand) -> None:
    media = hand.server.data / "media"
    before = sorted(media.iterdir())
    for content in (b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a no", drawing()[:300]):
        answer = sends(hand, "plans/", content)
        assert answer.status_code == 422 and 'role="alert"' in answer.text, content[:20]
    assert sends(hand, "plans/", bytes(17 * 1024**2)).status_code == 413
    assert sorted(media.iterdir()) == before


def test_what_is_opened_and_written_on_an_open_page_stays_when_it_looks_again(
    hand: Hand, plan: str, chromium: Browser
) -> None:
    hand.station("Post 9")
    context = chromium.new_context(base_url=hand.server.address)
    page = context.new_page()
    page.goto(hand.server.link)
    page.click("main button")
    page.goto(f"/watch/{plan}/")
    old = page.query_selector("#main")
    assert old
    page.click("summary:has-text('Place a station')")
    page.fill("#across", "43")
    page.select_option("#station", label="Post 9")
    page.evaluate("document.activeElement.blur()")
    end = time.monotonic() + 40
    while old.evaluate("it => it.isConnected"):
        assert time.monotonic() < end, "it never looked again"
        hand.station(f"Post {time.monotonic_ns()}")  # something changed
        page.wait_for_timeout(200)
    assert page.is_visible("#across") and page.input_value("#across") == "43"
    assert page.locator("#station option:checked").inner_text() == "Post 9" and not page.is_visible("#file")
    context.close()
