"""What is written while a jury is out is sealed, on every way in and on every way out, until it may be told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from heard.cases import commands as case_commands
from heard.cases import jury
from heard.cases import projection as cases
from heard.coverage import commands, court, kept, projection
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.deliver.surfaces import addresses
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import HeardError, Refused
from heard.engine.journal import Writing
from heard.export.archive import unpack
from heard.export.making import export_case
from heard.opening import House, open_house
from tests.desk import Desk
from tests.server import Server, running

WORDS = "qsealedwordsq"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    house = open_house(tmp_path / "data")
    yield Desk(house)
    house.close()


def hearing(desk: Desk, with_jury: bool = True) -> str:
    return desk.do(case_commands.list_hearing(desk.case, "The inquest", with_jury=with_jury)).stream


def statuses(desk: Desk, *posts: str) -> list[str]:
    return [projection.by_id(desk.tables, post).status for post in posts]


def test_the_jury_back_in_the_room_unseals_nothing_and_the_conclusion_offers_it(desk: Desk) -> None:
    of = hearing(desk)
    desk.do(jury.send_out(desk.case, of))
    posts = [desk.publish(f"Argument {number}") for number in range(3)]
    desk.do(jury.bring_back(desk.case, of))
    after = desk.publish("The jury is back.")
    assert statuses(desk, *posts, after) == ["sealed"] * 3 + ["published"]
    for attempt in (kept.let_go(desk.doors, desk.journal, posts[0], "second"), release(desk, of, *posts)):
        with pytest.raises(Refused):
            desk.do(attempt)
    desk.do(jury.lift_seal(desk.case, of, "conclusion returned"))
    assert statuses(desk, *posts) == ["sealed"] * 3
    desk.do(release(desk, of, posts[0], posts[2]))
    assert statuses(desk, *posts) == ["published", "dropped", "published"]


def release(desk: Desk, of: str, *chosen: str) -> kept.Command:
    return kept.release_sealed(desk.doors, desk.journal, desk.case, of, chosen)


def test_released_at_once_they_stand_in_the_order_of_writing_each_with_when_it_was_written_and_went_out(
    desk: Desk,
) -> None:
    """On the word of whoever looked through the list, who wrote none of them; one that was left out goes nowhere."""
    of, began = hearing(desk), now.utc()
    desk.do(jury.send_out(desk.case, of))
    posts = []
    for number in range(4):
        with now.held_at(began + timedelta(minutes=10 * (number + 1))):
            posts.append(desk.publish(f"Argument {number}"))
    with now.held_at(began + timedelta(hours=2)):
        desk.do(jury.bring_back(desk.case, of))
        desk.do(jury.lift_seal(desk.case, of, "conclusion returned"))
        before = desk.publish("The jury has returned its conclusion.")
    with now.held_at(began + timedelta(hours=3)):
        listed = court.sealed(desk.tables, desk.case)[of]
        assert [post.id for post in listed] == posts
        chosen = [post for post in posts if post != posts[1]]
        desk.do(kept.release_sealed(desk.doors, desk.journal, desk.case, of, chosen[::-1], "lawyer"), by="lawyer")
    shown = projection.newest(desk.tables, desk.case, 9)[::-1]
    assert [post.id for post in shown] == [before, *chosen]
    for post, minutes in zip(shown[1:], (10, 30, 40), strict=True):
        assert post.written_at == began + timedelta(minutes=minutes)
        assert post.published_at == began + timedelta(hours=3)
    assert statuses(desk, posts[1]) == ["dropped"]


def test_what_was_written_while_the_jury_was_out_is_sealed_however_late_it_comes(desk: Desk) -> None:
    """It waited on a phone without a line, and comes when the jury is back."""
    of = hearing(desk)
    before = now.utc()
    desk.do(jury.send_out(desk.case, of))
    meanwhile = now.utc()
    desk.do(jury.bring_back(desk.case, of))
    written = (None, before, meanwhile, now.utc())
    posts = [desk.publish("Late", written_at=at) for at in written]
    assert statuses(desk, *posts) == ["published", "published", "sealed", "published"]
    desk.do(jury.send_out(desk.case, of))
    assert statuses(desk, desk.publish("Written before, comes now", written_at=before)) == ["sealed"]
    desk.do(jury.lift_seal(desk.case, of, "conclusion returned"))
    assert statuses(desk, desk.publish("After the conclusion", written_at=meanwhile)) == ["published"]


def test_what_was_sealed_is_looked_at_by_the_door_when_it_is_released(desk: Desk) -> None:
    of = hearing(desk)
    desk.do(jury.send_out(desk.case, of))
    post = desk.publish("Rowan Tidewell was named.")
    desk.restrict("Rowan Tidewell")
    desk.do(jury.lift_seal(desk.case, of, "jury discharged"))
    desk.do(release(desk, of, post))
    assert statuses(desk, post) == ["held"]


def test_leave_needs_the_words_in_which_it_was_given_and_ends_when_the_jury_goes_out_again(desk: Desk) -> None:
    of = hearing(desk)
    desk.do(jury.send_out(desk.case, of))
    post = desk.publish("Argument")
    with pytest.raises(Refused):
        desk.do(jury.lift_seal(desk.case, of, "coroner's leave"))
    desk.do(jury.lift_seal(desk.case, of, "coroner's leave", "You may report what was said before ten."))
    desk.do(jury.send_out(desk.case, of))
    with pytest.raises(Refused):
        desk.let_out(post)


def test_where_it_was_recorded_that_an_absence_and_a_seal_ended_is_known_until_the_jury_goes_out_again(
    desk: Desk,
) -> None:
    of = hearing(desk)
    ended = lambda: (cases.juries(desk.tables, desk.case)[of].returned, cases.juries(desk.tables, desk.case)[of].lifted)  # noqa: E731
    desk.do(jury.send_out(desk.case, of))
    assert ended() == (0, 0)
    back = desk.do(jury.bring_back(desk.case, of)).position
    leave = desk.do(jury.lift_seal(desk.case, of, "coroner's leave", "You may report it.")).position
    assert ended() == (back, leave)
    desk.do(jury.send_out(desk.case, of))
    assert ended() == (0, 0)
    discharged = desk.do(jury.lift_seal(desk.case, of, "jury discharged")).position
    assert ended() == (0, discharged)


def test_a_hearing_without_a_jury_has_no_such_state(desk: Desk) -> None:
    of = hearing(desk, with_jury=False)
    with pytest.raises(Refused):
        desk.do(jury.send_out(desk.case, of))
    assert statuses(desk, desk.publish("Legal argument in open court.")) == ["published"]


def test_legal_argument_before_a_coroner_who_sits_alone_is_published_line_by_line(
    desk: Desk, shared_data: Path
) -> None:
    """The seed's lines 20 to 24: a submission, its answer and a ruling, in open court and without a jury."""
    lines = (shared_data / "seed" / "westminster-attack-inquests.txt").read_text().split("\n")[19:24]
    of = hearing(desk, with_jury=False)
    desk.do(case_commands.begin_sitting(desk.case, of, "Day 1"))
    posts = [desk.publish(line) for line in lines]
    assert len(posts) == 5 and statuses(desk, *posts) == ["published"] * 5
    alone = hearing(desk)
    desk.do(case_commands.begin_sitting(desk.case, alone, "Day 2"))
    desk.do(jury.send_out(desk.case, alone))
    assert statuses(desk, desk.publish(lines[0])) == ["sealed"], "the control: with a jury that is out"


def test_the_sitting_of_another_hearing_is_not_bound(desk: Desk) -> None:
    with_jury, without = hearing(desk), hearing(desk, with_jury=False)
    desk.do(case_commands.begin_sitting(desk.case, without, "A review"))
    desk.do(jury.send_out(desk.case, with_jury))
    assert statuses(desk, desk.publish("Of the review.")) == ["published"]
    desk.do(case_commands.begin_sitting(desk.case, with_jury, "Day 2"))
    assert statuses(desk, desk.publish("Of day 2.")) == ["sealed"]


def test_nothing_new_is_told_by_other_ways_but_withdrawing_works(desk: Desk) -> None:
    of, post = hearing(desk), desk.publish("Before.")
    desk.do(jury.send_out(desk.case, of))
    new = (Text("And the jury may not know that …"),)
    for told in (
        commands.correct(desk.doors, post, new, "more"),
        commands.clarify(desk.doors, post, new, "more"),
        commands.summarise(desk.doors, desk.case, "The jury may not know that …"),
        commands.set_state(desk.doors, desk.case, "paused", "The jury may not know that …"),
    ):
        with pytest.raises(Refused):
            desk.do(told)
    desk.do(commands.set_state(desk.doors, desk.case, "paused"))
    desk.do(commands.retract(desk.doors, post))


def test_erasing_what_took_a_pin_does_not_give_it_back_when_folded_afresh(desk: Desk) -> None:
    first = desk.publish("First", pinned=True)
    second = desk.publish("Second", pinned=True)
    desk.do(commands.erase(desk.journal, second, "UK GDPR art. 17"))
    place = desk.house.data
    desk.house.close()
    for old in place.glob("projection-*"):
        old.unlink()
    afresh = open_house(place)
    afresh.node.catch_up()
    assert projection.of_case(afresh.tables, desk.case).pinned == ""
    assert not projection.by_id(afresh.tables, first).pinned


def published_past(races: int, data: Path, judged: Callable[[list[Writing]], list[Writing]]) -> int:
    """How often a post is published although the jury was sent out one entry earlier, by another process."""
    writer, other = (open_house(data, synchronous="OFF") for _ in range(2))
    out = sum(_race(writer, other, number, judged) for number in range(races))
    writer.close()
    other.close()
    return out


def _race(writer: House, other: House, number: int, judged: Callable[[list[Writing]], list[Writing]]) -> bool:
    case = writer.node.do(case_commands.open_case(f"race-{number}", "A race"), by="editor").stream
    of = writer.node.do(case_commands.list_hearing(case, "The inquest", with_jury=True), by="editor").stream
    asked = writer.node.ask(commands.publish(writer.doors, PostPublished(case, (Text("Argument."),))), by="reporter")
    writings = judged(writer.node.judge([asked]))
    other.node.do(jury.send_out(case, of), by="editor")
    again = writer.node.settle([asked], writer.node.append(writings))
    while again:
        again = writer.node.settle(again, writer.node.append(writer.node.judge(again)))
    assert asked.outcome is not None and not isinstance(asked.outcome, HeardError)
    return asked.outcome.kind == "coverage.post_published"


def unguarded(writings: list[Writing]) -> list[Writing]:
    """The mutant: it looks outside the append."""
    return [msgspec.structs.replace(writing, over=()) for writing in writings]


def test_no_post_gets_out_past_a_jury_that_was_sent_out_one_entry_earlier(tmp_path: Path) -> None:
    assert published_past(50, tmp_path / "data", list) == 0


def test_looking_outside_the_append_is_caught(tmp_path: Path) -> None:
    assert published_past(5, tmp_path / "data", unguarded) > 0


ARGUED = (f"{WORDS}, argued without the jury.", f"{WORDS} again.", f"A ruling on {WORDS}.")


def everything_said(server: Server, slug: str, posts: list[str]) -> dict[str, str]:
    """What every surface of the register says, the stream and an export too, and programs without the desk's roles."""
    house = open_house(server.data)
    house.node.catch_up()
    case = cases.by_slug(house.tables, slug)
    found = addresses(house.tables, house.journal, case, posts, house.store.position())
    said = {f"export: {name}": repr(content) for name, content in unpack(_exported(house, slug)).items()}
    house.close()
    for surface in found:
        if surface.sort == "answer" or surface.address.endswith("/after/0"):
            answer = server.reader.get(surface.address)  # what is sealed is as if it were not there
            assert answer.status_code == 200 or any(post in surface.address for post in posts), surface.address
            said[surface.address] = answer.text
    said[f"/live/{slug}"] = _streamed(server, slug)
    api = [f"/api/v1/cases/{slug}/{what}" for what in ("posts", "hearings", "summary", "state", "people")]
    return said | {address: server.client.get(address).text for address in (*api, f"/api/v1/posts/{posts[0]}")}


def _exported(house: House, slug: str) -> bytes:
    return export_case(house.node, house.doors, house.media, slug).content


def _streamed(server: Server, slug: str) -> str:
    """All that a page that was away is sent, up to a post that comes after it."""
    last = new_id()
    server.publish(slug, f"Nothing of it: {last}.")
    epoch = server.reader.get(f"/live/{slug}/after/0").json()["next"].split(".")[0]
    found = []
    with server.reader.stream("GET", f"/live/{slug}", headers={"Last-Event-ID": f"{epoch}.1"}) as stream:
        for line in stream.iter_lines():
            found.append(line)
            if last in line or "reset" in line:
                break
    return "\n".join(found)


def who_says_it(said: dict[str, str]) -> list[str]:
    return [address for address, text in said.items() if WORDS in text]


def test_sealed_words_are_on_no_exit_also_after_a_restart_and_then_they_are(tmp_path: Path) -> None:
    """Jury out, three posts, jury back."""
    with running(tmp_path / "data") as server:
        slug = server.open_case("jury", "An inquest with a jury")
        of = server.post(f"/cases/{slug}/hearings", {"title": "The inquest", "jury": True}).json()["id"]
        assert server.post(f"/hearings/{of}/sittings", {"title": "Day 1"}).status_code == 201
        server.post(f"/hearings/{of}/jury", {"jury": "out"})
        answers = [server.post(f"/cases/{slug}/posts", {"text": text, "key_event": True}) for text in ARGUED]
        assert [(one.status_code, one.json()["status"]) for one in answers] == [(202, "sealed")] * 3
        posts = [one.json()["id"] for one in answers]
        server.post(f"/hearings/{of}/jury", {"jury": "in"})
        server.publish(slug, "The jury is back.")
        said = everything_said(server, slug, posts)
        assert len(said) > 15 and who_says_it(said) == []
    with running(tmp_path / "data") as server:
        said = everything_said(server, slug, posts)
        assert who_says_it(said) == []
        assert server.post(f"/hearings/{of}/sealed", {"posts": posts}).status_code == 422
        by_whom = server.client.get(f"/desk/{slug}/").text
        assert "The jury is back, recorded by" in by_whom and "Conclusion returned, recorded by" not in by_whom
        ended = {"cause": "conclusion returned", "words": "<b>Misadventure</b>, by all of them."}
        server.post(f"/hearings/{of}/seal", ended)
        desk = server.client.get(f"/desk/{slug}/").text
        told = re.findall(r"Conclusion returned, recorded by ([^<]+) at \d\d:\d\d on [^<]+: “(.*?)”", desk)
        assert len(told) == 2, "beside what was sealed, and at the hearing"
        assert set(told) == {("Ada Desk", "&lt;b&gt;Misadventure&lt;/b&gt;, by all of them.")}
        said = everything_said(server, slug, posts)
        assert who_says_it(said) == [] and "Misadventure" not in "".join(said.values())
        assert server.post(f"/hearings/{of}/sealed", {"posts": posts}).status_code == 201
        says = who_says_it(everything_said(server, slug, posts))  # the control: all of these would have said it
        assert {f"/{slug}/?order=oldest", f"/{slug}/feed.atom", f"/live/{slug}", f"/live/{slug}/after/0"} <= set(says)
        assert {f"/{slug}/posts/{posts[2]}/fragment/", f"/api/v1/cases/{slug}/posts", "export: index.html"} <= set(says)
        assert WORDS not in "".join(server.said)
        assert "Misadventure" in server.client.get(f"/desk/{slug}/").text, "also when all of it is released"


def test_without_a_jury_neither_page_nor_program_can_choose_it(server: Server) -> None:
    slug = server.open_case("alone", "A coroner who sits alone")
    of = server.post(f"/cases/{slug}/hearings", {"title": "The inquest"}).json()["id"]
    assert server.post(f"/hearings/{of}/sittings", {"title": "Day 1"}).status_code == 201
    with server.signed_in() as desk:
        offered = re.compile(f'formaction="/desk/{slug}/(jury-out|jury-in|jury-lift)"|action="/desk/{slug}/jury-out"')
        assert not offered.search(desk.get(f"/desk/{slug}/").text)
        assert desk.post(f"/desk/{slug}/jury-out", data={"hearing": of}).status_code == 422
        assert server.post(f"/hearings/{of}/jury", {"jury": "out"}).status_code == 422
        assert server.publish(slug, "Legal argument in open court.") and "Legal argument" in server.page(f"/{slug}/")
        assert desk.post(f"/desk/{slug}/jury-sworn", data={"hearing": of}).status_code == 303  # the control
        assert offered.search(desk.get(f"/desk/{slug}/").text)
        assert server.post(f"/hearings/{of}/jury", {"jury": "out"}).status_code == 201
