"""The verbs of the API about orders: record one, see those that one was told of, tell others, record its end."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.entries import RestrictionImposed
from heard.coverage import orders
from heard.web import asked
from heard.web.verbs import Call, Verb, answered


def verbs() -> list[Verb]:
    one = "/cases/{case}/restrictions/{restriction}"
    return [
        Verb("GET", "/cases/{case}/restrictions", "read_desk", list_restrictions),
        Verb("POST", "/cases/{case}/restrictions", "restrict", restrict, asked.NewRestriction),
        Verb("POST", f"{one}/told", "restrict", tell, asked.Told),
        Verb("POST", f"{one}/end", "restrict", end, asked.Lifted),
    ]


async def list_restrictions(call: Call) -> Response:
    """The orders in force that the caller was told of; `names` is empty for one who is not cleared, and for everyone
    while it cannot be written down who looks.
    """
    case = cases.by_name(call.tables, call.named("case"))
    told, _ = await orders.told_now(call.serving, case, call.caller)
    return call.listed(f"/api/v1/cases/{case.slug}/restrictions", told, msgspec.to_builtins)


async def restrict(call: Call) -> Response:
    """Record an order: from now on nothing that says one of the names leaves."""
    new, case = call.body, cases.by_name(call.tables, call.named("case"))
    command = case_commands.impose_restriction(
        case.id,
        new.basis,
        new.names,
        order=new.order,
        cipher=new.cipher,
        scope=new.scope,
        document=new.document,
        from_at=new.from_at,
        until_at=new.until_at,
        until_event=new.until_event,
        told=_accounts(call, new.told),
        cleared=_accounts(call, new.cleared),
        particulars=new.particulars,
        sure=new.sure,
    )
    written = await call.do(command, case.id)
    entry = call.serving.node.journal.entry(written.position)
    recorded = entry.body.restriction if entry and isinstance(entry.body, RestrictionImposed) else ""
    return answered({"id": recorded, "position": written.position}, 201, written)


async def tell(call: Call) -> Response:
    """Record who else was told of an order, or cleared to see its names."""
    case = cases.by_name(call.tables, call.named("case"))
    told, cleared = _accounts(call, call.body.told), _accounts(call, call.body.cleared)
    order = orders.knows(call.serving, case, call.caller, call.named("restriction"), names=bool(cleared))
    command = case_commands.tell_of_restriction(case.id, order, told, cleared)
    written = await call.do(command, case.id)
    return answered({"position": written.position}, 201, written)


async def end(call: Call) -> Response:
    """Record that an order ended; what it withheld is shown again."""
    case = cases.by_name(call.tables, call.named("case"))
    order = orders.knows(call.serving, case, call.caller, call.named("restriction"))
    command = case_commands.lift_restriction(case.id, order, call.body.ground, sure=call.body.sure)
    written = await call.do(command, case.id)
    return answered({"position": written.position}, 201, written)


def _accounts(call: Call, addresses: tuple[str, ...]) -> list[str]:
    return orders.told_accounts(call.tables, " ".join(addresses))
