"""Who asks something of the watch, what their form says, and the page or the entry that they get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from heard import templates
from heard.accounts import callers
from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.accounts.still import must_still, still
from heard.cases.exits import Serving
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import NotAllowed
from heard.engine.node import Command, Written
from heard.engine.projection import Tables
from heard.watch import looks, retention
from heard.watch.look_entries import What
from heard.watch.shown import itself
from heard.watch.verbs import Form

NO_STORE = {"Cache-Control": "no-store"}


#: What pages offer by who looks at them.
_SHOWN = ("see_watch", "keep_watch", "supervise", "give_orders", "exempt", "audit_watch", "administer")


def signed_in(request: Request, *verbs: str) -> tuple[Serving, Caller]:
    """Who asks, if they may do one of these.

    Raises SignInNeeded, NotAllowed.
    """
    serving: Serving = request.app.state.serving
    caller = callers.of(request, serving.vault, serving.tables)
    if not any(caller.may(verb) for verb in verbs):
        raise NotAllowed(caller.why_not(*verbs))
    return serving, caller


def page(serving: Serving, name: str, caller: Caller, status: int = 200, **shown: Any) -> Response:
    must_still(caller)
    may = {verb: caller.may(verb) for verb in _SHOWN}
    of_itself = itself(serving.tables, serving.watching, now.utc())
    of_all = {"account": caller.account, "may": may, "itself": of_itself, "keeps": retention.in_force(serving.tables)}
    made = templates.render(name, once=new_id(), **of_all, **shown)
    return Response(made, status, NO_STORE, "text/html")


async def looked(serving: Serving, caller: Caller, what: What, asked: Sequence[looks.Asked]) -> None:
    """Write down whom somebody looks at, before anything is shown. Raises Unavailable, and then nothing is."""
    if asked:
        await serving.do(still(caller, looks.look(caller.account.id, what, asked)), by=caller.account.id)


async def form_of(request: Request) -> Form:
    form = await request.form(max_fields=300)
    return {name: value.replace("\r\n", "\n") for name, value in form.items() if isinstance(value, str)}


def names(tables: Tables) -> dict[str, str]:
    """What everyone with an account is called."""
    return {one.id: one.name or one.email for one in accounts.all_accounts(tables)}


async def do(serving: Serving, caller: Caller, command: Command, form: Form, scope: str) -> Written:
    asked = msgspec.json.encode(sorted(form.items()))
    return await serving.do(
        still(caller, command), by=caller.account.id, scope=scope, key=form.get("once") or None, request=asked
    )
