"""A post leaves the server when its time has come: after the delay of its hearing, and not before an instant."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from heard.cases import commands as case_commands
from heard.cases import jury
from heard.cases.letting_out import fix_delay, rule_second_eyes
from heard.cases.permission import record_permission
from heard.coverage import commands, going_out, projection
from heard.coverage.due_posts import due, posts_due
from heard.coverage.elements import Text
from heard.coverage.entries import PostHeld, PostPublished
from heard.coverage.falling_due import CLOCK
from heard.coverage.frames import Painter
from heard.coverage.withdrawing_again import withdraw_again
from heard.engine import now
from heard.engine.errors import Refused
from heard.opening import open_house
from heard.store.frames import FramesFile
from tests.coverage.test_two_people import everything_said
from tests.desk import Desk
from tests.server import Server, running

WORDS = "qwaitingwordsq"
START = datetime(2031, 3, 3, 10, tzinfo=UTC)


@contextmanager
def after(minutes: float) -> Iterator[None]:
    with now.held_at(START + timedelta(minutes=minutes)):
        yield


@pytest.fixture
def early(tmp_path: Path) -> Iterator[Desk]:
    """A desk at ten in the morning, with a hearing whose posts wait ten minutes."""
    with after(0):
        house = open_house(tmp_path / "data")
        desk = Desk(house)
        desk.hearing = desk.do(case_commands.list_hearing(desk.case, "The inquest", with_jury=True)).stream  # type: ignore
        desk.do(fix_delay(desk.case, hearing_of(desk), 10))
        yield desk
        house.close()


def hearing_of(desk: Desk) -> str:
    return str(desk.hearing)  # type: ignore[attr-defined]


def fires(desk: Desk) -> int:
    """Let out what is due; how many there were."""
    lapses = posts_due(desk.doors, desk.journal, desk.tables)
    for lapse in lapses:
        desk.do(lapse.command, by=CLOCK, key=lapse.key)
    return len(lapses)


def status(desk: Desk, post: str) -> str:
    return projection.by_id(desk.tables, post).status


def test_a_post_waits_for_the_delay_and_then_goes_out_with_both_times(early: Desk) -> None:
    post = early.publish(WORDS)
    assert status(early, post) == "waiting"
    with after(9.99):
        assert fires(early) == 0
    with after(10):
        assert fires(early) == 1
        known = projection.by_id(early.tables, post)
    assert (known.status, known.written_at, known.published_at) == ("published", START, START + timedelta(minutes=10))
    assert projection.of_case(early.tables, early.case).state == "live"


def test_pulled_inside_the_delay_it_never_left_and_leaves_no_notice(early: Desk) -> None:
    post = early.publish(WORDS)
    with after(5):
        early.do(commands.retract(early.doors, post, "a name"))
    with after(20):
        assert fires(early) == 0
    assert status(early, post) == "dropped"
    assert projection.newest(early.tables, early.case, 9) == []


def test_what_was_pulled_is_not_published_from_an_older_backup(early: Desk) -> None:
    """The witness saw it pulled, the journal did not: it is dropped before anything is due."""
    post = early.publish(WORDS)
    with after(20):
        withdraw_again(early.house.node, early.doors, early.journal, [post], "operator")
        assert fires(early) == 0
    assert status(early, post) == "dropped"


def test_several_go_out_in_the_order_in_which_they_were_written(early: Desk) -> None:
    posts = [early.publish(f"Number {number}.") for number in range(5)]
    with after(30):
        assert fires(early) == 5
    assert [post.id for post in projection.newest(early.tables, early.case, 9)] == posts[::-1]


def test_noticed_by_two_it_goes_out_once(early: Desk) -> None:
    post = early.publish(WORDS)
    other = open_house(early.house.data)
    other.node.catch_up()
    with after(11):
        noticed = [posts_due(house.doors, house.journal, house.tables) for house in (early.house, other, early.house)]
        for house, [lapse] in zip((early.house, other, early.house), noticed, strict=True):
            house.node.do(lapse.command, by=CLOCK, key=lapse.key)
    assert sum(isinstance(entry.body, PostPublished) for entry in early.journal.stream(post)) == 1
    other.close()


def test_opened_again_after_its_time_it_is_due(early: Desk) -> None:
    post = early.publish(WORDS)
    again = open_house(early.house.data)
    with after(60):
        again.node.catch_up()
        assert [one.id for one in due(again.tables)] == [post]
    again.close()


def test_what_stands_against_it_when_it_is_due_holds_it(early: Desk) -> None:
    posts = [early.publish("Rowan Tidewell was there.")]
    with after(11):
        early.restrict("Rowan Tidewell")
        fires(early)
        posts.append(early.publish("The gate was open."))
    with after(22):
        early.do(record_permission(early.case, "withdrawn"))
        fires(early)
    assert [status(early, post) for post in posts] == ["held", "held"]


def test_an_account_that_goes_for_approval_meanwhile_is_held(early: Desk) -> None:
    command = commands.publish(early.doors, PostPublished(early.case, (Text("The gate was open."),)))
    post = early.do(command, by="mira").stream
    early.restrict("Rowan Tidewell")
    for number in range(5):
        said = PostPublished(early.case, (Text(f"Rowan Tidewell, {number}"),))
        early.do(commands.publish(early.doors, said), by="mira")
    with after(11):
        fires(early)
    assert status(early, post) == "held"


def test_while_the_jury_is_out_what_was_written_before_waits_on(early: Desk) -> None:
    post = early.publish("Said with the jury.")
    early.do(jury.send_out(early.case, hearing_of(early)))
    with after(11):
        assert fires(early) == 0
        early.do(jury.bring_back(early.case, hearing_of(early)))
        assert fires(early) == 1
    assert status(early, post) == "published"


def test_a_delay_is_of_its_hearing_and_is_at_most_a_quarter_of_an_hour(early: Desk) -> None:
    other = early.do(case_commands.list_hearing(early.case, "A review")).stream
    early.do(case_commands.begin_sitting(early.case, other, "Day 1"))
    assert status(early, early.publish("Of the review.")) == "published"
    for minutes in (-1, 16):
        with pytest.raises(Refused):
            early.do(fix_delay(early.case, other, minutes))
    early.do(fix_delay(early.case, other, 15))
    assert status(early, early.publish("Of the review, too.")) == "waiting"


def test_nothing_leaves_before_its_instant_whatever_became_of_it(early: Desk) -> None:
    at = START + timedelta(hours=2)
    plain = early.publish("Plain.", not_before=at)
    early.do(rule_second_eyes(early.case, True))
    submitted = early.publish("Submitted.", not_before=at)
    early.do(record_permission(early.case, "withdrawn"))
    held = early.publish("Held.", not_before=at)
    early.do(record_permission(early.case, "leave given"))
    with after(60):
        early.let_out(submitted, "second")
        early.let_out(held)
        assert [status(early, post) for post in (plain, submitted, held)] == ["waiting"] * 3
        with pytest.raises(Refused, match="by itself"):
            early.let_out(plain, "second")
        assert fires(early) == 0
    with after(120):
        assert fires(early) == 3
    said = [entry.body for post in (plain, submitted, held) for entry in early.journal.stream(post)]
    assert [body.not_before for body in said if isinstance(body, PostPublished)] == [None] * 3
    assert [body.not_before for body in said if isinstance(body, PostHeld)] == [at]


def test_a_slip_in_the_year_is_refused_and_an_instant_that_has_passed_waits_no_more(early: Desk) -> None:
    with pytest.raises(Refused, match="year ahead"):
        early.publish(WORDS, not_before=START + timedelta(days=400))
    early.do(fix_delay(early.case, hearing_of(early), 0))
    assert status(early, early.publish(WORDS, not_before=START - timedelta(hours=1))) == "published"


def frames_of(desk: Desk, path: Path) -> str:
    file = FramesFile(path, "e")
    Painter(desk.journal, desk.tables, desk.doors, file).paint()
    return repr(list(file._db.execute("SELECT * FROM change")))


def test_no_frame_and_no_table_has_its_words_while_it_waits(early: Desk, tmp_path: Path) -> None:
    early.publish(WORDS, title=f"{WORDS} title", key_event=True, pinned=True)
    assert WORDS not in frames_of(early, tmp_path / "before.sqlite")
    for path in early.house.data.iterdir():
        assert path.is_dir() or WORDS.encode() not in path.read_bytes(), path.name
    with after(10):
        fires(early)
    assert WORDS in frames_of(early, tmp_path / "after.sqlite")


def test_without_the_delay_its_words_are_in_a_frame_at_once(
    early: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(going_out, "delay_of", lambda tables, content: timedelta())
    early.publish(WORDS)
    assert WORDS in frames_of(early, tmp_path / "frames.sqlite")


def test_inside_the_delay_it_is_on_no_exit_of_a_server_and_pulled_on_none_ever(server: Server) -> None:
    slug = server.open_case("delayed", "A delayed hearing")
    of = server.post(f"/cases/{slug}/hearings", {"title": "The inquest"}).json()["id"]
    server.post(f"/hearings/{of}/sittings", {"title": "Day 1"})
    assert server.post(f"/hearings/{of}/delay", {"minutes": 16}).status_code == 422
    assert server.post(f"/hearings/{of}/delay", {"minutes": 1}).status_code == 201
    assert server.client.get(f"/api/v1/cases/{slug}/hearings").json()["items"][0]["delay"] == 1
    answer = server.post(f"/cases/{slug}/posts", {"text": WORDS, "key_event": True, "pinned": True})
    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    post = answer.json()["id"]
    assert WORDS not in everything_said(server, slug, post)
    with httpx2.Client(base_url=server.address, timeout=30) as desk:
        assert desk.post(server.link).status_code == 303
        page = desk.get(f"/desk/{slug}/").text
        assert WORDS in page and "Goes out at" in page
        assert desk.post(f"/desk/{slug}/retract", data={"post": post, "code": "error"}).status_code == 303
        assert WORDS not in desk.get(f"/desk/{slug}/").text
        assert desk.post(f"/desk/{slug}/delay", data={"hearing": of, "minutes": "99"}).status_code == 422
        tomorrow = f"{now.utc() + timedelta(days=1):%Y-%m-%dT%H:%M}"
        sent = desk.post(f"/desk/{slug}/publish", data={"text": "At noon.", "not_before": tomorrow})
        assert sent.headers["location"].endswith("?done=waiting"), sent.text
    assert WORDS not in everything_said(server, slug, post)
    assert server.client.get(f"/api/v1/posts/{post}").json()["status"] == "dropped"


def test_an_embargo_that_ends_while_the_server_is_down_goes_out_when_it_is_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as server:
        slug = server.open_case("embargo", "Under embargo")
        post, late = (_embargoed(server, slug, seconds) for seconds in (3, 600))
        assert WORDS not in everything_said(server, slug, post)
        _appears(server, slug)
        post = _embargoed(server, slug, 4, "qseconddq")
    time.sleep(4)
    with running(data) as server:
        _appears(server, slug, "qseconddq")
        assert server.client.get(f"/api/v1/posts/{late}").json()["status"] == "waiting"
        assert server.page(f"/{slug}/feed.atom").count(WORDS) > 0
        assert WORDS not in "".join(server.said)


def _embargoed(server: Server, slug: str, seconds: int, words: str = WORDS) -> str:
    at = now.text(now.utc() + timedelta(seconds=seconds))
    answer = server.post(f"/cases/{slug}/posts", {"text": words, "not_before": at})
    assert answer.json()["status"] == "waiting", answer.text
    return str(answer.json()["id"])


def _appears(server: Server, slug: str, words: str = WORDS) -> None:
    until = time.monotonic() + 20
    while words not in server.page(f"/{slug}/"):
        assert time.monotonic() < until
        time.sleep(0.1)
