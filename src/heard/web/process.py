"""The app process: opens the data directory, renders what is new, and answers what the edges hand over."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
import uvloop
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from heard import templates
from heard.cases.exits import Serving
from heard.cases.follows import Follows
from heard.coverage.approval import counting
from heard.coverage.frames import Painter
from heard.coverage.rendering import rendering_hash
from heard.deliver.mailing import Mailbox, mailbox
from heard.deliver.probing import Probing, places
from heard.deliver.purging import Purging
from heard.engine.errors import HeardError, Unavailable
from heard.engine.projection import code_hash
from heard.engine.scribe import Scribe
from heard.live.edition import Edition
from heard.opening import ROOMS, House, open_house, withdraw_again
from heard.reports import echoes as echoing
from heard.reports import register as registers
from heard.reports import space
from heard.reports.echoes import Echoes
from heard.reports.register import Register
from heard.store.fixes import FixesFile
from heard.store.frames import FramesFile
from heard.store.register import FittedFile, RegisterFile
from heard.watch import resuming
from heard.watch.watching import TOPIC
from heard.web import rounds
from heard.web.app import build
from heard.web.beside import Beside
from heard.web.ending import serve_beside
from heard.web.fixes import CursorStreams
from heard.web.heartbeat import beat
from heard.web.lending import Lending
from heard.web.mailing import Mailing
from heard.web.resuming import keep_on
from heard.web.ringing import follow, ring
from heard.web.serving import Doorbell, Hello, serve_handed
from heard.web.streams import Streams
from heard.web.taking import Taking, take_positions
from heard.web.telling import channels_of, tell_people
from heard.web.timekeeping import Timekeeping, newest_at
from heard.web.warning import tell_lawyers

#: A node that begins waits so long until it hears of other nodes' appends, before it takes readers.
HEARS_WITHIN_S = 2.0
#: After so long a thread of the app asks another for its turn with the interpreter.
TURN_S = 0.00005
#: Garbage is looked for after so many new objects, and not 700: when much happens most of them are still in use.
COLLECTED = (10_000, 20, 10)
#: Where letters are handed in; a variable and not a word of the command, which everybody on the machine can read.
MAIL = "HEARD_MAIL"
#: Beside the vault, and like it in no export and no long-kept backup.
FIXES = "fixes.sqlite"

log = structlog.get_logger()


async def run(
    house: House,
    control: socket.socket,
    edges: list[socket.socket],
    trusted_proxy: list[str],
    caches: list[str],
    public: list[str],
    box: Mailbox | None,
    embeds_from: list[str],
    cot: str = "",
) -> None:
    """Serve until the supervisor says end."""
    time_kept = Timekeeping(house.data, newest_at(house.store), others=house.shared is not None)
    path = house.data / f"frames-{code_hash(ROOMS)}-{rendering_hash()}.sqlite"
    frames = FramesFile(path, house.store.epoch)
    bell = Doorbell()
    painter = Painter(house.journal, house.tables, house.doors, frames)
    painter.after_paint.append(bell.ring)
    register = _register(house)
    register.after_failure.append(lambda report, why: log.error("report_not_made", report=report, why=why))
    purging = Purging(house.journal, caches, house.data / "purged.json")
    painter.after_paint.append(purging.reached)
    beside = Beside(house.node, painter)
    # A node that can lose its journal has to say so on every page, and lends none.
    lending = Lending(Edition.fresh(), bell.lend, beside) if house.shared is None else None
    if lending:
        bell.on_edge = lending.lend_again
        house.node.after_fold.append(lambda folded: lending.turn())
        painter.after_paint.append(lambda position: lending.turn())
        register.after_change.append(lending.turn)
    house.node.after_fold.append(painter.paint)
    woken = await _hears_of_others(house)
    house.node.catch_up()
    _withdraw_again(house)
    painter.paint()
    purging.reached(frames.position())
    scribe = Scribe(house.node)
    serving = Serving(
        house.node,
        house.doors,
        house.vault,
        frames,
        house.media,
        counting(scribe.do),
        house.store.epoch,
        register,
        echoes := Echoes(register, _fitted_beside(register)),
    )
    watching, keeping = keep_on(house.journal, house.data / f"watch-{code_hash((), resuming.code())}.sqlite")
    house.node.after_fold.append(follow(watching, house.node))
    serving.watching, watching.missed = watching, time_kept.missed_by
    serving.follows = Follows(house.journal) if box else None
    templates.offer_mail(box is not None)
    serving.taking = taking = _taking(house, scribe)
    serving.streams = streams = Streams(bell)
    channels = channels_of(os.environ, house.journal, streams.listens, (public or [house.address()])[0].rstrip("/"))
    watching.channels, serving.push = channels.names, channels.push
    serving.audience = bell.audience
    serving.embeds_from = tuple(embeds_from)
    asked = places(house.address(), caches, public)
    probing = Probing(house.node, house.doors, serving.do, purging.told, asked)
    painter.after_paint.append(probing.reached)
    app: Any = build(serving, lending, house.shared.lost_for if house.shared else None, beside.look)
    if trusted_proxy:
        app = ProxyHeadersMiddleware(app, trusted_hosts=trusted_proxy)
    gc.freeze()  # what is loaded by now lives as long as the process: the collector need not look at it again
    gc.set_threshold(*COLLECTED)
    hello = Hello(str(frames.path), house.store.epoch, lending.edition if lending else None)
    works: list[Coroutine[Any, Any, None]] = [
        scribe.run(),
        rounds.look(house, painter, woken, beside),
        rounds.write_what_falls_due(house, scribe),
        rounds.keep_head(house),
        rounds.clear_uploads(house),
        rounds.clear_drafts(house),
        purging.run(),
        probing.run(),
        rounds.follow_register(register, echoes),
        streams.run(),
        tell_people(house.tables, watching, scribe.do, channels, _turn(house, "alarms", when_lost=True)),
        tell_lawyers(house.node, scribe.do, channels, _turn(house, "approvals")),
        *(beat(watching, address) for address in [os.environ.get("HEARD_HEARTBEAT")] if address),
        ring(house.node, watching, scribe.do, lambda: streams.tell(TOPIC, watching.stands())),
        take_positions(taking, watching),
        keeping.run(),
        time_kept.run(),
    ]
    if box:
        base = public[0] if public else house.address()
        works.append(Mailing(serving, box, base, house.data / "mail.lock", _turn(house, "letters")).run())
    if cot:
        works.append(CursorStreams(serving).listen(cot))
    # Not before: the app that this one replaces serves from such files.
    alone = partial(_now_alone, beside, partial(_clear_away, house, path, register.file.path))
    beside.look()  # by what the other has written since we began to render: from here on readers are ours
    await serve_beside(serve_handed(app, control, edges, hello, bell, alone=alone), works)
    if house.witness:
        with suppress(Unavailable):
            house.witness.keep_head(house.journal)
    frames.close()
    keeping.end()
    time_kept.keep()


def _withdraw_again(house: House) -> None:
    if done := withdraw_again(house):
        log.warning("withdrawn_again", retracted=done.retracted, erased=done.erased, hidden=done.hidden)
    if done.held:
        log.warning("held_again", cases=len(done.held), orders_lost=done.orders)


def _register(house: House) -> Register:
    name = f"register-{code_hash(ROOMS, registers.code())}.sqlite"
    return Register(house.journal, house.tables, house.doors, RegisterFile(house.data / name, house.store.epoch))


def _fitted_beside(register: Register) -> FittedFile:
    """Its name begins with the register's, so that it goes with it."""
    made_by = code_hash((), (echoing, space))
    return FittedFile(register.file.path.with_name(f"{register.file.path.name}.fitted"), made_by)


def _turn(house: House, name: str, *, when_lost: bool = False) -> Callable[[], bool]:
    """Nodes of one journal all see what is to be sent, and one of them sends it."""
    return house.shared.turn(name, when_lost=when_lost) if house.shared else lambda: True


def _taking(house: House, scribe: Scribe) -> Taking:
    """Raw fixes are where the vault is: beside it in this directory, or in its database, for all nodes of a journal."""
    if house.shared:
        return Taking(house.node, house.shared.fixes(), scribe.do, is_our_turn=_turn(house, "fixes"))
    return Taking(house.node, FixesFile(house.data / FIXES), scribe.do)


def _now_alone(beside: Beside, clear_away: Callable[[], None]) -> None:
    beside.look()
    beside.is_alone = True
    clear_away()


def _clear_away(house: House, frames: Path, register: Path) -> None:
    """Remove what earlier versions folded and rendered: words that are erased from now on must not stay in it."""
    states = f"watch-{code_hash((), resuming.code())}.sqlite"
    kept = (frames.name, register.name, f"projection-{code_hash(ROOMS)}.sqlite", states)
    derived = ("frames-*", "projection-*", "register-*", "watch-*")
    for old in [path for pattern in derived for path in house.data.glob(pattern)]:
        if not old.name.startswith(kept):
            old.unlink(missing_ok=True)


async def _hears_of_others(house: House) -> asyncio.Event:
    """What is set whenever there may be something new. On a shared journal it is heard before anything is served.

    A reader comes from a node that died to one that begins: it must not stand behind what they have.
    """
    woken = asyncio.Event()
    if house.shared:
        loop = asyncio.get_running_loop()
        house.shared.bell.listen(lambda: loop.call_soon_threadsafe(woken.set))
        with suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), HEARS_WITHIN_S)
        woken.clear()
    return woken


def _take_turns() -> None:
    """The thread that syncs to disk, or one that computes, must not keep the loop waiting for the interpreter.

    Whoever waits asks for it after this long, and Linux may let a sleeper lie for 50 µs more, unless told otherwise.
    """
    sys.setswitchinterval(TURN_S)
    with suppress(OSError):
        Path("/proc/self/timerslack_ns").write_text("1000")


def main(
    data: Annotated[Path, typer.Option()],
    control_fd: Annotated[int, typer.Option()],
    edge_fds: Annotated[str, typer.Option()],
    witness: Annotated[Path | None, typer.Option()] = None,
    trusted_proxy: Annotated[list[str] | None, typer.Option()] = None,
    cache: Annotated[list[str] | None, typer.Option()] = None,
    public: Annotated[list[str] | None, typer.Option()] = None,
    mail: Annotated[str, typer.Option(envvar=MAIL)] = "",
    embeds_from: Annotated[list[str] | None, typer.Option()] = None,
    cot: Annotated[str, typer.Option()] = "",
) -> None:
    _take_turns()
    edges = [socket.socket(fileno=int(number)) for number in edge_fds.split(",") if number]
    control = socket.socket(fileno=control_fd)
    try:
        box = mailbox(mail) if mail else None
        house = open_house(data, witness=witness)
        allowed, site = embeds_from or [], public or []
        uvloop.run(run(house, control, edges, trusted_proxy or [], cache or [], site, box, allowed, cot))
    except HeardError as wrong:  # the supervisor starts it again, ever more slowly while it cannot begin
        log.error("cannot_serve", family=type(wrong).__name__.lower(), why=wrong.message)
        raise SystemExit(1) from None


if __name__ == "__main__":
    typer.run(main)
