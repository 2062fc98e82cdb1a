"""Frames: what readers of an open page are sent, and how it is written on the wire. Pure: no clock, no files.

There is no history of frames. For each case there is one row per *thing* (a post, or an area of the page),
its newest rendering, at the position of the entry that last changed it. A *frame* is what one case has at
one position. From this follows what a resume must keep: whoever was away since position P is sent each
thing that changed after P, once, as it is now; so nothing is missed, nothing comes twice, and words that
were withdrawn in between cannot be sent, for they are not there.

The wire format is specified for strangers in docs/formats/stream.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

POST_KINDS = frozenset({"post", "corrected", "clarified", "retracted", "order"})
AREAS = frozenset({"state", "summary", "key", "pinned"})
ANEW = "anew"
"""The kind, and the id, of what is never sent: from this position on every page of the case is loaded again."""

FRAME_BYTES_MAX = 64 * 1024
"""A frame with more in it gives its longest fragments as addresses: one send per reader must stay one small
send.
"""

FRAMES_BEHIND_MAX = 500
"""Whoever missed more does better to load the page again: it has the newest 50 posts and costs less."""

CATCH_UP_BYTES_MAX = 512 * 1024
"""The same, in bytes: what is sent to one who comes back is held once for all, and must leave room below 1
MiB behind.
"""

HEARTBEAT_S = 15
POSITION_MAX = 2**63 - 1
POSITION_TEXT_MAX = 100

HEARTBEAT = b":\n\n"


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing as it is now.

    `kind` is one of POST_KINDS or AREAS; `id` is the post's id, or the area's own name. `html` is the
    fragment, byte for byte as on the page; `href` the address of the same fragment, for when it is too long
    to send; `place` sorts posts by plain comparison of text and is None for areas. A mark on a post (key
    event, pin) is a change of kind `key` or `pinned` whose id is the post's.
    """

    kind: str
    id: str
    html: str | None = None
    href: str | None = None
    place: str | None = None


class Frame(msgspec.Struct, frozen=True):
    """What one case has at one position."""

    position: int
    changes: tuple[Change, ...]


def thing(change: Change) -> str:
    """The name of what a change renders: a later change with the same name replaces it."""
    return change.id if change.id in AREAS or change.kind == ANEW else f"post:{change.id}"


def sse(epoch: str, position: int, changes: Sequence[Change]) -> bytes:
    """One frame as one server-sent event (WHATWG HTML, section 9.2)."""
    return b"id: %b.%d\nevent: change\ndata: %b\n\n" % (epoch.encode(), position, _changes(_sent(changes)))


def sse_reset(epoch: str, position: int) -> bytes:
    """The event that tells a page to load itself again; its id is where the stream goes on from."""
    return b'id: %b.%d\nevent: reset\ndata: {"reset":true}\n\n' % (epoch.encode(), position)


def poll_answer(epoch: str, next_position: int, frames: Iterable[Frame]) -> bytes:
    """What a long poll answers: the changes of all frames, and the position to ask for next."""
    sent = [change for frame in frames for change in _sent(frame.changes)]
    return msgspec.json.encode({"changes": sent, "next": f"{epoch}.{next_position}"})


def poll_reset(epoch: str, next_position: int) -> bytes:
    """What a long poll answers to one who must load the page again."""
    return msgspec.json.encode({"reset": True, "next": f"{epoch}.{next_position}"})


_POSITION = re.compile(r"([A-Za-z0-9_-]{1,64})\.(0|[1-9][0-9]{0,18})", re.ASCII)


def parse_position(text: str) -> tuple[str, int] | None:
    """Epoch and position from what a reader claims to have seen; None for anything that no server of ours
    wrote.

    Whether the epoch is the present one and the position has been reached yet is for the caller to compare.
    """
    if len(text) > POSITION_TEXT_MAX:
        return None
    match = _POSITION.fullmatch(text)
    if match is None or int(match[2]) > POSITION_MAX:
        return None
    return match[1], int(match[2])


_encoder = msgspec.json.Encoder()


def _changes(sent: list[Change]) -> bytes:
    return _encoder.encode({"changes": sent})


def _sent(changes: Sequence[Change]) -> list[Change]:
    """The changes as they travel: a fragment or its address, never both, the longest as addresses until the
    frame fits.
    """
    sent = [
        Change(change.kind, change.id, html=change.html, place=change.place)
        if change.html is not None
        else Change(change.kind, change.id, href=change.href, place=change.place)
        for change in changes
    ]
    if sum(len(change.html or "") for change in sent) < FRAME_BYTES_MAX // 8:
        return sent  # Even if JSON wrote every character in six bytes it would fit: no need to measure.
    sizes = [len(_encoder.encode(change)) for change in sent]
    whole = len(_changes(sent)) + POSITION_TEXT_MAX + 32
    for n in sorted(range(len(sent)), key=lambda n: -sizes[n]):
        if whole <= FRAME_BYTES_MAX:
            break
        sent[n] = Change(changes[n].kind, changes[n].id, href=changes[n].href, place=changes[n].place)
        whole += len(_encoder.encode(sent[n])) - sizes[n]
    return sent
