"""The tables of reports: which there are, what was read when. No name and no text of one is in them.

What a report says is read from its stream in the journal (`life`), since what may be seen of it changes with what is
withheld, and is worked out in `shown`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import NotFound
from heard.engine.projection import Room, Tables
from heard.reports import addressees, care, entries, model
from heard.reports.entries import (
    CaseLinked,
    CaseUnlinked,
    EveryNameHidden,
    EveryNameShown,
    Gone,
    IndexingAllowed,
    IndexingEnded,
    Listed,
    NamesHidden,
    NamesShown,
    ProblemSettled,
    ProblemTold,
    Read,
    ReadingDoubted,
    ReadingKept,
    Told,
    ValueLet,
)
from heard.reports.model import NAMED, OF_RESPONSES

SCHEMA = """
CREATE TABLE IF NOT EXISTS report (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, kept_at TEXT NOT NULL UNIQUE, listed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS report_read (
    report TEXT NOT NULL, source TEXT NOT NULL, on_day TEXT NOT NULL, PRIMARY KEY (report, on_day, source)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS report_reading (
    position INTEGER PRIMARY KEY, source TEXT NOT NULL, on_day TEXT NOT NULL, digest TEXT NOT NULL, rows INTEGER NOT
    NULL, blank INTEGER NOT NULL, gone INTEGER NOT NULL, doubted INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS report_problem (
    id TEXT PRIMARY KEY, report TEXT NOT NULL, position INTEGER NOT NULL, told_at TEXT NOT NULL, settled INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS report_case (
    report TEXT NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY (report, case_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS report_names (one INTEGER PRIMARY KEY CHECK (one = 1), hidden INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS report_indexing (one INTEGER PRIMARY KEY CHECK (one = 1), allowed INTEGER NOT NULL, position
    INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS report_named (
    report TEXT NOT NULL, field TEXT NOT NULL, more INTEGER NOT NULL DEFAULT 0, marked_by TEXT, marked_on TEXT, let
    INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (report, field)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS report_dead (report TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (report, name))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS report_dead_by_name ON report_dead (name, report);
CREATE TABLE IF NOT EXISTS report_young (report TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS report_hidden (report TEXT PRIMARY KEY, lost INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS report_gone (report TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
"""


class Reading(msgspec.Struct, frozen=True):
    """One reading of a source: what it held, and whether it was believed."""

    position: int
    source: str
    on: date
    digest: str
    rows: int
    blank: int
    gone: int
    doubted: bool


def _listed(tables: Tables, entry: Entry, body: Listed) -> None:
    tables.execute(
        "INSERT INTO report VALUES (?, ?, ?, ?)",
        (entry.stream, body.slug, address_digest(body.kept_at), entry.position),
    )


def _read(tables: Tables, entry: Entry, body: Read) -> None:
    for report in body.reports:
        tables.execute("INSERT OR IGNORE INTO report_read VALUES (?, ?, ?)", (report, body.source, str(body.on)))


def _reading(tables: Tables, entry: Entry, body: ReadingKept | ReadingDoubted) -> None:
    tables.execute(
        "INSERT INTO report_reading VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.position,
            body.source,
            str(body.on),
            body.digest,
            body.rows,
            body.blank,
            body.gone,
            int(isinstance(body, ReadingDoubted)),
        ),
    )


def _problem(tables: Tables, entry: Entry, body: ProblemTold) -> None:
    tables.execute(
        "INSERT INTO report_problem VALUES (?, ?, ?, ?, NULL)",
        (entry.stream, body.report, entry.position, now.text(entry.at)),
    )


def _settled(tables: Tables, entry: Entry, body: ProblemSettled) -> None:
    tables.execute("UPDATE report_problem SET settled = ? WHERE id = ?", (entry.position, entry.stream))


def _gone(tables: Tables, entry: Entry, body: Gone) -> None:
    tables.execute("INSERT OR REPLACE INTO report_gone VALUES (?, ?)", (entry.stream, entry.position))


def _told(tables: Tables, entry: Entry, body: Told) -> None:
    """Of what it says who somebody was, only whether it says so or took that out; and a digest of who died."""
    _dead(tables, entry, body)
    for field in NAMED:
        if words := body.facts.get(field, ""):
            is_mark = addressees.is_mark(field, words)
            if is_mark:
                sql = "INSERT INTO report_named (report, field, marked_by, marked_on) VALUES (?, ?, ?, ?) ON CONFLICT "
                sql += "DO UPDATE SET marked_by = coalesce(marked_by, excluded.marked_by), marked_on = "
                sql += "coalesce(marked_on, excluded.marked_on)"
                tables.execute(sql, (entry.stream, field, body.source, str(body.on)))
            # Beside a mark somebody may stand who was not taken out; beside initials nobody is sought.
            if not is_mark or (addressees.is_redacted(words) and addressees.marked(words, "").strip(" |;,")):
                sql = (
                    "INSERT INTO report_named (report, field, more) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET more = 1"
                )
                tables.execute(sql, (entry.stream, field))


def _dead(tables: Tables, entry: Entry, body: Told) -> None:
    """Of whoever died a digest of the name, to find other reports of the same; and whether any source says: a child."""
    for name in care.whole_names(body.facts.get("deceased", "")):
        if not addressees.is_redacted(name):
            digest = hashlib.sha256(name.encode()).hexdigest()[:32]
            tables.execute("INSERT OR IGNORE INTO report_dead VALUES (?, ?)", (entry.stream, digest))
    if care.is_young(lambda field: body.facts.get(field, "")):
        tables.execute("INSERT OR IGNORE INTO report_young VALUES (?)", (entry.stream,))


def _let(tables: Tables, entry: Entry, body: ValueLet) -> None:
    if not body.field:
        tables.execute("DELETE FROM report_gone WHERE report = ?", (entry.stream,))
    else:  # whatever a source says later, a person has decided
        sql = "INSERT INTO report_named (report, field, let) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET let = 1"
        tables.execute(sql, (entry.stream, body.field))


def _linked(tables: Tables, entry: Entry, body: CaseLinked) -> None:
    tables.execute("INSERT OR IGNORE INTO report_case VALUES (?, ?)", (entry.stream, body.case))


def _unlinked(tables: Tables, entry: Entry, body: CaseUnlinked) -> None:
    tables.execute("DELETE FROM report_case WHERE report = ? AND case_id = ?", (entry.stream, body.case))


def _every_name(tables: Tables, entry: Entry, body: EveryNameHidden | EveryNameShown) -> None:
    hidden = int(isinstance(body, EveryNameHidden))
    tables.execute("INSERT OR REPLACE INTO report_names VALUES (1, ?)", (hidden,))


def _names(tables: Tables, entry: Entry, body: NamesHidden | NamesShown) -> None:
    if isinstance(body, NamesShown):
        tables.execute("DELETE FROM report_hidden WHERE report = ?", (entry.stream,))
    else:
        tables.execute(
            "INSERT INTO report_hidden VALUES (?1, ?2) "
            "ON CONFLICT (report) DO UPDATE SET lost = CASE WHEN ?2 THEN 1 WHEN ?3 THEN 0 ELSE lost END",
            (entry.stream, int(body.lost), int(bool(body.names))),
        )


def _indexing(tables: Tables, entry: Entry, body: IndexingAllowed | IndexingEnded) -> None:
    allowed = int(isinstance(body, IndexingAllowed))
    tables.execute("INSERT OR REPLACE INTO report_indexing VALUES (1, ?, ?)", (allowed, entry.position))


def room() -> Room:
    """What this room folds."""
    from heard.reports import projection

    folds: Mapping[Any, Any] = {
        Listed: _listed,
        Told: _told,
        Read: _read,
        ReadingKept: _reading,
        ReadingDoubted: _reading,
        ProblemTold: _problem,
        ProblemSettled: _settled,
        Gone: _gone,
        ValueLet: _let,
        CaseLinked: _linked,
        CaseUnlinked: _unlinked,
        NamesHidden: _names,
        NamesShown: _names,
        EveryNameHidden: _every_name,
        EveryNameShown: _every_name,
        IndexingAllowed: _indexing,
        IndexingEnded: _indexing,
    }
    return Room("reports", SCHEMA, folds, (addressees, care, projection, entries, model))


# Questions -----------------------------------------------------------------------------------------------------------


def address_digest(kept_at: str) -> str:
    """What stands in the tables for the address of a report at its source, in which a name may be."""
    return hashlib.sha256(kept_at.strip().rstrip("/").lower().encode()).hexdigest()[:32]


def at_source(tables: Tables, kept_at: str) -> str | None:
    """The report that the source keeps at an address."""
    return next(
        (str(one) for (one,) in tables.execute("SELECT id FROM report WHERE kept_at = ?", (address_digest(kept_at),))),
        None,
    )


def by_slug(tables: Tables, slug: str) -> str:
    """The id of the report at an address; raises NotFound."""
    for (report,) in tables.execute("SELECT id FROM report WHERE slug = ?", (slug,)):
        return str(report)
    raise NotFound("There is no report at this address.")


def slug_of(tables: Tables, report: str) -> str:
    for (slug,) in tables.execute("SELECT slug FROM report WHERE id = ?", (report,)):
        return str(slug)
    raise NotFound("There is no such report.")


def is_every_name_hidden(tables: Tables) -> bool:
    return any(hidden for (hidden,) in tables.execute("SELECT hidden FROM report_names"))


def is_indexing_allowed(tables: Tables) -> bool:
    """Whether the operator lets search engines keep pages of reports; until somebody decides so, not."""
    return any(allowed for (allowed,) in tables.execute("SELECT allowed FROM report_indexing"))


def indexing_decided_at(tables: Tables) -> int | None:
    """The position of the entry by which that was last decided, if ever."""
    return next((int(position) for (position,) in tables.execute("SELECT position FROM report_indexing")), None)


def named_alike(tables: Tables, report: str) -> list[str]:
    """The other reports that name as dead anybody whom this one does, whole; none where too many do."""
    rows = tables.execute(
        "SELECT DISTINCT other.report FROM report_dead AS mine JOIN report_dead AS other ON other.name = mine.name "
        "WHERE mine.report = ? AND other.report <> mine.report LIMIT ?",
        (report, care.OF_ONE_DEATH_MAX),
    )
    found = [str(other) for (other,) in rows]
    return found if len(found) < care.OF_ONE_DEATH_MAX else []


def is_young(tables: Tables, report: str) -> bool:
    """Whether any source says that it is about a child."""
    return any(tables.execute("SELECT 1 FROM report_young WHERE report = ?", (report,)))


def is_hidden(tables: Tables, report: str) -> bool:
    """Whether somebody asked, of this very report, that who died is not named."""
    return any(tables.execute("SELECT 1 FROM report_hidden WHERE report = ?", (report,)))


def is_taken(tables: Tables, slug: str) -> bool:
    return any(tables.execute("SELECT 1 FROM report WHERE slug = ?", (slug,)))


def is_report(tables: Tables, stream: str) -> bool:
    return any(tables.execute("SELECT 1 FROM report WHERE id = ?", (stream,)))


def all_reports(tables: Tables) -> list[tuple[str, str]]:
    """Every report's id and slug."""
    return [(str(report), str(slug)) for report, slug in tables.execute("SELECT id, slug FROM report")]


def days_read(tables: Tables, report: str, sources: Collection[str] = OF_RESPONSES) -> list[date]:
    """The days on which one of these sources was read, in order."""
    rows = tables.execute("SELECT on_day, source FROM report_read WHERE report = ?", (report,))
    return sorted({date.fromisoformat(day) for day, source in rows if source in sources})


def all_days_read(tables: Tables) -> dict[str, list[date]]:
    """The days on which a source that tells of responses was read, by report."""
    found: dict[str, list[date]] = {}
    for report, day, source in tables.execute("SELECT report, on_day, source FROM report_read ORDER BY report, on_day"):
        if source in OF_RESPONSES:
            found.setdefault(report, []).append(date.fromisoformat(day))
    return found


def readings(tables: Tables) -> list[Reading]:
    """Every reading, newest first."""
    rows = tables.execute(
        "SELECT position, source, on_day, digest, rows, blank, gone, doubted FROM report_reading ORDER BY position DESC"
    )
    return [
        Reading(position, source, date.fromisoformat(on_day), digest, rows_there, blank, gone, bool(doubted))
        for position, source, on_day, digest, rows_there, blank, gone, doubted in rows
    ]


def read_whole(tables: Tables, sources: tuple[str, ...], after: date) -> dict[date, set[str]]:
    """What whole, believed readings of these sources found, by the days after this one."""
    days = {
        (reading.source, reading.on)
        for reading in readings(tables)
        if not reading.doubted and not reading.blank and reading.source in sources and reading.on > after
    }
    return {on: set(_found_on(tables, source, on)) for source, on in days}


def _found_on(tables: Tables, source: str, on: date) -> list[str]:
    rows = tables.execute("SELECT report FROM report_read WHERE source = ? AND on_day = ?", (source, str(on)))
    return [str(report) for (report,) in rows]


def known_to(tables: Tables, sources: tuple[str, ...], before: date) -> set[str]:
    """The reports that these sources had on any day before this one."""
    rows = tables.execute("SELECT DISTINCT report, source FROM report_read WHERE on_day < ?", (str(before),))
    return {str(report) for report, source in rows if source in sources}


class Problem(msgspec.Struct, frozen=True):
    """A message that something is wrong; its words are in the journal, at `position`."""

    id: str
    report: str
    position: int
    told_at: datetime


def problems(tables: Tables) -> list[Problem]:
    """Those that nobody has settled, oldest first."""
    rows = tables.execute(
        "SELECT id, report, position, told_at FROM report_problem WHERE settled IS NULL ORDER BY position"
    )
    return [Problem(problem, report, position, now.instant(told_at)) for problem, report, position, told_at in rows]


def of_case(tables: Tables, case: str) -> list[str]:
    """The ids of the reports that were made after the inquest of a case, as somebody said."""
    return [str(one) for (one,) in tables.execute("SELECT report FROM report_case WHERE case_id = ?", (case,))]


def gone(tables: Tables) -> list[str]:
    """The slugs of reports that are withheld since their source has them no more."""
    rows = tables.execute("SELECT slug FROM report JOIN report_gone ON report_gone.report = report.id ORDER BY slug")
    return [str(slug) for (slug,) in rows]


def names_lost(tables: Tables) -> list[str]:
    """The slugs of reports that are withheld since a restore lost which names are to be hidden in them."""
    asked = "SELECT slug FROM report JOIN report_hidden ON report_hidden.report = report.id WHERE lost ORDER BY slug"
    return [str(slug) for (slug,) in tables.execute(asked)]


class TakenOut(msgspec.Struct, frozen=True):
    """A source took out who somebody was: of which report, in which field, and on which day that was first read."""

    slug: str
    field: str
    source: str
    on: date


def taken_out(tables: Tables) -> list[TakenOut]:
    """Where a source has a mark and one, on whatever day, had more, and no person decided yet; newest first."""
    rows = tables.execute(
        "SELECT slug, field, marked_by, marked_on FROM report_named JOIN report ON report.id = report_named.report "
        "WHERE marked_by IS NOT NULL AND more AND NOT let ORDER BY marked_on DESC, slug, field"
    )
    return [TakenOut(slug, field, source, date.fromisoformat(on)) for slug, field, source, on in rows]
