"""Published reports, read from whatever lists them. Every reading is compared first with what is known.

What a source said before and says again makes no entry. A blank never un-says anything. A reading that is broken
(most of it blank, or much of what was there gone) is not taken in: it is kept in mind as an alarm, with what it would
have changed, until a person accepts it; then its filled rows are taken and its blanks say nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date

import msgspec

from heard.engine.entry import Entry
from heard.engine.node import Command, Node
from heard.ingest.report_tables import Table
from heard.reports import addressees, commands, projection
from heard.reports.commands import Row
from heard.reports.entries import Told
from heard.reports.model import NAMED, SOURCES

#: Reports in one commit: a slice takes well under 50 ms, so that a reporter who publishes meanwhile waits no longer.
SLICE = 60
#: So few reports are looked up one by one.
FEW = 200
#: A reading of which more is blank, or gone since the one before, is doubted.
DOUBTED_SHARE = 0.05


class Difference(msgspec.Struct, frozen=True):
    """What a reading would change, before anything is."""

    source: str
    on: date
    digest: str
    new: tuple[Row, ...]
    changed: tuple[tuple[str, Row], ...]
    same: tuple[str, ...]
    blank: int
    here: tuple[str, ...]
    gone: dict[str, date]
    redacted: tuple[str, ...]

    @property
    def rows(self) -> int:
        return len(self.new) + len(self.changed) + len(self.same) + self.blank

    @property
    def share_blank(self) -> float:
        return self.blank / max(1, self.rows)

    @property
    def name(self) -> str:
        """Tells this difference from every other: of another file, another day, or of what is known since."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:32]

    @property
    def doubtful(self) -> bool:
        """Whether so much of a whole reading is blank, or of what was known gone, that the source must be broken."""
        share_gone = len(self.gone) / max(1, self.rows + len(self.gone))
        return SOURCES[self.source].whole and max(self.share_blank, share_gone) > DOUBTED_SHARE


def difference(node: Node, table: Table, raw: bytes, on: date) -> Difference:
    """What the table says that its source had not said by that day, and what it lacks."""
    node.catch_up()
    known = {report for row in table.rows if (report := projection.at_source(node.tables, row.kept_at))}
    said = _said_before(node, table.source, on, known)
    new: list[Row] = []
    changed: list[tuple[str, Row]] = []
    same: list[str] = []
    redacted: list[str] = []
    here: set[str] = set()
    for row in table.rows:
        report = projection.at_source(node.tables, row.kept_at)
        if report:
            here.add(report)
        if not row.facts:
            continue
        before = said.get(report or "", {})
        facts = {field: words for field, words in row.facts.items() if before.get(field) != words}
        if report is None:
            new.append(Row(row.kept_at, facts))
        elif facts:
            changed.append((report, Row(row.kept_at, facts)))
        else:
            same.append(report)
        if report and any(addressees.is_mark(field, facts.get(field, "")) for field in NAMED):
            redacted.append(report)
    return Difference(
        table.source,
        on,
        hashlib.sha256(raw).hexdigest(),
        tuple(new),
        tuple(changed),
        tuple(same),
        table.blank,
        tuple(sorted(here)),
        _gone(node, table.source, here, on),
        tuple(redacted),
    )


def take_in(
    node: Node, what: Difference, by: str, *, accepted: bool = False, progress: Callable[[int, int], None] | None = None
) -> bool:
    """Write a difference; False where it is doubted and nobody has accepted it. What was written before a crash stays.

    Importing again goes on from there, since what was said is not said again.
    """
    done, total = len(what.same), what.rows - what.blank  # gone on from a crash, it begins where that was
    for command, told in steps(node, what, accepted=accepted):
        node.do(command, by=by)
        done += told
        if progress and told:
            progress(done, total)
    return accepted or not what.doubtful


def steps(node: Node, what: Difference, *, accepted: bool = False) -> Iterator[tuple[Command, int]]:
    """What writes a difference, with how many rows each command tells; each is made when those before it are folded."""
    if what.doubtful and not accepted:
        yield commands.doubt_reading(what.source, what.on, what.digest, what.rows, what.blank, len(what.gone)), 0
        return
    for some in _slices([*what.new, *(row for _, row in what.changed)]):
        yield commands.tell(what.source, what.on, some), len(some)
    unread = [
        report for report in what.same if what.on not in projection.days_read(node.tables, report, (what.source,))
    ]
    for start in range(0, len(unread), SLICE * 8):
        yield commands.tell(what.source, what.on, (), unread[start : start + SLICE * 8]), 0
    if any(reading.digest == what.digest and not reading.doubted for reading in projection.readings(node.tables)):
        return
    here = {*what.here, *(report for row in what.new if (report := projection.at_source(node.tables, row.kept_at)))}
    gone = {} if what.doubtful else _gone(node, what.source, here, what.on)  # a broken reading says nothing by its gaps
    yield commands.keep_reading(what.source, what.on, what.digest, what.rows, what.blank, gone), 0


def _slices(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), SLICE):
        yield rows[start : start + SLICE]


def _said_before(node: Node, source: str, on: date, known: Collection[str]) -> dict[str, dict[str, str]]:
    """The newest words of this source up to a day, by report and field, of some reports at least."""
    said: dict[str, dict[str, str]] = {}
    days: dict[tuple[str, str], date] = {}
    for entry in _told(node, known):
        body = entry.body
        if isinstance(body, Told) and body.source == source and body.on <= on:
            for field, words in body.facts.items():
                if days.get((entry.stream, field), date.min) <= body.on:
                    days[entry.stream, field] = body.on
                    said.setdefault(entry.stream, {})[field] = words
    return said


def _told(node: Node, known: Collection[str]) -> Iterator[Entry]:
    """What was told: of a few reports from the life of each, of more from the whole journal."""
    if len(known) <= FEW:
        for report in known:
            yield from node.journal.stream(report)
        return
    records = node.journal.store.of_kinds((Told.kind,), 0)
    for start in range(0, len(records), 500):
        yield from node.journal.opened(records[start : start + 500])


def _gone(node: Node, source: str, here: set[str], on: date) -> dict[str, date]:
    """Reports that the source had before this reading and has no more, or that a later reading of it had no more.

    So that it makes no difference which of two readings was imported first.
    """
    if not SOURCES[source].whole:
        return {}
    voice = tuple(other.name for other in SOURCES.values() if other.voice == SOURCES[source].voice)
    lost = dict.fromkeys(projection.known_to(node.tables, voice, on) - here, on)
    for later, found in projection.read_whole(node.tables, voice, on).items():
        lost |= dict.fromkeys(here - found, later)
    return lost
