"""The public pages of coverage: the live page, a post's own address, corrections, and "something is wrong"."""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.cases import projection as cases
from heard.cases.exits import Outgoing, Serving, WayOut, case_at, looking_twice
from heard.cases.model import Case
from heard.cases.release import Door, Released
from heard.coverage import commands, linked_data, paging, projection
from heard.coverage.frames import Page
from heard.coverage.paging import Block
from heard.coverage.shown import Shown, show
from heard.engine.entry import new_id
from heard.engine.errors import NotFound, Refused

#: Anyone may say that something is wrong; who has no account is this in the journal.
READER = "reader"
#: Open problems of one case; beyond it the form asks to come back, so that nobody can bury the desk.
PROBLEMS_MAX = 500


def routes() -> list[BaseRoute]:
    return [
        WayOut("/{slug}/", "page", live_page),
        WayOut("/{slug}/posts/{post}/", "page", post_page),
        WayOut("/{slug}/posts/{post}/fragment/", "page", fragment),
        WayOut("/{slug}/corrections/", "page", corrections),
        WayOut("/{slug}/problem/", "page", problem_form),
        Route("/{slug}/problem/", report_problem, methods=["POST"]),
    ]


async def live_page(request: Request, serving: Serving) -> Outgoing:
    case, door = case_at(serving, request)
    state = projection.of_case(serving.tables, case.id).state
    order = request.query_params.get("order") or ("oldest" if state == "closed" else "newest")
    if order not in ("oldest", "newest"):
        raise NotFound("A page is read newest or oldest first.")
    return _made(case, door, _page(request, serving, case, door, order, None))


def _made(case: Case, door: Door, page: str) -> Outgoing:
    return Outgoing(door.let("page", page), case=case.id)


async def post_page(request: Request, serving: Serving) -> Outgoing:
    """A post's permanent address: its page, opened at the post, with a card of its own."""
    case, door = case_at(serving, request)
    post = _shown(serving, case, door, request.path_params["post"])
    state = projection.of_case(serving.tables, case.id).state
    order = "oldest" if state == "closed" else "newest"
    return _made(case, door, _page(request, serving, case, door, order, post))


def _shown(serving: Serving, case: Case, door: Door, post: str) -> Shown:
    known = projection.by_id(serving.tables, post)
    shown = show(door, known)
    if known.case != case.id or shown is None:
        raise NotFound("There is no such post here.")
    return shown


def _page(request: Request, serving: Serving, case: Case, door: Door, order: str, focus: Shown | None) -> str:
    tables, base = serving.tables, str(request.base_url).rstrip("/")
    coverage = projection.of_case(tables, case.id)
    block = _block(request, serving, case, order, focus)
    shown = [one for post in block.posts if (one := show(door, projection.by_id(tables, post)))]
    page = Page(case, tables, door)
    html = [_fragment(serving, page, one) for one in shown]
    older, newer = _beside(case, block, order)
    return templates.render(
        "coverage/page.html",
        case=case,
        coverage=coverage,
        **{area: _area(serving, page, area) for area in ("state", "summary", "pinned", "key")},
        report=[_fragment(serving, page, one) for one in _report(serving, case, door)],
        posts=html if order == "oldest" else html[::-1],
        order=order,
        older=older,
        newer=newer,
        live=f"/live/{case.slug}",
        at=serving.at(),
        is_newest=block.is_newest,
        focus=focus.id if focus else None,
        focus_post=_fragment(serving, page, focus) if focus else None,
        json_ld=linked_data.live_blog(door, case, coverage, shown, base),
        og=linked_data.card(door, case, base, focus),
        people_count=len(cases.people(tables, case.id)),
    )


def _block(request: Request, serving: Serving, case: Case, order: str, focus: Shown | None) -> Block:
    before, after = request.query_params.get("before"), request.query_params.get("after")
    if focus is not None:
        return paging.around(serving.tables, case.id, focus.id)
    if before:
        return paging.before(serving.tables, case.id, before)
    if after:
        return paging.after(serving.tables, case.id, after)
    return (paging.oldest if order == "oldest" else paging.newest)(serving.tables, case.id)


def _beside(case: Case, block: Block, order: str) -> tuple[str | None, str | None]:
    """The addresses of the older and the newer page."""
    older = f"/{case.slug}/?order={order}&before={block.posts[0]}" if block.number and block.posts else None
    newer = f"/{case.slug}/?order={order}&after={block.posts[-1]}" if not block.is_newest else None
    return older, newer


def _fragment(serving: Serving, page: Page, shown: Shown) -> Released:
    """The post as it was rendered for the stream, or rendered now if it was not yet."""
    kept = serving.frames.html_of(page.case.id, f"post:{shown.id}")
    return page.door.let("page", kept) if kept else page.html(shown)


def _area(serving: Serving, page: Page, area: str) -> Released:
    kept = serving.frames.html_of(page.case.id, area)
    return page.door.let("page", kept) if kept else page.area_html(area)


def _report(serving: Serving, case: Case, door: Door) -> list[Shown]:
    posts = projection.shown(serving.tables, case.id, "report")
    return [one for post in posts if (one := show(door, post))]


async def fragment(request: Request, serving: Serving) -> Outgoing:
    """One post alone, for readers whose stream gave its address because it was too long to send."""
    case, door = case_at(serving, request)
    shown = _shown(serving, case, door, request.path_params["post"])
    return Outgoing(door.let("page", Page(case, serving.tables, door).html(shown)), case=case.id)


async def corrections(request: Request, serving: Serving) -> Outgoing:
    """What was corrected, clarified or withdrawn, the latest first."""
    case, door = case_at(serving, request)
    posts = [one for post in projection.noticed(serving.tables, case.id) if (one := show(door, post))]
    return _made(case, door, templates.render("coverage/corrections.html", case=case, posts=posts))


async def problem_form(request: Request, serving: Serving) -> Outgoing:
    case, door = case_at(serving, request)
    return _made(case, door, _problem_page(request, serving, case, door, request.query_params.get("post", "")))


def _problem_page(request: Request, serving: Serving, case: Case, door: Door, post: str, **told: Any) -> str:
    about = _shown(serving, case, door, post) if post else None
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
            command = commands.report_problem(case.id, post, words)
            once = _once(str(form.get("once") or ""), post, words)
            written = await serving.do(command, by=READER, scope=case.id, key=once)
        except Refused as refusal:
            page = _problem_page(request, serving, case, door, post, words=words, error=refusal.message)
            return Response(door.let("page", page), 422, media_type="text/html")
        if contact.strip():
            serving.vault.put("contact", written.stream, contact.strip()[:300].encode())
        return RedirectResponse(f"/{case.slug}/problem/?sent=1", 303)

    return await looking_twice(serving, report)


def _once(form: str, post: str, words: str) -> str | None:
    """A form sent twice is one message. Forms come from shared caches, so the words are part of what makes it one."""
    return f"{form[:100]}/{hashlib.sha256(f'{post}/{words}'.encode()).hexdigest()[:32]}" if form else None
