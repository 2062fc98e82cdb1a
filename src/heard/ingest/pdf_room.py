"""Where a server reads PDFs that are sent to it: one process for each, one at a time, and an end to every one of them.

The library is written in C++, and a file may be made to bring it down: in the process that rings alarms, and that has
the keys, it is never loaded.
"""

from __future__ import annotations

import msgspec

from heard.engine.apart import Apart
from heard.engine.errors import Refused

WITHIN_S, WAITING_MAX = 30.0, 4
#: As many pages as are read, full of letters, are about half a megabyte.
FACTS_BYTES_MAX = 8 * 1024**2

_apart = Apart(
    ("-m", "heard.ingest.report_pdf"),
    at_once=1,
    waiting_max=WAITING_MAX,
    within_s=WITHIN_S,
    answer_bytes_max=FACTS_BYTES_MAX,
    not_now="Reports cannot be read just now. Nothing was imported; send this one again in a minute.",
)


class _Read(msgspec.Struct, frozen=True):
    """As `report_pdf.Read`, which cannot be imported without its library."""

    facts: dict[str, str] = {}
    refused: str = ""


async def facts_of(raw: bytes, name: str) -> dict[str, str]:
    """What the form in the PDF says.

    Raises Refused where it is not the form or cannot be read, Unavailable while others wait for theirs.
    """
    told, _ = await _apart.ask(msgspec.msgpack.encode((name, raw)))
    try:
        read = msgspec.msgpack.decode(told, type=_Read)
    except msgspec.MsgspecError as wrong:  # it came to its bounds, and its end
        raise Refused(
            f"{name} could not be read: it is damaged, or takes more than a report does. Nothing was imported."
        ) from wrong
    if read.refused:
        raise Refused(read.refused)
    return read.facts
