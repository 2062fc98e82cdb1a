"""The ways out for machines: tables, JSON, feeds, calendars. Each made of what may be seen, and past the door."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute

from heard.cases.exits import Outgoing, Serving, WayOut
from heard.cases.release import Exit
from heard.cases.saying_back import ASKED, said_back
from heard.engine import now
from heard.engine.errors import NotFound, Refused
from heard.reports import axes_tables, drawing, figures, finding, following, over_time, pictures, standing, tables
from heard.reports.echoes import raised_before
from heard.reports.figures import Figure
from heard.reports.finding import Query
from heard.reports.over_time import OverTime
from heard.reports.pages import axes_of, body_at, inquests, of_area, register_of
from heard.reports.register import Register
from heard.reports.shown import Shown
from heard.reports.standing import Stand
from heard.watch import origins

#: In JSON so many reports are one page of a list; a table has all.
LIST_MAX = 500
#: So often a table is begun anew since something changed while it was made beside what serves.
TRIES = 3
#: A last day of a search stays in its calendar for so long.
KEPT_IN_CALENDAR = timedelta(days=56)
#: Before it there is no day from which so many could be counted back.
FIRST_DAY = date.min + KEPT_IN_CALENDAR
CALENDAR = "text/calendar; charset=utf-8"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def routes() -> list[BaseRoute]:
    return [
        WayOut("/reports.csv", "json", as_csv),
        WayOut("/reports.json", "json", as_json),
        WayOut("/reports.xlsx", "json", as_xlsx),
        WayOut("/reports/axes.csv", "json", axes_of_all),
        WayOut("/reports/figures/{name}.csv", "json", figure_csv),
        WayOut("/reports/figures/{name}.svg", "page", figure_svg),
        WayOut("/reports/figures/{name}.png", "page", figure_png),
        WayOut("/reports/bodies/{key}/over-time.csv", "json", over_time_csv),
        WayOut("/reports/bodies/{key}/over-time.svg", "page", over_time_svg),
        WayOut("/reports/bodies/{key}/over-time.png", "page", over_time_png),
        WayOut("/reports/areas/{key}/over-time.csv", "json", over_time_csv),
        WayOut("/reports/areas/{key}/over-time.svg", "page", over_time_svg),
        WayOut("/reports/areas/{key}/over-time.png", "page", over_time_png),
        WayOut("/reports/{slug}/timeline.csv", "json", timeline_csv),
        WayOut("/reports/{slug}/timeline.svg", "page", timeline_svg),
        WayOut("/reports/{slug}/timeline.png", "page", timeline_png),
        WayOut("/reports/feed.atom", "feed", feed),
        WayOut("/reports/calendar.ics", "feed", calendar_of_search),
        WayOut("/reports/{slug}/feed.atom", "feed", report_feed),
        WayOut("/reports/{slug}/calendar.ics", "feed", calendar),
        WayOut("/reports/{slug}/report.json", "json", report_json),
        WayOut("/reports/{slug}/axes.csv", "json", axes_csv),
    ]


def _let(serving: Serving, exit: Exit, made: str, media_type: str, **headers: str) -> Outgoing:
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"X-Robots-Tag": "noindex"}
    return Outgoing(serving.doors.of_every(serving.tables).let(exit, made), media_type, headers=named)


def _found(request: Request, serving: Serving) -> tuple[Register, Query, Sequence[Shown], date]:
    """What fits a search, with the day as of which it is told."""
    register, query, today = register_of(serving), finding.query_from(request.query_params), now.today()
    return register, query, finding.every(register, query, today), query.on or today


async def _table(request: Request, serving: Serving) -> str:
    """Put together of lines that were made before; what is new of them is made beside what serves."""
    for _ in range(TRIES):
        register, _, found, on = _found(request, serving)
        edition = register.edition
        lines = await asyncio.to_thread(tables.lines_of_all, register, on)
        if register_of(serving).edition == edition:
            break
    else:  # in one go then: what was taken out of sight meanwhile is not found any more; of what is new there is little
        _, _, found, _ = _found(request, serving)
        lines = tables.lines_of_all(register, on)
    return tables.of_lines(((one.id, lines[one.id]) for one in found if one.id in lines), _base(request))


async def as_csv(request: Request, serving: Serving) -> Outgoing:
    named = 'attachment; filename="reports.csv"'
    made = await _table(request, serving)
    return _let(serving, "json", made, "text/csv; charset=utf-8", Content_Disposition=named)


async def as_xlsx(request: Request, serving: Serving) -> Outgoing:
    named = 'attachment; filename="reports.xlsx"'
    outgoing = _let(serving, "json", await _table(request, serving), SHEET, Content_Disposition=named)
    return msgspec.structs.replace(outgoing, packed=tables.as_xlsx)


async def _figure(request: Request, serving: Serving) -> Figure:
    name = request.path_params["name"]
    made = await asyncio.to_thread(figures.figures, register_of(serving), now.today())
    found = [one for one in made if one.name == name]
    if not found:
        raise NotFound("There is no figure of this name.")
    return found[0]


async def figure_csv(request: Request, serving: Serving) -> Outgoing:
    figure = await _figure(request, serving)
    heads = ("name", *(head.lower() for head in figure.columns.values()), "share")
    rows = [("rule", figure.rule), ("as of", str(figure.on)), heads]
    for line in figure.lines:
        rows.append((line.name, *(str(getattr(line, column)) for column in figure.columns), line.share))
    return _let(serving, "json", tables.lines(rows), "text/csv; charset=utf-8")


async def figure_svg(request: Request, serving: Serving) -> Outgoing:
    return _drawn(serving, figures.picture(await _figure(request, serving)))


async def figure_png(request: Request, serving: Serving) -> Outgoing:
    return await _painted(await figure_svg(request, serving))


def _drawn(serving: Serving, svg: str) -> Outgoing:
    return _let(serving, "page", pictures.alone(svg), "image/svg+xml")


async def _painted(drawn: Outgoing) -> Outgoing:
    """The released picture as PNG, of nothing else."""
    drawn.packed = await asyncio.to_thread(pictures.png, drawn.released)
    drawn.media_type = "image/png"
    return drawn


def _over_time(request: Request, serving: Serving) -> OverTime:
    """Of a body or an area, as the address says. Raises NotFound, where there are few requests too."""
    register, key, today = register_of(serving), request.path_params["key"], now.today()
    if request.url.path.startswith("/reports/areas/"):
        told = over_time.of_area(register.stands(today), of_area(register, key), today)
    else:
        told = body_at(register, key, today).over_time(today)
    if told is None:
        raise NotFound(f"Fewer than {figures.REQUESTS_MIN} requests are known: they are not drawn.")
    return told


async def over_time_csv(request: Request, serving: Serving) -> Outgoing:
    return _let(serving, "json", tables.lines(over_time.table(_over_time(request, serving))), "text/csv; charset=utf-8")


async def over_time_svg(request: Request, serving: Serving) -> Outgoing:
    return _drawn(serving, over_time.picture(_over_time(request, serving)))


async def over_time_png(request: Request, serving: Serving) -> Outgoing:
    return await _painted(await over_time_svg(request, serving))


def _stands(request: Request, serving: Serving) -> list[Stand]:
    register = register_of(serving)
    one = register.at(request.path_params["slug"])
    return standing.stands(one, register.days_read(one.id), now.today())


async def timeline_svg(request: Request, serving: Serving) -> Outgoing:
    return _drawn(serving, drawing.timeline(_stands(request, serving), now.today()))


async def timeline_png(request: Request, serving: Serving) -> Outgoing:
    return await _painted(await timeline_svg(request, serving))


async def timeline_csv(request: Request, serving: Serving) -> Outgoing:
    """The table of the clocks' picture."""
    made = tables.lines(tables.clocks(_stands(request, serving)))
    return _let(serving, "json", made, "text/csv; charset=utf-8")


async def as_json(request: Request, serving: Serving) -> Outgoing:
    """`{"items": […], "next": address or null, "total": n}`; `?limit=` to 500."""
    register, query, found, on = _found(request, serving)
    base = _base(request)
    asked = request.query_params.get("limit", "100")
    limit = max(1, min(LIST_MAX, int(asked))) if asked.isdecimal() and len(asked) < 6 else 100
    start = (query.page - 1) * limit
    items = [
        tables.as_json(register, one, None, on, base, raised_before=len(raised_before(register, one)))
        for one in found[start : start + limit]
    ]
    more = start + limit < len(found)
    after = query.address(page=query.page + 1, text=query.text and ASKED)
    following_page = f"{base}/reports.json{after}&limit={limit}" if more else None
    made = tables.encoded({"items": items, "next": following_page, "total": len(found), "as_of": on})
    outgoing = _let(serving, "json", made, "application/json")
    return msgspec.structs.replace(outgoing, released=said_back("json", outgoing.released, query.text))


async def report_json(request: Request, serving: Serving) -> Outgoing:
    register = register_of(serving)
    one = register.at(request.path_params["slug"])
    before = len(raised_before(register, one))
    made = tables.as_json(register, one, register.texts(one.id), now.today(), _base(request), raised_before=before)
    made |= {"inquests": tables.inquests(inquests(serving, one), _base(request))}
    made |= {"axes": axes_tables.as_json(axes_of(serving, one))}
    return _let(serving, "json", tables.encoded(made), "application/json")


async def axes_csv(request: Request, serving: Serving) -> Outgoing:
    """How far each concern has come, in our words and in those of others."""
    one = register_of(serving).at(request.path_params["slug"])
    made = tables.lines([axes_tables.COLUMNS, *axes_tables.as_rows(one, axes_of(serving, one), now.today())])
    named = f'attachment; filename="axes-{one.slug}.csv"'
    return _let(serving, "json", made, "text/csv; charset=utf-8", Content_Disposition=named)


async def axes_of_all(request: Request, serving: Serving) -> Outgoing:
    """The same of every report that a search finds, as of today."""
    register, query, found, on = _found(request, serving)
    if query.on:
        raise Refused("What people judged is told as of today alone: leave out “on”.")
    for _ in range(TRIES):
        lines, edition = await axes_tables.lines_of(register, found, on), register.edition
        if register_of(serving).edition == edition:
            break
    # In one go from here: what was taken out of sight meanwhile has no line any more.
    for id in origins.told_of(serving.tables):
        if id in lines and (one := register.find(id)):
            lines[id] = tables.lines(axes_tables.as_rows(one, axes_of(serving, one), on))
    made = tables.lines([axes_tables.COLUMNS]) + "".join(lines.values())
    return _let(
        *(serving, "json", made, "text/csv; charset=utf-8"), Content_Disposition='attachment; filename="axes.csv"'
    )


async def feed(request: Request, serving: Serving) -> Outgoing:
    """A search as a feed: newest reports first, whatever order the page has."""
    register, _, found, _ = _found(request, serving)
    newest = sorted(
        found,
        key=lambda one: max((day for _, day in one.sources), default=one.dated or now.today()),
        reverse=True,
    )
    made = following.as_feed(
        register, newest, "Reports to prevent future deaths", f"{_base(request)}/reports/", _base(request), now.today()
    )
    return _let(serving, "feed", made, "application/atom+xml")


async def report_feed(request: Request, serving: Serving) -> Outgoing:
    register = register_of(serving)
    one = register.at(request.path_params["slug"])
    made = following.as_feed(
        register, [one], following.subject(one), _base(request) + request.url.path, _base(request), now.today()
    )
    return _let(serving, "feed", made, "application/atom+xml")


async def calendar(request: Request, serving: Serving) -> Outgoing:
    one = register_of(serving).at(request.path_params["slug"])
    return _let(serving, "feed", following.as_calendar([one], _base(request)), CALENDAR)


async def calendar_of_search(request: Request, serving: Serving) -> Outgoing:
    """The last days of what a search finds, of a body those that are its own; what is long over is in no calendar."""
    _, query, found, on = _found(request, serving)
    made = following.as_calendar(found, _base(request), body=query.body, since=max(on, FIRST_DAY) - KEPT_IN_CALENDAR)
    return _let(serving, "feed", made, CALENDAR)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
