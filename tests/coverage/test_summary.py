"""Two who write the summary of one case at a time: neither takes away what the other wrote without having seen it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from heard.cases.letting_out import rule_second_eyes
from heard.coverage import changes, commands, projection
from heard.coverage.entries import ChangeProposed
from heard.engine.errors import Conflict, Refused
from tests.desk import Desk
from tests.server import Server, running


def writes(desk: Desk, words: str, based_on: int | None) -> int:
    """The position of the summary that stands then."""
    desk.do(commands.summarise(desk.doors, desk.case, words, based_on=based_on))
    return projection.of_case(desk.tables, desk.case).summary_position


def stands(desk: Desk) -> str:
    return projection.of_case(desk.tables, desk.case).summary


def test_the_second_of_two_is_shown_both_and_writes_on_what_stands(desk: Desk) -> None:
    writes(desk, "Theirs.", 0)
    with pytest.raises(Conflict) as met:
        writes(desk, "Yours.", 0)
    assert (met.value.details["theirs"], met.value.details["yours"]) == ("Theirs.", "Yours.")
    assert stands(desk) == "Theirs."
    writes(desk, "Theirs and yours.", met.value.details["position"])
    assert stands(desk) == "Theirs and yours."


def test_what_the_case_does_meanwhile_stands_in_nobodys_way_and_the_same_words_neither(desk: Desk) -> None:
    first = writes(desk, "So far.", 0)
    desk.publish("The court sat.")
    desk.do(commands.set_state(desk.doors, desk.case, "paused"))
    assert writes(desk, "So far, it sat.", first) > first
    writes(desk, "So far, it sat.", first)
    assert stands(desk) == "So far, it sat."


def test_without_saying_what_it_is_based_on_a_program_writes_as_before(desk: Desk) -> None:
    """The control: it is the base that makes two writers meet."""
    writes(desk, "Theirs.", 0)
    writes(desk, "Yours.", None)
    assert stands(desk) == "Yours."


def test_what_an_order_forbids_by_now_is_not_shown_as_theirs(desk: Desk) -> None:
    writes(desk, "Rowan Tidewell was asked.", 0)
    desk.restrict("Rowan Tidewell")
    with pytest.raises(Conflict) as met:
        writes(desk, "Yours.", 0)
    assert "Tidewell" not in repr(met.value.details)


def test_one_that_waits_for_a_second_pair_of_eyes_is_as_new_as_the_summary_and_not_as_the_state(desk: Desk) -> None:
    desk.do(rule_second_eyes(desk.case, True))
    one, other = (
        desk.do(commands.summarise(desk.doors, desk.case, words, based_on=0)).stream for words in ("One.", "Other.")
    )
    desk.publish("The court sat.")
    desk.do(commands.set_state(desk.doors, desk.case, "live"))
    desk.do(changes.let_out(desk.doors, desk.journal, one, "second"), by="second")
    assert stands(desk) == "One."
    with pytest.raises(Refused, match="changed since"):
        desk.do(changes.let_out(desk.doors, desk.journal, other, "second"), by="second")
    [entry] = [entry for entry in desk.journal.stream(other) if isinstance(entry.body, ChangeProposed)]
    assert entry.body.based_on == 0 and stands(desk) == "One."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("summary") / "data") as server:
        yield server


def test_a_program_is_told_both_and_what_to_write_on(server: Server) -> None:
    slug = server.open_case("both", "Both")
    about = f"/cases/{slug}/summary"
    assert server.client.get(f"/api/v1{about}").json()["position"] == 0
    server.post(about, {"text": "Theirs.", "based_on": 0})
    met = server.post(about, {"text": "Yours.", "based_on": 0})
    assert (met.status_code, met.json()["theirs"], met.json()["yours"]) == (409, "Theirs.", "Yours.")
    assert server.client.get(f"/api/v1{about}").json()["position"] == met.json()["position"]
    assert server.post(about, {"text": "Both.", "based_on": met.json()["position"]}).status_code == 201


def test_the_desk_puts_both_together_as_it_does_for_a_post(server: Server) -> None:
    slug = server.open_case("merged", "Merged")
    about = f"/desk/{slug}/summary"
    server.client.post(about, data={"text": "One stood.\n\nTwo stood.", "based_on": "0"})
    page = server.client.get(f"/desk/{slug}/").text
    form = re.search(r'id="summary-form".*?name="based_on" value="(\d+)"', page, re.S)
    assert form
    base = form[1]
    assert base != "0"
    server.client.post(about, data={"text": "One stood by the qgateq.\n\nTwo stood.", "based_on": base})
    met = server.client.post(about, data={"text": "One stood.\n\nTwo stood by the qwallq.", "based_on": base})
    assert met.status_code == 409 and "Both versions" in met.text
    box = re.search(
        r'name="based_on" value="(\d+)".*?<textarea id="both-digest-text"[^>]*>(.*?)</textarea>', met.text, re.S
    )
    assert box and box[2] == "One stood by the qgateq.\n\nTwo stood by the qwallq."
    assert "qwallq" not in server.page(f"/{slug}/")
    sent = server.client.post(about, data={"text": box[2], "based_on": box[1]})
    assert sent.status_code == 303
    assert "qgateq" in server.page(f"/{slug}/") and "qwallq" in server.page(f"/{slug}/")


def test_what_was_refused_in_between_comes_back_with_its_old_base(server: Server) -> None:
    """Sent again it must still meet what somebody wrote meanwhile, though the page is new."""
    slug = server.open_case("asked", "Asked")
    about = f"/desk/{slug}/summary"
    server.client.post(about, data={"text": "Theirs.", "based_on": "0"})
    refused = server.client.post(about, data={"text": " ", "based_on": "0"})
    assert refused.status_code == 422
    form = re.search(r'action="/desk/asked/summary".*?</form>', refused.text, re.S)
    assert form and 'name="based_on" value="0"' in form[0]
