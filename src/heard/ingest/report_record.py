"""A record of one report, made by hand from what was published: the facts in JSON (docs/formats/report-record.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import cast

import msgspec

from heard.engine.errors import Refused
from heard.engine.node import Command, Node
from heard.reports import commands, projection
from heard.reports.commands import Row
from heard.reports.entries import Answer


class _Response(msgspec.Struct):
    dated: date | None = None
    received: date | None = None
    published_on: date | None = None
    extension: date | None = None
    published: bool = True
    answer: str = "not read"
    concerns: list[str] = []
    summary: str = ""
    day: int | None = None


class _Addressee(msgspec.Struct):
    id: str
    name: str
    response: _Response | None = None
    sent: date | None = None


class _Concern(msgspec.Struct):
    summary: str
    number: str | None = None
    to: list[str] = []
    suggestion: bool = False


class _Promise(msgspec.Struct):
    by: str
    summary: str
    to_concern: str | None = None
    due: date | None = None


class Record(msgspec.Struct):
    ref: str
    date_of_report: date
    addressees: list[_Addressee]
    concerns: list[_Concern] = []
    promises: list[_Promise] = []
    published_on: date | None = None
    coroner: str = ""
    area: str = ""
    deceased: str = ""
    page: str = ""


def read_record(raw: bytes, name: str) -> Record:
    """Raises Refused where it is none."""
    try:
        record = msgspec.json.decode(raw, type=Record)
    except msgspec.MsgspecError as wrong:
        raise Refused(f"{name} is not a record of a report: {wrong}. Nothing was imported.") from wrong
    names = {one.id for one in record.addressees}
    asked = [one for concern in record.concerns for one in concern.to] + [promise.by for promise in record.promises]
    if missing := [one for one in asked if one not in names]:
        raise Refused(f"{name} speaks of “{missing[0][:20]}”, who is none of its addressees. Nothing was imported.")
    return record


def take_in_record(node: Node, record: Record, on: date, by: str) -> str:
    """Take a record in, and answer the report's address. Doing it again changes nothing."""
    node.catch_up()
    report = _known(node, record)
    kept_at = record.page or f"record:{record.ref}"
    if report is None:
        node.do(commands.tell("record", on, [Row(kept_at, _facts(record))]), by=by)
        report = projection.at_source(node.tables, kept_at)
        assert report is not None
    else:
        node.do(
            commands.tell_of(report, "record", on, _facts(record)),
            by=by,
            key=f"record {_digest(_facts(record))}",
            scope=report,
        )
    for name, command in _statements(report, record):
        node.do(command, by=by, key=name, scope=report)
    return projection.slug_of(node.tables, report)


def _known(node: Node, record: Record) -> str | None:
    """The report of this reference, if exactly one has it."""
    if record.page:
        return projection.at_source(node.tables, record.page)
    slug = record.ref.lower()
    shared = projection.is_taken(node.tables, f"{slug}-2")
    return projection.by_slug(node.tables, slug) if projection.is_taken(node.tables, slug) and not shared else None


def _facts(record: Record) -> dict[str, str]:
    facts = {
        "ref": record.ref,
        "dated": record.date_of_report.isoformat(),
        "added": record.published_on.isoformat() if record.published_on else "",
        "coroner": record.coroner,
        "area": record.area,
        "deceased": record.deceased,
        "sent_to": " | ".join(one.name for one in record.addressees),
    }
    return {field: words for field, words in facts.items() if words}


def _statements(report: str, record: Record) -> Iterator[tuple[str, Command]]:
    """What the record says besides, each under a name that is the same at every import of it."""
    names = {one.id: one.name for one in record.addressees}
    for concern in record.concerns:
        number, to = concern.number or "", [names[one] for one in concern.to]
        key = f"concern {_digest(concern)}"
        yield (
            key,
            commands.number_concern(
                report, number, concern.summary, to, suggestion=concern.suggestion, concern=_digest(concern)[:16]
            ),
        )
    for one in record.addressees:
        if one.sent:
            yield f"sent {one.id} {one.sent}", commands.record_sending(report, one.name, one.sent)
        if one.response and one.response.extension:
            yield f"extension {one.id}", commands.record_extension(report, one.name, one.response.extension)
        if one.response and one.response.published:
            said = one.response
            yield (
                f"response {one.id} {_digest(said)}",
                commands.record_response(
                    report,
                    one.name,
                    dated_on=said.dated,
                    received_on=said.received,
                    published_on=said.published_on,
                    answer=cast(Answer, said.answer),
                    concerns=said.concerns,
                    words=said.summary,
                ),
            )
    for promise in record.promises:
        by = names[promise.by]
        yield (
            f"promise {_digest(promise)}",
            commands.record_promise(report, by, promise.summary, _concern_id(record, promise.to_concern), promise.due),
        )


def _concern_id(record: Record, number: str | None) -> str:
    return next((_digest(one)[:16] for one in record.concerns if number and one.number == number), "")


def _digest(said: object) -> str:
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()[:24]
