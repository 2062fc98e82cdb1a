"""Drafts kept at the server, and what a contributor may: on a running server, by pages and by the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx2
import pytest

from heard.accounts.commands import add_account, give_role
from heard.coverage import commands, drafts
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.opening import open_house
from heard.signing_in import link_for
from tests.server import Server, running

NUMBERS = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("drafts") / "data") as server:
        yield server


@pytest.fixture
def slug(server: Server) -> str:
    return server.open_case(f"drafts-{next(NUMBERS)}", "A case")


def somebody(server: Server, role: str, slug: str = "", in_case: str = "") -> httpx2.Client:
    """The cookie of their phone."""
    house = open_house(server.data)
    house.node.catch_up()
    email = f"one-{next(NUMBERS)}@heard.example"
    account = house.node.do(add_account(email, role, f"The {in_case or role}"), by="operator").stream  # type: ignore[arg-type]
    if in_case:
        [(case,)] = house.tables.execute("SELECT id FROM cases WHERE slug = ?", (slug,))
        house.node.do(give_role(account, case, in_case), by="operator")  # type: ignore[arg-type]
    path = "/desk/sign-in/" + link_for(house, account).split("/desk/sign-in/")[1]
    house.close()
    client = httpx2.Client(base_url=server.address, timeout=30)
    assert client.post(path).status_code == 303
    return client


def keeps(who: httpx2.Client, slug: str, **form: str) -> str:
    """The id of a draft, by the desk's form."""
    before = set(kept(who, slug))
    answer = who.post(f"/desk/{slug}/keep", data=form)
    assert answer.headers.get("location") == f"/desk/{slug}/?done=kept", answer.text
    [id] = set(kept(who, slug)) - before
    return id


def kept(who: httpx2.Client, slug: str) -> dict[str, str]:
    """The drafts that somebody is shown: id and words."""
    items = who.get(f"/api/v1/cases/{slug}/drafts").json()["items"]
    page = who.get(f"/desk/{slug}/").text
    shown = page.partition('id="drafts"')[2].partition("</section>")[0]
    assert re.findall(r'data-post="(\w+)"', shown) == [one["id"] for one in items]
    return {one["id"]: one["text"] for one in items}


def readers_see(server: Server, slug: str, words: str) -> bool:
    return words in server.page(f"/{slug}/")


def test_a_contributor_submits_and_never_publishes_until_an_editor_of_the_case_lets_it_out(
    server: Server, slug: str
) -> None:
    for role, in_case in (("contributor", ""), ("by_case", "contributor")):
        writer = somebody(server, role, slug, in_case)
        editor = somebody(server, "by_case", slug, "editor")
        page = writer.get(f"/desk/{slug}/").text
        assert ">Submit</button>" in page and "waits for an editor" in page and ">Go live</button>" not in page
        told = writer.post(f"/desk/{slug}/publish", data={"text": f"By hand, {role}."})
        assert told.headers["location"] == f"/desk/{slug}/?done=submitted"
        post = writer.post(f"/api/v1/cases/{slug}/posts", json={"text": f"By program, {role}."})
        assert (post.status_code, post.json()["status"]) == (202, "submitted")
        assert not readers_see(server, slug, role)
        id = post.json()["id"]
        for path, body in (
            (f"posts/{id}/release", {"reason": "Mine."}),
            (f"cases/{slug}/state", {"state": "live"}),
            (f"cases/{slug}/summary", {"text": "Mine."}),
        ):
            assert writer.post(f"/api/v1/{path}", json=body).status_code == 403, path
        assert f"By program, {role}." in editor.get(f"/desk/{slug}/").text
        assert editor.post(f"/desk/{slug}/release", data={"post": id}).status_code == 303
        assert readers_see(server, slug, f"By program, {role}.") and not readers_see(server, slug, "By hand, " + role)


def test_a_role_taken_away_in_the_case_publishes_nothing_more(server: Server, slug: str) -> None:
    reporter = somebody(server, "by_case", slug, "reporter")
    assert reporter.post(f"/desk/{slug}/publish", data={"text": "As a reporter."}).status_code == 303
    assert readers_see(server, slug, "As a reporter.")
    house = open_house(server.data)
    house.node.catch_up()
    [(case,)] = house.tables.execute("SELECT id FROM cases WHERE slug = ?", (slug,))
    house.node.do(give_role(_account(reporter), case, "contributor"), by="operator")
    house.close()
    told = reporter.post(f"/desk/{slug}/publish", data={"text": "As a contributor."})
    assert told.headers["location"].endswith("done=submitted") and not readers_see(server, slug, "As a contributor.")


def test_a_draft_is_seen_by_its_author_and_by_who_reads_the_drafts_of_the_case_and_by_nobody_else(
    server: Server, slug: str
) -> None:
    author, other = somebody(server, "contributor"), somebody(server, "contributor")
    id = keeps(author, slug, text="Not **ready**.", title="A title", once="1")
    assert kept(author, slug) == {id: "Not **ready**."}
    for role, in_case, sees in (
        ("editor", "", True),
        ("administrator", "", True),
        ("reader_of_drafts", "", True),
        ("by_case", "editor", True),
        ("by_case", "reporter", False),
        ("reporter", "", False),
        ("lawyer", "", False),
    ):
        one = somebody(server, role, slug, in_case)
        assert (kept(one, slug) == {id: "Not **ready**."}) == sees, (role, in_case)
        opened = one.get(f"/desk/{slug}/?draft={id}")
        may_open = sees and role != "reader_of_drafts"
        assert (opened.status_code == 200 and 'value="A title"' in opened.text) == may_open, (role, in_case)
    assert not kept(other, slug) and other.get(f"/desk/{slug}/?draft={id}").status_code == 404
    other.post(f"/desk/{slug}/throw-away", data={"draft": id})
    assert other.post(f"/desk/{slug}/publish", data={"text": "Theirs.", "draft": id}).status_code == 422
    assert kept(author, slug) and not readers_see(server, slug, "ready")


def test_a_draft_opened_again_is_kept_over_published_once_and_then_destroyed(server: Server, slug: str) -> None:
    author, editor = somebody(server, "reporter"), somebody(server, "editor")
    id = keeps(author, slug, text="First.", once="1")
    page = author.get(f"/desk/{slug}/?draft={id}").text
    assert f'name="draft" value="{id}"' in page and 'name="stood" value="1"' in page and ">First.</textarea>" in page
    form = {"text": "Second.", "draft": id, "stood": "1", "once": "2"}
    for _ in range(2):  # pressed twice
        assert author.post(f"/desk/{slug}/keep", data=form).headers["location"].endswith("done=kept")
    assert kept(author, slug) == {id: "Second."}
    form |= {"text": "Third.", "stood": "2", "once": "3"}

    def sends(who: httpx2.Client) -> int:
        return who.post(f"/desk/{slug}/publish", data=form).status_code

    with ThreadPoolExecutor(6) as at_once:
        answers = list(at_once.map(sends, [author, editor] * 3))
    assert sorted(answers) == [303, 303, 303, 422, 422, 422]  # one of the two, however often they press
    items = server.client.get(f"/api/v1/cases/{slug}/posts").json()["items"]
    assert [one["text"] for one in items] == ["Third."]
    assert items[0]["id"] == id and items[0]["byline"] == "The reporter"
    assert not kept(editor, slug)
    house = open_house(server.data)
    assert not [name for name in house.vault.names(drafts.DRAWER) if name.endswith(id)]
    house.close()


def test_words_that_somebody_changed_meanwhile_are_lost_neither_kept_nor_sent(server: Server, slug: str) -> None:
    author, editor = somebody(server, "contributor"), somebody(server, "editor")
    id = keeps(author, slug, text="As begun.", once="1")
    over = {"draft": id, "stood": "1"}
    assert editor.post(f"/desk/{slug}/keep", data={"text": "As edited.", **over}).status_code == 303
    told = author.post(f"/desk/{slug}/keep", data={"text": "As gone on with.", **over})
    assert told.headers["location"].endswith("done=kept-beside")
    assert sorted(kept(author, slug).values()) == ["As edited.", "As gone on with."]
    refused = author.post(f"/desk/{slug}/publish", data={"text": "As sent.", **over})
    assert refused.status_code == 422 and "Somebody changed this draft" in refused.text
    assert ">As sent.</textarea>" in refused.text and 'name="stood" value="2"' in refused.text
    again = author.post(f"/desk/{slug}/publish", data={"text": "As sent.", "draft": id, "stood": "2"})
    assert again.headers["location"].endswith("done=submitted")
    assert list(kept(author, slug).values()) == ["As gone on with."]
    gone = author.post(f"/desk/{slug}/publish", data={"text": "Once more.", "draft": id})
    assert gone.status_code == 422 and ">Once more.</textarea>" in gone.text and 'name="stood" value=""' in gone.text


def test_a_desk_that_is_open_hears_of_each_draft_that_is_kept_changed_or_gone(server: Server, slug: str) -> None:
    author, editor = somebody(server, "contributor"), somebody(server, "editor")

    def latest() -> str:
        told = editor.post(f"/desk/{slug}/here", data={"page": "0", "at": ""}).json()["latest"]
        assert told == editor.post(f"/desk/{slug}/here", data={"page": "0", "at": ""}).json()["latest"]
        return str(told)

    heard = [latest()]
    id = keeps(author, slug, text="One.", once="1")
    heard.append(latest())
    author.post(f"/desk/{slug}/keep", data={"text": "Other.", "draft": id, "stood": "1"})
    heard.append(latest())
    author.post(f"/desk/{slug}/throw-away", data={"draft": id})
    heard.append(latest())
    author.post(f"/desk/{slug}/bring-back", data={"draft": id})
    heard.append(latest())
    assert len({*heard}) == 5
    for destroys in ({}, {"destroy": "yes"}):
        author.post(f"/desk/{slug}/throw-away", data={"draft": id, **destroys})
    assert latest() == heard[0]


def test_a_form_that_one_came_back_to_keeps_no_words_over_others(server: Server, slug: str) -> None:
    author = somebody(server, "reporter")
    for words in ("One.", "One.", "Another."):
        assert author.post(f"/desk/{slug}/keep", data={"text": words, "once": "1"}).status_code == 303
    assert sorted(kept(author, slug).values()) == ["Another.", "One."]


def test_what_cannot_be_kept_comes_back_and_says_why(server: Server, slug: str) -> None:
    author = somebody(server, "reporter")
    empty = author.post(f"/desk/{slug}/keep", data={"text": " ", "setting": "evidence"})
    assert empty.status_code == 422 and "nothing in the box" in empty.text
    long = author.post(f"/desk/{slug}/keep", data={"title": "t" * 2001, "text": "Kept in the box."})
    assert long.status_code == 422 and "Kept in the box." in long.text
    house, account = open_house(server.data), _account(author)
    house.node.catch_up()
    [(case,)] = house.tables.execute("SELECT id FROM cases WHERE slug = ?", (slug,))
    for number in range(drafts.DRAFTS_MAX):
        drafts.keep(house.journal, house.tables, case, {"text": f"Number {number}."}, by=account, byline="R")
    house.close()
    full = author.post(f"/desk/{slug}/keep", data={"text": "One too many."})
    assert full.status_code == 422 and "One too many." in full.text
    assert len(kept(author, slug)) == drafts.DRAFTS_MAX
    assert keeps(somebody(server, "reporter"), slug, text="Somebody else’s.")


def test_a_number_that_no_page_of_ours_wrote_is_none(server: Server, slug: str) -> None:
    author = somebody(server, "reporter")
    id = keeps(author, slug, text="As begun.", once="1")
    for stood in ("9" * 5000, "1e3", "²", "-1", ""):
        told = author.post(f"/desk/{slug}/keep", data={"text": f"With {stood[:4]}.", "draft": id, "stood": stood})
        assert told.status_code == 303, stood[:9]


def test_keeping_a_draft_asks_no_list_and_tells_nothing_of_it(server: Server, slug: str) -> None:
    """For words that an order protects as for any others: the same answers, nothing counted, no entry at all."""
    server.post(f"/cases/{slug}/restrictions", {"basis": "an order", "names": ["Petronella Vane"]})
    author = somebody(server, "contributor")
    before, answers = _entries_by(server, author), []
    for words in ("Petronella Vane was seen.", "Marguerite Holt was seen."):
        for n in range(6):  # more than enough to go for approval, were they looked at
            answer = author.post(f"/desk/{slug}/keep", data={"text": words, "once": f"{words}{n}"})
            program = author.post(f"/api/v1/cases/{slug}/drafts", json={"text": words, "title": words[:3] + str(n)})
            opened = author.get(f"/desk/{slug}/?draft={program.json()['id']}")
            answers.append((answer.status_code, answer.headers["location"], program.status_code, opened.status_code))
    assert set(answers) == {(303, f"/desk/{slug}/?done=kept", 201, 200)}
    assert _entries_by(server, author) == before
    for words in ("Petronella Vane was seen.", "Marguerite Holt was seen."):  # once sent, they are looked at
        sent = author.post(f"/api/v1/cases/{slug}/posts", json={"text": words}).json()["status"]
        assert sent == ("held" if "Vane" in words else "submitted")
    assert len(_entries_by(server, author)) == len(before) + 3  # the control: one of them was counted


def _entries_by(server: Server, who: httpx2.Client) -> list[int]:
    house, account = open_house(server.data), _account(who)
    found = [one.header.position for one in house.store.records(0, 5000) if one.header.by == account]
    house.close()
    return found


def _account(who: httpx2.Client) -> str:
    return who.get("/desk/").text.partition('data-account="')[2].partition('"')[0]


def test_words_of_a_draft_are_in_no_file_of_the_server_in_clear_nor_when_they_are_gone(
    server: Server, slug: str
) -> None:
    author, canary = somebody(server, "reporter"), f"qdraft{next(NUMBERS)}q"
    id = keeps(author, slug, text=f"{canary} was here.", title=canary)

    def where() -> list[str]:
        files = [path for path in server.data.rglob("*") if path.is_file()]
        return [path.name for path in files if canary.encode() in path.read_bytes()]

    assert where() == [] and canary not in "\n".join(server.said)
    answer = author.post(f"/desk/{slug}/throw-away", data={"draft": id})
    assert answer.headers["location"].endswith("done=thrown") and not kept(author, slug)
    assert canary in author.get(f"/desk/{slug}/").text and where() == []
    author.post(f"/desk/{slug}/bring-back", data={"draft": id})
    assert kept(author, slug) == {id: f"{canary} was here."} and where() == []
    for destroys in ({}, {"destroy": "yes"}):
        author.post(f"/desk/{slug}/throw-away", data={"draft": id, **destroys})
    assert canary not in author.get(f"/desk/{slug}/").text and where() == []
    (server.data / "put-there").write_text(f"{canary} was here.")  # the control
    assert where() == ["put-there"]
    (server.data / "put-there").unlink()


def test_what_was_kept_while_the_jury_was_out_is_sealed_whenever_it_is_sent(server: Server, slug: str) -> None:
    author = somebody(server, "reporter")
    listed = server.post(f"/cases/{slug}/hearings", {"title": "The inquest", "jury": True}).json()["id"]
    before = keeps(author, slug, text="Before.", once="1")
    server.post(f"/hearings/{listed}/jury", {"jury": "out"})
    during = keeps(author, slug, text="Argument.", once="2")
    author.post(f"/desk/{slug}/keep", data={"text": "Before, and argument.", "draft": before, "stood": "1"})
    server.post(f"/hearings/{listed}/jury", {"jury": "in"})
    author.post(f"/desk/{slug}/keep", data={"text": "Argument, put better.", "draft": during, "stood": "1"})
    after = keeps(author, slug, text="After.", once="3")
    for id, status in ((before, "sealed"), (during, "sealed"), (after, "published")):
        told = author.post(f"/api/v1/cases/{slug}/posts", json={"text": "Sent.", "draft": id}).json()
        assert told["status"] == status


def test_what_somebody_has_open_of_it_is_sealed_too_beside_what_was_changed_or_sent(server: Server, slug: str) -> None:
    """The words that they keep were heard without the jury, whoever sent or threw away the draft meanwhile."""
    author, editor = somebody(server, "reporter"), somebody(server, "editor")
    listed = server.post(f"/cases/{slug}/hearings", {"title": "The inquest", "jury": True}).json()["id"]
    server.post(f"/hearings/{listed}/jury", {"jury": "out"})
    changed, sent, thrown = (keeps(author, slug, text="Argument.", once=str(n)) for n in range(3))
    server.post(f"/hearings/{listed}/jury", {"jury": "in"})
    author.post(f"/desk/{slug}/keep", data={"text": "Argument, put better.", "draft": changed, "stood": "1"})
    assert _status(author, slug, "Argument.", sent) == "sealed"
    author.post(f"/desk/{slug}/throw-away", data={"draft": thrown})
    for id, told in ((changed, "kept-beside"), (sent, "kept-anew"), (thrown, "kept")):
        if told != "kept-beside":
            refused = editor.post(f"/desk/{slug}/publish", data={"text": "Argument.", "draft": id, "stood": "1"})
            assert refused.status_code == 422 and "keep them as a draft" in refused.text
            assert f'name="draft" value="{id}"' in refused.text and ">Argument.</textarea>" in refused.text
        before = set(kept(editor, slug))
        form = {"text": f"Argument, {told}.", "draft": id, "stood": "1"}
        assert editor.post(f"/desk/{slug}/keep", data=form).headers["location"].endswith(f"done={told}")
        [own] = set(kept(editor, slug)) - before
        assert _status(editor, slug, f"Argument, {told}.", own) == "sealed", told
    assert not readers_see(server, slug, "Argument")


def _status(who: httpx2.Client, slug: str, words: str, draft: str) -> str:
    return str(who.post(f"/api/v1/cases/{slug}/posts", json={"text": words, "draft": draft}).json()["status"])


def test_words_of_a_draft_that_is_a_post_are_gone_when_a_desk_is_looked_at(server: Server, slug: str) -> None:
    """Also where the server died after the post was written, and before it destroyed the draft."""
    author = somebody(server, "reporter")
    id, other = keeps(author, slug, text="Out by now.", once="1"), keeps(author, slug, text="Not yet.", once="2")
    house = open_house(server.data)
    house.node.catch_up()
    [(case,)] = house.tables.execute("SELECT id FROM cases WHERE slug = ?", (slug,))
    post = PostPublished(case, (Text("Out by now."),))
    house.node.do(commands.publish(house.doors, post, id), by="operator")
    names = [name.rpartition(" ")[2] for name in house.vault.names(drafts.DRAWER, f"{case} ")]
    assert sorted(names) == sorted([id, other])
    assert list(kept(author, slug)) == [other]
    assert [name.rpartition(" ")[2] for name in house.vault.names(drafts.DRAWER, f"{case} ")] == [other]
    house.close()
