"""The verbs of the API about drafts: words kept at the server that are no post yet."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from heard.cases import projection as cases
from heard.cases.model import Case
from heard.cases.who_saw import see_words
from heard.coverage import drafting, orders, projection
from heard.engine.errors import Unavailable
from heard.web import asked
from heard.web.verbs import Call, Verb, answered


def verbs() -> list[Verb]:
    return [
        Verb("GET", "/cases/{case}/drafts", "read_desk", list_drafts),
        Verb("POST", "/cases/{case}/drafts", "write", keep, asked.NewDraft),
        Verb("POST", "/cases/{case}/drafts/{draft}/drop", "write", throw_away, asked.Dropped),
        Verb("POST", "/cases/{case}/drafts/{draft}/stay", "write", stay, asked.Dropped),
        Verb("POST", "/posts/{post}/take_back", "write", take_back, asked.Dropped),
    ]


def _known(call: Call) -> Case:
    return cases.by_name(call.tables, call.named("case"))


async def list_drafts(call: Call) -> Response:
    """Your own drafts, and those of others where you may see them; the newest first."""
    lying = drafting.seen(call.serving, _known(call), call.caller)
    if lying is None:
        raise Unavailable("The drafts cannot be read just now. They are kept; ask again in a moment.")
    found = [one for one in lying if not (one["thrown_at"] or one["gone_at"])]
    of_others = [one["id"] for one in found if not one["own"]]
    if not await orders.noted(call.serving, _known(call), call.caller, of_others, see_words):
        raise Unavailable(drafting.NOT_NOTED)
    shown = ("id", "title", "text", "byline", "own", "kept_at", "goes_at", "version")
    told = [{name: one[name] for name in shown} for one in found]
    return answered({"items": told, "next": None})


async def keep(call: Call) -> Response:
    """Keep words as a draft: a new one, or over the one that `draft` names."""
    new: asked.NewDraft = call.body
    sent: dict[str, Any] = msgspec.to_builtins(new)
    form = {name: said for name, said in sent.items() if isinstance(said, str)}
    form |= {name: "on" for name in ("key_event", "pinned") if sent[name]}
    form |= {"stood": str(new.stood)} if new.stood is not None else {}
    id, told = drafting.kept(call.serving, _known(call), form | {"once": call.key or ""}, call.caller)
    return answered({"id": id, "status": told}, 201)


async def throw_away(call: Call) -> Response:
    """Throw a draft away: it comes back until `goes_at`; thrown away once more it is destroyed. One that is gone is
    gone.
    """
    goes_at = drafting.let_go(call.serving, _known(call), call.named("draft"), call.caller)
    return answered({"id": call.named("draft"), "status": "thrown" if goes_at else "gone", "goes_at": goes_at}, 201)


async def stay(call: Call) -> Response:
    """Bring back a draft that was thrown away, or keep one that is there for another month."""
    goes_at = drafting.stay(call.serving, _known(call), call.named("draft"), call.caller)
    return answered({"id": call.named("draft"), "status": "kept", "goes_at": goes_at}, 201)


async def take_back(call: Call) -> Response:
    """Take back a post that you submitted: it is a draft of yours again."""
    post = projection.by_id(call.tables, call.named("post"))
    draft, written = await drafting.taken_back(call.serving, cases.by_id(call.tables, post.case), post.id, call.caller)
    return answered({"id": post.id, "status": "dropped", "draft": draft, "position": written.position}, 201, written)
