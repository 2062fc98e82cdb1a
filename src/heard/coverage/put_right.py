"""The public pages of what was corrected, clarified or withdrawn: of one case, and of all."""

from __future__ import annotations

from contextlib import suppress

from starlette.requests import Request
from starlette.routing import BaseRoute

from heard import templates
from heard.cases import projection as cases
from heard.cases.exits import Outgoing, Serving, WayOut, case_at
from heard.cases.model import Case
from heard.cases.release import Door, Released, Withheld, joined
from heard.coverage import alerted, projection
from heard.coverage.model import Post
from heard.coverage.shown import show, withheld
from heard.coverage.unasked import as_listed

#: So many posts of all cases stand on the page of the whole site, the latest first.
LATEST = 100


def routes() -> list[BaseRoute]:
    return [
        WayOut("/corrections/", "page", all_corrections),
        WayOut("/{slug}/corrections/", "page", corrections),
    ]


async def corrections(request: Request, serving: Serving) -> Outgoing:
    """What was corrected, clarified or withdrawn in a case, the latest first."""
    case, door = case_at(serving, request)
    noticed = projection.noticed(serving.tables, case.id)
    changed = [one for post in noticed if (one := _changed(serving, door, case, post, of_case=False))]
    page = templates.render("coverage/corrections.html", case=case, changed=changed)
    return Outgoing(door.let("page", page), case=case.id)


async def all_corrections(request: Request, serving: Serving) -> Outgoing:
    """The same of all cases. Each passes the door of its case; a case that is held is not mentioned."""
    tables = serving.tables
    noticed = projection.latest_noticed(tables, LATEST)
    changed = []
    for post in noticed:
        case, door = cases.by_id(tables, post.case), serving.doors.of(tables, post.case)
        if one := _changed(serving, door, case, post, of_case=True):
            changed.append(one)
    page = templates.render("coverage/all_corrections.html", changed=changed, more=len(noticed) == LATEST)
    told = " ".join(dict.fromkeys(post.case for post in noticed))  # each case's caches are told of it by its own key
    return Outgoing(joined("page", page, changed), headers={"Surrogate-Key": told} if told else {})


def _changed(serving: Serving, door: Door, case: Case, post: Post, *, of_case: bool) -> Released | None:
    """What was done to the post, and what went after an alert of it; without its words where the door stops them,
    nothing where even that may not leave.
    """
    shown = show(door, post)
    after = [one for one in alerted.sent_of_post(serving.tables, post.id) if one.sort != "news"]
    for one in (shown, withheld(shown)) if shown and not door.held else ():
        with suppress(Withheld):
            listed = as_listed(door, one)
            told = {"post": listed, "case": case, "of_case": of_case, "alerts": after}
            return door.let("page", templates.render("coverage/changed.html", **told))
    return None
