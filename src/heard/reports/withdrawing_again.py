"""Hiding again what a journal that is older than its witness says of reports, before anything of it is served.

The witness holds no words: that names were hidden, that a source took something out and in which fields, that a page
was gone. That is written anew, as it was. Where other names were hidden besides those of the dead, nobody knows which:
such a report is withheld until somebody says it. What a source took out of a list of addressees stands as one mark
until it is read again; then it says itself who is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from heard.engine.entry import Body, Draft
from heard.engine.node import Command, Decision, Node
from heard.engine.projection import Tables
from heard.reports import projection
from heard.reports.addressees import REDACTED
from heard.reports.commands import hide_every_name
from heard.reports.entries import READINGS, Gone, NamesHidden, Told

GROUND = "It was hidden or taken out before, and the journal that said so is lost."


def hide_again(node: Node, lines: Iterable[str], by: str) -> tuple[str, ...]:
    """Do what a witness's `lines` say of reports; the ids of those about which something was written, or `READINGS`.

    A line is `<report> <position> <what>`, as the entries' `to_do_again` says it; an id alone, of which posts
    are withdrawn, does not say enough here. A report that this journal does not know was lost with its words.
    """
    tables = node.projection.tables
    to_do: dict[str, list[Body]] = {}
    for stream, *said in map(str.split, lines):
        if len(said) > 1 and (stream == READINGS or projection.is_report(tables, stream)):
            to_do.setdefault(stream, []).append(_body(said[1:]))
    for stream, bodies in sorted(to_do.items()):
        node.do(hide_every_name(GROUND) if stream == READINGS else _on_report(stream, bodies), by=by)
    return tuple(sorted(to_do))


def _body(what: list[str]) -> Body:
    match what:
        case ["gone", source, on]:
            return Gone(source, date.fromisoformat(on))
        case ["taken-out", source, on, fields]:
            return Told(source, date.fromisoformat(on), dict.fromkeys(fields.split(","), REDACTED))
        case ["names-hidden", "besides"]:
            return NamesHidden(ground=GROUND, lost=True)
        case _:  # also what only a newer version could have said
            return NamesHidden(ground=GROUND)


def _on_report(report: str, bodies: list[Body]) -> Command:
    def judge(tables: Tables) -> Decision:
        return Decision(tuple(Draft(report, body) for body in bodies), (report,))

    return judge
