"""What the journal has of a station and a time: what is asked of it, and what was recorded then, in words.

No position is among it: those are kept apart, for a while, and whoever reads them leaves an entry (`known.read`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.journal import Journal
from heard.engine.projection import Tables
from heard.engine.stores import Record, Store
from heard.watch import entries as told
from heard.watch import lasting
from heard.watch.keeping import REPAIRS
from heard.watch.link_entries import LinksRuled
from heard.watch.model import FALSE_BY
from heard.watch.position_entries import PositionsRead
from heard.watch.readings import minutes

#: Entries that are opened, positions whose entries are read, and streams that are, in one go; others are answered in
#: between.
AT_ONCE, POSITIONS_AT_ONCE, STREAMS_AT_ONCE = 400, 20_000, 100
#: What is asked of a time rests on these alone.
_RESTS_ON = frozenset(
    body.kind
    for body in (
        *(told.DutyBegun, told.DutyEnded, told.PresenceTold, told.StateTold, told.ObligationArmed),
        *(told.ObligationStoodDown, told.SuspensionAgreed, told.SuspensionEnded, told.AlarmRaised, told.AlarmCleared),
    )
)
#: What a list of what was recorded tells of.
_RECORDED = tuple(
    body.kind
    for body in (
        *(told.DutyBegun, told.DutyEnded, told.PresenceTold, told.StateTold, told.DeedDone, told.Pinged),
        *(told.ObligationArmed, told.ObligationStoodDown, told.SuspensionAgreed, told.SuspensionEnded),
        *(told.OrderPublished, told.OrderWithdrawn, LinksRuled),
        *(told.OrderAcknowledged, PositionsRead, told.HolderPosted, told.HolderReleased),
        *(told.AlarmRaised, told.AlarmProven, told.AlarmAcknowledged, told.AlarmCleared, told.AlarmClosed),
        told.AlarmsReviewed,
    )
)


class Recorded(msgspec.Struct, frozen=True):
    """One entry in words. `of_at` is the instant that it tells of, where that is another; `of` whom it names."""

    at: datetime
    words: str
    of_at: datetime | None = None
    of: str = ""


#: What is, or was, watched at a station; the rounds of several are at each of them, as long as they go there.
_WATCHED = "FROM obligation WHERE id IN (SELECT obligation FROM obligation_ever_at WHERE station = ?)"


def _beside(tables: Tables, station: str, since: datetime, until: datetime, cut: int) -> set[str]:
    """The streams of a station's obligations that were in force later than `cut`, and of its alarms of a time."""
    armed = tables.execute(f"SELECT id {_WATCHED} AND (stood_down IS NULL OR stood_down > ?)", (station, cut))
    return {id for (id,) in armed} | set(_rang(tables, station, since, until))


def _rang(tables: Tables, station: str, since: datetime, until: datetime) -> dict[str, str]:
    """What rang or went on in a time as far as was told in it, or was closed later, by its title."""
    rows = tables.execute(
        "SELECT id, title FROM alarm WHERE station = ?1 AND lapsed_at < ?2 "
        "AND (cleared_at IS NULL OR cleared_told_at >= ?3 OR closed_at >= ?3)",
        (station, now.text(until), now.text(since)),
    )
    return dict(rows)


async def told_of(journal: Journal, tables: Tables, station: str, since: datetime, until: datetime) -> list[Entry]:
    """Everything that says anything of a time at a station, in the order of the journal: what was told before and holds
    on, and what was told later of it. Of the years before and after nothing is read.
    """
    store = journal.store
    cut, last = position_at(store, since), position_at(store, until + REPAIRS + timedelta(seconds=1, microseconds=1))
    after, single = lasting.from_where(tables, station, cut, since)
    records = [one for position in single if (one := store.record(position)) is not None]
    for place, stream in enumerate(sorted(_beside(tables, station, since, until, cut))):
        records += store.stream(stream, 0, last)
        if not place % STREAMS_AT_ONCE:
            await asyncio.sleep(0)
    for position in range(after, last, POSITIONS_AT_ONCE):
        records += store.stream(station, position, min(last, position + POSITIONS_AT_ONCE))
        await asyncio.sleep(0)
    rests_on = [one for one in records if one.header.kind in _RESTS_ON]
    return await _opened(journal, sorted(rests_on, key=lambda one: one.header.position))


async def recorded(
    journal: Journal, tables: Tables, station: str, since: datetime, until: datetime, names: Mapping[str, str]
) -> list[Recorded]:
    """What was recorded of a station in a time, in words; never who was where."""
    titles = dict[str, str]()
    titles |= dict(tables.execute("SELECT id, title FROM standing_order WHERE station = ?", (station,)))
    titles |= dict(tables.execute(f"SELECT id, title {_WATCHED}", (station,)))
    titles |= dict(tables.execute("SELECT id, name FROM ping_source WHERE station = ?", (station,)))
    titles |= _rang(tables, station, since, until)
    first, last, streams = position_at(journal.store, since), position_at(journal.store, until), {station} | set(titles)
    records = [one for one in journal.store.of_kinds(_RECORDED, first, last) if one.header.stream in streams]
    found = await _opened(journal, records)
    told_in_words = [(entry, _in_words(entry, names, titles)) for entry in found]
    return [msgspec.structs.replace(one, of=_whom(entry, names)) for entry, one in told_in_words if one is not None]


def _whom(entry: Entry, names: Mapping[str, str]) -> str:
    """The account of whom it tells what they did, if it names one."""
    match entry.body:
        case (
            told.DutyBegun(holder=who)
            | told.DutyEnded(holder=who)
            | told.HolderPosted(holder=who)
            | told.HolderReleased(holder=who)
        ):
            return who if who in names else ""
        case told.PresenceTold() | told.StateTold() | PositionsRead():
            return ""
    return entry.by if entry.by in names else ""


def position_at(store: Store, at: datetime) -> int:
    """The last position whose entry is earlier than an instant: the times of entries never go back."""
    written, low, high = now.text(at), 0, store.position()
    while low < high:
        middle = (low + high + 1) // 2
        record = store.record(middle)
        low, high = (middle, high) if record is not None and record.header.at < written else (low, middle - 1)
    return low


async def _opened(journal: Journal, records: Sequence[Record]) -> list[Entry]:
    found: list[Entry] = []
    for place in range(0, len(records), AT_ONCE):
        found += journal.opened(records[place : place + AT_ONCE])
        await asyncio.sleep(0)
    return [entry for entry in found if entry.body is not None]


def _in_words(entry: Entry, names: Mapping[str, str], titles: Mapping[str, str]) -> Recorded | None:
    by, title, at = names.get(entry.by, "Somebody"), titles.get(entry.stream, ""), entry.at
    match entry.body:
        case told.DutyBegun(holder=who):
            return Recorded(at, f"{names.get(who, 'Somebody')} began the duty.")
        case told.DutyEnded(holder=who):
            return Recorded(at, f"The duty of {names.get(who, 'somebody')} ended.")
        case told.PresenceTold(present=present, since_at=since_at):
            words = "not known to be here" if present is None else "here" if present else "not here"
            return Recorded(at, f"Of somebody on duty: {words}.", _other(at, since_at))
        case told.StateTold(state=state, since_at=since_at):
            return Recorded(at, f"Its state: {state}.", _other(at, since_at))
        case told.DeedDone(deed=deed):
            return Recorded(at, f"{by}: {deed}.")
        case told.Pinged(sort=sort):
            return Recorded(at, f"{title}: {_PINGS[sort]}.")
        case told.ObligationArmed(title=armed, number=number):
            return Recorded(at, f"{by} armed “{armed}”, version {number}.")
        case told.ObligationStoodDown():
            return Recorded(at, f"{by} stood down “{title}”.")
        case told.SuspensionAgreed(since_at=since_at, until_at=until_at):
            lasts = minutes(until_at - since_at)
            return Recorded(at, f"{by} agreed that “{title}” is suspended for {lasts} min.", _other(at, since_at))
        case told.SuspensionEnded():
            return Recorded(at, f"{by} ended a suspension of “{title}”.")
        case told.OrderPublished(title=order, number=number):
            return Recorded(at, f"{by} published “{order}”, version {number}.")
        case told.OrderWithdrawn():
            return Recorded(at, f"{by} withdrew “{title}”.")
        case LinksRuled(allowed=allowed):
            return Recorded(at, f"{by} {'allowed' if allowed else 'no longer allowed'} orders to be read by a link.")
        case told.OrderAcknowledged(number=number, link=link):
            return Recorded(at, f"{by} read “{title}”, version {number}{', by a link' if link else ''}.")
        case PositionsRead():
            return Recorded(at, f"{by} read positions that were kept of somebody posted here.")
        case told.HolderPosted(holder=who):
            return Recorded(at, f"{names.get(who, 'Somebody')} was posted here.")
        case told.HolderReleased(holder=who):
            return Recorded(at, f"{names.get(who, 'Somebody')} was released.")
        case told.AlarmRaised(sort=sort, lapsed_at=lapsed_at):
            words = "It rang" if sort == "lapse" else "It rang, as not known to be kept"
            return Recorded(at, f"{words}: “{title}”.", _other(at, lapsed_at))
        case told.AlarmProven():
            return Recorded(at, f"It became certain: “{title}” was not kept.")
        case told.AlarmAcknowledged():
            return Recorded(at, f"{by} saw to the alarm: “{title}”.")
        case told.AlarmCleared(cleared_at=cleared_at, why=why):
            return Recorded(at, f"The alarm was over ({why.replace('-', ' ')}): “{title}”.", _other(at, cleared_at))
        case told.AlarmClosed(reason=reason, false_by=false_by):
            as_false = f" as false, since {FALSE_BY[false_by]}" if false_by else ""
            return Recorded(at, f"{by} closed the alarm “{title}”{as_false}: {reason}")
        case told.AlarmsReviewed(alarms=alarms, false=false, reason=reason):
            return Recorded(at, f"{by} looked into the alarms of “{title}”, {false} of {alarms} false: {reason}")
    return None


_PINGS = {"success": "pinged", "fail": "said that it failed", "start": "began", "log": "sent a note"}


def _other(at: datetime, of_at: datetime | None) -> datetime | None:
    """The instant that is told of, where it is not that of the telling."""
    return of_at if of_at is not None and abs(at - of_at) >= timedelta(seconds=1) else None
