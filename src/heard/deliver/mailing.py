"""Handing a letter to the operator's mail server (RFC 5321), in steps, so that what happened is known at each.

Up to the last line nothing was sent; after the server's answer to it everything is known. Only between these two, for
the milliseconds of one round trip, nobody can say: `Unsure` tells so.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

from heard.cases.release import Released
from heard.engine.errors import Refused, Unavailable

ANSWERS_WITHIN_S = 20.0
ON_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
WRITTEN = "smtp://user:password@mail.example:587/?from=reports@site.example"


class Unsure(Unavailable):
    """The line broke after the last line of a letter was sent and before its receipt came."""


class NotTaken(Refused):
    """The server refuses this address for good."""


class Mailbox(msgspec.Struct, frozen=True):
    """Where letters are handed in, who sends them, and how long a follower has peace after one."""

    host: str
    port: int
    wrapped: bool
    user: str
    password: str
    sender: str
    every: timedelta


def mailbox(address: str) -> Mailbox:
    """From an address such as `WRITTEN`; `smtps:` speaks TLS from the first byte; `?hours=` is 24 if it is not given.

    Raises Refused for what is none.
    """
    try:
        at: SplitResult = urlsplit(address)
        asked = {name: values[0] for name, values in parse_qs(at.query).items()}
        wrapped = at.scheme == "smtps"
        every = timedelta(hours=float(asked.get("hours", "24")))
        if at.scheme not in ("smtp", "smtps") or not at.hostname or every < timedelta(0):
            raise ValueError("it names no mail server")
        if not re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", asked.get("from", "")):
            raise ValueError("it does not say who the letters are from")
        port = at.port or (465 if wrapped else 587)
        user, password = unquote(at.username or ""), unquote(at.password or "")
        return Mailbox(at.hostname, port, wrapped, user, password, asked["from"], every)
    except (ValueError, OverflowError) as wrong:
        raise Refused(f"Mail is handed in at an address such as {WRITTEN} ({wrong}). Nothing was started.") from None


def written(box: Mailbox, to: str, subject: Released, text: Released, id: str, at: datetime, leave: str = "") -> bytes:
    """A letter of released words as bytes."""
    for part in (subject, text):
        if not isinstance(part, Released):
            raise TypeError("What is sent has passed the door.")
    return letter(box, to, subject, text, id, at, leave)


def letter(box: Mailbox, to: str, subject: str, text: str, id: str, at: datetime, leave: str = "") -> bytes:
    """As bytes. `id` is the same for the same news, so that a server that was given it twice can tell."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = f"Heard <{box.sender}>"
    letter["To"] = to
    letter["Subject"] = " ".join(subject.split())
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = f"<{id}@{box.sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
    if leave:  # RFC 2369 and RFC 8058: the mail program's own button leaves by one POST
        letter["List-Unsubscribe"] = f"<{leave}>"
        letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter.set_content(str(text), cte="quoted-printable")
    return letter.as_bytes()


class Line:
    """One conversation with the mail server. Each step may take seconds and touches nothing else: it wants a thread."""

    def __init__(self, box: Mailbox) -> None:
        """Raises Unavailable."""
        self._box = box
        context = ssl.create_default_context()
        try:
            if box.wrapped:
                self._smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    box.host, box.port, timeout=ANSWERS_WITHIN_S, context=context
                )
            else:
                self._smtp = smtplib.SMTP(box.host, box.port, timeout=ANSWERS_WITHIN_S)
            self._smtp.ehlo()
            if not box.wrapped and self._smtp.has_extn("starttls"):
                self._smtp.starttls(context=context)
                self._smtp.ehlo()
            elif not box.wrapped and box.host not in ON_THIS_MACHINE:
                raise Unavailable("The mail server speaks no TLS, and addresses are not sent in the clear.")
            if box.user:
                self._smtp.login(box.user, box.password)
        except (OSError, smtplib.SMTPException) as wrong:
            raise Unavailable("The mail server cannot be reached.", trouble=type(wrong).__name__) from None

    def offer(self, to: str) -> None:
        """Name the sender and the address, and be told to go on.

        Raises NotTaken for an address that is refused for good, Unavailable for all else; nothing was sent then.
        """
        try:
            self._must(self._smtp.mail(self._box.sender)[0], 250)
            code, _ = self._smtp.rcpt(to)
            if 500 <= code < 600:
                self._smtp.rset()
                raise NotTaken("The mail server refuses this address.", code=code)
            self._must(code, 250, 251)
            self._must(self._smtp.docmd("DATA")[0], 354)
        except (OSError, smtplib.SMTPException) as wrong:
            raise Unavailable("The mail server did not go on.", trouble=type(wrong).__name__) from None

    def give(self, letter: bytes) -> None:
        """The letter, and the server's receipt.

        Raises Unavailable where it says that it did not take it, Unsure where it says nothing.
        """
        try:
            self._smtp.send(re.sub(rb"(?m)^\.", b"..", letter) + b".\r\n")
            code, _ = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as wrong:
            raise Unsure(
                "The mail server did not say whether it took a letter.", trouble=type(wrong).__name__
            ) from None
        self._must(code, 250)

    def _must(self, code: int, *wanted: int) -> None:
        if code not in wanted:
            raise Unavailable("The mail server does not take letters at the moment.", code=code)

    def drop(self) -> None:
        """Hang up in the middle: what was begun is not sent."""
        self._smtp.close()

    def close(self) -> None:
        with suppress(OSError, smtplib.SMTPException):
            self._smtp.quit()
