"""The first hour of the fictional inquest, as the demonstration tells it, typed on a phone in court."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import takewhile
from typing import Any

from heard.demo.player import script
from tests.stories.colleague import Colleague
from tests.stories.hearing import Hearing
from tests.stories.people import another_link
from tests.stories.phone import PHONE, Phone
from tests.stories.reader import Reader

#: Where in the hour the line goes and comes back, and where the phone is killed: numbers of posts.
LINE_GOES, LINE_COMES = {5, 15}, {10, 22}
KILLED = 19
HELD = "d1-009"
CORRECTED = "d1-019"


def hour() -> list[dict[str, Any]]:
    """All that is told until the coroner rises for the first time."""
    return list(takewhile(lambda step: step["do"] != "pause", script()["steps"]))


def typed(step: dict[str, Any]) -> str:
    """As a reporter types it: the words, and under them what was said."""
    return "\n\n".join([step["text"], *(f"“{quote['words']}”" for quote in step.get("quotes", ()))])


def bare(words: str) -> str:
    return re.sub(r"[\W_]+", "", words)


def published(hearing: Hearing) -> list[dict[str, Any]]:
    """What readers have of the hour, in the order in which it was written."""
    items = hearing.server.client.get(f"/api/v1/cases/{hearing.slug}/posts?limit=500").json()["items"]
    found = [one for one in items if "written_at" in one and not one["text"].startswith("Post number")]
    return sorted(found, key=lambda one: int(one["position"]))


def test_an_hour_of_the_inquest_is_covered_from_a_phone(
    reader: Callable[..., Reader], phones: Callable[..., Phone], hearing: Hearing
) -> None:
    """Twenty-nine posts, one of which names whom it must not; the line is lost twice and the phone killed once. Posts
    lost 0, doubled 0, out of order 0, published though restricted 0; an editor corrects what was misheard.
    """
    [order] = script()["restrictions"]
    hearing.does(f"/cases/{hearing.slug}/restrictions", {name: order[name] for name in ("basis", "names", "scope")})
    told = {step["key"]: typed(step) for step in hour() if step["do"] == "publish"}
    one, phone = reader(f"/{hearing.slug}/"), phones()
    phone.opens(hearing.slug)
    phone.is_ready_to_lose_its_line()
    for number, words in enumerate(told.values()):
        if number in LINE_GOES:
            phone.has_line(False)
        if number == KILLED:
            phone.is_killed()
            phone.starts(line=False)
            phone.opens(hearing.slug)
        if number in LINE_COMES:
            phone.has_line(True)
            if number > KILLED:  # with the browser its session went
                phone.reporter.waits_to_see("You are signed out.")
                phone.signs_in(another_link(hearing.server))
                phone.opens(hearing.slug)
            phone.shows_waiting()
        phone.writes(words)
    phone.shows_waiting()

    expected = [bare(words) for key, words in told.items() if key != HELD]
    one.waits(lambda: expected[-1] in bare(one.page.inner_text("main")), "for the last of the hour")
    posts = published(hearing)
    assert len(expected) > 25
    assert [bare(post["text"]) for post in posts] == expected
    assert all(post["written_at"] <= post["published_at"] for post in posts)
    assert not any(one.sees(name) for name in order["names"])
    assert one.shown() == one.fresh()

    editor = Colleague(reader, hearing.server, "Edda", "editor", hearing.slug, **PHONE)
    correction = next(step for step in hour() if step["do"] == "correct")
    [misheard] = [post["id"] for post in posts if bare(post["text"]) == bare(told[CORRECTED])]
    editor.corrects(misheard, correction["text"], correction["reason"])
    one.waits(lambda: bare(correction["text"]) in bare(one.page.inner_text("main")), "for the correction")
    assert bare(told[CORRECTED]) not in bare(one.page.inner_text("main"))
    assert not one.sees(correction["reason"])
