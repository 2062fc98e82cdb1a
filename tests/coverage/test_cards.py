"""A link as a card: looked up on request, changed by hand, and words like any others from then on."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from heard.accounts import projection as accounts
from heard.coverage import cards
from heard.coverage.elements import Link
from heard.opening import open_house
from heard.outside.reaching import NOT_PUBLIC
from heard.signing_in import link_for
from tests.server import Server


@pytest.fixture(scope="module")
def desk(server: Server) -> Iterator[httpx2.Client]:
    house = open_house(server.data)
    house.node.catch_up()
    link = link_for(house, accounts.by_email(house.tables, "admin@heard.example").id)
    house.close()
    with httpx2.Client(base_url=server.address, timeout=60) as client:
        client.post("/desk/sign-in/" + link.split("/desk/sign-in/")[1])
        yield client


CARD = {"link": "https://heard.example/report", "link_title": "The report", "link_text": "Forty pages"}


def test_a_card_is_on_the_page_and_nothing_of_the_other_site_is(server: Server, desk: httpx2.Client) -> None:
    slug = server.open_case("cards", "Cards")
    assert desk.post(f"/desk/{slug}/publish", data={"text": "Here it is.", **CARD}).status_code == 303
    page = server.page(f"/{slug}/")
    assert '<a href="https://heard.example/report" rel="nofollow noopener ugc">The report</a>' in page
    assert "Forty pages" in page and 'src="http' not in page


def test_an_address_of_this_machine_is_not_asked_and_the_words_come_back(server: Server, desk: httpx2.Client) -> None:
    slug = server.open_case("inside", "Inside")
    typed = {"text": "Words that stay.", "link": server.address + "/metrics", "link_title": "Mine"}
    answer = desk.post(f"/desk/{slug}/look-up", data=typed)
    assert answer.status_code == 422 and NOT_PUBLIC in answer.text and "heard_position" not in answer.text
    assert "Words that stay." in answer.text and 'value="Mine"' in answer.text
    assert "Words that stay." not in server.page(f"/{slug}/")


@pytest.mark.parametrize("field", ["link", "link_title", "link_text"])
def test_a_protected_name_in_a_card_is_held(server: Server, desk: httpx2.Client, field: str) -> None:
    slug = server.open_case(f"card-{field.replace('_', '-')}", "A guarded card")
    server.post(f"/cases/{slug}/restrictions", {"basis": "s.11", "names": ["Petronella Vane"]})
    said = "https://heard.example/petronella-vane" if field == "link" else "By Petronella Vane"
    answer = desk.post(f"/desk/{slug}/publish", data={"text": "Here it is.", **CARD, field: said})
    assert answer.headers["location"].endswith("?done=held")
    assert "vane" not in server.page(f"/{slug}/").lower()


def test_without_a_title_its_host_stands_for_it() -> None:
    assert cards.of_form({"link": " https://heard.example/a "}) == (Link("https://heard.example/a", "heard.example"),)
    assert cards.of_form({"link": " "}) == ()
