"""Which entries an export carries: those of whose words readers may see every one now, each with its proof.

An entry is given away whole or not at all, since its leaf commits to all of it. So what carries a reason, a name under
restriction, words that were put better since, or anything withdrawn stays at home.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from heard.cases.entries import (
    SLUGS,
    CaseDescribed,
    CaseOpened,
    HearingListed,
    PersonNamed,
    SittingBegan,
    SittingRose,
    SlugTaken,
)
from heard.cases.release import Door
from heard.coverage.elements import Text
from heard.coverage.entries import (
    CoverageTakenOver,
    KeyEventMarked,
    KeyEventUnmarked,
    PostClarified,
    PostCorrected,
    PostPinned,
    PostPlaced,
    PostPublished,
    PostRetracted,
    PostTakenOver,
    PostUnpinned,
    SummaryWritten,
    Told,
)
from heard.coverage.model import RETRACTION_NOTICES, Notice
from heard.engine import now
from heard.engine.entry import Body, decode_body
from heard.engine.journal import Journal
from heard.engine.stores import Record
from heard.export.released import ReleasedCase, ReleasedHearing, ReleasedPerson, ReleasedPost

#: Told how much of how much is done.
Progress = Callable[[int, int], None]

_MARKS = (KeyEventMarked, KeyEventUnmarked, PostPinned, PostUnpinned, PostPlaced)


class Carried(msgspec.Struct, frozen=True):
    """One entry that may leave, as its leaf commits to it."""

    position: int
    header: str
    body: str
    salt: bytes


def carried(
    journal: Journal, door: Door, case: ReleasedCase, size: int, progress: Progress = lambda done, total: None
) -> list[Carried]:
    """The entries among the first `size` whose every word is in the released case, in order of position."""
    posts = {post.id: post for post in case.posts}
    found = [
        Carried(record.header.position, record.header.encode().decode(), raw.decode(), salt)
        for record, raw, salt in _opened(journal, list(_streams(case)), progress)
        if record.header.position <= size
        and _may_leave(record, body := decode_body(record.header.kind, record.header.version, raw), case, posts)
        and not door.stops(*strings(body))
    ]
    return sorted(found, key=lambda one: one.position)


def _streams(case: ReleasedCase) -> Iterator[str]:
    yield from (case.id, SLUGS)
    yield from (one.id for one in case.people)
    yield from (one.id for one in case.hearings)
    yield from (one.id for one in case.posts)  # the beginning of a sitting is one of them


def _opened(journal: Journal, streams: Sequence[str], progress: Progress) -> Iterator[tuple[Record, bytes, bytes]]:
    for number, stream in enumerate(streams, 1):
        progress(number, len(streams))
        records = journal.store.stream(stream)
        seals = journal.vault.seals([record.seal for record in records])
        for record in records:
            raw = journal.body_of(record, seals)
            if raw is not None:
                yield record, raw, seals[record.seal].salt


def strings(body: Body) -> list[str]:
    """Every text in a body."""
    found: list[str] = []
    waiting: list[Any] = [msgspec.to_builtins(body)]
    while waiting:
        match waiting.pop():
            case str(text):
                found.append(text)
            case dict() as fields:
                waiting += fields.values()
            case list() | tuple() as several:
                waiting += several
    return found


def _may_leave(record: Record, body: Body, case: ReleasedCase, posts: dict[str, ReleasedPost]) -> bool:
    stream = record.header.stream
    match body:
        case CaseOpened() | CaseDescribed():
            return (body.title, body.standfirst) == (case.title, case.standfirst)
        case SlugTaken():
            return body.case == case.id
        case SummaryWritten():
            return body.markdown == case.summary.markdown
        case CoverageTakenOver():
            return True
        case Told():
            return not body.words or _says(posts.get(body.notice), (Text(body.words),), "")
        case PersonNamed():
            return ReleasedPerson(stream, body.name, body.role, body.note) in case.people
        case HearingListed():
            return ReleasedHearing(stream, body.title, body.place) in case.hearings
        case SittingBegan():
            return any((one.id, one.title) == (stream, body.title) for one in case.sittings)
        case SittingRose():  # what was said at rising is shown nowhere, nor when it rose if that was said anew since
            rose = (stream, body.source_at or now.instant(record.header.at), body.back_at)
            return not body.words and any((one.id, one.rose_at, one.back_at) == rose for one in case.sittings)
    return _of_post(record, body, posts.get(stream))


def _of_post(record: Record, body: Body, post: ReleasedPost | None) -> bool:
    if post is None:
        return False
    at = now.instant(record.header.at)
    match body:
        case PostPublished():
            return _says(post, body.elements, body.title) and body.byline == post.byline
        case PostTakenOver():
            same = (body.elements, body.title, body.byline) == (post.elements, post.title, post.byline)
            return body.status == post.status and same and set(body.notices) <= set(post.notices)
        case PostCorrected():
            told = Notice("corrected", at, body.notice, body.old_shown)
            return _says(post, body.elements, body.title) and told in post.notices
        case PostClarified():
            return _says(post, body.elements, body.title) and Notice("clarified", at, body.notice) in post.notices
        case PostRetracted():
            words = body.notice or RETRACTION_NOTICES[body.code]
            return post.status == "retracted" and Notice("retracted", at, words) in post.notices
    return isinstance(body, _MARKS) and post.status == "published"


def _says(post: ReleasedPost | None, elements: tuple[Any, ...], title: str) -> bool:
    return post is not None and post.status == "published" and (post.elements, post.title) == (elements, title)
