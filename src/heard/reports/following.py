"""Following reports: a feed of what changed, and a calendar of last days.

Neither names who died, nor tells a method.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from html import escape
from typing import Any

import feedgenerator
from icalendar import Calendar, Event

from heard.reports import standing
from heard.reports.register import Register
from heard.reports.shown import Shown
from heard.text.xml import writable

ITEMS = 50


def subject(one: Shown) -> str:
    """How a report is called where it is met unasked: by its reference, area and date, and by nobody's name."""
    said = f"Report {one.ref or one.slug}"
    parts = [said, *([one.area] if one.area else []), *([f"{one.dated.day} {one.dated:%B %Y}"] if one.dated else [])]
    return writable(", ".join(parts))


def as_feed(register: Register, reports: Iterable[Shown], title: str, address: str, base: str, on: date) -> str:
    """RFC 4287: an item for each report, changed when a source told something new of it."""
    title = writable(title)
    feed = _Feed(on, title=title, link=address, description="", feed_url=address, author_name="Heard", language="en-GB")
    for one in list(reports)[:ITEMS]:
        link = f"{base}/reports/{one.slug}/"
        stands = standing.stands(one, register.days_read(one.id), on)
        said = "; ".join(f"{stand.addressee.name}: {stand.words}" for stand in stands) or "Addressees are not known."
        feed.add_item(
            title=subject(one),
            link=link,
            unique_id=link,
            description=escape(writable(said)),  # a summary is HTML to whoever reads the feed
            updateddate=_instant(max((day for _, day in one.sources), default=one.added or one.dated or on)),
            pubdate=_instant(one.added or one.dated or on),
        )
    return str(feed.writeString("utf-8"))


class _Feed(feedgenerator.Atom1Feed):  # type: ignore[misc]
    """One that says the day of asking where it has no report, and not the moment."""

    def __init__(self, on: date, **about: Any) -> None:
        super().__init__(**about)
        self._on = on

    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else _instant(self._on)


def _instant(day: date) -> datetime:
    """A feed knows no civil days: midnight at its beginning, UTC."""
    return datetime.combine(day, time(), UTC)


def as_calendar(reports: Iterable[Shown], base: str, *, body: str = "", since: date = date.min) -> str:
    """RFC 5545: the last day of each addressee, as a day and not as an hour.

    Of one body alone where its key is given; of many reports only what is not longer ago than `since`.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Heard//reports//EN")
    calendar.add("version", "2.0")
    for one in reports:
        for place, (addressee, due) in enumerate(zip(one.addressees, one.dues, strict=True)):
            if due is None or due.on < since or (body and addressee.key != body):
                continue
            event = Event()
            event.add("uid", f"{one.id}-{addressee.key or place}@heard")
            event.add("dtstamp", _instant(due.start))
            event.add("dtstart", due.on)
            event.add("summary", writable(f"Last day to respond: {addressee.name} ({one.ref or one.slug})"))
            event.add("url", f"{base}/reports/{one.slug}/")
            event.add("transp", "TRANSPARENT")
            calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")
