"""What carries an alarm to somebody who has no page open: mail by the operator's own server, a webhook.

Both wait for an answer, in a thread of their own, and raise Unavailable, which says why in a word or two without any
address.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from urllib.parse import SplitResult, urlsplit

import msgspec

from heard.deliver.mailing import Line, NotTaken, letter, mailbox
from heard.engine import now
from heard.engine.errors import Refused, Unavailable

ANSWER_S = 10.0


class Mail:
    """A letter to the address of an account. Its words name no place and nobody, so they pass no door."""

    name = "mail"

    def __init__(self, address: str) -> None:
        """By the operator's own mail server (see `mailing.mailbox`). Raises Refused for what is no such address."""
        self._box = mailbox(address)

    def send(self, to: str, id: str, subject: str, text: str) -> None:
        """Raises Unavailable, also where nobody can say whether it was taken: it is sent again under its `id`."""
        try:
            line = Line(self._box)
            try:
                line.offer(to)
                line.give(letter(self._box, to, f"Heard: {subject}", text, id, now.utc()))
            finally:
                line.close()
        except (NotTaken, Unavailable) as wrong:
            why = str(wrong.details.get("code") or wrong.details.get("trouble") or "no TLS")
            raise Unavailable("The mail was not taken.", why=why) from wrong


class Hook:
    """Posts JSON, once for each message: `{"id", "to", "subject", "text", "alarms"}`; `to` is the id of an account."""

    name = "webhook"

    def __init__(self, address: str) -> None:
        """Raises Refused for what is no address of HTTP."""
        checked(address, "HEARD_ALARM_HOOK")
        self._address = address

    def send(self, to: str, id: str, subject: str, text: str, alarms: tuple[str, ...]) -> None:
        """Raises Unavailable for anything but an answer of 2xx."""
        body = msgspec.json.encode({"id": id, "to": to, "subject": subject, "text": text, "alarms": alarms})
        ask(self._address, body, {"Content-Type": "application/json", "Idempotency-Key": id})


def checked(address: str, name: str) -> SplitResult:
    at = urlsplit(address)
    if at.scheme not in ("http", "https") or not at.hostname:
        raise Refused(f"{name} is not an address of http or https.")
    return at


def ask(address: str, body: bytes | None = None, fields: dict[str, str] | None = None) -> None:
    """One GET, or POST of a body, that must be answered with 2xx; it follows no redirection.

    Raises Unavailable.
    """
    request = urllib.request.Request(address, body, {"User-Agent": "Heard", **(fields or {})})
    try:
        with _OPENER(request, timeout=ANSWER_S) as answer:
            answer.read(1024)
    except (OSError, HTTPException, ValueError) as wrong:
        raise Unavailable("There was no such answer.", why=_why(wrong)) from wrong


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_OPENER: Callable[..., urllib.request._UrlopenRet] = urllib.request.build_opener(_NoRedirection).open


def _why(wrong: Exception) -> str:
    code = getattr(wrong, "code", None)
    return f"{type(wrong).__name__} {code}" if isinstance(code, int) else type(wrong).__name__
