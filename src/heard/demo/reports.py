"""The fictional reports of the demonstration, recorded the way any record is."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from heard.engine.node import Command, Node
from heard.ingest.report_record import read_record, take_in_record
from heard.reports import commands, projection

WRITTEN = Path(__file__).with_name("reports.toml")


def record_reports(node: Node, today: date, by: str) -> None:
    """Record them, once: a register that has any report keeps what it has."""
    node.catch_up()
    if projection.all_reports(node.tables):
        return
    told = tomllib.loads(WRITTEN.read_text("utf-8"))
    reports = dict[int, str]()
    for written in told["report"]:
        dated = today - timedelta(written["days_ago"])
        raw = msgspec.json.encode(_record(written, dated, today))
        slug = take_in_record(node, read_record(raw, WRITTEN.name), today, by)
        report = reports[written["number"]] = projection.by_slug(node.tables, slug)
        said = {"categories": written["category"], "circumstances": written["circumstances"]}
        node.do(commands.tell_of(report, "record", today, said), by=by)
    for written in told["report"]:
        for command in _decided(written, reports, told["judged_by"], today):
            node.do(command, by=by)


def _decided(written: dict[str, Any], reports: dict[int, str], judged_by: str, today: date) -> Iterator[Command]:
    """What the coroner gave and what people judged of it since."""
    report, dated = reports[written["number"]], today - timedelta(written["days_ago"])
    for one in written.get("extension", []):
        yield commands.record_extension(report, one["addressee"], dated + timedelta(one["to_day"]))
    for one in written.get("outcome", []):
        about = report, one["concern"], one["addressee"]
        yield commands.set_outcome(*about, one["outcome"], judged_by, one["passage"])
    for one in written.get("judgement", []):
        about, on = (report, one["concern"], one["addressee"]), today - timedelta(one["days_ago"])
        closes = one.get("closes", False)
        yield commands.give_judgement(*about, one["judgement"], judged_by, on, one["reason"], closes=closes)
    for one in written.get("echo", []):
        yield commands.confirm_echo(report, reports[one["number"]], judged_by)


def _record(written: dict[str, Any], dated: date, today: date) -> dict[str, Any]:
    ids = {one["name"]: f"a{place}" for place, one in enumerate(written["addressee"])}
    return {
        "ref": f"{dated.year}-{written['number']:04}",
        "date_of_report": dated,
        "published_on": min(today, dated + timedelta(5)),
        "coroner": written["coroner"],
        "area": written["area"],
        "deceased": written["deceased"],
        "addressees": [
            {"id": ids[one["name"]], "name": one["name"], "response": _response(one, dated, today)}
            for one in written["addressee"]
        ],
        "concerns": [
            {"number": one["number"], "summary": one["words"], "to": [ids[name] for name in one.get("to", [])]}
            for one in written["concern"]
        ],
        "promises": [
            {
                "by": ids[one["by"]],
                "to_concern": one["concern"],
                "summary": one["words"],
                "due": today + timedelta(one["in_days"]),
            }
            for one in written.get("promise", [])
        ],
    }


def _response(one: dict[str, Any], dated: date, today: date) -> dict[str, Any] | None:
    if "answered_on_day" not in one:
        return None
    on = dated + timedelta(one["answered_on_day"])
    return {
        "dated": on,
        "published_on": min(today, on + timedelta(3)),
        "answer": one["answer"],
        "concerns": one.get("concerns", []),
        "summary": one["words"],
    }
