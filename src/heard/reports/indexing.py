"""What pages of reports say to search engines: keep nothing, unless the operator opted in; and of some never anything.

Reports name people who died, and how. Whoever looks for a neighbour's name should not be met by it unasked. So nothing
is to be kept until somebody who answers for the site decides otherwise (`reports.indexing_allowed`), and then never a
page on which a name is hidden or withheld, nor a search, nor a table of everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.requests import Request
from starlette.routing import BaseRoute

from heard.cases.exits import Outgoing, Serving, WayOut
from heard.engine.journal import Journal
from heard.engine.projection import Tables
from heard.reports import projection
from heard.reports.entries import IndexingAllowed, IndexingEnded
from heard.reports.model import HIDDEN
from heard.reports.shown import Shown

NEVER = "noindex"
#: No copy that outlives a hiding, and no sentence taken out of the page: it might tell how somebody died.
ALLOWED = "noarchive, nosnippet"
#: Our mark, and what sources put where a name was.
_TAKEN_OUT = re.compile(f"{re.escape(HIDDEN)}|redacted", re.IGNORECASE)


def routes() -> list[BaseRoute]:
    return [WayOut("/robots.txt", "page", robots)]


def is_whole(page: str) -> bool:
    """Whether nothing on a page is marked as hidden or taken out."""
    return not _TAKEN_OUT.search(page)


def tells_no_hidden(reports: Iterable[Shown]) -> bool:
    """Whether nobody's name is hidden of those on a page: an engine that kept it before is told to let go of it."""
    return not any(one.names_hidden or HIDDEN in one.deceased for one in reports)


def decided(journal: Journal, tables: Tables) -> str:
    """Whether search engines may keep pages of reports, who decided so and when, as the desk and the command say it."""
    said = _MAY if projection.is_indexing_allowed(tables) else "No page of a report is to be kept by a search engine."
    position = projection.indexing_decided_at(tables)
    entry = journal.entry(position) if position is not None else None
    if entry is None or not isinstance(entry.body, IndexingAllowed | IndexingEnded):
        return f"{said} Nobody has decided otherwise."
    return f"{said} So decided {entry.body.decided_by}, {entry.at:%Y-%m-%d %H:%M} UTC."


async def robots(request: Request, serving: Serving) -> Outgoing:
    """Forbids nothing: a page that may not be read cannot tell that it may not be kept."""
    allowed = projection.is_indexing_allowed(serving.tables)
    said = _ALLOWED if allowed else _NEVER
    return Outgoing(serving.doors.of_every(serving.tables).let("page", said + _FORBIDS_NOTHING), "text/plain")


_MAY = (
    "Search engines may keep pages of reports, without a copy and without sentences of them; never one on which a name "
    "is hidden or withheld."
)
_NEVER = "# Pages of reports to prevent future deaths (/reports/): none is to be kept by a search engine.\n"
_ALLOWED = (
    "# Pages of reports to prevent future deaths (/reports/): the operator allows search engines to keep them,\n"
    "# but not those that say noindex themselves, since a name on them is hidden or withheld.\n"
)
_FORBIDS_NOTHING = (
    "# Each page says so itself (X-Robots-Tag). To be read it has to be let in, so nothing is forbidden here.\n"
    "User-agent: *\nDisallow:\n"
)
