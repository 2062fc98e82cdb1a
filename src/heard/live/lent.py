"""Answers that an app has lent: public pages, given to everyone who asks the same, for as long as nothing changes.

An app lends a page that was asked for twice. It holds for one edition (see `edition`), whose number is looked at before
every single answer: whoever was told that a post is withdrawn never gets a page that still has it.

Most requests of a crowd are the same bytes, browser by browser. So the first of a kind is read as HTTP, and the others
are known by sight.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from heard.live import answers
from heard.live.edition import Edition
from heard.live.request import END, Head, Malformed, parse

#: So many answers are held for an app, and so many kinds of request are known by sight.
HELD_MAX, KNOWN_MAX = 256, 2_000
#: A longer head is read each time.
KNOWN_BYTES_MAX = 2_048
#: A request that bears one of these is the app's to answer.
NOT_FOR_ALL = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "heard-position"})


class Asked(NamedTuple):
    """What makes two requests the same: the target as it was sent, of which host, and whether gzip is understood."""

    host: str
    target: str
    gzip: bool


class Answer:
    """One lent answer: its head without the date, its body, and the two as they leave in this second."""

    def __init__(self, fields: bytes, etag: str, body: bytes) -> None:
        self.fields, self.etag, self.body = fields, etag, body
        self.leaving: dict[str, bytes] = {}

    def to(self, head: Head) -> bytes:
        """The bytes for this request: whole, without body for HEAD, or "not modified" for who has it."""
        sort = "304" if self.etag in (head.header("if-none-match") or "") else head.method
        if sort not in self.leaving:
            self.leaving[sort] = self._leaving(sort)
        return self.leaving[sort]

    def _leaving(self, sort: str) -> bytes:
        if sort == "304":  # without the length of a body that does not follow: some clients would wait for it
            return answers.lent(304, b"".join(field for field in self.fields.splitlines(True) if not _of_body(field)))
        return answers.lent(200, self.fields) + (self.body if sort == "GET" else b"")


class Lent:
    """What one app has lent to this edge."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._of = -1
        self._held: dict[Asked, Answer] = {}
        self._known: dict[bytes, bytes] = {}

    def hold(self, of: int, asked: Asked, etag: str, fields: bytes, body: bytes) -> None:
        """Take an answer of the edition `of`, unless that has passed."""
        self._forget_what_has_passed()
        if of == self._of and len(self._held) < HELD_MAX:
            self._held[asked] = Answer(fields, etag, body)

    def answer_to(self, request: bytes) -> bytes | None:
        """The whole answer to a whole request; None where the app is to be asked."""
        self._forget_what_has_passed()
        return self._known.get(request) or self._read(request)

    def second_passed(self) -> None:
        """The date of what leaves from now on is another."""
        self._known.clear()
        for answer in self._held.values():
            answer.leaving.clear()

    def close(self) -> None:
        self._edition.close()

    def _forget_what_has_passed(self) -> None:
        if self._of != (now := self._edition.now()):
            self._of = now
            self._held.clear()
            self._known.clear()

    def _read(self, request: bytes) -> bytes | None:
        if not self._held or not request.startswith((b"GET ", b"HEAD ")) or not request.endswith(END):
            return None
        head = None
        with suppress(Malformed):
            head = parse(request, len(request))
        if head is None or head.length != len(request) or not head.keeps_alive or head.has_body or _is_apart(head):
            return None
        found = self._held.get(asked_by(head))
        if found is None:
            return None
        answer = found.to(head)
        if len(request) <= KNOWN_BYTES_MAX and len(self._known) < KNOWN_MAX:
            self._known[request] = answer
        return answer


def _of_body(field: bytes) -> bool:
    return field.lower().startswith((b"content-length:", b"content-type:", b"content-encoding:"))


def asked_by(head: Head) -> Asked:
    target = f"{head.path}?{head.query}" if head.query else head.path
    return Asked(head.header("host") or "", target, "gzip" in (head.header("accept-encoding") or ""))


def _is_apart(head: Head) -> bool:
    return any(head.header(name) is not None for name in NOT_FOR_ALL)
