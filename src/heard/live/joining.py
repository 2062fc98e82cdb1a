"""A request for a live stream: who gets what, and how a reader joins without a gap and without a double.

Whoever joins is sent what changed up to the position at which everyone LIVE stands, and stands there with
them in the same step of the loop. What is written in between is sent to both by the next look.
"""

from __future__ import annotations

import re
import socket

from heard.engine.frames import sse_reset
from heard.live import answers
from heard.live.catching_up import Replays, stands_at
from heard.live.connection import Connection, State, Topic
from heard.live.readers import Readers
from heard.live.request import Head

_LIVE = re.compile(r"/live/([^/]+)(?:/after/([^/]*))?")

Asked = re.Match[str]
"""A stream by its name, and for its long-poll twin where the reader stands."""


def stream_at(path: str) -> Asked | None:
    """What the edge answers itself at this path, if there is such a stream."""
    return _LIVE.fullmatch(path)


def join(readers: Readers, connection: Connection, head: Head, stream: Asked) -> bool:
    """Answer a request for a stream or its long-poll twin; False if there is no such public stream.

    Raises Unavailable if the frames file cannot be read at the moment.
    """
    assert readers.replays is not None
    # Also finds a stream that was opened a moment ago, and news whose bell has not been heard yet.
    readers.look_once_a_turn()
    case_id = readers.replays.topic(stream[1])
    if case_id is None:
        return False
    if head.method == "OPTIONS":
        readers.connections.answer(connection, answers.preflight(not head.keeps_alive), not head.keeps_alive)
    elif head.method not in ("GET", "HEAD"):
        said = answers.told(405, answers.ONLY_GET, head, True, "Allow: GET, HEAD")
        readers.connections.answer(connection, said, closes=True)
    elif head.has_body:
        readers.connections.answer(connection, answers.told(400, answers.NO_BODY, head, True), closes=True)
    elif readers.connections.readers >= readers.readers_max:
        full = answers.told(503, answers.BUSY, head, True, f"Retry-After: {answers.come_again_s(readers.limits)}")
        readers.connections.answer(connection, full, closes=True)
    else:
        topic = readers.topics.get(case_id) or readers.topics.setdefault(case_id, Topic(case_id))
        if stream[2] is None:
            _stream(readers, readers.replays, connection, head, topic)
        else:
            _poll(readers, readers.replays, connection, head, topic, claim=stream[2])
    return True


def _stream(readers: Readers, replays: Replays, connection: Connection, head: Head, topic: Topic) -> None:
    turn = readers.connections.now
    # The header wins: a browser that comes back still has the ?after= it began with in its address.
    claim = head.header("last-event-id") or head.parameter("after")
    if head.method == "HEAD":
        readers.connections.answer(connection, answers.stream_head(turn), closes=True)
        return
    if not claim:
        opening = answers.stream_opening(readers.limits, turn, f"{replays.epoch}.{readers.position}")
        replay = b""
    else:
        opening = answers.stream_opening(readers.limits, turn, None)
        after = stands_at(claim, replays.epoch, readers.position)
        if after is None:
            replay = sse_reset(replays.epoch, readers.position)
        else:
            replay = replays.stream(topic.case_id, after, readers.position)
    try:
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, readers.limits.send_buffer_bytes)
        sent = connection.sock.send(opening + replay)
    except OSError:
        sent = 0
    if sent < len(opening):
        readers.connections.close(connection)  # A new connection that cannot take 400 bytes has gone.
        return
    readers.connections.join(connection, topic, State.LIVE)
    if sent < len(opening) + len(replay):
        readers.fall_behind(connection, replay, sent - len(opening))


def _poll(readers: Readers, replays: Replays, connection: Connection, head: Head, topic: Topic, claim: str) -> None:
    connection.closes = not head.keeps_alive
    asks_for_all = claim == "0"
    after = 0 if asks_for_all else stands_at(claim, replays.epoch, readers.position)
    if after is None:
        body = replays.reset(topic.case_id)
    else:
        body = replays.poll(topic.case_id, after, readers.position)
        if not body and (asks_for_all or head.method == "HEAD"):
            body = replays.no_news(topic.case_id)
    if body:
        answer = answers.polled(body, topic.case_id, connection.closes, head.method)
        readers.connections.answer(connection, answer, connection.closes)
        return
    assert after is not None
    connection.position = after
    readers.connections.join(connection, topic, State.POLLING)
