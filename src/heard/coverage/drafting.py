"""Drafts at the desk: who sees which, what opens in the box, and what becomes of it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard.accounts.model import Caller
from heard.cases import projection as cases
from heard.cases.exits import Serving, looking_twice
from heard.cases.model import Case
from heard.cases.who_saw import see_words
from heard.coverage import drafts, merging, orders, pictures, projection
from heard.coverage.both_versions import first_words
from heard.coverage.court import Form, account_name, number
from heard.coverage.drafts import Publishing, WorkingCopy
from heard.coverage.entries import Content
from heard.coverage.in_case import signed_in
from heard.engine.errors import HeardError, NotFound, Unavailable
from heard.engine.node import Command
from heard.engine.projection import Tables

#: What is told after it, by the name of what was done.
TOLD = {
    "kept": "Kept as a draft, among the drafts below. Those who may read the drafts of this case see it too.",
    "kept-beside": "Somebody changed that draft meanwhile: theirs stays, and yours is kept as a draft of its own.",
    "kept-missed": "That draft was sent as you kept it, without your words: they are a draft of its own below.",
    "kept-anew": "That draft had been sent or thrown away meanwhile: yours is kept as a draft of its own.",
    "thrown": "Thrown away.",
}

NOT_NOTED = (
    "Drafts of others are not shown just now: it could not be written down who sees them. They are kept; look again in "
    "a moment."
)


def routes() -> list[BaseRoute]:
    return [Route("/desk/{slug}/throw-away", throw_away, methods=["POST"])]


def seen(serving: Serving, case: Case, caller: Caller) -> list[dict[str, Any]] | None:
    """The drafts that the caller sees; None while the vault can not be asked, and the desk opens all the same."""
    mine, every = caller.account.id, caller.may("read_drafts")
    if not (caller.may("write") or every):
        return []
    clear_sent(serving, case)  # of a server that died before it came to that, or was not told that the post is out
    try:
        found = drafts.seen(serving.node.journal, serving.tables, case.id, mine, every=every)
    except HeardError:
        return None
    return [
        {
            "id": one.id,
            "title": one.typed.get("title", ""),
            "text": one.typed.get("text", ""),
            "own": one.author == mine,
            "byline": one.byline,
            "by": account_name(serving.tables, one.by) if one.by != one.author else "",
            "kept_at": one.kept_at,
            "version": one.version,
            "picture": "picture" in one.typed,
            "unheard": one.without_jury_at is not None,
            "missed": one.missed,
            "beside": _beside(serving.tables, one) if one.missed else None,
        }
        for one in found
    ]


def _beside(tables: Tables, one: WorkingCopy) -> list[Any] | None:
    """What differs between the post that was sent without these words, where readers have it, and these."""
    post = projection.by_id(tables, one.missed)
    return merging.changes(first_words(post.elements), one.typed.get("text", "")) if post.elements else None


def _draft(serving: Serving, case: Case, id: str, caller: Caller, tables: Tables) -> WorkingCopy:
    """The draft of this id, if it is the caller's own or they see all of the case.

    Raises NotFound.
    """
    journal, every = serving.node.journal, caller.may("read_drafts")
    return drafts.find(journal, tables, case.id, caller.account.id, id, every=every)


async def opened(serving: Serving, case: Case, id: str, caller: Caller) -> dict[str, str]:
    """What stands in the box when it is opened: of somebody else's, once it is written down who sees it.

    Raises NotFound, Unavailable.
    """
    caller.must("write")
    found = _draft(serving, case, id, caller, serving.tables)
    if not (found.author == caller.account.id or await orders.noted(serving, case, caller, [id], see_words)):
        raise Unavailable(NOT_NOTED)
    return {**found.typed, "draft": found.id, "stood": str(found.version)}


def stood(form: Form) -> int | None:
    """The version of a draft that was opened."""
    return number(form, "stood")


def kept(serving: Serving, case: Case, form: Form, caller: Caller) -> tuple[str, str]:
    """Keep what is in the box, or the draft that was opened as it stands there now; its id, and what is told after it.

    Raises Refused.
    """
    if form.get("picture"):  # named by it, so that it is not cleared away
        pictures.taken(serving, case, form["picture"])
    over = None
    with suppress(NotFound):  # sent or thrown away meanwhile: it is kept as one of its own
        over = _draft(serving, case, form["draft"], caller, serving.tables) if form.get("draft") else None
    told = "kept-anew" if form.get("draft") and not over else "kept"
    copy = drafts.keep(
        serving.node.journal,
        serving.tables,
        case.id,
        form,
        by=caller.account.id,
        byline=caller.account.name,
        over=over,
        stood=stood(form),
        once=form.get("once", ""),
    )
    if over and over.id != copy.id:
        return copy.id, "kept-beside"
    if over and projection.is_known(serving.tables, copy.id):  # sent in this very moment, as it stood before
        clear_sent(serving, case)
        return copy.id, "kept-missed"
    return copy.id, told


async def throw_away(request: Request) -> Response:
    """Destroy a draft."""
    serving, caller = signed_in(request, "write")
    id = str((await request.form(max_fields=10)).get("draft") or "")

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        let_go(serving, case, id, caller)
        return RedirectResponse(f"/desk/{case.slug}/?done=thrown", 303)

    return await looking_twice(serving, done)


def let_go(serving: Serving, case: Case, id: str, caller: Caller) -> None:
    """Destroy it, if it is there still."""
    with suppress(NotFound):
        drafts.throw_away(serving.node.journal, case.id, _draft(serving, case, id, caller, serving.tables))


def publish(
    serving: Serving, case: Case, id: str, caller: Caller, content: Content, stood: int | None, publishing: Publishing
) -> Command:
    """As `drafts.publish`, of a draft that the caller sees."""
    return drafts.publish(partial(_draft, serving, case, id, caller), content, stood, publishing, caller.account.id)


def clear_sent(serving: Serving, case: Case) -> None:
    """Destroy those that posts were made of. The post is out: what fails here is done when the desk is looked at."""
    with suppress(HeardError):
        drafts.clear_sent(serving.node.journal, serving.tables, case.id)
