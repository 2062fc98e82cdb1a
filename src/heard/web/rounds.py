"""What the app does again and again beside serving: look, write what falls due, follow with the register, clear away.

Whatever cannot be done now (a full disk, a lost line) is put off, and readers are served meanwhile.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from heard import templates
from heard.coverage.draft_ends import clear_over
from heard.coverage.drafts import DRAWER
from heard.coverage.due_posts import posts_due
from heard.coverage.falling_due import CLOCK, lapses
from heard.coverage.frames import Painter
from heard.coverage.uploads import clear_unused
from heard.engine import now
from heard.engine.errors import HeardError, Unavailable
from heard.engine.scribe import Scribe
from heard.opening import House
from heard.reports import figures, finding, tables
from heard.reports.echoes import Echoes
from heard.reports.register import Register
from heard.watch import plan_pictures
from heard.web.beside import LOOK_EVERY_S as LOOK_BESIDE_EVERY_S
from heard.web.beside import Beside

#: How often the journal is looked at for what other processes appended; the doorbell covers what this one does.
LOOK_EVERY_S = 0.1
#: A bell tells of other machines' appends; it looks by itself too.
SHARED_LOOK_EVERY_S = 1.0
PUT_OFF_S = 1.0
WITNESS_EVERY_S = 1.0
CLOCKS_EVERY_S = 1.0
UPLOADS_EVERY_S = 3600.0
DRAFTS_EVERY_S = 60.0
#: After a few reports the register lets everybody else go first.
REGISTER_REST_S = 0.005
REGISTER_LOOK_S = 0.1
#: After so many looks at which nothing was new.
REGISTER_QUIET = 30

log = structlog.get_logger()


async def look(house: House, painter: Painter, woken: asyncio.Event, beside: Beside) -> None:
    """Fold and render what the command line, or another node, appended."""
    every_s = SHARED_LOOK_EVERY_S if house.shared else LOOK_EVERY_S
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), every_s if beside.is_alone else LOOK_BESIDE_EVERY_S)
        woken.clear()
        try:
            house.node.catch_up()
            painter.paint()
            house.node.leftovers.purge()
            painter.leftovers.purge()
        except Unavailable:  # a full disk, a long transaction elsewhere: readers are served meanwhile
            log.warning("look_put_off")
            await asyncio.sleep(PUT_OFF_S)


async def write_what_falls_due(house: House, scribe: Scribe) -> None:
    """Write what falls due. Each node does; on a shared journal one of them is first, and the others find it done."""
    while True:
        await asyncio.sleep(CLOCKS_EVERY_S)
        try:
            due = [*lapses(house.tables, now.utc()), *posts_due(house.doors, house.journal, house.tables)]
        except Unavailable:  # the journal is lost for the moment
            continue
        for lapse in due:
            try:
                await scribe.do(lapse.command, by=CLOCK, key=lapse.key)
            except HeardError:  # looked at again in a moment, and the others are not kept waiting by it
                log.warning("clock_put_off", clock=lapse.key)


async def keep_head(house: House) -> None:
    """Put the newest head on the other disk, and say so in the log when it cannot be put there."""
    while house.witness:
        await asyncio.sleep(WITNESS_EVERY_S)
        with suppress(Unavailable):  # the journal is lost for the moment: nothing of it is new
            house.witness.keep_head(house.journal)
        if house.witness.trouble:
            log.error("witness_behind", trouble=house.witness.trouble)
    await asyncio.Event().wait()


async def clear_uploads(house: House) -> None:
    """Destroy pictures that came a while ago and that no post has named, and those of plans that are shown no more."""
    plans = house.media.apart(plan_pictures.DRAWER)
    while True:
        with suppress(Unavailable):  # the next time, then
            if cleared := clear_unused(house.vault, house.tables, house.media.erase, now.utc()):
                log.info("uploads_cleared", count=cleared)
            if cleared := plan_pictures.clear(house.vault, plans, house.tables, now.utc()):
                log.info("plans_cleared", count=cleared)
        await asyncio.sleep(UPLOADS_EVERY_S)


async def clear_drafts(house: House) -> None:
    """Destroy drafts that were thrown away, and those that nobody has kept again, when their time has come."""
    while True:
        await asyncio.sleep(DRAFTS_EVERY_S)
        with suppress(HeardError):  # the next time, then
            cleared = 0
            for case in sorted({name.partition(" ")[0] for name in house.vault.names(DRAWER)}):
                cleared += clear_over(house.journal, house.tables, case)
                await asyncio.sleep(0)  # each is unsealed, and nobody else waits for all
            if cleared:
                log.info("drafts_cleared", count=cleared)
                house.vault.destroy(())  # and what a file of the vault still has of what was written over


async def follow_register(register: Register, echoes: Echoes) -> None:
    """Keep the register up with the journal, a few reports at a time, so that nothing else has to wait.

    When it has been quiet for a while, all is counted that pages count, and the space of echoes is fitted,
    so that nobody waits for that either; a new day has counts of its own.
    """
    quiet = 0
    preparing: asyncio.Future[None] | None = None
    while True:
        try:
            more = register.follow()
            rest_s, quiet = (REGISTER_REST_S, 0) if more else (REGISTER_LOOK_S, quiet + 1)
            if not more and register.file.gather():
                rest_s = REGISTER_REST_S
            if quiet % REGISTER_QUIET == REGISTER_QUIET - 1 and len(register) and (not preparing or preparing.done()):
                preparing = asyncio.ensure_future(asyncio.to_thread(_prepare, register, echoes))
        except Unavailable:  # what is read already is served meanwhile
            rest_s = PUT_OFF_S
        await asyncio.sleep(rest_s)


def _prepare(register: Register, echoes: Echoes) -> None:
    templates.make_ready("reports/")
    with suppress(Unavailable):  # made when somebody asks
        figures.figures(register, today := now.today())
        finding.facets_of_all(register, today)
        register.by_body()
        tables.lines_of_all(register, today)
    if not echoes.ready:
        echoes.space()
