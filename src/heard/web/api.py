"""The API for programs, under /api/v1: tokens with scopes, Idempotency-Key, problem+json, OpenAPI."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.model import Case
from heard.cases.release import held, looked_at_by
from heard.coverage import cards, commands, drafting, pictures, projection, repicturing
from heard.coverage import orders as order_pages
from heard.coverage.cautions import asked_first
from heard.coverage.changes import PROPOSED
from heard.coverage.court import until_time
from heard.coverage.elements import Element, Quote, Text, reworded
from heard.coverage.entries import ChangeProposed, Content, PostPublished, PostSealed, PostSubmitted, PostWaiting
from heard.coverage.going_out import WAITING, texts_of
from heard.coverage.kept import SUBMITTED
from heard.coverage.model import Post
from heard.coverage.sealing import SEALED
from heard.coverage.shown import show
from heard.engine import now
from heard.engine.errors import NotFound
from heard.engine.node import Command, Written
from heard.web import alerts, asked, court, drafts, errors, kept, orders, receipts, report_readings, reports, watch
from heard.web.verbs import Call, Verb, answered, openapi

PREFIX = "/api/v1"


def routes() -> list[BaseRoute]:
    """Every verb, and what describes them."""
    verbs = [
        Verb("GET", "/cases", "read_desk", list_cases),
        Verb("POST", "/cases", "open_case", open_case, asked.NewCase),
        Verb("GET", "/cases/{case}", "read_desk", read_case),
        Verb("GET", "/cases/{case}/posts", "read_desk", list_posts),
        Verb("POST", "/cases/{case}/posts", "write", publish, asked.NewPost),
        Verb("POST", "/cases/{case}/pictures", "write", take_picture),
        Verb("GET", "/cases/{case}/summary", "read_desk", read_summary),
        Verb("POST", "/cases/{case}/summary", "publish", summarise, asked.Summary),
        Verb("GET", "/cases/{case}/state", "read_desk", read_state),
        Verb("POST", "/cases/{case}/state", "publish", set_state, asked.NewState),
        Verb("GET", "/cases/{case}/people", "read_desk", list_people),
        Verb("POST", "/cases/{case}/people", "publish", name_person, asked.NewPerson),
        *orders.verbs(),
        Verb("GET", "/posts/{post}", "read_desk", read_post),
        Verb("POST", "/posts/{post}/corrections", "correct", correct, asked.Corrected),
        Verb("GET", "/posts/{post}/corrections", "read_desk", list_corrections),
        Verb("GET", "/posts/{post}/clarifications", "read_desk", list_clarifications),
        Verb("GET", "/posts/{post}/retraction", "read_desk", read_retraction),
        Verb("GET", "/posts/{post}/key_event", "read_desk", read_key_event),
        Verb("GET", "/posts/{post}/pin", "read_desk", read_pin),
        *alerts.verbs(),
        Verb("POST", "/posts/{post}/clarifications", "correct", clarify, asked.Clarified),
        Verb("POST", "/posts/{post}/retraction", "retract", retract, asked.Retracted),
        Verb("POST", "/posts/{post}/key_event", "correct", key_event, asked.Marked),
        Verb("POST", "/posts/{post}/pin", "correct", pin, asked.Marked),
        *court.verbs(),
        *receipts.verbs(),
        *kept.verbs(),
        *drafts.verbs(),
        *reports.verbs(),
        *watch.verbs(),
        *report_readings.verbs(),
    ]
    described = errors.encode(openapi(PREFIX, verbs))

    async def describe(request: Request) -> Response:
        return Response(described, media_type="application/json", headers={"Cache-Control": "public, max-age=300"})

    return [Route("/openapi.json", describe, methods=["GET"]), *verbs]


# Cases ----------------------------------------------------------------------------------------------------------------


async def list_cases(call: Call) -> Response:
    known = [case for case in cases.all_cases(call.tables) if call.caller.at(case.id).may("read_desk")]
    return call.listed(f"{PREFIX}/cases", known[::-1], lambda case: _case(call, case))


async def open_case(call: Call) -> Response:
    new: asked.NewCase = call.body
    written = await call.do(case_commands.open_case(new.slug, new.title, new.standfirst, new.zone))
    return answered(_case(call, cases.by_id(call.tables, written.stream)), 201, written)


async def read_case(call: Call) -> Response:
    return answered(_case(call, _known(call)))


def _known(call: Call) -> Case:
    return cases.by_name(call.tables, call.named("case"))


def _case(call: Call, case: Case) -> dict[str, Any]:
    state = projection.of_case(call.tables, case.id).state
    door = call.doors.of(call.tables, case.id)
    words = {name: door.let("json", getattr(case, name), notice=True) for name in ("title", "standfirst")}
    return {"id": case.id, "slug": case.slug, **words, "state": state, "zone": case.zone, "url": f"/{case.slug}/"}


async def list_people(call: Call) -> Response:
    """Who is who, as readers see it: nobody whom an order protects is on the list."""
    case = _known(call)
    door = call.doors.of(call.tables, case.id)
    known = [one for one in cases.people(call.tables, case.id) if not door.stops(one.name, one.role, one.note)]
    return call.listed(f"{PREFIX}/cases/{case.slug}/people", known, msgspec.to_builtins)


async def name_person(call: Call) -> Response:
    new, case = call.body, _known(call)
    written = await call.do(case_commands.name_person(case.id, new.name, new.role, new.note), case.id)
    return answered({"id": written.stream, "position": written.position}, 201, written)


# Coverage -------------------------------------------------------------------------------------------------------------


async def read_state(call: Call) -> Response:
    return answered(_state(call, _known(call)))


async def set_state(call: Call) -> Response:
    """Take the coverage live, pause, resume, close or reopen it; `live` resumes what is paused."""
    new, case = call.body, _known(call)
    until = until_time(new.until, case.zone) if new.until else None
    paused = projection.of_case(call.tables, case.id).state == "paused"
    state = "resumed" if new.state == "live" and paused else new.state
    written = await call.do(commands.set_state(call.doors, case.id, state, new.words, until, new.lasting), case.id)
    return answered({**_state(call, case), "position": written.position}, 201, written)


def _state(call: Call, case: Case) -> dict[str, Any]:
    coverage = projection.of_case(call.tables, case.id)
    words = call.doors.of(call.tables, case.id).let("json", coverage.words, notice=True)
    until = coverage.clock.due_at if coverage.clock else None
    return {"state": coverage.state, "since": coverage.since, "words": words, "until": until}


async def read_summary(call: Call) -> Response:
    case = _known(call)
    coverage = projection.of_case(call.tables, case.id)
    text = call.doors.of(call.tables, case.id).let("json", coverage.summary)
    return answered({"text": text, "written_at": coverage.summary_at, "position": coverage.summary_position})


async def summarise(call: Call) -> Response:
    case = _known(call)
    command = commands.summarise(call.doors, case.id, call.body.text, based_on=call.body.based_on)
    written = await call.do(await _asked_first(call, case, command, call.body.sure, [call.body.text]), case.id)
    if written.kind == ChangeProposed.kind:
        return proposed(written)
    return answered({"text": call.body.text, "position": written.position}, 201, written)


async def list_posts(call: Call) -> Response:
    """All posts that have a place on the page, in its order."""
    case = _known(call)
    posts = projection.shown(call.tables, case.id)
    return call.listed(f"{PREFIX}/cases/{case.slug}/posts", posts, lambda post: _post(call, case, post))


async def publish(call: Call) -> Response:
    """Publish a post: 201; or 202 when it was kept on the desk instead."""
    new, case = call.body, _known(call)
    found = [pictures.taken(call.serving, case, one.media) for one in new.pictures]
    shown = [
        pictures.told(one, told.alt, told.credit, told.caption) for one, told in zip(found, new.pictures, strict=True)
    ]
    content = PostPublished(
        case.id,
        (
            *_elements(new),
            *shown,
            *(cards.card(one.url, one.title, one.text, call.serving.embeds_from) for one in new.links),
        ),
        title=new.title,
        byline=call.caller.account.name,
        said_at=new.said_at,
        written_at=new.written_at,
        not_before=until_time(new.not_before, case.zone) if new.not_before else None,
        key_event=new.key_event,
        pinned=new.pinned,
    )
    doubtful = any(one.doubtful for one in found)
    submit = not call.caller.may("publish")

    def publishing(said: Content, post: str | None) -> Command:
        return commands.publish(call.doors, said, post, doubtful=doubtful, submit=submit)

    command = publishing(content, None)
    if new.draft:
        stood = new.stood if isinstance(new.stood, int) else None
        command = drafting.publish(call.serving, case, new.draft, call.caller, content, stood, publishing)
    asked = await _asked_first(call, case, command, new.sure, texts_of(content), new.title)
    written = await call.do(asked, case.id)
    if new.draft:
        drafting.clear_sent(call.serving, case)
    told = {"id": written.stream, "position": written.position, "url": f"/{case.slug}/posts/{written.stream}/"}
    if written.kind == "coverage.post_held":
        return answered(
            {**told, "status": "held", "detail": held(looked_at_by(now.instant(written.at), case.zone))}, 202, written
        )
    for kind, detail in ((PostSealed.kind, SEALED), (PostSubmitted.kind, SUBMITTED), (PostWaiting.kind, WAITING)):
        if written.kind == kind:
            return answered({**told, "status": kind.removeprefix("coverage.post_"), "detail": detail}, 202, written)
    return answered({**told, "status": "published", "published_at": written.at}, 201, written)


async def _asked_first(
    call: Call, case: Case, command: Command, sure: bool, texts: list[str], title: object = "", but: str = ""
) -> Command:
    await order_pages.looked_through(call.serving, case, call.caller)
    near = order_pages.nearing(call.serving, case, call.caller, but)
    return asked_first(command, case.id, texts, title=title if isinstance(title, str) else "", sure=sure, near=near)


async def take_picture(call: Call) -> Response:
    """Send a picture as it is, as the body; what is answered names it in posts. The same file twice is one picture."""
    case, headers = _known(call), call.request.headers
    if not headers.get("content-type", "").startswith(("image/", "application/octet-stream")):
        raise errors.Unreadable("Send the picture itself, as image/jpeg or as what it is. Nothing was kept.")
    sent = await call.request.body()
    taken = await pictures.take_in(call.serving, case, sent, headers.get("heard-file-name", ""))
    kept = taken.image
    return answered({"media": kept.media, "width": kept.width, "height": kept.height}, 201)


def _elements(new: asked.NewPost) -> tuple[Element, ...]:
    if not new.speaker:
        return (Text(new.text),)
    return (Quote(new.text, new.speaker, new.role, new.as_said, new.setting),)


# A post ---------------------------------------------------------------------------------------------------------------


async def read_post(call: Call) -> Response:
    post = projection.by_id(call.tables, call.named("post"))
    return answered(_post(call, cases.by_id(call.tables, post.case), post))


async def list_corrections(call: Call) -> Response:
    return answered({"items": _notices(call, "corrected"), "next": None})


async def list_clarifications(call: Call) -> Response:
    return answered({"items": _notices(call, "clarified"), "next": None})


async def read_retraction(call: Call) -> Response:
    for notice in _notices(call, "retracted"):
        return answered(notice)
    raise NotFound("This post was not retracted.")


def _notices(call: Call, kind: str) -> list[dict[str, Any]]:
    """What was done to a post, as readers are told."""
    post = projection.by_id(call.tables, call.named("post"))
    told = _post(call, cases.by_id(call.tables, post.case), post).get("notices", [])
    return [notice for notice in told if notice["kind"] == kind]


async def read_key_event(call: Call) -> Response:
    return answered({"on": projection.by_id(call.tables, call.named("post")).key_event})


async def read_pin(call: Call) -> Response:
    return answered({"on": projection.by_id(call.tables, call.named("post")).pinned})


async def correct(call: Call) -> Response:
    new, post = call.body, projection.by_id(call.tables, call.named("post"))
    case, elements = cases.by_id(call.tables, post.case), reworded(post.elements, new.text)
    stands = repicturing.Repictured(elements, ())
    if new.pictures is not msgspec.UNSET:
        stands = repicturing.by_list(call.serving, case, elements, new.pictures)
    command = commands.correct(
        call.doors,
        post.id,
        stands.elements,
        new.reason,
        title=None if new.title is msgspec.UNSET else new.title,
        notice=new.notice,
        old_shown=new.old_shown,
        wrong=new.wrong,
        based_on=new.based_on,
        doubtful=stands.doubtful,
    )
    texts = [new.text, new.notice, *stands.texts]
    command = await _asked_first(call, case, command, new.sure, texts, new.title, post.id)
    return await _changed(call, post, command)


async def clarify(call: Call) -> Response:
    new, post = call.body, projection.by_id(call.tables, call.named("post"))
    command = commands.clarify(
        call.doors,
        post.id,
        None if new.text is None else reworded(post.elements, new.text),
        new.reason,
        title=None if new.title is msgspec.UNSET else new.title,
        notice=new.notice,
        based_on=new.based_on,
    )
    case = cases.by_id(call.tables, post.case)
    command = await _asked_first(call, case, command, new.sure, [new.text or "", new.notice], new.title, post.id)
    return await _changed(call, post, command)


async def retract(call: Call) -> Response:
    new, post = call.body, projection.by_id(call.tables, call.named("post"))
    by = call.caller.account.id
    command = commands.retract(call.doors, post.id, new.reason, new.code, new.notice, by)
    return await _changed(call, post, command)


async def key_event(call: Call) -> Response:
    post = projection.by_id(call.tables, call.named("post"))
    return await _changed(call, post, commands.mark_key_event(post.id, call.body.on))


async def pin(call: Call) -> Response:
    post = projection.by_id(call.tables, call.named("post"))
    return await _changed(call, post, commands.pin(post.id, call.body.on))


async def _changed(call: Call, post: Post, command: Command) -> Response:
    written = await call.do(command, post.id)
    if written.kind == ChangeProposed.kind:
        return proposed(written)
    now_is = _post(call, cases.by_id(call.tables, post.case), projection.by_id(call.tables, post.id))
    return answered(now_is, 201, written)


def proposed(written: Written) -> Response:
    """202: the change is kept, and made when another person lets it out."""
    told = {"id": written.stream, "status": "proposed", "detail": PROPOSED, "position": written.position}
    return answered(told, 202, written)


def _post(call: Call, case: Case, post: Post) -> dict[str, Any]:
    """A post as readers may see it; one that is held says so and nothing else."""
    door = call.doors.of(call.tables, case.id)
    shown = show(door, post)
    if shown is None:
        return {"id": post.id, "status": post.status, "position": post.position, "case": case.slug}
    told: dict[str, Any] = msgspec.to_builtins(shown)
    told |= {"case": case.slug, "url": f"/{case.slug}/posts/{post.id}/", "text": shown.text}
    door.let("json", errors.encode(told).decode(), notice=shown.status != "published")
    return told
