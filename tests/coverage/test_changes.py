"""Where a case wants a second pair of eyes, nobody changes by themselves what two people looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from heard.cases import commands as case_commands
from heard.cases.letting_out import rule_second_eyes
from heard.cases.release import NotPublished
from heard.coverage import changes, commands, projection, proposed, rising
from heard.coverage.elements import Text, plain
from heard.coverage.entries import ChangeProposed, Reasoned
from heard.coverage.in_case import case_named
from heard.engine.errors import NotFound, Refused
from tests.desk import Desk
from tests.server import Server, running


@pytest.fixture
def post(desk: Desk) -> str:
    """A post of a case that from then on wants every post seen twice."""
    found = desk.publish("The gate was open.")
    desk.do(rule_second_eyes(desk.case, True))
    return found


def corrects(desk: Desk, post: str, words: str = "The gate was shut.", by: str = "editor") -> str:
    """The id of the change."""
    written = desk.do(commands.correct(desk.doors, post, (Text(words),), "misheard"), by=by)
    assert written.kind == ChangeProposed.kind
    return written.stream


def says(desk: Desk, post: str) -> str:
    return plain(projection.by_id(desk.tables, post).elements)


def lets_out(desk: Desk, change: str, by: str) -> None:
    desk.do(changes.let_out(desk.doors, desk.journal, change, by), by=by)


def test_a_correction_is_made_when_another_person_lets_it_out(desk: Desk, post: str) -> None:
    change = corrects(desk, post)
    assert says(desk, post) == "The gate was open."
    with pytest.raises(Refused, match="their own"):
        lets_out(desk, change, "editor")
    lets_out(desk, change, "second")
    assert says(desk, post) == "The gate was shut."
    assert [entry.body.reason for entry in desk.journal.stream(post) if isinstance(entry.body, Reasoned)] == [
        "misheard"
    ]
    assert proposed.waiting(desk.tables, desk.case) == []
    with pytest.raises(NotFound):
        lets_out(desk, change, "second")


def test_who_has_a_role_in_one_case_has_it_for_the_changes_of_that_case(desk: Desk, post: str) -> None:
    assert case_named(desk.tables, {"change": corrects(desk, post)}) == desk.case
    assert case_named(desk.tables, {"change": "another"}) == ""


def test_a_clarification_and_the_summary_wait_too_and_withdrawing_does_not(desk: Desk, post: str) -> None:
    clear = desk.do(commands.clarify(desk.doors, post, None, "", notice="The north gate.")).stream
    summary = desk.do(commands.summarise(desk.doors, desk.case, "So far.")).stream
    assert projection.of_case(desk.tables, desk.case).summary == ""
    for change in (clear, summary):
        lets_out(desk, change, "second")
    assert projection.of_case(desk.tables, desk.case).summary == "So far."
    assert [one.text for one in projection.by_id(desk.tables, post).notices] == ["The north gate."]
    desk.do(commands.retract(desk.doors, post))
    assert projection.by_id(desk.tables, post).status == "retracted"


def test_what_it_was_written_on_must_still_stand(desk: Desk, post: str) -> None:
    one, other = corrects(desk, post), corrects(desk, post, "The gate was ajar.")
    lets_out(desk, one, "second")
    with pytest.raises(Refused, match="changed since"):
        lets_out(desk, other, "second")
    desk.do(changes.drop(other), by="second")
    assert says(desk, post) == "The gate was shut." and not proposed.waiting(desk.tables, desk.case)
    again = corrects(desk, post, "The gate was ajar.")
    desk.do(commands.retract(desk.doors, post))
    with pytest.raises(Refused):
        lets_out(desk, again, "second")


def test_an_order_in_between_wins_and_what_the_door_stops_is_not_even_kept(desk: Desk, post: str) -> None:
    change = corrects(desk, post, "Rowan Tidewell shut the gate.")
    desk.restrict("Rowan Tidewell")
    with pytest.raises(NotPublished):
        lets_out(desk, change, "second")
    with pytest.raises(NotPublished):
        corrects(desk, post, "R. Tidewell shut the gate.")
    assert says(desk, post) == "The gate was open."


def test_a_pause_holds_at_once_and_its_words_wait_as_a_post(desk: Desk, post: str) -> None:
    desk.do(commands.set_state(desk.doors, desk.case, "paused", "The qwordsofapauseq."))
    known = projection.of_case(desk.tables, desk.case)
    assert (known.state, known.words) == ("paused", "")
    assert "qwordsofapauseq" not in repr(projection.shown(desk.tables, desk.case))
    [waits] = projection.with_status(desk.tables, desk.case, "submitted")
    with pytest.raises(Refused, match="their own"):
        desk.let_out(waits.id, "editor")
    desk.let_out(waits.id, "second")
    assert says(desk, waits.id) == "The qwordsofapauseq."
    desk.do(commands.set_state(desk.doors, desk.case, "resumed"))
    assert projection.with_status(desk.tables, desk.case, "submitted") == []


def test_the_words_of_a_rising_wait_too_and_without_the_rule_they_do_not(desk: Desk) -> None:
    hearing = desk.do(case_commands.list_hearing(desk.case, "The inquest")).stream
    desk.publish("The court sat.")
    for needed in (True, False):
        desk.do(rule_second_eyes(desk.case, needed))
        sitting = desk.do(rising.sit(desk.case, hearing, "Day 1")).stream
        desk.do(rising.rise(desk.doors, desk.case, sitting, "It rose."))
        state = projection.of_case(desk.tables, desk.case)
        assert (state.state, state.words) == ("paused", "" if needed else "It rose.")
    assert len(projection.with_status(desk.tables, desk.case, "submitted")) == 1


def test_its_words_are_in_no_table(desk: Desk, post: str) -> None:
    from heard.rebuilding import contents

    corrects(desk, post, "A qproposedwordq.")
    assert "qproposedwordq" not in repr(contents(desk.tables))


def test_without_the_rule_a_correction_goes_at_once(desk: Desk) -> None:
    """The control: and with the gate taken away the rule would be none."""
    post = desk.publish("The gate was open.")
    desk.do(commands.correct(desk.doors, post, (Text("Shut."),), ""))
    assert says(desk, post) == "Shut."
    desk.do(rule_second_eyes(desk.case, True))
    desk.house.node.gates.pop()
    desk.do(commands.correct(desk.doors, post, (Text("Open."),), ""))
    assert says(desk, post) == "Open."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("changes") / "data") as server:
        yield server


def test_the_desk_shows_what_would_change_and_who_wrote_it_does_not_let_it_out(server: Server) -> None:
    slug = server.open_case("twice", "Seen twice")
    post = server.publish(slug, "The gate was open.")
    assert server.post(f"/cases/{slug}/second_eyes", {"needed": True}).status_code == 201
    answer = server.post(f"/posts/{post}/corrections", {"text": "The gate was qshutq.", "reason": "misheard"})
    assert (answer.status_code, answer.json()["status"]) == (202, "proposed")
    change = answer.json()["id"]
    assert "qshutq" not in server.page(f"/{slug}/") and "The gate was open." in server.page(f"/{slug}/")
    desk = server.client.get(f"/desk/{slug}/").text
    assert "As it would be" in desk and "qshutq" in desk and "Make the change" not in desk
    assert server.post(f"/changes/{change}/release", {}).status_code == 422
    sent = server.client.post(f"/desk/{slug}/change-drop", data={"change": change})
    assert sent.status_code == 303
    assert server.client.get(f"/api/v1/cases/{slug}/changes").json()["items"] == []
    assert "misheard" not in server.page(f"/{slug}/corrections/")
