"""From a promise with a day to something that is watched: the form of a station, filled in, and the way back.

What an addressee said it would do by a day can be owed here: from the day on which it is armed, that many days. The
form is the watch's own, and whoever arms it may change all of it; why it is watched is written with it, or nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard.accounts.model import Caller
from heard.cases.exits import Serving, looking_twice
from heard.engine import now
from heard.engine.errors import HeardError, NotFound, Refused
from heard.reports import seen
from heard.reports.concerns import CHANGED
from heard.reports.model import Promise
from heard.reports.pages import register_of
from heard.reports.register import Register
from heard.reports.shown import Shown
from heard.watch import origins
from heard.watch.arming_page import Because, arming_at
from heard.watch.asked import do, form_of, signed_in
from heard.watch.entries import DeedDone
from heard.watch.model import TITLE_MAX
from heard.watch.origins import Origin
from heard.watch.verbs import Form, arm

#: So many are listed, those first that are due first.
LISTED = 100


class Dated(msgspec.Struct, frozen=True):
    """A promise with its day; `number` is its place among those of its report, `watched` why, where it is."""

    shown: Shown
    number: int
    promise: Promise
    due_on: date
    watched: Origin | None

    @property
    def address(self) -> str:
        return f"/desk/reports/promises/{self.shown.slug}/{self.number}/"

    @property
    def deeds(self) -> dict[str, str]:
        """What begins it and what ends it, by names of its own: by such a name everything is begun, or ended, that is
        asked under it at the station, of whatever promise.
        """
        promise = f"promise {self.shown.slug} {self.number}"
        return {"begins": f"{promise} made", "deed": f"{promise} kept"}


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/reports/promises/{slug}/{number}/", filled, methods=["GET"]),
        Route("/desk/reports/promises/{slug}/{number}/", armed, methods=["POST"]),
    ]


def to_come(register: Register, known: Sequence[Origin], on: date) -> list[Dated]:
    """Those whose day has not passed, and those that are watched."""
    found = [one for shown in register for one in _of(register, shown, known) if one.watched or one.due_on >= on]
    return sorted(found, key=lambda one: (one.due_on, one.address))[:LISTED]


def _of(register: Register, shown: Shown, known: Sequence[Origin]) -> list[Dated]:
    dated = [(number, one, one.due_on) for number, one in enumerate(shown.promises, 1) if one.due_on]
    theirs = [one for one in known if one.report == shown.id and one.stood_down_at is None] if dated else []
    still = [(_as_now(register, one), one) for one in theirs]
    return [
        Dated(shown, number, one, due_on, next((why for said, why in still if said == _because(one)), None))
        for number, one, due_on in dated
    ]


def _as_now(register: Register, one: Origin) -> tuple[str, str]:
    """Why it is watched as its report says it now: a name may be hidden, or its concerns cut otherwise, since."""
    concern = seen.concern_now(register.journal, one.report, one.concern, one.named_at)
    return "" if concern == CHANGED else concern[:40], register.masking(one.report)(one.words)


def _because(promise: Promise) -> tuple[str, str]:
    """The concern, and what is watched in words that stand on the report's page already."""
    return promise.concern[:40], " ".join(promise.words.split())[: origins.WORDS_MAX].strip()


def _asked(request: Request) -> tuple[Serving, Caller, Dated]:
    """Who asks, and for which.

    Raises NotAllowed; NotFound, for one that has no day too.
    """
    serving, caller = signed_in(request, "administer")
    caller.must("give_orders")
    shown = register_of(serving).at(request.path_params["slug"])
    for one in _of(register_of(serving), shown, origins.origins(serving.tables)):
        if str(one.number) == request.path_params["number"]:
            return serving, caller, one
    raise NotFound("There is no promise with a day at this address.")


async def filled(request: Request) -> Response:
    """What a station would be asked, as the promise says it; nothing is armed yet."""

    async def look() -> Response:
        serving, caller, one = _asked(request)
        left = (one.due_on - now.today()).days
        if left < 0:
            raise Refused("The day of this promise has passed: nothing can be owed by it any more. Nothing was armed.")
        draft = {"sort": "answer", "title": f"Promised by {one.promise.by}"[:TITLE_MAX], "days": str(left), **one.deeds}
        return _form(serving, caller, one, request.query_params.get("station", ""), draft)

    return await looking_twice(serving=request.app.state.serving, look=look)


async def armed(request: Request) -> Response:
    """Arm it, say why, and say that it begins now, in one. What is refused comes back with what was typed."""
    form = await form_of(request)

    async def done() -> Response:
        serving, caller, one = _asked(request)
        station, asked = form.get("station", ""), {**form, "sort": "answer", "obligation": ""}
        try:
            begins = DeedDone(" ".join(form.get("begins", "").split()).lower(), one.shown.slug)
            arming = arm(serving.tables, station, asked)
            arming = origins.because(arming, one.shown.id, *_because(one.promise), begins)
            await do(serving, caller, arming, form, one.shown.id)
        except HeardError as refusal:
            return _form(serving, caller, one, station, asked, refusal.message)
        return RedirectResponse(f"/watch/stations/{station}/?done", 303)

    return await looking_twice(request.app.state.serving, done)


def _form(serving: Serving, caller: Caller, one: Dated, station: str, draft: Form, error: str = "") -> Response:
    why = Because(one.address, f"/reports/{one.shown.slug}/", one.promise.by, one.promise.words, one.due_on)
    return arming_at(serving, caller, station, draft, error, why)
