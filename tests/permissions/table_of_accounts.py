"""Who may do what about accounts: written by hand, see `rows` for what a row says."""

from __future__ import annotations

from tests.permissions.rows import EVERYONE, Row, every, public

PUBLIC_ACCOUNTS: dict[str, list[Row]] = {
    # Without the link of a moment ago, nobody is asked for a second factor.
    "GET /account/second/": public("server", every("server", "forbidden")),
    "POST /account/second/": public("server", every("server", "forbidden")),
    # Nothing typed, and so nothing to work out: that what is wrong lets nobody in, tests/security/test_passwords says.
    "POST /desk/sign-in/": public("server", every("server", "no")),
    # No passkey is made at a number, and one that is not whole signs nobody in: see tests/security/test_passkeys.
    "POST /account/sign-in/asked/": public("server", every("server", "no")),
    "POST /account/sign-in/": public("server", every("server", "no")),
}


def _own(on: str, states: dict[str, str], **sends: object) -> list[Row]:
    """One's own, in a session: a token adds and removes nothing."""
    return [Row(EVERYONE, "session", on, states, sends)]


_ASKED = {"recovery": "{recovery}"}
_PERSON = every("person", "ok", unknown="absent")
_AGREES = every("person", "no", asked="ok", unknown="absent")
_REFUSES = every("person", "no", asked="ok", asked_by_oneself="ok", unknown="absent")


def _people(on: str, states: dict[str, str], **sends: object) -> list[Row]:
    """For administrators, each in a session: what takes two people is not done by two programs."""
    return [Row("a", "session", on, states, sends)]


PEOPLE: dict[str, list[Row]] = {
    "GET /account/people/": _people("server", every("server", "ok")),
    # By one who has no second factor it is not demanded; that it is, tests/security/test_recovery tells.
    "POST /account/people/demand/": [
        *_people("server", every("server", "no"), demanded="yes"),
        *_people("server", every("server", "ok"), demanded="no"),
    ],
    "POST /account/people/{person}/recover/": _people("person", every("person", "no", known="ok", unknown="absent")),
    "POST /account/people/{person}/agree/": _people("person", _AGREES, **_ASKED),
    "POST /account/people/{person}/refuse/": _people("person", _REFUSES, **_ASKED),
    "POST /account/people/{person}/sign-out/": _people("person", _PERSON),
}
OWN_ACCOUNT: dict[str, list[Row]] = {
    "GET /account/": _own("server", every("server", "ok")),
    "POST /account/code/": _own("server", every("server", "ok")),
    "POST /account/code/confirm/": _own("server", every("server", "no"), code="000000"),
    "POST /account/again/": _own("server", every("server", "no"), code="000000"),
    "POST /account/password/": _own("server", every("server", "no")),
    "POST /account/password/remove/": _own("server", every("server", "absent")),
    "POST /account/factors/{factor}/remove/": _own("factor", every("factor", "absent", theirs="ok")),
    "POST /account/passkey/asked/": _own("server", every("server", "no")),
    "POST /account/passkey/": _own("server", every("server", "no")),
}
