"""Checking offline a snapshot of reports: the rules of docs/formats/snapshot.md."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import msgspec

from heard.engine.entry import Body, Header
from heard.engine.errors import Corrupt
from heard.export import archive, manifest
from heard.export.checking import checkpoint_in, entries_in, manifest_lists, signed_by, text_of
from heard.export.snapshot import AXES, CARRIED, FILES, Snapshot, days_of, lines_of, maker, seen_from
from heard.reports import axes_tables, entries, tables


class CheckedSnapshot(msgspec.Struct, frozen=True):
    """A snapshot that fits. `made_again`: this version of Heard makes the proved rows of the entries, byte by byte."""

    snapshot: Snapshot
    key: str
    entries: int
    journal_size: int
    made_again: bool


def is_snapshot(raw: bytes) -> bool:
    """Whether a zip says of itself that it is one."""
    return "snapshot.json" in archive.unpack(raw)


def check_snapshot(
    raw: bytes, key: str = "", progress: Callable[[int, int], None] = lambda done, total: None
) -> CheckedSnapshot:
    """What the zip holds, if everything in it fits; `key` is the public key that it must be signed with, if known.

    Raises Corrupt naming what does not fit, Refused when it was signed with another key.
    """
    files = archive.unpack(raw)
    origin, public_key = signed_by(files, key)
    listed = manifest.read(text_of(files, manifest.NAME), origin, public_key)
    known = [name for name in FILES if name != AXES or name in files]  # of an older version, that had none
    manifest_lists(files, listed, known)
    if set(files) != {*known, manifest.NAME}:
        raise Corrupt("There is a file in it that does not belong to a snapshot of reports.")
    checkpoint = checkpoint_in(files, origin, public_key)
    snapshot = _snapshot(files["snapshot.json"])
    lines, rows = _lines(text_of(files, "reports.json")), _rows(text_of(files, "reports.csv"))
    if list(lines) != list(rows) or len(lines) != snapshot.reports:
        raise Corrupt("reports.json and reports.csv do not tell of the same reports.")
    axes = _axes(text_of(files, AXES)) if AXES in files else {}
    if not axes.keys() <= {row[1].rstrip("/").rpartition("/")[2] for row in rows.values()}:
        raise Corrupt("axes.csv tells of a report that is not here.")
    found = entries_in(files["entries.ndjson"], checkpoint, progress)
    lives = _lives(found, snapshot)
    made_again = listed.maker == maker()
    if made_again:
        days = days_of(body for _, body in found if isinstance(body, entries.Read))
        for report in snapshot.proved:
            seen = seen_from(report, lives[report])
            made = lines_of(days, *seen, snapshot.on, snapshot.base) if seen else None
            if made is None or (made.line, _plain(made.row)) != (lines.get(report), rows.get(report)):
                raise Corrupt(f"What is said of report {report} is not what its entries say.")
            if [*map(_plain, made.axes)] != axes.get(seen[0].slug if seen else "", []):
                raise Corrupt(f"What is said of report {report} is not what its entries say.")
    return CheckedSnapshot(snapshot, text_of(files, "public-key").strip(), len(found), checkpoint.size, made_again)


def _snapshot(raw: bytes) -> Snapshot:
    try:
        snapshot = msgspec.json.decode(raw, type=Snapshot)
    except (msgspec.MsgspecError, RecursionError) as wrong:
        raise Corrupt(f"snapshot.json is not one that this version of Heard can read: {wrong}.") from wrong
    if snapshot.encode() != raw or len(set(snapshot.proved)) != len(snapshot.proved):
        raise Corrupt("snapshot.json is not written in the one way in which it is.")
    return snapshot


def _lines(text: str) -> dict[str, str]:
    """The lines of reports.json, by report."""
    if not (text.startswith("[\n") and text.endswith("\n]\n")):
        raise Corrupt("reports.json is not written in the one way in which it is.")
    found: dict[str, str] = {}
    for line in filter(None, text[2:-3].split(",\n")):
        try:
            found[str(msgspec.json.decode(line)["id"])] = line
        except (msgspec.MsgspecError, KeyError, TypeError, RecursionError) as wrong:
            raise Corrupt("A line of reports.json is no report.") from wrong
    return found


def _rows(text: str) -> dict[str, tuple[str, ...]]:
    """The rows of reports.csv, by report."""
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    if tuple(head) != tables.COLUMNS:
        raise Corrupt("reports.csv has other columns than this version of Heard knows.")
    return {row[0]: tuple(row) for row in rows}


def _axes(text: str) -> dict[str, list[tuple[str, ...]]]:
    """The rows of axes.csv, by the address of the report."""
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    if tuple(head) != axes_tables.COLUMNS:
        raise Corrupt("axes.csv has other columns than this version of Heard knows.")
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        found.setdefault(row[0] if row else "", []).append(tuple(row))
    return found


def _plain(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(tables.plain, row))


def _lives(found: list[tuple[Header, Body]], snapshot: Snapshot) -> dict[str, list[Body]]:
    """The entries by report; none is there but of what is proved, and of readings."""
    lives: dict[str, list[Body]] = {report: [] for report in snapshot.proved}
    for header, body in found:
        if isinstance(body, entries.Read) and header.stream == entries.READINGS:
            continue
        if header.stream not in lives or not isinstance(body, CARRIED):
            raise Corrupt(f"Entry {header.position} does not belong to a snapshot of reports.")
        lives[header.stream].append(body)
    return lives
