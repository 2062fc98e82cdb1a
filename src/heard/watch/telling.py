"""Telling people of alarms: what they are told, and the entry of it. What it takes to send it is in `web/telling.py`.

A message may be overheard and read over a shoulder: it names a station by its code alone, and no place, person or rule.
What lights up on a locked phone names nothing at all. What it is about stands on the page, after signing in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from heard.engine.entry import Draft
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.engine.told import GONE, NOT_OPEN, SENT
from heard.watch import ladders
from heard.watch.entries import AlarmTold
from heard.watch.ladders import THEMSELVES, Rung

#: What failed is tried again after so long, and then given up; the board says who was not reached.
RETRY_AFTER_S = (5, 15, 60, 300, 900)
#: More alarms than this in one message are counted, not listed.
LISTED_MAX = 20


class Message(msgspec.Struct, frozen=True):
    """One message to one person, of one alarm or of many that came together. `id` is the same when it is sent again.

    `short` is what may stand on a locked phone, `to` the path that it opens.
    """

    id: str
    subject: str
    text: str
    alarms: tuple[str, ...]
    short: str
    to: str


class Went(msgspec.Struct, frozen=True):
    """How a sending went, by each channel; `wait_s` is for how long all that did not take it ask not to be asked."""

    by: dict[str, str]
    wait_s: float = 0.0


def message(tables: Tables, rungs: Sequence[Rung], site: str) -> Message:
    """What they are told of these alarms; `site` is the address at which they sign in."""
    known = dict(tables.execute("SELECT id, code FROM station"))
    lines = [f"{known.get(one.station, 'A station')}: {_said(one)}" for one in rungs[:LISTED_MAX]]
    if len(rungs) > LISTED_MAX:
        lines.append(f"and {len(rungs) - LISTED_MAX} more.")
    only = rungs[0]
    subject = f"{known.get(only.station, 'A station')}: alarm" if len(rungs) == 1 else f"{len(rungs)} alarms"
    where = f"{site}/watch/alarms/{only.alarm}/" if len(rungs) == 1 else f"{site}/watch/"
    text = "\n".join([*lines, "", f"Sign in to see what: {where}", ""])
    # The number of the attempt is not in it: who gets it twice, because we died before we wrote that it was sent, can
    # tell that it is the same.
    id = f"{only.alarm}.{only.step}.{int(only.again)}.{only.account}.{len(rungs)}"
    return Message(id, subject, text, tuple(one.alarm for one in rungs), _short(rungs), _to(rungs))


def _short(rungs: Sequence[Rung]) -> str:
    if len(rungs) > 1:
        return f"{len(rungs)} alarms"
    return "Alarm: certain now" if rungs[0].again else "Alarm"


def _to(rungs: Sequence[Rung]) -> str:
    if any(one.step == THEMSELVES for one in rungs):
        return "/watch/mine/"
    return f"/watch/alarms/{rungs[0].alarm}/" if len(rungs) == 1 else "/watch/"


def _said(rung: Rung) -> str:
    again = "It is certain now: " if rung.again else ""
    if rung.sort == "lapse":
        return f"{again}what is owed there was not kept."
    return f"{again}nobody can say that all is kept there."


def record_told(rungs: Sequence[Rung], by: Mapping[str, str], at: datetime, wait_s: float = 0.0) -> Command:
    """How the sending of one message went. A rung that is gone since, or told by another node, has no entry.

    What failed is tried again, and not before `wait_s` have passed.
    """

    def judge(tables: Tables) -> Decision:
        still = [rung for rung in rungs if ladders.is_due(tables, rung)]
        drafts = tuple(Draft(rung.alarm, _told(rung, by, at, wait_s)) for rung in still)
        return Decision(drafts, tuple(dict.fromkeys(rung.alarm for rung in still)))

    return judge


def _told(rung: Rung, by: Mapping[str, str], at: datetime, wait_s: float) -> AlarmTold:
    wait = until_again(by, rung.attempt, wait_s)
    return AlarmTold(rung.step, rung.account, dict(by), rung.attempt, rung.again, at + wait if wait else None)


def until_again(by: Mapping[str, str], attempt: int, wait_s: float = 0.0) -> timedelta | None:
    """For how long what failed at this attempt, the first is 1, is left before it is tried again; None where nothing
    failed, or it is given up.
    """
    failed = any(how not in (SENT, NOT_OPEN, GONE) for how in by.values())
    if not failed or attempt > len(RETRY_AFTER_S):
        return None
    return timedelta(seconds=max(wait_s, RETRY_AFTER_S[attempt - 1]))
