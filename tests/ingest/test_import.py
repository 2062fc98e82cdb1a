"""A live blog taken over into a case: all of it, in order, with no time invented; and a second time changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.coverage import commands, projection
from heard.coverage.elements import Text, plain
from heard.coverage.kept import kept_words
from heard.coverage.model import Post
from heard.engine.errors import Refused, Unavailable
from heard.engine.journal import Writing
from heard.ingest import liveblogs
from heard.ingest.blog import Blog
from heard.ingest.liveblogs import Imported, import_blog
from heard.opening import House
from heard.text.markdown import to_text
from tests.desk import Desk

FUNICULAR = Path(__file__).parent / "funicular.txt"


@pytest.fixture
def funicular() -> Blog:
    return liveblogs.read(FUNICULAR.read_bytes())


def take(house: House, blog: Blog, slug: str = "mossgate", title: str = "") -> Imported:
    return import_blog(house.node, blog, slug, title, "editor")


def shown(house: House, case: str) -> tuple[list[Post], list[Post]]:
    return tuple(projection.shown(house.tables, case, section) for section in ("report", "live"))  # type: ignore[return-value]


def lines_of(house: House, case: str) -> list[str]:
    """Every line of the case, in the order of the page's parts."""
    known, coverage = cases.by_id(house.tables, case), projection.of_case(house.tables, case)
    report, live = shown(house, case)
    words = [plain(post.elements) for post in (*report, *live)]
    return [known.title, known.standfirst, *to_text(coverage.summary).split("\n\n"), *words]


def test_the_seed_is_taken_over_line_by_line_into_its_sections(house: House, shared_data: Path) -> None:
    raw = (shared_data / "seed" / "westminster-attack-inquests.txt").read_bytes()
    expected = json.loads((shared_data / "seed" / "expected.json").read_text())
    lines = [post["text"] for post in expected["posts"]]
    blog = liveblogs.read(raw)
    imported = take(house, blog, "westminster")

    assert lines_of(house, imported.case) == [line for n, line in enumerate(lines, start=1) if n != 7]
    coverage = projection.of_case(house.tables, imported.case)
    report, live = shown(house, imported.case)
    assert cases.by_id(house.tables, imported.case).title == lines[0]
    assert cases.by_id(house.tables, imported.case).standfirst == lines[1]
    assert to_text(coverage.summary).split("\n\n") == lines[2:6]
    assert [plain(post.elements) for post in report] == lines[7:19]
    assert [plain(post.elements) for post in live] == lines[19:34]
    assert [(n, post.state) for n, post in enumerate(live, start=20) if post.kind == "state"] == [
        (25, "paused"),
        (26, "resumed"),
    ]
    [paused] = [entry.body for entry in house.journal.stream(imported.case) if entry.kind == "coverage.paused"]
    assert (paused.words, paused.lasting, paused.until_at) == (lines[24], "PT1H", None)  # type: ignore[union-attr]
    times = {(post.published_at, post.said_at, post.written_at, post.updated_at) for post in (*report, *live)}
    assert times == {(None,) * 4}
    assert (coverage.state, coverage.since, coverage.summary_at, coverage.clock) == ("closed", None, None, None)
    assert imported == Imported(imported.case, kept=28, new=28, held=0, erased=0)


def test_another_blog_is_taken_over_line_by_line(house: House, funicular: Blog) -> None:
    lines = dict(enumerate(FUNICULAR.read_text().splitlines(), start=1))
    left_out = {line.number for line in funicular.dropped}
    case = take(house, funicular).case
    assert lines_of(house, case) == [words for n, words in lines.items() if words and n not in left_out]
    live = shown(house, case)[1]
    states = ["paused", "resumed", "paused", "resumed", "paused", "resumed", "paused", "closed"]
    assert [post.state for post in live if post.state] == states


def test_the_guardians_files_are_taken_over_with_their_times_key_events_pin_and_updates(
    house: House, shared_data: Path
) -> None:
    for file in sorted((shared_data / "liveblogs").glob("*.json")):
        page, blog = json.loads(file.read_text()), liveblogs.read(file.read_bytes())
        case = take(house, blog, file.stem).case
        report, live = shown(house, case)
        blocks = page["blocks"]
        assert report == []
        assert [post.title for post in live] == [block["title"] or "" for block in blocks]
        assert [post.published_at for post in live] == [at(block["firstPublished"]) for block in blocks]
        late = [block["lastUpdated"] - block["firstPublished"] > 60_000 for block in blocks]
        updates = [at(block["lastUpdated"]) if is_late else None for block, is_late in zip(blocks, late, strict=True)]
        assert [post.updated_at for post in live] == updates
        assert sum(post.key_event for post in live) == len(page["keyEvents"])
        assert [post.pinned for post in live] == [block["id"] == page["pinned"] for block in blocks]
        assert projection.of_case(house.tables, case).state == "closed"
        assert cases.by_id(house.tables, case).title == page["headline"]


def at(since_1970: int) -> datetime:
    return datetime.fromtimestamp(since_1970 / 1000, UTC)


def everything(house: House) -> list[object]:
    return [
        house.store.position(),
        *(list(house.tables.execute(f"SELECT * FROM {t}")) for t in ("cases", "coverage", "post")),
    ]


def test_importing_twice_changes_nothing(house: House, funicular: Blog) -> None:
    first = take(house, funicular)
    before = everything(house)
    assert take(house, funicular) == Imported(first.case, first.kept, new=0, held=0, erased=0)
    assert everything(house) == before


def test_importing_again_after_editors_worked_on_it_changes_nothing(house: House, funicular: Blog) -> None:
    case = take(house, funicular).case
    desk = shown(house, case)[1]
    doors = house.doors
    for command in (
        commands.set_state(doors, case, "reopened"),
        commands.correct(doors, desk[0].id, (Text("Put right"),), "it was wrong"),
        commands.retract(doors, desk[1].id),
        commands.erase(house.journal, desk[2].id, "a court's order"),
        commands.summarise(doors, case, "Another summary"),
    ):
        house.node.do(command, by="editor")
    before = everything(house)
    imported = take(house, funicular)
    assert everything(house) == before
    assert (imported.new, imported.erased) == (0, 1)


def test_an_import_that_broke_off_goes_on_where_it_stopped(
    house: House, funicular: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, appended = house.journal.append, 0

    def failing(batch: list[Writing]) -> object:
        nonlocal appended
        appended += 1
        if appended in (2, 5, 7):
            raise Unavailable("the disk is full")
        return append(batch)

    monkeypatch.setattr(house.journal, "append", failing)
    for _ in range(3):
        with pytest.raises(Unavailable):
            take(house, funicular)
    case = take(house, funicular).case
    whole = take(house, funicular, "whole").case
    assert lines_of(house, case) == lines_of(house, whole)
    states = [[post.state for post in shown(house, one)[1]] for one in (case, whole)]
    assert states[0] == states[1]


def test_a_long_blog_is_written_in_small_commits_and_tells_how_far_it_is(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"Mr Vessel says {n}" for n in range(100)]
    blog = liveblogs.read("\n".join(["Title", *lines]).encode())
    append, sizes, told = house.journal.append, [], []
    monkeypatch.setattr(house.journal, "append", lambda batch: (sizes.append(len(batch)), append(batch))[1])
    case = import_blog(house.node, blog, "long", "Title", "editor", lambda done, total: told.append((done, total))).case
    assert [plain(post.elements) for post in shown(house, case)[1]] == lines
    assert max(sizes) <= liveblogs.SLICE
    assert told == sorted(told) and told[-1] == (100, 100)


def test_a_title_of_ones_own_leaves_the_blogs_headline_above_its_summary(house: House, funicular: Blog) -> None:
    case = take(house, funicular, title="Mossgate").case
    assert cases.by_id(house.tables, case).title == "Mossgate"
    summary = projection.of_case(house.tables, case).summary
    assert to_text(summary).split("\n\n") == [funicular.title.words, *(line.words for line in funicular.summary)]


def test_protected_names_wait_on_the_desk_and_the_rest_is_published(desk: Desk, funicular: Blog) -> None:
    desk.restrict("Corin Vessel", "Juno Pell")
    imported = take(desk.house, funicular, "the-case")
    naming = [line for line in FUNICULAR.read_text().splitlines() if "Corin Vessel" in line or "Juno Pell" in line]
    # Two lines and the summary, which says one of the names.
    assert (len(naming), imported.held) == (3, 3)
    report, live = shown(desk.house, imported.case)
    published = [plain(post.elements) for post in (*report, *live)]
    assert not any(("Vessel" in words and "Corin" in words) or "Juno" in words for words in published)
    assert projection.of_case(desk.tables, imported.case).summary == ""
    held = projection.with_status(desk.tables, imported.case, "held")
    kept = "\n".join(plain(kept_words(desk.journal, post.id).elements) for post in held)
    assert all(line in kept for line in naming)


def test_a_notice_that_names_somebody_protected_is_held_as_a_post(desk: Desk) -> None:
    desk.restrict("Mr Penhale")
    blog = liveblogs.read(b"Title\nA post.\nMr Penhale is rising for ten minutes\nWe're back\nB.")
    imported = take(desk.house, blog, "the-case", "The case")
    live = shown(desk.house, imported.case)[1]
    assert imported.held == 1
    # Without the pause there is nothing to resume from: the notice stands as a post.
    assert [(plain(post.elements), post.kind) for post in live] == [
        ("A post.", "post"),
        ("We're back", "post"),
        ("B.", "post"),
    ]


def test_an_announced_case_takes_over_everything(desk: Desk, funicular: Blog) -> None:
    imported = take(desk.house, funicular, "the-case")
    assert imported.case == desk.case
    coverage = projection.of_case(desk.tables, desk.case)
    head = [funicular.title.words, funicular.standfirst.words if funicular.standfirst else ""]
    assert to_text(coverage.summary).split("\n\n") == [*head, *(line.words for line in funicular.summary)]
    assert coverage.state == "closed"
    before = everything(desk.house)
    assert take(desk.house, funicular, "the-case").new == 0
    assert everything(desk.house) == before


def test_coverage_that_is_running_is_not_stopped_by_the_pauses_of_another_day(desk: Desk, funicular: Blog) -> None:
    desk.publish("We are here")
    desk.do(commands.summarise(desk.doors, desk.case, "Our own summary"))
    take(desk.house, funicular, "the-case")
    coverage = projection.of_case(desk.tables, desk.case)
    assert (coverage.state, coverage.summary) == ("live", "Our own summary")
    report, live = shown(desk.house, desk.case)
    words = "\n\n".join(plain(post.elements) for post in (*report, *live))
    left_out = {line.number for line in funicular.dropped}
    lines = dict(enumerate(FUNICULAR.read_text().splitlines(), start=1))
    assert all(line in words for n, line in lines.items() if n not in left_out)
    assert {post.kind for post in live} == {"post"}
    assert take(desk.house, funicular, "the-case").new == 0


def test_two_days_in_one_case_do_not_take_each_other_for_a_repetition(house: House) -> None:
    for day in (b"Day one\nA post.", b"Day two\nA post."):
        case = take(house, liveblogs.read(day), "days", "Days").case
    assert [plain(post.elements) for post in shown(house, case)[1]] == ["A post.", "Day two", "A post."]


def test_a_case_that_cannot_be_opened_is_refused_before_anything_is_written(house: House, funicular: Blog) -> None:
    for slug, title in (("Not A Slug", "t"), ("api", "t"), ("fine", "t" * 301)):
        with pytest.raises(Refused):
            take(house, funicular, slug, title)
    assert house.store.position() == 0


def test_a_held_case_publishes_nothing_of_an_import(desk: Desk, funicular: Blog) -> None:
    desk.do(case_commands.hold_case(desk.case, "a reason"))
    imported = take(desk.house, funicular, "the-case")
    report, live = shown(desk.house, imported.case)
    assert [post for post in (*report, *live) if post.kind == "post"] == []
