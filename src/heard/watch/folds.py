"""How the entries of the watch change its tables."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from heard.engine import now
from heard.engine.entry import Body, Entry
from heard.engine.projection import Fold, FoldTogether, Tables
from heard.watch import by_link, lasting, reviews
from heard.watch.entries import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmClosed,
    AlarmProven,
    AlarmRaised,
    DeedDone,
    DutyBegun,
    DutyEnded,
    HolderPosted,
    HolderReleased,
    ObligationArmed,
    ObligationStoodDown,
    OrderAcknowledged,
    OrderPublished,
    OrderWithdrawn,
    OriginNamed,
    Pinged,
    PresenceTold,
    PublicBegun,
    PublicEnded,
    SourceAdded,
    StateTold,
    StationSet,
)


def _station(tables: Tables, entry: Entry, body: StationSet) -> None:
    tables.execute(
        "INSERT INTO station VALUES (?, ?, ?, ?, NULL, NULL, NULL, NULL, ?) "
        "ON CONFLICT (id) DO UPDATE SET code = excluded.code, place = excluded.place, zone = excluded.zone",
        (entry.stream, body.code, body.place, body.zone, entry.position),
    )


def _posted(tables: Tables, entry: Entry, body: HolderPosted) -> None:
    tables.execute("INSERT OR IGNORE INTO roster VALUES (?, ?, ?)", (entry.stream, body.holder, now.text(entry.at)))


def _released(tables: Tables, entry: Entry, body: HolderReleased) -> None:
    tables.execute("DELETE FROM roster WHERE station = ? AND holder = ?", (entry.stream, body.holder))
    by_link.released(tables, entry.stream, body.holder)


def _published(tables: Tables, entry: Entry, body: OrderPublished) -> None:
    tables.execute(
        "INSERT OR REPLACE INTO standing_order VALUES (?, ?, ?, ?, ?, ?, NULL)",
        (entry.stream, body.station, body.title, body.number, entry.position, now.text(entry.at)),
    )
    by_link.over(tables, entry.stream)


def _withdrawn(tables: Tables, entry: Entry, body: OrderWithdrawn) -> None:
    tables.execute("UPDATE standing_order SET withdrawn = ? WHERE id = ?", (entry.position, entry.stream))
    by_link.over(tables, entry.stream)


def _acknowledged_order(tables: Tables, entry: Entry, body: OrderAcknowledged) -> None:
    tables.execute(
        "INSERT OR IGNORE INTO acknowledgement VALUES (?, ?, ?, ?)",
        (entry.stream, body.number, entry.by, now.text(entry.at)),
    )
    by_link.acknowledged(tables, entry, body)


def _begun(tables: Tables, entry: Entry, body: DutyBegun) -> None:
    tables.execute("INSERT OR IGNORE INTO duty VALUES (?, ?, ?)", (entry.stream, body.holder, now.text(entry.at)))
    lasting.begun(tables, entry, body)


def _ended(tables: Tables, entry: Entry, body: DutyEnded) -> None:
    tables.execute("DELETE FROM duty WHERE station = ? AND holder = ?", (entry.stream, body.holder))
    # Nothing stays of where somebody was who is off duty.
    tables.execute("DELETE FROM presence WHERE station = ? AND holder = ?", (entry.stream, body.holder))
    tables.execute("DELETE FROM presence_step WHERE station = ? AND holder = ?", (entry.stream, body.holder))
    lasting.ended(tables, entry, body)


def _presence(tables: Tables, entry: Entry, body: PresenceTold) -> None:
    since = body.since_at or entry.at
    until = None if body.good_for_s is None else now.text(since + timedelta(seconds=body.good_for_s))
    told = (entry.stream, body.holder, body.present, now.text(since), until, body.why)
    # What puts the past right says nothing of now.
    tables.execute(
        "INSERT INTO presence VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (station, holder) DO UPDATE SET "
        "present = excluded.present, since = excluded.since, until = excluded.until, why = excluded.why "
        "WHERE excluded.since >= since",
        told,
    )
    if body.since_at is not None:
        step = (entry.stream, body.holder, now.text(since), body.present, body.why)
        tables.execute("INSERT OR REPLACE INTO presence_step VALUES (?, ?, ?, ?, ?)", step)


def history_digest(station: str, body: DeedDone | StateTold) -> str:
    """The same for the same row of the same store, whenever it is read in."""
    what: tuple[object, ...] = (body.state, body.since_at) if isinstance(body, StateTold) else (body.deed, body.done_at)
    row = (station, body.store, body.kind, getattr(body, "who", ""), what[0], str(what[1]))
    return hashlib.sha256(msgspec.json.encode(row)).hexdigest()


def _brought_in(tables: Tables, entry: Entry, body: DeedDone | StateTold) -> None:
    row = (history_digest(entry.stream, body), entry.stream, body.store, entry.position)
    tables.execute("INSERT OR IGNORE INTO history VALUES (?, ?, ?, ?)", row)


def _state(tables: Tables, entry: Entry, body: StateTold) -> None:
    since = body.since_at or entry.at
    lasting.told(tables, entry, since)
    if body.store:
        _brought_in(tables, entry, body)
        return
    until = None if body.good_for_s is None else now.text(since + timedelta(seconds=body.good_for_s))
    tables.execute(
        "UPDATE station SET state = ?, state_at = ?, state_until = ? "
        "WHERE id = ? AND (state_at IS NULL OR state_at <= ?)",
        (body.state, now.text(since), until, entry.stream, now.text(since)),
    )


def _deed(tables: Tables, entry: Entry, body: DeedDone) -> None:
    if body.store:
        _brought_in(tables, entry, body)
    if body.deed in ("check", "check-in"):
        at = now.text(body.done_at or entry.at)
        tables.execute("UPDATE station SET deed_at = max(coalesce(deed_at, ''), ?) WHERE id = ?", (at, entry.stream))


def _source(tables: Tables, entry: Entry, body: SourceAdded) -> None:
    tables.execute("INSERT INTO ping_source VALUES (?, ?, ?, NULL, '')", (entry.stream, body.station, body.name))


def _pinged(tables: Tables, entry: Entry, body: Pinged) -> None:
    tables.execute(
        "UPDATE ping_source SET heard_at = ?, said = ? WHERE id = ?", (now.text(entry.at), body.sort, entry.stream)
    )


def _armed(tables: Tables, entry: Entry, body: ObligationArmed) -> None:
    tables.execute("UPDATE origin SET stood_down_at = NULL WHERE obligation = ?", (entry.stream,))
    tables.execute(
        "INSERT OR REPLACE INTO obligation VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (
            *(entry.stream, body.station, body.number, body.title, msgspec.json.encode(body.written)),
            *(body.supervisor, now.text(entry.at), entry.position),
        ),
    )
    tables.execute("DELETE FROM obligation_at WHERE obligation = ?", (entry.stream,))
    for station in {body.station, *(body.written.get("for_each") or {}).get("stations", ())}:
        tables.execute("INSERT INTO obligation_at VALUES (?, ?)", (station, entry.stream))
        tables.execute("INSERT OR IGNORE INTO obligation_ever_at VALUES (?, ?)", (station, entry.stream))


def _stood_down(tables: Tables, entry: Entry, body: ObligationStoodDown) -> None:
    tables.execute("UPDATE obligation SET stood_down = ? WHERE id = ?", (entry.position, entry.stream))
    tables.execute("UPDATE origin SET stood_down_at = ? WHERE obligation = ?", (now.text(entry.at), entry.stream))
    reviews.not_asked(tables, entry.stream)


def _origin(tables: Tables, entry: Entry, body: OriginNamed) -> None:
    tables.execute(
        "INSERT OR REPLACE INTO origin VALUES (?, ?, ?, ?, ?, NULL, '', NULL)",
        (entry.stream, body.report, body.concern, body.words, now.text(entry.at)),
    )


def _public(tables: Tables, entry: Entry, body: PublicBegun) -> None:
    tables.execute(
        "UPDATE origin SET late_days = ?, decided_by = ? WHERE obligation = ?",
        (body.late_days, body.decided_by, entry.stream),
    )


def _not_public(tables: Tables, entry: Entry, body: PublicEnded) -> None:
    tables.execute("UPDATE origin SET late_days = NULL, decided_by = '' WHERE obligation = ?", (entry.stream,))


def _raised(tables: Tables, entry: Entry, body: AlarmRaised) -> None:
    _raised_together(tables, (entry,))


def _raised_together(tables: Tables, entries: Sequence[Entry]) -> None:
    rows = [
        (
            *(entry.stream, entry.body.obligation, entry.body.station, entry.body.obligation, entry.body.sort),
            *(entry.body.key, now.text(entry.body.lapsed_at), now.text(entry.at), entry.position),
        )
        for entry in entries
        if isinstance(entry.body, AlarmRaised)
    ]
    tables.executemany(
        "INSERT INTO alarm SELECT ?, ?, ?, coalesce((SELECT title FROM obligation WHERE id = ?), ''), ?, ?, 'open', "
        "?, ?, NULL, NULL, NULL, NULL, NULL, NULL, ?, NULL, ''",
        rows,
    )


def _proven(tables: Tables, entry: Entry, body: AlarmProven) -> None:
    tables.execute("UPDATE alarm SET sort = 'lapse' WHERE id = ?", (entry.stream,))


def _acknowledged(tables: Tables, entry: Entry, body: AlarmAcknowledged) -> None:
    tables.execute(
        "UPDATE alarm SET state = 'acknowledged', acknowledged_at = ?, acknowledged_by = ? WHERE id = ?",
        (now.text(entry.at), entry.by, entry.stream),
    )


def _cleared(tables: Tables, entry: Entry, body: AlarmCleared) -> None:
    tables.execute(
        "UPDATE alarm SET state = 'cleared', cleared_at = ?, cleared_why = ?, cleared_told_at = ? WHERE id = ?",
        (now.text(body.cleared_at), body.why, now.text(entry.at), entry.stream),
    )


def _closed(tables: Tables, entry: Entry, body: AlarmClosed) -> None:
    tables.execute(
        "UPDATE alarm SET state = 'closed', closed_at = ?, closed_by = ?, false_by = ? WHERE id = ?",
        (now.text(entry.at), entry.by, body.false_by, entry.stream),
    )
    if body.false_by:
        for (obligation,) in list(tables.execute("SELECT obligation FROM alarm WHERE id = ?", (entry.stream,))):
            reviews.closed_as_false(tables, obligation, entry.at)


FOLDS: Mapping[type[Body], Fold] = {
    StationSet: _station,
    HolderPosted: _posted,
    HolderReleased: _released,
    OrderPublished: _published,
    OrderWithdrawn: _withdrawn,
    OrderAcknowledged: _acknowledged_order,
    DutyBegun: _begun,
    DutyEnded: _ended,
    PresenceTold: _presence,
    StateTold: _state,
    DeedDone: _deed,
    SourceAdded: _source,
    Pinged: _pinged,
    ObligationArmed: _armed,
    ObligationStoodDown: _stood_down,
    OriginNamed: _origin,
    PublicBegun: _public,
    PublicEnded: _not_public,
    AlarmRaised: _raised,
    AlarmProven: _proven,
    AlarmAcknowledged: _acknowledged,
    AlarmCleared: _cleared,
    AlarmClosed: _closed,
}

TOGETHER: Mapping[type[Body], FoldTogether] = {AlarmRaised: _raised_together}
