"""One handed-over connection: uvicorn's HTTP/1.1 protocol, which gives the connection back when it has been
answered.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

SLOWEST_BYTES_A_S = 500
"""A request may not hold its place here by sending a byte now and then; no line that people use is slower."""

LOOK_AGAIN_S = 0.005
LOOK_AGAIN_S_MAX = 1.0
"""An answer that still waits for a slow client is looked at after these: twice as long each time."""


class Lender(Protocol):
    """The edge that a connection came from, as this file needs it."""

    def takes_back(self) -> bool: ...

    def give_back(self, request: int) -> None: ...

    def give_stream(self, request: int, key: int, topic: str, first: bytes) -> None: ...

    def ended_here(self, request: int) -> None: ...


class HandedProtocol(HttpToolsProtocol):
    """Answers what comes on one connection; in between two requests it is not here but in the edge.

    It goes back when an answer is complete and has left, and nothing of a next request has been read. Where
    a client sends its next request before the answer, it stays until that too is answered.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        state: ServerState,
        app_state: dict[str, Any],
        lender: Lender,
        request: int,
        received: bytes,
    ) -> None:
        super().__init__(config, state, app_state)
        self._lender = lender
        self._request = request
        self._received = received
        self._in_request = False
        self._given_back = False
        self._began_at = self._came_at = self._taken_at = self.loop.time()
        self._came_bytes = 0
        self._unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take what the edge had read, before the loop can read what came after it."""
        super().connection_made(transport)
        received, self._received = self._received, b""
        self.data_received(received)

    def reading_began(self) -> None:
        """The transport listens from now on, even if it was told to pause before it began."""
        if self.flow.read_paused and not self.transport.is_closing():
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self._given_back:
            self._lender.ended_here(self._request)

    def data_received(self, data: bytes) -> None:
        self._came_at = self.loop.time()
        self._came_bytes += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._in_request = True
        self._began_at, self._came_bytes = self.loop.time(), 0
        super().on_message_begin()
        self.scope["extensions"] = {"heard.stream": {"become": self.become_stream}}

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_request = False
        if self.cycle.response_complete:  # It was answered before all of it had come.
            self.loop.call_soon(self._give_back, LOOK_AGAIN_S)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._unset_keepalive_if_required()
        if not self._in_request and self.cycle.response_complete and not self.transport.is_closing():
            # A client who was answered may ask for a stream at once, which only the edge knows: until the connection
            # is given back, what comes on it stays unread.
            self.flow.pause_reading()
        self.loop.call_soon(self._give_back, LOOK_AGAIN_S)

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: a client may ask (RFC 9110, section 7.8), is answered over HTTP/1.1, and nobody needs to know."""

    def _give_back(self, look_again_s: float) -> None:
        if self._given_back or self.transport.is_closing():
            return
        if self._in_request or self.pipeline or not self.cycle.response_complete or not self.cycle.keep_alive:
            return
        if self.transport.get_write_buffer_size():
            self.loop.call_later(look_again_s, self._give_back, min(2 * look_again_s, LOOK_AGAIN_S_MAX))
            return
        if not self._lender.takes_back():
            self.transport.close()
            return
        self._given_back = True
        self.transport.abort()  # Closes our copy without a word to the client; the edge's stays open.
        self._lender.give_back(self._request)

    def become_stream(self, key: int, topic: str, first: bytes) -> bool:
        """The edge answers from now on, with a stream; False where it cannot, and an answer is still to be given."""
        if self._in_request or self.pipeline or self.transport.is_closing() or not self._lender.takes_back():
            return False
        self._given_back = True
        self.transport.abort()
        self._lender.give_stream(self._request, key, topic, first)
        return True

    def see_to_deadlines(self, body_silence_s: float, stalled_s: float) -> None:
        """Let go of a client who sends next to nothing of what was begun, or takes nothing of what is answered."""
        at = self.loop.time()
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent < self._unsent:
            self._taken_at = at
        self._unsent = unsent
        if at - self._taken_at > stalled_s:
            self.transport.abort()
        elif self._in_request and not self.flow.read_paused:
            begun_s = at - self._began_at
            trickles = begun_s > body_silence_s and self._came_bytes < begun_s * SLOWEST_BYTES_A_S
            if trickles or at - self._came_at > body_silence_s:
                self.transport.abort()
