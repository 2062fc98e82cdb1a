"""The tables of cases, and the questions that others ask of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from heard.cases import entries, folds, footing, model, states, who_saw
from heard.cases.model import Case, Jury, Person, Restriction, Sitting
from heard.cases.states import ROOM
from heard.engine import now
from heard.engine.errors import NotFound
from heard.engine.projection import Room, Tables
from heard.engine.remembered import remembered

SCHEMA = """
CREATE TABLE IF NOT EXISTS cases (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, title TEXT NOT NULL, standfirst TEXT NOT NULL, zone TEXT NOT NULL,
    rules TEXT NOT NULL, opened_at TEXT NOT NULL, held INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS person (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, note TEXT NOT NULL,
    named INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS person_case ON person (case_id, named);
CREATE TABLE IF NOT EXISTS hearing (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, title TEXT NOT NULL, place TEXT NOT NULL, listed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sitting (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, hearing TEXT NOT NULL, title TEXT NOT NULL, began INTEGER NOT NULL,
    began_at TEXT NOT NULL, rose_at TEXT, back_at TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sitting_case ON sitting (case_id, began);
CREATE TABLE IF NOT EXISTS restriction (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, position INTEGER NOT NULL, from_at TEXT, until_at TEXT, lifted INTEGER,
    kind TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS restriction_case ON restriction (case_id, position);
CREATE TABLE IF NOT EXISTS jury (
    hearing TEXT PRIMARY KEY, case_id TEXT NOT NULL, absent INTEGER NOT NULL, may_release INTEGER NOT NULL,
    returned INTEGER NOT NULL, lifted INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jury_case ON jury (case_id);
CREATE TABLE IF NOT EXISTS jury_out (
    hearing TEXT NOT NULL, case_id TEXT NOT NULL, out_at TEXT NOT NULL, back_at TEXT, PRIMARY KEY (hearing, out_at)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jury_out_case ON jury_out (case_id, back_at);
CREATE TABLE IF NOT EXISTS legal_hold (case_id TEXT PRIMARY KEY, since TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delay (
    hearing TEXT PRIMARY KEY, case_id TEXT NOT NULL, minutes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (
    restriction TEXT NOT NULL, account TEXT NOT NULL, cleared INTEGER NOT NULL, PRIMARY KEY (restriction, account)
) WITHOUT ROWID;
"""


def room() -> Room:
    """What the room `cases` folds."""
    import heard.cases.projection as here

    code = (entries, model, states, footing, who_saw, folds, here)
    folded = {**folds.FOLDS, **states.FOLDS, **footing.FOLDS, **who_saw.FOLDS}
    return Room(ROOM, SCHEMA + states.SCHEMA + footing.SCHEMA + who_saw.SCHEMA, folded, code)


_CASE = "SELECT id, slug, title, standfirst, zone, rules, opened_at FROM cases"


@remembered(ROOM)
def by_slug(tables: Tables, slug: str) -> Case:
    """The case at this address.

    Raises NotFound.
    """
    return _one(tables.execute(f"{_CASE} WHERE slug = ?", (slug,)))


@remembered(ROOM)
def by_id(tables: Tables, case: str) -> Case:
    """Raises NotFound."""
    return _one(tables.execute(f"{_CASE} WHERE id = ?", (case,)))


def by_name(tables: Tables, name: str) -> Case:
    """A case by its slug or its id.

    Raises NotFound.
    """
    try:
        return by_slug(tables, name)
    except NotFound:
        return by_id(tables, name)


def all_cases(tables: Tables) -> list[Case]:
    """Every case, the newest first."""
    return [_case(row) for row in tables.execute(f"{_CASE} ORDER BY opened_at DESC")]


def _one(rows: Any) -> Case:
    for row in rows:
        return _case(row)
    raise NotFound("There is no case at this address.")


def _case(row: Any) -> Case:
    columns: list[Any] = [*row[:6], now.instant(row[6])]
    return Case(*columns)


@remembered(ROOM)
def named(tables: Tables, name: str) -> str:
    """The id of the case with this slug or id, or nothing."""
    return next((str(id) for (id,) in tables.execute("SELECT id FROM cases WHERE slug = ?1 OR id = ?1", (name,))), "")


def is_held(tables: Tables, case: str) -> bool:
    return any(tables.execute("SELECT 1 FROM cases WHERE id = ? AND held IS NOT NULL", (case,)))


@remembered(ROOM)
def people(tables: Tables, case: str) -> list[Person]:
    rows = tables.execute("SELECT id, name, role, note FROM person WHERE case_id = ? ORDER BY named", (case,))
    return [Person(*row) for row in rows]


@remembered(ROOM)
def hearings(tables: Tables, case: str) -> list[tuple[str, str, str]]:
    """Each hearing's id, title and place."""
    return list(tables.execute("SELECT id, title, place FROM hearing WHERE case_id = ? ORDER BY listed", (case,)))


def case_of_hearing(tables: Tables, hearing: str) -> str | None:
    rows = tables.execute("SELECT case_id FROM hearing WHERE id = ?", (hearing,))
    return next((case for (case,) in rows), None)


def case_of_sitting(tables: Tables, sitting: str) -> Case:
    """Raises NotFound."""
    for (case,) in tables.execute("SELECT case_id FROM sitting WHERE id = ?", (sitting,)):
        return by_id(tables, case)
    raise NotFound("There is no such sitting.")


@remembered(ROOM)
def sittings(tables: Tables, case: str) -> list[Sitting]:
    rows = tables.execute(
        "SELECT id, hearing, title, began_at, rose_at, back_at FROM sitting WHERE case_id = ? ORDER BY began", (case,)
    )
    return [Sitting(*row[:3], *(_instant(at) for at in row[3:])) for row in rows]


@remembered(ROOM)
def current_sitting(tables: Tables, case: str) -> str:
    """The id of the sitting that began last, or nothing."""
    rows = tables.execute("SELECT id FROM sitting WHERE case_id = ? ORDER BY began DESC LIMIT 1", (case,))
    return next((row[0] for row in rows), "")


@remembered(ROOM)
def restrictions(tables: Tables, case: str) -> list[Restriction]:
    """Orders that were not lifted."""
    rows = tables.execute(
        "SELECT id, position, from_at, until_at, kind FROM restriction WHERE case_id = ? AND lifted IS NULL "
        "ORDER BY position",
        (case,),
    )
    return [Restriction(row[0], row[1], _instant(row[2]), _instant(row[3]), row[4]) for row in rows]


@remembered(ROOM)
def told_of(tables: Tables, case: str, account: str) -> dict[str, bool]:
    """The restrictions in force that an account was told of, and whether of the names too."""
    rows = tables.execute(
        "SELECT restriction, cleared FROM told JOIN restriction ON restriction.id = restriction "
        "WHERE case_id = ? AND lifted IS NULL AND account = ?",
        (case, account),
    )
    return {restriction: bool(cleared) for restriction, cleared in rows}


@remembered(ROOM)
def legal_hold_since(tables: Tables, case: str) -> datetime | None:
    """Since when nothing of the case may be erased."""
    rows = tables.execute("SELECT since FROM legal_hold WHERE case_id = ?", (case,))
    return next((now.instant(since) for (since,) in rows), None)


@remembered(ROOM)
def needs_second_eyes(tables: Tables, case: str) -> bool:
    """Whether a post of the case waits until somebody other than its author lets it out."""
    return any(tables.execute("SELECT 1 FROM second_eyes WHERE case_id = ?", (case,)))


@remembered(ROOM)
def delays(tables: Tables, case: str) -> dict[str, int]:
    """By hearing, how many minutes its posts wait before they leave the server; one without a delay may be missing."""
    return dict(tables.execute("SELECT hearing, minutes FROM delay WHERE case_id = ?", (case,)))


@remembered(ROOM)
def juries(tables: Tables, case: str) -> dict[str, Jury]:
    """The juries of a case, by hearing."""
    rows = tables.execute("SELECT hearing, absent, may_release, returned, lifted FROM jury WHERE case_id = ?", (case,))
    return {row[0]: Jury(row[0], bool(row[1]), bool(row[2]), *row[3:]) for row in rows}


def juries_out_at(tables: Tables, case: str, at: datetime) -> list[str]:
    """The hearings of a case whose jury was out at an instant, and of which nothing may be told still."""
    rows = tables.execute(
        "SELECT jury_out.hearing FROM jury_out JOIN jury ON jury.hearing = jury_out.hearing WHERE jury_out.case_id = ? "
        "AND out_at <= ? AND (back_at IS NULL OR back_at > ?) AND NOT may_release ORDER BY out_at",
        (case, now.text(at), now.text(at)),
    )
    return [hearing for (hearing,) in rows]


@remembered(ROOM)
def rules(tables: Tables, case: str) -> tuple[tuple[int, ...], bool]:
    """Where the orders in force are in the journal, and whether the case is held: all that a door asks, at once."""
    rows = tables.execute(
        "SELECT position FROM restriction WHERE case_id = ? AND lifted IS NULL UNION ALL "
        "SELECT 0 FROM cases WHERE id = ? AND held IS NOT NULL ORDER BY 1",
        (case, case),
    )
    found = [position for (position,) in rows]
    held = bool(found) and found[0] == 0
    return tuple(found[held:]), held


@remembered(ROOM)
def all_in_force(tables: Tables) -> tuple[int, ...]:
    """Where the orders in force of all cases are in the journal."""
    rows = tables.execute("SELECT position FROM restriction WHERE lifted IS NULL ORDER BY position")
    return tuple(int(position) for (position,) in rows)


def _instant(written: str | None) -> Any:
    return now.instant(written) if written else None
