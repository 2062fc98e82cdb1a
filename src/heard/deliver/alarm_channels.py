"""What carries an alarm to somebody who has no page open: mail by the operator's own server, a webhook.

Both wait for an answer, in a thread of their own, and raise Unavailable, which says why in a word or two without any
address.
"""

from __future__ import annotations

import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from http.client import HTTPException
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

from heard.engine import now
from heard.engine.errors import Refused, Unavailable

ANSWER_S = 10.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Mail:
    """Sends by SMTP. `smtps://` is encrypted from the first byte; `smtp://` as soon as the server offers it."""

    name = "mail"

    def __init__(self, address: str) -> None:
        """`smtp://user:password@host:587/?from=heard@example.org`, user and password percent-encoded.

        Raises Refused for what is no such address.
        """
        at = urlsplit(address)
        self._at, self._from = at, parse_qs(at.query).get("from", [""])[0]
        if at.scheme not in ("smtp", "smtps") or not at.hostname or "@" not in self._from or "\n" in self._from:
            raise Refused("HEARD_MAIL is not like smtps://user:password@host/?from=heard@example.org.")

    def send(self, to: str, id: str, subject: str, text: str) -> None:
        """Raises Unavailable."""
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = self._from, to, f"Heard: {subject}"
        letter["Date"] = format_datetime(now.utc())
        letter["Message-ID"] = f"<{id}@{self._from.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(text)
        try:
            with self._connected() as server:
                server.send_message(letter)
        except (OSError, smtplib.SMTPException) as wrong:
            raise Unavailable("The mail was not taken.", why=_why(wrong)) from wrong

    def _connected(self) -> smtplib.SMTP:
        at, secure = self._at, ssl.create_default_context()
        host = at.hostname or ""
        if at.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, at.port or 465, timeout=ANSWER_S, context=secure)
        else:
            server = smtplib.SMTP(host, at.port or 25, timeout=ANSWER_S)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=secure)
            elif at.username and host not in LOOPBACK:
                server.close()
                raise smtplib.SMTPException("no password without encryption")
        if at.username:
            server.login(unquote(at.username), unquote(at.password or ""))
        return server


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
    code = getattr(wrong, "smtp_code", None) or getattr(wrong, "code", None)
    return f"{type(wrong).__name__} {code}" if isinstance(code, int) else type(wrong).__name__
