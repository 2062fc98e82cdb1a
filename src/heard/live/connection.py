"""What can become of a connection while the edge holds it: the table of states, and of moves between them.

    IDLE ─ bytes ─▶ READING ─ whole head ─▶ WAITING ─ an app ─▶ HANDED ─ it closed ─▶ GONE
      ▲                │ /live/…               ▲                  │ │
      │                ├─▶ LIVE ⇄ CATCHING_UP  └─ it died before ─┘ │
      │                └─▶ POLLING ─ news, or time is up ─▶ ANSWERING ─▶ LINGERING
      └───────────────────────────── answered ◀───┴─────────────────┘

A head that comes whole is seen to at once, without READING. A move that is not in the table is a fault of
ours. Each state says whether we listen to the client, whether we wait to write to it, and how long it may
last.
"""

from __future__ import annotations

import socket
from enum import Enum
from selectors import EVENT_READ, EVENT_WRITE
from typing import NamedTuple

from heard.live.limits import Limits


class State(Enum):
    IDLE = "between requests; nothing has come"
    READING = "the head of a request has begun"
    WAITING = "a whole request, no app to take it yet"
    HANDED = "an app has a copy of it, and answers"
    LIVE = "a reader who has everything"
    CATCHING_UP = "a reader who is being sent what came before, or whose line is slow"
    POLLING = "a long poll without news so far"
    ANSWERING = "an answer of ours is on its way"
    LINGERING = "answered for the last time; what still comes is dropped"
    GONE = "closed"

    # By identity, in C: states are keys wherever a connection is moved, and Enum's own hash is a call in Python.
    __hash__ = object.__hash__


class Rule(NamedTuple):
    """`listens`: what the selector watches for. `lasts`: the name of its limit."""

    listens: int
    lasts: str | None
    moves: frozenset[State]


_S = State
_ASKED = frozenset({_S.WAITING, _S.LIVE, _S.POLLING, _S.ANSWERING, _S.GONE})
RULES: dict[State, Rule] = {
    _S.IDLE: Rule(EVENT_READ, "idle_s", _ASKED | {_S.READING}),
    _S.READING: Rule(EVENT_READ, "head_s", _ASKED),
    # Nobody listens to these two: what the client sends now is for the app, and waits in the kernel for it.
    _S.WAITING: Rule(0, "app_s", frozenset({_S.HANDED, _S.READING, _S.ANSWERING, _S.GONE})),
    _S.HANDED: Rule(0, None, frozenset({_S.WAITING, _S.IDLE, _S.GONE})),
    _S.LIVE: Rule(EVENT_READ, None, frozenset({_S.CATCHING_UP, _S.GONE})),
    _S.CATCHING_UP: Rule(EVENT_READ | EVENT_WRITE, "stuck_s", frozenset({_S.LIVE, _S.GONE})),
    _S.POLLING: Rule(EVENT_READ, "poll_s", frozenset({_S.ANSWERING, _S.GONE})),
    _S.ANSWERING: Rule(EVENT_WRITE, "stuck_s", frozenset({_S.IDLE, _S.LINGERING, _S.GONE})),
    _S.LINGERING: Rule(EVENT_READ, "linger_s", frozenset({_S.GONE})),
    _S.GONE: Rule(0, None, frozenset()),
}

READERS = frozenset({State.LIVE, State.CATCHING_UP, State.POLLING})


class Topic:
    """The readers of one case, by state, and how many bytes of frames it has been sent in this edge's life.

    `first` says who is sent the next frame first; `head` is the position of its newest frame, and `delivered` up to
    which one, and when, all who kept up were last sent what there was.
    """

    __slots__ = ("case_id", "delivered", "first", "head", "readers", "sent_bytes")

    def __init__(self, case_id: str) -> None:
        self.case_id = case_id
        self.sent_bytes = 0
        self.first = 0
        self.head = 0
        self.delivered: tuple[int, str] | None = None
        self.readers: dict[State, dict[Connection, None]] = {state: {} for state in READERS}


class Connection:
    """A client's socket and the little we must remember of it; ten thousand of these are held at once.

    `outgoing` is shared by all who are sent the same bytes and never copied; `sent` is how far this one is
    in it. `position` is where a reader stands once all of `outgoing` has been taken; `behind_from` is its
    topic's `sent_bytes` at that point.
    """

    __slots__ = (
        "behind_from",
        "buffer",
        "closes",
        "fd",
        "outgoing",
        "position",
        "sent",
        "sock",
        "state",
        "topic",
    )

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.state = State.IDLE
        self.buffer = b""
        self.topic: Topic | None = None
        self.outgoing = b""
        self.sent = 0
        self.position = 0
        self.behind_from = 0
        self.closes = False


def durations(limits: Limits) -> dict[State, float]:
    """How long each state that ends by itself may last, in seconds."""
    return {state: getattr(limits, rule.lasts) for state, rule in RULES.items() if rule.lasts is not None}
