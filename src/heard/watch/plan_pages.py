"""The pages of plans: a picture of the site with its stations on it, for a wall and for a phone. All without script."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard.accounts.model import Caller
from heard.cases.exits import Serving, looking_twice
from heard.engine import now
from heard.engine.errors import HeardError, NotFound, Refused
from heard.engine.node import Command
from heard.engine.projection import Tables
from heard.pictures import darkroom
from heard.watch import plan_pictures, plans
from heard.watch.asked import NO_STORE, do, form_of, page, signed_in
from heard.watch.plan_pictures import DRAWER
from heard.watch.plans import Placed, Plan
from heard.watch.shown import StationShown, board
from heard.watch.verbs import Form

#: The small picture that is pressed where a station stands, in points of the page.
PRESSED_WIDE = 320
#: What lies on top where two marks meet.
_ABOVE = ("not watched", "kept", "suspended", "blind", "unproven", "alarm")


class Mark(msgspec.Struct, frozen=True):
    """A station where it stands. Its words are on the side where there is room."""

    where: Placed
    shown: StationShown

    @property
    def is_right(self) -> bool:
        return self.where.across > 60


def routes() -> list[BaseRoute]:
    return [
        Route("/watch/plans/", plans_page, methods=["GET"]),
        Route("/watch/plans/", draw, methods=["POST"]),
        Route("/watch/plans/{plan}/", plan_page, methods=["GET"]),
        Route("/watch/plans/{plan}/picture", picture, methods=["GET"]),
        Route("/watch/plans/{plan}/{verb}", act_on_plan, methods=["POST"]),
    ]


async def plans_page(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch")

    async def look() -> Response:
        return _plans(serving, caller)

    return await looking_twice(serving, look)


def _plans(serving: Serving, caller: Caller, error: str = "", draft: Form | None = None) -> Response:
    stations = board(serving.tables, serving.watching, now.utc()).stations
    known = [(one, _marks(serving.tables, one, stations)) for one in plans.plans(serving.tables)]
    return page(serving, "watch/plans.html", caller, 422 if error else 200, plans=known, error=error, draft=draft or {})


def _marks(tables: Tables, plan: Plan, stations: Sequence[StationShown]) -> list[Mark]:
    shown = {one.station.id: one for one in stations}
    marks = [Mark(one, shown[one.station]) for one in plans.placed(tables, plan.id) if one.station in shown]
    return sorted(marks, key=lambda mark: _ABOVE.index(mark.shown.stands))


async def draw(request: Request) -> Response:
    """Who it is is asked before the picture is read."""
    serving, caller = signed_in(request, "give_orders")
    form = await form_of(request)
    try:
        media, width, height = await _taken(request, serving)
        written = await do(serving, caller, plans.draw_plan(form.get("name", ""), media, width, height), form, "plans")
    except HeardError as refusal:
        return _plans(serving, caller, refusal.message, form)
    return RedirectResponse(f"/watch/plans/{written.stream}/", 303)


async def _taken(request: Request, serving: Serving) -> tuple[str, int, int]:
    """The picture that came with a form, made anew, on the disk; and its size.

    Raises Refused, TooLarge, Unavailable.
    """
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.size:
        raise Refused("There is no picture with it. Nothing was kept; choose one.")
    developed = await darkroom.develop(await file.read(darkroom.FILE_BYTES_MAX + 1))
    largest = next(one for one in developed.prints if one.sort == "jpg")
    plan_pictures.came(serving.vault, hashlib.sha256(largest.content).hexdigest())
    [media] = await darkroom.keep(serving.media.apart(DRAWER), [largest.content])
    return media, largest.width, largest.height


async def plan_page(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch")

    async def look() -> Response:
        return _plan(serving, caller, request.path_params["plan"])

    return await looking_twice(serving, look)


def _plan(serving: Serving, caller: Caller, plan: str, error: str = "", draft: Form | None = None) -> Response:
    known = plans.of_plan(serving.tables, plan)
    shown = board(serving.tables, serving.watching, now.utc())
    marks = _marks(serving.tables, known, shown.stations)
    return page(
        serving, "watch/plan.html", caller, 422 if error else 200, plan=known, marks=marks, stations=shown.stations,
        changed=shown.changed, at=shown.at, zone=shown.zone, error=error, draft=draft or {},
        pressed=(PRESSED_WIDE, round(PRESSED_WIDE * known.height / known.width)),
    )  # fmt: skip


async def picture(request: Request) -> Response:
    """For the people of the room alone; of a plan that was withdrawn there is none."""
    serving, _ = signed_in(request, "see_watch")

    async def look() -> Response:
        plan = plans.of_plan(serving.tables, request.path_params["plan"])
        return Response(serving.media.apart(DRAWER).read(plan.media), media_type="image/jpeg", headers=NO_STORE)

    return await looking_twice(serving, look)


async def act_on_plan(request: Request) -> Response:
    serving, caller = signed_in(request, "give_orders")
    plan, verb, form = request.path_params["plan"], request.path_params["verb"], await form_of(request)
    if verb not in ON_PLAN:
        raise NotFound("There is no such verb.")
    try:
        if verb == "draw":
            media, width, height = await _taken(request, serving)
            command = plans.draw_plan(form.get("name", ""), media, width, height, plan=plan)
        else:
            command = ON_PLAN[verb](serving.tables, plan, form)
        await do(serving, caller, command, form, plan)
    except NotFound:
        raise
    except HeardError as refusal:
        return _plan(serving, caller, plan, refusal.message, form)
    return RedirectResponse("/watch/plans/" if verb == "withdraw" else f"/watch/plans/{plan}/", 303)


def _place(tables: Tables, plan: str, form: Form) -> Command:
    """By where the small picture was pressed, or by what was typed."""
    known = plans.of_plan(tables, plan)
    try:
        x, y = float(form.get("at.x") or 0), float(form.get("at.y") or 0)
        if x or y:
            across, down = 100 * x / PRESSED_WIDE, 100 * y / (PRESSED_WIDE * known.height / known.width)
        else:
            across, down = float(form.get("across", "")), float(form.get("down", ""))
    except ValueError:
        raise Refused("Press the plan where the station stands, or write two numbers of per cent.") from None
    return plans.place(plan, form.get("station", ""), across, down)


ON_PLAN: dict[str, Callable[[Tables, str, Form], Command]] = {
    "place": _place,
    "off": lambda tables, plan, form: plans.take_off(plan, form.get("station", "")),
    "withdraw": lambda tables, plan, form: plans.withdraw(plan),
    "draw": lambda tables, plan, form: plans.draw_plan("", "", 0, 0, plan=plan),
}
