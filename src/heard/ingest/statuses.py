"""What named people judged elsewhere, as a table: compared with what stands here, and taken in.

The table is the one that goes out (docs/formats/axes.md), so that it can be filled in and come back. A word of the NTSB
or the GAO is read as what its rule says of action and judgement (`reports.equivalents`); what it says of responses is
not taken from it, since sources tell of those. Without who says so, and the passage or reason, nothing is taken.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import cast, get_args

import msgspec

from heard.cases.release import Doors
from heard.engine.errors import HeardError, Refused
from heard.engine.node import Command, Node
from heard.reports import axes, bodies, commands, projection, standing
from heard.reports.axes import ACTIONS, Axes
from heard.reports.concerns import is_number
from heard.reports.entries import Judgement, Outcome
from heard.reports.equivalents import GAO, NEVER, NO_EQUIVALENT, NTSB, Rule
from heard.reports.model import HIDDEN, NOT_KNOWN, Masking
from heard.reports.seen import masking_now, seen_now
from heard.text.dates import civil_date

#: More than these is no table that somebody judged.
ROWS_MAX = 100_000
_KEPT_FROM_RUNNING = re.compile(r"^'(?=[=+\-@\t\r])")
NEEDED = frozenset({"report", "addressee"})
OUTCOMES = {action: outcome for outcome, action in ACTIONS.items()}


class Said(msgspec.Struct, frozen=True):
    """What one row says, in our words: an action with its passage, a judgement with its reason; either may be empty."""

    action: str = ""
    action_by: str = ""
    passage: str = ""
    judgement: str = ""
    judged_by: str = ""
    judged_on: date | None = None
    reason: str = ""
    closes: bool = False
    superseded_by: str = ""


class Statuses(msgspec.Struct, frozen=True):
    """What a table would change: `new` has what is to be done for each row, by its line."""

    rows: int
    new: tuple[tuple[int, str, Command], ...]
    same: int
    #: Rows in which nobody judged anything.
    empty: int


def difference(node: Node, doors: Doors, raw: bytes, name: str, on: date) -> Statuses:
    """Compare a table with what stands here. `on`: the day of a judgement that has none.

    Raises Refused for the first row that cannot be understood or names nobody; then nothing of it is taken in.
    """
    node.catch_up()
    new: list[tuple[int, str, Command]] = []
    known: dict[str, tuple[list[Axes], Masking]] = {}
    told: dict[tuple[str, str, str, str], int] = {}
    rows = same = empty = 0
    for line, cells in _rows(raw, name):
        rows += 1
        try:
            said = said_in(cells)
            if not said.action and not said.judgement:
                empty += 1
                continue
            report = projection.by_slug(node.tables, cells.get("report", "").rstrip("/").rsplit("/", 1)[-1].lower())
            if report not in known:
                known[report] = _known(node, doors, report, on)
            some, masked = known[report]
            meant = _meant(some, cells)
            for axis in (axis for axis in ("action", "judgement") if getattr(said, axis)):
                first = told.setdefault((report, meant.concern, meant.addressee, axis), line)
                if first != line:  # the last would stand, and the first again when the table is imported again
                    raise Refused(
                        f"Line {first} has the {axis} of the same concern and addressee. Leave the one in force."
                    )
            found = list(_changes(report, meant, said, masked, on))
        except HeardError as wrong:
            raise Refused(f"{name}, line {line}: {wrong.message.removesuffix(_KEPT)} Nothing was imported.") from wrong
        new += [(line, what, command) for what, command in found]
        same += not found
    return Statuses(rows, tuple(new), same, empty)


_KEPT = " Nothing was changed."


def take_in(node: Node, what: Statuses, by: str, progress: Callable[[int, int], None] | None = None) -> None:
    """Each row is an entry or two of its own; begun again it goes on where it was."""
    for done, (_, _, command) in enumerate(what.new, 1):
        node.do(command, by=by)
        if progress:
            progress(done, len(what.new))


# A row --------------------------------------------------------------------------------------------------------------


def _rows(raw: bytes, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Every row with the line on which it ends; an apostrophe that keeps a spreadsheet from running a cell is no part
    of it.
    """
    try:
        rows = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        columns = {(column or "").strip().lower() for column in rows.fieldnames or ()}
        if not columns >= NEEDED or not columns & {"action", "judgement", "ntsb", "gao"}:
            raise Refused(
                f"{name} is no table of statuses: it needs the columns report, concern or number, addressee, and one "
                "of action, judgement, ntsb and gao. Nothing was imported."
            )
        for place, cells in enumerate(rows):
            if place >= ROWS_MAX:
                raise Refused(f"{name} has more than {ROWS_MAX:,} rows. Nothing was imported.")
            told = {(column or "").strip().lower(): cell for column, cell in cells.items() if isinstance(cell, str)}
            yield (
                rows.line_num,
                {column: _KEPT_FROM_RUNNING.sub("", cell).strip() for column, cell in told.items()},
            )
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise Refused(f"{name} cannot be read as a table in UTF-8. Nothing was imported.") from wrong


def said_in(cells: Mapping[str, str]) -> Said:
    """Raises Refused where a word is none of the list, where words contradict each other, or nobody is named."""
    action = _one_of(cells, "action", {**{word: word for word in ACTIONS.values()}, **ACTIONS})
    judgement = _one_of(cells, "judgement", {word: word for word in get_args(Judgement)})
    closes, instead = _one_of(cells, "closed", _YES_NO) == "yes", cells.get("superseded_by", "")
    for column, rules in (("ntsb", NTSB), ("gao", GAO)):
        rule = _rule(cells, column, rules)
        if rule is None:
            continue
        if not judgement and NOT_KNOWN not in rule.judgements:
            if len(rule.judgements) > 1:
                some = ", ".join(rule.judgements)
                raise Refused(f"“{rule.word}” does not say how it was judged: write in `judgement` one of {some}.")
            [judgement] = rule.judgements
            closes = rule.closed
        if judgement and not action and rule.actions:
            [action] = rule.actions
        closing = closes or bool(instead) or judgement in commands.CLOSING
        if not rule.says(action or NOT_KNOWN, judgement or NOT_KNOWN, closed=closing, superseded=bool(instead)):
            raise Refused(
                f"“{rule.word}” and the other cells contradict each other. Leave `{column}` empty where the others are "
                "right."
            )
    by, by_action = cells.get("judged_by", ""), cells.get("action_by", "") or cells.get("judged_by", "")
    day = cells.get("judged_on", "")
    if day and civil_date(day) is None:
        raise Refused(f"“{day[:40]}” is no day. Write it like 2025-07-31.")
    if action and not (by_action and cells.get("passage")):
        raise Refused("An action needs who says so (`action_by`) and the passage that it rests on (`passage`).")
    if judgement and not (by and cells.get("reason")):
        raise Refused("A judgement needs who judged (`judged_by`) and why (`reason`).")
    if (closes or instead) and not judgement:
        raise Refused("It is closed only by a judgement: write one in `judgement`.")
    said = Said(closes=closes, superseded_by=instead)
    if action:
        said = msgspec.structs.replace(said, action=action, action_by=by_action, passage=cells["passage"])
    if judgement:
        judged = {"judgement": judgement, "judged_by": by, "judged_on": civil_date(day), "reason": cells["reason"]}
        said = msgspec.structs.replace(said, **judged)
    return said


_YES_NO = {"yes": "yes", "no": ""}


def _one_of(cells: Mapping[str, str], column: str, words: Mapping[str, str]) -> str:
    said = cells.get(column, "").lower()
    if said in ("", NOT_KNOWN):
        return ""
    if said not in words:
        raise Refused(f"“{said[:40]}” is none of what can stand in `{column}`: {', '.join(words)}.")
    return words[said]


def _rule(cells: Mapping[str, str], column: str, rules: Sequence[Rule]) -> Rule | None:
    """The rule of a word of theirs, however its dash is written; None where the cell has no word."""
    said = _plainly(cells.get(column, ""))
    if said in ("", _plainly(NO_EQUIVALENT)):
        return None
    for word, why in NEVER.items():
        if said == _plainly(word):
            raise Refused(f"“{word}” is never said here: {why}.")
    found = [rule for rule in rules if _plainly(rule.word) == said]
    if not found:
        raise Refused(f"“{cells[column][:60]}” is no word of the {column.upper()} that is known here.")
    return found[0]


def _plainly(word: str) -> str:
    return " ".join(re.findall(r"[a-z]+|/", word.lower()))


# Beside what stands here --------------------------------------------------------------------------------------------


def _known(node: Node, doors: Doors, report: str, on: date) -> tuple[list[Axes], Masking]:
    """The rows of a report as they may be seen, and what takes out of words what is hidden in it."""
    seen = seen_now(node.journal, node.tables, doors, report)
    if seen is None:
        raise Refused("This report is withheld.")
    stands = standing.stands(seen[0], projection.days_read(node.tables, report), on)
    return axes.axes(*seen, stands, ()), masking_now(node.journal, node.tables, doors, report)


def _meant(some: Sequence[Axes], cells: Mapping[str, str]) -> Axes:
    """The row here that a row of the table is about."""
    concern, number = cells.get("concern", ""), cells.get("number", "")
    theirs = [
        one
        for one in some
        if one.concern and (one.concern == concern or (not concern and number and is_number(one.number, number)))
    ]
    if not theirs:
        raise Refused(f"The report has no concern “{(concern or number)[:40]}” that is known here.")
    if len({one.concern for one in theirs}) > 1:
        raise Refused(f"Two concerns of the report have the number “{number[:40]}”: write the id of one in `concern`.")
    addressee = cells.get("addressee", "")
    asked = [one for one in theirs if bodies.alike(one.addressee, addressee)]
    if len(asked) != 1 or not asked[0].addressee:
        raise Refused(f"The concern was not put to “{addressee[:80]}”, as far as is known here.")
    if HIDDEN in asked[0].addressee:
        raise Refused("The name of this addressee is hidden here, and of a person who is hidden nothing is judged.")
    return asked[0]


def _changes(report: str, stands: Axes, said: Said, masked: Masking, on: date) -> Iterator[tuple[str, Command]]:
    """What is to be done so that it stands as it is said; nothing of what does."""
    action, judgement = stands.action, stands.judgement
    if said.action and (action.value, action.by, action.words) != (
        *(said.action, masked(said.action_by), masked(said.passage)),
    ):
        outcome = cast(Outcome, OUTCOMES[said.action])
        yield (
            f"{stands.addressee}: {said.action}",
            commands.set_outcome(report, stands.concern, stands.addressee, outcome, said.action_by, said.passage),
        )
    if not said.judgement or (said.judgement == "taken back" and judgement.value == NOT_KNOWN):
        return
    closes = said.closes or bool(said.superseded_by) or said.judgement in commands.CLOSING
    there = (judgement.value, judgement.by, judgement.words, stands.closed, stands.superseded_by)
    if there == (
        *(said.judgement, masked(said.judged_by), masked(said.reason)),
        *(closes, masked(said.superseded_by)),
    ) and said.judged_on in (None, judgement.on):
        return
    given = commands.give_judgement(
        *(report, stands.concern, stands.addressee, cast(Judgement, said.judgement), said.judged_by),
        *(said.judged_on or on, said.reason),
        closes=said.closes,
        superseded_by=said.superseded_by,
    )
    yield f"{stands.addressee}: judged {said.judgement}", given
