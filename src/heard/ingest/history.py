"""History as a table: what a guard-tour system, a gate or an older tracker has stored, as CSV.

Its columns are named as a batch's fields are, or the operator says which is which; what all rows have in common may be
said once. Every row needs its time, since the only other one is that of the import, when nothing happened.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from heard.engine.errors import Refused, TooLarge
from heard.ingest import batches, fixes
from heard.ingest.fixes import AnySaid

#: A year of one check in five minutes has 105,120 rows.
ROWS_MAX = 200_000
BYTES_MAX = 32 * 1024 * 1024
CELL_MAX = 128 * 1024
_NUMBERS = frozenset("lat lon acc ttl_s".split())
_FLAGS = frozenset("mock entered_by_hand".split())
_TIMES = frozenset("t good_until".split())
_NAMES = _NUMBERS | _FLAGS | _TIMES | frozenset("kind who post tag second thing value".split())
_SAID = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Layout(msgspec.Struct, frozen=True):
    """How a table is to be read, where it is not as ours are.

    `columns`: its own header by our name (`{"t": "Scan time", "who": "Officer"}`). `always`: what holds for every row
    (`{"kind": "check", "post": "post 7"}`). `zone`: where times live that have no offset (`Europe/London`). `times`:
    how they are written, as strptime has it (`%d/%m/%Y %H:%M`), where that is not ISO 8601.
    """

    columns: dict[str, str] = {}
    always: dict[str, str] = {}
    zone: str = ""
    times: str = ""


class History(msgspec.Struct, frozen=True):
    """What the rows say, in their order, and which columns were not read."""

    said: tuple[AnySaid, ...]
    unread: tuple[str, ...]


def read(raw: bytes | str, received_at: datetime, layout: Layout | None = None) -> History:
    """A table with a header, in UTF-8, parted by commas, semicolons or tabs; whole or not at all.

    Raises Refused with the line of the first row that cannot be read.
    """
    layout = layout or Layout()
    unknown = sorted({*layout.columns, *layout.always} - _NAMES)
    if unknown:
        raise Refused(f"There is no “{unknown[0]}” in evidence. Nothing was kept. There are: {_listed(_NAMES)}.")
    zone = _zone(layout.zone)
    rows = _rows(raw)
    try:
        _, header = next(rows)
    except StopIteration:
        raise Refused("This table is empty. Nothing was kept.") from None
    places = _places(header, layout)
    said: list[AnySaid] = []
    for line, cells in rows:
        try:
            if len(cells) != len(header):
                raise Refused(f"It has {len(cells)} cells, the header {len(header)}. Nothing was kept.")
            written = {name: cells[place].strip() for name, place in places.items()}
            said.append(_row({**layout.always, **written}, received_at, layout.times, zone))
        except Refused as wrong:
            raise Refused(f"Line {line}: {wrong.message}", line=line) from None
    return History(tuple(said), tuple(name for n, name in enumerate(header) if n not in places.values()))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (LookupError, ValueError, OSError):
        raise Refused("There is no such time zone. Nothing was kept. Zones are named like Europe/London.") from None


def _rows(raw: bytes | str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line that it ends on."""
    try:
        text = fixes.bounded(raw, BYTES_MAX).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("This table is not in UTF-8. Nothing was kept. Save it as “CSV UTF-8”.") from None
    first = text.partition("\n")[0]
    parted_by = max(",;\t", key=first.count)
    csv.field_size_limit(CELL_MAX)  # one for the whole process: a table of reports has another
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=parted_by, strict=True)
    count = 0
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                count += 1
                if count > ROWS_MAX + 1:
                    raise TooLarge(f"This table has more than {ROWS_MAX} rows. Nothing was kept. Send it in parts.")
                yield rows.line_num, row
    except csv.Error as wrong:
        raise Refused(f"Line {rows.line_num} is not CSV: {wrong}. Nothing was kept.", line=rows.line_num) from None


def _places(header: list[str], layout: Layout) -> dict[str, int]:
    """In which column each of our names stands."""
    names = [name.strip() for name in header]
    wanted = {name: layout.columns.get(name, name) for name in sorted(_NAMES)}
    for name, column in wanted.items():
        if names.count(column) > 1:
            raise Refused(f"Two columns are called “{column}”. Nothing was kept. Rename one of them.")
        if name in layout.columns and column not in names:
            raise Refused(f"No column is called “{column}”. Nothing was kept. There are: {_listed(names)}.")
    places = {name: names.index(column) for name, column in wanted.items() if column in names}
    if twice := sorted(places.keys() & layout.always.keys()):
        raise Refused(f"“{twice[0]}” is a column, and said for all rows too. Nothing was kept. Leave one out.")
    for name in ("kind", "t"):
        if name not in places and (name == "t" or name not in layout.always):
            raise Refused(f"No column is called “{name}”. Nothing was kept. There are: {_listed(names)}.")
    return places


def _row(written: dict[str, str], received_at: datetime, times: str, zone: ZoneInfo | None) -> AnySaid:
    told: dict[str, Any] = {name: _read(name, value, times, zone) for name, value in written.items() if value}
    if "t" not in told:
        raise Refused("It has no time, “t”. Nothing was kept.")
    if told["t"] > received_at:
        raise Refused("Its time has not come yet. Nothing was kept. Is the zone right, and the order of day and month?")
    return batches.from_words(told, received_at)


def _read(name: str, value: str, times: str, zone: ZoneInfo | None) -> Any:
    if name in _NUMBERS:
        return fixes.number(name, value)
    if name in _FLAGS:
        if value.lower() not in _SAID:
            raise Refused(f"“{name}” is neither true nor false. Nothing was kept.")
        return _SAID[value.lower()]
    if name not in _TIMES:
        return value
    if not times:
        return fixes.calendar(name, value, zone=zone)
    try:
        at = datetime.strptime(value, times)  # noqa: DTZ007 (its zone follows)
    except (ValueError, OverflowError):
        raise Refused(f"“{name}” is no time as “{times}” has it. Nothing was kept.") from None
    if at.tzinfo is None and zone is None:
        raise Refused(f"“{name}” does not say how far from UTC it is. Nothing was kept. Name the zone.")
    return fixes.in_utc(name, at if at.tzinfo else at.replace(tzinfo=zone))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(filter(None, names))[:30])
