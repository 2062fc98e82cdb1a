"""Readers of open pages: being sent frames, falling behind, catching up, being let go.

The edge knows one position. Everyone LIVE stands there, or is waiting for their turn in a *pass* that takes
them there: a pass goes over its readers a slice at a time, and between two slices the loop sees to whoever
else has come. News that arrives meanwhile is not another pass for those who still wait: they are sent all
they lack in one piece when their turn comes, so readers who cannot be served as fast as posts are written
get fewer and longer pieces, and nobody falls ever further back.

A reader who is behind holds no queue: one piece of bytes that all share, and when it is through, the file is
asked again. So a slow reader costs nothing but a cursor, and words that were withdrawn while they were
behind, or waited for their turn, are not sent to them.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from heard.engine import now
from heard.engine.errors import Unavailable
from heard.engine.frames import ANEW, CATCH_UP_BYTES_MAX, FRAMES_BEHIND_MAX, HEARTBEAT, Frame, sse, sse_reset
from heard.live import answers
from heard.live.at_once import at_once
from heard.live.catching_up import Replays
from heard.live.connection import Connection, State, Topic
from heard.live.connections import Connections
from heard.store.reading import Reading

CASES_TOLD_MAX = 500
"""The desk is told of so many cases at once, those with the most readers; all fit into one message."""


class Pass:
    """Readers who stand at `after` and are to be sent what has changed since; `begun` of them have been.

    `encoded` is None where the frames have to be read again: there is more by now, or something was
    withdrawn.
    """

    __slots__ = ("after", "begun", "encoded", "readers", "topic")

    def __init__(self, topic: Topic, after: int, encoded: bytes, readers: list[Connection]) -> None:
        self.topic = topic
        self.after = after
        self.encoded: bytes | None = encoded
        self.readers = readers
        self.begun = 0


class Readers:
    """All readers of one edge, and the frames file that they are served from."""

    def __init__(self, connections: Connections, say: Callable[..., None]) -> None:
        self.connections = connections
        self.limits = connections.limits
        self.readers_max = self.limits.readers_max()
        self.say = say
        self.at_once = at_once() if self.limits.at_once else None
        self.replays: Replays | None = None
        self.position = 0
        self.topics: dict[str, Topic] = {}
        self.passes: deque[Pass] = deque()
        self.polls_due: deque[Connection] = deque()
        self._stamp = -1
        self._looked_at = -1.0
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
        self.passes.clear()
        reset = sse_reset(self.replays.epoch, self.position)
        for topic in self.topics.values():
            for connection in list(topic.readers[State.CATCHING_UP]):
                self.connections.close(connection)
            for connection in list(topic.readers[State.LIVE]):
                self._send(connection, reset)
            for connection in list(topic.readers[State.POLLING]):
                self.answer_poll(connection, self.replays.reset(topic.case_id))

    def look_once_a_turn(self) -> None:
        """Look, unless that was done since the loop woke: what has come since then is answered as of now."""
        if self._looked_at != self.connections.now:
            self.look()
            self._looked_at = self.connections.now

    def look(self) -> None:
        """Begin to send everyone what was written since the last look. It costs 4 µs if nothing was.

        Raises Unavailable if the file cannot be read at the moment; whoever looks next misses nothing.
        """
        assert self.replays is not None
        stamp = self.replays.reading.stamp()
        if stamp == self._stamp:
            return
        news = self.replays.reading.since(self.position)
        self._stamp = stamp
        self.replays.drop()
        for begun in self.passes:
            begun.encoded = None
        before, self.position = self.position, max(self.position, news.position)
        for case_id, frames in news.frames.items():
            if case_id in self.topics:
                self._publish(self.topics[case_id], frames, before)
        for case_id in news.closed:
            self._close(case_id)

    def _publish(self, topic: Topic, frames: list[Frame], before: int) -> None:
        assert self.replays is not None
        anew = any(change.kind == ANEW for frame in frames for change in frame.changes)
        encoded = b""
        if not anew and len(frames) <= FRAMES_BEHIND_MAX:
            encoded = b"".join(sse(self.replays.epoch, frame.position, frame.changes) for frame in frames)
        if not encoded or len(encoded) > CATCH_UP_BYTES_MAX:
            encoded = sse_reset(self.replays.epoch, self.position)
        topic.sent_bytes += len(encoded)
        topic.head = frames[-1].position
        self._let_go_behind(topic, None if anew else {change.id for frame in frames for change in frame.changes})
        self.passes.append(Pass(topic, before, encoded, self._whose_turn_it_is(topic)))
        self.polls_due.extend(topic.readers[State.POLLING])

    def _whose_turn_it_is(self, topic: Topic) -> list[Connection]:
        """Everyone LIVE who is not in a pass already; each time others are the first."""
        readers = list(topic.readers[State.LIVE])
        waiting = {one for begun in self.passes if begun.topic is topic for one in begun.readers[begun.begun :]}
        if waiting:
            readers = [one for one in readers if one not in waiting]
        topic.first = (topic.first + self.limits.slice) % max(1, len(readers))
        return readers[topic.first :] + readers[: topic.first]

    @property
    def has_more_to_send(self) -> bool:
        return bool(self.passes or self.polls_due)

    def send_slice(self) -> None:
        """One slice of the oldest pass, or of the polls that have an answer.

        Raises Unavailable if what changed meanwhile cannot be read at the moment; then it is for a later turn.
        """
        if self.passes:
            begun = self.passes[0]
            if begun.encoded is None:
                begun.encoded = self._news_since(begun)
            end = begun.begun + self.limits.slice
            self._send_to(begun.readers[begun.begun : end], begun.encoded)
            begun.begun = end
            if end >= len(begun.readers) or not begun.encoded:
                self.passes.popleft()
                if begun.readers and begun.topic not in {one.topic for one in self.passes}:
                    begun.topic.delivered = begun.topic.head, now.text(now.utc())
        else:
            for _ in range(min(self.limits.slice, len(self.polls_due))):
                self._answer_if_there_is_news(self.polls_due.popleft())

    def _news_since(self, begun: Pass) -> bytes:
        assert self.replays is not None
        return self.replays.stream(begun.topic.case_id, begun.after, self.position)

    def _send_to(self, readers: list[Connection], encoded: bytes) -> None:
        """To each who is LIVE the same bytes: in one call if the kernel has one, otherwise to one after another."""
        if self.at_once is not None and len(readers) > 1 and encoded:
            readers = [connection for connection in readers if connection.state is State.LIVE]
            while readers and (answers := self.at_once.send([one.fd for one in readers], encoded)):
                asked, readers = readers[: len(answers)], readers[len(answers) :]
                if answers.count(len(encoded)) < len(asked):
                    self._see_to_the_rest(asked, answers, encoded)
        self._send_to_one_after_another(readers, encoded)

    def _see_to_the_rest(self, readers: list[Connection], answers: list[int], encoded: bytes) -> None:
        for connection, sent in zip(readers, answers, strict=True):
            if sent < 0 and sent != -errno.EAGAIN:
                self.connections.close(connection)
            elif sent != len(encoded):
                self.fall_behind(connection, encoded, max(0, sent))

    def _send_to_one_after_another(self, readers: list[Connection], encoded: bytes) -> None:
        """The loop that all of this is about: 10,000 turns a post, and next to nothing in it but the send."""
        live, whole = State.LIVE, len(encoded)
        for connection in readers:
            if connection.state is live:  # Since the pass began it may have gone.
                try:
                    sent = connection.sock.send(encoded)
                except BlockingIOError:
                    sent = 0
                except OSError:
                    self.connections.close(connection)
                    continue
                if sent != whole:
                    self.fall_behind(connection, encoded, sent)

    def _answer_if_there_is_news(self, connection: Connection) -> None:
        assert self.replays is not None
        if connection.state is not State.POLLING or connection.topic is None:
            return
        try:
            answer = self.replays.poll(connection.topic.case_id, connection.position, self.position)
        except Unavailable:
            self.connections.close(connection)  # They ask again; the other cases' frames must not wait.
            return
        if answer:
            self.answer_poll(connection, answer)

    def _let_go_behind(self, topic: Topic, changed: set[str] | None) -> None:
        """Let go of who is too far behind, and of who would still be sent an older form of what changed now; None is
        all of it.

        They come back and are sent it as it is: words that were withdrawn do not go out after that.
        """
        marks = [b'"id":"%b"' % id.encode() for id in changed or ()]
        last_mention: dict[int, int] = {}  # Most are in the same bytes, which are searched once.
        for connection in list(topic.readers[State.CATCHING_UP]):
            encoded = connection.outgoing
            if id(encoded) not in last_mention:
                last_mention[id(encoded)] = max(map(encoded.rfind, marks), default=-1)
            begun = encoded.rfind(b"\n\n", 0, connection.sent)  # The event it is in the middle of counts too.
            behind = topic.sent_bytes - connection.behind_from + len(encoded) - connection.sent
            if changed is None or behind > self.limits.behind_bytes or last_mention[id(encoded)] > begun:
                self.connections.close(connection)

    def _send(self, connection: Connection, encoded: bytes) -> None:
        self._send_to([connection], encoded)

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
        """Once a second: a heartbeat to those whose turn it is, so that each hears one in every period.

        Not to those of a case that is being sent something: they hear that.
        """
        busy = {begun.topic for begun in self.passes}
        period = max(1, int(self.limits.heartbeat_s))
        self._phase = (self._phase + 1) % period
        by_fd = self.connections.by_fd
        turn = [by_fd[fd] for fd in range(self._phase, max(by_fd, default=-1) + 1, period) if fd in by_fd]
        self._send_to([one for one in turn if one.state is State.LIVE and one.topic not in busy], HEARTBEAT)

    def audience(self) -> dict[str, tuple[int, tuple[int, str] | None]]:
        """For the desk: how many readers each case has here, and when the last of them were sent what is newest."""
        counted = {case_id: sum(map(len, topic.readers.values())) for case_id, topic in self.topics.items()}
        most = sorted(counted, key=counted.__getitem__, reverse=True)[:CASES_TOLD_MAX]
        return {case_id: (counted[case_id], self.topics[case_id].delivered) for case_id in most if counted[case_id]}

    def end(self) -> None:
        """Send what is begun, tell every reader when to come back, and close; answer every poll."""
        with suppress(Unavailable):
            while self.has_more_to_send:
                self.send_slice()
        for topic in self.topics.values():
            for connection in list(topic.readers[State.LIVE]):
                self._send(connection, answers.retry(self.limits))
            for state in (State.LIVE, State.CATCHING_UP):
                for connection in list(topic.readers[state]):
                    self.connections.close(connection)
            for connection in list(topic.readers[State.POLLING]):
                self.time_is_up(connection)
