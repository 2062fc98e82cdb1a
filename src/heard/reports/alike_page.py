"""On the desk: the same words in several reports, every group with what it is; and the same as a table."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import callers
from heard.cases.exits import Serving
from heard.reports import alike, tables
from heard.reports.pages import register_of


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/reports/same-words/", page, methods=["GET"]),
        Route("/desk/reports/same-words.csv", as_csv, methods=["GET"]),
    ]


async def page(request: Request) -> Response:
    serving: Serving = request.app.state.serving
    caller = callers.of(request, serving.vault, serving.tables)
    caller.must("read_desk")
    whole = caller.may("correct")
    made = templates.render(
        "desk/same_words.html",
        account=caller.account,
        whole=whole,
        kinds=alike.SAID,
        groups=alike.groups(register_of(serving), whole=whole),
        to_come=serving.register.to_come,
    )
    return Response(made, 200, {"Cache-Control": "no-store"}, "text/html")


async def as_csv(request: Request) -> Response:
    """Without reports in which a name is hidden, whoever asks: a file is handed on."""
    serving: Serving = request.app.state.serving
    callers.of(request, serving.vault, serving.tables).must("read_desk")
    rows = alike.as_rows(alike.groups(register_of(serving)), str(request.base_url).rstrip("/"))
    made = serving.doors.of_every(serving.tables).let("export", tables.lines([alike.COLUMNS, *rows]))
    named = 'attachment; filename="same-words.csv"'
    return Response(made, 200, {"Cache-Control": "no-store", "Content-Disposition": named}, "text/csv; charset=utf-8")
