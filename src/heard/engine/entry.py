"""An entry: one thing that happened, as the journal keeps it.

The header (position, stream, kind, version, at, by, key, request) holds no words: streams and people are opaque random
ids. Everything with words in it is the body, which is stored sealed. What a room writes is a `Body`; the
list of a room's bodies is the list of what can happen there.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, TypeVar

import msgspec

from heard.engine import now


class Body(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a room writes; `@written_as` gives a subclass its kind and version."""

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1

    def erases(self) -> tuple[int, ...]:
        """Positions whose words this entry destroys, by law. Only erasures answer anything."""
        return ()

    def withdraws(self) -> bool:
        """Whether it takes its stream away from readers: retractions and erasures do."""
        return False

    def to_do_again(self) -> str:
        """What has to be done once more if a journal without this entry is served, as a witness keeps it: words of our
        own, ids and days, never a word of what was written. Nothing for most.
        """
        return ""


_BODIES: dict[tuple[str, int], type[Body]] = {}

B = TypeVar("B", bound=type[Body])


def written_as(kind: str, version: int = 1) -> Callable[[B], B]:
    """Register a body under the kind that its entries bear."""

    def register(body: B) -> B:
        body.kind, body.version = kind, version
        _BODIES[kind, version] = body
        return body

    return register


def kinds_of(room: str) -> tuple[str, ...]:
    """The kinds of entries that a room writes, as far as it is imported."""
    return tuple(kind for kind, _ in _BODIES if kind.startswith(f"{room}."))


def kinds_that_erase(rooms: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The kinds whose bodies may destroy words, of all rooms or of some: an erasure is found by its header, before
    anything is unsealed.
    """
    kinds = (kind for (kind, _), body in _BODIES.items() if body.erases is not Body.erases)
    return tuple(kind for kind in kinds if not rooms or kind.partition(".")[0] in rooms)


def kinds_that_withdraw() -> tuple[str, ...]:
    """The kinds that may take their stream away from readers."""
    return tuple(kind for (kind, _), body in _BODIES.items() if body.withdraws is not Body.withdraws)


def kinds_done_again() -> tuple[str, ...]:
    """The kinds of which a witness keeps what has to be done once more."""
    return tuple(kind for (kind, _), body in _BODIES.items() if body.to_do_again is not Body.to_do_again)


class Entry(msgspec.Struct, frozen=True):
    """One entry, read back. `body` is None when its words were erased."""

    position: int
    stream: str
    kind: str
    version: int
    at: datetime
    by: str
    key: str | None
    body: Body | None


class Draft(msgspec.Struct, frozen=True):
    """A body on its way into a stream."""

    stream: str
    body: Body


def new_id() -> str:
    """Eighty random bits as sixteen lower-case letters and digits: an id that says nothing."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def encode_body(body: Body) -> bytes:
    """Canonical JSON: UTF-8, keys sorted, no spaces, defaults left out."""
    return msgspec.json.encode(body, order="sorted")


_DECODERS: dict[tuple[str, int], msgspec.json.Decoder[Body]] = {}


def decode_body(kind: str, version: int, raw: bytes) -> Body:
    """The body that `encode_body` wrote.

    Raises KeyError for a kind this version of Heard does not know, msgspec.ValidationError for bytes that do not fit.
    """
    decoder = _DECODERS.get((kind, version))
    if decoder is None:
        decoder = _DECODERS[kind, version] = msgspec.json.Decoder(_BODIES[kind, version])
    return decoder.decode(raw)


class Header(msgspec.Struct, frozen=True):
    """What an entry says of itself without a word of what happened; committed to by its leaf, in this order."""

    position: int
    stream: str
    kind: str
    version: int
    at: str
    by: str
    key: str | None
    request: str | None

    def encode(self) -> bytes:
        """Canonical JSON, keys sorted: the bytes that the leaf commits to."""
        return _header_encoder.encode(self)

    @property
    def at_instant(self) -> datetime:
        return now.instant(self.at)


_header_encoder = msgspec.json.Encoder(order="sorted")
