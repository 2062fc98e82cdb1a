"""Saying to somebody outside that the watch lives: if this whole machine stops, they are who notices.

The operator gives an address (`HEARD_HEARTBEAT`), such as that of a check at another healthchecks: it is asked for once
a minute while the clocks really run, with `/fail` behind it as soon as they do not, and never by a process that hangs.
"""

from __future__ import annotations

import asyncio

import structlog

from heard.deliver.alarm_channels import ask
from heard.engine import now
from heard.engine.errors import Unavailable
from heard.watch.watching import Watching

EVERY_S = 60.0
#: After one that was not heard.
AGAIN_S = 15.0

log = structlog.get_logger()


async def beat(watching: Watching, address: str, every_s: float = EVERY_S) -> None:
    """Until cancelled."""
    watching.has_outside = True
    looks = -1
    while True:
        # Not by the time of day, which may jump: the clocks are looked at every second, so since the last beat too.
        lives, looks = watching.looks > looks and not watching.has_stopped, watching.looks
        try:
            await asyncio.to_thread(ask, address if lives else address.rstrip("/") + "/fail")
        except Unavailable as wrong:
            log.error("heartbeat_not_heard", why=wrong.details.get("why"))
            watching.outside_lost_at = watching.outside_lost_at or now.utc()
            await asyncio.sleep(min(AGAIN_S, every_s))
            continue
        watching.outside_heard_at, watching.outside_lost_at = now.utc(), None
        await asyncio.sleep(every_s)
