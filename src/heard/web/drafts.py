"""The verbs of the API about drafts: words kept at the server that are no post yet."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from heard.cases import projection as cases
from heard.cases.model import Case, Person
from heard.cases.who_saw import see_words
from heard.coverage import drafting, orders, projection
from heard.engine.errors import Refused, Unavailable
from heard.web import asked
from heard.web.verbs import Call, Verb, answered


def verbs() -> list[Verb]:
    return [
        Verb("GET", "/cases/{case}/drafts", "read_desk", list_drafts),
        Verb("POST", "/cases/{case}/drafts", "write", keep, asked.NewDraft),
        Verb("POST", "/cases/{case}/drafts/{draft}/drop", "write", throw_away, asked.ThrownAway),
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
    people = cases.people(call.tables, _known(call).id)
    return answered({"items": [_told(one, people) for one in found], "next": None})


def _told(one: dict[str, Any], people: list[Person]) -> dict[str, Any]:
    """A draft in the words in which one is sent."""
    typed: dict[str, str] = one["typed"]
    told = {name: one[name] for name in ("id", "title", "text", "byline", "own", "kept_at", "goes_at", "version")}
    told |= {name: name in typed for name in ("key_event", "pinned")}
    told |= {name: typed.get(name, usual) for name, usual in _USUAL.items()}
    told["speaker"] = next((known.name for known in people if known.id == typed.get("speaker")), "")
    picture = {
        "media": typed.get("picture", ""),
        **{name: typed.get(name, "") for name in ("alt", "credit", "caption")},
    }
    link = {name: typed.get(of, "") for name, of in _LINK.items()}
    return {**told, "pictures": [picture] if picture["media"] else [], "links": [link] if link["url"] else []}


_USUAL = {"not_before": "", "as_said": "reported", "setting": "not recorded"}
#: The fields of a link, as the box calls them.
_LINK = {"url": "link", "title": "link_title", "text": "link_text"}


async def keep(call: Call) -> Response:
    """Keep words as a draft: a new one, or over the one that `draft` names."""
    new: asked.NewDraft = call.body
    form = {name: getattr(new, name) for name in ("text", "title", "not_before", "draft")}
    form |= {name: "on" for name in ("key_event", "pinned") if getattr(new, name)}
    form |= {"stood": str(new.stood)} if new.stood is not None else {}
    if new.speaker:
        form |= {"speaker": _speaker(call, new.speaker), "as_said": new.as_said, "setting": new.setting}
    for picture in new.pictures:
        form |= {"picture": picture.media, "alt": picture.alt, "credit": picture.credit, "caption": picture.caption}
    for link in new.links:
        form |= {of: getattr(link, name) for name, of in _LINK.items()}
    id, told = drafting.kept(call.serving, _known(call), form | {"once": call.key or ""}, call.caller)
    return answered({"id": id, "status": told}, 201)


def _speaker(call: Call, name: str) -> str:
    for known in cases.people(call.tables, _known(call).id):
        if known.name == name:
            return known.id
    raise Refused(
        "The speaker of a draft is one of the people of the case, by name. Nothing was kept; name them there first, or "
        "leave it out until it is sent."
    )


async def throw_away(call: Call) -> Response:
    """Throw a draft away: it comes back until `goes_at`; with `destroy`, one that was thrown away before is destroyed.
    One that is gone is gone.
    """
    goes_at = drafting.let_go(call.serving, _known(call), call.named("draft"), call.caller, destroy=call.body.destroy)
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
