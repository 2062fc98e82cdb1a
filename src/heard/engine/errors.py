"""The four families of error. Each message is read by a person: what happened, what was kept, what to do."""

from __future__ import annotations

from typing import Any


class HeardError(Exception):
    """Something that a caller must know.

    `message` is plain English; `details` are facts for a program (ids, positions, versions), never words of a post
    unless the receiver is the one who wrote them.
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Refused(HeardError):
    """The caller can put it right; the message says how."""


class NotFound(Refused):
    """There is no such thing here, or not for this caller."""


class NotAllowed(Refused):
    """The caller is known and may not do this."""


class Gone(Refused):
    """It was here once and was erased; it never comes back."""


class TooLarge(Refused):
    """It is more than fits."""


class Conflict(HeardError):
    """Someone was first; `details` carries both versions where there are two."""


class Unavailable(HeardError):
    """It may work in a moment; nothing was changed."""


class Corrupt(HeardError):
    """What is on disk cannot be true. Stop, and do not serve it."""
