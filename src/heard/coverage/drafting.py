"""Drafts at the desk: who sees which, what opens in the box, and what becomes of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard.accounts.model import Caller
from heard.cases import projection as cases
from heard.cases.exits import Serving, looking_twice
from heard.cases.model import Case
from heard.cases.who_saw import see_words
from heard.coverage import draft_ends, drafts, merging, orders, pictures, projection, taking_back
from heard.coverage.both_versions import first_words
from heard.coverage.court import Form, account_name, number
from heard.coverage.drafts import Publishing, WorkingCopy
from heard.coverage.entries import Content
from heard.coverage.in_case import signed_in
from heard.coverage.kept import writers
from heard.coverage.sealing import is_bound, written_at
from heard.engine import now
from heard.engine.errors import Conflict, HeardError, NotFound, Refused, Unavailable
from heard.engine.node import Command, Written
from heard.engine.projection import Tables

#: What is told after it, by the name of what was done.
TOLD = {
    "kept": "Kept as a draft, among the drafts below. Those who may read the drafts of this case see it too.",
    "kept-beside": "Somebody changed that draft meanwhile: theirs stays, and yours is kept as a draft of its own.",
    "kept-missed": "That draft was sent as you kept it, without your words: they are a draft of its own below.",
    "kept-anew": "That draft is there no more, it was sent or destroyed: yours is kept as a draft of its own.",
    "thrown": "Thrown away. It comes back for an hour, among those thrown away below the drafts.",
    "taken-back": "Taken back: it is no post, and its words are a draft of yours below.",
    "back": "It is among the drafts, for another month.",
}

NOT_NOTED = (
    "Drafts of others are not shown just now: it could not be written down who sees them. They are kept; look again in "
    "a moment."
)

IN_THIS_MOMENT = "Somebody did something with this draft in this moment. Nothing was changed; look at it again."


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/{slug}/throw-away", throw_away, methods=["POST"]),
        Route("/desk/{slug}/bring-back", bring_back, methods=["POST"]),
        Route("/desk/{slug}/take-back", take_back, methods=["POST"]),
    ]


def seen(serving: Serving, case: Case, caller: Caller) -> list[dict[str, Any]] | None:
    """The drafts that the caller sees; None while the vault can not be asked, and the desk opens all the same.

    With those that were thrown away (`thrown_at`) and of which only that they were there is left (`gone_at`).
    """
    mine, every = caller.account.id, caller.may("read_drafts")
    if not (caller.may("write") or every):
        return []
    clear_sent(serving, case)  # of a server that died before it came to that, or was not told that the post is out
    try:
        draft_ends.clear_over(serving.node.journal, serving.tables, case.id)
        found = drafts.lying(serving.node.journal, serving.tables, case.id, mine, every=every)
    except HeardError:
        return None
    return [
        {
            "id": one.id,
            "title": one.typed.get("title", ""),
            "text": one.typed.get("text", ""),
            "typed": one.typed,
            "own": one.author == mine,
            "byline": one.byline,
            "by": account_name(serving.tables, one.by) if one.by != one.author else "",
            "kept_at": one.kept_at,
            "version": one.version,
            "picture": "picture" in one.typed,
            "unheard": one.without_jury_at is not None,
            "goes_at": draft_ends.goes_at(one),
            "soon": now.utc() >= draft_ends.goes_at(one) - draft_ends.SOON,
            "thrown_at": one.thrown_at,
            "thrown_by": account_name(serving.tables, one.thrown_by) if one.thrown_by != mine else "you",
            "gone_at": one.gone_at,
            "missed": one.missed,
            "beside": _beside(serving.tables, one) if one.missed else None,
        }
        for one in found
    ]


def _beside(tables: Tables, one: WorkingCopy) -> list[Any] | None:
    """What differs between the post that was sent without these words, where readers have it, and these."""
    with suppress(NotFound):  # of a journal that is older than its vault
        if elements := projection.by_id(tables, one.missed).elements:
            return merging.changes(first_words(elements), one.typed.get("text", ""))
    return None


def _draft(
    serving: Serving, case: Case, id: str, caller: Caller, tables: Tables, *, thrown: bool = False
) -> WorkingCopy:
    """The draft of this id, if it is the caller's own or they see all of the case.

    Raises NotFound.
    """
    journal, every = serving.node.journal, caller.may("read_drafts")
    return drafts.find(journal, tables, case.id, caller.account.id, id, every=every, thrown=thrown)


async def opened(serving: Serving, case: Case, id: str, caller: Caller) -> dict[str, str]:
    """What stands in the box when it is opened: of somebody else's, once it is written down who sees it.

    Raises NotFound, Unavailable.
    """
    caller.must("write")
    found = _draft(serving, case, id, caller, serving.tables)
    if not (found.author == caller.account.id or await orders.noted(serving, case, caller, [found.id], see_words)):
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
    with suppress(NotFound):  # sent meanwhile: it is kept as one of its own; thrown away, it comes back
        over = _draft(serving, case, form.get("draft", ""), caller, serving.tables, thrown=True)
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
        also=_sent_by(serving, case, form.get("draft", "")) if told == "kept-anew" else (),
        unheard_at=_unheard_at(serving, case, form.get("draft", ""), caller),
    )
    if over and over.id != copy.id:
        return copy.id, "kept-beside"
    if over == copy:  # with the words that it had
        draft_ends.stay(serving.node.journal, case.id, copy)
    if over and projection.is_known(serving.tables, copy.id):  # sent in this very moment, as it stood before
        clear_sent(serving, case)
        return drafts.id_beside(case.id, copy), "kept-missed"
    return copy.id, told


def _sent_by(serving: Serving, case: Case, id: str) -> tuple[str, ...]:
    """Whose words the post has that was made of a draft by now."""
    with suppress(NotFound):
        if projection.by_id(serving.tables, id).case == case.id:
            return writers(serving.node.journal, id)
    return ()


def _unheard_at(serving: Serving, case: Case, id: str, caller: Caller) -> datetime | None:
    """When a draft that is not among the others any more was written, if nothing of then may be told yet: what somebody
    has of it in their box was written then too.
    """
    at = None
    with suppress(NotFound):
        if projection.by_id(serving.tables, id).case == case.id:
            first = [entry.body for entry in serving.node.journal.stream(id)[:1]]
            at = next((written_at(body) for body in first if isinstance(body, Content)), None)
    with suppress(NotFound):
        at = _draft(serving, case, id, caller, serving.tables, thrown=True).without_jury_at
    return at if at and is_bound(serving.tables, case.id, at) else None


async def throw_away(request: Request) -> Response:
    """Put a draft away, or destroy one that was put away (`destroy`)."""
    serving, caller = signed_in(request, "write")
    form = await request.form(max_fields=10)
    id = str(form.get("draft") or "")

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        thrown = let_go(serving, case, id, caller, destroy="destroy" in form)
        return RedirectResponse(f"/desk/{case.slug}/?done={'thrown' if thrown else 'done'}", 303)

    return await looking_twice(serving, done)


async def bring_back(request: Request) -> Response:
    """Have a draft that was thrown away among the others again, or one that was there for another month."""
    serving, caller = signed_in(request, "write")
    id = str((await request.form(max_fields=10)).get("draft") or "")

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        stay(serving, case, id, caller)
        return RedirectResponse(f"/desk/{case.slug}/?done=back", 303)

    return await looking_twice(serving, done)


def stay(serving: Serving, case: Case, id: str, caller: Caller) -> datetime:
    """Bring it back, or begin its month anew; when it goes now.

    Raises NotFound, Conflict.
    """
    try:
        copy = _draft(serving, case, id, caller, serving.tables, thrown=True)
    except NotFound:
        raise NotFound("This draft is there no more: it was sent, or destroyed. Nothing was changed.") from None
    if not draft_ends.stay(serving.node.journal, case.id, copy):
        raise Conflict(IN_THIS_MOMENT)
    return draft_ends.goes_at(_draft(serving, case, id, caller, serving.tables))


async def take_back(request: Request) -> Response:
    """Take back a post that one submitted, as a draft."""
    serving, caller = signed_in(request, "write")
    post = str((await request.form(max_fields=10)).get("post") or "")

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        draft, _ = await taken_back(serving, case, post, caller)
        return RedirectResponse(f"/desk/{case.slug}/?draft={draft}&done=taken-back#text", 303)

    return await looking_twice(serving, done)


async def taken_back(serving: Serving, case: Case, post: str, caller: Caller) -> tuple[str, Written]:
    """Take it back; the draft that it is. The draft is made first: whatever happens in between, the words are there.
    So they are where it could not be known whether it was written.

    Raises NotFound, Refused.
    """
    journal, tables, by = serving.node.journal, serving.tables, caller.account
    if projection.by_id(tables, post).case != case.id:
        raise NotFound("There is no such post in this case.")
    draft = taking_back.as_draft(journal, tables, case, post, by.id, by.name)
    if draft is None:
        raise Refused(taking_back.NOT_YOURS)
    try:
        written = await serving.do(taking_back.take_back(journal, post, by.id), by=by.id)
    except (Refused, Conflict):  # let out in this moment: its words are where they went
        drafts.drop(journal, case.id, draft)
        raise
    return draft.id, written


def let_go(serving: Serving, case: Case, id: str, caller: Caller, *, destroy: bool = False) -> datetime | None:
    """Put it away; when it goes. With `destroy` one that was put away is destroyed, and one that is gone is gone: None.

    Raises Conflict where somebody changed it in this moment; Refused for destroying while a legal hold is on the case,
    and for one more than may come back.
    """
    journal, tables = serving.node.journal, serving.tables
    with suppress(NotFound):
        copy = _draft(serving, case, id, caller, tables, thrown=True)
        if destroy and copy.thrown_at:
            done = draft_ends.destroy(journal, tables, case.id, copy)
        else:
            done = draft_ends.throw_away(journal, tables, case.id, copy, caller.account.id)
        if not done:
            raise Conflict(IN_THIS_MOMENT)
        return draft_ends.goes_at(_draft(serving, case, id, caller, tables, thrown=True))
    return None


def publish(
    serving: Serving, case: Case, id: str, caller: Caller, content: Content, stood: int | None, publishing: Publishing
) -> Command:
    """As `drafts.publish`, of a draft that the caller sees."""

    def find(tables: Tables) -> WorkingCopy:
        try:
            return _draft(serving, case, id, caller, tables)
        except NotFound:
            if _unheard_at(serving, case, id, caller):
                raise Refused(drafts.GONE_UNHEARD) from None
            raise

    return drafts.publish(find, content, stood, publishing, caller.account.id)


def clear_sent(serving: Serving, case: Case) -> None:
    """Destroy those that posts were made of. The post is out: what fails here is done when the desk is looked at."""
    with suppress(HeardError):
        drafts.clear_sent(serving.node.journal, serving.tables, case.id)
