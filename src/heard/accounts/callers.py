"""Who is asking: by the cookie of a session, or by the token of a program."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from heard.accounts import projection, secrets, tries
from heard.accounts.model import HALF_LASTS, KNOWN_LASTS, RECENT, SESSION_LASTS, Caller
from heard.engine import now
from heard.engine.errors import NotFound, Refused
from heard.engine.projection import Tables
from heard.engine.stores import Vault


class SignInNeeded(Refused):
    """Nobody we know is asking."""

    def __init__(self) -> None:
        super().__init__("Please sign in. Nothing was changed; what you wrote is still in your browser.")


class FactorNeeded(SignInNeeded):
    """A second factor is demanded, and this account has none: it may add one, and do nothing else."""

    def __init__(self) -> None:
        Refused.__init__(
            self, "A second factor is demanded here. Add one on your account’s page, /account/. Nothing was changed."
        )


def of(request: Request, vault: Vault, tables: Tables, *, to_add_a_factor: bool = False) -> Caller:
    """The caller; not, if the request says that it is meant as somebody else's. What waits on a device until there is
    a line must not go out under the name of whoever has signed in there meanwhile.

    Raises SignInNeeded; FactorNeeded, but where they come `to_add_a_factor`.
    """
    by_token = _by_token(request, vault, tables)
    kept, scope = by_token or (_by_session(request, vault, tables), "admin")
    if kept is None or request.headers.get("heard-account", kept.account) != kept.account:
        raise SignInNeeded
    if not (by_token or kept.factor or to_add_a_factor) and projection.demanded(tables):
        raise FactorNeeded
    try:
        account = projection.by_id(tables, kept.account)
    except NotFound:
        raise SignInNeeded from None
    by_case = projection.case_roles(tables, account.id)
    asked_again = partial(of, request, vault, tables, to_add_a_factor=to_add_a_factor)
    return Caller(account, scope, by_token is None, by_case, again=asked_again)  # type: ignore[arg-type]


def _by_token(request: Request, vault: Vault, tables: Tables) -> tuple[secrets.Kept, str] | None:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    kept = secrets.find(vault, "token", secret.strip())
    known = projection.token(tables, kept.token) if kept else None
    if kept is None or known is None:
        raise SignInNeeded
    return kept, known[1]


def _by_session(request: Request, vault: Vault, tables: Tables) -> secrets.Kept | None:
    secret = request.cookies.get(cookie_name(request))
    kept = secrets.find(vault, "session", secret) if secret else None
    return kept if kept and stands(tables, kept) and _is_proved(tables, kept) else None


def _is_proved(tables: Tables, kept: secrets.Kept) -> bool:
    """Whether a session began with a factor that its account still has, or it has none: who has one since, has it on
    every device, and what was signed in by one that was removed is signed in no more.
    """
    known = [one.id for one in projection.factors(tables, kept.account)]
    return kept.factor in known if known or kept.factor else True


def session(request: Request, vault: Vault) -> secrets.Kept | None:
    """What is kept of the session; whether it still stands, `of` says."""
    return secrets.find(vault, "session", request.cookies.get(cookie_name(request), ""))


def came_lately(request: Request, vault: Vault) -> bool:
    """Whether the session began a short while ago: who sits down at a browser that is signed in has not signed in."""
    kept = session(request, vault)
    return kept is not None and kept.since is not None and now.utc() - kept.since < RECENT


def stands(tables: Tables, kept: secrets.Kept) -> bool:
    """Whether a session or a link is of after the last time that all of its account were ended."""
    ended_at = projection.sessions_ended_at(tables, kept.account)
    return ended_at is None or (kept.since is not None and kept.since > ended_at)


def cookie_name(request: Request) -> str:
    """`__Host-` binds the cookie to this host and to HTTPS; plain HTTP is only ever this machine's own loopback."""
    return "__Host-heard" if request.url.scheme == "https" else "heard"


def let_in(request: Request, response: Response, vault: Vault, account: str, factor: str = "") -> None:
    """Begin a session under a secret of its own. What the browser had before ends: it may have been put there."""
    secrets.forget(vault, "session", request.cookies.get(cookie_name(request), ""))
    secrets.forget(vault, "half", request.cookies.get(_half_name(request), ""))
    tries.owner_came(vault, account)
    secret = secrets.make(vault, "session", account, factor=factor, lasts=SESSION_LASTS)
    _give(request, response, cookie_name(request), secret, int(SESSION_LASTS.total_seconds()))


def remember(request: Request, response: Response, vault: Vault, account: str) -> None:
    """That the owner has signed in here by a password: it opens nothing, but tries of strangers do not count here."""
    secrets.forget(vault, "known", request.cookies.get(_known_name(request), ""))
    secret = secrets.make(vault, "known", account, lasts=KNOWN_LASTS)
    _give(request, response, _known_name(request), secret, int(KNOWN_LASTS.total_seconds()))


def is_remembered(request: Request, vault: Vault, tables: Tables, account: str) -> bool:
    kept = secrets.find(vault, "known", request.cookies.get(_known_name(request), ""))
    return kept is not None and kept.account == account and stands(tables, kept)


def _known_name(request: Request) -> str:
    return cookie_name(request) + "-known"


def let_half_in(request: Request, response: Response, vault: Vault, account: str) -> None:
    """The link was right; the second factor is still to come. Nothing is open to it but the page that asks for that."""
    secrets.forget(vault, "half", request.cookies.get(_half_name(request), ""))
    secret = secrets.make(vault, "half", account, lasts=HALF_LASTS)
    _give(request, response, _half_name(request), secret, int(HALF_LASTS.total_seconds()))


def half_in(request: Request, vault: Vault, tables: Tables) -> str | None:
    """The account whose link was spent in this browser a moment ago."""
    kept = secrets.find(vault, "half", request.cookies.get(_half_name(request), ""))
    return kept.account if kept and stands(tables, kept) else None


def _half_name(request: Request) -> str:
    return cookie_name(request) + "-half"


def _give(request: Request, response: Response, name: str, secret: str, age: int) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(name, secret, max_age=age, secure=secure, httponly=True, samesite="lax")


def let_out(request: Request, response: Response, vault: Vault) -> None:
    secrets.forget(vault, "session", request.cookies.get(cookie_name(request), ""))
    response.delete_cookie(cookie_name(request), secure=request.url.scheme == "https", httponly=True, samesite="lax")
