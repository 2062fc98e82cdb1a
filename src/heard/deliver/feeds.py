"""Atom and JSON Feed of a case: the newest posts as readers may see them, withdrawals included."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Any

import feedgenerator
import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute

from heard.cases.exits import Outgoing, Serving, WayOut, case_at
from heard.cases.model import Case
from heard.cases.release import Door
from heard.coverage import projection
from heard.coverage.elements import Image, pictures
from heard.coverage.shown import Shown, show
from heard.coverage.unasked import met_unasked, unasked
from heard.text.markdown import escape, to_html
from heard.text.xml import writable

ITEMS = 50


def routes() -> list[BaseRoute]:
    return [WayOut("/{slug}/feed.atom", "feed", atom), WayOut("/{slug}/feed.json", "feed", json_feed)]


async def atom(request: Request, serving: Serving) -> Outgoing:
    """RFC 4287. A post's id and address never change; `updated` is its last change, never the time of asking."""
    case, door = case_at(serving, request)
    base, posts = _base(request), _posts(serving, case, door)
    feed = _Feed(
        case.opened_at,
        title=writable(unasked(door, case.title)),
        link=f"{base}/{case.slug}/",
        description=writable(unasked(door, case.standfirst)),
        feed_url=f"{base}/{case.slug}/feed.atom",
        author_name="Heard",
        language="en-GB",
    )
    for post in posts:
        headline, words = met_unasked(door, post)
        feed.add_item(
            title=writable(headline),
            link=_address(base, case, post),
            unique_id=_address(base, case, post),
            description=writable(_html(base, case, post, words)),
            pubdate=post.published_at,
            updateddate=_changed_at(case, post),
            author_name=writable(post.byline) or None,
        )
    return Outgoing(door.let("feed", feed.writeString("utf-8")), "application/atom+xml", case=case.id)


class _Feed(feedgenerator.Atom1Feed):  # type: ignore[misc]
    """One that changed last when its newest post did, and without a post when the case was opened: never now."""

    def __init__(self, opened_at: datetime, **about: Any) -> None:
        super().__init__(**about)
        self._opened_at = opened_at

    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else self._opened_at


async def json_feed(request: Request, serving: Serving) -> Outgoing:
    """JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    case, door = case_at(serving, request)
    base, posts = _base(request), _posts(serving, case, door)
    made: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": unasked(door, case.title),
        "home_page_url": f"{base}/{case.slug}/",
        "feed_url": f"{base}/{case.slug}/feed.json",
        "description": unasked(door, case.standfirst),
        "language": "en-GB",
        "items": [_item(base, case, door, post) for post in posts],
    }
    return Outgoing(door.let("feed", msgspec.json.encode(made).decode()), "application/feed+json", case=case.id)


def _item(base: str, case: Case, door: Door, post: Shown) -> dict[str, Any]:
    headline, words = met_unasked(door, post)
    item: dict[str, Any] = {
        "id": _address(base, case, post),
        "url": _address(base, case, post),
        "content_html": _html(base, case, post, words),
        "date_modified": _changed_at(case, post).isoformat(),
    }
    if post.title:
        item["title"] = headline
    if post.published_at:
        item["date_published"] = post.published_at.isoformat()
    if post.byline:
        item["authors"] = [{"name": post.byline}]
    return item


def _html(base: str, case: Case, post: Shown, words: str) -> str:
    """The words, then the pictures; in a feed an address says where it is whole."""
    return to_html(escape(words)) + "".join(_img(f"{base}/{case.slug}/media", one) for one in pictures(post.elements))


def _img(folder: str, one: Image) -> str:
    address, alt = html.escape(f"{folder}/{next(iter(one.names))}"), html.escape(one.alt)
    return f'<p><img src="{address}" alt="{alt}" width="{one.width}" height="{one.height}"></p>'


def _posts(serving: Serving, case: Case, door: Door) -> list[Shown]:
    return [one for post in projection.newest(serving.tables, case.id, ITEMS) if (one := show(door, post))]


def _changed_at(case: Case, post: Shown) -> datetime:
    """When the item last changed. Where the source gave no time, the case's opening is the only one there is."""
    times = [notice.at for notice in post.notices] + [at for at in (post.updated_at, post.published_at) if at]
    return max(times, default=case.opened_at)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _address(base: str, case: Case, post: Shown) -> str:
    return f"{base}/{case.slug}/posts/{post.id}/"
