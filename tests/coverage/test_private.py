"""While a hearing sits in private nothing new goes out by any way, and what is written is kept as a note."""

from __future__ import annotations

import pytest

from heard.cases import commands as case_commands
from heard.cases import private, states
from heard.coverage import commands, due_posts, kept, projection
from heard.coverage.elements import Text
from heard.engine import now
from heard.engine.errors import NotFound, Refused
from tests.desk import Desk
from tests.server import Server


def listed(desk: Desk, title: str = "Inquest") -> str:
    return desk.do(case_commands.list_hearing(desk.case, title)).stream


def sits(desk: Desk, hearing: str) -> str:
    return desk.do(case_commands.begin_sitting(desk.case, hearing, "Day one")).stream


def status(desk: Desk, post: str) -> str:
    return projection.by_id(desk.tables, post).status


def test_what_is_written_in_private_is_kept_and_the_publics_return_lets_none_of_it_out(desk: Desk) -> None:
    hearing = listed(desk)
    before = desk.publish("Before.")
    desk.do(private.exclude_public(desk.case, hearing, "Rule 11."), by="mira")
    note = desk.publish("A note.")
    assert status(desk, note) == "held"
    assert states.in_private(desk.tables, desk.case)[hearing][1] == "mira"
    for told in (
        commands.correct(desk.doors, before, (Text("Before, and in private."),), "more"),
        commands.summarise(desk.doors, desk.case, "In private."),
        commands.set_state(desk.doors, desk.case, "paused", "In private."),
    ):
        with pytest.raises(Refused):
            desk.do(told)
    desk.do(commands.retract(desk.doors, before))
    desk.do(private.admit_public(desk.case, hearing))
    assert status(desk, desk.publish("After.")) == "published"
    with pytest.raises(Refused, match="public was excluded"):
        desk.let_out(note)
    assert status(desk, note) == "held"


def test_with_leave_of_the_court_two_people_let_a_note_out(desk: Desk) -> None:
    hearing = listed(desk)
    desk.do(private.exclude_public(desk.case, hearing))
    note = desk.publish("A note.")
    desk.do(private.admit_public(desk.case, hearing))
    desk.do(private.admit_public(desk.case, hearing, "All of it may be reported."))  # it came a day later
    desk.let_out(note)
    assert status(desk, note) == "published"


def test_what_waited_on_a_phone_is_bound_by_where_the_public_was_then(desk: Desk) -> None:
    hearing = listed(desk)
    desk.do(private.exclude_public(desk.case, hearing))
    then = now.utc()
    desk.do(private.admit_public(desk.case, hearing))
    assert status(desk, desk.publish("A late note.", written_at=then)) == "held"


def test_another_hearing_of_the_case_is_not_bound(desk: Desk) -> None:
    shut, other = listed(desk), listed(desk, "Another")
    sits(desk, shut)
    sitting = sits(desk, other)
    desk.do(private.exclude_public(desk.case, shut))
    assert status(desk, desk.publish("There.", sitting=sitting)) == "published"
    with pytest.raises(NotFound):
        desk.do(private.exclude_public(desk.case, "none"))


def test_a_note_that_is_sent_while_another_hearing_sits_is_bound_by_where_the_public_was_then(desk: Desk) -> None:
    shut, other = listed(desk), listed(desk, "Another")
    sits(desk, shut)
    desk.do(private.exclude_public(desk.case, shut))
    then = now.utc()
    desk.do(private.admit_public(desk.case, shut))
    sitting = sits(desk, other)
    note = desk.publish("A note, a day later.", written_at=then, sitting=sitting)
    assert status(desk, note) == "held"
    with pytest.raises(Refused, match="public was excluded"):
        desk.let_out(note)
    assert status(desk, desk.publish("There.", written_at=now.utc(), sitting=sitting)) == "published"
    desk.do(private.admit_public(desk.case, shut, "All of it may be reported."))
    desk.let_out(note)
    assert status(desk, note) == "published"


def test_a_post_that_waits_goes_on_waiting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    hearing = listed(desk)
    post = desk.publish("Embargoed.", not_before=now.utc() + timedelta(minutes=1))
    assert status(desk, post) == "waiting"
    desk.do(private.exclude_public(desk.case, hearing))
    later = now.utc() + timedelta(minutes=5)
    monkeypatch.setattr(now, "utc", lambda: later)
    assert due_posts.due(desk.tables) == []
    desk.do(private.admit_public(desk.case, hearing))
    assert [one.id for one in due_posts.due(desk.tables)] == [post]


def test_notes_of_a_private_sitting_are_not_counted_as_tries(desk: Desk) -> None:
    desk.do(private.exclude_public(desk.case, listed(desk)))
    for _ in range(8):
        desk.house.node.do(commands.publish(desk.doors, _content(desk)), by="mira")
    assert not projection.needs_approval(desk.tables, "mira")


def _content(desk: Desk):  # type: ignore[no-untyped-def]
    from heard.coverage.entries import PostPublished

    return PostPublished(desk.case, (Text("A note."),))


def test_sealed_notes_of_a_private_sitting_are_not_released_with_the_jurys(desk: Desk) -> None:
    from heard.cases import jury

    hearing = desk.do(case_commands.list_hearing(desk.case, "Inquest", with_jury=True)).stream
    desk.do(jury.send_out(desk.case, hearing))
    desk.do(private.exclude_public(desk.case, hearing))
    note = desk.publish("Neither the jury nor the public.")
    desk.do(private.admit_public(desk.case, hearing))
    desk.do(jury.lift_seal(desk.case, hearing, "conclusion returned"))
    desk.do(kept.release_sealed(desk.doors, desk.journal, desk.case, hearing, {note}))
    assert status(desk, note) == "held"


def test_through_the_server_nothing_of_it_is_on_the_page(server: Server) -> None:
    slug = server.open_case("shut", "A case in private")
    hearing = server.post(f"/cases/{slug}/hearings", {"title": "Inquest"}).json()["id"]
    assert server.post(f"/hearings/{hearing}/privacy", {"private": True, "words": "Out."}).status_code == 201
    answer = server.post(f"/cases/{slug}/posts", {"text": "qprivatewordsq"})
    assert (answer.status_code, answer.json()["status"]) == (202, "held")
    assert server.client.get(f"/api/v1/cases/{slug}/hearings").json()["items"][0]["private"] is True
    assert server.post(f"/hearings/{hearing}/privacy", {"private": False}).status_code == 201
    for path in (f"/{slug}/", f"/{slug}/feed.atom", f"/{slug}/feed.json"):
        assert "qprivatewordsq" not in server.page(path)
    assert "Inquest sits in private" not in server.client.get(f"/desk/{slug}/").text
