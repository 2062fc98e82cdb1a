"""Asks one row of the table as one asker, and names what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import httpx2
from starlette.routing import BaseRoute, Mount, Route

from heard.accounts import people
from heard.coverage import desk, orders, roles, verbs
from heard.reports import desk as report_desk
from heard.watch import pages as watch_pages
from heard.watch import plan_pages
from heard.watch import verbs as watch_verbs
from heard.web import taking_hold
from tests.permissions.rows import EVERYONE, ROLES, STATES, Row
from tests.permissions.world import Asker, World

_CLASS = {403: "forbidden", 404: "absent", 409: "conflict", 410: "gone", 422: "no", 401: "sign in", 503: "withheld"}


#: What the desk says of words that it kept.
KEPT = ("done=held", "done=sealed", "done=submitted", "done=waiting", "done=agreed")
#: A route that has verbs is one route for each.
_VERBS: dict[Any, Iterable[str]] = {
    people.act: people._VERBS,
    desk.act: verbs.VERBS,
    orders.act: orders._VERBS,
    roles.act: roles.DONE,
    taking_hold.act: taking_hold.VERBS,
    report_desk.act: report_desk._VERBS,
    watch_pages.act_at_station: watch_verbs.AT_STATION,
    watch_pages.act_on_mine: watch_verbs.ON_MINE,
    watch_pages.act_on_alarm: watch_verbs.ON_ALARM,
    plan_pages.act_on_plan: plan_pages.ON_PLAN,
}
#: In the header of what the server writes by itself, at any moment: receipts, what falls due, how an alert went.
#: Nobody's account.
BY_ITSELF = {"server", "clock", "watch", "desk", "mail"}


def routes_of(routes: list[BaseRoute], before: str = "") -> Iterator[str]:
    """Every route of an application as the table names it; a route of the desk by each of its verbs."""
    for route in routes:
        path = before + getattr(route, "path", "")
        if isinstance(route, Mount):
            yield from routes_of(route.routes, path)
        elif isinstance(route, Route):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                known = _VERBS.get(route.endpoint, ["{verb}"])
                yield from (f"{method} {path.replace('{verb}', verb)}" for verb in known)


def ask(world: World, name: str, row: Row, asker: Asker, things: dict[str, str]) -> httpx2.Response:
    world.http.cookies.clear()  # what one was given is not the next one's
    method, path = name.split(" ")
    headers = {**asker.headers, "Heard-Position": str(world.house.store.position())}
    address = path.replace(":path}", "}").replace(":int}", "}").format_map(things)
    if isinstance(picture := row.sends.get(""), bytes):
        headers |= {"Content-Type": "image/png"}
        return world.http.request(method, address, headers=headers, content=picture)
    sent: dict[str, Any] = {_filled(key, things): _filled(value, things) for key, value in row.sends.items()}
    how = {} if method == "GET" else {"json": sent} if path.startswith("/api/") else {"data": sent}
    return world.http.request(method, address, headers=headers, **how)


def _filled(value: Any, things: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(one, things) for one in value]
    return value.format_map(things) if isinstance(value, str) else value


def outcome(answer: httpx2.Response) -> str:
    """What became of it, in the words of the table."""
    to = answer.headers.get("location", "")
    if answer.status_code == 303 and to.startswith("/desk/sign-in/"):
        return "sign in"
    if answer.status_code == 202 or to.partition("&")[0].endswith(KEPT):
        return "kept"
    return "ok" if answer.is_success or answer.is_redirect else _CLASS.get(answer.status_code, str(answer.status_code))


def expected(row: Row, state: str, asker: Asker) -> str:
    usual, *others = row.states[state].split()
    told = dict(other.split(":") for other in others)
    return told.get(asker.role, usual)


def turned_away(name: str, row: Row, asker: Asker) -> str:
    return "forbidden" if asker.role else "sign in"


def names(may: str) -> str:
    """Roles by their letters, as a refusal names them: "an editor, a lawyer or an administrator"."""
    said = [("an " if role[0] in "aeiou" else "a ") + role.replace("_", " ") for role in map(ROLES.get, may) if role]
    return " or ".join([", ".join(said[:-1]), said[-1]] if said[1:] else said)


def says_who_may(answer: httpx2.Response, row: Row, asker: Asker) -> bool:
    """Whether who was turned away is told whom to ask: just those roles that may, or that their token may not."""
    if asker.role in row.may:
        return "token" in answer.text
    return f"it takes {names(''.join(sorted(row.may, key=EVERYONE.index)))}." in answer.text


def written_since(world: World, before: int) -> bool:
    """Whether anybody wrote, and not only the server by itself."""
    return any(record.header.by not in BY_ITSELF for record in world.house.store.records(before, 500))


def _is_asked(row: Row, state: str, asker: Asker, through: bool) -> bool:
    """Nobody, and every role by a session, in every state; the others where they can tell something that these do not.

    A token, and whoever is no longer let in, are tried on the first state of each kind: what a state does to a role it
    does to the role's tokens. A token to everything is let through where one to write is, so there one role's will do;
    that it is turned away is tried of each.
    """
    if asker.scope != "session" and asker.name != "nobody" and state != STATES[row.on][0]:
        return False
    return not (through and asker.scope == "admin" and asker.role != "a") or row.may == "*"


def offences(world: World, name: str, row: Row, *, only_turned_away: bool = False) -> Iterator[str]:
    """Where the server does other than the row says: for every asker, in every state.

    With `only_turned_away` nobody, and the sessions of those who may not, in one state: enough for a guard that is
    taken away to be seen.
    """
    for state in STATES[row.on][: 1 if only_turned_away else None]:
        for asker in world.askers:
            through = asker.is_let_through(row)
            is_left_out = only_turned_away and (through or (asker.scope != "session" and asker.name != "nobody"))
            if is_left_out or not _is_asked(row, state, asker, through):
                continue
            wanted = expected(row, state, asker) if through else turned_away(name, row, asker)
            changes = name.startswith("POST") and wanted in ("ok", "kept")
            things = (world.things if changes else world.shared)(row.on, state, asker)
            if row.on == "session" and asker.scope == "session":
                asker = world.signed_in(asker.role)
            if asker.scope == "session" and "cookie" in things:
                asker = asker._replace(headers={"Cookie": things["cookie"]})
            before = world.house.store.position()
            answer = ask(world, name, row, asker, things)
            if outcome(answer) != wanted:
                yield f"{name}, {asker.name}, {row.on} {state}: {outcome(answer)}, not {wanted}"
            elif wanted == "forbidden" and not through and not says_who_may(answer, row, asker):
                yield f"{name}, {asker.name}, {row.on} {state}: turned away, and not told who may"
            elif not through and written_since(world, before):
                yield f"{name}, {asker.name}, {row.on} {state}: turned away, and yet it was written"
