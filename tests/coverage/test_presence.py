"""Who is at the desk: known for a moment, ended by itself, bounded, and in no entry."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from heard.coverage import presence
from heard.engine import now
from heard.engine.errors import Refused
from heard.opening import open_house
from tests.desk import Desk
from tests.server import running
from tests.stories.people import signed_in_as


def there(desk: Desk, *, but: str = "") -> list[tuple[str, str]]:
    return [(one.account, one.at) for one in presence.here(desk.house.vault, desk.case, but=but)]


def test_who_is_here_is_seen_by_the_others_and_stands_in_no_entry(desk: Desk) -> None:
    vault, before = desk.house.vault, desk.house.store.position()
    presence.come(vault, desk.case, "una", "0", "new")
    presence.come(vault, desk.case, "dov", "3", "a-post")
    assert there(desk) == [("dov", "a-post"), ("una", "new")]
    assert there(desk, but="una") == [("dov", "a-post")]
    assert presence.here(vault, "another-case") == []
    presence.leave(vault, desk.case, "dov", "3")
    assert there(desk) == [("una", "new")]
    assert desk.house.store.position() == before


def test_what_is_not_said_again_ends_within_twenty_seconds_and_leaves_nothing(desk: Desk) -> None:
    """Thirteen here, and five until the others ask again."""
    vault, at = desk.house.vault, now.utc()
    with now.held_at(at):
        presence.come(vault, desk.case, "una", "0", "new")
    with now.held_at(at + timedelta(seconds=12)):
        assert there(desk) == [("una", "new")]
    with now.held_at(at + timedelta(seconds=15)):
        assert there(desk) == []
        assert len(vault.names(presence.DRAWER)) == 1  # to look is not to write
        presence.come(vault, desk.case, "dov", "0", "")
        assert vault.names(presence.DRAWER) == [f"{desk.case} dov 0"]


def test_somebody_with_many_pages_is_named_once_and_fills_no_drawer(desk: Desk) -> None:
    vault = desk.house.vault
    for turn in range(50):
        presence.come(vault, desk.case, "una", str(turn % presence.PAGES), "new" if turn % 2 else "")
    assert there(desk) == [("una", "new")]
    assert len(vault.names(presence.DRAWER)) == presence.PAGES
    for page, at in (("8", ""), ("", ""), ("00", ""), ("0", "x" * 65)):
        with pytest.raises(Refused):
            presence.come(vault, desk.case, "una", page, at)


def test_control_a_presence_without_an_end_is_caught(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "ENDS_AFTER", timedelta(days=1))
    with pytest.raises(AssertionError):
        test_what_is_not_said_again_ends_within_twenty_seconds_and_leaves_nothing(desk)


def test_app_that_is_started_beside_another_knows_who_is_here(desk: Desk) -> None:
    """While an app is replaced there are two of one house; presence is in neither's memory."""
    other = open_house(desk.house.data, synchronous="OFF")
    presence.come(other.vault, desk.case, "una", "0", "new")
    assert there(desk) == [("una", "new")]
    other.close()


def test_nobody_is_said_to_write_at_a_post_of_another_case(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        here, elsewhere = server.open_case("here", "Here"), server.open_case("elsewhere", "Elsewhere")
        own, other = server.publish(here, "Ours."), server.publish(elsewhere, "Theirs.")
        said = {
            at: server.client.post(f"/desk/{here}/here", data={"page": "0", "at": at}) for at in (own, other, "none")
        }
        assert [answer.status_code for answer in said.values()] == [200, 422, 422]
        assert said[other].content == said["none"].content, "nor is told that there is such a post"
        una = signed_in_as(server, "Una")
        assert [one["at"] for one in una.post(f"/desk/{here}/here", data={"page": "0"}).json()["here"]] == [own]
        una.close()
