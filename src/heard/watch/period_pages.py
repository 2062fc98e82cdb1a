"""The report of a period: as a page, as CSV and as PDF, of the same rows."""

from __future__ import annotations

import sys

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard.accounts.model import Caller
from heard.cases.exits import Serving, looking_twice
from heard.engine import now
from heard.engine.errors import HeardError, NotFound
from heard.watch import looks, period, printing, projection
from heard.watch.asked import NO_STORE, looked, names, page, signed_in
from heard.watch.period import Period


def routes() -> list[BaseRoute]:
    return [
        Route("/watch/report/", report_page, methods=["GET"]),
        Route("/watch/report.csv", report_csv, methods=["GET"]),
        Route("/watch/report.pdf", report_pdf, methods=["GET"]),
    ]


async def _asked(serving: Serving, caller: Caller, request: Request, most: int = period.ALARMS_MAX) -> Period:
    since, until = period.days_from(request.query_params, now.today())
    only = request.query_params.get("station", "")
    tables = serving.tables
    within = [(station.id, first, last) for station, first, last in period.times(tables, since, until, only)]
    await looked(serving, caller, "report", [looks.Asked(*one, period.closers(tables, *one)) for one in within])
    return await period.report(serving.node.journal, tables, since, until, names(tables), only, most)


async def report_page(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch")

    async def look() -> Response:
        of, error = None, ""
        try:
            of = await _asked(serving, caller, request)
        except NotFound:
            raise
        except HeardError as refusal:
            error = refusal.message
        only = request.query_params.get("station", "")
        return page(
            serving, "watch/report.html", caller, 422 if error else 200, of=of, error=error, only=only,
            heads=(period.KEPT, period.LAPSED, period.KNOWN), cells=period.cells,
            stations=projection.stations(serving.tables),
            zone=_zone(serving, only), looks=period.looks(of) if of else "", today=now.today(),
        )  # fmt: skip

    return await looking_twice(serving, look)


async def report_csv(request: Request) -> Response:
    """How it was kept; with `?of=alarms` all that lapsed, with `?of=orders` who knows the orders."""
    serving, caller = signed_in(request, "see_watch")
    what = request.query_params.get("of", "kept")
    of = await _asked(serving, caller, request, sys.maxsize if what == "alarms" else period.ALARMS_MAX)
    tables = {
        "kept": lambda: period.as_csv(period.KEPT, of.kept),
        "alarms": lambda: period.as_csv(period.LAPSED, of.lapsed),
        "orders": lambda: period.as_csv(period.KNOWN, of.known),
    }
    if what not in tables:
        raise NotFound("There is no such table of a report.")
    return Response(tables[what](), headers=_as_file(of, f"-{what}.csv"), media_type="text/csv")


async def report_pdf(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch")
    of = await _asked(serving, caller, request)
    zone = _zone(serving, request.query_params.get("station", ""))
    made = await printing.pdf(of, zone)
    return Response(made, headers=_as_file(of, ".pdf"), media_type="application/pdf")


def _zone(serving: Serving, only: str) -> str:
    stations = projection.stations(serving.tables)
    return next((one.zone for one in stations if only in ("", one.id)), "Europe/London")


def _as_file(of: Period, ends: str) -> dict[str, str]:
    name = f"watch-{of.since_on.isoformat()}-{of.until_on.isoformat()}{ends}"
    return {**NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'}
