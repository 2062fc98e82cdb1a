"""When leave to report live is withdrawn, nothing new goes out by any way, and everything written is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from heard.cases.footing import footing
from heard.cases.permission import record_permission
from heard.coverage import commands, kept, projection
from heard.coverage.elements import Text
from heard.engine.errors import Refused
from heard.opening import open_house
from tests.desk import Desk
from tests.server import Server
from tests.stories.people import signed_in_as


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    house = open_house(tmp_path / "data")
    yield Desk(house)
    house.close()


def test_it_is_open_to_journalists_without_asking(desk: Desk) -> None:
    assert footing(desk.tables, desk.case, "editor") == "no application needed"
    assert projection.by_id(desk.tables, desk.publish("The court sits.")).status == "published"


def test_withdrawn_everything_is_kept_and_given_again_it_may_go(desk: Desk) -> None:
    before = desk.publish("Before.")
    desk.do(record_permission(desk.case, "withdrawn", "Nothing more is to be sent."))
    post = desk.publish("After.")
    assert projection.by_id(desk.tables, post).status == "held"
    for told in (
        kept.let_go(desk.doors, desk.journal, post, "second", "why"),
        commands.correct(desk.doors, before, (Text("Before, and after."),), "more"),
        commands.summarise(desk.doors, desk.case, "After."),
        commands.set_state(desk.doors, desk.case, "paused", "After."),
    ):
        with pytest.raises(Refused):
            desk.do(told)
    desk.do(commands.retract(desk.doors, before))
    desk.do(record_permission(desk.case, "leave given"))
    desk.let_out(post)
    assert projection.by_id(desk.tables, post).status == "published"


def test_there_are_no_other_footings(desk: Desk) -> None:
    with pytest.raises(Refused):
        desk.do(record_permission(desk.case, "whatever"))  # type: ignore[arg-type]


def test_it_binds_the_next_post_through_the_server(server: Server) -> None:
    slug = server.open_case("stopped", "A case that is stopped")
    assert server.post(f"/cases/{slug}/permission", {"permission": "withdrawn"}).status_code == 201
    answer = server.post(f"/cases/{slug}/posts", {"text": "qstoppedwordsq"})
    assert (answer.status_code, answer.json()["status"]) == (202, "held")
    assert "qstoppedwordsq" not in server.page(f"/{slug}/") + server.page(f"/live/{slug}/after/0")


def test_a_lawyer_stops_it_at_once_and_does_not_say_on_what_footing_it_goes_on(server: Server) -> None:
    slug = server.open_case("stopped-by-law", "A case that a lawyer stops")
    lawyer = signed_in_as(server, "Counsel", "lawyer")
    page = lawyer.get(f"/desk/{slug}/").text
    assert f'formaction="/desk/{slug}/stop">Stop now' in page and 'id="permission"' not in page
    assert lawyer.post(f"/desk/{slug}/stop", data={"words": "By telephone."}).status_code == 303
    held = server.post(f"/cases/{slug}/posts", {"text": "Written after the stop."})
    assert (held.status_code, held.json()["status"]) == (202, "held")
    page = lawyer.get(f"/desk/{slug}/").text
    assert "Reporting live: withdrawn" in page and "permission-form" not in page
    refused = lawyer.post(f"/desk/{slug}/permission", data={"permission": "leave given"})
    assert refused.status_code == 403 and "it takes a reporter, an editor or an administrator." in refused.text
    lawyer.close()
