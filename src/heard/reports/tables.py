"""Reports as tables for others to work with: CSV, XLSX and JSON, with ids that stay the same."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import msgspec
import xlsxwriter

from heard.reports import alike, standing
from heard.reports import clocks as clock
from heard.reports.register import Register
from heard.reports.shown import Shown, Texts
from heard.reports.standing import Stand

COLUMNS = (
    "id",
    "address",
    "ref",
    "dated",
    "published",
    "deceased",
    "coroner",
    "area",
    "categories",
    "sent_to",
    "standing",
    "standing_on",
    "last_read",
    "last_day",
    "tracker_status",
    "counted_sent",
    "counted_replies",
    "flags",
    "source_page",
)
#: What a spreadsheet would take for a formula (OWASP, CSV injection). Written as text, it is what it says.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Days(Protocol):
    """Whoever knows on which days a source of responses was read: the register, or a snapshot's own entries."""

    def days_read(self, report: str) -> list[date]: ...


def row(read: Sequence[date], one: Shown, on: date, base: str) -> tuple[str, ...]:
    """One report as `COLUMNS`; `read` are the days on which a source of responses was read of it."""
    stands = standing.stands(one, read, on)
    until = [day for day in read if day <= on]
    count = one.counted(on)
    dues = [due.on for due in one.dues if due]
    return (
        one.id,
        f"{base}/reports/{one.slug}/",
        one.ref,
        str(one.dated or one.dated_as),
        str(one.added or ""),
        one.deceased,
        one.coroner,
        one.area,
        "; ".join(one.categories),
        "; ".join(other.name for other in one.addressees),
        standing.standing(stands),
        str(on),
        str(until[-1]) if until else "",
        str(max(dues)) if dues else "",
        standing.by_tracker(one, on) or "",
        str(count.sent) if count else "",
        str(count.replies) if count else "",
        " ".join(one.flags),
        next((link for link in one.links if not link.endswith(".pdf")), ""),
    )


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """RFC 4180, with nothing that a spreadsheet would run."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for cells in rows:
        writer.writerow([plain(cell) for cell in cells])
    return written.getvalue()


def lines_of_all(register: Register, on: date) -> Mapping[str, str]:
    """By report: its row of `as_csv` without the id, and without what its address begins with.

    Made anew only of reports that are new since; both are put before it at the end.
    """

    def line(one: Shown, read: Sequence[date]) -> str:
        written = io.StringIO(newline="")
        csv.writer(written).writerow([plain(cell) for cell in row(read, one, on, "")[1:]])
        return written.getvalue()

    return register.each("lines", on, line)


def of_lines(lines: Iterable[tuple[str, str]], base: str) -> str:
    """`as_csv` of rows that were made before, each by its id and its line of `lines_of_all`."""
    return as_csv(()) + "".join(f"{id},{base}{rest}" for id, rest in lines)


CLOCKS = (
    *("addressee", "start", "started_by", "last_day", "counted", "stated", "extended", "state", "response", "day"),
    *("received", "published"),
)


def clocks(stands: Iterable[Stand]) -> Iterator[Sequence[str]]:
    """The clock of each addressee, under its heading: what the timeline draws, and what it cannot."""
    yield CLOCKS
    for stand in stands:
        due, dated = stand.due, stand.response and stand.response.dated_on
        days = (due.start, due.started_by, due.on, due.counted, due.stated, due.extended) if due else (None,) * 6
        further = [on or "not known" for _, on in stand.further] or (None, None)
        cells = (stand.addressee.name, *days, stand.words, dated, stand.day, *further)
        yield tuple("" if cell is None else str(cell) for cell in cells)


def lines(rows: Iterable[Sequence[str]]) -> str:
    """Any rows as CSV, under no heading of ours."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows([[plain(cell) for cell in cells] for cells in rows])
    return written.getvalue()


def plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


#: A spreadsheet takes half a second; who asks again for one that nothing has changed has the same one.
@functools.lru_cache(maxsize=2)
def as_xlsx(table: str) -> bytes:
    """A CSV as one sheet of text: no cell is a formula, a number or a link."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet("reports")
        for place, cells in enumerate(csv.reader(io.StringIO(table, newline=""))):
            for column, cell in enumerate(cells):
                sheet.write_string(place, column, cell[:32_000])
        sheet.freeze_panes(1, 0)
    return written.getvalue()


def as_json(
    register: Days, one: Shown, texts: Texts | None, on: date, base: str, *, raised_before: int
) -> dict[str, Any]:
    """One report as the API gives it; without texts where it stands in a list.

    `raised_before` counts earlier reports that a named person confirmed, however many did.
    """
    read = register.days_read(one.id)
    stands = standing.stands(one, read, on)
    count = one.counted(on)
    until = [day for day in read if day <= on]
    made: dict[str, Any] = {
        "id": one.id,
        "url": f"{base}/reports/{one.slug}/",
        "ref": one.ref or None,
        "dated": one.dated,
        "published": one.added,
        "deceased": one.deceased or None,
        "names_hidden": one.names_hidden,
        "coroner": one.coroner or None,
        "area": one.area or None,
        "area_as_written": one.area_as or None,
        "categories": one.categories,
        "addressees": [_addressee(stand) for stand in stands],
        "in_copy": [{"name": other.name, "body": other.key} for other in one.copied],
        "standing": {"on": on, "is": standing.standing(stands), "last_read": until[-1] if until else None},
        "by_trackers_rule": {"status": (status := standing.by_tracker(one, on)), "counted": count}
        | ({"days_over": clock.days_over(one.dated, on)} if one.dated and status not in (None, "completed") else {}),
        "flags": one.flags,
        "links": one.links,
        "sources": [{"source": name, "as_of": day} for name, day in one.sources],
        "raised_before": raised_before,
    }
    if texts is not None:
        made["concerns"] = texts.numbered
        made["no_concerns"] = None if texts.numbered else alike.SAID.get(one.cell.kind, "not here")
        made["texts"] = {name: words for name in _TEXTS if (words := getattr(texts, name))}
        made["promises"] = one.promises
        made["outcomes"] = one.judged
        made["judgements"] = one.judgements
        made["disputes"] = [{"by": by, "words": words} for by, words in one.disputes]
    return made


class Inquest(Protocol):
    """A case after whose inquest a report was made; its page is at its slug."""

    @property
    def slug(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def linked_by(self) -> str: ...


def inquests(some: Iterable[Inquest], base: str) -> list[dict[str, str]]:
    """The inquests of a report, each with the address of its coverage and who says that it is one."""
    return [
        {"url": f"{base}/{one.slug}/", "title": one.title, "state": one.state, "linked_by": one.linked_by}
        for one in some
    ]


_TEXTS = ("investigation", "circumstances", "concerns", "action", "deadline", "copies")


def _addressee(stand: Stand) -> dict[str, Any]:
    due, response = stand.due, stand.response
    return {
        "name": stand.addressee.name,
        "body": stand.addressee.key or None,
        "state": stand.state,
        "words": stand.words,
        "receipt_and_publication": stand.further_words or None,
        "clock": {
            "start": due.start,
            "started_by": due.started_by,
            "due": due.on,
            "counted": due.counted,
            "stated": due.stated,
            "extended": due.extended,
            "flag": due.flag,
        }
        if due
        else None,
        "response": response
        and {
            "dated": response.dated_on,
            "received": response.received_on,
            "published": response.published_on,
            "answer": response.answer,
            "concerns": response.concerns,
            "day": stand.day,
        },
    }


def encoded(made: Any) -> str:
    return msgspec.json.encode(made).decode()
