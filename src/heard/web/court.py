"""The verbs of the API about the court: hearings, sittings, the jury, and what was sealed without it."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from heard.cases import careful, jury, private, states
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.footing import footing, of_case
from heard.cases.legal_hold import end_legal_hold, place_legal_hold
from heard.cases.letting_out import fix_delay
from heard.cases.permission import record_permission
from heard.coverage import court, kept, leave, rising
from heard.engine.errors import NotFound
from heard.web import asked, errors
from heard.web.verbs import Call, Verb, answered


def verbs() -> list[Verb]:
    return [
        Verb("GET", "/cases/{case}/hearings", "read_desk", list_hearings),
        Verb("POST", "/cases/{case}/hearings", "publish", list_hearing, asked.NewHearing),
        Verb("GET", "/cases/{case}/permission", "read_desk", read_permission),
        Verb("POST", "/cases/{case}/permission", "publish", record_leave, asked.Footing),
        Verb("GET", "/cases/{case}/permissions", "release_held", list_own),
        Verb("POST", "/cases/{case}/permissions", "release_held", record_own, asked.OwnFooting),
        Verb("POST", "/cases/{case}/stop", "retract", stop, asked.Stop),
        Verb("POST", "/cases/{case}/legal_hold", "erase", hold_for_law, asked.LegalHold),
        Verb("POST", "/cases/{case}/description", "correct", describe, asked.Description),
        Verb("POST", "/hearings/{hearing}/sittings", "publish", sit, asked.NewSitting),
        Verb("POST", "/hearings/{hearing}/jury", "publish", move_jury, asked.JuryMoved),
        Verb("POST", "/hearings/{hearing}/delay", "publish", fix_the_delay, asked.Delay),
        Verb("POST", "/hearings/{hearing}/privacy", "publish", shut_or_open, asked.Privacy),
        Verb("GET", "/cases/{case}/care", "read_desk", read_care),
        Verb("POST", "/cases/{case}/care", "publish", take_care, asked.CareAsked),
        Verb("POST", "/hearings/{hearing}/seal", "release_held", lift_seal, asked.SealEnded),
        Verb("POST", "/hearings/{hearing}/sealed", "release_held", release_sealed, asked.Chosen),
        Verb("POST", "/sittings/{sitting}/rise", "publish", rise, asked.Rose),
    ]


async def list_hearings(call: Call) -> Response:
    """The hearings of a case, each with its jury, if it has one, and its sittings."""
    case = cases.by_name(call.tables, call.named("case"))
    juries, sittings = cases.juries(call.tables, case.id), cases.sittings(call.tables, case.id)
    door = call.doors.of(call.tables, case.id)
    told: list[dict[str, Any]] = []
    for hearing, title, place in cases.hearings(call.tables, case.id):
        known = juries.get(hearing)
        told.append(
            {
                "id": hearing,
                "title": door.let("json", title, notice=True),
                "place": door.let("json", place, notice=True),
                "jury": None if known is None else "out" if known.absent else "in",
                "private": hearing in states.in_private(call.tables, case.id),
                "delay": cases.delays(call.tables, case.id).get(hearing, 0),
                "sittings": [msgspec.to_builtins(one) for one in sittings if one.hearing == hearing],
            }
        )
    door.let("json", errors.encode(told).decode(), notice=True)
    return answered({"items": told, "next": None})


async def list_hearing(call: Call) -> Response:
    new, case = call.body, cases.by_name(call.tables, call.named("case"))
    written = await call.do(case_commands.list_hearing(case.id, new.title, new.place, with_jury=new.jury), case.id)
    return answered({"id": written.stream, "position": written.position}, 201, written)


async def read_permission(call: Call) -> Response:
    case = cases.by_name(call.tables, call.named("case"))
    yours = footing(call.tables, case.id, call.caller.account.id)
    return answered({"permission": of_case(call.tables, case.id).permission, "yours": yours})


async def list_own(call: Call) -> Response:
    """Who reports the case on a footing of their own; `stands` is another where the case was stopped after it."""
    case = cases.by_name(call.tables, call.named("case"))
    return answered({"items": leave.people(call.serving, case), "next": None})


async def record_own(call: Call) -> Response:
    """On what footing one person reports the case; `withdrawn`, what they write is kept and nothing goes out."""
    new, case = call.body, cases.by_name(call.tables, call.named("case"))
    command = leave.record(call.serving, case, new.account, new.permission, new.words, call.caller)
    written = await call.do(command, case.id)
    return answered({"permission": new.permission, "position": written.position}, 201, written)


async def record_leave(call: Call) -> Response:
    """On what footing the case is reported live; `withdrawn` stops everything but withdrawing."""
    new, case = call.body, cases.by_name(call.tables, call.named("case"))
    written = await call.do(record_permission(case.id, new.permission, new.words), case.id)
    return answered({"permission": new.permission, "position": written.position}, 201, written)


async def stop(call: Call) -> Response:
    """Stop live reporting at once: posts are kept, nothing new goes out. For everybody who may withdraw a post."""
    case = cases.by_name(call.tables, call.named("case"))
    written = await call.do(record_permission(case.id, "withdrawn", call.body.words), case.id)
    return answered({"permission": "withdrawn", "position": written.position}, 201, written)


async def hold_for_law(call: Call) -> Response:
    """Keep everything of a case from being erased, or end that."""
    new, case = call.body, cases.by_name(call.tables, call.named("case"))
    written = await call.do((place_legal_hold if new.on else end_legal_hold)(case.id, new.ground), case.id)
    return answered({"on": new.on, "position": written.position}, 201, written)


async def describe(call: Call) -> Response:
    """Put the title or the standfirst of a case better."""
    new, case = call.body, cases.by_name(call.tables, call.named("case"))
    title = case.title if new.title is msgspec.UNSET else new.title
    standfirst = case.standfirst if new.standfirst is msgspec.UNSET else new.standfirst
    written = await call.do(case_commands.describe_case(case.id, title, standfirst), case.id)
    return answered({"position": written.position}, 201, written)


async def sit(call: Call) -> Response:
    """The court sits: posts belong to this sitting from now on, and coverage that was paused goes on."""
    hearing = call.named("hearing")
    written = await call.do(rising.sit(_case_of(call, hearing), hearing, call.body.title), hearing)
    return answered({"id": written.stream, "position": written.position}, 201, written)


async def rise(call: Call) -> Response:
    """The court rises; live coverage pauses, until `back_at` if it said one."""
    sitting = call.named("sitting")
    case = cases.case_of_sitting(call.tables, sitting)
    back_at = court.until_time(call.body.back_at, case.zone) if call.body.back_at else None
    written = await call.do(rising.rise(call.doors, case.id, sitting, call.body.words, back_at), sitting)
    return answered({"position": written.position}, 201, written)


_MOVES = {"sworn": jury.swear, "out": jury.send_out, "in": jury.bring_back}


async def move_jury(call: Call) -> Response:
    """A jury was sworn, goes out (what is written is sealed), or is in again (what was sealed stays sealed)."""
    hearing = call.named("hearing")
    written = await call.do(_MOVES[call.body.jury](_case_of(call, hearing), hearing), hearing)
    return answered({"position": written.position}, 201, written)


async def fix_the_delay(call: Call) -> Response:
    """Have posts of a hearing leave the server so many minutes after they were written."""
    hearing = call.named("hearing")
    written = await call.do(fix_delay(_case_of(call, hearing), hearing, call.body.minutes), hearing)
    return answered({"minutes": call.body.minutes, "position": written.position}, 201, written)


async def shut_or_open(call: Call) -> Response:
    """The hearing sits in private: what is written is kept as notes. Or in public again."""
    hearing, asked_for = call.named("hearing"), call.body
    if asked_for.words and not asked_for.private:
        call.caller.must("release_held")
    command = (private.exclude_public if asked_for.private else private.admit_public)(
        _case_of(call, hearing), hearing, asked_for.words
    )
    written = await call.do(command, hearing)
    return answered({"private": asked_for.private, "position": written.position}, 201, written)


async def read_care(call: Call) -> Response:
    case = cases.by_name(call.tables, call.named("case"))
    return answered({"care": sorted(states.care(call.tables, case.id))})


async def take_care(call: Call) -> Response:
    """With what care a case is reported: of a suicide, of a sexual offence."""
    case = cases.by_name(call.tables, call.named("case"))
    written = await call.do(careful.take_care(case.id, call.body.care), case.id)
    return answered({"care": sorted(states.care(call.tables, case.id)), "position": written.position}, 201, written)


async def lift_seal(call: Call) -> Response:
    """The conclusion was returned, the jury discharged, or leave given: what was sealed may be released."""
    hearing = call.named("hearing")
    command = jury.lift_seal(_case_of(call, hearing), hearing, call.body.cause, call.body.words)
    written = await call.do(command, hearing)
    return answered({"position": written.position}, 201, written)


async def release_sealed(call: Call) -> Response:
    """Publish those posts that are named of what was sealed; the others are dropped."""
    hearing = call.named("hearing")
    journal = call.serving.node.journal
    by = call.caller.account.id
    command = kept.release_sealed(call.doors, journal, _case_of(call, hearing), hearing, set(call.body.posts), by)
    written = await call.do(command, hearing)
    return answered({"position": written.last}, 201, written)


def _case_of(call: Call, hearing: str) -> str:
    case = cases.case_of_hearing(call.tables, hearing)
    if case is None:
        raise NotFound("There is no such hearing.")
    return case
