"""The clocks of the watch really run: what falls due is recorded at once, what fell due while nobody was here first.

Nothing here decides anything: `Watching` says what has come to pass, and the command judges it again.
"""

from __future__ import annotations

import asyncio
import gc
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path

import structlog

from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import HeardError, Unavailable
from heard.engine.node import Node, Written
from heard.watch.ringing import WATCH, key_of, record_all
from heard.watch.standing import KINDS
from heard.watch.watched import Due
from heard.watch.watching import Watching

#: A clock may be set while one sleeps: so often it is looked at anyway.
LOOK_EVERY_S = 1.0
#: When very much falls due in one second, so many are recorded in one writing: the desk's own goes on between.
AT_ONCE = 1000
#: They are judged in one turn of the loop, before a timer of so long is looked at.
JUDGED_S = 0.001
#: More than so many entries are not heard in one go.
HEARD_AT_ONCE = 2000
#: Up to so many are recorded each by itself, under a key of its own.
FEW = 8
#: What rings at an instant rings when it has passed; a timer may come a little before.
SHORTEST_S = 0.0005
#: After a record could not be written, so long until it is tried again.
PUT_OFF_S = 0.5

log = structlog.get_logger()

#: So often every open board hears that it is watched, news or not: one that hears nothing says so.
SAID_EVERY_S = 5.0

Do = Callable[..., Awaitable[Written]]


def follow(watching: Watching, node: Node) -> Callable[[Sequence[Entry]], None]:
    """What the node calls after every fold. A mistake of ours in the watch must not keep a post from being withdrawn:
    the watch stops then, says so on its board and in the log, and everything else goes on.
    """

    def catch_up(folded: Sequence[Entry] = ()) -> None:
        # Very much at once, as an import brings, is heard a little at a time by `ring`.
        position = node.projection.position()
        if watching.has_begun and not watching.has_stopped and position - watching.position <= HEARD_AT_ONCE:
            try:
                _hear_folded(watching, folded)
                watching.catch_up(position)
            except Unavailable:  # the disk, the journal: the node's own trouble, which it knows how to put off
                raise
            except Exception as mistake:  # or an entry of the watch that cannot be read: that is no trouble of a post
                _stop(watching, mistake)

    return catch_up


def _hear_folded(watching: Watching, folded: Sequence[Entry]) -> None:
    """What was folded just now need not be read and opened again."""
    if folded and folded[0].position == watching.position + 1:
        watching.hear([one for one in folded if one.kind in KINDS], folded[-1].position)


def _stop(watching: Watching, mistake: Exception) -> None:
    watching.has_stopped, watching.since_at = True, None
    frames = traceback.extract_tb(mistake.__traceback__)[-4:]
    where = [f"{Path(one.filename).name}:{one.lineno}" for one in frames]
    log.error("watch_stopped", error=type(mistake).__name__, at=where)


async def ring(node: Node, watching: Watching, do: Do, tell: Callable[[], None]) -> None:
    """Watch until cancelled; `tell` says to every open board how it stands."""
    woken, said_at, one_by_one = asyncio.Event(), 0.0, False
    await _hear_at_first(node, watching)
    gc.freeze()  # all that is watched lives as long as the process: the collector need not look at it again
    watching.after_change += [woken.set, tell]
    watching.since_at = now.utc() if not watching.has_stopped else None
    while not watching.has_stopped:
        woken.clear()
        if (at := asyncio.get_running_loop().time()) - said_at >= SAID_EVERY_S:
            said_at = at
            tell()
        # Another process of this directory (a command, the app that this one replaces) may have folded what it wrote:
        # then this node had nothing to fold, and called nobody.
        with suppress(Unavailable):
            await _hear(node, watching)
        if watching.has_stopped:
            break
        try:
            watching.let_pass(now.utc(), AT_ONCE)
            _say_if_set(watching)
            due = list(islice(watching.recording.due(), AT_ONCE))
        except Unavailable as wrong:  # the journal is lost for the moment: whatever is due still is when it is back
            log.error("watch_put_off", why=type(wrong).__name__)
            await asyncio.sleep(PUT_OFF_S)
            continue
        except Exception as mistake:
            _stop(watching, mistake)
            break
        if len(due) > FEW and not one_by_one:
            # If they cannot be recorded together, then each by itself: the fault may be one alarm's.
            recorded, _ = await asyncio.gather(_record(watching, due, do), _pass_meanwhile(watching))
            one_by_one = not recorded
            continue
        outcomes = await asyncio.gather(*(_record(watching, [one], do) for one in due))
        one_by_one = False
        if not all(outcomes):
            await asyncio.sleep(PUT_OFF_S)
        elif not due:
            if watching.rest():
                await asyncio.sleep(0)
                continue
            wait = min(timedelta(seconds=LOOK_EVERY_S), watching.next_at() - now.utc())
            try:
                await asyncio.wait_for(woken.wait(), max(SHORTEST_S, wait.total_seconds()))
            except TimeoutError:
                continue
    await asyncio.Event().wait()


def _say_if_set(watching: Watching) -> None:
    """The machine's clock was set, and is not followed: who reads the log should see to it."""
    is_set = (set_by := now.set_by()) is not None
    if is_set != watching.clock_was_set and set_by is not None:
        log.error("clock_set", by_s=round(set_by.total_seconds(), 3))
    watching.clock_was_set = is_set


async def _hear(node: Node, watching: Watching) -> None:
    """Hear the record up to here, a little at a time: years of it, at a start, must not keep this process from saying
    that it lives, or it would be replaced before it is through. An entry that cannot be read stops it: blind for
    what is told after it, it would ring for want of that, or not at all.
    """
    try:
        while (to := node.projection.position()) > watching.position:
            watching.go_on(to)
            await asyncio.sleep(0)
        watching.begin()
    except Unavailable:
        raise
    except Exception as mistake:
        _stop(watching, mistake)


async def _hear_at_first(node: Node, watching: Watching) -> None:
    """The same, however long the journal is lost: nothing rings by what was heard only in part."""
    while True:
        try:
            return await _hear(node, watching)
        except Unavailable as wrong:
            log.error("watch_put_off", why=type(wrong).__name__)
            await asyncio.sleep(PUT_OFF_S)


async def _pass_meanwhile(watching: Watching) -> None:
    """While those that are due wait for the disk, time passes in those that are next."""
    await asyncio.sleep(JUDGED_S)
    try:
        with suppress(Unavailable):  # the next look says so
            watching.let_pass(now.utc(), AT_ONCE)
    except Exception as mistake:
        _stop(watching, mistake)


async def _record(watching: Watching, due: Sequence[Due], do: Do) -> bool:
    """Whether they are recorded, or need not be."""
    key = key_of(due[0]) if len(due) == 1 else None
    try:
        written = await do(record_all(watching, due), by=WATCH, scope=WATCH, key=key)
    except HeardError as wrong:  # a full disk, a long transaction elsewhere: nothing is forgotten, it is still due
        log.error("alarm_put_off", alarm=due[0].id, move=due[0].move, of=len(due), why=type(wrong).__name__)
        return False
    if written.kind and not written.repeated:
        one, of = due[0], {"of": len(due)} if len(due) > 1 else {}
        late_ms = round((now.utc() - one.alarm.lapsed_at).total_seconds() * 1000)
        facts = {"move": one.move, "alarm": one.id, "obligation": one.watched.id, "after_due_ms": late_ms}
        log.warning("alarm_recorded", **facts, **of)
    return True
