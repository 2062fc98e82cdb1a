"""The verbs of the API about what was kept: who lets it out, and the rules by which it is kept."""

from __future__ import annotations

from starlette.responses import Response

from heard.cases import projection as cases
from heard.coverage import changes, kept, orders, projection, proposed, waiting
from heard.coverage.entries import ReleaseAgreed
from heard.web import asked
from heard.web.verbs import Call, Verb, answered


def verbs() -> list[Verb]:
    return [
        Verb("GET", "/cases/{case}/second_eyes", "read_desk", read_second_eyes),
        Verb("POST", "/cases/{case}/second_eyes", "release_held", second_eyes, asked.SecondEyes),
        Verb("GET", "/cases/{case}/changes", "release_held", list_changes),
        Verb("POST", "/changes/{change}/release", "release_held", let_change, asked.Dropped),
        Verb("POST", "/changes/{change}/drop", "release_held", drop_change, asked.Dropped),
        Verb("POST", "/posts/{post}/release", "release_held", release, asked.LetOut),
        Verb("POST", "/posts/{post}/drop", "release_held", drop, asked.Dropped),
    ]


async def read_second_eyes(call: Call) -> Response:
    case = cases.by_name(call.tables, call.named("case"))
    return answered({"needed": cases.needs_second_eyes(call.tables, case.id)})


async def second_eyes(call: Call) -> Response:
    """Have every post of a case wait until somebody other than its author lets it out; or no more: 202 while another
    person has to say so too.
    """
    case, new = cases.by_name(call.tables, call.named("case")), call.body
    written = await call.do(waiting.second_eyes(case, new.needed, new.reason, call.caller), case.id)
    needed = cases.needs_second_eyes(call.tables, case.id)
    status = 202 if needed and not new.needed else 201
    return answered({"needed": needed, "position": written.position}, status, written)


async def release(call: Call) -> Response:
    """Let out a post that was kept: 201; or 202 when it is held still, since another person has to say so too."""
    post, by = call.named("post"), call.caller.account.id
    case = cases.by_id(call.tables, projection.by_id(call.tables, post).case)
    not_meant = call.body.not_meant and orders.knows_all(call.serving, case, call.caller)
    command = kept.let_go(call.doors, call.serving.node.journal, post, by, call.body.reason, not_meant=not_meant)
    written = await call.do(command, post)
    told = {"id": post, "position": written.position}
    if written.kind == ReleaseAgreed.kind:
        return answered({**told, "status": "held", "detail": kept.ONE_MORE}, 202, written)
    return answered({**told, "status": projection.by_id(call.tables, post).status}, 201, written)


async def list_changes(call: Call) -> Response:
    """The changes of a case that wait for a second pair of eyes: since when, and by when somebody looks at them."""
    case = cases.by_name(call.tables, call.named("case"))
    known = proposed.waiting(call.tables, case.id)
    told = [{**one._asdict(), "case": case.slug, "look_by": waiting.look_by(one.since).due_at} for one in known]
    return answered({"items": told, "next": None})


async def let_change(call: Call) -> Response:
    """Make a change that waited: a correction, a clarification, the summary."""
    change, by = call.named("change"), call.caller.account.id
    written = await call.do(changes.let_out(call.doors, call.serving.node.journal, change, by), change)
    return answered({"id": change, "position": written.position}, 201, written)


async def drop_change(call: Call) -> Response:
    """Decide that a change is not made."""
    change = call.named("change")
    written = await call.do(changes.drop(change), change)
    return answered({"id": change, "status": "dropped", "position": written.position}, 201, written)


async def drop(call: Call) -> Response:
    """Decide that what was kept will not be published."""
    post = call.named("post")
    written = await call.do(kept.drop(post), post)
    return answered({"id": post, "status": "dropped", "position": written.position}, 201, written)
