"""The API for programs, under /api/v1: tokens with scopes, Idempotency-Key, problem+json, OpenAPI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from heard.accounts import callers
from heard.accounts.model import Caller
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.exits import Serving
from heard.cases.model import Case
from heard.cases.release import HELD, Door
from heard.coverage import commands, projection
from heard.coverage.desk import until_time
from heard.coverage.elements import Element, Quote, Text
from heard.coverage.entries import PostPublished
from heard.coverage.model import Post
from heard.coverage.shown import show
from heard.engine.errors import HeardError, NotFound
from heard.engine.node import Command, Written
from heard.web import errors
from heard.web.asked import (
    Clarified,
    Marked,
    NewCase,
    NewPerson,
    NewPost,
    NewRestriction,
    NewState,
    Retracted,
    Reworded,
    Summary,
)

LIST_MAX = 500


async def _caller(request: Request) -> Caller:
    serving: Serving = request.app.state.serving
    try:
        return callers.of(request, serving.vault, serving.tables)
    except callers.SignInNeeded:
        serving.node.catch_up()
        return callers.of(request, serving.vault, serving.tables)


Calling = Annotated[Caller, Depends(_caller)]
Once = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200, min_length=1)]
Limit = Annotated[int, Query(ge=1, le=LIST_MAX)]


def build(serving: Serving) -> FastAPI:
    """The API over a node that is open."""
    api = FastAPI(title="Heard", version="1", docs_url=None, redoc_url=None, responses=_PROBLEMS)
    api.state.serving = serving
    api.add_exception_handler(HeardError, errors.on_heard_error)
    api.add_exception_handler(RequestValidationError, _on_misfit)
    api.add_exception_handler(HTTPException, errors.on_http_exception)
    api.add_exception_handler(Exception, errors.on_anything_else)

    @api.get("/cases")
    async def list_cases(caller: Calling, limit: Limit = 100, after: str = "") -> Response:
        caller.must("read_desk")
        known = list(reversed(cases.all_cases(serving.tables)))
        return _listed(
            request_path="/api/v1/cases", items=known, limit=limit, after=after, made=lambda c: _case(serving, c)
        )

    @api.post("/cases", status_code=201)
    async def open_case(caller: Calling, asked: NewCase, response: Response, once: Once = None) -> Response:
        caller.must("open_case")
        command = case_commands.open_case(asked.slug, asked.title, asked.standfirst, asked.zone)
        written = await _do(serving, caller, command, "", once, asked)
        return _answer(_case(serving, cases.by_id(serving.tables, written.stream)), written, 201)

    @api.get("/cases/{case}")
    async def read_case(caller: Calling, case: str) -> Response:
        caller.must("read_desk")
        return _json(_case(serving, _known(serving, case)))

    @api.get("/cases/{case}/posts")
    async def list_posts(caller: Calling, case: str, limit: Limit = 100, after: str = "") -> Response:
        caller.must("read_desk")
        known = _known(serving, case)
        door = serving.doors.of(serving.tables, known.id)
        posts = list(projection.shown(serving.tables, known.id))
        return _listed(
            request_path=f"/api/v1/cases/{known.slug}/posts",
            items=posts,
            limit=limit,
            after=after,
            made=lambda post: _post(door, known, post),
        )

    @api.post("/cases/{case}/posts", status_code=201, responses={202: {"description": "Kept on the desk."}})
    async def publish(caller: Calling, case: str, asked: NewPost, once: Once = None) -> Response:
        caller.must("publish")
        known = _known(serving, case)
        content = PostPublished(
            known.id,
            _elements(asked),
            title=asked.title,
            byline=caller.account.name,
            said_at=asked.said_at,
            written_at=asked.written_at,
            key_event=asked.key_event,
            pinned=asked.pinned,
        )
        written = await _do(serving, caller, commands.publish(serving.doors, content), known.id, once, asked)
        told = {"id": written.stream, "position": written.position, "url": f"/{known.slug}/posts/{written.stream}/"}
        if written.kind == "coverage.post_held":
            return _answer({**told, "status": "held", "detail": HELD}, written, 202)
        return _answer({**told, "status": "published", "published_at": written.at}, written, 201)

    @api.get("/posts/{post}")
    async def read_post(caller: Calling, post: str) -> Response:
        caller.must("read_desk")
        known = _twice(serving, lambda: projection.by_id(serving.tables, post))
        case = cases.by_id(serving.tables, known.case)
        return _json(_post(serving.doors.of(serving.tables, case.id), case, known))

    @api.post("/posts/{post}/corrections", status_code=201)
    async def correct(caller: Calling, post: str, asked: Reworded, once: Once = None) -> Response:
        caller.must("correct")
        known = _twice(serving, lambda: projection.by_id(serving.tables, post))
        command = commands.correct(
            serving.doors,
            post,
            _new_words(known, asked.text),
            asked.reason,
            title=asked.title,
            notice=asked.notice,
            old_shown=asked.old_shown,
            based_on=asked.based_on,
        )
        return await _changed(serving, caller, known, command, once, asked)

    @api.post("/posts/{post}/clarifications", status_code=201)
    async def clarify(caller: Calling, post: str, asked: Clarified, once: Once = None) -> Response:
        caller.must("correct")
        known = _twice(serving, lambda: projection.by_id(serving.tables, post))
        words = _new_words(known, asked.text) if asked.text is not None else None
        command = commands.clarify(
            serving.doors, post, words, asked.reason, title=asked.title, notice=asked.notice, based_on=asked.based_on
        )
        return await _changed(serving, caller, known, command, once, asked)

    @api.post("/posts/{post}/retraction", status_code=201)
    async def retract(caller: Calling, post: str, asked: Retracted, once: Once = None) -> Response:
        caller.must("retract")
        known = _twice(serving, lambda: projection.by_id(serving.tables, post))
        command = commands.retract(serving.doors, post, asked.reason, asked.code, asked.notice)
        return await _changed(serving, caller, known, command, once, asked)

    @api.post("/posts/{post}/key_event", status_code=201)
    async def key_event(caller: Calling, post: str, asked: Marked | None = None, once: Once = None) -> Response:
        caller.must("correct")
        known = _twice(serving, lambda: projection.by_id(serving.tables, post))
        command = commands.mark_key_event(post, asked.on if asked else True)
        return await _changed(serving, caller, known, command, once, asked)

    @api.post("/posts/{post}/pin", status_code=201)
    async def pin(caller: Calling, post: str, asked: Marked | None = None, once: Once = None) -> Response:
        caller.must("correct")
        known = _twice(serving, lambda: projection.by_id(serving.tables, post))
        return await _changed(serving, caller, known, commands.pin(post, asked.on if asked else True), once, asked)

    @api.get("/cases/{case}/summary")
    async def read_summary(caller: Calling, case: str) -> Response:
        caller.must("read_desk")
        known = _known(serving, case)
        coverage = projection.of_case(serving.tables, known.id)
        return _json({"text": coverage.summary, "written_at": coverage.summary_at})

    @api.post("/cases/{case}/summary", status_code=201)
    async def summarise(caller: Calling, case: str, asked: Summary, once: Once = None) -> Response:
        caller.must("publish")
        known = _known(serving, case)
        command = commands.summarise(serving.doors, known.id, asked.text)
        written = await _do(serving, caller, command, known.id, once, asked)
        return _answer({"text": asked.text, "position": written.position}, written, 201)

    @api.get("/cases/{case}/state")
    async def read_state(caller: Calling, case: str) -> Response:
        caller.must("read_desk")
        return _json(_state(serving, _known(serving, case)))

    @api.post("/cases/{case}/state", status_code=201)
    async def set_state(caller: Calling, case: str, asked: NewState, once: Once = None) -> Response:
        caller.must("publish")
        known = _known(serving, case)
        until = until_time(asked.until, known.zone) if asked.until else None
        state = "resumed" if asked.state == "live" and _paused(serving, known) else asked.state
        command = commands.set_state(serving.doors, known.id, state, asked.words, until, asked.lasting or "")
        written = await _do(serving, caller, command, known.id, once, asked)
        return _answer({**_state(serving, known), "position": written.position}, written, 201)

    @api.get("/cases/{case}/people")
    async def list_people(caller: Calling, case: str) -> Response:
        caller.must("read_desk")
        return _json({"items": cases.people(serving.tables, _known(serving, case).id), "next": None})

    @api.post("/cases/{case}/people", status_code=201)
    async def name_person(caller: Calling, case: str, asked: NewPerson, once: Once = None) -> Response:
        caller.must("publish")
        known = _known(serving, case)
        command = case_commands.name_person(known.id, asked.name, asked.role, asked.note)
        written = await _do(serving, caller, command, known.id, once, asked)
        return _answer({"id": written.stream, "position": written.position}, written, 201)

    @api.post("/cases/{case}/restrictions", status_code=201)
    async def restrict(caller: Calling, case: str, asked: NewRestriction, once: Once = None) -> Response:
        caller.must("restrict")
        known = _known(serving, case)
        command = case_commands.impose_restriction(
            known.id, asked.basis, asked.names, cipher=asked.cipher, scope=asked.scope
        )
        written = await _do(serving, caller, command, known.id, once, asked)
        return _answer({"position": written.position}, written, 201)

    return api


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": title, "content": {"application/problem+json": {}}}
    for status, title in {
        400: "Not readable",
        401: "Sign in",
        403: "Not allowed",
        404: "Not here",
        409: "Somebody was first",
        410: "Gone",
        413: "Too large",
        422: "Not accepted",
        503: "Not just now",
    }.items()
}


async def _on_misfit(request: Request, error: Exception) -> Response:
    """Says which field and why, and repeats nothing that was sent."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "header"))
    told = f"{where or 'The body'}: {first['msg']}. Nothing was changed."
    status = 400 if first["type"] == "json_invalid" else 422
    return errors.answer(request, status, "Not accepted", told, {"field": where})


async def _do(
    serving: Serving, caller: Caller, command: Command, scope: str, once: str | None, asked: BaseModel | None
) -> Written:
    request = asked.model_dump_json().encode() if asked else b""
    return await serving.do(command, by=caller.account.id, scope=scope, key=once, request=request)


async def _changed(
    serving: Serving, caller: Caller, post: Post, command: Command, once: str | None, asked: BaseModel | None
) -> Response:
    written = await _do(serving, caller, command, post.id, once, asked)
    case = cases.by_id(serving.tables, post.case)
    now_is = _post(serving.doors.of(serving.tables, case.id), case, projection.by_id(serving.tables, post.id))
    return _answer({**now_is, "position": max(written.position, now_is["position"])}, written, 201)


def _answer(told: dict[str, Any], written: Written, status: int) -> Response:
    answered = _json(told, status)
    answered.headers["Heard-Position"] = str(written.last)
    if written.repeated:
        answered.headers["Idempotent-Replayed"] = "true"
    return answered


def _json(told: Any, status: int = 200) -> Response:
    return Response(errors.encode(told), status, {"Cache-Control": "no-store"}, "application/json")


def _twice(serving: Serving, look: Callable[[], Any]) -> Any:
    try:
        return look()
    except NotFound:
        serving.node.catch_up()
        return look()


def _known(serving: Serving, case: str) -> Case:
    """A case by its slug or its id."""

    def look() -> Case:
        try:
            return cases.by_slug(serving.tables, case)
        except NotFound:
            return cases.by_id(serving.tables, case)

    found: Case = _twice(serving, look)
    return found


def _case(serving: Serving, case: Case) -> dict[str, Any]:
    state = projection.of_case(serving.tables, case.id).state
    door = serving.doors.of(serving.tables, case.id)
    words = {name: door.let("json", getattr(case, name), notice=True) for name in ("title", "standfirst")}
    return {"id": case.id, "slug": case.slug, **words, "state": state, "zone": case.zone, "url": f"/{case.slug}/"}


def _state(serving: Serving, case: Case) -> dict[str, Any]:
    coverage = projection.of_case(serving.tables, case.id)
    until = coverage.clock.due_at if coverage.clock else None
    return {"state": coverage.state, "since": coverage.since, "words": coverage.words, "until": until}


def _paused(serving: Serving, case: Case) -> bool:
    return projection.of_case(serving.tables, case.id).state == "paused"


def _post(door: Door, case: Case, post: Post) -> dict[str, Any]:
    """A post as readers may see it; one that is held says so and nothing else."""
    shown = show(door, post)
    if shown is None:
        return {"id": post.id, "status": post.status, "position": post.position, "case": case.slug}
    told: dict[str, Any] = msgspec.to_builtins(shown)
    told |= {"case": case.slug, "url": f"/{case.slug}/posts/{post.id}/", "text": shown.text}
    door.let("json", errors.encode(told).decode(), notice=shown.status != "published")
    return told


def _listed(
    request_path: str, items: list[Any], limit: int, after: str, made: Callable[[Any], dict[str, Any]]
) -> Response:
    """A page of a list; `next` is the address of the page after it, or null."""
    ids = [item.id for item in items]
    start = ids.index(after) + 1 if after in ids else 0
    page = items[start : start + limit]
    more = f"{request_path}?limit={limit}&after={page[-1].id}" if page and start + limit < len(items) else None
    return _json({"items": [made(item) for item in page], "next": more})


def _elements(asked: NewPost) -> tuple[Element, ...]:
    if not asked.speaker:
        return (Text(asked.text),)
    return (Quote(asked.text, asked.speaker, asked.role, asked.as_said, asked.setting),)


def _new_words(post: Post, text: str) -> tuple[Element, ...]:
    """New words in place of the first ones; a quotation stays one, and pictures and links stay."""
    first, *rest = post.elements or (Text(""),)
    if isinstance(first, Quote):
        return (msgspec.structs.replace(first, words=text), *rest)
    return (Text(text), *(rest if isinstance(first, Text) else post.elements))
