"""A link as a card: looked up on request, changed by hand, and words like any others from then on."""

from __future__ import annotations

import httpx2
import pytest

from heard.coverage import cards
from heard.coverage.elements import Link
from heard.outside.reaching import NOT_PUBLIC
from tests.server import Server

CARD = {"link": "https://heard.example/report", "link_title": "The report", "link_text": "Forty pages"}


def test_a_card_is_on_the_page_and_nothing_of_the_other_site_is(server: Server, signed_in: httpx2.Client) -> None:
    slug = server.open_case("cards", "Cards")
    assert signed_in.post(f"/desk/{slug}/publish", data={"text": "Here it is.", **CARD}).status_code == 303
    page = server.page(f"/{slug}/")
    assert '<a href="https://heard.example/report" rel="nofollow noopener ugc">The report</a>' in page
    assert "Forty pages" in page and 'src="http' not in page


def test_an_address_of_this_machine_is_not_asked_and_the_words_come_back(
    server: Server, signed_in: httpx2.Client
) -> None:
    slug = server.open_case("inside", "Inside")
    typed = {"text": "Words that stay.", "link": server.address + "/metrics", "link_title": "Mine"}
    answer = signed_in.post(f"/desk/{slug}/look-up", data=typed)
    assert answer.status_code == 422 and NOT_PUBLIC in answer.text and "heard_position" not in answer.text
    assert "Words that stay." in answer.text and 'value="Mine"' in answer.text
    assert "Words that stay." not in server.page(f"/{slug}/")


@pytest.mark.parametrize("field", ["link", "link_title", "link_text"])
def test_a_protected_name_in_a_card_is_held(server: Server, signed_in: httpx2.Client, field: str) -> None:
    slug = server.open_case(f"card-{field.replace('_', '-')}", "A guarded card")
    server.post(f"/cases/{slug}/restrictions", {"basis": "s.11", "names": ["Petronella Vane"]})
    said = "https://heard.example/petronella-vane" if field == "link" else "By Petronella Vane"
    answer = signed_in.post(f"/desk/{slug}/publish", data={"text": "Here it is.", **CARD, field: said})
    assert "?done=held&by=" in answer.headers["location"]
    assert "vane" not in server.page(f"/{slug}/").lower()


def test_without_a_title_its_host_stands_for_it() -> None:
    assert cards.of_form({"link": " https://heard.example/a "}) == (Link("https://heard.example/a", "heard.example"),)
    assert cards.of_form({"link": " "}) == ()
