"""The page as published equals, byte for byte, the page that readers were given at that instant."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from heard.coverage import as_published as module
from heard.coverage.as_published import as_published
from heard.coverage.whole_page import View
from heard.engine import now
from heard.opening import open_house
from tests.coverage.past_story import BASE, BEGAN, Captured, PastStory
from tests.desk import Desk

INSTANTS, STEPS = 1_000, 220


def told_in(folder: Path, *, erases: bool = False, seed: int = 20, instants: int = INSTANTS) -> PastStory:
    with now.held_at(BEGAN):
        desk = Desk(open_house(folder / "data", synchronous="OFF"))
        story = PastStory(desk, folder, seed, instants, erases=erases)
    story.tell(STEPS)
    return story


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastStory]:
    told = told_in(tmp_path_factory.mktemp("past"))
    yield told
    told.desk.house.close()


def differing(story: PastStory, captured: list[Captured]) -> list[Captured]:
    """Those that are not answered now as they were answered then."""
    return [one for one in captured if not same(story, one)]


def same(story: PastStory, captured: Captured) -> bool:
    page = story.as_published(captured).page
    return page == captured.body if captured.status == 200 else page is None


def test_at_a_thousand_random_instants_the_page_is_the_one_that_readers_had(story: PastStory) -> None:
    assert len(story.captured) == INSTANTS
    assert differing(story, story.captured) == []


def test_the_story_held_what_it_should(story: PastStory) -> None:
    """The control: readers were given many different pages, with every mark that a page can bear."""
    seen = Counter(one.status for one in story.captured)
    assert seen[200] > 700 and seen[503] > 10, seen
    assert len({one.body for one in story.captured}) > 150
    every = "".join(one.body for one in story.captured)
    for mark in ("Put right", "Made clear", "As it was before", "withdrawn", "being checked", "Pinned", "Key event"):
        assert mark in every, mark
    for mark in ("Paused", "As it happened", "Another day", "So far", "Earlier posts", 'id="focus"', "Report"):
        assert mark in every, mark
    assert {"correct", "clarify", "retract", "pin", "move", "restrict", "hold", "describe"} <= set(story.done)


def test_a_look_that_shows_todays_wording_is_caught(story: PastStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what folds on to now is not what readers had."""
    monkeypatch.setattr(module, "last_before", lambda journal, at: journal.store.position())
    sample = random.Random(1).sample(story.captured, 30)
    assert len(differing(story, sample)) > 25


def test_a_look_by_todays_rules_is_caught(story: PastStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the door is the one whose rules stood then."""
    desk, of = story.desk, story.desk.doors.of
    monkeypatch.setattr(desk.doors, "of", lambda tables, case: of(desk.tables, case))
    stopped = [one for one in story.captured if one.status == 503 or "being checked" in one.body][-80:]
    assert len(differing(story, stopped)) > 20


def test_erased_words_stay_erased_and_all_else_is_as_it_was(tmp_path: Path) -> None:
    told = told_in(tmp_path, erases=True, seed=11, instants=150)
    desk = told.desk
    erased = module.erased_of(desk.tables, desk.case)
    assert len(erased) > 3
    looked = changed = 0
    for captured in told.captured:
        if captured.status != 200 or captured.view != View():
            continue
        found = told.as_published(captured)
        assert found.page is not None
        then, now_ = articles(captured.body), articles(found.page)
        assert list(then) == list(now_), "the same posts, in the same places"
        for post in then:
            if then[post] != now_[post]:
                assert post in erased and "This post was erased." in now_[post]
                changed += 1
        assert found.erased >= sum(then[post] != now_[post] for post in then)
        looked += 1
    assert looked > 20 and changed > 20
    desk.house.close()


def articles(page: str) -> dict[str, str]:
    found = re.findall(r'<article class="post[^>]* id="post-([a-z0-9]+)".*?</article>', page, re.S)
    whole = re.findall(r'<article class="post.*?</article>', page, re.S)
    return dict(zip(found, whole, strict=True))


def test_before_the_case_was_opened_there_was_no_page(desk: Desk) -> None:
    [opened] = [entry.at for entry in desk.journal.stream(desk.case)]
    found = look(desk, opened - timedelta(seconds=1))
    assert found.page is None and found.why == module.NOT_YET
    assert look(desk, opened).page is not None


def look(desk: Desk, at: datetime) -> module.AsPublished:
    from heard.cases import projection as cases

    case = cases.by_id(desk.tables, desk.case)
    return as_published(desk.journal, desk.tables, desk.doors, case, at, base=BASE, view=View())


def test_a_look_leaves_no_file_behind(desk: Desk) -> None:
    desk.publish("Words")
    files = {path: path.stat().st_size for path in desk.house.data.rglob("*")}
    assert look(desk, now.utc()).page is not None
    assert {path: path.stat().st_size for path in desk.house.data.rglob("*")} == files


def test_more_than_fits_is_refused_in_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from heard.engine.errors import TooLarge

    monkeypatch.setattr(module, "FOLDED_MAX", 3)
    for number in range(5):
        desk.publish(f"Words {number}")
    with pytest.raises(TooLarge, match="too many to look back"):
        look(desk, now.utc())
