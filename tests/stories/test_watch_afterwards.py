"""An alarm rang for a phone that had no line: it is closed as false with its cause, looked into, and replayed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page

from tests.axe import violations
from tests.server import Server
from tests.stories.reader import Reader
from tests.stories.watchers import PHONE, Opens, People, arms, posts, station
from tests.waiting import wait_until
from tests.watch.phone import LAT, LON, METRE


def is_clean(page: Page) -> None:
    """axe finds nothing, and nothing is wider than the screen."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert (violations(page), wide) == ([], 0), page.url


class Line:
    """A phone over OsmAnd's protocol: what it could not send, it sends when it has a line again."""

    def __init__(self, server: Server, address: str) -> None:
        self.server, self.path, self.said = server, address[address.index("/fixes/") :], 0

    def says_here(self, at: datetime) -> None:
        self.said += 1
        lat = LAT + (3 + 0.01 * (self.said % 7)) * METRE
        where = {"lat": f"{lat:.8f}", "lon": f"{LON}", "accuracy": "4", "timestamp": f"{at.timestamp():.3f}"}
        assert self.server.reader.get(self.path, params={"id": "x", **where}).status_code == 200

    def catches_up(self, since: datetime) -> None:
        """All that it had to say since an instant, a fix a second, the newest last."""
        until = datetime.now(UTC)
        while since < until:
            since += timedelta(seconds=1)
            self.says_here(min(since, until))


def test_an_alarm_that_was_false_has_a_cause_asks_for_a_review_and_is_replayed_both_ways(
    server: Server, reader: Opens
) -> None:
    people = People(server, reader)
    sam = people.signs_in("sam@heard.example", "supervisor", "Sam Supervisor", **PHONE)
    olu = people.signs_in("olu@heard.example", "holder", "Olu Officer", **PHONE)
    at = station(sam, "Post 9")
    posts(sam, at, "Olu Officer")
    sam.page.fill("#lat", f"{LAT}")
    sam.page.fill("#lon", f"{LON}")
    sam.page.fill("#radius", "25")
    sam.page.fill("#good_for", "5 s")
    sam.page.click("text=It is here from now on")
    sam.waits_to_see("Done.")
    olu.goes_to("/watch/mine/")
    olu.page.click("text=Begin the duty")
    olu.waits_to_see("On duty since")
    olu.page.click("text=Add it, and show its address once")
    line, began_at = Line(server, olu.page.inner_text("#address")), datetime.now(UTC)
    arms(sam, at, "present", "below strength", "1 s", at_last=lambda: line.says_here(datetime.now(UTC)))

    # The line is cut: nobody can say that all was well, until what had waited on the phone comes.
    sam.goes_to("/watch/")
    sam.page.wait_for_selector(".alarm.open", timeout=30_000)
    alarm = str(sam.page.get_attribute(".alarm.open a", "href"))
    sam.goes_to(alarm)
    assert sam.sees("Nobody can say that it was kept.")
    line.catches_up(began_at)
    wait_until(lambda: server.client.get(f"/api/v1{alarm[:-1]}").json()["state"] == "cleared")
    olu.goes_to("/watch/mine/")
    olu.page.click("text=End the duty")
    olu.waits_to_see("Not on duty here.")

    sam.goes_to(alarm)
    assert sam.sees("(late evidence)")
    is_clean(sam.page)
    sam.page.fill("#reason", "She stood at the gate; the mast was down.")
    sam.page.select_option("#false_by", "late-evidence")
    sam.page.click("text=Close the alarm")
    sam.waits_to_see("It rang, and ought not to have.")
    is_clean(sam.page)

    review(sam, at)
    audit(people.signs_in("aud@heard.example", "auditor", "Aud Itor"))


def review(sam: Reader, at: str) -> None:
    """One false alarm of one is more than one in twenty: the board asks, and a named person answers."""
    sam.goes_to("/watch/")
    asked = "A review is asked since"
    assert re.search(r"1 of \d alarms was false", sam.page.inner_text("#reviews + ul")) and sam.sees(asked)
    is_clean(sam.page)
    sam.page.click("#reviews + ul a")
    sam.page.wait_for_url(f"{at}#review-*")
    is_clean(sam.page)
    sam.page.fill("[id^=review-why]", "One mast serves the gate; phones are asked for less often while it is mended.")
    sam.page.click("[id^=review-] button")
    sam.waits_to_see("Done.")
    assert not sam.sees("A review is asked")
    sam.goes_to("/watch/")
    assert not sam.sees(asked)


def audit(aud: Reader) -> None:
    """At 1280 and at 390: then it was not known and rang; as is known now it was kept, and nothing did."""
    aud.page.click("text=Replay an hour")
    aud.page.select_option("#station", label="Post 9")
    a_while_ago = datetime.now(ZoneInfo("Europe/London")) - timedelta(minutes=30)
    aud.page.fill("#on", a_while_ago.strftime("%Y-%m-%d"))
    aud.page.fill("#from", a_while_ago.strftime("%H:%M"))
    aud.page.click("text=Show the hour")
    aud.page.click("li:has-text('It rang, as not known to be kept') a")

    def cells(row: str) -> list[str]:
        return aud.page.locator(f".both tr:has(th:has-text('{row}')) td").all_inner_texts()

    aud.waits(lambda: cells("below strength") == ["not known", "kept (differs)"], "for both readings")
    then, today = cells("Alarms")
    assert then.startswith("below strength, since") and today == "none (differs)"
    assert cells("People") == ["1 on duty: 0 here, 1 not known", "1 on duty: 1 here (differs)"]
    assert aud.sees("Sam Supervisor closed the alarm “below strength” as false, since it was kept, and we heard")
    assert aud.sees("Sam Supervisor looked into the alarms of “below strength”")
    for width in (1280, 390):
        aud.page.set_viewport_size({"width": width, "height": 844})
        is_clean(aud.page)
