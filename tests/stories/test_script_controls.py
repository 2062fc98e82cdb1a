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


def opens_without(reader: Opens, hearing: Hearing, line: str, instead: str, **settings: object) -> Reader:
    """A reader whose script has another line in place of this one."""
    assert SCRIPT.count(line) == 1, f"the script has no such line, or has it twice: {line}"
    one = reader("/", **settings)
    one.page.route(
        "**/static/*/reader.js",
        lambda route: route.fulfill(body=SCRIPT.replace(line, instead), content_type="text/javascript"),
    )
    one.goes_to(f"/{hearing.slug}/")
    return one


def test_without_anchoring_the_page_jumps(reader: Opens, hearing: Hearing) -> None:
    one = opens_without(reader, hearing, "if (anchor?.isConnected && !atTop)", "if (false)")
    one.scrolls_to(hearing.posts[3])
    top = one.top_of(hearing.posts[3])
    hearing.does(f"/cases/{hearing.slug}/summary", {"text": "- One\n" * 12})
    one.waits_to_see("One")
    assert abs(one.top_of(hearing.posts[3]) - top) > 50


def test_without_urgency_a_paused_page_keeps_withdrawn_words(reader: Opens, hearing: Hearing) -> None:
    one = opens_without(reader, hearing, "there ? all || urgent || !paused :", "there ? all || !paused :")
    one.page.click("#pause")
    hearing.retracts(hearing.posts[6])
    hearing.publishes("Sent after it.")
    one.waits(lambda: one.button() == "1 new post", "for the button")
    assert one.sees("Post number 7.")


def test_without_place_a_moved_post_stays_where_it_was(reader: Opens, hearing: Hearing) -> None:
    one = opens_without(
        reader, hearing, "if (there?.dataset.place == place)", "if (there)", viewport={"width": 1280, "height": 6000}
    )
    hearing.moves(hearing.posts[6], hearing.posts[1])
    hearing.publishes("Sent after it.")
    one.waits_to_see("Sent after it.")
    assert sorted(one.shown()) == sorted(one.fresh())
    assert one.shown() != one.fresh()


@pytest.mark.parametrize(("line", "hears"), [("channel.postMessage({ hello: at })", False), (None, True)])
def test_tab_whose_own_connection_hangs_is_told_by_the_leader(
    reader: Opens, hearing: Hearing, line: str | None, hears: bool
) -> None:
    """It says how far it has read, and the leader goes back to there; without that word it would miss the post."""
    first = opens_without(reader, hearing, line or "leads || join(true)", "0" if line else "leads || join(true)")
    first.page.route("**/live/**", lambda route: None)
    first.page.reload()
    hearing.publishes("Missed by the first tab.")
    second = reader(f"/{hearing.slug}/", beside=first)
    hearing.publishes("Heard by both tabs.")
    for tab in (first, second):
        tab.waits_to_see("Heard by both tabs.")
    assert second.sees("Missed by the first tab.")
    if hears:  # the leader may have heard the newer one before it went back
        first.waits_to_see("Missed by the first tab.")
    else:
        assert not first.sees("Missed by the first tab.")
