"""What machines read of a page: schema.org LiveBlogPosting and Open Graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from heard.cases.model import Case
from heard.cases.release import Door, Released
from heard.coverage.elements import Image, pictures
from heard.coverage.model import Coverage
from heard.coverage.shown import Shown
from heard.coverage.unasked import met_unasked, unasked

PUBLISHER = {"@type": "Organization", "name": "Heard"}


def live_blog(door: Door, case: Case, coverage: Coverage, posts: Sequence[Shown], base: str) -> Released:
    """LiveBlogPosting as JSON, with an update for each post that has words (https://schema.org/LiveBlogPosting).

    It stands in a script element of the page, so that no "<" is written in it.
    """
    address = f"{base}/{case.slug}/"
    updates = [_update(door, post, address) for post in posts if post.status == "published" and post.kind == "post"]
    times = [update["datePublished"] for update in updates if "datePublished" in update]
    made: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "headline": unasked(door, case.title)[:110],
        "description": unasked(door, case.standfirst),
        "url": address,
        "mainEntityOfPage": address,
        "coverageStartTime": _time(case.opened_at),
        "datePublished": _time(case.opened_at),
        "dateModified": max(times, default=_time(case.opened_at)),
        "author": PUBLISHER,
        "publisher": PUBLISHER,
        "liveBlogUpdate": updates,
    }
    if coverage.state == "closed" and coverage.since:
        made["coverageEndTime"] = _time(coverage.since)
    return door.let("json_ld", msgspec.json.encode(made).decode().replace("<", "\\u003c"))


def _update(door: Door, post: Shown, address: str) -> dict[str, Any]:
    headline, words = met_unasked(door, post)
    made: dict[str, Any] = {
        "@type": "BlogPosting",
        "headline": headline,
        "articleBody": words,
        "url": f"{address}posts/{post.id}/",
    }
    if post.byline:
        made["author"] = {"@type": "Person", "name": post.byline}
    if post.published_at:
        made["datePublished"] = _time(post.published_at)
    if post.notices:
        made["dateModified"] = _time(post.notices[-1].at)
    return made


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def card(
    door: Door, case: Case, base: str, post: Shown | None = None, posts: Sequence[Shown] = ()
) -> dict[str, Released]:
    """Open Graph of a case, or of one post of it; with the picture of that, or of the pinned or newest of `posts`."""
    if post is None:
        title, text, path = unasked(door, case.title), unasked(door, case.standfirst), f"/{case.slug}/"
    else:
        title, text = met_unasked(door, post)
        path = f"/{case.slug}/posts/{post.id}/"
    description = " ".join((text or case.title).split())[:300]
    made = {"title": title, "description": description, "url": base + path, "type": "article", "site_name": "Heard"}
    if image := _pictured(door, [post] if post else _newest(posts)):
        made["image"] = f"{base}/{case.slug}/media/{next(iter(image.names))}"
        made |= {"image:alt": image.alt, "image:width": str(image.width), "image:height": str(image.height)}
    return {name: door.let("open_graph", value) for name, value in made.items()}


def _newest(posts: Sequence[Shown]) -> list[Shown]:
    """What is pinned, then the newest."""
    return [one for pinned in (True, False) for one in posts[::-1] if one.pinned == pinned]


def _pictured(door: Door, posts: Iterable[Shown]) -> Image | None:
    """The first picture among them. A card is met by people who did not ask for it, so in a case that is reported with
    care it has none. Whether an order is in force changes nothing, since that must not be told; of a post that one
    withholds there is no picture here.
    """
    shown = (one for one in posts if one.status == "published" and not door.care)
    return next((image for one in shown for image in pictures(one.elements)), None)
