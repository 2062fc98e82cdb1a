"""Controls: with one line of the reader's script taken out, what that line is for must be seen to fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import heard
from tests.stories.hearing import Hearing
from tests.stories.reader import Reader

Opens = Callable[..., Reader]
SCRIPT = (Path(heard.__file__).parent / "static" / "reader.js").read_text("utf-8")


def opens_without(reader: Opens, hearing: Hearing, *without: str, instead: str = "false", **settings: object) -> Reader:
    """A reader whose script has something else in place of these."""
    script = SCRIPT
    for line in without:
        assert script.count(line) == 1, f"the script has no such line, or has it twice: {line}"
        script = script.replace(line, instead)
    one = reader("/", **settings)
    one.page.route("**/static/*/reader.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    one.goes_to(f"/{hearing.slug}/")
    return one


def test_without_anchoring_the_page_jumps(reader: Opens, hearing: Hearing) -> None:
    one = opens_without(reader, hearing, "anchor?.isConnected && !atTop")
    one.scrolls_to(hearing.posts[3])
    top = one.top_of(hearing.posts[3])
    hearing.does(f"/cases/{hearing.slug}/summary", {"text": "- One\n" * 12})
    one.waits_to_see("One")
    assert abs(one.top_of(hearing.posts[3]) - top) > 50


def test_without_urgency_a_paused_page_keeps_withdrawn_words(reader: Opens, hearing: Hearing) -> None:
    one = opens_without(reader, hearing, "urgent ||", instead="")
    one.page.click("#pause")
    hearing.retracts(hearing.posts[6])
    hearing.publishes("Sent after it.")
    one.waits(lambda: one.button() == "1 new post", "for the button")
    assert one.sees("Post number 7.")


def test_without_place_a_moved_post_stays_where_it_was(reader: Opens, hearing: Hearing) -> None:
    one = opens_without(
        reader, hearing, "?.dataset.place == place", instead="", viewport={"width": 1280, "height": 6000}
    )
    hearing.moves(hearing.posts[6], hearing.posts[1])
    hearing.publishes("Sent after it.")
    one.waits_to_see("Sent after it.")
    assert sorted(one.shown()) == sorted(one.fresh())
    assert one.shown() != one.fresh()


@pytest.mark.parametrize(
    ("without", "missed", "heard"),
    [
        ([], True, True),
        (["channel.postMessage({ from })"], False, False),
        (["channel.postMessage({ from })", "news.id && newer(news.after, from)"], False, True),
    ],
    ids=["whole script", "leader is not told", "leader is not told and gaps are not seen"],
)
def test_tab_whose_own_connection_hangs_misses_nothing(
    reader: Opens, hearing: Hearing, without: list[str], missed: bool, heard: bool
) -> None:
    """It tells the leader how far it has heard, and the leader goes back to there; it hears nothing after a gap."""
    first = opens_without(reader, hearing, *without)
    first.page.route("**/live/**", lambda route: None)
    first.page.reload()
    hearing.publishes("Missed by the first tab.")
    first.page.wait_for_timeout(1100)  # A page may come from the browser's cache for a second, and be as old.
    second = reader(f"/{hearing.slug}/", beside=first)
    assert second.sees("Missed by the first tab.")
    hearing.publishes("Heard by both tabs.")
    second.waits_to_see("Heard by both tabs.")
    for words, seen in (("Missed by the first tab.", missed), ("Heard by both tabs.", heard)):
        if seen:
            first.waits_to_see(words)
    first.page.wait_for_timeout(500)
    assert [first.sees("Missed by the first tab."), first.sees("Heard by both tabs.")] == [missed, heard]
