"""Reports on the desk: messages from readers, readings that are doubted, what was taken out, and what people decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import callers
from heard.accounts.model import Caller
from heard.cases.exits import Serving, looking_twice
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import HeardError, NotFound, Refused
from heard.engine.node import Command
from heard.reports import alike, commands, indexing, projection, promises
from heard.reports.concerns import CHANGED, meant
from heard.reports.entries import Answer, Judgement, Outcome, ProblemTold
from heard.reports.model import SOURCES, GivenJudgement, Judged
from heard.reports.pages import register_of
from heard.reports.register import Register
from heard.reports.shown import Shown
from heard.watch import origins
from heard.watch import projection as watched

Form = Mapping[str, str]
#: A day before or after these is a slip of the pen; from the last day that there is nothing can be counted on.
FIRST_YEAR, LAST_YEAR = 1900, 2199


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/reports/", front, methods=["GET"]),
        Route("/desk/reports/{verb}", act, methods=["POST"]),
    ]


async def front(request: Request) -> Response:
    serving: Serving = request.app.state.serving
    caller = callers.of(request, serving.vault, serving.tables)
    caller.must("read_desk")
    asked = {name: request.query_params.get(name, "")[:200] for name in ("report", "field")}
    opened = request.query_params.get("do", "")
    return _page(serving, caller, done="done" in request.query_params, opened=opened, draft=asked)


def _page(
    serving: Serving,
    caller: Caller,
    *,
    done: bool = False,
    error: str = "",
    opened: str = "",
    draft: Form | None = None,
) -> Response:
    """`opened` is the verb whose form stands open, filled from the draft: the one that was refused, or led to."""
    register, known = register_of(serving), origins.origins(serving.tables)
    page = templates.render(
        "desk/reports.html",
        account=caller.account,
        may=caller.may("correct"),
        sees=caller.may("retract"),
        problems=[_problem(serving, register, one) for one in projection.problems(serving.tables)]
        if caller.may("retract")
        else [],
        readings=_readings(serving)[:20],
        failed=[(projection.slug_of(serving.tables, one), why) for one, why in register.failed.items()],
        alike=alike.told((one.kind, one.reports) for one in alike.groups(register, whole=caller.may("correct"))),
        loose=[one.slug for one in register if CHANGED in {said.concern for said in _said_of(one)}],
        gone=projection.gone(serving.tables),
        names_lost=projection.names_lost(serving.tables),
        taken_out=projection.taken_out(serving.tables),
        titles={name: source.title for name, source in SOURCES.items()},
        answers=get_args(Answer),
        outcomes=get_args(Outcome),
        judgements=get_args(Judgement),
        decides=caller.may("administer"),
        indexed=projection.is_indexing_allowed(serving.tables),
        indexing=indexing.decided(serving.node.journal, serving.tables),
        obligations=watched.obligations(serving.tables) if caller.may("administer") else [],
        promises=promises.to_come(register, known, now.today()) if caller.may("administer") else [],
        stations=watched.stations(serving.tables),
        origins=[(one, projection.slug_of(serving.tables, one.report)) for one in known],
        done=done,
        opened=opened,
        error=error,
        draft=draft or {},
        once=new_id(),
    )
    return Response(page, 422 if error else 200, {"Cache-Control": "no-store"}, "text/html")


def _said_of(one: Shown) -> tuple[Judged | GivenJudgement, ...]:
    return (*one.judged, *one.judgements)


def _readings(serving: Serving) -> list[tuple[projection.Reading, bool]]:
    """Every reading, newest first, and whether it is doubted still: of one that was taken in later, nobody has to be
    alarmed any more.
    """
    every = projection.readings(serving.tables)
    taken = {(one.digest, one.on) for one in every if not one.doubted}
    return [(one, one.doubted and (one.digest, one.on) not in taken) for one in every]


def _problem(serving: Serving, register: Register, one: projection.Problem) -> dict[str, Any]:
    entry = serving.node.journal.entry(one.position)
    body = entry.body if entry else None
    contact = serving.vault.get("contact", one.id) or b""
    shown = register.find(one.report)
    return {
        "id": one.id,
        "slug": projection.slug_of(serving.tables, one.report),
        "is_hidden": shown is not None and shown.names_hidden,
        "told_at": one.told_at,
        "words": body.words if isinstance(body, ProblemTold) else "",
        "addressee": body.addressee if isinstance(body, ProblemTold) else "",
        "contact": contact.decode(),
    }


async def act(request: Request) -> Response:
    """One decision about a report. What is refused comes back with what was typed."""
    serving: Serving = request.app.state.serving
    caller = callers.of(request, serving.vault, serving.tables)
    caller.must("administer" if request.path_params["verb"] in _OF_THE_SITE else "correct")
    sent = await request.form(max_fields=30)
    form = {name: value.replace("\r\n", "\n").strip() for name, value in sent.items() if isinstance(value, str)}

    async def done() -> Response:
        if request.path_params["verb"] not in _VERBS:
            raise NotFound("The desk has no such verb.")
        try:
            command = _VERBS[request.path_params["verb"]](serving, form)
            asked = msgspec.json.encode(sorted(form.items()))
            await serving.do(
                command, by=caller.account.id, scope="reports", key=form.get("once") or None, request=asked
            )
        except HeardError as refusal:
            verb = request.path_params["verb"]
            return _page(serving, caller, error=refusal.message, opened=verb, draft=form)
        register_of(serving)
        return RedirectResponse("/desk/reports/?done", 303)

    return await looking_twice(serving, done)


def _report(serving: Serving, form: Form) -> str:
    """The report that the form names, by its address."""
    try:
        return projection.by_slug(serving.tables, form.get("report", "").strip().strip("/").rsplit("/", 1)[-1].lower())
    except NotFound as wrong:
        raise Refused("There is no report of this reference here. Nothing was changed.") from wrong


def _day(form: Form, name: str) -> date | None:
    try:
        day = date.fromisoformat(form[name]) if form.get(name) else None
    except ValueError as wrong:
        raise Refused("Write days like 2025-07-31. Nothing was changed.") from wrong
    if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused(f"The year {day.year} is none of any report. Nothing was changed.")
    return day


def _needed(form: Form, name: str) -> date:
    day = _day(form, name)
    if day is None:
        raise Refused("The day is missing. Nothing was changed.")
    return day


def _hide(serving: Serving, form: Form) -> Command:
    names = [line for line in form.get("names", "").splitlines() if line.strip()]
    return commands.hide_names(_report(serving, form), names, form.get("words", ""))


def _response(serving: Serving, form: Form) -> Command:
    said = {"answer": "not read"} | dict(form)
    answer = _chosen(said, "answer", Answer, "Say what the response says: choose one of the list.")
    return commands.record_response(
        _report(serving, form),
        form.get("addressee", ""),
        dated_on=_day(form, "dated"),
        received_on=_day(form, "received"),
        published_on=_day(form, "published"),
        answer=answer,
        concerns=[one.strip() for one in form.get("concerns", "").split(",") if one.strip()],
        words=form.get("words", ""),
    )


def _chosen(form: Form, name: str, of: Any, otherwise: str) -> Any:
    """What was chosen of a list of words; Refused, as is said, where it is none of them."""
    if (word := form.get(name, "")) not in get_args(of):
        raise Refused(f"{otherwise} Nothing was changed.")
    return word


def _outcome(serving: Serving, form: Form) -> Command:
    outcome = _chosen(form, "outcome", Outcome, "Choose what came of it from the list.")
    return commands.set_outcome(*_of_concern(serving, form), outcome, form.get("judged_by", ""), form.get("words", ""))


def _judgement(serving: Serving, form: Form) -> Command:
    judgement = _chosen(form, "judgement", Judgement, "Choose how it is judged from the list.")
    return commands.give_judgement(
        *_of_concern(serving, form),
        judgement,
        form.get("judged_by", ""),
        _day(form, "until") or now.today(),
        form.get("words", ""),
        closes=bool(form.get("closes")),
        superseded_by=form.get("instead", ""),
    )


def _of_concern(serving: Serving, form: Form) -> tuple[str, str, str]:
    """Of which report, which concern, and with whom.

    Raises Refused for a concern that the report does not have, where any of its concerns is known: no page would have
    what is said of it.
    """
    report, concern = _report(serving, form), form.get("concern", "").rpartition("#")[2].removeprefix("concern-")
    known = register_of(serving).texts(report).numbered
    if known and meant(concern, known) is None:
        raise Refused(f"The report has no concern “{concern[:40]}”, or two of this number. Nothing was changed.")
    return report, concern, form.get("addressee", "")


def _echo(serving: Serving, form: Form) -> Command:
    earlier = _report(serving, {"report": form.get("earlier", "")})
    return commands.confirm_echo(_report(serving, form), earlier, form.get("judged_by", ""))


def _days(form: Form) -> int:
    late = form.get("late_days", "").strip()
    return int(late) if late.isdecimal() and len(late) < 5 else 0


#: What an administrator decides: whether search engines may keep pages, and what is public of what is watched.
_OF_THE_SITE: dict[str, Callable[[Serving, Form], Command]] = {
    "watched": lambda serving, form: origins.name_origin(
        form.get("obligation", ""), _report(serving, form), form.get("concern", ""), form.get("words", "")
    ),
    "public": lambda serving, form: origins.tell_in_public(
        form.get("obligation", ""), _days(form), form.get("judged_by", "")
    ),
    "private": lambda serving, form: origins.tell_no_more(form.get("obligation", ""), form.get("words", "")),
    "index": lambda serving, form: commands.allow_indexing(form.get("judged_by", "")),
    "unindex": lambda serving, form: commands.end_indexing(form.get("judged_by", "")),
}
_VERBS: dict[str, Callable[[Serving, Form], Command]] = {
    "settle": lambda serving, form: commands.settle_problem(form.get("problem", ""), form.get("words", "")),
    "dispute": lambda serving, form: commands.dispute(
        _report(serving, form), form.get("addressee", ""), form.get("words", "")
    ),
    "hide": _hide,
    "hide-all": lambda serving, form: commands.hide_every_name(form.get("words", "")),
    "show-all": lambda serving, form: commands.show_every_name(form.get("words", "")),
    "show": lambda serving, form: commands.show_names(_report(serving, form), form.get("words", "")),
    "let": lambda serving, form: commands.let_value(
        _report(serving, form), form.get("field", ""), form.get("words", "")
    ),
    "response": _response,
    "extension": lambda serving, form: commands.record_extension(
        _report(serving, form), form.get("addressee", ""), _needed(form, "until")
    ),
    "sent": lambda serving, form: commands.record_sending(
        _report(serving, form), form.get("addressee", ""), _needed(form, "until")
    ),
    "promise": lambda serving, form: commands.record_promise(
        _report(serving, form),
        form.get("addressee", ""),
        form.get("words", ""),
        form.get("concern", ""),
        _day(form, "until"),
    ),
    "outcome": _outcome,
    "judgement": _judgement,
    "echo": _echo,
    **_OF_THE_SITE,
    "case": lambda serving, form: commands.link_case(
        _report(serving, form), form.get("case", "").strip("/"), form.get("judged_by", "")
    ),
    "uncase": lambda serving, form: commands.unlink_case(_report(serving, form), form.get("case", "").strip("/")),
}
