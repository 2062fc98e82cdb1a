"""The clocks of the watch really run: what falls due is recorded at once, what fell due while nobody was here first.

Nothing here decides anything: `Watching` says what has come to pass, and the command judges it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from heard.engine import now
from heard.engine.errors import HeardError
from heard.engine.node import Node, Written
from heard.watch.ringing import WATCH, key_of, record
from heard.watch.watching import Due, Watching

#: A clock may be set while one sleeps: so often it is looked at anyway.
LOOK_EVERY_S = 1.0
#: What rings at an instant rings when it has passed; a timer may come a little before.
SHORTEST_S = 0.0005
#: After a record could not be written, so long until it is tried again.
PUT_OFF_S = 0.5

log = structlog.get_logger()

Do = Callable[..., Awaitable[Written]]


async def ring(node: Node, watching: Watching, do: Do) -> None:
    """Watch until cancelled."""
    woken = asyncio.Event()
    watching.after_change.append(woken.set)
    watching.catch_up(node.projection.position())
    watching.since_at = now.utc()
    while True:
        woken.clear()
        watching.let_pass(now.utc())
        due = list(watching.due_records())
        outcomes = await asyncio.gather(*(_record(watching, one, do) for one in due))
        if not all(outcomes):
            await asyncio.sleep(PUT_OFF_S)
        elif not due:
            wait = min(timedelta(seconds=LOOK_EVERY_S), watching.next_at() - now.utc())
            try:
                await asyncio.wait_for(woken.wait(), max(SHORTEST_S, wait.total_seconds()))
            except TimeoutError:
                continue


async def _record(watching: Watching, due: Due, do: Do) -> bool:
    """Whether it is recorded, or needs not be."""
    try:
        written = await do(record(watching, due), by=WATCH, scope=WATCH, key=key_of(due))
    except HeardError as wrong:  # a full disk, a long transaction elsewhere: nothing is forgotten, it is still due
        log.error("alarm_put_off", alarm=due.id, move=due.move, why=type(wrong).__name__)
        return False
    if written.kind and not written.repeated:
        late_ms = round((now.utc() - due.alarm.lapsed_at).total_seconds() * 1000)
        log.warning("alarm_recorded", move=due.move, alarm=due.id, obligation=due.watched.id, after_due_ms=late_ms)
    return True
