"""The verb of the API that takes a reading of published reports in: first the difference, then, by its name, the rest.

The same rules as `heard import reports`: a blank is no fact, a redaction is one, a broken reading is doubted. A reading
of many reports is the command's work: here it would keep everybody else waiting.
"""

from __future__ import annotations

import asyncio
from datetime import date

from starlette.responses import Response

from heard.engine import now
from heard.engine.errors import Conflict, Refused
from heard.ingest import pdf_room, published_reports, report_files
from heard.ingest.published_reports import Difference
from heard.web.verbs import Call, Verb, answered

ROWS_MAX = 100
QUESTIONS = ("as_of", "take", "accept")


def verbs() -> list[Verb]:
    return [Verb("POST", "/reports/readings", "administer", take_reading, asks=QUESTIONS)]


async def take_reading(call: Call) -> Response:
    """Send a table, posts or a PDF as the body: what it would change, or with `take` the change.

    Raises Refused for a file that is none or of too many rows, Conflict where it would change something else by now.
    """
    asked, node = call.request.query_params, call.serving.node
    sent, name = await call.request.body(), call.request.headers.get("heard-file-name", "The file")[:200]
    if sent.lstrip()[:1] == b"{":
        raise Refused("A record made by hand is taken in by heard import reports. Nothing was changed.")
    if report_files.is_pdf(sent):
        table = report_files.of_pdf(sent, await pdf_room.facts_of(sent, name))
    else:
        table = await asyncio.to_thread(report_files.read_file, sent, name)
    if len(table.rows) > ROWS_MAX:
        raise Refused(
            f"This holds {len(table.rows):,} reports; {ROWS_MAX} at once are taken in here. Take it in by heard import "
            "reports, or in parts. Nothing was changed."
        )
    what = published_reports.difference(node, table, sent, _day(asked.get("as_of", "")) or table.on or now.today())
    if "take" not in asked:
        return answered(_told(what))
    if asked["take"] != what.name:
        raise Conflict("This reading would change something else than you were shown. Nothing was changed; ask again.")
    accepted, last = asked.get("accept") == "yes", None
    for command, _ in published_reports.steps(node, what, accepted=accepted):
        last = await call.serving.do(command, by=call.caller.account.id, scope="", key=None, request=b"")
    taken = accepted or not what.doubtful
    return answered({**_told(what), "taken": taken}, 201 if taken else 202, last)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise Refused("Write as_of like 2025-07-31. Nothing was changed.") from None


def _told(what: Difference) -> dict[str, object]:
    """The difference in figures, and by its name; no words of it, which may be under an order."""
    return {
        "source": what.source,
        "as_of": what.on,
        "difference": what.name,
        "rows": what.rows,
        "new": len(what.new),
        "changed": len(what.changed),
        "as_known": len(what.same),
        "blank": what.blank,
        "redacted": len(what.redacted),
        "gone": len(what.gone),
        "doubted": what.doubtful,
    }
