"""The tables of coverage, and the questions that pages, commands and frames ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args

import msgspec

from heard.coverage import alert_entries, alerted, bounds, draft_entries, entries, folds, model, proposed, receipts
from heard.coverage import elements as elements_module
from heard.coverage.elements import Element
from heard.coverage.model import Coverage, Notice, Post, Problem
from heard.engine import now
from heard.engine.clock import Clock
from heard.engine.errors import NotFound
from heard.engine.projection import Room, Tables

# Posts are wide and their ids random: kept in order of writing, a fold touches the end of the table and not all of it.
SCHEMA = """
CREATE TABLE IF NOT EXISTS coverage (
    case_id TEXT PRIMARY KEY, state TEXT NOT NULL, since TEXT, words TEXT NOT NULL, due_at TEXT,
    summary TEXT NOT NULL, summary_at TEXT, pinned TEXT NOT NULL, position INTEGER NOT NULL, overran INTEGER NOT NULL,
    length INTEGER NOT NULL, summary_position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS coverage_due ON coverage (due_at) WHERE state = 'paused' AND overran = 0;
CREATE INDEX IF NOT EXISTS coverage_pinned ON coverage (pinned);
CREATE TABLE IF NOT EXISTS post (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, place TEXT NOT NULL,
    position INTEGER NOT NULL, published_position INTEGER NOT NULL, published_at TEXT, said_at TEXT, written_at TEXT,
    updated_at TEXT, title TEXT NOT NULL, elements BLOB NOT NULL, byline TEXT NOT NULL, key_event INTEGER NOT NULL,
    pinned INTEGER NOT NULL, section TEXT NOT NULL, sitting TEXT NOT NULL, notices BLOB NOT NULL, state TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS post_place ON post (case_id, section, place);
-- What pages cut, and how long that is: they look at nothing else, so a long case opens like a short one.
CREATE INDEX IF NOT EXISTS post_shown ON post (case_id, place, id)
    WHERE section = 'live' AND status IN ('published', 'retracted', 'erased');
CREATE TRIGGER IF NOT EXISTS length_before BEFORE INSERT ON post BEGIN
    UPDATE coverage SET length = length - 1 WHERE case_id = (
        SELECT case_id FROM post
        WHERE id = new.id AND section = 'live' AND status IN ('published', 'retracted', 'erased'));
END;
CREATE TRIGGER IF NOT EXISTS length_after AFTER INSERT ON post
    WHEN new.section = 'live' AND new.status IN ('published', 'retracted', 'erased') BEGIN
    UPDATE coverage SET length = length + 1 WHERE case_id = new.case_id;
END;
CREATE TRIGGER IF NOT EXISTS length_moved AFTER UPDATE OF status, section ON post BEGIN
    UPDATE coverage SET length = length
        + (new.section = 'live' AND new.status IN ('published', 'retracted', 'erased'))
        - (old.section = 'live' AND old.status IN ('published', 'retracted', 'erased')) WHERE case_id = new.case_id;
END;
CREATE INDEX IF NOT EXISTS post_key ON post (case_id, place) WHERE key_event = 1;
CREATE INDEX IF NOT EXISTS post_status ON post (case_id, status, position);
CREATE INDEX IF NOT EXISTS post_noticed ON post (position) WHERE notices != x'5b5d';
-- In which published post a file of a picture is.
CREATE TABLE IF NOT EXISTS pictured (name TEXT NOT NULL, post TEXT NOT NULL, PRIMARY KEY (name, post)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pictured_post ON pictured (post);
CREATE INDEX IF NOT EXISTS post_waiting ON post (state) WHERE status = 'waiting';
-- Who would let out a post that is held, and waits for another to say so too.
CREATE TABLE IF NOT EXISTS agreed (
    post TEXT PRIMARY KEY, account TEXT NOT NULL, not_meant INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS problem (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, post TEXT NOT NULL, position INTEGER NOT NULL,
    reported_at TEXT NOT NULL, due_at TEXT NOT NULL, settled_at TEXT
) WITHOUT ROWID;
"""


_elements = msgspec.json.Decoder(tuple[Element, ...]).decode
_notices = msgspec.json.Decoder(tuple[Notice, ...]).decode


def room() -> Room:
    """What the room `coverage` folds."""
    import heard.coverage.projection as here

    code = (
        entries,
        alert_entries,
        draft_entries,
        elements_module,
        model,
        folds,
        receipts,
        proposed,
        alerted,
        bounds,
        here,
    )
    schema = SCHEMA + receipts.SCHEMA + proposed.SCHEMA + alerted.SCHEMA + bounds.SCHEMA
    return Room("coverage", schema, folds.FOLDS, code)


def by_id(tables: Tables, post: str) -> Post:
    """The post.

    Raises NotFound.
    """
    for row in tables.execute("SELECT * FROM post WHERE id = ?", (post,)):
        return _post(row)
    raise NotFound("There is no such post.")


def by_ids(tables: Tables, posts: Sequence[str]) -> list[Post]:
    """The posts that there are of these, in this order, in one question."""
    named = msgspec.json.encode(posts).decode()
    rows = tables.execute(
        "SELECT post.* FROM json_each(?) CROSS JOIN post ON post.id = json_each.value ORDER BY key", (named,)
    )
    return [_post(row) for row in rows]


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
        since = now.instant(row[2]) if row[2] else None
        clock = Clock(since, now.instant(row[4])) if since and row[4] else None
        return Coverage(
            *(row[0], row[1], since, row[3], clock, row[5]),
            *(now.instant(row[6]) if row[6] else None, row[7], row[8], bool(row[9]), *row[10:]),
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


def published_after(tables: Tables, case: str, after: str, count: int) -> list[Post]:
    """Published posts in the order of their ids, to go through all that there are."""
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND status = 'published' AND id > ? ORDER BY id LIMIT ?",
        (case, after, count),
    )
    return [_post(row) for row in rows]


def published_since(tables: Tables, case: str, after: tuple[int, str], count: int) -> list[Post]:
    """Published posts that came or changed after a change of one, by position and id; in that order."""
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND status = 'published' AND (position, id) > (?, ?) "
        "ORDER BY position, id LIMIT ?",
        (case, *after, count),
    )
    return [_post(row) for row in rows]


def taken_back_since(tables: Tables, case: str, after: tuple[int, str]) -> list[tuple[int, str]]:
    """The position and id of each post that was withdrawn or erased after that."""
    rows = tables.execute(
        "SELECT position, id FROM post WHERE case_id = ? AND status IN ('retracted', 'erased') "
        "AND (position, id) > (?, ?) ORDER BY position, id",
        (case, *after),
    )
    return [(position, id) for position, id in rows]


def last_words(tables: Tables, case: str) -> str:
    """What was published last, as plain text."""
    return "\n".join(text for post in newest(tables, case, 1) for text in post.texts() if text)


def key_events(tables: Tables, case: str) -> list[Post]:
    """The key events of all days, in order of place."""
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND key_event = 1 AND status = 'published' ORDER BY place", (case,)
    )
    return [_post(row) for row in rows]


def noticed(tables: Tables, case: str) -> list[Post]:
    """Posts that were corrected, clarified or withdrawn, the latest change first."""
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND notices != ? ORDER BY position DESC", (case, folds.NOTHING)
    )
    return [_post(row) for row in rows]


def latest_noticed(tables: Tables, count: int) -> list[Post]:
    """The same of all cases, so many of them."""
    rows = tables.execute("SELECT * FROM post WHERE notices != x'5b5d' ORDER BY position DESC LIMIT ?", (count,))
    return [_post(row) for row in rows]


def with_status(tables: Tables, case: str, status: str, limit: int = 200) -> list[Post]:
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND status = ? ORDER BY position DESC LIMIT ?", (case, status, limit)
    )
    return [_post(row) for row in rows]


def longest_with_status(tables: Tables, case: str, status: str, limit: int = 200) -> list[Post]:
    """The same, those first that have had it longest."""
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND status = ? ORDER BY position LIMIT ?", (case, status, limit)
    )
    return [_post(row) for row in rows]


def kept_before(tables: Tables, case: str, at: datetime) -> int:
    """How many posts and changes wait for somebody since before an instant; each has the time of its entry."""
    [(count,)] = tables.execute(
        "SELECT (SELECT count(*) FROM post WHERE case_id = ?1 AND status IN ('held', 'submitted') "
        "AND published_at <= ?2) + (SELECT count(*) FROM change WHERE case_id = ?1 AND since <= ?2)",
        (case, now.text(at)),
    )
    return int(count)


def last_place(tables: Tables, case: str, section: str) -> str:
    """Where the newest of a section stands, empty where there is none."""
    [(last,)] = tables.execute("SELECT max(place) FROM post WHERE case_id = ? AND section = ?", (case, section))
    return last or ""


def at_desk(tables: Tables, case: str, statuses: tuple[str, ...], *, key: bool, before: str, count: int) -> list[Post]:
    """Posts that were published and have one of these statuses, the newest first, from before a place if one is given.
    `key`: key events alone.
    """
    rows = tables.execute(
        "SELECT * FROM post WHERE case_id = ? AND section = 'live' AND status IN (SELECT value FROM json_each(?)) "
        "AND key_event >= ? AND (? = '' OR place < ?) ORDER BY place DESC LIMIT ?",
        (case, msgspec.json.encode(statuses).decode(), key, before, before, count),
    )
    return [_post(row) for row in rows]


def counts(tables: Tables, case: str) -> dict[str, int]:
    """How many posts of a case there are of each status."""
    rows = tables.execute("SELECT status, count(*) FROM post WHERE case_id = ? GROUP BY status", (case,))
    return dict(rows)


def latest_change(tables: Tables, case: str) -> int:
    """The position of the newest entry that changed what the desk of a case shows of posts, alerts or its state."""
    [(of_posts,)] = tables.execute(
        "SELECT max((SELECT max(position) FROM post WHERE case_id = ?1 AND status = json_each.value)) "
        "FROM json_each(?2)",
        (case, STATUSES),
    )
    return max(of_posts or 0, of_case(tables, case).position, alerted.latest(tables, case))


#: One look at the end of the index for each: a long case is asked as quickly as a short one.
STATUSES = msgspec.json.encode(get_args(model.Status)).decode()


def neighbours(tables: Tables, case: str, section: str, place: str) -> tuple[str, str]:
    """The places just before and just after a place, empty where there is none."""
    [(before,)] = tables.execute(
        "SELECT max(place) FROM post WHERE case_id = ? AND section = ? AND place < ?", (case, section, place)
    )
    [(after,)] = tables.execute(
        "SELECT min(place) FROM post WHERE case_id = ? AND section = ? AND place > ?", (case, section, place)
    )
    return before or "", after or ""


def pictured_in(tables: Tables, name: str) -> list[Post]:
    """The posts, of any case, that show a file of a picture, by the last part of its address."""
    rows = tables.execute(
        "SELECT post.* FROM pictured JOIN post ON post.id = pictured.post WHERE pictured.name = ? ORDER BY post.id",
        (name,),
    )
    return [_post(row) for row in rows]


def is_known(tables: Tables, post: str) -> bool:
    return any(tables.execute("SELECT 1 FROM post WHERE id = ?", (post,)))


def due_by(tables: Tables, at: datetime) -> list[Post]:
    """The posts that wait and were due by an instant, in the order in which they go out."""
    rows = tables.execute(
        "SELECT * FROM post WHERE status = 'waiting' AND state <= ? ORDER BY state, published_position", (now.text(at),)
    )
    return [_post(row) for row in rows]


def agreed_by(tables: Tables, post: str) -> str:
    """The account that would let a held post out, or nothing."""
    return next((account for (account,) in tables.execute("SELECT account FROM agreed WHERE post = ?", (post,))), "")


def agreed_not_meant(tables: Tables, post: str) -> bool:
    """Whether whoever would let it out knows the orders, and says that nobody protected is meant."""
    return any(tables.execute("SELECT 1 FROM agreed WHERE post = ? AND not_meant = 1", (post,)))


def stopped_since(tables: Tables, account: str, since: datetime) -> int:
    """How many texts of an account were stopped for their words since an instant."""
    [(count,)] = tables.execute(
        "SELECT count(*) FROM stopped WHERE account = ? AND at >= ?", (account, now.text(since))
    )
    return int(count)


def needs_approval(tables: Tables, account: str) -> bool:
    return any(tables.execute("SELECT 1 FROM approval WHERE account = ?", (account,)))


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
