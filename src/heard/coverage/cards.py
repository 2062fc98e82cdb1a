"""A link as a card: what a page says that it is, asked for once, on an editor's word, and then text like any other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from heard.coverage.elements import Link
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


def of_form(form: Mapping[str, str]) -> tuple[Link, ...]:
    """The card that a form describes, or none. Without a title the host stands for it."""
    address = form.get("link", "").strip()
    if not address:
        return ()
    title = form.get("link_title", "").strip() or urlsplit(address).hostname or address
    return (Link(address, title, form.get("link_text", "")),)
