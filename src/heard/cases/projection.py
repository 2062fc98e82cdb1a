"""The tables of cases, and the questions that others ask of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from heard.cases import entries, model, states
from heard.cases.entries import (
    CaseDescribed,
    CaseHeld,
    CaseLetGo,
    CaseOpened,
    DelayFixed,
    HearingListed,
    JuryReturned,
    JurySentOut,
    JurySworn,
    LegalHoldEnded,
    LegalHoldPlaced,
    Permission,
    PermissionRecorded,
    PersonNamed,
    RestrictionImposed,
    RestrictionLifted,
    RestrictionTold,
    SealLifted,
    SecondEyesRuled,
    SittingBegan,
    SittingRose,
)
from heard.cases.model import Case, Jury, Person, Restriction, Sitting
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import NotFound
from heard.engine.projection import Room, Tables

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
    hearing TEXT PRIMARY KEY, case_id TEXT NOT NULL, absent INTEGER NOT NULL, may_release INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jury_case ON jury (case_id);
CREATE TABLE IF NOT EXISTS jury_out (
    hearing TEXT NOT NULL, case_id TEXT NOT NULL, out_at TEXT NOT NULL, back_at TEXT, PRIMARY KEY (hearing, out_at)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jury_out_case ON jury_out (case_id, back_at);
CREATE TABLE IF NOT EXISTS legal_hold (case_id TEXT PRIMARY KEY, since TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS permission (case_id TEXT PRIMARY KEY, permission TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delay (
    hearing TEXT PRIMARY KEY, case_id TEXT NOT NULL, minutes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS second_eyes (case_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (
    restriction TEXT NOT NULL, account TEXT NOT NULL, cleared INTEGER NOT NULL, PRIMARY KEY (restriction, account)
) WITHOUT ROWID;
"""


def _opened(tables: Tables, entry: Entry, body: CaseOpened) -> None:
    tables.execute(
        "INSERT INTO cases VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        (entry.stream, body.slug, body.title, body.standfirst, body.zone, body.rules, now.text(entry.at)),
    )


def _described(tables: Tables, entry: Entry, body: CaseDescribed) -> None:
    tables.execute(
        "UPDATE cases SET title = ?, standfirst = ? WHERE id = ?", (body.title, body.standfirst, entry.stream)
    )


def _person(tables: Tables, entry: Entry, body: PersonNamed) -> None:
    tables.execute(
        "INSERT INTO person VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, note = excluded.note",
        (entry.stream, body.case, body.name, body.role, body.note, entry.position),
    )


def _hearing(tables: Tables, entry: Entry, body: HearingListed) -> None:
    tables.execute(
        "INSERT INTO hearing VALUES (?, ?, ?, ?, ?)", (entry.stream, body.case, body.title, body.place, entry.position)
    )


def _began(tables: Tables, entry: Entry, body: SittingBegan) -> None:
    tables.execute(
        "INSERT INTO sitting VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
        (entry.stream, body.case, body.hearing, body.title, entry.position, now.text(body.source_at or entry.at)),
    )


def _rose(tables: Tables, entry: Entry, body: SittingRose) -> None:
    back_at = now.text(body.back_at) if body.back_at else None
    tables.execute(
        "UPDATE sitting SET rose_at = ?, back_at = ? WHERE id = ?",
        (now.text(body.source_at or entry.at), back_at, entry.stream),
    )


def _imposed(tables: Tables, entry: Entry, body: RestrictionImposed) -> None:
    times = [now.text(at) if at else None for at in (body.from_at, body.until_at)]
    tables.execute(
        "INSERT INTO restriction VALUES (?, ?, ?, ?, ?, NULL, ?)",
        (body.restriction, body.case, entry.position, *times, body.order),
    )

    _tell(tables, body.restriction, body.told, (entry.by, *body.cleared))


def _told(tables: Tables, entry: Entry, body: RestrictionTold) -> None:
    _tell(tables, body.restriction, body.told, body.cleared)


def _tell(tables: Tables, restriction: str, told: tuple[str, ...], cleared: tuple[str, ...]) -> None:
    for account, of_the_name in (*((one, 0) for one in told), *((one, 1) for one in cleared)):
        tables.execute(
            "INSERT INTO told VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cleared = max(cleared, excluded.cleared)",
            (restriction, account, of_the_name),
        )


def _lifted(tables: Tables, entry: Entry, body: RestrictionLifted) -> None:
    tables.execute("UPDATE restriction SET lifted = ? WHERE id = ?", (entry.position, body.restriction))


def _held(tables: Tables, entry: Entry, body: CaseHeld) -> None:
    tables.execute("UPDATE cases SET held = ? WHERE id = ?", (entry.position, body.case))


def _let_go(tables: Tables, entry: Entry, body: CaseLetGo) -> None:
    tables.execute("UPDATE cases SET held = NULL WHERE id = ?", (body.case,))


def _sworn(tables: Tables, entry: Entry, body: JurySworn) -> None:
    tables.execute("INSERT OR IGNORE INTO jury VALUES (?, ?, 0, 0)", (body.hearing, body.case))


def _sent_out(tables: Tables, entry: Entry, body: JurySentOut) -> None:
    tables.execute("UPDATE jury SET absent = 1, may_release = 0 WHERE hearing = ?", (body.hearing,))
    out = (body.hearing, body.case, now.text(entry.at))
    tables.execute("INSERT OR IGNORE INTO jury_out VALUES (?, ?, ?, NULL)", out)


def _returned(tables: Tables, entry: Entry, body: JuryReturned) -> None:
    tables.execute("UPDATE jury SET absent = 0 WHERE hearing = ?", (body.hearing,))
    _no_longer_out(tables, entry, body.hearing)


def _no_longer_out(tables: Tables, entry: Entry, hearing: str) -> None:
    back = (now.text(entry.at), hearing)
    tables.execute("UPDATE jury_out SET back_at = ? WHERE hearing = ? AND back_at IS NULL", back)


def _seal_lifted(tables: Tables, entry: Entry, body: SealLifted) -> None:
    tables.execute("UPDATE jury SET absent = 0, may_release = 1 WHERE hearing = ?", (body.hearing,))
    _no_longer_out(tables, entry, body.hearing)


def _legal_hold(tables: Tables, entry: Entry, body: LegalHoldPlaced) -> None:
    tables.execute("INSERT OR IGNORE INTO legal_hold VALUES (?, ?)", (body.case, now.text(entry.at)))


def _legal_hold_ended(tables: Tables, entry: Entry, body: LegalHoldEnded) -> None:
    tables.execute("DELETE FROM legal_hold WHERE case_id = ?", (body.case,))


def _permission(tables: Tables, entry: Entry, body: PermissionRecorded) -> None:
    tables.execute("INSERT OR REPLACE INTO permission VALUES (?, ?)", (body.case, body.permission))


def _second_eyes(tables: Tables, entry: Entry, body: SecondEyesRuled) -> None:
    if body.needed:
        tables.execute("INSERT OR IGNORE INTO second_eyes VALUES (?)", (body.case,))
    else:
        tables.execute("DELETE FROM second_eyes WHERE case_id = ?", (body.case,))


def _delay(tables: Tables, entry: Entry, body: DelayFixed) -> None:
    tables.execute("INSERT OR REPLACE INTO delay VALUES (?, ?, ?)", (body.hearing, body.case, body.minutes))


def room() -> Room:
    """What the room `cases` folds."""
    import heard.cases.projection as here

    folds: dict[Any, Any] = {
        CaseOpened: _opened,
        CaseDescribed: _described,
        PersonNamed: _person,
        HearingListed: _hearing,
        SittingBegan: _began,
        SittingRose: _rose,
        RestrictionImposed: _imposed,
        RestrictionTold: _told,
        RestrictionLifted: _lifted,
        CaseHeld: _held,
        CaseLetGo: _let_go,
        LegalHoldPlaced: _legal_hold,
        LegalHoldEnded: _legal_hold_ended,
        PermissionRecorded: _permission,
        SecondEyesRuled: _second_eyes,
        DelayFixed: _delay,
        JurySworn: _sworn,
        JurySentOut: _sent_out,
        JuryReturned: _returned,
        SealLifted: _seal_lifted,
        **states.FOLDS,
    }
    return Room("cases", SCHEMA + states.SCHEMA, folds, (entries, model, states, here))


_CASE = "SELECT id, slug, title, standfirst, zone, rules, opened_at FROM cases"


def by_slug(tables: Tables, slug: str) -> Case:
    """The case at this address.

    Raises NotFound.
    """
    return _one(tables.execute(f"{_CASE} WHERE slug = ?", (slug,)))


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


def is_held(tables: Tables, case: str) -> bool:
    return any(tables.execute("SELECT 1 FROM cases WHERE id = ? AND held IS NOT NULL", (case,)))


def people(tables: Tables, case: str) -> list[Person]:
    rows = tables.execute("SELECT id, name, role, note FROM person WHERE case_id = ? ORDER BY named", (case,))
    return [Person(*row) for row in rows]


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


def sittings(tables: Tables, case: str) -> list[Sitting]:
    rows = tables.execute(
        "SELECT id, hearing, title, began_at, rose_at, back_at FROM sitting WHERE case_id = ? ORDER BY began", (case,)
    )
    return [Sitting(*row[:3], *(_instant(at) for at in row[3:])) for row in rows]


def current_sitting(tables: Tables, case: str) -> str:
    """The id of the sitting that began last, or nothing."""
    rows = tables.execute("SELECT id FROM sitting WHERE case_id = ? ORDER BY began DESC LIMIT 1", (case,))
    return next((row[0] for row in rows), "")


def restrictions(tables: Tables, case: str) -> list[Restriction]:
    """Orders that were not lifted."""
    rows = tables.execute(
        "SELECT id, position, from_at, until_at, kind FROM restriction WHERE case_id = ? AND lifted IS NULL "
        "ORDER BY position",
        (case,),
    )
    return [Restriction(row[0], row[1], _instant(row[2]), _instant(row[3]), row[4]) for row in rows]


def told_of(tables: Tables, case: str, account: str) -> dict[str, bool]:
    """The restrictions in force that an account was told of, and whether of the names too."""
    rows = tables.execute(
        "SELECT restriction, cleared FROM told JOIN restriction ON restriction.id = restriction "
        "WHERE case_id = ? AND lifted IS NULL AND account = ?",
        (case, account),
    )
    return {restriction: bool(cleared) for restriction, cleared in rows}


def legal_hold_since(tables: Tables, case: str) -> datetime | None:
    """Since when nothing of the case may be erased."""
    rows = tables.execute("SELECT since FROM legal_hold WHERE case_id = ?", (case,))
    return next((now.instant(since) for (since,) in rows), None)


def permission(tables: Tables, case: str) -> Permission:
    """On what footing the case is reported live. To journalists and legal commentators it is open without asking."""
    rows = tables.execute("SELECT permission FROM permission WHERE case_id = ?", (case,))
    return next((permission for (permission,) in rows), "no application needed")


def needs_second_eyes(tables: Tables, case: str) -> bool:
    """Whether a post of the case waits until somebody other than its author lets it out."""
    return any(tables.execute("SELECT 1 FROM second_eyes WHERE case_id = ?", (case,)))


def delays(tables: Tables, case: str) -> dict[str, int]:
    """By hearing, how many minutes its posts wait before they leave the server; one without a delay may be missing."""
    return dict(tables.execute("SELECT hearing, minutes FROM delay WHERE case_id = ?", (case,)))


def juries(tables: Tables, case: str) -> dict[str, Jury]:
    """The juries of a case, by hearing."""
    rows = tables.execute("SELECT hearing, absent, may_release FROM jury WHERE case_id = ?", (case,))
    return {hearing: Jury(hearing, bool(absent), bool(may_release)) for hearing, absent, may_release in rows}


def juries_out_at(tables: Tables, case: str, at: datetime) -> list[str]:
    """The hearings of a case whose jury was out at an instant, and of which nothing may be told still."""
    rows = tables.execute(
        "SELECT jury_out.hearing FROM jury_out JOIN jury ON jury.hearing = jury_out.hearing WHERE jury_out.case_id = ? "
        "AND out_at <= ? AND (back_at IS NULL OR back_at > ?) AND NOT may_release ORDER BY out_at",
        (case, now.text(at), now.text(at)),
    )
    return [hearing for (hearing,) in rows]


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


def all_in_force(tables: Tables) -> tuple[int, ...]:
    """Where the orders in force of all cases are in the journal."""
    rows = tables.execute("SELECT position FROM restriction WHERE lifted IS NULL ORDER BY position")
    return tuple(int(position) for (position,) in rows)


def _instant(written: str | None) -> Any:
    return now.instant(written) if written else None
