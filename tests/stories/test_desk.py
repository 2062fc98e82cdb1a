"""Working at the desk, with script and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.server import Server
from tests.stories.hearing import Hearing
from tests.stories.reader import Reader

Opens = Callable[..., Reader]


@pytest.fixture
def editor(reader: Opens, server: Server, hearing: Hearing, desk: Any) -> Callable[..., Reader]:
    """Opens the desk of the hearing, signed in."""
    [(name, value)] = list(desk.cookies.items())

    def opens(**settings: Any) -> Reader:
        one = reader("/", **settings)
        one.page.context.add_cookies([{"name": name, "value": value, "url": server.address}])
        one.goes_to(f"/desk/{hearing.slug}/")
        return one

    return opens


def test_ctrl_enter_publishes_and_the_reader_sees_it(reader: Opens, editor: Opens, hearing: Hearing) -> None:
    one, at_desk = reader(f"/{hearing.slug}/"), editor()
    at_desk.page.fill("#text", "Typed at the desk.")
    at_desk.page.press("#text", "Control+Enter")
    at_desk.waits_to_see("Published.")
    assert at_desk.page.input_value("#text") == ""
    one.waits_to_see("Typed at the desk.")


def test_desk_works_without_script(reader: Opens, editor: Opens, hearing: Hearing) -> None:
    one, at_desk = reader(f"/{hearing.slug}/"), editor(java_script_enabled=False)
    at_desk.page.fill("#text", "Sent by the button.")
    at_desk.page.fill("#title", "A title")
    at_desk.page.check("input[name=key_event]")
    at_desk.page.click("text=Publish >> visible=true")
    at_desk.waits_to_see("Published.")
    one.waits_to_see("Sent by the button.")
    one.waits(lambda: "A title" in one.page.inner_text("#key"), "for the key event")
    at_desk.page.locator("summary", has_text="Withdraw").first.click()
    at_desk.page.locator("text=Withdraw this post").first.click()
    at_desk.waits_to_see("Withdrawn. Readers see the notice now.")
    one.waits(lambda: not one.sees("Sent by the button."), "for the words to go")
    at_desk.page.fill("#words", "We have risen.")
    at_desk.page.fill("#until", "23:59")
    at_desk.page.click("button[value=paused]")
    one.waits_to_see("Due back at 23:59")


def test_refused_words_come_back(editor: Opens, hearing: Hearing) -> None:
    at_desk = editor()
    hearing.state("closed")
    at_desk.page.fill("#text", "Too late, and not lost.")
    at_desk.page.fill("#title", "Late")
    at_desk.page.click("text=Publish >> visible=true")
    at_desk.waits_to_see("The coverage is closed.")
    assert at_desk.page.input_value("#text") == "Too late, and not lost."
    assert at_desk.page.input_value("#title") == "Late"


def test_second_editor_sees_both_versions_and_puts_them_together(editor: Opens, hearing: Hearing) -> None:
    at_desk, post = editor(), hearing.posts[7]
    at_desk.page.locator("summary", has_text="Correct or clarify").first.click()
    at_desk.page.fill(f"#text-{post}", "There were four lamps.")
    hearing.does(f"/posts/{post}/corrections", {"text": "There were three lamps.", "reason": "misheard"})
    at_desk.page.locator("text=Correct an error").locator("visible=true").first.click()
    at_desk.waits_to_see("Both versions")
    both = at_desk.page.inner_text(".conflict")
    assert "There were three lamps." in both and "There were four lamps." in both
    at_desk.page.fill("#text-both", "There were three lamps, then four.")
    at_desk.page.locator(".conflict >> text=Correct an error").click()
    at_desk.waits_to_see("Corrected. Readers see it now.")
    assert "There were three lamps, then four." in hearing.server.page(f"/{hearing.slug}/")


def test_words_that_were_not_sent_are_there_again(editor: Opens, hearing: Hearing) -> None:
    at_desk = editor()
    at_desk.page.fill("#text", "Half a sentence that")
    at_desk.page.reload()
    assert at_desk.page.input_value("#text") == "Half a sentence that"
    at_desk.page.fill("#text", "Half a sentence that is whole now.")
    at_desk.page.press("#text", "Control+Enter")
    at_desk.waits_to_see("Published.")
    at_desk.goes_to(f"/desk/{hearing.slug}/")
    assert at_desk.page.input_value("#text") == ""


def test_words_sent_twice_over_a_bad_line_are_published_once(editor: Opens, hearing: Hearing) -> None:
    at_desk = editor()

    def answer_is_lost(route: Any) -> None:
        route.fetch(max_redirects=0)
        route.fulfill(status=502, body="Bad gateway")

    at_desk.page.route("**/publish", answer_is_lost, times=1)
    at_desk.page.fill("#text", "Once and once only.")
    at_desk.page.click("text=Publish >> visible=true")
    at_desk.waits(lambda: at_desk.page.inner_text("body") == "Bad gateway", "for the answer to be lost")
    assert "Once and once only." in hearing.server.page(f"/{hearing.slug}/")
    at_desk.goes_to(f"/desk/{hearing.slug}/")
    assert at_desk.page.input_value("#text") == "Once and once only."
    at_desk.page.press("#text", "Control+Enter")
    at_desk.waits_to_see("Published.")
    assert hearing.server.page(f"/{hearing.slug}/").count("<p>Once and once only.</p>") == 1


def test_other_words_under_a_key_that_was_used_are_refused_and_come_back(desk: Any, hearing: Hearing) -> None:
    """Someone without script who goes back in the browser, changes the words and sends them again."""
    address = f"/desk/{hearing.slug}/publish"
    assert desk.post(address, data={"text": "The first words.", "once": "k"}).status_code == 303
    assert desk.post(address, data={"text": "The first words.", "once": "k"}).status_code == 303
    answer = desk.post(address, data={"text": "Other words.", "once": "k"})
    assert answer.status_code == 422
    assert ">Other words.</textarea>" in answer.text
    assert hearing.server.page(f"/{hearing.slug}/").count("<p>The first words.</p>") == 1


def test_desk_works_where_storage_is_forbidden(editor: Opens, hearing: Hearing) -> None:
    at_desk = editor()
    at_desk.page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    at_desk.page.reload()
    at_desk.page.fill("#text", "Kept nowhere.")
    at_desk.page.press("#text", "Control+Enter")
    at_desk.waits_to_see("Published.")


def test_held_words_are_shown_to_the_desk_and_let_go(reader: Opens, editor: Opens, hearing: Hearing) -> None:
    hearing.does(f"/cases/{hearing.slug}/restrictions", {"basis": "an order", "names": ["Petronella Vane"]})
    hearing.publishes("It was Petronella Vane.")
    one, at_desk = reader(f"/{hearing.slug}/"), editor()
    assert "Petronella Vane" in at_desk.page.inner_text(".held")
    at_desk.page.click("text=Publish as it stands")
    at_desk.waits_to_see("This was not published")
    at_desk.page.click("text=Do not publish")
    at_desk.waits(lambda: at_desk.page.locator(".held").count() == 0, "for it to go")
    assert not one.sees("Petronella Vane")


def test_what_is_written_while_the_jury_is_out_reaches_readers_when_it_is_released(
    reader: Opens, editor: Opens, hearing: Hearing
) -> None:
    one, at_desk = reader(f"/{hearing.slug}/"), editor(viewport={"width": 390, "height": 844})
    page = at_desk.page
    page.fill("#hearing-title", "The inquest")
    page.check("input[name=jury]")
    page.click("text=List it")
    page.click("text=The jury goes out")
    for words in ("Argument that stays.", "Argument that goes out."):
        page.fill("#text", words)
        page.click("text=Write it, sealed")
        at_desk.waits_to_see("The jury is out, so this is sealed")
    page.click("text=The jury is back")
    page.fill("#text", "The jury is back in the room.")
    page.click("#publish button")
    one.waits_to_see("The jury is back in the room.")
    assert not one.sees("Argument")
    page.locator("summary", has_text="Conclusion, discharge or leave").click()
    page.click("text=Record it: what was sealed may be released")
    page.locator("article", has_text="Argument that stays.").locator("input[type=checkbox]").uncheck()
    page.click("text=Publish those ticked")
    one.waits_to_see("Argument that goes out.")
    assert not one.sees("Argument that stays.")


def test_stop_now_keeps_what_is_written_from_then_on(reader: Opens, editor: Opens, hearing: Hearing) -> None:
    one, at_desk = reader(f"/{hearing.slug}/"), editor(java_script_enabled=False)
    at_desk.page.click("text=Stop now")
    at_desk.waits_to_see("Reporting is stopped.")
    at_desk.page.fill("#text", "Written after the stop.")
    at_desk.page.click("text=Keep it")
    assert "Written after the stop." in at_desk.page.inner_text(".held")
    at_desk.page.select_option("#permission", "leave given")
    at_desk.page.click("#permission-form button")
    at_desk.page.click("text=Publish as it stands")
    one.waits_to_see("Written after the stop.")


def test_reader_says_that_something_is_wrong_and_the_desk_settles_it(
    reader: Opens, editor: Opens, hearing: Hearing
) -> None:
    one = reader(f"/{hearing.slug}/", java_script_enabled=False)
    one.page.locator("text=Something is wrong here").first.click()
    assert "Post number 8." in one.page.inner_text(".about")
    one.page.fill("#words", "That is my brother, and his name is spelt wrong.")
    one.page.click("text=Send to an editor")
    one.waits_to_see("Thank you.")
    at_desk = editor()
    assert "his name is spelt wrong" in at_desk.page.inner_text(".problem")
    assert "To be settled by" in at_desk.page.inner_text(".problem")
    at_desk.page.click(".problem button")
    at_desk.waits(lambda: at_desk.page.locator(".problem").count() == 0, "for it to be settled")
