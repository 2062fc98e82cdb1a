"""Following a hearing on a page that stays open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route

from tests.stories.hearing import Hearing
from tests.stories.reader import Reader

Opens = Callable[..., Reader]
Act = Callable[[Hearing], object]


def test_page_is_complete_without_script(reader: Opens, hearing: Hearing) -> None:
    hearing.does(f"/cases/{hearing.slug}/summary", {"text": "What it is about."})
    hearing.does(f"/posts/{hearing.posts[2]}/key_event", {})
    hearing.does(f"/posts/{hearing.posts[1]}/pin", {})
    one = reader(f"/{hearing.slug}/", java_script_enabled=False)
    for words in ("The case that is followed", "Live", "What it is about.", "Key events", "Pinned", "Post number 8."):
        assert one.sees(words), words
    assert one.page.locator("#posts > article").count() == len(hearing.posts)
    assert not one.page.locator("button").locator("visible=true").count(), "a button that could do nothing"


def test_post_arrives_without_reload(reader: Opens, hearing: Hearing) -> None:
    one = reader(f"/{hearing.slug}/")
    one.page.evaluate("window.stayed = true")
    hearing.publishes("The witness is sworn.")
    one.waits_to_see("The witness is sworn.")
    assert one.says_how() == "", "it came by the stream"
    assert one.page.evaluate("window.stayed")


def _reopens(hearing: Hearing) -> None:
    hearing.state("closed")
    hearing.state("reopened", words="We are back after all.")


ACTS: dict[str, Act] = {
    "post": lambda h: h.publishes("A new post."),
    "key post": lambda h: h.publishes("A new post.", title="It is ruled", key_event=True, pinned=True),
    "correct": lambda h: h.does(f"/posts/{h.posts[3]}/corrections", {"text": "Right words.", "reason": "misheard"}),
    "clarify": lambda h: h.does(f"/posts/{h.posts[3]}/clarifications", {"text": "Clear words.", "reason": "unclear"}),
    "retract": lambda h: h.retracts(h.posts[3]),
    "reorder": lambda h: h.moves(h.posts[6], h.posts[1]),
    "reorder to the end": lambda h: h.moves(h.posts[7], h.posts[0]),
    "pin": lambda h: h.does(f"/posts/{h.posts[2]}/pin", {}),
    "key": lambda h: h.does(f"/posts/{h.posts[2]}/key_event", {}),
    "summary": lambda h: h.does(f"/cases/{h.slug}/summary", {"text": "- One\n- Two"}),
    "pause": lambda h: h.state("paused", words="We have risen for an hour.", **{"for": "PT1H"}),
    "resume": lambda h: (h.state("paused"), h.state("resumed", words="We are back.")),
    "close": lambda h: h.state("closed", words="That is all."),
    "reopen": _reopens,
    "restriction": lambda h: h.does(
        f"/cases/{h.slug}/restrictions", {"basis": "order of the coroner", "names": ["Post number 4"]}
    ),
}


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("act", ACTS)
def test_open_page_equals_a_page_freshly_loaded(reader: Opens, hearing: Hearing, act: str, order: str) -> None:
    one = reader(f"/{hearing.slug}/?order={order}", viewport={"width": 1280, "height": 6000})
    before = one.shown()
    ACTS[act](hearing)
    one.waits(lambda: one.shown() != before and one.shown() == one.fresh(), "for the open page to equal a fresh one")
    assert one.says_how() == "", "it came by the stream"


def test_post_too_long_to_send_is_fetched(reader: Opens, hearing: Hearing) -> None:
    one = reader(f"/{hearing.slug}/")
    with one.page.expect_request("**/fragment/", timeout=45_000):
        hearing.publishes("𝄞" * 19_000)  # more bytes than a frame holds, fewer signs than a post may have
        one.waits(lambda: one.sees("𝄞𝄞𝄞"), "for the post")
    assert one.shown() == one.fresh()


def test_new_posts_wait_behind_a_button_and_nothing_jumps(reader: Opens, hearing: Hearing) -> None:
    one = reader(f"/{hearing.slug}/")
    reading = hearing.posts[3]
    one.scrolls_to(reading)
    top = one.top_of(reading)
    hearing.publishes("The first that waits.")
    hearing.publishes("The second that waits.")
    hearing.does(f"/cases/{hearing.slug}/summary", {"text": "- One\n" * 12})
    hearing.does(f"/posts/{hearing.posts[6]}/corrections", {"text": "Now short.", "reason": "misheard"})
    one.waits(lambda: one.button() == "2 new posts" and one.sees("Now short."), "for the button and the correction")
    assert not one.sees("The first that waits.")
    assert abs(one.top_of(reading) - top) <= 1
    assert one.page.title().startswith("(2) ")
    assert one.page.inner_text("#status") == "2 new posts"
    one.page.click("#more")
    assert one.sees("The first that waits.") and one.sees("The second that waits.")
    assert one.button() == "" and not one.page.title().startswith("(")
    assert one.page.evaluate("document.activeElement.id") == one.page.evaluate("document.querySelector('.post').id")
    assert one.shown() == one.fresh()


def test_paused_page_stands_still_but_for_what_is_withdrawn(reader: Opens, hearing: Hearing) -> None:
    one = reader(f"/{hearing.slug}/")
    one.page.click("#pause")
    assert one.page.inner_text("#pause") == "Resume updates"
    hearing.publishes("It waits for the reader.")
    hearing.does(f"/posts/{hearing.posts[7]}/corrections", {"text": "Put right.", "reason": "misheard"})
    one.waits(lambda: one.button() == "1 new post", "for the button")
    assert not one.sees("It waits for the reader.") and not one.sees("Put right.")
    hearing.retracts(hearing.posts[6])
    one.waits(lambda: not one.sees("Post number 7."), "for the withdrawn words to go")
    assert one.sees("This post was withdrawn because it was wrong.")
    assert not one.sees("It waits for the reader.")
    one.page.click("#pause")
    one.waits_to_see("It waits for the reader.")
    assert one.shown() == one.fresh()


def test_post_retracted_while_it_waits_is_never_shown(reader: Opens, hearing: Hearing) -> None:
    one = reader(f"/{hearing.slug}/")
    one.scrolls_to(hearing.posts[2])
    post = hearing.publishes("These words must not be read.")
    one.waits(lambda: one.button() == "1 new post", "for the button")
    hearing.retracts(post)
    one.waits(lambda: one.button() == "", "for the button to go")
    one.page.evaluate("scrollTo(0, 0)")
    hearing.publishes("Something else.")
    one.waits_to_see("Something else.")
    assert "These words must not be read." not in one.page.content()


def test_second_and_seventh_tab_follow_and_outlive_the_first(reader: Opens, hearing: Hearing) -> None:
    tabs = [reader(f"/{hearing.slug}/")]
    tabs += [reader(f"/{hearing.slug}/", beside=tabs[0]) for _ in range(7)]
    hearing.publishes("To every tab.")
    for tab in tabs:
        tab.waits_to_see("To every tab.")
    for n in (7, 0):  # the last that was looked at leads; then another takes over
        hearing.publishes(f"Said just before tab {n} closes.")
        tabs.pop(n).page.close()
        hearing.publishes(f"Said just after tab {n} closed.")
    for tab in tabs:
        tab.waits_to_see("Said just after tab 0 closed.")
        assert tab.shown() == tab.fresh()


def test_tabs_that_lost_the_connection_miss_nothing(reader: Opens, hearing: Hearing) -> None:
    first = reader(f"/{hearing.slug}/")
    old = reader(f"/{hearing.slug}/", beside=first)
    old.page.context.set_offline(True)
    for n in range(3):
        hearing.publishes(f"Missed number {n}.")
    old.page.context.set_offline(False)
    for one in (first, old):
        for n in range(3):
            one.waits_to_see(f"Missed number {n}.")
        assert one.shown() == one.fresh()


def test_blocked_stream_falls_back_to_the_long_poll_and_says_so(reader: Opens, hearing: Hearing) -> None:
    one = reader("/")
    one.page.route("**/live/*", lambda route: route.abort())
    one.page.route("**/live/*?*", lambda route: route.abort())
    one.goes_to(f"/{hearing.slug}/")
    one.waits(lambda: one.says_how() == "Posts come a little late.", "for the long poll")
    hearing.publishes("Polled for.")
    one.waits_to_see("Polled for.")
    hearing.retracts(hearing.posts[7])
    one.waits(lambda: not one.sees("Post number 8."), "for the withdrawn words to go")
    assert one.shown() == one.fresh()


def test_blocked_stream_and_poll_fall_back_to_the_page_itself(reader: Opens, hearing: Hearing) -> None:
    one = reader("/")
    one.page.route("**/live/**", lambda route: route.abort())
    one.goes_to(f"/{hearing.slug}/")
    one.waits(lambda: one.says_how() == "Posts come every 15 seconds.", "for plain polling")
    hearing.publishes("Found on the page.")
    hearing.retracts(hearing.posts[7])
    one.waits_to_see("Found on the page.")
    assert not one.sees("Post number 8.")
    assert one.shown() == one.fresh()


def test_permanent_address_opens_at_its_post(reader: Opens, hearing: Hearing) -> None:
    post = hearing.posts[2]
    one = reader(f"/{hearing.slug}/posts/{post}/", viewport={"width": 1280, "height": 500})
    one.waits(lambda: 0 <= one.top_of(post) < 300, "for the post to be in view")
    assert one.page.locator("#focus").count() == 0
    plain = reader(f"/{hearing.slug}/posts/{post}/", java_script_enabled=False)
    assert "Post number 3." in plain.page.inner_text("#focus")
    plain.page.click("text=Read it in its place")
    assert plain.page.url.endswith(f"#post-{post}")


def test_key_event_leads_to_its_post_without_leaving_the_page(reader: Opens, hearing: Hearing) -> None:
    post = hearing.posts[1]
    hearing.does(f"/posts/{post}/key_event", {})
    one = reader(f"/{hearing.slug}/", viewport={"width": 1280, "height": 500})
    one.page.evaluate("window.stayed = true")
    one.page.click("#key a")
    one.waits(lambda: 0 <= one.top_of(post) < 300, "for the post to be in view")
    assert one.page.evaluate("window.stayed")


def test_older_page_keeps_its_posts_and_hears_of_them(reader: Opens, hearing: Hearing) -> None:
    for n in range(9, 80):
        hearing.publishes(f"Post number {n}.")
    newest = reader(f"/{hearing.slug}/")
    older = reader(newest.page.get_attribute("#below a", "href") or "")
    posts = older.page.locator("#posts > article").count()
    hearing.publishes("Said now.")
    hearing.does(f"/posts/{hearing.posts[4]}/corrections", {"text": "Put right long after.", "reason": "misheard"})
    hearing.retracts(hearing.posts[5])
    older.waits_to_see("This post was withdrawn because it was wrong.")
    assert older.sees("Put right long after.") and not older.sees("Said now.")
    assert older.page.locator("#posts > article").count() == posts
    assert older.shown() == older.fresh()
    newest.waits_to_see("Said now.")
    assert not newest.sees("Put right long after.")
    assert newest.shown() == newest.fresh()


def test_page_of_a_history_that_was_restored_is_mended_in_place(reader: Opens, hearing: Hearing) -> None:
    """Its position has another epoch, so that the stream answers `reset`."""
    one = reader("/")

    def of_another_epoch(route: Route) -> None:
        body = route.fetch().text().replace('data-at="', 'data-at="before')
        route.fulfill(body=body.replace("Post number 2.", "Words that are gone."), content_type="text/html")

    one.page.route(f"**/{hearing.slug}/", of_another_epoch, times=1)
    one.goes_to(f"/{hearing.slug}/")
    assert one.sees("Words that are gone.")
    one.scrolls_to(hearing.posts[4])
    top = one.top_of(hearing.posts[4])
    one.waits(lambda: not one.sees("Words that are gone."), "for the page to be mended")
    assert abs(one.top_of(hearing.posts[4]) - top) <= 1
    assert one.shown() == one.fresh()
    hearing.publishes("The stream goes on.")
    one.waits(lambda: one.button() == "1 new post", "for the next post")


def test_forbidden_load_is_noticed(reader: Opens) -> None:
    """The control of what every story checks at its end."""
    one = reader("/")
    one.page.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'self.ran = 1' }))")
    one.waits(lambda: one.page.evaluate("self.ran ?? 0") == 0 and one.complaints, "for the complaint")
    one.complaints.clear()
