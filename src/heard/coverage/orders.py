"""The orders of a case on the desk: who was told sees the terms, who is cleared also the names, and what tells them.

Whoever was told of none sees an empty page, the same as where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import get_args

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import projection as accounts
from heard.accounts.model import Account, Caller
from heard.accounts.still import still
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.exits import Serving, looking_twice
from heard.cases.model import Case
from heard.cases.orders import KINDS, checked_kind
from heard.cases.told import Terms, orders_told
from heard.cases.who_saw import see_names, who_saw
from heard.coverage import bounds, court
from heard.coverage.already import coming_near, said_already, told_together
from heard.coverage.approval import end_approval
from heard.coverage.bounds import Bound
from heard.coverage.cautions import Near as Nearing
from heard.coverage.entries import NoticeCode
from heard.coverage.in_case import signed_in
from heard.coverage.so_far import lookers, near
from heard.engine.clock import Clock
from heard.engine.entry import new_id
from heard.engine.errors import HeardError, NotAllowed, NotFound, Refused
from heard.engine.node import Command
from heard.engine.projection import Tables

Form = Mapping[str, str]
Make = Callable[[Serving, Case, Form, Caller], Command]


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/{slug}/orders/", orders, methods=["GET"]),
        Route("/desk/{slug}/orders/{verb}", act, methods=["POST"]),
    ]


def told(serving: Serving, case: Case, caller: Caller) -> list[Terms]:
    """The orders in force that the caller was told of."""
    every = caller.may("know_orders")
    return orders_told(serving.tables, serving.node.journal, case.id, caller.account.id, all_of_them=every)


async def told_now(serving: Serving, case: Case, caller: Caller) -> tuple[list[Terms], bool]:
    """The same, for somebody who is shown them now; and whether names were kept back.

    That the caller sees the names is in the journal before they are shown; where it cannot be written, none is.
    """
    known = told(serving, case, caller)
    if await noted(serving, case, caller, [one.id for one in known if one.names]):
        return known, False
    return [msgspec.structs.replace(one, names=(), particulars=()) for one in known], True


async def noted(
    serving: Serving, case: Case, caller: Caller, things: Sequence[str], see: Callable[..., Command] = see_names
) -> bool:
    """Whether it is written down that the caller sees these: names under orders, by `see` other words; true where there
    are none.

    Raises SignInNeeded, NotAllowed.
    """
    try:
        if things:
            sees = still(caller, see(caller.account.id, case.id, things))
            await serving.do(sees, by=caller.account.id)
    except Refused:  # they were signed out, or may no more, while it was being written
        raise
    except HeardError:  # a full disk, a journal that is away: the terms, by which one works, are shown all the same
        return False
    return True


def who_saw_each(tables: Tables, things: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    """By order, or other thing, who was shown it, the last first."""
    saw = who_saw(tables, things)
    names = {sight.account: "" for sights in saw.values() for sight in sights}
    names = {account: court.account_name(tables, account) or "somebody" for account in names}
    return {
        thing: [{"name": names[sight.account], "at": sight.at} for sight in sights] for thing, sights in saw.items()
    }


def knows_all(serving: Serving, case: Case, caller: Caller) -> bool:
    """Whether the caller is cleared to see the names of every order in force: only such a one can say who is meant."""
    names = {one.id for one in told(serving, case, caller) if one.names}
    return names >= {one.id for one in cases.restrictions(serving.tables, case.id)}


def knows(serving: Serving, case: Case, caller: Caller, restriction: str, *, names: bool = False) -> str:
    """The id of an order that the caller was told of; with `names`, is cleared to see the names of.

    Raises NotFound, the same for one that there is not; NotAllowed for who would clear others without being cleared.
    """
    for one in told(serving, case, caller):
        if one.id == restriction:
            if names and not one.names:
                raise NotAllowed("You were told of the terms, not of the names, and clear nobody. Ask a lawyer.")
            return restriction
    raise NotFound("There is no such restriction in force in this case.")


def told_accounts(tables: Tables, addresses: str) -> list[str]:
    """The accounts of these addresses, a line or a comma between them.

    Raises Refused for one that has none.
    """
    try:
        return [accounts.by_email(tables, one).id for one in addresses.replace(",", " ").split()]
    except NotFound:
        raise Refused("One of the addresses has no account here. Nothing was changed; look at them again.") from None


class Approval(msgspec.Struct, frozen=True):
    """Whose posts all go for approval, since when, and by when a lawyer looks at it; `told` are those who were told,
    `not_told` those whom nothing reached.
    """

    account: Account
    since: datetime
    clock: Clock
    told: tuple[tuple[str, datetime], ...]
    not_told: tuple[str, ...]


def approvals(tables: Tables, caller: Caller) -> list[Approval]:
    """What the caller is told of it: whoever may end it everything, a lawyer of one case what came of that, and nobody
    anything of their own.
    """
    known = {one.id: one for one in accounts.all_accounts(tables)}
    every = caller.at("").may("release_held")
    found = [one for one in bounds.in_force(tables) if every or caller.at(one.case).may("know_orders")]
    return [
        _approval(tables, one, known[one.account])
        for one in found
        if one.account in known and one.account != caller.account.id
    ]


def _approval(tables: Tables, one: Bound, account: Account) -> Approval:
    tried = [(court.account_name(tables, to.lawyer), to) for to in bounds.told(tables, one.position)]
    told = tuple((name, to.at) for name, to in tried if to.is_reached)
    return Approval(account, one.since, one.clock, told, tuple(name for name, to in tried if not to.is_reached))


async def looked_through(serving: Serving, case: Case, caller: Caller) -> None:
    """Have all that is published looked through, for somebody who was told of an order and is about to write."""
    if _told_ids(serving, case, caller):
        await lookers(serving).caught_up(serving.tables, serving.node.journal, case.id)


def nearing(serving: Serving, case: Case, caller: Caller, but: str = "") -> Nearing | None:
    """What warns the caller of words that come near to those whom they were told of; nothing for who was told of none.
    `but` is the post that the words take the place of.
    """
    told = _told_ids(serving, case, caller)
    return near(lookers(serving), serving.node.journal, case.id, told, but) if told else None


def _told_ids(serving: Serving, case: Case, caller: Caller) -> set[str]:
    if caller.may("know_orders"):
        return {one.id for one in cases.restrictions(serving.tables, case.id)}
    return set(cases.told_of(serving.tables, case.id, caller.account.id))


async def orders(request: Request) -> Response:
    serving, caller = signed_in(request, "read_desk")

    async def look() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        return await _page(serving, caller, case, done="done" in request.query_params)

    return await looking_twice(serving, look)


async def _page(
    serving: Serving,
    caller: Caller,
    case: Case,
    *,
    done: bool = False,
    error: HeardError | None = None,
    draft: Form | None = None,
) -> Response:
    known, kept_back = await told_now(serving, case, caller)
    cleared = any(one.names for one in known)
    page = templates.render(
        "desk/orders.html",
        case=case,
        account=caller.account,
        may={verb: caller.may(verb) for verb in ("restrict", "retract")},
        orders=known,
        cleared=cleared,
        kept_back=kept_back,
        seen=who_saw_each(serving.tables, [one.id for one in known]) if caller.may("know_orders") else {},
        found=await said_already(serving, case) if cleared else [],
        near=await coming_near(serving, case, known) if cleared else [],
        together=await told_together(serving, case, known) if cleared else [],
        kinds=KINDS,
        codes=get_args(NoticeCode),
        done=done,
        error=error.message if error else "",
        ask=error.details.get("ask", "") if error else "",
        draft=draft or {},
        approvals=approvals(serving.tables, caller),
        ends_approval=caller.at("").may("release_held"),
        once=new_id(),
    )
    return Response(page, 422 if error else 200, {"Cache-Control": "no-store"}, "text/html")


async def act(request: Request) -> Response:
    """Record an order, who was told of it, or its end. What is refused comes back with what was typed."""
    serving, caller = signed_in(request, "restrict")
    if request.path_params["verb"] == "approve":
        caller.at("").must("release_held")  # it holds in every case, so who has the role in one alone ends it in none
    sent = await request.form(max_fields=60)
    form = {name: value.replace("\r\n", "\n") for name, value in sent.items() if isinstance(value, str)}

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        if request.path_params["verb"] not in _VERBS:
            raise NotFound("The desk has no such verb.")
        try:
            if form.get("account") == caller.account.id:
                raise Refused("Nobody lets their own posts go out again. Nothing was changed; ask somebody else.")
            command = _VERBS[request.path_params["verb"]](serving, case, form, caller)
            asked = msgspec.json.encode(sorted(form.items()))
            key = form.get("once") or None
            await serving.do(command, by=caller.account.id, scope=case.id, key=key, request=asked)
        except (NotFound, NotAllowed):
            raise
        except HeardError as refusal:
            return await _page(serving, caller, case, error=refusal, draft=form)
        return RedirectResponse(f"/desk/{case.slug}/orders/?done", 303)

    return await looking_twice(serving, done)


def _record(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    from_at, until_at = (court.until_time(form[at], case.zone) if form.get(at) else None for at in ("from", "until"))
    return case_commands.impose_restriction(
        case.id,
        form.get("basis", ""),
        [line for line in form.get("names", "").splitlines() if line.strip()],
        order=checked_kind(form.get("order", "anonymity")),
        cipher=form.get("cipher", ""),
        scope=form.get("scope", ""),
        document=form.get("document", ""),
        from_at=from_at,
        until_at=until_at,
        until_event=form.get("until_event", ""),
        told=told_accounts(serving.tables, form.get("told", "")),
        cleared=told_accounts(serving.tables, form.get("cleared", "")),
        particulars=[line for line in form.get("particulars", "").splitlines() if line.strip()],
        sure="sure" in form,
    )


def _tell(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    whom = told_accounts(serving.tables, form.get("told", ""))
    cleared = whom if "cleared" in form else ()
    order = knows(serving, case, caller, form.get("restriction", ""), names=bool(cleared))
    return case_commands.tell_of_restriction(case.id, order, whom, cleared)


def _end(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    order = knows(serving, case, caller, form.get("restriction", ""))
    return case_commands.lift_restriction(case.id, order, form.get("ground", ""), sure="sure" in form)


def _approve(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    return end_approval(form.get("account", ""), form.get("ground", ""))


_VERBS: dict[str, Make] = {"record": _record, "tell": _tell, "end": _end, "approve": _approve}
