"""Working at the desk, with script and without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heard.engine import now
from tests.server import Server
from tests.stories.hearing import Hearing
from tests.stories.people import signed_in_as
from tests.stories.reader import Reader

Opens = Callable[..., Reader]


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
    at_desk.page.click("#publish-now")
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
    at_desk.page.click("#publish-now")
    at_desk.waits(lambda: "The coverage is closed." in at_desk.page.inner_text("#said"), "to be told why")
    assert at_desk.page.input_value("#text") == "Too late, and not lost."
    assert at_desk.page.input_value("#title") == "Late"


def test_words_that_were_not_sent_are_there_again(editor: Opens, hearing: Hearing) -> None:
    at_desk = editor()
    at_desk.page.fill("#text", "Half a sentence that")
    at_desk.page.reload()
    at_desk.waits(lambda: at_desk.page.input_value("#text") == "Half a sentence that", "for the words")
    at_desk.page.fill("#text", "Half a sentence that is whole now.")
    at_desk.page.press("#text", "Control+Enter")
    at_desk.waits_to_see("Published.")
    at_desk.goes_to(f"/desk/{hearing.slug}/")
    assert at_desk.page.input_value("#text") == ""


def test_words_sent_twice_over_a_bad_line_are_published_once(editor: Opens, hearing: Hearing) -> None:
    at_desk = editor()

    lost = []

    def answer_is_lost(route: Any) -> None:
        lost.append(route.fetch(max_redirects=0).status)
        route.fulfill(status=502, body="Bad gateway")

    at_desk.page.route("**/api/v1/cases/*/posts", answer_is_lost, times=1)
    at_desk.page.fill("#text", "Once and once only.")
    at_desk.page.click("#publish-now")
    at_desk.waits_to_see("Published.")
    at_desk.waits(lambda: at_desk.page.locator("#outbox").is_hidden(), "for the outbox to be empty")
    assert lost == [201]
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
        "for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])"
        " Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    at_desk.page.reload()
    at_desk.page.fill("#text", "Kept nowhere.")
    at_desk.page.press("#text", "Control+Enter")
    at_desk.waits_to_see("Published.")


def test_held_words_are_shown_to_the_desk_and_dropped_and_nobody_lets_out_their_own(
    reader: Opens, editor: Opens, hearing: Hearing
) -> None:
    hearing.does(f"/cases/{hearing.slug}/restrictions", {"basis": "an order", "names": ["Petronella Vane"]})
    hearing.publishes("It was Petronella Vane.")
    one, at_desk = reader(f"/{hearing.slug}/"), editor()
    assert "Petronella Vane" in at_desk.page.inner_text(".held")
    assert "somebody else lets it out" in at_desk.page.inner_text(".held")
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


def test_stop_now_keeps_what_is_written_and_two_phones_let_it_out(
    reader: Opens, editor: Opens, hearing: Hearing, server: Server
) -> None:
    one, at_desk = reader(f"/{hearing.slug}/"), editor(java_script_enabled=False)
    at_desk.page.click("text=Stop now")
    at_desk.waits_to_see("Reporting is stopped.")
    at_desk.page.fill("#text", "Written after the stop.")
    at_desk.page.click("text=Keep it")
    assert "Written after the stop." in at_desk.page.inner_text(".held")
    at_desk.page.select_option("#permission", "leave given")
    at_desk.page.click("#permission-form button")
    phone = {"viewport": {"width": 390, "height": 844}, "java_script_enabled": False}
    una, dov = (editor(signed_in_as(server, name), **phone) for name in ("Una", "Dov"))
    una.page.fill(".held input[name=reason]", "It was said before the stop.")
    una.page.click("text=It may go, if somebody else says so too")
    una.waits_to_see("Another person has to say so too.")
    assert not one.sees("Written after the stop.")
    dov.goes_to(f"/desk/{hearing.slug}/")
    dov.waits_to_see("Una would let it out: It was said before the stop.")
    dov.page.click("text=Publish as it stands")
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


def test_commands_and_people_by_the_keyboard_alone(reader: Opens, editor: Opens, hearing: Hearing) -> None:
    hearing.does(f"/cases/{hearing.slug}/people", {"name": "Ivo Marsh", "role": "expert"})
    hearing.does(f"/cases/{hearing.slug}/people", {"name": "Nell Coyle", "role": "ranger"})
    one, at_desk = reader(f"/{hearing.slug}/"), editor()
    box, keys = at_desk.page.locator("#text"), at_desk.page.keyboard

    def types(words: str) -> None:
        box.press_sequentially(words)

    box.focus()
    types("/ke")
    at_desk.waits(lambda: "/key" in at_desk.page.inner_text("#offered"), "for the offer")
    keys.press("Enter")
    assert at_desk.page.is_checked("[name=key_event]") and box.input_value() == ""
    types("/quote @ni")
    assert at_desk.page.is_hidden("#offered")
    for _ in "ni":
        keys.press("Backspace")
    keys.press("ArrowDown")
    keys.press("Tab")
    assert at_desk.page.locator("#speaker option:checked").inner_text() == "Nell Coyle, ranger"
    types("There were three lamps.")
    keys.press("Control+Enter")
    one.waits_to_see("There were three lamps.")
    assert "Nell Coyle, ranger word for word" in " ".join(one.page.inner_text(".quote").split())
    one.waits(lambda: "There were three lamps." in one.page.inner_text("#key"), "for the key event")

    for typed, told, seen in (
        ("/finding The gate was unsafe.", "Whose words are they?", ""),
        ("/kye A slip.", "There is no command /kye.", ""),
        ("/summary What is known by now.", "The summary is written.", "What is known by now."),
        ("/pause 23:59 We have risen.", "Paused.", "Due back at 23:59"),
        ("/resume", "Live.", ""),
        ("/pin A thing to keep above.", "Published.", "A thing to keep above."),
    ):
        box.fill("")
        types(typed)
        keys.press("Escape")
        keys.press("Control+Enter")
        at_desk.waits_to_see(told)
        one.waits_to_see(seen)
    assert "A thing to keep above." in one.page.inner_text("#pinned")
    assert not one.sees("A slip.") and not one.sees("The gate was unsafe.")


#: As each puts it on the clipboard, shortened; the words are ours.
WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal {margin:0cm}</style></head>
<body><p class=MsoNormal><b>The coroner</b>&nbsp;said the <i>gate</i> was&#8203; shut.<o:p>
</o:p></p><p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span
style='mso-list:Ignore'>·<span>&nbsp;</span></span><![endif]>One lamp<o:p></o:p></p><!--End--></body></html>"""
GOOGLE = """<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr"><span
style="font-weight:700;">The coroner</span><span style="font-weight:400;"> said the </span><span
style="font-style:italic;">gate</span> was <a href="https://www.google.com/url?q=https://heard.example/a&amp;sa=D">shut</a>.
</p><ul><li dir="ltr"><p role="presentation"><span>One 5*3 lamp</span></p></li></ul><img src="https://heard.example/t.gif"
onerror="window.ran = true"><script>window.ran = true</script></b>"""


@pytest.mark.parametrize(
    ("html", "comes_in"),
    [
        (WORD, "**The coroner** said the *gate* was shut.\n\n- One lamp"),
        (GOOGLE, "**The coroner** said the *gate* was [shut](https://heard.example/a).\n\n- One 5\\*3 lamp"),
        ("<p>one</p><ol><li>two<li>three</ol>", "one\n\n1. two\n2. three"),
        ("", "plain\n\nwords"),
    ],
)
def test_what_is_pasted_comes_in_clean(editor: Opens, html: str, comes_in: str) -> None:
    page = editor().page
    page.wait_for_load_state("networkidle")  # the box is ready
    page.evaluate(
        """html => {
            const clipboardData = new DataTransfer()
            if (html) clipboardData.setData('text/html', html)
            clipboardData.setData('text/plain', 'plain\\r\\n\\u200b\\r\\nwords')
            const box = document.getElementById('text')
            box.focus()
            box.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
        }""",
        html,
    )
    assert page.input_value("#text") == comes_in
    assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("script", [True, False])
def test_embargoed_words_wait_at_the_desk_and_pulled_they_never_left(
    reader: Opens, editor: Opens, hearing: Hearing, script: bool
) -> None:
    one, at_desk = reader(f"/{hearing.slug}/"), editor(java_script_enabled=script)
    at_desk.page.fill("#text", "Not before tomorrow.")
    at_desk.page.fill("#not_before", f"{now.utc() + timedelta(days=1):%Y-%m-%dT%H:%M}")
    at_desk.page.click("#publish button")
    at_desk.waits_to_see("This waits until its time has come")
    at_desk.goes_to(f"/desk/{hearing.slug}/")
    assert "Goes out at" in at_desk.page.inner_text(".held")
    assert at_desk.page.input_value("#not_before") == ""
    hearing.publishes("Said today.")
    one.waits_to_see("Said today.")
    at_desk.page.click("text=Pull it: it never leaves")
    at_desk.waits(lambda: at_desk.page.locator(".held").count() == 0, "for it to go")
    assert not one.sees("Not before tomorrow.")
