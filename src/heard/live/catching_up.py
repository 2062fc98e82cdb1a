"""What a reader who was away is sent: encoded once for all who were away since the same frame."""

from __future__ import annotations

from heard.engine.frames import (
    CATCH_UP_BYTES_MAX,
    FRAMES_BEHIND_MAX,
    parse_position,
    poll_answer,
    poll_reset,
    sse,
    sse_reset,
)
from heard.store.reading import Reading

REPLAYS_BYTES_MAX = 32 * 1024 * 1024
"""After a break of the line all come back at once, from a handful of positions; then all of this may go."""


def stands_at(claim: str, epoch: str, head: int) -> int | None:
    """The position up to which a reader has seen this very log; None if the page must be loaded again.

    So it must for what we never wrote, for another epoch (history was restored) and for what is still to
    come.
    """
    seen = parse_position(claim)
    if seen is None or seen[0] != epoch or seen[1] > head:
        return None
    return seen[1]


class Replays:
    """Replays from one frames file up to `position`, which the edge moves on; it drops them all as it does.

    They are dropped for every case and not only for the one with news, since a thing may also have been
    forgotten without a frame; a replay is read again in 0.1 ms.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.epoch = reading.epoch
        self._topics: dict[str, str] = {}
        self._held: dict[tuple[str, str, int], bytes] = {}
        self._held_bytes = 0

    def drop(self) -> None:
        """Hold nothing: what is read next is as the file is now."""
        self._topics.clear()
        self._held.clear()
        self._held_bytes = 0

    def topic(self, slug: str) -> str | None:
        """The case whose public stream has this name."""
        case_id = self._topics.get(slug)
        if case_id is None:
            case_id = self.reading.topic(slug)
            if case_id is not None:
                self._topics[slug] = case_id
        return case_id

    def stream(self, case_id: str, after: int, position: int) -> bytes:
        """The frames in (after, position] as server-sent events; the reset if they are too many; nothing if
        there are none.
        """
        key = ("stream", case_id, after)
        if key in self._held:
            return self._held[key]
        frames = self.reading.after(case_id, after, position, FRAMES_BEHIND_MAX, CATCH_UP_BYTES_MAX)
        if frames is None:
            return self._keep(key, sse_reset(self.epoch, position))
        return self._keep(key, b"".join(sse(self.epoch, frame.position, frame.changes) for frame in frames))

    def poll(self, case_id: str, after: int, position: int) -> bytes:
        """The same as a long poll's answer; nothing if there are no frames yet."""
        key = ("poll", case_id, after)
        if key in self._held:
            return self._held[key]
        frames = self.reading.after(case_id, after, position, FRAMES_BEHIND_MAX, CATCH_UP_BYTES_MAX)
        if frames is None:
            return self._keep(key, poll_reset(self.epoch, self.reading.head(case_id)))
        answer = poll_answer(self.epoch, frames[-1].position, frames) if frames else b""
        return self._keep(key, answer)

    def no_news(self, case_id: str) -> bytes:
        """What a long poll answers when its time is up: the position at which all pollers meet."""
        return poll_answer(self.epoch, self.reading.head(case_id), [])

    def reset(self, case_id: str) -> bytes:
        """What a long poll answers to one who must load the page again."""
        return poll_reset(self.epoch, self.reading.head(case_id))

    def _keep(self, key: tuple[str, str, int], replay: bytes) -> bytes:
        if self._held_bytes + len(replay) > REPLAYS_BYTES_MAX or len(self._held) > 10_000:
            self.drop()
        self._held[key] = replay
        self._held_bytes += len(replay)
        return replay
