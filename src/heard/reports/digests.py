"""Letters to followers: what is new of what they follow, and where to say yes and to leave.

No subject and no line names who died, tells how, or repeats the words of a search. A letter is made when it is about to
be sent and passes the door then, so that what was withdrawn a moment ago is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qs

import msgspec

from heard.cases.follows import Followed, Letter
from heard.cases.release import Door
from heard.engine.journal import Journal
from heard.reports import entries, finding, standing
from heard.reports.areas import area_key
from heard.reports.following import subject
from heard.reports.model import NOT_SHOWN, THEMES
from heard.reports.register import Register
from heard.reports.shown import Shown

#: A letter tells of so many reports; of the rest it says how many.
REPORTS_MAX = 50
#: What is worth a letter. That something was withdrawn is none: the letter would point at it.
NEWS: dict[type[Any], Callable[[Any], str]] = {
    entries.Listed: lambda body: "new here",
    entries.Told: lambda body: _of_source(body),
    entries.ResponseRecorded: lambda body: "a response was recorded",
    entries.ExtensionRecorded: lambda body: "the coroner gave an addressee more time",
    entries.PromiseRecorded: lambda body: "an addressee said what it will do",
    entries.OutcomeSet: lambda body: "somebody judged what came of a concern",
    entries.JudgementGiven: lambda body: (
        "" if body.judgement == "taken back" else "somebody judged what was done about a concern"
    ),
    entries.Disputed: lambda body: "an addressee says that it did respond",
    entries.EchoConfirmed: lambda body: "somebody confirmed that this was raised before",
}
KINDS = tuple(body.kind for body in NEWS)


def _of_source(body: entries.Told) -> str:
    if body.withdraws() or body.facts.keys() <= {*NOT_SHOWN, *THEMES, "unfound"}:  # nothing of it is more than before
        return ""
    if body.facts.keys() & {"replies", "counted_replies"}:
        return "a source tells of responses"
    return "a source tells to whom it was sent" if "sent_to" in body.facts else "a source tells more of it"


class News(msgspec.Struct, frozen=True):
    """That something happened to a report, in an entry."""

    position: int
    report: str
    what: str


def news(journal: Journal, after: int, upto: int) -> list[News]:
    """What happened to reports in entries of `(after, upto]`."""
    records = [one for one in journal.store.of_kinds(KINDS, after) if one.header.position <= upto]
    made = [(entry, NEWS[type(entry.body)](entry.body)) for entry in journal.opened(records) if entry.body is not None]
    return [News(entry.position, entry.stream, what) for entry, what in made if what]


def title(register: Register, followed: Followed) -> str:
    """What is followed, in words for a subject."""
    match followed.sort:
        case "report":
            one = register.find(followed.key)
            return subject(one) if one else "a report"
        case "body":
            names = (other.name for one in register for other in one.met() if other.key == followed.key)
            return f"reports to {next(names, 'a body')}"
        case "area":
            names = (one.area for one in register if one.area and area_key(one.area) == followed.key)
            return f"reports from {next(names, 'an area')}"
        case _:
            return "reports that a search finds"


def query_of(key: str) -> finding.Query:
    """The search that is followed, from the end of its address."""
    return finding.query_from({name: values[0] for name, values in parse_qs(key.lstrip("?")).items()})


def asking(door: Door, register: Register, followed: Followed, yes: str) -> Letter:
    """The letter that asks the address whether it wants to be told."""
    what = title(register, followed)
    text = (
        f"Somebody asked that this address be told when there is news of {what}.\n\n"
        f"If that was you, open this page and say yes:\n{yes}\n\n"
        "If it was not, do nothing: you hear no more of it, and the address is forgotten within two days.\n"
    )
    return Letter(door.let("mail", f"Please confirm: news of {what}"), door.let("mail", text))


def digest(
    door: Door,
    register: Register,
    followed: Followed,
    found: Sequence[News],
    newer: Sequence[News],
    days: tuple[date, date],
    base: str,
    leave: str,
    unsure_on: date | None,
) -> Letter | None:
    """What a follower was not told yet: of entries `found`, and of last days in `[from, to)`. None without news.

    A report is shown as it stands now, so what is `newer` of one that the letter tells of anyway is announced with it.
    """
    told: dict[str, list[str]] = {}
    for one in found:
        told.setdefault(one.report, []).append(one.what)
    theirs = [one for one in _followed(register, followed, days[1]) if one.id in told or _passed(one, days)]
    if not theirs:
        return None
    on, ahead, shown = days[1], dict[str, int](), {one.id for one in theirs}
    for news in newer:
        if news.report in shown:
            told.setdefault(news.report, []).append(news.what)
            ahead[news.report] = news.position
    parts = [_part(register, one, told.get(one.id, []), days, base) for one in theirs[:REPORTS_MAX]]
    if len(theirs) > REPORTS_MAX:
        parts.append(f"And news of {len(theirs) - REPORTS_MAX} more: {base}/reports/")
    what = title(register, followed)
    if unsure_on:
        parts.insert(0, f"A letter of {_day(unsure_on)} may not have reached you. What it told of stands on the pages.")
    text = (
        f"News of {what}, as of {_day(on)}.\n\n" + "\n\n".join(parts) + "\n\n-- \n"
        "That a response is not published does not say that none was sent.\n"
        f"You follow this by e-mail. To leave, with one click: {leave}\n"
    )
    return Letter(door.let("mail", f"News of {what}"), door.let("mail", text), leave, ahead)


def _followed(register: Register, followed: Followed, on: date) -> Iterable[Shown]:
    match followed.sort:
        case "report":
            one = register.find(followed.key)
            return [one] if one else []
        case "body":
            return [one for one in register if any(other.key == followed.key for other in one.met())]
        case "area":
            return [one for one in register if one.area and area_key(one.area) == followed.key]
        case _:
            return finding.every(register, query_of(followed.key), on)


def _passed(one: Shown, days: tuple[date, date]) -> bool:
    return any(due and days[0] <= due.on < days[1] for due in one.dues)


def _part(register: Register, one: Shown, told: Sequence[str], days: tuple[date, date], base: str) -> str:
    lines = [subject(one), f"{base}/reports/{one.slug}/", *_new(told, _passed(one, days))]
    for stand in standing.stands(one, register.days_read(one.id), days[1]):
        lines.append(f"- {stand.addressee.name}: {stand.words}")
    return "\n".join(lines)


def _new(told: Sequence[str], passed: bool) -> Iterator[str]:
    what = list(dict.fromkeys(told))
    if what[:1] == ["new here"]:
        what = what[:1]  # all else that was told of it came with it
    if passed:
        what.append("the last day to respond has passed")
    yield f"New: {'; '.join(what)}."


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
