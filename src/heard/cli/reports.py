"""`heard import reports`: each file compared with what is known, said, and taken in."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from heard.cli.terminal import count, progress, read_file

if TYPE_CHECKING:
    from heard.ingest.published_reports import Difference
    from heard.ingest.report_tables import Table
    from heard.opening import House

#: A PDF of a report is below 30 MB, a table with all texts below 60.
FILE_MAX_BYTES = 256 * 1024**2


def read_reports(house: House, file: Path, on: date | None, *, accept: bool, show: bool) -> bool:
    """One file; False where its reading is doubted, and nothing of it was taken in."""
    from heard.accounts.commands import OPERATOR
    from heard.engine import now
    from heard.ingest import published_reports, report_record

    raw = read_file(file, FILE_MAX_BYTES)
    if raw.lstrip()[:1] == b"{":
        record = report_record.read_record(raw, file.name)
        if not show:
            slug = report_record.take_in_record(house.node, record, on or now.today(), OPERATOR)
            typer.echo(f"{file.name}: {house.address()}/reports/{slug}/")
        return True
    table = _table(raw, file.name)
    what = published_reports.difference(house.node, table, raw, on or table.on or now.today())
    typer.echo(f"{file.name}: {_told(what)}")
    if show:
        return True
    with progress("Importing") as told:
        taken = published_reports.take_in(house.node, what, OPERATOR, accepted=accept, progress=told)
    if not taken:
        gone = count(len(what.gone), "report")
        typer.echo(
            f"This reading is doubted: {what.share_blank:.0%} of its rows are blank and {gone} not there any more. "
            "Nothing was taken in, and nothing that was known is un-known. To take in its filled rows: --accept.",
            err=True,
        )
    return taken


def _table(raw: bytes, name: str) -> Table:
    """What the file holds, told by its content."""
    from heard.ingest import judiciary, report_pdf
    from heard.ingest.report_tables import Table, read_table
    from heard.reports.commands import Row

    if raw.startswith(b"%PDF"):
        # The file itself is where the report is kept: its name may be that of who died.
        kept_at = f"sha256:{hashlib.sha256(raw).hexdigest()}"
        return Table("pdf", None, (Row(kept_at, report_pdf.facts_of(raw, name)),))
    if raw.lstrip()[:1] == b"[":
        return judiciary.read_posts(raw, name)
    return read_table(raw, name)


def _told(what: Difference) -> str:
    said = [
        f"{count(what.rows, 'row')} as of {what.on.isoformat()}: {len(what.new):,} new, {len(what.changed):,} changed",
        f"{len(what.same):,} as known",
        *([f"{what.blank:,} blank"] if what.blank else []),
        *([f"{len(what.redacted):,} with something redacted"] if what.redacted else []),
        *([f"{len(what.gone):,} not there any more"] if what.gone else []),
    ]
    return ", ".join(said) + "."
