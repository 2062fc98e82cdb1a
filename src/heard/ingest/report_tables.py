"""Tables of published reports: which source one is from, told by its columns, and what each row says."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from datetime import date

import msgspec

from heard.engine.errors import Refused
from heard.reports import form
from heard.reports.commands import Row
from heard.reports.model import TEXTS, Cell
from heard.text.dates import civil_date

#: A cell that says that it has nothing to say.
_NOTHING = re.compile(r"[\s\xa0]*(?:n/?a\s*[:.-]?\s*)?(?:not found)?[\s\xa0.]*", re.IGNORECASE)
#: A table of every report with its texts is below 40 MB.
UNPACKED_MAX = 256 * 1024**2

_TRACKER = {
    "date of report": "dated",
    "date added": "added",
    "ref": "ref",
    "deceased name": "deceased",
    "coroner name": "coroner",
    "coroner area": "area",
    "category": "categories",
    "sent to": "sent_to",
    "sent to count": "counted_sent",
    "replies count": "counted_replies",
    "url": "kept_at",
}
_SCRAPED = {
    "date_of_report": "dated",
    "date_added": "added",
    "ref": "ref",
    "deceased_name": "deceased",
    "coroner_name": "coroner",
    "coroner_area": "area",
    "category": "categories",
    "this_report_is_being_sent_to": "sent_to",
    "no. recipients": "counted_sent",
    "no. replies": "counted_replies",
    "report_url": "kept_at",
    "pdf_url": "pdf",
    "reply_urls": "replies",
    "circumstances": "circumstances",
    "concerns": "concerns",
    "inquest": "investigation",
    "action": "action",
    "response": "deadline",
}
_TOOLKIT = {
    "url": "kept_at",
    "ref": "ref",
    "date": "dated",
    "coroner": "coroner",
    "area": "area",
    "receiver": "sent_to",
    "categories": "categories",
    "investigation": "investigation",
    "circumstances": "circumstances",
    "concerns": "concerns",
}
_TAGS = {"url": "kept_at", "age": "age", "research tags": "tags"}
#: Every column of it but these is a theme, and says of each report whether it is of it.
_LABELS = {"url": "kept_at", "age": "age", "sex": "", "pedestrian": ""}
_NO_AGE = "<NA>"
_COUNTED = ("counted_sent", "counted_replies")
#: (columns that tell a table, its source, its columns in our words). The first that fits.
_TABLES = (
    ({"sent to count", "replies count", "date of report"}, "tracker", _TRACKER),
    ({"report_url", "no. recipients"}, "tracker", _SCRAPED),
    ({"report_url", "this_report_is_being_sent_to"}, "tracker-scrape", _SCRAPED),
    ({"url", "receiver", "concerns"}, "toolkit", _TOOLKIT),
    ({"url", "age", "research tags"}, "tracker-tags", _TAGS),
    ({"url", "age", "road_layout", "driver_training"}, "toolkit-labels", _LABELS),
)
#: In 2025 the pages changed, and a cell of the scrape may hold the lines that followed it.
_HEADINGS = {
    "category": "categories",
    "this report is being sent to": "sent_to",
    "coroner name": "coroner",
    "coroner area": "area",
    "deceased name": "deceased",
    "date of report": "dated",
    "ref": "ref",
}
_HEADING = re.compile(r"\n\s*(" + "|".join(_HEADINGS) + r")\s*:", re.IGNORECASE)


class Table(msgspec.Struct, frozen=True):
    """One reading of a source: its rows, those that say nothing among them, and the day, if the name gives one."""

    source: str
    on: date | None
    rows: tuple[Row, ...]

    @property
    def blank(self) -> int:
        return sum(not row.facts for row in self.rows)

    def cells(self) -> list[Cell]:
        """What stands in each row where the concerns should."""
        return [_cell(row, self.source) for row in self.rows]


def _cell(row: Row, source: str) -> Cell:
    words, unfound = row.facts.get("concerns", ""), row.facts.get("unfound", "").split()
    return form.cell(words, (said for _, said in form.matters(words)), source if "concerns" in unfound else "")


def read_table(raw: bytes, name: str) -> Table:
    """A table of reports.

    Raises Refused where it is none that is known.
    """
    try:
        text = _unpacked(raw).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as wrong:
        raise Refused(f"{name} cannot be read as a table in UTF-8. Nothing was imported.") from wrong
    csv.field_size_limit(UNPACKED_MAX)
    rows = csv.DictReader(io.StringIO(text, newline=""))
    columns = {column.strip().lower() for column in rows.fieldnames or ()}
    found = next(((source, names) for telling, source, names in _TABLES if telling <= columns), None)
    if found is None:
        raise Refused(f"{name} has not the columns of any table of reports that is known. Nothing was imported.")
    source, names = found
    if source == "tracker-scrape" and "corrected" in name.lower():
        source = "tracker"
    try:
        kept = tuple(_labelled(rows) if names is _LABELS else _rows(rows, names))
    except csv.Error as wrong:
        raise Refused(f"{name} breaks off or is no table, near line {rows.line_num}. Nothing was imported.") from wrong
    return Table(source, _day_in(name), kept)


def _unpacked(raw: bytes) -> bytes:
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    with gzip.open(io.BytesIO(raw)) as packed:
        content = packed.read(UNPACKED_MAX + 1)
    if len(content) > UNPACKED_MAX:
        raise OSError("too large")
    return content


def _rows(rows: csv.DictReader[str], names: dict[str, str]) -> Iterator[Row]:
    for cells in rows:
        facts: dict[str, str] = {}
        unfound: list[str] = []
        for column, words in cells.items():
            field = names.get((column or "").strip().lower())
            if field and isinstance(words, str) and not _NOTHING.fullmatch(words):
                _put(facts, field, words.replace("\r\n", "\n").strip(" \xa0\n\t"))
            elif field in TEXTS and isinstance(words, str) and re.search(r"\w", words):
                unfound.append(field)  # it does not only leave it blank: it says that there was none to be found
        if unfound and facts.keys() - {"kept_at"}:  # a row that says nothing else is a blank one
            facts["unfound"] = " ".join(sorted(unfound))
        if kept_at := facts.pop("kept_at", ""):
            if "sent_to" not in facts and facts.get("counted_sent") == "0":  # counted in a cell that was blank
                facts = {field: words for field, words in facts.items() if field not in _COUNTED}
            yield Row(kept_at, facts)


def _labelled(rows: csv.DictReader[str]) -> Iterator[Row]:
    """Themes as columns: those that are true of a report, with spaces in their names."""
    for row in rows:
        cells = {(name or "").strip().lower(): cell.strip() for name, cell in row.items() if isinstance(cell, str)}
        themes = [name.replace("_", " ") for name, cell in cells.items() if name not in _LABELS and cell == "True"]
        facts = {"labels": " | ".join(themes), "age": cells.get("age", "").removeprefix(_NO_AGE)}
        if kept_at := cells.get("url"):
            yield Row(kept_at, {field: words for field, words in facts.items() if words})


def _put(facts: dict[str, str], field: str, words: str) -> None:
    """The words of a cell, and those of the lines that slipped into it."""
    if field in ("concerns", "circumstances", "investigation", "action", "deadline") or "\n" not in words:
        facts[field] = words
        return
    parts = _HEADING.split(words)
    facts[field] = parts[0].strip(" \xa0\n\t")
    for heading, rest in zip(parts[1::2], parts[2::2], strict=True):
        facts.setdefault(_HEADINGS[heading.lower()], rest.strip(" \xa0\n\t"))


def _day_in(name: str) -> date | None:
    found = re.search(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)", name)
    return civil_date(found[1]) if found else None
