"""Who asks about a case, as who they are in it: a role may be held for the whole house, or for one case."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from heard.accounts import callers
from heard.accounts.model import Caller
from heard.cases import projection as cases
from heard.cases.exits import Serving
from heard.engine.projection import Tables

#: The parts of an address that say of which case it is.
PARTS = frozenset({"slug", "case", "post", "hearing", "sitting", "change"})


def case_named(tables: Tables, parts: Mapping[str, str]) -> str:
    """The id of the case that the parts of an address lead to; nothing where they name none, or one that is not."""
    match {name: part for name, part in parts.items() if name in PARTS}:
        case {"slug": name} | {"case": name}:
            return cases.named(tables, name)
        case {"post": id}:
            rows = tables.execute("SELECT case_id FROM post WHERE id = ?", (id,))
        case {"hearing": id}:
            rows = tables.execute("SELECT case_id FROM hearing WHERE id = ?", (id,))
        case {"sitting": id}:
            rows = tables.execute("SELECT case_id FROM sitting WHERE id = ?", (id,))
        case {"change": id}:
            rows = tables.execute("SELECT case_id FROM change WHERE id = ?", (id,))
        case _:
            return ""
    return next((str(case) for (case,) in rows), "")


def caller_at(request: Request, serving: Serving) -> Caller:
    """Who asks, in the case that the address names.

    Raises SignInNeeded.
    """
    caller = callers.of(request, serving.vault, serving.tables)
    case = case_named(serving.tables, request.path_params)
    if not case and caller.by_case and PARTS & request.path_params.keys():
        serving.node.catch_up()  # it may have been opened at another node a moment ago
        case = case_named(serving.tables, request.path_params)
    return caller.at(case)


def signed_in(request: Request, verb: str) -> tuple[Serving, Caller]:
    """Who asks, if they may do this there.

    Raises SignInNeeded, NotAllowed: the same whether there is such a case or not.
    """
    serving: Serving = request.app.state.serving
    caller = caller_at(request, serving)
    caller.must(verb)
    return serving, caller
