"""What is asked before it goes out: the same of everybody, but of who was told of an order; what is met unasked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

from heard.accounts import commands as account_commands
from heard.cases import careful, states
from heard.cases.entries import RestrictionImposed
from heard.coverage import cautions
from heard.engine.errors import Refused
from heard.opening import open_house
from heard.signing_in import token_for
from tests.desk import Desk
from tests.server import Server, running

GIRL = ("age: 9", "kin: daughter", "school: St Brannock's Primary", "job: bell ringer", "place: Averham")


def why(desk: Desk, *texts: str, near: cautions.Near | None = None) -> list[str]:
    return cautions.cautions(desk.tables, desk.case, texts, near)


def test_a_child_told_apart_is_asked_about_whether_anybody_is_protected_or_not(desk: Desk) -> None:
    before = why(desk, "He spoke of his daughter, 9.")
    desk.restrict("Rowan Tidewell")
    assert before == why(desk, "He spoke of his daughter, 9.") == [cautions.CHILD]
    assert why(desk, "He spoke of his daughter.") == []


@pytest.mark.parametrize(
    "words",
    [
        "She was found hanged in the garden.",
        "He committed suicide in March.",
        "He jumped from the top floor.",
        "He stood on platform 4.",
    ],
)
def test_with_care_for_a_suicide_methods_judgements_and_places_are_asked_about(desk: Desk, words: str) -> None:
    assert why(desk, words) == []
    desk.do(careful.take_care(desk.case, ["suicide"]))
    assert why(desk, words)
    assert why(desk, "She died by suicide, the coroner said.") == []


def test_with_care_for_a_sexual_offence_particulars_of_who_complained_are_asked_about(desk: Desk) -> None:
    words = "The complainant, who worked at a school in the village, was his stepdaughter."
    assert why(desk, words) == []
    desk.do(careful.take_care(desk.case, ["sexual offence"]))
    assert why(desk, words) == [cautions.COMPLAINANT]
    assert why(desk, "The complainant was heard.") == []
    desk.do(careful.take_care(desk.case, []))
    assert not states.care(desk.tables, desk.case)
    with pytest.raises(Refused):
        desk.do(careful.take_care(desk.case, ["whatever"]))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("care") / "data") as server:
        server.open_case("careful", "A case with care")
        yield server


def test_the_question_is_answered_by_sending_it_again(server: Server) -> None:
    words = {"text": "He spoke of his daughter, 9."}
    answer = server.post("/cases/careful/posts", words)
    assert (answer.status_code, answer.json()["ask"]) == (422, "sure")
    assert server.post("/cases/careful/posts", {**words, "sure": True}).status_code == 201
    page = server.client.post("/desk/careful/publish", data={**words, "once": "one"})
    assert page.status_code == 422 and "his daughter, 9" in page.text
    assert re.search(r'<label class="tick"><input type="checkbox" name="sure">', page.text)
    assert re.search(r'<label class="tick" hidden><input[^>]*name="sure"', server.client.get("/desk/careful/").text)
    sent = server.client.post("/desk/careful/publish", data={**words, "once": "two", "sure": "on"})
    assert sent.status_code == 303


def test_nothing_that_is_met_unasked_tells_how(server: Server) -> None:
    assert server.post("/cases/careful/care", {"care": ["suicide"]}).status_code == 201
    for title in ("Found hanged", "A hanging is described"):
        assert server.post("/cases/careful/posts", {"text": "x", "title": title, "sure": True}).status_code == 422
    text = "He was found with a qligatureq, a ligature. The ward had no plan."
    post = server.post("/cases/careful/posts", {"text": text, "sure": True, "key_event": True}).json()["id"]
    page = server.page(f"/careful/posts/{post}/")
    assert 'href="tel:116123"' in server.page("/careful/") and "qligatureq" in page
    heads = page.split("</head>")[0]
    problem = server.page(f"/careful/problem/?post={post}")
    lists = [
        heads,
        re.search(r'<nav id="key".*?</nav>', page, re.S).group(),  # type: ignore[union-attr]
        server.page("/careful/feed.atom"),
        server.page("/careful/feed.json"),
        re.search("<blockquote.*?</blockquote>", problem, re.S).group(),  # type: ignore[union-attr]
    ]
    for one in lists:
        assert "qligatureq" not in one and "The ward had no plan." in one, one[:200]


@pytest.fixture(scope="module")
def reporter(server: Server) -> httpx2.Client:
    """Of whom nobody told anything yet."""
    house = open_house(server.data)
    house.node.catch_up()
    house.node.do(account_commands.add_account("mira@heard.example", "reporter", "Mira"), by="operator")
    token = token_for(house, "mira@heard.example", "write")
    house.close()
    return httpx2.Client(base_url=server.address, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_the_cipher_and_the_warning_are_for_whoever_was_told_and_for_nobody_else(
    server: Server, reporter: httpx2.Client
) -> None:
    def desk() -> str:
        return re.sub(r'name="once" value="[^"]*"|data-now="[^"]*"', "", reporter.get("/desk/careful/").text)

    def post(words: str) -> int:
        answer = reporter.post("/api/v1/cases/careful/posts", json={"text": words})
        return answer.status_code

    before, near = desk(), "The bell ringer from Averham spoke."
    order = {"basis": "s.39", "names": ["Petronella Vane"], "cipher": "Witness G", "particulars": GIRL}
    restriction = server.post("/cases/careful/restrictions", order).json()["id"]
    assert desk() == before
    assert post(near) == 201
    told = {"told": ["mira@heard.example"]}
    assert server.post(f"/cases/careful/restrictions/{restriction}/told", told).status_code == 201
    assert "<span data-cipher>Witness G</span>" in desk() and "ciphers.js" in desk()
    assert post(near) == 422
    # What is out already, published by somebody who was told of nothing, is completed by another particular alone.
    assert post("St Brannock's Primary was shut.") == 422
    assert post("The bell ringer was heard again.") == 201
    seen = reporter.get("/desk/careful/orders/").text
    assert "Witness G" in seen and "Averham" not in seen.split("In force")[1]
    assert "close to telling" not in seen
    cleared = server.client.get("/desk/careful/orders/").text
    assert "close to telling" in cleared and "bell ringer" in cleared
    assert "when read together" in cleared and ">age</a>" in cleared


def test_particulars_are_in_no_file_in_clear(server: Server) -> None:
    from pathlib import Path

    for path in Path(server.data).rglob("*"):
        if path.is_file():
            assert b"brannock" not in path.read_bytes().lower(), path.name


def test_a_particular_that_cannot_be_looked_for_is_refused(server: Server) -> None:
    order = {"basis": "s.39", "names": ["Perran Holloway"], "particulars": ["age: nine"]}
    answer = server.post("/cases/careful/restrictions", order)
    assert answer.status_code == 422 and "nine" not in answer.json()["detail"]
    assert RestrictionImposed.__struct_fields__[-1] == "particulars"
