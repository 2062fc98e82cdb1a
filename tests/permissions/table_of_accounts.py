"""Who may do what about accounts: written by hand, see `rows` for what a row says."""

from __future__ import annotations

from tests.permissions.rows import EVERYONE, Row, every, public

PUBLIC_ACCOUNTS: dict[str, list[Row]] = {
    # Without the link of a moment ago, nobody is asked for a second factor.
    "GET /account/second/": public("server", every("server", "forbidden")),
    "POST /account/second/": public("server", every("server", "forbidden")),
    # No passkey is made at a number, and one that is not whole signs nobody in: see tests/security/test_passkeys.
    "POST /account/sign-in/asked/": public("server", every("server", "no")),
    "POST /account/sign-in/": public("server", every("server", "no")),
}


def _own(on: str, states: dict[str, str], **sends: object) -> list[Row]:
    """One's own, in a session: a token adds and removes nothing."""
    return [Row(EVERYONE, "session", on, states, sends)]


OWN_ACCOUNT: dict[str, list[Row]] = {
    "GET /account/": _own("server", every("server", "ok")),
    "POST /account/code/": _own("server", every("server", "ok")),
    "POST /account/code/confirm/": _own("server", every("server", "no"), code="000000"),
    "POST /account/factors/{factor}/remove/": _own("factor", every("factor", "absent", theirs="ok")),
    "POST /account/passkey/asked/": _own("server", every("server", "no")),
    "POST /account/passkey/": _own("server", every("server", "no")),
}
