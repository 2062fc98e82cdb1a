"""Every address that answers GET is in the register of surfaces, or declared as none: a new one fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.routing import BaseRoute, Mount, Route

from heard.cases import projection as cases
from heard.cases.exits import WayOut
from heard.coverage import commands, problems
from heard.deliver.surfaces import NO_SURFACES, SURFACES, WORDS_OF_REPORTS, addresses
from heard.live import joining
from heard.web import app as web_app
from tests.desk import Desk


def asked_with_get(routes: Sequence[BaseRoute], before: str = "") -> Iterator[tuple[str, BaseRoute]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from asked_with_get(route.routes, before + route.path)
        elif isinstance(route, Route) and "GET" in (route.methods or ()):
            yield before + route.path, route


def is_none(path: str) -> bool:
    return any(path == name or (name[-1] == "*" and path.startswith(name[:-1])) for name in NO_SURFACES)


def undeclared(routes: Sequence[BaseRoute]) -> list[str]:
    """Addresses that nobody registered; a public one cannot be declared as none."""
    surfaces = {surface.route for surface in SURFACES} | set(WORDS_OF_REPORTS)
    return [
        path
        for path, route in asked_with_get(routes)
        if path not in surfaces and (isinstance(route, WayOut) or not is_none(path))
    ]


def test_every_address_that_answers_is_a_surface_or_declared_as_none() -> None:
    assert undeclared(web_app.routes()) == []


def test_a_new_address_that_nobody_registered_is_caught() -> None:
    async def leak(request: Any, serving: Any = None) -> Any: ...

    for new in (
        WayOut("/{slug}/embed/", "page", leak),
        WayOut("/reports/{slug}/embed/", "page", leak),
        Route("/oembed", leak),
        WayOut("/desk/{slug}/live", "page", leak),
    ):
        assert undeclared([*web_app.routes(), new]) == [new.path]


def test_what_the_edge_answers_by_itself_is_registered() -> None:
    """The edge has no table of routes: it knows its addresses by one expression."""
    live = {surface.route for surface in SURFACES if surface.route.startswith("/live/")}
    assert live == {"/live/{slug}", "/live/{slug}/after/{position}"}
    assert joining._LIVE.pattern == r"/live/([^/]+)(?:/after/([^/]*))?"


def test_the_register_names_nothing_that_is_not_there() -> None:
    served = {path for path, _ in asked_with_get(web_app.routes())}
    registered = {surface.route for surface in SURFACES if not surface.route.startswith("/live/")}
    registered |= set(WORDS_OF_REPORTS)
    assert registered <= served
    for name in NO_SURFACES:
        assert any(path.startswith(name.rstrip("*")) for path in served), name


def test_every_surface_is_asked_and_at_its_own_route() -> None:
    for surface in SURFACES:
        route = re.escape(re.sub(r"{[^}]*}", "*", surface.route)).replace(r"\*", "[^/?]+")
        assert surface.asked
        for pattern in surface.asked:
            assert re.fullmatch(route, pattern.split("?")[0]), (surface.route, pattern)


def test_a_post_is_looked_for_on_its_older_page_too(desk: Desk) -> None:
    posts = [desk.publish(f"Post number {number}.") for number in range(180)]
    at = desk.do(commands.retract(desk.doors, posts[70])).position
    case = cases.by_id(desk.tables, desk.case)
    asked = {one.address for one in addresses(desk.tables, desk.journal, case, [posts[70]], at)}
    assert {
        f"/the-case/posts/{posts[70]}/",
        f"/the-case/?order=newest&before={posts[100]}",
        f"/the-case/?order=oldest&after={posts[49]}",
        f"/live/the-case/after/{desk.journal.store.epoch}.{at - 1}",
    } <= asked


def test_a_poll_is_asked_where_those_waited_who_were_told_of_the_post(desk: Desk) -> None:
    """Another case's entry, and one that no reader sees, may stand between two frames of a case."""
    from heard.cases import commands as case_commands

    desk.publish("The frame before.")
    before = desk.journal.store.position()
    desk.do(case_commands.open_case("other", "Another case"))
    desk.do(problems.report_problem(desk.case, "", "This is wrong."))
    post = desk.publish("The post.")
    at = desk.do(commands.retract(desk.doors, post)).position
    case = cases.by_id(desk.tables, desk.case)
    asked = {one.address for one in addresses(desk.tables, desk.journal, case, [post], at)}
    assert f"/live/the-case/after/{desk.journal.store.epoch}.{before}" in asked
