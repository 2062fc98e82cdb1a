"""The public pages of coverage: the live page, a post's own address, and "something is wrong"."""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.cases.exits import Outgoing, Serving, WayOut, case_at, looking_twice
from heard.cases.model import Case
from heard.cases.release import Door
from heard.cases.saying_back import ASKED, said_back
from heard.coverage import problems, projection
from heard.coverage.frames import Page
from heard.coverage.unasked import as_listed
from heard.coverage.whole_page import Sources, View, shown_at, whole_page
from heard.engine.entry import new_id
from heard.engine.errors import Refused

#: Anyone may say that something is wrong; who has no account is this in the journal.
READER = "reader"
#: Open problems of one case; beyond it the form asks to come back, so that nobody can bury the desk.
PROBLEMS_MAX = 500


def routes() -> list[BaseRoute]:
    return [
        WayOut("/{slug}/", "page", live_page),
        WayOut("/{slug}/posts/{post}/", "page", post_page),
        WayOut("/{slug}/posts/{post}/fragment/", "page", fragment),
        WayOut("/{slug}/problem/", "page", problem_form),
        Route("/{slug}/problem/", report_problem, methods=["POST"]),
    ]


async def live_page(request: Request, serving: Serving) -> Outgoing:
    case, door = case_at(serving, request)
    asked = {name: request.query_params.get(name, "") for name in ("order", "before", "after")}
    return Outgoing(whole_page(_sources(request, serving), case, door, View(**asked)), case=case.id)


def _sources(request: Request, serving: Serving) -> Sources:
    base = str(request.base_url).rstrip("/")
    return Sources(serving.tables, serving.at(), base, serving.frames.html_of, bool(serving.embeds_from))


async def post_page(request: Request, serving: Serving) -> Outgoing:
    """A post's permanent address: its page, opened at the post, with a card of its own."""
    case, door = case_at(serving, request)
    view = View(post=request.path_params["post"])
    return Outgoing(whole_page(_sources(request, serving), case, door, view), case=case.id)


async def fragment(request: Request, serving: Serving) -> Outgoing:
    """One post alone, for readers whose stream gave its address because it was too long to send."""
    case, door = case_at(serving, request)
    shown = shown_at(serving.tables, case, door, request.path_params["post"])
    return Outgoing(door.let("page", Page(case, serving.tables, door).html(shown)), case=case.id)


def _made(case: Case, door: Door, page: str) -> Outgoing:
    return Outgoing(door.let("page", page), case=case.id)


async def problem_form(request: Request, serving: Serving) -> Outgoing:
    case, door = case_at(serving, request)
    return _made(case, door, _problem_page(request, serving, case, door, request.query_params.get("post", "")))


def _problem_page(request: Request, serving: Serving, case: Case, door: Door, post: str, **told: Any) -> str:
    about = as_listed(door, shown_at(serving.tables, case, door, post)) if post else None
    context: dict[str, Any] = {
        "sent": "sent" in request.query_params,
        "words": "",
        "error": "",
        "once": new_id(),
        **told,
    }
    return templates.render("coverage/problem.html", case=case, post=about, **context)


async def report_problem(request: Request) -> Response:
    """A reader's word that something is wrong; without an account and without script."""
    serving: Serving = request.app.state.serving

    async def report() -> Response:
        case, door = case_at(serving, request)
        form = await request.form()
        post, words, contact = (str(form.get(name) or "") for name in ("post", "words", "contact"))
        try:
            if len(projection.problems(serving.tables, case.id)) >= PROBLEMS_MAX:
                raise Refused("Many messages are waiting here. Nothing of yours was lost; please send it again later.")
            command = problems.report_problem(case.id, post, words)
            once = _once(str(form.get("once") or ""), post, words)
            written = await serving.do(command, by=READER, scope=case.id, key=once)
        except Refused as refusal:
            page = _problem_page(request, serving, case, door, post, words=ASKED, error=refusal.message)
            return Response(said_back("page", door.let("page", page), words), 422, media_type="text/html")
        if contact.strip():
            serving.vault.put("contact", written.stream, contact.strip()[:300].encode())
        return RedirectResponse(f"/{case.slug}/problem/?sent=1", 303)

    return await looking_twice(serving, report)


def _once(form: str, post: str, words: str) -> str | None:
    """A form sent twice is one message. Forms come from shared caches, so the words are part of what makes it one."""
    return f"{form[:100]}/{hashlib.sha256(f'{post}/{words}'.encode()).hexdigest()[:32]}" if form else None
