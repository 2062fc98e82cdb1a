"""Several people at one desk, each in a real browser: who is here, who writes at what, and what both changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.server import Server
from tests.stories.hearing import Hearing
from tests.stories.people import signed_in_as
from tests.stories.reader import Reader

Opens = Callable[..., Reader]


@pytest.fixture
def at_desk(editor: Opens, server: Server) -> Opens:
    """Opens the desk for somebody who is signed in under a name."""

    def opens(name: str, **settings: Any) -> Reader:
        return editor(signed_in_as(server, name), **settings)

    return opens


def waits_by_beats(one: Reader, until: Callable[[], Any], what: str) -> None:
    """As `waits`; a page that is looked at anew beats at once, and need not be waited for."""

    def beaten() -> Any:
        one.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        return until()

    one.waits(beaten, what)


def test_each_sees_who_else_is_here_and_who_writes_at_which_post_until_they_leave(
    at_desk: Opens, hearing: Hearing, server: Server
) -> None:
    una, dov = at_desk("Una"), at_desk("Dov")
    waits_by_beats(una, lambda: "Here too: Dov." in una.page.inner_text("#here"), "to see Dov")
    dov.page.fill("#text", "The witness says")
    waits_by_beats(una, lambda: "Dov, writing" in una.page.inner_text("#who"), "to see that Dov writes")
    post = hearing.posts[7]
    dov.page.locator(f"#reword-{post} > summary").click()
    dov.page.fill(f"#text-{post}", "There were four lamps.")
    waits_by_beats(
        una,
        lambda: "Dov is writing at this post." in una.page.inner_text(f"[data-post='{post}']"),
        "to see at which post",
    )
    assert "Dov, at a post" in una.page.inner_text("#who")
    dov.goes_to("/")
    waits_by_beats(una, lambda: "Nobody else is here." in una.page.inner_text("#who"), "for Dov to be gone")


def test_desk_shows_readers_now_the_delay_and_what_a_colleague_published_without_a_word(
    reader: Opens, at_desk: Opens, hearing: Hearing
) -> None:
    readers = [reader(f"/{hearing.slug}/") for _ in range(2)]
    una = at_desk("Una")
    waits_by_beats(una, lambda: "2 readers now" in una.page.inner_text("#figures"), "to see two readers")
    hearing.publishes("Published by a colleague.")
    readers[0].waits_to_see("Published by a colleague.")
    waits_by_beats(
        una, lambda: "Published by a colleague." in una.page.inner_text(".columns"), "for the desk to follow"
    )
    waits_by_beats(una, lambda: " ms." in una.page.inner_text("#figures"), "to see the delay")
    took_ms = int(una.page.inner_text("#figures").split(" ms.")[0].split()[-1])
    assert 0 <= took_ms < 5000


def test_what_is_opened_or_typed_in_the_columns_stays_while_a_colleague_publishes(
    at_desk: Opens, hearing: Hearing
) -> None:
    una, post = at_desk("Una"), hearing.posts[7]
    una.page.locator(f"#withdraw-{post} summary").click()
    una.page.fill(f"#why-{post}", "It names a child")
    hearing.publishes("Another post.")
    waits_by_beats(
        una,
        lambda: una.page.evaluate("performance.mark('seen'), performance.getEntriesByName('seen').length") > 9,
        "ten beats",
    )
    assert una.page.input_value(f"#why-{post}") == "It names a child"
    una.page.fill(f"#why-{post}", "")
    una.page.locator("#text").focus()
    waits_by_beats(una, lambda: "Another post." in una.page.inner_text(".columns"), "for the desk to follow")
    assert una.page.locator(f"#withdraw-{post}").get_attribute("open") is not None


@pytest.mark.parametrize(("script", "width", "columns"), [(True, 1280, 3), (False, 1280, 3), (False, 390, 1)])
def test_two_editors_of_one_post_see_what_it_was_theirs_and_yours_and_put_them_together(
    editor: Opens, hearing: Hearing, script: bool, width: int, columns: int
) -> None:
    was = "The court sat.\n\nThere were two lamps.\n\nIt rose."
    post = hearing.publishes(was)
    at_desk = editor(java_script_enabled=script, viewport={"width": width, "height": 900})
    page = at_desk.page
    page.locator(f"#reword-{post} > summary").click()
    page.fill(f"#text-{post}", was.replace("two", "four").replace("rose.", "rose at one."))
    page.fill(f"#reason-{post}", "I misheard")
    theirs = was.replace("two", "three").replace("sat.", "sat at ten.")
    hearing.does(f"/posts/{post}/corrections", {"text": theirs, "reason": "misheard"})
    page.locator(f"#reword-{post} button", has_text="Correct an error").click()
    at_desk.waits_to_see("Both versions")
    rows = [row.inner_text() for row in page.locator(".three").all()]
    assert len(rows) == 3
    for words in ("two lamps", "three lamps", "four lamps", "decide"):
        assert words in " ".join(rows[1].split()), rows
    lefts = page.locator(".three").first.evaluate(
        "row => new Set([...row.querySelectorAll('h3')].map(one => one.offsetLeft)).size"
    )
    assert lefts == columns
    together = page.input_value("#text-both").split("\n\n")
    assert together == ["The court sat at ten.", "There were three lamps.", "There were four lamps.", "It rose at one."]
    assert page.input_value("#reason-both") == "I misheard"
    page.fill("#text-both", "\n\n".join(one for one in together if "three" not in one))
    page.locator(".conflict button", has_text="Correct an error").click()
    at_desk.waits_to_see("Corrected. Readers see it now.")
    shown = hearing.server.page(f"/{hearing.slug}/posts/{post}/")
    assert "sat at ten" in shown and "four lamps" in shown and "rose at one" in shown and "three lamps" not in shown


def test_words_for_a_post_that_was_withdrawn_meanwhile_come_back(editor: Opens, hearing: Hearing) -> None:
    at_desk, post = editor(java_script_enabled=False), hearing.posts[7]
    at_desk.page.locator(f"#reword-{post} > summary").click()
    at_desk.page.fill(f"#text-{post}", "There were four lamps.")
    hearing.retracts(post)
    at_desk.page.locator(f"#reword-{post} button", has_text="Clarify").click()
    at_desk.waits_to_see("What you wrote")
    assert "There were four lamps." in at_desk.page.input_value("textarea[aria-labelledby=homeless]")


def test_a_summary_from_the_box_does_not_write_over_one_that_came_while_it_was_typed(
    at_desk: Opens, hearing: Hearing
) -> None:
    una = at_desk("Una")
    page = una.page
    page.locator("#text").focus()
    page.keyboard.type("/summary The lamps were out.")
    hearing.does(f"/cases/{hearing.slug}/summary", {"text": "The gate was open."})
    # The form has followed by then: what counts is what stood as the words were begun.
    waits_by_beats(una, lambda: page.input_value("#digest-text") == "The gate was open.", "for the form to follow")
    page.keyboard.press("Control+Enter")
    una.waits_to_see("Theirs: The gate was open.")
    assert page.input_value("#text") == "/summary The lamps were out."
    assert "The gate was open." in hearing.server.page(f"/{hearing.slug}/")
    page.locator("#text").focus()
    page.keyboard.press("Control+Enter")
    una.waits_to_see("The summary is written.")
    assert "The lamps were out." in hearing.server.page(f"/{hearing.slug}/")
