"""Orders on the desk and over the API, on a real server: recorded, seen by who was told, searched for, ended."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

from heard.accounts import commands as account_commands
from heard.engine import now
from heard.opening import open_house
from heard.signing_in import token_for
from tests.server import Server
from tests.stories.people import signed_in_as

NAME = "Petronella Vane"
REPORTER = "mira@heard.example"


@pytest.fixture(scope="module")
def desk(server: Server) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.address, timeout=30) as client:
        assert client.post(server.link).status_code == 303
        yield client


@pytest.fixture(scope="module")
def reporter(server: Server) -> Iterator[httpx2.Client]:
    house = open_house(server.data)
    house.node.do(account_commands.add_account(REPORTER, "reporter", "Mira"), by="operator")
    token = token_for(house, REPORTER, "write")
    house.close()
    with httpx2.Client(base_url=server.address, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        yield client


def record(desk: httpx2.Client, slug: str, **more: str) -> httpx2.Response:
    form = {"basis": "the coroner, today", "names": f"{NAME}\nNell of the weir", "cipher": "Witness G", **more}
    return desk.post(f"/desk/{slug}/orders/record", data=form)


def test_what_was_published_before_an_order_is_offered_for_withdrawal(server: Server, desk: httpx2.Client) -> None:
    slug = server.open_case("late", "A late order")
    named = server.publish(slug, "P. Vane unlocked the gate.")
    server.publish(slug, "The gate was open.")
    assert record(desk, slug).status_code == 303
    page = desk.get(f"/desk/{slug}/orders/").text
    assert "P. Vane unlocked the gate." in page
    assert "The gate was open." not in page
    assert NAME in page
    desk.post(f"/desk/{slug}/retract", data={"post": named, "code": "legal", "once": "w"})
    assert "P. Vane" not in desk.get(f"/desk/{slug}/orders/").text
    assert "Vane" not in server.page(f"/{slug}/")


def test_who_was_not_told_sees_the_page_of_a_case_without_an_order(
    server: Server, desk: httpx2.Client, reporter: httpx2.Client
) -> None:
    with_one, without = server.open_case("with-one", "Twin"), server.open_case("without", "Twin")
    record(desk, with_one)

    def seen(slug: str) -> tuple[int, object]:
        answer = reporter.get(f"/api/v1/cases/{slug}/restrictions")
        return answer.status_code, answer.json()

    assert seen(with_one) == seen(without) == (200, {"items": [], "next": None})
    pages = [reporter.get(f"/desk/{slug}/orders/").text for slug in (with_one, without)]
    assert pages[0].replace(with_one, without) == pages[1]


def test_who_was_told_sees_the_cipher_and_who_is_cleared_the_name(
    server: Server, desk: httpx2.Client, reporter: httpx2.Client
) -> None:
    slug = server.open_case("told", "Who was told")
    record(desk, slug, told=REPORTER)
    page = reporter.get(f"/desk/{slug}/orders/").text
    assert "Witness G" in page
    assert NAME not in page
    assert "Record an order" not in page
    [order] = reporter.get(f"/api/v1/cases/{slug}/restrictions").json()["items"]
    assert (order["cipher"], order["names"]) == ("Witness G", [])
    assert (
        reporter.post(f"/api/v1/cases/{slug}/restrictions/{order['id']}/end", json={"ground": "no"}).status_code == 403
    )
    desk.post(f"/desk/{slug}/orders/tell", data={"restriction": order["id"], "told": REPORTER, "cleared": "on"})
    assert NAME in reporter.get(f"/desk/{slug}/orders/").text


def test_what_is_refused_comes_back_with_what_was_typed(server: Server, desk: httpx2.Client) -> None:
    slug = server.open_case("typed", "Typed")
    answer = record(desk, slug, order="lifetime", until_event="she is 18")
    assert answer.status_code == 422
    assert "for life" in answer.text
    assert "Nell of the weir</textarea>" in answer.text
    assert record(desk, slug, told="nobody@heard.example").status_code == 422
    assert record(desk, slug, order="made up").status_code == 422
    server.post(f"/cases/{slug}/people", {"name": NAME, "role": "deceased"})
    asked = record(desk, slug)
    assert 'name="sure"' in asked.text
    assert record(desk, slug, sure="on").status_code == 303


def test_an_order_is_ended_by_its_ground(server: Server, desk: httpx2.Client) -> None:
    slug = server.open_case("ended", "Ended")
    server.publish(slug, f"{NAME} was there.")
    record(desk, slug)
    assert NAME not in server.page(f"/{slug}/")
    [order] = server.client.get(f"/api/v1/cases/{slug}/restrictions").json()["items"]
    assert desk.post(f"/desk/{slug}/orders/end", data={"restriction": order["id"], "ground": ""}).status_code == 422
    assert NAME not in server.page(f"/{slug}/")
    desk.post(f"/desk/{slug}/orders/end", data={"restriction": order["id"], "ground": "lifted in open court"})
    assert NAME in server.page(f"/{slug}/")


def test_whoever_is_shown_the_names_is_known_to_the_lawyer_by_page_and_by_program(
    server: Server, desk: httpx2.Client, reporter: httpx2.Client
) -> None:
    slug = server.open_case("who-saw", "Who saw")
    record(desk, slug, told=REPORTER)
    lawyer = signed_in_as(server, "Lew", "lawyer")

    def seen() -> list[str]:
        page = lawyer.get(f"/desk/{slug}/orders/").text
        listed = page.partition("Who saw the names")[2].partition("</details>")[0]
        return re.findall(r'<p class="when">(\w+)[^,<]*, \d\d:\d\d', listed)

    assert seen() == ["Lew"]
    reporter.get(f"/desk/{slug}/orders/")
    reporter.get(f"/api/v1/cases/{slug}/restrictions")
    assert seen() == ["Lew"], "told of the terms, one sees no name"
    [order] = lawyer.get(f"/api/v1/cases/{slug}/restrictions").json()["items"]
    desk.post(f"/desk/{slug}/orders/tell", data={"restriction": order["id"], "told": REPORTER, "cleared": "on"})
    for _ in range(3):
        assert reporter.get(f"/api/v1/cases/{slug}/restrictions").json()["items"][0]["names"]
        assert NAME in reporter.get(f"/desk/{slug}/orders/").text
    assert seen() == ["Mira", "Lew"]
    assert "Who saw the names" not in reporter.get(f"/desk/{slug}/orders/").text
    lawyer.close()


def test_names_beside_the_page_of_an_instant_are_seen_too(server: Server, desk: httpx2.Client) -> None:
    slug = server.open_case("seen-then", "Seen then")
    server.publish(slug, "The gate was open.")
    record(desk, slug)
    looked = desk.get(f"/desk/{slug}/as-published/", params={"at": now.utc().isoformat()})
    assert NAME in looked.text
    lawyer = signed_in_as(server, "Lew", "lawyer")
    assert '<p class="when">Ada Desk, ' in lawyer.get(f"/desk/{slug}/orders/").text
    lawyer.close()
