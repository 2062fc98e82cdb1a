"""The court on the desk: hearings, sittings from when it sits to when it rises, the jury, and what is sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.cases import careful, jury, private, states
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.entries import SealEnd, SealLifted
from heard.cases.exits import Serving
from heard.cases.model import Case, Jury
from heard.cases.permission import record_permission
from heard.coverage import kept, projection, rising
from heard.coverage.model import Post
from heard.engine import now
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command
from heard.engine.projection import Tables

Form = Mapping[str, str]
Make = Callable[[Serving, Case, Form, Caller], Command]


def seen(serving: Serving, case: Case, caller: Caller) -> list[dict[str, Any]]:
    """Each hearing with its jury, if it has one, and its sitting, if the court sits."""
    juries, shut = cases.juries(serving.tables, case.id), states.in_private(serving.tables, case.id)
    sittings = cases.sittings(serving.tables, case.id)
    return [
        {
            "id": hearing,
            "title": title,
            "place": place,
            "jury": juries.get(hearing),
            "ended": _ended(serving, juries[hearing]) if hearing in juries else [],
            "private_since": shut.get(hearing),
            "private_by": account_name(serving.tables, shut[hearing][1]) if hearing in shut else "",
            "delay": cases.delays(serving.tables, case.id).get(hearing, 0),
            "sitting": next((one for one in sittings[::-1] if one.hearing == hearing and one.rose_at is None), None),
            "ends": get_args(SealEnd),
        }
        for hearing, title, place in cases.hearings(serving.tables, case.id)
    ]


def _ended(serving: Serving, jury: Jury) -> list[dict[str, Any]]:
    """What ended the absence of a jury and the seal: who recorded it, when, and in what words, in that order."""
    entries = [serving.node.journal.entry(position) for position in sorted((jury.returned, jury.lifted)) if position]
    return [
        {
            "what": entry.body.cause if isinstance(entry.body, SealLifted) else "the jury is back",
            "words": getattr(entry.body, "words", ""),
            "at": entry.at,
            "by": account_name(serving.tables, entry.by),
        }
        for entry in entries
        if entry
    ]


def account_name(tables: Tables, account: str) -> str:
    """What an account is called on the desk; nothing for one that is none."""
    try:
        known = accounts.by_id(tables, account)
    except NotFound:
        return ""
    return known.name or known.email


def number(form: Form, name: str) -> int | None:
    """A position or a version that a page put into its form; None where there is none."""
    said = form.get(name, "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else None


def sealed(tables: Tables, case: str) -> dict[str, list[Post]]:
    """What was written without its jury, by hearing, in the order of writing."""
    by_hearing: dict[str, list[Post]] = {}
    for post in sorted(projection.with_status(tables, case, "sealed"), key=lambda one: one.published_position):
        by_hearing.setdefault(post.state, []).append(post)
    return by_hearing


def until_time(written: str, zone: str) -> datetime:
    """The next time that a clock in the court shows "14:00", or an instant, with its offset or as the court has it.

    Raises Refused.
    """
    try:
        if "T" in written:
            at = datetime.fromisoformat(written)
            return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
        hour, minute = (int(part) for part in written.split(":"))
        here = now.utc().astimezone(ZoneInfo(zone))
        at = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return at if at > here else at + timedelta(days=1)
    except ValueError as wrong:
        raise Refused("Write the time like 14:00. Nothing was changed.") from wrong


def _describe(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    return case_commands.describe_case(case.id, form.get("title", ""), form.get("standfirst", ""))


def _hearing(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    return case_commands.list_hearing(case.id, form.get("title", ""), form.get("place", ""), with_jury="jury" in form)


def _sit(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    return rising.sit(case.id, form.get("hearing", ""), form.get("title", ""))


def _rise(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    back_at = until_time(form["back_at"], case.zone) if form.get("back_at") else None
    return rising.rise(serving.doors, case.id, form.get("sitting", ""), form.get("words", ""), back_at)


def _lift(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    cause: Any = form.get("cause", "")
    return jury.lift_seal(case.id, form.get("hearing", ""), cause, form.get("words", ""))


def _release_sealed(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    chosen = {name.removeprefix("post-") for name in form if name.startswith("post-")}
    return kept.release_sealed(
        serving.doors, serving.node.journal, case.id, form.get("hearing", ""), chosen, caller.account.id
    )


def _permit(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    permission: Any = form.get("permission", "")
    return record_permission(case.id, permission, form.get("words", ""))


def _stop(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    """For everybody who may withdraw: a court or an order is heard of by a lawyer first as often as by a reporter."""
    return record_permission(case.id, "withdrawn", form.get("words", ""))


def _care(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    return careful.take_care(case.id, [one for one in careful.KINDS if f"care-{one}" in form])


def _private(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    return private.exclude_public(case.id, form.get("hearing", ""), form.get("words", ""))


def _public(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    if form.get("leave") and not caller.may("release_held"):
        raise Refused("An editor or a lawyer records that the court let it be reported. Nothing was changed.")
    return private.admit_public(case.id, form.get("hearing", ""), form.get("leave", ""))


VERBS: dict[str, tuple[str, Make]] = {
    "describe": ("correct", _describe),
    "permission": ("publish", _permit),
    "stop": ("retract", _stop),
    "hearing": ("publish", _hearing),
    "sit": ("publish", _sit),
    "rise": ("publish", _rise),
    "jury-sworn": ("publish", lambda s, case, form, by: jury.swear(case.id, form.get("hearing", ""))),
    "jury-out": ("publish", lambda s, case, form, by: jury.send_out(case.id, form.get("hearing", ""))),
    "jury-back": ("publish", lambda s, case, form, by: jury.bring_back(case.id, form.get("hearing", ""))),
    "jury-lift": ("release_held", _lift),
    "private": ("publish", _private),
    "public": ("publish", _public),
    "care": ("publish", _care),
    "release-sealed": ("release_held", _release_sealed),
}
