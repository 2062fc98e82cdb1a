"""A link as a card: what a page says that it is, asked for once, on an editor's word, and then text like any other."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from heard.coverage.elements import Embed, Link
from heard.engine.errors import Refused, Unavailable
from heard.outside.reaching import NOT_REACHED, reach
from heard.outside.titles import told_by

AT_ONCE = 4
LOOK = "This is what the page says of itself. Put it in your own words, or publish it so."

_lines = asyncio.Semaphore(AT_ONCE)


async def looked_up(form: Mapping[str, str]) -> dict[str, str]:
    """The title and words of the page that the form names. Nothing is published by it, and no picture is taken.

    Raises Refused, Unavailable.
    """
    address = form.get("link", "").strip()
    if not address:
        raise Refused("The address of the page is missing. Nothing was asked.")
    if _lines.locked():
        raise Unavailable("Other pages are being looked at. Try again in a moment; your words are still here.")
    async with _lines:
        page = await reach(address)
    told = await asyncio.to_thread(told_by, page)
    if not told.title:
        raise Refused(NOT_REACHED)
    return {"link_title": told.title, "link_text": told.words}


def of_form(form: Mapping[str, str], frames_from: Collection[str] = ()) -> tuple[Link | Embed, ...]:
    """The card that a form describes, or none."""
    address = form.get("link", "").strip()
    if not address:
        return ()
    return (card(address, form.get("link_title", "").strip(), form.get("link_text", ""), frames_from),)


def card(address: str, title: str, text: str, frames_from: Collection[str]) -> Link | Embed:
    """A card that leads there; or can be opened in its place, where the operator named what it is loaded from.

    Without a title the host stands for it.
    """
    frame = _frame(address)
    host = _host(address)
    if frame and _origin(frame) in frames_from:
        return Embed(host, address, title, text, frame)
    return Link(address, title or host or address, text)


#: Sites that have another address for what is shown on pages of others: one that sets no cookie, or asks not to.
_KNOWN = (
    (
        r"https?://(?:www\.|m\.)?youtube\.com/watch\?(?:.*&)?v=([\w-]{11})(?:&.*)?",
        "https://www.youtube-nocookie.com/embed/",
    ),
    (r"https?://youtu\.be/([\w-]{11})(?:\?.*)?", "https://www.youtube-nocookie.com/embed/"),
    (r"https?://vimeo\.com/([0-9]{1,12})(?:\?.*)?", "https://player.vimeo.com/video/"),
)


def _frame(address: str) -> str:
    for pattern, before in _KNOWN:
        if found := re.fullmatch(pattern, address):
            return before + found[1]
    return address


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def origins(sites: Collection[str]) -> tuple[str, ...]:
    """What an operator named, as origins, for the browser to be bound to.

    Raises Refused for what is none: a whole address, a star, a scheme alone.
    """
    for site in sites:
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", site):
            raise Refused(f"{site} is no origin such as https://player.vimeo.com. Nothing was started.")
    return tuple(sites)
