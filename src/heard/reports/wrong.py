"""What anybody may tell us of a report without an account: that it is wrong, that it hurts, that they did respond.

A name is hidden at once and asked about afterwards. A draft of a concern is compared with all reports, and kept
nowhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.cases.exits import Outgoing, Serving, WayOut, looking_twice
from heard.cases.saying_back import ASKED, said_back, stand_in
from heard.engine.entry import new_id
from heard.engine.errors import NotFound, Refused
from heard.reports import commands, projection
from heard.reports.areas import area_key
from heard.reports.echoes import as_now
from heard.reports.model import tidy_ref
from heard.reports.pages import NOT_YET, compared, register_of, sent
from heard.reports.shown import Shown

#: Whoever has no account.
READER = "reader"
#: Messages that wait; beyond it the form asks to come back, so that nobody can bury the desk.
WAITING_MAX = 500
#: A draft of a concern that is compared.
DRAFT_MAX = 20_000


def routes() -> list[BaseRoute]:
    return [
        Route("/reports/similar/", similar_to_draft, methods=["POST"]),
        WayOut("/reports/problem/", "page", form_of_any),
        Route("/reports/problem/", tell, methods=["POST"]),
        WayOut("/reports/{slug}/problem/", "page", form),
        Route("/reports/{slug}/problem/", tell, methods=["POST"]),
    ]


async def form(request: Request, serving: Serving) -> Outgoing:
    one = register_of(serving).at(request.path_params["slug"])
    return sent(serving, "reports/problem.html", **_context(request, one))


async def form_of_any(request: Request, serving: Serving) -> Outgoing:
    """The same where no report is before whoever asks; they say which they mean."""
    return sent(serving, "reports/problem.html", **_context(request, None))


def _meant(serving: Serving, typed: str) -> Shown:
    """The report that is typed: by its reference, or by the address of its page.

    Raises Refused where that is none.
    """
    last = re.split(r"[?#]", typed)[0].strip().rstrip("/").rpartition("/")[2]
    try:
        return register_of(serving).at((tidy_ref(last) or last).lower())
    except NotFound:
        raise Refused(
            "No report here has this reference. Nothing was sent yet, and what you wrote is still in the box. Find the "
            "report by a search; at the foot of its page the same words lead to this form."
        ) from None


def _context(request: Request, one: Shown | None, **told: Any) -> dict[str, Any]:
    is_sent = one is not None and "sent" in request.query_params and "error" not in told
    blank = dict.fromkeys(("words", "body", "contact", "report", "hide", "error"), "")
    return {"shown": one, "sent": is_sent, **blank, "once": new_id()} | told


async def tell(request: Request) -> Response:
    """A message about a report. What is asked to be hidden is hidden before the answer leaves."""
    serving: Serving = request.app.state.serving

    async def told() -> Response:
        slug = request.path_params.get("slug", "")
        one, said = register_of(serving).at(slug) if slug else None, await request.form()
        words, body, contact, hide = (
            str(said.get(name) or "").strip() for name in ("words", "body", "contact", "hide")
        )
        once = (
            f"{str(said.get('once') or '')[:100]}/{hashlib.sha256(f'{body}/{words}/{hide}'.encode()).hexdigest()[:32]}"
        )
        try:
            one = one or _meant(serving, str(said.get("report") or ""))
            if len(projection.problems(serving.tables)) >= WAITING_MAX and not hide:
                raise Refused("Many messages are waiting here. Nothing of yours was lost; please send it again later.")
            command = commands.tell_problem(one.id, words or ("Hide the name." if hide else ""), body)
            if hide:
                hiding = commands.hide_names(one.id, (), "asked for on the page of the report")
                await serving.do(hiding, by=READER, scope=one.id, key=f"{once}/hide")
            written = await serving.do(command, by=READER, scope=one.id, key=once)
        except Refused as refusal:
            typed = {"contact": contact, "report": str(said.get("report") or "")}
            given_back = {name: stand_in(name) for name in typed} | {"words": ASKED, "hide": hide, "body": body}
            context = _context(request, one, error=refusal.message, **given_back)
            page = templates.render("reports/problem.html", area_key=area_key, **context)
            let = serving.doors.of_every(serving.tables).let("page", page)
            return Response(said_back("page", let, words, **typed), 422, media_type="text/html")
        if contact:
            serving.vault.put("contact", written.stream, contact[:300].encode())
        register_of(serving)
        return RedirectResponse(f"/reports/{one.slug}/problem/?sent=1", 303)

    return await looking_twice(serving, told)


async def similar_to_draft(request: Request) -> Response:
    """Reports that raise what a draft does. The draft is in no log, no entry and no address."""
    serving: Serving = request.app.state.serving
    said = await request.form()
    text = str(said.get("text") or "")[:DRAFT_MAX]
    register_of(serving)
    waiting = bool(text.strip()) and not await compared(serving)
    found = await asyncio.to_thread(serving.echoes.of_text, text) if text.strip() and not waiting else []
    found = [
        msgspec.structs.replace(one, here="") for one in as_now(register_of(serving), found)
    ]  # they have their own words before them
    page = templates.render(
        "reports/similar.html",
        area_key=area_key,
        shown=None,
        echoes=None if waiting else found,
        has_text=True,
        equal=(),
        together=(),
        confirmed=(),
        text=ASKED,
        waiting=waiting,
    )
    let = serving.doors.of_every(serving.tables).let("page", page)
    status, headers = (503, NOT_YET) if waiting else (200, {"Cache-Control": "no-store"})
    return Response(said_back("page", let, text), status, headers, "text/html")
