"""The desk: one plain page for a case, with a box that publishes. Everything on it works without script."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import callers
from heard.accounts.model import Caller
from heard.cases import careful, states
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.exits import Serving, looking_twice
from heard.cases.model import Case, slug_of
from heard.cases.release import held, looked_at_by
from heard.coverage import (
    alerts,
    both_versions,
    cards,
    court,
    drafting,
    leave,
    looks,
    openings,
    orders,
    pictures,
    projection,
    pulse,
    queues,
    receipt_pages,
    redrawn,
    several,
    waiting,
)
from heard.coverage.changes import PROPOSED
from heard.coverage.court import Form
from heard.coverage.elements import Setting
from heard.coverage.entries import NoticeCode
from heard.coverage.going_out import WAITING
from heard.coverage.in_case import caller_at, signed_in
from heard.coverage.kept import ONE_MORE, SUBMITTED
from heard.coverage.model import WRONG, Post
from heard.coverage.sealing import SEALED
from heard.coverage.verbs import PUTS_WORDS, VERBS, based_on, no_such_verb
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import Conflict, HeardError, NotAllowed, NotFound, Refused, Unavailable
from heard.engine.node import Written

NO_STORE = {"Cache-Control": "no-store"}


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/", front, methods=["GET"]),
        Route("/desk/", open_case, methods=["POST"]),
        Route("/desk/{slug}/", case_page, methods=["GET"]),
        Route("/desk/{slug}/changed/", changed, methods=["GET"]),
        Route("/desk/{slug}/several", several_at_once, methods=["POST"]),
        Route("/desk/{slug}/look-up", look_up, methods=["POST"]),
        Route("/desk/{slug}/keep", keep, methods=["POST"]),
        Route("/desk/{slug}/{verb}", act, methods=["POST"]),
    ]


async def front(request: Request) -> Response:
    serving: Serving = request.app.state.serving
    caller = callers.of(request, serving.vault, serving.tables)
    if not caller.may_somewhere("read_desk"):
        raise NotAllowed(caller.why_not("read_desk"))
    return _front(serving, caller)


def _front(serving: Serving, caller: Caller, error: str = "", draft: Form | None = None, status: int = 200) -> Response:
    known = [case for case in cases.all_cases(serving.tables) if caller.at(case.id).may("read_desk")]
    wrong = waiting.said_wrong(serving, caller)
    told = [
        {"case": case, "coverage": projection.of_case(serving.tables, case.id), "problems": wrong[case.id]}
        for case in known
    ]
    page = templates.render(
        "desk/front.html",
        cases=told,
        account=caller.account,
        problems=wrong.total(),
        approvals=len(orders.approvals(serving.tables, caller)),
        error=error,
        draft=draft or {},
        may_open=caller.may("open_case"),
        at_reports=caller.may("read_desk"),
        in_watch=caller.may("see_watch") or caller.may("keep_watch"),
    )
    return Response(page, status, NO_STORE, "text/html")


async def open_case(request: Request) -> Response:
    serving, caller = signed_in(request, "open_case")
    form = await _form(request)
    slug = form.get("slug", "").strip() or slug_of(form.get("title", ""))
    command = case_commands.open_case(slug, form.get("title", ""), form.get("standfirst", ""))
    try:
        await serving.do(command, by=caller.account.id)
    except Refused as refusal:
        return _front(serving, caller, refusal.message, form, 422)
    return RedirectResponse(f"/desk/{slug}/?done=opened", 303)


async def _form(request: Request, fields_max: int = 60) -> dict[str, str]:
    form = await request.form(max_fields=fields_max, max_files=1)
    return {name: value.replace("\r\n", "\n") for name, value in form.items() if isinstance(value, str)}


async def case_page(request: Request) -> Response:
    serving, caller = signed_in(request, "read_desk")

    async def look() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        asked, id = looks.asked(serving, case, request.query_params), request.query_params.get("draft")
        try:
            opened = await drafting.opened(serving, case, id, caller) if id else None
        except (NotFound, Unavailable) as gone:
            status = 404 if isinstance(gone, NotFound) else 503
            return await _page(serving, caller, case, error=gone.message, look=asked, status=status)
        return await _page(serving, caller, case, message=_told(request), draft=opened, look=asked)

    return await looking_twice(serving, look)


def _told(request: Request) -> str:
    """What became of what was sent; of what is held also by when somebody looks at it, as `act` knew."""
    done, by = (request.query_params.get(name, "") for name in ("done", "by"))
    return held(by) if done == "held" and _A_CLOCK(by) else _TOLD.get(done, "")


_A_CLOCK = re.compile("[0-2][0-9]:[0-5][0-9]").fullmatch


async def changed(request: Request) -> Response:
    """The parts and rows of the page that are other than those that a page which is open says it has (`?had=`)."""
    serving, caller = signed_in(request, "read_desk")

    async def look() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        asked = looks.asked(serving, case, request.query_params)
        shown = await _shown(serving, caller, case, draft={}, look=asked)
        page = templates.render("desk/changed.html", **shown, had=redrawn.had(request.query_params), conflict=None)
        return Response(page, 200, NO_STORE, "text/html")

    return await looking_twice(serving, look)


_TOLD = {
    "published": "Published.",
    "sealed": SEALED,
    "submitted": SUBMITTED,
    "waiting": WAITING,
    "agreed": ONE_MORE,
    "proposed": PROPOSED,
    "opened": "The case is open. The first post takes it live.",
    **drafting.TOLD,
    "corrected": "Corrected. Readers see it now.",
    "clarified": "Clarified. Readers see it now.",
    "retracted": "Withdrawn. Readers see the notice now.",
    "done": "Done.",
}


async def _page(
    serving: Serving,
    caller: Caller,
    case: Case,
    *,
    message: str = "",
    error: str = "",
    draft: Form | None = None,
    conflict: dict[str, Any] | None = None,
    look: looks.Look = looks.NEWEST,
    status: int = 200,
) -> Response:
    shown = await _shown(serving, caller, case, draft=draft or {}, look=look)
    page = templates.render(
        "desk/case.html",
        **shown,
        account=caller.account,
        people=cases.people(serving.tables, case.id),
        settings=get_args(Setting),
        shows=looks.SHOWS,
        homeless=_homeless([row.post for row in shown["rows"]], draft or {}),
        ciphers=[one.cipher for one in orders.told(serving, case, caller) if one.cipher],
        message=message,
        error=error,
        conflict=conflict,
    )
    return Response(page, status, NO_STORE, "text/html")


async def _shown(serving: Serving, caller: Caller, case: Case, *, draft: Form, look: looks.Look) -> dict[str, Any]:
    """What templates/desk/drawn.html is drawn from: all of the page that changes while it is open."""
    tables = serving.tables
    queued = await queues.seen(serving, case, caller)
    posts, older = looks.posts(tables, case, look)
    may = {
        verb: caller.may(verb)
        for verb in (
            "write",
            "publish",
            "correct",
            "alert",
            "retract",
            "release_held",
            "restrict",
            "give_roles",
            "take_record",
            "read_drafts",
        )
    }
    return {
        **queued,
        "case": case,
        "coverage": projection.of_case(tables, case.id),
        "may": may,
        "codes": get_args(NoticeCode),
        "wrongs": list(WRONG),
        "rows": redrawn.rows(posts, case, may, look, _alerts(serving, case, posts, may)),
        "older": older,
        "look": look,
        "counts": projection.counts(tables, case.id),
        "second_eyes": waiting.second_eyes_seen(serving, case, caller),
        "court": court.seen(serving, case, caller),
        "leave": leave.seen(serving, case, caller),
        "care": states.care(tables, case.id),
        "cares": careful.KINDS,
        "approvals": orders.approvals(tables, caller),
        "openings": openings.seen(serving, case.id),
        "pulse": pulse.seen(serving, case, caller.account.id),
        "unproven": [one for one in receipt_pages.seen(serving, case, caller) if not one.is_proven],
        "case_held": cases.is_held(tables, case.id),
        "now": now.utc(),
        "draft": draft,
        "once": new_id(),
    }


def _alerts(serving: Serving, case: Case, posts: list[Post], may: dict[str, bool]) -> dict[str, alerts.AtDesk]:
    return alerts.at_desk(serving.tables, case.id, posts, may=may["alert"] and serving.follows is not None)


#: Whose words come back in the form that had them, or in the box.
_COME_BACK = frozenset({"publish", "summary", "state"})
_WORDS = ("title", "text", "notice", "reason", "place", "standfirst", "words", "leave", "ground", "note")


def _homeless(posts: list[Post], draft: Form) -> str:
    """Words that have no form to come back to: their post was withdrawn meanwhile, or is further down, or what they
    were for, such as a hearing, gives none back.
    """
    open_ones = {post.id for post in posts if post.status == "published" and post.kind == "post"}
    if draft.get("post", "") in open_ones or not (draft.get("post") or draft.get("verb", "publish") not in _COME_BACK):
        return ""
    return "\n\n".join(filter(None, (draft.get(name, "") for name in _WORDS)))


async def several_at_once(request: Request) -> Response:
    """One deed for all posts that were chosen. What was not done to one of them is told, and why."""
    serving: Serving = request.app.state.serving
    caller = caller_at(request, serving)  # what it takes, the form says
    form = await _form(request, several.CHOSEN_MAX + 20)
    caller.must(several.may(form))

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        try:
            told = await several.do(serving, case, form, caller)
        except NotFound:
            raise
        except HeardError as refusal:
            return await _page(serving, caller, case, error=refusal.message, draft=form, status=422)
        if told.refused:
            return await _page(serving, caller, case, error=str(told), draft=form, status=422)
        return RedirectResponse(f"/desk/{case.slug}/?done=done", 303)

    return await looking_twice(serving, done)


async def act(request: Request) -> Response:
    """One verb of the desk. What cannot be done comes back with everything that was typed."""
    permission, make = VERBS.get(request.path_params["verb"], ("read_desk", no_such_verb))
    serving, caller = signed_in(request, permission)
    form = await _form(request)

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])

        async def written_down() -> Written:
            command = make(serving, case, form, caller)
            # The form is what its key stands for: the same key with other words is refused, never swallowed.
            asked = msgspec.json.encode(sorted(form.items()))
            key = form.get("once") or None
            return await serving.do(command, by=caller.account.id, scope=case.id, key=key, request=asked)

        try:
            form.update(await pictures.from_form(request, serving, case))
            if request.path_params["verb"] in PUTS_WORDS:
                await orders.looked_through(serving, case, caller)
            written = await looking_twice(serving, written_down)  # it may be of another node, a moment ago
        except Conflict as conflict:
            both = None
            if "theirs" in conflict.details:
                if request.path_params["verb"] == "summary":
                    both = both_versions.of_summary(serving, case, form, based_on(form))
                else:
                    both = both_versions.seen(serving, waiting.named(serving, case, form), form, based_on(form))
            return await _page(serving, caller, case, error=conflict.message, draft=form, conflict=both, status=409)
        except HeardError as refusal:
            typed = {**form, "verb": request.path_params["verb"], "ask": refusal.details.get("ask", "")}
            typed |= {name: str(said) for name in ("stood",) if (said := refusal.details.get(name))}
            if refusal.details.get("draft") == "gone":
                typed.pop("draft")
            # What somebody else saw to meanwhile is not there any more; what was typed about it still is.
            status = 404 if isinstance(refusal, NotFound) else 422
            return await _page(serving, caller, case, error=refusal.message, draft=typed, status=status)
        if form.get("draft"):
            drafting.clear_sent(serving, case)
        told = written.kind.removeprefix("coverage.").partition("_")[2]
        if told == "held":
            by = looked_at_by(now.instant(written.at), case.zone)
            return RedirectResponse(f"/desk/{case.slug}/?done=held&by={by}", 303)
        return RedirectResponse(f"/desk/{case.slug}/?done={told if told in _TOLD else 'done'}", 303)

    return await looking_twice(serving, done)


async def keep(request: Request) -> Response:
    """Keep what is in the box as a draft."""
    serving, caller = signed_in(request, "write")
    form = await _form(request)

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        try:
            form.update(await pictures.from_form(request, serving, case))
            _, told = drafting.kept(serving, case, form, caller)
        except HeardError as refusal:
            return await _page(serving, caller, case, error=refusal.message, draft=form, status=422)
        return RedirectResponse(f"/desk/{case.slug}/?done={told}", 303)

    return await looking_twice(serving, done)


async def look_up(request: Request) -> Response:
    """What a page says of itself, put into the form that named it."""
    serving, caller = signed_in(request, "write")
    form = await _form(request)

    async def look() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        try:
            form.update(await pictures.from_form(request, serving, case))
            form.update(await cards.looked_up(form))
        except HeardError as refusal:
            return await _page(serving, caller, case, error=refusal.message, draft=form, status=422)
        return await _page(serving, caller, case, message=cards.LOOK, draft=form)

    return await looking_twice(serving, look)
