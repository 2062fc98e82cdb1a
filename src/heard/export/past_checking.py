"""Checking offline a page as readers had it: the rules of docs/formats/past.md."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from heard.cases.entries import CaseDescribed, CaseOpened
from heard.coverage.entries import Told
from heard.engine import now
from heard.engine.entry import Body, Header
from heard.engine.errors import Corrupt
from heard.export import archive, manifest
from heard.export.checking import checkpoint_in, entries_in, manifest_lists, signed_by, text_of
from heard.export.past import FILES, WORDED, PastPage, words_of
from heard.export.reading_page import said_on, stand_in


class CheckedPast(msgspec.Struct, frozen=True):
    """A page of then that fits; `unproved` are posts on it of which no entry is carried."""

    past: PastPage
    key: str
    entries: int
    unproved: int
    journal_size: int


def is_past(raw: bytes) -> bool:
    """Whether a zip says of itself that it is such a page."""
    return "past.json" in archive.unpack(raw)


def check_past(
    raw: bytes, key: str = "", progress: Callable[[int, int], None] = lambda done, total: None
) -> CheckedPast:
    """What the zip holds, if everything in it fits; `key` is the public key that it must be signed with, if known.

    Raises Corrupt naming what does not fit, Refused when it was signed with another key.
    """
    files = archive.unpack(raw)
    origin, public_key = signed_by(files, key)
    manifest_lists(files, manifest.read(text_of(files, manifest.NAME), origin, public_key), FILES)
    if set(files) != {*FILES, manifest.NAME}:
        raise Corrupt("There is a file in it that does not belong to a page of then.")
    checkpoint = checkpoint_in(files, origin, public_key)
    past = _past(files["past.json"])
    if past.position > checkpoint.size:
        raise Corrupt("past.json names an entry that is later than the checkpoint.")
    entries = entries_in(files["entries.ndjson"], checkpoint, progress)
    _check_page(text_of(files, "page.html"), past, entries)
    unproved = sum(not post.entry for post in past.posts)
    return CheckedPast(past, text_of(files, "public-key").strip(), len(entries), unproved, checkpoint.size)


def _past(raw: bytes) -> PastPage:
    try:
        past = msgspec.json.decode(raw, type=PastPage)
    except (msgspec.MsgspecError, RecursionError) as wrong:
        raise Corrupt(f"past.json is not one that this version of Heard can read: {wrong}.") from wrong
    if past.encode() != raw or past.at.tzinfo is None:
        raise Corrupt("past.json is not written in the one way in which it is.")
    return past


def _check_page(page: str, past: PastPage, entries: list[tuple[Header, Body]]) -> None:
    articles, around = said_on(page)
    if sorted(post for post in articles if post) != sorted(post.id for post in past.posts):
        raise Corrupt("page.html does not show the posts that past.json names.")
    said = {post.entry: post.id for post in past.posts if post.entry}
    for header, body in entries:
        if header.position > past.position or now.instant(header.at) > past.at:
            raise Corrupt(f"Entry {header.position} is later than the instant.")
        post = said.pop(header.position, "")
        if isinstance(body, CaseOpened | CaseDescribed) and not post:
            stands = header.stream == past.case and stand_in(words_of(body), around)
        else:
            told = isinstance(body, Told) and (header.stream, body.notice) == (past.case, post)
            its = told or (isinstance(body, WORDED) and header.stream == post and body.case == past.case)
            stands = its and stand_in(words_of(body), articles[post])
        if not stands:
            raise Corrupt(f"page.html does not say what entry {header.position} says.")
    if said:
        raise Corrupt(f"Entry {min(said)}, which past.json names, is missing.")
