"""The record under a legal hold, taken at the desk of a real server: by whom, what is written down, what stays."""

from __future__ import annotations

import html
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.coverage.entries import Reasoned, RecordTaken
from heard.export import archive
from heard.export.hold_checking import check_hold
from heard.opening import open_house
from heard.signing_in import link_for, token_for
from tests.export import second_verifier
from tests.server import Server
from tests.web.test_desk_screens import look

NAME = "Petronella Vane"
WHY = "An unsayable <b>claim</b> was brought."
AT = "/desk/held-for-law/legal-hold/"


@pytest.fixture(scope="module")
def people(server: Server) -> Iterator[dict[str, httpx2.Client]]:
    """Each in a session, and a lawyer's program with a token."""
    house = open_house(server.data)
    clients = {}
    for role in ("editor", "lawyer", "administrator"):
        email = f"{role}-of-holds@heard.example"
        house.node.do(account_commands.add_account(email, role, f"{role} Ames"), by="operator")
        link = link_for(house, accounts.by_email(house.tables, email).id)
        clients[role] = httpx2.Client(base_url=server.address, timeout=60)
        assert clients[role].post("/desk/sign-in/" + link.split("/desk/sign-in/")[1]).status_code == 303
    signed = {"Authorization": f"Bearer {token_for(house, 'lawyer-of-holds@heard.example', 'admin')}"}
    clients["program"] = httpx2.Client(base_url=server.address, headers=signed, timeout=60)
    house.close()
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture(scope="module")
def told(server: Server) -> dict[str, str]:
    """What was published, corrected and withdrawn; a post that a later order withholds; one that was held."""
    slug = server.open_case("held-for-law", "A case for a court")
    post = server.publish(slug, "The first wording.")
    server.post(f"/posts/{post}/corrections", {"text": "The second wording.", "notice": "Put right.", "reason": "no"})
    server.post(f"/posts/{post}/retraction", {"reason": "an unsayable reason"})
    named = server.publish(slug, f"{NAME} was in the gallery.")
    server.post(f"/cases/{slug}/restrictions", {"basis": "s. 11", "names": [NAME], "cipher": "Witness G"})
    server.publish(slug, f"{NAME} was kept from leaving.")
    return {"post": post, "named": named}


def taken(server: Server) -> list[tuple[str, str]]:
    """Who took a record, and the reason beside it."""
    house = open_house(server.data)
    entries = list(house.journal.all())
    who = {one.id: one.name for one in accounts.all_accounts(house.tables)}
    house.close()
    found = []
    for one, beside in itertools.pairwise(entries):
        if isinstance(one.body, RecordTaken):
            assert isinstance(beside.body, Reasoned) and beside.stream == one.stream
            found.append((who[one.by], beside.body.reason))
    return found


@pytest.fixture(scope="module")
def pressed(
    chromium: Browser, server: Server, people: dict[str, httpx2.Client], told: dict[str, str], tmp_path_factory: Path
) -> bytes:
    """A lawyer goes from the desk of the case to the hold, places it, says why, and presses the button."""
    context = chromium.new_context(base_url=server.address, viewport={"width": 390, "height": 844})
    cookies = people["lawyer"].cookies.items()
    context.add_cookies([{"name": name, "value": value, "url": server.address} for name, value in cookies])
    page = context.new_page()
    page.goto("/desk/held-for-law/")
    page.get_by_role("link", name="Legal hold").click()
    expect(page.get_by_text("No legal hold is on this case")).to_be_visible()
    page.get_by_label("On what ground").fill("a letter before claim")
    page.get_by_role("button", name="Place it").click()
    expect(page.get_by_text("The hold is on.")).to_be_visible()
    page.get_by_label("Why it is taken").fill(WHY)
    with page.expect_download() as download:
        page.get_by_role("button", name="Take the record").click()
    assert download.value.suggested_filename == "held-for-law-record.zip"
    raw = Path(download.value.path()).read_bytes()
    context.close()
    return raw


def test_a_lawyer_presses_the_button_and_both_checkers_accept_what_comes(pressed: bytes, told: dict[str, str]) -> None:
    record = check_hold(pressed).record
    second_verifier.verify_hold(pressed)
    life = [(one.ended, bool(one.until_at)) for one in record.wordings if one.of == told["post"]]
    assert life == [("corrected", True), ("withdrawn", True), ("", False)]
    entries = archive.unpack(pressed)["entries.ndjson"]
    assert b"The first wording." in entries and b"The second wording." in entries
    assert [one.why for one in record.lines if one.of == told["named"]] == ["name"]
    assert record.orders[0].cipher == "Witness G" and "lawyer Ames" in record.who.values()
    for word in (b"Petronella", b"unsayable", b"kept from leaving", b"@heard.example", b"letter before claim"):
        assert word not in pressed, word


def test_every_taking_is_an_entry_and_its_reason_stays(server: Server, pressed: bytes) -> None:
    assert ("lawyer Ames", WHY) in taken(server)


def test_with_names_it_has_what_says_one_and_still_nothing_that_was_held(
    pressed: bytes, people: dict[str, httpx2.Client]
) -> None:
    answer = people["lawyer"].post(AT + "record", data={"ground": WHY, "names": "yes"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store" and "etag" not in answer.headers
    assert answer.headers["content-disposition"] == 'attachment; filename="held-for-law-record.zip"'
    record = check_hold(answer.content).record
    second_verifier.verify_hold(answer.content)
    assert record.names and record.orders[0].names == (NAME,)
    assert b"was in the gallery" in answer.content and b"kept from leaving" not in answer.content


def test_nobody_else_takes_it_and_no_program(server: Server, pressed: bytes, people: dict[str, httpx2.Client]) -> None:
    before = taken(server)
    for who in ("editor", "administrator", "program"):
        assert people[who].get(AT).status_code == 403
        for verb in ("record", "place", "end"):
            assert people[who].post(AT + verb, data={"ground": WHY}).status_code == 403
        if who != "program":
            assert "legal-hold" not in people[who].get("/desk/held-for-law/").text
    assert server.reader.post(AT + "record", data={"ground": WHY}).status_code in (303, 401, 403)
    assert people["lawyer"].get(AT + "record").status_code in (404, 405)
    assert taken(server) == before


def test_what_it_carried_is_in_no_page_of_readers_no_export_and_no_log(
    server: Server, pressed: bytes, people: dict[str, httpx2.Client]
) -> None:
    readers = "".join(server.page(f"/held-for-law/{page}") for page in ("", "corrections/", "feed.atom", "feed.json"))
    for words in ("first wording", "second wording", NAME):
        assert words not in readers and words not in "\n".join(server.said)


def test_without_a_reason_or_without_a_hold_nothing_is_taken_and_what_was_typed_comes_back(
    server: Server, pressed: bytes, people: dict[str, httpx2.Client]
) -> None:
    before = taken(server)
    refused = people["lawyer"].post(AT + "record", data={"ground": " "})
    assert refused.status_code == 422 and "The reason is missing" in refused.text
    server.open_case("never-held", "Another")
    free = "/desk/never-held/legal-hold/"
    refused = people["lawyer"].post(free + "record", data={"ground": WHY})
    assert refused.status_code == 422 and "No legal hold is on this case" in refused.text
    long = people["lawyer"].post(free + "place", data={"ground": "<script>" * 200})
    assert long.status_code == 422
    assert html.escape("<script>" * 200) in long.text and "<script><script>" not in long.text
    assert people["lawyer"].post(free + "end", data={"ground": ""}).status_code == 422
    assert taken(server) == before


def test_of_a_case_that_is_stopped_whole_it_is_taken_too(
    server: Server, pressed: bytes, people: dict[str, httpx2.Client]
) -> None:
    house = open_house(server.data)
    case = cases.by_slug(house.tables, "held-for-law").id
    house.node.do(case_commands.hold_case(case, "a complaint"), by="operator")
    answer = people["lawyer"].post(AT + "record", data={"ground": WHY})
    house.node.do(case_commands.let_case_go(case, "answered"), by="operator")
    house.close()
    assert check_hold(answer.content).record.taken > 0


def test_the_page_is_accessible_with_a_hold_and_without(
    chromium: Browser, server: Server, pressed: bytes, people: dict[str, httpx2.Client]
) -> None:
    cookies = people["lawyer"].cookies.items()
    for width, scheme in ((390, "light"), (1280, "dark")):
        size = {"width": width, "height": 900}
        context = chromium.new_context(base_url=server.address, viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        context.add_cookies([{"name": name, "value": value, "url": server.address} for name, value in cookies])
        page = context.new_page()
        for address in (AT, "/desk/never-held/legal-hold/"):
            page.goto(address)
            assert look(page, f"{address} at {width}") == []
            if folder := os.environ.get("HEARD_PICTURES"):
                page.screenshot(path=f"{folder}/{width}-{address.split('/')[2]}.png", full_page=True)
        context.close()
