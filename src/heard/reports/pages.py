"""The public pages of reports: the register, a report, a body, an area.

Each passes the door, and none needs a script.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute

from heard import templates
from heard.cases import projection as cases
from heard.cases.exits import Outgoing, Serving, WayOut, case_at
from heard.cases.saying_back import ASKED, said_back
from heard.coverage import projection as coverage
from heard.engine import now
from heard.engine.errors import NotFound, Refused
from heard.reports import (
    alike,
    areas,
    axes,
    bodies,
    clocks,
    drawing,
    figures,
    finding,
    indexing,
    over_time,
    projection,
    seen,
    standing,
)
from heard.reports.areas import area_key
from heard.reports.concerns import CHANGED
from heard.reports.echoes import as_now, passages_of, raised_before, said_in
from heard.reports.model import SOURCES, Concern, Promise, Response
from heard.reports.over_time import OverTime
from heard.reports.register import Register
from heard.reports.shown import Shown, Texts
from heard.reports.standing import Stand
from heard.reports.together import sent_together
from heard.watch import origins
from heard.watch.origins import Kept

#: So long a page waits for what reports are compared by; after that it says so.
COMPARED_WITHIN_S = 0.5
#: As many reports stand on the page of a body or an area; the search has them all, and says how they stand.
LISTED_MAX = 50
NOT_YET = {"Retry-After": "5", "Cache-Control": "no-store"}


def routes() -> list[BaseRoute]:
    return [
        WayOut("/reports/", "page", listed),
        WayOut("/reports/figures/", "page", figures_page),
        WayOut("/reports/similar/", "page", similar_form),
        WayOut("/reports/bodies/{key}/", "page", body),
        WayOut("/reports/areas/{key}/", "page", area),
        WayOut("/reports/{slug}/similar/", "page", similar),
        WayOut("/reports/{slug}/", "page", report),
        WayOut("/{slug}/reports/", "page", of_case),
    ]


def register_of(serving: Serving) -> Register:
    """The register, brought up to what was written a moment ago, if that is little."""
    register: Register = serving.register
    register.follow()
    return register


def sent(serving: Serving, page: str, *, may_be_kept: bool = False, **context: Any) -> Outgoing:
    """A page of reports, past the door; no search engine is to keep it unless it `may_be_kept`, the operator opted in,
    and nothing on it is hidden.
    """
    robots = indexing.NEVER
    if may_be_kept and projection.is_indexing_allowed(serving.tables):
        robots = indexing.ALLOWED
    made = templates.render(page, area_key=area_key, robots=robots, **context)
    if robots != indexing.NEVER and not indexing.is_whole(made):
        robots = indexing.NEVER
        made = templates.render(page, area_key=area_key, robots=robots, **context)
    return Outgoing(serving.doors.of_every(serving.tables).let("page", made), headers={"X-Robots-Tag": robots})


async def listed(request: Request, serving: Serving) -> Outgoing:
    register, today = register_of(serving), now.today()
    query = finding.query_from(request.query_params)
    found = finding.find(register, query, today)
    # Narrowed down to what no report here has, that may be anybody's words: it is not said again.
    known = {facet.name for facet, _ in found.narrowed}
    unknown = [name for name in finding.FACETS if getattr(query, name) and name not in known]
    stand_in = msgspec.structs.replace(query, text=query.text and ASKED, **dict.fromkeys(unknown, ""))
    outgoing = sent(
        serving,
        "reports/list.html",
        may_be_kept=not request.url.query and indexing.tells_no_hidden(hit.shown for hit in found.hits),
        found=found,
        query=stand_in,
        unknown=bool(unknown),
        register=register,
        on=query.on or today,
    )
    return msgspec.structs.replace(outgoing, released=said_back("page", outgoing.released, query.text))


async def report(request: Request, serving: Serving) -> Outgoing:
    register, today = register_of(serving), now.today()
    name = request.path_params["slug"]
    shown = register.find(name) or register.at(name)  # by its id too, by which other rooms know it
    texts = register.texts(shown.id)
    on = _day(request) or today
    if on < today:
        shown, texts = register.looking_back(shown.id, on)
    read = [day for day in register.days_read(shown.id) if day <= on]
    stands = standing.stands(shown, read, on)
    kept = kept_of(serving, shown) if on == today else []
    rows = axes.axes(shown, texts, stands, kept)
    titles = [(SOURCES[name].title, day) for name, day in shown.sources]
    of_responses = [SOURCES[name].title for name, _ in shown.sources if SOURCES[name].replies]
    return sent(
        serving,
        "reports/report.html",
        may_be_kept=on == today and not shown.names_hidden and name == shown.slug,
        shown=shown,
        texts=texts,
        stands=stands,
        said=standing.SAID[standing.standing(stands)][1],
        by_tracker=standing.by_tracker(shown, on),
        count=shown.counted(on),
        days_over=clocks.days_over(shown.dated, on) if shown.dated else 0,
        read=read,
        on=on,
        back=on < today,
        timeline=drawing.timeline(stands, on),
        matrix=matrix(shown, texts),
        kept=kept,
        numbers={one.id: one.number or str(place) for place, one in enumerate(texts.numbered, 1)},
        axes=rows if on == today and any(row.told() for row in rows) else [],
        nothing_by=SOURCES[shown.cell.by].title if shown.cell.by else "",
        changed=CHANGED,
        source_titles=titles,
        sources=of_responses[-1] if of_responses else "any source",
        inquests=inquests(serving, shown),
        echoes=raised_before(register, shown),
        together=sent_together(register, shown) if on == today else [],
    )


def kept_of(serving: Serving, shown: Shown) -> list[Kept]:
    """What may be said of what is watched because of a report, without the names that are hidden in it."""
    kept = origins.kept(serving.tables, shown.id, now.utc())
    if not kept:
        return []
    masked, journal = register_of(serving).masking(shown.id), serving.node.journal
    told = [(one, seen.concern_now(journal, shown.id, one.concern, one.named_at)) for one in kept]
    return [
        msgspec.structs.replace(
            one, concern=masked(concern), words=masked(one.words), decided_by=masked(one.decided_by)
        )
        for one, concern in told
    ]


def axes_of(serving: Serving, shown: Shown) -> list[axes.Axes]:
    """The four axes of every concern of a report, as they may be seen today."""
    register = register_of(serving)
    stands = standing.stands(shown, register.days_read(shown.id), now.today())
    return axes.axes(shown, register.texts(shown.id), stands, kept_of(serving, shown))


class Inquest(msgspec.Struct, frozen=True):
    """A case of which a report tells, as far as its own door lets it be named."""

    slug: str
    title: str
    state: str
    linked_by: str


def inquests(serving: Serving, shown: Shown) -> list[Inquest]:
    """Those that may be named beside the report, as far as somebody said which they are."""
    found = []
    for id, by in () if shown.is_nameless else shown.cases:  # the title of a case may be the name
        case, door = cases.by_id(serving.tables, id), serving.doors.of(serving.tables, id)
        if not door.held and not door.stops(case.title):
            found.append(Inquest(case.slug, case.title, coverage.of_case(serving.tables, id).state, by))
    return found


async def of_case(request: Request, serving: Serving) -> Outgoing:
    """The other way: the reports that were made after the inquest of a case, but for those whose names are hidden."""
    case, door = case_at(serving, request)
    register, today = register_of(serving), now.today()
    found = [
        one for id in projection.of_case(serving.tables, case.id) if (one := register.find(id)) and not one.is_nameless
    ]
    standings = register.standings(today)
    rows = [(one, standings[one.id], dict(one.cases).get(case.id, "")) for one in sorted(found, key=_newest)]
    outgoing = sent(serving, "reports/of_case.html", case=case, rows=rows, on=today)
    return msgspec.structs.replace(outgoing, released=door.let("page", outgoing.released), case=case.id)


class Matrix(msgspec.Struct, frozen=True):
    """Which response speaks to which concern: a row for each concern, a cell for each response."""

    responses: tuple[Response, ...]
    rows: tuple[tuple[Concern, tuple[str, ...]], ...]


def matrix(shown: Shown, texts: Texts) -> Matrix | None:
    """Only where somebody read the responses against the concerns; what was not read is said to be so."""
    if not any(response.concerns or response.answer != "not read" for response in shown.responses):
        return None

    def cell(concern: Concern, response: Response) -> str:
        if concern.to and response.by not in concern.to:
            return "not asked"
        if not response.concerns:
            return response.answer if response.answer != "not read" else "not read yet"
        if {concern.number, concern.id} & set(response.concerns):
            return response.answer
        return "not known" if CHANGED in response.concerns else "not spoken of"

    rows = tuple((one, tuple(cell(one, response) for response in shown.responses)) for one in texts.numbered)
    return Matrix(shown.responses, rows)


class OfBody(msgspec.Struct, frozen=True):
    """What is known of a body: its requests with how they stand, copies it had, what it said it would do."""

    name: str
    rows: tuple[tuple[Shown, Stand], ...]
    copied: tuple[Shown, ...]
    promises: tuple[tuple[Shown, Promise], ...]

    def over_time(self, on: date) -> OverTime | None:
        return over_time.of_body(self.rows, self.promises, on)


def body_at(register: Register, key: str, on: date) -> OfBody:
    """Raises NotFound; nobody who may be a private person has a key."""
    theirs, had_copies = register.by_body().get(key, ((), ()))
    if not theirs and not had_copies:
        raise NotFound("No report was sent to a body of this name, as far as is known here.")
    stands = register.stands(on)
    rows = [(one, next(stand for stand in stands[one.id] if stand.addressee.key == key)) for one in theirs]
    name = next(other.name for other in (theirs or had_copies)[0].met() if other.key == key)
    promises = [(one, promise) for one in theirs for promise in one.promises if bodies.key(promise.by) == key]
    return OfBody(name, tuple(rows), tuple(had_copies), tuple(promises))


async def body(request: Request, serving: Serving) -> Outgoing:
    register, today, key = register_of(serving), now.today(), request.path_params["key"]
    found = body_at(register, key, today)
    told = found.over_time(today)
    return sent(
        serving,
        "reports/body.html",
        may_be_kept=indexing.tells_no_hidden([*(one for one, _ in found.rows), *found.copied]),
        body=found,
        key=key,
        most=LISTED_MAX,
        owed=over_time.owed(stand for _, stand in found.rows),
        told=told,
        sorts=over_time.SORTS,
        picture=over_time.picture(told) if told else "",
        least=figures.REQUESTS_MIN,
        on=today,
    )


async def figures_page(request: Request, serving: Serving) -> Outgoing:
    register, today = register_of(serving), now.today()
    made = await asyncio.to_thread(figures.figures, register, today)
    drawn = [(figure, figures.picture(figure)) for figure in made]
    return sent(serving, "reports/figures.html", may_be_kept=True, figures=drawn, count=len(register), on=today)


async def similar(request: Request, serving: Serving) -> Outgoing:
    """Earlier reports that may raise the same, side by side with this one."""
    register, slug = register_of(serving), request.path_params["slug"]
    register.at(slug)
    if not await compared(serving):
        return _similar(serving, shown=register.at(slug), waiting=True)
    while True:
        shown = register.at(slug)
        texts = register.texts(shown.id)
        ours, asked = passages_of(texts), {"around": said_in(texts), "before": shown.dated, "but": shown.id}
        found = await asyncio.to_thread(serving.echoes.of, ours, **asked) if ours else []
        if (
            register_of(serving).find(shown.id) is shown
        ):  # else something of it was hidden, or told, while it was compared
            break
    found, equal = as_now(register, found), alike.equal_to(register, shown)
    confirmed = {earlier for earlier, _ in shown.echoes}
    together = [one for one in sent_together(register, shown) if one not in equal]
    told = {"equal": equal, "together": together, "confirmed": confirmed}
    return _similar(serving, shown=shown, echoes=found, has_text=bool(ours), **told)


async def similar_form(request: Request, serving: Serving) -> Outgoing:
    return _similar(serving)


def _similar(serving: Serving, **told: Any) -> Outgoing:
    blank = {"shown": None, "echoes": None, "equal": (), "together": (), "confirmed": (), "text": "", "waiting": False}
    made = sent(serving, "reports/similar.html", **blank | {"has_text": True} | told)
    if told.get("waiting"):  # no cache keeps that it is not ready, and a machine is told to ask again
        made = msgspec.structs.replace(made, status=503, headers={**made.headers, **NOT_YET})
    return made


async def compared(serving: Serving) -> bool:
    """Whether reports can be compared by now; begins to make it so. A small register is compared at once."""
    echoes = serving.echoes
    if not echoes.ready:
        if echoes.under_way is None or echoes.under_way.done():
            echoes.under_way = asyncio.ensure_future(asyncio.to_thread(echoes.space))
        await asyncio.wait([echoes.under_way], timeout=COMPARED_WITHIN_S)
    return bool(echoes.ready)


def of_area(register: Register, key: str) -> list[Shown]:
    """The reports of a coroner area, newest first. Raises NotFound."""
    theirs = [one for one in register.newest() if area_key(one.area) == key]
    if not theirs:
        raise NotFound("No report of an area of this name is known here.")
    return theirs


async def area(request: Request, serving: Serving) -> Outgoing:
    register, today, key = register_of(serving), now.today(), request.path_params["key"]
    theirs = of_area(register, key)
    told = over_time.of_area(register.stands(today), theirs, today)
    standings = register.standings(today)
    rows = [(one, standings[one.id], standing.SAID[standings[one.id]][0]) for one in theirs]
    name, may = theirs[0].area, indexing.tells_no_hidden(theirs)
    drawn: dict[str, Any] = {"told": told, "sorts": over_time.SORTS, "picture": over_time.picture(told) if told else ""}
    drawn |= {"name": name, "today": areas.today(name), "least": figures.REQUESTS_MIN, "most": LISTED_MAX}
    return sent(serving, "reports/area.html", may_be_kept=may, rows=rows, on=today, **drawn)


def _newest(one: Shown) -> tuple[date, str]:
    return one.dated or date.min, one.slug


def _day(request: Request) -> date | None:
    asked = request.query_params.get("on")
    try:
        return date.fromisoformat(asked) if asked else None
    except ValueError as wrong:
        raise Refused("Write the day like 2025-07-31.") from wrong
