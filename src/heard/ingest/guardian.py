"""A live blog as the Guardian's page data: blocks of elements, as JSON.

Times are milliseconds since 1970. What lives on other sites (a tweet, a video) becomes a named placeholder and nothing
is fetched; a kind of element that is not known here becomes one too, so that a reader sees that something stood there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from heard.cases.model import STANDFIRST_MAX
from heard.coverage.elements import Element, Embed, Heading, Image, Link, Quote, Text, checked, plain
from heard.coverage.model import TITLE_MAX
from heard.engine import now
from heard.engine.errors import Refused
from heard.ingest.blog import Blog, Line, Post
from heard.ingest.plain_text import split_title
from heard.text.markdown import escape, from_html
from heard.text.paragraphs import text_of

#: A change within this is the end of publishing, not an update: their page does not show it as one either.
UPDATE_AFTER = timedelta(seconds=60)


class _Contributor(msgspec.Struct):
    name: str


class _Attributes(msgspec.Struct, rename="camel"):
    pinned: bool = False
    key_event: bool = False
    summary: bool = False


class _Block(msgspec.Struct, rename="camel"):
    id: str
    elements: list[dict[str, Any]]
    title: str | None = None
    first_published: int | None = None
    last_updated: int | None = None
    attributes: _Attributes = msgspec.field(default_factory=_Attributes)
    contributors: list[str | _Contributor] = []


class _LiveBlog(msgspec.Struct, rename="camel"):
    headline: str
    blocks: list[_Block]
    standfirst: str = ""
    byline: str | None = None
    web_publication_date: str | None = None
    pinned: str | None = None
    key_events: list[str] = []


def read(raw: bytes) -> Blog:
    """The live blog in a JSON document of the Guardian's.

    Raises Refused, saying where, for JSON that is malformed or is something else.
    """
    page = decoded(raw, _LiveBlog)
    posts = [_post(block, page) for block in page.blocks]
    if len({post.id for post in posts}) < len(posts):
        raise Refused("Two blocks of this live blog have the same id, so it is damaged. Nothing was imported.")
    kept = [post for post in posts if post.elements]
    if not kept:
        raise Refused("This live blog has no posts. Nothing was imported.")
    headline, hearing, suffix = split_title(page.headline)
    standfirst = text_of(page.standfirst)
    short = len(standfirst) <= STANDFIRST_MAX
    return Blog(
        source="guardian",
        digest=hashlib.sha256(raw).hexdigest(),
        title=Line(page.headline),
        headline=headline,
        hearing=hearing,
        suffix=suffix,
        standfirst=Line(standfirst) if standfirst and short else None,
        summary=() if short else (Line(standfirst),),
        live=tuple(_in_order(kept)),
        dropped=tuple(Line(f"block {post.id}, in which there is nothing") for post in posts if not post.elements),
        byline=page.byline or "",
        published_at=_instant(page.web_publication_date),
    )


T = TypeVar("T")


def decoded(raw: bytes, shape: type[T]) -> T:
    """JSON of a certain shape.

    Raises Refused with the line, or the place in the document, where it goes wrong.
    """
    try:
        # First whether it is JSON at all, so that a damaged file is called damaged and not "no live blog".
        return msgspec.convert(msgspec.json.decode(raw), shape)
    except msgspec.ValidationError as wrong:
        raise Refused(f"This JSON is not a live blog that can be read here: {wrong}. Nothing was imported.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        found = re.search(r"byte (\d+)|position (\d+)", str(wrong))
        line = raw[: int(found[1] or found[2])].count(b"\n") + 1 if found else raw.count(b"\n") + 1
        raise Refused(f"Line {line} of this file is not JSON: {wrong}. Nothing was imported.") from None
    except RecursionError:
        raise Refused("This JSON is nested too deeply to be a live blog. Nothing was imported.") from None


def _post(block: _Block, page: _LiveBlog) -> Post:
    try:
        elements, title = _elements(block), (block.title or "").strip()
        published_at, updated_at = _from_milliseconds(block.first_published), _from_milliseconds(block.last_updated)
    except msgspec.ValidationError as wrong:
        raise Refused(f"Block {block.id} of this live blog cannot be read: {wrong}. Nothing was imported.") from None
    if title and (not elements or len(title) > TITLE_MAX):
        elements, title = (Text(escape(title)), *elements), ""
    if elements:
        try:
            checked(elements)
        except Refused as refusal:
            raise Refused(f"Block {block.id} of this live blog cannot be kept: {refusal}") from None
    updated = published_at is not None and updated_at is not None and updated_at - published_at > UPDATE_AFTER
    names = [one if isinstance(one, str) else one.name for one in block.contributors]
    return Post(
        id=block.id,
        words=plain(elements),
        elements=elements,
        title=title,
        byline=", ".join(names)[:TITLE_MAX],
        published_at=published_at,
        updated_at=updated_at if updated else None,
        key_event=block.attributes.key_event or block.id in page.key_events,
        pinned=block.attributes.pinned or block.id == page.pinned,
        summary=block.attributes.summary,
    )


def _from_milliseconds(since_1970: int | None) -> datetime | None:
    if since_1970 is None:
        return None
    try:
        return datetime.fromtimestamp(since_1970 / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        raise msgspec.ValidationError(f"{since_1970} is no time in milliseconds since 1970") from None


def _instant(written: str | None) -> datetime | None:
    try:
        return now.instant(written) if written else None
    except ValueError:
        raise Refused(f"“{written}” is no instant (webPublicationDate). Nothing was imported.") from None


def _in_order(posts: list[Post]) -> list[Post]:
    """Oldest first where every time is known, else as they stand."""
    at = {post.id: post.published_at for post in posts}
    if None in at.values():
        return posts
    return sorted(posts, key=lambda post: (post.published_at is None, post.published_at))


def _elements(block: _Block) -> tuple[Element, ...]:
    elements: list[Element] = []
    for raw in block.elements:
        for element in _READERS.get(str(raw.get("type")), _unknown)(raw):
            before = elements[-1] if elements else None
            if isinstance(before, Text) and isinstance(element, Text):
                elements[-1] = Text(f"{before.markdown}\n\n{element.markdown}")
            else:
                elements.append(element)
    return tuple(elements)


class _Html(msgspec.Struct):
    html: str


class _Caption(msgspec.Struct):
    alt: str | None = None
    caption: str | None = None
    credit: str | None = None


class _Picture(msgspec.Struct):
    data: _Caption


class _Card(msgspec.Struct):
    url: str
    text: str


class _Elsewhere(msgspec.Struct, rename="camel"):
    """Whatever an element on another site may say of itself."""

    type: str = "something"
    url: str | None = None
    original_url: str | None = None
    embed_url: str | None = None
    source: str | None = None
    title: str | None = None
    media_title: str | None = None
    text: str | None = None
    caption: str | None = None
    alt: str | None = None
    html: str | None = None
    asset_id: str | None = None


def _text(raw: dict[str, Any]) -> list[Element]:
    markdown = from_html(msgspec.convert(raw, _Html).html)
    return [Text(markdown)] if markdown else []


def _quote(raw: dict[str, Any]) -> list[Element]:
    words = text_of(msgspec.convert(raw, _Html).html)
    return [Quote(words, as_said="reported")] if words else []


def _heading(raw: dict[str, Any]) -> list[Element]:
    words = text_of(msgspec.convert(raw, _Html).html)
    return [Heading(" ".join(words.split()))] if words else []


def _image(raw: dict[str, Any]) -> list[Element]:
    """A picture that stays where it is: its description and credit are taken over."""
    data = msgspec.convert(raw, _Picture).data
    alt, caption = (data.alt or data.caption or "").strip(), text_of(data.caption or "")
    picture = _fitting(Image(alt, data.credit or ""), alt)
    return [*picture, Text(escape(caption))] if caption and caption != text_of(alt) else picture


def _card(raw: dict[str, Any]) -> list[Element]:
    card = msgspec.convert(raw, _Card)
    return _fitting(Link(card.url, card.text.strip()), card.text)


def _unknown(raw: dict[str, Any]) -> list[Element]:
    # What is no text is none of its words: an unknown kind may hold anything, and is no reason to refuse the blog.
    about = msgspec.convert({name: value for name, value in raw.items() if isinstance(value, str)}, _Elsewhere)
    kind = about.type.removesuffix("BlockElement")
    provider = about.source or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind) or "something"
    video = f"https://www.youtube.com/watch?v={about.asset_id}" if kind == "Youtube" and about.asset_id else ""
    url = about.url or about.original_url or about.embed_url or video
    words = about.title or about.media_title or about.text or about.caption or about.alt or text_of(about.html or "")
    title = " ".join(words.split())
    return _fitting(Embed(provider, url, title if len(title) <= 500 else f"{title[:499]}…"), title or provider)


def _fitting(element: Element, words: str) -> list[Element]:
    """The element, or its words alone where a post could not hold it (an address that is none, a title too long)."""
    try:
        return list(checked((element,)))
    except Refused:
        return [Text(escape(words.strip()))] if words.strip() else []


_READERS: dict[str, Callable[[dict[str, Any]], list[Element]]] = {
    "TextBlockElement": _text,
    "BlockquoteBlockElement": _quote,
    "SubheadingBlockElement": _heading,
    "ImageBlockElement": _image,
    "RichLinkBlockElement": _card,
}
