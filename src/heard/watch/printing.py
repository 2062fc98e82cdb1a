"""Where reports are printed: one process for each, one at a time, and an end to every one of them.

A long one takes seconds of computing, in which the process that rings must not be kept from it.
"""

from __future__ import annotations

import msgspec

from heard.engine.apart import Apart
from heard.engine.errors import Unavailable
from heard.watch.period import Period

WITHIN_S, WAITING_MAX = 60.0, 4
PDF_BYTES_MAX = 32 * 1024**2

_apart = Apart(
    ("-m", "heard.watch.period_pdf"),
    at_once=1,
    waiting_max=WAITING_MAX,
    within_s=WITHIN_S,
    answer_bytes_max=PDF_BYTES_MAX,
    not_now="Other reports are being printed. Ask for this one again in a minute; the CSV is there now.",
)


async def pdf(of: Period, zone: str) -> bytes:
    """Raises Unavailable when others wait for theirs, or it takes too long."""
    made, _ = await _apart.ask(msgspec.msgpack.encode((of, zone)))
    if not made.startswith(b"%PDF-"):
        raise Unavailable("The report could not be printed. The page and the CSV have all of it; ask for fewer days.")
    return made
