"""The page that says how long things are kept, who set it and why; whoever administers sets it there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard.accounts.model import Caller
from heard.cases.exits import Serving, looking_twice
from heard.engine import now
from heard.engine.errors import HeardError, Refused
from heard.engine.projection import Tables
from heard.watch import positions, projection, retention
from heard.watch.asked import do, form_of, names, page, signed_in
from heard.watch.retention import Rule
from heard.watch.retention_entries import RULE, RetentionSet
from heard.watch.verbs import Form

#: As many earlier rules as are listed.
SHOWN = 50


def routes() -> list[BaseRoute]:
    return [
        Route("/watch/keeping/", keeping_page, methods=["GET"]),
        Route("/watch/keeping/", keep_for, methods=["POST"]),
    ]


async def keeping_page(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch", "keep_watch")

    async def look() -> Response:
        return _keeping(serving, caller, done="done" in request.query_params)

    return await looking_twice(serving, look)


async def keep_for(request: Request) -> Response:
    serving, caller = signed_in(request, "administer")
    form = await form_of(request)

    async def done() -> Response:
        try:
            hours, days = _number(form, "fixes_h"), _number(form, "verdicts_days")
            await do(serving, caller, retention.keep_for(hours, days, form.get("reason", "")), form, RULE)
        except HeardError as refusal:
            return _keeping(serving, caller, refusal.message, form)
        return RedirectResponse("/watch/keeping/?done", 303)

    return await looking_twice(serving, done)


def _number(form: Form, name: str) -> int:
    said = form.get(name, "").strip()
    if not (said.isascii() and said.isdecimal() and len(said) < 6):
        raise Refused(f"“{said[:40]}” is no number of hours or days. Nothing was changed.")
    return int(said)


def _keeping(
    serving: Serving, caller: Caller, error: str = "", draft: Form | None = None, *, done: bool = False
) -> Response:
    tables, rules = serving.tables, retention.rules(serving.tables)
    listed = [(one, _why(serving, one)) for one in rules[:SHOWN]]
    return page(
        serving, "watch/keeping.html", caller, 422 if error else 200, rules=listed, more=len(rules) - len(listed),
        held=_held(tables), hours=retention.FIXES_H_BOUNDS, days=retention.VERDICTS_DAYS_BOUNDS, names=names(tables),
        error=error, draft=draft or {}, done=done,
    )  # fmt: skip


def _why(serving: Serving, rule: Rule) -> str:
    entry = serving.node.journal.entry(rule.position)
    return entry.body.reason if entry and isinstance(entry.body, RetentionSet) else ""


def _held(tables: Tables) -> list[str]:
    """The codes of stations of which something is held now; a hold of one person counts for three days."""
    at = now.utc()
    counting = {
        one.station for one in positions.holds(tables) if one.stops_of(one.station, one.since_at, one.until_at, at)
    }
    return [one.code for one in projection.stations(tables) if one.id in counting]
