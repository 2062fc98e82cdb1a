"""The tables of coverage, and the questions that pages, commands and frames ask of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from heard.cases.entries import CaseOpened, SittingBegan
from heard.coverage import elements as elements_module
from heard.coverage import entries, model
from heard.coverage.elements import Element
from heard.coverage.entries import (
    Closed,
    Content,
    KeyEventMarked,
    KeyEventUnmarked,
    Paused,
    PostClarified,
    PostCorrected,
    PostDropped,
    PostErased,
    PostHeld,
    PostPinned,
    PostPlaced,
    PostPublished,
    PostRetracted,
    PostUnpinned,
    ProblemReported,
    ProblemSettled,
    Reopened,
    Resumed,
    SummaryWritten,
    WentLive,
)
from heard.coverage.model import Coverage, Notice, Post, Problem
from heard.engine import now
from heard.engine.clock import Clock, duration
from heard.engine.entry import Entry
from heard.engine.errors import NotFound
from heard.engine.projection import Room, Tables

SCHEMA = """
CREATE TABLE IF NOT EXISTS coverage (
    case_id TEXT PRIMARY KEY, state TEXT NOT NULL, since TEXT NOT NULL, words TEXT NOT NULL, due_at TEXT,
    summary TEXT NOT NULL, summary_at TEXT, pinned TEXT NOT NULL, position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS post (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, place TEXT NOT NULL,
    position INTEGER NOT NULL, published_position INTEGER NOT NULL, published_at TEXT, said_at TEXT, written_at TEXT,
    updated_at TEXT, title TEXT NOT NULL, elements BLOB NOT NULL, byline TEXT NOT NULL, key_event INTEGER NOT NULL,
    pinned INTEGER NOT NULL, section TEXT NOT NULL, sitting TEXT NOT NULL, notices BLOB NOT NULL, state TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS post_place ON post (case_id, section, place);
CREATE INDEX IF NOT EXISTS post_key ON post (case_id, place) WHERE key_event = 1;
CREATE INDEX IF NOT EXISTS post_status ON post (case_id, status, position);
CREATE TABLE IF NOT EXISTS problem (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, post TEXT NOT NULL, position INTEGER NOT NULL,
    reported_at TEXT NOT NULL, due_at TEXT NOT NULL, settled_at TEXT
) WITHOUT ROWID;
"""

NOTHING = b"[]"

_encode = msgspec.json.Encoder().encode
_elements = msgspec.json.Decoder(tuple[Element, ...]).decode
_notices = msgspec.json.Decoder(tuple[Notice, ...]).decode


# What each entry changes ---------------------------------------------------------------------------------------------


def _announced(tables: Tables, entry: Entry, body: CaseOpened) -> None:
    tables.execute(
        "INSERT INTO coverage VALUES (?, 'announced', ?, '', NULL, '', NULL, '', ?)",
        (entry.stream, now.text(entry.at), entry.position),
    )


def _state(tables: Tables, entry: Entry, state: str, words: str, notice: str, due_at: datetime | None = None) -> None:
    tables.execute(
        "UPDATE coverage SET state = ?, since = ?, words = ?, due_at = ?, position = ? WHERE case_id = ?",
        (state, now.text(entry.at), words, now.text(due_at) if due_at else None, entry.position, entry.stream),
    )
    if notice:
        shown = entries.PostPublished(entry.stream, (elements_module.Text(words),))
        _insert(tables, entry, notice, shown, "published", kind="state", state=entry.kind.removeprefix("coverage."))


def _sitting(tables: Tables, entry: Entry, body: SittingBegan) -> None:
    """The beginning of a sitting stands in the flow of posts, as a change of state does."""
    shown = entries.PostPublished(body.case, (elements_module.Text(body.title),), sitting=entry.stream)
    _insert(tables, entry, entry.stream, shown, "published", kind="state", state="sitting")


def _went_live(tables: Tables, entry: Entry, body: WentLive) -> None:
    _state(tables, entry, "live", body.words, body.notice)


def _paused(tables: Tables, entry: Entry, body: Paused) -> None:
    due_at = body.until_at or (entry.at + duration(body.lasting) if body.lasting else None)
    _state(tables, entry, "paused", body.words, body.notice, due_at)


def _resumed(tables: Tables, entry: Entry, body: Resumed) -> None:
    _state(tables, entry, "live", body.words, body.notice)


def _closed(tables: Tables, entry: Entry, body: Closed) -> None:
    _state(tables, entry, "closed", body.words, body.notice)


def _reopened(tables: Tables, entry: Entry, body: Reopened) -> None:
    _state(tables, entry, "live", body.words, body.notice)


def _summary(tables: Tables, entry: Entry, body: SummaryWritten) -> None:
    tables.execute(
        "UPDATE coverage SET summary = ?, summary_at = ?, position = ? WHERE case_id = ?",
        (body.markdown, now.text(entry.at), entry.position, entry.stream),
    )


def _published(tables: Tables, entry: Entry, body: PostPublished) -> None:
    _insert(tables, entry, entry.stream, body, "published")
    if body.pinned:
        _pin(tables, entry, body.case)


def _held(tables: Tables, entry: Entry, body: PostHeld) -> None:
    _insert(tables, entry, entry.stream, PostHeld(body.case, (), sitting=body.sitting, section=body.section), "held")


def _insert(
    tables: Tables, entry: Entry, post: str, body: Content, status: str, kind: str = "post", state: str = ""
) -> None:
    published_at = body.source_at if body.source else entry.at
    times = [
        now.text(at) if at else None for at in (published_at, body.said_at, body.written_at, body.source_updated_at)
    ]
    tables.execute(
        "INSERT OR REPLACE INTO post VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            post,
            body.case,
            kind,
            status,
            body.place or model.first_place(entry.position),
            entry.position,
            entry.position,
            *times,
            body.title,
            _encode(body.elements),
            body.byline,
            body.key_event,
            False,
            body.section,
            body.sitting,
            NOTHING,
            state,
        ),
    )


def _dropped(tables: Tables, entry: Entry, body: PostDropped) -> None:
    _set(tables, entry, "status = 'dropped'")


def _corrected(tables: Tables, entry: Entry, body: PostCorrected) -> None:
    _reworded(tables, entry, body, Notice("corrected", entry.at, body.notice, body.old_shown))


def _clarified(tables: Tables, entry: Entry, body: PostClarified) -> None:
    _reworded(tables, entry, body, Notice("clarified", entry.at, body.notice))


def _reworded(tables: Tables, entry: Entry, body: PostCorrected | PostClarified, notice: Notice) -> None:
    told = (*by_id(tables, entry.stream).notices, notice)
    _set(tables, entry, "title = ?, elements = ?, notices = ?", body.title, _encode(body.elements), _encode(told))


def _retracted(tables: Tables, entry: Entry, body: PostRetracted) -> None:
    notice = Notice("retracted", entry.at, body.notice or model.RETRACTION_NOTICES[body.code])
    _emptied(tables, entry, "retracted", notice)


def _emptied(tables: Tables, entry: Entry, status: str, notice: Notice) -> None:
    """Take every word out of the tables; what remains in the journal is sealed."""
    _set(
        tables,
        entry,
        "status = ?, title = '', elements = ?, byline = '', key_event = 0, pinned = 0, notices = ?",
        status,
        NOTHING,
        _encode((notice,)),
    )
    tables.execute("UPDATE coverage SET pinned = '' WHERE pinned = ?", (entry.stream,))


def _erased(tables: Tables, entry: Entry, body: PostErased) -> None:
    # Folded afresh, the entries that made the post have no words and left no row: this one says where it stood.
    # What was never published leaves no notice either.
    status = "erased" if body.published_position else "dropped"
    tables.execute(
        "INSERT OR REPLACE INTO post VALUES (?,?,'post',?,?,?,?,NULL,NULL,NULL,NULL,'',?,'',0,0,?,?,?,'')",
        (
            entry.stream,
            body.case,
            status,
            body.place,
            entry.position,
            body.published_position,
            NOTHING,
            body.section,
            body.sitting,
            _encode((Notice("erased", entry.at, model.ERASED_NOTICE),)),
        ),
    )
    tables.execute("UPDATE coverage SET pinned = '' WHERE pinned = ?", (entry.stream,))


def _marked(tables: Tables, entry: Entry, body: KeyEventMarked) -> None:
    _set(tables, entry, "key_event = 1")


def _unmarked(tables: Tables, entry: Entry, body: KeyEventUnmarked) -> None:
    _set(tables, entry, "key_event = 0")


def _pinned(tables: Tables, entry: Entry, body: PostPinned) -> None:
    _pin(tables, entry, body.case)


def _pin(tables: Tables, entry: Entry, case: str) -> None:
    tables.execute("UPDATE post SET pinned = 0, position = ? WHERE case_id = ? AND pinned = 1", (entry.position, case))
    _set(tables, entry, "pinned = 1")
    tables.execute("UPDATE coverage SET pinned = ? WHERE case_id = ?", (entry.stream, case))


def _unpinned(tables: Tables, entry: Entry, body: PostUnpinned) -> None:
    _set(tables, entry, "pinned = 0")
    tables.execute("UPDATE coverage SET pinned = '' WHERE case_id = ? AND pinned = ?", (body.case, entry.stream))


def _placed(tables: Tables, entry: Entry, body: PostPlaced) -> None:
    _set(tables, entry, "place = ?", body.place)


def _set(tables: Tables, entry: Entry, columns: str, *bindings: Any) -> None:
    tables.execute(f"UPDATE post SET position = ?, {columns} WHERE id = ?", (entry.position, *bindings, entry.stream))


def _reported(tables: Tables, entry: Entry, body: ProblemReported) -> None:
    due_at = entry.at + model.PROBLEM_WITHIN
    tables.execute(
        "INSERT INTO problem VALUES (?, ?, ?, ?, ?, ?, NULL)",
        (entry.stream, body.case, body.post, entry.position, now.text(entry.at), now.text(due_at)),
    )


def _settled(tables: Tables, entry: Entry, body: ProblemSettled) -> None:
    tables.execute("UPDATE problem SET settled_at = ? WHERE id = ?", (now.text(entry.at), entry.stream))


def room() -> Room:
    """What the room `coverage` folds."""
    import heard.coverage.projection as here

    folds: dict[Any, Any] = {
        CaseOpened: _announced,
        SittingBegan: _sitting,
        WentLive: _went_live,
        Paused: _paused,
        Resumed: _resumed,
        Closed: _closed,
        Reopened: _reopened,
        SummaryWritten: _summary,
        PostPublished: _published,
        PostHeld: _held,
        PostDropped: _dropped,
        PostCorrected: _corrected,
        PostClarified: _clarified,
        PostRetracted: _retracted,
        PostErased: _erased,
        KeyEventMarked: _marked,
        KeyEventUnmarked: _unmarked,
        PostPinned: _pinned,
        PostUnpinned: _unpinned,
        PostPlaced: _placed,
        ProblemReported: _reported,
        ProblemSettled: _settled,
    }
    return Room("coverage", SCHEMA, folds, (entries, elements_module, model, here))


# Questions -----------------------------------------------------------------------------------------------------------


def by_id(tables: Tables, post: str) -> Post:
    """The post.

    Raises NotFound.
    """
    for row in tables.execute("SELECT * FROM post WHERE id = ?", (post,)):
        return _post(row)
    raise NotFound("There is no such post.")


def _post(row: Any) -> Post:
    columns: list[Any] = list(row)
    columns[7:11] = [now.instant(at) if at else None for at in row[7:11]]
    columns[12], columns[14], columns[15], columns[18] = (
        _elements(row[12]),
        bool(row[14]),
        bool(row[15]),
        _notices(row[18]),
    )
    return Post(*columns)


def of_case(tables: Tables, case: str) -> Coverage:
    """The state of a case's coverage.

    Raises NotFound.
    """
    for row in tables.execute("SELECT * FROM coverage WHERE case_id = ?", (case,)):
        since = now.instant(row[2])
        clock = Clock(since, now.instant(row[4])) if row[4] else None
        return Coverage(
            row[0], row[1], since, row[3], clock, row[5], now.instant(row[6]) if row[6] else None, row[7], row[8]
        )
    raise NotFound("There is no case at this address.")


def shown(tables: Tables, case: str, section: str = "live") -> list[Post]:
    """All posts that have a place on the page, in order of place. For exports and feeds of whole cases."""
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND section = ? AND status IN ('published', 'retracted', 'erased') "
        "ORDER BY place",
        (case, section),
    )
    return [_post(row) for row in rows]


def newest(tables: Tables, case: str, count: int) -> list[Post]:
    """The last published posts, the newest first."""
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND section = 'live' AND status IN ('published', 'retracted', 'erased') "
        "ORDER BY place DESC LIMIT ?",
        (case, count),
    )
    return [_post(row) for row in rows]


def key_events(tables: Tables, case: str) -> list[Post]:
    """The key events of all days, in order of place."""
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND key_event = 1 AND status = 'published' ORDER BY place", (case,)
    )
    return [_post(row) for row in rows]


def noticed(tables: Tables, case: str) -> list[Post]:
    """Posts that were corrected, clarified or withdrawn, the latest change first."""
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND notices != ? ORDER BY position DESC", (case, NOTHING)
    )
    return [_post(row) for row in rows]


def with_status(tables: Tables, case: str, status: str, limit: int = 200) -> list[Post]:
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND status = ? ORDER BY position DESC LIMIT ?", (case, status, limit)
    )
    return [_post(row) for row in rows]


def neighbours(tables: Tables, case: str, section: str, place: str) -> tuple[str, str]:
    """The places just before and just after a place, empty where there is none."""
    [(before,)] = tables.execute(
        "SELECT max(place) FROM post WHERE case_id = ? AND section = ? AND place < ?", (case, section, place)
    )
    [(after,)] = tables.execute(
        "SELECT min(place) FROM post WHERE case_id = ? AND section = ? AND place > ?", (case, section, place)
    )
    return before or "", after or ""


def problems(tables: Tables, case: str | None = None) -> list[Problem]:
    """What readers said is wrong and nobody has settled, the most urgent first."""
    statement = (
        "SELECT id, case_id, post, position, reported_at, due_at, settled_at FROM problem WHERE settled_at IS NULL"
    )
    rows = (
        tables.execute(f"{statement} AND case_id = ? ORDER BY due_at", (case,))
        if case
        else tables.execute(f"{statement} ORDER BY due_at")
    )
    return [
        Problem(row[0], row[1], row[2], row[3], Clock(now.instant(row[4]), now.instant(row[5])), None) for row in rows
    ]
