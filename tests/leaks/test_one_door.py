"""No byte of a case leaves but through the door: by kind of route, by type, and by trying."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from heard.cases.exits import Outgoing, Serving, WayOut
from heard.cases.release import Released, Withheld, joined
from heard.coverage import frames
from heard.coverage.frames import Page, Painter
from heard.engine.errors import Corrupt, HeardError
from heard.store.frames import FramesFile
from heard.web import app as web_app
from heard.web import errors
from tests.desk import Desk

#: What may answer without the door, and why.
NO_WORDS_OF_A_CASE = {
    "/static/{path:path}": "files of the pages themselves",
    "/log/checkpoint": "a size and a hash",
    "/healthz": "a number",
    "/metrics": "numbers, for this machine",
    "/{slug}": "an address",
    "/fixes": "how many fixes were kept, or why not",
    "/fixes/{secret}": "how many fixes were kept, or why not",
    "/ping/{secret}": "OK, or that there is none",
    "/ping/{secret}/{said}": "OK, or that there is none",
    "/reports/follow/": "POST: its page passes the door, see the endpoint",
    "/reports/follow/{token}/": "our own words alone",
    "/reports/leave/{token}/": "our own words alone",
    "/{slug}/follow/": "POST: its page passes the door, see the endpoint",
    "/{slug}/follow/{token}/": "our own words alone",
    "/{slug}/leave/{token}/": "our own words alone",
    "/{slug}/problem/": "POST: its page passes the door, see the endpoint",
    "/reports/{slug}/problem/": "POST: its page passes the door, see the endpoint",
    "/reports/problem/": "POST: the same",
    "/reports/similar/": "POST: its page passes the door, see the endpoint",
}


def serving(desk: Desk, folder: Path) -> Serving:
    file = FramesFile(folder / "frames.sqlite", "e")
    painter = Painter(desk.journal, desk.tables, desk.doors, file)
    painter.paint()

    async def do(*_: Any, **__: Any) -> Any:
        raise AssertionError("not asked for here")

    return Serving(desk.house.node, desk.doors, desk.house.vault, file, desk.house.media, do, "e")


def doorless(routes: list[BaseRoute]) -> list[str]:
    """Paths that answer the public without the door."""
    found = []
    for route in routes:
        path = getattr(route, "path", "")
        private = path.startswith(("/account/", "/desk/", "/watch/", "/api/v1")) and isinstance(route, Route | Mount)
        if not isinstance(route, WayOut) and not private and path not in NO_WORDS_OF_A_CASE:
            found.append(path)
    return found


def test_every_public_route_is_a_way_out() -> None:
    assert doorless(web_app.routes()) == []


def test_a_plain_route_on_a_case_is_caught() -> None:
    async def leak(request: Any) -> Any: ...

    routes = [*web_app.routes(), Route("/{slug}/leak/", leak)]
    assert doorless(routes) == ["/{slug}/leak/"]


def test_nobody_but_a_door_makes_released_text() -> None:
    with pytest.raises(TypeError):
        Released("words")
    with pytest.raises(TypeError):
        joined("page", "words", ["not released"])  # type: ignore[list-item]


def test_a_way_out_that_forgot_the_door_is_stopped(desk: Desk, tmp_path: Path) -> None:
    ready = serving(desk, tmp_path)

    async def forgetful(request: Any, serving: Serving) -> Outgoing:
        return Outgoing("words")  # type: ignore[arg-type]

    handlers = {HeardError: errors.on_heard_error}
    app = Starlette(routes=[WayOut("/{slug}/", "page", forgetful)], exception_handlers=handlers)  # type: ignore[arg-type]
    app.state.serving = ready
    answer = TestClient(app).get("/the-case/")
    assert answer.status_code == 503
    assert "words" not in answer.text


def test_a_frame_that_forgot_the_door_is_stopped(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.publish("Words")
    monkeypatch.setattr(Page, "html", lambda self, shown: "<article>not released</article>")
    file = FramesFile(tmp_path / "frames.sqlite", "e")
    with pytest.raises(Corrupt):
        Painter(desk.journal, desk.tables, desk.doors, file).paint()
    assert file.position() == 0


def test_a_name_that_came_in_by_a_title_stops_the_page(desk: Desk) -> None:
    desk.restrict("Rowan Tidewell")
    door = desk.doors.of(desk.tables, desk.case)
    with pytest.raises(Withheld):
        door.let("page", "<title>Rowan&nbsp;Tide<b>well</b></title>")
    assert door.let("page", "<title>The case</title>")


def test_an_area_that_says_the_name_is_left_empty(desk: Desk) -> None:
    from heard.cases import projection as cases
    from heard.coverage import commands

    desk.do(commands.summarise(desk.doors, desk.case, "Rowan Tidewell gave evidence."))
    page = Page(cases.by_id(desk.tables, desk.case), desk.tables, desk.doors.of(desk.tables, desk.case))
    assert "Tidewell" in page.area_html("summary")
    desk.restrict("Rowan Tidewell")
    page = Page(cases.by_id(desk.tables, desk.case), desk.tables, desk.doors.of(desk.tables, desk.case))
    assert "Tidewell" not in page.area_html("summary")


def test_every_kind_of_entry_that_readers_see_is_rendered() -> None:
    """A new body of coverage or cases must say whether open pages change by it."""
    from heard.cases import entries as case_entries
    from heard.coverage import alert_entries, draft_entries
    from heard.coverage import entries as coverage_entries
    from heard.engine.entry import Body

    rendered = {*frames._KINDS, *frames._STATES, *frames._RULES, frames.SummaryWritten, frames.Content}
    rendered |= {frames.CaseOpened, frames.CaseDescribed, *frames._OF_THE_CASE}
    unseen = {"SlugTaken", "PersonNamed", "HearingListed", "SittingRose", "PostDropped", "Reasoned"}
    unseen |= {"JurySworn", "JurySentOut", "JuryReturned", "SealLifted", "PermissionRecorded", "OwnPermissionRecorded"}
    unseen |= {"RestrictionTold", "LegalHoldPlaced", "LegalHoldEnded"}
    unseen |= {"SecondEyesRuled", "DelayFixed", "ReleaseAgreed", "PublicExcluded", "PublicAdmitted"}
    unseen |= {"ChangeProposed", "ChangeLetOut", "ChangeDropped"}
    unseen |= {
        "TextStopped",
        "ApprovalRequired",
        "ApprovalEnded",
        "LawyerTold",
        "NamesSeen",
        "WordsSeen",
        "PastLookedAt",
        "RecordTaken",
    }
    unseen |= {"ProblemReported", "ProblemSettled", "ReceiptGiven", "RecallSeenTo"}
    unseen |= {"AlertCalled", "AlertCalledOff", "AlertSent", "PostDrafted"}
    for module in (case_entries, coverage_entries, alert_entries, draft_entries):
        for name, body in vars(module).items():
            if isinstance(body, type) and issubclass(body, Body) and body.kind:
                assert issubclass(body, tuple(rendered)) or name in unseen, name
