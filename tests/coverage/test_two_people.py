"""What is held goes out when two people say so, never its author; by rule, a post waits for a second pair of eyes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest

from heard.accounts import commands as account_commands
from heard.cases import projection as cases
from heard.cases.commands import hold_case, let_case_go
from heard.cases.letting_out import agree_to_end_second_eyes, rule_second_eyes
from heard.coverage import commands, kept, projection
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished, Reasoned
from heard.coverage.frames import Painter
from heard.engine.errors import Refused
from heard.opening import open_house
from heard.signing_in import token_for
from heard.store.frames import FramesFile
from tests.desk import Desk
from tests.server import Server
from tests.stories.people import signed_in_as

WORDS = "qkeptwordsq"


def status(desk: Desk, post: str) -> str:
    return projection.by_id(desk.tables, post).status


def held(desk: Desk) -> str:
    """A post that was held, with nothing against it any more."""
    desk.do(hold_case(desk.case, "asked to"))
    post = desk.publish(f"{WORDS} were said.")
    desk.do(let_case_go(desk.case, "looked at"))
    return post


def test_one_person_does_not_let_out_what_is_held_however_often_they_say_so(desk: Desk) -> None:
    post = held(desk)
    desk.let_out(post, "second")
    with pytest.raises(Refused, match="another person"):
        desk.let_out(post, "second")
    assert status(desk, post) == "held"
    desk.let_out(post, "third")
    assert status(desk, post) == "published"


def test_the_author_is_neither_of_the_two(desk: Desk) -> None:
    post = held(desk)
    with pytest.raises(Refused, match="their own"):
        desk.let_out(post, "editor")
    desk.let_out(post, "second")
    with pytest.raises(Refused, match="their own"):
        desk.let_out(post, "editor")
    assert status(desk, post) == "held"


def test_the_first_has_to_say_why_and_the_reason_is_beside_what_readers_see(desk: Desk) -> None:
    post = held(desk)
    with pytest.raises(Refused, match="reason"):
        desk.do(kept.let_go(desk.doors, desk.journal, post, "second"), by="second")
    desk.do(kept.let_go(desk.doors, desk.journal, post, "second", "Nobody is meant."), by="second")
    desk.do(kept.let_go(desk.doors, desk.journal, post, "third"), by="third")
    entries = desk.journal.stream(post)
    assert [entry.by for entry in entries if isinstance(entry.body, Reasoned)] == ["second"]
    assert [entry.by for entry in entries if isinstance(entry.body, PostPublished)] == ["third"]


def test_an_order_between_the_two_wins(desk: Desk) -> None:
    desk.do(hold_case(desk.case, "asked to"))
    post = desk.publish("Rowan Tidewell was there.")
    desk.do(let_case_go(desk.case, "looked at"))
    desk.let_out(post, "second")
    desk.restrict("Rowan Tidewell")
    with pytest.raises(Refused):
        desk.let_out(post, "third")
    assert status(desk, post) == "held"


def test_by_rule_a_post_waits_until_somebody_else_lets_it_out(desk: Desk) -> None:
    desk.do(rule_second_eyes(desk.case, True))
    post = desk.publish("The gate was open.")
    assert status(desk, post) == "submitted"
    with pytest.raises(Refused, match="their own"):
        desk.let_out(post, "editor")
    desk.let_out(post, "second")
    assert status(desk, post) == "published"
    desk.do(rule_second_eyes(desk.case, False))
    assert status(desk, desk.publish("It was shut.")) == "published"


def test_the_guard_is_asked_first_and_the_rule_lets_nothing_past_it(desk: Desk) -> None:
    desk.restrict("Rowan Tidewell")
    desk.do(rule_second_eyes(desk.case, True))
    assert status(desk, desk.publish("Rowan Tidewell was there.")) == "held"
    submitted = desk.publish("Linden Marsh was there.")
    desk.restrict("Linden Marsh")
    with pytest.raises(Refused):
        desk.let_out(submitted, "second")


def test_withdrawing_what_was_submitted_drops_it_without_a_notice(desk: Desk) -> None:
    desk.do(rule_second_eyes(desk.case, True))
    post = desk.publish("The gate was open.")
    desk.do(commands.retract(desk.doors, post, "wrong"))
    assert status(desk, post) == "dropped"


def test_an_account_that_goes_for_approval_is_none_of_the_two(desk: Desk) -> None:
    post = held(desk)
    desk.restrict("Rowan Tidewell")
    for number in range(5):
        said = PostPublished(desk.case, (Text(f"Rowan Tidewell, {number}"),))
        desk.do(commands.publish(desk.doors, said), by="second")
    with pytest.raises(Refused):
        desk.let_out(post, "second")
    assert projection.agreed_by(desk.tables, post) == ""


Phone = Callable[[str, object], httpx2.Response]


@pytest.fixture(scope="module")
def phones(server: Server) -> Iterator[list[Phone]]:
    """Two editors, each with a phone of their own."""
    with ExitStack() as open_ones:
        made: list[Phone] = []
        for name in ("una", "dov"):
            house = open_house(server.data)
            house.node.do(account_commands.add_account(f"{name}@heard.example", "editor", name), by="operator")
            token = token_for(house, f"{name}@heard.example", "write")
            house.close()
            client = httpx2.Client(base_url=f"{server.address}/api/v1", headers={"Authorization": f"Bearer {token}"})
            open_ones.enter_context(client)
            made.append(lambda path, body, client=client: client.post(path, json=body))  # type: ignore[misc]
        yield made


def everything_said(server: Server, slug: str, post: str) -> str:
    pages = [f"/{slug}/", f"/{slug}/posts/{post}/", f"/{slug}/posts/{post}/fragment/", f"/{slug}/corrections/", "/"]
    feeds = [f"/{slug}/feed.atom", f"/{slug}/feed.json", f"/live/{slug}/after/0"]
    api = [f"/api/v1/cases/{slug}/posts", f"/api/v1/posts/{post}"]
    return "".join([server.page(at) for at in [*pages, *feeds]] + [server.client.get(at).text for at in api])


def test_two_phones_let_out_a_held_post_and_until_then_it_is_on_no_exit(server: Server, phones: list[Phone]) -> None:
    slug = server.open_case("two-phones", "Let out by two")
    server.post(f"/cases/{slug}/permission", {"permission": "withdrawn"})
    post = server.publish(slug, f"{WORDS}, from court.")
    server.post(f"/cases/{slug}/permission", {"permission": "leave given"})
    assert server.post(f"/posts/{post}/release", {"reason": "qreasonwordsq"}).status_code == 422
    una, dov = phones
    first = una(f"/posts/{post}/release", {"reason": "qreasonwordsq"})
    assert (first.status_code, first.json()["status"]) == (202, "held")
    assert WORDS not in everything_said(server, slug, post)
    again = una(f"/posts/{post}/release", {"reason": "qreasonwordsq, still"})
    assert again.status_code == 422
    second = dov(f"/posts/{post}/release", {})
    assert (second.status_code, second.json()["status"]) == (201, "published")
    said = everything_said(server, slug, post)
    assert WORDS in said and WORDS in server.page(f"/{slug}/feed.atom")
    assert "qreasonwordsq" not in said + "".join(server.said)


def test_the_desk_without_script_asks_for_a_second_pair_of_eyes(server: Server, phones: list[Phone]) -> None:
    slug = server.open_case("submitted", "Seen by two")
    with httpx2.Client(base_url=server.address, timeout=30) as desk:
        assert desk.post(server.link).status_code == 303
        assert desk.post(f"/desk/{slug}/second-eyes", data={"needed": "yes"}).status_code == 303
        sent = desk.post(f"/desk/{slug}/publish", data={"text": WORDS})
        assert sent.headers["location"].endswith("?done=submitted")
        page = desk.get(f"/desk/{slug}/").text
        assert "so somebody else lets it out" in page and WORDS in page
        assert re.search(r"waits for somebody since \d\d:\d\d", page)
        post = phones[0](f"/cases/{slug}/posts", {"text": "Una wrote this."}).json()
        assert post["status"] == "submitted"
        own = phones[0](f"/posts/{post['id']}/release", {})
        assert own.status_code == 422
        desk.post(f"/desk/{slug}/release", data={"post": post["id"]})
    page = server.page(f"/{slug}/")
    assert "Una wrote this." in page
    assert WORDS not in page


def test_whoever_may_release_lets_out_nothing_of_their_own_by_any_way_in(server: Server) -> None:
    slug = server.open_case("own-words", "Nobody their own")
    assert server.post(f"/cases/{slug}/second_eyes", {"needed": True}).status_code == 201
    house = open_house(server.data)
    tokens = {}
    for role in ("editor", "administrator", "lawyer"):
        house.node.do(account_commands.add_account(f"own-{role}@heard.example", role, role), by="operator")
        tokens[role] = [token_for(house, f"own-{role}@heard.example", "admin") for _ in range(2)]
    house.close()
    api = f"{server.address}/api/v1"

    def asks(role: str, path: str, body: object, which: int = 0) -> httpx2.Response:
        return httpx2.post(
            api + path, json=body, headers={"Authorization": f"Bearer {tokens[role][which]}"}, timeout=30
        )

    assert asks("lawyer", f"/cases/{slug}/posts", {"text": WORDS}).status_code == 403, "who advises writes nothing"
    for role, other in (("editor", "lawyer"), ("administrator", "editor")):
        post = asks(role, f"/cases/{slug}/posts", {"text": f"{WORDS} of {role}."}).json()
        assert post["status"] == "submitted"
        for which in (0, 1):  # another of their tokens is no other person
            assert asks(role, f"/posts/{post['id']}/release", {"reason": "mine"}, which).status_code == 422
        form = {"Authorization": f"Bearer {tokens[role][0]}"}
        own = httpx2.post(f"{server.address}/desk/{slug}/release", data={"post": post["id"]}, headers=form, timeout=30)
        assert own.status_code == 422 and f"of {role}" not in server.page(f"/{slug}/")
        assert asks(other, f"/posts/{post['id']}/release", {}).json()["status"] == "published"
        assert f"of {role}" in server.page(f"/{slug}/")
        # Once out, its author changes it no more by themselves than they let it out.
        change = asks(
            role, f"/posts/{post['id']}/corrections", {"text": f"Other words of {role}.", "reason": "r"}
        ).json()
        assert change["status"] == "proposed"
        assert asks(role, f"/changes/{change['id']}/release", {}).status_code == 422
        assert f"Other words of {role}" not in server.page(f"/{slug}/")
        assert asks(other, f"/changes/{change['id']}/release", {}).status_code == 201
        assert f"Other words of {role}" in server.page(f"/{slug}/")


def test_the_rule_is_taken_off_by_two_and_nobody_slips_out_alone(desk: Desk) -> None:
    desk.do(rule_second_eyes(desk.case, True))

    def says(by: str, reason: str = "") -> None:
        desk.do(agree_to_end_second_eyes(desk.case, by, reason), by=by)

    with pytest.raises(Refused, match="The reason is missing"):
        says("editor")
    says("editor", "The jury is discharged.")
    with pytest.raises(Refused, match="until somebody else says so too"):
        says("editor", "Again.")
    assert status(desk, desk.publish("Alone.")) == "submitted"
    desk.do(rule_second_eyes(desk.case, True), by="second")  # it goes on: the first word counts no more
    says("second", "It is quiet now.")
    assert status(desk, desk.publish("Still alone.")) == "submitted"
    says("editor")
    assert status(desk, desk.publish("By the author alone.")) == "published"
    says("editor", "There is none.")
    assert not cases.needs_second_eyes(desk.tables, desk.case)


def test_over_the_desk_and_the_api_an_editor_alone_ends_no_rule_and_a_lawyer_does(server: Server) -> None:
    slug = server.open_case("by-rule", "A case with a rule")
    una, dov, counsel = (
        signed_in_as(server, name, role)  # type: ignore[arg-type]
        for name, role in (("Una", "editor"), ("Dov", "editor"), ("Counsel", "lawyer"))
    )

    def says(who: httpx2.Client, needed: str, reason: str = "") -> str:
        answer = who.post(f"/desk/{slug}/second-eyes", data={"needed": needed, "reason": reason})
        assert answer.status_code in (303, 422)
        return who.get(f"/desk/{slug}/").text

    says(una, "yes")
    assert "It may end, if somebody else says so too" in says(una, "no")
    assert "You would end this: All is said." in says(una, "no", "All is said.")
    assert "Una would end this: All is said." in dov.get(f"/desk/{slug}/").text
    assert "All is said." not in server.page(f"/{slug}/")
    assert "Want a second pair of eyes" in says(dov, "no")
    for who, wanted in ((una, 202), (una, 422), (counsel, 201)):
        server.post(f"/cases/{slug}/second_eyes", {"needed": True}) if wanted == 202 else None
        sent = {"needed": False, "reason": "All is said."}
        assert who.post(f"/api/v1/cases/{slug}/second_eyes", json=sent).status_code == wanted
    assert server.client.get(f"/api/v1/cases/{slug}/second_eyes").json() == {"needed": False}
    for who in (una, dov, counsel):
        who.close()


def test_it_is_on_no_frame_while_it_is_submitted(desk: Desk, tmp_path: object) -> None:
    desk.do(rule_second_eyes(desk.case, True))
    post = desk.publish(WORDS, key_event=True, pinned=True)
    assert WORDS not in frames_of(desk, f"{tmp_path}/before.sqlite")
    desk.let_out(post, "second")
    assert WORDS in frames_of(desk, f"{tmp_path}/after.sqlite")


def frames_of(desk: Desk, path: str) -> str:
    from pathlib import Path

    file = FramesFile(Path(path), "e")
    Painter(desk.journal, desk.tables, desk.doors, file).paint()
    return repr(list(file._db.execute("SELECT * FROM change")))


def test_letting_out_on_ones_own_word_is_caught(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without asking who wrote it, an author would let out their own."""
    monkeypatch.setattr(kept, "writers", lambda journal, post: ("nobody",))
    desk.do(rule_second_eyes(desk.case, True))
    post = desk.publish("The gate was open.")
    desk.let_out(post, "editor")
    assert status(desk, post) == "published"
