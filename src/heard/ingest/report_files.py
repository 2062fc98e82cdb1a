"""A file of published reports, told by its content: a table, posts of judiciary.uk, or one report as a PDF."""

from __future__ import annotations

import hashlib

from heard.ingest import judiciary
from heard.ingest.report_tables import Table, read_table
from heard.reports.commands import Row


def is_pdf(raw: bytes) -> bool:
    return raw.startswith(b"%PDF")


def of_pdf(raw: bytes, facts: dict[str, str]) -> Table:
    """The file itself is where the report is kept: its name may be that of who died."""
    return Table("pdf", None, (Row(f"sha256:{hashlib.sha256(raw).hexdigest()}", facts),))


def read_file(raw: bytes, name: str) -> Table:
    """What the file holds.

    Raises Refused where it is nothing that is known.
    """
    if is_pdf(raw):
        from heard.ingest import report_pdf  # its library takes a server long to load, and few send a PDF

        return of_pdf(raw, report_pdf.facts_of(raw, name))
    if raw.lstrip()[:1] == b"[":
        return judiciary.read_posts(raw, name)
    return read_table(raw, name)
