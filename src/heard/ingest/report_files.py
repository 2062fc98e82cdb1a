"""A file of published reports, told by its content: a table, posts of judiciary.uk, or one report as a PDF."""

from __future__ import annotations

import hashlib

from heard.ingest import judiciary
from heard.ingest.report_tables import Table, read_table
from heard.reports.commands import Row


def read_file(raw: bytes, name: str) -> Table:
    """What the file holds.

    Raises Refused where it is nothing that is known.
    """
    if raw.startswith(b"%PDF"):
        from heard.ingest import report_pdf  # its library takes a server long to load, and few send a PDF

        # The file itself is where the report is kept: its name may be that of who died.
        kept_at = f"sha256:{hashlib.sha256(raw).hexdigest()}"
        return Table("pdf", None, (Row(kept_at, report_pdf.facts_of(raw, name)),))
    if raw.lstrip()[:1] == b"[":
        return judiciary.read_posts(raw, name)
    return read_table(raw, name)
