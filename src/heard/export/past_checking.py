"""Checking offline a page as readers had it: the rules of docs/formats/past.md."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from heard.cases.entries import CaseDescribed, CaseOpened
from heard.coverage.alert_entries import AlertSent
from heard.coverage.alerts_then import AlertThen
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
    if past.encode() != raw or past.at.tzinfo is None or (past.alerts and past.format == "heard past 1"):
        raise Corrupt("past.json is not written in the one way in which it is.")
    return past


def _check_page(page: str, past: PastPage, entries: list[tuple[Header, Body]]) -> None:
    articles, around = said_on(page)
    if sorted(post for post in articles if post) != sorted(post.id for post in past.posts):
        raise Corrupt("page.html does not show the posts that past.json names.")
    said = {post.entry: post.id for post in past.posts if post.entry}
    sent = {one.entry: one for one in past.alerts}
    for header, body in entries:
        if header.position > past.position or now.instant(header.at) > past.at:
            raise Corrupt(f"Entry {header.position} is later than the instant.")
        if alert := sent.pop(header.position, None):
            if not _says(header, body, past.case, alert):
                raise Corrupt(f"past.json does not say of an alert what entry {header.position} says.")
            continue
        post = said.pop(header.position, "")
        if isinstance(body, CaseOpened | CaseDescribed) and not post:
            stands = header.stream == past.case and stand_in(words_of(body), around)
        else:
            told = isinstance(body, Told) and (header.stream, body.notice) == (past.case, post)
            its = told or (isinstance(body, WORDED) and header.stream == post and body.case == past.case)
            stands = its and stand_in(words_of(body), articles[post])
        if not stands:
            raise Corrupt(f"page.html does not say what entry {header.position} says.")
    if lacking := said.keys() | sent.keys():
        raise Corrupt(f"Entry {min(lacking)}, which past.json names, is missing.")


def _says(header: Header, body: Body, case: str, alert: AlertThen) -> bool:
    """Whether the entry says that this alert went out: of which post, what, in which wording, when and to how many."""
    told = isinstance(body, AlertSent) and (body.case, body.sort, body.wording, body.to)
    right = told == (case, alert.sort, alert.wording, alert.to)
    return right and header.stream == alert.post and now.instant(header.at) == alert.sent_at
