"""Of a page that many may open, who sees which words: each field that is not for all, for every role and scope."""

from __future__ import annotations

import re

import pytest

from heard.coverage import problems
from heard.reports import commands as report_commands
from heard.reports import projection as reports
from tests.permissions.rows import ALL
from tests.permissions.table import DESK_ROWS
from tests.permissions.world import Asker, World

NAME, HELD, SEALED, PROBLEM, CONTACT = "Petronella Vane", "qheldq", "qsealedq", "qproblemq", "qcontactq"
#: Who sees it, by a session or by a token that may write; a token that only reads shows it to nobody.
SEEN: dict[str, tuple[str, str]] = {
    "held words": (HELD, "ela"),
    "sealed words": (SEALED, "ela"),
    "a reader's message": (PROBLEM, "rela"),
    "where to answer a reader": (CONTACT, "rela"),
}
#: On the page of orders and in the list over the API: to whom the terms are shown, to whom the names.
ORDERS: dict[str, tuple[str, str]] = {"nobody": ("l", "l"), "told": ("dcrela", "l"), "cleared": ("dcrela", "dcrela")}


@pytest.fixture(scope="module")
def full(world: World) -> str:
    """A case with something of every kind that not everybody may see."""
    held = world.things("post", "held", world.askers[0])
    house = world.house
    case = next(slug for (slug,) in house.tables.execute("SELECT id FROM cases WHERE slug = ?", (held["slug"],)))
    world._publish(case, f"{HELD} by {NAME}.")
    world._out(case)
    world._publish(case, SEALED)
    problem = world.do(problems.report_problem(case, "", PROBLEM))
    house.vault.put("contact", problem, CONTACT.encode())
    return held["slug"]


def sees(world: World, asker: Asker, address: str) -> str:
    at = {"Heard-Position": str(world.house.store.position())}
    return world.http.get(address, headers={**asker.headers, **at}).text


def test_how_long_something_has_been_held_is_seen_by_everybody_at_the_desk(world: World, full: str) -> None:
    for asker in world.askers:
        if asker.scope == "session" and asker.role in ALL:
            page = sees(world, asker, f"/desk/{full}/")
            said = r"waits for somebody since \d\d:\d\d" if asker.role in "ela" else r"2 held, for .*; since \d\d:\d\d"
            assert re.search(said, page), asker.name


@pytest.mark.parametrize("field", SEEN)
def test_words_are_seen_by_those_alone_who_act_on_them(world: World, full: str, field: str) -> None:
    words, roles = SEEN[field]
    for asker in world.askers:
        may = bool(asker.role) and asker.role in roles and asker.scope != "read"
        assert (words in sees(world, asker, f"/desk/{full}/")) == may, asker.name


def test_whoever_comes_is_led_to_no_part_of_the_page_that_they_do_not_have(world: World, full: str) -> None:
    for asker in world.askers:
        if asker.scope == "session" and asker.role in ALL:
            page = sees(world, asker, f"/desk/{full}/")
            led_to = set(re.findall(r'href="#([^"]+)"', page))
            assert "desk-posts" in led_to and led_to <= set(re.findall(r' id="([^"]+)"', page)), asker.name


@pytest.mark.parametrize("field", ["a reader's message", "where to answer a reader"])
def test_messages_about_reports_are_seen_by_those_alone_who_act_on_them(world: World, field: str) -> None:
    words, roles = SEEN[field]
    told = reports.by_slug(world.house.tables, world.things("report", "listed", world.askers[0])["slug"])
    problem = world.do(report_commands.tell_problem(told, PROBLEM, ""))
    world.house.vault.put("contact", problem, CONTACT.encode())
    for asker in world.askers:
        may = bool(asker.role) and asker.role in roles and asker.scope != "read"
        assert (words in sees(world, asker, "/desk/reports/")) == may, asker.name


@pytest.mark.parametrize("state", ORDERS)
def test_terms_are_seen_by_who_was_told_and_names_by_who_is_cleared(world: World, state: str) -> None:
    terms, names = ORDERS[state]
    for asker in world.askers:
        things = world.things("order", {"nobody": "not told"}.get(state, state), asker)
        for address in (f"/desk/{things['slug']}/orders/", f"/api/v1/cases/{things['slug']}/restrictions"):
            seen = sees(world, asker, address)
            assert (things["restriction"] in seen or "s. 11" in seen) == (asker.role in terms if asker.role else False)
            assert (NAME in seen) == (asker.role in names if asker.role else False), (asker.name, address)


def test_a_receipt_of_an_order_is_seen_by_those_alone_who_were_told(world: World) -> None:
    for asker in world.askers:
        for state, roles in (("told", "dcrela"), ("not told", "l")):
            things = world.shared("receipt", state, asker)
            # Not the bare number: a time of day or the name of a stylesheet has such digits too.
            link, member = f"/receipts/{things['withdrawal']}/", f'"withdrawal":{things["withdrawal"]},'
            seen = [
                link in sees(world, asker, f"/desk/{things['case']}/receipts/"),
                member in sees(world, asker, f"/api/v1/cases/{things['case']}/receipts"),
            ]
            assert seen == [bool(asker.role) and asker.role in roles] * 2, (asker.name, state)


def test_desk_offers_nobody_what_they_may_not_do(world: World, full: str) -> None:
    for asker in world.askers:
        page = sees(world, asker, f"/desk/{full}/") + sees(world, asker, "/desk/")
        for name, rows in DESK_ROWS.items():
            if name.startswith("POST /desk/{slug}/"):
                offered = f'action="/desk/{full}/{name.rpartition("/desk/{slug}/")[2]}"' in page
                assert not offered or asker.is_let_through(rows[0]), (asker.name, name)
