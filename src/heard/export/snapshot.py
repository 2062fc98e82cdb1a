"""All reports as they may be seen at one moment, as tables, with the entries that they follow from.

An entry is given away whole or not at all. So a report of which anything is hidden has its row, under the signature of
whoever gives it away, and none of its entries. Every other row can be made again from the entries that come with it,
and `snapshot_checking` does so. The format is in docs/formats/snapshot.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Literal

import msgspec

from heard.cases.release import Door, Doors, joined
from heard.engine import chain, now
from heard.engine.entry import Body, decode_body
from heard.engine.errors import Unavailable
from heard.engine.journal import Journal
from heard.engine.node import Node
from heard.engine.projection import Tables, code_hash
from heard.export import archive, manifest
from heard.export.carried import Carried, Progress, strings
from heard.export.making import TRIES, Package, rules_changed, with_proofs
from heard.reports import (
    addressees,
    alike,
    axes,
    axes_tables,
    bodies,
    entries,
    equivalents,
    model,
    projection,
    register,
    seen,
    shown,
    standing,
    tables,
)
from heard.reports.alone import made_alone
from heard.reports.model import OF_RESPONSES
from heard.reports.shown import Shown, Texts

FORMAT: Literal["heard reports 1"] = "heard reports 1"
#: How far each concern has come; a snapshot that an older version made has none.
AXES = "axes.csv"
FILES = (
    "README.txt", AXES, "checkpoint", "entries.ndjson", "public-key", "reports.csv", "reports.json", "snapshot.json",
)  # fmt: skip
#: What may leave of a report of which nothing is hidden. Grounds of decisions, and messages of readers, are not here.
CARRIED: tuple[type[Body], ...] = (
    entries.Listed,
    entries.Told,
    entries.Sent,
    entries.ConcernNumbered,
    entries.ResponseRecorded,
    entries.ExtensionRecorded,
    entries.PromiseRecorded,
    entries.OutcomeSet,
    entries.JudgementGiven,
    entries.Disputed,
    entries.EchoConfirmed,
)
LINKS = frozenset({"replies", "pdf", "kept_at"})
KEPT_CLOSE = frozenset((*model.NAMED, *model.TEXTS))

README = """\
These are the reports to prevent future deaths that one server knew of, as they could be seen when this was made.

  reports.csv       one row a report
  reports.json      the same with concerns and texts, one report a line
  axes.csv          how far each concern has come with each addressee, as sources and named people say
  snapshot.json     the day as of which standings are told, and which reports have their entries here
  entries.ndjson    those entries of the journal, each with salt, header, body and proof of inclusion
  checkpoint        the signed head of the journal that holds these entries
  manifest          the hash of every file here, signed with the same key
  public-key        that key; compare it with the one the publisher gives

To check it, with Heard installed:

  heard verify FILE.zip

The format, and what it proves and does not prove, are in docs/formats/snapshot.md of the project Heard.
"""


class Snapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What snapshot.json says. `proved` are the ids of reports whose rows follow from the entries that are here."""

    format: Literal["heard reports 1"]
    at: str
    on: date
    base: str
    reports: int
    proved: tuple[str, ...]

    def encode(self) -> bytes:
        return msgspec.json.encode(self, order="sorted") + b"\n"


class Taken(msgspec.Struct, frozen=True):
    """The zip, and how much is in it."""

    content: bytes
    reports: int
    proved: int
    entries: int
    key: str
    #: The slugs of those that could not be made.
    failed: tuple[str, ...] = ()


class Days(msgspec.Struct, frozen=True):
    """On which days a source of responses was read, by report."""

    days: dict[str, list[date]]

    def days_read(self, report: str) -> list[date]:
        return self.days.get(report, [])


def days_of(readings: Iterable[entries.Read]) -> Days:
    days: dict[str, set[date]] = {}
    for reading in readings:
        if reading.source in OF_RESPONSES:
            for report in reading.reports:
                days.setdefault(report, set()).add(reading.on)
    return Days({report: sorted(found) for report, found in days.items()})


def maker() -> str:
    """Twelve hex digits that name the code by which entries become rows."""
    ours = (alike, axes, axes_tables, entries, equivalents, model, standing, tables, sys.modules[__name__])
    return code_hash((), (*register.code(), *ours))


class Made(msgspec.Struct, frozen=True):
    """A report as its line of reports.json, its row of reports.csv, and its rows of axes.csv."""

    line: str
    row: tuple[str, ...]
    axes: tuple[tuple[str, ...], ...]


def lines_of(days: Days, one: Shown, texts: Texts, on: date, base: str) -> Made:
    """What is watched because of a report is in no row: its entries are not here, which could prove it."""
    read = days.days_read(one.id)
    told = axes.axes(one, texts, standing.stands(one, read, on), ())
    before = len({earlier for earlier, _ in one.echoes})
    line = tables.encoded(tables.as_json(days, one, texts, on, base, raised_before=before))
    return Made(line, tables.row(read, one, on, base), tuple(axes_tables.as_rows(one, told, on)))


def seen_from(report: str, life: Sequence[Any]) -> tuple[Shown, Texts] | None:
    """A report as it is seen by whoever has these bodies alone."""
    opening = life[0] if life else None
    if not isinstance(opening, entries.Listed):
        return None
    return shown.show(report, opening.slug, opening.kept_at, life, str)


def export_reports(node: Node, doors: Doors, base: str, progress: Progress = lambda done, total: None) -> Taken:
    """Everything that may be seen of reports at this moment, with what proves it.

    Raises Unavailable where rules change all the while.
    """
    for _ in range(TRIES):
        reached = node.catch_up()
        taken = _made(node.journal, node.tables, doors, base.rstrip("/"), progress)
        node.catch_up()
        if not rules_changed(node, reached):
            return taken
    raise Unavailable("Rules of this server changed all the while, so no copy of one moment could be made. Try again.")


def _made(journal: Journal, known: Tables, doors: Doors, base: str, progress: Progress) -> Taken:
    note = journal.checkpoint()
    head = chain.read_note(note, journal.sealing.public_key, journal.sealing.check)
    door, on = doors.of_every(known), now.today()
    readings = [(one, body) for one, body in _opened(journal, entries.READINGS) if isinstance(body, entries.Read)]
    days = days_of(body for _, body in readings)
    kept, proved, every_one = [one for one, _ in readings], list[str](), list[Made]()
    every = sorted(projection.all_reports(known), key=lambda one: one[1])
    failed = []
    for number, (report, slug) in enumerate(every, 1):
        progress(number, len(every))
        made, mistake = made_alone(partial(seen.seen_now, journal, known, doors, report))
        if made is None:
            failed += [slug] if mistake else []
            continue
        told = lines_of(days, *made, on, base)
        every_one.append(told)
        may = [] if made[0].names_hidden else _may_leave(door, _opened(journal, report))
        alone = seen_from(report, [body for _, body in may])
        if alone and lines_of(days, *alone, on, base) == told:
            proved.append(report)
            kept += [one for one, _ in may]
    if any(one.position > head.size for one in kept):
        raise Unavailable("Reports were read in all the while. Nothing was written; try again.")
    package = Package()
    lines = [door.let("export", one.line) for one in every_one]
    package.add("reports.json", joined("export", "[\n" + ",\n".join(lines) + "\n]\n", lines))
    package.add("reports.csv", door.let("export", tables.as_csv([one.row for one in every_one])))
    rows = [axes_tables.COLUMNS, *(row for one in every_one for row in one.axes)]
    package.add(AXES, door.let("export", tables.lines(rows)))
    package.add("entries.ndjson", with_proofs(door, journal.store.leaves(head.size), sorted(kept, key=_place)))
    said = Snapshot(FORMAT, now.text(now.utc()), on, base, len(every_one), tuple(proved))
    key = manifest.key_text(head.origin, journal.sealing.public_key)
    own = (("snapshot.json", said.encode().decode()), ("README.txt", README), ("checkpoint", note), ("public-key", key))
    for name, text in own:
        package.add(name, joined("export", text, ()))
    listed = manifest.Manifest(head.origin, maker(), manifest.listed(package.files))
    package.add(manifest.NAME, joined("export", manifest.sign(listed, journal.sealing), ()))
    packed = archive.pack(package.files)
    return Taken(packed, len(every_one), len(proved), len(kept), key.strip(), tuple(failed))


def _opened(journal: Journal, stream: str) -> list[tuple[Carried, Body]]:
    records = journal.store.stream(stream)
    seals = journal.vault.seals([one.seal for one in records])
    found = []
    for one in records:
        if (raw := journal.body_of(one, seals)) is not None:
            carried = Carried(one.header.position, one.header.encode().decode(), raw.decode(), seals[one.seal].salt)
            found.append((carried, decode_body(one.header.kind, one.header.version, raw)))
    return found


def _says_too_much(told: entries.Told, newest: Mapping[tuple[str, str], str]) -> bool:
    """Something not shown, a mark of redaction but in the name of a link, or a name or text of which its source has
    some word no more: it may have taken something out without a mark.
    """
    words = {field: said for field, said in told.facts.items() if field not in LINKS}
    marked = any("REDACT" in said.upper() for said in words.values())
    put_otherwise = any(
        newest[told.source, field] != said and _took_out(field, said, newest[told.source, field])
        for field, said in words.items()
        if field in KEPT_CLOSE
    )
    return marked or put_otherwise or bool(model.NOT_SHOWN & words.keys())


def _took_out(field: str, said: str, since: str) -> bool:
    """Whether a word that was said is there no more; a body that is called otherwise since took nothing out."""
    if field == "sent_to":
        said = " ".join(name for name in addressees.split(said) if not bodies.key(name))
    return not {*re.findall(r"\w+", said.casefold())} <= {*re.findall(r"\w+", since.casefold())}


def _may_leave(door: Door, life: Sequence[tuple[Carried, Body]]) -> list[tuple[Carried, Body]]:
    tolds = [body for _, body in life if isinstance(body, entries.Told)]
    said = {(told.source, field): words for told in tolds for field, words in told.facts.items()}
    return [
        (one, body)
        for one, body in life
        if isinstance(body, CARRIED)
        and not (isinstance(body, entries.Told) and _says_too_much(body, said))
        and not door.stops(*strings(body))
    ]


def _place(one: Carried) -> int:
    return one.position
