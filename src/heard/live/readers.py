"""Readers of open pages: being sent frames, falling behind, catching up, being let go.

The edge knows one position, up to which everyone LIVE has been sent everything. A reader who is behind
holds no queue: one piece of bytes that all share, and when it is through, the file is asked again. So a
slow reader costs nothing but a cursor, and words that were withdrawn while they were behind are not sent to
them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from heard.engine.errors import Unavailable
from heard.engine.frames import CATCH_UP_BYTES_MAX, FRAMES_BEHIND_MAX, HEARTBEAT, Frame, sse, sse_reset
from heard.live import answers
from heard.live.catching_up import Replays
from heard.live.connection import Connection, State, Topic
from heard.live.connections import Connections
from heard.store.reading import Reading


class Readers:
    """All readers of one edge, and the frames file that they are served from."""

    def __init__(self, connections: Connections, say: Callable[..., None]) -> None:
        self.connections = connections
        self.limits = connections.limits
        self.say = say
        self.replays: Replays | None = None
        self.position = 0
        self.topics: dict[str, Topic] = {}
        self._stamp = -1
        self._phase = 0

    def read_from(self, path: Path, epoch: str) -> None:
        """Switch to the frames file that an app has named; in another epoch every page must be loaded again.

        Raises Unavailable if it cannot be read or is not of that epoch; then all stay with the file before.
        """
        reading = Reading(path)
        if reading.epoch != epoch:
            raise Unavailable("The frames file is of another epoch than its app.", path=str(path))
        before, self.replays = self.replays, Replays(reading)
        self._stamp = -1
        if before is None or before.epoch != epoch:
            self.position = reading.position()
            self._send_everyone_to_the_page()
        if before is not None:
            before.reading.close()
        self.say("frames_opened", position=self.position)
        self.look()

    def _send_everyone_to_the_page(self) -> None:
        assert self.replays is not None
        for topic in self.topics.values():
            for connection in list(topic.readers[State.CATCHING_UP]):
                self.connections.close(connection)
            self._send_to_all(topic, sse_reset(self.replays.epoch, self.position))
            for connection in list(topic.readers[State.POLLING]):
                self.answer_poll(connection, self.replays.reset(topic.case_id))

    def look(self) -> None:
        """Send everyone what was written since the last look. It costs 4 µs if nothing was.

        Raises Unavailable if the file cannot be read at the moment; whoever looks next misses nothing.
        """
        assert self.replays is not None
        stamp = self.replays.reading.stamp()
        if stamp == self._stamp:
            return
        news = self.replays.reading.since(self.position)
        self._stamp = stamp
        self.replays.drop()
        self.position = max(self.position, news.position)
        for case_id, frames in news.frames.items():
            if case_id in self.topics:
                self._publish(self.topics[case_id], frames)
        for case_id in news.closed:
            self._close(case_id)

    def _publish(self, topic: Topic, frames: list[Frame]) -> None:
        assert self.replays is not None
        encoded = b"".join(sse(self.replays.epoch, frame.position, frame.changes) for frame in frames)
        if len(frames) > FRAMES_BEHIND_MAX or len(encoded) > CATCH_UP_BYTES_MAX:
            encoded = sse_reset(self.replays.epoch, self.position)
        topic.sent_bytes += len(encoded)
        self._let_go_behind(topic, {change.id for frame in frames for change in frame.changes})
        self._send_to_all(topic, encoded)
        for connection in list(topic.readers[State.POLLING]):
            try:
                answer = self.replays.poll(topic.case_id, connection.position, self.position)
            except Unavailable:
                self.connections.close(connection)  # They ask again; the other cases' frames must not wait.
                continue
            if answer:
                self.answer_poll(connection, answer)

    def _let_go_behind(self, topic: Topic, changed: set[str]) -> None:
        """Let go of who is too far behind, and of who would still be sent an older form of what changed now.

        They come back and are sent it as it is: words that were withdrawn do not go out after that.
        """
        marks = [b'"id":"%b"' % id.encode() for id in changed]
        last_mention: dict[int, int] = {}  # Most are in the same bytes, which are searched once.
        for connection in list(topic.readers[State.CATCHING_UP]):
            encoded = connection.outgoing
            if id(encoded) not in last_mention:
                last_mention[id(encoded)] = max(map(encoded.rfind, marks), default=-1)
            begun = encoded.rfind(b"\n\n", 0, connection.sent)  # The event it is in the middle of counts too.
            behind = topic.sent_bytes - connection.behind_from + len(encoded) - connection.sent
            if behind > self.limits.behind_bytes or last_mention[id(encoded)] > begun:
                self.connections.close(connection)

    def _send_to_all(self, topic: Topic, encoded: bytes) -> None:
        for connection in list(topic.readers[State.LIVE]):
            self._send(connection, encoded)

    def _send(self, connection: Connection, encoded: bytes) -> None:
        try:
            sent = connection.sock.send(encoded)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.connections.close(connection)
            return
        if sent < len(encoded):
            self.fall_behind(connection, encoded, sent)

    def fall_behind(self, connection: Connection, encoded: bytes, sent: int) -> None:
        """Keep a cursor into bytes that others are sent too; the rest follows as the line takes it."""
        assert connection.topic is not None
        connection.outgoing, connection.sent = encoded, sent
        connection.position = self.position
        connection.behind_from = connection.topic.sent_bytes
        self.connections.move(connection, State.CATCHING_UP)

    def go_on(self, connection: Connection) -> None:
        """Send a reader who is behind as much as the line takes; LIVE again when there is nothing left to
        send.
        """
        assert self.replays is not None and connection.topic is not None
        while True:
            left = memoryview(connection.outgoing)[connection.sent :]
            try:
                taken = connection.sock.send(left)
            except BlockingIOError:
                return
            except OSError:
                self.connections.close(connection)
                return
            connection.sent += taken
            self.connections.progressed(connection)
            if taken < len(left):
                return
            self.look()
            if connection.state is not State.CATCHING_UP:
                return
            connection.outgoing = self.replays.stream(connection.topic.case_id, connection.position, self.position)
            connection.sent = 0
            connection.position = self.position
            connection.behind_from = connection.topic.sent_bytes
            if not connection.outgoing:
                self.connections.move(connection, State.LIVE)
                return

    def answer_poll(self, connection: Connection, body: bytes) -> None:
        """End a long poll with what it waited for, or with no news."""
        assert connection.topic is not None
        answer = answers.polled(body, connection.topic.case_id, connection.closes, "GET")
        self.connections.answer(connection, answer, connection.closes)

    def time_is_up(self, connection: Connection) -> None:
        """A long poll without news is answered so; whoever took no byte for too long is let go."""
        assert connection.topic is not None and self.replays is not None
        if connection.state is State.POLLING:
            self.answer_poll(connection, self.replays.no_news(connection.topic.case_id))
        else:
            self.connections.cut(connection)

    def _close(self, case_id: str) -> None:
        """A case is no longer public: its readers' next request is answered by the app."""
        topic = self.topics.get(case_id)
        if topic is not None:
            for readers in topic.readers.values():
                for connection in list(readers):
                    self.connections.close(connection)

    def beat(self) -> None:
        """Once a second: a heartbeat to those whose turn it is, so that each hears one in every period."""
        period = max(1, int(self.limits.heartbeat_s))
        self._phase = (self._phase + 1) % period
        by_fd = self.connections.by_fd
        for fd in range(self._phase, max(by_fd, default=-1) + 1, period):
            connection = by_fd.get(fd)
            if connection is not None and connection.state is State.LIVE:
                self._send(connection, HEARTBEAT)

    def end(self) -> None:
        """Tell every reader when to come back, and close; answer every poll."""
        for topic in self.topics.values():
            for connection in list(topic.readers[State.LIVE]):
                self._send(connection, answers.retry(self.limits))
            for state in (State.LIVE, State.CATCHING_UP):
                for connection in list(topic.readers[state]):
                    self.connections.close(connection)
            for connection in list(topic.readers[State.POLLING]):
                self.time_is_up(connection)
