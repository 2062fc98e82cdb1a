"""How the entries of cases fold into their tables; what is asked of them stands in `projection`."""

from __future__ import annotations

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
    PersonNamed,
    RestrictionImposed,
    RestrictionLifted,
    RestrictionTold,
    SealLifted,
    SittingBegan,
    SittingRose,
)
from heard.engine import now
from heard.engine.entry import Body, Entry
from heard.engine.projection import Fold, Tables


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
    tables.execute("INSERT OR IGNORE INTO jury VALUES (?, ?, 0, 0, 0, 0)", (body.hearing, body.case))


def _sent_out(tables: Tables, entry: Entry, body: JurySentOut) -> None:
    tables.execute(
        "UPDATE jury SET absent = 1, may_release = 0, returned = 0, lifted = 0 WHERE hearing = ?", (body.hearing,)
    )
    out = (body.hearing, body.case, now.text(entry.at))
    tables.execute("INSERT OR IGNORE INTO jury_out VALUES (?, ?, ?, NULL)", out)


def _returned(tables: Tables, entry: Entry, body: JuryReturned) -> None:
    tables.execute("UPDATE jury SET absent = 0, returned = ? WHERE hearing = ?", (entry.position, body.hearing))
    _no_longer_out(tables, entry, body.hearing)


def _no_longer_out(tables: Tables, entry: Entry, hearing: str) -> None:
    back = (now.text(entry.at), hearing)
    tables.execute("UPDATE jury_out SET back_at = ? WHERE hearing = ? AND back_at IS NULL", back)


def _seal_lifted(tables: Tables, entry: Entry, body: SealLifted) -> None:
    lifted = (entry.position, body.hearing)
    tables.execute("UPDATE jury SET absent = 0, may_release = 1, lifted = ? WHERE hearing = ?", lifted)
    _no_longer_out(tables, entry, body.hearing)


def _legal_hold(tables: Tables, entry: Entry, body: LegalHoldPlaced) -> None:
    tables.execute("INSERT OR IGNORE INTO legal_hold VALUES (?, ?)", (body.case, now.text(entry.at)))


def _legal_hold_ended(tables: Tables, entry: Entry, body: LegalHoldEnded) -> None:
    tables.execute("DELETE FROM legal_hold WHERE case_id = ?", (body.case,))


def _delay(tables: Tables, entry: Entry, body: DelayFixed) -> None:
    tables.execute("INSERT OR REPLACE INTO delay VALUES (?, ?, ?)", (body.hearing, body.case, body.minutes))


FOLDS: dict[type[Body], Fold] = {
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
    DelayFixed: _delay,
    JurySworn: _sworn,
    JurySentOut: _sent_out,
    JuryReturned: _returned,
    SealLifted: _seal_lifted,
}
