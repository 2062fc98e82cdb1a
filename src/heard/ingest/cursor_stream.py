"""What comes over one Cursor-on-Target connection, cut into events: several at once, or one in many pieces.

There is no separator and no length: an event ends where its outermost element does. So the bytes are read tag by tag,
each once, and nothing is parsed that is not whole. What cannot be part of a stream of events ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from heard.engine.errors import Refused, TooLarge
from heard.ingest import cursor_on_target
from heard.ingest.cursor_on_target import DEPTH_MAX, EVENT_MAX
from heard.ingest.fixes import Fix, Sign

#: A whole tag: between quotes there may be a `>`. No part of it can match in two ways, so it is linear.
_TAG = re.compile(rb"""<[^<>"']*+(?:"[^"]*+"[^<>"']*+|'[^']*+'[^<>"']*+)*+>""")
#: Begins like this, ends like that. Anything else with `<!` defines something, which an event has no need to.
_SPANS = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"))


class Completed(msgspec.Struct, frozen=True):
    """What the events that a piece completed say, in their order, and why others among them were refused.

    `ended` is why the stream cannot go on, if so (no XML, a document type, an event without an end): the connection is
    to be closed.
    """

    said: tuple[Fix | Sign, ...] = ()
    refused: tuple[Refused, ...] = ()
    ended: Refused | None = None


class Stream:
    """One connection. `hear` takes what has come; what is not whole yet waits for the next piece."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._read_to = 0
        self._depth = 0
        self._ended: Refused | None = None

    def hear(self, piece: bytes, received_at: datetime) -> Completed:
        """The events that this piece completes. One that is well-formed and says nonsense is refused by itself."""
        said: list[Fix | Sign] = []
        refused: list[Refused] = []
        if self._ended is None:
            self._held += piece
            try:
                for event in self._events():
                    try:
                        said.append(cursor_on_target.read(event, received_at))
                    except Refused as wrong:
                        refused.append(wrong)
            except Refused as wrong:
                self._ended = wrong
                self._held.clear()
        return Completed(tuple(said), tuple(refused), self._ended)

    def _events(self) -> Iterator[bytes]:
        """Whole events, cut off the front of what is held."""
        while (end := self._next_tag()) is not None:
            if self._depth == 0 and end:
                event = bytes(self._held[:end])
                del self._held[:end]
                self._read_to = 0
                yield event
        if len(self._held) > EVENT_MAX:
            raise TooLarge(
                f"An event is larger than {EVENT_MAX // 1024} KiB or has no end. Nothing of it was kept. "
                "Send positions only."
            )

    def _next_tag(self) -> int | None:
        """Read over one tag, comment or the like. Where it ends if it is a tag, 0 if not, None if it is not whole."""
        begins = self._held.find(b"<", self._read_to)
        if self._depth == 0:
            between = bytes(self._held[self._read_to : begins if begins >= 0 else None])
            if between.strip():
                raise Refused(_not_xml(between))
            # Blanks keep a connection open for days, and may not stand before an event's XML declaration.
            del self._held[self._read_to : self._read_to + len(between)]
            begins -= len(between) if begins >= 0 else 0
        if begins < 0:
            self._read_to = len(self._held)
            return None
        self._read_to = begins
        if bytes(self._held[begins + 1 : begins + 2]) in (b"!", b"?"):
            return self._over_span(begins)
        tag = _TAG.match(self._held, begins)
        if tag is None:
            return None
        if tag[0].startswith(b"</"):
            self._depth -= 1
        elif not tag[0].endswith(b"/>"):
            self._depth += 1
        if not 0 <= self._depth <= DEPTH_MAX:
            raise Refused("This XML is nested too deeply, or ends more than it began. The connection is closed.")
        self._read_to = tag.end()
        return tag.end()

    def _over_span(self, begins: int) -> int | None:
        for opening, closing in _SPANS:
            head = bytes(self._held[begins : begins + len(opening)])
            if head == opening:
                end = self._held.find(closing, begins + len(opening))
                if end < 0:
                    return None
                self._read_to = end + len(closing)
                return 0
            if opening.startswith(head) and begins + len(head) == len(self._held):
                return None
        raise Refused("An event may have no document type and no entities of its own. The connection is closed.")


def _not_xml(between: bytes) -> str:
    if between.lstrip()[:1] == b"\xbf":
        return "This is TAK's binary protocol. The connection is closed. Set the sender to Cursor-on-Target XML."
    return "This is no stream of Cursor-on-Target events in XML. The connection is closed."
